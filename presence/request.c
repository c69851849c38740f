/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file request.c  A request that waits for its verdict
 */
#include <errno.h>
#include <string.h>
#include "presence/priv.h"
#include "sip/refer.h"
#include "util/text.h"
#include "wire/digest.h"

static const char too_often[] = "Too Many Requests, Try Again Later";

static void destructor(void *arg)
{
	struct request *rq = arg;

	if (rq->le.list) {
		list_unlink(&rq->le);
		rq->p->requestc--;
	}
	mem_deref(rq->call);
	mem_deref(rq->st);
	mem_deref(rq->msg);
}

void request_end(struct request *rq)
{
	mem_deref(rq);
}

void request_reply(struct request *rq, uint16_t code, const char *words,
		   const char *hdrs)
{
	int err;

	/* What strangers are told leaves nothing behind: a transaction stays
	 * for 32 s, and they could make as many as they can send datagrams */
	if (!rq->st || !rq->user[0])
		err = sip_replyf(rq->sip, rq->msg, code, words,
				 "%sContent-Length: 0\r\n\r\n",
				 hdrs ? hdrs : "");
	else
		err = sip_treplyf(&rq->st, NULL, rq->sip, rq->msg, false, code,
				  words, "%sContent-Length: 0\r\n\r\n",
				  hdrs ? hdrs : "");
	if (err)
		hlog(rq->p->log, HLOG_WARN, "edge", "reply failed",
		     HLOG_SA("peer", &rq->msg->src), HLOG_U("code", code),
		     HLOG_ERR(err));
	request_end(rq);
}

bool request_cancel(struct presence *p, const struct sip_msg *msg)
{
	struct le *le;

	LIST_FOREACH(&p->requests, le)
	{
		struct request *rq = le->data;

		if (!pl_strcmp(&rq->msg->met, "INVITE") &&
		    rq->msg->cseq.num == msg->cseq.num &&
		    !pl_cmp(&rq->msg->via.branch, &msg->via.branch) &&
		    !pl_cmp(&rq->msg->callid, &msg->callid) &&
		    sa_cmp(&rq->msg->src, &msg->src, SA_ALL)) {
			rq->cancelled = true;
			return true;
		}
	}
	return false;
}

struct dir_user *request_user(const struct request *rq)
{
	struct dir_user *user = directory_user(rq->p->dir, rq->user);

	return user && user->row.enabled ? user : NULL;
}

/* --- how many of them --------------------------------------------------- */

/* What ends a dialog, or belongs to another request, is never refused; a
 * registration is what keeps everything else alive */
static bool counts(const struct pl *met)
{
	static const char *const free_of[] = {"ACK", "BYE", "CANCEL", "PRACK",
					      "REGISTER"};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(free_of); i++) {
		if (!pl_strcmp(met, free_of[i]))
			return false;
	}
	return true;
}

/* Milliseconds until it may be tried again; 0: now */
static uint32_t rate_ms(struct presence *p, const struct sip_msg *msg,
			struct dir_user *user)
{
	uint32_t ms;

	if (!user || !counts(&msg->met))
		return 0;
	ms = rate_take(&user->rate, tmr_jiffies(), p->cfg.user_per_s,
		       p->cfg.user_burst);
	if (!ms)
		return 0;
	p->n.refused_rate++;
	hlog_limited(p->log, "edge.rate", HLOG_WARN, "edge",
		     "user asks too often",
		     HLOG_S("user", user->row.name),
		     HLOG_PL("method", &msg->met),
		     HLOG_SA("peer", &msg->src));
	return ms;
}

static void retry_after(char *buf, size_t size, uint32_t ms)
{
	(void)re_snprintf(buf, size, "Retry-After: %u\r\n",
			  (ms + 999) / 1000);
}

bool request_rate(struct edge_sock *sock, const struct sip_msg *msg,
		  struct dir_user *user)
{
	const uint32_t ms = rate_ms(sock->p, msg, user);
	char hdrs[64];

	if (!ms)
		return true;
	retry_after(hdrs, sizeof(hdrs), ms);
	(void)sip_replyf(endpoint_sip(sock->ep), msg, 503, too_often,
			 "%sContent-Length: 0\r\n\r\n", hdrs);
	return false;
}

/* --- credentials -------------------------------------------------------- */

struct cred_search {
	const char *realm;
	struct pl found;
};

static bool cred_handler(const struct sip_hdr *hdr, const struct sip_msg *msg,
			 void *arg)
{
	struct cred_search *cs = arg;
	struct digest_cred cred;

	(void)msg;
	if (!pl_isset(&cs->found))
		cs->found = hdr->val;
	if (digest_cred_parse(&cred, hdr->val.p, hdr->val.l) ||
	    strcmp(cred.realm, cs->realm))
		return false;
	cs->found = hdr->val;
	return true;
}

/* Linphone answers a WWW-Authenticate in Proxy-Authorization: either counts */
static struct pl credentials(const struct request *rq)
{
	struct cred_search cs = {.realm = prov_realm(rq->p->prov)};

	if (!sip_msg_hdr_apply(rq->msg, true, SIP_HDR_AUTHORIZATION,
			       cred_handler, &cs))
		(void)sip_msg_hdr_apply(rq->msg, true,
					SIP_HDR_PROXY_AUTHORIZATION,
					cred_handler, &cs);
	return cs.found;
}

/* A repeated request is the same bytes from the same place. Less would let
 * another request pass for it, with credentials that were heard on the way. */
static int transaction(const struct request *rq, uint64_t *namep)
{
	const struct sip_msg *msg = rq->msg;
	const char *end = (const char *)msg->mb->buf + msg->mb->end;
	struct mbuf *mb = mbuf_alloc(2048);
	int err;

	if (!mb)
		return ENOMEM;
	err = mbuf_printf(mb, "%u %J ", rq->sock, &msg->src);
	err = err ? err : mbuf_write_mem(mb, (const uint8_t *)msg->met.p,
					 (size_t)(end - msg->met.p));
	err = err ? err : token_name(namep, &rq->p->key, mb->buf, mb->end);
	mem_deref(mb);
	return err;
}

static void challenge(struct request *rq, const struct bus_auth_result *res)
{
	const bool proxy = !pl_strcmp(&rq->msg->met, "INVITE");
	struct digest_chall ch = {.qop = true, .stale = res->stale};
	char val[512], hdrs[1100];
	size_t n = 0;
	int i;

	(void)re_snprintf(ch.realm, sizeof(ch.realm), "%s",
			  prov_realm(rq->p->prov));
	(void)re_snprintf(ch.nonce, sizeof(ch.nonce), "%s", res->nonce);
	hdrs[0] = '\0';
	for (i = 0; i < 2; i++) {
		if (!(i ? res->offer_md5 : res->offer_sha256))
			continue;
		ch.alg = i ? DIGEST_MD5 : DIGEST_SHA256;
		ch.has_alg = true;
		if (digest_chall_print(val, sizeof(val), &ch))
			continue;
		n += (size_t)re_snprintf(
			hdrs + n, sizeof(hdrs) - n, "%s-Authenticate: %s\r\n",
			proxy ? "Proxy" : "WWW", val);
	}
	rq->p->n.refused_auth++;
	request_reply(rq, proxy ? 407 : 401,
		      proxy ? "Proxy Authentication Required" : "Unauthorized",
		      hdrs);
}

static void proven(struct request *rq)
{
	const uint32_t ms = rate_ms(rq->p, rq->msg, request_user(rq));
	char hdrs[64];

	if (ms) {
		retry_after(hdrs, sizeof(hdrs), ms);
		request_reply(rq, 503, too_often, hdrs);
	}
	else if (rq->cancelled) {
		request_reply(rq, 487, "Request Terminated", NULL);
	}
	else {
		rq->h(rq, rq->arg);
	}
}

/* Who guesses passwords does not fill the disk */
static void refusal_tell(const struct request *rq,
			 const struct bus_auth_result *res)
{
	hlog_limited(rq->p->log, "auth.refused", HLOG_INFO, "auth", "refused",
		     HLOG_SA("peer", &rq->msg->src), HLOG_S("user", res->user),
		     HLOG_U("code", res->code), HLOG_S("reason", res->words));
}

static void verdict_handler(int err, const struct bus_msg *msg, void *arg)
{
	struct request *rq = arg;
	const struct bus_auth_result *res;

	if (err || msg->type != BUS_AUTH_RESULT) {
		hlog(rq->p->log, HLOG_ERROR, "auth", "no verdict",
		     HLOG_SA("peer", &rq->msg->src), HLOG_ERR(err));
		request_reply(rq, 503, "Authentication Not Available",
			      "Retry-After: 5\r\n");
		return;
	}
	res = &msg->u.auth_result;
	if (res->code == 200) {
		(void)re_snprintf(rq->user, sizeof(rq->user), "%s", res->user);
		proven(rq);
		return;
	}
	if (res->code != 401 || res->wrong)
		refusal_tell(rq, res);
	if (res->code == 401) {
		challenge(rq, res);
		return;
	}
	request_reply(rq, res->code, res->words, NULL);
}

static int ask(struct request *rq)
{
	struct bus_msg msg = {.type = BUS_AUTH_CHECK};
	struct bus_auth_check *chk = &msg.u.auth_check;
	const struct pl cred = credentials(rq);
	int err;

	err = text_copy(chk->method, sizeof(chk->method), &rq->msg->met);
	err = err ? err : text_copy(chk->ruri, sizeof(chk->ruri),
				    &rq->msg->ruri);
	if (!err && pl_isset(&cred))
		err = text_copy(chk->credentials, sizeof(chk->credentials),
				&cred);
	if (err)
		return err;
	/* Whose challenge it gets; a name that is too long is nobody's */
	if (refer_user_decode(chk->claimed, sizeof(chk->claimed),
			      &rq->msg->from.uri.user))
		chk->claimed[0] = '\0';
	err = transaction(rq, &chk->transaction);
	if (err)
		return err;
	return bus_request(&rq->call, rq->p->bus, BUS_AUTH, NULL, &msg, 0,
			   verdict_handler, rq);
}

void request_authenticate(struct edge_sock *sock, const struct sip_msg *msg,
			  bool stateless, request_h *h, void *arg)
{
	struct presence *p = sock->p;
	struct sip *sip = endpoint_sip(sock->ep);
	struct request *rq;
	int err;

	if (p->requestc >= p->cfg.pending_max) {
		p->n.refused_busy++;
		(void)sip_replyf(sip, msg, 503, "Busy",
				 "Retry-After: 2\r\n"
				 "Content-Length: 0\r\n\r\n");
		return;
	}
	rq = mem_zalloc(sizeof(*rq), destructor);
	if (!rq)
		return;
	rq->p = p;
	rq->sip = sip;
	rq->sock = sock->i;
	rq->msg = mem_ref((void *)(size_t)msg);
	rq->h = h;
	rq->arg = arg;
	list_append(&p->requests, &rq->le, rq);
	p->requestc++;
	err = stateless ? 0
			: sip_strans_alloc(&rq->st, sip, msg, NULL, NULL);
	err = err ? err : ask(rq);
	if (err == EOVERFLOW)
		request_reply(rq, 400, "Credentials Or Request-URI Too Long",
			      NULL);
	else if (err)
		request_reply(rq, 503, "Busy", "Retry-After: 2\r\n");
}

/* Unknown, somebody else's, disabled: all the same answer */
bool request_line(struct request *rq, struct dir_sub **subp,
		  const struct binding **bp)
{
	const struct presence *p = rq->p;
	const struct dir_user *user = request_user(rq);
	struct dir_sub *sub = edge_named_sub(p, rq->msg);
	const struct binding *b;

	if (!user || !sub || sub->user != user) {
		request_reply(rq, 403, "Not Allowed, Or Not A Service's URI",
			      NULL);
		return false;
	}
	b = binding_by_flow(p->bindings, &rq->msg->src, rq->sock,
			    binding_owner(user));
	/* RFC 3261 section 18.1.1: what is too large for its datagrams comes
	 * by a connection of its own */
	if (!b && rq->msg->tp != SIP_TRANSP_UDP)
		b = binding_from(user, &rq->msg->src);
	if (!b) {
		request_reply(rq, 403, "Register From This Address First",
			      NULL);
		return false;
	}
	*subp = sub;
	*bp = b;
	return true;
}

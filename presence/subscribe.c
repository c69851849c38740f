/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file subscribe.c  SUBSCRIBE to a service, a list or a user (rows P2, P5)
 */
#include <errno.h>
#include <string.h>
#include "presence/body.h"
#include "presence/contact.h"
#include "presence/watcher.h"

enum { EXPIRES_DEFAULT_S = 3600, HDRS_MAX = HL_URI_MAX + 128 };

int event_name(const struct sip_msg *msg, struct pl *name)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_EVENT);

	return hdr ? re_regex(hdr->val.p, hdr->val.l, "[^; \t]+", name)
		   : ENOENT;
}

static bool is_presence(const struct sip_msg *msg)
{
	struct pl name;

	return !event_name(msg, &name) && !pl_strcasecmp(&name, "presence");
}

uint32_t expires_wanted(const struct presence *p, const struct sip_msg *msg)
{
	uint32_t s = EXPIRES_DEFAULT_S;

	if (pl_isset(&msg->expires))
		(void)seconds_decode(&s, &msg->expires);
	if (s && s < p->cfg.expires_min_s)
		return UINT32_MAX;
	return s > p->cfg.expires_max_s ? p->cfg.expires_max_s : s;
}

static void ok_hdrs(const struct watcher *w, uint8_t sock, uint32_t expires_s,
		    char *buf)
{
	struct sa shown;

	(void)re_snprintf(buf, HDRS_MAX,
			  "Contact: <sip:%s@%J%s>\r\n"
			  "Expires: %u\r\n%s",
			  w->sub->row.service,
			  edge_sock_shown(w->p, sock, &shown),
			  edge_sock_param(w->p, sock), expires_s,
			  w->eventlist ? "Require: eventlist\r\n" : "");
}

static uint16_t check_bounds(const struct presence *p,
			     const struct dir_user *user)
{
	if (user->watchers >= p->cfg.watchers_user_max)
		return 403;
	if (p->watcherc >= p->cfg.watchers_max)
		return 503;
	return 0;
}

/* The same terminal subscribes to the same again: its old dialog is a
 * leftover. A fetch asks once and ends nothing. */
static void leftovers_end(const struct watch_ask *ask,
			  const struct sip_msg *msg)
{
	struct le *le = list_head(&ask->sub->watchers);

	while (le) {
		struct watcher *w = le->data;

		le = le->next;
		if (w->binding == ask->b->id && w->kind == ask->kind &&
		    (w->kind == WATCH_SERVICE ||
		     !pl_strcmp(&msg->to.auri, w->luri)))
			mem_deref(w);
	}
}

static void subscribe_tell(const struct request *rq, const char *event,
			   const char *reason)
{
	hlog_limited(rq->p->log, "edge.subscribe", HLOG_INFO, "presence",
		     event, HLOG_S("user", rq->user),
		     HLOG_PL("to", &rq->msg->ruri),
		     HLOG_SA("peer", &rq->msg->src),
		     HLOG_S("reason", reason));
}

void subscribe_refuse(struct request *rq, uint16_t code, const char *words,
		      const char *hdrs, const char *why)
{
	subscribe_tell(rq, "SUBSCRIBE refused", why ? why : words);
	request_reply(rq, code, words, hdrs);
}

/* It is accepted all the same: the answer does not tell who exists. Who meant
 * a service waits for ever */
static void nobody_tell(const struct request *rq, const struct watch_ask *ask)
{
	const struct directory *dir = rq->p->dir;
	char name[HL_NAME_MAX];

	if (ask->kind != WATCH_ONE ||
	    edge_local_user(rq->p, &rq->msg->uri, name))
		return;
	if (!directory_resolve(dir, name, ask->sub->service))
		subscribe_tell(rq, "SUBSCRIBE to nobody", "no service has the"
			       " name, nor anybody in the subscriber's own");
}

static void subscribe(struct request *rq, struct watch_ask *ask,
		      uint32_t expires_s)
{
	struct presence *p = rq->p;
	struct dir_sub *sub = ask->sub;
	const struct binding *b = ask->b;
	char hdrs[HDRS_MAX];
	struct watcher *w;
	uint16_t code;
	int err;

	if (expires_s)
		leftovers_end(ask, rq->msg);
	code = check_bounds(p, sub->user);
	if (code) {
		told_fini(&ask->told);
		subscribe_refuse(rq, code, "Too Many Subscriptions", NULL,
				 NULL);
		return;
	}
	nobody_tell(rq, ask);
	err = watcher_alloc(&w, p, ask, rq->msg);
	if (err) {
		request_reply(rq, err == EBADMSG ? 400 : 500,
			      err == EBADMSG ? "Bad URI, Event Or Call-ID"
					     : "Out Of Memory", NULL);
		return;
	}
	ok_hdrs(w, rq->sock, expires_s, hdrs);
	request_reply(rq, 200, "OK", hdrs);
	if (!expires_s) {
		/* A fetch: it is told once, and nothing is started */
		watcher_fetch(w);
		return;
	}
	watcher_expires_set(w, expires_s);
	watcher_full(w);
	if (w->kind == WATCH_SERVICE)
		provision_start(p, sub, b);
}

static const char *refusal_hdrs(uint16_t code)
{
	switch (code) {
	case 406:
		return "Accept: application/pidf+xml, multipart/related\r\n";
	case 415:
		return "Accept: application/resource-lists+xml\r\n"
		       BODY_ENCODINGS;
	case 421:
		return "Require: eventlist\r\n";
	default:
		return NULL;
	}
}

void subscribe_request(struct request *rq, void *arg)
{
	struct presence *p = rq->p;
	const uint32_t expires_s = expires_wanted(p, rq->msg);
	const char *words = NULL;
	struct watch_ask ask;
	char hdrs[64];
	uint16_t code;

	(void)arg;
	p->n.subscribes++;
	if (!is_presence(rq->msg)) {
		request_reply(rq, 489, "Bad Event",
			      "Allow-Events: presence\r\n");
		return;
	}
	if (expires_s == UINT32_MAX) {
		(void)re_snprintf(hdrs, sizeof(hdrs), "Min-Expires: %u\r\n",
				  p->cfg.expires_min_s);
		request_reply(rq, 423, "Interval Too Brief", hdrs);
		return;
	}
	code = watch_decode(&ask, rq, &words);
	if (code)
		subscribe_refuse(rq, code, words, refusal_hdrs(code), ask.why);
	else
		subscribe(rq, &ask, expires_s);
}

/* --- in the dialog ------------------------------------------------------ */

/* Also to one that comes again, as its answer was lost: then with what is left,
 * and nothing else happens */
static void refreshed(struct edge_sock *sock, const struct sip_msg *msg,
		      const struct watcher *w, uint32_t expires_s)
{
	char hdrs[HDRS_MAX];

	ok_hdrs(w, sock->i, expires_s, hdrs);
	(void)sip_treplyf(NULL, NULL, endpoint_sip(sock->ep), msg, false, 200,
			  "OK", "%sContent-Length: 0\r\n\r\n", hdrs);
}

static void accept_refresh(struct edge_sock *sock, const struct sip_msg *msg,
			   struct watcher *w, const struct binding *b)
{
	struct presence *p = sock->p;
	const uint32_t expires_s = expires_wanted(p, msg);
	struct dir_sub *sub = w->sub;
	const bool service = w->kind == WATCH_SERVICE;

	w->rseq = msg->cseq.num;
	w->binding = b->id;
	refreshed(sock, msg, w, expires_s);
	if (!expires_s) {
		watcher_terminate(w, "timeout");
		if (service && sub->row.start == PROV_START_SUBSCRIBE)
			provision_leave(p, sub, b->id, "Unsubscribed");
		return;
	}
	watcher_expires_set(w, expires_s);
	watcher_full(w);
	if (service)
		provision_start(p, sub, b);
}

/* A list that comes with a refresh takes the place of the one before (RFC 5367
 * section 4.3). @return false: it was refused */
static bool names_refresh(struct edge_sock *sock, const struct sip_msg *msg,
			  struct watcher *w)
{
	struct told_table told = {.n = 0};
	const char *words = NULL, *hdrs;
	uint16_t code;

	if (w->kind != WATCH_NAMED || !mbuf_get_left(msg->mb))
		return true;
	code = watch_names(sock->p, msg, &told, &words);
	if (!code) {
		watcher_names_set(w, &told);
		return true;
	}
	hdrs = refusal_hdrs(code);
	(void)sip_replyf(endpoint_sip(sock->ep), msg, code, words,
			 "%sContent-Length: 0\r\n\r\n", hdrs ? hdrs : "");
	return false;
}

static void refresh(struct edge_sock *sock, const struct sip_msg *msg,
		    struct watcher *w, const struct binding *b)
{
	if (!names_refresh(sock, msg, w))
		return;
	if (watcher_target_set(w, msg))
		(void)sip_reply(endpoint_sip(sock->ep), msg, 400,
				"Bad Contact");
	else
		accept_refresh(sock, msg, w, b);
}

bool subscribe_refresh(struct edge_sock *sock, const struct sip_msg *msg)
{
	struct presence *p = sock->p;
	struct sip *sip = endpoint_sip(sock->ep);
	struct watcher *w = watcher_find(p, msg);
	const uint32_t expires_s = expires_wanted(p, msg);
	const struct binding *b;

	if (!w || w->terminated)
		return false;
	b = binding_by_flow(p->bindings, &msg->src, sock->i,
			    binding_owner(w->sub->user));
	if (!b) {
		p->n.refused_dialog++;
		(void)sip_reply(sip, msg, 403, "Not Your Dialog");
	}
	else if (msg->cseq.num < w->rseq) {
		(void)sip_reply(sip, msg, 500, "CSeq Out Of Order");
	}
	else if (msg->cseq.num == w->rseq) {
		refreshed(sock, msg, w, watcher_left_s(w));
	}
	else if (expires_s == UINT32_MAX) {
		(void)sip_replyf(sip, msg, 423, "Interval Too Brief",
				 "Min-Expires: %u\r\n"
				 "Content-Length: 0\r\n\r\n",
				 p->cfg.expires_min_s);
	}
	else if (request_rate(sock, msg, b->user)) {
		refresh(sock, msg, w, b);
	}
	return true;
}

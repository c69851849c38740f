/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file registrar.c  REGISTER (RFC 3261 section 10.3)
 */
#include <errno.h>
#include <string.h>
#include "presence/contact.h"
#include "presence/flow.h"
#include "presence/priv.h"

enum { HDRS_MAX = 8192 };

struct reg {
	struct request *rq;
	struct dir_user *user;
	char callid[STATE_ID_MAX];
	char user_agent[HL_DISPLAY_MAX];
	uint32_t expires_s;      /**< Of the header, or the default */
	bool star, has_contact;
	bool outbound;           /**< Supported by the terminal (RFC 5626).. */
	bool flow;               /**< ..and done for one of its contacts */
	unsigned n;              /**< Contacts in contactv */
	struct contact *contactv;/**< contacts_max of them */
	uint16_t code;           /**< Refusal */
	const char *words;
};

static int refuse(struct reg *r, uint16_t code, const char *words)
{
	r->code = code;
	r->words = words;
	return EBADMSG;
}

/* Section 10.3 step 6: the parameter, else the header, else the default; one
 * that is no number counts as the default */
static int contact_parse(struct reg *r, struct contact *c,
			 const struct pl *val)
{
	const struct presence_cfg *cfg = &r->rq->p->cfg;
	const char *words;

	if (contact_decode(c, val, &words))
		return refuse(r, 400, words);
	if (!c->has_expires)
		c->expires_s = r->expires_s;
	else if (!c->expires_ok)
		c->expires_s = cfg->expires_default_s;
	if (c->expires_s && c->expires_s < cfg->expires_min_s)
		return refuse(r, 423, "Interval Too Brief");
	c->expires_s = MIN(c->expires_s, cfg->expires_max_s);
	return 0;
}

/* Of a contact that is named twice the last counts */
static bool named_before(struct reg *r, const struct contact *c)
{
	unsigned i;

	for (i = 0; i < r->n; i++) {
		if (!strcmp(r->contactv[i].key, c->key)) {
			r->contactv[i] = *c;
			return true;
		}
	}
	return false;
}

static bool contact_handler(const struct sip_hdr *hdr,
			    const struct sip_msg *msg, void *arg)
{
	const struct presence_cfg *cfg;
	struct reg *r = arg;
	struct contact *c;

	(void)msg;
	cfg = &r->rq->p->cfg;
	r->has_contact = true;
	if (!pl_strcmp(&hdr->val, "*")) {
		r->star = true;
		return false;
	}
	if (r->n >= cfg->contacts_max) {
		(void)refuse(r, 403, "Too Many Contacts");
		return true;
	}
	c = &r->contactv[r->n];
	if (contact_parse(r, c, &hdr->val))
		return true;
	if (!named_before(r, c))
		r->n++;
	return false;
}

static int parse(struct reg *r)
{
	const struct sip_msg *msg = r->rq->msg;
	const struct sip_hdr *ua = sip_msg_hdr(msg, SIP_HDR_USER_AGENT);

	r->outbound = sip_msg_hdr_has_value(msg, SIP_HDR_SUPPORTED, "outbound");
	r->expires_s = r->rq->p->cfg.expires_default_s;
	if (pl_isset(&msg->expires))
		(void)seconds_decode(&r->expires_s, &msg->expires);
	if (re_snprintf(r->callid, sizeof(r->callid), "%r", &msg->callid) < 0)
		return refuse(r, 400, "Call-ID Too Long");
	/* For an operator's eyes only: cut where the rest is refused */
	if (ua)
		(void)re_snprintf(r->user_agent, sizeof(r->user_agent), "%r",
				  &ua->val);
	if (sip_msg_hdr_apply(msg, true, SIP_HDR_CONTACT, contact_handler, r))
		return EBADMSG;
	if (r->star && (r->n || !pl_isset(&msg->expires) || r->expires_s))
		return refuse(r, 400, "Contact * Needs Expires 0 And Stands "
				      "Alone");
	return 0;
}

/* Section 10.3 step 7: what comes late from the same terminal changes
 * nothing */
static bool out_of_order(const struct reg *r, const struct binding *b)
{
	return b && !strcmp(b->callid, r->callid) &&
	       r->rq->msg->cseq.num <= b->cseq;
}

static int check_order(struct reg *r)
{
	struct le *le;
	unsigned i;

	for (i = 0; i < r->n; i++) {
		if (out_of_order(r, binding_find(r->user,
						 r->contactv[i].key)))
			return refuse(r, 500, "CSeq Out Of Order");
	}
	if (!r->star)
		return 0;
	LIST_FOREACH(&r->user->bindings, le)
	{
		if (out_of_order(r, le->data))
			return refuse(r, 500, "CSeq Out Of Order");
	}
	return 0;
}

static int check_room(struct reg *r)
{
	const struct presence_cfg *cfg = &r->rq->p->cfg;
	const uint32_t had = list_count(&r->user->bindings);
	uint32_t n = had;
	unsigned i;

	for (i = 0; i < r->n; i++) {
		const struct binding *b =
			binding_find(r->user, r->contactv[i].key);

		if (!b && r->contactv[i].expires_s)
			n++;
		else if (b && !r->contactv[i].expires_s)
			n--;
	}
	if (n > cfg->contacts_max)
		return refuse(r, 403, "Too Many Contacts");
	/* All of a REGISTER is done, or nothing (section 10.3 step 7) */
	if (n > had && n - had > cfg->bindings_max -
					bindings_count(r->rq->p->bindings))
		return refuse(r, 503, "Too Many Registrations");
	return 0;
}

/* Its connection ended while it was checked: nothing can be bound to that any
 * more. What is unbound by it is. */
static int check_flow(struct reg *r)
{
	const struct request *rq = r->rq;
	unsigned i;

	if (endpoint_flow_up(rq->p->sockv[rq->sock].ep, &rq->msg->src))
		return 0;
	for (i = 0; i < r->n; i++) {
		if (r->contactv[i].expires_s)
			return refuse(r, 430, "Flow Failed");
	}
	return 0;
}

static int apply_contact(struct reg *r, const struct contact *c)
{
	struct presence *p = r->rq->p;
	struct binding *b = binding_find(r->user, c->key);
	struct flow_path old;
	struct binding_update up = {
		.key = c->key,
		.contact = c->uri,
		.instance = c->instance,
		.callid = r->callid,
		.user_agent = r->user_agent,
		.cseq = r->rq->msg->cseq.num,
		.expires_s = c->expires_s,
		.laddr = r->rq->sock,
		.flow = r->rq->msg->src,
	};
	const bool had = b != NULL;
	int err;

	if (!c->expires_s) {
		if (b)
			binding_remove(b);
		return 0;
	}
	if (had) {
		old.sock = &p->sockv[b->laddr];
		old.dst = b->flow;
	}
	err = binding_set(p->bindings, r->user, &up);
	if (err)
		return err;
	b = binding_find(r->user, c->key);
	if (b)
		flow_registered(p, b, c->has_reg_id && r->outbound,
				had ? &old : NULL);
	r->flow |= c->has_reg_id && r->outbound;
	return 0;
}

static int apply(struct reg *r)
{
	unsigned i;

	if (r->star) {
		bindings_remove_user(r->user);
		return 0;
	}
	for (i = 0; i < r->n; i++) {
		if (apply_contact(r, &r->contactv[i]))
			return refuse(r, 503, "Too Many Registrations");
	}
	return 0;
}

static void reply_ok(struct reg *r)
{
	struct mbuf *mb = mbuf_alloc(1024);
	const char *reg_id;
	char date[64];
	struct le *le;
	int err = 0;

	if (!mb) {
		request_reply(r->rq, 500, "Out Of Memory", NULL);
		return;
	}
	LIST_FOREACH(&r->user->bindings, le)
	{
		const struct binding *b = le->data;

		err |= mbuf_printf(mb, "Contact: <%s>;expires=%u", b->contact,
				   binding_expires_s(b));
		if (b->instance[0])
			err |= mbuf_printf(mb, ";+sip.instance=\"%s\"",
					   b->instance);
		reg_id = b->instance[0] ? strrchr(b->key, ';') : NULL;
		if (reg_id && reg_id[1])
			err |= mbuf_printf(mb, ";reg-id=%s", reg_id + 1);
		err |= mbuf_printf(mb, "\r\n");
	}
	/* RFC 5626 sections 5.4 and 6: we are edge proxy and registrar */
	if (r->flow)
		err |= mbuf_printf(mb, "Require: outbound\r\n"
				       "Flow-Timer: %u\r\n",
				   flow_timer_s(r->rq->p, r->rq->sock));
	(void)re_snprintf(date, sizeof(date), "%H", fmt_gmtime, NULL);
	err |= mbuf_printf(mb, "Date: %s\r\n", date);
	err |= mbuf_write_u8(mb, 0);
	if (err || mb->end > HDRS_MAX)
		request_reply(r->rq, 500, "Too Many Contacts To List", NULL);
	else
		request_reply(r->rq, 200, "OK", (char *)mb->buf);
	mem_deref(mb);
}

static void refused(struct reg *r)
{
	struct presence *p = r->rq->p;
	char hdrs[64] = "";

	if (r->code == 423)
		(void)re_snprintf(hdrs, sizeof(hdrs), "Min-Expires: %u\r\n",
				  p->cfg.expires_min_s);
	hlog(p->log, HLOG_INFO, "registrar", "refused",
	     HLOG_S("user", r->user->row.name),
	     HLOG_SA("peer", &r->rq->msg->src), HLOG_U("code", r->code),
	     HLOG_S("reason", r->words));
	request_reply(r->rq, r->code, r->words, hdrs);
}

void registrar_request(struct request *rq, void *arg)
{
	struct presence *p = rq->p;
	struct reg r = {.rq = rq};
	char name[HL_NAME_MAX];
	int err;

	(void)arg;
	p->n.registers++;
	r.user = request_user(rq);
	if (!r.user) {
		request_reply(rq, 403, "Forbidden", NULL);
		return;
	}
	if (edge_local_user(p, &rq->msg->to.uri, name) ||
	    strcmp(name, r.user->row.name)) {
		request_reply(rq, 403, "You May Register Yourself Only", NULL);
		return;
	}
	r.contactv = mem_zalloc(p->cfg.contacts_max * sizeof(*r.contactv),
				NULL);
	if (!r.contactv) {
		request_reply(rq, 500, "Out Of Memory", NULL);
		return;
	}
	err = parse(&r);
	err = err ? err : check_order(&r);
	err = err ? err : check_room(&r);
	err = err ? err : check_flow(&r);
	err = err ? err : apply(&r);
	if (err)
		refused(&r);
	else
		reply_ok(&r);
	mem_deref(r.contactv);
}

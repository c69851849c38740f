/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file subscribe.c  SUBSCRIBE to a service (rows P2, P5), and who is told
 */
#include <errno.h>
#include <string.h>
#include "presence/contact.h"
#include "presence/watcher.h"

enum { EXPIRES_DEFAULT_S = 3600 };

static bool is_presence(const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_EVENT);
	struct pl name;

	if (!hdr || re_regex(hdr->val.p, hdr->val.l, "[^; \t]+", &name))
		return false;
	return !pl_strcasecmp(&name, "presence");
}

/* 0 ends the subscription; UINT32_MAX: what was asked is too brief */
static uint32_t expires_wanted(const struct presence *p,
			       const struct sip_msg *msg)
{
	uint32_t s = EXPIRES_DEFAULT_S;

	if (pl_isset(&msg->expires))
		(void)seconds_decode(&s, &msg->expires);
	if (s && s < p->cfg.expires_min_s)
		return UINT32_MAX;
	return s > p->cfg.expires_max_s ? p->cfg.expires_max_s : s;
}

static void ok_hdrs(const struct presence *p, uint8_t sock,
		    const struct dir_sub *sub, uint32_t expires_s, char *buf,
		    size_t size)
{
	struct sa shown;

	(void)re_snprintf(buf, size,
			  "Contact: <sip:%s@%J>\r\n"
			  "Expires: %u\r\n",
			  sub->row.service, edge_sock_shown(p, sock, &shown),
			  expires_s);
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

static void subscribe(struct request *rq, struct dir_sub *sub,
		      const struct binding *b, uint32_t expires_s)
{
	struct presence *p = rq->p;
	char hdrs[HL_URI_MAX + 64];
	struct watcher *w;
	uint16_t code;
	int err;

	/* The same terminal subscribes again: its old dialog is a leftover. A
	 * fetch asks once and ends nothing. */
	if (expires_s)
		watchers_end_binding(sub, b->id);
	code = check_bounds(p, sub->user);
	if (code) {
		request_reply(rq, code, "Too Many Subscriptions", NULL);
		return;
	}
	err = watcher_alloc(&w, p, sub, b, rq->msg);
	if (err) {
		request_reply(rq, err == EBADMSG ? 400 : 500,
			      err == EBADMSG ? "Bad Contact" : "Out Of Memory",
			      NULL);
		return;
	}
	ok_hdrs(p, rq->sock, sub, expires_s, hdrs, sizeof(hdrs));
	request_reply(rq, 200, "OK", hdrs);
	if (!expires_s) {
		/* A fetch: one NOTIFY, and nothing is started */
		watcher_fetch(w);
		return;
	}
	watcher_expires_set(w, expires_s);
	watcher_full(w);
	provision_start(p, sub, b);
}

void subscribe_request(struct request *rq, void *arg)
{
	struct presence *p = rq->p;
	const uint32_t expires_s = expires_wanted(p, rq->msg);
	struct dir_sub *sub;
	const struct binding *b;
	char hdrs[64];

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
	if (!request_line(rq, &sub, &b))
		return;
	subscribe(rq, sub, b, expires_s);
}

static void refresh(struct edge_sock *sock, const struct sip_msg *msg,
		    struct watcher *w, const struct binding *b)
{
	struct presence *p = sock->p;
	const uint32_t expires_s = expires_wanted(p, msg);
	struct dir_sub *sub = w->sub;
	char hdrs[HL_URI_MAX + 64];

	if (watcher_target_set(w, msg)) {
		(void)sip_reply(endpoint_sip(sock->ep), msg, 400,
				"Bad Contact");
		return;
	}
	w->rseq = msg->cseq.num;
	w->binding = b->id;
	ok_hdrs(p, sock->i, sub, expires_s, hdrs, sizeof(hdrs));
	(void)sip_treplyf(NULL, NULL, endpoint_sip(sock->ep), msg, false, 200,
			  "OK", "%sContent-Length: 0\r\n\r\n", hdrs);
	if (!expires_s) {
		watcher_terminate(w, "timeout");
		if (sub->row.start == PROV_START_SUBSCRIBE)
			provision_leave(p, sub, b->id, "Unsubscribed");
		return;
	}
	watcher_expires_set(w, expires_s);
	watcher_full(w);
	provision_start(p, sub, b);
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
	else if (msg->cseq.num <= w->rseq) {
		(void)sip_reply(sip, msg, 500, "CSeq Out Of Order");
	}
	else if (expires_s == UINT32_MAX) {
		(void)sip_replyf(sip, msg, 423, "Interval Too Brief",
				 "Min-Expires: %u\r\n"
				 "Content-Length: 0\r\n\r\n",
				 p->cfg.expires_min_s);
	}
	else {
		refresh(sock, msg, w, b);
	}
	return true;
}

/* --- who is told -------------------------------------------------------- */

static void mark_watchers(struct dir_sub *seer, void *arg)
{
	struct le *le;

	LIST_FOREACH(&seer->watchers, le)
	{
		watcher_mark(le->data, arg);
	}
}

void watchers_status(struct presence *p, struct dir_sub *sub)
{
	directory_seers(p->dir, sub->row.subscriber, mark_watchers,
			sub->row.subscriber);
}

static void full_watchers(struct dir_sub *seer, void *arg)
{
	struct le *le;

	(void)arg;
	LIST_FOREACH(&seer->watchers, le)
	{
		watcher_full(le->data);
	}
}

void watchers_rule(struct presence *p, const char *subject, const char *object)
{
	struct dir_sub *seer;

	if (!p->watcherc)
		return;
	if (!strcmp(subject, "*")) {
		directory_subs(p->dir, full_watchers, NULL);
		return;
	}
	seer = directory_sub(p->dir, subject);
	if (!seer)
		return;
	if (strcmp(object, "*"))
		mark_watchers(seer, (void *)(size_t)object);
	else
		full_watchers(seer, NULL);
}

void watchers_end_sub(struct dir_sub *sub, const char *reason)
{
	struct le *le;

	while ((le = list_head(&sub->watchers)))
		watcher_terminate(le->data, reason);
}

void watchers_end_binding(struct dir_sub *sub, uint64_t binding)
{
	struct le *le = list_head(&sub->watchers);

	while (le) {
		struct watcher *w = le->data;

		le = le->next;
		if (w->binding == binding)
			mem_deref(w);
	}
}

unsigned watchers_bindings(const struct presence *p, const struct dir_sub *sub,
			   const struct binding *v[], unsigned max)
{
	unsigned n = 0;
	struct le *le;

	for (le = list_tail(&sub->watchers); le && n < max; le = le->prev) {
		const struct watcher *w = le->data;
		const struct binding *b =
			binding_by_id(p->bindings, w->binding);

		if (b)
			v[n++] = b;
	}
	return n;
}

void watchers_forget(struct presence *p, struct dir_sub *sub)
{
	struct le *le = list_head(&p->watchers);

	/* Those whose last NOTIFY is still under way point at it, too */
	while (le) {
		struct watcher *w = le->data;

		le = le->next;
		if (w->sub == sub)
			mem_deref(w);
	}
}

void watchers_flush(struct presence *p)
{
	list_flush(&p->watchers);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file watcher.c  One SUBSCRIBE dialog and what it was told
 */
#include <errno.h>
#include <string.h>
#include "presence/contact.h"
#include "presence/notify_body.h"
#include "presence/watcher.h"

enum { FETCH_S = 32 }; /* What is shown as left while a fetch goes on */

static void pump_handler(void *arg);

static void destructor(void *arg)
{
	struct watcher *w = arg;

	if (w->le.list) {
		list_unlink(&w->le);
		w->p->watcherc--;
		w->sub->user->watchers--;
	}
	list_unlink(&w->le_sub);
	hash_unlink(&w->he);
	tmr_cancel(&w->tmr);
	tmr_cancel(&w->pump);
	mem_deref(w->req);
	list_clear(&w->dirty);
	list_flush(&w->told);
	mem_deref(w->callid);
	mem_deref(w->ltag);
	mem_deref(w->rtag);
	mem_deref(w->target);
	mem_deref(w->luri);
	mem_deref(w->ruri);
}

static void left(struct presence *p, struct dir_sub *sub, uint64_t binding)
{
	if (sub->row.start == PROV_START_SUBSCRIBE)
		provision_leave(p, sub, binding, "Subscription Ended");
}

static void expired(void *arg)
{
	struct watcher *w = arg;
	struct presence *p = w->p;
	struct dir_sub *sub = w->sub;
	const uint64_t binding = w->binding;

	watcher_terminate(w, "timeout");
	left(p, sub, binding);
}

/* RFC 6665 section 4.2.2: what does not take a NOTIFY has no subscription */
static void lost(struct watcher *w)
{
	struct presence *p = w->p;
	struct dir_sub *sub = w->sub;
	const uint64_t binding = w->binding;
	const bool tell = !w->terminated;

	mem_deref(w);
	if (tell)
		left(p, sub, binding);
}

void watcher_expires_set(struct watcher *w, uint32_t expires_s)
{
	w->expires_ms = tmr_jiffies() + (uint64_t)expires_s * 1000;
	tmr_start(&w->tmr, (uint64_t)expires_s * 1000, expired, w);
}

static int contact_uri(char **urip, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_CONTACT);
	struct sip_addr addr;

	if (!hdr || sip_addr_decode(&addr, &hdr->val) ||
	    addr.auri.l >= HL_URI_MAX || !text_is_plain(&addr.auri, "<>\""))
		return EBADMSG;
	return pl_strdup(urip, &addr.auri);
}

int watcher_target_set(struct watcher *w, const struct sip_msg *msg)
{
	char *uri;
	int err;

	if (!sip_msg_hdr(msg, SIP_HDR_CONTACT))
		return 0;
	err = contact_uri(&uri, msg);
	if (err)
		return err;
	mem_deref(w->target);
	w->target = uri;
	return 0;
}

int watcher_alloc(struct watcher **wp, struct presence *p, struct dir_sub *sub,
		  const struct binding *b, const struct sip_msg *msg)
{
	struct watcher *w = mem_zalloc(sizeof(*w), destructor);
	int err;

	if (!w)
		return ENOMEM;
	w->p = p;
	w->sub = sub;
	w->binding = b->id;
	w->rseq = msg->cseq.num;
	w->lseq = 1;
	tmr_init(&w->tmr);
	tmr_init(&w->pump);
	err = contact_uri(&w->target, msg);
	err = err ? err : pl_strdup(&w->callid, &msg->callid);
	err = err ? err : pl_strdup(&w->rtag, &msg->from.tag);
	err = err ? err : pl_strdup(&w->luri, &msg->to.auri);
	err = err ? err : pl_strdup(&w->ruri, &msg->from.auri);
	err = err ? err : re_sdprintf(&w->ltag, "%016llx", msg->tag);
	if (err) {
		mem_deref(w);
		return err;
	}
	hash_append(p->watcher_ht, hash_joaat_str(w->callid), &w->he, w);
	list_append(&p->watchers, &w->le, w);
	list_append(&sub->watchers, &w->le_sub, w);
	p->watcherc++;
	sub->user->watchers++;
	*wp = w;
	return 0;
}

static bool dialog_handler(struct le *le, void *arg)
{
	const struct watcher *w = le->data;
	const struct sip_msg *msg = arg;

	return !pl_strcmp(&msg->callid, w->callid) &&
	       !pl_strcmp(&msg->to.tag, w->ltag) &&
	       !pl_strcmp(&msg->from.tag, w->rtag);
}

struct watcher *watcher_find(const struct presence *p,
			     const struct sip_msg *msg)
{
	return list_ledata(hash_lookup(p->watcher_ht,
				       hash_joaat_pl(&msg->callid),
				       dialog_handler, (void *)(size_t)msg));
}

/* --- what is owed ------------------------------------------------------- */

static void told_destructor(void *arg)
{
	struct told *t = arg;

	list_unlink(&t->le);
	list_unlink(&t->le_dirty);
}

static struct told *told_find(const struct watcher *w, const char *name)
{
	struct le *le;

	LIST_FOREACH(&w->told, le)
	{
		struct told *t = le->data;

		if (!strcmp(t->name, name))
			return t;
	}
	return NULL;
}

static struct told *told_add(struct watcher *w, const char *name)
{
	const size_t n = strlen(name) + 1;
	struct told *t;

	if (w->toldc >= w->p->cfg.list_max) {
		hlog_limited(w->p->log, "presence.list", HLOG_WARN, "presence",
			     "list full",
			     HLOG_S("watcher", w->sub->row.subscriber),
			     HLOG_U("list_max", w->p->cfg.list_max));
		return NULL;
	}
	t = mem_zalloc(sizeof(*t) + n, told_destructor);
	if (!t)
		return NULL;
	memcpy(t->name, name, n);
	list_append(&w->told, &t->le, t);
	w->toldc++;
	return t;
}

/* Of whom the watcher may not know, or does not share the service, it hears
 * that they are gone, if it ever heard of them */
static enum told_state state_now(const struct watcher *w, const char *name)
{
	const struct dir_sub *sub = directory_sub(w->p->dir, name);

	if (!sub || sub->service != w->sub->service ||
	    !provision_available(sub) ||
	    !directory_may_see(w->p->dir, w->sub->row.subscriber, name))
		return TOLD_CLOSED;
	return sub->leg == BUS_LEG_BUSY ? TOLD_BUSY : TOLD_OPEN;
}

static void wake(struct watcher *w)
{
	if (!w->req && !tmr_isrunning(&w->pump))
		tmr_start(&w->pump, 0, pump_handler, w);
}

static void dirty(struct watcher *w, struct told *t)
{
	if (!t->le_dirty.list)
		list_append(&w->dirty, &t->le_dirty, t);
}

void watcher_mark(struct watcher *w, const char *subscriber)
{
	struct told *t = told_find(w, subscriber);

	if (!t) {
		if (state_now(w, subscriber) == TOLD_CLOSED)
			return;
		t = told_add(w, subscriber);
		if (!t)
			return;
	}
	dirty(w, t);
	wake(w);
}

static void full_handler(struct dir_sub *sub, void *arg)
{
	struct watcher *w = arg;

	if (sub->service == w->sub->service && provision_available(sub))
		watcher_mark(w, sub->row.subscriber);
}

void watcher_full(struct watcher *w)
{
	struct le *le;

	/* Whom it may not see any more it has still to be told of as gone */
	LIST_FOREACH(&w->told, le)
	{
		struct told *t = le->data;

		if (state_now(w, t->name) != TOLD_CLOSED)
			t->state = TOLD_NOTHING;
		dirty(w, t);
	}
	w->due = true;
	directory_seen(w->p->dir, w->sub->row.subscriber, full_handler, w);
	wake(w);
}

/* --- sending ------------------------------------------------------------ */

/* Takes changes off the list as far as they fit */
static int body_fill(struct watcher *w, struct notify_body *body)
{
	struct le *le;
	int err = 0;

	while ((le = list_head(&w->dirty)) &&
	       notify_body_bytes(body) < w->p->cfg.notify_bytes) {
		struct told *t = le->data;
		const enum told_state now = state_now(w, t->name);

		list_unlink(&t->le_dirty);
		if (now != t->state &&
		    !(now == TOLD_CLOSED && t->state == TOLD_NOTHING))
			err = notify_body_add(body, t->name, w->p->cfg.domain,
					      now != TOLD_CLOSED,
					      now == TOLD_BUSY);
		t->state = now;
		if (now == TOLD_CLOSED) {
			w->toldc--;
			mem_deref(t);
		}
		if (err)
			return err;
	}
	return 0;
}

static void response_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct watcher *w = arg;

	if (!err && msg->scode < 200)
		return;
	if (w->last || err || msg->scode >= 300) {
		hlog(w->p->log, HLOG_DEBUG, "watcher", "ended",
		     HLOG_S("subscriber", w->sub->row.subscriber),
		     HLOG_U("code", msg ? msg->scode : 0));
		lost(w);
		return;
	}
	if (list_head(&w->dirty) || w->due || w->terminated)
		wake(w);
}

static int hdrs_print(const struct watcher *w, struct mbuf *mb, uint8_t sock)
{
	struct sa shown;
	const uint64_t now = tmr_jiffies();
	const uint64_t left_s =
		w->expires_ms > now ? (w->expires_ms - now) / 1000 : 0;
	int err;

	err = mbuf_printf(mb,
			  "Max-Forwards: 70\r\n"
			  "From: <%s>;tag=%s\r\n"
			  "To: <%s>;tag=%s\r\n"
			  "Call-ID: %s\r\n"
			  "CSeq: %u NOTIFY\r\n"
			  "Contact: <sip:%s@%J>\r\n"
			  "Event: presence\r\n",
			  w->luri, w->ltag, w->ruri, w->rtag, w->callid,
			  w->lseq, w->sub->row.service,
			  edge_sock_shown(w->p, sock, &shown));
	if (w->last)
		err |= mbuf_printf(mb,
				   "Subscription-State: terminated;"
				   "reason=%s\r\n",
				   w->terminated);
	else
		err |= mbuf_printf(mb,
				   "Subscription-State: active;"
				   "expires=%llu\r\n",
				   left_s);
	return err;
}

static int notify(struct watcher *w, const struct binding *b,
		  const struct notify_body *body)
{
	const struct endpoint *ep = w->p->sockv[b->laddr].ep;
	struct mbuf *mb = mbuf_alloc(2048);
	char text[96];
	struct uri route;
	struct pl pl;
	int err;

	if (!mb)
		return ENOMEM;
	/* To the flow, whatever the Contact says */
	if (re_snprintf(text, sizeof(text), "sip:%J", &b->flow) < 0) {
		err = EOVERFLOW;
		goto out;
	}
	pl_set_str(&pl, text);
	err = uri_decode(&route, &pl);
	err = err ? err : hdrs_print(w, mb, b->laddr);
	err = err ? err : notify_body_print(body, mb);
	if (err)
		goto out;
	mb->pos = 0;
	err = sip_request(&w->req, endpoint_sip(ep), true, "NOTIFY", -1,
			  w->target, -1, &route, mb, 0, NULL,
			  response_handler, w);
	if (!err) {
		w->lseq++;
		w->p->n.notifies++;
	}
out:
	mem_deref(mb);
	return err;
}

static void pump_handler(void *arg)
{
	struct watcher *w = arg;
	const struct binding *b = binding_by_id(w->p->bindings, w->binding);
	struct notify_body *body;
	int err;

	if (!b) {
		mem_deref(w);
		return;
	}
	err = notify_body_alloc(&body);
	if (err) {
		lost(w);
		return;
	}
	err = body_fill(w, body);
	w->last = w->terminated && !(w->fetch && list_head(&w->dirty));
	if (!err && (w->due || w->terminated || notify_body_parts(body))) {
		w->due = false;
		err = notify(w, b, body);
	}
	mem_deref(body);
	if (err) {
		hlog(w->p->log, HLOG_ERROR, "watcher", "cannot notify",
		     HLOG_S("subscriber", w->sub->row.subscriber),
		     HLOG_ERR(err));
		lost(w);
	}
}

void watcher_fetch(struct watcher *w)
{
	w->expires_ms = tmr_jiffies() + FETCH_S * UINT64_C(1000);
	w->fetch = true;
	watcher_full(w);
	watcher_terminate(w, "timeout");
}

void watcher_terminate(struct watcher *w, const char *reason)
{
	tmr_cancel(&w->tmr);
	/* The subscription may be freed before the last NOTIFY is answered */
	list_unlink(&w->le_sub);
	w->terminated = reason;
	w->req = mem_deref(w->req);
	tmr_cancel(&w->pump);
	pump_handler(w);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file watcher_tell.c  What a watcher is owed, and when it is told
 */
#include <errno.h>
#include <string.h>
#include "presence/compose.h"
#include "presence/notify_body.h"
#include "presence/watcher.h"

enum {
	FETCH_S = 32,         /* What is shown as left while a fetch goes on */
	STREAM_BYTES = 16384  /* A connection carries more than a datagram */
};

/* --- what it may know --------------------------------------------------- */

static bool may_see(const struct watcher *w, const struct dir_sub *sub)
{
	/* One's own is nobody's secret to oneself; a list has only others */
	if (watcher_is_fixed(w) && sub->user == w->sub->user)
		return true;
	return directory_may_see(w->p->dir, w->sub->row.subscriber,
				 sub->row.subscriber);
}

/* Who does not exist and who may not be seen are the same, unless a rule lets
 * the watcher call: then it may know that there is somebody. */
static enum told_state unseen(const struct watcher *w,
			      const struct dir_sub *sub)
{
	return sub && directory_may_call(w->p->dir, w->sub->row.subscriber,
					 sub->row.subscriber)
		       ? TOLD_REJECTED
		       : TOLD_PENDING;
}

static const struct dir_sub *presentity(const struct watcher *w,
					const char *name)
{
	const struct dir_sub *sub;

	if (watcher_is_fixed(w))
		return directory_resolve(w->p->dir, name, w->sub->service);
	sub = directory_sub(w->p->dir, name);
	return sub && sub->service == w->sub->service ? sub : NULL;
}

void watcher_see(const struct watcher *w, const char *name, struct seen *seen)
{
	const struct dir_sub *sub = presentity(w, name);
	struct composed c;

	memset(seen, 0, sizeof(*seen));
	if (strchr(name, ':')) {
		seen->state = TOLD_NOWHERE;
		return;
	}
	if (!sub || !may_see(w, sub)) {
		seen->state = unseen(w, sub);
		return;
	}
	seen->sub = sub;
	(void)compose(sub, &c);
	seen->sum = composed_sum(&c);
	if (c.closed || !provision_available(sub))
		seen->state = TOLD_CLOSED;
	else
		seen->state = sub->leg == BUS_LEG_BUSY ? TOLD_BUSY : TOLD_OPEN;
}

static bool is_open(enum told_state state)
{
	return state == TOLD_OPEN || state == TOLD_BUSY;
}

/* --- what it is owed ---------------------------------------------------- */

static void round_handler(void *arg);

static void wake(struct watcher *w)
{
	const uint64_t now = tmr_jiffies();

	/* Its answer comes back here, or it is too late to tell more */
	if (w->req || w->wait || w->last)
		return;
	if (!w->due && !w->terminated && !list_head(&w->round) &&
	    w->round_ms > now) {
		if (!w->le_due.list && !tmr_isrunning(&w->pump))
			tmr_start(&w->pump, w->round_ms - now, round_handler,
				  w);
		return;
	}
	tmr_cancel(&w->pump);
	watchers_due(w);
}

static void round_handler(void *arg)
{
	wake(arg);
}

static void dirty(struct watcher *w, struct told *t)
{
	if (!t->le_dirty.list)
		list_append(&w->dirty, &t->le_dirty, t);
}

static struct told *list_entry(struct watcher *w, const char *name)
{
	struct told *t = NULL;
	struct seen seen;
	int err;

	watcher_see(w, name, &seen);
	if (!is_open(seen.state))
		return NULL;
	err = told_add(&t, &w->told, w->p->cfg.list_max, name, NULL);
	if (err == ENOSPC)
		hlog_limited(w->p->log, "presence.list", HLOG_WARN, "presence",
			     "list full",
			     HLOG_S("watcher", w->sub->row.subscriber),
			     HLOG_U("list_max", w->p->cfg.list_max));
	return t;
}

void watcher_mark(struct watcher *w, const char *name)
{
	struct told *t = told_find(&w->told, name);

	if (!t && !watcher_is_fixed(w))
		t = list_entry(w, name);
	if (!t)
		return;
	dirty(w, t);
	wake(w);
}

static void full_handler(struct dir_sub *sub, void *arg)
{
	struct watcher *w = arg;

	if (sub->service == w->sub->service && provision_available(sub))
		watcher_mark(w, sub->row.subscriber);
}

/* Whom it may not see any more it has still to be told of as gone, where no
 * document that begins anew says so by leaving it out */
static void again(struct watcher *w, struct told *t)
{
	struct seen seen;

	watcher_see(w, t->name, &seen);
	if (watcher_is_fixed(w) || w->eventlist || is_open(seen.state))
		t->state = TOLD_NOTHING;
	dirty(w, t);
}

void watcher_recheck(struct watcher *w)
{
	uint32_t i;

	for (i = 0; i < w->told.n; i++)
		dirty(w, w->told.v[i]);
	if (!watcher_is_fixed(w))
		directory_seen(w->p->dir, w->sub->row.subscriber, full_handler,
			       w);
	wake(w);
}

void watcher_full(struct watcher *w)
{
	uint32_t i;

	for (i = 0; i < w->told.n; i++)
		again(w, w->told.v[i]);
	w->due = true;
	w->full = true;
	if (!watcher_is_fixed(w))
		directory_seen(w->p->dir, w->sub->row.subscriber, full_handler,
			       w);
	wake(w);
}

/* --- telling ------------------------------------------------------------ */

static enum rlmi_state instance_state(enum told_state state,
				      const char **reasonp)
{
	switch (state) {
	case TOLD_NOTHING:
	case TOLD_PENDING:
		return RLMI_PENDING;
	case TOLD_REJECTED:
		*reasonp = "rejected";
		return RLMI_TERMINATED;
	case TOLD_NOWHERE:
		*reasonp = "noresource";
		return RLMI_TERMINATED;
	case TOLD_CLOSED:
	case TOLD_OPEN:
	case TOLD_BUSY:
		break;
	}
	return RLMI_ACTIVE;
}

static unsigned activities(const struct seen *seen, const struct composed *c)
{
	unsigned bits = c->activities;

	if (seen->state == TOLD_BUSY)
		bits |= PIDF_ON_THE_PHONE;
	if (c->barred)
		bits |= PIDF_BUSY;
	return bits;
}

static const char *note(const struct seen *seen, const struct composed *c)
{
	if (c->note[0])
		return c->note;
	if (c->barred)
		return "Do not disturb";
	if (seen->state == TOLD_BUSY)
		return "in a call";
	return c->manual ? "Answers by hand" : "";
}

static void entry_set(const struct watcher *w, const struct seen *seen,
		      struct notify_entry *e)
{
	struct composed c;

	e->reason = e->note = e->name = "";
	e->state = instance_state(seen->state, &e->reason);
	if (!seen->sub) {
		/* Who knows no lists hears that it is gone. Others hear that
		 * they may not see it, and what they were shown is void. */
		e->shown = !w->eventlist;
		if (!watcher_is_fixed(w)) {
			e->state = RLMI_TERMINATED;
			e->reason = "noresource";
		}
		return;
	}
	(void)compose(seen->sub, &c);
	e->shown = true;
	e->open = is_open(seen->state);
	e->name = dir_sub_display(seen->sub);
	e->activities = activities(seen, &c);
	e->note = note(seen, &c);
}

static int entry_add(const struct watcher *w, const struct told *t,
		     const struct seen *seen, struct notify_body *body)
{
	struct notify_entry e = {.open = false};
	char uri[HL_URI_MAX];
	int err;

	entry_set(w, seen, &e);
	e.uri = t->uri;
	if (!e.uri) {
		if (re_snprintf(uri, sizeof(uri), "sip:%s@%s", t->name,
				w->p->cfg.domain) < 0)
			return 0;
		e.uri = uri;
	}
	err = notify_body_add(body, &e);
	/* A name that no document can carry is nobody's loss but its own */
	return err == EINVAL || err == EOVERFLOW ? 0 : err;
}

/* Is there anything to say of it? To a single watcher that waits nothing is
 * said, so that it looks the same whoever is there or not. */
static bool worth(const struct watcher *w, const struct told *t,
		  const struct seen *seen)
{
	if (seen->state == t->state && seen->sum == t->sum)
		return false;
	if (seen->sub || w->eventlist)
		return watcher_is_fixed(w) || is_open(seen->state) ||
		       t->state != TOLD_NOTHING;
	return is_open(t->state) || t->state == TOLD_CLOSED;
}

/* EMSGSIZE: it has to wait for the next NOTIFY. One alone never does */
static int tell(struct watcher *w, struct told *t, struct notify_body *body,
		size_t max)
{
	struct seen seen;
	int err = 0;

	watcher_see(w, t->name, &seen);
	if (worth(w, t, &seen))
		err = entry_add(w, t, &seen, body);
	if (notify_body_parts(body) > 1 && notify_body_bytes(body) > max) {
		notify_body_undo(body);
		return EMSGSIZE;
	}
	list_unlink(&t->le_dirty);
	t->state = seen.state;
	t->sum = seen.sum;
	if (!watcher_is_fixed(w) && !is_open(seen.state))
		told_remove(&w->told, t);
	return err;
}

static size_t body_max(const struct watcher *w, const struct binding *b)
{
	const struct presence *p = w->p;
	const struct endpoint *ep = p->sockv[b->laddr].ep;

	const size_t head = watcher_notify_head(w);
	const size_t room =
		p->cfg.datagram_bytes > head ? p->cfg.datagram_bytes - head : 0;

	return endpoint_transport(ep) == SIP_TRANSP_UDP
		       ? MIN(p->cfg.notify_bytes, room)
		       : MAX(p->cfg.notify_bytes, (uint32_t)STREAM_BYTES);
}

/* Takes changes off the round as far as they fit */
static int body_fill(struct watcher *w, const struct binding *b,
		     struct notify_body *body)
{
	const size_t max = body_max(w, b);
	struct le *le;
	int err = 0;

	while (!err && (le = list_head(&w->round)) &&
	       (!notify_body_parts(body) || notify_body_bytes(body) < max))
		err = tell(w, le->data, body, max);
	return err == EMSGSIZE ? 0 : err;
}

/* What is dirty now is this round's; what comes later waits for the next.
 * @return true if one begins */
static bool round_begin(struct watcher *w)
{
	struct le *le;

	if (list_head(&w->round))
		return false;
	while ((le = list_head(&w->dirty))) {
		list_unlink(le);
		list_append(&w->round, le, le->data);
	}
	return true;
}

static int body_make(struct notify_body **bodyp, struct watcher *w)
{
	struct rlmi_list list = {.version = w->version, .full = w->full};
	int err;

	if (!w->eventlist)
		return notify_body_alloc(bodyp, NULL);
	err = re_snprintf(list.uri, sizeof(list.uri), "%s", w->luri) < 0
		      ? EOVERFLOW
		      : 0;
	return err ? err : notify_body_alloc(bodyp, &list);
}

/* A rule says no to a single watcher: it is told, and forgotten */
static void reject_check(struct watcher *w)
{
	struct seen seen;

	if (w->kind != WATCH_ONE || w->terminated || !w->told.n)
		return;
	watcher_see(w, w->told.v[0]->name, &seen);
	if (seen.state != TOLD_REJECTED)
		return;
	tmr_cancel(&w->tmr);
	list_unlink(&w->le_sub);
	w->terminated = "rejected";
}

static int pump(struct watcher *w, const struct binding *b)
{
	struct notify_body *body = NULL;
	bool begins;
	int err;

	reject_check(w);
	begins = round_begin(w);
	err = body_make(&body, w);
	err = err ? err : body_fill(w, b, body);
	w->last = w->terminated && !(w->fetch && list_head(&w->round));
	if (!err && (w->due || w->terminated || notify_body_parts(body))) {
		w->due = w->full = false;
		w->version++;
		if (begins)
			w->round_ms = tmr_jiffies() +
				      w->p->cfg.notify_interval_ms;
		err = watcher_notify(w, b, body);
	}
	mem_deref(body);
	return err;
}

void watcher_pump(struct watcher *w)
{
	const struct binding *b = binding_by_id(w->p->bindings, w->binding);
	int err;

	if (w->req || w->wait)
		return;
	if (!b) {
		mem_deref(w);
		return;
	}
	err = pump(w, b);
	if (err) {
		hlog(w->p->log, HLOG_ERROR, "watcher", "cannot notify",
		     HLOG_S("subscriber", w->sub->row.subscriber),
		     HLOG_ERR(err));
		watcher_lost(w);
		return;
	}
	if (!w->req && !w->wait && list_head(&w->dirty))
		wake(w);
}

void watcher_answered(int err, const struct sip_msg *msg, void *arg)
{
	struct watcher *w = arg;

	if (!err && msg->scode < 200)
		return;
	if (w->last || err || msg->scode >= 300) {
		hlog(w->p->log, HLOG_DEBUG, "watcher", "ended",
		     HLOG_S("subscriber", w->sub->row.subscriber),
		     HLOG_U("code", msg ? msg->scode : 0));
		watcher_lost(w);
		return;
	}
	if (list_head(&w->round) || list_head(&w->dirty) || w->due ||
	    w->terminated)
		wake(w);
}

void watcher_fetch(struct watcher *w)
{
	w->expires_ms = tmr_jiffies() + FETCH_S * UINT64_C(1000);
	w->fetch = true;
	watcher_full(w);
	watcher_terminate(w, "timeout");
}

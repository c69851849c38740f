/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file watchers.c  Which watchers a change concerns
 */
#include <string.h>
#include "presence/watcher.h"

enum {
	BATCH = 32,  /* Watchers that are told in one step */
	STEP_MS = 1
};

/** A presentity by its two names: it may be watched by either */
struct names {
	const char *subscriber, *user;
};

static void due_handler(void *arg)
{
	struct presence *p = arg;
	struct watcher *w;
	unsigned n;

	for (n = 0; n < BATCH; n++) {
		w = list_ledata(list_head(&p->watch_due));
		if (!w)
			return;
		list_unlink(&w->le_due);
		watcher_pump(w);
	}
	if (list_head(&p->watch_due))
		tmr_start(&p->watch_tmr, STEP_MS, due_handler, p);
}

void watchers_due(struct watcher *w)
{
	struct presence *p = w->p;

	if (w->le_due.list)
		return;
	list_append(&p->watch_due, &w->le_due, w);
	if (!tmr_isrunning(&p->watch_tmr))
		tmr_start(&p->watch_tmr, 0, due_handler, p);
}

static void mark(struct watcher *w, const struct names *n)
{
	watcher_mark(w, n->subscriber);
	if (watcher_is_fixed(w) && n->user && strcmp(n->user, n->subscriber))
		watcher_mark(w, n->user);
}

static void mark_watchers(struct dir_sub *seer, void *arg)
{
	struct le *le;

	LIST_FOREACH(&seer->watchers, le)
	{
		mark(le->data, arg);
	}
}

void watchers_status(struct presence *p, struct dir_sub *sub)
{
	struct names n = {sub->row.subscriber, sub->user->row.name};
	struct le *le;

	if (!p->watcherc)
		return;
	directory_seers(p->dir, sub->row.subscriber, mark_watchers, &n);
	/* One may watch oneself without a rule */
	LIST_FOREACH(&sub->user->subs, le)
	{
		mark_watchers(le->data, &n);
	}
}

void watchers_user(struct dir_user *user, const char *subscriber, void *arg)
{
	struct le *le;

	LIST_FOREACH(&user->subs, le)
	{
		struct dir_sub *sub = le->data;

		if (!subscriber[0] || !strcmp(subscriber, sub->row.subscriber))
			watchers_status(arg, sub);
	}
}

static void recheck_watchers(struct dir_sub *seer, void *arg)
{
	struct le *le;

	(void)arg;
	LIST_FOREACH(&seer->watchers, le)
	{
		watcher_recheck(le->data);
	}
}

void watchers_rule(struct presence *p, const char *subject, const char *object)
{
	const struct dir_sub *sub = directory_sub(p->dir, object);
	struct names n = {object, sub ? sub->user->row.name : NULL};
	struct dir_sub *seer;
	dir_sub_h *h;

	if (!p->watcherc)
		return;
	/* All of all is looked at only where the rule is about all of all */
	h = strcmp(object, "*") ? mark_watchers : recheck_watchers;
	if (!strcmp(subject, "*")) {
		directory_subs(p->dir, h, &n);
		return;
	}
	seer = directory_sub(p->dir, subject);
	if (seer)
		h(seer, &n);
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

		if (b && w->kind == WATCH_SERVICE)
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
	tmr_cancel(&p->watch_tmr);
}

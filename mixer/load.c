/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file load.c  What a worker does when it cannot keep up
 */
#include <sys/socket.h>
#include <linux/sock_diag.h>
#include "mixer/bridge.h"
#include "mixer/part.h"

enum {
	/** A burst without a packet for so long costs nothing */
	QUIET_US = 1000000,
	PERMILLE = 1000
};

void load_start(struct worker *w)
{
	const struct overload_cfg cfg = {.late_ms = w->cfg.shed_after_ms,
					 .every_ms = w->cfg.shed_every_ms,
					 .calm_ms = w->cfg.shed_calm_ms};

	overload_init(&w->load.machine, &cfg);
	w->load.empty_us = w->load.look_us = w->now;
}

/* --- what is seen -------------------------------------------------------- */

static void sock_look(struct worker *w, struct sock *s,
		      struct overload_in *in)
{
	uint32_t v[SK_MEMINFO_VARS];
	socklen_t len = sizeof(v);

	if (getsockopt(s->fd, SOL_SOCKET, SO_MEMINFO, v, &len) ||
	    len < sizeof(v) || !v[SK_MEMINFO_RCVBUF])
		return;
	in->queued += (uint32_t)((uint64_t)v[SK_MEMINFO_RMEM_ALLOC] *
				 PERMILLE / v[SK_MEMINFO_RCVBUF]);
	if (v[SK_MEMINFO_DROPS] == s->drops)
		return;
	stats_add(&w->stats, STAT(rx_overflow),
		  (uint32_t)(v[SK_MEMINFO_DROPS] - s->drops));
	s->drops = v[SK_MEMINFO_DROPS];
	in->dropped = true;
}

static bool peers_dropped(struct worker *w)
{
	uint64_t drops = 0;
	bool more;
	unsigned i;

	for (i = 0; i < w->count; i++)
		if (w->from[i])
			drops += slotq_drops(w->from[i]);
	more = drops != w->load.peer_drops;
	w->load.peer_drops = drops;
	return more;
}

static struct overload_in see(struct worker *w, const struct epoll_event *evv,
			      int n)
{
	struct overload_in in = {.now_us = w->now,
				 .empty_us = w->load.empty_us,
				 .dropped = peers_dropped(w)};
	int i;

	if (w->now - w->load.empty_us < LOAD_TICK_US)
		return in;
	for (i = 0; i < n; i++)
		if (evv[i].data.u32 < w->sockc)
			sock_look(w, &w->sockv[evv[i].data.u32], &in);
	return in;
}

/* --- what is done -------------------------------------------------------- */

static bool runs(const struct worker *w, const struct part *part)
{
	return part && part->talker && w->now - part->speech_us < QUIET_US;
}

static bool goes_first(const struct part *a, const struct part *b)
{
	if (a->mood.tier != b->mood.tier)
		return a->mood.tier < b->mood.tier;
	return a->priority != b->priority ? a->priority < b->priority
					  : a->taken_us > b->taken_us;
}

/* The whole table, twice a second at most */
static const struct part *victim(const struct worker *w, unsigned *runningp)
{
	const struct part *part = NULL;
	uint32_t i;

	*runningp = 0;
	for (i = 0; i < w->cfg.bridges_max; i++) {
		const struct part *p = w->partv[i];

		if (!runs(w, p))
			continue;
		++*runningp;
		if (!part || goes_first(p, part))
			part = p;
	}
	return part;
}

static void shed(struct worker *w, const struct part *part)
{
	const unsigned home = id_worker(part->id);
	struct peer_msg *pm;

	if (home == w->idx) {
		bridge_shed(w, part->id, part->burst);
		return;
	}
	pm = worker_peer(w, home);
	if (!pm)
		return;
	pm->type = PEER_SHED;
	pm->u.shed.bridge = part->id;
	pm->u.shed.burst = part->burst;
	slotq_commit(w->to[home]);
}

static void event(struct worker *w, enum mixer_event_type type)
{
	const struct mixer_event ev = {.type = type,
				       .burst = w->idx,
				       .reason = w->load.priority,
				       .at_us = w->now};

	/* relaxed: for people */
	atomic_store_explicit(&w->overloaded, type == MIXER_OVERLOAD,
			      memory_order_relaxed);
	(void)worker_event(w, &ev);
}

/* Said again and again while it holds, and forgotten by itself: so it does
 * not matter if a word is lost. */
static void tell(struct worker *w, bool over)
{
	const struct load_full full = {.until_us = over ? w->now + LOAD_FULL_US
							: 0,
				       .priority = w->load.priority};
	unsigned i;

	w->load.tell_us = w->now + LOAD_FULL_US / 16;
	w->load.fullv[w->idx] = full;
	for (i = 0; i < w->count; i++) {
		struct peer_msg *pm = i == w->idx ? NULL : worker_peer(w, i);

		if (!pm)
			continue;
		pm->type = PEER_FULL;
		pm->u.full = full;
		slotq_commit(w->to[i]);
	}
}

static void begin_or_go_on(struct worker *w, bool first)
{
	unsigned running;
	const struct part *part = victim(w, &running);

	if (first)
		w->load.priority = 0;
	if (part && part->priority > w->load.priority)
		w->load.priority = part->priority;
	if (first)
		event(w, MIXER_OVERLOAD);
	tell(w, true);
	if (running > 1)
		shed(w, part);
}

void load_look(struct worker *w, const struct epoll_event *evv, int n)
{
	const bool over = w->load.machine.over;
	struct overload_in in;

	if (w->now < w->load.look_us)
		return;
	w->load.look_us = w->now + LOAD_TICK_US;
	in = see(w, evv, n);
	switch (overload_step(&w->load.machine, &in)) {
	case OVERLOAD_NOTHING:
		if (over && w->now >= w->load.tell_us)
			tell(w, true);
		break;
	case OVERLOAD_SHED:
		begin_or_go_on(w, !over);
		break;
	case OVERLOAD_RECOVERED:
		tell(w, false);
		event(w, MIXER_RECOVERED);
		break;
	}
}

bool load_takes(const struct worker *w, const struct bridge *b,
		uint8_t priority)
{
	unsigned i;

	for (i = 0; i < w->count; i++)
		if (b->on[i] && priority <= w->load.fullv[i].priority &&
		    w->now < w->load.fullv[i].until_us)
			return false;
	return true;
}

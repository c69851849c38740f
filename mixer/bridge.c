/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bridge.c  A bridge at its home worker: floor, burst, members
 */
#include <string.h>
#include "mixer/bridge.h"
#include "mixer/part.h"

static void members_destructor(void *arg)
{
	struct members *ms = arg;
	uint32_t i;

	for (i = 0; i < ms->cap; i++)
		mem_deref(ms->v[i]);
}

struct members *members_alloc(uint32_t cap)
{
	struct members *ms = mem_zalloc(sizeof(*ms) + cap * sizeof(ms->v[0]),
					members_destructor);

	if (ms)
		ms->cap = cap;
	return ms;
}

static void bridge_destructor(void *arg)
{
	struct bridge *b = arg;

	if (b->w) {
		wheel_cancel(&b->w->wheel, &b->timer);
		fill_stop(b);
	}
	replay_unref(b->keep.r);
	mem_deref(b->members);
}

struct bridge *bridge_alloc(mixer_bridge_id id, const struct floor_cfg *cfg)
{
	struct bridge *b = mem_zalloc(sizeof(*b), bridge_destructor);

	if (!b)
		return NULL;
	b->id = id;
	b->armed_us = FLOOR_NEVER;
	floor_init(&b->floor, cfg);
	return b;
}

void bridge_start(struct worker *w, struct bridge *b)
{
	b->w = w;
	w->homev[id_slot(b->id)] = b;
}

struct bridge *bridge_get(const struct worker *w, mixer_bridge_id id)
{
	struct bridge *b = w->homev[id_slot(id)];

	return b && b->id == id ? b : NULL;
}

static struct member *member_get(const struct bridge *b, uint32_t no,
				 mixer_leg_id leg)
{
	struct member *m = NULL;

	if (b->members && no < b->members->cap)
		m = b->members->v[no];
	return m && m->leg == leg ? m : NULL;
}

static struct member *member_of(struct floor_member *fm)
{
	return (struct member *)fm;
}

/* --- what the floor decided -------------------------------------------- */

static void event_up(const struct bridge *b, enum mixer_event_type type,
		     const struct member *m, uint16_t reason)
{
	const struct mixer_event ev = {.type = type,
				       .leg = m ? m->leg : 0,
				       .bridge = b->id,
				       .burst = b->floor.burst,
				       .reason = reason,
				       .at_us = b->w->now};

	(void)worker_event(b->w, &ev);
}

static void down_to(struct worker *w, unsigned to, const struct floor_down *fd)
{
	struct peer_msg *pm;

	if (to == w->idx) {
		part_floor(w, fd);
		return;
	}
	pm = worker_peer(w, to);
	if (!pm)
		return;
	pm->type = PEER_FLOOR_DOWN;
	pm->u.floor_down = *fd;
	slotq_commit(w->to[to]);
}

static void down_all(const struct bridge *b, const struct floor_down *fd)
{
	struct worker *w = b->w;
	unsigned i;

	/* Here last: speech that was held goes at once, and comes to nobody
	 * before the news */
	for (i = 0; i < w->count; i++)
		if (i != w->idx && b->on[i])
			down_to(w, i, fd);
	if (b->on[w->idx])
		down_to(w, w->idx, fd);
}

static void act_down(const struct bridge *b, const struct floor_act *act)
{
	const struct member *who = act->who ? member_of(act->who) : NULL;
	struct floor_down fd = {.bridge = b->id,
				.type = act->type,
				.who = who ? who->leg : 0,
				.to = act->to ? member_of(act->to)->leg : 0,
				.burst = b->floor.burst,
				.members = b->floor.members,
				.reason = act->reason,
				.secs = act->secs,
				.priority = who ? who->fm.priority : 0,
				.position = act->position,
				.repeat = act->repeat,
				.lost = act->lost,
				.served = act->served};

	if (act->type == FLOOR_ACT_TAKEN) {
		memcpy(fd.uri, who->uri, sizeof(fd.uri));
		memcpy(fd.name, who->name, sizeof(fd.name));
	}
	if (fd.to)
		down_to(b->w, id_worker(fd.to), &fd);
	else if (act->type == FLOOR_ACT_TAKEN || act->type == FLOOR_ACT_IDLE)
		down_all(b, &fd);
	else
		down_to(b->w, id_worker(fd.who), &fd);
}

static void burst_begin(struct bridge *b, const struct member *m)
{
	b->has_last_seq = false;
	burst_open(&b->burst, &m->tail);
	event_up(b, MIXER_FLOOR_TAKEN, m, 0);
}

static void act(struct bridge *b, const struct floor_act *a)
{
	struct member *m = a->who ? member_of(a->who) : NULL;

	switch (a->type) {
	case FLOOR_ACT_GRANTED:
		if (!a->repeat)
			burst_begin(b, m);
		act_down(b, a);
		break;
	case FLOOR_ACT_DENY:
		if (a->reason == FLOOR_NO_RESOURCES)
			STAT_INC(b->w, floor_refused);
		event_up(b, MIXER_FLOOR_DENIED, m, a->reason);
		act_down(b, a);
		break;
	case FLOOR_ACT_REVOKE:
		if (!a->repeat)
			event_up(b, MIXER_FLOOR_REVOKED, m, a->reason);
		act_down(b, a);
		break;
	case FLOOR_ACT_ENDED:
		fill_stop(b);
		late_over(&b->keep);
		burst_close(&b->burst, b->w->now, &m->tail);
		event_up(b, MIXER_FLOOR_IDLE, m, 0);
		break;
	case FLOOR_ACT_WARN:
		event_up(b, MIXER_FLOOR_WARNED, m, a->secs);
		act_down(b, a);
		break;
	case FLOOR_ACT_UNQUEUED:
		event_up(b, MIXER_FLOOR_UNQUEUED, m, 0);
		break;
	case FLOOR_ACT_INACTIVE:
		event_up(b, MIXER_BRIDGE_INACTIVE, NULL, 0);
		break;
	case FLOOR_ACT_TAKEN:
	case FLOOR_ACT_IDLE:
	case FLOOR_ACT_QUEUE:
	case FLOOR_ACT_MOVED:
		act_down(b, a);
		break;
	}
}

static void timer_h(struct wheel_timer *t, void *arg);

/* The deadline moves with each packet of speech: the timer is left where it
 * is, and looks again when it fires. */
static void rearm(struct bridge *b)
{
	const uint64_t at = floor_deadline(&b->floor);

	if (at >= b->armed_us || at == FLOOR_NEVER)
		return;
	b->armed_us = at;
	wheel_start(&b->w->wheel, &b->timer, (at + 999) / 1000, timer_h);
}

static void step(struct bridge *b, const struct floor_ev *ev)
{
	struct floor_out out;
	unsigned i;

	floor_step(&b->floor, ev, b->w->now, &out);
	for (i = 0; i < out.n; i++)
		act(b, &out.v[i]);
	rearm(b);
}

static void timer_h(struct wheel_timer *t, void *arg)
{
	static const struct floor_ev ev = {.type = FLOOR_EV_TIME};
	struct bridge *b = (struct bridge *)((char *)t -
					     offsetof(struct bridge, timer));

	(void)arg;
	b->armed_us = FLOOR_NEVER;
	step(b, &ev);
}

/* --- members ----------------------------------------------------------- */

void bridge_set(struct bridge *b, const struct floor_cfg *cfg)
{
	floor_set(&b->floor, cfg);
	rearm(b);
}

void bridge_del(struct worker *w, mixer_bridge_id id)
{
	struct bridge *b = bridge_get(w, id);

	if (!b)
		return;
	w->homev[id_slot(id)] = NULL;
	mem_deref(b);
}

void bridge_join(struct bridge *b, uint32_t no, struct member *m,
		 struct members *table)
{
	const struct floor_ev ev = {.type = FLOOR_EV_JOIN, .who = &m->fm};
	bool first;

	if (table && b->members) {
		memcpy(table->v, b->members->v,
		       b->members->cap * sizeof(table->v[0]));
		b->members->cap = 0;
	}
	if (table) {
		mem_deref(b->members);
		b->members = table;
	}
	b->members->v[no] = m;
	first = !b->on[id_worker(m->leg)]++;
	step(b, &ev);
	if (first && id_worker(m->leg) == b->w->idx)
		fill_here(b);
	else if (first && b->burst.started &&
		 b->floor.state != FLOOR_IDLE)
		fill_start(b, id_worker(m->leg));
}

void bridge_member_set(struct bridge *b, uint32_t no, struct member *m)
{
	struct member *old = member_get(b, no, m->leg);

	if (old) {
		const struct floor_ev ev = {.type = FLOOR_EV_SET,
					    .who = &old->fm};

		old->fm.priority = m->fm.priority;
		old->fm.may_talk = m->fm.may_talk;
		memcpy(old->uri, m->uri, sizeof(old->uri));
		memcpy(old->name, m->name, sizeof(old->name));
		step(b, &ev);
	}
	mem_deref(m);
}

void bridge_leave(struct bridge *b, uint32_t no, mixer_leg_id leg)
{
	struct member *m = member_get(b, no, leg);
	struct floor_ev ev = {.type = FLOOR_EV_LEAVE};

	if (!m)
		return;
	ev.who = &m->fm;
	b->members->v[no] = NULL;
	b->on[id_worker(leg)]--;
	step(b, &ev);
	mem_deref(m);
}

/* --- floor and speech --------------------------------------------------- */

/* The Release came by another port than the speech: what is still under way
 * up to last_seq belongs to the burst. */
static bool is_due(struct bridge *b, const struct floor_up *fu)
{
	const int16_t ahead = (int16_t)(fu->last_seq - b->burst.seq);

	b->has_last_seq = fu->has_last_seq && b->burst.started && ahead > 0 &&
			  ahead < BURST_DROPOUT_MAX;
	b->last_seq = fu->last_seq;
	return b->has_last_seq;
}

/* The leg's worker knows of a member before its home does, and after: a
 * request that falls in between has an answer too. */
static void refuse_stranger(struct worker *w, const struct floor_up *fu)
{
	const struct floor_down fd = {.bridge = fu->bridge,
				      .type = FLOOR_ACT_DENY,
				      .who = fu->leg,
				      .reason = TBCP_DENY_INTERNAL};

	if (fu->request)
		down_to(w, id_worker(fu->leg), &fd);
}

void bridge_floor(struct worker *w, const struct floor_up *fu)
{
	struct bridge *b = bridge_get(w, fu->bridge);
	struct member *m = b ? member_get(b, fu->member, fu->leg) : NULL;
	struct floor_ev ev = {.type = FLOOR_EV_REQUEST};

	if (!m) {
		refuse_stranger(w, fu);
		return;
	}
	ev.who = &m->fm;
	ev.priority = (uint8_t)(fu->priority < m->fm.priority
					? fu->priority
					: m->fm.priority);
	ev.tier = (enum floor_tier)fu->tier;
	ev.queues = fu->queues;
	ev.no_room = !load_takes(w, b, m->fm.priority);
	if (!fu->request) {
		ev.type = FLOOR_EV_RELEASE;
		if (b->floor.holder == &m->fm &&
		    b->floor.state != FLOOR_DRAINING)
			ev.drain = is_due(b, fu);
	}
	step(b, &ev);
}

void bridge_shed(struct worker *w, mixer_bridge_id id, uint32_t burst)
{
	static const struct floor_ev ev = {.type = FLOOR_EV_SHED};
	struct bridge *b = bridge_get(w, id);

	if (!b || b->floor.burst != burst || b->floor.state == FLOOR_IDLE ||
	    b->floor.state == FLOOR_DRAINING)
		return;
	STAT_INC(w, bursts_shed);
	step(b, &ev);
}

static void fan_out(struct bridge *b, const struct speech_up *up,
		    const struct burst_stamp *stamp, uint8_t priority)
{
	struct worker *w = b->w;
	const struct speech_down sp = {.bridge = b->id,
				       .leg = up->leg,
				       .burst = b->floor.burst,
				       .priority = priority,
				       .stamp = *stamp,
				       .at_us = b->w->now,
				       .p = up->p,
				       .len = up->len};
	unsigned i;

	/* The others first: they send while we do */
	for (i = 0; i < w->count; i++) {
		struct peer_msg *pm;

		if (i == w->idx || !b->on[i] || (b->fill.r && b->fill.to == i))
			continue;
		pm = worker_peer_speech(w, i);
		if (!pm)
			continue;
		pm->type = PEER_SPEECH_DOWN;
		pm->u.down = sp;
		memcpy(pm->data, sp.p, sp.len);
		slotq_commit(w->to[i]);
	}
	if (b->on[w->idx])
		part_speech(w, &sp);
	else
		late_keep(w, &b->keep, &sp);
}

void bridge_speech(struct worker *w, const struct speech_up *up)
{
	static const struct floor_ev drained = {.type = FLOOR_EV_DRAINED};
	struct bridge *b = bridge_get(w, up->bridge);
	struct member *m = b ? member_get(b, up->member, up->leg) : NULL;
	struct burst_stamp stamp;
	bool first;

	if (!m || !floor_media(&b->floor, &m->fm, w->now)) {
		STAT_INC(w, drop_not_holder);
		return;
	}
	first = !b->burst.started;
	if (!burst_stamp(&b->burst, &up->hdr, up->clock_hz, w->now, &stamp)) {
		STAT_INC(w, drop_late);
		return;
	}
	STAT_INC(w, forwarded);
	fan_out(b, up, &stamp, m->fm.priority);
	if (first) {
		event_up(b, MIXER_BURST_STARTED, m, 0);
		rearm(b);
	}
	if (b->has_last_seq && burst_has(&b->burst, b->last_seq))
		step(b, &drained);
}

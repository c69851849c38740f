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

struct bridge *bridge_alloc(mixer_bridge_id id,
			    const struct floor_policy *policy)
{
	struct bridge *b = mem_zalloc(sizeof(*b), bridge_destructor);

	if (!b)
		return NULL;
	b->id = id;
	b->armed_us = FLOOR_NEVER;
	b->in_emergency = policy->in_emergency;
	floor_init(&b->floor, &policy->cfg);
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

/* --- members ----------------------------------------------------------- */

void bridge_set(struct bridge *b, const struct floor_policy *policy)
{
	const bool news = b->in_emergency != policy->in_emergency;

	b->in_emergency = policy->in_emergency;
	floor_set(&b->floor, &policy->cfg);
	if (news)
		bridge_tell(b);
	bridge_rearm(b);
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
	bridge_step(b, &ev);
	if (first && id_worker(m->leg) == b->w->idx)
		fill_here(b);
	else if (first && b->burst.started &&
		 b->floor.state != FLOOR_IDLE)
		fill_start(b, id_worker(m->leg));
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
	bridge_step(b, &ev);
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

/* What it names bounds it, and what its member may: nothing that a terminal
 * says raises it. */
static uint8_t priority_of(const struct member *m, const struct floor_up *fu)
{
	unsigned priority = m->fm.priority;

	if (fu->thirds)
		priority = (priority * fu->thirds + 2) / 3;
	return (uint8_t)MIN(priority, fu->priority);
}

static void request(struct bridge *b, struct member *m,
		    const struct floor_up *fu)
{
	const struct floor_ev ev = {
		.type = FLOOR_EV_REQUEST,
		.who = &m->fm,
		.priority = priority_of(m, fu),
		.tier = m->in_emergency ? FLOOR_EMERGENCY
					: (enum floor_tier)fu->tier,
		.queues = fu->queues,
		.no_room = !load_takes(b->w, b, priority_of(m, fu))};
	const struct mixer_event urgent = {.type = MIXER_FLOOR_URGENT,
					   .priority = ev.priority,
					   .tier = fu->tier};

	if (fu->tier != FLOOR_NORMAL && m->fm.may_emergency &&
	    b->floor.cfg.emergency)
		bridge_event(b, &urgent, m);
	bridge_step(b, &ev);
}

/* What it has asked for is of an emergency from now on */
static void become_urgent(struct bridge *b, struct member *m)
{
	const struct floor_up again = {.type = FLOOR_EV_REQUEST,
				       .priority = UINT8_MAX,
				       .queues = !m->fm.quiet};

	if (m->fm.queued || b->floor.holder == &m->fm)
		request(b, m, &again);
}

void bridge_member_set(struct bridge *b, uint32_t no, struct member *m)
{
	struct member *old = member_get(b, no, m->leg);

	if (old) {
		const struct floor_ev ev = {.type = FLOOR_EV_SET,
					    .who = &old->fm};
		const bool urgent = m->in_emergency && !old->in_emergency;

		old->fm.priority = m->fm.priority;
		old->fm.may_talk = m->fm.may_talk;
		old->fm.may_emergency = m->fm.may_emergency;
		old->anonymous = m->anonymous;
		old->in_emergency = m->in_emergency;
		memcpy(old->uri, m->uri, sizeof(old->uri));
		memcpy(old->name, m->name, sizeof(old->name));
		bridge_step(b, &ev);
		if (urgent)
			become_urgent(b, old);
	}
	mem_deref(m);
}

static void release(struct bridge *b, struct member *m,
		    const struct floor_up *fu)
{
	const struct floor_ev ev = {
		.type = FLOOR_EV_RELEASE,
		.who = &m->fm,
		.drain = b->floor.holder == &m->fm &&
			 b->floor.state != FLOOR_DRAINING && is_due(b, fu)};

	bridge_step(b, &ev);
}

void bridge_floor(struct worker *w, const struct floor_up *fu)
{
	struct bridge *b = bridge_get(w, fu->bridge);
	struct member *m = b ? member_get(b, fu->member, fu->leg) : NULL;
	const struct floor_ev ev = {.type = fu->type,
				    .who = m ? &m->fm : NULL};

	/* The leg's worker knows of a member before its home does, and after:
	 * a request that falls in between has an answer too. */
	if (!m)
		bridge_refuse(w, fu);
	else if (fu->type == FLOOR_EV_REQUEST)
		request(b, m, fu);
	else if (fu->type == FLOOR_EV_RELEASE)
		release(b, m, fu);
	else
		bridge_step(b, &ev);
}

void bridge_revoke(struct worker *w, mixer_bridge_id id)
{
	static const struct floor_ev ev = {.type = FLOOR_EV_REVOKE};
	struct bridge *b = bridge_get(w, id);

	if (b)
		bridge_step(b, &ev);
}

void bridge_shed(struct worker *w, mixer_bridge_id id, uint32_t burst)
{
	static const struct floor_ev ev = {.type = FLOOR_EV_SHED};
	struct bridge *b = bridge_get(w, id);

	if (!b || b->floor.burst != burst || b->floor.state == FLOOR_IDLE ||
	    b->floor.state == FLOOR_DRAINING)
		return;
	STAT_INC(w, bursts_shed);
	bridge_step(b, &ev);
}

static void fan_out(struct bridge *b, const struct speech_up *up,
		    const struct burst_stamp *stamp, uint8_t priority)
{
	struct worker *w = b->w;
	const struct speech_down sp = {.bridge = b->id,
				       .leg = up->leg,
				       .burst = b->floor.burst,
				       .priority = priority,
				       .tier = (uint8_t)b->floor.tier,
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
	static const struct mixer_event started = {.type =
							   MIXER_BURST_STARTED};
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
		bridge_event(b, &started, m);
		bridge_rearm(b);
	}
	if (b->has_last_seq && burst_has(&b->burst, b->last_seq))
		bridge_step(b, &drained);
}

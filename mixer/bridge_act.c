/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bridge_act.c  A bridge at its home worker: what its floor decided
 *
 * Each action of the floor goes to the workers whose legs are told, and up to
 * signalling what signalling is told.
 */
#include <string.h>
#include "mixer/bridge.h"
#include "mixer/part.h"

/* --- to signalling ------------------------------------------------------- */

void bridge_event(const struct bridge *b, const struct mixer_event *what,
		  const struct member *m)
{
	struct mixer_event ev = *what;

	ev.leg = m ? m->leg : 0;
	ev.bridge = b->id;
	ev.at_us = b->w->now;
	if (!ev.burst)
		ev.burst = b->floor.burst;
	(void)worker_event(b->w, &ev);
}

static void event_up(const struct bridge *b, enum mixer_event_type type,
		     const struct floor_act *a, uint16_t reason)
{
	const struct mixer_event ev = {
		.type = type, .burst = a->burst, .reason = reason};

	bridge_event(b, &ev, a->who ? member_of(a->who) : NULL);
}

/* Once for each burst, and when its holder has become more urgent */
static void taken_event(struct bridge *b, const struct floor_act *a)
{
	const struct mixer_event ev = {.type = MIXER_FLOOR_TAKEN,
				       .burst = a->burst,
				       .priority = b->floor.priority,
				       .tier = (uint8_t)b->floor.tier};

	if (a->repeat && b->told_tier == ev.tier)
		return;
	b->told_tier = ev.tier;
	bridge_event(b, &ev, member_of(a->who));
}

/* Once for each time that it enters, or is raised */
static void queued_event(const struct bridge *b, const struct floor_act *a)
{
	struct member *m = member_of(a->who);
	const struct mixer_event ev = {.type = MIXER_FLOOR_QUEUED,
				       .position = a->position,
				       .priority = m->fm.queue_priority,
				       .tier = (uint8_t)m->fm.queue_tier};

	if (!m->fm.queued || (m->waits && m->wait_priority == ev.priority &&
			      m->wait_tier == ev.tier))
		return;
	m->waits = true;
	m->wait_priority = ev.priority;
	m->wait_tier = ev.tier;
	bridge_event(b, &ev, m);
}

static void unqueued_event(const struct bridge *b, const struct floor_act *a)
{
	struct member *m = member_of(a->who);

	if (m->waits)
		event_up(b, MIXER_FLOOR_UNQUEUED, a, 0);
	m->waits = false;
}

/* --- to the workers ------------------------------------------------------ */

static struct floor_mood mood_of(const struct bridge *b)
{
	const struct floor *f = &b->floor;

	return (struct floor_mood){
		.tier = (uint8_t)(f->holder ? f->tier : FLOOR_NORMAL),
		.in_emergency = b->in_emergency,
		.broadcast = f->cfg.broadcast,
		.queueing = f->cfg.queue_max != 0};
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

static void talker_say(struct floor_down *fd, const struct member *m)
{
	memcpy(fd->uri, m->uri, sizeof(fd->uri));
	memcpy(fd->name, m->name, sizeof(fd->name));
}

/* Who is denied is told who has it, as it is told by Taken */
static void holder_say(const struct bridge *b, struct floor_down *fd)
{
	const struct member *m =
		b->floor.holder ? member_of(b->floor.holder) : NULL;

	if (m && !m->anonymous && fd->reason == TBCP_DENY_OTHER_HAS_FLOOR)
		talker_say(fd, m);
}

static void act_down(const struct bridge *b, const struct floor_act *a)
{
	const struct member *who = a->who ? member_of(a->who) : NULL;
	struct floor_down fd = {.bridge = b->id,
				.type = a->type,
				.who = who ? who->leg : 0,
				.to = a->to ? member_of(a->to)->leg : 0,
				.burst = a->burst ? a->burst : b->floor.burst,
				.members = b->floor.members,
				.mood = mood_of(b),
				.priority = a->type == FLOOR_ACT_TAKEN
						    ? who->fm.priority
						    : b->floor.priority,
				.queued = b->floor.queued,
				.reason = a->reason,
				.secs = a->secs,
				.repeat = a->repeat,
				.lost = a->lost,
				.served = a->served};

	if (a->type == FLOOR_ACT_TAKEN)
		talker_say(&fd, who);
	if (a->type == FLOOR_ACT_DENY)
		holder_say(b, &fd);
	if (fd.to)
		down_to(b->w, id_worker(fd.to), &fd);
	else if (a->type == FLOOR_ACT_TAKEN || a->type == FLOOR_ACT_IDLE)
		down_all(b, &fd);
	else
		down_to(b->w, id_worker(fd.who), &fd);
}

void bridge_tell(const struct bridge *b)
{
	struct floor_member *holder = b->floor.holder;
	const struct floor_act a = {.type = holder ? FLOOR_ACT_TAKEN
						   : FLOOR_ACT_IDLE,
				    .who = holder,
				    .repeat = true};

	act_down(b, &a);
}

void bridge_refuse(struct worker *w, const struct floor_up *fu)
{
	const struct floor_down fd = {.bridge = fu->bridge,
				      .type = FLOOR_ACT_DENY,
				      .who = fu->leg,
				      .reason = TBCP_DENY_INTERNAL};

	if (fu->type == FLOOR_EV_REQUEST)
		down_to(w, id_worker(fu->leg), &fd);
}

/* --- positions ----------------------------------------------------------- */

static void places_send(struct worker *w, unsigned to, struct queue_down *qd)
{
	struct peer_msg *pm;

	if (!qd->n)
		return;
	pm = to == w->idx ? NULL : worker_peer(w, to);
	if (pm) {
		pm->type = PEER_QUEUE_DOWN;
		pm->u.queue_down = *qd;
		slotq_commit(w->to[to]);
	} else if (to == w->idx) {
		part_queue(w, qd);
	}
	qd->n = 0;
}

static void place_add(struct worker *w, unsigned to, struct queue_down *qd,
		      const struct queue_place *place)
{
	if (qd->n == QUEUE_PLACES)
		places_send(w, to, qd);
	qd->v[qd->n++] = *place;
}

/* From who on, those who live there */
static void moved_down(const struct bridge *b, unsigned to,
		       const struct floor_act *a)
{
	struct queue_down qd = {.bridge = b->id, .mood = mood_of(b)};
	uint16_t position = a->position;
	struct floor_member *fm;

	for (fm = a->who; fm; fm = fm->next) {
		const struct queue_place place = {.leg = member_of(fm)->leg,
						  .position = position++,
						  .priority =
							  fm->queue_priority};

		if (!fm->quiet && id_worker(place.leg) == to)
			place_add(b->w, to, &qd, &place);
	}
	places_send(b->w, to, &qd);
}

static void moved(const struct bridge *b, const struct floor_act *a)
{
	unsigned i;

	for (i = 0; i < b->w->count; i++)
		if (b->on[i])
			moved_down(b, i, a);
}

static void queued(const struct bridge *b, const struct floor_act *a)
{
	const struct member *m = member_of(a->who);
	struct queue_down qd = {.bridge = b->id, .mood = mood_of(b), .n = 1};

	queued_event(b, a);
	qd.v[0] = (struct queue_place){.leg = m->leg,
				       .position = a->position,
				       .priority = m->fm.queue_priority};
	if (!a->quiet)
		places_send(b->w, id_worker(m->leg), &qd);
}

/* --- one after the other ------------------------------------------------- */

static void granted(struct bridge *b, const struct floor_act *a)
{
	const struct member *m = member_of(a->who);

	if (!a->repeat) {
		b->has_last_seq = false;
		burst_open(&b->burst, &m->tail);
	}
	taken_event(b, a);
	act_down(b, a);
}

static void ended(struct bridge *b, const struct floor_act *a)
{
	fill_stop(b);
	late_over(&b->keep);
	burst_close(&b->burst, b->w->now, &member_of(a->who)->tail);
	event_up(b, MIXER_FLOOR_IDLE, a, 0);
}

static void act(struct bridge *b, const struct floor_act *a)
{
	switch (a->type) {
	case FLOOR_ACT_GRANTED:
		granted(b, a);
		break;
	case FLOOR_ACT_DENY:
		if (a->reason == FLOOR_NO_RESOURCES)
			STAT_INC(b->w, floor_refused);
		event_up(b, MIXER_FLOOR_DENIED, a, a->reason);
		act_down(b, a);
		break;
	case FLOOR_ACT_REVOKE:
		if (!a->repeat)
			event_up(b, MIXER_FLOOR_REVOKED, a, a->reason);
		act_down(b, a);
		break;
	case FLOOR_ACT_ENDED:
		ended(b, a);
		break;
	case FLOOR_ACT_WARN:
		event_up(b, MIXER_FLOOR_WARNED, a, a->secs);
		act_down(b, a);
		break;
	case FLOOR_ACT_QUEUE:
		queued(b, a);
		break;
	case FLOOR_ACT_MOVED:
		moved(b, a);
		break;
	case FLOOR_ACT_UNQUEUED:
		unqueued_event(b, a);
		act_down(b, a);
		break;
	case FLOOR_ACT_INACTIVE:
		event_up(b, MIXER_BRIDGE_INACTIVE, a, 0);
		break;
	case FLOOR_ACT_TAKEN:
	case FLOOR_ACT_IDLE:
		act_down(b, a);
		break;
	}
}

/* --- the machine --------------------------------------------------------- */

static void timer_h(struct wheel_timer *t, void *arg);

/* The deadline moves with each packet of speech: the timer is left where it
 * is, and looks again when it fires. */
void bridge_rearm(struct bridge *b)
{
	const uint64_t at = floor_deadline(&b->floor);

	if (at >= b->armed_us || at == FLOOR_NEVER)
		return;
	b->armed_us = at;
	wheel_start(&b->w->wheel, &b->timer, (at + 999) / 1000, timer_h);
}

/* What may end a burst may begin the next one: is there room for it? */
static bool no_room(const struct bridge *b, const struct floor_ev *ev)
{
	const struct floor_member *head = b->floor.head;

	if (ev->type == FLOOR_EV_REQUEST || !head)
		return ev->no_room;
	return !load_takes(b->w, b, head->queue_priority);
}

static void step(struct bridge *b, const struct floor_ev *what)
{
	struct floor_ev ev = *what;
	struct floor_out out;
	unsigned i;

	ev.no_room = no_room(b, what);
	floor_step(&b->floor, &ev, b->w->now, &out);
	for (i = 0; i < out.n; i++) {
		/* Who hears of Granted hears first that the floor was lost */
		if (i + 1 < out.n && out.v[i].type == FLOOR_ACT_GRANTED)
			out.v[i].lost = out.v[i + 1].lost;
		act(b, &out.v[i]);
	}
	bridge_rearm(b);
}

/* Who is granted what it has turned away from gives it back from within: the
 * others are told Taken first, and then Idle */
void bridge_step(struct bridge *b, const struct floor_ev *what)
{
	struct floor_ev ev = *what;

	if (b->steps) {
		b->later = ev;
		b->has_later = true;
		return;
	}
	b->steps = true;
	step(b, &ev);
	while (b->has_later) {
		ev = b->later;
		b->has_later = false;
		step(b, &ev);
	}
	b->steps = false;
}

static void timer_h(struct wheel_timer *t, void *arg)
{
	static const struct floor_ev ev = {.type = FLOOR_EV_TIME};
	struct bridge *b = (struct bridge *)((char *)t -
					     offsetof(struct bridge, timer));

	(void)arg;
	b->armed_us = FLOOR_NEVER;
	bridge_step(b, &ev);
}

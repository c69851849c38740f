/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floor.c  Who may talk in one bridge
 *
 * References: 3GPP TS 24.380 section 6.3.4 (general floor control operation)
 * and 6.3.5 (of one participant), timers T1 T2 T3 T4 T7 T8 T9 T20.
 */
#include <string.h>
#include "mixer/floor_step.h"

/* A terminal repeats its Release until it hears how things are (T100) */
static void release_other(struct floor_step *s, struct floor_member *who)
{
	floor_unqueue(s, who);
	if (s->f->state != FLOOR_DRAINING)
		floor_say_state(s, who);
}

static void release(struct floor_step *s, const struct floor_ev *ev)
{
	struct floor *f = s->f;

	if (ev->who != f->holder || f->state == FLOOR_DRAINING) {
		release_other(s, ev->who);
		return;
	}
	if (!ev->drain) {
		floor_enter_idle(s);
		return;
	}
	floor_stop_all(f);
	f->state = FLOOR_DRAINING;
	f->drain = floor_after(s->now, FLOOR_DRAIN_MS);
}

static void join(struct floor_step *s, struct floor_member *who)
{
	struct floor *f = s->f;

	f->members++;
	who->queued = who->quiet = false;
	who->next = who->prev = NULL;
	who->retry_us = 0;
	if (f->state == FLOOR_IDLE && f->t4 == FLOOR_NEVER)
		floor_inactivity_start(s);
	floor_say_state(s, who);
}

static void leave(struct floor_step *s, struct floor_member *who)
{
	struct floor *f = s->f;

	floor_unqueue(s, who);
	if (f->members)
		f->members--;
	if (who == f->holder)
		floor_enter_idle(s);
	else if (f->state == FLOOR_TAKEN && f->members < 2)
		floor_enter_revoking(s, TBCP_REVOKE_ONLY_ONE);
	else if (f->state == FLOOR_IDLE && f->members < 2)
		(void)floor_serve(s);
	if (!f->members)
		floor_stop_all(f);
}

/* Neither a burst nor who waits counts for more than its participant may */
static struct floor_rank lowered(const struct floor_member *who,
				 struct floor_rank rank)
{
	if (!who->may_emergency)
		rank.tier = FLOOR_NORMAL;
	if (rank.priority > who->priority)
		rank.priority = who->priority;
	return rank;
}

static void set_holder(struct floor_step *s)
{
	struct floor *f = s->f;
	const struct floor_rank rank = lowered(f->holder, floor_rank_now(f));
	const bool lesser = rank.tier != f->tier;

	f->tier = rank.tier;
	f->priority = rank.priority;
	if (lesser)
		(void)floor_say(s, FLOOR_ACT_TAKEN, f->holder);
}

static void set_waiting(struct floor_step *s, struct floor_member *who)
{
	const struct floor_rank rank = lowered(who, floor_rank_of(who));

	if (floor_outranks(floor_rank_of(who), rank))
		floor_requeue(s, who, rank);
}

static void set(struct floor_step *s, struct floor_member *who)
{
	const struct floor *f = s->f;

	if (who->queued && who->may_talk)
		set_waiting(s, who);
	else if (who->queued)
		(void)floor_deny(s, who, TBCP_DENY_LISTEN_ONLY);
	if (who != f->holder || f->state != FLOOR_TAKEN)
		return;
	if (who->may_talk)
		set_holder(s);
	else
		floor_enter_revoking(s, TBCP_REVOKE_NO_PERMISSION);
}

/* Who asks has missed what it was told: so it is told again */
static void position(struct floor_step *s, struct floor_member *who)
{
	const struct floor *f = s->f;

	if (who == f->holder && f->state == FLOOR_TAKEN)
		floor_say_granted(s, true, f->t20 != FLOOR_NEVER);
	else if (who == f->holder && f->state == FLOOR_REVOKING)
		floor_say_revoke(s, true);
	else
		floor_say_position(s, who, true)->quiet = false;
}

static void ack(struct floor_step *s, const struct floor_member *who)
{
	if (who == s->f->holder)
		s->f->t20 = FLOOR_NEVER;
}

/* Nothing more of it goes through, so there is no grace */
static void shed(struct floor_step *s)
{
	struct floor *f = s->f;
	const bool told = f->state == FLOOR_REVOKING;

	if (floor_is_free(f))
		return;
	f->revoked = FLOOR_NO_RESOURCES;
	floor_say_revoke(s, told);
	s->no_room = true;
	floor_enter_idle(s);
}

/* --- time ---------------------------------------------------------------- */

/* Granted out of the queue, and neither an Ack nor speech came: T20, C20 */
static void grant_repeat(struct floor_step *s)
{
	struct floor *f = s->f;

	if (!f->c20) {
		s->lost = true;
		floor_enter_idle(s);
		return;
	}
	f->c20--;
	f->t20 = floor_after(s->now, f->cfg.grant_repeat_ms);
	floor_say_granted(s, true, true);
}

static void idle_repeat(struct floor_step *s)
{
	struct floor *f = s->f;

	f->t7 = --f->c7 ? floor_after(s->now, f->cfg.idle_repeat_ms)
			: FLOOR_NEVER;
	floor_say(s, FLOOR_ACT_IDLE, NULL)->repeat = true;
}

/* The floor is Idle, and has said so; the queue waits for room */
static void room_again(struct floor_step *s)
{
	s->f->room = FLOOR_NEVER;
	if (!floor_serve(s))
		floor_inactivity_start(s);
}

static void expire(struct floor_step *s, uint64_t at)
{
	struct floor *f = s->f;

	if (at == f->t1 || at == f->t3 || at == f->drain) {
		s->lost = f->state == FLOOR_TAKEN;
		floor_enter_idle(s);
	} else if (at == f->t2) {
		floor_enter_revoking(s, TBCP_REVOKE_TOO_LONG);
	} else if (at == f->warn) {
		f->warn = FLOOR_NEVER;
		floor_say(s, FLOOR_ACT_WARN, f->holder)->secs =
			floor_secs_until(f->t2, s->now);
	} else if (at == f->t8) {
		f->t8 = floor_after(s->now, f->cfg.revoke_repeat_ms);
		floor_say_revoke(s, true);
	} else if (at == f->t20) {
		grant_repeat(s);
	} else if (at == f->room) {
		room_again(s);
	} else if (at == f->t7) {
		idle_repeat(s);
	} else {
		f->t4 = FLOOR_NEVER;
		(void)floor_say(s, FLOOR_ACT_INACTIVE, NULL);
	}
}

static uint64_t next_timer(const struct floor *f)
{
	const uint64_t v[] = {f->t1, f->t2,  f->t3,   f->t4,    f->t7,
			      f->t8, f->t20, f->warn, f->drain, f->room};
	uint64_t at = FLOOR_NEVER;
	unsigned i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		if (v[i] < at)
			at = v[i];
	return at;
}

/* Of deadlines that passed together the earlier counts. What finds no place in
 * this step does in the next: the deadline has passed then, too. */
static void expire_all(struct floor_step *s)
{
	enum { WORST = 6 };
	uint64_t at;

	while (s->out->n + WORST <= FLOOR_ACTIONS_MAX &&
	       (at = next_timer(s->f)) <= s->now)
		expire(s, at);
}

/* --- from outside -------------------------------------------------------- */

static uint32_t or_default(uint32_t ms, uint32_t otherwise)
{
	return ms ? ms : otherwise;
}

void floor_init(struct floor *f, const struct floor_cfg *cfg)
{
	memset(f, 0, sizeof(*f));
	f->state = FLOOR_IDLE;
	floor_stop_all(f);
	floor_set(f, cfg);
}

void floor_set(struct floor *f, const struct floor_cfg *cfg)
{
	struct floor_cfg *c = &f->cfg;

	*c = *cfg;
	c->end_of_media_ms =
		or_default(c->end_of_media_ms, FLOOR_END_OF_MEDIA_MS);
	c->revoke_repeat_ms = or_default(c->revoke_repeat_ms, FLOOR_REPEAT_MS);
	c->grant_repeat_ms = or_default(c->grant_repeat_ms, FLOOR_REPEAT_MS);
	if (c->queue_max > FLOOR_QUEUE_MAX)
		c->queue_max = FLOOR_QUEUE_MAX;
	if (!c->idle_repeat_ms)
		f->t7 = FLOOR_NEVER;
	if (!c->inactivity_ms)
		f->t4 = FLOOR_NEVER;
}

static void dispatch(struct floor_step *s, const struct floor_ev *ev)
{
	switch (ev->type) {
	case FLOOR_EV_JOIN:
		join(s, ev->who);
		break;
	case FLOOR_EV_LEAVE:
		leave(s, ev->who);
		break;
	case FLOOR_EV_SET:
		set(s, ev->who);
		break;
	case FLOOR_EV_REQUEST:
		floor_request(s, ev);
		break;
	case FLOOR_EV_RELEASE:
		release(s, ev);
		break;
	case FLOOR_EV_ACK:
		ack(s, ev->who);
		break;
	case FLOOR_EV_POSITION:
		position(s, ev->who);
		break;
	case FLOOR_EV_REVOKE:
		if (s->f->state == FLOOR_TAKEN)
			floor_enter_revoking(s, TBCP_REVOKE_PREEMPTED);
		break;
	case FLOOR_EV_SHED:
		shed(s);
		break;
	case FLOOR_EV_DRAINED:
		if (s->f->state == FLOOR_DRAINING)
			floor_enter_idle(s);
		break;
	case FLOOR_EV_TIME:
		expire_all(s);
		break;
	}
}

void floor_step(struct floor *f, const struct floor_ev *ev, uint64_t now,
		struct floor_out *out)
{
	struct floor_step s = {
		.f = f, .now = now, .no_room = ev->no_room, .out = out};

	out->n = 0;
	dispatch(&s, ev);
	floor_say_moved(&s);
}

static void media_first(struct floor *f, uint64_t now)
{
	const uint32_t talk_ms = f->cfg.max_talk_ms, warn_ms = f->cfg.warn_ms;

	f->media = true;
	if (!talk_ms)
		return;
	f->t2 = floor_after(now, talk_ms);
	if (warn_ms && warn_ms < talk_ms)
		f->warn = floor_after(now, talk_ms - warn_ms);
}

bool floor_media(struct floor *f, const struct floor_member *who, uint64_t now)
{
	if (who != f->holder)
		return false;
	switch (f->state) {
	case FLOOR_IDLE:
		return false;
	case FLOOR_TAKEN:
		if (!f->media)
			media_first(f, now);
		f->t20 = FLOOR_NEVER;
		f->t1 = floor_after(now, f->cfg.end_of_media_ms);
		return true;
	case FLOOR_REVOKING:
		f->t1 = floor_after(now, f->cfg.end_of_media_ms);
		return true;
	case FLOOR_DRAINING:
		return true;
	}
	return false;
}

uint64_t floor_deadline(const struct floor *f)
{
	const uint64_t at = next_timer(f);

	return f->moved && f->moved_us < at ? f->moved_us : at;
}

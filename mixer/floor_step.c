/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floor_step.c  What one step of a floor does: says, queues, gives
 *
 * Bound of the actions of one step: the end of a burst with whoever comes next
 * is five (ENDED, UNQUEUED, GRANTED, TAKEN, MOVED; or, where somebody cannot
 * be served, ENDED, UNQUEUED, DENY, IDLE, MOVED). In front of it may be
 * one that waits and leaves (six), a Revoke and either a new position or a
 * warning (seven), or, with audio cut-in, a Revoke and another one, who cannot
 * wait any longer (eight). tests/unit/floor_explore_test.c meets them all.
 */
#include <string.h>
#include "mixer/floor_step.h"

void floor_stop_all(struct floor *f)
{
	f->t1 = f->t2 = f->t3 = f->t4 = f->t7 = f->t8 = f->t20 = f->warn =
		f->drain = f->room = FLOOR_NEVER;
}

/* Seconds as the wire has them: rounded up, so that a terminal does not come
 * back too early. */
static uint16_t secs_of(uint64_t us)
{
	const uint64_t s = (us + 999999) / 1000000;

	return (uint16_t)(s < TBCP_UNLIMITED ? s : TBCP_UNLIMITED - 1);
}

uint16_t floor_secs_until(uint64_t at, uint64_t now)
{
	return secs_of(at > now ? at - now : 0);
}

/* --- what is said -------------------------------------------------------- */

struct floor_act *floor_say(const struct floor_step *s,
			    enum floor_act_type type, struct floor_member *who)
{
	struct floor_act *a = &s->out->v[s->out->n++];

	memset(a, 0, sizeof(*a));
	a->type = type;
	a->who = who;
	a->burst = s->f->burst;
	return a;
}

void floor_say_granted(const struct floor_step *s, bool repeat, bool served)
{
	const struct floor *f = s->f;
	struct floor_act *a = floor_say(s, FLOOR_ACT_GRANTED, f->holder);

	a->repeat = repeat;
	a->served = served;
	if (!f->cfg.max_talk_ms)
		a->secs = TBCP_UNLIMITED;
	else if (f->t2 == FLOOR_NEVER)
		a->secs = secs_of((uint64_t)f->cfg.max_talk_ms * 1000);
	else
		a->secs = floor_secs_until(f->t2, s->now);
}

void floor_say_revoke(const struct floor_step *s, bool repeat)
{
	const struct floor *f = s->f;
	struct floor_act *a = floor_say(s, FLOOR_ACT_REVOKE, f->holder);

	a->reason = f->revoked;
	a->repeat = repeat;
	if (f->revoked == TBCP_REVOKE_TOO_LONG)
		a->secs = secs_of((uint64_t)f->cfg.retry_after_ms * 1000);
}

struct floor_act *floor_say_position(const struct floor_step *s,
				     struct floor_member *who, bool repeat)
{
	struct floor_act *a = floor_say(s, FLOOR_ACT_QUEUE, who);

	a->position = floor_position(s->f, who);
	a->quiet = a->position && who->quiet;
	a->repeat = repeat;
	return a;
}

void floor_say_state(const struct floor_step *s, struct floor_member *to)
{
	const struct floor *f = s->f;

	floor_say(s, f->holder ? FLOOR_ACT_TAKEN : FLOOR_ACT_IDLE, f->holder)
		->to = to;
}

/* --- the queue ----------------------------------------------------------- */

static void moved_from(const struct floor_step *s, uint16_t position)
{
	if (!s->f->moved || position < s->f->moved)
		s->f->moved = position;
}

void floor_unqueue(struct floor_step *s, struct floor_member *who)
{
	if (!who->queued)
		return;
	moved_from(s, floor_queue_del(s->f, who));
	(void)floor_say(s, FLOOR_ACT_UNQUEUED, who);
}

struct floor_act *floor_deny(struct floor_step *s, struct floor_member *who,
			     uint16_t reason)
{
	struct floor_act *a;

	floor_unqueue(s, who);
	a = floor_say(s, FLOOR_ACT_DENY, who);
	a->reason = reason;
	return a;
}

/* Who cannot wait is there because it is next */
static void displace(struct floor_step *s, struct floor_member *who)
{
	if (who && who->prev && who->quiet)
		(void)floor_deny(s, who, TBCP_DENY_OTHER_HAS_FLOOR);
}

void floor_enqueue(struct floor_step *s, struct floor_member *who,
		   struct floor_rank rank, bool quiet)
{
	who->quiet = quiet;
	moved_from(s, (uint16_t)(floor_queue_put(s->f, who, rank) + 1));
	(void)floor_say_position(s, who, false);
	displace(s, who->next);
}

void floor_requeue(struct floor_step *s, struct floor_member *who,
		   struct floor_rank rank)
{
	const uint16_t from = floor_queue_del(s->f, who);
	const uint16_t to = floor_queue_put(s->f, who, rank);

	if (from != to)
		moved_from(s, from < to ? from : (uint16_t)(to + 1));
	(void)floor_say_position(s, who, false);
	displace(s, who->next);
	displace(s, who);
}

/* --- bursts -------------------------------------------------------------- */

void floor_burst_end(struct floor_step *s)
{
	struct floor *f = s->f;

	(void)floor_say(s, FLOOR_ACT_ENDED, f->holder);
	f->holder = NULL;
	f->state = FLOOR_IDLE;
	floor_stop_all(f);
}

void floor_enter_taken(struct floor_step *s, struct floor_member *who,
		       struct floor_rank rank)
{
	struct floor *f = s->f;
	const bool served = who->queued;

	floor_unqueue(s, who);
	if (f->head && f->head->quiet)
		(void)floor_deny(s, f->head, TBCP_DENY_OTHER_HAS_FLOOR);
	floor_stop_all(f);
	f->state = FLOOR_TAKEN;
	f->holder = who;
	f->tier = rank.tier;
	f->priority = rank.priority;
	f->media = false;
	f->burst++;
	f->t1 = floor_after(s->now, f->cfg.end_of_media_ms);
	f->c20 = served ? f->cfg.grant_repeats : 0;
	if (f->c20)
		f->t20 = floor_after(s->now, f->cfg.grant_repeat_ms);
	floor_say_granted(s, false, served);
	floor_say(s, FLOOR_ACT_TAKEN, who)->lost = s->lost;
}

/* Who cannot wait until there is room is denied */
bool floor_serve(struct floor_step *s)
{
	struct floor *f = s->f;
	struct floor_member *who;

	while ((who = f->head)) {
		if (f->members < 2) {
			(void)floor_deny(s, who, TBCP_DENY_ONLY_ONE);
		} else if (!floor_lacks_room(s, floor_rank_of(who))) {
			floor_enter_taken(s, who, floor_rank_of(who));
			return true;
		} else if (who->quiet) {
			(void)floor_deny(s, who, FLOOR_NO_RESOURCES);
		} else {
			f->room = floor_after(s->now, FLOOR_ROOM_MS);
			return false;
		}
	}
	return false;
}

void floor_inactivity_start(struct floor_step *s)
{
	struct floor *f = s->f;

	if (f->cfg.inactivity_ms && !f->head)
		f->t4 = floor_after(s->now, f->cfg.inactivity_ms);
}

void floor_enter_idle(struct floor_step *s)
{
	struct floor *f = s->f;

	floor_burst_end(s);
	if (floor_serve(s))
		return;
	floor_say(s, FLOOR_ACT_IDLE, NULL)->lost = s->lost;
	f->c7 = f->cfg.idle_repeats;
	if (f->c7 && f->cfg.idle_repeat_ms)
		f->t7 = floor_after(s->now, f->cfg.idle_repeat_ms);
	floor_inactivity_start(s);
}

void floor_enter_revoking(struct floor_step *s, enum tbcp_revoke reason)
{
	struct floor *f = s->f;

	floor_stop_all(f);
	f->state = FLOOR_REVOKING;
	f->revoked = (uint16_t)reason;
	f->t3 = floor_after(s->now, f->cfg.revoke_grace_ms);
	f->t8 = floor_after(s->now, f->cfg.revoke_repeat_ms);
	if (reason == TBCP_REVOKE_TOO_LONG)
		f->holder->retry_us =
			floor_after(s->now, f->cfg.retry_after_ms);
	floor_say_revoke(s, false);
	if (!f->cfg.revoke_grace_ms)
		floor_enter_idle(s);
}

void floor_say_moved(const struct floor_step *s)
{
	struct floor *f = s->f;

	if (f->moved == 1 && f->head && f->head->quiet)
		f->moved = 2;
	if (f->moved > f->queued)
		f->moved = 0;
	if (!f->moved || s->now < f->moved_us)
		return;
	floor_say(s, FLOOR_ACT_MOVED, floor_queue_at(f, f->moved))->position =
		f->moved;
	f->moved = 0;
	f->moved_us = floor_after(s->now, FLOOR_MOVED_MS);
}

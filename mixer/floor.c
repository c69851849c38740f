/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floor.c  Who may talk in one bridge
 *
 * References: 3GPP TS 24.380 section 6.3.4, timers T1 T2 T3 T7 T8 T9.
 */
#include <string.h>
#include "mixer/floor.h"

static uint64_t after(uint64_t now, uint32_t ms)
{
	return now + (uint64_t)ms * 1000;
}

static void stop_all(struct floor *f)
{
	f->t1 = f->t2 = f->t3 = f->t7 = f->t8 = f->drain = FLOOR_NEVER;
}

/* Seconds as the wire has them: rounded up, so that a terminal does not come
 * back too early. */
static uint16_t secs_of(uint64_t us)
{
	const uint64_t s = (us + 999999) / 1000000;

	return (uint16_t)(s < TBCP_UNLIMITED ? s : TBCP_UNLIMITED - 1);
}

static struct floor_act *act_add(struct floor_out *out,
				 enum floor_act_type type,
				 struct floor_member *who)
{
	struct floor_act *a = &out->v[out->n++];

	memset(a, 0, sizeof(*a));
	a->type = type;
	a->who = who;
	return a;
}

static void deny(struct floor_out *out, struct floor_member *who,
		 uint16_t reason)
{
	act_add(out, FLOOR_ACT_DENY, who)->reason = reason;
}

static void grant(const struct floor *f, struct floor_member *who,
		  uint64_t now, bool repeat, struct floor_out *out)
{
	struct floor_act *a = act_add(out, FLOOR_ACT_GRANTED, who);

	a->repeat = repeat;
	if (!f->cfg.max_talk_ms)
		a->secs = TBCP_UNLIMITED;
	else if (f->t2 == FLOOR_NEVER)
		a->secs = secs_of((uint64_t)f->cfg.max_talk_ms * 1000);
	else
		a->secs = secs_of(f->t2 > now ? f->t2 - now : 0);
}

static void burst_end(struct floor *f, struct floor_out *out)
{
	act_add(out, FLOOR_ACT_ENDED, f->holder);
	f->holder = NULL;
	f->state = FLOOR_IDLE;
	stop_all(f);
}

static void enter_idle(struct floor *f, uint64_t now, struct floor_out *out)
{
	burst_end(f, out);
	act_add(out, FLOOR_ACT_IDLE, NULL);
	f->c7 = f->cfg.idle_repeats;
	if (f->c7 && f->cfg.idle_repeat_ms)
		f->t7 = after(now, f->cfg.idle_repeat_ms);
}

static void enter_taken(struct floor *f, struct floor_member *who,
			uint64_t now, struct floor_out *out)
{
	stop_all(f);
	f->state = FLOOR_TAKEN;
	f->holder = who;
	f->media = false;
	f->burst++;
	f->t1 = after(now, f->cfg.end_of_media_ms);
	grant(f, who, now, false, out);
	act_add(out, FLOOR_ACT_TAKEN, who);
}

static void revoke_say(const struct floor *f, bool repeat,
		       struct floor_out *out)
{
	struct floor_act *a = act_add(out, FLOOR_ACT_REVOKE, f->holder);

	a->reason = f->revoked;
	a->repeat = repeat;
	if (f->revoked == TBCP_REVOKE_TOO_LONG)
		a->secs = secs_of((uint64_t)f->cfg.retry_after_ms * 1000);
}

/* Nothing more of it goes through, so there is no grace */
static void shed(struct floor *f, uint64_t now, struct floor_out *out)
{
	if (f->state != FLOOR_TAKEN && f->state != FLOOR_REVOKING)
		return;
	f->revoked = FLOOR_NO_RESOURCES;
	revoke_say(f, f->state == FLOOR_REVOKING, out);
	enter_idle(f, now, out);
}

static void enter_revoking(struct floor *f, enum tbcp_revoke reason,
			   uint64_t now, struct floor_out *out)
{
	stop_all(f);
	f->state = FLOOR_REVOKING;
	f->revoked = (uint16_t)reason;
	f->t3 = after(now, f->cfg.revoke_grace_ms);
	f->t8 = after(now, f->cfg.revoke_repeat_ms);
	if (reason == TBCP_REVOKE_TOO_LONG)
		f->holder->retry_us = after(now, f->cfg.retry_after_ms);
	revoke_say(f, false, out);
}

/* The holder of a floor that is being revoked asks again: the answer is why
 * it has to stop. */
static enum tbcp_deny deny_of_revoke(enum tbcp_revoke reason)
{
	switch (reason) {
	case TBCP_REVOKE_ONLY_ONE:
		return TBCP_DENY_ONLY_ONE;
	case TBCP_REVOKE_TOO_LONG:
		return TBCP_DENY_RETRY_AFTER;
	case TBCP_REVOKE_NO_PERMISSION:
		return TBCP_DENY_LISTEN_ONLY;
	case TBCP_REVOKE_PREEMPTED:
		return TBCP_DENY_OTHER_HAS_FLOOR;
	}
	return TBCP_DENY_INTERNAL;
}

/* Why who cannot have a floor that nobody else holds; 0: it can */
static uint16_t refusal(const struct floor *f, const struct floor_member *who,
			uint64_t now)
{
	if (!who->may_talk)
		return TBCP_DENY_LISTEN_ONLY;
	if (f->members < 2)
		return TBCP_DENY_ONLY_ONE;
	if (now < who->retry_us)
		return TBCP_DENY_RETRY_AFTER;
	return 0;
}

static void request_free(struct floor *f, const struct floor_ev *ev,
			 uint64_t now, struct floor_out *out)
{
	struct floor_member *who = ev->who;
	uint16_t reason = refusal(f, who, now);

	if (!reason && ev->no_room)
		reason = FLOOR_NO_RESOURCES;
	if (reason) {
		deny(out, who, reason);
		return;
	}
	/* A talker that has let go: the next one need not wait for its last
	 * packets, nor be told Idle in between. */
	if (f->state == FLOOR_DRAINING)
		burst_end(f, out);
	enter_taken(f, who, now, out);
}

static void request(struct floor *f, const struct floor_ev *ev, uint64_t now,
		    struct floor_out *out)
{
	struct floor_member *who = ev->who;

	if (!who->may_talk && who != f->holder) {
		deny(out, who, TBCP_DENY_LISTEN_ONLY);
		return;
	}
	switch (f->state) {
	case FLOOR_IDLE:
	case FLOOR_DRAINING:
		request_free(f, ev, now, out);
		break;
	case FLOOR_TAKEN:
		if (who == f->holder)
			grant(f, who, now, true, out);
		else
			deny(out, who, TBCP_DENY_OTHER_HAS_FLOOR);
		break;
	case FLOOR_REVOKING:
		deny(out, who, who == f->holder
				       ? deny_of_revoke(
						 (enum tbcp_revoke)f->revoked)
				       : TBCP_DENY_OTHER_HAS_FLOOR);
		break;
	}
}

static void release(struct floor *f, const struct floor_ev *ev, uint64_t now,
		    struct floor_out *out)
{
	if (ev->who != f->holder || f->state == FLOOR_IDLE ||
	    f->state == FLOOR_DRAINING)
		return;
	if (!ev->drain) {
		enter_idle(f, now, out);
		return;
	}
	stop_all(f);
	f->state = FLOOR_DRAINING;
	f->drain = after(now, FLOOR_DRAIN_MS);
}

static void join(struct floor *f, struct floor_member *who,
		 struct floor_out *out)
{
	f->members++;
	who->retry_us = 0;
	if (f->state == FLOOR_IDLE)
		act_add(out, FLOOR_ACT_IDLE, NULL)->to = who;
	else
		act_add(out, FLOOR_ACT_TAKEN, f->holder)->to = who;
}

static void leave(struct floor *f, struct floor_member *who, uint64_t now,
		  struct floor_out *out)
{
	if (f->members)
		f->members--;
	if (who == f->holder)
		enter_idle(f, now, out);
	else if (f->state == FLOOR_TAKEN && f->members < 2)
		enter_revoking(f, TBCP_REVOKE_ONLY_ONE, now, out);
}

/* One deadline that has passed; false: there is none */
static bool expire(struct floor *f, uint64_t now, struct floor_out *out)
{
	const uint64_t at = floor_deadline(f);

	if (at > now)
		return false;
	if (at == f->t1 && f->state == FLOOR_TAKEN) {
		enter_idle(f, now, out);
		out->v[out->n - 1].lost = true;
	} else if (at == f->t1 || at == f->t3 || at == f->drain) {
		enter_idle(f, now, out);
	} else if (at == f->t2) {
		enter_revoking(f, TBCP_REVOKE_TOO_LONG, now, out);
	} else if (at == f->t8) {
		f->t8 = after(now, f->cfg.revoke_repeat_ms);
		revoke_say(f, true, out);
	} else {
		f->t7 = --f->c7 ? after(now, f->cfg.idle_repeat_ms)
				: FLOOR_NEVER;
		act_add(out, FLOOR_ACT_IDLE, NULL)->repeat = true;
	}
	return true;
}

void floor_init(struct floor *f, const struct floor_cfg *cfg)
{
	memset(f, 0, sizeof(*f));
	f->state = FLOOR_IDLE;
	stop_all(f);
	floor_set(f, cfg);
}

void floor_set(struct floor *f, const struct floor_cfg *cfg)
{
	f->cfg = *cfg;
	if (!f->cfg.end_of_media_ms)
		f->cfg.end_of_media_ms = FLOOR_END_OF_MEDIA_MS;
	if (!f->cfg.revoke_repeat_ms)
		f->cfg.revoke_repeat_ms = FLOOR_REPEAT_MS;
	if (!f->cfg.idle_repeat_ms)
		f->t7 = FLOOR_NEVER;
}

void floor_step(struct floor *f, const struct floor_ev *ev, uint64_t now,
		struct floor_out *out)
{
	out->n = 0;
	switch (ev->type) {
	case FLOOR_EV_JOIN:
		join(f, ev->who, out);
		break;
	case FLOOR_EV_LEAVE:
		leave(f, ev->who, now, out);
		break;
	case FLOOR_EV_SET:
		if (ev->who == f->holder && !ev->who->may_talk &&
		    f->state == FLOOR_TAKEN)
			enter_revoking(f, TBCP_REVOKE_NO_PERMISSION, now, out);
		break;
	case FLOOR_EV_REQUEST:
		request(f, ev, now, out);
		break;
	case FLOOR_EV_RELEASE:
		release(f, ev, now, out);
		break;
	case FLOOR_EV_ACK:
	case FLOOR_EV_POSITION:
	case FLOOR_EV_REVOKE:
		break;
	case FLOOR_EV_SHED:
		shed(f, now, out);
		break;
	case FLOOR_EV_DRAINED:
		if (f->state == FLOOR_DRAINING)
			enter_idle(f, now, out);
		break;
	case FLOOR_EV_TIME:
		/* Of two deadlines that passed together the earlier counts;
		 * a revoke without grace ends at once. */
		while (out->n + 2 <= FLOOR_ACTIONS_MAX && expire(f, now, out))
			;
		break;
	}
}

bool floor_media(struct floor *f, const struct floor_member *who,
		 uint64_t now)
{
	if (who != f->holder)
		return false;
	switch (f->state) {
	case FLOOR_IDLE:
		return false;
	case FLOOR_TAKEN:
		if (!f->media && f->cfg.max_talk_ms)
			f->t2 = after(now, f->cfg.max_talk_ms);
		f->media = true;
		f->t1 = after(now, f->cfg.end_of_media_ms);
		return true;
	case FLOOR_REVOKING:
		f->t1 = after(now, f->cfg.end_of_media_ms);
		return true;
	case FLOOR_DRAINING:
		return true;
	}
	return false;
}

uint64_t floor_deadline(const struct floor *f)
{
	const uint64_t v[] = {f->t1, f->t2, f->t3, f->t7, f->t8, f->drain};
	uint64_t at = FLOOR_NEVER;
	unsigned i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		if (v[i] < at)
			at = v[i];
	return at;
}

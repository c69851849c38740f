/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floor_request.c  Who asks for the floor: has it, waits, or is denied
 */
#include "mixer/floor_step.h"

struct request {
	struct floor_member *who;
	struct floor_rank rank;
	bool queues;
};

/* Nobody who waits is as good */
static bool is_first(const struct floor *f, const struct request *r)
{
	return !f->head || f->head == r->who ||
	       floor_outranks(r->rank, floor_rank_of(f->head));
}

static void line_up(struct floor_step *s, const struct request *r)
{
	const struct floor *f = s->f;
	struct floor_member *who = r->who;

	if (who->queued && floor_outranks(r->rank, floor_rank_of(who)))
		floor_requeue(s, who, r->rank);
	else if (who->queued)
		(void)floor_say_position(s, who, true);
	else if (!r->queues || !f->cfg.queue_max)
		(void)floor_deny(s, who, TBCP_DENY_OTHER_HAS_FLOOR);
	else if (f->queued >= f->cfg.queue_max)
		(void)floor_deny(s, who, FLOOR_QUEUE_FULL);
	else
		floor_enqueue(s, who, r->rank, false);
}

/* It holds the floor, and has missed that, or wants it for more */
static void request_again(struct floor_step *s, const struct request *r)
{
	struct floor *f = s->f;
	const bool graver = r->rank.tier > f->tier;

	if (floor_outranks(r->rank, floor_rank_now(f))) {
		f->tier = r->rank.tier;
		f->priority = r->rank.priority;
	}
	floor_say_granted(s, true, f->t20 != FLOOR_NEVER);
	if (graver)
		(void)floor_say(s, FLOOR_ACT_TAKEN, f->holder);
}

static uint16_t deny_of_revoke(uint16_t reason)
{
	switch ((enum tbcp_revoke)reason) {
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

static void deny_until(struct floor_step *s, struct floor_member *who,
		       uint16_t reason)
{
	struct floor_act *a = floor_deny(s, who, reason);

	if (reason == TBCP_DENY_RETRY_AFTER)
		a->secs = floor_secs_until(who->retry_us, s->now);
}

/* A floor that nobody holds. A talker that has let go need not be told Idle in
 * between, nor need the next one wait for its last packets: who has waited
 * anyhow does (X3), a new one who comes before all of these does not. */
static void request_free(struct floor_step *s, const struct request *r)
{
	struct floor *f = s->f;
	const bool queued = r->who->queued;

	if (!is_first(f, r) || (queued && f->state == FLOOR_DRAINING)) {
		line_up(s, r);
		return;
	}
	if (floor_lacks_room(s, r->rank)) {
		if (queued)
			line_up(s, r);
		else
			(void)floor_deny(s, r->who, FLOOR_NO_RESOURCES);
		return;
	}
	if (f->state == FLOOR_DRAINING)
		floor_burst_end(s);
	floor_enter_taken(s, r->who, r->rank);
}

/* Audio cut-in is a Revoke with T3 at 0. From a burst that is an emergency
 * nobody takes the floor. */
static bool cuts_in(const struct floor_step *s, const struct request *r)
{
	const struct floor *f = s->f;

	return f->cfg.cut_in && r->rank.tier >= f->tier &&
	       f->tier < FLOOR_EMERGENCY && !floor_lacks_room(s, r->rank);
}

static void cut_in(struct floor_step *s, const struct request *r)
{
	const bool told = s->f->state == FLOOR_REVOKING;

	if (!told)
		s->f->revoked = TBCP_REVOKE_PREEMPTED;
	floor_say_revoke(s, told);
	floor_burst_end(s);
	floor_enter_taken(s, r->who, r->rank);
}

static void break_in(struct floor_step *s, const struct request *r)
{
	struct floor_member *who = r->who;

	if (who->queued)
		line_up(s, r);
	else
		floor_enqueue(s, who, r->rank, !r->queues);
	if (s->f->state == FLOOR_TAKEN)
		floor_enter_revoking(s, TBCP_REVOKE_PREEMPTED);
}

/* Beyond what the queue may hold only who is next; so must be who cannot wait
 */
static bool has_place(const struct floor *f, const struct request *r)
{
	return r->who->queued || is_first(f, r) ||
	       (r->queues && f->queued < f->cfg.queue_max);
}

/* An emergency does not break into another one */
static bool breaks_in(const struct floor_step *s, const struct request *r)
{
	const struct floor *f = s->f;
	const bool by_priority = f->cfg.preempt && f->tier < FLOOR_EMERGENCY;

	if (floor_lacks_room(s, r->rank) || !has_place(f, r))
		return false;
	return by_priority ? floor_outranks(r->rank, floor_rank_now(f))
			   : r->rank.tier > f->tier;
}

static void request_taken(struct floor_step *s, const struct request *r)
{
	const struct floor *f = s->f;

	/* A broadcast is one-way: TS 24.380 lets nobody ask (Permission 0) */
	if (f->cfg.broadcast)
		(void)floor_deny(s, r->who, TBCP_DENY_LISTEN_ONLY);
	else if (cuts_in(s, r))
		cut_in(s, r);
	else if (breaks_in(s, r))
		break_in(s, r);
	else
		line_up(s, r);
}

/* The holder of a floor that is being revoked: the answer is why it has to
 * stop; but a graver need is a new request, whatever the old one was. */
static void request_revoked(struct floor_step *s, const struct request *r)
{
	const struct floor *f = s->f;

	if (r->rank.tier > f->tier && is_first(f, r) && f->members > 1 &&
	    r->who->may_talk && !floor_lacks_room(s, r->rank)) {
		floor_burst_end(s);
		floor_enter_taken(s, r->who, r->rank);
		return;
	}
	deny_until(s, r->who, deny_of_revoke(f->revoked));
}

/* Why who cannot have the floor, whoever holds it; 0: it might. T9 is a
 * penalty for who talks too long: it does not silence who is in danger
 * (UNCONFIRMED). */
static uint16_t refusal(const struct floor_step *s, const struct request *r)
{
	if (!r->who->may_talk)
		return TBCP_DENY_LISTEN_ONLY;
	if (s->f->members < 2)
		return TBCP_DENY_ONLY_ONE;
	if (s->now < r->who->retry_us && r->rank.tier == FLOOR_NORMAL)
		return TBCP_DENY_RETRY_AFTER;
	return 0;
}

/* Who waits already keeps what that counts for */
static struct floor_rank rank_asked(const struct floor *f,
				    const struct floor_ev *ev)
{
	const struct floor_member *who = ev->who;
	const bool tiers = f->cfg.emergency && who->may_emergency;
	const struct floor_rank rank = {tiers ? ev->tier : FLOOR_NORMAL,
					ev->priority};

	if (who->queued && floor_outranks(floor_rank_of(who), rank))
		return floor_rank_of(who);
	return rank;
}

void floor_request(struct floor_step *s, const struct floor_ev *ev)
{
	const struct floor *f = s->f;
	const struct request r = {.who = ev->who,
				  .rank = rank_asked(f, ev),
				  .queues = ev->queues};
	uint16_t reason;

	if (r.who == f->holder && f->state == FLOOR_TAKEN) {
		request_again(s, &r);
		return;
	}
	if (r.who == f->holder && f->state == FLOOR_REVOKING) {
		request_revoked(s, &r);
		return;
	}
	reason = refusal(s, &r);
	if (reason)
		deny_until(s, r.who, reason);
	else if (floor_is_free(f))
		request_free(s, &r);
	else
		request_taken(s, &r);
}

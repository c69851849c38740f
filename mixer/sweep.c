/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file sweep.c  Reports, keep-alives and liveness of all legs, by one timer
 *
 * Times of a leg are milliseconds in 32 bits, which wrap: they are compared by
 * their distance, and no leg is left alone for longer than FAR_MS.
 */
#include "mixer/send.h"
#include "mixer/sweep.h"

enum {
	TICK_MS = 64,
	TICK_MIN_MS = 5,
	RETRY_MS = 1000, /**< A queue was full */
	/** Of one tick: what is behind waits for the next one */
	VISITS_MAX = 2048,
	BLOCK = 64,      /**< Of legs, looked at together */
	FAR_MS = 3600000
};

static uint32_t min_nonzero(uint32_t a, uint32_t b)
{
	return b && b < a ? b : a;
}

/* Often enough that no time of the configuration is missed by much */
static uint32_t tick_ms(const struct mixer_cfg *cfg)
{
	uint32_t ms = TICK_MS;

	ms = min_nonzero(ms, cfg->dead_idle_ms / 32);
	ms = min_nonzero(ms, cfg->dead_bridged_ms / 32);
	ms = min_nonzero(ms, cfg->rtcp_ms / 32);
	ms = min_nonzero(ms, cfg->keepalive_ms / 32);
	return ms;
}

static uint32_t now_ms(const struct worker *w)
{
	return (uint32_t)(w->now / 1000);
}

/* --- what we send ------------------------------------------------------ */

/* RFC 3550 section 6.3.1: half to one and a half of the interval, so that
 * those who began together do not stay together. A hash will do for that. */
static uint32_t scattered(uint32_t ms, uint32_t slot, uint32_t salt)
{
	const uint32_t h = ((slot ^ salt << 16) + salt) * 0x9e3779b1u >> 8;

	return ms / 2 + (uint32_t)((uint64_t)h * ms >> 24);
}

/* Milliseconds until it is due; 0: it is */
static uint32_t left_ms(uint32_t due, uint32_t now)
{
	return (int32_t)(due - now) > 0 ? due - now : 0;
}

/* Anywhere in that time: neighbours in the table are far apart */
static uint32_t spread(uint32_t ms, uint32_t slot)
{
	return (uint32_t)((uint64_t)(slot * 0x9e3779b1u) * ms >> 32);
}

static uint32_t report_visit(struct worker *w, struct leg *leg, uint32_t slot)
{
	const uint32_t now = now_ms(w);
	uint32_t left, next;

	if (!w->cfg.rtcp_ms || !leg_rtcp_sends(leg))
		return FAR_MS;
	if (!leg->report_ms)
		leg->report_ms = (now + spread(w->cfg.rtcp_ms, slot)) | 1;
	left = left_ms(leg->report_ms, now);
	if (left)
		return left;
	report_send(w, leg);
	next = scattered(w->cfg.rtcp_ms, slot, leg->report_ms);
	leg->report_ms = (now + next) | 1;
	return next;
}

/* RFC 6263 section 4.1, where our RTCP does not do it: an empty datagram is
 * what nobody can take for something else */
static void keepalive_send(struct worker *w, struct leg *leg)
{
	(void)outq_hdr(&w->outq);
	outq_push(&w->outq, worker_sock(w, leg->triple, PORT_RTP),
		  &leg->rtp.addr, 0, NULL, 0);
	STAT_INC(w, tx_keepalives);
}

static uint32_t keepalive_visit(struct worker *w, struct leg *leg,
				uint32_t slot)
{
	const uint32_t every = w->cfg.keepalive_ms, now = now_ms(w);
	uint32_t left;

	if (!every || !latch_sends(&leg->rtp) || !(leg->send || leg->recv) ||
	    (w->cfg.rtcp_ms && w->cfg.rtcp_ms <= every && leg_rtcp_sends(leg)))
		return FAR_MS;
	/* Not at once: something may be sent just now */
	if (!leg->keepalive_ms)
		leg->keepalive_ms =
			(now + every / 2 + spread(every / 2, slot)) | 1;
	left = left_ms(leg->keepalive_ms, now);
	if (left)
		return left;
	if (!leg->out.us || w->now - leg->out.us >= every * 1000ull)
		keepalive_send(w, leg);
	leg->keepalive_ms = (now + every) | 1;
	return every;
}

/* --- what we hear ------------------------------------------------------ */

/* Who was last heard speaking with the floor, and has not given it back, must
 * be heard all the time. From a listener, or from who was granted the floor
 * without asking, nothing need come but RTCP. */
static uint32_t patience_ms(const struct worker *w, const struct leg *leg)
{
	if (leg->talks && w->cfg.dead_bridged_ms)
		return w->cfg.dead_bridged_ms;
	return w->cfg.dead_idle_ms;
}

static uint32_t liveness_visit(struct worker *w, struct leg *leg)
{
	const uint64_t heard = atomic_load_explicit(&leg->heard_us,
						    memory_order_relaxed);
	const uint32_t ms = patience_ms(w, leg);

	/* Without an SDP there is nothing that could be heard yet, and from
	 * an inactive terminal nothing need come, not even RTCP */
	if (leg->dead || !ms || !(leg->send || leg->recv) || !heard)
		return FAR_MS;
	if (w->now - heard < ms * 1000ull)
		return ms - (uint32_t)((w->now - heard) / 1000);
	leg->dead = worker_leg_event(w, leg, MIXER_LEG_DEAD, 0);
	return leg->dead ? FAR_MS : RETRY_MS;
}

void sweep_heard(struct worker *w, struct leg *leg)
{
	if (worker_leg_event(w, leg, MIXER_LEG_ALIVE, 0))
		leg->dead = false;
	sweep_soon(w, leg);
}

static uint32_t secure_due(struct worker *w, struct leg *leg)
{
	return leg->secure && secure_visit(w, leg) ? RETRY_MS : FAR_MS;
}

/* --- the round --------------------------------------------------------- */

void sweep_soon(struct worker *w, const struct leg *leg)
{
	w->legs.visitv[leg - w->legs.v] = now_ms(w);
}

static void visit(struct worker *w, uint32_t slot)
{
	struct leg *leg = &w->legs.v[slot];
	uint32_t left = FAR_MS;

	if (leg->id) {
		left = MIN(left, report_visit(w, leg, slot));
		left = MIN(left, keepalive_visit(w, leg, slot));
		left = MIN(left, liveness_visit(w, leg));
		left = MIN(left, secure_due(w, leg));
	}
	w->legs.visitv[slot] = now_ms(w) + left;
}

/* Nearly always not: without a branch for each, the compiler compares several
 * at a time. The sign is that of the distance to what is not due yet. */
static bool any_due(const uint32_t visitv[BLOCK], uint32_t now)
{
	uint32_t due = 0, i;

	for (i = 0; i < BLOCK; i++)
		due |= visitv[i] - now - 1;
	return due >> 31;
}

static bool block_rests(const struct worker *w, uint32_t legs, uint32_t now)
{
	return w->sweep % BLOCK == 0 && legs >= BLOCK &&
	       w->sweep + BLOCK <= w->legs.high &&
	       !any_due(&w->legs.visitv[w->sweep], now);
}

/* false: there is more than one tick may do */
static bool round_go(struct worker *w)
{
	const uint32_t now = now_ms(w);
	uint32_t n = w->legs.high, visits = 0;

	while (n) {
		uint32_t step = 1;

		if (w->sweep >= w->legs.high)
			w->sweep = 0;
		if (block_rests(w, n, now)) {
			step = BLOCK;
		}
		else if (!left_ms(w->legs.visitv[w->sweep], now)) {
			if (visits++ == VISITS_MAX)
				return false;
			visit(w, w->sweep);
		}
		w->sweep += step;
		n -= step;
	}
	return true;
}

static void tick_h(struct wheel_timer *t, void *arg)
{
	struct worker *w = arg;
	uint32_t ms = TICK_MIN_MS;

	if (round_go(w))
		ms = MAX(tick_ms(&w->cfg), ms);
	outq_flush(&w->outq);
	wheel_start(&w->wheel, t, w->now / 1000 + ms, tick_h);
}

void sweep_start(struct worker *w)
{
	wheel_start(&w->wheel, &w->tick, w->now / 1000 + 1, tick_h);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file report.c  RTCP and liveness: a sweep over the legs, no timer a leg
 *
 * The whole table is visited once a sweep period, a little of it every tick.
 * Reports of a leg are rtcp_ms apart, and those of all legs spread over that
 * time by slot.
 */
#include <time.h>
#include "mixer/send.h"

enum {
	SWEEP_MS = 1000,
	TICKS = 16,   /**< A sweep */
	TICK_MIN_MS = 5,
	NTP_UNIX_S = 0x83aa7e80 /**< 1900 to 1970 */
};

static uint32_t min_nonzero(uint32_t a, uint32_t b)
{
	return b && b < a ? b : a;
}

/* Often enough that no time of the configuration is missed by much */
static uint32_t sweep_ms(const struct mixer_cfg *cfg)
{
	uint32_t ms = SWEEP_MS;

	ms = min_nonzero(ms, cfg->dead_idle_ms / 4);
	ms = min_nonzero(ms, cfg->dead_bridged_ms / 4);
	ms = min_nonzero(ms, cfg->rtcp_ms / 4);
	return ms;
}

static uint64_t ntp_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return ((uint64_t)ts.tv_sec + NTP_UNIX_S) << 32 |
	       ((uint64_t)ts.tv_nsec << 32) / 1000000000;
}

static void rtcp_send(struct worker *w, struct leg *leg)
{
	const struct rtcpw_sr sr = {.ntp = ntp_now(),
				    .rtp_ts = stream_ts(&leg->out, w->now),
				    .packets = leg->tx_packets,
				    .bytes = leg->tx_octets};
	const bool sent = leg->tx_packets != leg->rtcp_packets;
	uint8_t buf[128];
	size_t len;

	leg->rtcp_packets = leg->tx_packets;
	if (rtcpw_encode(buf, sizeof(buf), leg->out.ssrc, sent ? &sr : NULL,
			 w->cname, &len))
		return;
	leg_send_rtcp(w, leg, buf, len);
}

static void rtcp_visit(struct worker *w, struct leg *leg, uint32_t slot)
{
	const uint64_t every_us = (uint64_t)w->cfg.rtcp_ms * 1000;

	if (!every_us)
		return;
	if (!leg->rtcp_us) {
		/* Neighbours in the table are far apart in time */
		const uint32_t spread = (slot * 0x9e3779b1u) >> 8;

		leg->rtcp_us = w->now + spread * every_us / (1u << 24) + 1;
	}
	if (w->now < leg->rtcp_us)
		return;
	leg->rtcp_us = w->now + every_us;
	if (latch_sends(&leg->rtcp))
		rtcp_send(w, leg);
}

static bool event(struct worker *w, const struct leg *leg,
		  enum mixer_event_type type)
{
	const struct mixer_event ev = {
		.type = type, .leg = leg->id, .at_us = w->now};

	return worker_event(w, &ev);
}

static void liveness_visit(struct worker *w, struct leg *leg)
{
	const uint64_t heard = atomic_load_explicit(&leg->heard_us,
						    memory_order_relaxed);
	uint32_t ms = w->cfg.dead_idle_ms;

	if (leg->talk && w->cfg.dead_bridged_ms)
		ms = w->cfg.dead_bridged_ms;
	/* Without an SDP there is nothing that could be heard yet, and from
	 * an inactive terminal nothing need come, not even RTCP */
	if (leg->dead || !ms || !(leg->send || leg->recv) || !heard ||
	    w->now - heard < ms * 1000ull)
		return;
	if (event(w, leg, MIXER_LEG_DEAD))
		leg->dead = true;
}

void report_heard(struct worker *w, struct leg *leg)
{
	if (event(w, leg, MIXER_LEG_ALIVE))
		leg->dead = false;
}

static void tick_h(struct wheel_timer *t, void *arg)
{
	struct worker *w = arg;
	const uint32_t period_ms = sweep_ms(&w->cfg);
	const uint64_t elapsed_us = w->now - w->sweep_us;
	uint64_t due = elapsed_us * w->legs.high / (period_ms * 1000ull) + 1;
	uint32_t tick_ms = period_ms / TICKS;

	if (due > w->legs.high)
		due = w->legs.high;
	for (; due; due--) {
		struct leg *leg;

		if (w->sweep >= w->legs.high)
			w->sweep = 0;
		leg = &w->legs.v[w->sweep];
		if (leg->id) {
			rtcp_visit(w, leg, w->sweep);
			liveness_visit(w, leg);
			if (leg->secure)
				secure_visit(w, leg);
		}
		w->sweep++;
	}
	w->sweep_us = w->now;
	outq_flush(&w->outq);
	if (tick_ms < TICK_MIN_MS)
		tick_ms = TICK_MIN_MS;
	wheel_start(&w->wheel, t, w->now / 1000 + tick_ms, tick_h);
}

void report_start(struct worker *w)
{
	w->sweep_us = w->now;
	wheel_start(&w->wheel, &w->tick, w->now / 1000 + 1, tick_h);
}

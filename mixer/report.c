/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file report.c  RTCP of a leg: what we report, and what its terminal does
 */
#include <string.h>
#include "mixer/report.h"
#include "mixer/send.h"

enum {
	NTP_UNIX_S = 0x83aa7e80u, /**< 1900 to 1970 */
	/** RFC 3550 section 6.4: an SR if there was speech since the last
	 *  report or the one before */
	SENDER_REPORTS = 2,
	/** SR, block, SDES with our CNAME, BYE */
	REPORT_BYTES = 28 + 24 + 12 + CNAME_MAX + 8
};

/* relaxed throughout: figures for people, written by one thread */
#define LOAD(v) atomic_load_explicit(&(v), memory_order_relaxed)
#define STORE(v, x) atomic_store_explicit(&(v), x, memory_order_relaxed)

void report_clear(struct report *rep)
{
	/* What was never used is not touched: it costs no memory yet */
	if (!rep->in.ssrc && !rep->packets && !rep->sender &&
	    !LOAD(rep->out.known) && !LOAD(rep->out.rtt_us))
		return;
	memset(&rep->in, 0, sizeof(rep->in));
	memset(&rep->in_quality, 0, sizeof(rep->in_quality));
	memset(&rep->out_quality, 0, sizeof(rep->out_quality));
	rep->packets = rep->sender = 0;
	rep->bad = false;
	rep->out.highest = 0;
	STORE(rep->in_known, false);
	STORE(rep->in_fraction, 0);
	STORE(rep->in_lost, 0);
	STORE(rep->in_jitter_us, 0);
	STORE(rep->out.known, false);
	STORE(rep->out.fraction, 0);
	STORE(rep->out.lost, 0);
	STORE(rep->out.jitter_us, 0);
	STORE(rep->out.rtt_us, 0);
}

/* By the clock that never jumps: the pairs of times in our SRs stay on one
 * line, and a round trip is not as long as somebody set the clock */
static uint64_t ntp_now(const struct worker *w)
{
	const uint64_t us = w->now + w->utc_us;

	return (us / 1000000 + NTP_UNIX_S) << 32 |
	       (us % 1000000 << 32) / 1000000;
}

/* --- quality ------------------------------------------------------------- */

static void quality_tell(struct worker *w, const struct leg *leg,
			 struct report *rep)
{
	const bool bad = rep->in_quality.bad || rep->out_quality.bad;

	if (bad != rep->bad &&
	    worker_leg_event(w, leg, MIXER_LEG_QUALITY, bad))
		rep->bad = bad;
}

static struct quality_bounds bounds_of(const struct worker *w)
{
	return (struct quality_bounds){
		.loss_percent = w->cfg.quality_loss_percent,
		.rtt_us = w->cfg.quality_rtt_ms * 1000};
}

/* --- ours ---------------------------------------------------------------- */

static void block_note(struct worker *w, const struct leg *leg,
		       struct report *rep, const struct rtcpw_block *b)
{
	const struct quality_bounds bounds = bounds_of(w);
	const uint64_t jitter = (uint64_t)b->jitter * 1000000;

	STORE(rep->in_known, true);
	STORE(rep->in_fraction, b->fraction);
	STORE(rep->in_lost, b->lost);
	STORE(rep->in_jitter_us, (uint32_t)(jitter / leg->clock_hz));
	quality_take(&rep->in_quality, &bounds, b->fraction, 0);
	quality_tell(w, leg, rep);
}

static void emit(struct worker *w, struct leg *leg, bool bye)
{
	struct report *rep = leg_report(&w->legs, leg);
	const struct rtcpw_sr sr = {.ntp = ntp_now(w),
				    .rtp_ts = stream_ts(&leg->out, w->now),
				    .packets = leg->tx_packets,
				    .bytes = leg->tx_octets};
	struct rtcpw_block block;
	struct rtcpw_report r = {
		.ssrc = leg->out.ssrc, .cname = w->cname, .bye = bye};
	uint8_t buf[REPORT_BYTES];
	size_t len;

	if (leg->tx_packets != rep->packets) {
		rep->packets = leg->tx_packets;
		rep->sender = SENDER_REPORTS;
	}
	if (rep->sender) {
		rep->sender--;
		r.sr = &sr;
	}
	if (reception_block(&rep->in, w->now, &block)) {
		block_note(w, leg, rep, &block);
		r.block = &block;
	}
	if (!rtcpw_report_encode(buf, sizeof(buf), &r, &len))
		leg_send_rtcp(w, leg, buf, len);
	leg->reported = true;
}

void report_send(struct worker *w, struct leg *leg)
{
	emit(w, leg, false);
}

void report_bye(struct worker *w, struct leg *leg)
{
	if (leg->reported || leg->tx_packets)
		emit(w, leg, true);
}

/* --- the terminal's ------------------------------------------------------ */

static void block_take(struct worker *w, const struct leg *leg,
		       struct report *rep, const struct rtcpw_block *b)
{
	const struct hearing_of of = {.packets = leg->tx_packets,
				      .seq = stream_seq(&leg->out),
				      .clock_hz = leg->clock_hz,
				      .ntp = ntp_now(w)};
	const struct quality_bounds bounds = bounds_of(w);

	switch (hearing_take(&rep->out, b, &of)) {
	case HEARING_NEWS:
		quality_take(&rep->out_quality, &bounds, b->fraction,
			     hearing_rtt_us(b, of.ntp));
		quality_tell(w, leg, rep);
		break;
	case HEARING_SAME:
		break;
	case HEARING_ABSURD:
		STAT_INC(w, drop_rtcp_absurd);
		break;
	}
}

void report_take(struct worker *w, struct leg *leg,
		 const struct rtcpw_info *info, const uint8_t *p, size_t len)
{
	struct report *rep = leg_report(&w->legs, leg);
	struct rtcpw_block b;

	/* Our own coming back is no report */
	if ((info->sr || info->rr) && info->ssrc == leg->out.ssrc) {
		STAT_INC(w, drop_rtcp_absurd);
		return;
	}
	if (info->sr)
		reception_sr(&rep->in, info->sent_ssrc, info->sent.ntp,
			     w->now);
	if (rtcpw_block_find(&b, p, len, leg->out.ssrc))
		block_take(w, leg, rep, &b);
	/* The stream has ended, the leg has not: its dialog says when */
	if (info->bye && rtcpw_bye_of(p, len, rep->in.ssrc))
		reception_bye(&rep->in);
}

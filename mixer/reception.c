/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file reception.c  How we receive what a leg sends
 */
#include <string.h>
#include "mixer/reception.h"

enum {
	SEQ_MOD = 0x10000,
	MAX_DROPOUT = 3000,
	MAX_MISORDER = 100,
	NO_SEQ = SEQ_MOD + 1,
	/** What the next packet's time is compared with was too long ago: many
	 *  terminals let their timestamps stand still while they are silent */
	PAUSE_MS = 1000,
	/** Keeps 16 times as much within 32 bits */
	JUMP_MAX = 0x0fffffff
};

static void seq_init(struct reception *rc, uint16_t seq)
{
	rc->first = rc->highest = seq;
	rc->next_bad = NO_SEQ;
	rc->received = 0;
	rc->expected_prior = rc->received_prior = 0;
}

/* Appendix A.1 */
static bool seq_take(struct reception *rc, uint16_t seq)
{
	const uint16_t delta = (uint16_t)(seq - rc->highest);

	if (delta < MAX_DROPOUT) {
		rc->highest += delta;
	} else if (delta <= SEQ_MOD - MAX_MISORDER) {
		if (seq != rc->next_bad) {
			rc->next_bad = (uint16_t)(seq + 1);
			return false;
		}
		/* Two in a row: the other side began anew */
		seq_init(rc, seq);
	}
	rc->received++;
	return true;
}

/* Appendix A.8; lowest bits of the arrival time, as of the timestamp */
static void jitter_take(struct reception *rc, uint32_t ts, uint32_t clock_hz,
			uint64_t now)
{
	const uint32_t arrival = (uint32_t)(now * clock_hz / 1000000);
	const uint32_t transit = arrival - ts;
	const int32_t d = (int32_t)(transit - rc->transit);
	uint32_t jump = d < 0 ? 0u - (uint32_t)d : (uint32_t)d;

	rc->transit = transit;
	/* The first one has nothing to be compared with */
	if (rc->received < 2 || (uint32_t)(now / 1000) - rc->ms > PAUSE_MS)
		return;
	if (jump > JUMP_MAX)
		jump = JUMP_MAX;
	rc->jitter += jump - ((rc->jitter + 8) >> 4);
}

void reception_rtp(struct reception *rc, const struct rtpw_hdr *hdr,
		   uint32_t clock_hz, uint64_t now)
{
	if (hdr->ssrc != rc->ssrc) {
		memset(rc, 0, sizeof(*rc));
		rc->ssrc = hdr->ssrc;
	}
	if (!rc->received)
		seq_init(rc, hdr->seq);
	if (!seq_take(rc, hdr->seq))
		return;
	jitter_take(rc, hdr->ts, clock_hz, now);
	rc->ms = (uint32_t)(now / 1000);
}

/* Wraps after 18 hours: SRs come more often */
static uint32_t ntp_middle(uint64_t us)
{
	return (uint32_t)(us / 1000000 << 16 |
			  (us % 1000000 << 16) / 1000000);
}

void reception_sr(struct reception *rc, uint32_t ssrc, uint64_t ntp,
		  uint64_t now)
{
	if (rc->received && ssrc != rc->ssrc)
		return;
	rc->ssrc = ssrc;
	rc->lsr = (uint32_t)(ntp >> 16);
	rc->sr_at = ntp_middle(now);
}

void reception_bye(struct reception *rc)
{
	memset(rc, 0, sizeof(*rc));
}

/* Appendix A.3 */
static uint8_t fraction_take(struct reception *rc, uint32_t expected)
{
	const uint32_t due = expected - rc->expected_prior;
	const uint32_t got = rc->received - rc->received_prior;
	const int64_t lost = (int64_t)due - got;

	rc->expected_prior = expected;
	rc->received_prior = rc->received;
	if (!due || lost <= 0)
		return 0;
	return (uint8_t)((lost << 8) / due);
}

bool reception_block(struct reception *rc, uint64_t now, struct rtcpw_block *b)
{
	const uint32_t expected = rc->highest - rc->first + 1;

	if (!rc->received || rc->received == rc->received_prior)
		return false;
	*b = (struct rtcpw_block){.ssrc = rc->ssrc,
				  .lost = (int32_t)(expected - rc->received),
				  .highest = rc->highest,
				  .jitter = rc->jitter >> 4,
				  .lsr = rc->lsr,
				  .dlsr = rc->lsr ? ntp_middle(now) - rc->sr_at
						  : 0,
				  .fraction = fraction_take(rc, expected)};
	return true;
}

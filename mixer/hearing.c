/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file hearing.c  How a terminal receives what we send it, by its own reports
 */
#include "mixer/hearing.h"

enum {
	HZ = 65536,        /* Of LSR and DLSR */
	RTT_MAX = 30 * HZ  /* Beyond it is no way for speech, but an error */
};

uint32_t hearing_rtt_us(const struct rtcpw_block *b, uint64_t ntp)
{
	const uint32_t rtt = (uint32_t)(ntp >> 16) - b->lsr - b->dlsr;

	if (!b->lsr || rtt > RTT_MAX)
		return 0;
	/* Next door is not unknown */
	return rtt ? (uint32_t)((uint64_t)rtt * 1000000 / HZ) : 1;
}

enum hearing_verdict hearing_take(struct hearing *h,
				  const struct rtcpw_block *b,
				  const struct hearing_of *of)
{
	const bool same = h->known && b->highest == h->highest;
	const uint32_t rtt_us = hearing_rtt_us(b, of->ntp);

	if (!of->packets ||
	    (b->lost > 0 && (uint32_t)b->lost > of->packets) ||
	    (int16_t)(of->seq - (uint16_t)b->highest) < 0)
		return HEARING_ABSURD;
	if (rtt_us)
		h->rtt_us = rtt_us;
	if (same)
		return HEARING_SAME;
	h->known = true;
	h->highest = b->highest;
	h->lost = b->lost;
	h->jitter = b->jitter;
	h->fraction = b->fraction;
	return HEARING_NEWS;
}

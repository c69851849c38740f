/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file hearing.c  How a terminal receives what we send it, by its own reports
 */
#include "mixer/hearing.h"

/* relaxed: figures for people, written by one thread */
#define load(v) atomic_load_explicit(&(v), memory_order_relaxed)
#define store(v, x) atomic_store_explicit(&(v), x, memory_order_relaxed)

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
	const bool same = load(h->known) && b->highest == h->highest;
	const uint32_t rtt_us = hearing_rtt_us(b, of->ntp);

	if (!of->packets ||
	    (b->lost > 0 && (uint32_t)b->lost > of->packets) ||
	    (int16_t)(of->seq - (uint16_t)b->highest) < 0)
		return HEARING_ABSURD;
	if (rtt_us)
		store(h->rtt_us, rtt_us);
	if (same)
		return HEARING_SAME;
	h->highest = b->highest;
	store(h->lost, b->lost);
	store(h->jitter_us, of->clock_hz ? (uint32_t)((uint64_t)b->jitter *
						     1000000 / of->clock_hz)
					 : 0);
	store(h->fraction, b->fraction);
	store(h->known, true);
	return HEARING_NEWS;
}

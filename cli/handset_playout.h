/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file handset_playout.h  Puts received speech at its place in time
 *
 * A fixed, small jitter buffer. The first packet of a burst is played
 * delay_ms after it came, whatever its timestamp; the others of the burst at
 * their timestamp's distance from it. So a burst always begins with its first
 * packet, and a late packet costs itself only.
 *
 * Pure: no clock, no allocation. The reader's calls are the clock. One
 * thread. Times are samples; the codec says how many of them a tick of the
 * RTP clock is.
 */
#ifndef HL_CLI_HANDSET_PLAYOUT_H
#define HL_CLI_HANDSET_PLAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	/** Power of two: 2 s of 16000 Hz */
	HS_PLAYOUT_SAMPLES = 32768,
	/** Packets too late in a row, after which the clock is set anew */
	HS_PLAYOUT_LATE_MAX = 5
};

struct hs_playout {
	int16_t ring[HS_PLAYOUT_SAMPLES];
	uint64_t cursor; /**< Next sample to be read */
	uint64_t end;    /**< Behind the last sample that was written */
	uint64_t pos0;   /**< Place of the burst's first packet */
	uint32_t ts0;    /**< ..and its timestamp */
	unsigned delay;
	unsigned rate_hz, clock_hz;
	unsigned late_row;
	bool synced;
	uint64_t late;   /**< Packets that came too late */
	uint64_t resync; /**< Times that the clock was set inside a burst */
};

/** Empty; rate_hz: of samples, clock_hz: of timestamps */
void hs_playout_init(struct hs_playout *p, unsigned delay_ms, unsigned rate_hz,
		     unsigned clock_hz);

/** start: the first packet of a burst */
void hs_playout_put(struct hs_playout *p, bool start, uint32_t ts,
		    const int16_t *v, size_t n);

/** What is to be heard next: silence where nothing came */
void hs_playout_get(struct hs_playout *p, int16_t *v, size_t n);

#endif

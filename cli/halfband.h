/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file halfband.h  Between 8000 and 16000 Hz, block by block
 *
 * A linear-phase half-band filter with a memory: what it is given in blocks
 * comes out as if it had been given at once, HALFBAND_DELAY samples of 16000
 * Hz later. Pure: no allocation. A value, one thread; one for a direction.
 */
#ifndef HL_CLI_HALFBAND_H
#define HL_CLI_HALFBAND_H

#include <stddef.h>
#include <stdint.h>

enum {
	/** Odd, so that every other tap is zero */
	HALFBAND_DELAY = 47,
	HALFBAND_TAPS = 2 * HALFBAND_DELAY + 1,
	/** Longest block, in samples of 16000 Hz: 20 ms */
	HALFBAND_BLOCK = 320
};

struct halfband {
	float tap[HALFBAND_TAPS];
	float past[HALFBAND_TAPS - 1];
};

void halfband_init(struct halfband *h);
/** n samples of 8000 Hz become 2 n; n at most HALFBAND_BLOCK / 2 */
void halfband_up(struct halfband *h, int16_t *out, const int16_t *in,
		 size_t n);
/** 2 n samples of 16000 Hz become n; n as above */
void halfband_down(struct halfband *h, int16_t *out, const int16_t *in,
		   size_t n);

#endif

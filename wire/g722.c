/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file g722.c  How loud a stream of G.722 is (ITU-T G.722), without decoding
 */
#include "wire/g722.h"

/* What a code adds: WL of the upper four bits of the lower sub-band's six, WH
 * of the higher one's two. Small values of either sign bring the step down,
 * large ones up. */
static const int16_t low_add[16] = {-60, 3042, 1198, 538, 334, 172, 58,	 -30,
				    3042, 1198, 538, 334, 172, 58,  -30, -60};
static const int16_t high_add[4] = {798, -214, 798, -214};

static uint16_t followed(uint16_t log, int add, uint16_t max)
{
	const int v = log * 127 / 128 + add;

	return (uint16_t)(v < 0 ? 0 : v > max ? max : v);
}

void g722_scale_follow(struct g722_scale *scale, struct g722_scale *mean,
		       const uint8_t *codes, size_t n)
{
	uint64_t low = 0, high = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		scale->low = followed(scale->low, low_add[codes[i] >> 2 & 15],
				      G722_LOW_MAX);
		scale->high = followed(scale->high, high_add[codes[i] >> 6],
				       G722_HIGH_MAX);
		low += scale->low;
		high += scale->high;
	}
	mean->low = (uint16_t)(low / n);
	mean->high = (uint16_t)(high / n);
}

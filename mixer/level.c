/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file level.c  How loud a few milliseconds of sound are
 */
#include "mixer/level.h"

enum {
	/* 32768 * 32768, as a logarithm to the base 2 */
	FULL_LOG2 = 30,
	/* Hundredths of a decibel of a factor of two in power */
	DOUBLE = 301,
	/* y[n] = x[n] - x[n-1] + y[n-1] * 27/32: 3 dB less at 215 Hz, 13 at
	 * 50 Hz */
	KEEP = 27,
	KEEP_SHIFT = 5
};

/* 100 times 10 log10(v), v > 0: within 0.3 dB, as the logarithm is a line
 * between powers of two */
static int centibel(uint64_t v)
{
	const int top = 63 - __builtin_clzll(v);
	const uint64_t rest = v << (63 - top) << 1; /* 0.64 fixed point */

	return top * DOUBLE + (int)((rest >> 48) * DOUBLE >> 16);
}

int level_of(const int16_t *v, size_t n)
{
	uint64_t sum = 0;
	int32_t y = 0;
	size_t i;
	int level;

	for (i = 1; i < n; i++) {
		y = v[i] - v[i - 1] + y * KEEP / (1 << KEEP_SHIFT);
		sum += (uint64_t)((int64_t)y * y);
	}
	if (n < 2 || sum < n)
		return LEVEL_NONE;
	level = centibel(sum / n) - FULL_LOG2 * DOUBLE;
	return level > LEVEL_NONE ? level : LEVEL_NONE;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file g711.c  PCMU and PCMA samples
 */
#include "wire/g711.h"

enum {
	/* mu-law, at 14 bits: what makes each segment start at a power of 2 */
	ULAW_BIAS = 33,
	ULAW_TOP = 8191,
	SIGN = 0x80,
	/* Even bits of an A-law code are inverted on the line */
	ALAW_INVERT = 0x55
};

/* Number of the highest set bit, v > 0 */
static int top_bit(int v)
{
	int n = 0;

	while (v >>= 1)
		n++;
	return n;
}

/* ITU-T G.191's reading of a negative sample: the bits of its complement, so
 * that -1 and 0 have the same magnitude */
static int magnitude(int16_t sample)
{
	return sample < 0 ? ~(int)sample : sample;
}

uint8_t g711_ulaw(int16_t sample)
{
	const int sign = sample < 0 ? SIGN : 0;
	int v = (magnitude(sample) >> 2) + ULAW_BIAS;
	int segment;

	if (v > ULAW_TOP)
		v = ULAW_TOP;
	segment = top_bit(v) - 5;
	return (uint8_t) ~(sign | segment << 4 | (v >> (segment + 1) & 15));
}

int16_t g711_ulaw_sample(uint8_t code)
{
	const int c = ~code;
	const int segment = c >> 4 & 7;
	const int v = ((((c & 15) << 1) + ULAW_BIAS) << segment) - ULAW_BIAS;

	return (int16_t)(4 * (c & SIGN ? -v : v));
}

uint8_t g711_alaw(int16_t sample)
{
	const int sign = sample < 0 ? 0 : SIGN;
	const int v = magnitude(sample) >> 3;
	const int segment = v < 32 ? 0 : top_bit(v) - 4;
	const int step = segment ? segment : 1;

	return (uint8_t)((sign | segment << 4 | (v >> step & 15)) ^
			 ALAW_INVERT);
}

int16_t g711_alaw_sample(uint8_t code)
{
	const int c = code ^ ALAW_INVERT;
	const int segment = c >> 4 & 7;
	int v = (c & 15) << 4 | 8;

	if (segment)
		v = (v + 256) << (segment - 1);
	return (int16_t)(c & SIGN ? v : -v);
}

void g711_ulaw_encode(uint8_t *codes, const int16_t *samples, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		codes[i] = g711_ulaw(samples[i]);
}

void g711_alaw_encode(uint8_t *codes, const int16_t *samples, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		codes[i] = g711_alaw(samples[i]);
}

void g711_ulaw_decode(int16_t *samples, const uint8_t *codes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		samples[i] = g711_ulaw_sample(codes[i]);
}

void g711_alaw_decode(int16_t *samples, const uint8_t *codes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		samples[i] = g711_alaw_sample(codes[i]);
}

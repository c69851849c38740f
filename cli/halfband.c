/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>
#include "cli/halfband.h"

enum { PAST = HALFBAND_TAPS - 1 };

static const double BETA = 8.0;

static double bessel_i0(double x)
{
	double sum = 1, term = 1;
	unsigned k;

	for (k = 1; k < 40; k++) {
		term *= (x / 2 / k) * (x / 2 / k);
		sum += term;
	}
	return sum;
}

static double kernel(int t)
{
	const double r = (double)t / (HALFBAND_DELAY + 1);
	const double x = M_PI * t / 2;

	return (t ? sin(x) / x : 1) / 2 *
	       bessel_i0(BETA * sqrt(1 - r * r)) / bessel_i0(BETA);
}

void halfband_init(struct halfband *h)
{
	int i;

	memset(h, 0, sizeof(*h));
	for (i = 0; i < HALFBAND_TAPS; i++)
		h->tap[i] = (float)kernel(i - HALFBAND_DELAY);
}

static int16_t clip(float v)
{
	v = rintf(v);
	return v > INT16_MAX   ? INT16_MAX
	       : v < INT16_MIN ? INT16_MIN
			       : (int16_t)v;
}

/* The filter at each step-th of n samples of x, PAST older ones before it */
static void run(const struct halfband *h, int16_t *out, const float *x,
		size_t n, size_t step, float gain)
{
	size_t i;

	for (i = 0; i < n; i += step) {
		float sum = 0;
		int k;

		for (k = 0; k < HALFBAND_TAPS; k++)
			sum += h->tap[k] * x[i + (size_t)k];
		*out++ = clip(sum * gain);
	}
}

void halfband_up(struct halfband *h, int16_t *out, const int16_t *in, size_t n)
{
	float x[PAST + HALFBAND_BLOCK];
	size_t i;

	if (n > HALFBAND_BLOCK / 2)
		return;
	memcpy(x, h->past, sizeof(h->past));
	for (i = 0; i < n; i++) {
		x[PAST + 2 * i] = in[i];
		x[PAST + 2 * i + 1] = 0;
	}
	/* Half of the samples are zero, so the other half counts twice */
	run(h, out, x, 2 * n, 1, 2);
	memcpy(h->past, x + 2 * n, sizeof(h->past));
}

void halfband_down(struct halfband *h, int16_t *out, const int16_t *in,
		   size_t n)
{
	float x[PAST + HALFBAND_BLOCK];
	size_t i;

	if (n > HALFBAND_BLOCK / 2)
		return;
	memcpy(x, h->past, sizeof(h->past));
	for (i = 0; i < 2 * n; i++)
		x[PAST + i] = in[i];
	run(h, out, x, 2 * n, 2, 1);
	memcpy(h->past, x + 2 * n, sizeof(h->past));
}

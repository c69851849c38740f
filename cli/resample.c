/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rational resampling by a polyphase filter: a Kaiser-windowed sinc, symmetric
 * about each output sample, so the phase is linear and the delay zero. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include "cli/pcm.h"

enum {
	ZERO_CROSSINGS = 32,
	/** The voice begins here: what a telephone carries, too */
	VOICE_HZ = 300,
	/** Half of the length of its filter */
	VOICE_MS = 15
};

/* The pass band ends below the Nyquist frequency of the lower rate, where the
 * filter's slope has room. */
static const double PASS = 0.94;
static const double KAISER_BETA = 9.0;

struct filter {
	unsigned up, down; /* out rate : in rate, reduced */
	unsigned half;     /* taps on each side */
	double cutoff;     /* relative to the input's Nyquist frequency */
	double *tapv;      /* up phases of 2 * half taps */
};

static unsigned gcd(unsigned a, unsigned b)
{
	while (b) {
		const unsigned t = a % b;

		a = b;
		b = t;
	}
	return a;
}

static double bessel_i0(double x)
{
	double sum = 1, term = 1;
	unsigned k;

	for (k = 1; k < 50; k++) {
		term *= (x / 2 / k) * (x / 2 / k);
		sum += term;
	}
	return sum;
}

static double kernel(const struct filter *f, double t)
{
	const double r = t / f->half;
	const double x = M_PI * f->cutoff * t;
	const double sinc = fabs(x) < 1e-9 ? 1 : sin(x) / x;

	if (fabs(r) >= 1)
		return 0;
	return f->cutoff * sinc * bessel_i0(KAISER_BETA * sqrt(1 - r * r)) /
	       bessel_i0(KAISER_BETA);
}

static int filter_init(struct filter *f, unsigned in_hz, unsigned out_hz)
{
	const unsigned d = gcd(in_hz, out_hz);
	unsigned p, k;

	f->up = out_hz / d;
	f->down = in_hz / d;
	f->cutoff = PASS * (out_hz < in_hz ? (double)out_hz / in_hz : 1);
	f->half = (unsigned)ceil(ZERO_CROSSINGS / f->cutoff);
	f->tapv = malloc((size_t)f->up * 2 * f->half * sizeof(*f->tapv));
	if (!f->tapv)
		return ENOMEM;
	for (p = 0; p < f->up; p++) {
		double *tap = f->tapv + (size_t)p * 2 * f->half;

		for (k = 0; k < 2 * f->half; k++)
			tap[k] = kernel(f, (double)p / f->up + f->half - 1 -
						   (double)k);
	}
	return 0;
}

/* Output sample i lies at input position i * down / up. */
static int16_t filter_apply(const struct filter *f, const struct hs_pcm *in,
			    size_t i)
{
	const uint64_t pos = (uint64_t)i * f->down;
	const int64_t first = (int64_t)(pos / f->up) - f->half + 1;
	const double *tap = f->tapv + (pos % f->up) * 2 * f->half;
	double sum = 0;
	unsigned k;

	for (k = 0; k < 2 * f->half; k++) {
		const int64_t j = first + k;

		if (j >= 0 && j < (int64_t)in->n)
			sum += tap[k] * in->v[j];
	}
	sum = rint(sum);
	if (sum > INT16_MAX)
		return INT16_MAX;
	return sum < INT16_MIN ? INT16_MIN : (int16_t)sum;
}

int hs_pcm_resample(struct hs_pcm *out, const struct hs_pcm *in,
		    unsigned rate_hz)
{
	struct filter f;
	int16_t *v;
	size_t i, n;
	int err;

	if (rate_hz < HS_WAV_RATE_MIN_HZ || rate_hz > HS_WAV_RATE_MAX_HZ ||
	    in->rate_hz < HS_WAV_RATE_MIN_HZ ||
	    in->rate_hz > HS_WAV_RATE_MAX_HZ)
		return EINVAL;
	err = filter_init(&f, in->rate_hz, rate_hz);
	if (err)
		return err;
	n = (size_t)((uint64_t)in->n * f.up / f.down);
	v = malloc((n ? n : 1) * sizeof(*v));
	if (!v) {
		free(f.tapv);
		return ENOMEM;
	}
	for (i = 0; i < n; i++)
		v[i] = in->rate_hz == rate_hz ? in->v[i]
					      : filter_apply(&f, in, i);
	free(f.tapv);
	hs_pcm_fini(out);
	out->v = v;
	out->n = n;
	out->rate_hz = rate_hz;
	return 0;
}

/* All-pass minus low-pass: tap i of half on each side */
static double voice_tap(double cutoff, unsigned i, unsigned half)
{
	const double r = (double)i / (half + 1);
	const double x = M_PI * cutoff * i;
	const double low = cutoff * (i ? sin(x) / x : 1) *
			   bessel_i0(KAISER_BETA * sqrt(1 - r * r)) /
			   bessel_i0(KAISER_BETA);

	return (i ? 0 : 1) - low;
}

static int16_t voice_apply(const struct hs_pcm *in, const double *tapv,
			   unsigned half, size_t i)
{
	double sum = tapv[0] * in->v[i];
	unsigned k;

	for (k = 1; k <= half; k++) {
		const double a = i >= k ? in->v[i - k] : 0;
		const double b = i + k < in->n ? in->v[i + k] : 0;

		sum += tapv[k] * (a + b);
	}
	sum = rint(sum);
	if (sum > INT16_MAX)
		return INT16_MAX;
	return sum < INT16_MIN ? INT16_MIN : (int16_t)sum;
}

int hs_pcm_voice(struct hs_pcm *pcm)
{
	const unsigned half = pcm->rate_hz * VOICE_MS / 1000;
	double *tapv = malloc((half + 1) * sizeof(*tapv));
	int16_t *v = malloc((pcm->n ? pcm->n : 1) * sizeof(*v));
	unsigned k;
	size_t i;

	if (!tapv || !v) {
		free(tapv);
		free(v);
		return ENOMEM;
	}
	for (k = 0; k <= half; k++)
		tapv[k] = voice_tap(2.0 * VOICE_HZ / pcm->rate_hz, k, half);
	for (i = 0; i < pcm->n; i++)
		v[i] = voice_apply(pcm, tapv, half, i);
	free(tapv);
	free(pcm->v);
	pcm->v = v;
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <complex.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "cli/align.h"

enum {
	FFT_MIN = 1 << 15
};

/* A frame of the original is speech above this part of its loudest frame. */
static const double ONSET_LEVEL = 1e-3;
/* Quieter than this part of the original: nothing was heard. */
static const double SILENT_LEVEL = 1e-5;

struct fft {
	size_t n;
	double complex *twiddle; /* n / 2 */
};

/* The recording lies in the middle of as much silence as the original is
 * long, so that a cut beginning or end is found, too. */
struct search {
	struct fft fft;
	const struct hs_pcm *x, *y;
	double complex *xf; /* conjugated spectrum of the original */
	double complex *buf;
	double *energy;     /* of the padded recording: prefix sums */
	double x_energy;
};

static int fft_init(struct fft *fft, size_t n)
{
	size_t i;

	fft->n = n;
	fft->twiddle = malloc(n / 2 * sizeof(*fft->twiddle));
	if (!fft->twiddle)
		return ENOMEM;
	for (i = 0; i < n / 2; i++)
		fft->twiddle[i] = cexp(-2 * M_PI * I * (double)i / (double)n);
	return 0;
}

static void bit_reverse(double complex *v, size_t n)
{
	size_t i, j = 0, bit;

	for (i = 1; i < n; i++) {
		for (bit = n >> 1; j & bit; bit >>= 1)
			j ^= bit;
		j |= bit;
		if (i < j) {
			const double complex t = v[i];

			v[i] = v[j];
			v[j] = t;
		}
	}
}

static void butterflies(const struct fft *fft, double complex *v, size_t len)
{
	const size_t half = len / 2, step = fft->n / len;
	size_t i, k;

	for (i = 0; i < fft->n; i += len) {
		for (k = 0; k < half; k++) {
			const double complex a = v[i + k];
			const double complex b =
				v[i + k + half] * fft->twiddle[k * step];

			v[i + k] = a + b;
			v[i + k + half] = a - b;
		}
	}
}

static void fft_run(const struct fft *fft, double complex *v)
{
	size_t len;

	bit_reverse(v, fft->n);
	for (len = 2; len <= fft->n; len *= 2)
		butterflies(fft, v, len);
}

/* Sample i of the padded recording */
static double padded(const struct search *s, size_t i)
{
	if (i < s->x->n || i >= s->x->n + s->y->n)
		return 0;
	return s->y->v[i - s->x->n];
}

static int search_init(struct search *s, const struct hs_pcm *x,
		       const struct hs_pcm *y)
{
	const size_t total = 2 * x->n + y->n;
	size_t n = FFT_MIN, i;
	int err;

	memset(s, 0, sizeof(*s));
	s->x = x;
	s->y = y;
	while (n < 4 * x->n)
		n *= 2;
	err = fft_init(&s->fft, n);
	if (err)
		return err;
	s->xf = calloc(n, sizeof(*s->xf));
	s->buf = calloc(n, sizeof(*s->buf));
	s->energy = malloc((total + 1) * sizeof(*s->energy));
	if (!s->xf || !s->buf || !s->energy)
		return ENOMEM;
	for (i = 0; i < x->n; i++) {
		s->xf[i] = x->v[i];
		s->x_energy += (double)x->v[i] * x->v[i];
	}
	s->energy[0] = 0;
	for (i = 0; i < total; i++)
		s->energy[i + 1] = s->energy[i] + padded(s, i) * padded(s, i);
	fft_run(&s->fft, s->xf);
	for (i = 0; i < n; i++)
		s->xf[i] = conj(s->xf[i]);
	return s->x_energy > 0 ? 0 : ENODATA;
}

static void search_fini(struct search *s)
{
	free(s->fft.twiddle);
	free(s->xf);
	free(s->buf);
	free(s->energy);
}

static double normalised(double product, double x_energy, double y_energy)
{
	if (y_energy <= SILENT_LEVEL * x_energy)
		return 0;
	return product / sqrt(x_energy * y_energy);
}

/* All places from first on that one transform yields: fft.n - x.n + 1 */
static void search_block(struct search *s, size_t first, double *bestp,
			 size_t *placep)
{
	const size_t n = s->fft.n, x = s->x->n;
	const size_t places = x + s->y->n;
	size_t i;

	for (i = 0; i < n; i++)
		s->buf[i] = padded(s, first + i);
	fft_run(&s->fft, s->buf);
	/* The inverse transform is the transform of the conjugate */
	for (i = 0; i < n; i++)
		s->buf[i] = conj(s->buf[i] * s->xf[i]);
	fft_run(&s->fft, s->buf);
	for (i = 0; i + x <= n && first + i <= places; i++) {
		const double e = s->energy[first + i + x] -
				 s->energy[first + i];
		const double c = normalised(creal(s->buf[i]) / (double)n,
					    s->x_energy, e);

		if (c > *bestp) {
			*bestp = c;
			*placep = first + i;
		}
	}
}

/* First sample of the first frame that is not silence */
static size_t onset(const struct hs_pcm *x)
{
	const size_t frame = x->rate_hz / 100;
	double loudest = 0;
	size_t i, k;
	int pass;

	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < x->n; i += frame) {
			double e = 0;

			for (k = i; k < x->n && k < i + frame; k++)
				e += (double)x->v[k] * x->v[k];
			if (pass && e >= ONSET_LEVEL * loudest)
				return i;
			if (e > loudest)
				loudest = e;
		}
	}
	return 0;
}

/* Correlation of n samples of the original from i on, laid at place */
static double piece(const struct search *s, size_t place, size_t i, size_t n)
{
	double xy = 0, xx = 0, yy = 0;

	for (; n && i < s->x->n; i++, n--) {
		const double a = s->x->v[i], b = padded(s, place + i);

		xy += a * b;
		xx += a * a;
		yy += b * b;
	}
	return normalised(xy, xx, yy);
}

int align_find(struct align *res, const struct hs_pcm *original,
	       const struct hs_pcm *recording)
{
	struct search s;
	double best = 0, head;
	size_t place = original->n, first, start;
	int err;

	if (original->rate_hz != recording->rate_hz)
		return EINVAL;
	if (!original->n)
		return ENODATA;
	if (original->n > ALIGN_ORIGINAL_MAX ||
	    recording->n > ALIGN_RECORDING_MAX)
		return EFBIG;
	err = search_init(&s, original, recording);
	if (err)
		goto out;
	for (first = 0; first <= original->n + recording->n;
	     first += s.fft.n - original->n + 1)
		search_block(&s, first, &best, &place);
	start = onset(original);
	head = piece(&s, place, start,
		     (size_t)ALIGN_HEAD_MS * original->rate_hz / 1000);
	res->corr = best;
	res->head = head > 0 ? head : 0;
	res->offset_ms = ((double)place - (double)original->n) * 1000 /
			 original->rate_hz;
	res->onset_ms = (double)start * 1000 / original->rate_hz;
out:
	search_fini(&s);
	return err;
}

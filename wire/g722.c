/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file g722.c  How loud a stream of G.722 is (ITU-T G.722)
 *
 * The tables, and the blocks named in capitals, are those of the recommendation
 * (clause 6.2); numbers are of 16 bits, with its saturation.
 */
#include <stdlib.h>
#include <string.h>
#include "wire/g722.h"

enum { NBL_MAX = 18432, NBH_MAX = 22528, POLES = 2, ZEROS = 6 };

/* WL of what RL42 makes of the lower sub-band's upper four bits; WH */
static const int16_t wl[16] = {-60,  3042, 1198, 538, 334, 172, 58,  -30,
			       3042, 1198, 538,	 334, 172, 58,	-30, -60};
static const int16_t wh[4] = {798, -214, 798, -214};

/* ILB: 2048 * 2^(k/32) */
static const int16_t ilb[32] = {2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383,
				2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
				2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371,
				3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008};

/* What a code stands for, of a step of 32768: of six bits, and of four */
static const int16_t qm6[64] = {
	-136,	-136,	-136,	-136,	-24808, -21904, -19008, -16704,
	-14984, -13512, -12280, -11192, -10232, -9360,	-8576,	-7856,
	-7192,	-6576,	-6000,	-5456,	-4944,	-4464,	-4008,	-3576,
	-3168,	-2776,	-2400,	-2032,	-1688,	-1360,	-1040,	-728,
	24808,	21904,	19008,	16704,	14984,	13512,	12280,	11192,
	10232,	9360,	8576,	7856,	7192,	6576,	6000,	5456,
	4944,	4464,	4008,	3576,	3168,	2776,	2400,	2032,
	1688,	1360,	1040,	728,	432,	136,	-432,	-136};
static const int16_t qm4[16] = {0,     -20456, -12896, -8968, -6288, -4240,
				-2584, -1200,  20456,  12896, 8968,  6288,
				4240,  2584,   1200,   0};

static int within(int v, int most)
{
	return v > most ? most : v < -most ? -most : v;
}

static int16_t sat(int v)
{
	return (int16_t)(v > INT16_MAX	 ? INT16_MAX
			 : v < INT16_MIN ? INT16_MIN
					 : v);
}

static int mul(int a, int b)
{
	return a * b >> 15;
}

/* Negated where the signs of a and b differ; zero counts as positive */
static int signed_as(int v, int a, int b)
{
	return (a < 0) == (b < 0) ? v : -v;
}

/* SCALEL: an octave is 2048 */
static int step(int nbl)
{
	const int shift = 8 - (nbl >> 11);
	const int v = ilb[nbl >> 6 & 31];

	return (shift < 0 ? v << -shift : v >> shift) << 2;
}

/* LOGSCL, LOGSCH: 32512 is 127 of 128 */
static int16_t log_step(int nb, int w, int most)
{
	const int v = mul(nb, 32512) + w;

	return (int16_t)(v < 0 ? 0 : v > most ? most : v);
}

/* UPPOL2, UPPOL1 */
static void update_poles(struct g722_low *g, int p)
{
	const int a1 = sat(-signed_as(sat(4 * g->a[0]), p, g->p[0]));
	const int a2 =
		(a1 >> 7) + signed_as(128, p, g->p[1]) + mul(g->a[1], 32512);
	int v;

	g->a[1] = (int16_t)within(a2, 12288);
	v = signed_as(192, p, g->p[0]) + mul(g->a[0], 32640);
	g->a[0] = (int16_t)within(v, 15360 - g->a[1]);
}

/* UPZERO */
static void update_zeros(struct g722_low *g, int d)
{
	unsigned k;

	for (k = 0; k < ZEROS; k++)
		g->b[k] = sat(signed_as(d ? 128 : 0, d, g->d[k]) +
			      mul(g->b[k], 32640));
}

static void delay(int16_t *v, unsigned n, int first)
{
	memmove(&v[1], v, (n - 1) * sizeof(*v));
	v[0] = (int16_t)first;
}

/* RECONS, PARREC, DELAYA, FILTEP, FILTEZ, PREDIC: the sample's difference is d;
 * what the next one will be is predicted */
static void predict(struct g722_low *g, int d)
{
	const int r = sat(g->s + d), p = sat(g->sz + d);
	int zeros = 0, poles;
	unsigned k;

	update_poles(g, p);
	update_zeros(g, d);
	delay(g->r, POLES, r);
	delay(g->p, POLES, p);
	delay(g->d, ZEROS, d);
	poles = mul(g->a[0], sat(2 * g->r[0])) + mul(g->a[1], sat(2 * g->r[1]));
	for (k = 0; k < ZEROS; k++)
		zeros += mul(g->b[k], sat(2 * g->d[k]));
	g->sz = sat(zeros);
	g->s = sat(sat(poles) + g->sz);
}

/* INVQBL, LIMIT, INVQAL: the sample, of 14 bits and one to spare */
static int low_sample(struct g722_low *g, uint8_t code)
{
	const int det = step(g->nb);
	const int r = within(g->s + mul(det, qm6[code & 63]), 16383);

	g->nb = log_step(g->nb, wl[code >> 2 & 15], NBL_MAX);
	predict(g, mul(det, qm4[code >> 2 & 15]));
	return r;
}

void g722_enter(struct g722 *g)
{
	*g = (struct g722){.low.nb = NBL_MAX, .nbh = NBH_MAX};
}

void g722_follow(struct g722 *g, struct g722_mean *mean, const uint8_t *codes,
		 size_t n)
{
	uint64_t low = 0, step_high = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		low += (unsigned)abs(low_sample(&g->low, codes[i]));
		g->nbh = log_step(g->nbh, wh[codes[i] >> 6], NBH_MAX);
		step_high += (unsigned)g->nbh;
	}
	mean->low = (unsigned)(4 * low / n);
	mean->step_high = (unsigned)(step_high / n);
}

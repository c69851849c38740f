/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file voice_sound.c  Sound for the tests of voice activation
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tests/unit/voice_sound.h"

enum { FULL = 32768 };

static struct sound the_sound;
static uint32_t seed;

/* -1 .. 1, the same each time */
static double chance(void)
{
	seed = seed * 1664525 + 1013904223;
	return (double)(int32_t)seed / 2147483648.0;
}

static double factor(double db)
{
	return pow(10, db / 20);
}

struct sound *sound_new(unsigned rate_hz)
{
	the_sound.rate_hz = rate_hz;
	the_sound.n = 0;
	seed = 1;
	return &the_sound;
}

static size_t samples(const struct sound *s, unsigned ms)
{
	return (size_t)ms * s->rate_hz / 1000;
}

void sound_silence(struct sound *s, unsigned ms)
{
	memset(&s->v[s->n], 0, samples(s, ms) * sizeof(s->v[0]));
	s->n += samples(s, ms);
}

unsigned sound_ms(const struct sound *s)
{
	return (unsigned)(s->n * 1000 / s->rate_hz);
}

double sound_db(const struct sound *s, unsigned at_ms, unsigned ms)
{
	const size_t from = samples(s, at_ms);
	double sum = 1e-12;
	size_t i;

	for (i = from; i < from + samples(s, ms) && i < s->n; i++)
		sum += s->v[i] * s->v[i];
	return 10 * log10(sum / (double)samples(s, ms));
}

bool sound_speech(struct sound *s, const char *name, double db)
{
	const unsigned at_ms = sound_ms(s);
	const size_t first = s->n;
	double most = -100;
	char cmd[160], path[96];
	int16_t sample;
	unsigned ms;
	size_t i;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/usr/share/sounds/alsa/%s.wav",
		       name);
	(void)snprintf(cmd, sizeof(cmd),
		       "sox -D %s -c 1 -r %u -b 16 -t s16 - 2>/dev/null", path,
		       s->rate_hz);
	f = access(path, R_OK) ? NULL : popen(cmd, "r");
	while (f && fread(&sample, sizeof(sample), 1, f) == 1)
		s->v[s->n++] = sample / (double)FULL;
	if (f)
		(void)pclose(f);
	for (ms = at_ms; ms + 20 <= sound_ms(s); ms += 20)
		most = fmax(most, sound_db(s, ms, 20));
	for (i = first; i < s->n; i++)
		s->v[i] *= factor(db - most);
	return s->n > first;
}

void sound_hasten(struct sound *s, unsigned pause_ms)
{
	const size_t step = samples(s, 20);
	unsigned pause = 0, ms, end = sound_ms(s);
	size_t to = 0;

	for (ms = 0; ms + 20 <= end; ms += 20) {
		pause = sound_db(s, ms, 20) < -45 ? pause + 20 : 0;
		if (pause > pause_ms && to)
			continue;
		memmove(&s->v[to], &s->v[samples(s, ms)],
			step * sizeof(s->v[0]));
		to += step;
	}
	s->n = to;
}

static double noise(enum noise kind, double *low)
{
	const double w = chance();

	switch (kind) {
	case NOISE_WHITE:
		return w * sqrt(3);
	case NOISE_PINK: /* Near to it: a sum of three slower ones */
		low[0] = 0.997 * low[0] + 0.1 * w;
		low[1] = 0.96 * low[1] + 0.3 * w;
		low[2] = 0.6 * low[2] + w;
		return (low[0] + low[1] + low[2]) * 0.95;
	case NOISE_BROWN:
		low[0] = 0.995 * low[0] + 0.17 * w;
		return low[0];
	case NOISE_KINDS:
		break;
	}
	return 0;
}

void sound_noise(struct sound *s, enum noise kind, double db, unsigned at_ms)
{
	double low[3] = {0};
	size_t i;

	for (i = samples(s, at_ms); i < s->n; i++)
		s->v[i] += factor(db) * noise(kind, low);
}

void sound_tone(struct sound *s, double hz, double db, unsigned at_ms)
{
	size_t i;

	for (i = samples(s, at_ms); i < s->n; i++)
		s->v[i] += factor(db) * M_SQRT2 *
			   sin(2 * M_PI * hz * (double)i / s->rate_hz);
}

/* A click: noise that is gone after some milliseconds, and one of the key
 * coming back */
static void click(struct sound *s, size_t at, double db)
{
	const double tau = 0.002 * s->rate_hz;
	size_t i;

	for (i = at; i < s->n && i < at + (size_t)(8 * tau); i++)
		s->v[i] += factor(db) * chance() *
			   exp(-(double)(i - at) / tau);
}

void sound_clicks(struct sound *s, unsigned per_s, double db, unsigned at_ms)
{
	size_t at = samples(s, at_ms);

	while (at < s->n) {
		click(s, at, db);
		click(s, at + samples(s, 70), db - 10);
		at += (size_t)(s->rate_hz * (1 + 0.4 * chance()) / per_s);
	}
}

void sound_amplify(struct sound *s, double by)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		s->v[i] *= by;
}

void sound_pcm(const struct sound *s, size_t at, int16_t *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		const double x = at + i < s->n ? s->v[at + i] * FULL : 0;

		v[i] = (int16_t)fmax(-FULL, fmin(FULL - 1, x));
	}
}

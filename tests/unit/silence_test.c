/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file silence_test.c  Silence of G.722 is told by its codes alone (row X3):
 * sound that mediastreamer2 has encoded
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "mixer/silence.h"
#include "tests/unit/g722_sound.h"

enum {
	RATE_HZ = 16000,
	SAMPLES = 320, /* Of a packet.. */
	CODES = 160,
	SECOND = 50,   /* ..of which so many */
	PACKETS = 4 * SECOND,
	/* At the beginning of a pause, when silence is not seen yet */
	BLIND = 4,
	ROOM = 150,    /* Noise, its mean a third of that */
	SPEECH = 6000
};

static unsigned seed;

static int16_t noise(int most)
{
	seed = seed * 1103515245 + 12345;
	return (int16_t)((int)(seed >> 16) % (2 * most + 1) - most);
}

/* ..of a room, mostly low */
static int16_t room(void)
{
	static int was;

	was = (was * 3 + noise(ROOM)) / 4;
	return (int16_t)was;
}

/* A voice of 120 Hz, its harmonics weaker by and by, in syllables of 200 ms
 * that begin and end softly */
static int16_t voice(size_t i)
{
	const double t = (double)i / RATE_HZ;
	const double swell = fabs(sin(2 * M_PI * 2.5 * t)) * 0.9 + 0.1;
	double v = 0;
	unsigned k;

	for (k = 1; k < 25; k++)
		v += sin(2 * M_PI * 120 * k * t) / k;
	return (int16_t)(v * swell * SPEECH);
}

/* The scale at the end of a second of noise */
static struct g722_scale scale_of(int most)
{
	static int16_t v[SECOND * SAMPLES];
	static uint8_t codes[SECOND * CODES];
	struct g722_scale s = {0, 0}, mean;
	size_t i;

	for (i = 0; i < SECOND * SAMPLES; i++)
		v[i] = noise(most);
	g722_sound(codes, v, SECOND * SAMPLES);
	g722_scale_follow(&s, &mean, codes, sizeof(codes) / 2);
	g722_scale_follow(&s, &mean, &codes[sizeof(codes) / 2],
			  sizeof(codes) / 2);
	return mean;
}

/* Twice as loud is an octave more, or little less: the rule forgets */
static void scale_is_loudness(void **state)
{
	struct g722_scale was = {0, 0};
	int most;

	(void)state;
	for (most = 64; most <= 8192; most *= 2) {
		const struct g722_scale s = scale_of(most);

		if (most > 64) {
			assert_in_range(s.low - was.low, G722_OCTAVE * 6 / 10,
					G722_OCTAVE * 11 / 10);
			assert_in_range(s.high - was.high, G722_OCTAVE * 6 / 10,
					G722_OCTAVE * 11 / 10);
		}
		was = s;
	}
}

/* Wherever it began; and within its bounds, whatever comes */
static void scale_converges(void **state)
{
	uint8_t codes[3 * CODES];
	struct g722_scale mean;
	unsigned round, k;

	(void)state;
	for (round = 0; round < 1000; round++) {
		struct g722_scale low = {0, 0};
		struct g722_scale high = {G722_LOW_MAX, G722_HIGH_MAX};
		const uint8_t mask = (uint8_t)rand();

		for (k = 0; k < sizeof(codes); k++)
			codes[k] = (uint8_t)rand() | mask;
		for (k = 0; k < sizeof(codes); k++) {
			g722_scale_follow(&low, &mean, &codes[k], 1);
			g722_scale_follow(&high, &mean, &codes[k], 1);
			assert_true(high.low >= low.low);
			assert_true(high.high >= low.high);
			assert_true(high.low <= G722_LOW_MAX);
			assert_true(high.high <= G722_HIGH_MAX);
		}
		assert_true(high.low - low.low < 3 * G722_OCTAVE / 8);
		assert_true(high.high - low.high < 3 * G722_OCTAVE / 8);
	}
}

/* A second of speech, two of a quiet room, and speech again */
static void pauses_are_silent(void **state)
{
	static int16_t v[PACKETS * SAMPLES];
	static uint8_t codes[PACKETS * CODES];
	struct silence s = {.known = false};
	unsigned k, blind = 0;
	size_t i;

	(void)state;
	for (i = 0; i < PACKETS * SAMPLES; i++) {
		const size_t at = i / SAMPLES / SECOND;

		v[i] = room();
		if (at == 0 || at == 3)
			v[i] = (int16_t)(v[i] + voice(i));
	}
	g722_sound(codes, v, PACKETS * SAMPLES);
	for (k = 0; k < PACKETS; k++) {
		const bool silent = silence_is(&s, MIXER_CODEC_G722,
					       &codes[k * CODES], CODES);

		if (k < SECOND || k >= 3 * SECOND)
			assert_false(silent);
		else if (k < SECOND + BLIND)
			blind += !silent;
		else
			assert_true(silent);
	}
	assert_in_range(blind, 1, BLIND);
	/* Entered amid the pause: not at once, but soon */
	s.known = false;
	for (k = 2 * SECOND; k < 3 * SECOND; k++) {
		const bool silent = silence_is(&s, MIXER_CODEC_G722,
					       &codes[k * CODES], CODES);

		if (k == 2 * SECOND || k >= 2 * SECOND + BLIND)
			assert_int_equal(silent, k > 2 * SECOND);
	}
	assert_false(silence_is(&s, MIXER_CODEC_G722, codes, 0));
}

/* What only hisses is heard: the sound of an s lies in the higher sub-band */
static void hiss_is_not_silent(void **state)
{
	static int16_t v[SECOND * SAMPLES];
	static uint8_t codes[SECOND * CODES];
	struct silence s = {.known = false};
	int was = 0;
	size_t i;

	(void)state;
	for (i = 0; i < SECOND * SAMPLES; i++) {
		const int n = noise(300);

		/* Every other sample turned round: low becomes high */
		was = (was * 7 + n) / 8;
		v[i] = (int16_t)(i % 2 ? was : -was);
	}
	g722_sound(codes, v, SECOND * SAMPLES);
	for (i = 0; i < SECOND; i++)
		assert_false(silence_is(&s, MIXER_CODEC_G722,
					&codes[i * CODES], CODES));
	assert_true(s.scale.low < SILENCE_G722_LOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scale_is_loudness),
		cmocka_unit_test(scale_converges),
		cmocka_unit_test(pauses_are_silent),
		cmocka_unit_test(hiss_is_not_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file silence_test.c  Silence of G.722 (row X3): sound that mediastreamer2
 * has encoded, and its decoder as the judge of how loud it is
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "mixer/ms2_g722.h"
#include "mixer/pace.h"
#include "mixer/silence.h"
#include "tests/unit/g722_sound.h"

enum {
	RATE_HZ = 16000,
	SAMPLES = 320, /* Of a packet.. */
	CODES = 160,
	SECOND = 50, /* ..of which so many */
	PACKETS = 4 * SECOND,
	/* Of a stream that is entered, when silence is not seen yet */
	BLIND = SILENCE_G722_BLIND / CODES,
	LOST = 5,
	DELAY = 91, /* Of the decoder: its filter, and what conceals loss */
	/* Amplitude of a tone whose mean is one and a half of SILENCE_MEAN */
	HUM = 230,
	ROOM = 150, /* Noise, its mean a third of that */
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

static const double tone_hz[] = {60,  90,   120,  160,	200,  300, 440,
				 700, 1000, 1500, 2000, 2700, 3500};
enum { TONES = sizeof(tone_hz) / sizeof(tone_hz[0]) };

static void tone(int16_t *v, size_t n, double hz, double most)
{
	size_t i;

	for (i = 0; i < n; i++)
		v[i] = (int16_t)lrint(most *
				      sin(2 * M_PI * hz * (double)i / RATE_HZ));
}

static int mean_of(const int16_t *v)
{
	int sum = 0, i;

	for (i = 0; i < SAMPLES; i++)
		sum += abs(v[i]);
	return sum / SAMPLES;
}

/* The mean is the decoder's of the same time. Measured: a tone of 2 kHz, of
 * which the sub-band has four samples a wave, is 8 of 100 louder */
static void judge(const int16_t *v)
{
	static int16_t decoded[SECOND * SAMPLES];
	static uint8_t codes[SECOND * CODES];
	struct g722 g = {.nbh = 0};
	struct g722_mean mean;
	struct ms2_g722 *ms2;
	size_t n = 0;
	int k;

	g722_sound(codes, v, SECOND * SAMPLES);
	assert_int_equal(ms2_g722_open(&ms2), 0);
	for (k = 0; k < SECOND; k++)
		n += ms2_g722_decode(ms2, &codes[k * CODES], CODES, &decoded[n],
				     SAMPLES);
	ms2_g722_close(ms2);
	assert_int_equal(n, SECOND * SAMPLES);
	for (k = 0; k + 1 < SECOND; k++) {
		const int is = mean_of(&decoded[k * SAMPLES + DELAY]);

		g722_follow(&g, &mean, &codes[k * CODES], CODES);
		assert_true(abs((int)mean.low - is) <= 4 + is * 9 / 100);
	}
}

static void mean_is_the_decoders(void **state)
{
	static int16_t v[SECOND * SAMPLES];
	unsigned most, k;
	int was = 0;
	size_t i;

	(void)state;
	memset(v, 0, sizeof(v));
	judge(v);
	for (i = 0; i < SECOND * SAMPLES; i++)
		v[i] = voice(i);
	judge(v);
	for (most = 30; most <= 8000; most *= 2) {
		for (k = 0; k < TONES; k++) {
			tone(v, SECOND * SAMPLES, tone_hz[k], most);
			judge(v);
		}
		for (i = 0; i < SECOND * SAMPLES; i++) {
			was = (was * 15 + noise((int)most)) / 16;
			v[i] = (int16_t)was;
		}
		judge(v);
	}
}

/* Whatever comes, nothing overflows */
static void any_codes(void **state)
{
	unsigned round, k;

	(void)state;
	for (round = 0; round < 1000; round++) {
		uint8_t codes[CODES];
		struct g722 g;
		struct g722_mean mean;
		const uint8_t mask = (uint8_t)rand();

		g722_enter(&g);
		for (k = 0; k < CODES; k++)
			codes[k] = (uint8_t)rand() | mask;
		for (k = 0; k < 10; k++) {
			g722_follow(&g, &mean, codes, CODES);
			assert_in_range(mean.low, 0, 65536);
			assert_in_range(mean.step_high, 0, 22528);
		}
	}
}

/* Is none of it silent, and none of it if it is entered at any packet? */
static void is_heard(const int16_t *v)
{
	uint8_t codes[SECOND * CODES];
	unsigned at, k;

	g722_sound(codes, v, SECOND * SAMPLES);
	for (at = 0; at < SECOND; at++) {
		struct silence s = {.codes = 0};

		for (k = at; k < SECOND; k++)
			assert_false(silence_is(&s, MIXER_CODEC_G722,
						&codes[k * CODES], CODES));
	}
}

static void hum_is_not_silent(void **state)
{
	static int16_t v[SECOND * SAMPLES];
	double most;
	unsigned k;

	(void)state;
	for (k = 0; k < TONES; k++) {
		for (most = HUM; most <= 8000; most *= 1.5) {
			tone(v, SECOND * SAMPLES, tone_hz[k], most);
			is_heard(v);
		}
	}
}

/* ..nor is a whistle in the higher sub-band, by its step alone */
static void whistle_is_not_silent(void **state)
{
	static int16_t v[SECOND * SAMPLES];
	double hz, most;

	(void)state;
	for (hz = 4500; hz <= 7500; hz += 250) {
		for (most = 300; most <= 8000; most *= 1.5) {
			tone(v, SECOND * SAMPLES, hz, most);
			is_heard(v);
		}
	}
}

/* "mmm": seven harmonics and vibrato, beside a room's noise */
static void mmm_is_not_silent(void **state)
{
	static int16_t v[SECOND * SAMPLES];
	double hz, most, phase = 0;
	size_t i;
	unsigned k;

	(void)state;
	for (hz = 90; hz <= 160; hz += 10) {
		for (most = HUM; most <= 4000; most *= 1.7) {
			for (i = 0; i < SECOND * SAMPLES; i++) {
				const double t = (double)i / RATE_HZ;
				double s = 0;

				phase += 2 * M_PI * hz / RATE_HZ *
					 (1 + 0.02 * sin(2 * M_PI * 5 * t));
				for (k = 1; k < 8; k++)
					s += sin(k * phase) / (k * k);
				v[i] = (int16_t)(lrint(most * s) + room());
			}
			is_heard(v);
		}
	}
}

/* A second of speech, two of a quiet room, and speech again */
static void pauses_are_silent(void **state)
{
	static int16_t v[PACKETS * SAMPLES];
	static uint8_t codes[PACKETS * CODES];
	struct silence s = {.codes = 0};
	unsigned k;
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
		else if (k > SECOND)
			assert_true(silent);
	}
	/* Entered amid the pause: not at once */
	s = (struct silence){.codes = 0};
	for (k = 2 * SECOND; k < 3 * SECOND; k++) {
		const bool silent = silence_is(&s, MIXER_CODEC_G722,
					       &codes[k * CODES], CODES);

		assert_int_equal(silent, k >= 2 * SECOND + BLIND);
	}
	assert_false(silence_is(&s, MIXER_CODEC_G722, codes, 0));
}

/* What only hisses is heard: the sound of an s lies in the higher sub-band */
static void hiss_is_not_silent(void **state)
{
	static int16_t v[SECOND * SAMPLES];
	static uint8_t codes[SECOND * CODES];
	struct silence s = {.codes = 0};
	struct g722 g = {.nbh = 0};
	struct g722_mean mean;
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
		assert_false(silence_is(&s, MIXER_CODEC_G722, &codes[i * CODES],
					CODES));
	g722_follow(&g, &mean, codes, sizeof(codes));
	assert_true(mean.low <= SILENCE_MEAN);
}

/* Does a latecomer hear the last packet, before which so many were lost? */
static bool hears_last(const uint8_t *codes, unsigned n, unsigned lost)
{
	const struct pace_speech sp = {MIXER_CODEC_G722, 8000};
	struct replay_pool pool;
	struct pace pc = {.begun = false};
	struct pace_out out;
	struct replay *r;
	uint64_t now = 1;
	uint32_t k, last = 0;

	assert_int_equal(replay_pool_init(&pool, 4 * REPLAY_CHUNK_BYTES, 10000),
			 0);
	r = replay_open(&pool, 1);
	assert_non_null(r);
	for (k = 0; k < n; k++) {
		const struct burst_stamp st = {.idx = k, .ts = k * CODES};

		if (k + 1 == n || k + 1 + lost < n)
			assert_true(replay_put(r, &st, now, &codes[k * CODES],
					       CODES));
	}
	do {
		pace_step(&pc, r, &sp, now, &out);
		if (out.type == PACE_WAIT)
			now = out.at_us;
		if (out.type == PACE_SEND)
			last = out.packet.stamp.idx + pc.idx_off;
	} while (out.type != PACE_END);
	replay_unref(r);
	replay_pool_fini(&pool);
	return last == n - 1;
}

/* Quiet, then packets are lost in which a soft word has begun: the state from
 * before the hole would take it for quiet */
static void lost_is_a_hole(void **state)
{
	enum { AT = SECOND, N = AT + LOST + 1 };
	static int16_t v[N * SAMPLES];
	static uint8_t codes[N * CODES];
	double most;
	size_t i;

	(void)state;
	for (most = 95; most < 440; most += 5) {
		tone(v, N * SAMPLES, 440, most);
		for (i = 0; i < AT * SAMPLES; i++)
			v[i] = room();
		g722_sound(codes, v, N * SAMPLES);
		assert_true(hears_last(codes, N, LOST));
	}
	for (i = 0; i < N * SAMPLES; i++)
		v[i] = room();
	g722_sound(codes, v, N * SAMPLES);
	assert_false(hears_last(codes, N, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mean_is_the_decoders),
		cmocka_unit_test(any_codes),
		cmocka_unit_test(hum_is_not_silent),
		cmocka_unit_test(whistle_is_not_silent),
		cmocka_unit_test(mmm_is_not_silent),
		cmocka_unit_test(pauses_are_silent),
		cmocka_unit_test(hiss_is_not_silent),
		cmocka_unit_test(lost_is_a_hole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

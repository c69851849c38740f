/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file g711_test.c  PCMU and PCMA samples, every code and every sample
 *
 * The known values are the ends of the segments, as two other implementations
 * have them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "wire/g711.h"

struct known {
	uint8_t code;
	int16_t sample;
};

static const struct known ulaw[] = {
	{0x80, 32124}, {0x90, 15996}, {0xa0, 7932}, {0xb0, 3900},
	{0xc0, 1884}, {0xd0, 876}, {0xe0, 372}, {0xf0, 120},
	{0x8f, 16764}, {0x9f, 8316}, {0xaf, 4092}, {0xbf, 1980},
	{0xcf, 924}, {0xdf, 396}, {0xef, 132}, {0xff, 0},
};

static const struct known alaw[] = {
	{0x80, 5504}, {0x90, 2752}, {0xa0, 22016}, {0xb0, 11008},
	{0xc0, 344}, {0xd0, 88}, {0xe0, 1376}, {0xf0, 688},
	{0x8f, 6784}, {0x9f, 3392}, {0xaf, 27136}, {0xbf, 13568},
	{0xcf, 424}, {0xdf, 168}, {0xef, 1696}, {0xff, 848},
};

static void known_values(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ulaw) / sizeof(ulaw[0]); i++) {
		const uint8_t code = ulaw[i].code;
		const int16_t sample = ulaw[i].sample;

		assert_int_equal(g711_ulaw_sample(code), sample);
		assert_int_equal(g711_ulaw_sample(code ^ 0x80), -sample);
		assert_int_equal(g711_ulaw(sample), code);
	}
	for (i = 0; i < sizeof(alaw) / sizeof(alaw[0]); i++) {
		const uint8_t code = alaw[i].code;
		const int16_t sample = alaw[i].sample;

		assert_int_equal(g711_alaw_sample(code), sample);
		assert_int_equal(g711_alaw_sample(code ^ 0x80), -sample);
		assert_int_equal(g711_alaw(sample), code);
	}
	assert_int_equal(g711_ulaw(0), G711_ULAW_ZERO);
	assert_int_equal(g711_alaw(0), G711_ALAW_ZERO);
	assert_int_equal(g711_ulaw(32767), 0x80);
	assert_int_equal(g711_ulaw(-32768), 0x00);
	assert_int_equal(g711_alaw(32767), 0xaa);
	assert_int_equal(g711_alaw(-32768), 0x2a);
}

static void codes_round_trip(void **state)
{
	uint8_t in[256], out[256];
	int16_t pcm[256];
	int c;

	(void)state;
	for (c = 0; c < 256; c++)
		in[c] = (uint8_t)c;

	g711_alaw_decode(pcm, in, 256);
	g711_alaw_encode(out, pcm, 256);
	assert_memory_equal(out, in, 256);

	/* mu-law has two zeros; linear has one */
	g711_ulaw_decode(pcm, in, 256);
	g711_ulaw_encode(out, pcm, 256);
	assert_int_equal(pcm[0x7f], 0);
	assert_int_equal(out[0x7f], 0xff);
	out[0x7f] = 0x7f;
	assert_memory_equal(out, in, 256);
}

/* No other code is nearer to a sample than its own, but for the rounding of
 * 16 bits to 14 and 13; the order of samples is kept. */
static void samples_quantised(void **state)
{
	int s, last_u = INT16_MIN, last_a = INT16_MIN;

	(void)state;
	for (s = INT16_MIN; s <= INT16_MAX; s++) {
		const int u = g711_ulaw_sample(g711_ulaw((int16_t)s));
		const int a = g711_alaw_sample(g711_alaw((int16_t)s));
		const int mag = abs(s);

		assert_true(u >= last_u && a >= last_a);
		last_u = u;
		last_a = a;
		/* Half a step is 1/32 of the sample or less, the first
		 * segment has steps of 8 and 16, the last one clips */
		if (mag <= 32124)
			assert_true(abs(s - u) <= mag / 32 + 8);
		if (mag <= 32256)
			assert_true(abs(s - a) <= mag / 32 + 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_values),
		cmocka_unit_test(codes_round_trip),
		cmocka_unit_test(samples_quantised),
	};

	return cmocka_run_group_tests_name("g711", tests, NULL, NULL);
}

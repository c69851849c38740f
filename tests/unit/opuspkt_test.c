/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file opuspkt_test.c  Opus packets by RFC 6716 section 3, beside libopus
 */
#include <errno.h>
#include <opus.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "wire/opuspkt.h"

enum { BYTES = 4096 };

/* Ours says of these bytes what libopus says */
static void both(const uint8_t *p, size_t len)
{
	const uint8_t *frames[48];
	opus_int16 bytes[48];
	struct opuspkt o;
	unsigned i;
	int n, at;

	n = opus_packet_parse(p, (opus_int32)len, NULL, frames, bytes, &at);
	if (n <= 0) {
		assert_int_equal(opuspkt_decode(&o, p, len), EBADMSG);
		return;
	}
	assert_int_equal(opuspkt_decode(&o, p, len), 0);
	assert_int_equal(o.n, n);
	for (i = 0; i < o.n; i++) {
		assert_int_equal(o.v[i].bytes, bytes[i]);
		assert_ptr_equal(p + o.v[i].at, frames[i]);
	}
	assert_int_equal(o.stereo, opus_packet_get_nb_channels(p) == 2);
	assert_int_equal(o.frame_us * 6 / 125,
			 opus_packet_get_samples_per_frame(p, 48000));
	if (o.mode != OPUSPKT_CELT)
		return;
	assert_int_equal(o.band >= OPUSPKT_WIDE ? o.band - 1 : 0,
			 (p[0] >> 5) & 3);
}

/* Each first byte, each second and many lengths */
static void as_libopus_reads_it(void **state)
{
	static const size_t lens[] = {1, 2, 3, 4, 5, 7, 10, 48, 49, 100, 255,
				      256, 507, 508, 1000, 1276, 1277, 2551,
				      2552, 2553, 2554, 3829};
	static uint8_t p[BYTES];
	unsigned toc, next, i, k;

	(void)state;
	srand(1);
	for (toc = 0; toc < 256; toc++)
		for (next = 0; next < 256; next++)
			for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
				for (k = 2; k < 12; k++)
					p[k] = (uint8_t)(rand() % 9 ? rand()
								    : 255);
				p[0] = (uint8_t)toc;
				p[1] = (uint8_t)next;
				both(p, lens[i]);
			}
}

static void nothing_is_no_packet(void **state)
{
	static const uint8_t one[] = {0x08};
	struct opuspkt o;

	(void)state;
	assert_int_equal(opuspkt_decode(&o, one, 0), EBADMSG);
	assert_int_equal(opuspkt_decode(&o, NULL, 0), EBADMSG);
	assert_int_equal(opuspkt_decode(&o, one, 1), 0);
	assert_int_equal(opuspkt_voice(&o, one), OPUSPKT_NO_VOICE);
}

static enum opuspkt_voice voice(const uint8_t *p, size_t len)
{
	struct opuspkt o;

	assert_int_equal(opuspkt_decode(&o, p, len), 0);
	return opuspkt_voice(&o, p);
}

#define VOICE(...)                                                            \
	voice((const uint8_t[]){__VA_ARGS__},                                 \
	      sizeof((const uint8_t[]){__VA_ARGS__}))

/* Bits of section 4.2.3 in each packing; TOC is config << 3 | s << 2 | c */
static void voice_of_silk(void **state)
{
	(void)state;
	/* 20 ms: one bit, then that of redundancy */
	assert_int_equal(VOICE(9 << 3, 0x80, 1), OPUSPKT_VOICE);
	assert_int_equal(VOICE(9 << 3, 0x7f, 1), OPUSPKT_NO_VOICE);
	/* 10 ms */
	assert_int_equal(VOICE(8 << 3, 0x80, 1), OPUSPKT_VOICE);
	assert_int_equal(VOICE(8 << 3, 0x40, 1), OPUSPKT_NO_VOICE);
	/* 40 ms: two bits; 60 ms: three */
	assert_int_equal(VOICE(10 << 3, 0x40, 1), OPUSPKT_VOICE);
	assert_int_equal(VOICE(10 << 3, 0x3f, 1), OPUSPKT_NO_VOICE);
	assert_int_equal(VOICE(11 << 3, 0x20, 1), OPUSPKT_VOICE);
	assert_int_equal(VOICE(11 << 3, 0x1f, 1), OPUSPKT_NO_VOICE);
	/* Stereo: those of the side behind the redundancy of the middle */
	assert_int_equal(VOICE(9 << 3 | 4, 0x20, 1), OPUSPKT_VOICE);
	assert_int_equal(VOICE(9 << 3 | 4, 0x5f, 1), OPUSPKT_NO_VOICE);
	assert_int_equal(VOICE(11 << 3 | 4, 0x02, 1), OPUSPKT_VOICE);
	assert_int_equal(VOICE(11 << 3 | 4, 0x11, 1), OPUSPKT_NO_VOICE);
	/* Hybrid */
	assert_int_equal(VOICE(13 << 3, 0x80, 1), OPUSPKT_VOICE);
	assert_int_equal(VOICE(15 << 3, 0x7f, 1), OPUSPKT_NO_VOICE);
	/* CELT alone has none */
	assert_int_equal(VOICE(31 << 3, 0x80, 1), OPUSPKT_UNKNOWN);
	assert_int_equal(VOICE(31 << 3, 0x00, 1), OPUSPKT_UNKNOWN);
	/* Nothing is sent: of any */
	assert_int_equal(VOICE(9 << 3, 0xff), OPUSPKT_NO_VOICE);
	assert_int_equal(VOICE(31 << 3, 0xff), OPUSPKT_NO_VOICE);
}

static void voice_in_any_frame(void **state)
{
	(void)state;
	/* Two equal */
	assert_int_equal(VOICE(9 << 3 | 1, 0x00, 1, 0x80, 1), OPUSPKT_VOICE);
	assert_int_equal(VOICE(9 << 3 | 1, 0x00, 0x80, 0x7f, 1),
			 OPUSPKT_NO_VOICE);
	/* Two, the first of three bytes */
	assert_int_equal(VOICE(9 << 3 | 2, 3, 0x00, 1, 1, 0x80, 1),
			 OPUSPKT_VOICE);
	assert_int_equal(VOICE(9 << 3 | 2, 3, 0x00, 0x80, 0x80, 0x40, 1),
			 OPUSPKT_NO_VOICE);
	/* Three, of one length; of different ones and padded */
	assert_int_equal(VOICE(9 << 3 | 3, 3, 0, 1, 0, 1, 0x80, 1),
			 OPUSPKT_VOICE);
	assert_int_equal(VOICE(9 << 3 | 3, 0xc3, 2, 2, 3, 0, 1, 0, 1, 1, 0x80,
			       1, 0xff, 0xff),
			 OPUSPKT_VOICE);
	assert_int_equal(VOICE(9 << 3 | 3, 0xc3, 2, 2, 3, 0, 1, 0, 1, 1, 0x40,
			       1, 0xff, 0xff),
			 OPUSPKT_NO_VOICE);
	/* One that was not sent between */
	assert_int_equal(VOICE(9 << 3 | 3, 0x83, 2, 0, 0, 1, 0x80, 1),
			 OPUSPKT_VOICE);
	assert_int_equal(VOICE(31 << 3 | 3, 0x83, 0, 0), OPUSPKT_NO_VOICE);
}

/* No part of a packet, as long as its memory, is read beyond */
static void truncated(void **state)
{
	static const uint8_t whole[] = {9 << 3 | 3, 0xc4, 3,  2,  2, 2, 0x80,
					1,	    0x80, 1,  0,  1, 0, 1, 0,
					0,	    0};
	size_t n;

	(void)state;
	for (n = 1; n <= sizeof(whole); n++) {
		uint8_t *p = malloc(n);

		assert_non_null(p);
		memcpy(p, whole, n);
		both(p, n);
		free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_libopus_reads_it),
		cmocka_unit_test(nothing_is_no_packet),
		cmocka_unit_test(voice_of_silk),
		cmocka_unit_test(voice_in_any_frame),
		cmocka_unit_test(truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rtp_test.c  RTP headers (missions P7, P8)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "wire/rtp.h"

/* A copy in an allocation of its own size, so that valgrind and
 * AddressSanitizer see a read of one byte too many */
static int decode(struct rtpw_hdr *hdr, const uint8_t *p, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, p, len);
	err = rtpw_decode(hdr, copy, len);
	free(copy);
	return err;
}

static void header_both_ways(void **state)
{
	static const uint8_t want[] = {0x80, 0x80 | 111, 0x12, 0x34, 0xde, 0xad,
				       0xbe, 0xef, 0x00, 0x00, 0xa1, 0x1c};
	uint8_t buf[RTPW_HEADER_BYTES + 3] = {0};
	struct rtpw_hdr hdr;

	(void)state;
	rtpw_encode(buf, true, 111, 0x1234, 0xdeadbeef, 0xa11c);
	assert_memory_equal(buf, want, sizeof(want));

	assert_int_equal(decode(&hdr, buf, sizeof(buf)), 0);
	assert_true(hdr.marker);
	assert_int_equal(hdr.pt, 111);
	assert_int_equal(hdr.seq, 0x1234);
	assert_int_equal(hdr.ts, 0xdeadbeef);
	assert_int_equal(hdr.ssrc, 0xa11c);
	assert_int_equal(hdr.payload, 12);
	assert_int_equal(hdr.payload_bytes, 3);

	/* The keep-alive of RFC 6263: no payload */
	assert_int_equal(decode(&hdr, buf, 12), 0);
	assert_int_equal(hdr.payload_bytes, 0);

	buf[0] = 0x40;
	assert_int_equal(decode(&hdr, buf, sizeof(buf)), EBADMSG);
}

/* 2 CSRCs, an extension of 1 word, 5 bytes of payload, 3 of padding */
static const uint8_t full[] = {
	0xb2, 0x00, 0x00, 0x01, 0, 0, 0, 160, 0, 0, 0xa1, 0x1c, /* header */
	0, 0, 0, 1, 0, 0, 0, 2,                                 /* CSRC */
	0xbe, 0xde, 0, 1, 0x10, 0xff, 0, 0,                     /* extension */
	'h', 'e', 'l', 'l', 'o', 0, 0, 3};

static void every_part(void **state)
{
	struct rtpw_hdr hdr;

	(void)state;
	assert_int_equal(decode(&hdr, full, sizeof(full)), 0);
	assert_false(hdr.marker);
	assert_int_equal(hdr.payload, 28);
	assert_int_equal(hdr.payload_bytes, 5);
}

static void truncations(void **state)
{
	struct rtpw_hdr hdr = {.seq = 77};
	size_t n;

	(void)state;
	for (n = 0; n < 28; n++) {
		assert_int_equal(decode(&hdr, full, n), EBADMSG);
		assert_int_equal(hdr.seq, 77);
	}
}

static void padding_bounds(void **state)
{
	uint8_t buf[sizeof(full)];
	struct rtpw_hdr hdr;
	unsigned n;

	(void)state;
	memcpy(buf, full, sizeof(buf));
	for (n = 0; n < 256; n++) {
		buf[sizeof(buf) - 1] = (uint8_t)n;
		if (n == 0 || n > 8) {
			assert_int_equal(decode(&hdr, buf, sizeof(buf)),
					 EBADMSG);
			continue;
		}
		assert_int_equal(decode(&hdr, buf, sizeof(buf)), 0);
		assert_int_equal(hdr.payload_bytes, 8 - n);
	}
	/* The P bit with nothing behind the header */
	buf[0] = 0xa0;
	assert_int_equal(decode(&hdr, buf, 12), EBADMSG);
}

/* RFC 5761 section 4: all second octets */
static void demultiplex(void **state)
{
	uint8_t buf[8] = {0x80};
	unsigned b;

	(void)state;
	for (b = 0; b < 256; b++) {
		buf[1] = (uint8_t)b;
		assert_int_equal(rtcpw_is(buf, sizeof(buf)),
				 b >= 192 && b <= 223);
	}
	buf[1] = 200;
	assert_false(rtcpw_is(buf, 7));
	buf[0] = 0x00; /* STUN */
	assert_false(rtcpw_is(buf, sizeof(buf)));
	buf[0] = 0x16; /* DTLS */
	assert_false(rtcpw_is(buf, sizeof(buf)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_both_ways),
		cmocka_unit_test(every_part),
		cmocka_unit_test(truncations),
		cmocka_unit_test(padding_bounds),
		cmocka_unit_test(demultiplex),
	};

	return cmocka_run_group_tests_name("rtp", tests, NULL, NULL);
}

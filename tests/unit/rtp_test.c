/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rtp_test.c  RTP and RTCP headers (missions P7, P8)
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

static int rtcp_decode(struct rtcpw_info *info, const uint8_t *p, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, p, len);
	err = rtcpw_decode(info, copy, len);
	free(copy);
	return err;
}

static void report_both_ways(void **state)
{
	const struct rtcpw_sr sr = {.ntp = 0xe8f7a00080000000,
				    .rtp_ts = 160,
				    .packets = 50,
				    .bytes = 8000};
	char cname[257];
	size_t n, len;

	(void)state;
	memset(cname, 'c', sizeof(cname));
	for (n = 0; n <= 255; n++) {
		uint8_t buf[512];
		struct rtcpw_info info;

		cname[n] = '\0';
		assert_int_equal(rtcpw_encode(buf, sizeof(buf), 0xa11c, &sr,
					      cname, &len), 0);
		assert_int_equal(len % 4, 0);
		assert_true(rtcpw_is(buf, len));
		assert_int_equal(rtcp_decode(&info, buf, len), 0);
		assert_true(info.sr && info.sdes && !info.rr && !info.bye);
		assert_int_equal(info.ssrc, 0xa11c);
		/* The item's end is marked: a zero behind the text */
		assert_int_equal(buf[28 + 10 + n], 0);

		assert_int_equal(rtcpw_encode(buf, sizeof(buf), 0xa11c, NULL,
					      cname, &len), 0);
		assert_int_equal(rtcp_decode(&info, buf, len), 0);
		assert_true(info.rr && info.sdes && !info.sr);
		cname[n] = 'c';
	}
	cname[256] = '\0';
	{
		uint8_t buf[512];

		assert_int_equal(rtcpw_encode(buf, sizeof(buf), 1, NULL, cname,
					      &len), EINVAL);
	}
}

static void report_bytes(void **state)
{
	static const uint8_t want[] = {
		0x80, 200, 0, 6, 0, 0, 0xa1, 0x1c, 0xe8, 0xf7, 0xa0, 0,
		0x80, 0, 0, 0, 0, 0, 0, 160, 0, 0, 0, 50, 0, 0, 0x1f, 0x40,
		0x81, 202, 0, 2, 0, 0, 0xa1, 0x1c, 1, 1, 'x', 0};
	const struct rtcpw_sr sr = {.ntp = 0xe8f7a00080000000,
				    .rtp_ts = 160,
				    .packets = 50,
				    .bytes = 8000};
	uint8_t buf[sizeof(want)];
	size_t len = 7, n;

	(void)state;
	for (n = 0; n < sizeof(want); n++) {
		assert_int_equal(rtcpw_encode(buf, n, 0xa11c, &sr, "x", &len),
				 EOVERFLOW);
		assert_int_equal(len, 7);
	}
	assert_int_equal(rtcpw_encode(buf, sizeof(buf), 0xa11c, &sr, "x",
				      &len), 0);
	assert_int_equal(len, sizeof(want));
	assert_memory_equal(buf, want, sizeof(want));
}

static void compound_bounds(void **state)
{
	/* RR with one block, BYE of one source with padding */
	uint8_t buf[] = {0x81, 201, 0, 7, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0,
			 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
			 0xa1, 203, 0, 2, 0, 0, 0, 9, 0, 0, 0, 4};
	struct rtcpw_info info;
	size_t n;

	(void)state;
	assert_int_equal(rtcp_decode(&info, buf, sizeof(buf)), 0);
	assert_true(info.rr && info.bye && !info.sr && !info.sdes);
	assert_int_equal(info.ssrc, 9);

	for (n = 0; n < sizeof(buf); n++)
		if (n != 32)
			assert_int_equal(rtcp_decode(&info, buf, n), EBADMSG);

	buf[0] = 0x82; /* two blocks do not fit */
	assert_int_equal(rtcp_decode(&info, buf, sizeof(buf)), EBADMSG);
	buf[0] = 0xa0; /* padding in a packet that is not the last */
	buf[31] = 4;
	assert_int_equal(rtcp_decode(&info, buf, sizeof(buf)), EBADMSG);
	assert_int_equal(rtcp_decode(&info, buf, 32), 0);
	buf[31] = 0;
	buf[0] = 0x81; /* an SR of 28 bytes has no room for a block */
	buf[1] = 200;
	assert_int_equal(rtcp_decode(&info, buf, sizeof(buf)), EBADMSG);
	buf[0] = 0x80;
	assert_int_equal(rtcp_decode(&info, buf, sizeof(buf)), 0);
	buf[1] = 201;
	buf[0] = 0x81;
	buf[32] = 0xa2; /* two sources do not fit behind the padding */
	assert_int_equal(rtcp_decode(&info, buf, sizeof(buf)), EBADMSG);
	buf[32] = 0x61; /* version 1 */
	assert_int_equal(rtcp_decode(&info, buf, sizeof(buf)), EBADMSG);
}

/* RFC 5506: feedback alone; the APP of the floor channel too */
static void reduced_size(void **state)
{
	static const uint8_t nack[] = {0x81, 205, 0, 3, 0, 0, 0, 1,
				       0, 0, 0, 2, 0, 1, 0, 0};
	static const uint8_t app[] = {0x85, 204, 0, 2, 0, 0, 0, 1,
				      'P', 'o', 'C', '1'};
	struct rtcpw_info info;

	(void)state;
	assert_int_equal(rtcp_decode(&info, nack, sizeof(nack)), 0);
	assert_int_equal(info.ssrc, 0);
	assert_false(info.sr || info.rr || info.sdes || info.bye);
	assert_int_equal(rtcp_decode(&info, app, sizeof(app)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_both_ways),
		cmocka_unit_test(every_part),
		cmocka_unit_test(truncations),
		cmocka_unit_test(padding_bounds),
		cmocka_unit_test(demultiplex),
		cmocka_unit_test(report_both_ways),
		cmocka_unit_test(report_bytes),
		cmocka_unit_test(compound_bounds),
		cmocka_unit_test(reduced_size),
	};

	return cmocka_run_group_tests_name("rtp", tests, NULL, NULL);
}

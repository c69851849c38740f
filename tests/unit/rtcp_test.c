/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rtcp_test.c  RTCP packets (missions P7, P8)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/rtcp.h"
#include "wire/rtp.h"

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

/* Blocks about others are passed over, in every packet of the compound */
static void blocks(void **state)
{
	static const uint8_t pkt[] = {
		0x80, 200, 0, 6, 0, 0, 0, 5, 1, 2, 3, 4, 5, 6, 7, 8,
		0, 0, 0, 160, 0, 0, 0, 50, 0, 0, 0x1f, 0x40,
		0x82, 201, 0, 13, 0, 0, 0, 5,
		0, 0, 0, 7, 1, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4,
		0, 0, 0, 5,
		0, 0, 0, 8, 0x40, 0xff, 0xff, 0xfe, 0, 1, 0, 2, 0, 0, 0, 9,
		0xaa, 0xbb, 0xcc, 0xdd, 0, 1, 0, 0,
		0x82, 203, 0, 2, 0, 0, 0, 5, 0, 0, 0, 6};
	const struct rtcpw_block was = {.ssrc = 99};
	struct rtcpw_block b = was;
	struct rtcpw_info info;

	(void)state;
	assert_int_equal(rtcp_decode(&info, pkt, sizeof(pkt)), 0);
	assert_true(info.sr && info.rr && info.bye);
	assert_int_equal(info.sent_ssrc, 5);
	assert_true(info.sent.ntp == 0x0102030405060708);
	assert_int_equal(info.sent.bytes, 8000);

	assert_false(rtcpw_block_find(&b, pkt, sizeof(pkt), 5));
	assert_int_equal(b.ssrc, 99);
	assert_true(rtcpw_block_find(&b, pkt, sizeof(pkt), 8));
	assert_int_equal(b.ssrc, 8);
	assert_int_equal(b.fraction, 64);
	assert_int_equal(b.lost, -2);
	assert_int_equal(b.highest, 0x10002);
	assert_int_equal(b.jitter, 9);
	assert_int_equal(b.lsr, 0xaabbccdd);
	assert_int_equal(b.dlsr, 0x10000);

	assert_true(rtcpw_bye_of(pkt, sizeof(pkt), 5));
	assert_true(rtcpw_bye_of(pkt, sizeof(pkt), 6));
	assert_false(rtcpw_bye_of(pkt, sizeof(pkt), 8));
}

/* What we write is read again, whatever is in it */
static void report_whole(void **state)
{
	static const int32_t lostv[] = {0, 1, -1, 0x7fffff, -0x800000,
					0x800000, INT32_MIN, INT32_MAX};
	static const int32_t wantv[] = {0, 1, -1, 0x7fffff, -0x800000,
					0x7fffff, -0x800000, 0x7fffff};
	const struct rtcpw_sr sr = {.ntp = 7, .rtp_ts = 8};
	struct rtcpw_block b = {.ssrc = 3,
				.fraction = 255,
				.highest = 0x12345,
				.jitter = 17,
				.lsr = 0xfffffffe,
				.dlsr = 65536};
	const struct rtcpw_report r = {.ssrc = 0xa11c,
				       .sr = &sr,
				       .block = &b,
				       .cname = "x",
				       .bye = true};
	size_t i, n, len;

	(void)state;
	for (i = 0; i < sizeof(lostv) / sizeof(lostv[0]); i++) {
		struct rtcpw_block got;
		struct rtcpw_info info;
		uint8_t buf[72];

		b.lost = lostv[i];
		for (n = 0; n < sizeof(buf); n++)
			assert_int_equal(rtcpw_report_encode(buf, n, &r, &len),
					 EOVERFLOW);
		assert_int_equal(rtcpw_report_encode(buf, sizeof(buf), &r,
						     &len), 0);
		assert_int_equal(len, sizeof(buf));
		assert_int_equal(rtcp_decode(&info, buf, len), 0);
		assert_true(info.sr && info.sdes && info.bye && !info.rr);
		assert_true(rtcpw_bye_of(buf, len, 0xa11c));
		assert_true(rtcpw_block_find(&got, buf, len, 3));
		assert_int_equal(got.lost, wantv[i]);
		assert_int_equal(got.fraction, 255);
		assert_int_equal(got.highest, 0x12345);
		assert_int_equal(got.lsr, 0xfffffffe);
		assert_int_equal(got.dlsr, 65536);
	}
}

/* Types that RTCP does not have (RFC 5761 section 4) */
static void foreign_types(void **state)
{
	uint8_t pkt[] = {0x80, 201, 0, 1, 0, 0, 0, 9};
	struct rtcpw_info info;
	unsigned t;

	(void)state;
	for (t = 0; t < 256; t++) {
		pkt[1] = (uint8_t)t;
		pkt[3] = t == RTCPW_SR ? 6 : 1;
		if (t == RTCPW_SR || t == RTCPW_APP)
			continue;
		assert_int_equal(rtcp_decode(&info, pkt, sizeof(pkt)),
				 t >= 192 && t <= 223 ? 0 : EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(report_both_ways),
		cmocka_unit_test(report_bytes),
		cmocka_unit_test(compound_bounds),
		cmocka_unit_test(reduced_size),
		cmocka_unit_test(blocks),
		cmocka_unit_test(report_whole),
		cmocka_unit_test(foreign_types),
	};

	return cmocka_run_group_tests_name("rtcp", tests, NULL, NULL);
}

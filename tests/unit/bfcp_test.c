/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bfcp_test.c  BFCP on the wire (mission P10)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/bfcp_same.h"
#include "tests/unit/unhex.h"
#include "tests/vectors/bfcp.h"

enum { VECTORS = sizeof(bfcp_vectors) / sizeof(bfcp_vectors[0]) };

static void vectors_both_ways(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < VECTORS; i++) {
		const struct bfcp_vector *v = &bfcp_vectors[i];
		uint8_t in[256], out[256];
		struct bfc_msg msg;
		size_t len = 0;
		const size_t n = unhex(in, sizeof(in), v->hex);

		assert_int_equal(bfc_decode(&msg, in, n), 0);
		assert_int_equal(msg.fault, BFC_ERR_NONE);
		bfcp_same(&msg, &v->msg);

		assert_int_equal(bfc_encode(out, sizeof(out), &v->msg, &len),
				 0);
		assert_int_equal(len, n);
		assert_memory_equal(out, in, n);
		assert_int_equal(bfc_encode(out, sizeof(out), &msg, &len), 0);
		assert_memory_equal(out, in, n);
	}
	assert_int_equal(VECTORS, 34);
}

/* Each truncation lies in an allocation of its own size: valgrind and
 * AddressSanitizer see a read of one byte too many. */
static void truncations_refused(void **state)
{
	size_t i, n;

	(void)state;
	for (i = 0; i < VECTORS; i++) {
		uint8_t in[256];
		const size_t len = unhex(in, sizeof(in), bfcp_vectors[i].hex);

		for (n = 0; n < len; n++) {
			uint8_t *p = malloc(n ? n : 1);
			struct bfc_msg msg = {.user = 77};
			int err;

			assert_non_null(p);
			memcpy(p, in, n);
			err = bfc_decode(&msg, p, n);
			assert_int_equal(err, n < 12 ? EBADMSG : EPROTO);
			if (n < 12)
				assert_int_equal(msg.user, 77);
			else
				assert_int_equal(msg.fault, BFC_ERR_LENGTH);
			free(p);
		}
	}
}

/* The header's own length shortened word by word: an attribute ends early,
 * which is refused, or the message ends between two */
static void short_payloads(void **state)
{
	size_t i, words;

	(void)state;
	for (i = 0; i < VECTORS; i++) {
		uint8_t in[256];
		const size_t len = unhex(in, sizeof(in), bfcp_vectors[i].hex);

		for (words = 3; words < len / 4; words++) {
			uint8_t *p = malloc(4 * words);
			struct bfc_msg msg;

			assert_non_null(p);
			memcpy(p, in, 4 * words);
			p[3] = (uint8_t)(words - 3);
			if (bfc_decode(&msg, p, 4 * words))
				assert_int_equal(msg.fault, BFC_ERR_PARSE);
			free(p);
		}
	}
}

static int decode_hex(struct bfc_msg *msg, const char *hex)
{
	static uint8_t buf[512]; /* texts of msg point here */

	return bfc_decode(msg, buf, unhex(buf, sizeof(buf), hex));
}

/* Each with the Error that its sender is told */
static void faults_named(void **state)
{
	static const struct {
		const char *hex;
		enum bfc_error fault;
	} bad[] = {
		{"000b0000000010e10001000a", BFC_ERR_VERSION},
		{"600b0000000010e10001000a", BFC_ERR_VERSION},
		{"800b0000000010e10001000a", BFC_ERR_VERSION},
		{"480b0000000010e10001000a00000000", BFC_ERR_PARSE},
		{"400b0001000010e10001000a", BFC_ERR_LENGTH},
		{"400b0000000010e10001000a00000000", BFC_ERR_LENGTH},
		{"400bffff000010e10001000a", BFC_ERR_LENGTH},
		{"40000000000010e10001000a", BFC_ERR_PRIMITIVE},
		{"40120000000010e10001000a", BFC_ERR_PRIMITIVE},
		{"40ff0000000010e10001000a", BFC_ERR_PRIMITIVE},
		{"200e0000000010e10001000a", BFC_ERR_PRIMITIVE},
		/* Lengths of 0 and 1, of a floor of 3 and 6 */
		{"40010001000010e10002000a05000001", BFC_ERR_PARSE},
		{"40010001000010e10002000a05010001", BFC_ERR_PARSE},
		{"40010001000010e10002000a05030001", BFC_ERR_PARSE},
		{"40010002000010e10002000a0506000100000000", BFC_ERR_PARSE},
		/* Beyond the message */
		{"40010001000010e10002000a05080001", BFC_ERR_PARSE},
		/* An error code of none, a group without its number */
		{"500d0001000010e1000600630d020000", BFC_ERR_PARSE},
		{"40040001000010e10006000a1f020000", BFC_ERR_PARSE},
		{"40040001000010e10006000a1f030000", BFC_ERR_PARSE},
		/* An inner attribute beyond its group */
		{"40040003000010e10006000a1f0800070b080300230800010b040300",
		 BFC_ERR_LENGTH},
		{"40040003000010e10006000a1f08000725080007" "0b040300",
		 BFC_ERR_PARSE},
		/* 19 with the M bit, at the top and three groups deep */
		{"40010002000010e10002000a0504000127040000",
		 BFC_ERR_ATTRIBUTE},
		{"40040003000010e10006000a1f0c00072508000727040000",
		 BFC_ERR_ATTRIBUTE},
		{"40010002000010e10002000a0504000101040000",
		 BFC_ERR_ATTRIBUTE},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct bfc_msg msg;

		assert_int_equal(decode_hex(&msg, bad[i].hex), EPROTO);
		assert_int_equal(msg.fault, bad[i].fault);
		/* Enough is there to answer */
		assert_int_equal(msg.conference, 4321);
		if (msg.fault == BFC_ERR_ATTRIBUTE) {
			assert_int_equal(msg.unknown_n, 1);
			assert_true(msg.unknown[0] == 19 << 1 ||
				    msg.unknown[0] == 0);
		}
	}
}

/* Unknown attributes without the M bit, in any place; attributes of ours in
 * any order; more of them than there is room for */
static void tolerated(void **state)
{
	struct bfc_msg msg;

	(void)state;
	assert_int_equal(decode_hex(&msg, "40010004000010e10002000a"
					  "09048000" "2605ff00ff000000"
					  "05040002"), 0);
	assert_int_equal(msg.priority, 4);
	assert_int_equal(msg.floors_n, 1);
	assert_int_equal(msg.floors[0], 2);
	assert_int_equal(msg.unknown_n, 0);

	/* A text's padding inside a group that the group does not count */
	assert_int_equal(decode_hex(&msg, "40040003000010e10006000a"
					  "1f0b0007" "13077175" "65756500"),
			 0);
	assert_int_equal(msg.requests[0].overall.here, false);
	assert_int_equal(decode_hex(&msg, "40040003000010e10006000a"
					  "1f0b0007" "11077175" "65756500"),
			 0);
	assert_int_equal(msg.requests[0].info.l, 5);

	/* Six floors: the first four count */
	assert_int_equal(decode_hex(&msg, "40070006000010e10002000a"
					  "0504000105040002050400030504000405"
					  "04000505040006"), 0);
	assert_int_equal(msg.floors_n, BFC_FLOORS_MAX);
	assert_int_equal(msg.floors[3], 4);
	/* A reserved bit is not looked at; a priority of 7 is read */
	assert_int_equal(decode_hex(&msg, "47010001000010e10002000a0904ffff"),
			 0);
	assert_int_equal(msg.priority, 7);
	/* The R bit is reserved in version 1 */
	assert_int_equal(decode_hex(&msg, "300b0000000010e10001000a"), 0);
	assert_false(msg.response);
	/* Error of which attributes, and in words */
	assert_int_equal(decode_hex(&msg, "500d0004000010e100060063"
					  "0d0504262a0000000f066e6f70650000"),
			 0);
	assert_int_equal(msg.error, BFC_ERR_ATTRIBUTE);
	assert_int_equal(msg.details.l, 2);
	assert_memory_equal(msg.error_info.p, "nope", 4);
}

static void many_requests(void **state)
{
	struct bfc_msg msg = {.version = 2, .prim = BFC_FLOOR_STATUS,
			      .requests_n = BFC_REQUESTS_MAX};
	uint8_t buf[BFC_MAX_BYTES + 64];
	struct bfc_msg back;
	size_t len = 0, i, k;

	(void)state;
	for (i = 0; i < BFC_REQUESTS_MAX; i++) {
		struct bfc_request *r = &msg.requests[i];

		r->id = (uint16_t)(i + 1);
		r->floors_n = BFC_FLOORS_MAX;
		for (k = 0; k < BFC_FLOORS_MAX; k++)
			r->floors[k] = (struct bfc_status){
				.here = true, .id = (uint16_t)k,
				.has_status = true, .status = BFC_ACCEPTED,
				.position = (uint8_t)i};
	}
	assert_int_equal(bfc_encode(buf, sizeof(buf), &msg, &len), 0);
	assert_int_equal(bfc_decode(&back, buf, len), 0);
	bfcp_same(&back, &msg);

	/* One more than we keep, with one more floor than we keep */
	memcpy(buf + len, "\x1f\x2c\0\x63", 4);
	for (k = 0; k < 5; k++)
		memcpy(buf + len + 4 + 8 * k, "\x23\x08\0\x09\x0b\4\3\0", 8);
	len += 44;
	buf[2] = (uint8_t)((len - 12) / 4 >> 8);
	buf[3] = (uint8_t)((len - 12) / 4);
	assert_int_equal(bfc_decode(&back, buf, len), 0);
	bfcp_same(&back, &msg);
}

static void encode_bounds(void **state)
{
	static const struct bfc_text none = {.p = NULL, .l = 1};
	char text[256];
	uint8_t buf[2048];
	size_t len = 7, i;
	struct bfc_msg msg = {.version = 2, .prim = BFC_FLOOR_REQUEST,
			      .floors = {1}, .floors_n = 1,
			      .has_priority = true, .priority = 4,
			      .info = {.p = text, .l = 253}};

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(bfc_encode(buf, sizeof(buf), &msg, &len), 0);
	assert_int_equal(len, 12 + 4 + 256 + 4);

	/* Each buffer too small */
	for (i = 0; i < len; i++) {
		size_t n = 7;

		assert_int_equal(bfc_encode(buf, i, &msg, &n), EOVERFLOW);
		assert_int_equal(n, 7);
	}

	msg.info.l = 254;
	assert_int_equal(bfc_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	msg.info = none;
	assert_int_equal(bfc_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	msg.info.l = 0;
	msg.priority = 5;
	assert_int_equal(bfc_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	msg.priority = 0;
	msg.floors_n = BFC_FLOORS_MAX + 1;
	assert_int_equal(bfc_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	msg.floors_n = 1;
	msg.version = 3;
	assert_int_equal(bfc_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	msg.version = 0;
	assert_int_equal(bfc_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	msg.version = 1;
	assert_int_equal(bfc_encode(buf, sizeof(buf), &msg, &len), 0);
	msg.response = true; /* Not a bit of version 1 */
	assert_int_equal(bfc_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	msg.response = false;
	msg.prim = BFC_GOODBYE; /* Nor a primitive of it */
	assert_int_equal(bfc_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	msg.prim = (enum bfc_prim)0;
	assert_int_equal(bfc_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	msg.prim = (enum bfc_prim)18;
	assert_int_equal(bfc_encode(buf, sizeof(buf), &msg, &len), EINVAL);

	/* A group of 255 bytes and not more */
	msg = (struct bfc_msg){.version = 2, .prim = BFC_USER_STATUS,
			       .who = {.here = true,
				       .uri = {.p = text, .l = 246}}};
	assert_int_equal(bfc_encode(buf, sizeof(buf), &msg, &len), 0);
	msg.who.uri.l = 247;
	assert_int_equal(bfc_encode(buf, sizeof(buf), &msg, &len), EOVERFLOW);

	msg = (struct bfc_msg){.version = 2, .prim = BFC_ERROR,
			       .has_error = true, .error = BFC_ERR_GENERIC,
			       .details = {.p = text, .l = 252}};
	assert_int_equal(bfc_encode(buf, sizeof(buf), &msg, &len), 0);
	msg.details.l = 253;
	assert_int_equal(bfc_encode(buf, sizeof(buf), &msg, &len), EINVAL);

	assert_string_equal(bfc_prim_name((enum bfc_prim)18), "unknown");
	assert_string_equal(bfc_prim_name(BFC_GOODBYE_ACK), "GoodbyeAck");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_both_ways),
		cmocka_unit_test(truncations_refused),
		cmocka_unit_test(short_payloads),
		cmocka_unit_test(faults_named),
		cmocka_unit_test(tolerated),
		cmocka_unit_test(many_requests),
		cmocka_unit_test(encode_bounds),
	};

	return cmocka_run_group_tests_name("bfcp", tests, NULL, NULL);
}

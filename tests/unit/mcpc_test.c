/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mcpc_test.c  Pre-established session control on the wire (mission P7)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/unhex.h"
#include "tests/vectors/mcpc.h"

enum { VECTORS = sizeof(mcpc_vectors) / sizeof(mcpc_vectors[0]) };

static void text_equal(const struct mcpc_text *a, const struct mcpc_text *b)
{
	assert_int_equal(a->l, b->l);
	assert_int_equal(a->p == NULL, b->p == NULL);
	if (a->l)
		assert_memory_equal(a->p, b->p, a->l);
}

static void msg_equal(const struct mcpc_msg *a, const struct mcpc_msg *b)
{
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->ack, b->ack);
	assert_int_equal(a->ssrc, b->ssrc);
	assert_int_equal(a->has, b->has);
	assert_int_equal(a->session_type, b->session_type);
	assert_int_equal(a->audio_mline, b->audio_mline);
	assert_int_equal(a->floor_mline, b->floor_mline);
	assert_int_equal(a->answer, b->answer);
	assert_int_equal(a->reason, b->reason);
	text_equal(&a->session, &b->session);
	text_equal(&a->group, &b->group);
	text_equal(&a->warning, &b->warning);
	text_equal(&a->inviting, &b->inviting);
}

static void vectors_both_ways(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < VECTORS; i++) {
		const struct mcpc_vector *v = &mcpc_vectors[i];
		uint8_t in[256], out[256];
		struct mcpc_msg msg;
		size_t used = 0, n, len = 0;

		n = unhex(in, sizeof(in), v->hex);
		assert_int_equal(mcpc_decode(&msg, in, n, &used), 0);
		assert_int_equal(used, n);
		msg_equal(&msg, &v->msg);

		assert_int_equal(mcpc_encode(out, sizeof(out), &v->msg, &len),
				 0);
		assert_int_equal(len, n);
		assert_memory_equal(out, in, n);
		assert_int_equal(mcpc_encode(out, sizeof(out), &msg, &len), 0);
		assert_memory_equal(out, in, n);
	}
	assert_int_equal(VECTORS, 8);
}

/* Each truncation lies in an allocation of its own size: valgrind and
 * AddressSanitizer see a read of one byte too many. */
static void truncations_refused(void **state)
{
	size_t i, n;

	(void)state;
	for (i = 0; i < VECTORS; i++) {
		uint8_t in[256];
		const size_t len = unhex(in, sizeof(in), mcpc_vectors[i].hex);

		for (n = 0; n < len; n++) {
			uint8_t *p = malloc(n ? n : 1);
			struct mcpc_msg msg;
			size_t used = 77;

			assert_non_null(p);
			memcpy(p, in, n);
			assert_int_equal(mcpc_decode(&msg, p, n, &used),
					 EBADMSG);
			assert_int_equal(used, 77);
			free(p);
		}
	}
}

/* The header's own length shortened word by word: a field ends early, which
 * is refused, or the message ends between two fields */
static void short_bodies(void **state)
{
	size_t i, words, whole = 0;

	(void)state;
	for (i = 0; i < VECTORS; i++) {
		uint8_t in[256];
		const size_t len = unhex(in, sizeof(in), mcpc_vectors[i].hex);

		for (words = 1; words < len / 4; words++) {
			uint8_t *p = malloc(4 * words);
			struct mcpc_msg msg;
			size_t used;
			int err;

			assert_non_null(p);
			memcpy(p, in, 4 * words);
			p[3] = (uint8_t)(words - 1);
			err = mcpc_decode(&msg, p, 4 * words, &used);
			assert_true(!err || err == EBADMSG);
			whole += !err;
			free(p);
		}
	}
	/* One cut a vector before its first field, and one before each other
	 * field: 5, 4, 5, 1, 1, 2, 2, 2 */
	assert_int_equal(whole, 22);
}

static int decode_hex(struct mcpc_msg *msg, const char *hex, size_t *usedp)
{
	static uint8_t buf[512]; /* texts of msg point here */

	return mcpc_decode(msg, buf, unhex(buf, sizeof(buf), hex), usedp);
}

static void headers_refused(void **state)
{
	static const char *const bad[] = {
		"42cc00020000a11c4d435043",         /* version 1 */
		"82c800020000a11c4d435043",         /* SR, not APP */
		"82cc00030000a11c4d435043",         /* beyond the datagram */
		"82ccffff0000a11c4d435043",         /* far beyond */
		"82cc00010000a11c4d435043",         /* shorter than a name */
		"82cc00000000a11c4d435043"          /* only the first word */
	};
	struct mcpc_msg msg;
	size_t used, i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(decode_hex(&msg, bad[i], &used), EBADMSG);
}

static void fields_refused(void **state)
{
	static const char *const bad[] = {
		"80cc00030000a11c4d43504300010100", /* one m= line */
		"80cc00030000a11c4d43504300030102", /* three */
		"80cc00030000a11c4d43504301000000", /* session without type */
		"82cc00030000a11c4d43504306010000", /* reason of 1 */
		"80cc00040000a11c4d4350430404000000010000", /* state of 4 */
		"80cc00030000a11c4d43504303187369", /* URI beyond the end */
		"80cc00030000a11c4d435043c0000261", /* key beyond it */
		"80cc00030000a11c4d435043c0ffff61"  /* 65535 */
	};
	struct mcpc_msg msg;
	size_t used, i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(decode_hex(&msg, bad[i], &used), EBADMSG);
}

/* Unknown ones, key material, any order, repeats */
static void fields_skipped(void **state)
{
	struct mcpc_msg msg;
	size_t used;

	(void)state;
	/* 192, with its 16 bits of length and padding, and one behind it */
	assert_int_equal(decode_hex(&msg, "90cc00055e12fe004d435043c00005ff"
					  "ffffffff00020102", &used), 0);
	assert_int_equal(msg.has, MCPC_HAS_MEDIA);
	assert_int_equal(msg.floor_mline, 2);
	/* 191 is the last with 8 bits */
	assert_int_equal(decode_hex(&msg, "90cc00045e12fe004d435043bf02ffff"
					  "04020001", &used), 0);
	assert_int_equal(msg.has, MCPC_HAS_ANSWER);
	assert_int_equal(msg.answer, MCPC_ANSWER_CONFIRMED);
	/* 7 and 200; a reason before its session, which comes twice */
	assert_int_equal(decode_hex(&msg, "82cc00080000a11c4d435043"
					  "07016100c8000361626300000602000101"
					  "02037801020479", &used), 0);
	assert_int_equal(msg.reason, MCPC_REASON_BUSY);
	assert_int_equal(msg.session_type, MCPC_SESSION_CHAT);
	assert_int_equal(msg.session.l, 1);
	assert_memory_equal(msg.session.p, "y", 1);
	/* A session of a type and no URI is there */
	assert_int_equal(decode_hex(&msg, "82cc00030000a11c4d43504301010300",
				    &used), 0);
	assert_non_null(msg.session.p);
	assert_int_equal(msg.session.l, 0);
}

static void others_skipped(void **state)
{
	struct mcpc_msg msg;
	size_t used = 0;

	(void)state;
	/* MCPT Idle, on the same channel */
	assert_int_equal(decode_hex(&msg, "85cc00045e12fe004d435054080200030d"
					  "028000", &used), ENOMSG);
	assert_int_equal(used, 20);

	/* The ack bit is one on Connect and Disconnect only */
	for (int subtype = 0; subtype < 32; subtype++) {
		const int low = subtype & 15;
		char hex[64];
		int err;

		snprintf(hex, sizeof(hex), "%02xcc00025e12fe004d435043",
			 0x80 | subtype);
		used = 0;
		err = decode_hex(&msg, hex, &used);
		assert_int_equal(used, 12);
		assert_int_equal(err, low > 2 ? ENOMSG : 0);
		if (err)
			continue;
		assert_int_equal(msg.type, low);
		assert_int_equal(msg.ack, subtype > 15 && low < 2);
	}
}

/* Connect, then the floor is taken, then a Disconnect that wants an ACK */
static void many_in_a_datagram(void **state)
{
	const char *hex = "90cc00035e12fe004d4350430101037881cc00045e12fe00"
			  "4d4350540102001e0d02800091cc00035e12fe004d435043"
			  "01010300";
	uint8_t buf[128];
	struct mcpc_msg msg;
	size_t len, pos = 0, used;

	(void)state;
	len = unhex(buf, sizeof(buf), hex);
	assert_int_equal(mcpc_decode(&msg, buf, len, &used), 0);
	assert_true(msg.type == MCPC_CONNECT && msg.ack);
	pos += used;
	assert_int_equal(mcpc_decode(&msg, buf + pos, len - pos, &used),
			 ENOMSG);
	pos += used;
	assert_int_equal(mcpc_decode(&msg, buf + pos, len - pos, &used), 0);
	assert_true(msg.type == MCPC_DISCONNECT && msg.ack);
	assert_int_equal(pos + used, len);
}

static void encode_bounds(void **state)
{
	char text[256];
	uint8_t buf[2048];
	size_t len = 7, i;
	struct mcpc_msg msg = {.type = MCPC_CONNECT, .has = 0xffff,
			       .session = {.p = text, .l = 254},
			       .group = {.p = text, .l = 255},
			       .warning = {.p = text, .l = 255},
			       .inviting = {.p = text, .l = 255}};

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(mcpc_encode(buf, sizeof(buf), &msg, &len), 0);
	assert_int_equal(len, 12 + 4 * 260 + 2 * 4);

	/* Each buffer too small */
	for (i = 0; i < len; i++) {
		size_t n = 7;

		assert_int_equal(mcpc_encode(buf, i, &msg, &n), EOVERFLOW);
		assert_int_equal(n, 7);
	}

	msg.group.l = 256;
	assert_int_equal(mcpc_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	msg.group = (struct mcpc_text){.p = NULL, .l = 1};
	assert_int_equal(mcpc_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	msg.group.l = 0;
	assert_int_equal(mcpc_encode(buf, sizeof(buf), &msg, &len), 0);
	msg.session.l = 255;
	assert_int_equal(mcpc_encode(buf, sizeof(buf), &msg, &len), EINVAL);

	msg = (struct mcpc_msg){.type = MCPC_ACK, .session = {text, 1}};
	assert_int_equal(mcpc_encode(buf, sizeof(buf), &msg, &len), 0);
	msg.ack = true;
	assert_int_equal(mcpc_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	msg = (struct mcpc_msg){.type = MCPC_DISCONNECT};
	assert_int_equal(mcpc_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	msg = (struct mcpc_msg){.type = (enum mcpc_type)3,
				.session = {text, 1}};
	assert_int_equal(mcpc_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	assert_string_equal(mcpc_type_name((enum mcpc_type)3), "unknown");
	assert_string_equal(mcpc_type_name(MCPC_CONNECT), "Connect");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_both_ways),
		cmocka_unit_test(truncations_refused),
		cmocka_unit_test(short_bodies),
		cmocka_unit_test(headers_refused),
		cmocka_unit_test(fields_refused),
		cmocka_unit_test(fields_skipped),
		cmocka_unit_test(others_skipped),
		cmocka_unit_test(many_in_a_datagram),
		cmocka_unit_test(encode_bounds),
	};

	return cmocka_run_group_tests_name("mcpc", tests, NULL, NULL);
}

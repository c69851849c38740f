/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mcpt_test.c  MCPTT floor messages on the wire (mission P7)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/unhex.h"
#include "tests/vectors/mcpt.h"

enum { VECTORS = sizeof(mcpt_vectors) / sizeof(mcpt_vectors[0]) };

static void text_equal(const struct mcpt_text *a, const struct mcpt_text *b)
{
	assert_int_equal(a->l, b->l);
	assert_int_equal(a->p == NULL, b->p == NULL);
	if (a->l)
		assert_memory_equal(a->p, b->p, a->l);
}

static void msg_equal(const struct mcpt_msg *a, const struct mcpt_msg *b)
{
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->ack, b->ack);
	assert_int_equal(a->ssrc, b->ssrc);
	assert_int_equal(a->has, b->has);
	assert_int_equal(a->priority, b->priority);
	assert_int_equal(a->duration_s, b->duration_s);
	assert_int_equal(a->cause, b->cause);
	assert_int_equal(a->queue_position, b->queue_position);
	assert_int_equal(a->queue_priority, b->queue_priority);
	assert_int_equal(a->may_request, b->may_request);
	assert_int_equal(a->queue_size, b->queue_size);
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->source, b->source);
	assert_int_equal(a->acked, b->acked);
	assert_int_equal(a->indicator, b->indicator);
	assert_int_equal(a->granted_ssrc, b->granted_ssrc);
	text_equal(&a->phrase, &b->phrase);
	text_equal(&a->granted_party, &b->granted_party);
	text_equal(&a->user, &b->user);
	text_equal(&a->queued_user, &b->queued_user);
	text_equal(&a->alias, &b->alias);
	assert_int_equal(a->purpose, b->purpose);
	assert_int_equal(a->response, b->response);
	assert_int_equal(a->resume, b->resume);
	text_equal(&a->revoke_user, &b->revoke_user);
	text_equal(&a->track, &b->track);
	text_equal(&a->users, &b->users);
	text_equal(&a->ssrcs, &b->ssrcs);
	text_equal(&a->queued_users, &b->queued_users);
}

static void vectors_both_ways(void **state)
{
	size_t i, both = 0;

	(void)state;
	for (i = 0; i < VECTORS; i++) {
		const struct mcpt_vector *v = &mcpt_vectors[i];
		uint8_t in[256], out[256];
		struct mcpt_msg msg;
		size_t used = 0, n, len = 0;

		n = unhex(in, sizeof(in), v->hex);
		assert_int_equal(mcpt_decode(&msg, in, n, &used), 0);
		assert_int_equal(used, n);
		msg_equal(&msg, &v->msg);
		if (v->way == READ)
			continue;

		++both;
		assert_int_equal(mcpt_encode(out, sizeof(out), &v->msg, &len),
				 0);
		assert_int_equal(len, n);
		assert_memory_equal(out, in, n);
	}
	assert_int_equal(VECTORS, 31);
	assert_int_equal(both, 28);
}

/* What is only read has the same values after we wrote it in our own order */
static void read_ones_again(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < VECTORS; i++) {
		const struct mcpt_vector *v = &mcpt_vectors[i];
		uint8_t out[256];
		struct mcpt_msg back;
		size_t len = 0, used;

		if (v->way == BOTH)
			continue;
		assert_int_equal(mcpt_encode(out, sizeof(out), &v->msg, &len),
				 0);
		assert_int_equal(mcpt_decode(&back, out, len, &used), 0);
		msg_equal(&back, &v->msg);
	}
}

/* No vector has these: the fields by table 8.2.3.1-2, Rel-17 and Rel-19 */
static void late_fields(void **state)
{
	static const char *const hex[] = {
		"87cc00050000a11c4d4350541903733a610000000d028000",
		"9ecc00065e12fe004d435054150200011603010173000000"
		"17020005",
		"9bcc00035e12fe004d43505418020000",
	};
	static const struct mcpt_msg msgs[] = {
		{.type = MCPT_REVOKE_REQUEST, .ssrc = CLI,
		 .revoke_user = TEXT("s:a"), .has = MCPT_HAS_INDICATOR,
		 .indicator = MCPT_IND_NORMAL},
		{.type = MCPT_QUEUED_REQUESTS, .ack = true, .ssrc = SRV,
		 .has = MCPT_HAS_PURPOSE | MCPT_HAS_RESPONSE,
		 .purpose = MCPT_PURPOSE_RESULT, .response = 5,
		 .queued_users = TEXT("\1\1s")},
		{.type = MCPT_MEDIA_FLOW, .ack = true, .ssrc = SRV,
		 .has = MCPT_HAS_FLOW, .resume = false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		uint8_t in[64], out[64];
		const size_t n = unhex(in, sizeof(in), hex[i]);
		struct mcpt_msg msg;
		size_t used, len = 0;

		assert_int_equal(mcpt_encode(out, sizeof(out), &msgs[i], &len),
				 0);
		assert_int_equal(len, n);
		assert_memory_equal(out, in, n);
		assert_int_equal(mcpt_decode(&msg, in, n, &used), 0);
		msg_equal(&msg, &msgs[i]);
	}
}

/* Each truncation lies in an allocation of its own size: valgrind and
 * AddressSanitizer see a read of one byte too many. */
static void truncations_refused(void **state)
{
	size_t i, n;

	(void)state;
	for (i = 0; i < VECTORS; i++) {
		uint8_t in[256];
		const size_t len = unhex(in, sizeof(in), mcpt_vectors[i].hex);

		for (n = 0; n < len; n++) {
			uint8_t *p = malloc(n ? n : 1);
			struct mcpt_msg msg;
			size_t used = 77;

			assert_non_null(p);
			memcpy(p, in, n);
			assert_int_equal(mcpt_decode(&msg, p, n, &used),
					 EBADMSG);
			assert_int_equal(used, 77);
			free(p);
		}
	}
}

/* The header's own length shortened word by word: a field ends early */
static void short_bodies(void **state)
{
	size_t i, words;

	(void)state;
	for (i = 0; i < VECTORS; i++) {
		uint8_t in[256];
		const size_t len = unhex(in, sizeof(in), mcpt_vectors[i].hex);

		for (words = 1; words < len / 4; words++) {
			uint8_t *p = malloc(4 * words);
			struct mcpt_msg msg;
			size_t used;
			int err;

			assert_non_null(p);
			memcpy(p, in, 4 * words);
			p[3] = (uint8_t)(words - 1);
			err = mcpt_decode(&msg, p, 4 * words, &used);
			if (words < 3)
				assert_int_equal(err, EBADMSG);
			else
				assert_true(!err || err == EBADMSG);
			free(p);
		}
	}
}

static int decode_hex(struct mcpt_msg *msg, const char *hex, size_t *usedp)
{
	static uint8_t buf[512]; /* texts of msg point here */

	return mcpt_decode(msg, buf, unhex(buf, sizeof(buf), hex), usedp);
}

static void headers_refused(void **state)
{
	static const char *const bad[] = {
		"40cc00020000a11c4d435054",         /* version 1 */
		"80c800020000a11c4d435054",         /* SR, not APP */
		"80cc00030000a11c4d435054",         /* beyond the datagram */
		"80ccffff0000a11c4d435054",         /* far beyond */
		"80cc00010000a11c4d435054",         /* shorter than a name */
		"80cc00000000a11c4d435054"          /* only the first word */
	};
	struct mcpt_msg msg;
	size_t used, i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(decode_hex(&msg, bad[i], &used), EBADMSG);
}

static void fields_refused(void **state)
{
	static const char *const bad[] = {
		"80cc00030000a11c4d43505400030500", /* priority of 3 */
		"80cc00030000a11c4d43505400010500", /* priority of 1 */
		"81cc00035e12fe004d4350540e020000", /* SSRC of 2 */
		"81cc00045e12fe004d4350540e080000a11c0000", /* SSRC of 8 */
		"83cc00035e12fe004d43505402010100", /* cause of 1 */
		"80cc00030000a11c4d43505406187369", /* URI beyond the end */
		"80cc00030000a11c4d435054c8000261", /* long one beyond it */
		"80cc00030000a11c4d435054c8ffff61"  /* 65535 */
	};
	struct mcpt_msg msg;
	size_t used, i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(decode_hex(&msg, bad[i], &used), EBADMSG);

	/* A long one of no bytes, with its padding, and one behind it */
	assert_int_equal(decode_hex(&msg, "80cc00040000a11c4d435054c8000000"
					  "00020700", &used), 0);
	assert_int_equal(msg.has, MCPT_HAS_PRIORITY);
	assert_int_equal(msg.priority, 7);
	/* 191 is the last with a length of 8 bits */
	assert_int_equal(decode_hex(&msg, "80cc00040000a11c4d435054bf02ffff"
					  "00020700", &used), 0);
	assert_int_equal(msg.priority, 7);
	/* 192 the first with 16 */
	assert_int_equal(decode_hex(&msg, "80cc00050000a11c4d435054c00005ff"
					  "ffffffff00020700", &used), 0);
	assert_int_equal(msg.priority, 7);
	/* A URI of no bytes is there */
	assert_int_equal(decode_hex(&msg, "80cc00030000a11c4d43505406000000",
				    &used), 0);
	assert_non_null(msg.user.p);
	assert_int_equal(msg.user.l, 0);
	/* A repeated one: the last counts, its phrase too */
	assert_int_equal(decode_hex(&msg, "83cc00055e12fe004d4350540203"
					  "00074100000002020001", &used), 0);
	assert_int_equal(msg.cause, 1);
	assert_null(msg.phrase.p);
}

static void others_skipped(void **state)
{
	struct mcpt_msg msg;
	size_t used = 0;

	(void)state;
	/* PoC1 Granted */
	assert_int_equal(decode_hex(&msg, "81cc00035e12fe00506f43316502001e",
				    &used), ENOMSG);
	assert_int_equal(used, 16);

	/* Subtypes 12 and 13 do not exist, with and without the ack bit */
	for (int subtype = 0; subtype < 32; subtype++) {
		const int low = subtype & 15;
		char hex[64];
		int err;

		snprintf(hex, sizeof(hex), "%02xcc00025e12fe004d435054",
			 0x80 | subtype);
		used = 0;
		err = decode_hex(&msg, hex, &used);
		assert_int_equal(used, 12);
		if (low == 12 || low == 13) {
			assert_int_equal(err, ENOMSG);
			continue;
		}
		assert_int_equal(err, 0);
		assert_int_equal(msg.type, low);
		/* On a message that never has it, it is not looked at */
		assert_int_equal(msg.ack,
				 subtype > 15 && ((low >= 1 && low <= 5) ||
						  low == 9 || low == 11 ||
						  low == 14));
	}
}

static void two_in_a_datagram(void **state)
{
	uint8_t buf[128];
	struct mcpt_msg msg;
	size_t len = unhex(buf, sizeof(buf), mcpt_two_in_one), pos, used;

	(void)state;
	assert_int_equal(mcpt_decode(&msg, buf, len, &used), 0);
	assert_int_equal(msg.type, MCPT_IDLE);
	assert_int_equal(msg.seq, 6);
	pos = used;
	assert_int_equal(mcpt_decode(&msg, buf + pos, len - pos, &used), 0);
	assert_int_equal(msg.type, MCPT_TAKEN);
	assert_int_equal(msg.seq, 7);
	assert_int_equal(pos + used, len);
}

/* RFC 3550: the P bit, a multiple of four octets, the last one counts */
static void padding_stripped(void **state)
{
	struct mcpt_msg msg;
	size_t used;

	(void)state;
	assert_int_equal(decode_hex(&msg, "a5cc00045e12fe004d43505408020003"
					  "00000004", &used), 0);
	assert_int_equal(msg.seq, 3);
	assert_int_equal(used, 20);
	assert_int_equal(decode_hex(&msg, "a5cc00035e12fe004d43505400000003",
				    &used), EBADMSG);
	assert_int_equal(decode_hex(&msg, "a5cc00025e12fe004d435054", &used),
			 EBADMSG);
}

static void encode_bounds(void **state)
{
	char text[256];
	uint8_t buf[2048];
	size_t len = 7, i;
	struct mcpt_msg msg = {.type = MCPT_TAKEN, .has = 0xffff,
			       .granted_party = {.p = text, .l = 255},
			       .alias = {.p = text, .l = 255}};

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(mcpt_encode(buf, sizeof(buf), &msg, &len), 0);
	assert_int_equal(len, 12 + 2 * 260 + 3 * 4 + 8);

	/* Each buffer too small */
	for (i = 0; i < len; i++) {
		size_t n = 7;

		assert_int_equal(mcpt_encode(buf, i, &msg, &n), EOVERFLOW);
		assert_int_equal(n, 7);
	}

	msg.alias.l = 256;
	assert_int_equal(mcpt_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	msg.alias = (struct mcpt_text){.p = NULL, .l = 1};
	assert_int_equal(mcpt_encode(buf, sizeof(buf), &msg, &len), EINVAL);

	msg = (struct mcpt_msg){.type = MCPT_DENY, .has = MCPT_HAS_CAUSE,
				.phrase = {.p = text, .l = 253}};
	assert_int_equal(mcpt_encode(buf, sizeof(buf), &msg, &len), 0);
	assert_int_equal(len, 12 + 260);
	msg.phrase.l = 254;
	assert_int_equal(mcpt_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	msg.phrase.l = 3;
	msg.has = 0; /* Words without a cause */
	assert_int_equal(mcpt_encode(buf, sizeof(buf), &msg, &len), EINVAL);

	msg = (struct mcpt_msg){.type = MCPT_ACK, .has = MCPT_HAS_ACKED,
				.acked = 16};
	assert_int_equal(mcpt_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	msg = (struct mcpt_msg){.type = MCPT_REQUEST, .ack = true};
	assert_int_equal(mcpt_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	msg = (struct mcpt_msg){.type = (enum mcpt_type)12};
	assert_int_equal(mcpt_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	msg = (struct mcpt_msg){.type = (enum mcpt_type)16};
	assert_int_equal(mcpt_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	assert_string_equal(mcpt_type_name((enum mcpt_type)12), "unknown");
	assert_string_equal(mcpt_type_name(MCPT_TAKEN), "Floor Taken");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_both_ways),
		cmocka_unit_test(read_ones_again),
		cmocka_unit_test(late_fields),
		cmocka_unit_test(truncations_refused),
		cmocka_unit_test(short_bodies),
		cmocka_unit_test(headers_refused),
		cmocka_unit_test(fields_refused),
		cmocka_unit_test(others_skipped),
		cmocka_unit_test(two_in_a_datagram),
		cmocka_unit_test(padding_stripped),
		cmocka_unit_test(encode_bounds),
	};

	return cmocka_run_group_tests_name("mcpt", tests, NULL, NULL);
}

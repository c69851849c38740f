/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file tbcp_test.c  Floor messages on the wire (mission P7)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/unhex.h"
#include "tests/vectors/tbcp.h"

enum { VECTORS = sizeof(tbcp_vectors) / sizeof(tbcp_vectors[0]) };

static void text_equal(const struct tbcp_text *a, const struct tbcp_text *b)
{
	assert_int_equal(a->l, b->l);
	assert_int_equal(a->p == NULL, b->p == NULL);
	if (a->l)
		assert_memory_equal(a->p, b->p, a->l);
}

static void msg_equal(const struct tbcp_msg *a, const struct tbcp_msg *b)
{
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->ack, b->ack);
	assert_int_equal(a->ssrc, b->ssrc);
	assert_int_equal(a->has_priority, b->has_priority);
	assert_int_equal(a->priority, b->priority);
	assert_int_equal(a->has_time, b->has_time);
	assert_true(a->ntp_time == b->ntp_time);
	assert_int_equal(a->has_stop_talking, b->has_stop_talking);
	assert_int_equal(a->stop_talking_s, b->stop_talking_s);
	assert_int_equal(a->has_participants, b->has_participants);
	assert_int_equal(a->participants, b->participants);
	assert_int_equal(a->talker_ssrc, b->talker_ssrc);
	assert_int_equal(a->reason, b->reason);
	assert_int_equal(a->additional, b->additional);
	assert_int_equal(a->last_seq, b->last_seq);
	assert_int_equal(a->ignore_seq, b->ignore_seq);
	assert_int_equal(a->acked, b->acked);
	assert_int_equal(a->position, b->position);
	assert_int_equal(a->content_mask, b->content_mask);
	assert_int_equal(a->session_type, b->session_type);
	assert_int_equal(a->manual_override, b->manual_override);
	text_equal(&a->cname, &b->cname);
	text_equal(&a->name, &b->name);
	text_equal(&a->phrase, &b->phrase);
	text_equal(&a->inviting_uri, &b->inviting_uri);
	text_equal(&a->inviting_name, &b->inviting_name);
	text_equal(&a->session_uri, &b->session_uri);
	text_equal(&a->group_name, &b->group_name);
	text_equal(&a->group_uri, &b->group_uri);
}

/* Every vector re-encodes to its own bytes: none of them has items in an
 * order other than ours, or an item that we do not know. */
static void vectors_both_ways(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < VECTORS; i++) {
		const struct tbcp_vector *v = &tbcp_vectors[i];
		uint8_t in[256], out[256];
		struct tbcp_msg msg;
		size_t used = 0, n, len = 0;

		n = unhex(in, sizeof(in), v->hex);
		assert_int_equal(tbcp_decode(&msg, in, n, &used), 0);
		assert_int_equal(used, n);
		msg_equal(&msg, &v->msg);

		assert_int_equal(tbcp_encode(out, sizeof(out), &v->msg, &len),
				 0);
		assert_int_equal(len, n);
		assert_memory_equal(out, in, n);
		assert_int_equal(tbcp_encode(out, sizeof(out), &msg, &len), 0);
		assert_memory_equal(out, in, n);
	}
	assert_int_equal(VECTORS, 30);
}

/* Each truncation lies in an allocation of its own size: valgrind and
 * AddressSanitizer see a read of one byte too many. */
static void truncations_refused(void **state)
{
	size_t i, n;

	(void)state;
	for (i = 0; i < VECTORS; i++) {
		uint8_t in[256];
		const size_t len = unhex(in, sizeof(in), tbcp_vectors[i].hex);

		for (n = 0; n < len; n++) {
			uint8_t *p = malloc(n ? n : 1);
			struct tbcp_msg msg;
			size_t used = 77;

			assert_non_null(p);
			memcpy(p, in, n);
			assert_int_equal(tbcp_decode(&msg, p, n, &used),
					 EBADMSG);
			assert_int_equal(used, 77);
			free(p);
		}
	}
}

/* The header's own length shortened word by word: the body ends early */
static void short_bodies(void **state)
{
	size_t i, words;

	(void)state;
	for (i = 0; i < VECTORS; i++) {
		uint8_t in[256];
		const size_t len = unhex(in, sizeof(in), tbcp_vectors[i].hex);

		for (words = 1; words < len / 4; words++) {
			uint8_t *p = malloc(4 * words);
			struct tbcp_msg msg;
			size_t used;
			int err;

			assert_non_null(p);
			memcpy(p, in, 4 * words);
			p[3] = (uint8_t)(words - 1);
			err = tbcp_decode(&msg, p, 4 * words, &used);
			if (words < 3)
				assert_int_equal(err, EBADMSG);
			else
				assert_true(!err || err == EBADMSG);
			free(p);
		}
	}
}

static int decode_hex(struct tbcp_msg *msg, const char *hex, size_t *usedp)
{
	static uint8_t buf[512]; /* texts of msg point here */

	return tbcp_decode(msg, buf, unhex(buf, sizeof(buf), hex), usedp);
}

static void headers_refused(void **state)
{
	static const char *const bad[] = {
		"40cc00020000a11c506f4331",         /* version 1 */
		"80c800020000a11c506f4331",         /* SR, not APP */
		"80cc00030000a11c506f4331",         /* beyond the datagram */
		"80ccffff0000a11c506f4331",         /* far beyond */
		"80cc00010000a11c506f4331",         /* shorter than a name */
		"80cc00000000a11c506f4331",         /* only the first word */
		"84cc00020000a11c506f4331",         /* Release without body */
		"83cc00035e12fe00506f433101030000", /* phrase too long */
		"81cc00035e12fe00506f43316503001e", /* item of a wrong size */
		"80cc00030000a11c506f433166020002ff"  /* fits: see below */
	};
	struct tbcp_msg msg;
	size_t used, i;

	(void)state;
	for (i = 0; i < 9; i++)
		assert_int_equal(decode_hex(&msg, bad[i], &used), EBADMSG);

	/* A rest that is no message does not spoil the first one */
	assert_int_equal(decode_hex(&msg, bad[9], &used), 0);
	assert_int_equal(used, 16);
}

static void others_skipped(void **state)
{
	struct tbcp_msg msg;
	size_t used = 0;

	(void)state;
	/* MCPT Granted */
	assert_int_equal(decode_hex(&msg, "81cc00075e12fe004d4350540102001e"
					  "000205000d0284000e060000a11c0000",
				    &used), ENOMSG);
	assert_int_equal(used, 32);

	/* Subtypes 10, 12-14, 16, 17, 19-31 do not exist */
	for (int subtype = 0; subtype < 32; subtype++) {
		const bool known = subtype <= 9 || subtype == 11 ||
				   subtype == 15 || subtype == 18;
		char hex[64];

		snprintf(hex, sizeof(hex), "%02xcc00025e12fe00506f4331",
			 0x80 | subtype);
		used = 0;
		if (known)
			continue;
		assert_int_equal(decode_hex(&msg, hex, &used), ENOMSG);
		assert_int_equal(used, 12);
	}
}

static void two_in_a_datagram(void **state)
{
	const char *hex = "85cc00025e12fe00506f4331"
			  "85cc00025e12fe004d435054"
			  "81cc00035e12fe00506f43316502001e";
	uint8_t buf[64];
	struct tbcp_msg msg;
	size_t len = unhex(buf, sizeof(buf), hex), pos = 0, used;

	(void)state;
	assert_int_equal(tbcp_decode(&msg, buf, len, &used), 0);
	assert_int_equal(msg.type, TBCP_IDLE);
	pos += used;
	assert_int_equal(tbcp_decode(&msg, buf + pos, len - pos, &used),
			 ENOMSG);
	pos += used;
	assert_int_equal(tbcp_decode(&msg, buf + pos, len - pos, &used), 0);
	assert_int_equal(msg.type, TBCP_GRANTED);
	assert_int_equal(msg.stop_talking_s, 30);
	assert_int_equal(pos + used, len);
}

/* RFC 3550: the P bit, a multiple of four octets, the last one counts */
static void padding_stripped(void **state)
{
	struct tbcp_msg msg;
	size_t used;

	(void)state;
	assert_int_equal(decode_hex(&msg, "a5cc00035e12fe00506f433100000004",
				    &used), 0);
	assert_int_equal(msg.type, TBCP_IDLE);
	assert_int_equal(used, 16);
	assert_int_equal(decode_hex(&msg, "a1cc00045e12fe00506f43316502001e"
					  "00000004", &used), 0);
	assert_int_equal(msg.stop_talking_s, 30);

	/* The count: zero, odd, over the body, without a body */
	assert_int_equal(decode_hex(&msg, "a5cc00035e12fe00506f433100000000",
				    &used), EBADMSG);
	assert_int_equal(decode_hex(&msg, "a5cc00035e12fe00506f433100000003",
				    &used), EBADMSG);
	assert_int_equal(decode_hex(&msg, "a5cc00035e12fe00506f433100000008",
				    &used), EBADMSG);
	assert_int_equal(decode_hex(&msg, "a5cc00025e12fe00506f4331", &used),
			 EBADMSG);
	/* Padding that eats a mandatory body */
	assert_int_equal(decode_hex(&msg, "a4cc00030000a11c506f433100000004",
				    &used), EBADMSG);
}

/* Items in another order, unknown items: decoded, though our encoder would
 * write them otherwise */
static void items_any_order(void **state)
{
	struct tbcp_msg msg;
	size_t used;

	(void)state;
	/* 103 first, with and without padding behind it */
	assert_int_equal(decode_hex(&msg, "80cc00060000a11c506f4331"
					  "6708e8f7a00080000000000066020003",
				    &used), 0);
	assert_true(msg.has_time && msg.has_priority);
	assert_int_equal(msg.priority, 3);
	assert_int_equal(decode_hex(&msg, "80cc00060000a11c506f4331"
					  "6708e8f7a00080000000660200030000",
				    &used), 0);
	assert_true(msg.has_time && msg.priority == 3);

	/* TAKEN: what pads CNAME is not looked at */
	assert_int_equal(decode_hex(&msg, "82cc00065e12fe00506f43310000a11c"
					  "0103613a62ffffff64020005", &used),
			 0);
	assert_int_equal(msg.cname.l, 3);
	assert_true(msg.has_participants && msg.participants == 5);

	/* 100 before 101, an unknown 150 between them */
	assert_int_equal(decode_hex(&msg, "81cc00055e12fe00506f4331"
					  "64020005960200ff6502001e", &used),
			 0);
	assert_int_equal(msg.participants, 5);
	assert_int_equal(msg.stop_talking_s, 30);
}

static void encode_bounds(void **state)
{
	char text[256];
	uint8_t buf[2048];
	size_t len = 7, i;
	struct tbcp_msg msg = {.type = TBCP_TAKEN,
			       .cname = {.p = text, .l = 255},
			       .name = {.p = text, .l = 255}};

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(tbcp_encode(buf, sizeof(buf), &msg, &len), 0);
	assert_int_equal(len, 12 + 4 + 2 * 257 + 2);

	/* Each buffer too small */
	for (i = 0; i < len; i++) {
		size_t n = 7;

		assert_int_equal(tbcp_encode(buf, i, &msg, &n), EOVERFLOW);
		assert_int_equal(n, 7);
	}

	msg.name.l = 256;
	assert_int_equal(tbcp_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	msg.cname.p = NULL;
	msg.cname.l = msg.name.l = 0;
	assert_int_equal(tbcp_encode(buf, sizeof(buf), &msg, &len), EINVAL);

	/* Five texts of 255 are more than one message may hold */
	msg = (struct tbcp_msg){.type = TBCP_CONNECT};
	msg.inviting_uri = msg.inviting_name = msg.session_uri =
		(struct tbcp_text){.p = text, .l = 255};
	assert_int_equal(tbcp_encode(buf, sizeof(buf), &msg, &len), 0);
	msg.group_name = msg.group_uri = msg.inviting_uri;
	assert_int_equal(tbcp_encode(buf, sizeof(buf), &msg, &len), EOVERFLOW);

	msg = (struct tbcp_msg){.type = TBCP_ACK, .acked = 32};
	assert_int_equal(tbcp_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	msg = (struct tbcp_msg){.type = TBCP_ACK, .reason = 2048};
	assert_int_equal(tbcp_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	msg = (struct tbcp_msg){.type = TBCP_DENY, .reason = 256};
	assert_int_equal(tbcp_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	msg = (struct tbcp_msg){.type = TBCP_QUEUE_STATUS, .priority = 256};
	assert_int_equal(tbcp_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	msg = (struct tbcp_msg){.type = TBCP_IDLE, .ack = true};
	assert_int_equal(tbcp_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	msg = (struct tbcp_msg){.type = (enum tbcp_type)10};
	assert_int_equal(tbcp_encode(buf, sizeof(buf), &msg, &len), EINVAL);
	assert_string_equal(tbcp_type_name((enum tbcp_type)10), "unknown");
	assert_string_equal(tbcp_type_name(TBCP_TAKEN), "Taken");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_both_ways),
		cmocka_unit_test(truncations_refused),
		cmocka_unit_test(short_bodies),
		cmocka_unit_test(headers_refused),
		cmocka_unit_test(others_skipped),
		cmocka_unit_test(two_in_a_datagram),
		cmocka_unit_test(padding_stripped),
		cmocka_unit_test(items_any_order),
		cmocka_unit_test(encode_bounds),
	};

	return cmocka_run_group_tests_name("tbcp", tests, NULL, NULL);
}

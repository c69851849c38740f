/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Row P10: what the handset says in each floor protocol, and what it is told,
 * against bytes that an independent dissector read the same way. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "cli/handset_floormsg.h"

static size_t bytes(uint8_t *p, const char *hex)
{
	size_t n = 0;
	unsigned v;

	for (; sscanf(hex, "%2x", &v) == 1; hex += 2)
		p[n++] = (uint8_t)v;
	return n;
}

static void says(enum hs_floor_proto proto, const char *hex,
		 struct hs_floormsg msg)
{
	const struct hs_floormsg_who who = {
		.proto = proto,
		.ssrc = 0xa11c,
		.uri = msg.type == HS_FM_QUEUE_REQUEST ? NULL : "sip:a@x",
		.priority = 5};
	uint8_t want[256], got[HS_FM_MAX_BYTES];
	const size_t n = bytes(want, hex);
	size_t len;

	assert_int_equal(
		hs_floormsg_encode(got, sizeof(got), &msg, &who, &len), 0);
	assert_int_equal(len, n);
	assert_memory_equal(got, want, n);
	while (len--)
		assert_int_equal(hs_floormsg_encode(got, len, &msg, &who,
						    &(size_t){0}),
				 EOVERFLOW);
}

static void what_a_participant_says(void **state)
{
	(void)state;
	says(HS_FLOOR_TBCP, "80cc00020000a11c506f4331",
	     (struct hs_floormsg){.type = HS_FM_REQUEST});
	says(HS_FLOOR_TBCP, "84cc00030000a11c506f433112348000",
	     (struct hs_floormsg){.type = HS_FM_RELEASE,
				  .last_seq = 0x1234,
				  .ignore_seq = true});
	says(HS_FLOOR_TBCP, "87cc00030000a11c506f433190000000",
	     (struct hs_floormsg){.type = HS_FM_ACK, .acked = HS_FM_TAKEN});
	says(HS_FLOOR_TBCP, "87cc00030000a11c506f433178000000",
	     (struct hs_floormsg){.type = HS_FM_ACK, .acked = HS_FM_CONNECT});
	says(HS_FLOOR_TBCP, "88cc00020000a11c506f4331",
	     (struct hs_floormsg){.type = HS_FM_QUEUE_REQUEST});
	/* Priority 5, User ID sip:a@x, Indicator normal */
	says(HS_FLOOR_MCPT, "80cc00070000a11c4d435054"
			    "0002050006077369703a614078000000"
			    "0d028000",
	     (struct hs_floormsg){.type = HS_FM_REQUEST});
	says(HS_FLOOR_MCPT, "84cc00060000a11c4d435054"
			    "06077369703a6140780000000d028000",
	     (struct hs_floormsg){.type = HS_FM_RELEASE, .ignore_seq = true});
	says(HS_FLOOR_MCPT, "8acc00040000a11c4d4350540a0200000c020100",
	     (struct hs_floormsg){.type = HS_FM_ACK, .acked = HS_FM_GRANTED});
	says(HS_FLOOR_MCPT, "88cc00020000a11c4d435054",
	     (struct hs_floormsg){.type = HS_FM_QUEUE_REQUEST});
}

static struct hs_floormsg told(enum hs_floor_proto proto, const char *hex)
{
	struct hs_floormsg msg;
	static uint8_t buf[256];
	const size_t n = bytes(buf, hex);
	size_t used, i;

	for (i = 0; i < n; i++)
		assert_int_not_equal(
			hs_floormsg_decode(&msg, proto, buf, i, &used), 0);
	assert_int_equal(hs_floormsg_decode(&msg, proto, buf, n, &used), 0);
	assert_int_equal(used, n);
	return msg;
}

static void what_a_participant_is_told(void **state)
{
	struct hs_floormsg m;

	(void)state;
	m = told(HS_FLOOR_TBCP,
		 "81cc00045e12fe00506f43316502001e64020005");
	assert_int_equal(m.type, HS_FM_GRANTED);
	assert_true(m.has_duration);
	assert_int_equal(m.duration_s, 30);
	m = told(HS_FLOOR_TBCP, "86cc00035e12fe00506f43310002000a");
	assert_int_equal(m.type, HS_FM_REVOKE);
	assert_int_equal(m.reason, 2);
	assert_int_equal(m.retry_after_s, 10);
	m = told(HS_FLOOR_TBCP, "89cc00035e12fe00506f433101000300");
	assert_int_equal(m.type, HS_FM_QUEUE_INFO);
	assert_int_equal(m.position, 3);
	m = told(HS_FLOOR_MCPT, "81cc00075e12fe004d4350540102001e00020500"
				"0d0284000e060000a11c0000");
	assert_int_equal(m.type, HS_FM_GRANTED);
	assert_int_equal(m.duration_s, 30);
	assert_false(m.ack);
	m = told(HS_FLOOR_MCPT,
		 "92cc000e5e12fe004d43505404187369703a616c696365406d632e657861"
		 "6d706c652e636f6d0000050200010802000a0d0280000e060000a11c"
		 "0000");
	assert_int_equal(m.type, HS_FM_TAKEN);
	assert_true(m.ack);
	assert_int_equal(m.uri.l, 24);
	assert_false(m.forbidden);
	assert_true(m.has_seq);
	assert_int_equal(m.seq, 10);
	m = told(HS_FLOOR_MCPT, "89cc00045e12fe004d435054030201050d028400");
	assert_int_equal(m.position, 1);
	m = told(HS_FLOOR_MCPT, "89cc00045e12fe004d4350540302fe050d028400");
	assert_int_equal(m.position, 0);
	m = told(HS_FLOOR_MCPT, "89cc00045e12fe004d4350540302ff050d028400");
	assert_int_equal(m.position, HS_FM_POSITION_UNKNOWN);
}

/* The other protocol's name, and a participant's own messages */
static void what_is_not_for_a_participant(void **state)
{
	static const char *const hexv[] = {"80cc00020000a11c506f4331",
					   "80cc00020000a11c4d435054",
					   "8acc00040000a11c4d435054"
					   "0a0200000c020100"};
	unsigned i, p;

	(void)state;
	for (i = 0; i < 3; i++) {
		for (p = 0; p < HS_FLOOR_PROTOS; p++) {
			struct hs_floormsg msg;
			uint8_t buf[64];
			const size_t n = bytes(buf, hexv[i]);
			size_t used = 0;

			assert_int_equal(
				hs_floormsg_decode(&msg,
						   (enum hs_floor_proto)p, buf,
						   n, &used),
				ENOMSG);
			assert_int_equal(used, n);
		}
	}
	assert_int_equal(hs_floormsg_encode(
				 (uint8_t[64]){0}, 64,
				 &(struct hs_floormsg){.type = HS_FM_GRANTED},
				 &(struct hs_floormsg_who){.ssrc = 1},
				 &(size_t){0}),
			 EINVAL);
	for (i = 0; i < 300; i++) {
		assert_non_null(hs_floormsg_deny_words((uint16_t)i));
		assert_non_null(hs_floormsg_revoke_words((uint16_t)i));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_participant_says),
		cmocka_unit_test(what_a_participant_is_told),
		cmocka_unit_test(what_is_not_for_a_participant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

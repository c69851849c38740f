/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Row P10: what the handset says in each floor protocol, and what it is told:
 * every message of TBCP, MCPT and MCPC, as bytes that an independent dissector
 * read the same way. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "cli/handset_floormsg.h"

/** What a server says */
struct told {
	const char *name;
	enum hs_floor_proto proto;
	const char *hex;
	struct hs_floormsg msg;
};

/** What a participant says */
struct said {
	const char *name;
	enum hs_floor_proto proto;
	const char *uri;
	uint8_t priority;
	uint64_t ntp_time;
	const char *hex;
	struct hs_floormsg msg;
};

static const struct told toldv[] = {
	{"poc1_granted", HS_FLOOR_TBCP,
	 "81cc00035e12fe00506f43316502001e",
	 {.type = HS_FM_GRANTED, .has_duration = true, .duration_s = 30}},
	{"poc1_granted_participants", HS_FLOOR_TBCP,
	 "81cc00045e12fe00506f43316502001e64020005",
	 {.type = HS_FM_GRANTED, .has_duration = true, .duration_s = 30,
	  .has_participants = true, .participants = 5}},
	{"poc1_taken_noack_cname", HS_FLOOR_TBCP,
	 "82cc00095e12fe00506f43310000a11c01157369703a616c696365406578"
	 "616d706c652e636f6d00",
	 {.type = HS_FM_TAKEN, .uri = {"sip:alice@example.com", 21}}},
	{"poc1_taken_noack_full", HS_FLOOR_TBCP,
	 "82cc000c5e12fe00506f43310000a11c01157369703a616c696365406578"
	 "616d706c652e636f6d0205416c696365000064020005",
	 {.type = HS_FM_TAKEN, .uri = {"sip:alice@example.com", 21},
	  .name = {"Alice", 5}, .has_participants = true,
	  .participants = 5}},
	{"poc1_taken_ack", HS_FLOOR_TBCP,
	 "92cc000d5e12fe00506f43310000a11c01157369703a616c696365406578"
	 "616d706c652e636f6d0208416c69636520412e00000064020003",
	 {.type = HS_FM_TAKEN, .ack = true,
	  .uri = {"sip:alice@example.com", 21}, .name = {"Alice A.", 8},
	  .has_participants = true, .participants = 3}},
	{"poc1_taken_noname_particip", HS_FLOOR_TBCP,
	 "82cc000a5e12fe00506f43310000a11c01157369703a616c696365406578"
	 "616d706c652e636f6d0064020005",
	 {.type = HS_FM_TAKEN, .uri = {"sip:alice@example.com", 21},
	  .has_participants = true, .participants = 5}},
	{"poc1_taken_empty_name_particip", HS_FLOOR_TBCP,
	 "82cc000b5e12fe00506f43310000a11c01157369703a616c696365406578"
	 "616d706c652e636f6d020000000064020005",
	 {.type = HS_FM_TAKEN, .uri = {"sip:alice@example.com", 21},
	  .name = {"", 0}, .has_participants = true, .participants = 5}},
	{"poc1_taken_anonymous", HS_FLOOR_TBCP,
	 "82cc000c5e12fe00506f43310000a11c011f7369703a616e6f6e796d6f75"
	 "7340616e6f6e796d6f75732e696e76616c6964000000",
	 {.type = HS_FM_TAKEN,
	  .uri = {"sip:anonymous@anonymous.invalid", 31}}},
	{"poc1_deny_1_phrase", HS_FLOOR_TBCP,
	 "83cc00075e12fe00506f43310111416e6f74686572207573657220686173"
	 "2100",
	 {.type = HS_FM_DENY, .reason = 1,
	  .phrase = {"Another user has!", 17}}},
	{"poc1_deny_5_nophrase", HS_FLOOR_TBCP,
	 "83cc00035e12fe00506f433105000000",
	 {.type = HS_FM_DENY, .reason = 5}},
	{"poc1_idle", HS_FLOOR_TBCP,
	 "85cc00025e12fe00506f4331",
	 {.type = HS_FM_IDLE}},
	{"poc1_revoke_1_only_one", HS_FLOOR_TBCP,
	 "86cc00035e12fe00506f433100010000",
	 {.type = HS_FM_REVOKE, .reason = 1}},
	{"poc1_revoke_2_too_long", HS_FLOOR_TBCP,
	 "86cc00035e12fe00506f43310002000a",
	 {.type = HS_FM_REVOKE, .reason = 2, .retry_after_s = 10}},
	{"poc1_revoke_4_preempted", HS_FLOOR_TBCP,
	 "86cc00035e12fe00506f433100040000",
	 {.type = HS_FM_REVOKE, .reason = 4}},
	{"poc1_queue_status_response", HS_FLOOR_TBCP,
	 "89cc00035e12fe00506f433101000300",
	 {.type = HS_FM_QUEUE_INFO, .position = 3}},
	{"poc1_queue_status_unqueued", HS_FLOOR_TBCP,
	 "89cc00035e12fe00506f433100000000",
	 {.type = HS_FM_QUEUE_INFO}},
	{"poc1_queue_status_unknown", HS_FLOOR_TBCP,
	 "89cc00035e12fe00506f433102ffff00",
	 {.type = HS_FM_QUEUE_INFO, .position = HS_FM_POSITION_UNKNOWN}},
	{"poc1_disconnect", HS_FLOOR_TBCP,
	 "8bcc00025e12fe00506f4331",
	 {.type = HS_FM_DISCONNECT, .ack = true}},
	{"poc1_connect_1to1", HS_FLOOR_TBCP,
	 "8fcc00125e12fe00506f4331e000010001157369703a616c696365406578"
	 "616d706c652e636f6d0205416c696365011a7369703a7365737334324070"
	 "6f632e6578616d706c652e636f6d0000",
	 {.type = HS_FM_CONNECT, .ack = true, .session_type = 1,
	  .confirmed = true, .inviting_uri = {"sip:alice@example.com", 21},
	  .inviting_name = {"Alice", 5},
	  .session_uri = {"sip:sess42@poc.example.com", 26}}},
	{"poc1_connect_prearranged_mao", HS_FLOOR_TBCP,
	 "8fcc001a5e12fe00506f4331f800038001157369703a616c696365406578"
	 "616d706c652e636f6d0205416c696365011a7369703a7365737334324070"
	 "6f632e6578616d706c652e636f6d0209426c7565207465616d0114736970"
	 "3a626c7565406578616d706c652e636f6d00",
	 {.type = HS_FM_CONNECT, .ack = true, .session_type = 3,
	  .confirmed = true, .inviting_uri = {"sip:alice@example.com", 21},
	  .inviting_name = {"Alice", 5},
	  .session_uri = {"sip:sess42@poc.example.com", 26},
	  .group_name = {"Blue team", 9},
	  .group_uri = {"sip:blue@example.com", 20}}},
	{"mcpt_granted", HS_FLOOR_MCPT,
	 "81cc00075e12fe004d4350540102001e000205000d0284000e060000a11c"
	 "0000",
	 {.type = HS_FM_GRANTED, .has_duration = true, .duration_s = 30,
	  .has_priority = true, .priority = 5, .has_indicator = true}},
	{"mcpt_granted_ackreq", HS_FLOOR_MCPT,
	 "91cc000f5e12fe004d4350540102001e0e060000a11c0000000205000618"
	 "7369703a616c696365406d632e6578616d706c652e636f6d000007020000"
	 "0d028000",
	 {.type = HS_FM_GRANTED, .ack = true, .has_duration = true,
	  .duration_s = 30, .has_priority = true, .priority = 5,
	  .has_queue_size = true, .has_indicator = true,
	  .user = {"sip:alice@mc.example.com", 24}}},
	{"mcpt_granted_indicator_multi_bits", HS_FLOOR_MCPT,
	 "81cc00075e12fe004d4350540102ffff0002ff000d0286000e060000a11c"
	 "0000",
	 {.type = HS_FM_GRANTED, .has_priority = true, .priority = 255,
	  .has_indicator = true}},
	{"mcpt_taken", HS_FLOOR_MCPT,
	 "82cc000e5e12fe004d43505404187369703a616c696365406d632e657861"
	 "6d706c652e636f6d000005020001080200010d0280000e060000a11c0000",
	 {.type = HS_FM_TAKEN, .uri = {"sip:alice@mc.example.com", 24},
	  .has_seq = true, .seq = 1, .has_indicator = true}},
	{"mcpt_taken_ackreq_noperm", HS_FLOOR_MCPT,
	 "92cc000e5e12fe004d43505404187369703a616c696365406d632e657861"
	 "6d706c652e636f6d0000050200000802ffff0d0240000e060000a11c0000",
	 {.type = HS_FM_TAKEN, .ack = true,
	  .uri = {"sip:alice@mc.example.com", 24}, .forbidden = true,
	  .has_seq = true, .seq = 65535, .has_indicator = true,
	  .broadcast = true}},
	{"mcpt_taken_falias", HS_FLOOR_MCPT,
	 "82cc00165e12fe004d43505404187369703a616c696365406d632e657861"
	 "6d706c652e636f6d000005020001080200020d0280000e060000a11c0000"
	 "111d7369703a646973706174636865724066612e6578616d706c652e636f"
	 "6d00",
	 {.type = HS_FM_TAKEN, .uri = {"sip:alice@mc.example.com", 24},
	  .has_seq = true, .seq = 2, .has_indicator = true}},
	{"mcpt_taken_multi", HS_FLOOR_MCPT,
	 "82cc001b5e12fe004d43505404167369703a626f62406d632e6578616d70"
	 "6c652e636f6d05020001080200050d0280800f3102187369703a616c6963"
	 "65406d632e6578616d706c652e636f6d167369703a626f62406d632e6578"
	 "616d706c652e636f6d00100a02000000a11c00000b0b",
	 {.type = HS_FM_TAKEN, .uri = {"sip:bob@mc.example.com", 22},
	  .has_seq = true, .seq = 5, .has_indicator = true}},
	{"mcpt_deny_another", HS_FLOOR_MCPT,
	 "83cc00045e12fe004d435054020200010d028000",
	 {.type = HS_FM_DENY, .reason = 1, .has_indicator = true}},
	{"mcpt_deny_phrase", HS_FLOOR_MCPT,
	 "83cc000d5e12fe004d435054020c000751756575652066756c6c00000616"
	 "7369703a626f62406d632e6578616d706c652e636f6d0d028000",
	 {.type = HS_FM_DENY, .reason = 7, .phrase = {"Queue full", 10},
	  .user = {"sip:bob@mc.example.com", 22}, .has_indicator = true}},
	{"mcpt_deny_ackreq", HS_FLOOR_MCPT,
	 "93cc00045e12fe004d435054020200050d028000",
	 {.type = HS_FM_DENY, .ack = true, .reason = 5,
	  .has_indicator = true}},
	{"mcpt_idle", HS_FLOOR_MCPT,
	 "85cc00045e12fe004d435054080200030d028000",
	 {.type = HS_FM_IDLE, .has_seq = true, .seq = 3,
	  .has_indicator = true}},
	{"mcpt_idle_ackreq", HS_FLOOR_MCPT,
	 "95cc00045e12fe004d435054080200040d028000",
	 {.type = HS_FM_IDLE, .ack = true, .has_seq = true, .seq = 4,
	  .has_indicator = true}},
	{"mcpt_revoke_too_long", HS_FLOOR_MCPT,
	 "86cc00045e12fe004d435054020200020d028000",
	 {.type = HS_FM_REVOKE, .reason = 2, .has_indicator = true}},
	{"mcpt_revoke_preempted", HS_FLOOR_MCPT,
	 "86cc000a5e12fe004d435054021800044d65646961204275727374207072"
	 "652d656d7074656400000d021000",
	 {.type = HS_FM_REVOKE, .reason = 4,
	  .phrase = {"Media Burst pre-empted", 22}, .has_indicator = true,
	  .tier = HS_FLOOR_EMERGENCY}},
	{"mcpt_queue_pos_info", HS_FLOOR_MCPT,
	 "89cc00045e12fe004d435054030201050d028400",
	 {.type = HS_FM_QUEUE_INFO, .position = 1, .has_priority = true,
	  .priority = 5, .has_indicator = true}},
	{"mcpt_queue_pos_info_notq", HS_FLOOR_MCPT,
	 "89cc00045e12fe004d4350540302fe000d028400",
	 {.type = HS_FM_QUEUE_INFO, .has_priority = true,
	  .has_indicator = true}},
	{"mcpt_queue_pos_info_unknown", HS_FLOOR_MCPT,
	 "99cc00125e12fe004d43505406167369703a626f62406d632e6578616d70"
	 "6c652e636f6d0e0600000b0b000009167369703a626f62406d632e657861"
	 "6d706c652e636f6d0302ff050d028400",
	 {.type = HS_FM_QUEUE_INFO, .ack = true,
	  .position = HS_FM_POSITION_UNKNOWN, .has_priority = true,
	  .priority = 5, .has_indicator = true,
	  .user = {"sip:bob@mc.example.com", 22}}},
	{"mcpt_ack_of_release", HS_FLOOR_MCPT,
	 "8acc00045e12fe004d4350540a0200020c020400",
	 {.type = HS_FM_ACK, .acked = HS_FM_RELEASE}},
	{"mcpc_connect_group", HS_FLOOR_MCPT,
	 "80cc001b5e12fe004d4350430121037369703a73657373696f6e2d343240"
	 "6d637074742e6578616d706c652e636f6d0003177369703a626c7565406d"
	 "632e6578616d706c652e636f6d000000000201020402000105187369703a"
	 "616c696365406d632e6578616d706c652e636f6d0000",
	 {.type = HS_FM_CONNECT, .session_type = 3,
	  .session_uri = {"sip:session-42@mcptt.example.com", 32},
	  .group_uri = {"sip:blue@mc.example.com", 23},
	  .inviting_uri = {"sip:alice@mc.example.com", 24},
	  .confirmed = true}},
	{"mcpc_connect_private_ackreq", HS_FLOOR_MCPT,
	 "90cc00145e12fe004d4350430121017369703a73657373696f6e2d343240"
	 "6d637074742e6578616d706c652e636f6d00000201020402000005187369"
	 "703a616c696365406d632e6578616d706c652e636f6d0000",
	 {.type = HS_FM_CONNECT, .ack = true, .session_type = 1,
	  .session_uri = {"sip:session-42@mcptt.example.com", 32},
	  .inviting_uri = {"sip:alice@mc.example.com", 24}}},
	{"mcpc_connect_warning", HS_FLOOR_MCPT,
	 "90cc001b5e12fe004d4350430121047369703a73657373696f6e2d343240"
	 "6d637074742e6578616d706c652e636f6d0003177369703a626c7565406d"
	 "632e6578616d706c652e636f6d000000000201020218333939206578616d"
	 "706c6520226c61746520656e74727922000004020001",
	 {.type = HS_FM_CONNECT, .ack = true, .session_type = 4,
	  .session_uri = {"sip:session-42@mcptt.example.com", 32},
	  .group_uri = {"sip:blue@mc.example.com", 23},
	  .phrase = {"399 example \"late entry\"", 24}, .confirmed = true}},
	{"mcpc_disconnect", HS_FLOOR_MCPT,
	 "81cc000b5e12fe004d4350430121037369703a73657373696f6e2d343240"
	 "6d637074742e6578616d706c652e636f6d00",
	 {.type = HS_FM_DISCONNECT, .session_type = 3,
	  .session_uri = {"sip:session-42@mcptt.example.com", 32}}},
	{"mcpc_disconnect_ackreq", HS_FLOOR_MCPT,
	 "91cc000b5e12fe004d4350430121037369703a73657373696f6e2d343240"
	 "6d637074742e6578616d706c652e636f6d00",
	 {.type = HS_FM_DISCONNECT, .ack = true, .session_type = 3,
	  .session_uri = {"sip:session-42@mcptt.example.com", 32}}},
};

static const struct said saidv[] = {
	{"poc1_request", HS_FLOOR_TBCP, NULL, 0, 0,
	 "80cc00020000a11c506f4331",
	 {.type = HS_FM_REQUEST}},
	{"poc1_request_prio", HS_FLOOR_TBCP, NULL, 2, 0,
	 "80cc00030000a11c506f433166020002",
	 {.type = HS_FM_REQUEST}},
	{"poc1_request_prio_ts", HS_FLOOR_TBCP, NULL, 3, 0xe8f7a00080000000,
	 "80cc00060000a11c506f4331660200036708e8f7a000800000000000",
	 {.type = HS_FM_REQUEST}},
	{"poc1_release_seq", HS_FLOOR_TBCP, NULL, 0, 0,
	 "84cc00030000a11c506f433112670000",
	 {.type = HS_FM_RELEASE, .last_seq = 0x1267}},
	{"poc1_release_ignore", HS_FLOOR_TBCP, NULL, 0, 0,
	 "84cc00030000a11c506f433100008000",
	 {.type = HS_FM_RELEASE, .ignore_seq = true}},
	{"poc1_ack_for_taken", HS_FLOOR_TBCP, NULL, 0, 0,
	 "87cc00030000a11c506f433190000000",
	 {.type = HS_FM_ACK, .acked = HS_FM_TAKEN}},
	{"poc1_ack_for_connect_ok", HS_FLOOR_TBCP, NULL, 0, 0,
	 "87cc00030000a11c506f433178000000",
	 {.type = HS_FM_ACK, .acked = HS_FM_CONNECT}},
	{"poc1_ack_for_connect_busy", HS_FLOOR_TBCP, NULL, 0, 0,
	 "87cc00030000a11c506f433178010000",
	 {.type = HS_FM_ACK, .acked = HS_FM_CONNECT,
	  .reason = HS_FLOOR_BUSY}},
	{"poc1_ack_for_disconnect", HS_FLOOR_TBCP, NULL, 0, 0,
	 "87cc00030000a11c506f433158000000",
	 {.type = HS_FM_ACK, .acked = HS_FM_DISCONNECT}},
	{"poc1_queue_status_request", HS_FLOOR_TBCP, NULL, 0, 0,
	 "88cc00020000a11c506f4331",
	 {.type = HS_FM_QUEUE_REQUEST}},
	{"mcpt_request", HS_FLOOR_MCPT, "sip:alice@mc.example.com", 5, 0,
	 "80cc000b0000a11c4d4350540002050006187369703a616c696365406d63"
	 "2e6578616d706c652e636f6d00000d028000",
	 {.type = HS_FM_REQUEST}},
	{"mcpt_request_emergency", HS_FLOOR_MCPT, "sip:alice@mc.example.com", 255, 0,
	 "80cc000b0000a11c4d4350540002ff0006187369703a616c696365406d63"
	 "2e6578616d706c652e636f6d00000d021000",
	 {.type = HS_FM_REQUEST, .tier = HS_FLOOR_EMERGENCY}},
	{"mcpt_release", HS_FLOOR_MCPT, "sip:alice@mc.example.com", 5, 0,
	 "84cc000a0000a11c4d43505406187369703a616c696365406d632e657861"
	 "6d706c652e636f6d00000d028000",
	 {.type = HS_FM_RELEASE, .ignore_seq = true}},
	{"mcpt_release_ackreq", HS_FLOOR_MCPT, "sip:alice@mc.example.com", 5, 0,
	 "94cc000a0000a11c4d43505406187369703a616c696365406d632e657861"
	 "6d706c652e636f6d00000d028000",
	 {.type = HS_FM_RELEASE, .ack = true}},
	{"mcpt_queue_pos_request", HS_FLOOR_MCPT, "sip:bob@mc.example.com", 5, 0,
	 "88cc00080000a11c4d43505406167369703a626f62406d632e6578616d70"
	 "6c652e636f6d",
	 {.type = HS_FM_QUEUE_REQUEST}},
	{"mcpt_ack_of_granted", HS_FLOOR_MCPT, "sip:alice@mc.example.com", 0, 0,
	 "8acc00040000a11c4d4350540a0200000c020100",
	 {.type = HS_FM_ACK, .acked = HS_FM_GRANTED}},
	{"mcpc_ack_accepted", HS_FLOOR_MCPT, "sip:alice@mc.example.com", 0, 0,
	 "82cc000c0000a11c4d4350430121037369703a73657373696f6e2d343240"
	 "6d637074742e6578616d706c652e636f6d0006020000",
	 {.type = HS_FM_ACK, .acked = HS_FM_CONNECT, .session_type = 3,
	  .session_uri = {"sip:session-42@mcptt.example.com", 32}}},
	{"mcpc_ack_busy", HS_FLOOR_MCPT, "sip:alice@mc.example.com", 0, 0,
	 "82cc000c0000a11c4d4350430121037369703a73657373696f6e2d343240"
	 "6d637074742e6578616d706c652e636f6d0006020001",
	 {.type = HS_FM_ACK, .acked = HS_FM_CONNECT,
	  .reason = HS_FLOOR_BUSY, .session_type = 3,
	  .session_uri = {"sip:session-42@mcptt.example.com", 32}}},
	{"mcpc_ack_not_accepted", HS_FLOOR_MCPT, "sip:alice@mc.example.com", 0, 0,
	 "82cc000c0000a11c4d4350430121017369703a73657373696f6e2d343240"
	 "6d637074742e6578616d706c652e636f6d0006020002",
	 {.type = HS_FM_ACK, .acked = HS_FM_CONNECT,
	  .reason = HS_FLOOR_REFUSE, .session_type = 1,
	  .session_uri = {"sip:session-42@mcptt.example.com", 32}}},
};

static size_t bytes(uint8_t *p, const char *hex)
{
	size_t n = 0;
	unsigned v;

	for (; sscanf(hex, "%2x", &v) == 1; hex += 2)
		p[n++] = (uint8_t)v;
	return n;
}

static void what_a_participant_says(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(saidv) / sizeof(saidv[0]); i++) {
		const struct said *s = &saidv[i];
		const struct hs_floormsg_who who = {.proto = s->proto,
						    .ssrc = 0xa11c,
						    .uri = s->uri,
						    .priority = s->priority,
						    .ntp_time = s->ntp_time};
		uint8_t want[256], got[HS_FM_MAX_BYTES];
		const size_t n = bytes(want, s->hex);
		size_t len;

		print_message("%s\n", s->name);
		assert_int_equal(hs_floormsg_encode(got, sizeof(got), &s->msg,
						    &who, &len),
				 0);
		assert_int_equal(len, n);
		assert_memory_equal(got, want, n);
		while (len--)
			assert_int_equal(hs_floormsg_encode(got, len, &s->msg,
							    &who,
							    &(size_t){0}),
					 EOVERFLOW);
	}
}

static void texts_equal(const struct hs_fm_text *a,
			const struct hs_fm_text *b)
{
	assert_int_equal(a->l, b->l);
	if (a->l)
		assert_memory_equal(a->p, b->p, a->l);
}

static void equal(const struct hs_floormsg *a, const struct hs_floormsg *b)
{
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->ack, b->ack);
	assert_int_equal(a->has_duration, b->has_duration);
	if (a->has_duration)
		assert_int_equal(a->duration_s, b->duration_s);
	assert_int_equal(a->has_participants, b->has_participants);
	assert_int_equal(a->participants, b->participants);
	assert_int_equal(a->has_queue_size, b->has_queue_size);
	assert_int_equal(a->queue_size, b->queue_size);
	assert_int_equal(a->has_priority, b->has_priority);
	assert_int_equal(a->priority, b->priority);
	texts_equal(&a->uri, &b->uri);
	texts_equal(&a->name, &b->name);
	assert_int_equal(a->forbidden, b->forbidden);
	assert_int_equal(a->has_seq, b->has_seq);
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->reason, b->reason);
	texts_equal(&a->phrase, &b->phrase);
	texts_equal(&a->user, &b->user);
	assert_int_equal(a->retry_after_s, b->retry_after_s);
	assert_int_equal(a->position, b->position);
	assert_int_equal(a->has_indicator, b->has_indicator);
	assert_int_equal(a->broadcast, b->broadcast);
	assert_int_equal(a->tier, b->tier);
	assert_int_equal(a->session_type, b->session_type);
	texts_equal(&a->session_uri, &b->session_uri);
	texts_equal(&a->inviting_uri, &b->inviting_uri);
	texts_equal(&a->inviting_name, &b->inviting_name);
	texts_equal(&a->group_name, &b->group_name);
	texts_equal(&a->group_uri, &b->group_uri);
	assert_int_equal(a->confirmed, b->confirmed);
	if (a->type == HS_FM_ACK)
		assert_int_equal(a->acked, b->acked);
}

static void what_a_participant_is_told(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(toldv) / sizeof(toldv[0]); i++) {
		const struct told *t = &toldv[i];
		struct hs_floormsg got;
		uint8_t buf[256];
		const size_t n = bytes(buf, t->hex);
		size_t used, k;

		print_message("%s\n", t->name);
		for (k = 0; k < n; k++)
			assert_int_equal(hs_floormsg_decode(&got, t->proto,
							    buf, k, &used),
					 EBADMSG);
		assert_int_equal(
			hs_floormsg_decode(&got, t->proto, buf, n, &used), 0);
		assert_int_equal(used, n);
		equal(&got, &t->msg);
	}
}

/* Idle and Taken; then MCPC behind MCPT on the same channel */
static void several_in_a_datagram(void **state)
{
	static const char *const hexv[] = {
		"85cc00045e12fe004d435054080200060d028000",
		"91cc000b5e12fe004d4350430121037369703a73657373696f6e2d3432"
		"406d637074742e6578616d706c652e636f6d00",
		"82cc000e5e12fe004d43505404187369703a616c696365406d632e6578"
		"616d706c652e636f6d000005020001080200070d0280000e060000a11c"
		"0000"};
	static const enum hs_floormsg_type typev[] = {
		HS_FM_IDLE, HS_FM_DISCONNECT, HS_FM_TAKEN};
	struct hs_floormsg msg;
	uint8_t buf[256];
	size_t n = 0, at = 0, used;
	unsigned i;

	(void)state;
	for (i = 0; i < 3; i++)
		n += bytes(buf + n, hexv[i]);
	for (i = 0; i < 3; i++, at += used) {
		assert_int_equal(hs_floormsg_decode(&msg, HS_FLOOR_MCPT,
						    buf + at, n - at, &used),
				 0);
		assert_int_equal(msg.type, typev[i]);
	}
	assert_int_equal(at, n);
}

static void who_talks_may_be_nobody(void **state)
{
	struct hs_floormsg msg = {.type = HS_FM_TAKEN};

	(void)state;
	assert_true(hs_floormsg_anonymous(&msg));
	msg.uri = (struct hs_fm_text){"sip:anonymous@anonymous.invalid", 31};
	assert_true(hs_floormsg_anonymous(&msg));
	msg.uri.l = 30;
	assert_false(hs_floormsg_anonymous(&msg));
}

/* Names of other protocols, a participant's own messages, and an Ack of what
 * we do not want acked */
static void what_is_not_for_a_participant(void **state)
{
	static const char *const hexv[] = {
		"80cc00020000a11c506f4331",
		"80cc00020000a11c4d435054",
		"8acc00040000a11c4d4350540a0200000c020100",
		"8fcc000c5e12fe004d43505406187369703a616c696365406d632e6578"
		"616d706c652e636f6d00000d0280800e060000a11c0000",
		"82cc000c0000a11c4d4350430121037369703a73657373696f6e2d3432"
		"406d637074742e6578616d706c652e636f6d0006020000",
		"8dcc00025e12fe004d435054"};
	unsigned i, p;

	(void)state;
	for (i = 0; i < sizeof(hexv) / sizeof(hexv[0]); i++) {
		for (p = 0; p < HS_FLOOR_PROTOS; p++) {
			struct hs_floormsg msg;
			uint8_t buf[128];
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
		if (i < 256)
			(void)hs_floormsg_session_name((uint8_t)i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_participant_says),
		cmocka_unit_test(what_a_participant_is_told),
		cmocka_unit_test(several_in_a_datagram),
		cmocka_unit_test(who_talks_may_be_nobody),
		cmocka_unit_test(what_is_not_for_a_participant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

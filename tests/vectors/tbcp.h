/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file tbcp.h  Every "PoC1" message as bytes and as values
 *
 * The bytes were decoded by an independent dissector (tshark 4.0) to the same
 * values, but for two: taken_noname_particip and taken_anonymous leave out the
 * NAME item, and that dissector does not skip the padding behind CNAME then.
 */
#ifndef HL_TESTS_VECTORS_TBCP_H
#define HL_TESTS_VECTORS_TBCP_H

#include "wire/tbcp.h"

#define TEXT(s)                                                               \
	{                                                                     \
		.p = (s), .l = sizeof(s) - 1                                  \
	}

#define ALICE "sip:alice@example.com"

/* SSRCs of the two sides */
enum { CLI = 0xa11c, SRV = 0x5e12fe00 };

struct tbcp_vector {
	const char *name;
	const char *hex;
	struct tbcp_msg msg;
};

static const struct tbcp_vector tbcp_vectors[] = {
	{"request",
	 "80cc00020000a11c506f4331",
	 {.ssrc = CLI, .type = TBCP_REQUEST}},
	{"request_prio",
	 "80cc00030000a11c506f433166020002",
	 {.ssrc = CLI, .type = TBCP_REQUEST, .has_priority = true, .priority = 2}},
	{"request_prio_ts",
	 "80cc00060000a11c506f4331660200036708e8f7a000800000000000",
	 {.ssrc = CLI, .type = TBCP_REQUEST, .has_priority = true, .priority = 3,
	  .has_time = true, .ntp_time = 0xe8f7a00080000000}},
	{"granted",
	 "81cc00035e12fe00506f43316502001e",
	 {.ssrc = SRV, .type = TBCP_GRANTED, .has_stop_talking = true,
	  .stop_talking_s = 30}},
	{"granted_participants",
	 "81cc00045e12fe00506f43316502001e64020005",
	 {.ssrc = SRV, .type = TBCP_GRANTED, .has_stop_talking = true,
	  .stop_talking_s = 30, .has_participants = true, .participants = 5}},
	{"taken_noack_cname",
	 "82cc00095e12fe00506f43310000a11c01157369703a616c69636540"
	 "6578616d706c652e636f6d00",
	 {.ssrc = SRV, .type = TBCP_TAKEN, .talker_ssrc = CLI, .cname = TEXT(ALICE)}},
	{"taken_noack_full",
	 "82cc000c5e12fe00506f43310000a11c01157369703a616c69636540"
	 "6578616d706c652e636f6d0205416c696365000064020005",
	 {.ssrc = SRV, .type = TBCP_TAKEN, .talker_ssrc = CLI, .cname = TEXT(ALICE),
	  .name = TEXT("Alice"), .has_participants = true, .participants = 5}},
	{"taken_ack",
	 "92cc000d5e12fe00506f43310000a11c01157369703a616c69636540"
	 "6578616d706c652e636f6d0208416c69636520412e00000064020003",
	 {.ssrc = SRV, .type = TBCP_TAKEN, .ack = true, .talker_ssrc = CLI,
	  .cname = TEXT(ALICE), .name = TEXT("Alice A."),
	  .has_participants = true, .participants = 3}},
	{"taken_noname_particip",
	 "82cc000a5e12fe00506f43310000a11c01157369703a616c69636540"
	 "6578616d706c652e636f6d0064020005",
	 {.ssrc = SRV, .type = TBCP_TAKEN, .talker_ssrc = CLI, .cname = TEXT(ALICE),
	  .has_participants = true, .participants = 5}},
	{"taken_empty_name_particip",
	 "82cc000b5e12fe00506f43310000a11c01157369703a616c69636540"
	 "6578616d706c652e636f6d020000000064020005",
	 {.ssrc = SRV, .type = TBCP_TAKEN, .talker_ssrc = CLI, .cname = TEXT(ALICE),
	  .name = TEXT(""), .has_participants = true, .participants = 5}},
	{"taken_anonymous",
	 "82cc000c5e12fe00506f43310000a11c011f7369703a616e6f6e796d"
	 "6f757340616e6f6e796d6f75732e696e76616c6964000000",
	 {.ssrc = SRV, .type = TBCP_TAKEN, .talker_ssrc = CLI,
	  .cname = TEXT("sip:anonymous@anonymous.invalid")}},
	{"deny_1_phrase",
	 "83cc00075e12fe00506f43310111416e6f7468657220757365722068"
	 "61732100",
	 {.ssrc = SRV, .type = TBCP_DENY, .reason = TBCP_DENY_OTHER_HAS_FLOOR,
	  .phrase = TEXT("Another user has!")}},
	{"deny_5_nophrase",
	 "83cc00035e12fe00506f433105000000",
	 {.ssrc = SRV, .type = TBCP_DENY, .reason = TBCP_DENY_LISTEN_ONLY,
	  .phrase = TEXT("")}},
	{"release_seq",
	 "84cc00030000a11c506f433112670000",
	 {.ssrc = CLI, .type = TBCP_RELEASE, .last_seq = 4711}},
	{"release_ignore",
	 "84cc00030000a11c506f433100008000",
	 {.ssrc = CLI, .type = TBCP_RELEASE, .ignore_seq = true}},
	{"idle",
	 "85cc00025e12fe00506f4331",
	 {.ssrc = SRV, .type = TBCP_IDLE}},
	{"revoke_1_only_one",
	 "86cc00035e12fe00506f433100010000",
	 {.ssrc = SRV, .type = TBCP_REVOKE, .reason = TBCP_REVOKE_ONLY_ONE}},
	{"revoke_2_too_long",
	 "86cc00035e12fe00506f43310002000a",
	 {.ssrc = SRV, .type = TBCP_REVOKE, .reason = TBCP_REVOKE_TOO_LONG,
	  .additional = 10}},
	{"revoke_4_preempted",
	 "86cc00035e12fe00506f433100040000",
	 {.ssrc = SRV, .type = TBCP_REVOKE, .reason = TBCP_REVOKE_PREEMPTED}},
	{"ack_for_taken",
	 "87cc00030000a11c506f433190000000",
	 {.ssrc = CLI, .type = TBCP_ACK, .acked = 18}},
	{"ack_for_connect_ok",
	 "87cc00030000a11c506f433178000000",
	 {.ssrc = CLI, .type = TBCP_ACK, .acked = 15,
	  .reason = TBCP_CONNECT_ACCEPTED}},
	{"ack_for_connect_busy",
	 "87cc00030000a11c506f433178010000",
	 {.ssrc = CLI, .type = TBCP_ACK, .acked = 15, .reason = TBCP_CONNECT_BUSY}},
	{"ack_for_disconnect",
	 "87cc00030000a11c506f433158000000",
	 {.ssrc = CLI, .type = TBCP_ACK, .acked = 11}},
	{"queue_status_request",
	 "88cc00020000a11c506f4331",
	 {.ssrc = CLI, .type = TBCP_QUEUE_STATUS_REQUEST}},
	{"queue_status_response",
	 "89cc00035e12fe00506f433101000300",
	 {.ssrc = SRV, .type = TBCP_QUEUE_STATUS, .has_priority = true,
	  .priority = 1, .position = 3}},
	{"queue_status_unqueued",
	 "89cc00035e12fe00506f433100000000",
	 {.ssrc = SRV, .type = TBCP_QUEUE_STATUS, .has_priority = true}},
	{"queue_status_unknown",
	 "89cc00035e12fe00506f433102ffff00",
	 {.ssrc = SRV, .type = TBCP_QUEUE_STATUS, .has_priority = true,
	  .priority = 2, .position = 65535}},
	{"disconnect",
	 "8bcc00025e12fe00506f4331",
	 {.ssrc = SRV, .type = TBCP_DISCONNECT, .ack = true}},
	{"connect_1to1",
	 "8fcc00125e12fe00506f4331e000010001157369703a616c69636540"
	 "6578616d706c652e636f6d0205416c696365011a7369703a73657373"
	 "343240706f632e6578616d706c652e636f6d0000",
	 {.ssrc = SRV, .type = TBCP_CONNECT, .ack = true, .content_mask = 0xe000,
	  .session_type = 1, .inviting_uri = TEXT(ALICE),
	  .inviting_name = TEXT("Alice"),
	  .session_uri = TEXT("sip:sess42@poc.example.com")}},
	{"connect_prearranged_mao",
	 "8fcc001a5e12fe00506f4331f800038001157369703a616c69636540"
	 "6578616d706c652e636f6d0205416c696365011a7369703a73657373"
	 "343240706f632e6578616d706c652e636f6d0209426c756520746561"
	 "6d01147369703a626c7565406578616d706c652e636f6d00",
	 {.ssrc = SRV, .type = TBCP_CONNECT, .ack = true, .content_mask = 0xf800,
	  .session_type = 3, .manual_override = true,
	  .inviting_uri = TEXT(ALICE), .inviting_name = TEXT("Alice"),
	  .session_uri = TEXT("sip:sess42@poc.example.com"),
	  .group_name = TEXT("Blue team"),
	  .group_uri = TEXT("sip:blue@example.com")}},
};

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mcpt.h  Every "MCPT" message as bytes and as values
 *
 * The bytes were decoded by an independent dissector (tshark 4.0) to the same
 * values, but for the last five, where it stumbles over a list of SSRCs, over
 * a participant type of 4n octets, or does not know the fields of Rel-17.
 *
 * Those marked READ have their fields in another order than the one of the
 * standard's tables, or an unknown one: they are not the bytes that we write.
 */
#ifndef HL_TESTS_VECTORS_MCPT_H
#define HL_TESTS_VECTORS_MCPT_H

#include "wire/mcpt.h"

#define TEXT(s)                                                               \
	{                                                                     \
		.p = (s), .l = sizeof(s) - 1                                  \
	}

#define ALICE "sip:alice@mc.example.com"
#define BOB "sip:bob@mc.example.com"

/* SSRCs of the two sides */
enum { CLI = 0xa11c, SRV = 0x5e12fe00 };

enum mcpt_way { BOTH, READ };

struct mcpt_vector {
	const char *name;
	const char *hex;
	enum mcpt_way way;
	struct mcpt_msg msg;
};

static const struct mcpt_vector mcpt_vectors[] = {
	{"request_min",
	 "80cc00020000a11c4d435054",
	 BOTH,
	 {.ssrc = CLI, .type = MCPT_REQUEST}},
	{"request",
	 "80cc000b0000a11c4d4350540002050006187369703a616c6963654"
	 "06d632e6578616d706c652e636f6d00000d028000",
	 BOTH,
	 {.ssrc = CLI, .type = MCPT_REQUEST,
	  .has = MCPT_HAS_PRIORITY | MCPT_HAS_INDICATOR, .priority = 5,
	  .user = TEXT(ALICE), .indicator = MCPT_IND_NORMAL}},
	{"request_emergency",
	 "80cc000b0000a11c4d4350540002ff0006187369703a616c6963654"
	 "06d632e6578616d706c652e636f6d00000d021000",
	 BOTH,
	 {.ssrc = CLI, .type = MCPT_REQUEST,
	  .has = MCPT_HAS_PRIORITY | MCPT_HAS_INDICATOR, .priority = 255,
	  .user = TEXT(ALICE), .indicator = MCPT_IND_EMERGENCY}},
	{"granted",
	 "81cc00075e12fe004d4350540102001e000205000d0284000e06000"
	 "0a11c0000",
	 READ,
	 {.ssrc = SRV, .type = MCPT_GRANTED,
	  .has = MCPT_HAS_DURATION | MCPT_HAS_PRIORITY | MCPT_HAS_INDICATOR |
		 MCPT_HAS_SSRC,
	  .duration_s = 30, .priority = 5,
	  .indicator = MCPT_IND_NORMAL | MCPT_IND_QUEUEING,
	  .granted_ssrc = CLI}},
	{"granted_ackreq",
	 "91cc000f5e12fe004d4350540102001e0e060000a11c00000002050"
	 "006187369703a616c696365406d632e6578616d706c652e636f6d00"
	 "00070200000d028000",
	 BOTH,
	 {.ssrc = SRV, .type = MCPT_GRANTED, .ack = true,
	  .has = MCPT_HAS_DURATION | MCPT_HAS_PRIORITY | MCPT_HAS_INDICATOR |
		 MCPT_HAS_SSRC | MCPT_HAS_QUEUE_SIZE,
	  .duration_s = 30, .priority = 5, .user = TEXT(ALICE),
	  .indicator = MCPT_IND_NORMAL, .granted_ssrc = CLI}},
	{"taken",
	 "82cc000e5e12fe004d43505404187369703a616c696365406d632e6"
	 "578616d706c652e636f6d000005020001080200010d0280000e0600"
	 "00a11c0000",
	 BOTH,
	 {.ssrc = SRV, .type = MCPT_TAKEN,
	  .has = MCPT_HAS_PERMISSION | MCPT_HAS_SEQ | MCPT_HAS_INDICATOR |
		 MCPT_HAS_SSRC,
	  .granted_party = TEXT(ALICE), .may_request = true, .seq = 1,
	  .indicator = MCPT_IND_NORMAL, .granted_ssrc = CLI}},
	{"taken_ackreq_noperm",
	 "92cc000e5e12fe004d43505404187369703a616c696365406d632e6"
	 "578616d706c652e636f6d0000050200000802ffff0d0240000e0600"
	 "00a11c0000",
	 BOTH,
	 {.ssrc = SRV, .type = MCPT_TAKEN, .ack = true,
	  .has = MCPT_HAS_PERMISSION | MCPT_HAS_SEQ | MCPT_HAS_INDICATOR |
		 MCPT_HAS_SSRC,
	  .granted_party = TEXT(ALICE), .seq = 65535,
	  .indicator = MCPT_IND_BROADCAST, .granted_ssrc = CLI}},
	{"taken_falias",
	 "82cc00165e12fe004d43505404187369703a616c696365406d632e6"
	 "578616d706c652e636f6d000005020001080200020d0280000e0600"
	 "00a11c0000111d7369703a646973706174636865724066612e65786"
	 "16d706c652e636f6d00",
	 BOTH,
	 {.ssrc = SRV, .type = MCPT_TAKEN,
	  .has = MCPT_HAS_PERMISSION | MCPT_HAS_SEQ | MCPT_HAS_INDICATOR |
		 MCPT_HAS_SSRC,
	  .granted_party = TEXT(ALICE), .may_request = true, .seq = 2,
	  .indicator = MCPT_IND_NORMAL, .granted_ssrc = CLI,
	  .alias = TEXT("sip:dispatcher@fa.example.com")}},
	{"deny_another",
	 "83cc00045e12fe004d435054020200010d028000",
	 BOTH,
	 {.ssrc = SRV, .type = MCPT_DENY,
	  .has = MCPT_HAS_CAUSE | MCPT_HAS_INDICATOR,
	  .cause = MCPT_DENY_OTHER_HAS_FLOOR, .indicator = MCPT_IND_NORMAL}},
	{"deny_phrase",
	 "83cc000d5e12fe004d435054020c000751756575652066756c6c000"
	 "006167369703a626f62406d632e6578616d706c652e636f6d0d0280"
	 "00",
	 BOTH,
	 {.ssrc = SRV, .type = MCPT_DENY,
	  .has = MCPT_HAS_CAUSE | MCPT_HAS_INDICATOR,
	  .cause = MCPT_DENY_QUEUE_FULL, .phrase = TEXT("Queue full"),
	  .user = TEXT(BOB), .indicator = MCPT_IND_NORMAL}},
	{"deny_ackreq",
	 "93cc00045e12fe004d435054020200050d028000",
	 BOTH,
	 {.ssrc = SRV, .type = MCPT_DENY, .ack = true,
	  .has = MCPT_HAS_CAUSE | MCPT_HAS_INDICATOR,
	  .cause = MCPT_DENY_RECEIVE_ONLY, .indicator = MCPT_IND_NORMAL}},
	{"release",
	 "84cc000a0000a11c4d43505406187369703a616c696365406d632e6"
	 "578616d706c652e636f6d00000d028000",
	 BOTH,
	 {.ssrc = CLI, .type = MCPT_RELEASE, .has = MCPT_HAS_INDICATOR,
	  .user = TEXT(ALICE), .indicator = MCPT_IND_NORMAL}},
	{"release_ackreq",
	 "94cc000a0000a11c4d43505406187369703a616c696365406d632e6"
	 "578616d706c652e636f6d00000d028000",
	 BOTH,
	 {.ssrc = CLI, .type = MCPT_RELEASE, .ack = true,
	  .has = MCPT_HAS_INDICATOR, .user = TEXT(ALICE),
	  .indicator = MCPT_IND_NORMAL}},
	{"idle",
	 "85cc00045e12fe004d435054080200030d028000",
	 BOTH,
	 {.ssrc = SRV, .type = MCPT_IDLE,
	  .has = MCPT_HAS_SEQ | MCPT_HAS_INDICATOR, .seq = 3,
	  .indicator = MCPT_IND_NORMAL}},
	{"idle_ackreq",
	 "95cc00045e12fe004d435054080200040d028000",
	 BOTH,
	 {.ssrc = SRV, .type = MCPT_IDLE, .ack = true,
	  .has = MCPT_HAS_SEQ | MCPT_HAS_INDICATOR, .seq = 4,
	  .indicator = MCPT_IND_NORMAL}},
	{"revoke_too_long",
	 "86cc00045e12fe004d435054020200020d028000",
	 BOTH,
	 {.ssrc = SRV, .type = MCPT_REVOKE,
	  .has = MCPT_HAS_CAUSE | MCPT_HAS_INDICATOR,
	  .cause = MCPT_REVOKE_TOO_LONG, .indicator = MCPT_IND_NORMAL}},
	{"revoke_preempted",
	 "86cc000a5e12fe004d435054021800044d656469612042757273742"
	 "07072652d656d7074656400000d021000",
	 BOTH,
	 {.ssrc = SRV, .type = MCPT_REVOKE,
	  .has = MCPT_HAS_CAUSE | MCPT_HAS_INDICATOR,
	  .cause = MCPT_REVOKE_PREEMPTED,
	  .phrase = TEXT("Media Burst pre-empted"),
	  .indicator = MCPT_IND_EMERGENCY}},
	{"queue_pos_request",
	 "88cc00080000a11c4d43505406167369703a626f62406d632e65786"
	 "16d706c652e636f6d",
	 BOTH,
	 {.ssrc = CLI, .type = MCPT_QUEUE_REQUEST, .user = TEXT(BOB)}},
	{"queue_pos_info",
	 "89cc00045e12fe004d435054030201050d028400",
	 BOTH,
	 {.ssrc = SRV, .type = MCPT_QUEUE_INFO,
	  .has = MCPT_HAS_QUEUE_INFO | MCPT_HAS_INDICATOR,
	  .queue_position = 1, .queue_priority = 5,
	  .indicator = MCPT_IND_NORMAL | MCPT_IND_QUEUEING}},
	{"queue_pos_info_notq",
	 "89cc00045e12fe004d4350540302fe000d028400",
	 BOTH,
	 {.ssrc = SRV, .type = MCPT_QUEUE_INFO,
	  .has = MCPT_HAS_QUEUE_INFO | MCPT_HAS_INDICATOR,
	  .queue_position = MCPT_QUEUE_NOT_QUEUED,
	  .indicator = MCPT_IND_NORMAL | MCPT_IND_QUEUEING}},
	{"queue_pos_info_unknown",
	 "99cc00125e12fe004d43505406167369703a626f62406d632e65786"
	 "16d706c652e636f6d0e0600000b0b000009167369703a626f62406d"
	 "632e6578616d706c652e636f6d0302ff050d028400",
	 BOTH,
	 {.ssrc = SRV, .type = MCPT_QUEUE_INFO, .ack = true,
	  .has = MCPT_HAS_QUEUE_INFO | MCPT_HAS_INDICATOR | MCPT_HAS_SSRC,
	  .user = TEXT(BOB), .granted_ssrc = 0xb0b, .queued_user = TEXT(BOB),
	  .queue_position = MCPT_QUEUE_NOT_DISCLOSED, .queue_priority = 5,
	  .indicator = MCPT_IND_NORMAL | MCPT_IND_QUEUEING}},
	{"ack_of_granted",
	 "8acc00040000a11c4d4350540a0200000c020100",
	 BOTH,
	 {.ssrc = CLI, .type = MCPT_ACK,
	  .has = MCPT_HAS_SOURCE | MCPT_HAS_ACKED,
	  .source = MCPT_SOURCE_PARTICIPANT, .acked = MCPT_GRANTED}},
	{"ack_of_release",
	 "8acc00045e12fe004d4350540a0200020c020400",
	 BOTH,
	 {.ssrc = SRV, .type = MCPT_ACK,
	  .has = MCPT_HAS_SOURCE | MCPT_HAS_ACKED,
	  .source = MCPT_SOURCE_CONTROLLING, .acked = MCPT_RELEASE}},
	{"release_multi_talker",
	 "8fcc000c5e12fe004d43505406187369703a616c696365406d632e6"
	 "578616d706c652e636f6d00000d0280800e060000a11c0000",
	 BOTH,
	 {.ssrc = SRV, .type = MCPT_RELEASE_MULTI,
	  .has = MCPT_HAS_INDICATOR | MCPT_HAS_SSRC, .user = TEXT(ALICE),
	  .indicator = MCPT_IND_NORMAL | MCPT_IND_MULTI,
	  .granted_ssrc = CLI}},
	{"granted_indicator_multi_bits",
	 "81cc00075e12fe004d4350540102ffff0002ff000d0286000e06000"
	 "0a11c0000",
	 READ,
	 {.ssrc = SRV, .type = MCPT_GRANTED,
	  .has = MCPT_HAS_DURATION | MCPT_HAS_PRIORITY | MCPT_HAS_INDICATOR |
		 MCPT_HAS_SSRC,
	  .duration_s = 65535, .priority = 255,
	  .indicator = MCPT_IND_NORMAL | MCPT_IND_QUEUEING | MCPT_IND_DUAL,
	  .granted_ssrc = CLI}},
	{"request_track_info_pad",
	 "80cc000f0000a11c4d4350540002050006187369703a616c6963654"
	 "06d632e6578616d706c652e636f6d00000b0e01056c656164370000"
	 "00111111110d028000",
	 BOTH,
	 {.ssrc = CLI, .type = MCPT_REQUEST,
	  .has = MCPT_HAS_PRIORITY | MCPT_HAS_INDICATOR, .priority = 5,
	  .user = TEXT(ALICE), .indicator = MCPT_IND_NORMAL,
	  .track = TEXT("\1\5lead7\0\0\0\x11\x11\x11\x11")}},
	{"taken_multi",
	 "82cc001b5e12fe004d43505404167369703a626f62406d632e65786"
	 "16d706c652e636f6d05020001080200050d0280800f3102187369703"
	 "a616c696365406d632e6578616d706c652e636f6d167369703a626f6"
	 "2406d632e6578616d706c652e636f6d00100a02000000a11c00000b0"
	 "b",
	 BOTH,
	 {.ssrc = SRV, .type = MCPT_TAKEN,
	  .has = MCPT_HAS_PERMISSION | MCPT_HAS_SEQ | MCPT_HAS_INDICATOR,
	  .granted_party = TEXT(BOB), .may_request = true, .seq = 5,
	  .indicator = MCPT_IND_NORMAL | MCPT_IND_MULTI,
	  .users = TEXT("\2\x18" ALICE "\x16" BOB),
	  .ssrcs = TEXT("\2\0\0\0\xa1\x1c\0\0\x0b\x0b")}},
	{"request_track_info",
	 "80cc000f0000a11c4d4350540002050006187369703a616c6963654"
	 "06d632e6578616d706c652e636f6d00000b0e010464697370111111"
	 "11222222220d028000",
	 BOTH,
	 {.ssrc = CLI, .type = MCPT_REQUEST,
	  .has = MCPT_HAS_PRIORITY | MCPT_HAS_INDICATOR, .priority = 5,
	  .user = TEXT(ALICE), .indicator = MCPT_IND_NORMAL,
	  .track = TEXT("\1\4disp\x11\x11\x11\x11\x22\x22\x22\x22")}},
	/* Field 200, of 16 bits length */
	{"request_unknown_field",
	 "80cc00060000a11c4d43505400020500c8000361626300000d028000",
	 READ,
	 {.ssrc = CLI, .type = MCPT_REQUEST,
	  .has = MCPT_HAS_PRIORITY | MCPT_HAS_INDICATOR, .priority = 5,
	  .indicator = MCPT_IND_NORMAL}},
	{"media_flow_resume",
	 "8bcc00030000a11c4d43505418028000",
	 BOTH,
	 {.ssrc = CLI, .type = MCPT_MEDIA_FLOW,
	  .has = MCPT_HAS_FLOW, .resume = true}},
	{"queued_cancel_request",
	 "8ecc000a0000a11c4d43505415020000161801167369703a626f624"
	 "06d632e6578616d706c652e636f6d0000",
	 BOTH,
	 {.ssrc = CLI, .type = MCPT_QUEUED_REQUESTS,
	  .has = MCPT_HAS_PURPOSE, .purpose = MCPT_PURPOSE_CANCEL,
	  .queued_users = TEXT("\1\x16" BOB)}}
};

/* An Idle and a Taken behind it */
static const char mcpt_two_in_one[] =
	"85cc00045e12fe004d435054080200060d02800082cc000e5e12fe0"
	"04d43505404187369703a616c696365406d632e6578616d706c652e"
	"636f6d000005020001080200070d0280000e060000a11c0000";

#endif

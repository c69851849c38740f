/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mcpc.h  Every "MCPC" message as bytes and as values
 *
 * An independent dissector (nemergent's Lua one in tshark 4.0) decoded the
 * bytes to the same values.
 */
#ifndef HL_TESTS_VECTORS_MCPC_H
#define HL_TESTS_VECTORS_MCPC_H

#include "wire/mcpc.h"

#define TEXT(s)                                                               \
	{                                                                     \
		.p = (s), .l = sizeof(s) - 1                                  \
	}

#define ALICE "sip:alice@mc.example.com"
#define BLUE "sip:blue@mc.example.com"
#define SESSION "sip:session-42@mcptt.example.com"

/* SSRCs of the two sides */
enum { CLI = 0xa11c, SRV = 0x5e12fe00 };

struct mcpc_vector {
	const char *name;
	const char *hex;
	struct mcpc_msg msg;
};

static const struct mcpc_vector mcpc_vectors[] = {
	{"connect_group",
	 "80cc001b5e12fe004d4350430121037369703a73657373696f6e2d343240"
	 "6d637074742e6578616d706c652e636f6d0003177369703a626c7565406d"
	 "632e6578616d706c652e636f6d000000000201020402000105187369703a"
	 "616c696365406d632e6578616d706c652e636f6d0000",
	 {.type = MCPC_CONNECT, .ssrc = SRV,
	  .has = MCPC_HAS_MEDIA | MCPC_HAS_ANSWER,
	  .audio_mline = 1, .floor_mline = 2,
	  .session_type = MCPC_SESSION_PREARRANGED,
	  .session = TEXT(SESSION), .group = TEXT(BLUE),
	  .answer = MCPC_ANSWER_CONFIRMED, .inviting = TEXT(ALICE)}},
	{"connect_private_ackreq",
	 "90cc00145e12fe004d4350430121017369703a73657373696f6e2d343240"
	 "6d637074742e6578616d706c652e636f6d00000201020402000005187369"
	 "703a616c696365406d632e6578616d706c652e636f6d0000",
	 {.type = MCPC_CONNECT, .ack = true, .ssrc = SRV,
	  .has = MCPC_HAS_MEDIA | MCPC_HAS_ANSWER,
	  .audio_mline = 1, .floor_mline = 2,
	  .session_type = MCPC_SESSION_PRIVATE,
	  .session = TEXT(SESSION),
	  .answer = MCPC_ANSWER_UNCONFIRMED, .inviting = TEXT(ALICE)}},
	{"connect_warning",
	 "90cc001b5e12fe004d4350430121047369703a73657373696f6e2d343240"
	 "6d637074742e6578616d706c652e636f6d0003177369703a626c7565406d"
	 "632e6578616d706c652e636f6d000000000201020218333939206578616d"
	 "706c6520226c61746520656e74727922000004020001",
	 {.type = MCPC_CONNECT, .ack = true, .ssrc = SRV,
	  .has = MCPC_HAS_MEDIA | MCPC_HAS_ANSWER,
	  .audio_mline = 1, .floor_mline = 2,
	  .session_type = MCPC_SESSION_CHAT,
	  .session = TEXT(SESSION), .group = TEXT(BLUE),
	  .warning = TEXT("399 example \"late entry\""),
	  .answer = MCPC_ANSWER_CONFIRMED}},
	{"disconnect",
	 "81cc000b5e12fe004d4350430121037369703a73657373696f6e2d343240"
	 "6d637074742e6578616d706c652e636f6d00",
	 {.type = MCPC_DISCONNECT, .ssrc = SRV,
	  .session_type = MCPC_SESSION_PREARRANGED,
	  .session = TEXT(SESSION)}},
	{"disconnect_ackreq",
	 "91cc000b5e12fe004d4350430121037369703a73657373696f6e2d343240"
	 "6d637074742e6578616d706c652e636f6d00",
	 {.type = MCPC_DISCONNECT, .ack = true, .ssrc = SRV,
	  .session_type = MCPC_SESSION_PREARRANGED,
	  .session = TEXT(SESSION)}},
	{"ack_accepted",
	 "82cc000c0000a11c4d4350430121037369703a73657373696f6e2d343240"
	 "6d637074742e6578616d706c652e636f6d0006020000",
	 {.type = MCPC_ACK, .ssrc = CLI, .has = MCPC_HAS_REASON,
	  .session_type = MCPC_SESSION_PREARRANGED,
	  .session = TEXT(SESSION), .reason = MCPC_REASON_ACCEPTED}},
	{"ack_busy",
	 "82cc000c0000a11c4d4350430121037369703a73657373696f6e2d343240"
	 "6d637074742e6578616d706c652e636f6d0006020001",
	 {.type = MCPC_ACK, .ssrc = CLI, .has = MCPC_HAS_REASON,
	  .session_type = MCPC_SESSION_PREARRANGED,
	  .session = TEXT(SESSION), .reason = MCPC_REASON_BUSY}},
	{"ack_not_accepted",
	 "82cc000c0000a11c4d4350430121017369703a73657373696f6e2d343240"
	 "6d637074742e6578616d706c652e636f6d0006020002",
	 {.type = MCPC_ACK, .ssrc = CLI, .has = MCPC_HAS_REASON,
	  .session_type = MCPC_SESSION_PRIVATE,
	  .session = TEXT(SESSION), .reason = MCPC_REASON_NOT_ACCEPTED}}
};

#endif

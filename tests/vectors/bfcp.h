/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bfcp.h  BFCP messages as bytes and as values
 *
 * Those of version 1 were decoded by an independent dissector (tshark 4.0) to
 * the same values. It knows no version 2: those rest on their twins, and on
 * libre, which decodes all of them to the same values in bfcp_test.
 */
#ifndef HL_TESTS_VECTORS_BFCP_H
#define HL_TESTS_VECTORS_BFCP_H

#include "wire/bfcp.h"

#define TEXT(s)                                                               \
	{                                                                     \
		.p = (s), .l = sizeof(s) - 1                                  \
	}

/* Request 7, for floor 1 */
#define STATUS(id_, status_, position_)                                       \
	{                                                                     \
		.here = true, .id = (id_), .has_status = true,                \
		.status = (status_), .position = (position_)                  \
	}
#define REQUEST(status_, position_)                                           \
	{                                                                     \
		.id = 7, .overall = STATUS(7, status_, position_),            \
		.floors = {STATUS(1, status_, position_)}, .floors_n = 1      \
	}

struct bfcp_vector {
	const char *name;
	const char *hex;
	struct bfc_msg msg;
};

static const struct bfcp_vector bfcp_vectors[] = {
	{"bfcp2_hello",
	 "400b0000000010e10001000a",
	 {.version = 2, .prim = BFC_HELLO,
	  .conference = 4321, .transaction = 1, .user = 10}},
	{"bfcp2_hello_ack",
	 "500c0009000010e10001000a170f0102030405060708090a0b0c0d001514"
	 "020406080a0c0e10121416181a1c1e202224",
	 {.version = 2, .prim = BFC_HELLO_ACK, .response = true,
	  .conference = 4321, .transaction = 1, .user = 10,
	  .primitives = TEXT("\1\2\3\4\5\6\7\10\11\12\13\14\15"),
	  .attributes = TEXT("\2\4\6\10\12\14\16\20\22\24\26\30"
			     "\32\34\36\40\42\44")}},
	{"bfcp2_floor_request",
	 "40010002000010e10002000a0504000109046000",
	 {.version = 2, .prim = BFC_FLOOR_REQUEST,
	  .conference = 4321, .transaction = 2, .user = 10,
	  .floors = {1}, .floors_n = 1,
	  .has_priority = true, .priority = 3}},
	{"bfcp2_status_pending",
	 "50040005000010e10002000a1f140007250800070b040100230800010b04"
	 "0100",
	 {.version = 2, .prim = BFC_FLOOR_REQUEST_STATUS, .response = true,
	  .conference = 4321, .transaction = 2, .user = 10,
	  .requests_n = 1,
	  .requests = {REQUEST(BFC_PENDING, 0)}}},
	{"bfcp2_status_accepted_q1",
	 "40040005000010e103e8000a1f140007250800070b040201230800010b04"
	 "0201",
	 {.version = 2, .prim = BFC_FLOOR_REQUEST_STATUS,
	  .conference = 4321, .transaction = 1000, .user = 10,
	  .requests_n = 1,
	  .requests = {REQUEST(BFC_ACCEPTED, 1)}}},
	{"bfcp2_status_granted",
	 "40040005000010e103e9000a1f140007250800070b040300230800010b04"
	 "0300",
	 {.version = 2, .prim = BFC_FLOOR_REQUEST_STATUS,
	  .conference = 4321, .transaction = 1001, .user = 10,
	  .requests_n = 1,
	  .requests = {REQUEST(BFC_GRANTED, 0)}}},
	{"bfcp2_floor_query",
	 "40070001000010e10004000b05040001",
	 {.version = 2, .prim = BFC_FLOOR_QUERY,
	  .conference = 4321, .transaction = 4, .user = 11,
	  .floors = {1}, .floors_n = 1}},
	{"bfcp2_floor_status",
	 "50080006000010e10004000b050400011f140007250800070b0403002308"
	 "00010b040300",
	 {.version = 2, .prim = BFC_FLOOR_STATUS, .response = true,
	  .conference = 4321, .transaction = 4, .user = 11,
	  .floors = {1}, .floors_n = 1, .requests_n = 1,
	  .requests = {REQUEST(BFC_GRANTED, 0)}}},
	{"bfcp2_floor_release",
	 "40020001000010e10003000a07040007",
	 {.version = 2, .prim = BFC_FLOOR_RELEASE,
	  .conference = 4321, .transaction = 3, .user = 10,
	  .has_request = true, .request = 7}},
	{"bfcp2_status_released",
	 "50040005000010e10003000a1f140007250800070b040600230800010b04"
	 "0600",
	 {.version = 2, .prim = BFC_FLOOR_REQUEST_STATUS, .response = true,
	  .conference = 4321, .transaction = 3, .user = 10,
	  .requests_n = 1,
	  .requests = {REQUEST(BFC_RELEASED, 0)}}},
	{"bfcp2_status_denied",
	 "50040005000010e10008000b1f140007250800070b040400230800010b04"
	 "0400",
	 {.version = 2, .prim = BFC_FLOOR_REQUEST_STATUS, .response = true,
	  .conference = 4321, .transaction = 8, .user = 11,
	  .requests_n = 1,
	  .requests = {REQUEST(BFC_DENIED, 0)}}},
	{"bfcp2_status_revoked",
	 "40040005000010e103ea000a1f140007250800070b040700230800010b04"
	 "0700",
	 {.version = 2, .prim = BFC_FLOOR_REQUEST_STATUS,
	  .conference = 4321, .transaction = 1002, .user = 10,
	  .requests_n = 1,
	  .requests = {REQUEST(BFC_REVOKED, 0)}}},
	{"bfcp2_chair_action",
	 "40090005000010e10005000c1f140007250800070b040700230800010b04"
	 "0700",
	 {.version = 2, .prim = BFC_CHAIR_ACTION,
	  .conference = 4321, .transaction = 5, .user = 12,
	  .requests_n = 1,
	  .requests = {REQUEST(BFC_REVOKED, 0)}}},
	{"bfcp2_chair_action_ack",
	 "500a0000000010e10005000c",
	 {.version = 2, .prim = BFC_CHAIR_ACTION_ACK, .response = true,
	  .conference = 4321, .transaction = 5, .user = 12}},
	{"bfcp2_error_unknown_user",
	 "500d0001000010e1000600630d030200",
	 {.version = 2, .prim = BFC_ERROR, .response = true,
	  .conference = 4321, .transaction = 6, .user = 99,
	  .has_error = true, .error = BFC_ERR_USER}},
	{"bfcp2_status_ack",
	 "500e0000000010e103e9000a",
	 {.version = 2, .prim = BFC_FLOOR_REQUEST_STATUS_ACK, .response = true,
	  .conference = 4321, .transaction = 1001, .user = 10}},
	{"bfcp2_floor_status_ack",
	 "500f0000000010e103eb000b",
	 {.version = 2, .prim = BFC_FLOOR_STATUS_ACK, .response = true,
	  .conference = 4321, .transaction = 1003, .user = 11}},
	{"bfcp2_goodbye",
	 "40100000000010e10007000a",
	 {.version = 2, .prim = BFC_GOODBYE,
	  .conference = 4321, .transaction = 7, .user = 10}},
	{"bfcp2_goodbye_ack",
	 "50110000000010e10007000a",
	 {.version = 2, .prim = BFC_GOODBYE_ACK, .response = true,
	  .conference = 4321, .transaction = 7, .user = 10}},
	{"bfcp1_hello",
	 "200b0000000010e10001000a",
	 {.version = 1, .prim = BFC_HELLO,
	  .conference = 4321, .transaction = 1, .user = 10}},
	{"bfcp1_hello_ack",
	 "200c0009000010e10001000a170f0102030405060708090a0b0c0d001514"
	 "020406080a0c0e10121416181a1c1e202224",
	 {.version = 1, .prim = BFC_HELLO_ACK,
	  .conference = 4321, .transaction = 1, .user = 10,
	  .primitives = TEXT("\1\2\3\4\5\6\7\10\11\12\13\14\15"),
	  .attributes = TEXT("\2\4\6\10\12\14\16\20\22\24\26\30"
			     "\32\34\36\40\42\44")}},
	{"bfcp1_floor_request",
	 "20010002000010e10002000a0504000109046000",
	 {.version = 1, .prim = BFC_FLOOR_REQUEST,
	  .conference = 4321, .transaction = 2, .user = 10,
	  .floors = {1}, .floors_n = 1,
	  .has_priority = true, .priority = 3}},
	{"bfcp1_status_pending",
	 "20040005000010e10002000a1f140007250800070b040100230800010b04"
	 "0100",
	 {.version = 1, .prim = BFC_FLOOR_REQUEST_STATUS,
	  .conference = 4321, .transaction = 2, .user = 10,
	  .requests_n = 1,
	  .requests = {REQUEST(BFC_PENDING, 0)}}},
	{"bfcp1_status_accepted_q1",
	 "20040005000010e10000000a1f140007250800070b040201230800010b04"
	 "0201",
	 {.version = 1, .prim = BFC_FLOOR_REQUEST_STATUS,
	  .conference = 4321, .transaction = 0, .user = 10,
	  .requests_n = 1,
	  .requests = {REQUEST(BFC_ACCEPTED, 1)}}},
	{"bfcp1_status_granted",
	 "20040005000010e10000000a1f140007250800070b040300230800010b04"
	 "0300",
	 {.version = 1, .prim = BFC_FLOOR_REQUEST_STATUS,
	  .conference = 4321, .transaction = 0, .user = 10,
	  .requests_n = 1,
	  .requests = {REQUEST(BFC_GRANTED, 0)}}},
	{"bfcp1_floor_query",
	 "20070001000010e10004000b05040001",
	 {.version = 1, .prim = BFC_FLOOR_QUERY,
	  .conference = 4321, .transaction = 4, .user = 11,
	  .floors = {1}, .floors_n = 1}},
	{"bfcp1_floor_status",
	 "20080006000010e10004000b050400011f140007250800070b0403002308"
	 "00010b040300",
	 {.version = 1, .prim = BFC_FLOOR_STATUS,
	  .conference = 4321, .transaction = 4, .user = 11,
	  .floors = {1}, .floors_n = 1, .requests_n = 1,
	  .requests = {REQUEST(BFC_GRANTED, 0)}}},
	{"bfcp1_floor_release",
	 "20020001000010e10003000a07040007",
	 {.version = 1, .prim = BFC_FLOOR_RELEASE,
	  .conference = 4321, .transaction = 3, .user = 10,
	  .has_request = true, .request = 7}},
	{"bfcp1_status_released",
	 "20040005000010e10003000a1f140007250800070b040600230800010b04"
	 "0600",
	 {.version = 1, .prim = BFC_FLOOR_REQUEST_STATUS,
	  .conference = 4321, .transaction = 3, .user = 10,
	  .requests_n = 1,
	  .requests = {REQUEST(BFC_RELEASED, 0)}}},
	{"bfcp1_status_denied",
	 "20040005000010e10008000b1f140007250800070b040400230800010b04"
	 "0400",
	 {.version = 1, .prim = BFC_FLOOR_REQUEST_STATUS,
	  .conference = 4321, .transaction = 8, .user = 11,
	  .requests_n = 1,
	  .requests = {REQUEST(BFC_DENIED, 0)}}},
	{"bfcp1_status_revoked",
	 "20040005000010e10000000a1f140007250800070b040700230800010b04"
	 "0700",
	 {.version = 1, .prim = BFC_FLOOR_REQUEST_STATUS,
	  .conference = 4321, .transaction = 0, .user = 10,
	  .requests_n = 1,
	  .requests = {REQUEST(BFC_REVOKED, 0)}}},
	{"bfcp1_chair_action",
	 "20090005000010e10005000c1f140007250800070b040700230800010b04"
	 "0700",
	 {.version = 1, .prim = BFC_CHAIR_ACTION,
	  .conference = 4321, .transaction = 5, .user = 12,
	  .requests_n = 1,
	  .requests = {REQUEST(BFC_REVOKED, 0)}}},
	{"bfcp1_chair_action_ack",
	 "200a0000000010e10005000c",
	 {.version = 1, .prim = BFC_CHAIR_ACTION_ACK,
	  .conference = 4321, .transaction = 5, .user = 12}},
	{"bfcp1_error_unknown_user",
	 "200d0001000010e1000600630d030200",
	 {.version = 1, .prim = BFC_ERROR,
	  .conference = 4321, .transaction = 6, .user = 99,
	  .has_error = true, .error = BFC_ERR_USER}}
};

#endif

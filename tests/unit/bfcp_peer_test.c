/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bfcp_peer_test.c  BFCP messages against libre's codec, both ways
 *
 * libre reads what we write, and we read what libre writes. It reads less
 * strictly (a fixed attribute may be too long, octets may follow the message)
 * and keeps attributes in a list: only the values are compared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>

#include "tests/unit/bfcp_same.h"
#include "tests/unit/unhex.h"
#include "tests/vectors/bfcp.h"

enum { VECTORS = sizeof(bfcp_vectors) / sizeof(bfcp_vectors[0]) };

/* ------------------------------------------------- libre reads, we compare */

static void str_is(const struct bfcp_attr *a, const struct bfc_text *text)
{
	assert_int_equal(a != NULL, text->p != NULL);
	if (!a)
		return;
	assert_int_equal(strlen(a->v.str), text->l);
	assert_memory_equal(a->v.str, text->p, text->l);
}

static void u16_is(const struct bfcp_attr *a, bool here, uint16_t v)
{
	assert_int_equal(a != NULL, here);
	if (a)
		assert_int_equal(a->v.u16, v);
}

static void who_is(const struct bfcp_attr *a, const struct bfc_who *who)
{
	u16_is(a, who->here, who->id);
	if (!a)
		return;
	str_is(bfcp_attr_subattr(a, BFCP_USER_DISP_NAME), &who->name);
	str_is(bfcp_attr_subattr(a, BFCP_USER_URI), &who->uri);
}

static void status_is(const struct bfcp_attr *a, const struct bfc_status *s)
{
	const struct bfcp_attr *st;

	u16_is(a, s->here, s->id);
	if (!a)
		return;
	st = bfcp_attr_subattr(a, BFCP_REQUEST_STATUS);
	assert_int_equal(st != NULL, s->has_status);
	if (st) {
		assert_int_equal(st->v.reqstatus.status, s->status);
		assert_int_equal(st->v.reqstatus.qpos, s->position);
	}
	str_is(bfcp_attr_subattr(a, BFCP_STATUS_INFO), &s->info);
}

static void priority_is(const struct bfcp_attr *a, bool has, uint8_t priority)
{
	assert_int_equal(a != NULL, has);
	if (a)
		assert_int_equal(a->v.priority, priority);
}

/* The how-maniest of its type in a list */
struct nth {
	enum bfcp_attrib type;
	unsigned left;
};

static bool nth_h(const struct bfcp_attr *attr, void *arg)
{
	struct nth *nth = arg;

	return attr->type == nth->type && !nth->left--;
}

static void request_is(const struct bfcp_attr *a, const struct bfc_request *r)
{
	unsigned i;

	u16_is(a, true, r->id);
	status_is(bfcp_attr_subattr(a, BFCP_OVERALL_REQ_STATUS), &r->overall);
	for (i = 0; i < r->floors_n; i++) {
		struct nth n = {BFCP_FLOOR_REQ_STATUS, i};

		status_is(bfcp_attr_subattr_apply(a, nth_h, &n),
			  &r->floors[i]);
	}
	who_is(bfcp_attr_subattr(a, BFCP_BENEFICIARY_INFO), &r->beneficiary);
	who_is(bfcp_attr_subattr(a, BFCP_REQUESTED_BY_INFO),
	       &r->requested_by);
	priority_is(bfcp_attr_subattr(a, BFCP_PRIORITY), r->has_priority,
		    r->priority);
	str_is(bfcp_attr_subattr(a, BFCP_PART_PROV_INFO), &r->info);
}

static void lists_are(const struct bfcp_msg *re, const struct bfc_msg *msg)
{
	const struct bfcp_attr *a;
	size_t i;

	a = bfcp_msg_attr(re, BFCP_SUPPORTED_PRIMS);
	assert_int_equal(a != NULL, msg->primitives.p != NULL);
	for (i = 0; a && i < msg->primitives.l; i++)
		assert_int_equal(a->v.supprim.primv[i], msg->primitives.p[i]);
	a = bfcp_msg_attr(re, BFCP_SUPPORTED_ATTRS);
	assert_int_equal(a != NULL, msg->attributes.p != NULL);
	for (i = 0; a && i < msg->attributes.l; i++)
		assert_int_equal(a->v.supattr.attrv[i],
				 msg->attributes.p[i] >> 1);
	a = bfcp_msg_attr(re, BFCP_ERROR_CODE);
	assert_int_equal(a != NULL, msg->has_error);
	if (a) {
		assert_int_equal(a->v.errcode.code, msg->error);
		assert_int_equal(a->v.errcode.len, msg->details.l);
		assert_memory_equal(a->v.errcode.details, msg->details.p,
				    msg->details.l);
	}
	str_is(bfcp_msg_attr(re, BFCP_ERROR_INFO), &msg->error_info);
}

static void libre_reads(const uint8_t *p, size_t n, const struct bfc_msg *msg)
{
	struct mbuf *mb = mbuf_alloc(n);
	struct bfcp_msg *re = NULL;
	unsigned i;

	assert_non_null(mb);
	assert_int_equal(mbuf_write_mem(mb, p, n), 0);
	mbuf_set_pos(mb, 0);
	assert_int_equal(bfcp_msg_decode(&re, mb), 0);
	assert_int_equal(mbuf_get_left(mb), 0);

	assert_int_equal(re->ver, msg->version);
	assert_int_equal(re->r, msg->response);
	assert_int_equal(re->prim, (int)msg->prim);
	assert_int_equal(re->confid, msg->conference);
	assert_int_equal(re->tid, msg->transaction);
	assert_int_equal(re->userid, msg->user);
	assert_int_equal(re->uma.typec, 0);

	for (i = 0; i <= msg->floors_n; i++) {
		struct nth nth = {BFCP_FLOOR_ID, i};

		u16_is(bfcp_msg_attr_apply(re, nth_h, &nth), i < msg->floors_n,
		       i < msg->floors_n ? msg->floors[i] : 0);
	}
	for (i = 0; i < msg->requests_n; i++) {
		struct nth nth = {BFCP_FLOOR_REQ_INFO, i};

		request_is(bfcp_msg_attr_apply(re, nth_h, &nth),
			   &msg->requests[i]);
	}
	u16_is(bfcp_msg_attr(re, BFCP_BENEFICIARY_ID), msg->has_beneficiary,
	       msg->beneficiary);
	u16_is(bfcp_msg_attr(re, BFCP_FLOOR_REQUEST_ID), msg->has_request,
	       msg->request);
	priority_is(bfcp_msg_attr(re, BFCP_PRIORITY), msg->has_priority,
		    msg->priority);
	str_is(bfcp_msg_attr(re, BFCP_PART_PROV_INFO), &msg->info);
	who_is(bfcp_msg_attr(re, BFCP_BENEFICIARY_INFO), &msg->who);
	lists_are(re, msg);

	mem_deref(re);
	mem_deref(mb);
}

static void vectors_read(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < VECTORS; i++) {
		uint8_t in[256];
		const size_t n = unhex(in, sizeof(in), bfcp_vectors[i].hex);

		libre_reads(in, n, &bfcp_vectors[i].msg);
	}
}

/* --------------------------------------------- what no vector has in words */

static const struct bfc_msg user_status = {
	.version = 2, .prim = BFC_USER_STATUS, .response = true,
	.conference = 1, .transaction = 2, .user = 3,
	.who = {.here = true, .id = 10, .name = TEXT("Alice"),
		.uri = TEXT("sip:alice@example.com")},
	.requests_n = 2,
	.requests = {
		{.id = 7,
		 .overall = {.here = true, .id = 7, .has_status = true,
			     .status = BFC_ACCEPTED, .position = 2,
			     .info = TEXT("queued")},
		 .floors = {STATUS(1, BFC_ACCEPTED, 2),
			    {.here = true, .id = 2}},
		 .floors_n = 2,
		 .beneficiary = {.here = true, .id = 10,
				 .name = TEXT("Alice")},
		 .requested_by = {.here = true, .id = 11,
				  .uri = TEXT("sip:bob@example.com")},
		 .has_priority = true, .priority = 4,
		 .info = TEXT("urgent")},
		REQUEST(BFC_GRANTED, 0)}};

static const struct bfc_msg floor_request = {
	.version = 2, .prim = BFC_FLOOR_REQUEST,
	.conference = 0xfffffffe, .transaction = 65535, .user = 65535,
	.floors = {1, 2}, .floors_n = 2,
	.has_beneficiary = true, .beneficiary = 12,
	.info = TEXT("may I?"), .has_priority = true, .priority = 1};

static const struct bfc_msg error = {
	.version = 2, .prim = BFC_ERROR, .response = true,
	.conference = 9, .transaction = 8, .user = 7,
	.has_error = true, .error = BFC_ERR_ATTRIBUTE,
	.details = TEXT("\x26\x28"), .error_info = TEXT("not these")};

static void ours_read(const struct bfc_msg *msg)
{
	uint8_t buf[BFC_MAX_BYTES];
	size_t len = 0;

	assert_int_equal(bfc_encode(buf, sizeof(buf), msg, &len), 0);
	libre_reads(buf, len, msg);
}

static void words_read(void **state)
{
	(void)state;
	ours_read(&user_status);
	ours_read(&floor_request);
	ours_read(&error);
}

/* ---------------------------------------------------- libre writes, we read */

static void libre_wrote(struct mbuf *mb, const struct bfc_msg *msg)
{
	uint8_t buf[BFC_MAX_BYTES];
	struct bfc_msg back;
	size_t len = 0;

	assert_int_equal(bfc_decode(&back, mb->buf, mb->end), 0);
	bfcp_same(&back, msg);
	/* And byte for byte as we do */
	assert_int_equal(bfc_encode(buf, sizeof(buf), msg, &len), 0);
	assert_int_equal(len, mb->end);
	assert_memory_equal(buf, mb->buf, len);
	mem_deref(mb);
}

#define M BFCP_MANDATORY

static void request_written(void **state)
{
	const uint16_t floors[] = {1, 2}, beneficiary = 12;
	const enum bfcp_priority priority = BFCP_PRIO_LOW;
	struct mbuf *mb = mbuf_alloc(64);

	(void)state;
	assert_int_equal(
		bfcp_msg_encode(mb, BFCP_VER2, false, BFCP_FLOOR_REQUEST,
				0xfffffffe, 65535, 65535, 5,
				BFCP_FLOOR_ID | M, 0, &floors[0],
				BFCP_FLOOR_ID | M, 0, &floors[1],
				BFCP_BENEFICIARY_ID | M, 0, &beneficiary,
				BFCP_PART_PROV_INFO | M, 0, "may I?",
				BFCP_PRIORITY | M, 0, &priority),
		0);
	libre_wrote(mb, &floor_request);
}

static void status_written(void **state)
{
	const uint16_t who = 10, by = 11, id = 7, floor[] = {1, 2};
	const struct bfcp_reqstatus st[] = {{BFCP_ACCEPTED, 2},
					    {BFCP_GRANTED, 0}};
	const enum bfcp_priority priority = BFCP_PRIO_HIGHEST;
	struct mbuf *mb = mbuf_alloc(64);

	(void)state;
	assert_int_equal(
		bfcp_msg_encode(
			mb, BFCP_VER2, true, BFCP_USER_STATUS, 1, 2, 3, 3,
			BFCP_BENEFICIARY_INFO | M, 2, &who,
			BFCP_USER_DISP_NAME | M, 0, "Alice",
			BFCP_USER_URI | M, 0, "sip:alice@example.com",
			BFCP_FLOOR_REQ_INFO | M, 7, &id,
			BFCP_OVERALL_REQ_STATUS | M, 2, &id,
			BFCP_REQUEST_STATUS | M, 0, &st[0],
			BFCP_STATUS_INFO | M, 0, "queued",
			BFCP_FLOOR_REQ_STATUS | M, 1, &floor[0],
			BFCP_REQUEST_STATUS | M, 0, &st[0],
			BFCP_FLOOR_REQ_STATUS | M, 0, &floor[1],
			BFCP_BENEFICIARY_INFO | M, 1, &who,
			BFCP_USER_DISP_NAME | M, 0, "Alice",
			BFCP_REQUESTED_BY_INFO | M, 1, &by,
			BFCP_USER_URI | M, 0, "sip:bob@example.com",
			BFCP_PRIORITY | M, 0, &priority,
			BFCP_PART_PROV_INFO | M, 0, "urgent",
			BFCP_FLOOR_REQ_INFO | M, 2, &id,
			BFCP_OVERALL_REQ_STATUS | M, 1, &id,
			BFCP_REQUEST_STATUS | M, 0, &st[1],
			BFCP_FLOOR_REQ_STATUS | M, 1, &floor[0],
			BFCP_REQUEST_STATUS | M, 0, &st[1]),
		0);
	libre_wrote(mb, &user_status);
}

static void error_written(void **state)
{
	uint8_t details[] = {0x26, 0x28};
	const struct bfcp_errcode code = {BFCP_UNKNOWN_MAND_ATTR, details, 2};
	struct mbuf *mb = mbuf_alloc(64);

	(void)state;
	assert_int_equal(bfcp_msg_encode(mb, BFCP_VER2, true, BFCP_ERROR, 9, 8,
					 7, 2, BFCP_ERROR_CODE | M, 0, &code,
					 BFCP_ERROR_INFO | M, 0, "not these"),
			 0);
	libre_wrote(mb, &error);
}

/* All of those without attributes, and Hello's answer, in both versions */
static void others_written(void **state)
{
	enum bfcp_prim prims[13];
	enum bfcp_attrib attrs[18];
	const struct bfcp_supprim sp = {prims, 13};
	const struct bfcp_supattr sa = {attrs, 18};
	size_t i;

	(void)state;
	for (i = 0; i < 18; i++)
		attrs[i] = (enum bfcp_attrib)(i + 1);
	for (i = 0; i < 13; i++)
		prims[i] = (enum bfcp_prim)(i + 1);
	for (i = 0; i < VECTORS; i++) {
		const struct bfc_msg *m = &bfcp_vectors[i].msg;
		const bool ack = m->prim == BFC_HELLO_ACK;
		struct mbuf *mb;

		if (strlen(bfcp_vectors[i].hex) > 24 && !ack)
			continue;
		mb = mbuf_alloc(64);
		assert_int_equal(
			bfcp_msg_encode(mb, m->version, m->response,
					(enum bfcp_prim)m->prim, m->conference,
					m->transaction, m->user, ack ? 2 : 0,
					BFCP_SUPPORTED_PRIMS | M, 0, &sp,
					BFCP_SUPPORTED_ATTRS | M, 0, &sa),
			0);
		libre_wrote(mb, m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_read),
		cmocka_unit_test(words_read),
		cmocka_unit_test(request_written),
		cmocka_unit_test(status_written),
		cmocka_unit_test(error_written),
		cmocka_unit_test(others_written),
	};

	return cmocka_run_group_tests_name("bfcp_peer", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file stun_test.c  STUN Binding of an ICE-lite agent (row X8): vectors of
 * RFC 5769, libre as the other side, truncation, order of attributes
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/vectors/stun.h"
#include "wire/stun.h"

#define PWD "asd88fgpdd777uzjYhagZg"

static const uint8_t tid[STUN_TID_SIZE] = "twelve bytes";

/* A copy in an allocation of its own size, so that a read of one byte too many
 * is seen. The caller frees it: texts of msg point into it. */
static int decode(struct stunw_msg *msg, const uint8_t *p, size_t len,
		  uint8_t **copyp)
{
	uint8_t *copy = malloc(len ? len : 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, p, len);
	err = stunw_decode(msg, copy, len);
	if (copyp)
		*copyp = copy;
	else
		free(copy);
	return err;
}

static void rfc5769_request(void **state)
{
	struct stunw_msg msg;
	uint8_t *p;

	(void)state;
	assert_true(stunw_is(stun_request_v, sizeof(stun_request_v)));
	assert_int_equal(decode(&msg, stun_request_v, sizeof(stun_request_v),
				&p), 0);
	assert_int_equal(msg.cls, STUNW_REQUEST);
	assert_int_equal(msg.method, STUNW_BINDING);
	assert_int_equal(msg.username.l, strlen(STUN_VECTOR_USER));
	assert_memory_equal(msg.username.p, STUN_VECTOR_USER, msg.username.l);
	assert_int_equal(msg.priority, 0x6e0001ff);
	assert_true(msg.controlled);
	assert_false(msg.controlling);
	assert_false(msg.use_candidate);
	assert_true(msg.fingerprint);
	assert_true(msg.integrity);
	assert_int_equal(msg.unknownc, 0);
	assert_true(stunw_authentic(&msg, p, STUN_VECTOR_PWD,
				    strlen(STUN_VECTOR_PWD)));
	assert_false(stunw_authentic(&msg, p, STUN_VECTOR_PWD,
				     strlen(STUN_VECTOR_PWD) - 1));
	free(p);
}

static void rfc5769_response(const uint8_t *v, size_t len)
{
	struct stunw_msg msg;

	assert_int_equal(stunw_decode(&msg, v, len), 0);
	assert_int_equal(msg.cls, STUNW_SUCCESS);
	assert_int_equal(msg.method, STUNW_BINDING);
	assert_true(msg.fingerprint);
	assert_int_equal(msg.unknownc, 0);
	assert_true(stunw_authentic(&msg, v, STUN_VECTOR_PWD,
				    strlen(STUN_VECTOR_PWD)));
}

static void rfc5769_responses(void **state)
{
	(void)state;
	rfc5769_response(stun_response4_v, sizeof(stun_response4_v));
	rfc5769_response(stun_response6_v, sizeof(stun_response6_v));
}

/* The fingerprint covers all; a length that swallows it does not have it */
static void each_bit_counts(void **state)
{
	uint8_t v[sizeof(stun_request_v)];
	struct stunw_msg msg;
	size_t i;
	unsigned b;

	(void)state;
	memcpy(v, stun_request_v, sizeof(v));
	for (i = 0; i < sizeof(v); i++) {
		for (b = 0; b < 8; b++) {
			v[i] ^= (uint8_t)(1 << b);
			if (!stunw_decode(&msg, v, sizeof(v)) &&
			    msg.fingerprint)
				fail_msg("byte %zu bit %u", i, b);
			v[i] ^= (uint8_t)(1 << b);
		}
	}
}

static void truncated(void **state)
{
	struct stunw_msg msg = {.priority = 4711};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(stun_request_v); i++) {
		assert_int_equal(decode(&msg, stun_request_v, i, NULL),
				 EBADMSG);
		assert_int_equal(msg.priority, 4711);
	}
}

/* The same with a length field that says what is there: every cut but one
 * between attributes is malformed, and without FINGERPRINT none has it */
static void truncated_with_its_length(void **state)
{
	uint8_t v[sizeof(stun_request_v)];
	struct stunw_msg msg;
	size_t i;

	(void)state;
	for (i = STUNW_HEADER_BYTES; i < sizeof(v); i++) {
		memcpy(v, stun_request_v, sizeof(v));
		v[3] = (uint8_t)(i - STUNW_HEADER_BYTES);
		if (!decode(&msg, v, i, NULL))
			assert_false(msg.fingerprint);
	}
}

/* --- libre as the other side --------------------------------------------- */

struct request {
	uint16_t method;
	const char *user;
	const char *pwd;
	bool fp, use_cand, controlled, unknown;
};

static size_t libre_request(uint8_t *buf, size_t size, const struct request *r)
{
	struct mbuf *mb = mbuf_alloc(512);
	uint64_t tie = 0x0123456789abcdefull;
	uint32_t prio = 0x7e7f00ff;
	size_t len;

	assert_non_null(mb);
	/* DONT-FRAGMENT is a thing of TURN: unknown here, to be understood */
	assert_int_equal(
		stun_msg_encode(mb, r->method, STUN_CLASS_REQUEST, tid, NULL,
				(const uint8_t *)r->pwd,
				r->pwd ? strlen(r->pwd) : 0, r->fp, 0x00, 5,
				STUN_ATTR_USERNAME, r->user,
				STUN_ATTR_PRIORITY, &prio,
				r->controlled ? STUN_ATTR_CONTROLLED
					      : STUN_ATTR_CONTROLLING,
				&tie, STUN_ATTR_USE_CAND,
				r->use_cand ? r : NULL,
				STUN_ATTR_DONT_FRAGMENT,
				r->unknown ? r : NULL),
		0);
	len = mb->end;
	assert_true(len <= size);
	memcpy(buf, mb->buf, len);
	mem_deref(mb);
	return len;
}

static void libre_writes_we_read(void **state)
{
	struct request r = {.method = STUN_METHOD_BINDING,
			    .user = "abcd:efgh",
			    .pwd = PWD,
			    .fp = true,
			    .use_cand = true};
	uint8_t buf[512];
	struct stunw_msg msg;
	size_t len = libre_request(buf, sizeof(buf), &r);

	(void)state;
	assert_int_equal(stunw_decode(&msg, buf, len), 0);
	assert_int_equal(msg.cls, STUNW_REQUEST);
	assert_memory_equal(msg.tid, tid, sizeof(msg.tid));
	assert_memory_equal(msg.username.p, "abcd:efgh", 9);
	assert_true(msg.use_candidate);
	assert_true(msg.controlling);
	assert_false(msg.controlled);
	assert_int_equal(msg.priority, 0x7e7f00ff);
	assert_true(stunw_authentic(&msg, buf, PWD, strlen(PWD)));

	r.unknown = r.controlled = true;
	r.use_cand = r.fp = false;
	r.method = STUN_METHOD_REFRESH;
	len = libre_request(buf, sizeof(buf), &r);
	assert_int_equal(stunw_decode(&msg, buf, len), 0);
	assert_int_equal(msg.method, STUN_METHOD_REFRESH);
	assert_true(msg.controlled);
	assert_false(msg.fingerprint);
	assert_false(msg.use_candidate);
	assert_int_equal(msg.unknownc, 1);
	assert_int_equal(msg.unknownv[0], STUN_ATTR_DONT_FRAGMENT);

	r.pwd = NULL;
	len = libre_request(buf, sizeof(buf), &r);
	assert_int_equal(stunw_decode(&msg, buf, len), 0);
	assert_false(msg.integrity);
	assert_false(stunw_authentic(&msg, buf, PWD, strlen(PWD)));
}

static struct stun_msg *libre_reads(const uint8_t *p, size_t len,
				    struct stun_unknown_attr *ua)
{
	struct mbuf *mb = mbuf_alloc(len);
	struct stun_msg *m;

	assert_non_null(mb);
	assert_int_equal(mbuf_write_mem(mb, p, len), 0);
	mb->pos = 0;
	assert_int_equal(stun_msg_decode(&m, mb, ua), 0);
	assert_int_equal(ua->typec, 0);
	assert_int_equal(stun_msg_chk_fingerprint(m), 0);
	assert_int_equal(stun_msg_chk_mi(m, (const uint8_t *)PWD,
					 strlen(PWD)), 0);
	assert_memory_equal(stun_msg_tid(m), tid, sizeof(tid));
	mem_deref(mb);
	return m;
}

static void mapped_is(const struct stunw_msg *req, const char *ip)
{
	uint8_t buf[STUNW_RESPONSE_MAX];
	struct stun_unknown_attr ua;
	const struct stun_attr *a;
	struct stun_msg *m;
	struct sa src;
	size_t len;

	assert_int_equal(sa_set_str(&src, ip, 32853), 0);
	stunw_success(buf, &len, req, &src, PWD, strlen(PWD));
	m = libre_reads(buf, len, &ua);
	assert_int_equal(stun_msg_class(m), STUN_CLASS_SUCCESS_RESP);
	assert_int_equal(stun_msg_method(m), STUN_METHOD_BINDING);
	a = stun_msg_attr(m, STUN_ATTR_XOR_MAPPED_ADDR);
	assert_non_null(a);
	assert_true(sa_cmp(&a->v.xor_mapped_addr, &src, SA_ALL));
	mem_deref(m);
}

static void we_write_libre_reads(void **state)
{
	const struct request r = {.method = STUN_METHOD_BINDING,
				  .user = "a:b", .pwd = PWD, .fp = true};
	uint8_t buf[512], out[STUNW_RESPONSE_MAX];
	struct stun_unknown_attr ua;
	const struct stun_attr *a;
	struct stunw_msg req;
	struct stun_msg *m;
	size_t len = libre_request(buf, sizeof(buf), &r);

	(void)state;
	assert_int_equal(stunw_decode(&req, buf, len), 0);
	mapped_is(&req, "192.0.2.1");
	mapped_is(&req, "2001:db8:1234:5678:11:2233:4455:6677");

	stunw_error(out, &len, &req, 487, PWD, strlen(PWD));
	m = libre_reads(out, len, &ua);
	assert_int_equal(stun_msg_class(m), STUN_CLASS_ERROR_RESP);
	a = stun_msg_attr(m, STUN_ATTR_ERR_CODE);
	assert_non_null(a);
	assert_int_equal(a->v.err_code.code, 487);
	assert_string_equal(a->v.err_code.reason, "Role Conflict");
	mem_deref(m);
}

static void unknown_ones_are_named(void **state)
{
	const struct request r = {.method = STUN_METHOD_BINDING, .user = "a:b",
				  .pwd = PWD, .fp = true, .unknown = true};
	uint8_t buf[512], out[STUNW_RESPONSE_MAX];
	struct stun_unknown_attr ua;
	const struct stun_attr *a;
	struct stunw_msg req;
	struct stun_msg *m;
	size_t len = libre_request(buf, sizeof(buf), &r);

	(void)state;
	assert_int_equal(stunw_decode(&req, buf, len), 0);
	stunw_error(out, &len, &req, 420, PWD, strlen(PWD));
	m = libre_reads(out, len, &ua);
	a = stun_msg_attr(m, STUN_ATTR_ERR_CODE);
	assert_non_null(a);
	assert_int_equal(a->v.err_code.code, 420);
	a = stun_msg_attr(m, STUN_ATTR_UNKNOWN_ATTR);
	assert_non_null(a);
	assert_int_equal(a->v.unknown_attr.typec, 1);
	assert_int_equal(a->v.unknown_attr.typev[0], STUN_ATTR_DONT_FRAGMENT);
	mem_deref(m);
}

/* --- what others may send ------------------------------------------------ */

static size_t attr(uint8_t *buf, size_t at, uint16_t type, uint16_t len,
		   uint8_t fill)
{
	buf[at] = (uint8_t)(type >> 8);
	buf[at + 1] = (uint8_t)type;
	buf[at + 2] = (uint8_t)(len >> 8);
	buf[at + 3] = (uint8_t)len;
	memset(&buf[at + 4], fill, (len + 3u) & ~3u);
	return at + 4 + ((len + 3u) & ~3u);
}

static size_t header(uint8_t *buf, size_t len)
{
	memcpy(buf, stun_request_v, STUNW_HEADER_BYTES);
	buf[2] = (uint8_t)((len - STUNW_HEADER_BYTES) >> 8);
	buf[3] = (uint8_t)(len - STUNW_HEADER_BYTES);
	return STUNW_HEADER_BYTES;
}

/* USE-CANDIDATE behind MESSAGE-INTEGRITY is anybody's */
static void behind_the_sum_nothing_counts(void **state)
{
	uint8_t buf[256];
	struct stunw_msg msg;
	size_t n = attr(buf, STUNW_HEADER_BYTES, STUN_ATTR_MSG_INTEGRITY, 20,
			1);

	(void)state;
	n = attr(buf, n, STUN_ATTR_USE_CAND, 0, 0);
	n = attr(buf, n, STUN_ATTR_USERNAME, 3, 'x');
	n = attr(buf, n, STUN_ATTR_DONT_FRAGMENT, 0, 0);
	(void)header(buf, n);
	assert_int_equal(stunw_decode(&msg, buf, n), 0);
	assert_true(msg.integrity);
	assert_int_equal(msg.integrity_at, STUNW_HEADER_BYTES);
	assert_false(msg.use_candidate);
	assert_null(msg.username.p);
	assert_int_equal(msg.unknownc, 0);
}

static void bounds_are_reached(void **state)
{
	uint8_t buf[1024];
	struct stunw_msg msg;
	unsigned i;
	size_t n;

	(void)state;
	for (i = 0, n = STUNW_HEADER_BYTES; i < STUNW_ATTRS_MAX; i++)
		n = attr(buf, n, (uint16_t)(0x7f00 + i), 0, 0);
	(void)header(buf, n);
	assert_int_equal(stunw_decode(&msg, buf, n), 0);
	assert_int_equal(msg.unknownc, STUNW_UNKNOWN_MAX);
	assert_int_equal(msg.unknownv[STUNW_UNKNOWN_MAX - 1],
			 0x7f00 + STUNW_UNKNOWN_MAX - 1);
	n = attr(buf, n, 0x8022, 0, 0);
	(void)header(buf, n);
	assert_int_equal(stunw_decode(&msg, buf, n), EBADMSG);

	n = attr(buf, STUNW_HEADER_BYTES, STUN_ATTR_USERNAME,
		 STUNW_USERNAME_MAX, 'u');
	(void)header(buf, n);
	assert_int_equal(stunw_decode(&msg, buf, n), 0);
	assert_int_equal(msg.username.l, STUNW_USERNAME_MAX);
	n = attr(buf, STUNW_HEADER_BYTES, STUN_ATTR_USERNAME,
		 STUNW_USERNAME_MAX + 1, 'u');
	(void)header(buf, n);
	assert_int_equal(stunw_decode(&msg, buf, n), EBADMSG);
}

static void lengths_must_fit(void **state)
{
	static const struct {
		uint16_t type, len;
	} bad[] = {{STUN_ATTR_MSG_INTEGRITY, 32}, {STUN_ATTR_PRIORITY, 8},
		   {STUN_ATTR_USE_CAND, 4},	  {STUN_ATTR_CONTROLLED, 4},
		   {STUN_ATTR_CONTROLLING, 12},	  {STUN_ATTR_FINGERPRINT, 8}};
	uint8_t buf[256];
	struct stunw_msg msg;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		n = attr(buf, STUNW_HEADER_BYTES, bad[i].type, bad[i].len, 0);
		(void)header(buf, n);
		assert_int_equal(stunw_decode(&msg, buf, n), EBADMSG);
	}
	/* Past the end, by little and by much */
	n = attr(buf, STUNW_HEADER_BYTES, 0x8022, 8, 0);
	(void)header(buf, n);
	buf[STUNW_HEADER_BYTES + 3] = 9;
	assert_int_equal(stunw_decode(&msg, buf, n), EBADMSG);
	buf[STUNW_HEADER_BYTES + 2] = buf[STUNW_HEADER_BYTES + 3] = 0xff;
	assert_int_equal(stunw_decode(&msg, buf, n), EBADMSG);
}

/* A password longer than a block of the hash (RFC 2104 section 2) */
static void long_password(void **state)
{
	struct request r = {.method = STUN_METHOD_BINDING, .user = "a:b",
			    .fp = true};
	uint8_t buf[512];
	struct stunw_msg msg;
	char pwd[70];
	size_t len;

	(void)state;
	for (len = 60; len < 70; len++) {
		size_t n;

		memset(pwd, 'p', len);
		pwd[len] = '\0';
		r.pwd = pwd;
		n = libre_request(buf, sizeof(buf), &r);
		assert_int_equal(stunw_decode(&msg, buf, n), 0);
		assert_true(stunw_authentic(&msg, buf, pwd, len));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc5769_request),
		cmocka_unit_test(rfc5769_responses),
		cmocka_unit_test(each_bit_counts),
		cmocka_unit_test(truncated),
		cmocka_unit_test(truncated_with_its_length),
		cmocka_unit_test(libre_writes_we_read),
		cmocka_unit_test(we_write_libre_reads),
		cmocka_unit_test(unknown_ones_are_named),
		cmocka_unit_test(behind_the_sum_nothing_counts),
		cmocka_unit_test(bounds_are_reached),
		cmocka_unit_test(lengths_must_fit),
		cmocka_unit_test(long_password),
	};

	return cmocka_run_group_tests_name("stun", tests, NULL, NULL);
}

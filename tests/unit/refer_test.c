/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file refer_test.c  Whom a REFER asks for (row P6)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "sip/refer.h"

static const char *words;

static uint16_t text_decode(struct refer *r, const char *text, size_t len)
{
	struct mbuf *mb = mbuf_alloc(len);
	struct sip_msg *msg = NULL;
	struct sa sa;
	uint16_t code;

	assert_non_null(mb);
	assert_int_equal(mbuf_write_mem(mb, (const uint8_t *)text, len), 0);
	mb->pos = 0;
	assert_int_equal(sip_msg_decode(&msg, mb), 0);
	assert_int_equal(sa_set_str(&sa, "192.0.2.1", 0), 0);
	words = NULL;
	code = refer_decode(r, msg, "poc.example.com", &sa, &words);
	mem_deref(msg);
	mem_deref(mb);
	return code;
}

static uint16_t file_decode(struct refer *r, const char *name)
{
	const char *top = getenv("top_srcdir");
	char path[512], buf[4096];
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/refer/%s",
		       top ? top : ".", name);
	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	return text_decode(r, buf, n);
}

static uint16_t header_decode(struct refer *r, const char *headers,
			      const char *body)
{
	static char buf[32768];
	int n;

	n = snprintf(buf, sizeof(buf),
		     "REFER sip:leg-1@192.0.2.1 SIP/2.0\r\n"
		     "Via: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKf1\r\n"
		     "From: <sip:alice@poc.example.com>;tag=a\r\n"
		     "To: <sip:x@poc.example.com>;tag=s\r\n"
		     "Call-ID: 1\r\nCSeq: 2 REFER\r\n"
		     "%sContent-Length: %zu\r\n\r\n%s", headers, strlen(body),
		     body);
	assert_true(n > 0 && n < (int)sizeof(buf));
	return text_decode(r, buf, (size_t)n);
}

static void test_one(void **state)
{
	struct refer r;

	(void)state;
	assert_int_equal(file_decode(&r, "one.sip"), 0);
	assert_int_equal(r.targetc, 1);
	assert_string_equal(r.targetv[0], "bob");
	assert_true(r.nosub);
	assert_false(r.remove);
}

static void test_list(void **state)
{
	struct refer r;

	(void)state;
	assert_int_equal(file_decode(&r, "list.sip"), 0);
	assert_int_equal(r.targetc, 2);
	assert_string_equal(r.targetv[0], "bob");
	assert_string_equal(r.targetv[1], "carol");
	assert_true(r.nosub);
}

static void test_bye(void **state)
{
	struct refer r;

	(void)state;
	assert_int_equal(file_decode(&r, "bye.sip"), 0);
	assert_true(r.remove);
	assert_true(r.nosub);
	assert_int_equal(file_decode(&r, "bare.sip"), 0);
	assert_true(r.remove);
	assert_false(r.nosub);
	assert_string_equal(r.targetv[0], "bob");
}

/* The name of the session that a terminal was told of is to leave it by, and
 * nothing else is asked with it */
static void test_session(void **state)
{
	static const struct {
		const char *uri;
		uint16_t code;
		uint32_t session;
	} v[] = {
		{ "sip:leg+bob@poc.example.com;session=17;method=BYE", 0, 17 },
		{ "sip:leg+bob@poc.example.com;method=BYE", 0, 0 },
		{ "sip:leg+bob@poc.example.com;session=x;method=BYE", 0, 0 },
		{ "sip:leg+bob@elsewhere;session=17;method=BYE", 403, 0 },
		{ "sip:leg+@poc.example.com;method=BYE", 0, 0 },
	};
	char headers[256];
	struct refer r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		(void)snprintf(headers, sizeof(headers), "Refer-To: <%s>\r\n",
			       v[i].uri);
		assert_int_equal(header_decode(&r, headers, ""), v[i].code);
		if (v[i].code)
			continue;
		assert_true(r.remove);
		assert_int_equal(r.targetc, 1);
		assert_true(r.focus == (r.targetv[0][0] == 'b'));
		assert_int_equal(r.session, v[i].session);
	}

	assert_int_equal(file_decode(&r, "session.sip"), 0);
	assert_true(r.focus);
	assert_string_equal(r.targetv[0], "bob");
	assert_int_equal(r.session, 4294967295);

	/* To be in it is asked of nobody: it is a user of that name */
	assert_int_equal(header_decode(&r, "Refer-To: <sip:leg+bob@poc."
				       "example.com;session=17>\r\n", ""),
			 0);
	assert_false(r.focus);
	assert_string_equal(r.targetv[0], "leg+bob");
}

static void test_require(void **state)
{
	struct refer r;

	(void)state;
	assert_int_equal(file_decode(&r, "require.sip"), 420);
	assert_string_equal(r.unsupported, "tdialog, foo");
}

static void test_refusals(void **state)
{
	static const struct {
		uint16_t code;
		const char *headers;
	} v[] = {
		{ 400, "" },
		{ 400, "Refer-To: <>\r\n" },
		{ 400, "Refer-To: <sip:a@poc.example.com>\r\n"
		       "Refer-To: <sip:b@poc.example.com>\r\n" },
		{ 416, "Refer-To: <tel:+4912345>\r\n" },
		{ 416, "Refer-To: <http://poc.example.com/>\r\n" },
		{ 403, "Refer-To: <sip:a@elsewhere.example>\r\n" },
		{ 403, "Refer-To: <sip:a@192.0.2.2>\r\n" },
		{ 403, "Refer-To: <sip:a@poc.example.com?Replaces=x>\r\n" },
		{ 403, "Refer-To: <sip:a@poc.example.com;method=FOO>\r\n" },
		{ 403, "Refer-To: <sip:a%00b@poc.example.com>\r\n" },
		{ 403, "Refer-To: <sip:a%0db@poc.example.com>\r\n" },
		{ 403, "Refer-To: <sip:poc.example.com>\r\n" },
		{ 403, "Refer-To: <sip:"
		       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		       "aaaaaaaaaaaaaaaa@poc.example.com>\r\n" },
		{ 415, "Refer-To: <cid:x@y>\r\nContent-ID: <x@y>\r\n" },
		{ 415, "Refer-To: <cid:x@y>\r\nContent-ID: <x@y>\r\n"
		       "Content-Type: text/plain\r\n" },
		{ 400, "Refer-To: <cid:x@y>\r\nContent-ID: <z@y>\r\n"
		       "Content-Type: application/resource-lists+xml\r\n" },
		{ 400, "Refer-To: <cid:x@y>\r\nContent-ID: <x@y>\r\n"
		       "Content-Type: application/resource-lists+xml\r\n" },
	};
	struct refer r;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		assert_int_equal(header_decode(&r, v[i].headers, ""),
				 v[i].code);
		assert_true(words && *words);
	}
}

/* Our own address is as good as the domain, with or without port */
static void test_our_address(void **state)
{
	struct refer r;

	(void)state;
	assert_int_equal(header_decode(&r, "Refer-To: "
				       "<sip:bob@192.0.2.1:5060>\r\n", ""), 0);
	assert_string_equal(r.targetv[0], "bob");
	assert_int_equal(header_decode(&r, "Refer-To: "
				       "<sip:bob@POC.example.com>\r\n", ""),
			 0);
}

#define LIST "Refer-To: <cid:x@y>\r\nContent-ID: <x@y>\r\n" \
	"Content-Type: application/resource-lists+xml\r\n"

static uint16_t list_decode(struct refer *r, int n, const char *params)
{
	static char buf[16384];
	size_t len;
	int i;

	len = (size_t)snprintf(buf, sizeof(buf), "<?xml version=\"1.0\"?>"
			       "<resource-lists xmlns=\"urn:ietf:params:xml:"
			       "ns:resource-lists\"><list>");
	for (i = 0; i < n; i++)
		len += (size_t)snprintf(buf + len, sizeof(buf) - len,
					"<entry uri=\"sip:u%d@poc.example.com"
					"%s\"/>", i, i ? params : "");
	(void)snprintf(buf + len, sizeof(buf) - len,
		       "</list></resource-lists>");
	return header_decode(r, LIST, buf);
}

static void test_list_bounds(void **state)
{
	struct refer r;

	(void)state;
	assert_int_equal(list_decode(&r, HL_PARTIES_MAX, ""), 0);
	assert_int_equal(r.targetc, HL_PARTIES_MAX);
	assert_int_equal(list_decode(&r, HL_PARTIES_MAX + 1, ""), 413);
	assert_int_equal(list_decode(&r, 0, ""), 400);
	assert_int_equal(list_decode(&r, 2, ";method=BYE"), 400);
	assert_int_equal(list_decode(&r, 1, ";method=BYE"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_bye),
		cmocka_unit_test(test_require),
		cmocka_unit_test(test_session),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_our_address),
		cmocka_unit_test(test_list_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

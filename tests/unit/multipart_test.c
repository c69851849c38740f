/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file multipart_test.c  Bodies of several parts (missions P2, P3)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "wire/multipart.h"

static struct multipart_text text(const char *s)
{
	return (struct multipart_text){.p = s, .l = strlen(s)};
}

static void text_is(const struct multipart_text *t, const char *want)
{
	assert_int_equal(t->l, strlen(want));
	assert_memory_equal(t->p, want, t->l);
}

/* From an allocation of its own size; the parts point nowhere afterwards */
static int parse_n(struct multipart *mp, const char *boundary, const char *p,
		   size_t l)
{
	char *copy = test_malloc(l ? l : 1);
	int err;

	memcpy(copy, p, l);
	err = multipart_parse(mp, boundary, copy, l);
	test_free(copy);
	return err;
}

static int parse(struct multipart *mp, const char *p)
{
	return parse_n(mp, "b", p, strlen(p));
}

static int boundary_of(char *boundary, const char *ctype)
{
	return multipart_boundary(boundary, ctype, strlen(ctype));
}

static void boundaries(void **state)
{
	static const struct {
		const char *ctype;
		int err;
		const char *boundary;
	} rows[] = {
		{"multipart/mixed;boundary=cpmb", 0, "cpmb"},
		{";boundary=b", 0, "b"},
		{"multipart/related;type=\"application/rlmi+xml\";"
		 "start=\"<top;boundary=no>\";boundary=\"50UBf W7=:?\"", 0,
		 "50UBf W7=:?"},
		{"multipart/mixed ; Boundary = \"a\\b\" ; x=y", 0, "ab"},
		{"multipart/mixed;boundary=0123456789012345678901234567890123"
		 "456789012345678901234567890123456789", 0,
		 "0123456789012345678901234567890123456789012345678901234567"
		 "890123456789"},
		{"multipart/mixed;boundary=0123456789012345678901234567890123"
		 "4567890123456789012345678901234567890", EBADMSG, NULL},
		{"multipart/mixed", ENOENT, NULL},
		{"", ENOENT, NULL},
		{"multipart/mixed;xboundary=b", ENOENT, NULL},
		{"multipart/mixed;boundary", ENOENT, NULL},
		{"multipart/mixed;boundary=", EBADMSG, NULL},
		{"multipart/mixed;boundary=\"\"", EBADMSG, NULL},
		{"multipart/mixed;boundary=\"a", EBADMSG, NULL},
		{"multipart/mixed;boundary=\"a\\", EBADMSG, NULL},
		{"multipart/mixed;boundary=\"a \"", EBADMSG, NULL},
		{"multipart/mixed;boundary=a&b", EBADMSG, NULL},
		{"multipart/mixed;boundary=a;boundary=b", EBADMSG, NULL},
	};
	char b[MULTIPART_BOUNDARY_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const int err = boundary_of(b, rows[i].ctype);

		if (err != rows[i].err)
			fail_msg("%d: %s", err, rows[i].ctype);
		if (!err)
			assert_string_equal(b, rows[i].boundary);
	}
}

static void bodies_read(void **state)
{
	const char *body =
		"preamble --b\r\n--bx\r\n--b \t\r\n"
		"Content-Type: application/sdp\r\n\r\nv=0\r\n--bb\r\n"
		"\r\n--b\r\ncontent-type: Application/Resource-Lists+XML;\r\n"
		" charset=\"UTF-8\"\r\nContent-Transfer-Encoding: binary\r\n"
		"CONTENT-ID: <cid@h>\r\nContent-Disposition: recipient-list"
		"\r\n\r\n<xml/>"
		"\r\n--b\r\n\r\n"
		"\r\n--b--\r\nepilogue\r\n--b\r\n";
	const struct multipart_part *part;
	struct multipart mp;

	(void)state;
	assert_int_equal(multipart_parse(&mp, "b", body, strlen(body)), 0);
	assert_int_equal(mp.n, 3);
	text_is(&mp.parts[0].body, "v=0\r\n--bb\r\n");
	text_is(&mp.parts[2].body, "");
	assert_int_equal(mp.parts[2].type.l, 0);

	part = multipart_find(&mp, "application/resource-lists+xml");
	assert_ptr_equal(part, &mp.parts[1]);
	text_is(&part->body, "<xml/>");
	text_is(&part->disposition, "recipient-list");
	assert_ptr_equal(multipart_by_id(&mp, "cid@h", 5), part);
	assert_null(multipart_by_id(&mp, "cid@", 4));
	assert_null(multipart_by_id(&mp, "", 0));
	assert_null(multipart_find(&mp, "application/pidf+xml"));

	/* The closing delimiter may end the body without CRLF */
	assert_int_equal(parse(&mp, "--b\r\n\r\nx\r\n--b--"), 0);
	assert_int_equal(mp.n, 1);
}

static void bodies_refused(void **state)
{
	static const struct {
		const char *body;
		int err;
	} bad[] = {
		{"", EBADMSG},
		{"--b", EBADMSG},
		{"--b\r\n", EBADMSG},
		{"--b--\r\n", EBADMSG},
		{"--b\r\n\r\nx", EBADMSG},
		{"--b\r\n\r\nx\r\n--b", EBADMSG},
		{"--b\r\n\r\nx\r\n--b-", EBADMSG},
		{"--b\r\n\r\nx\n--b--", EBADMSG},
		{"x--b\r\n\r\nx\r\n--b--", EBADMSG},
		{"\rx--b\r\n\r\nx\r\n--b--", EBADMSG},
		{"--b\r\n--b--\r\n", EBADMSG},
		{"--b\r\nx\r\n--b--\r\n", EBADMSG},
		{"--b\r\nContent-Type: a/b\r\n--b--\r\n", EBADMSG},
		{"--b\r\n folded: x\r\n\r\n\r\n--b--\r\n", EBADMSG},
		{"--b\r\nno colon\r\n\r\n\r\n--b--\r\n", EBADMSG},
		{"--b\r\nContent-Type: a/b\r\nContent-Type: a/b\r\n\r\n"
		 "\r\n--b--\r\n", EBADMSG},
		{"--b\r\nContent-ID: <a>\r\nContent-ID: <b>\r\n\r\n"
		 "\r\n--b--\r\n", EBADMSG},
		{"--b\r\nContent-Transfer-Encoding: base64\r\n\r\neA==\r\n"
		 "--b--\r\n", ENOTSUP},
	};
	struct multipart mp = {.n = 77};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const int err = parse(&mp, bad[i].body);

		if (err != bad[i].err)
			fail_msg("%d: %s", err, bad[i].body);
		assert_int_equal(mp.n, 77);
	}
	assert_int_equal(parse_n(&mp, "", "--\r\n\r\n\r\n----", 12), EBADMSG);
}

static void each_bound(void **state)
{
	size_t parts, headers;

	(void)state;
	for (parts = MULTIPART_PARTS_MAX; parts <= MULTIPART_PARTS_MAX + 1;
	     parts++) {
		static char body[4096];
		struct multipart mp;
		size_t i;

		body[0] = '\0';
		for (i = 0; i < parts; i++)
			strcat(body, "\r\n--b\r\n\r\nx");
		strcat(body, "\r\n--b--\r\n");
		assert_int_equal(parse(&mp, body),
				 parts > MULTIPART_PARTS_MAX ? E2BIG : 0);
	}
	for (headers = MULTIPART_HEADERS_MAX;
	     headers <= MULTIPART_HEADERS_MAX + 1; headers++) {
		char body[1024] = "--b\r\n";
		struct multipart mp;
		size_t i;

		for (i = 0; i < headers; i++)
			strcat(body, "X: y\r\n");
		strcat(body, "\r\nx\r\n--b--\r\n");
		assert_int_equal(parse(&mp, body),
				 headers > MULTIPART_HEADERS_MAX ? EBADMSG : 0);
	}
}

static void bodies_written(void **state)
{
	const struct multipart_part parts[] = {
		{.type = text("application/sdp"), .body = text("v=0\r\n")},
		{.type = text("application/resource-lists+xml"),
		 .id = text("cid@h"),
		 .disposition = text("recipient-list"),
		 .body = text("<xml/>")},
		{.body = text("")}};
	const char *want = "--b=1\r\nContent-Type: application/sdp\r\n\r\n"
			   "v=0\r\n\r\n--b=1\r\nContent-Type: "
			   "application/resource-lists+xml\r\n"
			   "Content-ID: <cid@h>\r\n"
			   "Content-Disposition: recipient-list\r\n\r\n<xml/>"
			   "\r\n--b=1\r\n\r\n\r\n--b=1--\r\n";
	struct multipart_writer w;
	struct multipart mp;
	char buf[512];
	size_t len, n, i;

	(void)state;
	for (n = strlen(want); n <= strlen(want); n--) {
		multipart_open(&w, buf, n, "b=1");
		for (i = 0; i < 3; i++)
			multipart_add(&w, &parts[i]);
		len = 77;
		assert_int_equal(multipart_close(&w, &len),
				 n == strlen(want) ? 0 : EOVERFLOW);
		assert_int_equal(len, n == strlen(want) ? n : 77);
		if (n == strlen(want))
			assert_memory_equal(buf, want, n);
	}

	multipart_open(&w, buf, sizeof(buf), "b=1");
	for (i = 0; i < 3; i++)
		multipart_add(&w, &parts[i]);
	assert_int_equal(multipart_close(&w, &len), 0);
	assert_int_equal(multipart_parse(&mp, "b=1", buf, len), 0);
	assert_int_equal(mp.n, 3);
	for (i = 0; i < 3; i++) {
		assert_int_equal(mp.parts[i].body.l, parts[i].body.l);
		assert_int_equal(mp.parts[i].id.l, parts[i].id.l);
		assert_int_equal(mp.parts[i].disposition.l,
				 parts[i].disposition.l);
	}
	text_is(&mp.parts[1].id, "cid@h");
}

static void bad_values_not_written(void **state)
{
	const struct multipart_part holds = {.body = text("x\r\n--b\r\n")};
	const struct multipart_part splits = {.type = text("a/b\r\nX: y")};
	struct multipart_writer w;
	char buf[128];
	size_t len;

	(void)state;
	multipart_open(&w, buf, sizeof(buf), "b");
	multipart_add(&w, &holds);
	assert_int_equal(multipart_close(&w, &len), EINVAL);
	multipart_open(&w, buf, sizeof(buf), "b");
	multipart_add(&w, &splits);
	assert_int_equal(multipart_close(&w, &len), EINVAL);
	multipart_open(&w, buf, sizeof(buf), "b");
	assert_int_equal(multipart_close(&w, &len), EINVAL);
	multipart_open(&w, buf, sizeof(buf), "b\r\n");
	assert_int_equal(multipart_close(&w, &len), EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boundaries),
		cmocka_unit_test(bodies_read),
		cmocka_unit_test(bodies_refused),
		cmocka_unit_test(each_bound),
		cmocka_unit_test(bodies_written),
		cmocka_unit_test(bad_values_not_written),
	};

	return cmocka_run_group_tests_name("multipart", tests, NULL, NULL);
}

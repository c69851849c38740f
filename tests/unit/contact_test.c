/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file contact_test.c  Contacts of a REGISTER (row P2): kept whole or refused
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "presence/contact.h"

static int decode(struct contact *c, const char *text)
{
	const char *words = NULL;
	struct pl pl;
	int err;

	pl_set_str(&pl, text);
	err = contact_decode(c, &pl, &words);
	assert_int_equal(err ? EBADMSG : 0, err);
	assert_int_equal(!err, !words);
	return err;
}

static void test_p2_good(void **state)
{
	struct contact c;

	(void)state;
	assert_int_equal(decode(&c, "<sip:a@192.0.2.1:5060;transport=udp>"),
			 0);
	assert_string_equal(c.uri, "sip:a@192.0.2.1:5060;transport=udp");
	assert_string_equal(c.key, c.uri);
	assert_string_equal(c.instance, "");
	assert_false(c.has_expires);

	assert_int_equal(decode(&c, "\"A\" <SIP:a@[::1]>;expires=70;"
				    "+sip.instance=\"<urn:x>\";reg-id=2"),
			 0);
	assert_string_equal(c.key, "<urn:x>;2");
	assert_string_equal(c.instance, "<urn:x>");
	assert_true(c.has_expires && c.expires_ok);
	assert_int_equal(c.expires_s, 70);
	/* Bare: what follows is the header's */
	assert_int_equal(decode(&c, "sip:a@h;expires=none"), 0);
	assert_string_equal(c.uri, "sip:a@h");
	assert_true(c.has_expires && !c.expires_ok);
}

static void test_p2_bad(void **state)
{
	static const char *const v[] = {
		"", "*", "<>", "<tel:1>", "<sips:a@h>", "nonsense",
		"<sip:a b@h>", "<sip:a\r\n @h>", "<sip:a\x01@h>",
		"<sip:a@h>;+sip.instance=\"a\\b\"",
		"<sip:a@h>;+sip.instance=\"a\"b\"",
		"<sip:a@h>;+sip.instance=\"a\";reg-id=\"",
	};
	struct contact c;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(v); i++)
		if (decode(&c, v[i]) != EBADMSG)
			fail_msg("taken: %s", v[i]);
}

/* The longest that fits, and one more */
static void test_p2_bounds(void **state)
{
	char text[1024], x[512];
	struct contact c;
	size_t n;

	(void)state;
	memset(x, 'x', sizeof(x));
	for (n = HL_URI_MAX - 4; n < HL_URI_MAX + 4; n++) {
		(void)snprintf(text, sizeof(text), "<sip:%.*s@h>",
			       (int)n - 6, x);
		assert_int_equal(decode(&c, text),
				 n < HL_URI_MAX ? 0 : EBADMSG);
		if (n < HL_URI_MAX)
			assert_int_equal(strlen(c.uri), n);
	}
	for (n = STATE_ID_MAX - 6; n < STATE_ID_MAX + 4; n++) {
		/* The key is one longer: ";" before the reg-id */
		(void)snprintf(text, sizeof(text),
			       "<sip:a@h>;+sip.instance=\"%.*s\";reg-id=1",
			       (int)n - 2, x);
		assert_int_equal(decode(&c, text),
				 n < STATE_ID_MAX ? 0 : EBADMSG);
		if (n < STATE_ID_MAX)
			assert_int_equal(strlen(c.key), n);
	}
}

static void test_seconds(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		uint32_t s;
	} v[] = {
		{"0", true, 0},
		{"3600", true, 3600},
		{"0000000000600", true, 600},
		{"4294967295", true, UINT32_MAX},
		{"4294967296", true, UINT32_MAX},
		{"99999999999999999999999999", true, UINT32_MAX},
		{"", false, 0},
		{"-1", false, 0},
		{"60s", false, 0},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		uint32_t s = 77;
		struct pl pl;

		pl_set_str(&pl, v[i].text);
		assert_int_equal(seconds_decode(&s, &pl), v[i].ok);
		assert_int_equal(s, v[i].ok ? v[i].s : 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_p2_good), cmocka_unit_test(test_p2_bad),
		cmocka_unit_test(test_p2_bounds),
		cmocka_unit_test(test_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

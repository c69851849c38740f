/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rlmi_test.c  Lists of resources (RFC 4662; mission P5)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "wire/rlmi.h"

#define NS "xmlns=\"urn:ietf:params:xml:ns:rlmi\" "
#define LIST "<list " NS "uri=\"sip:l@h\" version=\"1\" fullState=\"true\">"

struct got {
	struct rlmi_resource v[8];
	size_t n;
	int err;
};

static int resource_h(const struct rlmi_resource *r, void *arg)
{
	struct got *got = arg;

	assert_true(got->n < 8);
	got->v[got->n++] = *r;
	return got->err;
}

/* At the end of its own allocation, so that one byte too many shows */
static int parse_n(struct rlmi_list *list, const char *text, size_t l,
		   struct got *got)
{
	char *copy = malloc(l ? l : 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, text, l);
	err = rlmi_parse(list, copy, l, resource_h, got);
	free(copy);
	return err;
}

static int parse(struct rlmi_list *list, const char *text, struct got *got)
{
	return parse_n(list, text, strlen(text), got);
}

static const char sample[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<list xmlns=\"urn:ietf:params:xml:ns:rlmi\""
	" uri=\"sip:alice-buddies@poc.example.com\" version=\"1\""
	" fullState=\"true\">\n <name>Buddies</name>\n"
	" <resource uri=\"sip:bob@poc.example.com\"><name>Bob</name>"
	"<instance id=\"b1\" state=\"active\" cid=\"bob1@poc.example.com\"/>"
	"</resource>\n"
	" <resource uri=\"sip:carol@poc.example.com\">"
	"<instance id=\"c1\" state=\"pending\"/></resource>\n</list>\n";

static void sample_read(void **state)
{
	struct rlmi_list list;
	struct got got = {.n = 0};

	(void)state;
	assert_int_equal(parse(&list, sample, &got), 0);
	assert_string_equal(list.uri, "sip:alice-buddies@poc.example.com");
	assert_int_equal(list.version, 1);
	assert_true(list.full);
	assert_int_equal(got.n, 2);
	assert_string_equal(got.v[0].uri, "sip:bob@poc.example.com");
	assert_string_equal(got.v[0].name, "Bob");
	assert_string_equal(got.v[0].id, "b1");
	assert_int_equal(got.v[0].state, RLMI_ACTIVE);
	assert_string_equal(got.v[0].cid, "bob1@poc.example.com");
	assert_int_equal(got.v[1].state, RLMI_PENDING);
	assert_string_equal(got.v[1].cid, "");
	assert_string_equal(got.v[1].name, "");
}

static void every_truncation_refused(void **state)
{
	struct rlmi_list list = {.version = 77};
	size_t l;

	(void)state;
	/* The last byte is a line feed behind the root */
	for (l = 0; l + 2 < sizeof(sample); l++) {
		struct got got = {.n = 0};

		assert_int_equal(parse_n(&list, sample, l, &got), EBADMSG);
	}
	assert_int_equal(list.version, 77);
}

static void written_is_read(void **state)
{
	const struct rlmi_list list = {"sip:l@h", UINT32_MAX, false};
	const struct rlmi_resource in[] = {
		{.uri = "sip:a@h;x=&", .name = "A <&> \xc3\xa9",
		 .instance = true, .id = "\"1\"", .state = RLMI_TERMINATED,
		 .reason = "rejected"},
		{.uri = "sip:b@h"},
	};
	struct rlmi_list back;
	struct got got = {.n = 0};
	struct xml_writer w;
	char text[1024];
	size_t len, full, i;

	(void)state;
	rlmi_open(&w, text, sizeof(text), &list);
	rlmi_add(&w, &in[0]);
	rlmi_add(&w, &in[1]);
	assert_int_equal(rlmi_close(&w, &full), 0);
	assert_int_equal(parse(&back, text, &got), 0);
	assert_int_equal(back.version, UINT32_MAX);
	assert_false(back.full);
	assert_int_equal(got.n, 2);
	assert_memory_equal(&got.v[0], &in[0], sizeof(in[0]));
	assert_memory_equal(&got.v[1], &in[1], sizeof(in[1]));
	for (i = 1; i <= full; i++) {
		rlmi_open(&w, text, i, &list);
		rlmi_add(&w, &in[0]);
		rlmi_add(&w, &in[1]);
		assert_int_equal(rlmi_close(&w, &len), EOVERFLOW);
	}
}

static void bad_values_not_written(void **state)
{
	const struct rlmi_list good = {"sip:l@h", 0, true};
	const struct rlmi_list bad = {"sip:l h", 0, true};
	const struct rlmi_resource badv[] = {
		{.uri = ""},
		{.uri = "sip:a@h", .instance = true},
		{.uri = "sip:a@h", .name = "\x01"},
	};
	struct xml_writer w;
	char text[1024];
	size_t len, i;

	(void)state;
	rlmi_open(&w, text, sizeof(text), &bad);
	assert_int_equal(rlmi_close(&w, &len), EINVAL);
	for (i = 0; i < 3; i++) {
		rlmi_open(&w, text, sizeof(text), &good);
		rlmi_add(&w, &badv[i]);
		assert_int_equal(rlmi_close(&w, &len), EINVAL);
	}
}

static void bad_documents(void **state)
{
	static const char *const bad[] = {
		"",
		"<list/>",
		"<resource " NS "uri=\"sip:l@h\"/>",
		"<list " NS "version=\"1\" fullState=\"true\"/>",
		"<list " NS "uri=\"sip:l@h\" fullState=\"true\"/>",
		"<list " NS "uri=\"sip:l@h\" version=\"1\"/>",
		"<list " NS "uri=\"sip:l@h\" version=\"\" fullState=\"1\"/>",
		"<list " NS "uri=\"sip:l@h\" version=\"-1\" fullState=\"1\"/>",
		"<list " NS "uri=\"sip:l@h\" version=\"4294967296\""
		" fullState=\"1\"/>",
		"<list " NS "uri=\"sip:l@h\" version=\"1\" fullState=\"yes\"/>",
		LIST "<resource/></list>",
		LIST "<resource uri=\"\"/></list>",
		LIST "<resource uri=\"a b\"/></list>",
		LIST "<resource uri=\"sip:a@h\"><instance state=\"active\"/>"
		     "</resource></list>",
		LIST "<resource uri=\"sip:a@h\"><instance id=\"1\"/>"
		     "</resource></list>",
		LIST "<resource uri=\"sip:a@h\"><instance id=\"1\""
		     " state=\"odd\"/></resource></list>",
		"<!DOCTYPE list>" LIST "</list>",
	};
	struct rlmi_list list;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct got got = {.n = 0};

		assert_int_equal(parse(&list, bad[i], &got), EBADMSG);
	}
}

static void handler_stops(void **state)
{
	struct rlmi_list list;
	struct got got = {.n = 0, .err = ECANCELED};

	(void)state;
	assert_int_equal(parse(&list, sample, &got), ECANCELED);
	assert_int_equal(got.n, 1);
}

/* A value of the greatest length, and one byte more */
static void bounds(void **state)
{
	static const struct {
		const char *before, *after;
		size_t max;
	} v[] = {
		{"<list " NS "version=\"1\" fullState=\"1\" uri=\"sip:",
		 "\"/>", HL_URI_MAX - 4},
		{LIST "<resource uri=\"sip:", "\"/></list>", HL_URI_MAX - 4},
		{LIST "<resource uri=\"a\"><name>", "</name></resource></list>",
		 HL_DISPLAY_MAX},
		{LIST "<resource uri=\"a\"><instance state=\"active\" id=\"",
		 "\"/></resource></list>", RLMI_WORD_MAX},
		{LIST "<resource uri=\"a\"><instance state=\"active\" id=\"1\""
		      " reason=\"", "\"/></resource></list>", RLMI_WORD_MAX},
		{LIST "<resource uri=\"a\"><instance state=\"active\" id=\"1\""
		      " cid=\"", "\"/></resource></list>", RLMI_CID_MAX},
	};
	struct rlmi_list list;
	char text[1024];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		char fill[512];
		struct got got = {.n = 0};

		memset(fill, 'x', sizeof(fill));
		snprintf(text, sizeof(text), "%s%.*s%s", v[i].before,
			 (int)v[i].max - 1, fill, v[i].after);
		assert_int_equal(parse(&list, text, &got), 0);
		snprintf(text, sizeof(text), "%s%.*s%s", v[i].before,
			 (int)v[i].max, fill, v[i].after);
		got.n = 0;
		assert_int_equal(parse(&list, text, &got), EOVERFLOW);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sample_read),
		cmocka_unit_test(every_truncation_refused),
		cmocka_unit_test(written_is_read),
		cmocka_unit_test(bad_values_not_written),
		cmocka_unit_test(bad_documents),
		cmocka_unit_test(handler_stops),
		cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests_name("rlmi", tests, NULL, NULL);
}

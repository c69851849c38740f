/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file reslist_test.c  Lists of parties (missions P3, P4)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "wire/reslist.h"

#define HEAD                                                                  \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                        \
	"<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\" "    \
	"xmlns:cp=\"urn:ietf:params:xml:ns:copycontrol\">"
#define TAIL "</resource-lists>"
#define ENTRY(uri) "<entry uri=\"" uri "\"/>"

static int parse(struct reslist *list, const char *text)
{
	const size_t l = strlen(text);
	char *copy = malloc(l ? l : 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, text, l);
	err = reslist_parse(list, copy, l);
	free(copy);
	return err;
}

static void lists_read(void **state)
{
	struct reslist list;

	(void)state;
	/* The body of a REFER as a handset sends it */
	assert_int_equal(parse(&list, HEAD
		"\n <list>\n  <entry uri=\"sip:bob@poc.example.com\" "
		"cp:copyControl=\"to\"/>\n  <entry "
		"uri=\"sip:carol@poc.example.com\" cp:copyControl=\"to\"/>\n"
		" </list>\n" TAIL "\n"), 0);
	assert_int_equal(list.n, 2);
	assert_string_equal(list.entries[0].uri, "sip:bob@poc.example.com");
	assert_string_equal(list.entries[0].method, "");
	assert_string_equal(list.entries[1].uri, "sip:carol@poc.example.com");

	/* Lists in lists, unknown elements, no namespace, references */
	assert_int_equal(parse(&list, "<resource-lists><list name=\"a\">"
		"<list><entry uri=\"sip:a@h\"><display-name>A &amp; B"
		"</display-name></entry><entry-ref ref=\"x\"/>"
		"<o:entry xmlns:o=\"urn:other\" uri=\"sip:no@h\"/></list>"
		"<entry uri=\"tel:+1-2\"/></list><list/><list>"
		"<entry uri=\"sip:b&#64;h?X=1&amp;Y=2\"/></list>" TAIL), 0);
	assert_int_equal(list.n, 3);
	assert_string_equal(list.entries[0].uri, "sip:a@h");
	assert_string_equal(list.entries[1].uri, "tel:+1-2");
	assert_string_equal(list.entries[2].uri, "sip:b@h?X=1&Y=2");

	assert_int_equal(parse(&list, HEAD TAIL), 0);
	assert_int_equal(list.n, 0);
}

static void methods_read(void **state)
{
	struct reslist list;

	(void)state;
	assert_int_equal(parse(&list, HEAD "<list>"
		ENTRY("sip:a@h;method=BYE")
		ENTRY("sip:a@h;x=y;METHOD=INVITE;lr?Replaces=1")
		ENTRY("sip:a;method=x?method=y@h") "</list>" TAIL), 0);
	assert_string_equal(list.entries[0].uri, "sip:a@h");
	assert_string_equal(list.entries[0].method, "BYE");
	assert_string_equal(list.entries[1].uri, "sip:a@h;x=y;lr?Replaces=1");
	assert_string_equal(list.entries[1].method, "INVITE");
	/* All of it is a user name */
	assert_string_equal(list.entries[2].uri, "sip:a;method=x?method=y@h");
	assert_string_equal(list.entries[2].method, "");
}

static void lists_refused(void **state)
{
	static const struct {
		const char *text;
		int err;
	} bad[] = {
		{"", EBADMSG},
		{"x", EBADMSG},
		{"<list/>", EBADMSG},
		{HEAD, EBADMSG},
		{HEAD TAIL "x", EBADMSG},
		{HEAD "<list></entry>" TAIL, EBADMSG},
		{"<resource-lists xmlns=\"urn:other\"/>", EBADMSG},
		{HEAD "<list><entry/></list>" TAIL, EBADMSG},
		{HEAD "<list>" ENTRY("") "</list>" TAIL, EBADMSG},
		{HEAD "<list>" ENTRY("bob") "</list>" TAIL, EBADMSG},
		{HEAD "<list>" ENTRY("sip:") "</list>" TAIL, EBADMSG},
		{HEAD "<list>" ENTRY("sip:;method=BYE") "</list>" TAIL,
		 EBADMSG},
		{HEAD "<list>" ENTRY("sip:a b@h") "</list>" TAIL, EBADMSG},
		{HEAD "<list>" ENTRY("sip:a@h&#13;&#10;Via: x") "</list>" TAIL,
		 EBADMSG},
		{HEAD "<list>" ENTRY("sip:a@h&gt;") "</list>" TAIL, EBADMSG},
		{HEAD "<list>" ENTRY("sip:\xc3\xa9@h") "</list>" TAIL,
		 EBADMSG},
		{HEAD "<list>" ENTRY("sip:a@h;method=") "</list>" TAIL,
		 EBADMSG},
		{HEAD "<list>" ENTRY("sip:a@h;method=A;method=B") "</list>"
			TAIL, EBADMSG},
		{HEAD "<list>" ENTRY("sip:a@h;method=B:Y") "</list>" TAIL,
		 EBADMSG},
		{HEAD "<list>" ENTRY("sip:a@h;method=ABCDEFGHIJKLMNOP")
			"</list>" TAIL, EOVERFLOW},
		/* Document types, with and without entities */
		{"<!DOCTYPE resource-lists><resource-lists/>", EBADMSG},
		{"<!DOCTYPE r [<!ENTITY a \"sip:a@h\">]><resource-lists><list>"
		 "<entry uri=\"&a;\"/></list>" TAIL, EBADMSG},
		{"<!DOCTYPE r SYSTEM \"file:///etc/passwd\"><resource-lists/>",
		 EBADMSG},
		{HEAD "<list>" ENTRY("&a;") "</list>" TAIL, EBADMSG},
	};
	struct reslist list = {.n = 77};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const int err = parse(&list, bad[i].text);

		if (err != bad[i].err)
			fail_msg("%d: %s", err, bad[i].text);
		assert_int_equal(list.n, 77);
	}
}

/* A document of n entries whose URIs are l bytes long */
static char *document(size_t n, size_t l)
{
	char *text = malloc(256 + n * (l + 32)), *p = text;
	size_t i;

	assert_non_null(text);
	p += sprintf(p, "%s<list>", HEAD);
	for (i = 0; i < n; i++) {
		p += sprintf(p, "<entry uri=\"sip:");
		memset(p, 'x', l - 4);
		p += l - 4;
		p += sprintf(p, "\"/>");
	}
	sprintf(p, "</list>%s", TAIL);
	return text;
}

static void each_bound(void **state)
{
	static const struct {
		size_t n, l;
		int err;
	} rows[] = {{HL_PARTIES_MAX, 20, 0},
		    {HL_PARTIES_MAX + 1, 20, E2BIG},
		    {1, HL_URI_MAX - 1, 0},
		    {1, HL_URI_MAX, EOVERFLOW},
		    {HL_PARTIES_MAX, HL_URI_MAX - 1, 0},
		    {1, RESLIST_BYTES_MAX, EOVERFLOW}};
	struct reslist list;
	char text[600] = "";
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *doc = document(rows[i].n, rows[i].l);

		assert_int_equal(parse(&list, doc), rows[i].err);
		free(doc);
	}

	/* 16 elements deep, and 17 */
	strcpy(text, "<resource-lists>");
	for (i = 1; i < 16; i++)
		strcat(text, "<list>");
	for (i = 1; i < 16; i++)
		strcat(text, "</list>");
	strcat(text, TAIL);
	assert_int_equal(parse(&list, text), 0);
	strcpy(text, "<resource-lists>");
	for (i = 1; i < 17; i++)
		strcat(text, "<list>");
	for (i = 1; i < 17; i++)
		strcat(text, "</list>");
	strcat(text, TAIL);
	assert_int_equal(parse(&list, text), EBADMSG);
}

static void lists_written(void **state)
{
	struct reslist list = {
		.n = 3,
		.entries = {{.uri = "sip:a@h;x=1?Y=2&Z='3'", .method = "BYE"},
			    {.uri = "sip:a?b@h", .method = "INVITE"},
			    {.uri = "tel:+1"}}};
	static char text[RESLIST_BYTES_MAX];
	struct reslist back;
	size_t len, i;

	(void)state;
	assert_int_equal(reslist_print(text, sizeof(text), &list, &len), 0);
	assert_int_equal(len, strlen(text));
	assert_non_null(strstr(text, "\"sip:a@h;x=1;method=BYE?Y=2&amp;"
				     "Z=&apos;3&apos;\""));
	assert_non_null(strstr(text, "\"sip:a?b@h;method=INVITE\""));
	assert_int_equal(parse(&back, text), 0);
	assert_int_equal(back.n, 3);
	for (i = 0; i < 3; i++) {
		assert_string_equal(back.entries[i].uri, list.entries[i].uri);
		assert_string_equal(back.entries[i].method,
				    list.entries[i].method);
	}
	for (i = 1; i <= len; i++) {
		size_t n = 77;

		assert_int_equal(reslist_print(text, i, &list, &n), EOVERFLOW);
		assert_int_equal(n, 77);
	}

	/* The largest list that is read can be written, and read again */
	list.n = HL_PARTIES_MAX;
	for (i = 0; i < list.n; i++) {
		memset(&list.entries[i], 0, sizeof(list.entries[i]));
		memset(list.entries[i].uri, '&', HL_URI_MAX - 1);
		memcpy(list.entries[i].uri, "sip:", 4);
	}
	assert_int_equal(reslist_print(text, sizeof(text), &list, &len),
			 EOVERFLOW); /* every character escaped to five */
	for (i = 0; i < list.n; i++)
		memset(list.entries[i].uri + 4, 'u', HL_URI_MAX - 5);
	assert_int_equal(reslist_print(text, sizeof(text), &list, &len), 0);
	assert_int_equal(parse(&back, text), 0);
	assert_int_equal(back.n, HL_PARTIES_MAX);

	strcpy(list.entries[0].uri, "sip:a@h\r\nVia: x");
	assert_int_equal(reslist_print(text, sizeof(text), &list, &len),
			 EINVAL);
	strcpy(list.entries[0].uri, "sip:a@h");
	strcpy(list.entries[0].uri, "sip:a@h;method=BYE");
	assert_int_equal(reslist_print(text, sizeof(text), &list, &len),
			 EINVAL);
	strcpy(list.entries[0].uri, "sip:a@h");
	strcpy(list.entries[0].method, "B?E");
	assert_int_equal(reslist_print(text, sizeof(text), &list, &len),
			 EINVAL);
	list.n = HL_PARTIES_MAX + 1;
	assert_int_equal(reslist_print(text, sizeof(text), &list, &len),
			 EINVAL);
}

static int count_h(const struct reslist_entry *entry, void *arg)
{
	size_t *n = arg;

	assert_string_equal(entry->uri, "sip:a@h");
	return ++*n > 100 ? ECANCELED : 0;
}

/* More entries than a REFER may name; a handler's error ends it */
static void any_number(void **state)
{
	static const char head[] =
		"<resource-lists xmlns=\"urn:ietf:params:xml:ns:"
		"resource-lists\"><list>";
	static const char entry[] = "<entry uri=\"sip:a@h\"/>";
	char text[8192];
	size_t want, i, n, l;

	(void)state;
	for (want = HL_PARTIES_MAX; want <= 101; want++) {
		l = (size_t)snprintf(text, sizeof(text), "%s", head);
		for (i = 0; i < want; i++)
			l += (size_t)snprintf(text + l, sizeof(text) - l, "%s",
					      entry);
		l += (size_t)snprintf(text + l, sizeof(text) - l,
				      "</list></resource-lists>");
		n = 0;
		assert_int_equal(reslist_each(text, l, count_h, &n),
				 want > 100 ? ECANCELED : 0);
		assert_int_equal(n, want);
	}
	assert_int_equal(reslist_each(text, RESLIST_BYTES_MAX + 1, count_h,
				      &n), EOVERFLOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_read),
		cmocka_unit_test(methods_read),
		cmocka_unit_test(lists_refused),
		cmocka_unit_test(each_bound),
		cmocka_unit_test(lists_written),
		cmocka_unit_test(any_number),
	};

	return cmocka_run_group_tests_name("reslist", tests, NULL, NULL);
}

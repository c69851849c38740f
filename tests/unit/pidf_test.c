/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file pidf_test.c  Presence documents (mission P2)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "wire/pidf.h"
#include "wire/xml.h"

#define NS "xmlns=\"urn:ietf:params:xml:ns:pidf\" "
#define DM "xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" "
#define RPID "xmlns:r=\"urn:ietf:params:xml:ns:pidf:rpid\" "
#define ALICE "entity=\"sip:alice@h\""

static int parse(struct pidf *pidf, const char *text)
{
	const size_t l = strlen(text);
	char *copy = malloc(l ? l : 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, text, l);
	err = pidf_parse(pidf, copy, l);
	free(copy);
	return err;
}

static void documents_written(void **state)
{
	const struct pidf pidf = {.entity = "sip:alice@poc.example.com",
				  .id = "t1",
				  .open = true,
				  .busy = true,
				  .contact = "sip:a@h;x=\"<&>'",
				  .note = "on <air> & \"off\" \xc3\xa9\r\n\t!",
				  .timestamp = "2026-11-21T19:00:00Z"};
	struct pidf back, small = {.entity = "sip:b@h", .id = "_x-1.y"};
	char text[2048];
	size_t len, i;

	(void)state;
	assert_int_equal(pidf_print(text, sizeof(text), &pidf, &len), 0);
	assert_int_equal(len, strlen(text));
	assert_non_null(strstr(text, "<contact>sip:a@h;x=&quot;&lt;&amp;&gt;"
				     "&apos;</contact>"));
	assert_non_null(strstr(text, "<timestamp>2026-11-21T19:00:00Z<"));
	assert_int_equal(parse(&back, text), 0);
	assert_string_equal(back.entity, pidf.entity);
	assert_string_equal(back.note, pidf.note);
	assert_true(back.open && back.busy);
	for (i = 1; i <= len; i++)
		assert_int_equal(pidf_print(text, i, &pidf, &len), EOVERFLOW);

	assert_int_equal(pidf_print(text, sizeof(text), &small, &len), 0);
	assert_string_equal(text,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
		"<presence " NS "entity=\"sip:b@h\">\r\n"
		"<tuple id=\"_x-1.y\"><status><basic>closed</basic></status>"
		"</tuple>\r\n</presence>\r\n");
	assert_int_equal(parse(&back, text), 0);
	assert_false(back.open || back.busy);
	assert_string_equal(back.note, "");
}

static void bad_values_not_written(void **state)
{
	static const char *const notes[] = {
		"\x01", "\x7f\x80", "\xc0\x80", "\xe0\x9f\xbf",
		"\xf0\x8f\xbf\xbf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
		"\xef\xbf\xbf", "\xc3", "\xe2\x82", "\xff"};
	static const char *const ids[] = {"", "1", "-a", "a b", "a:b",
					  "\xc3\xa9"};
	struct pidf pidf = {.entity = "sip:a@h", .id = "t"};
	char text[1024];
	size_t len, i;

	(void)state;
	for (i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		strcpy(pidf.note, notes[i]);
		assert_int_equal(pidf_print(text, sizeof(text), &pidf, &len),
				 EINVAL);
	}
	strcpy(pidf.note, "\xf0\x9f\x93\xbb \xe2\x82\xac \xed\x9f\xbf");
	assert_int_equal(pidf_print(text, sizeof(text), &pidf, &len), 0);
	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		strcpy(pidf.id, ids[i]);
		assert_int_equal(pidf_print(text, sizeof(text), &pidf, &len),
				 EINVAL);
	}
	strcpy(pidf.id, "t");
	strcpy(pidf.entity, "sip:a@h\n");
	assert_int_equal(pidf_print(text, sizeof(text), &pidf, &len), EINVAL);
	pidf.entity[0] = '\0';
	assert_int_equal(pidf_print(text, sizeof(text), &pidf, &len), EINVAL);
}

/* An attribute is read back with spaces for what is not escaped in it */
static void attributes_escaped(void **state)
{
	struct xml_writer w;
	char text[128];
	size_t len;

	(void)state;
	xml_init(&w, text, sizeof(text));
	xml_put_attr(&w, "a", "<\t\n\r\"'&>");
	assert_int_equal(xml_done(&w, &len), 0);
	assert_string_equal(text, " a=\"&lt;&#9;&#10;&#13;&quot;&apos;&amp;"
				  "&gt;\"");
}

static void documents_read(void **state)
{
	struct pidf p;

	(void)state;
	/* As a handset publishes it */
	assert_int_equal(parse(&p,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<presence " NS
		"xmlns:op=\"urn:oma:xml:prs:pidf:oma-pres\" " ALICE ">\n"
		" <tuple id=\"t1\"><status><basic> open\n</basic><op:x/>"
		"</status><contact priority=\"0.8\">sip:alice@h</contact>"
		"<timestamp>2026-11-21T19:00:00Z</timestamp></tuple>\n"
		"</presence>"), 0);
	assert_string_equal(p.entity, "sip:alice@h");
	assert_true(p.open && !p.busy);

	/* Several tuples: open if one is; the first note counts */
	assert_int_equal(parse(&p, "<presence " NS DM RPID ALICE ">"
		"<tuple id=\"a\"><status><basic>closed</basic></status>"
		"<note xml:lang=\"en\"> in a <b>meeting</b> now </note>"
		"</tuple><tuple id=\"b\"><status><basic>open</basic></status>"
		"</tuple><tuple id=\"c\"><status><basic>closed</basic>"
		"</status></tuple><note>second</note><dm:person id=\"p\">"
		"<r:activities><r:on-the-phone/></r:activities></dm:person>"
		"</presence>"), 0);
	assert_true(p.open && p.busy);
	assert_string_equal(p.note, "in a  now");

	/* A busy and a note of somebody else's namespace are nothing */
	assert_int_equal(parse(&p, "<presence " NS ALICE "><o:busy "
		"xmlns:o=\"urn:o\"/><o:note xmlns:o=\"urn:o\">x</o:note>"
		"<o:basic xmlns:o=\"urn:o\">maybe</o:basic></presence>"), 0);
	assert_true(!p.open && !p.busy);
	assert_string_equal(p.note, "");
}

static void documents_refused(void **state)
{
	static const struct {
		const char *text;
		int err;
	} bad[] = {
		{"", EBADMSG},
		{"<presence " NS "/>", EBADMSG},
		{"<presence " NS "entity=\"\"/>", EBADMSG},
		{"<presence " NS "entity=\"sip:a b\"/>", EBADMSG},
		{"<presence xmlns=\"urn:o\" " ALICE "/>", EBADMSG},
		{"<tuple " NS ALICE "/>", EBADMSG},
		{"<presence " NS ALICE "><tuple></presence>", EBADMSG},
		{"<!DOCTYPE presence><presence " NS ALICE "/>", EBADMSG},
		{"<presence " NS ALICE ">&x;</presence>", EBADMSG},
		{"<presence " NS ALICE "/><presence/>", EBADMSG},
	};
	struct pidf p = {.entity = "kept"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const int err = parse(&p, bad[i].text);

		if (err != bad[i].err)
			fail_msg("%d: %s", err, bad[i].text);
		assert_string_equal(p.entity, "kept");
	}
}

/* n characters x between two texts */
static int parse_long(struct pidf *p, const char *before, size_t n,
		      const char *after)
{
	char *text = malloc(strlen(before) + n + strlen(after) + 1);
	int err;

	assert_non_null(text);
	strcpy(text, before);
	memset(text + strlen(before), 'x', n);
	strcpy(text + strlen(before) + n, after);
	err = parse(p, text);
	free(text);
	return err;
}

static void each_bound(void **state)
{
	const char *entity = "<presence " NS "entity=\"";
	const char *note = "<presence " NS ALICE "><note>";
	const char *junk = "<presence " NS ALICE "><junk>";
	struct pidf p;

	(void)state;
	assert_int_equal(parse_long(&p, entity, HL_URI_MAX - 1, "\"/>"), 0);
	assert_int_equal(parse_long(&p, entity, HL_URI_MAX, "\"/>"),
			 EOVERFLOW);
	assert_int_equal(parse_long(&p, note, PIDF_NOTE_MAX - 1,
				    "</note></presence>"), 0);
	assert_int_equal(parse_long(&p, note, PIDF_NOTE_MAX,
				    "</note></presence>"), EOVERFLOW);
	assert_int_equal(parse_long(&p, junk,
				    PIDF_BYTES_MAX - strlen(junk) - 18,
				    "</junk></presence>"), 0);
	assert_int_equal(parse_long(&p, junk,
				    PIDF_BYTES_MAX - strlen(junk) - 17,
				    "</junk></presence>"), EOVERFLOW);
}

/* Neither open nor closed: nothing is said, and written so */
static void unknown(void **state)
{
	static const char *const basics[] = {"", "unknown", "maybe", "OPEN"};
	struct pidf p, back;
	char text[1024];
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(basics) / sizeof(basics[0]); i++) {
		snprintf(text, sizeof(text), "<presence " NS ALICE "><tuple "
			 "id=\"t\"><status><basic>%s</basic></status></tuple>"
			 "</presence>", basics[i]);
		assert_int_equal(parse(&p, text), 0);
		assert_true(p.unknown && !p.open);
		strcpy(p.id, "t");
		assert_int_equal(pidf_print(text, sizeof(text), &p, &len), 0);
		assert_null(strstr(text, "basic"));
		assert_int_equal(parse(&back, text), 0);
		assert_true(back.unknown);
	}
	assert_int_equal(parse(&p, "<presence " NS ALICE "/>"), 0);
	assert_true(p.unknown);
	assert_int_equal(parse(&p, "<presence " NS ALICE "><basic>closed"
				   "</basic><basic>x</basic></presence>"), 0);
	assert_false(p.unknown || p.open);
}

/* RFC 4480 section 3.2: what stands for being busy, on the phone, away */
static void activities(void **state)
{
	static const struct {
		const char *name;
		unsigned bits;
		bool busy;
	} v[] = {
		{"busy", PIDF_BUSY, true},
		{"on-the-phone", PIDF_ON_THE_PHONE, true},
		{"away", PIDF_AWAY, false},
		{"meeting", PIDF_AWAY, false},
		{"playing", 0, false},
	};
	struct pidf p, back;
	char text[1024];
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		snprintf(text, sizeof(text), "<presence " NS DM RPID ALICE
			 "><dm:person id=\"p\"><r:activities><r:%s/>"
			 "</r:activities></dm:person></presence>", v[i].name);
		assert_int_equal(parse(&p, text), 0);
		assert_int_equal(p.activities, v[i].bits);
		assert_int_equal(p.busy, v[i].busy);
		strcpy(p.id, "t");
		assert_int_equal(pidf_print(text, sizeof(text), &p, &len), 0);
		assert_int_equal(parse(&back, text), 0);
		assert_int_equal(back.activities, v[i].bits);
	}
	/* What is only said to be busy is written as busy */
	p = (struct pidf){.entity = "sip:a@h", .id = "t", .busy = true};
	assert_int_equal(pidf_print(text, sizeof(text), &p, &len), 0);
	assert_int_equal(parse(&back, text), 0);
	assert_int_equal(back.activities, PIDF_BUSY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_written),
		cmocka_unit_test(bad_values_not_written),
		cmocka_unit_test(attributes_escaped),
		cmocka_unit_test(documents_read),
		cmocka_unit_test(documents_refused),
		cmocka_unit_test(each_bound),
		cmocka_unit_test(activities),
		cmocka_unit_test(unknown),
	};

	return cmocka_run_group_tests_name("pidf", tests, NULL, NULL);
}

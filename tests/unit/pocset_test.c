/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file pocset_test.c  Settings of a terminal (RFC 4354; mission P11)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "wire/pocset.h"

#define NS "xmlns=\"urn:oma:params:xml:ns:poc:poc-settings\""
#define ENTITY "<poc-settings " NS "><entity id=\"e\">"
#define END "</entity></poc-settings>"

static int parse_n(struct pocset *set, const char *text, size_t l)
{
	char *copy = malloc(l ? l : 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, text, l);
	err = pocset_parse(set, copy, l);
	free(copy);
	return err;
}

static int parse(struct pocset *set, const char *text)
{
	return parse_n(set, text, strlen(text));
}

static const char all[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
	"<poc-settings " NS ">\r\n<entity id=\"do39\">\r\n"
	"<isb-settings><incoming-session-barring active=\"true\"/>"
	"</isb-settings>\r\n"
	"<am-settings><answer-mode>manual</answer-mode></am-settings>\r\n"
	"<ipab-settings><incoming-personal-alert-barring active=\"false\"/>"
	"</ipab-settings>\r\n"
	"<sss-settings><simultaneous-sessions-support active=\"true\"/>"
	"</sss-settings>\r\n"
	"</entity>\r\n</poc-settings>\r\n";

static void all_settings(void **state)
{
	struct pocset set;
	char text[1024];
	size_t len, full, i;

	(void)state;
	assert_int_equal(parse(&set, all), 0);
	assert_string_equal(set.id, "do39");
	assert_int_equal(set.barred, POCSET_YES);
	assert_int_equal(set.manual, POCSET_YES);
	assert_int_equal(set.alert_barred, POCSET_NO);
	assert_int_equal(set.simultaneous, POCSET_YES);
	assert_int_equal(pocset_print(text, sizeof(text), &set, &full), 0);
	assert_string_equal(text, all);
	for (i = 1; i <= full; i++)
		assert_int_equal(pocset_print(text, i, &set, &len), EOVERFLOW);
	set.id[0] = '\0';
	assert_int_equal(pocset_print(text, sizeof(text), &set, &len), EINVAL);
}

static void every_truncation_refused(void **state)
{
	struct pocset set = {.manual = POCSET_NO};
	size_t l;

	(void)state;
	for (l = 0; l + 3 < sizeof(all); l++)
		assert_int_equal(parse_n(&set, all, l), EBADMSG);
	assert_int_equal(set.manual, POCSET_NO);
}

static void forms(void **state)
{
	struct pocset set;

	(void)state;
	assert_int_equal(parse(&set, "<poc-settings " NS "/>"), 0);
	assert_int_equal(set.barred, POCSET_UNSAID);
	assert_int_equal(parse(&set, ENTITY "<x xmlns=\"urn:x\"><y/></x>"
			"<isb-settings><incoming-session-barring> true "
			"</incoming-session-barring></isb-settings>"
			"<am-settings><answer-mode>auto<!-- -->matic"
			"</answer-mode></am-settings>" END), 0);
	assert_int_equal(set.barred, POCSET_YES);
	assert_int_equal(set.manual, POCSET_NO);
	assert_int_equal(set.simultaneous, POCSET_UNSAID);
}

static void bad_documents(void **state)
{
	static const char *const bad[] = {
		"",
		"<presence " NS "/>",
		"<!DOCTYPE x><poc-settings " NS "/>",
		"<poc-settings " NS "><entity/></poc-settings>",
		ENTITY "<answer-mode>later</answer-mode>" END,
		ENTITY "<answer-mode/>" END,
		ENTITY "<answer-mode>1</answer-mode>" END,
		ENTITY "<answer-mode>automaticautomaticautomaticautomatic"
		       "</answer-mode>" END,
		ENTITY "<incoming-session-barring active=\"maybe\"/>" END,
		ENTITY "<incoming-session-barring/>" END,
	};
	struct pocset set;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(&set, bad[i]), EBADMSG);
}

static void bounds(void **state)
{
	char text[POCSET_BYTES_MAX + 2], id[POCSET_ID_MAX + 1];
	struct pocset set;

	(void)state;
	memset(id, 'x', sizeof(id));
	snprintf(text, sizeof(text), "<poc-settings " NS "><entity id=\"%.*s\""
		 "/></poc-settings>", POCSET_ID_MAX - 1, id);
	assert_int_equal(parse(&set, text), 0);
	snprintf(text, sizeof(text), "<poc-settings " NS "><entity id=\"%.*s\""
		 "/></poc-settings>", POCSET_ID_MAX, id);
	assert_int_equal(parse(&set, text), EOVERFLOW);

	memset(text, ' ', sizeof(text));
	memcpy(text, "<poc-settings " NS "/>",
	       strlen("<poc-settings " NS "/>"));
	assert_int_equal(parse_n(&set, text, POCSET_BYTES_MAX), 0);
	assert_int_equal(parse_n(&set, text, POCSET_BYTES_MAX + 1), EOVERFLOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_settings),
		cmocka_unit_test(every_truncation_refused),
		cmocka_unit_test(forms),
		cmocka_unit_test(bad_documents),
		cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests_name("pocset", tests, NULL, NULL);
}

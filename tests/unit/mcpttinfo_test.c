/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mcpttinfo_test.c  What declares and ends an emergency (mission X2)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "wire/mcpttinfo.h"

#define OPEN "<mcpttinfo xmlns=\"urn:3gpp:ns:mcpttInfo:1.0\"><mcptt-Params>"
#define CLOSE "</mcptt-Params></mcpttinfo>"
#define IND(name, type, value) "<" name type "><mcpttBoolean>" value           \
		"</mcpttBoolean></" name ">"

static const struct {
	const char *text;
	int err;
	enum mcpttinfo_flag emergency, peril;
} rows[] = {
	{OPEN IND("emergency-ind", " type=\"Normal\"", "true") CLOSE, 0,
	 MCPTTINFO_TRUE, MCPTTINFO_ABSENT},
	{OPEN IND("emergency-ind", "", " false\n") CLOSE, 0,
	 MCPTTINFO_FALSE, MCPTTINFO_ABSENT},
	{OPEN IND("imminentperil-ind", "", "1")
	 IND("emergency-ind", "", "0") CLOSE, 0,
	 MCPTTINFO_FALSE, MCPTTINFO_TRUE},
	{"<mcpttinfo><mcptt-Params><x><emergency-ind><mcpttBoolean>true"
	 "</mcpttBoolean></emergency-ind></x>" CLOSE, 0,
	 MCPTTINFO_ABSENT, MCPTTINFO_ABSENT},
	{"<mcpttinfo><other>" IND("emergency-ind", "", "true")
	 "</other></mcpttinfo>", 0, MCPTTINFO_ABSENT, MCPTTINFO_ABSENT},
	{OPEN CLOSE, 0, MCPTTINFO_ABSENT, MCPTTINFO_ABSENT},
	{OPEN IND("emergency-ind", " type=\"Encrypted\"", "true") CLOSE,
	 ENOTSUP, MCPTTINFO_ABSENT, MCPTTINFO_ABSENT},
	{OPEN IND("emergency-ind", "", "maybe") CLOSE, EBADMSG,
	 MCPTTINFO_ABSENT, MCPTTINFO_ABSENT},
	{OPEN IND("emergency-ind", "", "") CLOSE, EBADMSG,
	 MCPTTINFO_ABSENT, MCPTTINFO_ABSENT},
	{OPEN IND("emergency-ind", "", "true true true true") CLOSE, EBADMSG,
	 MCPTTINFO_ABSENT, MCPTTINFO_ABSENT},
	{"<poc-settings/>", EBADMSG, MCPTTINFO_ABSENT, MCPTTINFO_ABSENT},
	{"", EBADMSG, MCPTTINFO_ABSENT, MCPTTINFO_ABSENT},
};

/* Memory of just that size, for the sanitizers */
static int parse(struct mcpttinfo *mi, const char *text, size_t l)
{
	char *copy = malloc(l ? l : 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, text, l);
	err = mcpttinfo_parse(mi, copy, l);
	free(copy);
	return err;
}

static void documents(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mcpttinfo mi = {MCPTTINFO_ABSENT, MCPTTINFO_ABSENT};

		assert_int_equal(parse(&mi, rows[i].text,
				       strlen(rows[i].text)), rows[i].err);
		assert_int_equal(mi.emergency, rows[i].emergency);
		assert_int_equal(mi.peril, rows[i].peril);
	}
}

static void truncations(void **state)
{
	const char *text = rows[0].text;
	size_t l;

	(void)state;
	for (l = 0; l < strlen(text); l++) {
		struct mcpttinfo mi = {MCPTTINFO_ABSENT, MCPTTINFO_ABSENT};

		assert_int_equal(parse(&mi, text, l), EBADMSG);
		assert_int_equal(mi.emergency, MCPTTINFO_ABSENT);
	}
}

static void too_long(void **state)
{
	char *much = malloc(MCPTTINFO_BYTES_MAX + 1);
	struct mcpttinfo mi;

	(void)state;
	assert_non_null(much);
	memset(much, ' ', MCPTTINFO_BYTES_MAX + 1);
	memcpy(much, "<mcpttinfo/>", 12);
	assert_int_equal(mcpttinfo_parse(&mi, much, MCPTTINFO_BYTES_MAX), 0);
	assert_int_equal(mcpttinfo_parse(&mi, much, MCPTTINFO_BYTES_MAX + 1),
			 EOVERFLOW);
	free(much);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents),
		cmocka_unit_test(truncations),
		cmocka_unit_test(too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file told_test.c  What a watcher was told: found, bounded, ended (row P5)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "presence/told.h"

enum { MAX = 2000 };

static void name_make(char name[16], unsigned i)
{
	/* Neither in order nor against it */
	snprintf(name, 16, "n%u", i * 7919 % 100003);
}

static void in_order(const struct told_table *t)
{
	uint32_t i;

	for (i = 1; i < t->n; i++)
		assert_true(strcmp(t->v[i - 1]->name, t->v[i]->name) < 0);
}

static void as_many_as_may_be(void **state)
{
	struct told_table t = {.n = 0};
	struct told *told = NULL;
	char name[16];
	unsigned i;

	(void)state;
	for (i = 0; i < MAX; i++) {
		name_make(name, i);
		assert_int_equal(told_add(&told, &t, MAX, name, NULL), 0);
		assert_string_equal(told->name, name);
		assert_int_equal(told_add(&told, &t, MAX + 1, name, NULL),
				 EALREADY);
	}
	in_order(&t);
	assert_int_equal(told_add(&told, &t, MAX, "one more", NULL), ENOSPC);
	for (i = 0; i < MAX; i++) {
		name_make(name, i);
		assert_string_equal(told_find(&t, name)->name, name);
	}
	assert_null(told_find(&t, "one more"));
	for (i = 0; i < MAX; i += 2) {
		name_make(name, i);
		told_remove(&t, told_find(&t, name));
		assert_null(told_find(&t, name));
	}
	assert_int_equal(t.n, MAX / 2);
	in_order(&t);
	told_fini(&t);
	assert_int_equal(t.n, 0);
}

static void ends_in_its_list_too(void **state)
{
	struct told_table t = {.n = 0};
	struct list dirty = LIST_INIT;
	struct told *a, *b;

	(void)state;
	assert_int_equal(told_add(&a, &t, 2, "a", "sip:a@h"), 0);
	assert_int_equal(told_add(&b, &t, 2, "b", NULL), 0);
	assert_string_equal(a->uri, "sip:a@h");
	list_append(&dirty, &a->le_dirty, a);
	list_append(&dirty, &b->le_dirty, b);
	told_remove(&t, a);
	assert_int_equal(list_count(&dirty), 1);
	told_fini(&t);
	assert_true(list_isempty(&dirty));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_many_as_may_be),
		cmocka_unit_test(ends_in_its_list_too),
	};

	return cmocka_run_group_tests_name("told", tests, NULL, NULL);
}

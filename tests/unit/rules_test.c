/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rules_test.c  Authorisations against a table that is as plain as can be
 * (rows P5, P11)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "presence/rules.h"

enum { NAMES = 4, STEPS = 20000 };

static const char *const names[NAMES] = {"alice", "bob", "carol", "*"};

/** [subject][object]: bit 0 there, bit 1 see, bit 2 call */
struct model {
	unsigned char v[NAMES][NAMES];
	uint32_t n;
};

static bool model_may(const struct model *m, int s, int o, unsigned bit)
{
	const int all = NAMES - 1;

	return s != o && ((m->v[s][o] | m->v[s][all] | m->v[all][o] |
			   m->v[all][all]) &
			  bit);
}

static void compare(const struct rules *r, const struct model *m)
{
	int s, o;

	assert_int_equal(rules_count(r), m->n);
	for (s = 0; s < NAMES - 1; s++) {
		for (o = 0; o < NAMES - 1; o++) {
			assert_int_equal(rules_may_see(r, names[s], names[o]),
					 model_may(m, s, o, 2));
			assert_int_equal(rules_may_call(r, names[s], names[o]),
					 model_may(m, s, o, 4));
		}
	}
}

struct seen {
	unsigned char v[NAMES];
};

static void seen_handler(const char *name, void *arg)
{
	struct seen *seen = arg;
	int i;

	for (i = 0; i < NAMES; i++) {
		if (!strcmp(name, names[i]))
			seen->v[i] = 1;
	}
}

/* Everybody who may see somebody is reached from that somebody, and back */
static void compare_lists(const struct rules *r, const struct model *m)
{
	const int all = NAMES - 1;
	int s, o;

	for (o = 0; o < NAMES - 1; o++) {
		struct seen seers = {{0}}, seen = {{0}};

		rules_seers(r, names[o], seen_handler, &seers);
		rules_seen(r, names[o], seen_handler, &seen);
		for (s = 0; s < NAMES - 1; s++) {
			if (s == o)
				continue;
			assert_int_equal(seers.v[s] || seers.v[all],
					 model_may(m, s, o, 2));
			assert_int_equal(seen.v[s] || seen.v[all],
					 model_may(m, o, s, 2));
		}
	}
}

static void test_p11_against_a_table(void **state)
{
	struct model m = {.n = 0};
	struct rules *r;
	int i;

	(void)state;
	srand(1);
	assert_int_equal(rules_alloc(&r), 0);
	for (i = 0; i < STEPS; i++) {
		const int s = rand() % NAMES, o = rand() % NAMES;
		const bool see = rand() % 2, call = rand() % 2;

		if (rand() % 2) {
			rules_remove(r, names[s], names[o]);
			m.n -= m.v[s][o] & 1;
			m.v[s][o] = 0;
		}
		else {
			assert_int_equal(rules_set(r, names[s], names[o], see,
						   call),
					 0);
			m.n += !(m.v[s][o] & 1);
			m.v[s][o] = (unsigned char)(1 | (see ? 2 : 0) |
						    (call ? 4 : 0));
		}
		compare(r, &m);
		compare_lists(r, &m);
	}
	mem_deref(r);
}

static void test_p5_unknown_names(void **state)
{
	struct seen seen = {{0}};
	struct rules *r;

	(void)state;
	assert_int_equal(rules_alloc(&r), 0);
	assert_false(rules_may_see(r, "x", "y"));
	assert_false(rules_may_see(r, NULL, "y"));
	assert_false(rules_may_call(r, "x", NULL));
	rules_remove(r, "x", "y");
	rules_seers(r, "x", seen_handler, &seen);
	assert_int_equal(rules_count(r), 0);
	/* Nobody for itself, whatever the rules say */
	assert_int_equal(rules_set(r, "*", "*", true, true), 0);
	assert_false(rules_may_call(r, "x", "x"));
	assert_true(rules_may_call(r, "x", "y"));
	mem_deref(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_p11_against_a_table),
		cmocka_unit_test(test_p5_unknown_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

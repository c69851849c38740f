/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file nonce_test.c  Nonces on virtual time (row P14)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "auth/nonce.h"

enum { TTL_S = 300, MAX = 4 };

#define S UINT64_C(1000000)

static int setup(void **state)
{
	return nonces_alloc((struct nonces **)state, TTL_S, MAX);
}

static int teardown(void **state)
{
	mem_deref(*state);
	return 0;
}

static void test_p14_count_rises(void **state)
{
	struct nonces *n = *state;
	char t[NONCE_TEXT_MAX];

	assert_int_equal(nonce_print(n, t, 1 * S), 0);
	assert_int_equal(nonce_check(n, t, 1, 7, 2 * S), NONCE_FRESH);
	assert_int_equal(nonce_use(n, t, 1, 7, 2 * S), 0);
	/* The same transaction again is a retransmission, another a replay */
	assert_int_equal(nonce_check(n, t, 1, 7, 2 * S), NONCE_AGAIN);
	assert_int_equal(nonce_check(n, t, 1, 8, 2 * S), NONCE_STALE);
	/* Counts may jump, never fall */
	assert_int_equal(nonce_check(n, t, 5, 8, 2 * S), NONCE_FRESH);
	assert_int_equal(nonce_use(n, t, 5, 8, 2 * S), 0);
	assert_int_equal(nonce_check(n, t, 4, 9, 2 * S), NONCE_STALE);
	assert_int_equal(nonce_check(n, t, UINT32_MAX, 9, 2 * S),
			 NONCE_FRESH);
}

/* A request is repeated for 32 s; whoever recorded it has it for ever */
static void test_p14_repeats_end(void **state)
{
	struct nonces *n = *state;
	char t[NONCE_TEXT_MAX];

	assert_int_equal(nonce_print(n, t, 1 * S), 0);
	assert_int_equal(nonce_use(n, t, 1, 7, 2 * S), 0);
	assert_int_equal(nonce_check(n, t, 1, 7, 34 * S), NONCE_AGAIN);
	assert_int_equal(nonce_check(n, t, 1, 7, 34 * S + 1), NONCE_STALE);
	assert_int_equal(nonce_check(n, t, 1, 7, 900 * S), NONCE_STALE);
	assert_int_equal(nonce_check(n, t, 2, 7, 40 * S), NONCE_FRESH);
}

static void test_p14_age(void **state)
{
	struct nonces *n = *state;
	char t[NONCE_TEXT_MAX];

	assert_int_equal(nonce_print(n, t, 10 * S), 0);
	assert_int_equal(nonce_check(n, t, 1, 1, (10 + TTL_S) * S),
			 NONCE_FRESH);
	assert_int_equal(nonce_check(n, t, 1, 1, (10 + TTL_S) * S + 1),
			 NONCE_STALE);
	/* From the future: not from this clock */
	assert_int_equal(nonce_check(n, t, 1, 1, 9 * S), NONCE_STALE);
}

static void test_p14_forged(void **state)
{
	struct nonces *n = *state, *other;
	char t[NONCE_TEXT_MAX];
	size_t i, len;

	assert_int_equal(nonce_print(n, t, 1 * S), 0);
	len = strlen(t);
	for (i = 0; i < len; i++) {
		const char c = t[i];

		t[i] = c == '0' ? '1' : '0';
		assert_int_equal(nonce_check(n, t, 1, 1, 2 * S),
				 NONCE_FOREIGN);
		t[i] = c;
	}
	t[len - 1] = '\0';
	assert_int_equal(nonce_check(n, t, 1, 1, 2 * S), NONCE_FOREIGN);
	assert_int_equal(nonce_check(n, "", 1, 1, 2 * S), NONCE_FOREIGN);
	/* A key of its own */
	assert_int_equal(nonces_alloc(&other, TTL_S, MAX), 0);
	assert_int_equal(nonce_print(other, t, 1 * S), 0);
	assert_int_equal(nonce_check(n, t, 1, 1, 2 * S), NONCE_FOREIGN);
	mem_deref(other);
}

/* A flood of good users pushes the oldest out of the table: it must be asked
 * anew then, never accepted a second time */
static void test_p14_bound_forgets_to_stale(void **state)
{
	struct nonces *n = *state;
	char t[MAX + 2][NONCE_TEXT_MAX];
	unsigned i;

	for (i = 0; i < MAX + 2; i++) {
		assert_int_equal(nonce_print(n, t[i], (i + 1) * S), 0);
		assert_int_equal(nonce_use(n, t[i], 1, i, (i + 1) * S), 0);
	}
	assert_int_equal(nonces_count(n), MAX);
	assert_int_equal(nonce_check(n, t[0], 1, 99, 20 * S), NONCE_STALE);
	assert_int_equal(nonce_check(n, t[0], 2, 99, 20 * S), NONCE_STALE);
	assert_int_equal(nonce_check(n, t[MAX + 1], 2, 99, 20 * S),
			 NONCE_FRESH);
}

static void test_p14_expired_make_room(void **state)
{
	struct nonces *n = *state;
	char t[NONCE_TEXT_MAX], old[NONCE_TEXT_MAX];
	unsigned i;

	for (i = 0; i < MAX; i++) {
		assert_int_equal(nonce_print(n, t, (i + 1) * S), 0);
		assert_int_equal(nonce_use(n, t, 1, i, (i + 1) * S), 0);
	}
	assert_int_equal(nonce_print(n, old, 6 * S), 0);
	assert_int_equal(nonce_print(n, t, (TTL_S + 100) * S), 0);
	assert_int_equal(nonce_use(n, t, 1, 50, (TTL_S + 100) * S), 0);
	assert_int_equal(nonces_count(n), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_p14_count_rises, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_p14_repeats_end, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_p14_age, setup, teardown),
		cmocka_unit_test_setup_teardown(test_p14_forged, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_p14_bound_forgets_to_stale, setup, teardown),
		cmocka_unit_test_setup_teardown(test_p14_expired_make_room,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

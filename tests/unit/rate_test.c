/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bound of one user's requests, on virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "presence/rate.h"

static void test_burst_then_pace(void **state)
{
	struct rate r = {0};
	uint64_t now = 5000;
	unsigned i;

	(void)state;
	for (i = 0; i < 10; i++)
		assert_int_equal(rate_take(&r, now, 4, 10), 0);
	/* Empty: one comes back in a quarter of a second */
	assert_int_equal(rate_take(&r, now, 4, 10), 250);
	assert_int_equal(rate_take(&r, now + 249, 4, 10), 1);
	assert_int_equal(rate_take(&r, now + 250, 4, 10), 0);
	assert_int_equal(rate_take(&r, now + 250, 4, 10), 250);
	/* What was refused cost nothing */
	assert_int_equal(rate_take(&r, now + 500, 4, 10), 0);
}

static void test_never_more_than_allowed(void **state)
{
	uint32_t per_s, burst, step;

	(void)state;
	for (per_s = 1; per_s <= 50; per_s += 7) {
		for (burst = 1; burst <= 20; burst += 3) {
			for (step = 1; step <= 400; step += 57) {
				struct rate r = {0};
				uint64_t now, taken = 0;

				for (now = 1; now <= 20000; now += step)
					taken += !rate_take(&r, now, per_s,
							    burst);
				assert_true(taken <= burst +
							    20000ull * per_s /
								    1000);
			}
		}
	}
}

static void test_waits_as_long_as_told(void **state)
{
	uint32_t per_s;

	(void)state;
	for (per_s = 1; per_s <= 2000; per_s++) {
		struct rate r = {0};
		uint32_t ms;

		assert_int_equal(rate_take(&r, 1, per_s, 1), 0);
		ms = rate_take(&r, 1, per_s, 1);
		assert_true(ms >= 1 && ms <= 1000);
		assert_int_equal(rate_take(&r, 1 + ms, per_s, 1), 0);
	}
}

static void test_ends_of_the_ranges(void **state)
{
	struct rate r = {0};

	(void)state;
	assert_int_equal(rate_take(&r, UINT64_MAX, UINT32_MAX, UINT32_MAX),
			 0);
	/* Time that goes back counts as none */
	assert_int_equal(rate_take(&r, 0, 1, 2), 0);
	assert_int_equal(rate_take(&r, 0, 1, 2), 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_burst_then_pace),
		cmocka_unit_test(test_never_more_than_allowed),
		cmocka_unit_test(test_waits_as_long_as_told),
		cmocka_unit_test(test_ends_of_the_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file nap_test.c  When a worker may let datagrams gather, on virtual time
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "mixer/nap.h"

enum { BEGIN_US = 1000000 };

/* The verdict after one look that covers so long and so many */
static bool after(uint64_t packets, uint64_t us)
{
	struct nap n = {.look_us = BEGIN_US, .packets = 7};

	return nap_may(&n, 7 + packets, BEGIN_US + us);
}

/* Two a millisecond or more */
static void often(void **state)
{
	(void)state;
	assert_false(after(0, NAP_LOOK_US));
	assert_false(after(NAP_OFTEN - 1, NAP_LOOK_US));
	assert_true(after(NAP_OFTEN, NAP_LOOK_US));
	/* Nothing is said of a shorter time */
	assert_false(after(1000, NAP_LOOK_US - 1));
	/* As many each part of a longer one */
	assert_false(after(NAP_OFTEN, 2 * NAP_LOOK_US));
	assert_true(after(2 * NAP_OFTEN, 2 * NAP_LOOK_US));
	/* After a day of silence a few are few, and nothing overflows */
	assert_false(after(100, 86400ull * 1000000));
	assert_true(after(UINT32_MAX, 1000000));
}

/* Seen often, it naps until the next look says otherwise */
static void until_rare(void **state)
{
	struct nap n = {.look_us = BEGIN_US};
	uint64_t now = BEGIN_US + NAP_LOOK_US;

	(void)state;
	assert_true(nap_may(&n, 100, now));
	assert_true(nap_may(&n, 100, now + NAP_LOOK_US - 1));
	assert_false(nap_may(&n, 100, now + NAP_LOOK_US));
}

/* Whoever speaks keeps it awake for a second, however many come */
static void awake(void **state)
{
	struct nap n = {.look_us = BEGIN_US};
	const uint64_t at = BEGIN_US + NAP_LOOK_US;
	uint64_t us, packets = 1000;

	(void)state;
	nap_speech(&n, at);
	for (us = 0; us < NAP_AWAKE_US; us += NAP_LOOK_US) {
		assert_false(nap_may(&n, packets, at + us));
		packets += 1000;
	}
	assert_true(nap_may(&n, packets, at + NAP_AWAKE_US));
}

/* No timer waits for it */
static void no_longer_than_timers(void **state)
{
	(void)state;
	assert_int_equal(nap_ms(-1), NAP_MS);
	assert_int_equal(nap_ms(NAP_MS + 1), NAP_MS);
	assert_int_equal(nap_ms(1), 1);
	assert_int_equal(nap_ms(0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(often),
		cmocka_unit_test(until_rare),
		cmocka_unit_test(awake),
		cmocka_unit_test(no_longer_than_timers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

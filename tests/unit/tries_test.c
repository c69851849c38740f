/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of a user's terminals the leg is tried at (row P2), every case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "presence/binding.h"
#include "presence/tries.h"

enum { N = 3 };

struct world {
	struct binding bv[N];
	const struct binding *v[N]; /* Newest first */
	struct dir_sub sub;
	char contactv[N][16];
};

static void world_init(struct world *w)
{
	unsigned i;

	memset(w, 0, sizeof(*w));
	for (i = 0; i < N; i++) {
		w->bv[i].id = 100 + i;
		w->bv[i].epoch = 1;
		(void)re_snprintf(w->contactv[i], sizeof(w->contactv[i]),
				  "sip:%u", i);
		w->bv[i].contact = w->contactv[i];
		w->v[i] = &w->bv[i];
	}
}

static void world_end(struct world *w)
{
	list_flush(&w->sub.tries);
}

static void test_newest_first_each_once(void **state)
{
	struct world w;
	unsigned i;

	(void)state;
	world_init(&w);
	for (i = 0; i < N; i++) {
		assert_ptr_equal(tries_next(&w.sub, w.v, N), w.v[i]);
		assert_int_equal(tries_put(&w.sub, w.v[i], true), 0);
		assert_true(tries_manual(&w.sub, w.v[i]));
	}
	assert_null(tries_next(&w.sub, w.v, N));
	assert_null(tries_next(&w.sub, w.v, 0));
	world_end(&w);
}

/* What each of them said (0 nothing yet, 1 refused, 2 rang), and which one is
 * in use: all combinations */
static void test_every_combination(void **state)
{
	unsigned said, use, i;

	(void)state;
	for (said = 0; said < 27; said++) {
		const unsigned sv[N] = {said % 3, said / 3 % 3, said / 9};

		for (use = 0; use < N; use++) {
			const struct binding *next;
			struct world w;

			world_init(&w);
			w.sub.binding = w.bv[use].id;
			for (i = 0; i < N; i++) {
				if (sv[i])
					(void)tries_put(&w.sub, w.v[i],
							sv[i] == 2);
			}
			next = tries_next(&w.sub, w.v, N);
			for (i = 0; i < N && sv[i]; i++)
				;
			if (i < N) {
				/* Who was not asked yet is, the newest first */
				assert_ptr_equal(next, w.v[i]);
			}
			else if (sv[use] == 1) {
				/* It is tried on where it is */
				assert_null(next);
			}
			else {
				/* Nobody is rung twice */
				for (i = 0; i < N && sv[i] == 2; i++)
					;
				assert_ptr_equal(next, i < N ? w.v[i] : NULL);
			}
			world_end(&w);
		}
	}
}

static void test_afresh(void **state)
{
	struct world w;
	char moved[] = "sip:elsewhere";

	(void)state;
	world_init(&w);
	(void)tries_put(&w.sub, w.v[0], true);
	/* Another flow is the same terminal still */
	w.bv[0].laddr = 7;
	assert_true(tries_manual(&w.sub, w.v[0]));
	/* A restart, and a new contact, are not */
	w.bv[0].epoch = 2;
	assert_false(tries_manual(&w.sub, w.v[0]));
	assert_ptr_equal(tries_next(&w.sub, w.v, 1), w.v[0]);
	(void)tries_put(&w.sub, w.v[0], true);
	w.bv[0].contact = moved;
	assert_false(tries_manual(&w.sub, w.v[0]));
	assert_int_equal(list_count(&w.sub.tries), 1);
	tries_drop(&w.sub, w.bv[0].id);
	assert_int_equal(list_count(&w.sub.tries), 0);
	world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_newest_first_each_once),
		cmocka_unit_test(test_every_combination),
		cmocka_unit_test(test_afresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

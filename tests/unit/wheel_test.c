/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file wheel_test.c  The wheel against a model that looks at every timer
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "util/wheel.h"

enum { TIMERS = 48, STEPS = 1500000 };

struct model_timer {
	struct wheel_timer t;
	bool running, due, expired;
	uint64_t deadline_ms, seq;
};

struct model {
	struct wheel wheel;
	struct model_timer tv[TIMERS];
	uint64_t now_ms, seq, random, fired;
	bool in_run;
};

/* xorshift64: the same numbers on every machine */
static uint64_t model_random(struct model *m)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return m->random;
}

static uint64_t model_delay(struct model *m)
{
	const uint64_t r = model_random(m);
	const uint64_t edge = UINT64_C(1) << (r >> 8) % 41;

	switch (r % 6) {
	case 0:
		return 0;
	case 1:
		return (r >> 8) % 70;
	case 2:
		return (r >> 8) % 5000;
	case 3:
		return (r >> 8) % 86400000;
	default:
		return edge - 1 + (r >> 16) % 3;
	}
}

static void model_fired(struct wheel_timer *t, void *arg);

static void model_start(struct model *m, struct model_timer *mt)
{
	mt->running = true;
	mt->expired = false;
	mt->deadline_ms = m->now_ms + model_delay(m);
	mt->due = mt->deadline_ms == m->now_ms;
	mt->seq = m->seq++;
	wheel_start(&m->wheel, &mt->t, mt->deadline_ms, model_fired);
}

static void model_cancel(struct model *m, struct model_timer *mt)
{
	mt->running = mt->expired = false;
	wheel_cancel(&m->wheel, &mt->t);
}

static struct model_timer *model_pick(struct model *m)
{
	return &m->tv[model_random(m) % TIMERS];
}

static bool model_before(const struct model_timer *a,
			 const struct model_timer *b)
{
	if (a->due != b->due)
		return a->due;
	if (!a->due && a->deadline_ms != b->deadline_ms)
		return a->deadline_ms < b->deadline_ms;
	return a->seq < b->seq;
}

static void model_fired(struct wheel_timer *t, void *arg)
{
	struct model *m = arg;
	struct model_timer *mt = (struct model_timer *)t;
	const struct model_timer *first = NULL;
	unsigned i;

	for (i = 0; i < TIMERS; i++) {
		const struct model_timer *o = &m->tv[i];

		if (o->expired && (!first || model_before(o, first)))
			first = o;
	}
	assert_ptr_equal(mt, first);
	assert_false(wheel_running(t));
	mt->running = mt->expired = false;
	++m->fired;

	switch (model_random(m) % 5) {
	case 0:
		model_start(m, mt);
		break;
	case 1:
		model_cancel(m, model_pick(m));
		break;
	case 2:
		model_start(m, model_pick(m));
		break;
	default:
		break;
	}
}

static void model_run(struct model *m, uint64_t now_ms)
{
	const uint64_t before = m->fired;
	uint32_t n;
	unsigned i;

	m->now_ms = now_ms;
	for (i = 0; i < TIMERS; i++) {
		struct model_timer *mt = &m->tv[i];

		mt->expired = mt->running &&
			      (mt->due || mt->deadline_ms <= now_ms);
	}
	n = wheel_run(&m->wheel, now_ms, m);
	assert_int_equal(n, m->fired - before);
	for (i = 0; i < TIMERS; i++)
		assert_false(m->tv[i].expired);
}

static void model_check(struct model *m)
{
	uint64_t next_ms = 0, first_ms = UINT64_MAX;
	uint32_t n = 0;
	bool due = false;
	unsigned i;

	for (i = 0; i < TIMERS; i++) {
		const struct model_timer *mt = &m->tv[i];

		assert_int_equal(mt->running, wheel_running(&mt->t));
		if (!mt->running)
			continue;
		n++;
		due = due || mt->due;
		if (mt->deadline_ms < first_ms)
			first_ms = mt->deadline_ms;
	}
	assert_int_equal(n, wheel_count(&m->wheel));
	assert_int_equal(n != 0, wheel_next(&m->wheel, &next_ms));
	if (!n)
		return;
	assert_true(next_ms <= first_ms || due);
	assert_true(due ? next_ms == m->now_ms : next_ms > m->now_ms);
}

static void model_step(struct model *m)
{
	const uint64_t r = model_random(m);
	uint64_t next_ms;

	switch (r % 8) {
	case 0:
	case 1:
	case 2:
		model_start(m, model_pick(m));
		break;
	case 3:
		model_cancel(m, model_pick(m));
		break;
	case 4:
		model_run(m, m->now_ms + (r >> 8) % 100);
		break;
	case 5:
		model_run(m, m->now_ms + model_delay(m));
		break;
	default:
		if (wheel_next(&m->wheel, &next_ms))
			model_run(m, next_ms);
		break;
	}
}

static void test_model(void **state)
{
	struct model *m = calloc(1, sizeof(*m));
	unsigned i;

	(void)state;
	assert_non_null(m);
	m->random = 0x9e3779b97f4a7c15;
	m->now_ms = 1000003;
	wheel_init(&m->wheel, m->now_ms);
	for (i = 0; i < STEPS; i++) {
		model_step(m);
		if (i % 4 == 0)
			model_check(m);
	}
	assert_true(m->fired > STEPS / 10);
	wheel_flush(&m->wheel);
	assert_int_equal(wheel_count(&m->wheel), 0);
	for (i = 0; i < TIMERS; i++)
		assert_false(wheel_running(&m->tv[i].t));
	free(m);
}

/* --- one timer over every boundary ------------------------------------ */

static void count_fired(struct wheel_timer *t, void *arg)
{
	(void)t;
	++*(unsigned *)arg;
}

static void check_deadline(uint64_t now_ms, uint64_t deadline_ms)
{
	struct wheel_timer t = {.h = NULL};
	unsigned n = 0, wakeups;
	uint64_t next_ms = 0;
	struct wheel w;

	/* One step to just before the deadline, one to it */
	wheel_init(&w, now_ms);
	wheel_start(&w, &t, deadline_ms, count_fired);
	wheel_run(&w, deadline_ms - 1, &n);
	assert_int_equal(n, 0);
	wheel_run(&w, deadline_ms, &n);
	assert_int_equal(n, 1);
	assert_false(wheel_next(&w, &next_ms));

	/* As an event loop does: sleep for as long as the wheel says */
	wheel_init(&w, now_ms);
	wheel_start(&w, &t, deadline_ms, count_fired);
	for (wakeups = 0; n == 1; wakeups++) {
		assert_true(wheel_next(&w, &next_ms));
		assert_true(next_ms <= deadline_ms);
		wheel_run(&w, next_ms, &n);
	}
	assert_true(wakeups <= WHEEL_LEVELS);
	assert_int_equal(next_ms, deadline_ms);

	/* Cancelled: nothing is left of it */
	wheel_init(&w, now_ms);
	wheel_start(&w, &t, deadline_ms, count_fired);
	wheel_run(&w, now_ms + (deadline_ms - now_ms) / 2, &n);
	n = 0;
	wheel_cancel(&w, &t);
	assert_false(wheel_next(&w, &next_ms));
	wheel_run(&w, deadline_ms, &n);
	assert_int_equal(n, 0);
}

static void test_boundaries(void **state)
{
	unsigned bit, near, from;

	(void)state;
	/* now at every power of two -1, 0, +1; deadline after it likewise:
	 * 63/64, 255/256, 4095/4096, 65535/65536 ... 2^63 */
	for (from = 0; from < 62; from++) {
		const uint64_t base = UINT64_C(1) << from;

		for (bit = 0; bit < 63; bit++) {
			const uint64_t edge = UINT64_C(1) << bit;

			for (near = 0; near < 9; near++) {
				uint64_t now = base + near / 3 - 1;
				uint64_t to = edge + near % 3 - 1;

				if (to)
					check_deadline(now, now + to);
				if (edge + near % 3 - 1 > now)
					check_deadline(now, to);
			}
		}
	}
	check_deadline(0, UINT64_MAX);
	check_deadline(UINT64_MAX - 1, UINT64_MAX);
	check_deadline((UINT64_C(1) << 63) - 1, UINT64_MAX);
}

/* Equal deadlines, started from far and from near, on both sides of each
 * boundary: the order of the starts is the order of the handlers. */

struct order {
	struct wheel_timer t;
	unsigned nr;
};

static void order_fired(struct wheel_timer *t, void *arg)
{
	unsigned *next = arg;

	assert_int_equal(((struct order *)t)->nr, *next);
	++*next;
}

static void test_order(void **state)
{
	const uint64_t deadline_ms = UINT64_C(1) << 37;
	struct order ov[37];
	struct wheel w;
	unsigned i, next = 0;

	(void)state;
	wheel_init(&w, 7);
	for (i = 0; i < 37; i++) {
		ov[i] = (struct order){.nr = i};
		wheel_start(&w, &ov[i].t, deadline_ms, order_fired);
		wheel_run(&w, deadline_ms - (UINT64_C(1) << (37 - i)) + 1,
			  &next);
		assert_int_equal(next, 0);
	}
	wheel_run(&w, deadline_ms, &next);
	assert_int_equal(next, 37);
}

/* --- handlers that do everything -------------------------------------- */

struct actor {
	struct wheel_timer t;
	struct wheel *w;
	struct actor *other;
	unsigned n;
};

static void cancels_other(struct wheel_timer *t, void *arg)
{
	struct actor *a = (struct actor *)t;

	(void)arg;
	a->n++;
	wheel_cancel(a->w, &a->other->t);
}

static void test_cancel_in_handler(void **state)
{
	struct wheel w;
	struct actor a = {.w = &w}, b = {.w = &w};
	uint64_t next_ms;

	(void)state;
	a.other = &b;
	b.other = &a;
	wheel_init(&w, 0);
	/* Of the same tick, and of one that the same run would fire */
	wheel_start(&w, &a.t, 10, cancels_other);
	wheel_start(&w, &b.t, 10, cancels_other);
	assert_int_equal(wheel_run(&w, 10, NULL), 1);
	assert_int_equal(a.n, 1);
	assert_int_equal(b.n, 0);

	wheel_start(&w, &b.t, 5000, cancels_other);
	wheel_start(&w, &a.t, 4999, cancels_other);
	assert_int_equal(wheel_run(&w, 9000, NULL), 1);
	assert_int_equal(a.n, 2);
	assert_int_equal(b.n, 0);
	assert_false(wheel_next(&w, &next_ms));

	/* Itself: it is not running any more */
	a.other = &a;
	wheel_start(&w, &a.t, 9001, cancels_other);
	assert_int_equal(wheel_run(&w, 9001, NULL), 1);
	assert_int_equal(wheel_count(&w), 0);
}

static void restarts(struct wheel_timer *t, void *arg)
{
	struct actor *a = (struct actor *)t;

	/* At once: must wait for the next run */
	a->n++;
	wheel_start(a->w, t, *(const uint64_t *)arg, restarts);
}

static void test_restart_in_handler(void **state)
{
	struct wheel w;
	struct actor a = {.w = &w};
	uint64_t now_ms, next_ms;

	(void)state;
	wheel_init(&w, 0);
	wheel_start(&w, &a.t, 0, restarts);
	for (now_ms = 0; now_ms < 1000; now_ms += 100) {
		assert_true(wheel_next(&w, &next_ms));
		assert_true(next_ms <= now_ms);
		assert_int_equal(wheel_run(&w, now_ms, &now_ms), 1);
	}
	assert_int_equal(a.n, 10);
	wheel_cancel(&w, &a.t);
	assert_false(wheel_next(&w, &next_ms));
}

static void frees_both(struct wheel_timer *t, void *arg)
{
	struct actor *a = (struct actor *)t;

	++*(unsigned *)arg;
	wheel_cancel(a->w, &a->other->t);
	free(a->other);
	free(a);
}

static void test_free_in_handler(void **state)
{
	unsigned fired = 0, i;
	struct wheel w;

	(void)state;
	wheel_init(&w, 0);
	for (i = 0; i < 100; i++) {
		struct actor *a = calloc(1, sizeof(*a));
		struct actor *b = calloc(1, sizeof(*b));

		assert_non_null(a);
		assert_non_null(b);
		a->w = b->w = &w;
		a->other = b;
		b->other = a;
		wheel_start(&w, &a->t, 10 + i % 7, frees_both);
		wheel_start(&w, &b->t, 10 + i % 5, frees_both);
	}
	wheel_run(&w, 1000, &fired);
	assert_int_equal(fired, 100);
	assert_int_equal(wheel_count(&w), 0);
}

/* A clock that steps back neither fires nor loses anything */
static void test_backwards(void **state)
{
	struct wheel_timer t = {.h = NULL};
	unsigned n = 0;
	struct wheel w;

	(void)state;
	wheel_init(&w, 1000);
	wheel_start(&w, &t, 1500, count_fired);
	wheel_run(&w, 10, &n);
	wheel_run(&w, 1499, &n);
	assert_int_equal(n, 0);
	wheel_run(&w, 1500, &n);
	assert_int_equal(n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_boundaries),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_cancel_in_handler),
		cmocka_unit_test(test_restart_in_handler),
		cmocka_unit_test(test_free_in_handler),
		cmocka_unit_test(test_backwards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

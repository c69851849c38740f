/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file overload_test.c  When a worker gives up bursts, on virtual time
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include "mixer/overload.h"

enum { TICK_US = 20000 };

static const struct overload_cfg cfg = {
	.late_ms = 200, .every_ms = 500, .calm_ms = 3000};

struct sim {
	struct overload o;
	struct overload_in in;
	unsigned shed, recovered;
	uint64_t first_us, last_us; /* SHED */
};

static void sim_init(struct sim *s)
{
	*s = (struct sim){.in = {.now_us = 1000000, .empty_us = 1000000}};
	overload_init(&s->o, &cfg);
}

/* So long, with what was set; keeps: the queues are found empty each time */
static void run(struct sim *s, uint32_t ms, bool keeps)
{
	const uint64_t end = s->in.now_us + ms * 1000ull;

	while (s->in.now_us < end) {
		s->in.now_us += TICK_US;
		if (keeps)
			s->in.empty_us = s->in.now_us;
		switch (overload_step(&s->o, &s->in)) {
		case OVERLOAD_NOTHING:
			break;
		case OVERLOAD_SHED:
			if (!s->shed++)
				s->first_us = s->in.now_us;
			s->last_us = s->in.now_us;
			break;
		case OVERLOAD_RECOVERED:
			s->recovered++;
			break;
		}
	}
}

/* Each sign alone is no overload */
static void one_sign_is_none(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s);
	s.in.queued = 499;
	run(&s, 60000, false); /* Busy, but little waits */
	assert_int_equal(s.shed, 0);
	sim_init(&s);
	s.in.queued = 5000;
	s.in.dropped = true;
	run(&s, 60000, true); /* Much came at once, and was read */
	assert_int_equal(s.shed, 0);
	assert_int_equal(s.recovered, 0);
}

/* One burst an interval, as long as it lasts */
static void one_an_interval(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s);
	s.in.queued = 500;
	run(&s, 180, false);
	assert_int_equal(s.shed, 0);
	run(&s, 20, false);
	assert_int_equal(s.shed, 1);
	run(&s, 10000, false);
	assert_int_equal(s.shed, 21);
	assert_int_equal(s.recovered, 0);
	assert_true(s.o.over);
	/* The kernel's drops are as good as a full queue */
	sim_init(&s);
	s.in.dropped = true;
	run(&s, 200, false);
	assert_int_equal(s.shed, 1);
}

/* Recovered once, and not before it kept up long enough on end */
static void recovers(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s);
	s.in.queued = 900;
	run(&s, 200, false);
	s.in.queued = 0;
	run(&s, 2500, true);
	assert_int_equal(s.recovered, 0);
	/* Much waits again, though not for long: begins anew */
	s.in.queued = 600;
	run(&s, 180, true);
	s.in.queued = 0;
	run(&s, 2980, true);
	assert_int_equal(s.recovered, 0);
	assert_true(s.o.over);
	run(&s, 40, true);
	assert_int_equal(s.recovered, 1);
	run(&s, 60000, true);
	assert_int_equal(s.recovered, 1);
	assert_int_equal(s.shed, 1);
	/* The next time is as the first */
	s.in.queued = 900;
	run(&s, 200, false);
	assert_int_equal(s.shed, 2);
}

/* Every pattern of ticks that keep up and ticks that do not: never more than
 * one burst an interval, and recovery only after a calm */
static void walk(void **state)
{
	unsigned bits, i;

	(void)state;
	for (bits = 0; bits < 1u << 14; bits++) {
		uint64_t bad = 0, shed = 0;
		struct sim s;

		sim_init(&s);
		for (i = 0; i < 14; i++) {
			const unsigned sheds = s.shed, recs = s.recovered;

			s.in.queued = bits >> i & 1 ? 1000 : 0;
			run(&s, 260, !(bits >> i & 1));
			if (s.shed != sheds) {
				assert_true(!shed ||
					    s.last_us - shed >= 500000);
				shed = s.last_us;
			}
			if (s.recovered != recs)
				assert_true(s.in.now_us - bad >= 3000000);
			if (bits >> i & 1)
				bad = s.in.now_us;
			assert_true(s.shed <= i + 1);
			assert_true(s.recovered <= s.shed);
		}
	}
}

static void switched_off(void **state)
{
	static const struct overload_cfg off = {.late_ms = 0};
	struct sim s;

	(void)state;
	sim_init(&s);
	overload_init(&s.o, &off);
	s.in.queued = 1000;
	run(&s, 10000, false);
	assert_int_equal(s.shed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_sign_is_none),
		cmocka_unit_test(one_an_interval),
		cmocka_unit_test(recovers),
		cmocka_unit_test(walk),
		cmocka_unit_test(switched_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floor_alloc_test.c  A floor allocates nothing, however many press
 *
 * The program's own malloc counts who calls it. Not built with a sanitizer,
 * which brings its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "mixer/floor.h"

enum { CROWD = 500, WAITING = 200, TURNS = 20 };

static unsigned long allocations;

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);

void *malloc(size_t n)
{
	allocations++;
	return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	allocations++;
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	allocations++;
	return __libc_realloc(p, n);
}

struct storm {
	struct floor f;
	struct floor_member m[CROWD];
	struct floor_out out;
	uint64_t now;
	unsigned granted, denied, waiting;
};

static void happen(struct storm *s, const struct floor_ev *what, unsigned i)
{
	struct floor_ev ev = *what;
	unsigned k;

	ev.who = i < CROWD ? &s->m[i] : NULL;
	floor_step(&s->f, &ev, s->now, &s->out);
	for (k = 0; k < s->out.n; k++) {
		s->granted += s->out.v[k].type == FLOOR_ACT_GRANTED;
		s->denied += s->out.v[k].type == FLOOR_ACT_DENY;
		s->waiting += s->out.v[k].type == FLOOR_ACT_QUEUE;
	}
}

/* All press at once; each gets one answer, and then they talk in turn */
static void storm(struct storm *s)
{
	unsigned i;

	for (i = 0; i < CROWD; i++)
		happen(s,
		       &(struct floor_ev){.type = FLOOR_EV_REQUEST,
					  .priority = (uint8_t)(i % 7),
					  .queues = true},
		       i);
	assert_int_equal(s->granted + s->denied + s->waiting, CROWD);
	assert_int_equal(s->f.queued, WAITING);
	while (s->f.holder) {
		unsigned holder = (unsigned)(s->f.holder - s->m);

		assert_true(floor_media(&s->f, s->f.holder, s->now));
		happen(s, &(struct floor_ev){.type = FLOOR_EV_ACK}, holder);
		s->now += 1000000;
		happen(s, &(struct floor_ev){.type = FLOOR_EV_TIME}, CROWD);
		happen(s, &(struct floor_ev){.type = FLOOR_EV_RELEASE}, holder);
	}
	assert_int_equal(s->granted, 1 + WAITING);
}

static void no_malloc(void **state)
{
	static const struct floor_cfg cfg = {.max_talk_ms = 30000,
					     .revoke_grace_ms = 3000,
					     .end_of_media_ms = 4000,
					     .idle_repeat_ms = 1000,
					     .idle_repeats = 3,
					     .grant_repeats = 3,
					     .queue_max = WAITING};
	static struct storm s;
	unsigned long before = allocations;
	unsigned i;

	(void)state;
	free(malloc(8));
	assert_true(allocations > before); /* the hook is live */
	s.now = 1000000000;
	floor_init(&s.f, &cfg);
	before = allocations;
	for (i = 0; i < CROWD; i++) {
		s.m[i].may_talk = true;
		happen(&s, &(struct floor_ev){.type = FLOOR_EV_JOIN}, i);
	}
	for (i = 0; i < TURNS; i++) {
		s.granted = s.denied = s.waiting = 0;
		storm(&s);
	}
	assert_int_equal(allocations, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_malloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

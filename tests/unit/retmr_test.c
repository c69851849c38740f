/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file retmr_test.c  The timers that libre uses are ours
 */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>
#include <re.h>
#include "util/clock.h"
#include "util/retmr.h"

enum { THREADS = 3, TIMERS = 200 };

static void test_live(void **state)
{
	(void)state;
	assert_int_equal(retmr_init(), 0);
	assert_true(retmr_live());
}

static void keepalive_failed(int err, const struct sa *map, void *arg)
{
	(void)map;
	*(int *)arg = err;
	re_cancel();
}

/* A timer that libre's own code starts fires out of libre's own loop: the
 * keep-alive has no socket, so its request fails in the timer's handler. */
static void test_libre_timer_fires(void **state)
{
	struct stun_keepalive *ska = NULL;
	struct retmr_stats before, after;
	int result = 0;

	(void)state;
	retmr_stats_get(&before);
	assert_int_equal(stun_keepalive_alloc(&ska, IPPROTO_TCP, NULL, 0, NULL,
					      NULL, keepalive_failed, &result),
			 0);
	stun_keepalive_enable(ska, 1);
	assert_int_equal(re_main(NULL), 0);
	retmr_stats_get(&after);

	assert_int_not_equal(result, 0);
	assert_true(after.started > before.started);
	assert_int_equal(after.fired, before.fired + 1);
	/* It has started its next interval */
	assert_int_equal(after.pending, before.pending + 1);
	mem_deref(ska);
	retmr_stats_get(&after);
	assert_int_equal(after.pending, before.pending);
}

struct delayed {
	struct tmr tmr;
	uint64_t start_us, delay_ms;
	unsigned *leftp;
	bool early, wrong_thread;
	pthread_t thread;
};

static void delayed_fired(void *arg)
{
	struct delayed *d = arg;

	d->early = clock_mono_us() - d->start_us < d->delay_ms * 1000;
	d->wrong_thread = !pthread_equal(d->thread, pthread_self());
	if (--*d->leftp == 0)
		re_cancel();
}

static void delayed_start(struct delayed *d, uint64_t delay_ms,
			  unsigned *leftp)
{
	d->delay_ms = delay_ms;
	d->leftp = leftp;
	d->thread = pthread_self();
	d->start_us = clock_mono_us();
	tmr_init(&d->tmr);
	tmr_start(&d->tmr, delay_ms, delayed_fired, d);
}

static void test_never_early(void **state)
{
	struct delayed dv[TIMERS];
	unsigned i, left = TIMERS;

	(void)state;
	for (i = 0; i < TIMERS; i++)
		delayed_start(&dv[i], i % 37, &left);
	assert_int_equal(re_main(NULL), 0);
	assert_int_equal(left, 0);
	for (i = 0; i < TIMERS; i++) {
		assert_false(dv[i].early);
		assert_false(tmr_isrunning(&dv[i].tmr));
	}
	assert_int_equal(tmr_next_timeout(NULL), 0);
}

static void never_fired(void *arg)
{
	(void)arg;
	fail();
}

static void test_calls(void **state)
{
	struct retmr_stats st;
	struct tmr tmr;

	(void)state;
	tmr_init(&tmr);
	tmr_cancel(&tmr);
	tmr_cancel(NULL);
	tmr_start(NULL, 1, never_fired, NULL);
	assert_false(tmr_isrunning(&tmr));
	assert_int_equal(tmr_get_expire(&tmr), 0);
	assert_int_equal(tmr_get_expire(NULL), 0);

	tmr_start(&tmr, 3600000, never_fired, NULL);
	assert_true(tmr_isrunning(&tmr));
	assert_in_range(tmr_get_expire(&tmr), 3500000, 3600000);
	assert_in_range(tmr_next_timeout(NULL), 1, 3600001);

	/* Restart, also to the end of time, and as a loop's int timeout */
	tmr_start(&tmr, UINT64_MAX, never_fired, NULL);
	assert_in_range(tmr_next_timeout(NULL), 1, INT_MAX);
	retmr_stats_get(&st);
	assert_int_equal(st.pending, 1);
	tmr_poll(NULL);
	assert_true(tmr_isrunning(&tmr));

	/* libre's way to cancel */
	tmr_start(&tmr, 5, NULL, NULL);
	assert_false(tmr_isrunning(&tmr));
	assert_int_equal(tmr_next_timeout(NULL), 0);
	retmr_stats_get(&st);
	assert_int_equal(st.pending, 0);
}

/* --- a timer that restarts at once leaves room for descriptors --------- */

struct greedy {
	struct tmr tmr;
	int fdv[2];
};

static void greedy_fired(void *arg)
{
	struct greedy *g = arg;

	tmr_start(&g->tmr, 0, greedy_fired, g);
}

static void greedy_read(int flags, void *arg)
{
	(void)flags;
	(void)arg;
	re_cancel();
}

static void test_no_starvation(void **state)
{
	struct greedy g;

	(void)state;
	assert_int_equal(pipe(g.fdv), 0);
	assert_int_equal(write(g.fdv[1], "x", 1), 1);
	tmr_init(&g.tmr);
	tmr_start(&g.tmr, 0, greedy_fired, &g);
	assert_int_equal(fd_listen(g.fdv[0], FD_READ, greedy_read, &g), 0);
	assert_int_equal(re_main(NULL), 0);
	fd_close(g.fdv[0]);
	tmr_cancel(&g.tmr);
	close(g.fdv[0]);
	close(g.fdv[1]);
}

/* --- a loop in each of several threads --------------------------------- */

struct looper {
	struct delayed dv[TIMERS];
	struct delayed left_running;
	struct retmr_stats st;
	int err;
};

static void *looper_main(void *arg)
{
	struct looper *l = arg;
	unsigned i, left = TIMERS;

	l->err = re_thread_init();
	if (l->err)
		return NULL;
	for (i = 0; i < TIMERS; i++)
		delayed_start(&l->dv[i], 1 + i * 7 % 50, &left);
	delayed_start(&l->left_running, 3600000, &left);
	l->err = re_main(NULL);
	retmr_stats_get(&l->st);
	re_thread_close();
	return NULL;
}

static void test_threads(void **state)
{
	static struct looper lv[THREADS];
	pthread_t thv[THREADS];
	struct retmr_stats st;
	unsigned i, k;

	(void)state;
	for (i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&thv[i], NULL, looper_main, &lv[i]), 0);
	for (i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(thv[i], NULL), 0);
		assert_int_equal(lv[i].err, 0);
		assert_int_equal(lv[i].st.fired, TIMERS);
		assert_int_equal(lv[i].st.pending, 1);
		for (k = 0; k < TIMERS; k++) {
			assert_false(lv[i].dv[k].early);
			assert_false(lv[i].dv[k].wrong_thread);
		}
		/* Its thread and its wheel are gone */
		tmr_cancel(&lv[i].left_running.tmr);
	}
	retmr_stats_get(&st);
	assert_int_equal(st.pending, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_libre_timer_fires),
		cmocka_unit_test(test_never_early),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_no_starvation),
		cmocka_unit_test(test_threads),
	};
	int err = libre_init();

	if (err)
		return err;
	err = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return err;
}

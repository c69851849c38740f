/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file thread_test.c  Threads that signals pass by
 */
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "util/thread.h"

static void *mask_main(void *arg)
{
	(void)pthread_sigmask(SIG_SETMASK, NULL, arg);
	return NULL;
}

/* All that can be blocked are, in the thread and not in who starts it */
static void masked(void **state)
{
	sigset_t before, after, in;
	pthread_t tid;
	int sig;

	(void)state;
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &before), 0);
	assert_int_equal(thread_spawn(&tid, "masked", mask_main, &in), 0);
	assert_int_equal(pthread_join(tid, NULL), 0);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &after), 0);
	for (sig = 1; sig < 32; sig++) {
		assert_int_equal(sigismember(&after, sig),
				 sigismember(&before, sig));
		assert_int_equal(sigismember(&in, sig),
				 sig != SIGKILL && sig != SIGSTOP);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file thread.c  Threads that signals pass by
 */
#include <signal.h>
#include "util/thread.h"

int thread_spawn(pthread_t *tidp, const char *name, void *(*main)(void *),
		 void *arg)
{
	sigset_t all, old;
	pthread_t tid;
	int err;

	/* The thread inherits the mask */
	sigfillset(&all);
	err = pthread_sigmask(SIG_SETMASK, &all, &old);
	if (err)
		return err;
	err = pthread_create(&tid, NULL, main, arg);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		return err;
	(void)pthread_setname_np(tid, name);
	*tidp = tid;
	return 0;
}

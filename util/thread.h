/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file thread.h  Threads that signals pass by
 */
#ifndef HL_UTIL_THREAD_H
#define HL_UTIL_THREAD_H

#include <pthread.h>

/**
 * Start a thread that takes no signals: those are the main thread's
 *
 * @param name At most 15 bytes, as "ps -L" and gdb show it
 *
 * @return 0 or errno; to be joined
 */
int thread_spawn(pthread_t *tidp, const char *name, void *(*main)(void *),
		 void *arg);

#endif

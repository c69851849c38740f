/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file retmr.h  libre's timers on a wheel
 *
 * libre keeps its timers in a sorted list on the wall clock: a start costs a
 * walk through the list, and a clock step stalls or fires all of them.
 * retmr.c defines libre's own tmr_* functions (re_tmr.h) in the executable;
 * libre calls them through its symbol table, so that every timer of the
 * process, libre's and ours, is on a wheel on CLOCK_MONOTONIC.
 *
 * Every program of the project calls retmr_init() first thing in main(): that
 * reference is also what links this object in. Nothing else changes: use
 * tmr_init(), tmr_start(), tmr_cancel() as re_tmr.h documents them.
 *
 * Each thread has a wheel of its own, made by its first timer and emptied when
 * the thread ends. A timer fires in the re_main() of the thread that started
 * it, and only that thread may start or cancel it; re_thread_enter() does not
 * lend the wheel of another thread.
 *
 * Differences to libre's own: no timer fires early (libre's may, by up to a
 * millisecond); a handler that restarts its timer with a delay of 0 is called
 * again after the descriptors were polled, not at once; tmr_jiffies() is
 * monotonic and is no date.
 */
#ifndef HL_UTIL_RETMR_H
#define HL_UTIL_RETMR_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Prove that libre's timers are ours; any thread, any time
 *
 * @return 0, ENOSYS if libre uses its own timers, or ENOMEM
 */
int retmr_init(void);

/** True if libre really calls our functions: asks the dynamic linker, and
 *  lets an object of libre start and cancel a timer */
bool retmr_live(void);

/** Of the calling thread */
struct retmr_stats {
	uint64_t started;
	uint64_t fired;
	uint32_t pending;
};

void retmr_stats_get(struct retmr_stats *st);

#endif

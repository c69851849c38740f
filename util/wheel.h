/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file wheel.h  Hierarchical timer wheel: time in, handlers and deadline out
 *
 * Ticks of 1 ms in 64 bits, any deadline. Start and cancel are O(1); a timer
 * moves at most once a level on its way to its deadline. It reads no clock,
 * allocates nothing and has no thread: the owner hands the time in and asks
 * when to come back.
 *
 * A timer lives inside the object that it serves (32 bytes) and belongs to
 * that object's owner; it must be cancelled before its memory goes away, and
 * must not be moved while it runs. Zeroed memory is a timer that is not
 * running. A wheel and all its timers belong to one thread.
 *
 * A handler may start, cancel and free any timer, its own included. No timer
 * fires before its deadline. One run fires first what was due when it was
 * started, in the order of the starts; then the others in the order of their
 * deadlines, and those of one deadline in the order of their starts.
 */
#ifndef HL_UTIL_WHEEL_H
#define HL_UTIL_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

enum {
	WHEEL_BITS = 6,
	WHEEL_SLOTS = 1 << WHEEL_BITS,
	/** Enough for every 64-bit deadline: 11 levels of 6 bits */
	WHEEL_LEVELS = 11
};

struct wheel_timer;

/** @param arg As given to wheel_run(): whose wheel it is */
typedef void(wheel_h)(struct wheel_timer *t, void *arg);

/* retmr.c lays timers over memory that has another type in libre's header */
struct wheel_link {
	struct wheel_link *next, *prev;
} __attribute__((may_alias));

/** All members are private, use the functions */
struct wheel_timer {
	struct wheel_link link;
	uint64_t deadline_ms;
	wheel_h *h;             /**< NULL: not running */
} __attribute__((may_alias));

/** About 11 KiB; all members are private */
struct wheel {
	uint64_t now_ms;
	uint32_t count;
	uint32_t levelmap;                  /**< Levels that hold timers */
	uint64_t slotmap[WHEEL_LEVELS];     /**< Slots that hold timers */
	struct wheel_link due;              /**< Was due when it was started */
	struct wheel_link expired;          /**< To be fired by this run */
	struct wheel_link slotv[WHEEL_LEVELS][WHEEL_SLOTS];
};

/** A wheel is not moved after this: its lists point into it */
void wheel_init(struct wheel *w, uint64_t now_ms);

/**
 * Start a timer, or start it again if it runs
 *
 * A deadline that is not later than the last wheel_run() fires in the next
 * one, never in the one that is under way: a handler that restarts its own
 * timer cannot keep wheel_run() from returning.
 */
void wheel_start(struct wheel *w, struct wheel_timer *t, uint64_t deadline_ms,
		 wheel_h *h);

/** Does nothing if the timer is not running */
void wheel_cancel(struct wheel *w, struct wheel_timer *t);

/** Cancel every timer, e.g. before the wheel goes away */
void wheel_flush(struct wheel *w);

/**
 * Fire all timers whose deadline is not later than now_ms
 *
 * @param now_ms Must not go backwards; if it does, the time stands still
 * @param arg    Passed on to the handlers
 *
 * @return Number of timers that were fired
 */
uint32_t wheel_run(struct wheel *w, uint64_t now_ms, void *arg);

/**
 * When wheel_run() has something to do next
 *
 * Never later than the earliest deadline, but it may be earlier: a far timer
 * asks for up to one run per level to come closer. O(1).
 *
 * @return false if no timer runs; *deadline_msp is untouched then
 */
bool wheel_next(const struct wheel *w, uint64_t *deadline_msp);

static inline bool wheel_running(const struct wheel_timer *t)
{
	return t->h != 0;
}

/** Timers that run */
static inline uint32_t wheel_count(const struct wheel *w)
{
	return w->count;
}

#endif

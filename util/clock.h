/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file clock.h  The two clocks
 *
 * Monotonic for every timer and interval: it never jumps. UTC for what people
 * read and for what is stored. Any thread.
 */
#ifndef HL_UTIL_CLOCK_H
#define HL_UTIL_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_read_us(clockid_t id)
{
	struct timespec ts;

	/* Both clocks always exist on Linux, and ts is a valid address */
	(void)clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static inline uint64_t clock_mono_us(void)
{
	return clock_read_us(CLOCK_MONOTONIC);
}

static inline uint64_t clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

/** Milliseconds since 1970-01-01T00:00:00Z */
static inline uint64_t clock_utc_ms(void)
{
	return clock_read_us(CLOCK_REALTIME) / 1000;
}

#endif

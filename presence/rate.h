/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rate.h  How many requests one user may make: a token bucket
 *
 * Pure: the time is handed in. A bucket of zeros is full.
 */
#ifndef HL_PRESENCE_RATE_H
#define HL_PRESENCE_RATE_H

#include <stdint.h>

struct rate {
	uint64_t at_ms;  /**< When it was filled last */
	uint64_t used;   /**< Thousandths of requests that it is short of */
};

/**
 * Take one
 *
 * @param now_ms Monotonic; what lies before an earlier call counts as it
 * @param per_s  Requests that come back in a second, at least 1
 * @param burst  Requests that a full bucket has, at least 1
 *
 * @return 0: it is taken; else milliseconds until there is one again
 */
uint32_t rate_take(struct rate *r, uint64_t now_ms, uint32_t per_s,
		   uint32_t burst);

#endif

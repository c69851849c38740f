/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rate.c  How many requests one user may make: a token bucket
 */
#include "presence/rate.h"

enum { ONE = 1000 };

uint32_t rate_take(struct rate *r, uint64_t now_ms, uint32_t per_s,
		   uint32_t burst)
{
	const uint64_t room = (uint64_t)burst * ONE;
	uint64_t ms, short_of;

	if (now_ms > r->at_ms) {
		ms = now_ms - r->at_ms;
		/* Divided, as the product may not fit */
		if (ms >= r->used / per_s + 1)
			r->used = 0;
		else
			r->used -= ms * per_s < r->used ? ms * per_s : r->used;
		r->at_ms = now_ms;
	}
	if (r->used + ONE <= room) {
		r->used += ONE;
		return 0;
	}
	short_of = r->used + ONE - room;
	return (uint32_t)((short_of + per_s - 1) / per_s);
}

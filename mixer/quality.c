/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file quality.c  Is a leg's reception good or bad? With hysteresis
 */
#include "mixer/quality.h"

static bool reaches(uint64_t v, uint64_t bound)
{
	return bound && v >= bound;
}

/* Of 256 times 100, so that nothing is rounded */
static bool beyond(const struct quality_bounds *bounds, uint8_t fraction,
		   uint32_t rtt_us, uint32_t times)
{
	return reaches((uint64_t)fraction * 100 * times,
		       (uint64_t)bounds->loss_percent * 256) ||
	       reaches((uint64_t)rtt_us * times, bounds->rtt_us);
}

void quality_take(struct quality *q, const struct quality_bounds *bounds,
		  uint8_t fraction, uint32_t rtt_us)
{
	const bool change = q->bad ? !beyond(bounds, fraction, rtt_us, 2)
				   : beyond(bounds, fraction, rtt_us, 1);

	q->run = change ? (uint8_t)(q->run + 1) : 0;
	if (q->run < (q->bad ? QUALITY_GOOD_RUN : QUALITY_BAD_RUN))
		return;
	q->bad = !q->bad;
	q->run = 0;
}

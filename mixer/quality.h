/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file quality.h  Is a leg's reception good or bad? With hysteresis
 *
 * Bad when two reports in a row are at a bound or beyond it, good again when
 * three in a row are below half of each bound: a leg at its limit changes
 * seldom, never with each report. Pure; zeroed memory is good.
 */
#ifndef HL_MIXER_QUALITY_H
#define HL_MIXER_QUALITY_H

#include <stdbool.h>
#include <stdint.h>

enum { QUALITY_BAD_RUN = 2, QUALITY_GOOD_RUN = 3 };

struct quality_bounds {
	uint32_t loss_percent; /**< 0: no bound */
	uint32_t rtt_us;       /**< 0: no bound */
};

struct quality {
	uint8_t run; /**< Reports in a row that speak for a change */
	bool bad;
};

/**
 * A report came
 *
 * @param fraction Lost, of 256
 * @param rtt_us   0: not known
 */
void quality_take(struct quality *q, const struct quality_bounds *bounds,
		  uint8_t fraction, uint32_t rtt_us);

#endif

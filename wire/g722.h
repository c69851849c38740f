/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file g722.h  How loud a stream of G.722 is (ITU-T G.722), without decoding
 *
 * Both sub-bands are quantized with steps that follow their signals, by a rule
 * that both ends apply to the codes alone (blocks LOGSCL and LOGSCH): the steps
 * say how loud they are, of what could not be predicted.
 * Pure. Any thread.
 */
#ifndef HL_WIRE_G722_H
#define HL_WIRE_G722_H

#include <stddef.h>
#include <stdint.h>

enum {
	/** The steps double with each so much.. */
	G722_OCTAVE = 2048,
	/** ..and are at most */
	G722_LOW_MAX = 18432,
	G722_HIGH_MAX = 22528
};

/** Logarithms of the steps of both sub-bands */
struct g722_scale {
	uint16_t low, high;
};

/**
 * Follow a stream of 64 kbit/s by n codes, n > 0
 *
 * Of where scale began no more is left after 60 ms (480 codes) than about a
 * quarter of an octave. From the largest on it is never less than it should be.
 *
 * @param scale Before, and after the codes
 * @param mean  Over the codes
 */
void g722_scale_follow(struct g722_scale *scale, struct g722_scale *mean,
		       const uint8_t *codes, size_t n);

#endif

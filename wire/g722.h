/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file g722.h  How loud a stream of G.722 is (ITU-T G.722)
 *
 * The lower sub-band (0..4 kHz) is decoded, with its adaptive predictor: the
 * step of its quantizer says nothing of a hum, which is predicted. Of the
 * higher one, whose quantizer is too coarse for that, the step is the measure.
 * Pure. Any thread.
 */
#ifndef HL_WIRE_G722_H
#define HL_WIRE_G722_H

#include <stddef.h>
#include <stdint.h>

/** State of the lower sub-band; index 0 is the last sample */
struct g722_low {
	int16_t nb;	    /**< Logarithm of the quantizer's step */
	int16_t s, sz;	    /**< Predicted: in all, and by the zeros */
	int16_t r[2], p[2]; /**< Reconstructed: in all, and by the zeros */
	int16_t a[2], b[6]; /**< Coefficients of poles and zeros */
	int16_t d[6];	    /**< Quantized differences */
};

/** A stream of 64 kbit/s. Zeroed memory: at its beginning */
struct g722 {
	struct g722_low low;
	int16_t nbh; /**< Logarithm of the higher sub-band's step */
};

struct g722_mean {
	/** Absolute values of the lower sub-band, of 32768: a decoder's, whose
	 *  samples of 14 bits are the upper ones of 16 */
	unsigned low;
	/** Logarithm of the step: 2048 an octave, at most 22528 */
	unsigned step_high;
};

/** The stream is entered amid: the steps are the largest there are, nothing is
 *  predicted. What is followed is too loud at first, and may be too low then
 *  until the predictor has learned: mixer/silence.h knows for how long. */
void g722_enter(struct g722 *g);

/** The next n codes, n > 0 */
void g722_follow(struct g722 *g, struct g722_mean *mean, const uint8_t *codes,
		 size_t n);

#endif

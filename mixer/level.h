/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file level.h  How loud a few milliseconds of sound are
 *
 * In hundredths of a decibel below full scale (0 is a square wave that fills
 * it, speech of a telephone -1500 .. -4000), of what is left of the sound
 * without its low rumble, which wind, engines and hum put into a microphone
 * and nobody's voice. Integers only, pure.
 */
#ifndef HL_MIXER_LEVEL_H
#define HL_MIXER_LEVEL_H

#include <stddef.h>
#include <stdint.h>

enum {
	LEVEL_RATE_HZ = 8000,
	/** Samples that are measured together: 10 ms, longer than the click
	 *  of a key */
	LEVEL_BLOCK = 80,
	LEVEL_BLOCK_MS = 10,
	/** Of nothing at all */
	LEVEL_NONE = -9600
};

/** @param v Samples at LEVEL_RATE_HZ
 *  @param n At most 65536; 0: LEVEL_NONE */
int level_of(const int16_t *v, size_t n);

#endif

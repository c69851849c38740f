/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file g722_sound.h  Sound to G.722, by mediastreamer2's encoder
 *
 * This header knows neither libre nor mediastreamer2, whose headers cannot be
 * compiled together.
 */
#ifndef HL_TESTS_G722_SOUND_H
#define HL_TESTS_G722_SOUND_H

#include <stddef.h>
#include <stdint.h>

/** @param v Samples at 16 kHz
 *  @param n A multiple of 320: packets of 20 ms, of 160 codes */
void g722_sound(uint8_t *codes, const int16_t *v, size_t n);

#endif

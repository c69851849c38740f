/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file g711.h  PCMU and PCMA samples (ITU-T G.711)
 *
 * Pure, computed, no tables. Any thread. 16-bit linear samples; G.711's own 14
 * (mu-law) and 13 (A-law) bits are the upper ones.
 */
#ifndef HL_WIRE_G711_H
#define HL_WIRE_G711_H

#include <stddef.h>
#include <stdint.h>

enum {
	/** Code of silence */
	G711_ULAW_ZERO = 0xff,
	G711_ALAW_ZERO = 0xd5
};

uint8_t g711_ulaw(int16_t sample);
uint8_t g711_alaw(int16_t sample);
int16_t g711_ulaw_sample(uint8_t code);
int16_t g711_alaw_sample(uint8_t code);

/** n samples to n codes, and back */
void g711_ulaw_encode(uint8_t *codes, const int16_t *samples, size_t n);
void g711_alaw_encode(uint8_t *codes, const int16_t *samples, size_t n);
void g711_ulaw_decode(int16_t *samples, const uint8_t *codes, size_t n);
void g711_alaw_decode(int16_t *samples, const uint8_t *codes, size_t n);

#endif

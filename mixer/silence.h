/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file silence.h  Is there nothing to hear in a packet of speech?
 *
 * PCMU and PCMA: told by the mean of their samples. Opus, without decoding: by
 * what its encoder sends while it sends nothing (RFC 7587 section 3.1.3), and
 * by the voice activity bits of its SILK layer (RFC 6716 section 4.2.3). G.722:
 * by the mean of its lower sub-band, decoded, and the quantizer's step of its
 * higher one, which are known by what came before: the first packets of a
 * stream that is entered amid are not silent. Pure.
 */
#ifndef HL_MIXER_SILENCE_H
#define HL_MIXER_SILENCE_H

#include "mixer/mixer.h"
#include "wire/g722.h"

enum {
	/** Mean of the samples' values, of 32768: the noise of a quiet room */
	SILENCE_MEAN = 96,
	/** Step of the higher sub-band of G.722 in a quiet room: measured, of
	 *  pink noise of half that mean, and of recordings, whose speech it
	 *  finds to the end of a word */
	SILENCE_G722_HIGH = 5300,
	/** Codes of G.722 (200 ms) until what is one and a half times as loud
	 *  as SILENCE_MEAN is never less than that: measured, of hum entered
	 *  anywhere, which takes longest */
	SILENCE_G722_BLIND = 1600
};

/** What is known of a stream between its packets. Zeroed memory: nothing */
struct silence {
	struct g722 g722;
	uint32_t codes; /**< Heard of it, counted as far as BLIND */
};

/** @param s Of the packet before; forget it where there is a hole */
bool silence_is(struct silence *s, enum mixer_codec codec, const uint8_t *p,
		size_t len);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file silence.h  Is there nothing to hear in a packet of speech?
 *
 * Told without decoding: PCMU and PCMA by the mean of their samples; Opus by
 * what its encoder sends while it sends nothing (RFC 7587 section 3.1.3), and
 * by the voice activity bits of its SILK layer (RFC 6716 section 4.2.3). A
 * packet of G.722 says nothing alone, so it is never silent. Pure.
 */
#ifndef HL_MIXER_SILENCE_H
#define HL_MIXER_SILENCE_H

#include "mixer/mixer.h"

enum {
	/** Mean of the samples' values, of 32768: the noise of a quiet room */
	SILENCE_MEAN = 96
};

bool silence_is(enum mixer_codec codec, const uint8_t *p, size_t len);

#endif

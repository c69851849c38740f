/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file ms2_tone.h  What a phone without floor messages hears of the floor
 *
 * Short tones, made once at start by mediastreamer2's generator and encoders,
 * kept as 20 ms payloads and never changed afterwards: all workers share
 * them. This header knows neither libre nor mediastreamer2, whose headers
 * cannot be compiled together.
 */
#ifndef HL_MIXER_MS2_TONE_H
#define HL_MIXER_MS2_TONE_H

#include <stdint.h>

enum tone_kind {
	TONE_PERMIT, /**< Talk: two rising notes, 160 ms, then silence */
	TONE_DENY,   /**< No: a low busy tone, 400 ms */
	TONE_REVOKE, /**< Stop: three low notes, 360 ms, then silence */
	TONE_QUEUED, /**< You wait: one long note, 240 ms */
	TONE_TURN,   /**< Your turn to talk: three rising notes, 240 ms, then
			  silence */
	TONE_WARN,   /**< Your time is nearly over: two short high notes,
			  180 ms, then silence */
	TONE_END,    /**< What you heard is over: one short note, 60 ms, then
			  silence */
	TONE_KINDS
};

/** In the order of enum mixer_codec */
enum { TONE_PCMU, TONE_PCMA, TONE_G722, TONE_OPUS, TONE_CODECS };

enum {
	TONE_PACKET_MS = 20,
	TONE_PACKETS_MAX = 28,
	TONE_BYTES_MAX = 240
};

struct tone {
	uint8_t n;      /**< Packets */
	uint8_t sounds; /**< Of these; the others are silence */
	uint8_t bytesv[TONE_PACKETS_MAX];
	uint8_t v[TONE_PACKETS_MAX][TONE_BYTES_MAX];
};

struct tones {
	struct tone v[TONE_CODECS][TONE_KINDS];
};

/**
 * Render all tones in all codecs
 *
 * It takes some milliseconds of the calling thread; what mediastreamer2 needs
 * meanwhile (no thread, no sound card, no plugin) is gone when it returns.
 *
 * @return 0, ENOMEM, EIO (an encoder did not do as expected)
 */
int ms2_tone_render(struct tones *t);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file opuspkt.h  What an Opus packet says of itself (RFC 6716 section 3)
 *
 * Layer, band and duration from its first byte, the frames of all four
 * packings, and the voice activity that SILK writes in front of each frame
 * (section 4.2.3): no frame is decoded. Pure, any thread, strict: what breaks
 * one of the rules R1..R7 of section 3.4 is no packet.
 */
#ifndef HL_WIRE_OPUSPKT_H
#define HL_WIRE_OPUSPKT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	/** R5: 120 ms of 2.5 ms each */
	OPUSPKT_FRAMES_MAX = 48,
	/** R2 */
	OPUSPKT_FRAME_BYTES_MAX = 1275
};

enum opuspkt_mode { OPUSPKT_SILK, OPUSPKT_HYBRID, OPUSPKT_CELT };

enum opuspkt_band {
	OPUSPKT_NARROW,    /**< 4 kHz */
	OPUSPKT_MEDIUM,    /**< 6 kHz */
	OPUSPKT_WIDE,      /**< 8 kHz */
	OPUSPKT_SUPERWIDE, /**< 12 kHz */
	OPUSPKT_FULL       /**< 20 kHz */
};

struct opuspkt {
	enum opuspkt_mode mode;
	enum opuspkt_band band;
	bool stereo;
	unsigned frame_us;
	unsigned n;        /**< Frames, 1..OPUSPKT_FRAMES_MAX */
	struct {
		uint16_t at, bytes; /**< In the packet; 0 bytes: DTX, or lost */
	} v[OPUSPKT_FRAMES_MAX];
};

enum opuspkt_voice {
	OPUSPKT_NO_VOICE,  /**< None in any frame */
	OPUSPKT_VOICE,     /**< In a SILK frame at least */
	OPUSPKT_UNKNOWN    /**< A frame without SILK layer has something */
};

/** @return 0, EBADMSG */
int opuspkt_decode(struct opuspkt *o, const uint8_t *p, size_t len);

/** @param p The packet that was decoded */
enum opuspkt_voice opuspkt_voice(const struct opuspkt *o, const uint8_t *p);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file burst.h  The running talk burst of a bridge: one stamp a packet
 *
 * The home of a bridge stamps each packet of the talker once, with numbers
 * that count from the start of the burst. What the listeners' streams are
 * made of is the stamp only (stream.h), so a talker that restarts its RTP
 * stream, or jumps, does not break theirs. Pure.
 */
#ifndef HL_MIXER_BURST_H
#define HL_MIXER_BURST_H

#include <stdbool.h>
#include <stdint.h>
#include "wire/rtp.h"

enum {
	/** A longer step in sequence is a new stream (RFC 3550 A.1) */
	BURST_DROPOUT_MAX = 3000,
	/** So long after a burst its late packets are told from new ones */
	BURST_TAIL_US = 2000000
};

/** Where a talker's last burst ended; kept for each participant */
struct burst_tail {
	uint64_t until_us; /**< 0: there was none */
	uint32_t ssrc;
	uint16_t seq;      /**< Newest of the old burst */
};

/** A packet's place in its burst */
struct burst_stamp {
	uint32_t idx; /**< Sequence; the first packet has 0 */
	uint32_t ts;  /**< RTP clock units since the first packet */
	bool marker;
};

struct burst {
	bool started;
	uint32_t ssrc;
	uint16_t seq;        /**< Newest received */
	uint32_t idx;        /**< ..and its index */
	uint32_t ts;         /**< ..its stamp */
	uint64_t us;         /**< ..and when it came */
	uint32_t idx_first;  /**< Of the talker's present RTP stream */
	uint32_t ts_offset;  /**< Stamp minus the talker's timestamp */
	struct burst_tail tail;
};

/** A new burst begins; tail is that of its talker */
void burst_open(struct burst *b, const struct burst_tail *tail);

/** The burst is over: where it ended */
void burst_close(const struct burst *b, uint64_t now,
		 struct burst_tail *tail);

/**
 * Stamp a packet
 *
 * @return false: late (of an older burst, before the first one, or twice)
 */
bool burst_stamp(struct burst *b, const struct rtpw_hdr *hdr,
		 uint32_t clock_hz, uint64_t now, struct burst_stamp *stamp);

/** True if the packet seq, or a later one, has come */
bool burst_has(const struct burst *b, uint16_t seq);

/** RTP clock units that elapsed, but at least one packet's worth */
uint32_t burst_elapsed(uint64_t us, uint32_t clock_hz);

#endif

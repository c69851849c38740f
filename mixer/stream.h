/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file stream.h  What one listener hears: one continuous RTP stream
 *
 * One SSRC for the life of the leg. Inside a burst the talker's sequence gaps
 * and timestamps are kept; the next burst, whoever talks, goes on with the
 * next sequence number and a timestamp advanced by the time that passed, and
 * its first packet carries the marker (RFC 3551 section 4.1). Pure.
 */
#ifndef HL_MIXER_STREAM_H
#define HL_MIXER_STREAM_H

#include "mixer/burst.h"

struct stream {
	uint64_t us;        /**< When the newest packet went out; 0: none did */
	uint32_t ssrc;
	uint32_t clock_hz;
	uint32_t idx_first; /**< First stamp heard of this burst */
	uint32_t idx;       /**< Newest one */
	uint32_t ts;        /**< Newest timestamp sent */
	uint32_t ts_base;   /**< Timestamp minus stamp */
	uint16_t seq_base;  /**< Sequence number minus stamp */
	uint16_t fresh;     /**< Nothing of this burst was sent yet */
};

/** seq and ts are where the stream starts: random (RFC 3550 section 5.1) */
void stream_init(struct stream *s, uint32_t ssrc, uint32_t clock_hz,
		 uint16_t seq, uint32_t ts);

/** Another burst is heard from this stamp on; its stream_put() follows */
void stream_burst(struct stream *s, const struct burst_stamp *stamp,
		  uint64_t now);

/**
 * The stamps from now on are by so much larger than those that were heard:
 * the stream goes on without a hole. No earlier one is heard any more.
 */
void stream_skip(struct stream *s, uint32_t idx, uint32_t ts);

/** Newest sequence number sent, where one was */
static inline uint16_t stream_seq(const struct stream *s)
{
	return (uint16_t)(s->seq_base + s->idx);
}

/** So much of the burst was not sent that its numbers would jump further than
 *  a terminal follows (RFC 3550 A.1; RFC 3711 section 3.3.1): it is to begin
 *  anew */
static inline bool stream_jumps(const struct stream *s,
				const struct burst_stamp *stamp)
{
	return !s->fresh &&
	       (int32_t)(stamp->idx - s->idx) > BURST_DROPOUT_MAX;
}

/** Timestamp that belongs to the time now, for sender reports */
uint32_t stream_ts(const struct stream *s, uint64_t now);

/**
 * Header of the packet with this stamp
 *
 * @return false: late, older than the first that was heard of this burst
 */
static inline bool stream_put(struct stream *s,
			      const struct burst_stamp *stamp, uint8_t pt,
			      uint64_t now, uint8_t hdr[RTPW_HEADER_BYTES])
{
	const uint32_t ts = s->ts_base + stamp->ts;

	if ((int32_t)(stamp->idx - s->idx_first) < 0)
		return false;
	rtpw_encode(hdr, stamp->marker || s->fresh, pt,
		    (uint16_t)(s->seq_base + stamp->idx), ts, s->ssrc);
	if (s->fresh || (int32_t)(stamp->idx - s->idx) > 0) {
		s->idx = stamp->idx;
		s->ts = ts;
		s->us = now;
		s->fresh = 0;
	}
	return true;
}

#endif

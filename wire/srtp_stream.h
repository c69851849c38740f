/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file srtp_stream.h  Packet indices and replay windows of the streams of a
 *                      key (RFC 3711 sections 3.2.1, 3.3.1 and 3.3.2)
 *
 * Inner part of wire/srtp.h: arithmetic only. A look changes nothing; what was
 * looked at is kept when the packet has proved authentic.
 *
 * A peer that restarts its stream comes with another SSRC and starts at index
 * 0. Its streams are kept in order of last use, the latest first. When one has
 * to make room, its SSRC is retired: never taken again under this key, for
 * nobody knows any more which of its packets were seen. When no more can be
 * retired, no more SSRCs are taken: the key is used up.
 */
#ifndef HL_WIRE_SRTP_STREAM_H
#define HL_WIRE_SRTP_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/srtp.h"

/** The packets at and below the highest index; bit 0 is that one */
struct srtpw_window {
	uint64_t top;
	uint64_t bits[SRTPW_WINDOW / 64]; /**< All 0: nothing seen yet */
};

struct srtpw_stream {
	uint32_t ssrc;
	struct srtpw_window rtp, rtcp;
};

struct srtpw_streams {
	struct srtpw_stream v[SRTPW_STREAMS];
	uint32_t retired[SRTPW_RETIRED];
	uint8_t n, retired_n;
};

static inline bool srtpw_window_any(const struct srtpw_window *w)
{
	return w->bits[0] & 1;
}

/** @return 0, or EALREADY: seen, or too old to know */
int srtpw_window_look(const struct srtpw_window *w, uint64_t index);
void srtpw_window_keep(struct srtpw_window *w, uint64_t index);

/**
 * Index of an RTP packet, estimated from the highest one seen
 *
 * @return 0, or EOVERFLOW: past 2^48
 */
int srtpw_index(const struct srtpw_window *w, uint16_t seq, uint64_t *indexp);

/** Stream of an SSRC, NULL: not known yet */
const struct srtpw_stream *srtpw_stream_find(const struct srtpw_streams *s,
					     uint32_t ssrc);
/** May this unknown SSRC be taken? @return 0, EALREADY (retired) or
 *  ENOBUFS (no room to retire another) */
int srtpw_stream_look(const struct srtpw_streams *s, uint32_t ssrc);
/** Stream of an SSRC as the latest used one, new where it is not known yet
 *  and srtpw_stream_look() was content */
struct srtpw_stream *srtpw_stream_use(struct srtpw_streams *s, uint32_t ssrc);

#endif

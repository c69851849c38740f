/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rtp.h  RTP headers (RFC 3550), as the media switch needs them
 *
 * Pure: bytes in, values out. Any thread. libre owns rtp_ and rtcp_, so the
 * prefixes here are rtpw_ and, in rtcp.h, rtcpw_.
 */
#ifndef HL_WIRE_RTP_H
#define HL_WIRE_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RTPW_HEADER_BYTES = 12 };

/** RTP fixed header and where the payload lies */
struct rtpw_hdr {
	bool marker;
	uint8_t pt;
	uint16_t seq;
	uint32_t ts;
	uint32_t ssrc;
	size_t payload;       /**< Offset of the payload in bytes */
	size_t payload_bytes; /**< Without padding */
};

/**
 * Read the header of one RTP packet (RFC 3550 sections 5.1 and 5.3.1)
 *
 * The payload may be empty: keep-alives are (RFC 6263). hdr is untouched on
 * failure.
 *
 * @return 0, EINVAL (NULL), or EBADMSG: version, CSRC, extension or padding do
 *         not fit
 */
int rtpw_decode(struct rtpw_hdr *hdr, const uint8_t *p, size_t len);

/** The same of a packet whose payload is encrypted (RFC 3711): its padding
 *  cannot be seen, and counts as payload, as does the tag behind */
int rtpw_head(struct rtpw_hdr *hdr, const uint8_t *p, size_t len);

/** Write the fixed header, no padding, without CSRC or extension */
void rtpw_encode(uint8_t buf[RTPW_HEADER_BYTES], bool marker, uint8_t pt,
		 uint16_t seq, uint32_t ts, uint32_t ssrc);

/** True if the datagram on a muxed port is RTCP (RFC 5761 section 4) */
bool rtcpw_is(const uint8_t *p, size_t len);

#endif

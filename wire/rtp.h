/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rtp.h  RTP and RTCP headers (RFC 3550), as the media switch needs them
 *
 * Pure: bytes in, values out. Any thread. libre owns rtp_ and rtcp_, so the
 * prefix here is rtpw_.
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

/** RTCP packet types that matter here */
enum rtcpw_type {
	RTCPW_SR = 200,
	RTCPW_RR = 201,
	RTCPW_SDES = 202,
	RTCPW_BYE = 203,
	RTCPW_APP = 204
};

/** True if the datagram on a muxed port is RTCP (RFC 5761 section 4) */
bool rtcpw_is(const uint8_t *p, size_t len);

/** What one RTCP datagram says, as far as we use it */
struct rtcpw_info {
	uint32_t ssrc; /**< Of the first SR or RR */
	bool sr, rr, sdes, bye;
};

/**
 * Check a compound packet's structure (RFC 3550 appendix A.2)
 *
 * Every packet's own length must add up to the datagram, and its counts must
 * fit. A datagram without a report in front is taken too (RFC 5506), then
 * ssrc is 0 where none follows. info is untouched on failure.
 *
 * @return 0, EINVAL (NULL) or EBADMSG
 */
int rtcpw_decode(struct rtcpw_info *info, const uint8_t *p, size_t len);

/** Sender figures of an SR */
struct rtcpw_sr {
	uint64_t ntp;
	uint32_t rtp_ts, packets, bytes;
};

/**
 * Write an SR (or RR where sr is NULL) without report blocks and an SDES CNAME
 *
 * @return 0, EINVAL (NULL, or a CNAME of over 255 bytes), or EOVERFLOW; lenp is
 *         a multiple of 4
 */
int rtcpw_encode(uint8_t *buf, size_t size, uint32_t ssrc,
		 const struct rtcpw_sr *sr, const char *cname, size_t *lenp);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rtcp.h  RTCP packets (RFC 3550), as the media switch needs them
 *
 * Pure: bytes in, values out. Any thread.
 */
#ifndef HL_WIRE_RTCP_H
#define HL_WIRE_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Packet types that matter here */
enum rtcpw_type {
	RTCPW_SR = 200,
	RTCPW_RR = 201,
	RTCPW_SDES = 202,
	RTCPW_BYE = 203,
	RTCPW_APP = 204
};

/** Sender figures of an SR (section 6.4.1) */
struct rtcpw_sr {
	uint64_t ntp;
	uint32_t rtp_ts, packets, bytes;
};

/** Report block (section 6.4.1): how one source is received */
struct rtcpw_block {
	uint32_t ssrc;
	uint8_t fraction; /**< Lost since the last report, of 256 */
	int32_t lost;     /**< In all; 24 bits, negative by duplicates */
	uint32_t highest; /**< Sequence number with its cycles above */
	uint32_t jitter;  /**< Units of the RTP clock */
	uint32_t lsr;     /**< Middle of the last SR's NTP time; 0: none */
	uint32_t dlsr;    /**< Since it came, 1/65536 s */
};

/** What one RTCP datagram says, as far as we use it */
struct rtcpw_info {
	uint32_t ssrc;       /**< Of the first SR or RR */
	bool sr, rr, sdes, bye;
	struct rtcpw_sr sent; /**< Of the last SR */
	uint32_t sent_ssrc;
};

/**
 * Check a compound packet's structure (RFC 3550 appendix A.2)
 *
 * Every packet's own length must add up to the datagram, its type be one of
 * RTCP and its counts fit. A datagram without a report in front is taken too
 * (RFC 5506), then ssrc is 0 where none follows. info is untouched on failure.
 *
 * @return 0, EINVAL (NULL) or EBADMSG
 */
int rtcpw_decode(struct rtcpw_info *info, const uint8_t *p, size_t len);

/** First report block about a source, of a datagram that rtcpw_decode() has
 *  checked; false: there is none, b is untouched */
bool rtcpw_block_find(struct rtcpw_block *b, const uint8_t *p, size_t len,
		      uint32_t ssrc);

/** The checked datagram has a BYE of that source */
bool rtcpw_bye_of(const uint8_t *p, size_t len, uint32_t ssrc);

/** What is to be written */
struct rtcpw_report {
	uint32_t ssrc;                  /**< Who reports */
	const struct rtcpw_sr *sr;      /**< NULL: an RR */
	const struct rtcpw_block *block; /**< NULL: none */
	const char *cname;
	bool bye;                       /**< The last one: ends with a BYE */
};

/**
 * Write an SR or RR, an SDES CNAME and perhaps a BYE
 *
 * @return 0, EINVAL (NULL, or a CNAME of over 255 bytes), or EOVERFLOW; lenp is
 *         a multiple of 4
 */
int rtcpw_report_encode(uint8_t *buf, size_t size,
			const struct rtcpw_report *r, size_t *lenp);

/** The same of who receives nothing and stays */
int rtcpw_encode(uint8_t *buf, size_t size, uint32_t ssrc,
		 const struct rtcpw_sr *sr, const char *cname, size_t *lenp);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file hearing.h  How a terminal receives what we send it, by its own reports
 *
 * A report is believed only where it can be true: it is about our stream, and
 * names no packet and no more losses than there were packets. Pure; zeroed
 * memory has heard no report.
 */
#ifndef HL_MIXER_HEARING_H
#define HL_MIXER_HEARING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "wire/rtcp.h"

/** What is atomic may be looked at by another thread, each figure for itself */
struct hearing {
	uint32_t highest;          /**< As last reported */
	_Atomic int32_t lost;
	_Atomic uint32_t jitter_us;
	_Atomic uint32_t rtt_us;   /**< 0: not known */
	_Atomic uint8_t fraction;  /**< Lost since the report before, of 256 */
	_Atomic bool known;        /**< There was a report */
};

/** What we know of the stream that is reported on */
struct hearing_of {
	uint32_t packets;  /**< Sent */
	uint32_t clock_hz;
	uint16_t seq;      /**< Newest */
	uint64_t ntp;      /**< Now, by the clock of our SRs */
};

enum hearing_verdict {
	HEARING_NEWS,   /**< It tells of packets that the last one did not */
	HEARING_SAME,   /**< Nothing was sent since; the way is as long */
	HEARING_ABSURD  /**< It cannot be true: drop */
};

/** A report block about our SSRC came */
enum hearing_verdict hearing_take(struct hearing *h,
				  const struct rtcpw_block *b,
				  const struct hearing_of *of);

/** Round trip by LSR and DLSR (RFC 3550 section 6.4.1); 0: not known, e.g. of
 *  a terminal whose arithmetic is wrong */
uint32_t hearing_rtt_us(const struct rtcpw_block *b, uint64_t ntp);

#endif

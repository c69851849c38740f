/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file reception.h  How we receive what a leg sends
 *
 * The receiver's book-keeping of RFC 3550 for one source: extended sequence
 * numbers (appendix A.1, without probation: the source is proven by its
 * address), losses (A.3), interarrival jitter (A.8), and when its last SR
 * came. Pure; zeroed memory has received nothing.
 */
#ifndef HL_MIXER_RECEPTION_H
#define HL_MIXER_RECEPTION_H

#include <stdbool.h>
#include <stdint.h>
#include "wire/rtcp.h"
#include "wire/rtp.h"

struct reception {
	uint32_t ms;             /**< The newest packet came; wraps */
	uint32_t sr_at;          /**< The last SR came: 1/65536 s; wraps */
	uint32_t ssrc;
	uint32_t lsr;            /**< Middle of its NTP time; 0: none came */
	uint32_t first, highest; /**< Sequence numbers with their cycles */
	uint32_t next_bad;       /**< What would follow a jump */
	uint32_t received;       /**< 0: nothing of this source yet */
	uint32_t expected_prior, received_prior;
	uint32_t transit;
	uint32_t jitter;         /**< Scaled by 16 */
};

/** A packet of the source came; another SSRC is another source */
void reception_rtp(struct reception *rc, const struct rtpw_hdr *hdr,
		   uint32_t clock_hz, uint64_t now);

/** An SR of that SSRC came */
void reception_sr(struct reception *rc, uint32_t ssrc, uint64_t ntp,
		  uint64_t now);

/** The source has left: what comes from now on is counted anew */
void reception_bye(struct reception *rc);

/**
 * Report on it, and begin the next interval
 *
 * @return false: nothing came since the last report
 */
bool reception_block(struct reception *rc, uint64_t now,
		     struct rtcpw_block *b);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bare.h  The ceiling: a bare sendmmsg() loop towards many addresses
 *
 * The switch's batch and its two iovecs a packet, and nothing else.
 */
#ifndef HL_BENCH_BARE_H
#define HL_BENCH_BARE_H

#include <stdint.h>
#include <re.h>
#include "wire/rtp.h"

enum {
	BARE_BATCH = 128,      /**< As the switch's */
	BARE_PAYLOAD = 160,
	BARE_TO_MAX = 500
};

struct bare {
	int fd;
	unsigned n;            /**< Addresses */
	struct sa to[BARE_TO_MAX];
	uint8_t payload[BARE_PAYLOAD];
	uint8_t hdr[BARE_BATCH][RTPW_HEADER_BYTES];
};

/** From laddr, any port; @return 0 or errno */
int bare_open(struct bare *b, const struct sa *laddr);
/**
 * CPU microseconds of this thread per datagram, of so many packets to all
 *
 * @param every_us A packet each so often, 0: as fast as it goes
 */
double bare_round(struct bare *b, unsigned packets, uint32_t every_us);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bare.h  The ceiling: a bare sendmmsg() loop towards many addresses
 *
 * The switch's batch and its two iovecs a packet, and nothing else; with SRTP
 * one protection of the payload by raw libcrypto for each address. It runs on
 * the core that hollerd has (lab_pin()), so that both find the same.
 */
#ifndef HL_BENCH_BARE_H
#define HL_BENCH_BARE_H

#include <stdint.h>
#include <re.h>
#include "bench/bare_key.h"
#include "wire/rtp.h"

enum {
	BARE_BATCH = 128,      /**< As the switch's */
	BARE_PAYLOAD = 160,
	BARE_TO_MAX = 2000
};

struct bare {
	int fd;
	unsigned n;            /**< Addresses */
	enum srtpw_suite suite;
	struct sa to[BARE_TO_MAX];
	struct bare_key key[BARE_TO_MAX];
	uint8_t payload[BARE_PAYLOAD];
	uint8_t hdr[BARE_BATCH][RTPW_HEADER_BYTES];
	uint8_t sealed[BARE_BATCH][BARE_PAYLOAD + SRTPW_RTP_BYTES_MAX];
	uint64_t seq;
};

/** From laddr, any port; @return 0 or errno */
int bare_open(struct bare *b, const struct sa *laddr, enum srtpw_suite suite);
/** @return 0, ENOBUFS, or errno of the key */
int bare_add(struct bare *b, const struct sa *to);
void bare_close(struct bare *b);
/**
 * CPU microseconds of this thread per datagram, of so many packets to all
 *
 * @param every_us A packet each so often, 0: as fast as it goes
 */
double bare_round(struct bare *b, unsigned packets, uint32_t every_us);

/** What bare_relay() does */
struct bare_relay {
	unsigned packets;      /**< To come; it ends after that, or */
	uint32_t quiet_ms;     /**< ..when nothing came for so long */
	uint32_t first_ip;     /**< Of the senders; n-th address is at n */
	unsigned members;      /**< Senders to a group, the last one talks */
	unsigned listeners;    /**< Of a group are sent it, the first ones */
};

/**
 * Be a switch: read packets in batches, and send each to the listeners of its
 * sender's group
 *
 * @return CPU microseconds of this thread per datagram that was sent
 */
double bare_relay(struct bare *b, const struct bare_relay *r);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file hold.h  The newest speech of one leg that waits for the floor
 *
 * At most HOLD_MS of it, in the order of its sequence numbers, with the
 * headers it came with; the oldest falls out. Payloads are copied into places
 * of a fixed size. Pure; a value of whoever holds it (holds.h).
 */
#ifndef HL_MIXER_HOLD_H
#define HL_MIXER_HOLD_H

#include <stdint.h>
#include "wire/rtp.h"

enum {
	HOLD_MS = 200,
	HOLD_PACKETS = 20,       /**< Of 10 ms each */
	HOLD_PACKET_BYTES = 1472 /**< As long as speech may be */
};

struct hold_packet {
	struct rtpw_hdr hdr;
	uint8_t data[HOLD_PACKET_BYTES];
};

struct hold {
	unsigned n;
	uint8_t order[HOLD_PACKETS]; /**< Places: the oldest, then the free */
	struct hold_packet v[HOLD_PACKETS];
};

void hold_init(struct hold *h);

/**
 * Keep a packet
 *
 * A packet of another stream (SSRC, or a jump in sequence) is the first of
 * all that is kept from then on.
 *
 * @param p        Its payload, hdr->payload_bytes of it
 * @param clock_hz RTP clock
 *
 * @return packets that are not kept for it: older ones that fell out, or it
 *         itself, which came twice, too late, or is too long
 */
unsigned hold_put(struct hold *h, const struct rtpw_hdr *hdr,
		  const uint8_t *p, uint32_t clock_hz);

/** The i-th of n, from the oldest on */
static inline const struct hold_packet *hold_get(const struct hold *h,
						 unsigned i)
{
	return &h->v[h->order[i]];
}

#endif

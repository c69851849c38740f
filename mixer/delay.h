/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file delay.h  Speech of one leg that is sent on a little later than it came
 *
 * First in, first out, in the order of arrival, bounded in packets and bytes:
 * the oldest falls out. Payloads are copied. Pure.
 */
#ifndef HL_MIXER_DELAY_H
#define HL_MIXER_DELAY_H

#include <stdbool.h>
#include <stdint.h>
#include "wire/rtp.h"

enum {
	DELAY_PACKETS = 64,
	/** Half a second of G.711 is 4000 */
	DELAY_BYTES = 8192
};

struct delay_packet {
	struct rtpw_hdr hdr;
	uint64_t at_us; /**< It came */
	uint32_t off;
};

struct delay {
	unsigned first, n;
	uint64_t out;   /**< Packets that fell out, or never fitted */
	struct delay_packet v[DELAY_PACKETS];
	uint8_t bytes[DELAY_BYTES];
};

void delay_init(struct delay *d);

/** Does a payload of that length fit without that anything falls out? */
bool delay_fits(const struct delay *d, size_t len);

/** @param p Its payload, hdr->payload_bytes of it */
void delay_put(struct delay *d, const struct rtpw_hdr *hdr, const uint8_t *p,
	       uint64_t now_us);

/** The oldest one; NULL: there is none. Its payload is at *pp */
const struct delay_packet *delay_get(const struct delay *d,
				     const uint8_t **pp);
/** It is done with */
void delay_drop(struct delay *d);
/** All that came before is dropped
 *  @return packets */
unsigned delay_cut(struct delay *d, uint64_t before_us);
void delay_clear(struct delay *d);

#endif

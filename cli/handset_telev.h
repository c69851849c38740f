/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file handset_telev.h  Keys on their way out as telephone-events (RFC 4733)
 *
 * A short line of keys; the first of them is being sent, a packet each frame:
 * reports that it goes on, then its end three times. Pure; one a stream, the
 * audio thread's.
 */
#ifndef HL_CLI_HANDSET_TELEV_H
#define HL_CLI_HANDSET_TELEV_H

#include <stdbool.h>
#include <stdint.h>
#include "cli/handset_audio.h"

enum { HS_TELEV_BYTES = 4 };

/** Zeroed memory: no key */
struct hs_telev {
	enum hs_key keyv[HS_KEYS_MAX];
	unsigned n;    /**< Keys; 0: nothing is to be sent */
	unsigned step; /**< Packets of the first that were sent */
};

struct hs_telev_packet {
	uint8_t payload[HS_TELEV_BYTES];
	bool marker;      /**< The key's first */
	bool over;        /**< ..and last: the next key has its own time */
	enum hs_key key;
	uint32_t lasted;  /**< RTP clock: what the packets so far took */
};

/** @return false: HS_KEYS_MAX wait already */
bool hs_telev_put(struct hs_telev *t, enum hs_key key);

/** The next packet; only while there is a key
 *  @param frame Of the RTP clock, from one packet to the next */
void hs_telev_next(struct hs_telev *t, uint32_t frame,
		   struct hs_telev_packet *p);

#endif

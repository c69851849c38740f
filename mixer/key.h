/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file key.h  Keys of a terminal as telephone-events (RFC 4733)
 *
 * A key press is many packets: a start, updates, an end that is sent three
 * times, all with one timestamp; any of them may be lost. It counts once, by
 * whichever packet of it comes first. An event longer than a duration field
 * can say goes on under a later timestamp (section 2.5.1.3) and is still the
 * same press. Pure.
 */
#ifndef HL_MIXER_KEY_H
#define HL_MIXER_KEY_H

#include <stdbool.h>
#include <stdint.h>
#include "wire/rtp.h"

/** The newest event of a leg; zeroed memory: none yet */
struct key {
	uint32_t ssrc;
	uint32_t ts;       /**< Of its (last) segment */
	uint16_t duration; /**< As last reported */
	uint8_t event;
	bool known;
	bool ended;
};

/**
 * Take a packet of payload type telephone-event
 *
 * @param hdr      Its header
 * @param p        The packet
 * @param clock_hz RTP clock of the stream
 * @param eventp   Which key: * is 10, # is 11
 * @param freshp   This is the first packet of the press
 *
 * @return false: not well formed, or a straggler of an older press
 */
bool key_take(struct key *k, const struct rtpw_hdr *hdr, const uint8_t *p,
	      uint32_t clock_hz, uint8_t *eventp, bool *freshp);

#endif

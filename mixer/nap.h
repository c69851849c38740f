/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file nap.h  When a worker may let datagrams gather
 *
 * Keep-alives of idle legs come one by one, and to wake up for each costs more
 * than to take it. A worker on which nobody speaks, and to which they come
 * often, sleeps up to NAP_MS before it looks at its media ports again; floor
 * messages, commands and other workers wake it as ever, and timers. Who begins
 * to speak is heard at most so much later, by his first packet only; so are the
 * keys of a plain phone, a check of ICE and a handshake. It is for a worker
 * that has read all there was: one that has not keeps reading.
 *
 * Pure: counts and times in. Zeroed memory has seen nothing.
 */
#ifndef HL_MIXER_NAP_H
#define HL_MIXER_NAP_H

#include <stdbool.h>
#include <stdint.h>

enum {
	NAP_MS = 4,
	/** How often they come is looked at once in so long */
	NAP_LOOK_US = 10000,
	/** ..and is often if there were so many: two a nap */
	NAP_OFTEN = 2 * NAP_LOOK_US / (NAP_MS * 1000),
	/** After speech, or a grant, it stays awake for so long */
	NAP_AWAKE_US = 1000000
};

struct nap {
	uint64_t awake_us;  /**< Last time of speech */
	uint64_t look_us;
	uint64_t packets;   /**< Received up to look_us */
	bool often;
};

/** Somebody speaks, or may */
static inline void nap_speech(struct nap *n, uint64_t now)
{
	n->awake_us = now;
}

/** May the worker nap, which has received so many packets up to now? */
static inline bool nap_may(struct nap *n, uint64_t packets, uint64_t now)
{
	if (now - n->look_us >= NAP_LOOK_US) {
		/* Of a longer time, as many in each part of it */
		n->often = (packets - n->packets) * NAP_LOOK_US >=
			   (now - n->look_us) * NAP_OFTEN;
		n->look_us = now;
		n->packets = packets;
	}
	return n->often &&
	       (!n->awake_us || now - n->awake_us >= NAP_AWAKE_US);
}

/** @param next_ms Until the next timer, -1: none
 *  @return for how long; 0: not at all */
static inline int nap_ms(int next_ms)
{
	return next_ms < 0 || next_ms > NAP_MS ? NAP_MS : next_ms;
}

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floorchan.h  The floor channel of a leg: TBCP in and out
 *
 * OMA PoC 1.0 user plane ("PoC1") on the leg's third port. Translates between
 * its messages and the floor of the bridge that the leg has selected. A leg
 * without a proven floor channel is told nothing.
 */
#ifndef HL_MIXER_FLOORCHAN_H
#define HL_MIXER_FLOORCHAN_H

#include "mixer/part.h"

enum {
	/** Requests of one leg: so many at once, so many a second */
	FLOORCHAN_REQUESTS = 8,
	FLOORCHAN_REQUESTS_S = 4,
	/** Its other messages */
	FLOORCHAN_MESSAGES = 32,
	FLOORCHAN_MESSAGES_S = 16
};

/** A datagram that came to the floor port of the leg's triple */
void floorchan_rx(struct worker *w, struct leg *leg, const struct sa *src,
		  const uint8_t *p, size_t len);

void floorchan_granted(struct worker *w, const struct leg *leg,
		       uint16_t secs, uint32_t members);
void floorchan_deny(struct worker *w, const struct leg *leg, uint16_t reason);
void floorchan_revoke(struct worker *w, const struct leg *leg,
		      uint16_t reason, uint16_t secs);
void floorchan_idle(struct worker *w, const struct leg *leg);
/** Somebody talks in part */
void floorchan_taken(struct worker *w, const struct leg *leg,
		     const struct part *part);

/** Prepare what floorchan_taken() sends */
void floorchan_taken_set(struct part *part, const struct floor_down *fd);

/** The leg wants the floor of its seat's bridge, or has talked enough */
void floorchan_ask(struct worker *w, const struct leg *leg,
		   const struct seat *seat, const struct floor_up *what);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floorchan.h  The floor channel of a leg: floor messages in and out
 *
 * TBCP or MCPT (floorproto.h), as negotiated, on the leg's third port.
 * Translates between its messages and the floor of the bridge that the leg
 * has selected. A leg whose floor channel is not proven is told nothing; one
 * whose terminal refused it hears tones (player.h) and asks by keys (key.h).
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

/** A telephone-event (RFC 4733) of a leg without floor channel
 *  @return false: it is none of the two keys, or not well formed */
bool floorchan_key(struct worker *w, struct leg *leg,
		   const struct rtpw_hdr *hdr, const uint8_t *p);

void floorchan_granted(struct worker *w, struct leg *leg,
		       const struct floor_down *fd);
void floorchan_deny(struct worker *w, struct leg *leg,
		    const struct floor_down *fd);
void floorchan_revoke(struct worker *w, struct leg *leg,
		      const struct floor_down *fd);
/** It waits, and where; position 0: it does not */
void floorchan_queue(struct worker *w, struct leg *leg,
		     const struct floor_down *fd);
/** Its time is over in fd->secs */
void floorchan_warn(struct worker *w, struct leg *leg,
		    const struct floor_down *fd);
/** The leg's floor ended without its Release and without a Revoke */
void floorchan_lost(struct worker *w, struct leg *leg);
void floorchan_idle(struct worker *w, struct leg *leg);
/** Somebody talks in part */
void floorchan_taken(struct worker *w, struct leg *leg,
		     const struct part *part);

/** The leg wants the floor of its seat's bridge, or has talked enough */
void floorchan_ask(struct worker *w, const struct leg *leg,
		   const struct seat *seat, const struct floor_up *what);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floorchan.h  The floor channel of a leg: floor messages in and out
 *
 * TBCP or MCPT and MCPC (floorproto.h), or BFCP (floorchan_bfcp.h), as
 * negotiated, on the leg's third port.
 * Translates between its messages and the floor of the bridge that the leg
 * has selected. A leg whose floor channel is not proven is told nothing; one
 * whose terminal refused it hears tones (player.h) and asks by keys (key.h).
 */
#ifndef HL_MIXER_FLOORCHAN_H
#define HL_MIXER_FLOORCHAN_H

#include "mixer/floorproto.h"
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
/** Its time is over in fd->secs */
void floorchan_warn(struct worker *w, struct leg *leg,
		    const struct floor_down *fd);
/** It sends speech without the floor: see rogue.h */
void floorchan_stop(struct worker *w, struct leg *leg);
/** Where it is in the queue of its selected bridge */
void floorchan_queued(struct worker *w, struct leg *leg,
		      const struct queue_place *place);
/** The leg's floor ended without its Release and without a Revoke */
void floorchan_lost(struct worker *w, struct leg *leg);
void floorchan_idle(struct worker *w, struct leg *leg);
/** Somebody talks in part */
void floorchan_taken(struct worker *w, struct leg *leg,
		     const struct part *part);

/** A message of its terminal, whatever it came by */
void floorchan_word(struct worker *w, struct leg *leg,
		    const struct floor_word *fw);
/** May it say another one? Counted if not */
bool floorchan_rate_ok(struct worker *w, struct leg *leg, bool request);

/** The leg wants the floor of its seat's bridge, or has talked enough */
void floorchan_ask(struct worker *w, const struct leg *leg,
		   const struct seat *seat, const struct floor_up *what);
/** The leg gives back the floor of its seat's bridge, or its place in the
 * queue; its terminal does not say so itself */
void floorchan_let_go(struct worker *w, const struct leg *leg,
		      const struct seat *seat);

/** A session begins on the leg, or is over: tell its terminal */
void floorchan_session(struct worker *w, struct leg *leg,
		       const struct mixer_connect *c, bool over);

#endif

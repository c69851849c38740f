/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bfloor_say.h  What a floor control server of BFCP says by itself
 *
 * FloorRequestStatus and FloorStatus: how they are filled, and how they are
 * said until they are acknowledged, one at a time. Private to bfloor*.c.
 */
#ifndef HL_MIXER_BFLOOR_SAY_H
#define HL_MIXER_BFLOOR_SAY_H

#include "mixer/bfloor.h"

enum { BFLOOR_OWN_LAST = 0x7fff /**< Request of this terminal */ };

static inline bool bfloor_is_final(uint8_t status)
{
	return status >= BFC_DENIED;
}

/** The request of the terminal, as it is */
void bfloor_request_fill(const struct bfloor *b, struct bfc_request *r);
/** FloorRequestStatus of it */
void bfloor_status_fill(const struct bfloor *b, struct bfc_msg *msg);
/** FloorStatus: who has the floor, and the terminal's request */
void bfloor_floor_fill(const struct bfloor *b, const struct bfloor_io *io,
		       struct bfc_msg *msg);

/** Its request has changed: said at once, unless the answer will say it */
void bfloor_request_say(struct bfloor *b, const struct bfloor_io *io,
			uint64_t now);
/** If a FloorStatus is due, and nothing else has still to be acknowledged */
void bfloor_floor_say(struct bfloor *b, const struct bfloor_io *io,
		      uint64_t now);
/** If it is time */
void bfloor_resend(struct bfloor *b, const struct bfloor_io *io,
		   uint64_t now);

#endif

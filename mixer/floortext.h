/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floortext.h  What the floor says to people, beside a cause's number
 *
 * Pure; any thread.
 */
#ifndef HL_MIXER_FLOORTEXT_H
#define HL_MIXER_FLOORTEXT_H

#include <stdint.h>

enum {
	/** With the final 0: what MCPT, the shortest, has room for */
	FLOORTEXT_BYTES = 254
};

/**
 * Why a request is denied
 *
 * @param reason enum tbcp_deny, FLOOR_NO_RESOURCES or FLOOR_QUEUE_FULL
 * @param secs   Until it may ask again (TBCP_DENY_RETRY_AFTER); 0: not known
 * @param holder Display name, or URI, of who has the floor; "": not told
 */
void floortext_deny(char buf[FLOORTEXT_BYTES], uint16_t reason, uint16_t secs,
		    const char *holder);

/** Why a floor is taken away: enum tbcp_revoke or FLOOR_NO_RESOURCES; NULL:
 *  there are no words for it */
const char *floortext_revoke(uint16_t reason);

#endif

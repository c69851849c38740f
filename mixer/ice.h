/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file ice.h  ICE-lite of one leg (RFC 8445, consent: RFC 7675)
 *
 * We make no checks, we answer them: an authentic Binding request proves its
 * source. The first one that is proven is used; the peer, which always
 * controls, nominates (USE-CANDIDATE), and its newest nomination counts. So a
 * peer that moves is followed at its next check. One whose checks nominate
 * only once is followed when nothing came from the old address for a while.
 *
 * A request is not tied to its source by anything that it says: who copies a
 * nominating one on its way and sends it again from elsewhere takes the media
 * there until the next real check (RFC 8445 section 19.2 knows that). What it
 * gets is protected by SRTP; a copy that does not nominate moves nothing.
 *
 * Who does not know the password is not answered. RFC 8489 would have a 401,
 * which no ICE agent has a use for, and which is something to reflect.
 *
 * Beside the leg's slot, for legs whose SDP has ICE. Made by signalling and
 * given to the worker, which frees it.
 */
#ifndef HL_MIXER_ICE_H
#define HL_MIXER_ICE_H

#include "mixer/bucket.h"
#include "mixer/port.h"
#include "mixer/mixer.h"

struct leg;
struct worker;

enum {
	/** Consent is asked for every 4 to 6 s (RFC 7675 section 5.1): from
	 *  where nothing came for so long the peer has moved away */
	ICE_SILENT_US = 7000000,
	/** Checks of one leg: of the proven address, and of all others */
	ICE_KNOWN_BURST = 40,
	ICE_KNOWN_PER_S = 20,
	ICE_OTHER_BURST = 100,
	ICE_OTHER_PER_S = 20,
	/** Checks of one worker that do not come from proven addresses */
	ICE_WORKER_BURST = 4000,
	ICE_WORKER_PER_S = 10000
};

/** How the address of a channel was found */
enum ice_pair {
	ICE_PAIR_NONE,     /**< By none of the present credentials yet */
	ICE_PAIR_FIRST,    /**< First check */
	ICE_PAIR_NOMINATED
};

struct ice {
	struct mixer_ice now;
	struct mixer_ice old;    /**< Before a restart; "": none */
	bool off;                /**< The terminal's SDP has no ICE */
	uint8_t pairv[PORT_RTCP + 1]; /**< enum ice_pair */
	struct bucket known, other;
};

/* --- signalling's thread ------------------------------------------------- */

/** Credentials for the leg in that slot: random, but that the worker finds
 *  the slot in the ufrag
 *  @return 0, EIO (no random numbers) */
int ice_make(struct mixer_ice *cred, uint32_t slot);
/** @return 0, ENOMEM, EIO */
int ice_alloc(struct ice **ip, uint32_t slot);

/* --- the worker's thread ------------------------------------------------- */

/** The terminal restarts ICE: the old credentials are good until the new ones
 *  are used */
void ice_restart(struct ice *ice, const struct mixer_ice *cred);

/** STUN came to an RTP or RTCP port: answered, or dropped and counted.
 *  @return false: it is for nobody; who sent it keeps its NAT open */
bool ice_rx(struct worker *w, struct sock *s, const struct sa *src,
	    const uint8_t *p, size_t len);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floorchan_bfcp.h  A floor channel that speaks BFCP
 *
 * What carries bfloor.h out on a worker: its datagrams, its clock, and what a
 * terminal says as the words of floorchan.h. What it keeps of a leg stands in
 * a table beside the legs', by slot, of which only the places of legs that
 * speak BFCP are ever touched. All functions: the worker's thread.
 */
#ifndef HL_MIXER_FLOORCHAN_BFCP_H
#define HL_MIXER_FLOORCHAN_BFCP_H

#include "mixer/bfloor.h"
#include "mixer/worker.h"

struct bfcpchan {
	struct wheel_timer timer;
	bool on;
	struct bfloor b;
};

/** Table for so many legs, or NULL; any thread */
struct bfcpchan *bfcpchans_alloc(uint32_t max);
void bfcpchans_free(struct bfcpchan *v, uint32_t max);

/** The terminal's SDP is about to be taken, or the leg to be freed: it ends
 *  where r has another protocol, or is NULL */
void bfcpchan_end(struct worker *w, struct leg *leg,
		  const struct mixer_leg_remote *r);
/** ..and was taken: begins, or goes on */
void bfcpchan_remote(struct worker *w, struct leg *leg,
		     const struct mixer_bfcp *ids);

/** A datagram that came to the floor port */
void bfcpchan_rx(struct worker *w, struct leg *leg, const struct sa *src,
		 const uint8_t *p, size_t len);
/** The floor has decided something */
void bfcpchan_tell(struct worker *w, struct leg *leg,
		   const struct floor_tell *ft);

#endif

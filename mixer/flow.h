/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file flow.h  Which port triples the legs of one flow IP use
 *
 * (source IP, port) names a leg, so no two legs of one IP share a triple of a
 * worker and local address (together: a place). A triple that was given back
 * rests for FLOW_REST_MS to twice that: the old leg's terminal may not know
 * yet that its leg is gone, and its packets must not be taken for the first
 * ones of another leg behind the same NAT. Signalling's thread only.
 */
#ifndef HL_MIXER_FLOW_H
#define HL_MIXER_FLOW_H

#include <stdint.h>
#include <re.h>

struct flows;

enum { FLOW_REST_MS = 10000 };

/** @param max Triples of one place */
int flows_alloc(struct flows **fp, uint32_t max);

/** Whose triples: of the legs of that IP at that place */
struct flow_at {
	const struct sa *ip;
	uint32_t place;
	uint64_t now_ms; /**< Monotonic */
};

/**
 * Take the lowest triple that is free and has rested; if all of them are in
 * use or rest, the lowest that is free
 *
 * @return 0, EADDRNOTAVAIL (all max are in use), ENOMEM
 */
int flow_take(struct flows *f, const struct flow_at *at, uint32_t *triplep);

/** Take that triple; @return 0, EADDRINUSE (in use, or it rests), ENOMEM */
int flow_take_at(struct flows *f, const struct flow_at *at, uint32_t triple);

/** It was in use, and rests now */
void flow_give(struct flows *f, const struct flow_at *at, uint32_t triple);

/** It was taken for nothing: no packet can have been meant for it */
void flow_undo(struct flows *f, const struct flow_at *at, uint32_t triple);

/** IPs that have something in use or at rest */
uint32_t flows_count(const struct flows *f);

#endif

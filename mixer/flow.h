/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file flow.h  Which port triples the legs of one flow IP use
 *
 * (source IP, port) names a leg, so no two legs of one IP share a triple of a
 * worker and local address (together: a place). Signalling's thread only.
 */
#ifndef HL_MIXER_FLOW_H
#define HL_MIXER_FLOW_H

#include <stdint.h>
#include <re.h>

struct flows;

/** @param max Triples of one place */
int flows_alloc(struct flows **fp, uint32_t max);

/**
 * Take the lowest free triple
 *
 * @return 0, EADDRNOTAVAIL (all max are in use), ENOMEM
 */
int flow_take(struct flows *f, const struct sa *ip, uint32_t place,
	      uint32_t *triplep);

/** Take that triple; @return 0, EADDRINUSE, ENOMEM */
int flow_take_at(struct flows *f, const struct sa *ip, uint32_t place,
		 uint32_t triple);

void flow_give(struct flows *f, const struct sa *ip, uint32_t place,
	       uint32_t triple);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file ssrcs.h  Secure legs of one worker by the SSRC they were heard with
 *
 * (SSRC, port triple) names who a packet from an unknown address may be of:
 * few, of whom one can tell by its key. All functions: the worker's thread.
 */
#ifndef HL_MIXER_SSRCS_H
#define HL_MIXER_SSRCS_H

#include "mixer/leg.h"
#include "mixer/secure.h"

struct ssrcs {
	struct secure **bucketv;
	uint32_t mask;
	uint64_t seed;
	struct bucket tries; /**< Packets of unknown addresses */
};

/** Memory is reserved for max legs and touched when it is used */
int ssrcs_init(struct ssrcs *x, uint32_t max, uint64_t seed);
void ssrcs_fini(struct ssrcs *x);

/** The leg was heard with this SSRC, by an authentic packet */
void ssrcs_put(struct ssrcs *x, const struct legs *ls, struct leg *leg,
	       uint32_t ssrc);
void ssrcs_del(struct ssrcs *x, const struct legs *ls, struct secure *s);
/** The first, or the next after s; NULL: no more */
struct secure *ssrcs_next(const struct ssrcs *x, const struct legs *ls,
			  uint32_t ssrc, uint32_t triple,
			  const struct secure *s);

#endif

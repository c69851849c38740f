/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file streampool.h  How many connections there may be, and of one peer
 *
 * Counted over all endpoints that share a pool: a descriptor is a descriptor,
 * by whichever socket it came. Signalling thread only; owner: who made it.
 */
#ifndef HL_SIP_STREAMPOOL_H
#define HL_SIP_STREAMPOOL_H

#include <stdint.h>
#include <re.h>

struct stream_pool;

/**
 * @param max    Connections at once
 * @param ip_max ..of one address
 *
 * @return 0, EINVAL, ENOMEM
 */
int stream_pool_alloc(struct stream_pool **poolp, uint32_t max,
		      uint32_t ip_max);

/** Count a connection in: mem_deref() what is returned counts it out.
 *  @return 0, EMFILE (all), EUSERS (that address), ENOMEM */
int stream_pool_take(struct stream_pool *pool, const struct sa *peer,
		     void **seatp);

uint32_t stream_pool_count(const struct stream_pool *pool);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file addrs.h  Legs of one worker by the full address they are at
 *
 * (remote IP and port, local port) names the leg whose media come from
 * another IP than its signalling flow does; the others are found by their
 * flow's IP (leg.h), and stand not in here. Bounded, no allocation once it is
 * made. All functions: the worker that owns the table.
 */
#ifndef HL_MIXER_ADDRS_H
#define HL_MIXER_ADDRS_H

#include <stdint.h>
#include <re.h>
#include "mixer/port.h"

struct addr_entry;

struct addrs {
	struct addr_entry *v;
	uint32_t *bucketv; /**< Number of the first entry plus one */
	uint32_t max, mask;
	uint32_t high;     /**< No entry from here on was ever used */
	uint32_t free;     /**< Chain of those given back, plus one */
	uint32_t n;
	uint64_t seed;
};

enum { ADDR_NONE = 0xffffffff };

/** Memory is reserved for max entries and touched when one is used
 *  @return 0, ENOMEM */
int addrs_init(struct addrs *as, uint32_t max, uint64_t seed);
void addrs_fini(struct addrs *as);

/** What comes from src to that port is of the leg in that slot, whosever it
 *  was before
 *  @return 0, ENOSPC */
int addr_set(struct addrs *as, const struct sock *s, const struct sa *src,
	     uint32_t slot);
/** Slot of the leg; ADDR_NONE: it is nobody's */
uint32_t addr_get(const struct addrs *as, const struct sock *s,
		  const struct sa *src);
/** If it is that leg's it is nobody's any more */
void addr_del(struct addrs *as, const struct sock *s, const struct sa *src,
	      uint32_t slot);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file stats.h  Counters of one worker: it alone writes, anybody reads
 */
#ifndef HL_MIXER_STATS_H
#define HL_MIXER_STATS_H

#include <stdatomic.h>
#include <stddef.h>
#include "mixer/mixer.h"

/** The 64-bit counters of struct mixer_stats, in its order */
struct stats {
	_Atomic uint64_t v[offsetof(struct mixer_stats, cpu_us) / 8];
};

#define STAT(name) (offsetof(struct mixer_stats, name) / 8)

static inline void stats_add(struct stats *st, size_t i, uint64_t n)
{
	/* relaxed: each counter stands for itself; one writer, so no
	 * read-modify-write is needed */
	atomic_store_explicit(
		&st->v[i],
		atomic_load_explicit(&st->v[i], memory_order_relaxed) + n,
		memory_order_relaxed);
}

#define STAT_INC(w, name) stats_add(&(w)->stats, STAT(name), 1)

#endif

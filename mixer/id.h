/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file id.h  Identities of legs and bridges: worker, slot, generation
 *
 *   bit 63     1 = bridge
 *   bits 32-62 generation of the slot, never 0
 *   bits 24-31 worker: owner of a leg, home of a bridge
 *   bits 0-23  slot: of the worker's legs; bridges are numbered in all
 */
#ifndef HL_MIXER_ID_H
#define HL_MIXER_ID_H

#include <stdbool.h>
#include <stdint.h>

enum { ID_SLOTS_MAX = 1 << 24 };

#define ID_BRIDGE (1ull << 63)

static inline uint64_t id_make(bool bridge, uint32_t gen, unsigned worker,
			       uint32_t slot)
{
	return (bridge ? ID_BRIDGE : 0) | (uint64_t)gen << 32 |
	       (uint64_t)worker << 24 | slot;
}

static inline bool id_is_bridge(uint64_t id)
{
	return (id & ID_BRIDGE) != 0;
}

static inline uint32_t id_gen(uint64_t id)
{
	return (uint32_t)(id >> 32) & 0x7fffffff;
}

static inline unsigned id_worker(uint64_t id)
{
	return (unsigned)(id >> 24) & 0xff;
}

static inline uint32_t id_slot(uint64_t id)
{
	return (uint32_t)id & 0xffffff;
}

/** Generation after gen */
static inline uint32_t id_gen_next(uint32_t gen)
{
	gen = (gen + 1) & 0x7fffffff;
	return gen ? gen : 1;
}

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file slotq.h  Bounded queue of packets, from one thread to one other
 *
 * The ring owns its slots of a fixed size. The writer fills a slot in place
 * and commits it, the reader looks at it in place and releases it: one copy in
 * all, nothing is shared, counted or freed.
 *
 * An object of libre: allocate and mem_deref() on one thread, while neither
 * side runs.
 */
#ifndef HL_UTIL_SLOTQ_H
#define HL_UTIL_SLOTQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slotq;
struct wake;

enum {
	SLOTQ_SLOTS_MAX = 1 << 16,
	SLOTQ_BYTES_MAX = 1 << 16
};

/**
 * @param slots      Rounded up to a power of two, 1..SLOTQ_SLOTS_MAX
 * @param slot_bytes 1..SLOTQ_BYTES_MAX; slots start on a cache line
 * @param w          Wakes the reader (a reference is held); NULL: it polls
 *
 * @return 0, EINVAL, ENOMEM
 */
int slotq_alloc(struct slotq **qp, uint32_t slots, uint32_t slot_bytes,
		struct wake *w);

/** Size of a slot as given to slotq_alloc() */
uint32_t slotq_slot_bytes(const struct slotq *q);

/** Writer: the next free slot. NULL: full, and counted. Without a commit the
 *  same slot comes again */
void *slotq_reserve(struct slotq *q);

/** The same for what may be lost: NULL, and counted, unless more than keep
 *  slots are free. So there is room for what matters more. */
void *slotq_reserve_spare(struct slotq *q, uint32_t keep);

/** Writer: are more than keep slots free? For what is tried again later, and
 *  is not lost meanwhile: nothing is counted */
bool slotq_has_room(struct slotq *q, uint32_t keep);

/** Writer: give the reserved slot to the reader, and wake it. Only after a
 *  slotq_reserve() that was not refused */
void slotq_commit(struct slotq *q);

/** Reader: the oldest slot, NULL: empty. The same until slotq_release() */
const void *slotq_peek(struct slotq *q);

/** Reader: give the slot of the last slotq_peek() back */
void slotq_release(struct slotq *q);

/** Reader: the second look after wake_announce() */
bool slotq_empty(const struct slotq *q);

/** Reservations that were refused; any thread */
uint64_t slotq_drops(const struct slotq *q);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file slotq.c  Bounded queue of packets, from one thread to one other
 *
 * Each side keeps a copy of the other's position and reads the other's cache
 * line only when the copy says full or empty.
 */
#include <errno.h>
#include <stdatomic.h>
#include <re.h>
#include "util/slotq.h"
#include "util/wake.h"

enum {
	CACHE_LINE = 64
};

struct slotq {
	void *block;                 /* What was allocated */
	uint8_t *slotv;              /* ..from its first cache line on */
	struct wake *wake;
	uint64_t mask;
	size_t stride;
	uint32_t slot_bytes;
	char pad_tail[CACHE_LINE];
	_Atomic uint64_t tail;       /* Written by the writer */
	uint64_t head_seen;          /* Writer's copy of head */
	_Atomic uint64_t drops;
	char pad_head[CACHE_LINE];
	_Atomic uint64_t head;       /* Written by the reader */
	uint64_t tail_seen;          /* Reader's copy of tail */
};

static void slotq_destructor(void *arg)
{
	struct slotq *q = arg;

	mem_deref(q->block);
	mem_deref(q->wake);
}

static size_t line_round(size_t n)
{
	return (n + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
}

int slotq_alloc(struct slotq **qp, uint32_t slots, uint32_t slot_bytes,
		struct wake *w)
{
	struct slotq *q;
	size_t n = 1;

	if (!qp || !slots || slots > SLOTQ_SLOTS_MAX || !slot_bytes ||
	    slot_bytes > SLOTQ_BYTES_MAX)
		return EINVAL;
	while (n < slots)
		n <<= 1;

	q = mem_zalloc(sizeof(*q), slotq_destructor);
	if (!q)
		return ENOMEM;
	q->stride = line_round(slot_bytes);
	q->block = mem_zalloc(n * q->stride + CACHE_LINE, NULL);
	if (!q->block) {
		mem_deref(q);
		return ENOMEM;
	}
	q->slotv = (uint8_t *)line_round((uintptr_t)q->block);
	q->slot_bytes = slot_bytes;
	q->mask = n - 1;
	atomic_init(&q->tail, 0);
	atomic_init(&q->head, 0);
	atomic_init(&q->drops, 0);
	q->wake = mem_ref(w);
	*qp = q;
	return 0;
}

uint32_t slotq_slot_bytes(const struct slotq *q)
{
	return q->slot_bytes;
}

static uint8_t *slot_at(const struct slotq *q, uint64_t pos)
{
	return q->slotv + (pos & q->mask) * q->stride;
}

void *slotq_reserve(struct slotq *q)
{
	return slotq_reserve_spare(q, 0);
}

bool slotq_has_room(struct slotq *q, uint32_t keep)
{
	/* relaxed: ours */
	const uint64_t tail =
		atomic_load_explicit(&q->tail, memory_order_relaxed);

	if (tail + keep - q->head_seen > q->mask) {
		/* acquire: the reader is done with what it released */
		q->head_seen =
			atomic_load_explicit(&q->head, memory_order_acquire);
	}
	return tail + keep - q->head_seen <= q->mask;
}

void *slotq_reserve_spare(struct slotq *q, uint32_t keep)
{
	if (!slotq_has_room(q, keep)) {
		/* relaxed: a counter, it orders nothing */
		atomic_fetch_add_explicit(&q->drops, 1, memory_order_relaxed);
		return NULL;
	}
	/* relaxed: ours */
	return slot_at(q,
		       atomic_load_explicit(&q->tail, memory_order_relaxed));
}

void slotq_commit(struct slotq *q)
{
	const uint64_t tail =
		atomic_load_explicit(&q->tail, memory_order_relaxed);

	/* seq_cst: releases the slot, and comes before the look at the
	 * reader's announcement in wake_signal() */
	atomic_store_explicit(&q->tail, tail + 1, memory_order_seq_cst);
	wake_signal(q->wake);
}

const void *slotq_peek(struct slotq *q)
{
	/* relaxed: ours */
	const uint64_t head =
		atomic_load_explicit(&q->head, memory_order_relaxed);

	if (head == q->tail_seen) {
		/* acquire: pairs with the commit */
		q->tail_seen =
			atomic_load_explicit(&q->tail, memory_order_acquire);
	}
	return head == q->tail_seen ? NULL : slot_at(q, head);
}

void slotq_release(struct slotq *q)
{
	const uint64_t head =
		atomic_load_explicit(&q->head, memory_order_relaxed);

	/* release: our reads of the slot come before its next writer */
	atomic_store_explicit(&q->head, head + 1, memory_order_release);
}

bool slotq_empty(const struct slotq *q)
{
	const uint64_t head =
		atomic_load_explicit(&q->head, memory_order_relaxed);

	/* seq_cst: comes after our announcement, for every thread */
	return atomic_load_explicit(&q->tail, memory_order_seq_cst) == head;
}

uint64_t slotq_drops(const struct slotq *q)
{
	return atomic_load_explicit(&q->drops, memory_order_relaxed);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file evq.c  Bounded queue of pointers to one reader
 *
 * Each cell has a turn number that says whose it is (after D. Vyukov's bounded
 * queue): position p of the ring may be written when turn == p, read when
 * turn == p + 1; the reader passes it on to the next lap. Writers of an MPSC
 * queue agree on positions by compare-and-swap of the tail. A writer that is
 * stopped between taking a position and publishing it hides later items until
 * it goes on; it then signals as every writer does.
 */
#include <errno.h>
#include <stdatomic.h>
#include <re.h>
#include "util/evq.h"
#include "util/wake.h"

enum {
	CACHE_LINE = 64
};

struct cell {
	_Atomic uint64_t turn;
	void *p;
};

struct evq {
	struct cell *cellv;
	struct wake *wake;
	uint64_t mask;
	enum evq_kind kind;
	char pad_tail[CACHE_LINE];
	_Atomic uint64_t tail;       /* writers */
	_Atomic uint64_t drops;
	char pad_head[CACHE_LINE];
	uint64_t head;               /* reader only */
};

static void evq_destructor(void *arg)
{
	struct evq *q = arg;

	mem_deref(q->cellv);
	mem_deref(q->wake);
}

int evq_alloc(struct evq **qp, enum evq_kind kind, uint32_t size,
	      struct wake *w)
{
	/* With one cell "read me" would be "write me" of the next lap */
	uint64_t n = 2, i;
	struct evq *q;

	if (!qp || !size || size > EVQ_SIZE_MAX)
		return EINVAL;
	while (n < size)
		n <<= 1;

	q = mem_zalloc(sizeof(*q), evq_destructor);
	if (!q)
		return ENOMEM;
	q->cellv = mem_zalloc(n * sizeof(*q->cellv), NULL);
	if (!q->cellv) {
		mem_deref(q);
		return ENOMEM;
	}
	for (i = 0; i < n; i++)
		atomic_init(&q->cellv[i].turn, i);
	atomic_init(&q->tail, 0);
	atomic_init(&q->drops, 0);
	q->kind = kind;
	q->mask = n - 1;
	q->wake = mem_ref(w);
	*qp = q;
	return 0;
}

/* relaxed everywhere on the tail: it only deals out positions, what is in the
 * cells is ordered by their turns */
static bool position_take(struct evq *q, uint64_t *posp)
{
	uint64_t pos = atomic_load_explicit(&q->tail, memory_order_relaxed);

	for (;;) {
		/* acquire: the reader is done with the cell */
		const uint64_t turn = atomic_load_explicit(
			&q->cellv[pos & q->mask].turn, memory_order_acquire);

		if ((int64_t)(turn - pos) < 0)
			return false;
		if (turn != pos) {
			pos = atomic_load_explicit(&q->tail,
						   memory_order_relaxed);
			continue;
		}
		if (q->kind == EVQ_SPSC) {
			atomic_store_explicit(&q->tail, pos + 1,
					      memory_order_relaxed);
			break;
		}
		if (atomic_compare_exchange_weak_explicit(
			    &q->tail, &pos, pos + 1, memory_order_relaxed,
			    memory_order_relaxed))
			break;
	}
	*posp = pos;
	return true;
}

int evq_push(struct evq *q, void *p)
{
	struct cell *c;
	uint64_t pos;

	if (!p)
		return EINVAL;
	if (!position_take(q, &pos)) {
		/* relaxed: a counter, it orders nothing */
		atomic_fetch_add_explicit(&q->drops, 1, memory_order_relaxed);
		return ENOBUFS;
	}
	c = &q->cellv[pos & q->mask];
	c->p = p;
	/* seq_cst: releases p and what it points to, and comes before the look
	 * at the reader's announcement in wake_signal() */
	atomic_store_explicit(&c->turn, pos + 1, memory_order_seq_cst);
	wake_signal(q->wake);
	return 0;
}

void *evq_pop(struct evq *q)
{
	struct cell *c = &q->cellv[q->head & q->mask];
	void *p;

	/* acquire: pairs with the writer's store of the turn */
	if (atomic_load_explicit(&c->turn, memory_order_acquire) !=
	    q->head + 1)
		return NULL;
	p = c->p;
	/* release: our read of the cell comes before its next writer */
	atomic_store_explicit(&c->turn, q->head + q->mask + 1,
			      memory_order_release);
	++q->head;
	return p;
}

bool evq_empty(const struct evq *q)
{
	/* seq_cst: comes after our announcement, for every thread */
	return atomic_load_explicit(&q->cellv[q->head & q->mask].turn,
				    memory_order_seq_cst) != q->head + 1;
}

uint64_t evq_drops(const struct evq *q)
{
	return atomic_load_explicit(&q->drops, memory_order_relaxed);
}

unsigned evq_drain(struct evq *q, unsigned max, evq_h *h, void *arg)
{
	unsigned n = 0;
	void *p;

	wake_clear(q->wake);
	while (n < max && (p = evq_pop(q))) {
		h(p, arg);
		n++;
	}
	wake_announce(q->wake);
	if (!evq_empty(q))
		wake_signal(q->wake);
	return n;
}

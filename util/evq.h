/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file evq.h  Bounded queue of pointers to one reader
 *
 * A pointer pushed is given away: the writer must not touch what it points to
 * any more. First in, first out; with several writers, each writer's items
 * stay in its order. Nothing blocks.
 *
 * An object of libre: allocate and mem_deref() on one thread, while no writer
 * runs; the owner pops what is left before that.
 */
#ifndef HL_UTIL_EVQ_H
#define HL_UTIL_EVQ_H

#include <stdbool.h>
#include <stdint.h>

struct evq;
struct wake;

enum {
	EVQ_SIZE_MAX = 1 << 20
};

enum evq_kind {
	EVQ_SPSC,       /**< One thread pushes */
	EVQ_MPSC        /**< Any thread pushes */
};

/**
 * @param size Items, 1..EVQ_SIZE_MAX, rounded up to 2, 4, 8...
 * @param w    Wakes the reader (a reference is held); NULL: it polls
 *
 * @return 0, EINVAL, ENOMEM
 */
int evq_alloc(struct evq **qp, enum evq_kind kind, uint32_t size,
	      struct wake *w);

/**
 * Writer. p must not be NULL
 *
 * @return 0, EINVAL, ENOBUFS (full: p is still the caller's, and counted)
 */
int evq_push(struct evq *q, void *p);

/** Reader. NULL: empty */
void *evq_pop(struct evq *q);

/** Reader: the second look after wake_announce() */
bool evq_empty(const struct evq *q);

/** Pushes that were refused; any thread */
uint64_t evq_drops(const struct evq *q);

typedef void(evq_h)(void *p, void *arg);

/**
 * Reader whose loop watches wake_fd() and has only this queue on its wake:
 * take at most max items, then sleep, or have the loop call again
 *
 * @return Number of items
 */
unsigned evq_drain(struct evq *q, unsigned max, evq_h *h, void *arg);

#endif

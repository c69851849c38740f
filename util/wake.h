/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file wake.h  Wakes one reader thread, but only if it sleeps
 *
 * One wake belongs to one reader and may serve all the queues it reads. The
 * reader announces that it is going to sleep, looks at its queues once more,
 * and sleeps until wake_fd() is readable:
 *
 *	for (;;) {
 *		... take what is in the queues ...
 *		wake_announce(w);
 *		poll(fds, n, all queues are empty ? timeout_ms : 0);
 *		wake_clear(w);
 *	}
 *
 * A writer publishes its item with memory_order_seq_cst, then calls
 * wake_signal(); evq_push() and slotq_commit() do both. The item and the
 * announcement are both sequentially consistent on both sides, so either the
 * reader's second look sees the item or the writer sees the announcement: no
 * wake-up is lost. While the reader is awake a writer makes no system call,
 * and a sleeping reader gets one write, however many items come.
 *
 * An object of libre: allocate and mem_deref() on one thread, while no writer
 * runs. A reader that has not announced anything yet counts as asleep.
 */
#ifndef HL_UTIL_WAKE_H
#define HL_UTIL_WAKE_H

struct wake;

/** @return 0, ENOMEM, or why there is no eventfd (EMFILE, ENFILE) */
int wake_alloc(struct wake **wp);

/** Readable after a wake-up, until wake_clear(). Level triggered */
int wake_fd(const struct wake *w);

/** Reader: the next item that is published shall wake me */
void wake_announce(struct wake *w);

/** Reader: I am awake; after each sleep, before the queues are read */
void wake_clear(struct wake *w);

/** Writer, or the reader that wants to be called again by its loop. NULL does
 *  nothing: a queue without a wake is polled */
void wake_signal(struct wake *w);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file wake.c  Wakes one reader thread, but only if it sleeps
 */
#include <errno.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <re.h>
#include "util/wake.h"

struct wake {
	int fd;
	atomic_bool asleep;
};

static void wake_destructor(void *arg)
{
	struct wake *w = arg;

	if (w->fd >= 0)
		(void)close(w->fd);
}

int wake_alloc(struct wake **wp)
{
	struct wake *w = mem_zalloc(sizeof(*w), wake_destructor);

	if (!w)
		return ENOMEM;

	atomic_init(&w->asleep, true);
	w->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (w->fd < 0) {
		const int err = errno;

		mem_deref(w);
		return err;
	}
	*wp = w;
	return 0;
}

int wake_fd(const struct wake *w)
{
	return w->fd;
}

void wake_announce(struct wake *w)
{
	/* seq_cst: comes before the second look at the queues, for every
	 * thread; a release store could be passed by those loads */
	atomic_store_explicit(&w->asleep, true, memory_order_seq_cst);
}

void wake_clear(struct wake *w)
{
	uint64_t n;

	/* relaxed: whoever still sees true does one write too many, and who
	 * sees false relies on the reader's looking at the queues, which it
	 * does from here on to its next announcement */
	atomic_store_explicit(&w->asleep, false, memory_order_relaxed);

	/* Always: a writer that took the announcement away may have been slow
	 * to write. EAGAIN means that the reader woke by itself. */
	while (read(w->fd, &n, sizeof(n)) < 0 && errno == EINTR)
		;
}

void wake_signal(struct wake *w)
{
	const uint64_t one = 1;

	/* seq_cst: comes after the item was published, for every thread */
	if (!w || !atomic_load_explicit(&w->asleep, memory_order_seq_cst))
		return;

	/* One of several writers takes the announcement. acq_rel: the
	 * exchange only has to be atomic, the order was set by the load. */
	if (!atomic_exchange_explicit(&w->asleep, false, memory_order_acq_rel))
		return;

	/* EAGAIN, the only other failure, means that the counter is full: the
	 * descriptor is readable then */
	while (write(w->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file retmr.c  libre's timer functions, on one wheel a thread
 *
 * struct tmr is libre's and keeps its layout: the wheel's timer lies where
 * libre has its list element, which nobody else looks at. th tells whether the
 * timer runs (tmr_isrunning() is inline in re_tmr.h), jfs is the deadline.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <re.h>
#include "util/clock.h"
#include "util/retmr.h"
#include "util/wheel.h"

_Static_assert(offsetof(struct tmr, le) == 0,
	       "the wheel's timer must be at the start of struct tmr");
_Static_assert(sizeof(struct wheel_timer) <= sizeof(struct le),
	       "the wheel's timer must fit into the list element");

struct retmr {
	struct wheel wheel;
	bool ready;
	uint64_t started;
	uint64_t fired;
};

/* libre's functions take no object of ours: the thread is the only handle */
static _Thread_local struct retmr retmr_thread;

/* What C++ and C11 implementations register thread-local destructors with.
 * A pthread key would be a variable at file scope. */
int __cxa_thread_atexit_impl(void (*fn)(void *), void *obj, void *dso);
extern void *__dso_handle __attribute__((visibility("hidden")));

/* Not in the header of libre 1.1.0, but called by later ones */
uint64_t tmr_jiffies_usec(void);

/* A timer that outlives its thread is cancelled with it: whoever cancels it
 * later, from another thread, must not write into a wheel that is gone. */
static void retmr_flush(void *obj)
{
	struct retmr *rt = obj;

	wheel_flush(&rt->wheel);
	rt->ready = false;
}

static struct retmr *retmr_get(void)
{
	struct retmr *rt = &retmr_thread;

	if (!rt->ready) {
		wheel_init(&rt->wheel, clock_mono_ms());
		rt->ready = true;
		(void)__cxa_thread_atexit_impl(retmr_flush, rt, &__dso_handle);
	}
	return rt;
}

static struct wheel_timer *tmr_timer(struct tmr *tmr)
{
	return (struct wheel_timer *)&tmr->le;
}

/* The clock reads in whole milliseconds that have passed: a delay counts from
 * the end of the running one, or the timer would be early. With a delay of 0
 * nothing can be early. */
static uint64_t deadline_ms(uint64_t delay_ms)
{
	const uint64_t now_us = clock_mono_us();
	uint64_t from_ms = now_us / 1000;

	if (delay_ms && now_us % 1000)
		from_ms++;
	return delay_ms > UINT64_MAX - from_ms ? UINT64_MAX
					       : from_ms + delay_ms;
}

static void retmr_fired(struct wheel_timer *t, void *arg)
{
	struct tmr *tmr = (struct tmr *)(void *)t;
	struct retmr *rt = arg;
	tmr_h *th = tmr->th;

	rt->fired++;
	tmr->th = NULL;
	th(tmr->arg);
}

void tmr_init(struct tmr *tmr)
{
	if (tmr)
		memset(tmr, 0, sizeof(*tmr));
}

void tmr_start(struct tmr *tmr, uint64_t delay, tmr_h *th, void *arg)
{
	struct retmr *rt;

	if (!tmr)
		return;
	if (!th) {
		tmr_cancel(tmr);
		return;
	}
	rt = retmr_get();
	/* Whether a timer runs is said by th: le of one that was never
	 * initialised by tmr_init() may hold anything */
	if (!tmr->th)
		memset(&tmr->le, 0, sizeof(tmr->le));
	tmr->th = th;
	tmr->arg = arg;
	tmr->jfs = deadline_ms(delay);
	wheel_start(&rt->wheel, tmr_timer(tmr), tmr->jfs, retmr_fired);
	rt->started++;
}

void tmr_cancel(struct tmr *tmr)
{
	if (!tmr || !tmr->th)
		return;
	wheel_cancel(&retmr_get()->wheel, tmr_timer(tmr));
	tmr->th = NULL;
}

/* libre hands in the list that it keeps for the thread: nothing is in it */
void tmr_poll(struct list *tmrl)
{
	struct retmr *rt = retmr_get();

	(void)tmrl;
	(void)wheel_run(&rt->wheel, clock_mono_ms(), rt);
}

/* libre casts this to the int of epoll_wait(), where a negative is for ever */
uint64_t tmr_next_timeout(struct list *tmrl)
{
	uint64_t next_ms, now_ms;

	(void)tmrl;
	if (!wheel_next(&retmr_get()->wheel, &next_ms))
		return 0;
	now_ms = clock_mono_ms();
	if (next_ms <= now_ms)
		return 1;
	next_ms -= now_ms;
	return next_ms < INT_MAX ? next_ms : INT_MAX;
}

/* Counted from the same rounded moment as the delay was: right after a start
 * the whole delay is left */
uint64_t tmr_get_expire(const struct tmr *tmr)
{
	const uint64_t from_ms = (clock_mono_us() + 999) / 1000;

	if (!tmr || !tmr->th || tmr->jfs <= from_ms)
		return 0;
	return tmr->jfs - from_ms;
}

uint64_t tmr_jiffies(void)
{
	return clock_mono_ms();
}

uint64_t tmr_jiffies_usec(void)
{
	return clock_mono_us();
}

int tmr_status(struct re_printf *pf, void *unused)
{
	struct retmr_stats st;

	(void)unused;
	retmr_stats_get(&st);
	if (!st.pending)
		return 0;
	return re_hprintf(pf, "Timers (%u): started=%llu fired=%llu\n",
			  st.pending, (unsigned long long)st.started,
			  (unsigned long long)st.fired);
}

void tmr_debug(void)
{
	(void)re_fprintf(stderr, "%H", tmr_status, NULL);
}

void retmr_stats_get(struct retmr_stats *st)
{
	const struct retmr *rt = retmr_get();

	*st = (struct retmr_stats){
		.started = rt->started,
		.fired = rt->fired,
		.pending = wheel_count(&rt->wheel),
	};
}

/* libre resolves its calls in the order in which dlsym(RTLD_DEFAULT) looks */
static bool symbols_ours(void)
{
	const struct {
		const char *name;
		uintptr_t addr;
	} symv[] = {
		{"tmr_init", (uintptr_t)tmr_init},
		{"tmr_start", (uintptr_t)tmr_start},
		{"tmr_cancel", (uintptr_t)tmr_cancel},
		{"tmr_poll", (uintptr_t)tmr_poll},
		{"tmr_next_timeout", (uintptr_t)tmr_next_timeout},
		{"tmr_get_expire", (uintptr_t)tmr_get_expire},
		{"tmr_jiffies", (uintptr_t)tmr_jiffies},
		{"tmr_status", (uintptr_t)tmr_status},
		{"tmr_debug", (uintptr_t)tmr_debug},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(symv); i++) {
		void *sym = dlsym(RTLD_DEFAULT, symv[i].name);

		if ((uintptr_t)sym != symv[i].addr)
			return false;
	}
	return true;
}

/* A STUN keep-alive without a socket is the smallest object of libre that
 * starts a timer: see whether it arrives on our wheel, and leaves it */
static int libre_calls(bool *livep)
{
	const struct retmr *rt = retmr_get();
	const uint64_t started = rt->started;
	const uint32_t pending = wheel_count(&rt->wheel);
	struct stun_keepalive *ska = NULL;
	bool live;
	int err;

	err = stun_keepalive_alloc(&ska, IPPROTO_TCP, NULL, 0, NULL, NULL,
				   NULL, NULL);
	if (err)
		return err;
	stun_keepalive_enable(ska, 3600);
	live = rt->started == started + 1 &&
	       wheel_count(&rt->wheel) == pending + 1;
	mem_deref(ska);
	*livep = live && wheel_count(&rt->wheel) == pending;
	return 0;
}

int retmr_init(void)
{
	bool live = false;
	int err;

	if (!symbols_ours())
		return ENOSYS;
	err = libre_calls(&live);
	if (err)
		return err;
	return live ? 0 : ENOSYS;
}

bool retmr_live(void)
{
	return retmr_init() == 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file timers.c  What a short timer costs while many long ones are pending
 *
 * Ours (util/retmr.h) against libre's own, in the same run. libre's calls end
 * up with us wherever it is linked, so a second copy of it is loaded into a
 * name space of its own. Pending timers are spread over an hour, as those of
 * registrations and subscriptions are; a short one is started among them, and
 * fires as soon as its millisecond has passed. Counted are start and poll, not
 * the waiting; the best of several rounds, for both.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <re.h>
#include "util/retmr.h"

enum {
	SHORT_TIMERS = 200,
	ROUNDS = 7,
	PENDING_FIRST_MS = 600000,
	PENDING_SPAN_MS = 3600000
};

struct timers {
	void (*start)(struct tmr *tmr, uint64_t delay, tmr_h *th, void *arg);
	void (*cancel)(struct tmr *tmr);
	void (*poll)(struct list *tmrl);
	struct list *tmrl;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void timer_fired(void *arg)
{
	++*(unsigned *)arg;
}

/* ns per start and fire, of one round */
static double round_ns(const struct timers *t, struct tmr *tmrv)
{
	uint64_t begin_ns, spent_ns, last_ns;
	unsigned i, fired = 0;

	begin_ns = now_ns();
	for (i = 0; i < SHORT_TIMERS; i++)
		t->start(&tmrv[i], 1, timer_fired, &fired);
	last_ns = now_ns();
	spent_ns = last_ns - begin_ns;

	/* 1 ms, rounded up, has passed for all of them */
	while (now_ns() - last_ns < 2100000)
		;
	begin_ns = now_ns();
	t->poll(t->tmrl);
	spent_ns += now_ns() - begin_ns;
	if (fired != SHORT_TIMERS) {
		fprintf(stderr, "bench timers: %u of %d fired\n", fired,
			SHORT_TIMERS);
		exit(1);
	}
	return (double)spent_ns / SHORT_TIMERS;
}

static double measure_ns(const struct timers *t, unsigned pending)
{
	struct tmr *pendingv = calloc(pending, sizeof(*pendingv));
	struct tmr *shortv = calloc(SHORT_TIMERS, sizeof(*shortv));
	double best_ns = 0;
	unsigned i, fired = 0;

	if (!pendingv || !shortv) {
		fprintf(stderr, "bench timers: out of memory\n");
		exit(1);
	}
	for (i = 0; i < pending; i++)
		t->start(&pendingv[i],
			 PENDING_FIRST_MS +
				 (uint64_t)i * PENDING_SPAN_MS / pending,
			 timer_fired, &fired);
	for (i = 0; i < ROUNDS; i++) {
		const double ns = round_ns(t, shortv);

		if (i == 0 || ns < best_ns)
			best_ns = ns;
	}
	for (i = 0; i < pending; i++)
		t->cancel(&pendingv[i]);
	free(shortv);
	free(pendingv);
	return best_ns;
}

static void *symbol(void *lib, const char *name)
{
	void *sym = dlsym(lib, name);

	if (!sym) {
		fprintf(stderr, "bench timers: libre: %s\n", dlerror());
		exit(1);
	}
	return sym;
}

/* The file that the linker found, so that both are the same version */
static struct timers libre_timers(void)
{
	struct list *(*tmrl_get_f)(void);
	struct timers t;
	Dl_info info;
	void *lib;

	if (!dladdr(symbol(RTLD_DEFAULT, "libre_init"), &info)) {
		fprintf(stderr, "bench timers: libre is not a shared object\n");
		exit(1);
	}
	lib = dlmopen(LM_ID_NEWLM, info.dli_fname, RTLD_NOW | RTLD_LOCAL);
	if (!lib) {
		fprintf(stderr, "bench timers: %s\n", dlerror());
		exit(1);
	}
	*(void **)&t.start = symbol(lib, "tmr_start");
	*(void **)&t.cancel = symbol(lib, "tmr_cancel");
	*(void **)&t.poll = symbol(lib, "tmr_poll");
	*(void **)&tmrl_get_f = symbol(lib, "tmrl_get");
	t.tmrl = tmrl_get_f();
	return t;
}

int main(void)
{
	const struct timers ours = {
		.start = tmr_start, .cancel = tmr_cancel, .poll = tmr_poll};
	const struct timers libres = libre_timers();
	double ours_1k, ours_100k, libre_1k, libre_100k;

	if (retmr_init()) {
		fprintf(stderr, "bench timers: libre uses its own timers\n");
		return 1;
	}
	ours_1k = measure_ns(&ours, 1000);
	ours_100k = measure_ns(&ours, 100000);
	libre_1k = measure_ns(&libres, 1000);
	libre_100k = measure_ns(&libres, 100000);
	printf("BENCH timers pending_1k_ns=%.0f pending_100k_ns=%.0f "
	       "libre_1k_ns=%.0f libre_100k_ns=%.0f ratio_100k=%.1f\n",
	       ours_1k, ours_100k, libre_1k, libre_100k,
	       libre_100k / ours_100k);
	return 0;
}

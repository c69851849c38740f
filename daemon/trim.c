/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <malloc.h>
#include <re.h>
#include "bus/bus.h"
#include "daemon/trim.h"
#include "util/clock.h"
#include "util/log.h"

enum {
	LOOK_MS = 3000,
	RUSH = 100,       /* Changes between two looks */
	QUIET_LOOKS = 11  /* 33 s: longer than any transaction */
};

struct trim {
	struct bus_listener *listener;
	struct hlog *log;
	struct tmr tmr;
	unsigned changes;
	unsigned quiet;   /* Looks since the rush */
	bool owed;
};

static void look_h(void *arg)
{
	struct trim *t = arg;
	uint64_t start_us;

	if (t->changes >= RUSH) {
		t->owed = true;
		t->quiet = 0;
	}
	t->changes = 0;
	if (!t->owed)
		return;
	if (t->quiet++ < QUIET_LOOKS) {
		tmr_start(&t->tmr, LOOK_MS, look_h, t);
		return;
	}
	t->owed = false;
	start_us = clock_mono_us();
	(void)malloc_trim(0);
	hlog(t->log, HLOG_INFO, "hollerd", "memory given back",
	     HLOG_U("us", clock_mono_us() - start_us));
}

static void leg_h(const struct bus_msg *msg, void *arg)
{
	struct trim *t = arg;

	(void)msg;
	t->changes++;
	if (!tmr_isrunning(&t->tmr))
		tmr_start(&t->tmr, LOOK_MS, look_h, t);
}

static void destructor(void *arg)
{
	struct trim *t = arg;

	tmr_cancel(&t->tmr);
	mem_deref(t->listener);
}

int trim_alloc(struct trim **tp, struct bus *bus, struct hlog *log)
{
	struct trim *t;
	int err;

	t = mem_zalloc(sizeof(*t), destructor);
	if (!t)
		return ENOMEM;
	t->log = log;
	tmr_init(&t->tmr);
	err = bus_listen(&t->listener, bus, BUS_LEG_STATE, leg_h, t);
	if (err)
		mem_deref(t);
	else
		*tp = t;
	return err;
}

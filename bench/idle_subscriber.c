/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file idle_subscriber.c  Memory of an idle subscriber, whole process
 *
 * Private_Dirty of hollerd, as the slope between two numbers of users who are
 * registered, subscribed and have a leg: what a user adds, without what the
 * process costs anyway. All users are in the database from the start; their
 * rows are part of the cost, so both points are taken from a server that has
 * exactly its users. Read 40 s after the load, when transactions are over and
 * hollerd has given back what it freed.
 */
#include <stdio.h>
#include "bench/lab.h"
#include "util/clock.h"

enum { SETTLE_MS = 40000, LOAD_MS = 300000 };

struct point {
	double dirty_bytes, load_s;
};

static bool point_take(struct point *pt, uint32_t users)
{
	struct crowd *c = NULL;
	const struct lab_cfg cfg = {.users = users};
	struct lab lab;
	uint64_t start_us;
	bool ok = false;

	if (lab_open(&lab, &cfg) || lab_start(&lab) ||
	    lab_ready(&lab) || lab_crowd(&lab, &c, users, NULL, NULL))
		goto out;
	start_us = clock_mono_us();
	crowd_sign_on(c, users);
	if (!crowd_until_up(c, users, LOAD_MS)) {
		fprintf(stderr, "idle_subscriber: %u legs of %u, %u signed on, "
			"%u refused\n", crowd_count(c)->up, users,
			crowd_count(c)->on, crowd_count(c)->refused);
		goto out;
	}
	pt->load_s = (double)(clock_mono_us() - start_us) / 1e6;
	crowd_run(c, SETTLE_MS);
	pt->dirty_bytes = (double)lab_memory_bytes(&lab, "Private_Dirty");
	ok = crowd_count(c)->up == users;
	if (!ok)
		fprintf(stderr, "idle_subscriber: %u legs are left of %u\n",
			crowd_count(c)->up, users);
 out:
	mem_deref(c);
	lab_close(&lab);
	return ok;
}

int main(int argc, char *argv[])
{
	const uint32_t from = lab_arg(argc, argv, "from", 2000);
	const uint32_t to = lab_arg(argc, argv, "to", 20000);
	struct point a, b;

	if (from >= to || !point_take(&a, from) || !point_take(&b, to))
		return 1;
	printf("BENCH idle_subscriber bytes=%.0f from=%u to=%u "
	       "dirty_from_mib=%.1f dirty_to_mib=%.1f load_s=%.1f "
	       "transport=udp sees=0\n",
	       (b.dirty_bytes - a.dirty_bytes) / (to - from), from, to,
	       a.dirty_bytes / (1 << 20), b.dirty_bytes / (1 << 20), b.load_s);
	return 0;
}

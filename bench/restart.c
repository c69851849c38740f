/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file restart.c  kill -9 with many idle legs, and how soon they are back
 *
 * Counted from the start of the new process until the server has acknowledged
 * the last terminal's answer, and until the last one was told by Connect of
 * its group. groups=0: they are in none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bench/lab.h"
#include "util/clock.h"

enum { LOAD_MS = 300000, BACK_MS = 120000 };

struct world {
	struct lab lab;
	struct crowd *c;
	uint32_t legs, groups;
	bool *toldv;           /* Of each terminal */
	uint32_t told;         /* ..how many */
	uint32_t connects;     /* With those said again */
};

static void event_h(const struct crowd_event *ev, void *arg)
{
	struct world *w = arg;

	if (ev->type != CROWD_FLOOR || ev->floor->type != TBCP_CONNECT)
		return;
	w->connects++;
	w->told += !w->toldv[ev->i];
	w->toldv[ev->i] = true;
}

/* Of those that are in a group */
static bool until_told(struct world *w)
{
	const uint64_t end = clock_mono_ms() + BACK_MS;
	const uint32_t least = w->groups ? w->legs : 0;

	while (w->told < least && clock_mono_ms() < end)
		crowd_poll(w->c, 5);
	return w->told >= least;
}

static double seconds_since(uint64_t us)
{
	return (double)(clock_mono_us() - us) / 1e6;
}

static bool restart(struct world *w)
{
	double half_s = 0, up_s, told_s;
	uint64_t start_us;
	bool ok;

	lab_kill(&w->lab);
	crowd_legs_forget(w->c);
	memset(w->toldv, 0, w->legs * sizeof(*w->toldv));
	w->told = w->connects = 0;
	start_us = clock_mono_us();
	if (lab_start(&w->lab))
		return false;
	if (crowd_until_up(w->c, w->legs / 2, BACK_MS))
		half_s = seconds_since(start_us);
	ok = crowd_until_up(w->c, w->legs, BACK_MS);
	up_s = seconds_since(start_us);
	ok = until_told(w) && ok;
	told_s = seconds_since(start_us);
	printf("BENCH restart legs=%u seconds=%.2f lost=%u half_s=%.2f "
	       "cpu_s=%.2f groups=%u told=%u told_s=%.2f connects=%u\n",
	       w->legs, up_s, w->legs - crowd_count(w->c)->up, half_s,
	       lab_cpu_s(&w->lab), w->groups, w->told, told_s, w->connects);
	return ok;
}

/* Terminal i is in group i modulo groups */
static char *group_sql(const struct world *w)
{
	char *sql = NULL, name[CROWD_USER_MAX];
	size_t size;
	FILE *f = open_memstream(&sql, &size);
	uint32_t i;

	if (!f)
		return NULL;
	for (i = 0; i < w->groups; i++)
		fprintf(f, "INSERT INTO talkgroup(name, service) "
			"VALUES('g%u', '" LAB_SERVICE "');\n", i);
	for (i = 0; w->groups && i < w->legs; i++) {
		crowd_user(name, i);
		fprintf(f, "INSERT INTO member(talkgroup, subscriber) "
			"VALUES('g%u', '%s');\n", i % w->groups, name);
	}
	(void)fclose(f);
	return sql;
}

static bool load(struct world *w)
{
	crowd_sign_on(w->c, w->legs);
	if (!crowd_until_up(w->c, w->legs, LOAD_MS)) {
		fprintf(stderr, "restart: only %u legs came up\n",
			crowd_count(w->c)->up);
		return false;
	}
	if (!until_told(w)) {
		fprintf(stderr, "restart: only %u were told of their group\n",
			w->told);
		return false;
	}
	return !lab_store_settle(&w->lab);
}

int main(int argc, char *argv[])
{
	struct world w = {.legs = lab_arg(argc, argv, "legs", 10000),
			  .groups = lab_arg(argc, argv, "groups", 1000)};
	char *sql = group_sql(&w);
	const struct lab_cfg cfg = {.users = w.legs, .sql = sql};
	bool ok;

	w.toldv = calloc(w.legs, sizeof(*w.toldv));
	ok = sql && w.toldv && !lab_open(&w.lab, &cfg) && !lab_start(&w.lab) &&
	     !lab_ready(&w.lab) &&
	     !lab_crowd(&w.lab, &w.c, w.legs, event_h, &w) && load(&w) &&
	     restart(&w);
	mem_deref(w.c);
	lab_close(&w.lab);
	free(w.toldv);
	free(sql);
	return !ok;
}

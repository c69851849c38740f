/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file press_to_grant.c  From a floor request to its grant, in a group
 *
 * Alone, and while other terminals register as fast as the rate says. Members
 * take turns, so that none is held back by its own rate limit.
 */
#include <stdio.h>
#include <stdlib.h>
#include "bench/lab.h"
#include "util/clock.h"

enum {
	MEMBERS = 40,
	OTHERS = 500,          /* Who register beside it */
	GRANT_MS = 2000,
	TURN_MS = 10,          /* Between two presses */
	LOAD_MS = 60000
};

struct turns {
	struct crowd *c;
	uint32_t member;
	uint64_t granted_us;
	bool idle;
	uint32_t flood_per_s, next;
	uint64_t flood_us;
	uint32_t registers;
};

static void event_h(const struct crowd_event *ev, void *arg)
{
	struct turns *t = arg;

	if (ev->type != CROWD_FLOOR || ev->i != t->member)
		return;
	if (ev->floor->type == TBCP_GRANTED && !t->granted_us)
		t->granted_us = ev->at_us;
	else if (ev->floor->type == TBCP_IDLE)
		t->idle = true;
}

static void poll_on(struct turns *t)
{
	const uint64_t now = clock_mono_us();

	if (t->flood_per_s && now >= t->flood_us) {
		(void)crowd_register(t->c, MEMBERS + t->next);
		t->next = (t->next + 1) % OTHERS;
		t->registers++;
		t->flood_us += 1000000 / t->flood_per_s;
	}
	crowd_poll(t->c, t->flood_per_s ? 0 : 2);
}

static bool turn(struct turns *t, uint32_t member, double *usp)
{
	const uint64_t start_us = clock_mono_us();
	const uint64_t end_us = start_us + GRANT_MS * 1000;

	t->member = member;
	t->granted_us = 0;
	t->idle = false;
	(void)crowd_floor(t->c, member, TBCP_REQUEST);
	while (!t->granted_us && clock_mono_us() < end_us)
		poll_on(t);
	if (!t->granted_us)
		return false;
	*usp = (double)(t->granted_us - start_us);
	(void)crowd_floor(t->c, member, TBCP_RELEASE);
	while (!t->idle && clock_mono_us() < end_us)
		poll_on(t);
	while (clock_mono_us() < start_us + TURN_MS * 1000)
		poll_on(t);
	return t->idle;
}

static bool series(struct turns *t, uint32_t n, uint32_t flood_per_s)
{
	const uint64_t start_us = clock_mono_us();
	uint32_t i, done = 0;
	double *us = calloc(n, sizeof(*us));

	if (!us)
		return false;
	t->flood_per_s = flood_per_s;
	t->flood_us = start_us;
	t->registers = 0;
	for (i = 0; i < n; i++)
		done += turn(t, i % MEMBERS, &us[done]);
	if (done)
		printf("BENCH press_to_grant p50_us=%.0f p99_us=%.0f n=%u "
		       "failed=%u registers_per_s=%.0f\n",
		       lab_quantile(us, done, 0.5),
		       lab_quantile(us, done, 0.99), done, n - done,
		       t->registers /
			       ((double)(clock_mono_us() - start_us) / 1e6));
	free(us);
	return done == n;
}

static char *group_sql(void)
{
	char *sql = NULL, name[CROWD_USER_MAX];
	size_t size;
	FILE *f = open_memstream(&sql, &size);
	unsigned i;

	if (!f)
		return NULL;
	fprintf(f, "INSERT INTO talkgroup(name, service) VALUES('bench', '"
		LAB_SERVICE "');\n");
	for (i = 0; i < MEMBERS; i++) {
		crowd_user(name, i);
		fprintf(f, "INSERT INTO member(talkgroup, subscriber) "
			"VALUES('bench', '%s');\n", name);
	}
	(void)fclose(f);
	return sql;
}

int main(int argc, char *argv[])
{
	const uint32_t n = lab_arg(argc, argv, "n", 1000);
	const uint32_t flood = lab_arg(argc, argv, "registers_per_s", 300);
	struct turns t = {.c = NULL};
	char *sql = group_sql();
	const struct lab_cfg cfg = {.users = MEMBERS + OTHERS, .sql = sql};
	struct lab lab;
	bool ok = false;

	if (n && !lab_open(&lab, &cfg) &&
	    !lab_start(&lab) && !lab_ready(&lab) &&
	    !lab_crowd(&lab, &t.c, MEMBERS + OTHERS, event_h, &t)) {
		crowd_sign_on(t.c, MEMBERS + OTHERS);
		ok = crowd_until_up(t.c, MEMBERS + OTHERS, LOAD_MS);
		crowd_run(t.c, 500);
		ok = ok && series(&t, n, 0);
		ok = ok && series(&t, n, flood);
	}
	mem_deref(t.c);
	lab_close(&lab);
	free(sql);
	return !ok;
}

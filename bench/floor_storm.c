/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floor_storm.c  All members of a group press within a moment
 *
 * 500 presses, evenly spread over 100 ms; who is granted lets go at once, so
 * the queue is served as fast as the server and the members can. Each press
 * must have exactly one outcome, granted or denied; being told of a place in
 * the queue is none. Granted is from the press, so it has the wait in it;
 * answered is from the press to the first word.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bench/lab.h"
#include "util/clock.h"

enum {
	MEMBERS = 500,
	STORM_US = 100000,
	ROUNDS = 5,
	QUEUE_MAX = 250,
	ROUND_MS = 10000,
	QUIET_MS = 1200,       /* Nobody hears of anything late */
	LOAD_MS = 60000
};

struct press {
	uint64_t at_us, answered_us, granted_us;
	unsigned granted, denied;
};

struct storm {
	struct crowd *c;
	struct press v[MEMBERS];
	unsigned open;         /**< Presses without an outcome */
	double granted[ROUNDS * MEMBERS], answered[ROUNDS * MEMBERS];
	uint32_t grantedc, answeredc, deniedc, twice, none;
};

static void outcome(struct storm *s, struct press *p)
{
	if (p->granted + p->denied == 1)
		s->open--;
	else
		s->twice++;
}

static void event_h(const struct crowd_event *ev, void *arg)
{
	struct storm *s = arg;
	struct press *p;

	if (ev->type != CROWD_FLOOR || !s->v[ev->i].at_us)
		return;
	p = &s->v[ev->i];
	if (ev->floor->type == TBCP_GRANTED && !p->granted) {
		p->granted = 1;
		p->granted_us = ev->at_us;
		(void)crowd_floor(s->c, ev->i, TBCP_RELEASE);
		outcome(s, p);
	} else if (ev->floor->type == TBCP_DENY) {
		p->denied++;
		outcome(s, p);
	} else if (ev->floor->type != TBCP_QUEUE_STATUS) {
		return;
	}
	if (!p->answered_us)
		p->answered_us = ev->at_us;
}

static void press_all(struct storm *s)
{
	const uint64_t start_us = clock_mono_us();
	uint32_t i;

	memset(s->v, 0, sizeof(s->v));
	s->open = MEMBERS;
	for (i = 0; i < MEMBERS; i++) {
		const uint64_t due = start_us +
				     (uint64_t)i * STORM_US / MEMBERS;

		while (clock_mono_us() < due)
			crowd_poll(s->c, 0);
		s->v[i].at_us = clock_mono_us();
		(void)crowd_floor(s->c, i, TBCP_REQUEST);
	}
}

static void collect(struct storm *s)
{
	uint32_t i;

	for (i = 0; i < MEMBERS; i++) {
		const struct press *p = &s->v[i];

		if (p->answered_us)
			s->answered[s->answeredc++] =
				(double)(p->answered_us - p->at_us);
		if (p->granted)
			s->granted[s->grantedc++] =
				(double)(p->granted_us - p->at_us);
		s->deniedc += p->denied;
		s->none += !p->granted && !p->denied;
	}
}

static void round_run(struct storm *s)
{
	const uint64_t end_us = clock_mono_us() + ROUND_MS * 1000;

	press_all(s);
	while (s->open && clock_mono_us() < end_us)
		crowd_poll(s->c, 1);
	crowd_run(s->c, QUIET_MS);
	collect(s);
}

static bool measure(struct storm *s)
{
	const uint32_t n = ROUNDS * MEMBERS;
	unsigned i;

	for (i = 0; i < ROUNDS; i++)
		round_run(s);
	printf("BENCH floor_storm granted_us_p50=%.0f granted_us_p99=%.0f "
	       "answered=%u of=%u answer_us_p50=%.0f answer_us_p99=%.0f "
	       "granted=%u denied=%u twice=%u none=%u members=%d rounds=%d\n",
	       lab_quantile(s->granted, s->grantedc, 0.5),
	       lab_quantile(s->granted, s->grantedc, 0.99),
	       n - s->none - s->twice, n,
	       lab_quantile(s->answered, s->answeredc, 0.5),
	       lab_quantile(s->answered, s->answeredc, 0.99),
	       s->grantedc, s->deniedc, s->twice, s->none, MEMBERS, ROUNDS);
	return !s->none && !s->twice;
}

static char *group_sql(void)
{
	char *sql = NULL, name[CROWD_USER_MAX];
	size_t size;
	FILE *f = open_memstream(&sql, &size);
	unsigned i;

	if (!f)
		return NULL;
	fprintf(f, "INSERT INTO floor_policy(name, queue_max) "
		"VALUES('storm', %d);\n"
		"INSERT INTO talkgroup(name, service, floor_policy) "
		"VALUES('bench', '" LAB_SERVICE "', 'storm');\n", QUEUE_MAX);
	for (i = 0; i < MEMBERS; i++) {
		crowd_user(name, i);
		fprintf(f, "INSERT INTO member(talkgroup, subscriber) "
			"VALUES('bench', '%s');\n", name);
	}
	(void)fclose(f);
	return sql;
}

int main(void)
{
	static struct storm s;
	char *sql = group_sql();
	const struct lab_cfg cfg = {.users = MEMBERS, .sql = sql};
	struct lab lab;
	bool ok = false;

	if (!lab_open(&lab, &cfg) && !lab_start(&lab) && !lab_ready(&lab) &&
	    !lab_crowd(&lab, &s.c, MEMBERS, event_h, &s)) {
		crowd_sign_on(s.c, MEMBERS);
		ok = crowd_until_up(s.c, MEMBERS, LOAD_MS);
		crowd_run(s.c, 500);
		ok = ok && measure(&s);
	}
	mem_deref(s.c);
	lab_close(&lab);
	free(sql);
	return !ok;
}

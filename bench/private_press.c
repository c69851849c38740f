/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file private_press.c  From REFER to the first packet at the far ear
 *
 * Warm legs; each press is of another pair. The caller asks for the call in
 * its leg's dialog, speaks as soon as its floor channel grants, and the clock
 * stops when the callee's media port has the packet. Terminals of the crowd
 * do it, not handsets: their own threads would be part of the figure.
 */
#include <stdio.h>
#include "bench/lab.h"
#include "util/clock.h"

enum { WARM_UP = 20, PRESSES_MAX = 5000, PRESS_MS = 3000, LOAD_MS = 60000 };

struct press {
	struct crowd *c;
	uint32_t caller;
	uint64_t granted_us, heard_us;
	uint16_t code;         /* Of the REFER */
};

static void event_h(const struct crowd_event *ev, void *arg)
{
	struct press *p = arg;

	switch (ev->type) {
	case CROWD_REFER:
		if (ev->i == p->caller)
			p->code = ev->code;
		break;
	case CROWD_FLOOR:
		if (ev->i != p->caller || p->granted_us ||
		    ev->floor->type != TBCP_GRANTED)
			break;
		p->granted_us = ev->at_us;
		(void)crowd_speak(p->c, p->caller, true);
		break;
	case CROWD_RTP:
		if (ev->i == p->caller + 1 && !p->heard_us)
			p->heard_us = ev->at_us;
		break;
	case CROWD_LEG_UP:
	case CROWD_LEG_DOWN:
	case CROWD_SIGNED_ON:
		break;
	}
}

static bool press(struct press *p, uint32_t caller, double *msp,
		  double *grant_msp)
{
	const uint64_t start_us = clock_mono_us();
	const uint64_t end_ms = clock_mono_ms() + PRESS_MS;
	char callee[CROWD_USER_MAX];

	p->caller = caller;
	p->granted_us = p->heard_us = 0;
	p->code = 0;
	crowd_user(callee, caller + 1);
	if (crowd_refer(p->c, caller, callee, false))
		return false;
	while (!p->heard_us && p->code < 300 && clock_mono_ms() < end_ms)
		crowd_poll(p->c, 5);
	if (!p->heard_us) {
		fprintf(stderr, "private_press: terminal %u: REFER %u, %s\n",
			caller, p->code,
			p->granted_us ? "granted, not heard" : "not granted");
		return false;
	}
	*msp = (double)(p->heard_us - start_us) / 1000;
	*grant_msp = (double)(p->granted_us - start_us) / 1000;
	(void)crowd_floor(p->c, caller, TBCP_RELEASE);
	p->code = 0;
	(void)crowd_refer(p->c, caller, callee, true);
	while (!p->code && clock_mono_ms() < end_ms)
		crowd_poll(p->c, 5);
	crowd_run(p->c, 20);
	return true;
}

static bool presses(struct press *p, uint32_t n)
{
	static double ms[PRESSES_MAX], grant_ms[PRESSES_MAX];
	double unused;
	uint32_t i, failed = 0, done = 0;

	for (i = 0; i < WARM_UP; i++)
		(void)press(p, 2 * i, &unused, &unused);
	for (i = 0; i < n; i++) {
		if (press(p, 2 * (WARM_UP + i), &ms[done], &grant_ms[done]))
			done++;
		else
			failed++;
	}
	if (!done)
		return false;
	printf("BENCH private_press p50_ms=%.2f p99_ms=%.2f max_ms=%.2f "
	       "grant_p50_ms=%.2f n=%u failed=%u ends=crowd\n",
	       lab_quantile(ms, done, 0.5), lab_quantile(ms, done, 0.99),
	       lab_quantile(ms, done, 1), lab_quantile(grant_ms, done, 0.5),
	       done, failed);
	return !failed;
}

int main(int argc, char *argv[])
{
	const uint32_t n = lab_arg(argc, argv, "n", 300);
	const uint32_t users = 2 * (n + WARM_UP);
	struct press p = {.c = NULL};
	const struct lab_cfg cfg = {.users = users};
	struct lab lab;
	bool ok = false;

	if (n && n <= PRESSES_MAX &&
	    !lab_open(&lab, &cfg) &&
	    !lab_start(&lab) && !lab_ready(&lab) &&
	    !lab_crowd(&lab, &p.c, users, event_h, &p)) {
		crowd_sign_on(p.c, users);
		ok = crowd_until_up(p.c, users, LOAD_MS);
		crowd_run(p.c, 500);
		ok = ok && presses(&p, n);
	}
	mem_deref(p.c);
	lab_close(&lab);
	return !ok;
}

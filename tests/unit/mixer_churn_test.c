/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_churn_test.c  Legs and bridges come and go while others talk
 *
 * A long random sequence of commands, with speech and floor messages between
 * them, the same for each run. What has to hold is that nothing of it leaves
 * a trace: at the end two fresh phones talk to each other in the switch that
 * went through all this (row P8). Made for the sanitizers.
 */
#include <stdio.h>
#include <unistd.h>
#include "mixer/mirror.h"
#include "tests/unit/mixer_rig.h"

enum { PHONES = 12, BRIDGES = 4, STEPS = 20000 };

struct churn {
	struct rig r;
	struct phone ph[PHONES];
	bool up[PHONES];
	mixer_bridge_id bv[BRIDGES];
	uint32_t seed;
	unsigned sent;
};

static uint32_t pick(struct churn *c, uint32_t n)
{
	c->seed = c->seed * 1664525 + 1013904223;
	return (c->seed >> 8) % n;
}

static void leg_toggle(struct churn *c, unsigned i)
{
	struct phone *ph = &c->ph[i];

	if (c->up[i]) {
		assert_int_equal(mixer_leg_del(c->r.m, ph->leg), 0);
		phone_close(ph);
	} else {
		phone_open(ph, &c->r, 5, 10 + i % 5, -1);
		phone_sdp(ph);
	}
	c->up[i] = !c->up[i];
}

static void bridge_renew(struct churn *c, unsigned k)
{
	assert_int_equal(mixer_bridge_del(c->r.m, c->bv[k]), 0);
	c->bv[k] = rig_bridge(&c->r, NULL);
}

static void join(struct churn *c, const struct phone *ph, unsigned k)
{
	const struct mixer_member mm = {.may_talk = pick(c, 8) > 0,
					.may_listen = pick(c, 8) > 0,
					.uri = "sip:churn@example.com"};
	const int err = mixer_bridge_join(c->r.m, c->bv[k], ph->leg, &mm);

	assert_int_equal(err, 0);
}

static void step(struct churn *c)
{
	const unsigned i = pick(c, PHONES), k = pick(c, BRIDGES);
	struct phone *ph = &c->ph[i];
	const uint32_t what = pick(c, 64);

	if (what == 0) {
		leg_toggle(c, i);
	} else if (what == 1 && pick(c, 4) == 0) {
		bridge_renew(c, k);
	} else if (!c->up[i]) {
		leg_toggle(c, i);
	} else if (what < 10) {
		join(c, ph, k);
	} else if (what < 14) {
		(void)mixer_bridge_leave(c->r.m, c->bv[k], ph->leg);
	} else if (what < 18) {
		(void)mixer_leg_select(c->r.m, ph->leg, c->bv[k]);
	} else if (what < 22) {
		(void)mixer_floor_request(c->r.m, c->bv[k], ph->leg,
					  FLOOR_NORMAL);
	} else if (what < 24) {
		(void)mixer_floor_release(c->r.m, c->bv[k], ph->leg);
	} else if (what < 28) {
		phone_floor(ph, TBCP_REQUEST);
		c->sent++;
	} else if (what < 30) {
		phone_release(ph, ph->seq);
		c->sent++;
	} else if (what < 31) {
		phone_sdp(ph);
	} else {
		phone_talk(ph, (uint8_t)what);
		c->sent++;
	}
}

/* Places of a worker's pools that are in use. Nothing of it runs any more:
 * what it did last was before the event that was waited for. */
static void pools_empty(const struct worker *w)
{
	const struct replay *r;
	uint32_t n, i;

	assert_int_equal(w->holds.early, 0);
	for (n = 0, i = w->holds.free; i; i = w->holds.v[i - 1].next)
		n++;
	assert_int_equal(n, w->holds.high);
	for (n = 0, i = w->lates.free; i; i = w->lates.v[i - 1].next)
		n++;
	assert_int_equal(n, w->lates.high);
	for (n = 0, r = w->replays.free; r; r = r->next)
		n++;
	assert_int_equal(n, w->replays.high);
}

static void churn(void **state)
{
	static struct churn c;
	struct mixer_stats st;
	struct mixer_cfg cfg;
	unsigned i;

	memset(&c, 0, sizeof(c));
	c.seed = 42;
	rig_cfg(&cfg, rig_workers(state));
	cfg.dead_idle_ms = 100;
	cfg.rtcp_ms = 50;
	rig_open(&c.r, &cfg);
	for (i = 0; i < BRIDGES; i++)
		c.bv[i] = rig_bridge(&c.r, NULL);
	for (i = 0; i < STEPS; i++) {
		step(&c);
		mixer_poll(c.r.m, 16);
		c.r.evc = 0;
		/* The workers keep up, or there would be little to see */
		if (i % 16 == 0)
			RIG_WAIT(&c.r, rx_packets, c.sent);
	}
	for (i = 0; i < PHONES; i++)
		if (c.up[i])
			leg_toggle(&c, i);
	assert_true(RIG_STAT(&c.r, forwarded) > 100);
	assert_true(RIG_STAT(&c.r, replays) > 10);
	assert_true(RIG_STAT(&c.r, held) > 10);
	/* The bridges are there: without a member, nothing is kept */
	for (i = 0; i < cfg.workers; i++) {
		phone_open(&c.ph[i], &c.r, 6, 20 + i, (int)i);
		phone_known(&c.ph[i], &c.r);
		pools_empty(c.r.m->mwv[i].w);
		assert_int_equal(mixer_leg_del(c.r.m, c.ph[i].leg), 0);
		phone_close(&c.ph[i]);
	}
	for (i = 0; i < BRIDGES; i++)
		bridge_renew(&c, i);
	for (i = 0; i < mixer_workers(c.r.m); i++) {
		assert_int_equal(mixer_stats_get(c.r.m, i, &st), 0);
		assert_int_equal(st.legs, 0);
	}
	for (i = 0; i < 2; i++) {
		phone_up(&c.ph[i], &c.r, 6, 10 + i);
		rig_join(&c.r, c.bv[0], &c.ph[i], "sip:x@example.com");
		(void)phone_told(&c.ph[i], TBCP_IDLE);
	}
	phone_press(&c.ph[0]);
	phone_talk(&c.ph[0], 9);
	assert_int_equal(phone_hear(&c.ph[1]), 9);
	phone_close(&c.ph[0]);
	phone_close(&c.ph[1]);
	rig_close(&c.r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(churn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_bounds_test.c  Every bound of the media switch is reached
 * (rows P1, P9)
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include "mixer/leg.h"
#include "tests/unit/mixer_rig.h"

static int leg_at(const struct rig *r, const char *ip, int worker,
		  mixer_leg_id *legp, struct mixer_leg_local *local)
{
	struct mixer_leg_params p = {
		.clock_hz = 8000, .floor = true, .worker = worker};

	assert_int_equal(sa_set_str(&p.flow, ip, 5060), 0);
	return mixer_leg_add(r->m, &p, legp, local);
}

/* A hundred behind one NAT: no two of them share a port */
static void one_ip(void **state)
{
	enum { N = 100 };
	struct mixer_leg_local loc[N], again;
	mixer_leg_id legv[N], leg;
	struct mixer_cfg cfg;
	struct rig r;
	unsigned i, k;

	rig_cfg(&cfg, rig_workers(state));
	rig_open(&r, &cfg);
	for (i = 0; i < N; i++) {
		assert_int_equal(
			leg_at(&r, "127.0.3.1", -1, &legv[i], &loc[i]), 0);
		assert_int_equal(sa_port(&loc[i].rtcp),
				 sa_port(&loc[i].rtp) + 1);
		assert_int_equal(sa_port(&loc[i].rtp) % 2, 0);
		for (k = 0; k < i; k++)
			assert_false(
				sa_cmp(&loc[k].rtp, &loc[i].rtp, SA_ALL));
	}
	/* Another IP uses the lowest again */
	assert_int_equal(leg_at(&r, "127.0.3.2", 0, &leg, &again), 0);
	assert_true(sa_cmp(&again.rtp, &loc[0].rtp, SA_ALL));
	/* ..and this one does not while its old terminal may still speak */
	assert_int_equal(mixer_leg_del(r.m, legv[0]), 0);
	assert_int_equal(leg_at(&r, "127.0.3.1", 0, &leg, &again), 0);
	for (k = 0; k < N; k++)
		assert_false(sa_cmp(&again.rtp, &loc[k].rtp, SA_ALL));
	rig_close(&r);
}

static void triples_max(void **state)
{
	struct mixer_leg_local loc;
	struct mixer_cfg cfg;
	mixer_leg_id leg, other;
	struct rig r;
	struct sa sa;
	unsigned i;

	rig_cfg(&cfg, rig_workers(state));
	cfg.triples_max = 3;
	rig_open(&r, &cfg);
	/* All workers are used before it is refused */
	for (i = 0; i < 3 * cfg.workers; i++)
		assert_int_equal(leg_at(&r, "127.0.3.1", -1, &leg, &loc), 0);
	assert_int_equal(leg_at(&r, "127.0.3.1", -1, &leg, &loc),
			 EADDRNOTAVAIL);
	assert_int_equal(RIG_STAT(&r, drop_no_leg), 0);
	/* A flow cannot move to an IP that uses the leg's triple */
	assert_int_equal(leg_at(&r, "127.0.3.2", 0, &other, &loc), 0);
	assert_int_equal(sa_set_str(&sa, "127.0.3.1", 5060), 0);
	assert_int_equal(mixer_leg_flow_set(r.m, other, &sa), EADDRINUSE);
	assert_int_equal(mixer_leg_del(r.m, leg), 0);
	assert_int_equal(leg_at(&r, "127.0.3.1", -1, &leg, &loc), 0);
	rig_close(&r);
}

/* A configured range of ports is kept, and its end is an error */
static void port_range(void **state)
{
	struct mixer_leg_local loc;
	struct mixer_cfg cfg;
	mixer_leg_id leg;
	struct rig r;
	uint16_t base;
	int err = 0;
	unsigned n;

	/* Where there is room now */
	rig_cfg(&cfg, rig_workers(state));
	rig_open(&r, &cfg);
	assert_int_equal(leg_at(&r, "127.0.3.1", 0, &leg, &loc), 0);
	base = sa_port(&loc.rtp);
	rig_close(&r);
	if (base > 65000)
		base = 65000;
	cfg.triples = 0;
	cfg.port_min = base;
	cfg.port_max = (uint16_t)(base + 39);
	rig_open(&r, &cfg);
	for (n = 0; n < 100; n++) {
		err = leg_at(&r, "127.0.3.1", 0, &leg, &loc);
		if (err)
			break;
		assert_true(sa_port(&loc.rtp) >= base);
		assert_true(sa_port(&loc.floor) <= base + 39);
	}
	assert_int_equal(err, EADDRNOTAVAIL);
	assert_true(n <= 10);
	rig_close(&r);
}

static void legs_max(void **state)
{
	struct mixer_leg_local loc;
	mixer_leg_id legv[10], leg;
	struct mixer_cfg cfg;
	struct rig r;
	unsigned i;

	rig_cfg(&cfg, rig_workers(state));
	cfg.legs_max = 10;
	rig_open(&r, &cfg);
	for (i = 0; i < 10; i++)
		assert_int_equal(
			leg_at(&r, "127.0.3.1", -1, &legv[i], &loc), 0);
	assert_int_equal(leg_at(&r, "127.0.3.2", -1, &leg, &loc), ENOSPC);
	assert_int_equal(mixer_leg_del(r.m, legv[4]), 0);
	assert_int_equal(leg_at(&r, "127.0.3.2", -1, &leg, &loc), 0);
	assert_int_equal(leg_at(&r, "127.0.3.2", -1, &leg, &loc), ENOSPC);
	rig_close(&r);
}

static void bridges_max(void **state)
{
	struct mixer_bridge_params p;
	mixer_bridge_id bv[5], b;
	struct mixer_cfg cfg;
	struct rig r;
	unsigned i;

	rig_cfg(&cfg, rig_workers(state));
	cfg.bridges_max = 5;
	rig_open(&r, &cfg);
	mixer_bridge_params_default(&p);
	for (i = 0; i < 5; i++)
		assert_int_equal(mixer_bridge_add(r.m, &p, &bv[i]), 0);
	assert_int_equal(mixer_bridge_add(r.m, &p, &b), ENOSPC);
	assert_int_equal(mixer_bridge_del(r.m, bv[2]), 0);
	assert_int_equal(mixer_bridge_add(r.m, &p, &b), 0);
	assert_true(b != bv[2]);
	assert_int_equal(mixer_bridge_set(r.m, bv[2], &p), ENOENT);
	assert_int_equal(mixer_bridge_set(r.m, b, &p), 0);
	rig_close(&r);
}

static void members_max(void **state)
{
	static const struct mixer_member mm = {.may_listen = true,
					       .uri = "sip:a@b"};
	struct mixer_member bad = mm;
	struct mixer_leg_local loc;
	mixer_leg_id legv[8];
	struct mixer_cfg cfg;
	struct rig r;
	mixer_bridge_id b;
	unsigned i;

	rig_cfg(&cfg, rig_workers(state));
	cfg.members_max = 7;
	rig_open(&r, &cfg);
	b = rig_bridge(&r, NULL);
	for (i = 0; i < 8; i++) {
		assert_int_equal(
			leg_at(&r, "127.0.3.1", -1, &legv[i], &loc), 0);
		assert_int_equal(mixer_bridge_join(r.m, b, legv[i], &mm),
				 i < 7 ? 0 : ENOSPC);
	}
	assert_int_equal(mixer_bridge_leave(r.m, b, legv[0]), 0);
	assert_int_equal(mixer_bridge_leave(r.m, b, legv[0]), ENOENT);
	assert_int_equal(mixer_bridge_join(r.m, b, legv[7], &mm), 0);
	memset(bad.uri, 'x', sizeof(bad.uri));
	assert_int_equal(mixer_bridge_join(r.m, b, legv[7], &bad), EINVAL);
	rig_close(&r);
}

static void bridges_of_one_leg(void **state)
{
	static const struct mixer_member mm = {.may_listen = true,
					       .uri = "sip:a@b"};
	mixer_bridge_id bv[MIXER_LEG_BRIDGES_MAX + 1];
	struct mixer_leg_local loc;
	struct mixer_cfg cfg;
	mixer_leg_id leg;
	struct rig r;
	unsigned i;

	rig_cfg(&cfg, rig_workers(state));
	rig_open(&r, &cfg);
	assert_int_equal(leg_at(&r, "127.0.3.1", -1, &leg, &loc), 0);
	for (i = 0; i <= MIXER_LEG_BRIDGES_MAX; i++) {
		bv[i] = rig_bridge(&r, NULL);
		assert_int_equal(
			mixer_bridge_join(r.m, bv[i], leg, &mm),
			i < MIXER_LEG_BRIDGES_MAX ? 0 : ENOSPC);
	}
	assert_int_equal(mixer_bridge_leave(r.m, bv[3], leg), 0);
	assert_int_equal(mixer_bridge_join(r.m, bv[MIXER_LEG_BRIDGES_MAX],
					   leg, &mm),
			 0);
	/* With all of them it goes away at once */
	assert_int_equal(mixer_leg_del(r.m, leg), 0);
	rig_close(&r);
}

/* No leg and no bridge is left, as far as mixer_fd() says when to look */
static void rig_gone_wait(struct rig *r)
{
	uint32_t n = 1;
	unsigned i;

	while (n) {
		struct pollfd pfd = {.fd = mixer_fd(r->m), .events = POLLIN};
		struct mixer_stats st;

		for (n = 0, i = 0; i < mixer_workers(r->m); i++) {
			(void)mixer_stats_get(r->m, i, &st);
			n += st.legs + st.bridges;
		}
		if (n)
			assert_int_equal(poll(&pfd, 1, RIG_DEADLINE_MS), 1);
		mixer_poll(r->m, 0);
	}
}

/* Commands come faster than workers take them: refused or all done, and what
 * is deleted is deleted */
static void thousands_of_legs(void **state)
{
	enum { N = 5000 };
	static mixer_leg_id legv[N];
	static const struct mixer_leg_remote rem = {.pt = 0xff};
	static const struct mixer_member mm = {.may_listen = true,
					       .uri = "sip:a@b"};
	struct mixer_leg_local loc;
	struct mixer_cfg cfg;
	struct rig r;
	mixer_bridge_id b;
	unsigned i, n;
	char ip[32];
	int err;

	rig_cfg(&cfg, rig_workers(state));
	rig_open(&r, &cfg);
	b = rig_bridge(&r, NULL);
	for (n = 0; n < N;) {
		(void)snprintf(ip, sizeof(ip), "127.1.%u.%u", n / 250,
			       n % 250 + 1);
		err = leg_at(&r, ip, -1, &legv[n], &loc);
		assert_true(!err || err == EAGAIN);
		if (err)
			continue;
		do {
			err = mixer_bridge_join(r.m, b, legv[n], &mm);
			assert_true(!err || err == EAGAIN);
		} while (err);
		n++;
	}
	/* All from different addresses: one triple a worker is enough */
	assert_int_equal(RIG_STAT(&r, events_lost), 0);
	/* Full rings do not keep what is deleted alive */
	for (i = 0; i < 3; i++)
		while (mixer_leg_remote_set(r.m, legv[i], &rem) != EAGAIN)
			;
	for (i = 0; i < N; i++) {
		assert_int_equal(mixer_leg_del(r.m, legv[i]), 0);
		assert_int_equal(mixer_leg_del(r.m, legv[i]), ENOENT);
	}
	assert_int_equal(mixer_bridge_del(r.m, b), 0);
	assert_int_equal(mixer_bridge_del(r.m, b), ENOENT);
	rig_gone_wait(&r);
	rig_close(&r);
}

/* A leg of one group or two: slot, when it is due, and table of seats */
static void slot_is_small(void **state)
{
	(void)state;
	assert_int_equal(mixer_leg_bytes(),
			 sizeof(struct leg) + sizeof(uint32_t) +
				 seats_bytes(SEATS_FIRST));
	assert_int_equal(seats_bytes(SEATS_FIRST), SEATS_FIRST_BYTES);
	assert_int_equal(seats_bytes(2), SEATS_FIRST_BYTES);
	assert_true(mixer_leg_bytes() <= 512);
	assert_true(sizeof(struct report) <= 88);
	print_message("# a leg takes %zu bytes\n", mixer_leg_bytes());
}

static void nonsense_is_refused(void **state)
{
	struct mixer_leg_params p = {.clock_hz = 8000, .worker = -1};
	struct mixer_leg_remote rem = {.pt = 0xff};
	struct mixer_leg_local loc;
	struct mixer_cfg cfg;
	struct mixer *m = NULL;
	mixer_leg_id leg;
	struct rig r;

	(void)state;
	rig_cfg(&cfg, 1);
	cfg.laddrc = 0;
	assert_int_equal(mixer_alloc(&m, &cfg, NULL, NULL), EINVAL);
	rig_cfg(&cfg, MIXER_WORKERS_MAX + 1);
	assert_int_equal(mixer_alloc(&m, &cfg, NULL, NULL), EINVAL);
	/* An address that is not ours */
	rig_cfg(&cfg, 1);
	assert_int_equal(sa_set_str(&cfg.laddrv[0], "192.0.2.1", 0), 0);
	assert_int_equal(mixer_alloc(&m, &cfg, NULL, NULL), EADDRNOTAVAIL);
	assert_null(m);
	rig_cfg(&cfg, 1);
	rig_open(&r, &cfg);
	assert_int_equal(mixer_leg_add(r.m, &p, &leg, &loc), EINVAL);
	assert_int_equal(sa_set_str(&p.flow, "::1", 5060), 0);
	assert_int_equal(mixer_leg_add(r.m, &p, &leg, &loc), EINVAL);
	assert_int_equal(sa_set_str(&p.flow, "127.0.3.1", 5060), 0);
	p.worker = 1;
	assert_int_equal(mixer_leg_add(r.m, &p, &leg, &loc), EINVAL);
	p.worker = 0;
	assert_int_equal(mixer_leg_add(r.m, &p, &leg, &loc), 0);
	assert_int_equal(sa_set_str(&rem.rtp, "::1", 4000), 0);
	assert_int_equal(mixer_leg_remote_set(r.m, leg, &rem), EINVAL);
	assert_int_equal(mixer_leg_remote_set(r.m, 0, &rem), ENOENT);
	assert_int_equal(mixer_leg_remote_set(r.m, ~0ull, &rem), ENOENT);
	assert_int_equal(mixer_bridge_del(r.m, leg), ENOENT);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(one_ip),
		BOTH(triples_max),
		BOTH(port_range),
		BOTH(legs_max),
		BOTH(bridges_max),
		BOTH(members_max),
		BOTH(bridges_of_one_leg),
		BOTH(thousands_of_legs),
		cmocka_unit_test(slot_is_small),
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

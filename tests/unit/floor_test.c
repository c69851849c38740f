/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floor_test.c  The floor of a bridge, row by row of TS 24.380 section
 * 6.3.4, on virtual time (row P10)
 */
#include "tests/unit/floor_sim.h"

static void grant_tells_all(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, MEMBERS);
	feed(&s, FLOOR_EV_REQUEST, &s.m[0], false);
	assert_int_equal(s.out.n, 2);
	expect(&s, 0, FLOOR_ACT_GRANTED, &s.m[0]);
	assert_int_equal(s.out.v[0].secs, 30);
	expect(&s, 1, FLOOR_ACT_TAKEN, &s.m[0]);
	assert_null(s.out.v[1].to);
	assert_int_equal(s.f.burst, 1);
}

static void deny_reasons(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, 1);
	feed(&s, FLOOR_EV_REQUEST, &s.m[0], false);
	assert_int_equal(s.out.v[0].reason, TBCP_DENY_ONLY_ONE);
	sim_init(&s, MEMBERS);
	feed(&s, FLOOR_EV_REQUEST, &s.m[2], false);
	assert_int_equal(s.out.v[0].reason, TBCP_DENY_LISTEN_ONLY);
	feed(&s, FLOOR_EV_REQUEST, &s.m[0], false);
	feed(&s, FLOOR_EV_REQUEST, &s.m[1], false);
	assert_int_equal(s.out.n, 1);
	expect(&s, 0, FLOOR_ACT_DENY, &s.m[1]);
	assert_int_equal(s.out.v[0].reason, TBCP_DENY_OTHER_HAS_FLOOR);
}

static void request_again_says_what_is_left(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, MEMBERS);
	feed(&s, FLOOR_EV_REQUEST, &s.m[0], false);
	s.now += S(1);
	assert_true(floor_media(&s.f, &s.m[0], s.now));
	s.now += S(10);
	feed(&s, FLOOR_EV_REQUEST, &s.m[0], false);
	assert_int_equal(s.out.n, 1);
	expect(&s, 0, FLOOR_ACT_GRANTED, &s.m[0]);
	assert_true(s.out.v[0].repeat);
	assert_int_equal(s.out.v[0].secs, 20);
	assert_int_equal(s.f.burst, 1);
}

/* T2 runs from the first packet, not from the grant */
static void too_long_is_revoked(void **state)
{
	uint64_t start;
	struct sim s;

	(void)state;
	sim_init(&s, MEMBERS);
	feed(&s, FLOOR_EV_REQUEST, &s.m[0], false);
	s.now += S(3);
	start = s.now;
	for (; s.now < start + S(30); s.now += 20000) {
		assert_true(floor_media(&s.f, &s.m[0], s.now));
		feed(&s, FLOOR_EV_TIME, NULL, false);
		assert_int_equal(s.out.n, 0);
	}
	time_to(&s, start + S(30));
	assert_int_equal(s.out.n, 1);
	expect(&s, 0, FLOOR_ACT_REVOKE, &s.m[0]);
	assert_int_equal(s.out.v[0].reason, TBCP_REVOKE_TOO_LONG);
	assert_int_equal(s.out.v[0].secs, 5);
	assert_false(s.out.v[0].repeat);

	/* Grace: still forwarded, and told again (T8) */
	s.now += 500000;
	assert_true(floor_media(&s.f, &s.m[0], s.now));
	time_to(&s, start + S(31));
	expect(&s, 0, FLOOR_ACT_REVOKE, &s.m[0]);
	assert_true(s.out.v[0].repeat);
	feed(&s, FLOOR_EV_REQUEST, &s.m[0], false);
	assert_int_equal(s.out.v[0].reason, TBCP_DENY_RETRY_AFTER);

	/* T3 */
	time_to(&s, start + S(32));
	time_to(&s, start + S(33));
	assert_int_equal(s.out.n, 2);
	expect(&s, 0, FLOOR_ACT_ENDED, &s.m[0]);
	expect(&s, 1, FLOOR_ACT_IDLE, NULL);
	assert_false(floor_media(&s.f, &s.m[0], s.now));

	/* T9 for that one only */
	time_to(&s, start + S(34));
	feed(&s, FLOOR_EV_REQUEST, &s.m[0], false);
	assert_int_equal(s.out.v[0].reason, TBCP_DENY_RETRY_AFTER);
	feed(&s, FLOOR_EV_REQUEST, &s.m[1], false);
	expect(&s, 0, FLOOR_ACT_GRANTED, &s.m[1]);
	feed(&s, FLOOR_EV_RELEASE, &s.m[1], false);
	s.now = start + S(35);
	feed(&s, FLOOR_EV_REQUEST, &s.m[0], false);
	expect(&s, 0, FLOOR_ACT_GRANTED, &s.m[0]);
}

static void no_limit(void **state)
{
	struct floor_cfg c = cfg;
	struct sim s;

	(void)state;
	sim_init(&s, MEMBERS);
	c.max_talk_ms = 0;
	floor_set(&s.f, &c);
	feed(&s, FLOOR_EV_REQUEST, &s.m[0], false);
	assert_int_equal(s.out.v[0].secs, TBCP_UNLIMITED);
	assert_true(floor_media(&s.f, &s.m[0], s.now));
	assert_true(floor_deadline(&s.f) == s.now + S(4));
}

static void no_grace(void **state)
{
	struct floor_cfg c = cfg;
	struct sim s;
	unsigned i;

	(void)state;
	sim_init(&s, MEMBERS);
	c.revoke_grace_ms = 0;
	floor_set(&s.f, &c);
	feed(&s, FLOOR_EV_REQUEST, &s.m[0], false);
	for (i = 0; i <= 30; i++, s.now += S(1))
		assert_true(floor_media(&s.f, &s.m[0], s.now));
	feed(&s, FLOOR_EV_TIME, NULL, false);
	assert_int_equal(s.out.n, 3);
	expect(&s, 0, FLOOR_ACT_REVOKE, &s.m[0]);
	expect(&s, 1, FLOOR_ACT_ENDED, &s.m[0]);
	expect(&s, 2, FLOOR_ACT_IDLE, NULL);
}

static void silence_frees(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, MEMBERS);
	feed(&s, FLOOR_EV_REQUEST, &s.m[0], false);
	time_to(&s, s.now + S(4) - 1);
	assert_int_equal(s.out.n, 0);
	time_to(&s, s.now + 1);
	assert_int_equal(s.out.n, 2);
	expect(&s, 1, FLOOR_ACT_IDLE, NULL);
}

static void idle_is_repeated(void **state)
{
	struct sim s;
	unsigned n = 0;

	(void)state;
	sim_init(&s, MEMBERS);
	feed(&s, FLOOR_EV_REQUEST, &s.m[0], false);
	feed(&s, FLOOR_EV_RELEASE, &s.m[0], false);
	expect(&s, 1, FLOOR_ACT_IDLE, NULL);
	while (floor_deadline(&s.f) != FLOOR_NEVER) {
		time_to(&s, floor_deadline(&s.f));
		expect(&s, 0, FLOOR_ACT_IDLE, NULL);
		assert_true(s.out.v[0].repeat);
		n++;
	}
	assert_int_equal(n, 3);
	/* A request stops it */
	feed(&s, FLOOR_EV_REQUEST, &s.m[0], false);
	feed(&s, FLOOR_EV_RELEASE, &s.m[0], false);
	feed(&s, FLOOR_EV_REQUEST, &s.m[1], false);
	time_to(&s, s.now + S(2));
	assert_int_equal(s.out.n, 0);
}

static void leaving(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, MEMBERS);
	feed(&s, FLOOR_EV_REQUEST, &s.m[0], false);
	feed(&s, FLOOR_EV_LEAVE, &s.m[0], false);
	assert_int_equal(s.out.n, 2);
	expect(&s, 0, FLOOR_ACT_ENDED, &s.m[0]);
	expect(&s, 1, FLOOR_ACT_IDLE, NULL);

	/* All others leave: the talker is told to stop */
	sim_init(&s, MEMBERS);
	feed(&s, FLOOR_EV_REQUEST, &s.m[0], false);
	feed(&s, FLOOR_EV_LEAVE, &s.m[1], false);
	assert_int_equal(s.out.n, 0);
	feed(&s, FLOOR_EV_LEAVE, &s.m[2], false);
	assert_int_equal(s.out.n, 1);
	expect(&s, 0, FLOOR_ACT_REVOKE, &s.m[0]);
	assert_int_equal(s.out.v[0].reason, TBCP_REVOKE_ONLY_ONE);
}

static void permission_is_taken_away(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, MEMBERS);
	feed(&s, FLOOR_EV_REQUEST, &s.m[0], false);
	s.m[0].may_talk = false;
	feed(&s, FLOOR_EV_SET, &s.m[0], false);
	expect(&s, 0, FLOOR_ACT_REVOKE, &s.m[0]);
	assert_int_equal(s.out.v[0].reason, TBCP_REVOKE_NO_PERMISSION);
}

static void late_comers_are_told(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, 2);
	feed(&s, FLOOR_EV_REQUEST, &s.m[0], false);
	feed(&s, FLOOR_EV_JOIN, &s.m[2], false);
	assert_int_equal(s.out.n, 1);
	expect(&s, 0, FLOOR_ACT_TAKEN, &s.m[0]);
	assert_ptr_equal(s.out.v[0].to, &s.m[2]);
}

/* Packets that were sent before the Release are still let through */
static void drain(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, MEMBERS);
	feed(&s, FLOOR_EV_REQUEST, &s.m[0], false);
	assert_true(floor_media(&s.f, &s.m[0], s.now));
	feed(&s, FLOOR_EV_RELEASE, &s.m[0], true);
	assert_int_equal(s.out.n, 0);
	assert_true(floor_media(&s.f, &s.m[0], s.now));
	feed(&s, FLOOR_EV_DRAINED, NULL, false);
	expect(&s, 1, FLOOR_ACT_IDLE, NULL);

	/* ..but not for ever */
	feed(&s, FLOOR_EV_REQUEST, &s.m[0], false);
	feed(&s, FLOOR_EV_RELEASE, &s.m[0], true);
	time_to(&s, s.now + FLOOR_DRAIN_MS * 1000);
	expect(&s, 1, FLOOR_ACT_IDLE, NULL);

	/* ..and nobody waits for it */
	feed(&s, FLOOR_EV_REQUEST, &s.m[0], false);
	feed(&s, FLOOR_EV_RELEASE, &s.m[0], true);
	feed(&s, FLOOR_EV_REQUEST, &s.m[1], false);
	assert_int_equal(s.out.n, 3);
	expect(&s, 0, FLOOR_ACT_ENDED, &s.m[0]);
	expect(&s, 1, FLOOR_ACT_GRANTED, &s.m[1]);
	expect(&s, 2, FLOOR_ACT_TAKEN, &s.m[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grant_tells_all),
		cmocka_unit_test(deny_reasons),
		cmocka_unit_test(request_again_says_what_is_left),
		cmocka_unit_test(too_long_is_revoked),
		cmocka_unit_test(no_limit),
		cmocka_unit_test(no_grace),
		cmocka_unit_test(silence_frees),
		cmocka_unit_test(idle_is_repeated),
		cmocka_unit_test(leaving),
		cmocka_unit_test(permission_is_taken_away),
		cmocka_unit_test(late_comers_are_told),
		cmocka_unit_test(drain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

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

/* --- the queue ----------------------------------------------------------- */

enum { CROWD = 6 };

/** Six who may do all, and can wait unless it is said otherwise */
struct crowd {
	struct floor f;
	struct floor_member m[CROWD];
	uint64_t now;
	struct floor_out out;
};

static void crowd_init(struct crowd *c, const struct floor_cfg *cfgp)
{
	unsigned i;

	memset(c, 0, sizeof(*c));
	c->now = S(1000);
	floor_init(&c->f, cfgp);
	for (i = 0; i < CROWD; i++) {
		const struct floor_ev ev = {.type = FLOOR_EV_JOIN,
					    .who = &c->m[i]};

		c->m[i].may_talk = true;
		c->m[i].may_emergency = true;
		c->m[i].priority = 255;
		floor_step(&c->f, &ev, c->now, &c->out);
	}
}

static struct floor_cfg queueing(uint16_t queue_max)
{
	struct floor_cfg c = cfg;

	c.queue_max = queue_max;
	c.grant_repeat_ms = 1000;
	c.grant_repeats = 3;
	c.emergency = true;
	return c;
}

static void ask(struct crowd *c, unsigned i, uint8_t priority,
		enum floor_tier tier)
{
	const struct floor_ev ev = {.type = FLOOR_EV_REQUEST,
				    .who = &c->m[i],
				    .priority = priority,
				    .tier = tier,
				    .queues = true};

	floor_step(&c->f, &ev, c->now, &c->out);
}

static void ask_unable(struct crowd *c, unsigned i, uint8_t priority,
		       enum floor_tier tier)
{
	const struct floor_ev ev = {.type = FLOOR_EV_REQUEST,
				    .who = &c->m[i],
				    .priority = priority,
				    .tier = tier};

	floor_step(&c->f, &ev, c->now, &c->out);
}

static void happen(struct crowd *c, enum floor_ev_type type, unsigned i)
{
	const struct floor_ev ev = {.type = type,
				    .who = i < CROWD ? &c->m[i] : NULL};

	floor_step(&c->f, &ev, c->now, &c->out);
}

static void wait_ms(struct crowd *c, unsigned ms)
{
	c->now += (uint64_t)ms * 1000;
	happen(c, FLOOR_EV_TIME, CROWD);
}

/* What was said to, or of, m[i]; NULL: nothing of that type */
static const struct floor_act *said(const struct crowd *c,
				    enum floor_act_type type, unsigned i)
{
	unsigned k;

	for (k = 0; k < c->out.n; k++)
		if (c->out.v[k].type == type && c->out.v[k].who == &c->m[i])
			return &c->out.v[k];
	return NULL;
}

static void expect_order(const struct crowd *c, const char *order)
{
	const struct floor_member *m = c->f.head;
	uint16_t position = 1;

	for (; *order; order++, m = m->next, position++) {
		assert_non_null(m);
		assert_int_equal(m - c->m, *order - '0');
		assert_int_equal(floor_position(&c->f, m), position);
	}
	assert_null(m);
}

static void expect_holder(const struct crowd *c, unsigned i)
{
	assert_ptr_equal(c->f.holder, &c->m[i]);
	assert_int_equal(c->f.state, FLOOR_TAKEN);
}

/* Tier, then priority, then who came first */
static void the_queue_has_an_order(void **state)
{
	const struct floor_cfg c9 = queueing(9);
	struct crowd c;

	(void)state;
	crowd_init(&c, &c9);
	ask(&c, 0, 0, FLOOR_EMERGENCY);
	ask(&c, 1, 3, FLOOR_NORMAL);
	assert_int_equal(said(&c, FLOOR_ACT_QUEUE, 1)->position, 1);
	ask(&c, 2, 5, FLOOR_NORMAL);
	assert_int_equal(said(&c, FLOOR_ACT_QUEUE, 2)->position, 1);
	assert_int_equal(said(&c, FLOOR_ACT_MOVED, 1)->position, 2);
	ask(&c, 3, 3, FLOOR_NORMAL);
	assert_int_equal(said(&c, FLOOR_ACT_QUEUE, 3)->position, 3);
	assert_int_equal(c.out.n, 1);
	ask(&c, 4, 0, FLOOR_PERIL);
	ask(&c, 5, 0, FLOOR_EMERGENCY);
	expect_order(&c, "54213");
}

static void a_participant_has_one_place(void **state)
{
	const struct floor_cfg c9 = queueing(9);
	struct crowd c;

	(void)state;
	crowd_init(&c, &c9);
	ask(&c, 0, 1, FLOOR_NORMAL);
	ask(&c, 1, 1, FLOOR_NORMAL);
	ask(&c, 2, 1, FLOOR_NORMAL);
	ask(&c, 2, 1, FLOOR_NORMAL);
	assert_int_equal(c.out.n, 1);
	assert_true(said(&c, FLOOR_ACT_QUEUE, 2)->repeat);
	expect_order(&c, "12");
	/* Raised, as it asks for more, and kept as it asks for less */
	ask(&c, 2, 2, FLOOR_NORMAL);
	assert_false(said(&c, FLOOR_ACT_QUEUE, 2)->repeat);
	assert_int_equal(said(&c, FLOOR_ACT_MOVED, 1)->position, 2);
	expect_order(&c, "21");
	ask(&c, 2, 0, FLOOR_NORMAL);
	assert_true(said(&c, FLOOR_ACT_QUEUE, 2)->repeat);
	expect_order(&c, "21");
}

static void release_is_how_one_cancels(void **state)
{
	const struct floor_cfg c9 = queueing(9);
	struct crowd c;

	(void)state;
	crowd_init(&c, &c9);
	ask(&c, 0, 1, FLOOR_NORMAL);
	ask(&c, 1, 1, FLOOR_NORMAL);
	ask(&c, 2, 1, FLOOR_NORMAL);
	happen(&c, FLOOR_EV_RELEASE, 1);
	assert_non_null(said(&c, FLOOR_ACT_UNQUEUED, 1));
	assert_int_equal(said(&c, FLOOR_ACT_MOVED, 2)->position, 1);
	/* It is told how things are, or it would repeat its Release */
	assert_ptr_equal(said(&c, FLOOR_ACT_TAKEN, 0)->to, &c.m[1]);
	expect_order(&c, "2");
	happen(&c, FLOOR_EV_POSITION, 1);
	assert_int_equal(said(&c, FLOOR_ACT_QUEUE, 1)->position, 0);
	happen(&c, FLOOR_EV_POSITION, 2);
	assert_int_equal(said(&c, FLOOR_ACT_QUEUE, 2)->position, 1);
}

/* Positions are told at most so often, but then all that are others */
static void a_queue_in_motion(void **state)
{
	const struct floor_cfg c9 = queueing(9);
	struct crowd c;

	(void)state;
	crowd_init(&c, &c9);
	ask(&c, 0, 1, FLOOR_NORMAL);
	ask(&c, 1, 1, FLOOR_NORMAL);
	ask(&c, 2, 1, FLOOR_NORMAL);
	ask(&c, 3, 2, FLOOR_NORMAL);
	assert_int_equal(said(&c, FLOOR_ACT_MOVED, 1)->position, 2);
	ask(&c, 4, 2, FLOOR_NORMAL);
	assert_int_equal(said(&c, FLOOR_ACT_QUEUE, 4)->position, 2);
	assert_int_equal(c.out.n, 1);
	happen(&c, FLOOR_EV_RELEASE, 3);
	assert_null(said(&c, FLOOR_ACT_MOVED, 4));
	assert_true(floor_deadline(&c.f) == c.now + FLOOR_MOVED_MS * 1000);
	wait_ms(&c, FLOOR_MOVED_MS - 1);
	assert_int_equal(c.out.n, 0);
	wait_ms(&c, 1);
	assert_int_equal(c.out.n, 1);
	assert_int_equal(said(&c, FLOOR_ACT_MOVED, 4)->position, 1);
	expect_order(&c, "412");
	/* Nobody is left who does not know */
	happen(&c, FLOOR_EV_RELEASE, 4);
	happen(&c, FLOOR_EV_RELEASE, 2);
	happen(&c, FLOOR_EV_RELEASE, 1);
	wait_ms(&c, FLOOR_MOVED_MS);
	assert_int_equal(c.out.n, 0);
}

static void a_queue_is_full(void **state)
{
	const struct floor_cfg c2 = queueing(2);
	struct floor_cfg c1 = queueing(1);
	struct crowd c;

	(void)state;
	crowd_init(&c, &c2);
	ask(&c, 0, 1, FLOOR_NORMAL);
	ask(&c, 1, 1, FLOOR_NORMAL);
	ask(&c, 2, 1, FLOOR_NORMAL);
	ask(&c, 3, 9, FLOOR_NORMAL);
	assert_int_equal(said(&c, FLOOR_ACT_DENY, 3)->reason,
			 FLOOR_QUEUE_FULL);
	/* Who cannot wait never could */
	ask_unable(&c, 3, 1, FLOOR_NORMAL);
	assert_int_equal(said(&c, FLOOR_ACT_DENY, 3)->reason,
			 TBCP_DENY_OTHER_HAS_FLOOR);
	/* Shorter from now on: it is served, and not grown */
	floor_set(&c.f, &c1);
	expect_order(&c, "12");
	happen(&c, FLOOR_EV_RELEASE, 0);
	expect_holder(&c, 1);
	ask(&c, 3, 1, FLOOR_NORMAL);
	assert_int_equal(said(&c, FLOOR_ACT_DENY, 3)->reason,
			 FLOOR_QUEUE_FULL);
	happen(&c, FLOOR_EV_RELEASE, 1);
	expect_holder(&c, 2);
	/* Who waits in a full one may break in, for who is before it */
	crowd_init(&c, &c2);
	ask(&c, 0, 5, FLOOR_NORMAL);
	ask(&c, 1, 9, FLOOR_NORMAL);
	ask(&c, 2, 1, FLOOR_NORMAL);
	c1 = c2;
	c1.preempt = true;
	floor_set(&c.f, &c1);
	ask(&c, 2, 7, FLOOR_NORMAL);
	assert_non_null(said(&c, FLOOR_ACT_REVOKE, 0));
	happen(&c, FLOOR_EV_RELEASE, 0);
	expect_holder(&c, 1);
	/* There are as many as positions have numbers */
	c1.queue_max = 65535;
	floor_set(&c.f, &c1);
	assert_int_equal(c.f.cfg.queue_max, FLOOR_QUEUE_MAX);
}

/* No Idle in between: who waits is next */
static void the_queue_is_served(void **state)
{
	const struct floor_cfg c9 = queueing(9);
	struct crowd c;

	(void)state;
	crowd_init(&c, &c9);
	ask(&c, 0, 1, FLOOR_NORMAL);
	ask(&c, 1, 1, FLOOR_NORMAL);
	ask(&c, 2, 1, FLOOR_NORMAL);
	happen(&c, FLOOR_EV_RELEASE, 0);
	assert_int_equal(c.out.n, 5);
	assert_int_equal(c.out.v[0].type, FLOOR_ACT_ENDED);
	assert_int_equal(c.out.v[0].burst, 1);
	assert_int_equal(c.out.v[1].type, FLOOR_ACT_UNQUEUED);
	assert_int_equal(c.out.v[2].type, FLOOR_ACT_GRANTED);
	assert_true(c.out.v[2].served);
	assert_int_equal(c.out.v[2].burst, 2);
	assert_int_equal(c.out.v[3].type, FLOOR_ACT_TAKEN);
	assert_int_equal(c.out.v[4].type, FLOOR_ACT_MOVED);
	expect_holder(&c, 1);
	expect_order(&c, "2");
}

/* T20 and C20: who waited may have missed it, and the next one is waiting */
static void a_grant_is_repeated(void **state)
{
	const struct floor_cfg c9 = queueing(9);
	struct floor_cfg slow = c9;
	unsigned i;
	struct crowd c;

	(void)state;
	/* The direct answer to a request is not: T101 repeats that */
	slow.end_of_media_ms = 6000;
	crowd_init(&c, &slow);
	ask(&c, 0, 1, FLOOR_NORMAL);
	wait_ms(&c, 1000);
	assert_int_equal(c.out.n, 0);
	ask(&c, 1, 1, FLOOR_NORMAL);
	ask(&c, 2, 1, FLOOR_NORMAL);
	happen(&c, FLOOR_EV_RELEASE, 0);
	for (i = 0; i < 3; i++) {
		wait_ms(&c, 1000);
		assert_int_equal(c.out.n, 1);
		assert_true(said(&c, FLOOR_ACT_GRANTED, 1)->repeat);
		assert_true(said(&c, FLOOR_ACT_GRANTED, 1)->served);
	}
	wait_ms(&c, 1000);
	expect_holder(&c, 2);
	assert_true(said(&c, FLOOR_ACT_TAKEN, 2)->lost);
	/* An Ack stops that, but nobody else's; T1 is left */
	happen(&c, FLOOR_EV_ACK, 1);
	wait_ms(&c, 1000);
	assert_true(said(&c, FLOOR_ACT_GRANTED, 2)->repeat);
	happen(&c, FLOOR_EV_ACK, 2);
	for (i = 0; i < 4; i++) {
		wait_ms(&c, 1000);
		assert_int_equal(c.out.n, 0);
	}
	wait_ms(&c, 1000);
	assert_int_equal(c.f.state, FLOOR_IDLE);
	assert_true(c.out.v[1].lost);
	/* ..as does speech */
	crowd_init(&c, &c9);
	ask(&c, 0, 1, FLOOR_NORMAL);
	ask(&c, 1, 1, FLOOR_NORMAL);
	happen(&c, FLOOR_EV_RELEASE, 0);
	assert_true(floor_media(&c.f, &c.m[1], c.now));
	wait_ms(&c, 1000);
	assert_int_equal(c.out.n, 0);
}

/* Whoever waits is served however the burst ends */
static void the_queue_outlives_its_talker(void **state)
{
	static const enum floor_ev_type ends[] = {
		FLOOR_EV_RELEASE, FLOOR_EV_LEAVE, FLOOR_EV_TIME};
	const struct floor_cfg c9 = queueing(9);
	struct crowd c;
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		crowd_init(&c, &c9);
		ask(&c, 0, 1, FLOOR_NORMAL);
		ask(&c, 1, 1, FLOOR_NORMAL);
		c.now += S(4);
		happen(&c, ends[i], ends[i] == FLOOR_EV_TIME ? CROWD : 0);
		expect_holder(&c, 1);
	}
	/* A dispatcher's word, and its time of grace */
	crowd_init(&c, &c9);
	ask(&c, 0, 1, FLOOR_NORMAL);
	ask(&c, 1, 1, FLOOR_NORMAL);
	happen(&c, FLOOR_EV_REVOKE, CROWD);
	assert_int_equal(said(&c, FLOOR_ACT_REVOKE, 0)->reason,
			 TBCP_REVOKE_PREEMPTED);
	assert_int_equal(c.f.state, FLOOR_REVOKING);
	happen(&c, FLOOR_EV_REVOKE, CROWD);
	assert_int_equal(c.out.n, 0);
	wait_ms(&c, 3000);
	expect_holder(&c, 1);
}

/* X3: the last words are heard before the next one who has waited talks */
static void the_queue_waits_for_the_last_words(void **state)
{
	const struct floor_cfg c9 = queueing(9);
	struct floor_ev let_go = {.type = FLOOR_EV_RELEASE, .drain = true};
	struct crowd c;

	(void)state;
	crowd_init(&c, &c9);
	let_go.who = &c.m[0];
	ask(&c, 0, 1, FLOOR_NORMAL);
	ask(&c, 1, 1, FLOOR_NORMAL);
	assert_true(floor_media(&c.f, &c.m[0], c.now));
	floor_step(&c.f, &let_go, c.now, &c.out);
	assert_int_equal(c.out.n, 0);
	assert_true(floor_media(&c.f, &c.m[0], c.now));
	/* ..nor does who comes later go first */
	ask(&c, 2, 1, FLOOR_NORMAL);
	expect_order(&c, "12");
	happen(&c, FLOOR_EV_DRAINED, CROWD);
	expect_holder(&c, 1);
	/* What never comes is not waited for for ever */
	let_go.who = &c.m[1];
	floor_step(&c.f, &let_go, c.now, &c.out);
	wait_ms(&c, FLOOR_DRAIN_MS - 1);
	assert_int_equal(c.f.state, FLOOR_DRAINING);
	wait_ms(&c, 1);
	expect_holder(&c, 2);
}

static void alone_with_a_place_in_the_queue(void **state)
{
	const struct floor_cfg c9 = queueing(9);
	struct crowd c;
	unsigned i;

	(void)state;
	crowd_init(&c, &c9);
	ask(&c, 0, 1, FLOOR_NORMAL);
	ask(&c, 1, 1, FLOOR_NORMAL);
	for (i = 2; i < CROWD; i++)
		happen(&c, FLOOR_EV_LEAVE, i);
	happen(&c, FLOOR_EV_LEAVE, 0);
	assert_int_equal(said(&c, FLOOR_ACT_DENY, 1)->reason,
			 TBCP_DENY_ONLY_ONE);
	assert_int_equal(c.f.state, FLOOR_IDLE);
	expect_order(&c, "");
}

static void permissions_of_who_waits(void **state)
{
	const struct floor_cfg c9 = queueing(9);
	struct crowd c;

	(void)state;
	crowd_init(&c, &c9);
	ask(&c, 0, 0, FLOOR_EMERGENCY);
	ask(&c, 1, 5, FLOOR_EMERGENCY);
	ask(&c, 2, 4, FLOOR_NORMAL);
	ask(&c, 3, 3, FLOOR_NORMAL);
	/* It is no emergency any more, and its priority is less */
	c.m[1].may_emergency = false;
	c.m[1].priority = 3;
	happen(&c, FLOOR_EV_SET, 1);
	expect_order(&c, "231");
	assert_int_equal(said(&c, FLOOR_ACT_QUEUE, 1)->position, 3);
	assert_int_equal(said(&c, FLOOR_ACT_MOVED, 2)->position, 1);
	c.m[2].may_talk = false;
	happen(&c, FLOOR_EV_SET, 2);
	assert_int_equal(said(&c, FLOOR_ACT_DENY, 2)->reason,
			 TBCP_DENY_LISTEN_ONLY);
	expect_order(&c, "31");
	/* What is none any more is pre-empted as any other burst */
	c.m[0].may_emergency = false;
	happen(&c, FLOOR_EV_SET, 0);
	assert_null(said(&c, FLOOR_ACT_TAKEN, 0)->to);
	ask(&c, 4, 0, FLOOR_PERIL);
	assert_non_null(said(&c, FLOOR_ACT_REVOKE, 0));
}

/* --- breaking in --------------------------------------------------------- */

static void a_higher_priority_breaks_in(void **state)
{
	struct floor_cfg c9 = queueing(9);
	struct crowd c;

	(void)state;
	crowd_init(&c, &c9);
	ask(&c, 0, 5, FLOOR_NORMAL);
	ask(&c, 1, 6, FLOOR_NORMAL);
	/* ..only where it may */
	expect_holder(&c, 0);
	c9.preempt = true;
	floor_set(&c.f, &c9);
	ask(&c, 2, 5, FLOOR_NORMAL);
	expect_holder(&c, 0);
	ask(&c, 3, 7, FLOOR_NORMAL);
	assert_int_equal(said(&c, FLOOR_ACT_QUEUE, 3)->position, 1);
	assert_int_equal(said(&c, FLOOR_ACT_REVOKE, 0)->reason,
			 TBCP_REVOKE_PREEMPTED);
	assert_int_equal(said(&c, FLOOR_ACT_MOVED, 1)->position, 2);
	expect_order(&c, "312");
	/* Heard on until its grace is over, or it lets go; told again (T8) */
	assert_true(floor_media(&c.f, &c.m[0], c.now));
	wait_ms(&c, 1000);
	assert_true(said(&c, FLOOR_ACT_REVOKE, 0)->repeat);
	ask(&c, 0, 9, FLOOR_NORMAL);
	assert_int_equal(said(&c, FLOOR_ACT_DENY, 0)->reason,
			 TBCP_DENY_OTHER_HAS_FLOOR);
	happen(&c, FLOOR_EV_RELEASE, 0);
	expect_holder(&c, 3);
	/* One that waits may break in when it asks again */
	ask(&c, 1, 8, FLOOR_NORMAL);
	assert_int_equal(c.f.state, FLOOR_REVOKING);
	wait_ms(&c, 3000);
	expect_holder(&c, 1);
}

static void tiers_break_in(void **state)
{
	struct floor_cfg c0 = queueing(0);
	struct crowd c;

	(void)state;
	crowd_init(&c, &c0);
	ask(&c, 0, 200, FLOOR_NORMAL);
	ask(&c, 1, 0, FLOOR_PERIL);
	assert_int_equal(c.f.state, FLOOR_REVOKING);
	ask(&c, 2, 0, FLOOR_EMERGENCY);
	/* Nobody waits here, but for whom the floor is taken */
	expect_order(&c, "21");
	ask(&c, 3, 200, FLOOR_PERIL);
	ask(&c, 4, 0, FLOOR_EMERGENCY);
	assert_int_equal(said(&c, FLOOR_ACT_DENY, 4)->reason,
			 TBCP_DENY_OTHER_HAS_FLOOR);
	expect_order(&c, "21");
	happen(&c, FLOOR_EV_RELEASE, 0);
	expect_holder(&c, 2);
	assert_int_equal(c.f.tier, FLOOR_EMERGENCY);
	/* An emergency is not broken into */
	c0.preempt = true;
	floor_set(&c.f, &c0);
	ask(&c, 3, 255, FLOOR_EMERGENCY);
	expect_holder(&c, 2);
	/* Where tiers do not count, or who has none, they are as any other */
	c0.preempt = c0.emergency = false;
	crowd_init(&c, &c0);
	ask(&c, 0, 0, FLOOR_NORMAL);
	ask(&c, 1, 0, FLOOR_EMERGENCY);
	assert_non_null(said(&c, FLOOR_ACT_DENY, 1));
	c0.emergency = true;
	floor_set(&c.f, &c0);
	c.m[1].may_emergency = false;
	ask(&c, 1, 0, FLOOR_EMERGENCY);
	assert_non_null(said(&c, FLOOR_ACT_DENY, 1));
}

/* The talker's own need grows: all are told */
static void a_burst_becomes_an_emergency(void **state)
{
	const struct floor_cfg c9 = queueing(9);
	struct crowd c;

	(void)state;
	crowd_init(&c, &c9);
	ask(&c, 0, 1, FLOOR_NORMAL);
	ask(&c, 0, 1, FLOOR_EMERGENCY);
	assert_true(said(&c, FLOOR_ACT_GRANTED, 0)->repeat);
	assert_null(said(&c, FLOOR_ACT_TAKEN, 0)->to);
	assert_int_equal(c.f.tier, FLOOR_EMERGENCY);
	assert_int_equal(c.f.burst, 1);
	ask(&c, 0, 1, FLOOR_NORMAL);
	assert_int_equal(c.f.tier, FLOOR_EMERGENCY);
	ask(&c, 1, 1, FLOOR_EMERGENCY);
	expect_holder(&c, 0);
}

/* Told nothing while it waits: its own repeats bridge that */
static void who_cannot_wait_breaks_in(void **state)
{
	const struct floor_cfg c9 = queueing(9);
	struct crowd c;

	(void)state;
	crowd_init(&c, &c9);
	ask(&c, 0, 1, FLOOR_NORMAL);
	ask_unable(&c, 1, 1, FLOOR_PERIL);
	assert_true(said(&c, FLOOR_ACT_QUEUE, 1)->quiet);
	ask_unable(&c, 1, 1, FLOOR_PERIL);
	assert_true(said(&c, FLOOR_ACT_QUEUE, 1)->quiet);
	assert_int_equal(c.out.n, 1);
	/* ..but what it asks for */
	happen(&c, FLOOR_EV_POSITION, 1);
	assert_false(said(&c, FLOOR_ACT_QUEUE, 1)->quiet);
	/* It counts for less, but is still the next one */
	c.m[1].priority = 0;
	happen(&c, FLOOR_EV_SET, 1);
	assert_int_equal(c.out.n, 1);
	assert_true(said(&c, FLOOR_ACT_QUEUE, 1)->quiet);
	/* Another one is next: it would wait in vain */
	ask_unable(&c, 2, 1, FLOOR_EMERGENCY);
	assert_int_equal(said(&c, FLOOR_ACT_DENY, 1)->reason,
			 TBCP_DENY_OTHER_HAS_FLOOR);
	expect_order(&c, "2");
	ask_unable(&c, 1, 1, FLOOR_EMERGENCY);
	assert_non_null(said(&c, FLOOR_ACT_DENY, 1));
	happen(&c, FLOOR_EV_RELEASE, 0);
	expect_holder(&c, 2);
	assert_true(said(&c, FLOOR_ACT_GRANTED, 2)->served);
	/* It lets go before it is granted: the revoke goes on all the same */
	happen(&c, FLOOR_EV_RELEASE, 2);
	ask(&c, 0, 1, FLOOR_NORMAL);
	ask_unable(&c, 1, 1, FLOOR_PERIL);
	happen(&c, FLOOR_EV_RELEASE, 1);
	expect_order(&c, "");
	wait_ms(&c, 3000);
	assert_int_equal(c.f.state, FLOOR_IDLE);
}

static void audio_cut_in(void **state)
{
	struct floor_cfg c0 = queueing(0);
	struct crowd c;

	(void)state;
	c0.cut_in = true;
	crowd_init(&c, &c0);
	ask(&c, 0, 9, FLOOR_NORMAL);
	ask_unable(&c, 1, 1, FLOOR_NORMAL);
	assert_int_equal(c.out.n, 4);
	assert_int_equal(c.out.v[0].type, FLOOR_ACT_REVOKE);
	assert_int_equal(c.out.v[0].burst, 1);
	assert_int_equal(c.out.v[1].type, FLOOR_ACT_ENDED);
	assert_int_equal(c.out.v[2].type, FLOOR_ACT_GRANTED);
	assert_int_equal(c.out.v[2].burst, 2);
	assert_int_equal(c.out.v[3].type, FLOOR_ACT_TAKEN);
	expect_holder(&c, 1);
	assert_false(floor_media(&c.f, &c.m[0], c.now));
	/* Time to stop is what cut-in does not give; a Revoke by T2 does */
	assert_true(floor_media(&c.f, &c.m[1], c.now));
	while (c.f.state == FLOOR_TAKEN) {
		wait_ms(&c, 1000);
		(void)floor_media(&c.f, &c.m[1], c.now);
	}
	assert_int_equal(c.f.state, FLOOR_REVOKING);
	ask(&c, 2, 0, FLOOR_NORMAL);
	expect_holder(&c, 2);
	assert_true(c.out.v[0].repeat);
	assert_int_equal(c.out.v[0].reason, TBCP_REVOKE_TOO_LONG);
	/* It has a time of its own */
	assert_true(floor_media(&c.f, &c.m[2], c.now));
	assert_true(c.f.t2 == c.now + S(30));
	/* Nobody cuts into a graver need */
	ask(&c, 3, 0, FLOOR_PERIL);
	ask(&c, 4, 9, FLOOR_NORMAL);
	expect_holder(&c, 3);
	ask(&c, 3, 0, FLOOR_EMERGENCY);
	expect_holder(&c, 3);
	ask(&c, 4, 9, FLOOR_EMERGENCY);
	assert_non_null(said(&c, FLOOR_ACT_DENY, 4));
}

/* ..in the same step */
static void no_grace_for_who_is_broken_into(void **state)
{
	struct floor_cfg c0 = queueing(0);
	struct crowd c;

	(void)state;
	c0.revoke_grace_ms = 0;
	crowd_init(&c, &c0);
	ask(&c, 0, 1, FLOOR_NORMAL);
	ask_unable(&c, 1, 1, FLOOR_PERIL);
	assert_int_equal(said(&c, FLOOR_ACT_REVOKE, 0)->reason,
			 TBCP_REVOKE_PREEMPTED);
	expect_holder(&c, 1);
}

/* It has to stop; a graver need is a new request, whatever the old one was,
 * but no more than that */
static void who_has_to_stop_is_in_danger(void **state)
{
	const struct floor_cfg c9 = queueing(9);
	struct floor_ev urgent = {.type = FLOOR_EV_REQUEST,
				  .tier = FLOOR_PERIL,
				  .no_room = true};
	struct crowd c;
	unsigned i;

	(void)state;
	crowd_init(&c, &c9);
	urgent.who = &c.m[0];
	ask(&c, 0, 1, FLOOR_NORMAL);
	happen(&c, FLOOR_EV_REVOKE, CROWD);
	floor_step(&c.f, &urgent, c.now, &c.out);
	assert_non_null(said(&c, FLOOR_ACT_DENY, 0));
	ask(&c, 1, 1, FLOOR_PERIL);
	ask(&c, 0, 1, FLOOR_PERIL);
	assert_non_null(said(&c, FLOOR_ACT_DENY, 0));
	ask(&c, 0, 1, FLOOR_EMERGENCY);
	expect_holder(&c, 0);
	assert_int_equal(c.f.burst, 2);
	expect_order(&c, "1");
	/* Nobody would hear it */
	crowd_init(&c, &c9);
	ask(&c, 0, 1, FLOOR_NORMAL);
	for (i = 1; i < CROWD; i++)
		happen(&c, FLOOR_EV_LEAVE, i);
	assert_int_equal(c.f.state, FLOOR_REVOKING);
	ask(&c, 0, 1, FLOOR_EMERGENCY);
	assert_int_equal(said(&c, FLOOR_ACT_DENY, 0)->reason,
			 TBCP_DENY_ONLY_ONE);
}

/* One-way: nobody may ask while one talks, not even in an emergency */
static void broadcast(void **state)
{
	struct floor_cfg c9 = queueing(9);
	struct crowd c;

	(void)state;
	c9.broadcast = c9.preempt = true;
	crowd_init(&c, &c9);
	ask(&c, 0, 1, FLOOR_NORMAL);
	ask(&c, 1, 9, FLOOR_EMERGENCY);
	assert_int_equal(said(&c, FLOOR_ACT_DENY, 1)->reason,
			 TBCP_DENY_LISTEN_ONLY);
	expect_order(&c, "");
	happen(&c, FLOOR_EV_RELEASE, 0);
	ask(&c, 1, 1, FLOOR_NORMAL);
	expect_holder(&c, 1);
}

/* --- time ---------------------------------------------------------------- */

static void the_end_is_announced(void **state)
{
	struct floor_cfg c0 = queueing(0);
	struct crowd c;
	unsigned i;

	(void)state;
	c0.warn_ms = 5000;
	crowd_init(&c, &c0);
	ask(&c, 0, 1, FLOOR_NORMAL);
	wait_ms(&c, 3000);
	for (i = 0; i < 25; i++) {
		assert_true(floor_media(&c.f, &c.m[0], c.now));
		assert_int_equal(c.out.n, 0);
		wait_ms(&c, 1000);
	}
	assert_int_equal(said(&c, FLOOR_ACT_WARN, 0)->secs, 5);
	assert_int_equal(c.out.n, 1);
	for (i = 0; i < 5; i++) {
		assert_true(floor_media(&c.f, &c.m[0], c.now));
		wait_ms(&c, 1000);
		assert_int_equal(c.out.n, i == 4);
	}
	assert_non_null(said(&c, FLOOR_ACT_REVOKE, 0));
	/* The answer to a request says how long it has to wait */
	happen(&c, FLOOR_EV_RELEASE, 0);
	wait_ms(&c, 1500);
	ask(&c, 0, 1, FLOOR_NORMAL);
	assert_int_equal(said(&c, FLOOR_ACT_DENY, 0)->secs, 4);
	/* T9 is a penalty, and no muzzle */
	ask(&c, 0, 1, FLOOR_EMERGENCY);
	expect_holder(&c, 0);
}

/* T4: once, and again when somebody has talked, or come */
static void nobody_asks(void **state)
{
	struct floor_cfg c0 = queueing(0);
	struct crowd c;

	(void)state;
	c0.idle_repeat_ms = 0;
	c0.inactivity_ms = 30000;
	crowd_init(&c, &c0);
	wait_ms(&c, 29999);
	assert_int_equal(c.out.n, 0);
	wait_ms(&c, 1);
	assert_int_equal(c.out.n, 1);
	assert_int_equal(c.out.v[0].type, FLOOR_ACT_INACTIVE);
	assert_true(floor_deadline(&c.f) == FLOOR_NEVER);
	ask(&c, 0, 1, FLOOR_NORMAL);
	happen(&c, FLOOR_EV_RELEASE, 0);
	wait_ms(&c, 29999);
	assert_int_equal(c.out.n, 0);
	wait_ms(&c, 1);
	assert_int_equal(c.out.n, 1);
	happen(&c, FLOOR_EV_LEAVE, 0);
	happen(&c, FLOOR_EV_JOIN, 0);
	wait_ms(&c, 30000);
	assert_int_equal(c.out.n, 1);
	/* What is not wanted any more ends at once */
	c0.idle_repeat_ms = 1000;
	floor_set(&c.f, &c0);
	ask(&c, 0, 1, FLOOR_NORMAL);
	happen(&c, FLOOR_EV_RELEASE, 0);
	assert_true(c.f.t4 != FLOOR_NEVER && c.f.t7 != FLOOR_NEVER);
	c0.idle_repeat_ms = c0.inactivity_ms = 0;
	floor_set(&c.f, &c0);
	assert_true(floor_deadline(&c.f) == FLOOR_NEVER);
}

/* The machine that carries it is overloaded */
static void no_room(void **state)
{
	struct floor_cfg c9 = queueing(9);
	struct floor_ev time = {.type = FLOOR_EV_TIME, .no_room = true};
	struct crowd c;

	(void)state;
	c9.idle_repeat_ms = 0;
	crowd_init(&c, &c9);
	ask(&c, 0, 1, FLOOR_NORMAL);
	ask(&c, 1, 1, FLOOR_NORMAL);
	happen(&c, FLOOR_EV_SHED, CROWD);
	assert_int_equal(said(&c, FLOOR_ACT_REVOKE, 0)->reason,
			 FLOOR_NO_RESOURCES);
	assert_int_equal(c.f.state, FLOOR_IDLE);
	expect_order(&c, "1");
	/* It keeps its place until there is room */
	c.now += S(1);
	floor_step(&c.f, &time, c.now, &c.out);
	assert_int_equal(c.out.n, 0);
	expect_order(&c, "1");
	ask(&c, 2, 1, FLOOR_NORMAL);
	expect_order(&c, "12");
	wait_ms(&c, FLOOR_ROOM_MS);
	expect_holder(&c, 1);
	assert_int_equal(said(&c, FLOOR_ACT_MOVED, 2)->position, 1);
	/* An emergency is carried whatever it costs */
	happen(&c, FLOOR_EV_SHED, CROWD);
	floor_step(&c.f,
		   &(struct floor_ev){.type = FLOOR_EV_REQUEST,
				      .who = &c.m[3],
				      .tier = FLOOR_EMERGENCY,
				      .no_room = true},
		   c.now, &c.out);
	expect_holder(&c, 3);
}

static void no_room_for_who_breaks_in(void **state)
{
	struct floor_cfg c9 = queueing(9);
	struct floor_ev ev = {.type = FLOOR_EV_REQUEST,
			      .priority = 9,
			      .no_room = true};
	struct crowd c;

	(void)state;
	c9.preempt = true;
	crowd_init(&c, &c9);
	ask(&c, 0, 1, FLOOR_NORMAL);
	ev.who = &c.m[1];
	floor_step(&c.f, &ev, c.now, &c.out);
	assert_non_null(said(&c, FLOOR_ACT_DENY, 1));
	expect_holder(&c, 0);
	ev.queues = true;
	floor_step(&c.f, &ev, c.now, &c.out);
	expect_order(&c, "1");
	expect_holder(&c, 0);
	/* It waits for room, and keeps its place and what that counts for */
	happen(&c, FLOOR_EV_SHED, CROWD);
	ev.priority = 1;
	floor_step(&c.f, &ev, c.now, &c.out);
	expect_order(&c, "1");
	ask(&c, 1, 1, FLOOR_NORMAL);
	expect_holder(&c, 1);
	assert_int_equal(c.f.priority, 9);
}

static void all_leave_and_come_again(void **state)
{
	struct floor_cfg c0 = queueing(0);
	struct crowd c;
	unsigned i;

	(void)state;
	c0.inactivity_ms = 30000;
	c0.max_talk_ms = 2000;
	c0.warn_ms = 2000;
	crowd_init(&c, &c0);
	ask(&c, 0, 1, FLOOR_NORMAL);
	assert_true(floor_media(&c.f, &c.m[0], c.now));
	/* There is no time to warn */
	wait_ms(&c, 1999);
	assert_int_equal(c.out.n, 0);
	wait_ms(&c, 1);
	assert_int_equal(c.out.n, 1);
	happen(&c, FLOOR_EV_RELEASE, 0);
	for (i = 0; i < CROWD; i++)
		happen(&c, FLOOR_EV_LEAVE, i);
	/* There is nobody to be told anything */
	assert_true(floor_deadline(&c.f) == FLOOR_NEVER);
	for (i = 0; i < CROWD; i++)
		happen(&c, FLOOR_EV_JOIN, i);
	/* ..nor anything that is held against anybody */
	ask(&c, 0, 1, FLOOR_NORMAL);
	expect_holder(&c, 0);
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
		cmocka_unit_test(the_queue_has_an_order),
		cmocka_unit_test(a_participant_has_one_place),
		cmocka_unit_test(release_is_how_one_cancels),
		cmocka_unit_test(a_queue_in_motion),
		cmocka_unit_test(a_queue_is_full),
		cmocka_unit_test(the_queue_is_served),
		cmocka_unit_test(a_grant_is_repeated),
		cmocka_unit_test(the_queue_outlives_its_talker),
		cmocka_unit_test(the_queue_waits_for_the_last_words),
		cmocka_unit_test(alone_with_a_place_in_the_queue),
		cmocka_unit_test(permissions_of_who_waits),
		cmocka_unit_test(a_higher_priority_breaks_in),
		cmocka_unit_test(tiers_break_in),
		cmocka_unit_test(a_burst_becomes_an_emergency),
		cmocka_unit_test(who_cannot_wait_breaks_in),
		cmocka_unit_test(audio_cut_in),
		cmocka_unit_test(no_grace_for_who_is_broken_into),
		cmocka_unit_test(who_has_to_stop_is_in_danger),
		cmocka_unit_test(broadcast),
		cmocka_unit_test(the_end_is_announced),
		cmocka_unit_test(nobody_asks),
		cmocka_unit_test(no_room),
		cmocka_unit_test(no_room_for_who_breaks_in),
		cmocka_unit_test(all_leave_and_come_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floor_test.c  The floor of a bridge, on virtual time (row P10)
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "mixer/floor.h"

enum { MEMBERS = 3, DEPTH = 5, ANSWERS_MAX = 8 };

static const struct floor_cfg cfg = {.max_talk_ms = 30000,
				     .revoke_grace_ms = 3000,
				     .end_of_media_ms = 4000,
				     .retry_after_ms = 5000,
				     .idle_repeat_ms = 1000,
				     .idle_repeats = 3};

#define S(n) ((uint64_t)(n) * 1000000)

/** A bridge of three: two may talk, the third listens only */
struct sim {
	struct floor f;
	struct floor_member m[MEMBERS];
	bool in[MEMBERS];
	bool granted[MEMBERS]; /**< What the actions said so far */
	uint64_t now;
	struct floor_out out;
};

static void feed(struct sim *s, enum floor_ev_type type,
		 struct floor_member *who, bool drain)
{
	const struct floor_ev ev = {
		.type = type, .who = who, .drain = drain};

	floor_step(&s->f, &ev, s->now, &s->out);
}

static void sim_init(struct sim *s, unsigned members)
{
	unsigned i;

	memset(s, 0, sizeof(*s));
	s->now = S(1000);
	floor_init(&s->f, &cfg);
	for (i = 0; i < MEMBERS; i++)
		s->m[i].may_talk = i < 2;
	for (i = 0; i < members; i++) {
		feed(s, FLOOR_EV_JOIN, &s->m[i], false);
		s->in[i] = true;
	}
}

/* A copy's holder is one of its own members */
static void sim_fix(struct sim *s, const struct sim *from)
{
	if (from->f.holder)
		s->f.holder = &s->m[from->f.holder - from->m];
}

static void time_to(struct sim *s, uint64_t now)
{
	s->now = now;
	feed(s, FLOOR_EV_TIME, NULL, false);
}

static void expect(const struct sim *s, unsigned i, enum floor_act_type type,
		   const struct floor_member *who)
{
	assert_true(i < s->out.n);
	assert_int_equal(s->out.v[i].type, type);
	assert_ptr_equal(s->out.v[i].who, who);
}

/* --- every sequence ------------------------------------------------------ */

enum step {
	ST_JOIN_A, ST_LEAVE_A, ST_REQUEST_A, ST_RELEASE_A, ST_DRAIN_A,
	ST_MEDIA_A, ST_MUTE_A, ST_UNMUTE_A,
	ST_REQUEST_B, ST_RELEASE_B, ST_MEDIA_B, ST_LEAVE_B, ST_JOIN_B,
	ST_REQUEST_L, ST_MEDIA_L, ST_LEAVE_L, ST_JOIN_L,
	ST_DRAINED, ST_SOON, ST_DEADLINE, ST_LATE,
	STEPS
};

struct coverage {
	unsigned seen[FLOOR_DRAINING + 1][STEPS];
	unsigned long sequences;
};

static void check_answer(const struct sim *s, const struct floor_member *who)
{
	unsigned i, n = 0;

	for (i = 0; i < s->out.n; i++)
		if ((s->out.v[i].type == FLOOR_ACT_GRANTED ||
		     s->out.v[i].type == FLOOR_ACT_DENY) &&
		    s->out.v[i].who == who)
			n++;
	assert_int_equal(n, 1);
}

/* What the participants were told adds up */
static void check_told(struct sim *s)
{
	unsigned i, k, holders = 0;

	assert_true(s->out.n <= FLOOR_ACTIONS_MAX);
	for (i = 0; i < s->out.n; i++) {
		const struct floor_act *a = &s->out.v[i];

		for (k = 0; k < MEMBERS; k++) {
			if (a->who != &s->m[k])
				continue;
			if (a->type == FLOOR_ACT_GRANTED) {
				assert_true(!a->repeat || s->granted[k]);
				s->granted[k] = true;
			}
			if (a->type == FLOOR_ACT_ENDED) {
				assert_true(s->granted[k]);
				s->granted[k] = false;
			}
			if (a->type == FLOOR_ACT_REVOKE)
				assert_true(s->granted[k]);
		}
		/* At no point between two actions are there two */
		for (holders = 0, k = 0; k < MEMBERS; k++)
			holders += s->granted[k];
		assert_true(holders <= 1);
	}
	assert_int_equal(s->f.state == FLOOR_IDLE, s->f.holder == NULL);
	for (k = 0; k < MEMBERS; k++)
		assert_int_equal(s->granted[k], s->f.holder == &s->m[k]);
}

/* Nothing comes in any more: the floor is idle soon, and silent a bit later */
static void check_ends(const struct sim *was)
{
	struct sim s = *was;
	unsigned n;

	sim_fix(&s, was);
	for (n = 0; s.f.state != FLOOR_IDLE; n++) {
		const uint64_t at = floor_deadline(&s.f);

		assert_true(at != FLOOR_NEVER);
		assert_true(at <= was->now + S(34));
		assert_true(n < 12);
		time_to(&s, at > s.now ? at : s.now);
		check_told(&s);
	}
	assert_true(s.now <= was->now + S(8));
	for (n = 0; floor_deadline(&s.f) != FLOOR_NEVER; n++) {
		assert_true(n <= cfg.idle_repeats);
		time_to(&s, floor_deadline(&s.f));
		check_told(&s);
	}
}

static void join(struct sim *s, unsigned i)
{
	s->out.n = 0;
	if (s->in[i])
		return;
	s->in[i] = true;
	feed(s, FLOOR_EV_JOIN, &s->m[i], false);
	assert_int_equal(s->out.n, 1);
	assert_ptr_equal(s->out.v[0].to, &s->m[i]);
}

static void leave(struct sim *s, unsigned i)
{
	s->out.n = 0;
	if (!s->in[i])
		return;
	s->in[i] = false;
	feed(s, FLOOR_EV_LEAVE, &s->m[i], false);
	assert_ptr_not_equal(s->f.holder, &s->m[i]);
}

static void ask(struct sim *s, unsigned i)
{
	const struct floor_member *holder = s->f.holder;
	const enum floor_state state = s->f.state;

	s->out.n = 0;
	if (!s->in[i])
		return;
	feed(s, FLOOR_EV_REQUEST, &s->m[i], false);
	check_answer(s, &s->m[i]);
	/* Nobody takes the floor from a talker */
	if (state == FLOOR_TAKEN || state == FLOOR_REVOKING)
		assert_ptr_equal(s->f.holder, holder);
}

static void let_go(struct sim *s, unsigned i, bool drain)
{
	const struct floor_member *holder = s->f.holder;

	s->out.n = 0;
	if (!s->in[i])
		return;
	feed(s, FLOOR_EV_RELEASE, &s->m[i], drain);
	if (holder != &s->m[i]) {
		assert_int_equal(s->out.n, 0);
		assert_ptr_equal(s->f.holder, holder);
	}
}

static void speak(struct sim *s, unsigned i)
{
	s->out.n = 0;
	if (s->in[i])
		assert_int_equal(floor_media(&s->f, &s->m[i], s->now),
				 s->f.holder == &s->m[i]);
}

static void set_talk(struct sim *s, bool may)
{
	s->m[0].may_talk = may;
	s->out.n = 0;
	if (s->in[0])
		feed(s, FLOOR_EV_SET, &s->m[0], false);
}

static void go_deadline(struct sim *s)
{
	const uint64_t at = floor_deadline(&s->f);

	time_to(s, at == FLOOR_NEVER || at < s->now ? s->now : at);
}

static void do_step(struct sim *s, enum step step)
{
	switch (step) {
	case ST_JOIN_A:
	case ST_JOIN_B:
	case ST_JOIN_L:
		join(s, step == ST_JOIN_A ? 0 : step == ST_JOIN_B ? 1 : 2);
		break;
	case ST_LEAVE_A:
	case ST_LEAVE_B:
	case ST_LEAVE_L:
		leave(s, step == ST_LEAVE_A ? 0 : step == ST_LEAVE_B ? 1 : 2);
		break;
	case ST_REQUEST_A:
	case ST_REQUEST_B:
	case ST_REQUEST_L:
		ask(s, step == ST_REQUEST_A ? 0 : step == ST_REQUEST_B ? 1 : 2);
		break;
	case ST_RELEASE_A:
	case ST_RELEASE_B:
	case ST_DRAIN_A:
		let_go(s, step == ST_RELEASE_B, step == ST_DRAIN_A);
		break;
	case ST_MEDIA_A:
	case ST_MEDIA_B:
	case ST_MEDIA_L:
		speak(s, step == ST_MEDIA_A ? 0 : step == ST_MEDIA_B ? 1 : 2);
		break;
	case ST_MUTE_A:
	case ST_UNMUTE_A:
		set_talk(s, step == ST_UNMUTE_A);
		break;
	case ST_DRAINED:
		feed(s, FLOOR_EV_DRAINED, NULL, false);
		break;
	case ST_SOON:
		time_to(s, s->now + 20000);
		break;
	case ST_DEADLINE:
		go_deadline(s);
		break;
	case ST_LATE:
		time_to(s, s->now + S(3600));
		break;
	case STEPS:
		break;
	}
}

static void walk(const struct sim *from, unsigned depth, struct coverage *cov)
{
	unsigned step;

	cov->sequences++;
	if (!depth)
		return;
	for (step = 0; step < STEPS; step++) {
		struct sim s = *from;

		sim_fix(&s, from);
		cov->seen[s.f.state][step]++;
		do_step(&s, (enum step)step);
		check_told(&s);
		check_ends(&s);
		walk(&s, depth - 1, cov);
	}
}

/* P10: from an empty and from a full bridge, every sequence of events: one
 * holder at most, one answer to each request, and an end without input */
static void every_sequence(void **state)
{
	struct coverage cov;
	unsigned i, k;
	struct sim s;

	(void)state;
	memset(&cov, 0, sizeof(cov));
	sim_init(&s, 0);
	walk(&s, DEPTH - 2, &cov);
	sim_init(&s, MEMBERS);
	walk(&s, DEPTH - 1, &cov);
	sim_init(&s, MEMBERS);
	do_step(&s, ST_REQUEST_A);
	check_told(&s);
	do_step(&s, ST_MEDIA_A);
	walk(&s, DEPTH - 1, &cov);
	for (i = 0; i <= FLOOR_DRAINING; i++)
		for (k = 0; k < STEPS; k++)
			assert_true(cov.seen[i][k] > 0);
	assert_true(cov.sequences > 300000);
}

/* --- the rows of the table, one by one ------------------------------------ */

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
		cmocka_unit_test(every_sequence),
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

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floor_walk_test.c  Every sequence of events at the floor of a bridge
 * (row P10)
 */
#include "tests/unit/floor_sim.h"

enum { DEPTH = 5 };

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
		/* It is told how things are, so that it stops repeating it */
		assert_int_equal(s->out.n, s->f.state != FLOOR_DRAINING);
		assert_true(!s->out.n || s->out.v[0].to == &s->m[i]);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sequence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

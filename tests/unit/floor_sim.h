/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floor_sim.h  A floor of three participants on virtual time
 */
#ifndef HL_TESTS_FLOOR_SIM_H
#define HL_TESTS_FLOOR_SIM_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "mixer/floor.h"

enum { MEMBERS = 3 };

static const struct floor_cfg cfg = {.max_talk_ms = 30000,
				     .revoke_grace_ms = 3000,
				     .revoke_repeat_ms = 1000,
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

static inline void feed(struct sim *s, enum floor_ev_type type,
		 struct floor_member *who, bool drain)
{
	const struct floor_ev ev = {
		.type = type, .who = who, .drain = drain};

	floor_step(&s->f, &ev, s->now, &s->out);
}

static inline void sim_init(struct sim *s, unsigned members)
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
static inline void sim_fix(struct sim *s, const struct sim *from)
{
	if (from->f.holder)
		s->f.holder = &s->m[from->f.holder - from->m];
}

static inline void time_to(struct sim *s, uint64_t now)
{
	s->now = now;
	feed(s, FLOOR_EV_TIME, NULL, false);
}

static inline void expect(const struct sim *s, unsigned i,
			  enum floor_act_type type,
			  const struct floor_member *who)
{
	assert_true(i < s->out.n);
	assert_int_equal(s->out.v[i].type, type);
	assert_ptr_equal(s->out.v[i].who, who);
}

#endif

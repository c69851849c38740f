/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floor_witness.h  What the participants of a floor were told, and
 * whether it is true
 *
 * Sees each step of the real machine with its actions, and aborts with words
 * where they contradict each other, the machine's state, or what the machine
 * promises. Before a step the participants know how things are: that is what
 * the step before was judged by, so nothing has to be kept between steps.
 */
#ifndef HL_TESTS_FLOOR_WITNESS_H
#define HL_TESTS_FLOOR_WITNESS_H

#include "mixer/floor.h"

enum { WITNESS_MEMBERS = 7 };

/** What is watched: a floor and all who are, were, or will be in it */
struct witnessed {
	struct floor f;
	struct floor_member m[WITNESS_MEMBERS];
	bool in[WITNESS_MEMBERS];
	unsigned n; /**< So many of m are meant */
	uint64_t now;
	struct floor_out out;
};

/** Take a step of the machine, and judge it. in[] is set for JOIN, LEAVE. */
void witness_step(struct witnessed *w, const struct floor_ev *ev);

/** A packet of m[i]: does it go through, as it must or must not? */
void witness_media(struct witnessed *w, unsigned i);

/** floor_set(), after which all must hold as well */
void witness_set(struct witnessed *w, const struct floor_cfg *cfg);

/** Time passes, to the next deadline: false: there is none */
bool witness_wait(struct witnessed *w, bool no_room);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connect and Disconnect on virtual time: each message lost, in every
 * combination, against a terminal that takes one session at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "server/connect.h"

enum {
	REPEAT_MS = 1000,
	REPEATS = 3,
	LOSSES = 10,          /* Messages, either way, that may be lost */
	SECOND = 1000000
};

/* A terminal, and the net before it: bit n of lost: message n is */
struct world {
	struct connect c;
	uint64_t now;
	uint32_t lost;
	unsigned n;           /* Messages so far */
	unsigned connects, disconnects;
	uint32_t in;          /* The session that it is in */
	bool strict;          /* In one it takes no other */
	bool no;              /* It refuses */
	bool gave_up;
};

static bool arrives(struct world *w)
{
	const unsigned n = w->n++;

	return n >= 32 || !(w->lost & UINT32_C(1) << n);
}

static void terminal_disconnect(struct world *w, uint32_t session)
{
	w->disconnects++;
	if (!arrives(w))
		return;
	if (w->in == session)
		w->in = 0;
	/* The switch tells only of the Ack of what was said last */
	if (arrives(w) && w->c.state != CONNECT_ASKED)
		connect_disconnected(&w->c);
}

static void terminal_connect(struct world *w, uint32_t session)
{
	w->connects++;
	if (!arrives(w) || (w->strict && w->in && w->in != session))
		return;
	w->in = w->no ? 0 : session;
	if (arrives(w))
		(void)connect_acked(&w->c, w->no, w->now);
}

static void say(struct world *w)
{
	const struct connect c = w->c;
	unsigned i;

	connect_said(&w->c, true, w->now);
	for (i = 0; i < c.leftc; i++)
		terminal_disconnect(w, c.leftv[i]);
	if (c.state == CONNECT_ASKED)
		terminal_connect(w, c.session);
}

static void until(struct world *w, uint64_t end)
{
	while (connect_deadline(&w->c) <= end) {
		w->now = connect_deadline(&w->c);
		switch (connect_time(&w->c, w->now)) {
		case CONNECT_SAY:
			say(w);
			break;
		case CONNECT_GIVE_UP:
			w->gave_up = true;
			break;
		case CONNECT_WAIT:
			break;
		}
	}
	w->now = end;
}

static void begin(struct world *w, uint32_t session)
{
	connect_begin(&w->c, session, REPEAT_MS, REPEATS, w->now);
}

static void world_init(struct world *w, uint32_t lost)
{
	memset(w, 0, sizeof(*w));
	connect_init(&w->c);
	assert_int_equal(connect_deadline(&w->c), CONNECT_NEVER);
	w->now = 5 * SECOND;
	w->lost = lost;
}

static void test_said_until_acknowledged(void **state)
{
	struct world w;
	uint32_t lost;

	(void)state;
	for (lost = 0; lost < 1 << LOSSES; lost++) {
		world_init(&w, lost);
		begin(&w, 7);
		until(&w, w.now + 10 * SECOND);
		assert_int_equal(connect_deadline(&w.c), CONNECT_NEVER);
		assert_true(w.connects >= 1 && w.connects <= REPEATS + 1);
		assert_int_equal(w.disconnects, 0);
		assert_true(w.gave_up == (w.c.state == CONNECT_SILENT));
		/* Given up only if each was lost, or its Ack */
		if (w.gave_up)
			assert_int_equal(w.connects, REPEATS + 1);
		else
			assert_int_equal(w.in, 7);
	}
}

static void test_refused(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 1);
	w.no = true;
	begin(&w, 7);
	until(&w, w.now + 10 * SECOND);
	assert_int_equal(w.c.state, CONNECT_REFUSED);
	assert_int_equal(w.connects, 2);
	/* In none: there is nothing to leave */
	begin(&w, 0);
	assert_int_equal(connect_deadline(&w.c), CONNECT_NEVER);
	begin(&w, 8);
	w.no = false;
	until(&w, w.now + SECOND);
	assert_int_equal(w.disconnects, 0);
	assert_int_equal(w.in, 8);
}

/* From one session to the next and out of it, whatever is lost on the way: a
 * terminal that was reached once of each is where we think it is */
static void test_moves(void **state)
{
	static const uint64_t pausev[] = { 0, 300000, SECOND, 10 * SECOND };
	struct world w;
	uint32_t lost;
	size_t i;
	int strict;

	(void)state;
	for (i = 0; i < sizeof(pausev) / sizeof(pausev[0]); i++)
	for (strict = 0; strict < 2; strict++)
	for (lost = 0; lost < 1 << LOSSES; lost++) {
		world_init(&w, lost);
		w.strict = strict;
		begin(&w, 1);
		until(&w, w.now + pausev[i]);
		begin(&w, 2);
		until(&w, w.now + pausev[i]);
		begin(&w, 3);
		until(&w, w.now + 10 * SECOND);
		assert_int_equal(connect_deadline(&w.c), CONNECT_NEVER);
		if (w.c.state == CONNECT_ACCEPTED)
			assert_int_equal(w.in, 3);
		begin(&w, 0);
		w.lost = 0;
		until(&w, w.now + 10 * SECOND);
		assert_int_equal(connect_deadline(&w.c), CONNECT_NEVER);
		assert_int_equal(w.c.state, CONNECT_NONE);
		if (w.in)
			fail_msg("in %u after the end (lost %x)", w.in, lost);
	}
}

/* An Ack counts once, and only of what was said since the session began */
static void test_late_acks(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 0);
	assert_false(connect_acked(&w.c, false, w.now));
	begin(&w, 7);
	assert_false(connect_acked(&w.c, false, w.now));
	assert_int_equal(connect_time(&w.c, w.now), CONNECT_SAY);
	connect_said(&w.c, true, w.now);
	assert_false(connect_acked(&w.c, true, w.now - 1));
	assert_true(connect_acked(&w.c, false, w.now + 5));
	assert_false(connect_acked(&w.c, true, w.now + 6));
	assert_int_equal(w.c.state, CONNECT_ACCEPTED);

	/* After it was given up it counts all the same */
	begin(&w, 8);
	w.lost = UINT32_MAX;
	until(&w, w.now + 10 * SECOND);
	assert_int_equal(w.c.state, CONNECT_SILENT);
	assert_true(connect_acked(&w.c, true, w.now));
	assert_int_equal(w.c.state, CONNECT_REFUSED);
}

/* What could not be sent is tried soon, and no longer than all together */
static void test_not_sent(void **state)
{
	struct world w;
	unsigned tries = 0;
	uint64_t end;

	(void)state;
	world_init(&w, 0);
	end = w.now + REPEATS * SECOND + SECOND / 4;
	begin(&w, 7);
	while (connect_time(&w.c, w.now) == CONNECT_SAY) {
		connect_said(&w.c, false, w.now);
		w.now = connect_deadline(&w.c);
		tries++;
	}
	assert_int_equal(w.now, end);
	assert_int_equal(tries, (end - 5 * SECOND) / CONNECT_AGAIN_US);
	assert_int_equal(w.c.state, CONNECT_SILENT);
	/* It never heard of it */
	begin(&w, 0);
	assert_int_equal(w.c.leftc, 0);
}

/* Who looks late says it as often, and gives up after that */
static void test_late(void **state)
{
	struct world w;
	unsigned said = 0;

	(void)state;
	world_init(&w, 0);
	begin(&w, 7);
	while (connect_time(&w.c, w.now) == CONNECT_SAY) {
		assert_int_not_equal(w.c.state, CONNECT_SILENT);
		connect_said(&w.c, true, w.now);
		w.now += 60 * (uint64_t)SECOND;
		said++;
	}
	assert_int_equal(said, REPEATS + 1);
	assert_int_equal(w.c.state, CONNECT_SILENT);
	assert_int_equal(connect_deadline(&w.c), CONNECT_NEVER);
}

/* More sessions than are kept */
static void test_many_left(void **state)
{
	struct connect c;
	uint32_t i;

	(void)state;
	connect_init(&c);
	for (i = 1; i <= 5; i++) {
		connect_begin(&c, i, REPEAT_MS, REPEATS, i);
		assert_int_equal(connect_time(&c, i), CONNECT_SAY);
		connect_said(&c, true, i);
	}
	assert_int_equal(c.leftc, CONNECT_LEFT_MAX);
	assert_int_equal(c.leftv[0], 1);
	assert_int_equal(c.leftv[1], 4);
	assert_string_equal(connect_state_name(c.state), "asked");
}

/* The last one is noticed late, when the ring to the worker is full: it is
 * tried again; so is the only one of the shortest time */
static void test_late_and_full(void **state)
{
	uint64_t now = 5 * SECOND;
	struct connect c;
	unsigned k;

	(void)state;
	connect_init(&c);
	connect_begin(&c, 7, REPEAT_MS, REPEATS, now);
	for (k = 0; k < REPEATS; k++) {
		assert_int_equal(connect_time(&c, now), CONNECT_SAY);
		connect_said(&c, true, now);
		now = connect_deadline(&c);
	}
	for (k = 0; k < 3; k++) {
		now += 300000;
		assert_int_equal(connect_time(&c, now), CONNECT_SAY);
		connect_said(&c, false, now);
	}
	now = connect_deadline(&c);
	assert_int_equal(connect_time(&c, now), CONNECT_SAY);

	connect_begin(&c, 8, 100, 0, now);
	assert_int_equal(connect_time(&c, now), CONNECT_SAY);
	connect_said(&c, false, now);
	now = connect_deadline(&c);
	assert_int_equal(connect_time(&c, now), CONNECT_SAY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_said_until_acknowledged),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_late_acks),
		cmocka_unit_test(test_not_sent),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_many_left),
		cmocka_unit_test(test_late_and_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Row P10: the participant's floor machine, on virtual time. Every state meets
 * every event; and a conversation of two participants with a server model is
 * run once for each of its messages, which is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "cli/handset_floor.h"

enum { MS = 1000 };

/* --- every state, every event ------------------------------------------- */

enum in {
	IN_PRESS,
	IN_PRESS_ACTIVATING,
	IN_RELEASE,
	IN_GRANTED,
	IN_DENY,
	IN_TAKEN,
	IN_IDLE,
	IN_REVOKE,
	IN_QUEUED,
	IN_STOPPED,
	IN_HEARD,
	IN_REFUSED,
	IN_TIMER,
	IN_DOWN,
	INS
};

static const char *const in_name[INS] = {
	"press", "press, activating", "release", "Granted", "Deny", "Taken",
	"Idle", "Revoke", "Queue Status", "stopped", "RTP", "refused",
	"timer", "down"};

static const enum hs_floormsg_type in_type[INS] = {
	[IN_GRANTED] = HS_FM_GRANTED, [IN_DENY] = HS_FM_DENY,
	[IN_TAKEN] = HS_FM_TAKEN,     [IN_IDLE] = HS_FM_IDLE,
	[IN_REVOKE] = HS_FM_REVOKE,   [IN_QUEUED] = HS_FM_QUEUE_INFO};

enum { STATES = HS_FLOOR_PENDING_RELEASE + 1 };

/* One letter a state, and what is done: q Request, l Release, + media on,
 * - media off; upper case is the next state */
static const char *const table[STATES][INS] = {
	/*            press act  rel  gran deny take idle revo queu stop rtp  refu timr down */
	[HS_FLOOR_NO_PERMISSION] =
		{"Rq", "R",  "N",  "O",  "N",  "N",  "N",  "Ll", "N",  "N",  "N", "N", "N",  "N"},
	[HS_FLOOR_PENDING_REQUEST] =
		{"R",  "R",  "Ll", "P+", "N",  "N",  "R",  "R",  "Q",  "R",  "R", "N", "Rq", "N"},
	[HS_FLOOR_QUEUED] =
		{"Q",  "Q",  "Ll", "P+", "N",  "Q",  "Q",  "Q",  "Q",  "Q",  "Q", "Q", "Q",  "N"},
	[HS_FLOOR_OFFERED] =
		{"P+", "P+", "O",  "O",  "O",  "N",  "N",  "Ll", "O",  "O",  "O", "O", "Ll", "N"},
	[HS_FLOOR_PERMISSION] =
		{"P",  "P",  "S-", "P",  "P",  "N-", "N-", "S-", "P",  "P",  "P", "P", "P",  "N-"},
	[HS_FLOOR_STOPPING] =
		{"S",  "S",  "S",  "S",  "S",  "S",  "S",  "S",  "S",  "Ll", "S", "S", "S",  "N"},
	[HS_FLOOR_PENDING_RELEASE] =
		{"Rq", "R",  "L",  "Ll", "L",  "N",  "N",  "Ll", "L",  "L",  "N", "L", "Ll", "N"},
};

static const char state_letter[] = "NRQOPSL";

static struct hs_floormsg message(enum hs_floormsg_type type)
{
	return (struct hs_floormsg){.type = type, .position = 1, .reason = 1};
}

static void give(struct hs_floor *f, enum in in, uint64_t now_us,
		 struct hs_floor_out *out)
{
	struct hs_floormsg msg = message(in_type[in]);
	struct hs_floor_ev ev = {.type = HS_FLOOR_EV_MSG, .msg = &msg};

	switch (in) {
	case IN_PRESS:
	case IN_PRESS_ACTIVATING:
		ev = (struct hs_floor_ev){
			.type = HS_FLOOR_EV_PRESS,
			.activating = in == IN_PRESS_ACTIVATING};
		break;
	case IN_RELEASE:
		ev.type = HS_FLOOR_EV_RELEASE;
		break;
	case IN_STOPPED:
		ev.type = HS_FLOOR_EV_STOPPED;
		break;
	case IN_HEARD:
		ev.type = HS_FLOOR_EV_HEARD;
		break;
	case IN_REFUSED:
		ev.type = HS_FLOOR_EV_REFUSED;
		break;
	case IN_TIMER:
		ev.type = HS_FLOOR_EV_TIMER;
		break;
	case IN_DOWN:
		ev.type = HS_FLOOR_EV_DOWN;
		break;
	case IN_GRANTED:
	case IN_DENY:
	case IN_TAKEN:
	case IN_IDLE:
	case IN_REVOKE:
	case IN_QUEUED:
	case INS:
		break;
	}
	hs_floor_step(f, &ev, now_us, out);
}

/* The shortest way into a state */
static void enter(struct hs_floor *f, enum hs_floor_state state)
{
	static const enum in way[STATES][4] = {
		[HS_FLOOR_NO_PERMISSION] = {INS},
		[HS_FLOOR_PENDING_REQUEST] = {IN_PRESS, INS},
		[HS_FLOOR_QUEUED] = {IN_PRESS, IN_QUEUED, INS},
		[HS_FLOOR_OFFERED] = {IN_GRANTED, INS},
		[HS_FLOOR_PERMISSION] = {IN_PRESS, IN_GRANTED, INS},
		[HS_FLOOR_STOPPING] = {IN_PRESS, IN_GRANTED, IN_RELEASE, INS},
		[HS_FLOOR_PENDING_RELEASE] = {IN_PRESS, IN_RELEASE, INS},
	};
	struct hs_floor_out out;
	struct hs_floor_cfg cfg;
	unsigned i;

	hs_floor_cfg_default(&cfg);
	hs_floor_init(f, &cfg);
	for (i = 0; i < 4 && way[state][i] != INS; i++)
		give(f, way[state][i], 0, &out);
	assert_int_equal(f->state, state);
}

static void print(char *buf, const struct hs_floor *f,
		  const struct hs_floor_out *out)
{
	unsigned i;

	*buf++ = state_letter[f->state];
	for (i = 0; i < out->sendc; i++) {
		if (out->sendv[i].type == HS_FM_REQUEST)
			*buf++ = 'q';
		if (out->sendv[i].type == HS_FM_RELEASE)
			*buf++ = 'l';
	}
	if (out->start_media)
		*buf++ = '+';
	if (out->stop_media)
		*buf++ = '-';
	*buf = '\0';
}

static void every_state_meets_every_event(void **state)
{
	unsigned s, in;

	(void)state;
	for (s = 0; s < STATES; s++) {
		for (in = 0; in < INS; in++) {
			struct hs_floor_out out;
			struct hs_floor f;
			char got[16];

			enter(&f, (enum hs_floor_state)s);
			/* 10 s later every timer has run out */
			give(&f, (enum in)in, 10000 * MS, &out);
			print(got, &f, &out);
			if (strcmp(got, table[s][in]))
				fail_msg("%s, %s: %s, should be %s",
					 hs_floor_state_name(
						 (enum hs_floor_state)s),
					 in_name[in], got, table[s][in]);
		}
	}
}

static void told(struct hs_floor *f, const struct hs_floormsg *msg,
		 struct hs_floor_out *out)
{
	hs_floor_step(f,
		      &(struct hs_floor_ev){.type = HS_FLOOR_EV_MSG,
					    .msg = msg},
		      0, out);
}

/* Whatever else is done with it, and in every state */
static void what_asks_for_an_ack_gets_it_first(void **state)
{
	static const enum hs_floormsg_type typev[] = {
		HS_FM_GRANTED, HS_FM_TAKEN,	 HS_FM_DENY,    HS_FM_IDLE,
		HS_FM_REVOKE,  HS_FM_QUEUE_INFO, HS_FM_CONNECT,
		HS_FM_DISCONNECT};
	unsigned i, s;

	(void)state;
	for (i = 0; i < sizeof(typev) / sizeof(typev[0]) * STATES * 2; i++) {
		struct hs_floormsg msg = message(typev[i / STATES / 2]);
		struct hs_floor_out out;
		struct hs_floor f;
		unsigned k, acks = 0;

		s = i / 2 % STATES;
		msg.ack = i % 2;
		enter(&f, (enum hs_floor_state)s);
		told(&f, &msg, &out);
		for (k = 0; k < out.sendc; k++)
			acks += out.sendv[k].type == HS_FM_ACK;
		assert_int_equal(acks, msg.ack);
		if (acks) {
			assert_int_equal(out.sendv[0].type, HS_FM_ACK);
			assert_int_equal(out.sendv[0].acked, msg.type);
		}
	}
}

/* T104, C104; an answer stops it, and one that knows nothing of us ends it */
static void place_in_line(void **state)
{
	struct hs_floormsg msg = message(HS_FM_QUEUE_INFO);
	struct hs_floor_ev ask = {.type = HS_FLOOR_EV_ASK};
	struct hs_floor_out out;
	struct hs_floor f;
	unsigned sent = 0;
	uint64_t now;

	(void)state;
	enter(&f, HS_FLOOR_QUEUED);
	hs_floor_step(&f, &ask, 0, &out);
	sent += out.sendc;
	assert_int_equal(out.sendv[0].type, HS_FM_QUEUE_REQUEST);
	while ((now = hs_floor_deadline_us(&f))) {
		assert_true(now <= 5000 * MS);
		give(&f, IN_TIMER, now, &out);
		sent += out.sendc;
	}
	assert_int_equal(sent, 4);
	assert_int_equal(f.state, HS_FLOOR_QUEUED);
	hs_floor_step(&f, &ask, 0, &out);
	told(&f, &msg, &out);
	assert_int_equal(out.notice, HS_FLOOR_IN_QUEUE);
	assert_int_equal(hs_floor_deadline_us(&f), 0);
	msg.position = 0;
	told(&f, &msg, &out);
	assert_int_equal(out.notice, HS_FLOOR_NOT_QUEUED);
	assert_int_equal(f.state, HS_FLOOR_NO_PERMISSION);
	hs_floor_step(&f, &ask, 0, &out);
	assert_int_equal(out.sendc, 0);
	assert_int_equal(out.notice, HS_FLOOR_NOT_QUEUED);
}

/* Permission to Request the Floor: 0 */
static void a_burst_that_nobody_may_interrupt(void **state)
{
	struct hs_floormsg msg = message(HS_FM_TAKEN);
	struct hs_floor_out out;
	struct hs_floor f;

	(void)state;
	enter(&f, HS_FLOOR_NO_PERMISSION);
	msg.forbidden = true;
	told(&f, &msg, &out);
	give(&f, IN_PRESS, 0, &out);
	assert_int_equal(out.sendc, 0);
	assert_int_equal(out.notice, HS_FLOOR_FORBIDDEN);
	give(&f, IN_RELEASE, 0, &out);
	give(&f, IN_IDLE, 0, &out);
	give(&f, IN_PRESS, 0, &out);
	assert_int_equal(out.sendv[0].type, HS_FM_REQUEST);
}

static void what_was_overtaken_is_not_news(void **state)
{
	struct hs_floormsg taken = message(HS_FM_TAKEN);
	struct hs_floormsg idle = message(HS_FM_IDLE);
	struct hs_floor_out out;
	struct hs_floor f;

	(void)state;
	taken.has_seq = idle.has_seq = true;
	enter(&f, HS_FLOOR_NO_PERMISSION);
	idle.seq = 65535;
	told(&f, &idle, &out);
	taken.seq = 0; /* it wraps */
	told(&f, &taken, &out);
	assert_int_equal(out.notice, HS_FLOOR_TAKEN);
	told(&f, &idle, &out);
	assert_int_equal(out.notice, HS_FLOOR_NOTHING);
	assert_true(f.talker);
	/* A repeat has the number of what it repeats */
	told(&f, &taken, &out);
	assert_int_equal(out.notice, HS_FLOOR_TAKEN);
}

static void release_names_the_last_packet(void **state)
{
	struct hs_floor_out out;
	struct hs_floor f;

	(void)state;
	enter(&f, HS_FLOOR_STOPPING);
	hs_floor_step(&f,
		      &(struct hs_floor_ev){.type = HS_FLOOR_EV_STOPPED,
					    .last_seq = 4711,
					    .sent = true},
		      0, &out);
	assert_int_equal(out.sendv[0].last_seq, 4711);
	assert_false(out.sendv[0].ignore_seq);
	/* ..and its repeat, too */
	give(&f, IN_TIMER, 1000 * MS, &out);
	assert_int_equal(out.sendv[0].last_seq, 4711);
	/* A key let go before the grant has sent none */
	enter(&f, HS_FLOOR_PENDING_REQUEST);
	give(&f, IN_RELEASE, 0, &out);
	assert_true(out.sendv[0].ignore_seq);
}

static void key_pressed_again_while_stopping(void **state)
{
	struct hs_floor_out out;
	struct hs_floor f;
	char got[16];

	(void)state;
	enter(&f, HS_FLOOR_STOPPING);
	give(&f, IN_PRESS, 0, &out);
	give(&f, IN_STOPPED, 0, &out);
	print(got, &f, &out);
	assert_string_equal(got, "Rlq");
	/* After a revoke the key that is still down asks for nothing */
	enter(&f, HS_FLOOR_PERMISSION);
	give(&f, IN_REVOKE, 0, &out);
	assert_int_equal(out.notice, HS_FLOOR_REVOKED);
	give(&f, IN_STOPPED, 0, &out);
	print(got, &f, &out);
	assert_string_equal(got, "Ll");
}

static void repeats_end(void **state)
{
	struct hs_floor_out out;
	struct hs_floor f;
	unsigned sent = 1;
	uint64_t now;

	(void)state;
	enter(&f, HS_FLOOR_PENDING_REQUEST);
	while ((now = hs_floor_deadline_us(&f))) {
		assert_true(now <= 5000 * MS);
		give(&f, IN_TIMER, now, &out);
		sent += out.sendc;
	}
	assert_int_equal(sent, 4);
	assert_int_equal(out.notice, HS_FLOOR_UNANSWERED);
	assert_int_equal(f.state, HS_FLOOR_NO_PERMISSION);
}

static void silent_talker_is_given_up(void **state)
{
	struct hs_floor_out out;
	struct hs_floor f;

	(void)state;
	enter(&f, HS_FLOOR_NO_PERMISSION);
	give(&f, IN_TAKEN, 0, &out);
	assert_int_equal(hs_floor_deadline_us(&f), 4000 * MS);
	give(&f, IN_HEARD, 10 * MS, &out);
	assert_int_equal(hs_floor_deadline_us(&f), 0);
	/* A repeated Taken while speech arrives starts nothing */
	give(&f, IN_TAKEN, 20 * MS, &out);
	assert_int_equal(hs_floor_deadline_us(&f), 0);
	hs_floor_step(&f, &(struct hs_floor_ev){.type = HS_FLOOR_EV_SILENT},
		      100 * MS, &out);
	give(&f, IN_TIMER, hs_floor_deadline_us(&f), &out);
	assert_int_equal(out.notice, HS_FLOOR_IDLE);
	assert_int_equal(hs_floor_deadline_us(&f), 0);
}

/* --- a conversation, each message lost in turn -------------------------- */

enum { PARTIES = 2, FLIGHT_MAX = 64, DELAY_US = 10 * MS, END_US = 40000 * MS };

struct flight {
	uint64_t at_us;
	int to; /* party, or -1: the server */
	int from;
	struct hs_floormsg msg;
};

struct world {
	uint64_t now_us;
	struct hs_floor party[PARTIES];
	bool media[PARTIES];
	uint64_t talked_us[PARTIES], media_us[PARTIES];
	bool told_taken[PARTIES];
	int holder;        /* -1: idle */
	uint64_t t1_us, t7_us;
	unsigned t7_left;
	struct flight flightv[FLIGHT_MAX];
	unsigned flights, sent;
	unsigned lose; /* number of the message that is lost */
};

static void post(struct world *w, int from, int to,
		 const struct hs_floormsg *msg)
{
	if (w->sent++ == w->lose)
		return;
	assert_true(w->flights < FLIGHT_MAX);
	w->flightv[w->flights++] =
		(struct flight){w->now_us + DELAY_US, to, from, *msg};
}

static void tell(struct world *w, int to, enum hs_floormsg_type type)
{
	const struct hs_floormsg msg = message(type);

	post(w, -1, to, &msg);
}

static void world_step(struct world *w, int i, const struct hs_floor_ev *ev)
{
	struct hs_floor_out out;
	unsigned k;

	hs_floor_step(&w->party[i], ev, w->now_us, &out);
	if (out.notice == HS_FLOOR_TAKEN)
		w->told_taken[i] = true;
	if (out.start_media) {
		assert_false(w->media[!i]); /* one talks */
		w->media[i] = true;
		w->media_us[i] = w->now_us;
	}
	for (k = 0; k < out.sendc; k++)
		post(w, i, -1, &out.sendv[k]);
	if (out.stop_media) {
		w->talked_us[i] += w->now_us - w->media_us[i];
		w->media[i] = false;
		world_step(w, i,
			   &(struct hs_floor_ev){.type = HS_FLOOR_EV_STOPPED,
						 .last_seq = 1,
						 .sent = true});
	}
}

static void server_idle(struct world *w)
{
	int i;

	w->holder = -1;
	w->t7_us = w->now_us + 1000 * MS;
	for (i = 0; i < PARTIES; i++)
		tell(w, i, HS_FM_IDLE);
}

static void server_take(struct world *w, int from,
			const struct hs_floormsg *msg)
{
	switch (msg->type) {
	case HS_FM_REQUEST:
		if (w->holder >= 0 && w->holder != from) {
			tell(w, from, HS_FM_DENY);
			break;
		}
		w->holder = from;
		w->t1_us = w->now_us + 4000 * MS;
		w->t7_us = 0;
		w->t7_left = 3;
		tell(w, from, HS_FM_GRANTED);
		tell(w, !from, HS_FM_TAKEN);
		break;
	case HS_FM_RELEASE:
		if (w->holder == from)
			server_idle(w);
		else if (w->holder < 0)
			tell(w, from, HS_FM_IDLE);
		break;
	case HS_FM_GRANTED:
	case HS_FM_TAKEN:
	case HS_FM_DENY:
	case HS_FM_IDLE:
	case HS_FM_REVOKE:
	case HS_FM_ACK:
	case HS_FM_QUEUE_REQUEST:
	case HS_FM_QUEUE_INFO:
	case HS_FM_DISCONNECT:
	case HS_FM_CONNECT:
		fail_msg("a client sent %d", msg->type);
	}
}

static void server_timers(struct world *w)
{
	if (w->holder >= 0 && w->media[w->holder])
		w->t1_us = w->now_us + 4000 * MS;
	if (w->holder >= 0 && w->now_us >= w->t1_us) {
		server_idle(w);
		return;
	}
	if (w->t7_us && w->now_us >= w->t7_us && w->t7_left) {
		w->t7_left--;
		server_idle(w);
	}
}

static void deliver(struct world *w)
{
	unsigned i = 0;

	while (i < w->flights) {
		const struct flight f = w->flightv[i];

		if (f.at_us > w->now_us) {
			i++;
			continue;
		}
		w->flightv[i] = w->flightv[--w->flights];
		if (f.to < 0)
			server_take(w, f.from, &f.msg);
		else
			world_step(w, f.to,
				   &(struct hs_floor_ev){
					   .type = HS_FLOOR_EV_MSG,
					   .msg = &f.msg});
	}
}

static void keys(struct world *w)
{
	static const struct {
		unsigned at_ms;
		int who;
		enum hs_floor_ev_type what;
	} v[] = {{100, 0, HS_FLOOR_EV_PRESS},
		 {8000, 0, HS_FLOOR_EV_RELEASE},
		 {16000, 1, HS_FLOOR_EV_PRESS},
		 {24000, 1, HS_FLOOR_EV_RELEASE}};
	unsigned i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		if (w->now_us == (uint64_t)v[i].at_ms * MS)
			world_step(w, v[i].who,
				   &(struct hs_floor_ev){.type = v[i].what});
	}
}

static void timers(struct world *w)
{
	int i;

	for (i = 0; i < PARTIES; i++) {
		const uint64_t due = hs_floor_deadline_us(&w->party[i]);

		if (due && w->now_us >= due)
			world_step(w, i,
				   &(struct hs_floor_ev){
					   .type = HS_FLOOR_EV_TIMER});
	}
}

static unsigned conversation(unsigned lose)
{
	struct world w = {.holder = -1, .lose = lose};
	struct hs_floor_cfg cfg;
	int i;

	hs_floor_cfg_default(&cfg);
	for (i = 0; i < PARTIES; i++)
		hs_floor_init(&w.party[i], &cfg);
	for (; w.now_us < END_US; w.now_us += 10 * MS) {
		deliver(&w);
		server_timers(&w);
		keys(&w);
		timers(&w);
	}
	for (i = 0; i < PARTIES; i++) {
		/* A lost message costs a second of the eight at most */
		if (w.talked_us[i] < 6800 * MS)
			fail_msg("message %u lost: %d talked for %lu us", lose,
				 i, (unsigned long)w.talked_us[i]);
		assert_int_equal(w.party[i].state, HS_FLOOR_NO_PERMISSION);
		assert_int_equal(hs_floor_deadline_us(&w.party[i]), 0);
	}
	assert_int_equal(w.holder, -1);
	return w.sent;
}

static void each_message_is_lost_in_turn(void **state)
{
	const unsigned messages = conversation(~0U);
	unsigned i;

	(void)state;
	assert_true(messages >= 12);
	for (i = 0; i < messages; i++)
		conversation(i);
	print_message("%u messages\n", messages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_meets_every_event),
		cmocka_unit_test(what_asks_for_an_ack_gets_it_first),
		cmocka_unit_test(place_in_line),
		cmocka_unit_test(a_burst_that_nobody_may_interrupt),
		cmocka_unit_test(what_was_overtaken_is_not_news),
		cmocka_unit_test(release_names_the_last_packet),
		cmocka_unit_test(key_pressed_again_while_stopping),
		cmocka_unit_test(repeats_end),
		cmocka_unit_test(silent_talker_is_given_up),
		cmocka_unit_test(each_message_is_lost_in_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Row P10: three participants and a small server with a queue talk on virtual
 * time. The conversation is run once for each of its messages: lost, sent
 * twice, and late so that others overtake it. Never two talk; who wants to
 * talk does, at most a second or two later; and in the end nobody believes to
 * have, or to wait for, anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "cli/handset_floor.h"

enum {
	MS = 1000,
	PARTIES = 3,
	NOBODY = -1,
	FLIGHT_MAX = 64,
	STEP_US = 10 * MS,
	DELAY_US = 20 * MS,
	LATE_US = 150 * MS,
	T1_US = 4000 * MS,
	TALK_US = 6000 * MS, /* T2 */
	T3_US = 3000 * MS,
	T7_US = 1000 * MS,
	T8_US = 1000 * MS,
	T20_US = 1000 * MS,
	REPEATS = 3,
	END_US = 45000 * MS
};

enum fate { LOST, TWICE, LATE, FATES };

struct flight {
	uint64_t at_us;
	int to; /* party, or NOBODY: the server */
	int from;
	struct hs_floormsg msg;
};

struct party {
	struct hs_floor f;
	bool media;
	uint64_t talked_us, media_us;
	unsigned places, offers;
};

struct world {
	uint64_t now_us;
	bool proto_mcpt; /* Taken and Idle are numbered, a Release is acked */
	struct party party[PARTIES];
	int holder;
	int queue[PARTIES];
	unsigned queued;
	bool revoked;
	uint64_t t1_us, t2_us, t3_us, t7_us, t8_us, t20_us;
	unsigned c7, c20;
	uint16_t seq[PARTIES];
	struct flight flightv[FLIGHT_MAX];
	unsigned flights, sent;
	enum fate fate;
	unsigned victim; /* number of the message that it befalls.. */
	unsigned also;   /* ..and of another one, which is lost */
};

/* --- the path ----------------------------------------------------------- */

static void fly(struct world *w, int from, int to,
		const struct hs_floormsg *msg, uint64_t delay_us)
{
	assert_true(w->flights < FLIGHT_MAX);
	w->flightv[w->flights++] =
		(struct flight){w->now_us + delay_us, to, from, *msg};
}

static void post(struct world *w, int from, int to,
		 const struct hs_floormsg *msg)
{
	const bool also = w->sent == w->also;
	const bool victim = w->sent++ == w->victim;

	if (also || (victim && w->fate == LOST))
		return;
	if (victim && w->fate == LATE) {
		fly(w, from, to, msg, DELAY_US + LATE_US);
		return;
	}
	fly(w, from, to, msg, DELAY_US);
	if (victim && w->fate == TWICE)
		fly(w, from, to, msg, DELAY_US + LATE_US);
}

/* --- the participants --------------------------------------------------- */

static void party_step(struct world *w, int i, const struct hs_floor_ev *ev);

static void media_set(struct world *w, int i, bool on)
{
	struct party *p = &w->party[i];
	int k;

	if (on) {
		for (k = 0; k < PARTIES; k++)
			assert_false(w->party[k].media);
		p->media_us = w->now_us;
	} else {
		p->talked_us += w->now_us - p->media_us;
	}
	p->media = on;
}

static void party_step(struct world *w, int i, const struct hs_floor_ev *ev)
{
	struct party *p = &w->party[i];
	struct hs_floor_out out;
	unsigned k;

	hs_floor_step(&p->f, ev, w->now_us, &out);
	p->places += out.notice == HS_FLOOR_IN_QUEUE;
	p->offers += out.notice == HS_FLOOR_OFFER;
	if (out.start_media)
		media_set(w, i, true);
	for (k = 0; k < out.sendc; k++)
		post(w, i, NOBODY, &out.sendv[k]);
	if (!out.stop_media)
		return;
	media_set(w, i, false);
	party_step(w, i,
		   &(struct hs_floor_ev){.type = HS_FLOOR_EV_STOPPED,
					 .last_seq = 1,
					 .sent = true});
}

/* --- the server --------------------------------------------------------- */

static struct hs_floormsg said(enum hs_floormsg_type type)
{
	return (struct hs_floormsg){.type = type, .reason = 1};
}

static void tell(struct world *w, int to, enum hs_floormsg_type type)
{
	struct hs_floormsg msg = said(type);

	if (type == HS_FM_TAKEN || type == HS_FM_IDLE) {
		msg.has_seq = w->proto_mcpt;
		msg.seq = ++w->seq[to];
	}
	if (type == HS_FM_GRANTED) {
		msg.has_duration = true;
		msg.duration_s = TALK_US / 1000000;
	}
	if (type == HS_FM_REVOKE)
		msg.reason = HS_FM_REVOKE_TOO_LONG;
	post(w, NOBODY, to, &msg);
}

static void grant(struct world *w, int who, bool served)
{
	int i;

	w->holder = who;
	w->revoked = false;
	w->t1_us = w->now_us + T1_US;
	w->t2_us = w->t3_us = w->t7_us = w->t8_us = 0;
	w->t20_us = served ? w->now_us + T20_US : 0;
	w->c20 = REPEATS;
	tell(w, who, HS_FM_GRANTED);
	for (i = 0; i < PARTIES; i++) {
		if (i != who)
			tell(w, i, HS_FM_TAKEN);
	}
}

static void place_tell(struct world *w, int to)
{
	struct hs_floormsg msg = said(HS_FM_QUEUE_INFO);
	unsigned i;

	for (i = 0; i < w->queued; i++) {
		if (w->queue[i] == to)
			msg.position = (uint16_t)(i + 1);
	}
	post(w, NOBODY, to, &msg);
}

static bool unqueue(struct world *w, int who)
{
	unsigned i, k;

	for (i = 0; i < w->queued && w->queue[i] != who; i++)
		;
	if (i == w->queued)
		return false;
	w->queued--;
	for (k = i; k < w->queued; k++) {
		w->queue[k] = w->queue[k + 1];
		place_tell(w, w->queue[k]);
	}
	return true;
}

static void idle_send(struct world *w)
{
	int i;

	w->t7_us = w->now_us + T7_US;
	for (i = 0; i < PARTIES; i++)
		tell(w, i, HS_FM_IDLE);
}

static void idle_enter(struct world *w)
{
	w->t1_us = w->t2_us = w->t3_us = w->t8_us = w->t20_us = 0;
	w->holder = NOBODY;
	w->revoked = false;
	if (w->queued) {
		const int head = w->queue[0];

		(void)unqueue(w, head);
		grant(w, head, true);
		return;
	}
	w->c7 = REPEATS;
	idle_send(w);
}

static void request_take(struct world *w, int from)
{
	unsigned i;

	if (w->holder == NOBODY) {
		grant(w, from, false);
		return;
	}
	if (w->holder == from) {
		if (!w->revoked)
			tell(w, from, HS_FM_GRANTED);
		return;
	}
	for (i = 0; i < w->queued; i++) {
		if (w->queue[i] == from)
			break;
	}
	if (i == w->queued)
		w->queue[w->queued++] = from;
	place_tell(w, from);
}

static void release_take(struct world *w, int from,
			 const struct hs_floormsg *msg)
{
	if (w->proto_mcpt && msg->ack) {
		struct hs_floormsg ack = said(HS_FM_ACK);

		ack.acked = HS_FM_RELEASE;
		post(w, NOBODY, from, &ack);
	}
	if (w->holder == from)
		idle_enter(w);
	else if (!unqueue(w, from) && w->holder == NOBODY)
		tell(w, from, HS_FM_IDLE);
}

static void server_take(struct world *w, int from,
			const struct hs_floormsg *msg)
{
	switch (msg->type) {
	case HS_FM_REQUEST:
		request_take(w, from);
		break;
	case HS_FM_RELEASE:
		release_take(w, from, msg);
		break;
	case HS_FM_QUEUE_REQUEST:
		place_tell(w, from);
		break;
	case HS_FM_ACK:
	case HS_FM_GRANTED:
	case HS_FM_TAKEN:
	case HS_FM_DENY:
	case HS_FM_IDLE:
	case HS_FM_REVOKE:
	case HS_FM_QUEUE_INFO:
	case HS_FM_DISCONNECT:
	case HS_FM_CONNECT:
		fail_msg("a client sent %d", msg->type);
	}
}

static bool due(uint64_t *t_us, uint64_t now_us)
{
	if (!*t_us || now_us < *t_us)
		return false;
	*t_us = 0;
	return true;
}

static void media_take(struct world *w)
{
	if (w->holder == NOBODY || !w->party[w->holder].media)
		return;
	w->t1_us = w->now_us + T1_US;
	w->t20_us = 0;
	if (!w->t2_us && !w->revoked)
		w->t2_us = w->now_us + TALK_US;
}

static void server_timers(struct world *w)
{
	media_take(w);
	if (due(&w->t2_us, w->now_us)) {
		w->revoked = true;
		w->t3_us = w->now_us + T3_US;
		w->t8_us = w->now_us + T8_US;
		tell(w, w->holder, HS_FM_REVOKE);
	}
	if (due(&w->t8_us, w->now_us)) {
		w->t8_us = w->now_us + T8_US;
		tell(w, w->holder, HS_FM_REVOKE);
	}
	if (due(&w->t20_us, w->now_us) && w->c20--) {
		w->t20_us = w->now_us + T20_US;
		tell(w, w->holder, HS_FM_GRANTED);
	}
	if (due(&w->t1_us, w->now_us) || due(&w->t3_us, w->now_us))
		idle_enter(w);
	if (due(&w->t7_us, w->now_us) && w->c7--)
		idle_send(w);
}

/* --- the conversation --------------------------------------------------- */

static void deliver(struct world *w)
{
	unsigned i = 0;

	while (i < w->flights) {
		const struct flight f = w->flightv[i];

		if (f.at_us > w->now_us) {
			i++;
			continue;
		}
		memmove(&w->flightv[i], &w->flightv[i + 1],
			(--w->flights - i) * sizeof(f));
		if (f.to == NOBODY)
			server_take(w, f.from, &f.msg);
		else
			party_step(w, f.to,
				   &(struct hs_floor_ev){
					   .type = HS_FLOOR_EV_MSG,
					   .msg = &f.msg});
	}
}

enum { ALICE, BOB, CAROL };

static void keys(struct world *w)
{
	static const struct {
		unsigned at_ms;
		int who;
		enum hs_floor_ev_type what;
	} v[] = {
		{100, ALICE, HS_FLOOR_EV_PRESS},
		{2000, BOB, HS_FLOOR_EV_PRESS},   /* waits, and is served */
		{3000, CAROL, HS_FLOOR_EV_PRESS}, /* waits.. */
		{4000, CAROL, HS_FLOOR_EV_CANCEL}, /* ..and changes its mind */
		{5000, ALICE, HS_FLOOR_EV_RELEASE},
		{10000, BOB, HS_FLOOR_EV_RELEASE},
		{10050, BOB, HS_FLOOR_EV_PRESS}, /* at once again */
		{14000, BOB, HS_FLOOR_EV_RELEASE},
		{20000, CAROL, HS_FLOOR_EV_PRESS}, /* talks too long: T2 */
		{31000, CAROL, HS_FLOOR_EV_RELEASE},
		{33000, ALICE, HS_FLOOR_EV_PRESS}, /* a tap */
		{33010, ALICE, HS_FLOOR_EV_RELEASE},
	};
	unsigned i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		if (w->now_us == (uint64_t)v[i].at_ms * MS)
			party_step(w, v[i].who,
				   &(struct hs_floor_ev){.type = v[i].what});
	}
}

static void timers(struct world *w)
{
	int i;

	for (i = 0; i < PARTIES; i++) {
		const uint64_t t_us = hs_floor_deadline_us(&w->party[i].f);

		if (t_us && w->now_us >= t_us)
			party_step(w, i,
				   &(struct hs_floor_ev){
					   .type = HS_FLOOR_EV_TIMER});
	}
}

static const char *const fate_name[FATES] = {"lost", "sent twice", "late"};

/* Nobody has, or waits for, anything */
static void check_end(const struct world *w)
{
	int i;

	for (i = 0; i < PARTIES; i++) {
		const struct party *p = &w->party[i];

		if (p->f.state != HS_FLOOR_NO_PERMISSION || p->media ||
		    hs_floor_deadline_us(&p->f))
			fail_msg("messages %u, %u: %d is left in %s",
				 w->victim, w->also, i,
				 hs_floor_state_name(p->f.state));
	}
	assert_int_equal(w->holder, NOBODY);
	assert_int_equal(w->queued, 0);
}

static void check(const struct world *w)
{
	/* 5 s; 4 to 5 s waited, and 4 s more; 6 s of T2 */
	static const unsigned least_ms[PARTIES] = {3800, 6500, 5500};
	const char *what = w->fate < FATES ? fate_name[w->fate] : "there";
	int i;

	for (i = 0; i < PARTIES; i++) {
		const struct party *p = &w->party[i];

		if (p->talked_us < (uint64_t)least_ms[i] * MS)
			fail_msg("message %u %s: %d talked for %lu us",
				 w->victim, what, i,
				 (unsigned long)p->talked_us);
		if (p->offers)
			fail_msg("message %u %s: %d was offered the floor",
				 w->victim, what, i);
	}
	assert_true(w->party[BOB].places >= 1);
}

static const unsigned NONE = ~0U;

static unsigned conversation(enum fate fate, unsigned victim, unsigned also,
			     bool mcpt)
{
	struct world w = {.holder = NOBODY,
			  .fate = fate,
			  .victim = victim,
			  .also = also,
			  .proto_mcpt = mcpt,
			  .now_us = STEP_US};
	struct hs_floor_cfg cfg;
	int i;

	hs_floor_cfg_default(&cfg);
	for (i = 0; i < PARTIES; i++)
		hs_floor_init(&w.party[i].f, &cfg);
	for (; w.now_us < END_US; w.now_us += STEP_US) {
		deliver(&w);
		server_timers(&w);
		keys(&w);
		timers(&w);
	}
	check_end(&w);
	if (also == NONE)
		check(&w);
	return w.sent;
}

static void each(enum fate fate)
{
	unsigned mcpt, i, n;

	for (mcpt = 0; mcpt < 2; mcpt++) {
		n = conversation(FATES, NONE, NONE, mcpt);
		assert_true(n >= 30);
		for (i = 0; i < n; i++)
			(void)conversation(fate, i, NONE, mcpt);
		print_message("%u messages\n", n);
	}
}

static void each_message_is_lost_in_turn(void **state)
{
	(void)state;
	each(LOST);
}

static void each_message_is_sent_twice_in_turn(void **state)
{
	(void)state;
	each(TWICE);
}

static void each_message_is_late_in_turn(void **state)
{
	(void)state;
	each(LATE);
}

/* Any two: nothing hangs, whoever has to press again */
static void each_two_messages(void **state)
{
	unsigned fate, mcpt, i, k, n;

	(void)state;
	for (mcpt = 0; mcpt < 2; mcpt++) {
		n = conversation(FATES, NONE, NONE, mcpt);
		for (fate = 0; fate < FATES; fate++) {
			for (i = 0; i < n; i++) {
				for (k = fate == LOST ? i + 1 : 0; k < n; k++)
					(void)conversation((enum fate)fate, i,
							   k, mcpt);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_message_is_lost_in_turn),
		cmocka_unit_test(each_message_is_sent_twice_in_turn),
		cmocka_unit_test(each_message_is_late_in_turn),
		cmocka_unit_test(each_two_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

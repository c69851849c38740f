/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Row P10: the participant's floor machine (TS 24.380 section 6.2.4), on
 * virtual time. Every state meets every event; then each row of it, each timer
 * and each repeat by name. */
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
	IN_EMERGENCY,
	IN_RELEASE,
	IN_CANCEL,
	IN_ASK,
	IN_GRANTED,
	IN_DENY,
	IN_TAKEN,
	IN_IDLE,
	IN_REVOKE,
	IN_QUEUED,
	IN_NOT_QUEUED,
	IN_ACK,
	IN_CONNECT,
	IN_DISCONNECT,
	IN_STOPPED,
	IN_HEARD,
	IN_SILENT,
	IN_ACTIVATING,
	IN_REFUSED,
	IN_TIMER,
	IN_DOWN,
	INS
};

static const char *const in_name[INS] = {
	"press", "press, activating", "emergency", "release", "cancel", "ask",
	"Granted", "Deny", "Taken", "Idle", "Revoke", "Queue Info",
	"Queue Info, none", "Ack", "Connect", "Disconnect", "stopped", "RTP",
	"silence", "activating", "refused", "timer", "down"};

static const enum hs_floormsg_type in_type[INS] = {
	[IN_GRANTED] = HS_FM_GRANTED,
	[IN_DENY] = HS_FM_DENY,
	[IN_TAKEN] = HS_FM_TAKEN,
	[IN_IDLE] = HS_FM_IDLE,
	[IN_REVOKE] = HS_FM_REVOKE,
	[IN_QUEUED] = HS_FM_QUEUE_INFO,
	[IN_NOT_QUEUED] = HS_FM_QUEUE_INFO,
	[IN_ACK] = HS_FM_ACK,
	[IN_CONNECT] = HS_FM_CONNECT,
	[IN_DISCONNECT] = HS_FM_DISCONNECT};

/* States, and what else makes a difference in them */
enum place {
	NO_PERMISSION,
	OVERTAKEN,       /**< The request, by a Taken; key down */
	PENDING_REQUEST,
	QUEUED,
	WAITING,         /**< QUEUED, and the key is up */
	OFFERED,
	PERMISSION,
	STOPPING,
	CANCELLED,       /**< PENDING_RELEASE of what was never had */
	TALKED,          /**< PENDING_RELEASE of what was */
	PLACES
};

static const char *const place_name[PLACES] = {
	"no permission", "overtaken", "pending request", "queued",
	"queued, key up", "offered", "has permission", "stopping",
	"pending release, cancelled", "pending release, talked"};

/* One letter a state, and what is done: q Request, l Release, ? Queue Position
 * Request, + media on, - media off; upper case is the next state */
static const char *const table[PLACES][INS] = {
	[NO_PERMISSION] = {
		[IN_PRESS] = "Rq", [IN_PRESS_ACTIVATING] = "R",
		[IN_EMERGENCY] = "Rq", [IN_GRANTED] = "O", [IN_REVOKE] = "Ll",
		[IN_QUEUED] = "Ll"},
	[OVERTAKEN] = {
		[IN_PRESS] = "Rq", [IN_PRESS_ACTIVATING] = "R",
		[IN_EMERGENCY] = "Rq", [IN_RELEASE] = "Ll",
		[IN_CANCEL] = "Ll", [IN_GRANTED] = "P+", [IN_REVOKE] = "Ll",
		[IN_QUEUED] = "Q"},
	[PENDING_REQUEST] = {
		[IN_EMERGENCY] = "Rq", [IN_RELEASE] = "Ll",
		[IN_CANCEL] = "Ll", [IN_GRANTED] = "P+", [IN_DENY] = "N",
		[IN_TAKEN] = "N", [IN_QUEUED] = "Q", [IN_REFUSED] = "N",
		[IN_TIMER] = "Rq", [IN_DOWN] = "N"},
	[QUEUED] = {
		[IN_EMERGENCY] = "Rq", [IN_RELEASE] = "Ll",
		[IN_CANCEL] = "Ll", [IN_ASK] = "Q?", [IN_GRANTED] = "P+",
		[IN_DENY] = "N", [IN_IDLE] = "Q?", [IN_NOT_QUEUED] = "Q?",
		[IN_DISCONNECT] = "N", [IN_DOWN] = "N"},
	[WAITING] = {
		[IN_EMERGENCY] = "Rq", [IN_CANCEL] = "Ll", [IN_ASK] = "Q?",
		[IN_GRANTED] = "O", [IN_DENY] = "N", [IN_IDLE] = "Q?",
		[IN_NOT_QUEUED] = "Q?", [IN_DISCONNECT] = "N",
		[IN_DOWN] = "N"},
	[OFFERED] = {
		[IN_PRESS] = "P+", [IN_PRESS_ACTIVATING] = "P+",
		[IN_EMERGENCY] = "Pq+", [IN_CANCEL] = "Ll", [IN_TAKEN] = "N",
		[IN_IDLE] = "N", [IN_REVOKE] = "Ll", [IN_DISCONNECT] = "N",
		[IN_TIMER] = "Ll", [IN_DOWN] = "N"},
	[PERMISSION] = {
		[IN_EMERGENCY] = "Pq", [IN_RELEASE] = "S-",
		[IN_CANCEL] = "S-", [IN_TAKEN] = "N-", [IN_IDLE] = "N-",
		[IN_REVOKE] = "S-", [IN_DISCONNECT] = "N-",
		[IN_DOWN] = "N-"},
	[STOPPING] = {[IN_STOPPED] = "Ll", [IN_DOWN] = "N"},
	[CANCELLED] = {
		[IN_PRESS] = "Rq", [IN_PRESS_ACTIVATING] = "R",
		[IN_EMERGENCY] = "Rq", [IN_GRANTED] = "Ll", [IN_TAKEN] = "N",
		[IN_IDLE] = "N", [IN_REVOKE] = "Ll", [IN_NOT_QUEUED] = "N",
		[IN_ACK] = "N", [IN_DISCONNECT] = "N", [IN_HEARD] = "N",
		[IN_TIMER] = "Ll", [IN_DOWN] = "N"},
	[TALKED] = {
		[IN_PRESS_ACTIVATING] = "R", [IN_GRANTED] = "Ll",
		[IN_TAKEN] = "N", [IN_IDLE] = "N", [IN_REVOKE] = "Ll",
		[IN_DISCONNECT] = "N", [IN_HEARD] = "N", [IN_TIMER] = "Ll",
		[IN_DOWN] = "N"},
};

static const char state_letter[] = "NRQOPSL";

static struct hs_floormsg message(enum hs_floormsg_type type)
{
	return (struct hs_floormsg){.type = type,
				    .position = 1,
				    .reason = 1,
				    .acked = HS_FM_RELEASE};
}

static enum hs_floor_ev_type in_event(enum in in)
{
	switch (in) {
	case IN_PRESS:
	case IN_PRESS_ACTIVATING:
	case IN_EMERGENCY:
		return HS_FLOOR_EV_PRESS;
	case IN_RELEASE:
		return HS_FLOOR_EV_RELEASE;
	case IN_CANCEL:
		return HS_FLOOR_EV_CANCEL;
	case IN_ASK:
		return HS_FLOOR_EV_ASK;
	case IN_STOPPED:
		return HS_FLOOR_EV_STOPPED;
	case IN_HEARD:
		return HS_FLOOR_EV_HEARD;
	case IN_SILENT:
		return HS_FLOOR_EV_SILENT;
	case IN_ACTIVATING:
		return HS_FLOOR_EV_ACTIVATING;
	case IN_REFUSED:
		return HS_FLOOR_EV_REFUSED;
	case IN_TIMER:
		return HS_FLOOR_EV_TIMER;
	case IN_DOWN:
		return HS_FLOOR_EV_DOWN;
	case IN_GRANTED:
	case IN_DENY:
	case IN_TAKEN:
	case IN_IDLE:
	case IN_REVOKE:
	case IN_QUEUED:
	case IN_NOT_QUEUED:
	case IN_ACK:
	case IN_CONNECT:
	case IN_DISCONNECT:
	case INS:
		break;
	}
	return HS_FLOOR_EV_MSG;
}

static void give(struct hs_floor *f, enum in in, uint64_t now_us,
		 struct hs_floor_out *out)
{
	struct hs_floormsg msg = message(in_type[in]);
	const struct hs_floor_ev ev = {
		.type = in_event(in),
		.msg = &msg,
		.activating = in == IN_PRESS_ACTIVATING,
		.tier = in == IN_EMERGENCY ? HS_FLOOR_EMERGENCY
					   : HS_FLOOR_NORMAL};

	if (in == IN_NOT_QUEUED)
		msg.position = 0;
	hs_floor_step(f, &ev, now_us, out);
}

/* The shortest way to a place */
static void enter(struct hs_floor *f, enum place place)
{
	static const enum in way[PLACES][5] = {
		[NO_PERMISSION] = {INS},
		[OVERTAKEN] = {IN_PRESS, IN_TAKEN, INS},
		[PENDING_REQUEST] = {IN_PRESS, INS},
		[QUEUED] = {IN_PRESS, IN_QUEUED, INS},
		[WAITING] = {IN_PRESS, IN_QUEUED, IN_RELEASE, INS},
		[OFFERED] = {IN_GRANTED, INS},
		[PERMISSION] = {IN_PRESS, IN_GRANTED, INS},
		[STOPPING] = {IN_PRESS, IN_GRANTED, IN_RELEASE, INS},
		[CANCELLED] = {IN_PRESS, IN_RELEASE, INS},
		[TALKED] = {IN_PRESS, IN_GRANTED, IN_RELEASE, IN_STOPPED,
			    INS},
	};
	static const enum hs_floor_state statev[PLACES] = {
		HS_FLOOR_NO_PERMISSION,	  HS_FLOOR_NO_PERMISSION,
		HS_FLOOR_PENDING_REQUEST, HS_FLOOR_QUEUED,
		HS_FLOOR_QUEUED,	  HS_FLOOR_OFFERED,
		HS_FLOOR_PERMISSION,	  HS_FLOOR_STOPPING,
		HS_FLOOR_PENDING_RELEASE, HS_FLOOR_PENDING_RELEASE};
	struct hs_floor_out out;
	struct hs_floor_cfg cfg;
	unsigned i;

	hs_floor_cfg_default(&cfg);
	cfg.wait = place == WAITING;
	hs_floor_init(f, &cfg);
	for (i = 0; i < 5 && way[place][i] != INS; i++)
		give(f, way[place][i], 0, &out);
	assert_int_equal(f->state, statev[place]);
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
		if (out->sendv[i].type == HS_FM_QUEUE_REQUEST)
			*buf++ = '?';
	}
	if (out->start_media)
		*buf++ = '+';
	if (out->stop_media)
		*buf++ = '-';
	*buf = '\0';
}

/* What is not in the table changes nothing. 10 s later every timer has run
 * out, and nothing is under way any more. */
static void every_state_meets_every_event(void **state)
{
	unsigned p, in;

	(void)state;
	for (p = 0; p < PLACES; p++) {
		for (in = 0; in < INS; in++) {
			struct hs_floor_out out;
			struct hs_floor f;
			char got[16], none[2] = "";
			const char *want = table[p][in];

			enter(&f, (enum place)p);
			none[0] = state_letter[f.state];
			want = want ? want : none;
			give(&f, (enum in)in, 10000 * MS, &out);
			print(got, &f, &out);
			if (strcmp(got, want))
				fail_msg("%s, %s: %s, should be %s",
					 place_name[p], in_name[in], got,
					 want);
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

/* Whatever else is done with it, and in every state: exactly what TS 24.380
 * table 8.2.2.1-1 has the bit for. A Revoke never has it. */
static void what_asks_for_an_ack_gets_it_first(void **state)
{
	static const enum hs_floormsg_type typev[] = {
		HS_FM_GRANTED,	  HS_FM_TAKEN,	    HS_FM_DENY, HS_FM_IDLE,
		HS_FM_QUEUE_INFO, HS_FM_CONNECT, HS_FM_DISCONNECT,
		HS_FM_REVOKE,	  HS_FM_ACK};
	enum { TYPES = sizeof(typev) / sizeof(typev[0]) };
	unsigned i;

	(void)state;
	for (i = 0; i < TYPES * PLACES * 2; i++) {
		struct hs_floormsg msg = message(typev[i / PLACES / 2]);
		const bool never = msg.type == HS_FM_REVOKE ||
				   msg.type == HS_FM_ACK;
		struct hs_floor_out out;
		struct hs_floor f;
		unsigned k, acks = 0;

		msg.ack = i % 2;
		enter(&f, (enum place)(i / 2 % PLACES));
		told(&f, &msg, &out);
		for (k = 0; k < out.sendc; k++)
			acks += out.sendv[k].type == HS_FM_ACK;
		assert_int_equal(acks, msg.ack && !never);
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
	enter(&f, QUEUED);
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
	/* The same again is no news, another place is */
	told(&f, &msg, &out);
	assert_int_equal(out.notice, HS_FLOOR_NOTHING);
	msg.position = 3;
	told(&f, &msg, &out);
	assert_int_equal(out.notice, HS_FLOOR_IN_QUEUE);
	assert_int_equal(f.position, 3);
	/* A check of ours asks without telling; one question at a time */
	give(&f, IN_ASK, 0, &out);
	assert_int_equal(out.sendc, 1);
	give(&f, IN_ASK, 0, &out);
	assert_int_equal(out.sendc, 0);
	told(&f, &msg, &out);
	hs_floor_step(&f, &(struct hs_floor_ev){.type = HS_FLOOR_EV_CHECK}, 0,
		      &out);
	assert_int_equal(out.sendv[0].type, HS_FM_QUEUE_REQUEST);
	told(&f, &msg, &out);
	assert_int_equal(out.notice, HS_FLOOR_NOTHING);
	/* It is believed when it is said twice */
	msg.position = 0;
	told(&f, &msg, &out);
	assert_int_equal(f.state, HS_FLOOR_QUEUED);
	assert_int_equal(out.sendv[0].type, HS_FM_QUEUE_REQUEST);
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
	enter(&f, NO_PERMISSION);
	msg.forbidden = true;
	told(&f, &msg, &out);
	give(&f, IN_PRESS, 0, &out);
	assert_int_equal(out.sendc, 0);
	assert_int_equal(out.notice, HS_FLOOR_FORBIDDEN);
	/* Nobody is told not to call for help */
	give(&f, IN_EMERGENCY, 0, &out);
	assert_int_equal(out.sendv[0].type, HS_FM_REQUEST);
	enter(&f, NO_PERMISSION);
	told(&f, &msg, &out);
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
	enter(&f, NO_PERMISSION);
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
	enter(&f, STOPPING);
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
	enter(&f, PENDING_REQUEST);
	give(&f, IN_RELEASE, 0, &out);
	assert_true(out.sendv[0].ignore_seq);
}

static void key_pressed_again_while_stopping(void **state)
{
	struct hs_floor_out out;
	struct hs_floor f;
	char got[16];

	(void)state;
	enter(&f, STOPPING);
	give(&f, IN_PRESS, 0, &out);
	give(&f, IN_STOPPED, 0, &out);
	print(got, &f, &out);
	assert_string_equal(got, "Ll");
	/* A Request that overtook the Release would be taken back by it */
	give(&f, IN_IDLE, 100 * MS, &out);
	print(got, &f, &out);
	assert_string_equal(got, "Rq");
	enter(&f, TALKED);
	give(&f, IN_PRESS, 0, &out);
	print(got, &f, &out);
	assert_string_equal(got, "L");
	give(&f, IN_RELEASE, 0, &out);
	give(&f, IN_IDLE, 100 * MS, &out);
	print(got, &f, &out);
	assert_string_equal(got, "N");
	/* After a revoke the key that is still down asks for nothing */
	enter(&f, PERMISSION);
	give(&f, IN_REVOKE, 0, &out);
	assert_int_equal(out.notice, HS_FLOOR_REVOKED);
	give(&f, IN_STOPPED, 0, &out);
	print(got, &f, &out);
	assert_string_equal(got, "Ll");
}

/* C101, C100: the message at once and three times more, a timer apart */
static unsigned repeats(struct hs_floor *f, enum hs_floormsg_type type,
			struct hs_floor_out *out)
{
	unsigned sent = 0;
	uint64_t now, last = 0;

	while ((now = hs_floor_deadline_us(f))) {
		assert_int_equal(now, last + 1000 * MS);
		last = now;
		give(f, IN_TIMER, now, out);
		assert_true(out->sendc <= 1);
		if (out->sendc)
			assert_int_equal(out->sendv[0].type, type);
		sent += out->sendc;
	}
	return sent;
}

static void repeats_end(void **state)
{
	struct hs_floor_out out;
	struct hs_floor f;

	(void)state;
	enter(&f, PENDING_REQUEST);
	assert_int_equal(repeats(&f, HS_FM_REQUEST, &out), 3);
	assert_int_equal(out.notice, HS_FLOOR_UNANSWERED);
	assert_int_equal(f.state, HS_FLOOR_NO_PERMISSION);
	enter(&f, TALKED);
	assert_int_equal(repeats(&f, HS_FM_RELEASE, &out), 3);
	assert_int_equal(f.state, HS_FLOOR_NO_PERMISSION);
	enter(&f, CANCELLED);
	assert_int_equal(repeats(&f, HS_FM_RELEASE, &out), 3);
	enter(&f, QUEUED);
	give(&f, IN_ASK, 0, &out);
	assert_int_equal(repeats(&f, HS_FM_QUEUE_REQUEST, &out), 3);
	assert_int_equal(f.state, HS_FLOOR_QUEUED);
	/* With an activation under way the first is a second late */
	enter(&f, NO_PERMISSION);
	give(&f, IN_PRESS_ACTIVATING, 0, &out);
	assert_int_equal(out.sendc, 0);
	assert_int_equal(repeats(&f, HS_FM_REQUEST, &out), 4);
	/* An urgent one from who talks: heard or not, it goes on talking */
	enter(&f, PERMISSION);
	give(&f, IN_EMERGENCY, 0, &out);
	assert_int_equal(repeats(&f, HS_FM_REQUEST, &out), 3);
	assert_int_equal(f.state, HS_FLOOR_PERMISSION);
}

/* One under way for each timer: what is sent again starts it anew */
static void one_message_under_way(void **state)
{
	static const enum in againv[] = {IN_GRANTED, IN_REVOKE};
	struct hs_floor_out out;
	struct hs_floor f;
	unsigned i;

	(void)state;
	for (i = 0; i < 2; i++) {
		enter(&f, TALKED);
		give(&f, againv[i], 900 * MS, &out);
		assert_int_equal(out.sendc, 1);
		assert_int_equal(hs_floor_deadline_us(&f), 1900 * MS);
	}
	enter(&f, PENDING_REQUEST);
	give(&f, IN_PRESS, 900 * MS, &out);
	assert_int_equal(out.sendc, 0);
	assert_int_equal(hs_floor_deadline_us(&f), 1000 * MS);
}

/* Idle answers a Release of who talked; who gives up a place asks for an Ack,
 * as nothing else need come while another talks. */
static void how_a_release_is_answered(void **state)
{
	struct hs_floor_out out;
	struct hs_floor f;

	(void)state;
	enter(&f, STOPPING);
	give(&f, IN_STOPPED, 0, &out);
	assert_false(out.sendv[0].ack);
	give(&f, IN_ACK, 0, &out);
	assert_int_equal(f.state, HS_FLOOR_PENDING_RELEASE);
	enter(&f, QUEUED);
	give(&f, IN_CANCEL, 0, &out);
	assert_true(out.sendv[0].ack);
	give(&f, IN_ACK, 0, &out);
	assert_int_equal(f.state, HS_FLOOR_NO_PERMISSION);
}

/* T132 */
static void your_turn(void **state)
{
	struct hs_floor_out out;
	struct hs_floor f;

	(void)state;
	/* The key is down: that is the user's consent */
	enter(&f, QUEUED);
	give(&f, IN_GRANTED, 0, &out);
	assert_int_equal(out.notice, HS_FLOOR_GRANTED);
	assert_true(out.start_media);
	/* It is not: the user has two seconds */
	enter(&f, WAITING);
	give(&f, IN_GRANTED, 0, &out);
	assert_int_equal(out.notice, HS_FLOOR_OFFER);
	assert_false(out.start_media);
	assert_int_equal(hs_floor_deadline_us(&f), 2000 * MS);
	/* T20: said again, which gives no more time */
	give(&f, IN_GRANTED, 1000 * MS, &out);
	assert_int_equal(out.notice, HS_FLOOR_NOTHING);
	assert_int_equal(hs_floor_deadline_us(&f), 2000 * MS);
	give(&f, IN_PRESS, 1900 * MS, &out);
	assert_int_equal(out.notice, HS_FLOOR_GRANTED);
	assert_true(out.start_media);
	/* Nobody there: given back, and told */
	enter(&f, WAITING);
	give(&f, IN_GRANTED, 0, &out);
	give(&f, IN_TIMER, 2000 * MS, &out);
	assert_int_equal(out.notice, HS_FLOOR_LAPSED);
	assert_int_equal(out.sendv[0].type, HS_FM_RELEASE);
	assert_true(out.sendv[0].ignore_seq);
	/* Refused by the user */
	enter(&f, WAITING);
	give(&f, IN_GRANTED, 0, &out);
	give(&f, IN_CANCEL, 100 * MS, &out);
	assert_int_equal(out.sendv[0].type, HS_FM_RELEASE);
}

static void granted_for(struct hs_floor *f, unsigned secs, uint64_t now_us,
			struct hs_floor_out *out)
{
	const struct hs_floormsg msg = {.type = HS_FM_GRANTED,
					.has_duration = secs > 0,
					.duration_s = (uint16_t)secs};

	hs_floor_step(f,
		      &(struct hs_floor_ev){.type = HS_FLOOR_EV_MSG,
					    .msg = &msg},
		      now_us, out);
}

static void warned_before_the_time_is_over(void **state)
{
	struct hs_floor_out out;
	struct hs_floor f;

	(void)state;
	enter(&f, PENDING_REQUEST);
	granted_for(&f, 30, 0, &out);
	assert_int_equal(hs_floor_left_s(&f, 0), 30);
	assert_int_equal(hs_floor_deadline_us(&f), 25000 * MS);
	give(&f, IN_TIMER, 25000 * MS, &out);
	assert_int_equal(out.notice, HS_FLOOR_WARNING);
	assert_int_equal(out.secs, 5);
	assert_int_equal(hs_floor_deadline_us(&f), 0);
	/* ..once; the rest of the time is taken all the same */
	granted_for(&f, 4, 25100 * MS, &out);
	assert_int_equal(out.notice, HS_FLOOR_NOTHING);
	assert_int_equal(hs_floor_left_s(&f, 25100 * MS), 4);
	/* The server warns first */
	enter(&f, PENDING_REQUEST);
	granted_for(&f, 30, 0, &out);
	granted_for(&f, 10, 20000 * MS, &out);
	assert_int_equal(out.notice, HS_FLOOR_WARNING);
	assert_int_equal(out.secs, 10);
	assert_int_equal(hs_floor_deadline_us(&f), 0);
	/* Said again with nearly all of it (T20, T101) is no warning */
	enter(&f, PENDING_REQUEST);
	granted_for(&f, 30, 0, &out);
	granted_for(&f, 30, 2000 * MS, &out);
	assert_int_equal(out.notice, HS_FLOOR_NOTHING);
	assert_int_equal(hs_floor_deadline_us(&f), 27000 * MS);
	enter(&f, PENDING_REQUEST);
	granted_for(&f, 5, 0, &out);
	granted_for(&f, 5, 100 * MS, &out);
	assert_int_equal(out.notice, HS_FLOOR_NOTHING);
	/* Little time: at two thirds of it */
	enter(&f, PENDING_REQUEST);
	granted_for(&f, 6, 0, &out);
	assert_int_equal(hs_floor_deadline_us(&f), 4000 * MS);
	/* No limit; and no warning once it is over */
	enter(&f, PENDING_REQUEST);
	granted_for(&f, 0, 0, &out);
	assert_int_equal(hs_floor_deadline_us(&f), 0);
	granted_for(&f, 30, 100 * MS, &out);
	give(&f, IN_RELEASE, 200 * MS, &out);
	assert_int_equal(hs_floor_deadline_us(&f), 0);
	assert_int_equal(hs_floor_left_s(&f, 300 * MS), 0);
}

/* Idle and Taken that were sent before a grant, and come after it */
static void what_a_grant_overtook(void **state)
{
	static const enum in oldv[] = {IN_IDLE, IN_TAKEN};
	struct hs_floor_out out;
	struct hs_floor f;
	unsigned i;

	(void)state;
	for (i = 0; i < 2; i++) {
		enter(&f, PERMISSION);
		give(&f, oldv[i], 400 * MS, &out);
		assert_int_equal(f.state, HS_FLOOR_PERMISSION);
		assert_int_equal(out.notice, HS_FLOOR_NOTHING);
		assert_false(f.talker);
		assert_int_equal(out.sendv[0].type, HS_FM_REQUEST);
		give(&f, IN_GRANTED, 450 * MS, &out);
		assert_int_equal(hs_floor_deadline_us(&f), 0);
		give(&f, oldv[i], 600 * MS, &out);
		assert_int_equal(f.state, HS_FLOOR_NO_PERMISSION);
		assert_true(out.stop_media && out.lost);
		enter(&f, OFFERED);
		give(&f, oldv[i], 400 * MS, &out);
		assert_int_equal(f.state, HS_FLOOR_OFFERED);
	}
}

/* ..and those that were not: the Request says so */
static void what_was_true_behind_a_grant(void **state)
{
	struct hs_floor_out out;
	struct hs_floor f;

	(void)state;
	enter(&f, PERMISSION);
	give(&f, IN_TAKEN, 400 * MS, &out);
	give(&f, IN_TAKEN, 410 * MS, &out);
	assert_int_equal(out.sendc, 0);
	give(&f, IN_DENY, 450 * MS, &out);
	assert_true(out.stop_media && out.lost);
	assert_int_equal(out.notice, HS_FLOOR_DENIED);
	enter(&f, PERMISSION);
	give(&f, IN_TAKEN, 400 * MS, &out);
	give(&f, IN_QUEUED, 450 * MS, &out);
	assert_true(out.stop_media && out.lost);
	assert_int_equal(f.state, HS_FLOOR_QUEUED);
}

/* A grant of a request that was taken back, when that was answered already */
static void late_grant(void **state)
{
	struct hs_floor_out out;
	struct hs_floor f;

	(void)state;
	enter(&f, TALKED);
	give(&f, IN_IDLE, 100 * MS, &out);
	give(&f, IN_GRANTED, 200 * MS, &out);
	assert_int_equal(out.notice, HS_FLOOR_NOTHING);
	assert_int_equal(out.sendv[0].type, HS_FM_RELEASE);
	assert_int_equal(f.state, HS_FLOOR_PENDING_RELEASE);
	/* An activation may bring one unasked */
	enter(&f, TALKED);
	give(&f, IN_IDLE, 100 * MS, &out);
	give(&f, IN_ACTIVATING, 150 * MS, &out);
	give(&f, IN_GRANTED, 200 * MS, &out);
	assert_int_equal(out.notice, HS_FLOOR_OFFER);
	/* Asked again, and a Taken came between */
	enter(&f, TALKED);
	give(&f, IN_IDLE, 100 * MS, &out);
	give(&f, IN_PRESS, 110 * MS, &out);
	give(&f, IN_TAKEN, 120 * MS, &out);
	give(&f, IN_GRANTED, 200 * MS, &out);
	assert_int_equal(f.state, HS_FLOOR_PERMISSION);
}

/* A Taken that is said again is no answer, so T101 goes on */
static void taken_said_again(void **state)
{
	struct hs_floormsg msg = message(HS_FM_TAKEN);
	struct hs_floor_out out;
	struct hs_floor f;

	(void)state;
	msg.has_seq = true;
	msg.seq = 7;
	enter(&f, NO_PERMISSION);
	told(&f, &msg, &out);
	give(&f, IN_PRESS, 0, &out);
	told(&f, &msg, &out);
	assert_int_equal(f.state, HS_FLOOR_PENDING_REQUEST);
	msg.seq = 8;
	told(&f, &msg, &out);
	assert_int_equal(f.state, HS_FLOOR_NO_PERMISSION);
}

static void how_urgent_it_is(void **state)
{
	struct hs_floor_out out;
	struct hs_floor f;

	(void)state;
	enter(&f, NO_PERMISSION);
	give(&f, IN_EMERGENCY, 0, &out);
	assert_int_equal(out.sendv[0].tier, HS_FLOOR_EMERGENCY);
	give(&f, IN_TIMER, 1000 * MS, &out);
	assert_int_equal(out.sendv[0].tier, HS_FLOOR_EMERGENCY);
	/* Less urgent asks for nothing more, and takes nothing back */
	give(&f, IN_PRESS, 1000 * MS, &out);
	assert_int_equal(out.sendc, 0);
	assert_int_equal(f.tier, HS_FLOOR_EMERGENCY);
	give(&f, IN_GRANTED, 1100 * MS, &out);
	give(&f, IN_RELEASE, 2000 * MS, &out);
	give(&f, IN_STOPPED, 2000 * MS, &out);
	give(&f, IN_IDLE, 2100 * MS, &out);
	give(&f, IN_PRESS, 3000 * MS, &out);
	assert_int_equal(out.sendv[0].tier, HS_FLOOR_NORMAL);
	/* From who talks: until it is answered */
	enter(&f, PERMISSION);
	give(&f, IN_EMERGENCY, 0, &out);
	give(&f, IN_GRANTED, 100 * MS, &out);
	assert_int_equal(hs_floor_deadline_us(&f), 0);
}

static void connect_from(struct hs_floor *f, const char *session,
			 enum hs_floormsg_type type, uint64_t now_us,
			 struct hs_floor_out *out)
{
	const struct hs_floormsg msg = {
		.type = type,
		.ack = true,
		.session_type = 1,
		.session_uri = {session, session ? strlen(session) : 0}};

	hs_floor_step(f,
		      &(struct hs_floor_ev){.type = HS_FLOOR_EV_MSG,
					    .msg = &msg},
		      now_us, out);
	assert_int_equal(out->sendv[0].type, HS_FM_ACK);
	assert_int_equal(out->sendv[0].acked, type);
}

/* Acked each time, told once */
static void calls_on_the_session(void **state)
{
	struct hs_floor_out out;
	struct hs_floor f;

	(void)state;
	enter(&f, NO_PERMISSION);
	connect_from(&f, "sip:s1@x", HS_FM_CONNECT, 0, &out);
	assert_int_equal(out.notice, HS_FLOOR_CONNECTED);
	assert_int_equal(out.sendv[0].reason, HS_FLOOR_ACCEPT);
	assert_int_equal(out.sendv[0].session_uri.l, 8);
	connect_from(&f, "sip:s1@x", HS_FM_CONNECT, 1000 * MS, &out);
	assert_int_equal(out.notice, HS_FLOOR_NOTHING);
	connect_from(&f, "sip:s2@x", HS_FM_CONNECT, 2000 * MS, &out);
	assert_int_equal(out.notice, HS_FLOOR_CONNECTED);
	/* The end of what was before it */
	connect_from(&f, "sip:s1@x", HS_FM_DISCONNECT, 2000 * MS, &out);
	assert_int_equal(out.notice, HS_FLOOR_NOTHING);
	connect_from(&f, "sip:s2@x", HS_FM_DISCONNECT, 3000 * MS, &out);
	assert_int_equal(out.notice, HS_FLOOR_DISCONNECTED);
	connect_from(&f, "sip:s2@x", HS_FM_DISCONNECT, 4000 * MS, &out);
	assert_int_equal(out.notice, HS_FLOOR_NOTHING);
	/* Much later it is another call; without a session, too */
	connect_from(&f, "sip:s2@x", HS_FM_CONNECT, 20000 * MS, &out);
	assert_int_equal(out.notice, HS_FLOOR_CONNECTED);
	connect_from(&f, NULL, HS_FM_CONNECT, 40000 * MS, &out);
	assert_int_equal(out.notice, HS_FLOOR_CONNECTED);
	/* Refused */
	f.cfg.answer = HS_FLOOR_BUSY;
	connect_from(&f, "sip:s3@x", HS_FM_CONNECT, 50000 * MS, &out);
	assert_int_equal(out.notice, HS_FLOOR_CONNECT_REFUSED);
	assert_int_equal(out.sendv[0].reason, HS_FLOOR_BUSY);
	connect_from(&f, "sip:s3@x", HS_FM_CONNECT, 51000 * MS, &out);
	assert_int_equal(out.notice, HS_FLOOR_NOTHING);
	assert_int_equal(out.sendv[0].reason, HS_FLOOR_BUSY);
}

/* The count of another call may begin anywhere; so may that of a server that
 * nothing was heard of for long */
static void sequence_of_another_session(void **state)
{
	struct hs_floormsg msg = message(HS_FM_TAKEN);
	struct hs_floor_out out;
	struct hs_floor f;

	(void)state;
	msg.has_seq = true;
	msg.seq = 500;
	enter(&f, NO_PERMISSION);
	told(&f, &msg, &out);
	msg.seq = 1;
	told(&f, &msg, &out);
	assert_int_equal(out.notice, HS_FLOOR_NOTHING);
	connect_from(&f, "sip:s1@x", HS_FM_CONNECT, 0, &out);
	told(&f, &msg, &out);
	assert_int_equal(out.notice, HS_FLOOR_TAKEN);
	msg.seq = 40000;
	hs_floor_step(&f,
		      &(struct hs_floor_ev){.type = HS_FLOOR_EV_MSG,
					    .msg = &msg},
		      60000 * MS, &out);
	assert_int_equal(out.notice, HS_FLOOR_TAKEN);
}

static void silent_talker_is_given_up(void **state)
{
	struct hs_floor_out out;
	struct hs_floor f;

	(void)state;
	enter(&f, NO_PERMISSION);
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
		cmocka_unit_test(one_message_under_way),
		cmocka_unit_test(how_a_release_is_answered),
		cmocka_unit_test(your_turn),
		cmocka_unit_test(warned_before_the_time_is_over),
		cmocka_unit_test(what_a_grant_overtook),
		cmocka_unit_test(what_was_true_behind_a_grant),
		cmocka_unit_test(late_grant),
		cmocka_unit_test(taken_said_again),
		cmocka_unit_test(how_urgent_it_is),
		cmocka_unit_test(calls_on_the_session),
		cmocka_unit_test(sequence_of_another_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

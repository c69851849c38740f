/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floor_talk_test.c  Whole conversations: the floor of a bridge and the
 * participants' machines of the handset, on virtual time, with a network that
 * loses, doubles, or turns round each message in turn (row P10)
 *
 * However the network is, all soon have the same idea of who talks and who
 * waits, nobody's key is in vain, and in the end nothing is left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "cli/handset_floor.h"
#include "mixer/floor.h"

enum {
	MS = 1000,
	STEP_US = 10 * MS,
	DELAY_US = 20 * MS,
	/** Speech is slower: a Release overtakes the last packets */
	RTP_DELAY_US = 60 * MS,
	RTP_US = 20 * MS,
	SILENT_US = 100 * MS,
	/** A message that is turned round waits so long for one to pass it */
	HELD_US = 400 * MS,
	PARTIES = 4,
	FLIGHTS = 256,
	/** More messages than without trouble, at the most */
	REPEATS = 6,
	SERVER = -1,
	NOBODY = -2
};

#define START_US ((uint64_t)1000000000)

/* --- scripts ------------------------------------------------------------- */

enum what {
	PRESS,
	LET_GO,
	ASK,    /* Where am I in the queue? */
	GOES,   /* Its leg is gone */
	MUTE,   /* It may not talk any more */
	REVOKE, /* A dispatcher does */
	CHECK,  /* It holds the floor, and all know; NOBODY: it is free */
	END
};

struct line {
	unsigned at_ms;
	enum what what;
	int who;
};

struct script {
	const char *name;
	struct floor_cfg cfg;
	uint8_t priority[PARTIES];
	bool emergency[PARTIES];  /* Its requests are */
	bool unable[PARTIES];     /* ..to wait */
	unsigned talk_ms[PARTIES]; /* So long it is heard, at the least */
	struct line v[24];
};

/* --- the world ----------------------------------------------------------- */

struct flight {
	uint64_t at_us;
	int from, to;
	bool rtp;
	uint16_t seq;
	struct hs_floormsg msg;
};

struct party {
	struct hs_floor f;
	bool media;
	uint16_t seq;      /* Of its speech */
	bool spoke;        /* In this burst */
	uint64_t media_us; /* Its next packet */
	uint64_t heard_us; /* The last one that it heard */
	bool hears;
	uint16_t told;     /* Taken and Idle are numbered */
	unsigned forwarded_ms;
};

enum trouble { NONE, LOST, DOUBLED, TURNED, TWO_LOST };

struct world {
	const struct script *s;
	uint64_t now;
	struct floor f;
	struct floor_member m[PARTIES];
	bool in[PARTIES];
	uint16_t rtp_seq, last_seq; /* Of the holder; of its Release */
	bool has_last_seq;
	struct party p[PARTIES];
	struct flight v[FLIGHTS];
	unsigned flights;
	unsigned sent;
	enum trouble trouble;
	unsigned number; /* Of the message that has it */
	unsigned second; /* ..and of the other one */
	struct flight held;
	bool holds;
};

static void fail_in(const struct world *w, const char *what)
{
	static const char *const trouble[] = {"is not", "lost", "doubled",
					      "turned round", "and another"};
	int i;

	printf("# %s, message %u %s (%u), at %llu ms: %s\n", w->s->name,
	       w->number, trouble[w->trouble], w->second,
	       (unsigned long long)(w->now - START_US) / MS, what);
	printf("#  floor: state %d, holder %d, %u wait\n", w->f.state,
	       w->f.holder ? (int)(w->f.holder - w->m) : -1, w->f.queued);
	for (i = 0; i < PARTIES; i++)
		printf("#  %c: %s%s%s%s, heard for %u ms\n", 'A' + i,
		       hs_floor_state_name(w->p[i].f.state),
		       w->p[i].f.key ? ", key" : "",
		       w->p[i].f.talker ? ", knows of a talker" : "",
		       w->p[i].hears ? ", hears one" : "",
		       w->p[i].forwarded_ms);
	fflush(stdout);
	fail();
}

#define MUST(w, cond)                                                         \
	do {                                                                  \
		if (!(cond))                                                  \
			fail_in(w, #cond);                                    \
	} while (0)

/* --- the network --------------------------------------------------------- */

static void fly(struct world *w, const struct flight *f)
{
	assert_true(w->flights < FLIGHTS);
	w->v[w->flights++] = *f;
}

static bool same_way(const struct flight *a, const struct flight *b)
{
	return a->from == b->from && a->to == b->to;
}

static void post(struct world *w, int from, int to,
		 const struct hs_floormsg *msg)
{
	struct flight f = {.at_us = w->now + DELAY_US,
			   .from = from,
			   .to = to,
			   .msg = *msg};
	const bool it = w->trouble != NONE && w->sent == w->number;
	const bool also = w->trouble == TWO_LOST && w->sent == w->second;

	w->sent++;
	if (also || (it && w->trouble != DOUBLED && w->trouble != TURNED))
		return;
	if (it && w->trouble == TURNED) {
		w->held = f;
		w->held.at_us += HELD_US;
		w->holds = true;
		return;
	}
	fly(w, &f);
	if (it && w->trouble == DOUBLED) {
		f.at_us += 3 * STEP_US;
		fly(w, &f);
	}
	if (w->holds && same_way(&f, &w->held)) {
		w->held.at_us = f.at_us + STEP_US;
		fly(w, &w->held);
		w->holds = false;
	}
}

/* --- the server ---------------------------------------------------------- */

static void tell(struct world *w, const struct floor_member *to,
		 struct hs_floormsg msg)
{
	const int i = (int)(to - w->m);

	if (msg.type == HS_FM_TAKEN || msg.type == HS_FM_IDLE) {
		msg.has_seq = true;
		msg.seq = w->p[i].told++;
	}
	if (w->in[i])
		post(w, SERVER, i, &msg);
}

static void tell_all(struct world *w, const struct floor_act *a,
		     struct hs_floormsg msg)
{
	unsigned i;

	if (a->to) {
		tell(w, a->to, msg);
		return;
	}
	for (i = 0; i < PARTIES; i++)
		if (&w->m[i] != a->who)
			tell(w, &w->m[i], msg);
}

static void tell_moved(struct world *w, const struct floor_act *a)
{
	const struct floor_member *m = a->who;
	uint16_t position = a->position;

	for (; m; m = m->next)
		tell(w, m,
		     (struct hs_floormsg){.type = HS_FM_QUEUE_INFO,
					  .position = position++});
}

static void act(struct world *w, const struct floor_act *a)
{
	switch (a->type) {
	case FLOOR_ACT_GRANTED:
		if (!a->repeat)
			w->has_last_seq = false;
		tell(w, a->who,
		     (struct hs_floormsg){.type = HS_FM_GRANTED,
					  .ack = a->served});
		break;
	case FLOOR_ACT_TAKEN:
		tell_all(w, a,
			 (struct hs_floormsg){
				 .type = HS_FM_TAKEN,
				 .forbidden = w->f.cfg.broadcast});
		break;
	case FLOOR_ACT_IDLE:
		tell_all(w, a, (struct hs_floormsg){.type = HS_FM_IDLE});
		break;
	case FLOOR_ACT_DENY:
		tell(w, a->who,
		     (struct hs_floormsg){.type = HS_FM_DENY,
					  .reason = a->reason});
		break;
	case FLOOR_ACT_REVOKE:
		tell(w, a->who,
		     (struct hs_floormsg){.type = HS_FM_REVOKE,
					  .reason = a->reason});
		break;
	case FLOOR_ACT_QUEUE:
		if (!a->quiet)
			tell(w, a->who,
			     (struct hs_floormsg){.type = HS_FM_QUEUE_INFO,
						  .position = a->position});
		break;
	case FLOOR_ACT_MOVED:
		tell_moved(w, a);
		break;
	case FLOOR_ACT_UNQUEUED:
	case FLOOR_ACT_WARN:
	case FLOOR_ACT_INACTIVE:
	case FLOOR_ACT_ENDED:
		break;
	}
}

static void server_step(struct world *w, const struct floor_ev *ev)
{
	struct floor_out out;
	unsigned i;

	floor_step(&w->f, ev, w->now, &out);
	for (i = 0; i < out.n; i++)
		act(w, &out.v[i]);
}

static void server_release(struct world *w, int from,
			   const struct hs_floormsg *msg)
{
	struct floor_ev ev = {.type = FLOOR_EV_RELEASE, .who = &w->m[from]};

	if (w->f.holder == ev.who && w->f.state != FLOOR_DRAINING) {
		w->has_last_seq =
			!msg->ignore_seq && w->f.media &&
			(int16_t)(uint16_t)(msg->last_seq - w->rtp_seq) > 0;
		w->last_seq = msg->last_seq;
		ev.drain = w->has_last_seq;
	}
	server_step(w, &ev);
}

static void server_hear(struct world *w, int from,
			const struct hs_floormsg *msg)
{
	struct floor_ev ev = {.type = FLOOR_EV_REQUEST,
			      .who = &w->m[from],
			      .priority = w->s->priority[from],
			      .tier = w->s->emergency[from] ? FLOOR_EMERGENCY
							    : FLOOR_NORMAL,
			      .queues = !w->s->unable[from]};

	if (!w->in[from])
		return;
	if (msg->type == HS_FM_RELEASE) {
		server_release(w, from, msg);
		return;
	}
	if (msg->type == HS_FM_ACK)
		ev.type = FLOOR_EV_ACK;
	else if (msg->type == HS_FM_QUEUE_REQUEST)
		ev.type = FLOOR_EV_POSITION;
	else
		MUST(w, msg->type == HS_FM_REQUEST);
	server_step(w, &ev);
}

static void party_step(struct world *w, int i, const struct hs_floor_ev *ev);

static void hear(struct world *w, int i)
{
	const bool first = !w->p[i].hears;

	w->p[i].hears = true;
	w->p[i].heard_us = w->now;
	if (first)
		party_step(w, i,
			   &(struct hs_floor_ev){.type = HS_FLOOR_EV_HEARD});
}

static void server_speech(struct world *w, int from, uint16_t seq)
{
	int i;

	if (!w->in[from] || !floor_media(&w->f, &w->m[from], w->now))
		return;
	w->rtp_seq = seq;
	w->p[from].forwarded_ms += RTP_US / MS;
	for (i = 0; i < PARTIES; i++)
		if (i != from && w->in[i])
			hear(w, i);
	if (w->has_last_seq && seq == w->last_seq)
		server_step(w,
			    &(struct floor_ev){.type = FLOOR_EV_DRAINED});
}

/* --- the participants ---------------------------------------------------- */

static void party_step(struct world *w, int i, const struct hs_floor_ev *ev)
{
	struct party *p = &w->p[i];
	struct hs_floor_out out;
	unsigned k;

	hs_floor_step(&p->f, ev, w->now, &out);
	for (k = 0; k < out.sendc; k++)
		post(w, i, SERVER, &out.sendv[k]);
	if (out.start_media) {
		p->media = true;
		p->spoke = false;
		p->media_us = w->now;
	}
	if (out.stop_media) {
		p->media = false;
		party_step(w, i,
			   &(struct hs_floor_ev){.type = HS_FLOOR_EV_STOPPED,
						 .last_seq = p->seq,
						 .sent = p->spoke});
	}
}

static void party_talk(struct world *w, int i)
{
	struct party *p = &w->p[i];

	if (!p->media || w->now < p->media_us)
		return;
	p->media_us = w->now + RTP_US;
	p->spoke = true;
	fly(w, &(struct flight){.at_us = w->now + RTP_DELAY_US,
				.from = i,
				.to = SERVER,
				.rtp = true,
				.seq = ++p->seq});
}

static void party_time(struct world *w, int i)
{
	static const struct hs_floor_ev silent = {.type = HS_FLOOR_EV_SILENT};
	static const struct hs_floor_ev timer = {.type = HS_FLOOR_EV_TIMER};
	struct party *p = &w->p[i];
	uint64_t due;

	if (p->hears && w->now - p->heard_us >= SILENT_US) {
		p->hears = false;
		party_step(w, i, &silent);
	}
	due = hs_floor_deadline_us(&p->f);
	if (due && w->now >= due)
		party_step(w, i, &timer);
	party_talk(w, i);
}

/* --- time goes by -------------------------------------------------------- */

static void deliver_one(struct world *w, const struct flight *f)
{
	if (f->rtp)
		server_speech(w, f->from, f->seq);
	else if (f->to == SERVER)
		server_hear(w, f->from, &f->msg);
	else if (w->in[f->to])
		party_step(w, f->to,
			   &(struct hs_floor_ev){.type = HS_FLOOR_EV_MSG,
						 .msg = &f->msg});
}

static void deliver(struct world *w)
{
	unsigned i = 0;

	if (w->holds && w->now >= w->held.at_us) {
		fly(w, &w->held);
		w->holds = false;
	}
	/* In the order in which they were sent */
	while (i < w->flights) {
		const struct flight f = w->v[i];

		if (f.at_us > w->now) {
			i++;
			continue;
		}
		w->flights--;
		memmove(&w->v[i], &w->v[i + 1],
			(w->flights - i) * sizeof(w->v[0]));
		deliver_one(w, &f);
	}
}

/* All know who has the floor, and who waits for it */
static void check(const struct world *w, int who)
{
	const struct floor_member *m = who < 0 ? NULL : &w->m[who];
	int i;

	MUST(w, w->f.holder == m);
	MUST(w, w->f.state == (m ? FLOOR_TAKEN : FLOOR_IDLE));
	for (i = 0; i < PARTIES; i++) {
		const struct party *p = &w->p[i];

		if (!w->in[i])
			continue;
		MUST(w, (p->f.state == HS_FLOOR_PERMISSION) == (i == who));
		if (i == who)
			continue;
		MUST(w, (p->f.talker || p->hears) == (m != NULL));
		MUST(w, (p->f.state == HS_FLOOR_QUEUED) == w->m[i].queued);
	}
}

static void play(struct world *w, const struct line *l)
{
	static const enum hs_floor_ev_type key[] = {[PRESS] = HS_FLOOR_EV_PRESS,
						    [LET_GO] =
							    HS_FLOOR_EV_RELEASE,
						    [ASK] = HS_FLOOR_EV_ASK};
	struct floor_ev ev = {.who = l->who >= 0 ? &w->m[l->who] : NULL};

	switch (l->what) {
	case PRESS:
	case LET_GO:
	case ASK:
		party_step(w, l->who,
			   &(struct hs_floor_ev){.type = key[l->what]});
		break;
	case GOES:
		ev.type = FLOOR_EV_LEAVE;
		w->in[l->who] = false;
		server_step(w, &ev);
		party_step(w, l->who,
			   &(struct hs_floor_ev){.type = HS_FLOOR_EV_DOWN});
		w->p[l->who].media = false;
		break;
	case MUTE:
		ev.type = FLOOR_EV_SET;
		w->m[l->who].may_talk = false;
		server_step(w, &ev);
		break;
	case REVOKE:
		ev.type = FLOOR_EV_REVOKE;
		server_step(w, &ev);
		break;
	case CHECK:
		/* Of two that are lost the second may be the repeat */
		if (w->trouble != TWO_LOST)
			check(w, l->who);
		break;
	case END:
		break;
	}
}

static void open_world(struct world *w, const struct script *s)
{
	struct hs_floor_cfg cfg;
	int i;

	memset(w, 0, sizeof(*w));
	w->s = s;
	w->now = START_US;
	floor_init(&w->f, &s->cfg);
	hs_floor_cfg_default(&cfg);
	for (i = 0; i < PARTIES; i++) {
		hs_floor_init(&w->p[i].f, &cfg);
		w->m[i].may_talk = w->m[i].may_emergency = true;
		w->m[i].priority = 255;
		w->in[i] = true;
		server_step(w, &(struct floor_ev){.type = FLOOR_EV_JOIN,
						  .who = &w->m[i]});
	}
}

static void check_end(const struct world *w)
{
	int i;

	MUST(w, w->f.state == FLOOR_IDLE && !w->f.head);
	MUST(w, floor_deadline(&w->f) == FLOOR_NEVER);
	for (i = 0; i < PARTIES; i++) {
		const struct party *p = &w->p[i];

		MUST(w, p->f.state == HS_FLOOR_NO_PERMISSION);
		MUST(w, !p->f.talker && !p->media);
		MUST(w, hs_floor_deadline_us(&p->f) == 0);
		MUST(w, w->trouble == TWO_LOST ||
				p->forwarded_ms >= w->s->talk_ms[i]);
	}
}

static unsigned converse(const struct script *s, enum trouble trouble,
			 unsigned number, unsigned second)
{
	static const struct floor_ev time = {.type = FLOOR_EV_TIME};
	static struct world w;
	const struct line *l = s->v;
	uint64_t start;
	int i;

	open_world(&w, s);
	w.trouble = trouble;
	w.number = number;
	w.second = second;
	for (start = w.now; l->what != END; w.now += STEP_US) {
		deliver(&w);
		if (floor_deadline(&w.f) <= w.now)
			server_step(&w, &time);
		for (; l->what != END && l->at_ms * MS <= w.now - start; l++)
			play(&w, l);
		for (i = 0; i < PARTIES; i++)
			party_time(&w, i);
	}
	check_end(&w);
	return w.sent;
}

static void each_message(const struct script *s)
{
	const unsigned n = converse(s, NONE, 0, 0);
	unsigned i, k;

	for (i = 0; i < n; i++) {
		(void)converse(s, LOST, i, 0);
		(void)converse(s, DOUBLED, i, 0);
		(void)converse(s, TURNED, i, 0);
		for (k = i + 1; k < n + REPEATS; k++)
			(void)converse(s, TWO_LOST, i, k);
	}
	print_message("# %s: %u messages, each lost, doubled, turned round, "
		      "and each two lost\n",
		      s->name, n);
}

/* --- the conversations --------------------------------------------------- */

enum { A, B, C, D };

#define TIMES(talk)                                                           \
	.max_talk_ms = (talk), .revoke_grace_ms = 3000,                       \
	.revoke_repeat_ms = 1000, .end_of_media_ms = 4000,                    \
	.retry_after_ms = 5000, .idle_repeat_ms = 1000, .idle_repeats = 3,    \
	.grant_repeat_ms = 1000, .grant_repeats = 3, .emergency = true

static void in_turn(void **state)
{
	static const struct script s = {
		.name = "in turn",
		.cfg = {TIMES(30000)},
		.talk_ms = {5800, 4800},
		.v = {{1000, PRESS, A}, {6000, CHECK, A}, {8000, LET_GO, A},
		      {14000, CHECK, NOBODY}, {14500, PRESS, B},
		      /* Denied, and told again and again that it is */
		      {16000, PRESS, C}, {17500, LET_GO, C},
		      {20000, CHECK, B}, {20500, LET_GO, B},
		      {30000, CHECK, NOBODY}, {36000, END, NOBODY}}};

	(void)state;
	each_message(&s);
}

static void in_line(void **state)
{
	static const struct script s = {
		.name = "in line",
		.cfg = {TIMES(30000), .queue_max = 5},
		.priority = {1, 1, 1, 2},
		.talk_ms = {4000, 1500, 0, 1500},
		.v = {{1000, PRESS, A}, {3000, PRESS, B}, {5000, PRESS, C},
		      {7000, PRESS, D}, {9000, ASK, C}, {12500, CHECK, A},
		      {13000, LET_GO, C}, {17000, CHECK, A},
		      {17500, LET_GO, A}, {22000, CHECK, D},
		      {22500, LET_GO, D}, {27000, CHECK, B},
		      {27500, LET_GO, B}, {37000, CHECK, NOBODY},
		      {43000, END, NOBODY}}};

	(void)state;
	each_message(&s);
}

static void in_danger(void **state)
{
	static const struct script s = {
		.name = "in danger",
		.cfg = {TIMES(30000), .queue_max = 5},
		.emergency = {false, false, false, true},
		.talk_ms = {1800, 500, 0, 2000},
		.v = {{1000, PRESS, A}, {4000, PRESS, B}, {5000, PRESS, D},
		      {10000, CHECK, D}, {10500, LET_GO, A},
		      {13000, CHECK, D}, {13500, LET_GO, D},
		      {18500, CHECK, B}, {19500, LET_GO, B},
		      {29000, CHECK, NOBODY}, {36000, END, NOBODY}}};

	(void)state;
	each_message(&s);
}

/* ..where nobody else may wait, with a terminal that cannot */
static void in_danger_and_unable(void **state)
{
	static const struct script s = {
		.name = "in danger, unable to wait",
		.cfg = {TIMES(30000)},
		.emergency = {false, false, false, true},
		.unable = {true, true, true, true},
		.talk_ms = {1800, 0, 0, 2000},
		.v = {{1000, PRESS, A}, {4000, PRESS, B}, {5000, PRESS, D},
		      {5500, LET_GO, B}, {10000, CHECK, D},
		      {10500, LET_GO, A}, {13000, CHECK, D},
		      {13500, LET_GO, D}, {23000, CHECK, NOBODY},
		      {30000, END, NOBODY}}};

	(void)state;
	each_message(&s);
}

static void too_long(void **state)
{
	static const struct script s = {
		.name = "too long",
		.cfg = {TIMES(6000), .queue_max = 5},
		.talk_ms = {5900, 2000},
		.v = {{1000, PRESS, A}, {4000, PRESS, B}, {12000, CHECK, B},
		      {12500, LET_GO, B}, {16000, LET_GO, A},
		      {26000, CHECK, NOBODY}, {32000, END, NOBODY}}};

	(void)state;
	each_message(&s);
}

static void cutting_in(void **state)
{
	static const struct script s = {
		.name = "cutting in",
		.cfg = {TIMES(30000), .cut_in = true},
		.talk_ms = {4500, 3000},
		.v = {{1000, PRESS, A}, {5000, PRESS, B}, {9500, CHECK, B},
		      {10000, LET_GO, A}, {11000, PRESS, A},
		      {15000, CHECK, A}, {15500, LET_GO, B},
		      {18000, LET_GO, A}, {27000, CHECK, NOBODY},
		      {34000, END, NOBODY}}};

	(void)state;
	each_message(&s);
}

static void one_way(void **state)
{
	static const struct script s = {
		.name = "one way",
		.cfg = {TIMES(30000), .broadcast = true, .queue_max = 5},
		.emergency = {false, false, true, false},
		.talk_ms = {7800, 2500},
		.v = {{1000, PRESS, A}, {3000, PRESS, B}, {4000, PRESS, C},
		      {7000, LET_GO, B}, {7500, LET_GO, C},
		      {9500, CHECK, A}, {10000, LET_GO, A},
		      {16000, CHECK, NOBODY}, {16500, PRESS, B},
		      {20500, LET_GO, B}, {30000, CHECK, NOBODY},
		      {37000, END, NOBODY}}};

	(void)state;
	each_message(&s);
}

static void vanishing(void **state)
{
	static const struct script s = {
		.name = "vanishing",
		.cfg = {TIMES(30000), .queue_max = 5},
		.talk_ms = {1800, 0, 2000},
		.v = {{1000, PRESS, A}, {3000, PRESS, B}, {5000, PRESS, C},
		      {8000, GOES, A}, {8500, GOES, B}, {14000, CHECK, C},
		      {15000, LET_GO, C}, {24000, CHECK, NOBODY},
		      {30000, END, NOBODY}}};

	(void)state;
	each_message(&s);
}

static void not_allowed_any_more(void **state)
{
	static const struct script s = {
		.name = "not allowed any more",
		.cfg = {TIMES(30000), .queue_max = 5},
		.talk_ms = {1800, 0, 2000},
		.v = {{1000, PRESS, A}, {3000, PRESS, B}, {5000, PRESS, C},
		      {8000, MUTE, B}, {9000, MUTE, A}, {11000, LET_GO, B},
		      {16000, CHECK, C}, {16500, LET_GO, A},
		      {17000, LET_GO, C}, {27000, CHECK, NOBODY},
		      {34000, END, NOBODY}}};

	(void)state;
	each_message(&s);
}

static void by_a_dispatcher(void **state)
{
	static const struct script s = {
		.name = "by a dispatcher",
		.cfg = {TIMES(30000), .queue_max = 5},
		.talk_ms = {1800, 2000},
		.v = {{1000, PRESS, A}, {3000, PRESS, B},
		      {6000, REVOKE, NOBODY}, {11000, CHECK, B},
		      {12000, LET_GO, B}, {13000, LET_GO, A},
		      {23000, CHECK, NOBODY}, {30000, END, NOBODY}}};

	(void)state;
	each_message(&s);
}

/* Shorter than an answer takes, and all at once */
static void tapping(void **state)
{
	static const struct script s = {
		.name = "tapping",
		.cfg = {TIMES(30000), .queue_max = 2},
		.v = {{1000, PRESS, A}, {1010, PRESS, B}, {1020, LET_GO, A},
		      {1030, PRESS, C}, {1040, LET_GO, B}, {1050, PRESS, D},
		      {1060, PRESS, A}, {1080, LET_GO, C}, {1100, LET_GO, D},
		      {1110, LET_GO, A}, {1120, PRESS, B}, {1150, LET_GO, B},
		      {13000, CHECK, NOBODY}, {20000, END, NOBODY}}};

	(void)state;
	each_message(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_turn),
		cmocka_unit_test(in_line),
		cmocka_unit_test(in_danger),
		cmocka_unit_test(in_danger_and_unable),
		cmocka_unit_test(too_long),
		cmocka_unit_test(cutting_in),
		cmocka_unit_test(one_way),
		cmocka_unit_test(vanishing),
		cmocka_unit_test(not_allowed_any_more),
		cmocka_unit_test(by_a_dispatcher),
		cmocka_unit_test(tapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floor_witness.c  What the participants of a floor were told, and
 * whether it is true
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/unit/floor_witness.h"

enum { NOBODY = WITNESS_MEMBERS };

/** What one participant believes */
struct belief {
	unsigned talker;   /* Who it was told talks; NOBODY: Idle */
	uint16_t position; /* 0: it does not wait */
	bool waits;	   /* ..by the events, whatever it was told */
	uint16_t was_at;   /* Its position before the step */
};

struct witness {
	const struct witnessed *w;
	const struct floor_ev *ev;
	struct belief v[WITNESS_MEMBERS];
	unsigned holder; /* Of the actions so far */
	uint32_t burst;
	enum floor_state was;
	struct floor old; /* As it was */
};

static void fail(const struct witnessed *w, const struct floor_ev *ev,
		 const char *what)
{
	static const char *const event[] = {
		"JOIN",	    "LEAVE",  "SET",  "REQUEST", "RELEASE", "ACK",
		"POSITION", "REVOKE", "SHED", "DRAINED", "TIME"};
	static const char *const action[] = {
		"GRANTED", "TAKEN",    "DENY", "IDLE",	   "REVOKE", "QUEUE",
		"MOVED",   "UNQUEUED", "WARN", "INACTIVE", "ENDED"};
	unsigned i;

	printf("# %s\n# after %s of %d: state %d, holder %d, %u wait\n", what,
	       ev ? event[ev->type] : "media or configuration",
	       ev && ev->who ? (int)(ev->who - w->m) : -1, w->f.state,
	       w->f.holder ? (int)(w->f.holder - w->m) : -1, w->f.queued);
	for (i = 0; ev && i < w->out.n && i < FLOOR_ACTIONS_MAX; i++) {
		const struct floor_act *a = &w->out.v[i];

		printf("#  %s who %d to %d reason %u position %u%s%s\n",
		       action[a->type], a->who ? (int)(a->who - w->m) : -1,
		       a->to ? (int)(a->to - w->m) : -1, a->reason, a->position,
		       a->repeat ? " repeat" : "", a->quiet ? " quiet" : "");
	}
	fflush(stdout);
	abort();
}

#define MUST(t, cond)                                                          \
	do {                                                                   \
		if (!(cond))                                                   \
			fail((t)->w, (t)->ev, #cond);                          \
	} while (0)

static unsigned no_of(const struct witnessed *w, const struct floor_member *who)
{
	return who ? (unsigned)(who - w->m) : NOBODY;
}

/* All know how things are, but who is not there yet */
static void witness_open(struct witness *t, const struct witnessed *w,
			 const struct floor_ev *ev)
{
	unsigned i;

	t->w = w;
	t->ev = ev;
	t->holder = no_of(w, w->f.holder);
	t->burst = w->f.burst;
	t->was = w->f.state;
	t->old = w->f;
	for (i = 0; i < w->n; i++) {
		t->v[i].talker = t->holder;
		t->v[i].waits = w->in[i] && w->m[i].queued;
		t->v[i].position =
			t->v[i].waits ? floor_position(&w->f, &w->m[i]) : 0;
		t->v[i].was_at = t->v[i].position;
		/* It has still to be told */
		if (w->f.moved && t->v[i].position >= w->f.moved)
			t->v[i].position = UINT16_MAX;
	}
}

/* --- what is said, one after the other ----------------------------------- */

static void hear_talker(struct witness *t, const struct floor_act *a)
{
	unsigned i;

	if (a->to) {
		t->v[no_of(t->w, a->to)].talker = t->holder;
		return;
	}
	for (i = 0; i < t->w->n; i++)
		t->v[i].talker = t->holder;
}

static void hear_granted(struct witness *t, const struct floor_act *a,
			 unsigned who)
{
	if (a->repeat) {
		MUST(t, t->holder == who);
		return;
	}
	MUST(t, t->holder == NOBODY);
	MUST(t, !t->v[who].waits);
	MUST(t, t->w->m[who].may_talk);
	t->holder = who;
	t->burst++;
	t->v[who].talker = who;
}

static void hear_moved(struct witness *t, const struct floor_act *a)
{
	const struct floor_member *m = a->who;
	uint16_t position = a->position;

	MUST(t, a == &t->w->out.v[t->w->out.n - 1]);
	for (; m; m = m->next) {
		MUST(t, !m->quiet);
		t->v[no_of(t->w, m)].position = position++;
	}
}

static bool was_answered(const struct witness *t, const struct floor_member *m)
{
	unsigned i;

	for (i = 0; i < t->w->out.n; i++) {
		const struct floor_act *a = &t->w->out.v[i];

		if (a->who == m &&
		    (a->type == FLOOR_ACT_DENY || a->type == FLOOR_ACT_GRANTED))
			return true;
	}
	return false;
}

/* Granted, denied, or its own doing */
static void hear_unqueued(struct witness *t, const struct floor_act *a,
			  unsigned who)
{
	MUST(t, t->v[who].waits);
	t->v[who].waits = false;
	t->v[who].position = 0;
	if (t->ev->who == a->who &&
	    (t->ev->type == FLOOR_EV_RELEASE || t->ev->type == FLOOR_EV_LEAVE))
		return;
	MUST(t, was_answered(t, a->who));
}

static void hear(struct witness *t, const struct floor_act *a)
{
	const unsigned who = no_of(t->w, a->who);

	switch (a->type) {
	case FLOOR_ACT_GRANTED:
		hear_granted(t, a, who);
		MUST(t, a->burst == t->burst);
		break;
	case FLOOR_ACT_TAKEN:
		MUST(t, t->holder == who && who != NOBODY);
		MUST(t, a->burst == t->burst);
		hear_talker(t, a);
		break;
	case FLOOR_ACT_IDLE:
		MUST(t, t->holder == NOBODY && who == NOBODY);
		hear_talker(t, a);
		break;
	case FLOOR_ACT_DENY:
		MUST(t, a->reason && !t->v[who].waits);
		MUST(t, who != t->holder || t->was != FLOOR_TAKEN);
		break;
	case FLOOR_ACT_REVOKE:
		MUST(t, a->reason && t->holder == who && who != NOBODY);
		MUST(t, a->burst == t->burst);
		break;
	case FLOOR_ACT_QUEUE:
		t->v[who].position = a->position;
		if (a->position && !a->repeat)
			t->v[who].waits = true;
		MUST(t, t->v[who].waits == (a->position > 0));
		break;
	case FLOOR_ACT_MOVED:
		hear_moved(t, a);
		break;
	case FLOOR_ACT_UNQUEUED:
		hear_unqueued(t, a, who);
		break;
	case FLOOR_ACT_WARN:
		MUST(t, t->holder == who && t->was == FLOOR_TAKEN);
		break;
	case FLOOR_ACT_INACTIVE:
		MUST(t, t->holder == NOBODY && !t->w->f.queued);
		break;
	case FLOOR_ACT_ENDED:
		MUST(t, t->holder == who && who != NOBODY);
		MUST(t, a->burst == t->burst);
		t->holder = NOBODY;
		break;
	}
}

/* --- what the machine promises ------------------------------------------- */

static bool is_before(const struct floor_member *a,
		      const struct floor_member *b)
{
	return a->queue_tier != b->queue_tier
		       ? a->queue_tier > b->queue_tier
		       : a->queue_priority >= b->queue_priority;
}

/* The list holds together, and is in order */
static void check_queue(const struct witness *t)
{
	const struct floor *f = &t->w->f;
	const struct floor_member *m, *before = NULL;
	unsigned i, n = 0, waiting = 0;

	for (m = f->head; m; before = m, m = m->next) {
		MUST(t, ++n <= t->w->n);
		MUST(t, m->prev == before && m->queued);
		MUST(t, t->w->in[no_of(t->w, m)]);
		MUST(t, !before || is_before(before, m));
		MUST(t, !m->quiet || !before);
		MUST(t, m->may_talk);
		MUST(t, m->queue_tier == FLOOR_NORMAL || m->may_emergency);
	}
	MUST(t, f->tail == before && f->queued == n);
	for (i = 0; i < t->w->n; i++)
		waiting += t->w->in[i] && t->w->m[i].queued;
	MUST(t, waiting == n);
	/* Who is quiet is about to be next */
	MUST(t, !f->head || !f->head->quiet || f->state == FLOOR_REVOKING ||
			f->state == FLOOR_DRAINING);
}

/* Never does anybody wait for something that will not happen */
static void check_deadline(const struct witness *t)
{
	const struct floor *f = &t->w->f;
	const uint64_t at = floor_deadline(f);

	if (f->state != FLOOR_IDLE || f->head)
		MUST(t, at != FLOOR_NEVER);
	if (f->moved)
		MUST(t, at <= f->moved_us);
	if (f->state == FLOOR_TAKEN) {
		MUST(t, f->t1 != FLOOR_NEVER);
		/* T2 from the first packet on */
		MUST(t, f->t2 == FLOOR_NEVER || f->media);
		MUST(t, f->t20 == FLOOR_NEVER || !f->media);
	}
	if (f->state == FLOOR_REVOKING)
		MUST(t, f->t3 != FLOOR_NEVER);
	if (f->state == FLOOR_DRAINING)
		MUST(t, f->drain != FLOOR_NEVER);
	if (t->ev && t->ev->type == FLOOR_EV_TIME)
		MUST(t, at > t->w->now);
}

static void check_beliefs(const struct witness *t)
{
	const struct witnessed *w = t->w;
	uint16_t position;
	unsigned i;

	MUST(t, t->holder == no_of(w, w->f.holder));
	MUST(t, w->f.moved <= w->f.queued);
	MUST(t, w->f.moved_us <= w->now + FLOOR_MOVED_MS * 1000);
	MUST(t, t->burst == w->f.burst);
	MUST(t, (w->f.state == FLOOR_IDLE) == (t->holder == NOBODY));
	MUST(t, t->holder == NOBODY || w->in[t->holder]);
	for (i = 0; i < w->n; i++) {
		if (!w->in[i])
			continue;
		MUST(t, t->v[i].talker == t->holder);
		MUST(t, t->v[i].waits == w->m[i].queued);
		position = floor_position(&w->f, &w->m[i]);
		MUST(t, t->v[i].position == position ||
				(w->f.moved && position >= w->f.moved));
	}
}

/* To who, that asked for something: one answer, and only one */
static void check_answer(const struct witness *t)
{
	const struct floor_member *who = t->ev->who;
	unsigned i, said = 0, told = 0, state = 0, outcome = 0;

	for (i = 0; i < t->w->out.n; i++) {
		const struct floor_act *a = &t->w->out.v[i];

		said += a->who == who && a->type == FLOOR_ACT_QUEUE;
		outcome += a->who == who && (a->type == FLOOR_ACT_GRANTED ||
					     a->type == FLOOR_ACT_DENY);
		told += a->who == who && a->type == FLOOR_ACT_REVOKE;
		state += a->to == who || (!a->to && a->who != who &&
					  (a->type == FLOOR_ACT_TAKEN ||
					   a->type == FLOOR_ACT_IDLE));
	}
	if (t->ev->type == FLOOR_EV_REQUEST) {
		MUST(t, outcome <= 1);
		MUST(t, outcome == 1 || (said == 1 && who->queued));
	}
	if (t->ev->type == FLOOR_EV_POSITION)
		MUST(t, said + outcome + told == 1);
	if (t->ev->type == FLOOR_EV_RELEASE)
		MUST(t, state == 1 || t->w->f.state == FLOOR_DRAINING);
	if (t->ev->type == FLOOR_EV_JOIN)
		MUST(t, state == 1);
}

/* Who holds the floor, and talks, loses it only for a reason */
static void check_holder(const struct witness *t, unsigned was)
{
	const struct witnessed *w = t->w;
	const struct floor_ev *ev = t->ev;
	const bool own = ev->who && no_of(w, ev->who) == was;
	unsigned i;
	bool revoked = false;

	if (was == NOBODY || t->was != FLOOR_TAKEN || t->holder == was)
		return;
	for (i = 0; i < w->out.n; i++)
		revoked |= w->out.v[i].type == FLOOR_ACT_REVOKE;
	MUST(t, revoked || ev->type == FLOOR_EV_TIME ||
			(own && (ev->type == FLOOR_EV_RELEASE ||
				 ev->type == FLOOR_EV_LEAVE)));
}

/* What the request counts for: who has waited keeps what it had */
static unsigned rank_asked(const struct witness *t)
{
	const struct floor_member *who = t->ev->who;
	const bool tiers = t->w->f.cfg.emergency && who->may_emergency;
	const unsigned now =
		(unsigned)(tiers ? t->ev->tier : FLOOR_NORMAL) * 256u +
		t->ev->priority;
	const unsigned then =
		(unsigned)who->queue_tier * 256u + who->queue_priority;

	return t->v[no_of(t->w, who)].was_at && then > now ? then : now;
}

/* A request takes the floor from a talker only if it may */
static void check_break_in(const struct witness *t)
{
	const struct floor *f = &t->w->f;
	const unsigned rank = rank_asked(t);
	const unsigned old = (unsigned)t->old.tier * 256u + t->old.priority;

	if (t->was != FLOOR_TAKEN || t->ev->type != FLOOR_EV_REQUEST ||
	    (f->state == FLOOR_TAKEN && f->burst == t->old.burst))
		return;
	MUST(t, !f->cfg.broadcast);
	MUST(t, rank / 256 >= old / 256);
	if (rank / 256 > old / 256)
		return;
	MUST(t, t->old.tier < FLOOR_EMERGENCY);
	MUST(t, f->cfg.cut_in || (f->cfg.preempt && rank > old));
}

/* The queue is bounded, but for who is next */
static void check_bound(const struct witness *t)
{
	const struct floor *f = &t->w->f;

	if (f->queued > t->old.queued)
		MUST(t, f->queued <= f->cfg.queue_max ||
				f->head == t->ev->who);
}

/* Nobody who waits is passed over by a lower one, nor by an equal one that
 * came later */
static void check_turn(const struct witness *t)
{
	const struct floor *f = &t->w->f;
	unsigned was_at, first;

	if (f->burst == t->old.burst || !f->head || f->cfg.cut_in)
		return;
	was_at = t->v[no_of(t->w, f->holder)].was_at;
	first = t->v[no_of(t->w, f->head)].was_at;
	MUST(t, f->tier >= f->head->queue_tier);
	if (f->tier > f->head->queue_tier)
		return;
	MUST(t, f->priority >= f->head->queue_priority);
	MUST(t, f->priority > f->head->queue_priority ||
			(was_at && (!first || was_at < first)));
}

static void check(const struct witness *t)
{
	check_queue(t);
	check_deadline(t);
	check_beliefs(t);
}

void witness_step(struct witnessed *w, const struct floor_ev *ev)
{
	struct witness t;
	const unsigned who = no_of(w, ev->who);
	unsigned i, holder;

	witness_open(&t, w, ev);
	holder = t.holder;
	if (ev->type == FLOOR_EV_JOIN && who < WITNESS_MEMBERS) {
		w->in[who] = true;
		t.v[who] = (struct belief){.talker = ~0u};
	}
	floor_step(&w->f, ev, w->now, &w->out);
	if (w->out.n > FLOOR_ACTIONS_MAX)
		fail(w, ev, "more actions than there is room for");
	if (ev->type == FLOOR_EV_LEAVE && who < WITNESS_MEMBERS)
		w->in[who] = false;
	for (i = 0; i < w->out.n; i++)
		hear(&t, &w->out.v[i]);
	check(&t);
	check_turn(&t);
	check_bound(&t);
	if (ev->who) {
		check_answer(&t);
		check_break_in(&t);
	}
	check_holder(&t, holder);
}

void witness_media(struct witnessed *w, unsigned i)
{
	struct witness t;
	bool goes;

	witness_open(&t, w, NULL);
	goes = floor_media(&w->f, &w->m[i], w->now);
	MUST(&t, goes == (w->f.holder == &w->m[i]));
	check(&t);
}

void witness_set(struct witnessed *w, const struct floor_cfg *cfg)
{
	struct witness t;

	witness_open(&t, w, NULL);
	floor_set(&w->f, cfg);
	check(&t);
}

bool witness_wait(struct witnessed *w, bool no_room)
{
	const struct floor_ev ev = {.type = FLOOR_EV_TIME, .no_room = no_room};
	const uint64_t at = floor_deadline(&w->f);

	if (at == FLOOR_NEVER)
		return false;
	if (at > w->now)
		w->now = at;
	witness_step(w, &ev);
	return true;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floor_explore_test.c  Every state that the floor of a bridge can get
 * into, and every event there (row P10)
 *
 * Breadth first over the real code: from an empty bridge, in every state that
 * is reached every event is tried, and floor_witness.c judges each step. Time
 * goes by ticks of 200 ms, of which all timers are multiples; a state is what
 * the machine and its participants are, with timers relative to now, so there
 * are finitely many and all of them are seen: this is a proof for these
 * bridges, not a sample. No model in another language is needed: it would be
 * less than the code itself.
 *
 * Then, of every state: if nothing but time happens, the floor is Idle soon,
 * nobody waits, and nothing is left to be done.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/floor_witness.h"

enum {
	TICK_MS = 200,
	TICK_US = TICK_MS * 1000,
	/** Nobody talks, and nobody presses: so long it takes at most */
	QUIET_TICKS = 150,
	CFGS = 2,
	NONE = 255
};

#define NOW ((uint64_t)1000000000)

/** One bridge to be explored */
struct plan {
	const char *name;
	struct floor_cfg cfg[CFGS]; /* Set in turn; the same: none is */
	unsigned n;
	uint8_t priority[WITNESS_MEMBERS];
	bool emergency[WITNESS_MEMBERS]; /* It may, and does */
	bool silent[WITNESS_MEMBERS];	 /* It listens only */
	bool waits[WITNESS_MEMBERS];	 /* Its terminal does */
	bool leaves[WITNESS_MEMBERS];	 /* ..and comes back */
	bool mutes;	/* Permissions of the first come and go */
	bool room;	/* There may be none */
	unsigned least; /* States, lest the plan explores nothing */
};

/* --- a state, packed ----------------------------------------------------- */

enum { TIMERS = 10 };

struct state {
	uint8_t cfg, state, holder, tier, priority, revoked, media, c7, c20;
	uint8_t members, moved, moved_ticks;
	uint8_t timer[TIMERS];
	uint8_t queue[WITNESS_MEMBERS];
	struct {
		uint8_t flags, priority, retry;
		uint8_t queue_priority, queue_tier;
	} m[WITNESS_MEMBERS];
};

enum { F_IN = 1, F_TALK = 2, F_EMERGENCY = 4, F_QUIET = 8 };

static uint64_t *timer_of(struct floor *f, unsigned i)
{
	uint64_t *const v[TIMERS] = {&f->t1,	&f->t2,	 &f->t3,  &f->t4,
				     &f->t7,	&f->t8,	 &f->t20, &f->warn,
				     &f->drain, &f->room};

	return v[i];
}

static uint8_t ticks(uint64_t at, uint64_t now)
{
	uint64_t n;

	if (at == FLOOR_NEVER)
		return NONE;
	if (at <= now)
		return 0;
	n = (at - now) / TICK_US;
	assert_true((at - now) % TICK_US == 0 && n < NONE);
	return (uint8_t)n;
}

static void pack(struct state *st, struct witnessed *w, unsigned cfg)
{
	struct floor *f = &w->f;
	const struct floor_member *m;
	unsigned i;

	memset(st, 0, sizeof(*st));
	st->cfg = (uint8_t)cfg;
	st->state = (uint8_t)f->state;
	st->holder = f->holder ? (uint8_t)(f->holder - w->m) : NONE;
	if (f->holder) {
		st->tier = (uint8_t)f->tier;
		st->priority = f->priority;
		st->media = f->media;
	}
	if (f->state == FLOOR_REVOKING)
		st->revoked = (uint8_t)f->revoked;
	st->c7 = f->t7 == FLOOR_NEVER ? 0 : (uint8_t)f->c7;
	st->c20 = f->t20 == FLOOR_NEVER ? 0 : (uint8_t)f->c20;
	st->members = (uint8_t)f->members;
	st->moved = (uint8_t)f->moved;
	st->moved_ticks = ticks(f->moved_us, w->now);
	for (i = 0; i < TIMERS; i++)
		st->timer[i] = ticks(*timer_of(f, i), w->now);
	memset(st->queue, NONE, sizeof(st->queue));
	for (i = 0, m = f->head; m; m = m->next)
		st->queue[i++] = (uint8_t)(m - w->m);
	for (i = 0; i < w->n; i++) {
		m = &w->m[i];
		st->m[i].flags =
			(uint8_t)((w->in[i] ? F_IN : 0) |
				  (m->may_talk ? F_TALK : 0) |
				  (m->may_emergency ? F_EMERGENCY : 0) |
				  (m->queued && m->quiet ? F_QUIET : 0));
		st->m[i].priority = m->priority;
		if (w->in[i])
			st->m[i].retry = ticks(m->retry_us, w->now);
		if (w->in[i] && m->queued) {
			st->m[i].queue_priority = m->queue_priority;
			st->m[i].queue_tier = (uint8_t)m->queue_tier;
		}
	}
}

static void unpack_queue(struct witnessed *w, const struct state *st)
{
	struct floor *f = &w->f;
	unsigned i;

	for (i = 0; i < w->n && st->queue[i] != NONE; i++) {
		struct floor_member *m = &w->m[st->queue[i]];

		m->queued = true;
		m->prev = f->tail;
		if (f->tail)
			f->tail->next = m;
		else
			f->head = m;
		f->tail = m;
		f->queued++;
	}
}

static void unpack(struct witnessed *w, const struct state *st,
		   const struct plan *p)
{
	struct floor *f = &w->f;
	unsigned i;

	memset(w, 0, sizeof(*w));
	w->n = p->n;
	w->now = NOW;
	floor_init(f, &p->cfg[st->cfg]);
	f->state = (enum floor_state)st->state;
	f->holder = st->holder == NONE ? NULL : &w->m[st->holder];
	f->tier = (enum floor_tier)st->tier;
	f->priority = st->priority;
	f->revoked = st->revoked;
	f->media = st->media;
	f->c7 = st->c7;
	f->c20 = st->c20;
	f->members = st->members;
	f->moved = st->moved;
	f->moved_us = NOW + (uint64_t)st->moved_ticks * TICK_US;
	for (i = 0; i < TIMERS; i++)
		*timer_of(f, i) =
			st->timer[i] == NONE
				? FLOOR_NEVER
				: NOW + (uint64_t)st->timer[i] * TICK_US;
	for (i = 0; i < w->n; i++) {
		struct floor_member *m = &w->m[i];

		w->in[i] = st->m[i].flags & F_IN;
		m->may_talk = st->m[i].flags & F_TALK;
		m->may_emergency = st->m[i].flags & F_EMERGENCY;
		m->quiet = st->m[i].flags & F_QUIET;
		m->priority = st->m[i].priority;
		m->retry_us = NOW + (uint64_t)st->m[i].retry * TICK_US;
		m->queue_priority = st->m[i].queue_priority;
		m->queue_tier = (enum floor_tier)st->m[i].queue_tier;
	}
	unpack_queue(w, st);
}

/* --- all states ---------------------------------------------------------- */

struct explored {
	struct state *v;
	uint32_t *slot;	 /* By hash: 1 + number of a state */
	uint32_t *quiet; /* Of each: the state when only time has passed */
	uint8_t *quiet_ticks;
	uint32_t n, cap, slots;
	uint64_t steps;
	unsigned most; /* Actions of one step */
	unsigned seen[FLOOR_DRAINING + 1][FLOOR_EV_TIME + 1];
};

static uint32_t hash(const struct state *st)
{
	const uint8_t *p = (const uint8_t *)st;
	uint64_t h = 1469598103934665603u;
	size_t i;

	for (i = 0; i < sizeof(*st); i++)
		h = (h ^ p[i]) * 1099511628211u;
	return (uint32_t)(h ^ h >> 29);
}

static void explored_grow(struct explored *x)
{
	uint32_t i;

	x->cap = x->cap ? 2 * x->cap : 1 << 14;
	x->slots = 2 * x->cap;
	x->v = realloc(x->v, x->cap * sizeof(x->v[0]));
	x->quiet = realloc(x->quiet, x->cap * sizeof(x->quiet[0]));
	x->quiet_ticks = realloc(x->quiet_ticks, x->cap);
	free(x->slot);
	x->slot = calloc(x->slots, sizeof(x->slot[0]));
	assert_true(x->v && x->quiet && x->quiet_ticks && x->slot);
	for (i = 0; i < x->n; i++) {
		uint32_t h = hash(&x->v[i]) % x->slots;

		while (x->slot[h])
			h = (h + 1) % x->slots;
		x->slot[h] = 1 + i;
	}
}

/* Its number; it is added if it is new */
static uint32_t explored_no(struct explored *x, const struct state *st)
{
	uint32_t h;

	if (x->n == x->cap)
		explored_grow(x);
	for (h = hash(st) % x->slots; x->slot[h]; h = (h + 1) % x->slots)
		if (!memcmp(&x->v[x->slot[h] - 1], st, sizeof(*st)))
			return x->slot[h] - 1;
	x->v[x->n] = *st;
	x->slot[h] = ++x->n;
	return x->n - 1;
}

static void explored_free(struct explored *x)
{
	free(x->v);
	free(x->slot);
	free(x->quiet);
	free(x->quiet_ticks);
}

/* --- all events of a state ----------------------------------------------- */

struct at {
	struct explored *x;
	const struct plan *p;
	struct state from;
};

static void reached(const struct at *at, struct witnessed *w, unsigned cfg)
{
	struct state st;

	at->x->steps++;
	if (w->out.n > at->x->most)
		at->x->most = w->out.n;
	pack(&st, w, cfg);
	(void)explored_no(at->x, &st);
}

static void try_ev(const struct at *at, const struct floor_ev *what,
		   unsigned who, uint64_t wait_us)
{
	struct floor_ev ev = *what;
	struct witnessed w;

	unpack(&w, &at->from, at->p);
	at->x->seen[w.f.state][ev.type]++;
	ev.who = who == NONE ? NULL : &w.m[who];
	w.now += wait_us;
	witness_step(&w, &ev);
	reached(at, &w, at->from.cfg);
}

/* With room and, where there may be none, without */
static void try_room(const struct at *at, struct floor_ev ev, unsigned who)
{
	try_ev(at, &ev, who, 0);
	if (!at->p->room)
		return;
	ev.no_room = true;
	try_ev(at, &ev, who, 0);
}

static void try_request(const struct at *at, unsigned who)
{
	struct floor_ev ev = {.type = FLOOR_EV_REQUEST,
			      .priority = at->from.m[who].priority,
			      .queues = at->p->waits[who]};

	try_room(at, ev, who);
	if (at->p->emergency[who]) {
		ev.tier = FLOOR_EMERGENCY;
		try_room(at, ev, who);
	}
	/* Less than it might */
	if (at->p->mutes && ev.priority) {
		ev.priority--;
		ev.tier = FLOOR_NORMAL;
		try_room(at, ev, who);
	}
}

static void try_set(const struct at *at, unsigned who, unsigned change)
{
	const struct floor_ev ev = {.type = FLOOR_EV_SET};
	struct at changed = *at;

	switch (change) {
	case 0:
		changed.from.m[who].flags ^= F_TALK;
		break;
	case 1:
		changed.from.m[who].flags ^= F_EMERGENCY;
		break;
	default:
		changed.from.m[who].priority =
			changed.from.m[who].priority ? 0 : at->p->priority[who];
		break;
	}
	try_ev(&changed, &ev, who, 0);
}

static void try_media(const struct at *at, unsigned who)
{
	struct witnessed w;

	unpack(&w, &at->from, at->p);
	witness_media(&w, who);
	reached(at, &w, at->from.cfg);
}

static void try_member(const struct at *at, unsigned i)
{
	struct floor_ev ev = {.type = FLOOR_EV_JOIN};
	unsigned k;

	if (!(at->from.m[i].flags & F_IN)) {
		try_ev(at, &ev, i, 0);
		return;
	}
	try_request(at, i);
	ev.type = FLOOR_EV_RELEASE;
	try_room(at, ev, i);
	ev.drain = true;
	try_ev(at, &ev, i, 0);
	ev.drain = false;
	ev.type = FLOOR_EV_ACK;
	try_ev(at, &ev, i, 0);
	ev.type = FLOOR_EV_POSITION;
	try_ev(at, &ev, i, 0);
	try_media(at, i);
	ev.type = FLOOR_EV_LEAVE;
	if (at->p->leaves[i])
		try_room(at, ev, i);
	for (k = 0; at->p->mutes && !i && k < 3; k++)
		try_set(at, i, k);
}

static void try_cfg(const struct at *at)
{
	const unsigned other = !at->from.cfg;
	struct witnessed w;

	if (!memcmp(&at->p->cfg[0], &at->p->cfg[1], sizeof(at->p->cfg[0])))
		return;
	unpack(&w, &at->from, at->p);
	witness_set(&w, &at->p->cfg[other]);
	reached(at, &w, other);
}

/* Nothing but time: what the state's own deadline leads to */
static void try_quiet(const struct at *at, uint32_t no)
{
	struct witnessed w;
	struct state st;
	uint32_t to = no;
	uint64_t waited = 0;

	unpack(&w, &at->from, at->p);
	if (witness_wait(&w, false)) {
		waited = (w.now - NOW) / TICK_US;
		pack(&st, &w, at->from.cfg);
		to = explored_no(at->x, &st);
		assert_true(to != no);
	} else {
		assert_true(w.f.state == FLOOR_IDLE && !w.f.head);
	}
	at->x->quiet[no] = to;
	at->x->quiet_ticks[no] = (uint8_t)waited;
}

static void try_all(const struct at *at, uint32_t no)
{
	struct floor_ev ev = {.type = FLOOR_EV_TIME};
	unsigned i;

	try_quiet(at, no);
	for (i = 0; i < at->p->n; i++)
		try_member(at, i);
	try_ev(at, &ev, NONE, TICK_US);
	/* All deadlines together, as after a clock that jumped */
	try_ev(at, &ev, NONE, (uint64_t)3600 * 1000000);
	ev.no_room = true;
	if (at->p->room)
		try_ev(at, &ev, NONE, TICK_US);
	ev.no_room = false;
	ev.type = FLOOR_EV_DRAINED;
	try_room(at, ev, NONE);
	ev.type = FLOOR_EV_REVOKE;
	try_room(at, ev, NONE);
	if (at->p->room) {
		ev.type = FLOOR_EV_SHED;
		try_ev(at, &ev, NONE, 0);
	}
	try_cfg(at);
}

/* --- what holds of them all ---------------------------------------------- */

/* Time alone leads from every state to the same rest, soon. Each state leads
 * to one other: a chain that is longer than all states is a circle. */
static unsigned longest_until_quiet(const struct explored *x)
{
	unsigned longest = 0;
	uint32_t i, k;

	for (i = 0; i < x->n; i++) {
		unsigned waited = 0;

		for (k = i; x->quiet[k] != k; k = x->quiet[k]) {
			waited += x->quiet_ticks[k];
			assert_true(waited <= QUIET_TICKS);
		}
		if (waited > longest)
			longest = waited;
	}
	return longest;
}

static void explore(const struct plan *p)
{
	struct explored x;
	struct witnessed w;
	struct state st;
	unsigned i, k;
	uint32_t no;

	memset(&x, 0, sizeof(x));
	memset(&w, 0, sizeof(w));
	w.n = p->n;
	w.now = NOW;
	floor_init(&w.f, &p->cfg[0]);
	for (i = 0; i < p->n; i++) {
		w.m[i].may_talk = !p->silent[i];
		w.m[i].may_emergency = p->emergency[i];
		w.m[i].priority = p->priority[i];
	}
	for (i = 0; i < p->n; i++)
		if (!p->leaves[i])
			witness_step(&w,
				     &(struct floor_ev){.type = FLOOR_EV_JOIN,
							.who = &w.m[i]});
	pack(&st, &w, 0);
	(void)explored_no(&x, &st);
	for (no = 0; no < x.n; no++) {
		const struct at at = {.x = &x, .p = p, .from = x.v[no]};

		try_all(&at, no);
	}
	k = longest_until_quiet(&x);
	printf("# %s: %u states, %llu steps, %u actions at most, "
	       "quiet after %u.%u s\n",
	       p->name, x.n, (unsigned long long)x.steps, x.most,
	       k * TICK_MS / 1000, k * TICK_MS % 1000 / 100);
	fflush(stdout);
	assert_true(x.most <= FLOOR_ACTIONS_MAX);
	assert_true(x.n >= p->least);
	for (i = 0; i <= FLOOR_DRAINING; i++)
		for (k = 0; k <= FLOOR_EV_TIME; k++)
			assert_true(x.seen[i][k] > 0 ||
				    (k == FLOOR_EV_SHED && !p->room) ||
				    (k == FLOOR_EV_SET && !p->mutes) ||
				    k == FLOOR_EV_JOIN || k == FLOOR_EV_LEAVE);
	explored_free(&x);
}

/* --- the bridges --------------------------------------------------------- */

/* Short, so that all of them meet; different, so that they are told apart */
#define TIMES                                                                  \
	.max_talk_ms = 4 * TICK_MS, .warn_ms = TICK_MS,                        \
	.revoke_grace_ms = 3 * TICK_MS, .revoke_repeat_ms = 2 * TICK_MS,       \
	.end_of_media_ms = 3 * TICK_MS, .retry_after_ms = 2 * TICK_MS,         \
	.grant_repeat_ms = TICK_MS, .grant_repeats = 2

/* ..shorter still where there is much else */
#define SHORT                                                                 \
	.max_talk_ms = 3 * TICK_MS, .revoke_grace_ms = 2 * TICK_MS,           \
	.revoke_repeat_ms = TICK_MS, .end_of_media_ms = 2 * TICK_MS,          \
	.retry_after_ms = TICK_MS, .grant_repeat_ms = TICK_MS,                \
	.grant_repeats = 1

#define IDLES                                                                  \
	.idle_repeat_ms = TICK_MS, .idle_repeats = 2,                          \
	.inactivity_ms = 4 * TICK_MS

#define CFG_TWICE(...)                                                         \
	{                                                                      \
		{__VA_ARGS__},                                                 \
		{                                                              \
			__VA_ARGS__                                            \
		}                                                              \
	}

/* Four of three priorities, and two places */
static void queue_by_priority(void **state)
{
	static const struct plan p = {
		.name = "queue",
		.cfg = CFG_TWICE(TIMES, IDLES, .queue_max = 2),
		.n = 4,
		.priority = {1, 1, 2, 0},
		.waits = {true, true, true, true},
		.least = 1000};

	(void)state;
	explore(&p);
}

/* Who can wait and who cannot, who may break in and who may not */
static void breaking_in(void **state)
{
	static const struct plan p = {.name = "breaking in",
				      .cfg = CFG_TWICE(TIMES, .queue_max = 1,
						       .preempt = true,
						       .emergency = true),
				      .n = 4,
				      .priority = {1, 2, 1, 1},
				      .emergency = {false, false, true, true},
				      .waits = {true, false, false, true},
				      .least = 1000};

	(void)state;
	explore(&p);
}

/* Tiers only, and nobody else waits */
static void emergencies(void **state)
{
	static const struct plan p = {
		.name = "emergencies",
		.cfg = CFG_TWICE(TIMES, .emergency = true),
		.n = 4,
		.priority = {1, 2, 1, 3},
		.emergency = {true, true, false, true},
		.waits = {true, false, true, false},
		.least = 1000};

	(void)state;
	explore(&p);
}

/* Participants come and go, in whatever they are about, and one may never
 * talk */
static void coming_and_going(void **state)
{
	static const struct plan p = {
		.name = "coming and going",
		.cfg = CFG_TWICE(TIMES, IDLES, .queue_max = 3, .preempt = true),
		.n = 4,
		.priority = {1, 2, 1, 1},
		.silent = {false, false, false, true},
		.waits = {true, true, true, true},
		.leaves = {true, true, true, true},
		.least = 1000};

	(void)state;
	explore(&p);
}

/* What the first one may is taken away and given back */
static void permissions(void **state)
{
	static const struct plan p = {.name = "permissions",
				      .cfg = CFG_TWICE(SHORT, .queue_max = 3,
						       .preempt = true,
						       .emergency = true),
				      .n = 3,
				      .priority = {2, 1, 2},
				      .emergency = {true, true, false},
				      .waits = {true, true, false},
				      .mutes = true,
				      .least = 1000};

	(void)state;
	explore(&p);
}

/* ..of one who cannot wait */
static void permissions_of_the_next(void **state)
{
	static const struct plan p = {.name = "permissions of the next",
				      .cfg = CFG_TWICE(SHORT, .queue_max = 3,
						       .preempt = true,
						       .emergency = true),
				      .n = 3,
				      .priority = {2, 1, 1},
				      .emergency = {true, false, false},
				      .waits = {false, true, true},
				      .mutes = true,
				      .least = 1000};

	(void)state;
	explore(&p);
}

/* Without grace on one day, and with everything allowed; otherwise next day */
static void changing_policy(void **state)
{
	static const struct plan p = {
		.name = "changing policy",
		.cfg = {{TIMES, IDLES, .queue_max = 3, .preempt = true,
			 .emergency = true},
			{.max_talk_ms = 2 * TICK_MS,
			 .warn_ms = TICK_MS,
			 .end_of_media_ms = 3 * TICK_MS,
			 .revoke_repeat_ms = TICK_MS,
			 .grant_repeat_ms = TICK_MS,
			 .queue_max = 1,
			 .cut_in = true,
			 .emergency = true}},
		.n = 4,
		.priority = {1, 2, 1, 1},
		.emergency = {false, true, true, false},
		.waits = {true, true, false, true},
		.least = 1000};

	(void)state;
	explore(&p);
}

static void broadcast(void **state)
{
	static const struct plan p = {
		.name = "broadcast",
		.cfg = {{TIMES, IDLES, .queue_max = 3, .preempt = true,
			 .emergency = true, .broadcast = true},
			{TIMES, IDLES, .queue_max = 3, .preempt = true,
			 .emergency = true}},
		.n = 3,
		.priority = {1, 2, 1},
		.emergency = {false, false, true},
		.waits = {true, true, true},
		.leaves = {true, false, false},
		.least = 1000};

	(void)state;
	explore(&p);
}

/* The machine that carries it is overloaded, and is not any more */
static void no_room(void **state)
{
	static const struct plan p = {
		.name = "no room",
		.cfg = CFG_TWICE(TIMES, IDLES, .queue_max = 2, .preempt = true,
				 .emergency = true),
		.n = 4,
		.priority = {1, 2, 3, 1},
		.emergency = {false, true, false, true},
		.waits = {true, true, false, false},
		.leaves = {true, false, false, false},
		.room = true,
		.least = 1000};

	(void)state;
	explore(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queue_by_priority),
		cmocka_unit_test(breaking_in),
		cmocka_unit_test(emergencies),
		cmocka_unit_test(coming_and_going),
		cmocka_unit_test(permissions),
		cmocka_unit_test(permissions_of_the_next),
		cmocka_unit_test(changing_policy),
		cmocka_unit_test(broadcast),
		cmocka_unit_test(no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

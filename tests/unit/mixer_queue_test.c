/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_queue_test.c  Who waits for the floor, who breaks in, and what
 * everybody is told of it, by real floor channels, with one and with three
 * workers (rows X1, X2, X3)
 */
#include <errno.h>
#include <poll.h>
#include "tests/unit/mixer_rig.h"
#include "util/clock.h"

enum { ALICE, BOB, CAROL, DAVE };

enum { NO_PRIORITY = -1 };

/* A phone, and what it is in the bridge */
struct guest {
	enum phone_kind kind;
	struct mixer_floor_terms terms;
	struct mixer_member mm;
};

#define MEMBER(user, who)                                                     \
	.mm = {.may_talk = true,                                              \
	       .may_listen = true,                                            \
	       .uri = "sip:" user "@example.com",                             \
	       .name = who}
#define WAITS .terms = {.queueing = true}

static const struct guest mcpt_guests[] = {
	{PHONE_MCPT, WAITS, MEMBER("alice", "Alice")},
	{PHONE_MCPT, WAITS, MEMBER("bob", "Bob")},
	{PHONE_MCPT, WAITS, MEMBER("carol", "Carol")},
	{PHONE_MCPT, WAITS, MEMBER("dave", "Dave")}};

static const struct guest tbcp_guests[] = {
	{PHONE_TBCP, WAITS, MEMBER("alice", "Alice")},
	{PHONE_TBCP, WAITS, MEMBER("bob", "Bob")},
	{PHONE_TBCP, WAITS, MEMBER("carol", "Carol")},
	{PHONE_TBCP, WAITS, MEMBER("dave", "Dave")}};

static void idle_told(struct phone *ph)
{
	if (ph->kind == PHONE_MCPT)
		(void)phone_mcpt_told(ph, MCPT_IDLE);
	else if (ph->kind == PHONE_TBCP)
		(void)phone_told(ph, TBCP_IDLE);
}

static void party_open(struct house *h, void **state, const struct guest *gv,
		       unsigned n, const struct mixer_bridge_params *p)
{
	struct mixer_cfg cfg;
	unsigned i;

	rig_cfg(&cfg, rig_workers(state));
	rig_open(&h->r, &cfg);
	h->b = rig_bridge(&h->r, p);
	h->n = n;
	for (i = 0; i < n; i++) {
		struct phone *ph = &h->ph[i];

		*ph = (struct phone){.kind = gv[i].kind,
				     .terms = gv[i].terms};
		phone_up_like(ph, &h->r, 10 + i);
		rig_join_as(&h->r, h->b, ph, &gv[i].mm);
		idle_told(ph);
	}
}

static struct mixer_bridge_params queue_of(unsigned max)
{
	struct mixer_bridge_params p;

	mixer_bridge_params_default(&p);
	p.floor.queue_max = (uint16_t)max;
	/* Idle is told once */
	p.floor.idle_repeats = 0;
	return p;
}

static void ask(const struct phone *ph, int priority, uint16_t indicator)
{
	const struct mcpt_msg mcpt = {
		.type = MCPT_REQUEST,
		.has = (priority >= 0 ? MCPT_HAS_PRIORITY : 0u) |
		       MCPT_HAS_INDICATOR,
		.priority = (uint8_t)priority,
		.indicator = indicator};
	const struct tbcp_msg tbcp = {.type = TBCP_REQUEST,
				      .has_priority = priority >= 0,
				      .priority = (uint16_t)priority};

	if (ph->kind == PHONE_MCPT)
		phone_mcpt(ph, &mcpt);
	else
		phone_tbcp(ph, &tbcp);
}

static void ask_plain(const struct phone *ph)
{
	ask(ph, NO_PRIORITY, MCPT_IND_NORMAL);
}

static void let_go(const struct phone *ph)
{
	static const struct mcpt_msg mcpt = {.type = MCPT_RELEASE};

	if (ph->kind == PHONE_MCPT)
		phone_mcpt(ph, &mcpt);
	else
		phone_floor(ph, TBCP_RELEASE);
}

static void granted(struct phone *ph)
{
	if (ph->kind == PHONE_MCPT)
		(void)phone_mcpt_told(ph, MCPT_GRANTED);
	else
		(void)phone_told(ph, TBCP_GRANTED);
}

static void taken(struct phone *ph)
{
	if (ph->kind == PHONE_MCPT)
		(void)phone_mcpt_told(ph, MCPT_TAKEN);
	else
		(void)phone_told(ph, TBCP_TAKEN);
}

static void at(struct phone *ph, unsigned position)
{
	if (ph->kind == PHONE_MCPT) {
		const struct mcpt_msg msg =
			phone_mcpt_told(ph, MCPT_QUEUE_INFO);

		assert_true(msg.has & MCPT_HAS_QUEUE_INFO);
		assert_int_equal(msg.queue_position,
				 position ? position : MCPT_QUEUE_NOT_QUEUED);
		assert_true(msg.indicator & MCPT_IND_QUEUEING);
	} else {
		const struct tbcp_msg msg = phone_told(ph, TBCP_QUEUE_STATUS);

		assert_int_equal(msg.position, position);
		assert_int_equal(msg.priority, position ? 1 : 0);
	}
}

static void position_ask(struct phone *ph)
{
	static const struct mcpt_msg mcpt = {.type = MCPT_QUEUE_REQUEST};

	if (ph->kind == PHONE_MCPT)
		phone_mcpt(ph, &mcpt);
	else
		phone_floor(ph, TBCP_QUEUE_STATUS_REQUEST);
}

static void queued_event(struct house *h, unsigned who, unsigned position,
			 unsigned priority, enum floor_tier tier)
{
	const struct mixer_event ev = rig_event(&h->r, MIXER_FLOOR_QUEUED,
						h->ph[who].leg, h->b);

	assert_int_equal(ev.position, position);
	assert_int_equal(ev.priority, priority);
	assert_int_equal(ev.tier, tier);
}

/* --- the queue ----------------------------------------------------------- */

/* Each is told its place when it comes, when that changes, and when it asks;
 * who lets go waits no more; who is next is served */
static void positions_of(void **state, const struct guest *gv)
{
	const struct mixer_bridge_params p = queue_of(5);
	struct house h;

	party_open(&h, state, gv, 4, &p);
	ask_plain(&h.ph[ALICE]);
	granted(&h.ph[ALICE]);
	taken(&h.ph[BOB]);
	ask_plain(&h.ph[BOB]);
	at(&h.ph[BOB], 1);
	queued_event(&h, BOB, 1, 0, FLOOR_NORMAL);
	taken(&h.ph[CAROL]);
	ask_plain(&h.ph[CAROL]);
	at(&h.ph[CAROL], 2);
	queued_event(&h, CAROL, 2, 0, FLOOR_NORMAL);
	taken(&h.ph[DAVE]);
	ask_plain(&h.ph[DAVE]);
	at(&h.ph[DAVE], 3);
	queued_event(&h, DAVE, 3, 0, FLOOR_NORMAL);

	/* Asked again: one place, said again, and no event. Who has the floor,
	 * or has not asked, has none. */
	ask_plain(&h.ph[CAROL]);
	at(&h.ph[CAROL], 2);
	position_ask(&h.ph[DAVE]);
	at(&h.ph[DAVE], 3);
	assert_int_equal(rig_event_count(&h.r, MIXER_FLOOR_QUEUED), 0);

	/* The first one cancels */
	let_go(&h.ph[BOB]);
	taken(&h.ph[BOB]);
	(void)rig_event(&h.r, MIXER_FLOOR_UNQUEUED, h.ph[BOB].leg, h.b);
	at(&h.ph[CAROL], 1);
	at(&h.ph[DAVE], 2);
	position_ask(&h.ph[BOB]);
	at(&h.ph[BOB], 0);

	/* ..twice, and who never waited: nothing comes of it */
	let_go(&h.ph[BOB]);
	taken(&h.ph[BOB]);

	let_go(&h.ph[ALICE]);
	granted(&h.ph[CAROL]);
	(void)rig_event(&h.r, MIXER_FLOOR_UNQUEUED, h.ph[CAROL].leg, h.b);
	(void)rig_event(&h.r, MIXER_FLOOR_IDLE, h.ph[ALICE].leg, h.b);
	(void)rig_event(&h.r, MIXER_FLOOR_TAKEN, h.ph[CAROL].leg, h.b);
	/* Not Idle in between */
	taken(&h.ph[ALICE]);
	at(&h.ph[DAVE], 1);
	house_talk(&h, CAROL, 3);

	/* Who leaves waits no more */
	assert_int_equal(mixer_bridge_leave(h.r.m, h.b, h.ph[DAVE].leg), 0);
	(void)rig_event(&h.r, MIXER_FLOOR_UNQUEUED, h.ph[DAVE].leg, h.b);
	let_go(&h.ph[CAROL]);
	idle_told(&h.ph[ALICE]);
	idle_told(&h.ph[CAROL]);
	assert_int_equal(rig_event_count(&h.r, MIXER_FLOOR_UNQUEUED), 0);
	house_close(&h);
}

static void positions_mcpt(void **state)
{
	positions_of(state, mcpt_guests);
}

static void positions_tbcp(void **state)
{
	positions_of(state, tbcp_guests);
}

/* Without queueing negotiated: Deny 1, and by whom */
static void cannot_wait(void **state)
{
	static const struct guest gv[] = {
		{PHONE_MCPT, WAITS, MEMBER("alice", "Alice")},
		{.kind = PHONE_MCPT, MEMBER("bob", "Bob")},
		{.kind = PHONE_TBCP, MEMBER("carol", "Carol")}};
	const struct mixer_bridge_params p = queue_of(5);
	struct mcpt_msg mcpt;
	struct tbcp_msg tbcp;
	struct house h;

	party_open(&h, state, gv, 3, &p);
	ask_plain(&h.ph[ALICE]);
	granted(&h.ph[ALICE]);
	mcpt = phone_mcpt_told(&h.ph[BOB], MCPT_TAKEN);
	assert_int_equal(mcpt.indicator, MCPT_IND_NORMAL);
	ask_plain(&h.ph[BOB]);
	mcpt = phone_mcpt_told(&h.ph[BOB], MCPT_DENY);
	assert_int_equal(mcpt.cause, MCPT_DENY_OTHER_HAS_FLOOR);
	assert_int_equal(mcpt.phrase.l, strlen("Alice has the floor"));
	assert_memory_equal(mcpt.phrase.p, "Alice has the floor",
			    mcpt.phrase.l);
	ask_plain(&h.ph[CAROL]);
	tbcp = phone_told(&h.ph[CAROL], TBCP_DENY);
	assert_int_equal(tbcp.reason, TBCP_DENY_OTHER_HAS_FLOOR);
	assert_int_equal(tbcp.phrase.l, strlen("Alice has the floor"));
	assert_memory_equal(tbcp.phrase.p, "Alice has the floor",
			    tbcp.phrase.l);
	/* What signalling asks for it is no other thing */
	assert_int_equal(mixer_floor_request(h.r.m, h.b, h.ph[BOB].leg,
					     FLOOR_NORMAL),
			 0);
	(void)phone_mcpt_told(&h.ph[BOB], MCPT_DENY);
	assert_int_equal(rig_event_count(&h.r, MIXER_FLOOR_QUEUED), 0);
	house_close(&h);
}

static void queue_full(void **state)
{
	static const struct guest gv[] = {
		{PHONE_MCPT, WAITS, MEMBER("alice", "Alice")},
		{PHONE_MCPT, WAITS, MEMBER("bob", "Bob")},
		{PHONE_MCPT, WAITS, MEMBER("carol", "Carol")},
		{PHONE_TBCP, WAITS, MEMBER("dave", "Dave")}};
	const struct mixer_bridge_params p = queue_of(1);
	struct mixer_event ev;
	struct mcpt_msg mcpt;
	struct tbcp_msg tbcp;
	struct house h;

	party_open(&h, state, gv, 4, &p);
	ask_plain(&h.ph[ALICE]);
	granted(&h.ph[ALICE]);
	ask_plain(&h.ph[BOB]);
	at(&h.ph[BOB], 1);
	ask_plain(&h.ph[CAROL]);
	mcpt = phone_mcpt_told(&h.ph[CAROL], MCPT_DENY);
	assert_int_equal(mcpt.cause, MCPT_DENY_QUEUE_FULL);
	assert_memory_equal(mcpt.phrase.p, "Queue full", mcpt.phrase.l);
	ev = rig_event(&h.r, MIXER_FLOOR_DENIED, h.ph[CAROL].leg, h.b);
	assert_int_equal(ev.reason, MIXER_QUEUE_FULL);
	/* TBCP has no number for it */
	ask_plain(&h.ph[DAVE]);
	tbcp = phone_told(&h.ph[DAVE], TBCP_DENY);
	assert_int_equal(tbcp.reason, TBCP_DENY_OTHER_HAS_FLOOR);
	assert_memory_equal(tbcp.phrase.p, "Queue full", tbcp.phrase.l);
	house_close(&h);
}

/* Positions that one message between workers cannot tell */
static void many_wait(void **state)
{
	enum { MANY = 60 };
	const struct mixer_bridge_params p = queue_of(100);
	struct mixer_member mm = {.may_talk = true, .may_listen = true};
	static struct phone ph[MANY];
	struct mixer_cfg cfg;
	mixer_bridge_id b;
	struct rig r;
	unsigned i;

	rig_cfg(&cfg, rig_workers(state));
	rig_open(&r, &cfg);
	b = rig_bridge(&r, &p);
	for (i = 0; i < MANY; i++) {
		ph[i] = (struct phone){.kind = PHONE_MCPT,
				       .terms = {.queueing = true}};
		phone_up_like(&ph[i], &r, 10 + i);
		rig_join_as(&r, b, &ph[i], &mm);
		idle_told(&ph[i]);
	}
	for (i = 0; i < MANY; i++) {
		ask_plain(&ph[i]);
		if (i)
			at(&ph[i], i);
		else
			granted(&ph[i]);
	}
	let_go(&ph[0]);
	granted(&ph[1]);
	for (i = 2; i < MANY; i++)
		at(&ph[i], i - 1);
	/* The next two leave: each other one is told twice */
	let_go(&ph[2]);
	for (i = 3; i < MANY; i++)
		at(&ph[i], i - 2);
	let_go(&ph[MANY - 1]);
	taken(&ph[MANY - 1]);
	for (i = 0; i < MANY; i++)
		phone_close(&ph[i]);
	rig_close(&r);
}

/* --- who breaks in ------------------------------------------------------- */

static void high_priority(void **state)
{
	static const struct guest gv[] = {
		{PHONE_MCPT, WAITS, MEMBER("alice", "Alice")},
		{PHONE_MCPT, WAITS, MEMBER("bob", "Bob")},
		{PHONE_MCPT,
		 {.queueing = true, .priority_max = 255},
		 {.may_talk = true,
		  .may_listen = true,
		  .priority = 9,
		  .uri = "sip:boss@example.com",
		  .name = "Boss"}}};
	struct mixer_bridge_params p = queue_of(5);
	struct mixer_event ev;
	struct mcpt_msg msg;
	struct house h;

	p.floor.preempt = true;
	party_open(&h, state, gv, 3, &p);
	ask_plain(&h.ph[ALICE]);
	granted(&h.ph[ALICE]);
	ask_plain(&h.ph[BOB]);
	at(&h.ph[BOB], 1);
	ask(&h.ph[CAROL], 200, MCPT_IND_NORMAL);
	msg = phone_mcpt_told(&h.ph[ALICE], MCPT_REVOKE);
	assert_int_equal(msg.cause, MCPT_REVOKE_PREEMPTED);
	at(&h.ph[CAROL], 1);
	queued_event(&h, CAROL, 1, 9, FLOOR_NORMAL);
	at(&h.ph[BOB], 2);
	ev = rig_event(&h.r, MIXER_FLOOR_REVOKED, h.ph[ALICE].leg, h.b);
	assert_int_equal(ev.reason, TBCP_REVOKE_PREEMPTED);
	let_go(&h.ph[ALICE]);
	msg = phone_mcpt_told(&h.ph[CAROL], MCPT_GRANTED);
	assert_true(msg.ack);
	assert_int_equal(msg.priority, 9);
	assert_true(msg.has & MCPT_HAS_QUEUE_SIZE);
	assert_int_equal(msg.queue_size, 1);
	at(&h.ph[BOB], 1);
	house_talk(&h, CAROL, 2);
	house_close(&h);
}

/* Effective priority: the least of what is named, what was negotiated, and
 * what the member may */
static void priorities(void **state)
{
	static const struct {
		enum phone_kind kind;
		uint8_t max;
		int named;
		uint8_t is;
	} casev[] = {
		{PHONE_MCPT, 255, 200, 9}, {PHONE_MCPT, 255, 4, 4},
		{PHONE_MCPT, 6, 200, 6},   {PHONE_MCPT, 6, NO_PRIORITY, 6},
		{PHONE_MCPT, 255, 0, 0},   {PHONE_MCPT, 0, 4, 9},
		{PHONE_MCPT, 0, 200, 9},   {PHONE_MCPT, 0, NO_PRIORITY, 9},
		{PHONE_TBCP, 3, 3, 9},     {PHONE_TBCP, 3, 2, 6},
		{PHONE_TBCP, 3, 1, 3},     {PHONE_TBCP, 2, 3, 6},
		{PHONE_TBCP, 1, 3, 3},     {PHONE_TBCP, 3, 65535, 9},
		{PHONE_TBCP, 0, 1, 9},     {PHONE_TBCP, 0, 3, 9}};
	struct mixer_member mm = {.may_talk = true, .may_listen = true};
	const struct mixer_bridge_params p = queue_of(0);
	struct mixer_event ev;
	struct phone other;
	struct mixer_cfg cfg;
	mixer_bridge_id b;
	struct rig r;
	unsigned i;

	rig_cfg(&cfg, rig_workers(state));
	rig_open(&r, &cfg);
	b = rig_bridge(&r, &p);
	phone_up_as(&other, &r, 200, PHONE_TBCP);
	rig_join_as(&r, b, &other, &mm);
	mm.priority = 9;
	for (i = 0; i < ARRAY_SIZE(casev); i++) {
		struct phone ph = {.kind = casev[i].kind,
				   .terms = {.priority_max = casev[i].max}};

		phone_up_like(&ph, &r, 10 + i);
		rig_join_as(&r, b, &ph, &mm);
		idle_told(&ph);
		ask(&ph, casev[i].named, MCPT_IND_NORMAL);
		granted(&ph);
		ev = rig_event(&r, MIXER_FLOOR_TAKEN, ph.leg, b);
		assert_int_equal(ev.priority, casev[i].is);
		assert_int_equal(mixer_leg_del(r.m, ph.leg), 0);
		(void)rig_event(&r, MIXER_FLOOR_IDLE, 0, b);
		phone_close(&ph);
	}
	phone_close(&other);
	rig_close(&r);
}

/* Emergency and imminent peril: who may breaks in, is marked in all that is
 * said, and told up; who may not has asked for nothing special */
static void urgent(void **state)
{
	struct mixer_bridge_params p = queue_of(5);
	struct guest gv[3];
	struct mixer_event ev;
	struct mcpt_msg msg;
	struct house h;

	memcpy(gv, mcpt_guests, sizeof(gv));
	gv[CAROL].mm.may_emergency = true;
	party_open(&h, state, gv, 3, &p);
	ask_plain(&h.ph[ALICE]);
	granted(&h.ph[ALICE]);
	ask(&h.ph[BOB], NO_PRIORITY, MCPT_IND_EMERGENCY);
	at(&h.ph[BOB], 1);
	queued_event(&h, BOB, 1, 0, FLOOR_NORMAL);
	assert_int_equal(rig_event_count(&h.r, MIXER_FLOOR_URGENT), 0);

	ask(&h.ph[CAROL], NO_PRIORITY, MCPT_IND_PERIL);
	ev = rig_event(&h.r, MIXER_FLOOR_URGENT, h.ph[CAROL].leg, h.b);
	assert_int_equal(ev.tier, FLOOR_PERIL);
	msg = phone_mcpt_told(&h.ph[ALICE], MCPT_REVOKE);
	assert_int_equal(msg.cause, MCPT_REVOKE_PREEMPTED);
	at(&h.ph[CAROL], 1);
	queued_event(&h, CAROL, 1, 0, FLOOR_PERIL);
	/* Graver still, and it is raised */
	ask(&h.ph[CAROL], NO_PRIORITY, MCPT_IND_EMERGENCY);
	ev = rig_event(&h.r, MIXER_FLOOR_URGENT, h.ph[CAROL].leg, h.b);
	assert_int_equal(ev.tier, FLOOR_EMERGENCY);
	queued_event(&h, CAROL, 1, 0, FLOOR_EMERGENCY);
	let_go(&h.ph[ALICE]);
	msg = phone_mcpt_told(&h.ph[CAROL], MCPT_GRANTED);
	assert_int_equal(msg.indicator,
			 MCPT_IND_EMERGENCY | MCPT_IND_QUEUEING);
	ev = rig_event(&h.r, MIXER_FLOOR_TAKEN, h.ph[CAROL].leg, h.b);
	assert_int_equal(ev.tier, FLOOR_EMERGENCY);
	msg = phone_mcpt_told(&h.ph[ALICE], MCPT_TAKEN);
	assert_int_equal(msg.indicator,
			 MCPT_IND_EMERGENCY | MCPT_IND_QUEUEING);
	let_go(&h.ph[CAROL]);
	/* Over: Bob's is a normal one */
	msg = phone_mcpt_told(&h.ph[BOB], MCPT_GRANTED);
	assert_int_equal(msg.indicator, MCPT_IND_NORMAL | MCPT_IND_QUEUEING);

	/* It is not the burst but the group: whatever is said says so */
	p.in_emergency = true;
	assert_int_equal(mixer_bridge_set(h.r.m, h.b, &p), 0);
	let_go(&h.ph[BOB]);
	msg = phone_mcpt_told(&h.ph[BOB], MCPT_IDLE);
	assert_int_equal(msg.indicator,
			 MCPT_IND_EMERGENCY | MCPT_IND_QUEUEING);
	p.in_emergency = false;
	assert_int_equal(mixer_bridge_set(h.r.m, h.b, &p), 0);
	ask_plain(&h.ph[ALICE]);
	msg = phone_mcpt_told(&h.ph[ALICE], MCPT_GRANTED);
	assert_int_equal(msg.indicator, MCPT_IND_NORMAL | MCPT_IND_QUEUEING);
	house_close(&h);
}

/* A normal burst becomes an emergency: all are told so */
static void becomes_urgent(void **state)
{
	struct mixer_bridge_params p = queue_of(5);
	struct guest gv[2];
	struct mcpt_msg msg;
	struct house h;

	memcpy(gv, mcpt_guests, sizeof(gv));
	gv[ALICE].mm.may_emergency = true;
	party_open(&h, state, gv, 2, &p);
	ask_plain(&h.ph[ALICE]);
	granted(&h.ph[ALICE]);
	msg = phone_mcpt_told(&h.ph[BOB], MCPT_TAKEN);
	assert_true(msg.indicator & MCPT_IND_NORMAL);
	ask(&h.ph[ALICE], NO_PRIORITY, MCPT_IND_EMERGENCY);
	msg = phone_mcpt_told(&h.ph[ALICE], MCPT_GRANTED);
	assert_true(msg.indicator & MCPT_IND_EMERGENCY);
	msg = phone_mcpt_told(&h.ph[BOB], MCPT_TAKEN);
	assert_true(msg.indicator & MCPT_IND_EMERGENCY);
	(void)rig_event(&h.r, MIXER_FLOOR_URGENT, h.ph[ALICE].leg, h.b);
	house_close(&h);
}

/* Who has declared an emergency, of whatever its terminal can say */
static void declare(const struct house *h, unsigned who, bool on)
{
	struct mixer_member mm = tbcp_guests[who].mm;

	mm.may_emergency = true;
	mm.in_emergency = on;
	assert_int_equal(mixer_bridge_join(h->r.m, h->b, h->ph[who].leg, &mm),
			 0);
}

/* X2: ..breaks in with its next request; with the one that waits; and nobody
 * breaks in where it talks, until that is over */
static void declared(void **state)
{
	const struct mixer_bridge_params p = queue_of(5);
	struct house h;

	party_open(&h, state, tbcp_guests, 4, &p);
	ask_plain(&h.ph[ALICE]);
	granted(&h.ph[ALICE]);
	taken(&h.ph[BOB]);
	declare(&h, BOB, true);
	ask_plain(&h.ph[BOB]);
	(void)phone_told(&h.ph[ALICE], TBCP_REVOKE);
	let_go(&h.ph[ALICE]);
	granted(&h.ph[BOB]);
	/* Another one that waits, behind an emergency, does not */
	taken(&h.ph[CAROL]);
	taken(&h.ph[CAROL]);
	ask_plain(&h.ph[CAROL]);
	at(&h.ph[CAROL], 1);
	declare(&h, CAROL, true);
	declare(&h, BOB, false);
	let_go(&h.ph[BOB]);
	granted(&h.ph[CAROL]);
	let_go(&h.ph[CAROL]);
	(void)rig_event(&h.r, MIXER_FLOOR_IDLE, h.ph[CAROL].leg, h.b);
	/* It is over: as any other's */
	ask_plain(&h.ph[ALICE]);
	(void)phone_told(&h.ph[ALICE], TBCP_GRANTED);
	ask_plain(&h.ph[BOB]);
	at(&h.ph[BOB], 1);
	/* Declared by who waits */
	declare(&h, BOB, true);
	(void)phone_told(&h.ph[ALICE], TBCP_REVOKE);
	let_go(&h.ph[ALICE]);
	granted(&h.ph[BOB]);
	house_close(&h);
}

/* ..by who talks: its burst is one */
static void declared_by_talker(void **state)
{
	const struct mixer_bridge_params p = queue_of(5);
	struct mixer_event ev;
	struct house h;

	party_open(&h, state, tbcp_guests, 3, &p);
	ask_plain(&h.ph[ALICE]);
	granted(&h.ph[ALICE]);
	taken(&h.ph[BOB]);
	declare(&h, ALICE, true);
	granted(&h.ph[ALICE]);
	taken(&h.ph[BOB]);
	do
		ev = rig_event(&h.r, MIXER_FLOOR_TAKEN, h.ph[ALICE].leg, h.b);
	while (ev.tier != FLOOR_EMERGENCY);
	/* The same words again change nothing */
	declare(&h, ALICE, true);
	declare(&h, BOB, true);
	ask_plain(&h.ph[BOB]);
	at(&h.ph[BOB], 1);
	let_go(&h.ph[ALICE]);
	granted(&h.ph[BOB]);
	house_close(&h);
}

static void dispatcher(void **state)
{
	const struct mixer_bridge_params p = queue_of(5);
	struct mixer_event ev;
	struct mcpt_msg msg;
	struct house h;

	party_open(&h, state, mcpt_guests, 2, &p);
	/* Nobody has it: nothing happens */
	assert_int_equal(mixer_floor_revoke(h.r.m, h.b), 0);
	ask_plain(&h.ph[ALICE]);
	granted(&h.ph[ALICE]);
	assert_int_equal(mixer_floor_revoke(h.r.m, h.b), 0);
	msg = phone_mcpt_told(&h.ph[ALICE], MCPT_REVOKE);
	assert_int_equal(msg.cause, MCPT_REVOKE_PREEMPTED);
	assert_memory_equal(msg.phrase.p, "Media burst pre-empted",
			    msg.phrase.l);
	ev = rig_event(&h.r, MIXER_FLOOR_REVOKED, h.ph[ALICE].leg, h.b);
	assert_int_equal(ev.reason, TBCP_REVOKE_PREEMPTED);
	let_go(&h.ph[ALICE]);
	idle_told(&h.ph[BOB]);
	assert_int_equal(mixer_bridge_del(h.r.m, h.b), 0);
	assert_int_equal(mixer_floor_revoke(h.r.m, h.b), ENOENT);
	house_close(&h);
}

/* --- what is told -------------------------------------------------------- */

/* T20: who was served may have missed it. Its Ack, or its speech, ends that */
static void served(void **state)
{
	static const struct mcpt_msg ack = {
		.type = MCPT_ACK,
		.has = MCPT_HAS_SOURCE | MCPT_HAS_ACKED,
		.source = MCPT_SOURCE_PARTICIPANT,
		.acked = MCPT_GRANTED};
	struct mixer_bridge_params p = queue_of(5);
	struct mcpt_msg msg;
	uint64_t begun;
	struct house h;
	unsigned i;

	p.floor.grant_repeat_ms = 100;
	p.floor.grant_repeats = 2;
	party_open(&h, state, mcpt_guests, 2, &p);
	/* Asked for, and had: no Ack is wanted, nothing is repeated */
	ask_plain(&h.ph[ALICE]);
	msg = phone_mcpt_told(&h.ph[ALICE], MCPT_GRANTED);
	assert_false(msg.ack);
	ask_plain(&h.ph[BOB]);
	at(&h.ph[BOB], 1);
	let_go(&h.ph[ALICE]);
	for (i = 0; i < 3; i++) {
		msg = phone_mcpt_told(&h.ph[BOB], MCPT_GRANTED);
		assert_true(msg.ack);
	}
	/* It is not there */
	(void)rig_event(&h.r, MIXER_FLOOR_IDLE, h.ph[ALICE].leg, h.b);
	(void)rig_event(&h.r, MIXER_FLOOR_IDLE, h.ph[BOB].leg, h.b);
	idle_told(&h.ph[BOB]);

	/* ..and now it is: the floor stays its own until T1 */
	p.floor.grant_repeat_ms = 300;
	p.floor.end_of_media_ms = 1500;
	assert_int_equal(mixer_bridge_set(h.r.m, h.b, &p), 0);
	ask_plain(&h.ph[ALICE]);
	granted(&h.ph[ALICE]);
	(void)rig_event(&h.r, MIXER_FLOOR_TAKEN, h.ph[ALICE].leg, h.b);
	(void)rig_event(&h.r, MIXER_FLOOR_TAKEN, h.ph[ALICE].leg, h.b);
	(void)rig_event(&h.r, MIXER_FLOOR_TAKEN, h.ph[BOB].leg, h.b);
	/* Of nothing that was granted it */
	phone_mcpt(&h.ph[BOB], &ack);
	ask_plain(&h.ph[BOB]);
	at(&h.ph[BOB], 1);
	let_go(&h.ph[ALICE]);
	(void)phone_mcpt_told(&h.ph[BOB], MCPT_GRANTED);
	phone_mcpt(&h.ph[BOB], &ack);
	phone_mcpt(&h.ph[BOB], &ack);
	begun = rig_event(&h.r, MIXER_FLOOR_TAKEN, h.ph[BOB].leg, h.b).at_us;
	(void)rig_event(&h.r, MIXER_FLOOR_IDLE, h.ph[ALICE].leg, h.b);
	assert_true(rig_event(&h.r, MIXER_FLOOR_IDLE, h.ph[BOB].leg, h.b)
			    .at_us - begun >= 1490000);
	house_close(&h);
}

/* The time is nearly over: Granted again, with what is left */
static void warned(void **state)
{
	static const struct guest gv[] = {
		{PHONE_MCPT, WAITS, MEMBER("alice", "Alice")},
		{PHONE_TBCP, WAITS, MEMBER("bob", "Bob")}};
	struct mixer_bridge_params p = queue_of(5);
	struct mcpt_msg mcpt;
	struct tbcp_msg tbcp;
	struct house h;

	p.floor.max_talk_ms = 3100;
	p.floor.warn_ms = 3000;
	party_open(&h, state, gv, 2, &p);
	ask_plain(&h.ph[ALICE]);
	mcpt = phone_mcpt_told(&h.ph[ALICE], MCPT_GRANTED);
	assert_int_equal(mcpt.duration_s, 4);
	phone_talk(&h.ph[ALICE], 1);
	mcpt = phone_mcpt_told(&h.ph[ALICE], MCPT_GRANTED);
	assert_int_equal(mcpt.duration_s, 3);
	assert_false(mcpt.ack);
	assert_int_equal(rig_event(&h.r, MIXER_FLOOR_WARNED,
				   h.ph[ALICE].leg, h.b)
				 .reason,
			 3);
	let_go(&h.ph[ALICE]);
	idle_told(&h.ph[BOB]);
	ask_plain(&h.ph[BOB]);
	granted(&h.ph[BOB]);
	phone_talk(&h.ph[BOB], 1);
	tbcp = phone_told(&h.ph[BOB], TBCP_GRANTED);
	assert_int_equal(tbcp.stop_talking_s, 3);
	house_close(&h);
}

/* A broadcast: nobody else may ask while it goes on */
static void broadcast(void **state)
{
	struct mixer_bridge_params p = queue_of(5);
	struct mcpt_msg msg;
	struct house h;

	p.floor.broadcast = true;
	party_open(&h, state, mcpt_guests, 2, &p);
	ask_plain(&h.ph[ALICE]);
	msg = phone_mcpt_told(&h.ph[ALICE], MCPT_GRANTED);
	assert_true(msg.indicator & MCPT_IND_BROADCAST);
	msg = phone_mcpt_told(&h.ph[BOB], MCPT_TAKEN);
	assert_true(msg.indicator & MCPT_IND_BROADCAST);
	assert_true(msg.has & MCPT_HAS_PERMISSION);
	assert_false(msg.may_request);
	ask_plain(&h.ph[BOB]);
	msg = phone_mcpt_told(&h.ph[BOB], MCPT_DENY);
	assert_int_equal(msg.cause, MCPT_DENY_RECEIVE_ONLY);
	let_go(&h.ph[ALICE]);
	idle_told(&h.ph[BOB]);
	ask_plain(&h.ph[BOB]);
	granted(&h.ph[BOB]);
	house_close(&h);
}

/* Permission 0 for who may only listen, also when that is changed */
static void may_only_listen(void **state)
{
	const struct mixer_bridge_params p = queue_of(5);
	struct guest gv[2];
	struct mcpt_msg msg;
	struct house h;

	memcpy(gv, mcpt_guests, sizeof(gv));
	gv[BOB].mm.may_talk = false;
	party_open(&h, state, gv, 2, &p);
	ask_plain(&h.ph[ALICE]);
	granted(&h.ph[ALICE]);
	msg = phone_mcpt_told(&h.ph[BOB], MCPT_TAKEN);
	assert_false(msg.may_request);
	gv[BOB].mm.may_talk = true;
	rig_join_as(&h.r, h.b, &h.ph[BOB], &gv[BOB].mm);
	let_go(&h.ph[ALICE]);
	idle_told(&h.ph[BOB]);
	ask_plain(&h.ph[ALICE]);
	granted(&h.ph[ALICE]);
	msg = phone_mcpt_told(&h.ph[BOB], MCPT_TAKEN);
	assert_true(msg.may_request);
	house_close(&h);
}

static void anonymous(void **state)
{
	static const char nobody[] = "sip:anonymous@anonymous.invalid";
	static const char other[] = "Another client has the floor";
	const struct mixer_bridge_params p = queue_of(0);
	struct guest gv[3];
	struct mcpt_msg mcpt;
	struct tbcp_msg tbcp;
	struct house h;

	memcpy(gv, mcpt_guests, sizeof(gv));
	gv[ALICE].mm.anonymous = true;
	gv[CAROL].kind = PHONE_TBCP;
	party_open(&h, state, gv, 3, &p);
	ask_plain(&h.ph[ALICE]);
	granted(&h.ph[ALICE]);
	mcpt = phone_mcpt_told(&h.ph[BOB], MCPT_TAKEN);
	assert_int_equal(mcpt.granted_party.l, strlen(nobody));
	assert_memory_equal(mcpt.granted_party.p, nobody, strlen(nobody));
	tbcp = phone_told(&h.ph[CAROL], TBCP_TAKEN);
	assert_int_equal(tbcp.cname.l, strlen(nobody));
	assert_memory_equal(tbcp.cname.p, nobody, strlen(nobody));
	assert_int_equal(tbcp.name.l, 0);
	ask_plain(&h.ph[BOB]);
	mcpt = phone_mcpt_told(&h.ph[BOB], MCPT_DENY);
	assert_int_equal(mcpt.phrase.l, strlen(other));
	assert_memory_equal(mcpt.phrase.p, other, strlen(other));
	ask_plain(&h.ph[CAROL]);
	tbcp = phone_told(&h.ph[CAROL], TBCP_DENY);
	assert_int_equal(tbcp.phrase.l, strlen(other));
	assert_memory_equal(tbcp.phrase.p, other, strlen(other));
	/* Signalling knows */
	(void)rig_event(&h.r, MIXER_FLOOR_TAKEN, h.ph[ALICE].leg, h.b);
	house_close(&h);
}

/* --- speech without the floor -------------------------------------------- */

/* A packet every 10 ms, until something is there to be read, or so long */
static bool stream(struct phone *ph, enum chan ch, unsigned ms)
{
	const uint64_t until = clock_mono_ms() + ms;
	struct pollfd pfd = {.fd = ph->fd[ch], .events = POLLIN};

	while (clock_mono_ms() < until) {
		phone_talk(ph, 7);
		if (poll(&pfd, 1, 10) > 0)
			return true;
	}
	return false;
}

/* Revoke 3, and again after T8; not to who has paused, and begins anew */
static void rogue_of(void **state, const struct guest *gv)
{
	const struct mixer_bridge_params p = queue_of(0);
	uint64_t begun;
	struct house h;
	unsigned i;

	party_open(&h, state, gv, 2, &p);
	begun = clock_mono_ms();
	for (i = 0; i < 2; i++) {
		assert_true(stream(&h.ph[BOB], CH_FLOOR, RIG_DEADLINE_MS));
		if (gv[BOB].kind == PHONE_MCPT)
			assert_int_equal(
				phone_mcpt_told(&h.ph[BOB], MCPT_REVOKE).cause,
				MCPT_REVOKE_NO_PERMISSION);
		else
			assert_int_equal(
				phone_told(&h.ph[BOB], TBCP_REVOKE).reason,
				TBCP_REVOKE_NO_PERMISSION);
	}
	assert_true(clock_mono_ms() - begun >= 1000);
	assert_int_equal(RIG_STAT(&h.r, rogue_revokes), 2);
	phone_silent(&h.ph[ALICE], CH_RTP);
	/* The floor is what it needs */
	ask_plain(&h.ph[BOB]);
	granted(&h.ph[BOB]);
	phone_talk(&h.ph[BOB], 9);
	while (phone_hear(&h.ph[ALICE]) != 9)
		;
	house_close(&h);
}

static void rogue_mcpt(void **state)
{
	rogue_of(state, mcpt_guests);
}

static void rogue_tbcp(void **state)
{
	rogue_of(state, tbcp_guests);
}

/* Not to who streams while it is idle, being a plain phone; nor to who has
 * just been denied, or has let go */
static void no_rogue(void **state)
{
	static const struct guest gv[] = {
		{.kind = PHONE_KEYS, MEMBER("alice", "Alice")},
		{.kind = PHONE_MCPT, MEMBER("bob", "Bob")},
		{.kind = PHONE_MCPT, MEMBER("carol", "Carol")}};
	const struct mixer_bridge_params p = queue_of(0);
	struct house h;

	party_open(&h, state, gv, 3, &p);
	assert_false(stream(&h.ph[ALICE], CH_RTP, 600));
	ask_plain(&h.ph[BOB]);
	granted(&h.ph[BOB]);
	/* Longer than its speech is held */
	(void)phone_mcpt_told(&h.ph[CAROL], MCPT_TAKEN);
	phone_talk(&h.ph[BOB], 1);
	assert_int_equal(phone_hear(&h.ph[CAROL]), 1);
	ask_plain(&h.ph[CAROL]);
	(void)phone_mcpt_told(&h.ph[CAROL], MCPT_DENY);
	assert_false(stream(&h.ph[CAROL], CH_FLOOR, 250));
	let_go(&h.ph[BOB]);
	idle_told(&h.ph[BOB]);
	assert_false(stream(&h.ph[BOB], CH_FLOOR, 250));
	assert_int_equal(RIG_STAT(&h.r, rogue_revokes), 0);
	house_close(&h);
}

/* X3: who waits and speaks is not told off, and the newest it has said goes
 * first when its turn comes */
static void waits_and_speaks(void **state)
{
	const struct mixer_bridge_params p = queue_of(5);
	struct house h;
	unsigned i;

	party_open(&h, state, mcpt_guests, 3, &p);
	ask_plain(&h.ph[ALICE]);
	granted(&h.ph[ALICE]);
	taken(&h.ph[BOB]);
	ask_plain(&h.ph[BOB]);
	at(&h.ph[BOB], 1);
	assert_false(stream(&h.ph[BOB], CH_FLOOR, 700));
	assert_int_equal(RIG_STAT(&h.r, rogue_revokes), 0);
	for (i = 100; i < 105; i++)
		phone_talk(&h.ph[BOB], (uint8_t)i);
	/* What was sent is there when this is answered */
	position_ask(&h.ph[BOB]);
	at(&h.ph[BOB], 1);
	let_go(&h.ph[ALICE]);
	granted(&h.ph[BOB]);
	/* 200 ms: ten packets */
	for (i = 0; i < 5; i++)
		assert_int_equal(phone_hear(&h.ph[CAROL]), 7);
	for (i = 100; i < 105; i++)
		assert_int_equal(phone_hear(&h.ph[CAROL]), i);
	assert_true(RIG_STAT(&h.r, held) >= 10);
	phone_talk(&h.ph[BOB], 110);
	assert_int_equal(phone_hear(&h.ph[CAROL]), 110);
	house_close(&h);
}

/* Another bridge for some of them, all of whom know that it is idle */
static mixer_bridge_id annex(struct house *h, const struct guest *gv,
			     unsigned from, unsigned to)
{
	const struct mixer_bridge_params p = queue_of(5);
	const mixer_bridge_id b = rig_bridge(&h->r, &p);
	unsigned i;

	for (i = from; i <= to; i++)
		rig_join_as(&h->r, b, &h->ph[i], &gv[i].mm);
	return b;
}

/* Alice talks, and was told to stop: Bob is next */
static void turn_open(struct house *h, void **state, mixer_bridge_id *other)
{
	static const struct guest gv[] = {
		{PHONE_MCPT, WAITS, MEMBER("alice", "Alice")},
		{.kind = PHONE_MCPT,
		 .mm = {.may_talk = true, .may_listen = true, .priority = 9,
			.uri = "sip:bob@example.com", .name = "Bob"}},
		{PHONE_MCPT, WAITS, MEMBER("carol", "Carol")}};
	struct mixer_bridge_params p = queue_of(5);

	p.floor.preempt = true;
	party_open(h, state, gv, 3, &p);
	*other = annex(h, gv, BOB, CAROL);
	ask_plain(&h->ph[ALICE]);
	granted(&h->ph[ALICE]);
	taken(&h->ph[CAROL]);
	taken(&h->ph[BOB]);
	assert_int_equal(mixer_floor_request(h->r.m, h->b, h->ph[BOB].leg,
					     FLOOR_NORMAL), 0);
	(void)phone_mcpt_told(&h->ph[ALICE], MCPT_REVOKE);
}

/* Who is next, and cannot speak here any more when its turn comes, gives the
 * floor back: nobody believes that it talks */
static void turns_away(void **state)
{
	mixer_bridge_id other;
	struct house h;

	turn_open(&h, state, &other);
	assert_int_equal(mixer_leg_select(h.r.m, h.ph[BOB].leg, other), 0);
	idle_told(&h.ph[BOB]);
	let_go(&h.ph[ALICE]);
	(void)rig_event(&h.r, MIXER_FLOOR_IDLE, h.ph[ALICE].leg, h.b);
	(void)rig_event(&h.r, MIXER_FLOOR_IDLE, h.ph[BOB].leg, h.b);
	taken(&h.ph[CAROL]);
	idle_told(&h.ph[CAROL]);
	house_close(&h);
}

/* ..and who talks elsewhere by then hears nothing of it: it would take the
 * refusal for one of what it says there */
static void turns_away_and_talks(void **state)
{
	mixer_bridge_id other;
	struct house h;

	turn_open(&h, state, &other);
	assert_int_equal(mixer_leg_select(h.r.m, h.ph[BOB].leg, other), 0);
	assert_int_equal(mixer_leg_select(h.r.m, h.ph[CAROL].leg, other), 0);
	idle_told(&h.ph[BOB]);
	idle_told(&h.ph[CAROL]);
	ask_plain(&h.ph[BOB]);
	granted(&h.ph[BOB]);
	let_go(&h.ph[ALICE]);
	(void)rig_event(&h.r, MIXER_FLOOR_IDLE, h.ph[BOB].leg, h.b);
	phone_talk(&h.ph[BOB], 50);
	assert_int_equal(phone_hear(&h.ph[CAROL]), 50);
	phone_silent(&h.ph[BOB], CH_FLOOR);
	house_close(&h);
}

/* What was said to one bridge while it waited there is not for another */
static void waits_elsewhere(void **state)
{
	const struct mixer_bridge_params p = queue_of(5);
	mixer_bridge_id other;
	struct house h;

	party_open(&h, state, mcpt_guests, 4, &p);
	other = annex(&h, mcpt_guests, BOB, DAVE);
	ask_plain(&h.ph[ALICE]);
	granted(&h.ph[ALICE]);
	taken(&h.ph[BOB]);
	ask_plain(&h.ph[BOB]);
	at(&h.ph[BOB], 1);
	phone_talk(&h.ph[BOB], 50);
	RIG_WAIT(&h.r, rx_rtp, 1);
	assert_int_equal(mixer_leg_select(h.r.m, h.ph[BOB].leg, other), 0);
	idle_told(&h.ph[BOB]);
	ask_plain(&h.ph[BOB]);
	granted(&h.ph[BOB]);
	phone_talk(&h.ph[BOB], 60);
	assert_int_equal(phone_hear(&h.ph[DAVE]), 60);
	house_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(positions_mcpt),
		BOTH(positions_tbcp),
		BOTH(cannot_wait),
		BOTH(queue_full),
		BOTH(many_wait),
		BOTH(high_priority),
		BOTH(priorities),
		BOTH(urgent),
		BOTH(becomes_urgent),
		BOTH(declared),
		BOTH(declared_by_talker),
		BOTH(dispatcher),
		BOTH(served),
		BOTH(warned),
		BOTH(broadcast),
		BOTH(may_only_listen),
		BOTH(anonymous),
		BOTH(rogue_mcpt),
		BOTH(rogue_tbcp),
		BOTH(no_rogue),
		BOTH(waits_and_speaks),
		BOTH(turns_away),
		BOTH(turns_away_and_talks),
		BOTH(waits_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

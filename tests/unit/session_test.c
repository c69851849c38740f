/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Terminals are told which session they are in, and may refuse it (row X1):
 * the whole server, with terminals that speak TBCP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>
#include "tests/unit/server_rig.h"
#include "util/retmr.h"

/* Session types of TBCP */
enum { ONE_TO_ONE = 1, ADHOC = 2, PREARRANGED = 3 };

enum { NEVER_MS = 3600 * 1000, QUICK_MS = 40 };

static int setup(void **state)
{
	struct rig *r = mem_zalloc(sizeof(*r), NULL);

	assert_non_null(r);
	rig_open(r);
	r->cfg.mixer.workers = 1;
	r->cfg.connect_repeat_ms = NEVER_MS;
	r->hang_ms = 60000;
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	rig_close(*state);
	mem_deref(*state);
	return 0;
}

struct count_wait {
	const unsigned *v;
	unsigned least;
};

static bool reached(void *arg)
{
	const struct count_wait *w = arg;

	return *w->v >= w->least;
}

static bool wait_count(const unsigned *v, unsigned least)
{
	struct count_wait w = { v, least };

	return rig_wait(reached, &w);
}

/* Said again, and no more often than it should */
static void is_repeated(const struct rig *r, const unsigned *v)
{
	assert_true(wait_count(v, r->cfg.connect_repeats + 1));
	rig_run(4 * QUICK_MS);
	assert_int_equal(*v, r->cfg.connect_repeats + 1);
}

static bool has_code(void *arg)
{
	return ((const struct term *)arg)->code != 0;
}

static uint16_t answer(struct term *t)
{
	assert_true(rig_wait(has_code, t));
	return t->code;
}

static void refer_start(struct term *t, const char *target)
{
	const size_t user = strcspn(target, ";");
	char headers[256];

	(void)snprintf(headers, sizeof(headers), "Refer-To: <sip:%.*s@"
		       "poc.example.com%s>\r\nRefer-Sub: false\r\n",
		       (int)user, target, target + user);
	term_request_start(t, "REFER", headers, "");
}

static json_int_t counter(const struct rig *r, const char *key)
{
	json_int_t v;
	json_t *o;

	assert_int_equal(server_status(r->srv, &o), 0);
	v = json_integer_value(json_object_get(json_object_get(o, "counters"),
					       key));
	json_decref(o);
	return v;
}

static json_int_t calls(const struct rig *r)
{
	json_int_t v;
	json_t *o;

	assert_int_equal(server_status(r->srv, &o), 0);
	v = json_integer_value(json_object_get(o, "calls_total"));
	json_decref(o);
	return v;
}

/* Floor messages that the only worker has read */
static json_int_t floor_read(const struct rig *r)
{
	json_int_t v;
	json_t *o;

	assert_int_equal(server_status(r->srv, &o), 0);
	assert_int_equal(json_unpack(o, "{s:[{s:I}]}", "workers", "rx_floor",
				     &v), 0);
	json_decref(o);
	return v;
}

struct heard {
	const struct rig *r;
	json_int_t least;
};

static bool is_heard(void *arg)
{
	const struct heard *h = arg;

	return floor_read(h->r) >= h->least;
}

/* Presence's next answer: those parties */
static void parties(struct rig *r, const char *one, const char *two)
{
	r->activation_as_asked = false;
	memset(&r->activation, 0, sizeof(r->activation));
	r->activation.code = 200;
	strcpy(r->activation.partyv[0].subscriber, one);
	strcpy(r->activation.partyv[1].subscriber, two);
	r->activation.partyc = 2;
}

/* --- one to one -------------------------------------------------------- */

/* Both are told before they hear of the floor, and told when it is over */
static void test_private(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;

	rig_start(r);
	a = rig_up(r, "a");
	b = rig_up(r, "b");
	assert_int_equal(a->connects + b->connects, 0);
	assert_int_equal(term_refer(a, "b", true), 202);
	assert_string_equal(a->words, "Accepted");
	assert_int_equal(b->connects, 1);
	assert_int_equal(b->first, 15 + 1);
	assert_int_equal(b->session_type, ONE_TO_ONE);
	assert_string_equal(b->inviter, "sip:a@poc.example.com");
	assert_non_null(strstr(b->session,
			       "sip:leg+b@poc.example.com;session="));
	assert_string_equal(b->group, "");
	assert_true(wait_count(&a->granted, 1));
	assert_int_equal(a->connects, 1);
	assert_int_equal(a->first, 15 + 1);
	assert_string_equal(a->inviter, "");

	assert_int_equal(term_refer(a, "a;method=BYE", true), 202);
	assert_true(wait_count(&a->disconnects, 1));
	assert_true(wait_count(&b->disconnects, 1));
	assert_true(term_wait(b, BUS_LEG_IDLE));
	assert_int_equal(a->closes + b->closes, 0);
	assert_int_equal(counter(r, "connects"), 2);
	assert_int_equal(counter(r, "connects_refused"), 0);
}

/* The floor is granted at once; the answer comes with the Ack, not before */
static void test_floor_does_not_wait(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;

	rig_start(r);
	a = rig_up(r, "a");
	b = rig_up(r, "b");
	b->connect = TERM_DEAF;
	refer_start(a, "b");
	assert_true(wait_count(&a->granted, 1));
	assert_true(wait_count(&b->taken, 1));
	rig_run(50);
	assert_int_equal(a->code, 0);
	term_ack(b, true, 0);
	assert_int_equal(answer(a), 202);
}

static void test_refused(void **state)
{
	static const struct {
		enum term_connect connect;
		uint16_t code;
		const char *words;
	} v[] = {
		{ TERM_BUSY, 486, "b is busy" },
		{ TERM_DECLINE, 603, "b does not accept" },
	};
	struct rig *r = *state;
	struct term *a, *b;
	size_t i;

	rig_start(r);
	a = rig_up(r, "a");
	b = rig_up(r, "b");
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		b->connect = v[i].connect;
		assert_int_equal(term_refer(a, "b", true), v[i].code);
		assert_string_equal(a->words, v[i].words);
		assert_int_equal(calls(r), 0);
		assert_true(term_wait(a, BUS_LEG_IDLE));
		assert_true(term_wait(b, BUS_LEG_IDLE));
		assert_true(wait_count(&a->disconnects, (unsigned)i + 1));
	}

	/* Who was in no session is not told that it is over */
	assert_int_equal(b->disconnects, 0);
	assert_int_equal(counter(r, "connects_refused"), 2);
	b->connect = TERM_ACCEPT;
	assert_int_equal(term_refer(a, "b", true), 202);
}

/* Never acknowledged: the party stays, and is not waited for again until it
 * does */
static void test_deaf(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;
	unsigned connects;

	r->cfg.connect_repeat_ms = QUICK_MS;
	rig_start(r);
	a = rig_up(r, "a");
	b = rig_up(r, "b");
	b->connect = TERM_DEAF;
	assert_int_equal(term_refer(a, "b", true), 202);
	is_repeated(r, &b->connects);
	assert_int_equal(calls(r), 1);
	assert_int_equal(counter(r, "connects_silent"), 1);
	assert_int_equal(term_refer(a, "a;method=BYE", true), 202);
	assert_true(wait_count(&b->disconnects, 1));

	r->hang_ms = 60000;
	b->connects = 0;
	refer_start(a, "b");
	assert_int_equal(answer(a), 202);
	assert_true(b->connects <= 1);
	assert_true(wait_count(&b->connects, 1));
	b->connect = TERM_ACCEPT;
	assert_true(wait_count(&b->connects, 2));
	/* No more once its Ack is there */
	rig_run(3 * QUICK_MS);
	connects = b->connects;
	rig_run(3 * QUICK_MS);
	assert_int_equal(b->connects, connects);
}

/* Disconnect is said until it is acknowledged, and no longer than Connect */
static void test_disconnect_is_repeated(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;

	r->cfg.connect_repeat_ms = QUICK_MS;
	rig_start(r);
	a = rig_up(r, "a");
	b = rig_up(r, "b");
	assert_int_equal(term_refer(a, "b", true), 202);
	b->connect = TERM_DEAF;
	assert_int_equal(term_refer(a, "a;method=BYE", true), 202);
	is_repeated(r, &b->disconnects);
	assert_true(wait_count(&a->disconnects, 1));
}

/* The Ack that came too late counts: one that says no takes the party out */
static void test_late_refusal(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;

	r->cfg.connect_repeat_ms = QUICK_MS;
	rig_start(r);
	a = rig_up(r, "a");
	b = rig_up(r, "b");
	b->connect = TERM_DEAF;
	assert_int_equal(term_refer(a, "b", true), 202);
	assert_int_equal(calls(r), 1);
	a->states = b->states = 0;
	term_ack(b, true, 1);
	assert_true(term_wait(b, BUS_LEG_IDLE));
	assert_true(term_wait(a, BUS_LEG_IDLE));
	assert_int_equal(calls(r), 0);
}

/* One Ack is enough, whatever else comes; none is worth nothing */
static void test_acks_of_nothing(void **state)
{
	struct rig *r = *state;
	struct heard early = { .r = r };
	struct term *a, *b;

	rig_start(r);
	a = rig_up(r, "a");
	b = rig_up(r, "b");
	early.least = floor_read(r) + 2;
	term_ack(b, true, 1);
	term_ack(b, false, 0);
	/* Before there is a Connect that they could be the answer to */
	assert_true(rig_wait(is_heard, &early));
	rig_run(50);
	assert_int_equal(term_refer(a, "b", true), 202);
	term_ack(b, true, 0);
	term_ack(b, true, 1);
	term_ack(b, true, 2);
	term_ack(b, false, 0);
	term_ack(a, true, 1);
	rig_run(100);
	assert_int_equal(calls(r), 1);
}

/* --- several ----------------------------------------------------------- */

static void test_some_refuse(void **state)
{
	struct rig *r = *state;
	struct term *a, *b, *c;

	rig_start(r);
	a = rig_up(r, "a");
	b = rig_up(r, "b");
	c = rig_up(r, "c");
	parties(r, "b", "c");
	b->connect = TERM_DECLINE;
	assert_int_equal(term_refer(a, "b", true), 202);
	/* It is told who is missing */
	assert_string_equal(a->words, "b does not accept");
	assert_int_equal(b->session_type, ADHOC);
	assert_int_equal(c->session_type, ADHOC);
	assert_true(term_wait(b, BUS_LEG_IDLE));
	assert_true(term_wait(c, BUS_LEG_BUSY));
	assert_int_equal(calls(r), 1);
	assert_int_equal(c->disconnects, 0);
}

/* All refuse: the first says how */
static void test_all_refuse(void **state)
{
	struct rig *r = *state;
	struct term *a, *b, *c;

	rig_start(r);
	a = rig_up(r, "a");
	b = rig_up(r, "b");
	c = rig_up(r, "c");
	parties(r, "b", "c");
	b->connect = c->connect = TERM_DEAF;
	refer_start(a, "b");
	assert_true(wait_count(&b->connects, 1));
	assert_true(wait_count(&c->connects, 1));
	term_ack(b, true, 1);
	assert_true(term_wait(b, BUS_LEG_IDLE));
	assert_int_equal(a->code, 0);
	assert_int_equal(calls(r), 1);
	term_ack(c, true, 2);
	assert_int_equal(answer(a), 486);
	assert_int_equal(calls(r), 0);
	assert_true(wait_count(&a->disconnects, 1));
}

/* Who is added and refuses leaves the call as it was */
static void test_added_refuses(void **state)
{
	struct rig *r = *state;
	struct term *a, *b, *c;

	rig_start(r);
	a = rig_up(r, "a");
	b = rig_up(r, "b");
	c = rig_up(r, "c");
	assert_int_equal(term_refer(a, "b", true), 202);
	c->connect = TERM_BUSY;
	assert_int_equal(term_refer(b, "c", true), 486);
	assert_string_equal(c->inviter, "sip:b@poc.example.com");
	assert_int_equal(calls(r), 1);
	assert_int_equal(a->disconnects + b->disconnects, 0);
}

/* A terminal without a floor channel is in it, and asked nothing */
static void test_plain_phone(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;

	rig_start(r);
	a = rig_up(r, "a");
	b = rig_term(r, "b", TERM_NO_FLOOR);
	assert_int_equal(term_provision(b, true, false), 200);
	assert_true(term_wait(b, BUS_LEG_IDLE));
	assert_int_equal(term_refer(a, "b", true), 202);
	assert_true(term_wait(b, BUS_LEG_BUSY));
	assert_int_equal(counter(r, "connects"), 1);
}

/* --- they go while they are waited for --------------------------------- */

static void test_party_goes(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;

	rig_start(r);
	a = rig_up(r, "a");
	b = rig_up(r, "b");
	assert_true(wait_count(&b->invites, 1));
	b->connect = TERM_DEAF;
	refer_start(a, "b");
	assert_true(wait_count(&b->connects, 1));
	b->sess = mem_deref(b->sess);
	assert_int_equal(answer(a), 480);
	assert_string_equal(a->words, "not available any more");
	assert_int_equal(calls(r), 0);
}

static void test_caller_leaves(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;

	rig_start(r);
	a = rig_up(r, "a");
	b = rig_up(r, "b");
	b->connect = TERM_DEAF;
	refer_start(a, "b");
	assert_true(wait_count(&b->connects, 1));
	b->connect = TERM_ACCEPT;
	/* By its session's name; an older one, or another's, is none */
	assert_int_equal(calls(r), 1);
	refer_start(b, "leg+a;method=BYE");
	assert_int_equal(answer(b), 404);
	refer_start(b, "leg+b;session=1;method=BYE");
	assert_int_equal(answer(b), 404);
	refer_start(b, "leg+b;method=BYE");
	assert_int_equal(answer(b), 202);
	assert_true(wait_count(&b->disconnects, 1));
	assert_int_equal(answer(a), 480);
	assert_int_equal(calls(r), 0);
}

/* The name that it was told is the one to leave by */
static void test_left_by_name(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;
	char target[HL_URI_MAX];
	const char *number;

	rig_start(r);
	a = rig_up(r, "a");
	b = rig_up(r, "b");
	assert_int_equal(term_refer(a, "b", true), 202);
	number = strstr(b->session, ";session=");
	assert_non_null(number);
	(void)snprintf(target, sizeof(target), "Refer-To: <sip:leg+b@"
		       "poc.example.com%.20s;method=BYE>\r\n"
		       "Refer-Sub: false\r\n", number);
	assert_int_equal(term_request(b, "REFER", target, ""), 202);
	assert_true(wait_count(&b->disconnects, 1));
	assert_true(wait_count(&a->disconnects, 1));
	assert_int_equal(term_request(b, "REFER", target, ""), 404);
	assert_string_equal(b->words, "not in that session");
}

static void test_leg_ends(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;

	rig_start(r);
	a = rig_up(r, "a");
	b = rig_up(r, "b");
	b->connect = TERM_DEAF;
	refer_start(a, "b");
	assert_true(wait_count(&b->connects, 1));
	a->sess = mem_deref(a->sess);
	assert_true(wait_count(&b->disconnects, 1));
	assert_true(term_wait(a, BUS_LEG_NONE));
	assert_int_equal(calls(r), 0);
}

static void test_server_leaves(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;

	rig_start(r);
	a = rig_up(r, "a");
	b = rig_up(r, "b");
	b->connect = TERM_DEAF;
	refer_start(a, "b");
	assert_true(wait_count(&b->connects, 1));
	rig_stop(r);
}

/* Both call each other at once */
static void test_glare(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;

	rig_start(r);
	a = rig_up(r, "a");
	b = rig_up(r, "b");
	refer_start(a, "b");
	refer_start(b, "a");
	assert_int_equal(answer(a), 202);
	assert_int_equal(answer(b), 202);
	assert_int_equal(calls(r), 1);
	assert_int_equal(a->connects + b->connects, 2);
}

/* Two call the same third: one has it */
static void test_two_at_once(void **state)
{
	struct rig *r = *state;
	struct term *a, *b, *c;

	rig_start(r);
	a = rig_up(r, "a");
	b = rig_up(r, "b");
	c = rig_up(r, "c");
	refer_start(a, "c");
	refer_start(b, "c");
	assert_int_equal(answer(a) + answer(b), 202 + 486);
	assert_int_equal(c->connects, 1);
	assert_int_equal(calls(r), 1);
}

/* --- by the bus --------------------------------------------------------- */

static void test_bus(void **state)
{
	struct rig *r = *state;
	struct term *b;
	struct bus_msg m;

	rig_start(r);
	(void)rig_up(r, "a");
	b = rig_up(r, "b");
	m.type = BUS_ACTIVATE;
	memset(&m.u.activate, 0, sizeof(m.u.activate));
	strcpy(m.u.activate.caller.subscriber, "a");
	strcpy(m.u.activate.partyv[0].subscriber, "b");
	m.u.activate.partyc = 1;
	b->connect = TERM_BUSY;
	assert_int_equal(rig_ask(r, &m), 486);
	assert_string_equal(r->result_words, "b is busy");
	assert_int_equal(calls(r), 0);
	b->connect = TERM_ACCEPT;
	assert_int_equal(rig_ask(r, &m), 200);
}

/* --- groups ------------------------------------------------------------- */

/* A leg's group is its session outside calls; whatever it says to that it is a
 * member */
static void test_group(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;

	rig_start(r);
	assert_int_equal(rig_member(r, "crew", "a"), 200);
	assert_int_equal(rig_member(r, "crew", "b"), 200);
	assert_int_equal(rig_member(r, "other", "a"), 200);
	a = rig_up(r, "a");
	assert_true(wait_count(&a->connects, 1));
	assert_int_equal(a->session_type, PREARRANGED);
	assert_string_equal(a->group, "sip:crew@poc.example.com");
	b = rig_up(r, "b");
	assert_true(wait_count(&b->connects, 1));

	/* To a call and back */
	assert_int_equal(term_refer(a, "b", true), 202);
	assert_int_equal(b->connects, 2);
	assert_int_equal(b->disconnects, 1);
	assert_int_equal(b->session_type, ONE_TO_ONE);
	assert_int_equal(term_refer(a, "a;method=BYE", true), 202);
	assert_true(wait_count(&b->connects, 3));
	assert_int_equal(b->disconnects, 2);
	assert_string_equal(b->group, "sip:crew@poc.example.com");

	/* To another group */
	assert_true(wait_count(&a->connects, 3));
	r->activation_as_asked = false;
	r->activation.code = 200;
	strcpy(r->activation.group, "other");
	assert_int_equal(term_refer(a, "other", true), 202);
	assert_true(wait_count(&a->connects, 4));
	assert_string_equal(a->group, "sip:other@poc.example.com");
	/* ..which it is in already */
	assert_int_equal(term_refer(a, "other", true), 202);
	rig_run(50);
	assert_int_equal(a->connects, 4);
	assert_int_equal(b->connects, 3);
}

/* One that becomes a member later is told then; of the end of it, too */
static void test_group_comes_and_goes(void **state)
{
	struct rig *r = *state;
	struct term *a;
	struct bus_msg m;

	rig_start(r);
	a = rig_up(r, "a");
	assert_int_equal(rig_member(r, "crew", "a"), 200);
	assert_true(wait_count(&a->connects, 1));
	m.type = BUS_MEMBER_DEL;
	memset(&m.u.member_del, 0, sizeof(m.u.member_del));
	strcpy(m.u.member_del.group, "crew");
	strcpy(m.u.member_del.subscriber, "a");
	assert_int_equal(rig_ask(r, &m), 200);
	assert_true(wait_count(&a->disconnects, 1));
}

static void test_group_refused(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;

	rig_start(r);
	assert_int_equal(rig_member(r, "crew", "a"), 200);
	assert_int_equal(rig_member(r, "crew", "b"), 200);
	a = rig_term(r, "a", TERM_AUTO);
	a->connect = TERM_BUSY;
	term_floor_open(a);
	assert_int_equal(term_provision(a, true, false), 200);
	assert_true(wait_count(&a->connects, 1));
	b = rig_up(r, "b");
	term_press(b);
	assert_true(wait_count(&a->taken, 1));
	assert_int_equal(a->closes, 0);
	assert_true(term_wait(a, BUS_LEG_IDLE));
}

/* --- by who dials ------------------------------------------------------- */

static struct term *dialler(struct rig *r, const char *name)
{
	struct term *t = rig_term(r, name, TERM_AUTO);
	struct bus_msg m;

	term_floor_open(t);
	m.type = BUS_LEG_PROVISION;
	term_provision_get(t, &m.u.leg_provision);
	m.u.leg_provision.dialled = true;
	m.u.leg_provision.stays = true;
	assert_int_equal(rig_ask(r, &m), 200);
	return t;
}

static void dial_start(struct term *t, const char *target)
{
	char sdp[1024];

	term_sdp(t, sdp, sizeof(sdp));
	term_invite_start(t, target, sdp);
}

/* The INVITE is answered when the other has; who dialled is told nothing that
 * it does not know */
static void test_dialled(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;

	rig_start(r);
	b = rig_up(r, "b");
	b->connect = TERM_DEAF;
	a = dialler(r, "a");
	dial_start(a, "b");
	assert_true(wait_count(&b->connects, 1));
	assert_string_equal(b->inviter, "sip:a@poc.example.com");
	rig_run(50);
	assert_int_equal(a->code, 0);
	term_ack(b, true, 0);
	assert_int_equal(answer(a), 200);
	assert_true(term_wait(a, BUS_LEG_BUSY));
	assert_true(wait_count(&a->granted, 1));
	assert_int_equal(a->connects, 0);
	assert_int_equal(calls(r), 1);

	/* It stays, idle; what comes next is news */
	b->connect = TERM_ACCEPT;
	b->states = a->states = 0;
	assert_int_equal(term_refer(b, "b;method=BYE", true), 202);
	assert_true(term_wait(a, BUS_LEG_IDLE));
	assert_int_equal(term_refer(b, "a", true), 202);
	assert_true(wait_count(&a->connects, 1));
	assert_int_equal(a->disconnects, 0);
}

static void test_dialled_refused(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;

	rig_start(r);
	b = rig_up(r, "b");
	a = dialler(r, "a");
	b->connect = TERM_BUSY;
	dial_start(a, "b");
	assert_int_equal(answer(a), 486);
	assert_string_equal(a->words, "b is busy");
	assert_int_equal(calls(r), 0);
	assert_true(term_wait(b, BUS_LEG_IDLE));

	b->connect = TERM_DECLINE;
	a = dialler(r, "a");
	dial_start(a, "b");
	assert_int_equal(answer(a), 603);
	assert_int_equal(calls(r), 0);
}

static void test_dialled_deaf(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;

	r->cfg.connect_repeat_ms = QUICK_MS;
	rig_start(r);
	b = rig_up(r, "b");
	b->connect = TERM_DEAF;
	a = dialler(r, "a");
	dial_start(a, "b");
	assert_int_equal(answer(a), 200);
	is_repeated(r, &b->connects);
	assert_int_equal(calls(r), 1);
}

/* The other goes, or who dials does: nothing is left */
static void test_dialled_for_nothing(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;
	struct bus_msg m;

	rig_start(r);
	b = rig_up(r, "b");
	assert_true(wait_count(&b->invites, 1));
	b->connect = TERM_DEAF;
	a = dialler(r, "a");
	dial_start(a, "b");
	assert_true(wait_count(&b->connects, 1));
	m.type = BUS_LEG_RELEASE;
	memset(&m.u.leg_release, 0, sizeof(m.u.leg_release));
	strcpy(m.u.leg_release.subscriber, "a");
	assert_int_equal(rig_ask(r, &m), 200);
	assert_int_equal(answer(a), 487);
	assert_true(wait_count(&b->disconnects, 1));
	assert_int_equal(calls(r), 0);

	a = dialler(r, "a");
	dial_start(a, "b");
	assert_true(wait_count(&b->connects, 2));
	b->sess = mem_deref(b->sess);
	assert_int_equal(answer(a), 480);
	assert_int_equal(calls(r), 0);
}

/* One accepts and leaves, the other does not accept: nobody is left */
static void test_dialled_all_gone(void **state)
{
	struct rig *r = *state;
	struct term *a, *b, *c;

	rig_start(r);
	b = rig_up(r, "b");
	c = rig_up(r, "c");
	b->connect = c->connect = TERM_DEAF;
	parties(r, "b", "c");
	a = dialler(r, "a");
	dial_start(a, "b");
	assert_true(wait_count(&b->connects, 1));
	assert_true(wait_count(&c->connects, 1));
	term_ack(b, true, 0);
	refer_start(b, "leg+b;method=BYE");
	assert_int_equal(answer(b), 202);
	assert_true(wait_count(&b->disconnects, 1));
	term_ack(c, true, 2);
	assert_int_equal(answer(a), 603);
	assert_int_equal(calls(r), 0);
}

/* Leaving while who dials waits */
static void test_dialled_server_leaves(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;

	rig_start(r);
	b = rig_up(r, "b");
	b->connect = TERM_DEAF;
	a = dialler(r, "a");
	dial_start(a, "b");
	assert_true(wait_count(&b->connects, 1));
	rig_stop(r);
	assert_int_equal(answer(a), 503);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_private),
		T(test_floor_does_not_wait),
		T(test_refused),
		T(test_deaf),
		T(test_disconnect_is_repeated),
		T(test_late_refusal),
		T(test_acks_of_nothing),
		T(test_some_refuse),
		T(test_all_refuse),
		T(test_added_refuses),
		T(test_plain_phone),
		T(test_party_goes),
		T(test_caller_leaves),
		T(test_left_by_name),
		T(test_leg_ends),
		T(test_server_leaves),
		T(test_glare),
		T(test_two_at_once),
		T(test_bus),
		T(test_group),
		T(test_group_comes_and_goes),
		T(test_group_refused),
		T(test_dialled),
		T(test_dialled_refused),
		T(test_dialled_deaf),
		T(test_dialled_for_nothing),
		T(test_dialled_all_gone),
		T(test_dialled_server_leaves),
	};
	int n;

	if (fd_setsize(4096) || libre_init() || retmr_init())
		return 1;
	n = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return n;
}

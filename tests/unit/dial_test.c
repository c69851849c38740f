/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An INVITE to a group or a user (rows P6, P9, P11): the leg is made and
 * joins, or nothing has happened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>
#include "tests/unit/server_rig.h"
#include "util/retmr.h"

static int setup(void **state)
{
	struct rig *r = mem_zalloc(sizeof(*r), NULL);

	assert_non_null(r);
	rig_open(r);
	r->cfg.mixer.workers = 1;
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

static bool reached(void *arg)
{
	return **(unsigned *const *)arg > 0;
}

static bool wait_any(const unsigned *v)
{
	return rig_wait(reached, &v);
}

static bool has_code(void *arg)
{
	return ((const struct term *)arg)->code != 0;
}

/* How its INVITE was answered in the end */
static uint16_t answer(struct term *t)
{
	assert_true(rig_wait(has_code, t));
	return t->code;
}

static json_int_t status_int(const struct rig *r, const char *key)
{
	json_int_t v;
	json_t *o;

	assert_int_equal(server_status(r->srv, &o), 0);
	v = json_integer_value(json_object_get(o, key));
	json_decref(o);
	return v;
}

/* Presence expects its INVITE */
static void expect_dial(struct term *t, bool stays)
{
	struct bus_msg m;

	m.type = BUS_LEG_PROVISION;
	term_provision_get(t, &m.u.leg_provision);
	m.u.leg_provision.dialled = true;
	m.u.leg_provision.stays = stays;
	m.u.leg_provision.binding = 77;
	assert_int_equal(rig_ask(t->rig, &m), 200);
}

/* A second dialog of the terminal of that name */
static struct term *dialler(struct rig *r, const char *name, bool stays,
			    char sdp[1024])
{
	struct term *t = rig_term(r, name, TERM_AUTO);

	expect_dial(t, stays);
	term_sdp(t, sdp, 1024);
	return t;
}

static uint16_t dial(struct term *t, const char *target)
{
	char sdp[1024];

	term_sdp(t, sdp, sizeof(sdp));
	return term_invite(t, target, sdp);
}

/* --- made -------------------------------------------------------------- */

static void test_ends_with_its_call(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;
	char sdp[1024];

	rig_start(r);
	b = rig_up(r, "b");
	a = dialler(r, "a", false, sdp);
	assert_int_equal(dial(a, "b"), 200);
	assert_true(r->asked.dialled);
	assert_true(term_wait(a, BUS_LEG_BUSY));
	assert_true(term_wait(b, BUS_LEG_BUSY));
	assert_true(a->dialled);
	assert_int_equal(a->binding, 77);

	b->sess = mem_deref(b->sess);
	assert_true(wait_any(&a->closes));
	assert_true(term_wait(a, BUS_LEG_NONE));
	assert_true(a->dialled);
	assert_int_equal(status_int(r, "calls_total"), 0);
}

static void test_stays_when_it_may(void **state)
{
	struct rig *r = *state;
	struct term *idle, *a, *b;
	char sdp[1024];

	rig_start(r);
	idle = rig_up(r, "a");
	b = rig_up(r, "b");
	a = dialler(r, "a", true, sdp);
	assert_int_equal(dial(a, "b"), 200);
	assert_true(wait_any(&idle->closes));
	assert_true(term_wait(b, BUS_LEG_BUSY));
	b->sess = mem_deref(b->sess);
	assert_true(term_wait(b, BUS_LEG_NONE));
	assert_int_equal(a->closes, 0);
	assert_int_equal(status_int(r, "legs_up"), 1);
}

/* The REFER that leaves the call for a group is answered, and its leg is the
 * group's from then on */
static void test_goes_on_in_a_group(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;
	char sdp[1024];

	rig_start(r);
	b = rig_up(r, "b");
	a = dialler(r, "a", false, sdp);
	assert_int_equal(dial(a, "b"), 200);
	assert_true(term_wait(a, BUS_LEG_BUSY));
	assert_int_equal(rig_member(r, "crew", "a"), 200);

	r->activation_as_asked = false;
	r->activation.code = 200;
	strcpy(r->activation.group, "crew");
	assert_int_equal(term_refer(a, "crew", true), 202);
	assert_true(term_wait(b, BUS_LEG_IDLE));
	assert_true(term_wait(a, BUS_LEG_IDLE));
	assert_int_equal(a->closes, 0);
	assert_int_equal(status_int(r, "legs_up"), 2);
	assert_int_equal(status_int(r, "calls_total"), 0);
}

static void member_del(struct rig *r, const char *group, const char *name)
{
	struct bus_msg m;

	m.type = BUS_MEMBER_DEL;
	memset(&m.u.member_del, 0, sizeof(m.u.member_del));
	strcpy(m.u.member_del.group, group);
	strcpy(m.u.member_del.subscriber, name);
	assert_int_equal(rig_ask(r, &m), 200);
}

/* A phone that dialled a group is hung up when that is deleted, not left with
 * silence; one that is in a call by then, after that */
static void test_ends_with_its_group(void **state)
{
	struct rig *r = *state;
	struct term *a, *b, *c, *d;
	char sdp[1024];

	rig_start(r);
	d = rig_up(r, "d");
	a = dialler(r, "a", false, sdp);
	b = dialler(r, "b", true, sdp);
	c = dialler(r, "c", false, sdp);
	assert_int_equal(rig_member(r, "crew", "a"), 200);
	assert_int_equal(rig_member(r, "crew", "b"), 200);
	assert_int_equal(rig_member(r, "crew", "c"), 200);
	assert_int_equal(rig_member(r, "other", "a"), 200);

	r->activation_as_asked = false;
	r->activation.code = 200;
	strcpy(r->activation.group, "crew");
	assert_int_equal(dial(a, "crew"), 200);
	assert_int_equal(dial(b, "crew"), 200);
	assert_int_equal(dial(c, "crew"), 200);
	assert_true(term_wait(c, BUS_LEG_IDLE));
	r->activation_as_asked = true;
	assert_int_equal(term_refer(c, "d", true), 202);
	assert_true(term_wait(d, BUS_LEG_BUSY));

	member_del(r, "crew", "");
	assert_true(wait_any(&a->closes));
	assert_true(term_wait(a, BUS_LEG_NONE));
	assert_int_equal(b->closes + c->closes, 0);
	assert_int_equal(status_int(r, "legs_up"), 3);

	d->sess = mem_deref(d->sess);
	assert_true(wait_any(&c->closes));
	assert_int_equal(status_int(r, "legs_up"), 1);
	assert_int_equal(b->closes, 0);
}

static void test_late_offer(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;
	char sdp[1024];

	rig_start(r);
	b = rig_up(r, "b");
	a = dialler(r, "a", false, sdp);
	assert_int_equal(term_invite(a, "b", ""), 200);
	assert_true(term_wait(b, BUS_LEG_BUSY));
	assert_int_equal(a->closes, 0);
}

/* To the service it makes the leg alone, however that is written */
static void test_service_is_not_dialled(void **state)
{
	struct rig *r = *state;
	struct term *a;
	char sdp[1024];

	rig_start(r);
	a = rig_term(r, "a", TERM_AUTO);
	assert_int_equal(term_provision(a, false, false), 200);
	term_sdp(a, sdp, sizeof(sdp));
	assert_int_equal(term_invite(a, "p%74t", sdp), 200);
	assert_true(rig_wait(reached, &(const unsigned *){&a->states}));
	assert_int_equal(r->asks, 0);
}

/* --- refused: nothing has changed --------------------------------------- */

static void untouched(struct rig *r, const struct term *idle)
{
	rig_run(50);
	assert_int_equal(idle->closes, 0);
	assert_int_equal(status_int(r, "legs_up"), 2);
	assert_int_equal(status_int(r, "calls_total"), 0);
}

static void test_refused_by_presence(void **state)
{
	static const uint16_t codev[] = {403, 480, 486, 501, 503, 600};
	struct rig *r = *state;
	struct term *idle, *a;
	char sdp[1024];
	size_t i;

	rig_start(r);
	idle = rig_up(r, "a");
	(void)rig_up(r, "b");
	a = dialler(r, "a", true, sdp);
	r->activation_as_asked = false;
	for (i = 0; i < ARRAY_SIZE(codev); i++) {
		r->activation.code = codev[i];
		strcpy(r->activation.words, "not \"today\"");
		assert_int_equal(dial(a, "b"), codev[i]);
		/* What cannot be in a reason phrase is a blank */
		assert_string_equal(a->words, "not  today ");
		a->closes = 0;
	}

	/* Nonsense from presence is no success */
	r->activation.code = 100;
	assert_int_equal(dial(a, "b"), 500);
	r->activation.code = 200;
	strcpy(r->activation.group, "nogroup");
	assert_int_equal(dial(a, "b"), 403);
	r->activation.group[0] = '\0';
	assert_int_equal(dial(a, "b"), 480);
	untouched(r, idle);
}

static void test_refused_before_asking(void **state)
{
	struct rig *r = *state;
	struct term *idle, *a;
	char sdp[1024];

	rig_start(r);
	idle = rig_up(r, "a");
	(void)rig_up(r, "b");
	a = dialler(r, "a", true, sdp);
	assert_int_equal(term_invite(a, "b", "rubbish"), 400);
	assert_int_equal(term_invite(a, "b", "v=0\r\ns=-\r\n"), 488);
	assert_int_equal(term_invite(a, "%zz", sdp), 403);
	assert_int_equal(r->asks, 0);
	untouched(r, idle);
}

/* A leg that was made for nothing else is gone again */
static void test_leaves_nothing(void **state)
{
	struct rig *r = *state;
	struct term *a;
	char sdp[1024];

	rig_start(r);
	(void)rig_up(r, "b");
	assert_int_equal(rig_member(r, "g", "a"), 200);
	a = dialler(r, "a", false, sdp);
	assert_int_equal(status_int(r, "legs_total"), 2);
	r->activation_as_asked = false;
	r->activation.code = 480;
	assert_int_equal(dial(a, "b"), 480);
	assert_int_equal(status_int(r, "legs_total"), 1);
	assert_int_equal(status_int(r, "groups_total"), 0);
	/* ..so that nobody is expected any more */
	assert_int_equal(dial(a, "b"), 403);
}

/* --- while presence thinks ----------------------------------------------- */

static struct term *asked(struct rig *r)
{
	struct term *a;
	char sdp[1024];

	a = dialler(r, "a", true, sdp);
	r->presence_mute = true;
	r->asks = 0;
	term_invite_start(a, "b", sdp);
	assert_true(wait_any(&r->asks));
	return a;
}

static void test_cancelled(void **state)
{
	struct rig *r = *state;
	struct term *idle, *a;

	rig_start(r);
	idle = rig_up(r, "a");
	(void)rig_up(r, "b");
	a = asked(r);
	/* The 100 lets it be cancelled */
	rig_run(50);
	a->sess = mem_deref(a->sess);
	rig_run(50);
	rig_presence_speaks(r);
	untouched(r, idle);
	assert_int_equal(dial(a, "b"), 200);
}

static void test_idle_leg_is_hung_up(void **state)
{
	struct rig *r = *state;
	struct term *idle, *b, *a;

	rig_start(r);
	idle = rig_up(r, "a");
	b = rig_up(r, "b");
	a = asked(r);
	idle->sess = mem_deref(idle->sess);
	assert_true(term_wait(idle, BUS_LEG_NONE));
	rig_run(50);
	rig_presence_speaks(r);
	assert_true(term_wait(b, BUS_LEG_BUSY));
	assert_int_equal(answer(a), 200);
}

static void test_one_at_a_time(void **state)
{
	struct rig *r = *state;
	struct term *idle, *a, *again;

	rig_start(r);
	idle = rig_up(r, "a");
	(void)rig_up(r, "b");
	a = asked(r);
	again = rig_term(r, "a", TERM_AUTO);
	assert_int_equal(dial(again, "b"), 491);
	assert_int_equal(term_refer(idle, "b", true), 491);
	rig_presence_speaks(r);
	assert_true(wait_any(&idle->closes));
	assert_int_equal(answer(a), 200);
}

static void test_target_goes(void **state)
{
	struct rig *r = *state;
	struct term *idle, *a, *b;

	rig_start(r);
	idle = rig_up(r, "a");
	b = rig_up(r, "b");
	a = asked(r);
	b->sess = mem_deref(b->sess);
	assert_true(term_wait(b, BUS_LEG_NONE));
	rig_presence_speaks(r);
	assert_true(wait_any(&a->closes));
	assert_int_equal(answer(a), 480);
	assert_int_equal(idle->closes, 0);
}

static void test_leg_is_released(void **state)
{
	struct rig *r = *state;
	struct term *a;
	struct bus_msg m;

	rig_start(r);
	(void)rig_up(r, "a");
	(void)rig_up(r, "b");
	a = asked(r);
	m.type = BUS_LEG_RELEASE;
	memset(&m.u.leg_release, 0, sizeof(m.u.leg_release));
	strcpy(m.u.leg_release.subscriber, "a");
	assert_int_equal(rig_ask(r, &m), 200);
	assert_true(wait_any(&a->closes));
	assert_int_equal(answer(a), 487);
	assert_int_equal(status_int(r, "legs_total"), 1);
}

static void test_server_leaves(void **state)
{
	struct rig *r = *state;
	struct term *a;

	rig_start(r);
	(void)rig_up(r, "a");
	(void)rig_up(r, "b");
	a = asked(r);
	rig_stop(r);
	assert_true(wait_any(&a->closes));
	assert_int_equal(answer(a), 503);
}

/* --- bounds ------------------------------------------------------------ */

static void test_bounds(void **state)
{
	struct rig *r = *state;
	struct term *idle, *a;
	char sdp[1024];

	r->cfg.asks_max = 0;
	rig_start(r);
	idle = rig_up(r, "a");
	(void)rig_up(r, "b");
	a = dialler(r, "a", true, sdp);
	assert_int_equal(dial(a, "b"), 503);
	assert_true(a->words[0]);
	untouched(r, idle);
}

static void test_bound_of_calls(void **state)
{
	struct rig *r = *state;
	struct term *idle, *a;
	char sdp[1024];

	r->cfg.calls_max = 0;
	rig_start(r);
	idle = rig_up(r, "a");
	(void)rig_up(r, "b");
	a = dialler(r, "a", true, sdp);
	assert_int_equal(dial(a, "b"), 503);
	assert_string_equal(a->words, "no more calls fit on this server");
	untouched(r, idle);
}

/* Nobody adds more than an ad-hoc call holds */
static void test_bound_of_parties(void **state)
{
	struct rig *r = *state;
	char name[16];
	struct term *a;
	unsigned i;

	rig_start(r);
	a = rig_up(r, "a");
	for (i = 0; i < HL_PARTIES_MAX + 1; i++) {
		(void)re_snprintf(name, sizeof(name), "p%u", i);
		(void)rig_up(r, name);
		assert_int_equal(term_refer(a, name, true),
				 i < HL_PARTIES_MAX ? 202 : 413);
	}

	assert_int_equal(status_int(r, "calls_total"), 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_ends_with_its_call),
		T(test_stays_when_it_may),
		T(test_goes_on_in_a_group),
		T(test_ends_with_its_group),
		T(test_late_offer),
		T(test_service_is_not_dialled),
		T(test_refused_by_presence),
		T(test_refused_before_asking),
		T(test_leaves_nothing),
		T(test_cancelled),
		T(test_idle_leg_is_hung_up),
		T(test_one_at_a_time),
		T(test_target_goes),
		T(test_leg_is_released),
		T(test_server_leaves),
		T(test_bounds),
		T(test_bound_of_calls),
		T(test_bound_of_parties),
	};
	int n;

	if (fd_setsize(4096) || libre_init() || retmr_init())
		return 1;
	n = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return n;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file focus_test.c  Subscriptions to a leg's conference (missions P9, P13)
 *
 * A watch merges what it is told as RFC 4575 says; a gap between two versions
 * or a second NOTIFY before the first is answered fails at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include <cmocka.h>
#include "tests/unit/server_rig.h"
#include "util/retmr.h"
#include "wire/confinfo.h"

enum { USERS_MAX = 256 };

struct seen {
	char name[HL_NAME_MAX];
	char display[HL_DISPLAY_MAX];
	enum confinfo_media media;
};

struct watch {
	struct le le;
	struct term *t;
	struct sip_dialog *dlg;
	bool own;                 /**< dlg is not the leg's */
	uint16_t code;            /**< Of the SUBSCRIBE */
	uint32_t expires_s;
	uint16_t answer;          /**< To NOTIFYs; 0: none */
	const struct sip_msg *kept; /**< ..and then this one waits */
	uint32_t cseq;
	unsigned notifies, bodies, fulls, repeats;
	uint32_t version, count;
	char display[HL_DISPLAY_MAX];
	char state[64];
	size_t longest;
	bool deleted;
	char talked[HL_NAME_MAX];   /**< Who was told to talk last */
	struct seen userv[USERS_MAX];
	unsigned userc;
};

/* The rig comes first: it is what a test is given */
struct site {
	struct rig r;
	struct list watches;
};

/* --- what it is told --------------------------------------------------- */

static struct seen *seen_find(struct watch *w, const char *name)
{
	unsigned i;

	for (i = 0; i < w->userc; i++)
		if (!strcmp(w->userv[i].name, name))
			return &w->userv[i];

	return NULL;
}

static int user_h(const struct confinfo_user *u, void *arg)
{
	struct watch *w = arg;
	char name[HL_NAME_MAX];
	struct seen *seen;

	assert_int_equal(sscanf(u->entity, "sip:%63[^@]@poc.example.com",
				name), 1);
	seen = seen_find(w, name);
	if (u->state == CONFINFO_DELETED) {
		assert_non_null(seen);
		*seen = w->userv[--w->userc];
		return 0;
	}

	if (!seen) {
		assert_true(w->userc < USERS_MAX);
		seen = &w->userv[w->userc++];
	}

	strcpy(seen->name, name);
	strcpy(seen->display, u->display);
	seen->media = u->media;
	if (u->media == CONFINFO_SENDRECV)
		strcpy(w->talked, name);
	assert_int_equal(u->status, CONFINFO_CONNECTED);
	assert_string_equal(u->endpoint, u->entity);
	return 0;
}

static void document_take(struct watch *w, const struct sip_msg *msg)
{
	const size_t len = mbuf_get_left(msg->mb);
	const char *text = (const char *)mbuf_buf(msg->mb);
	struct confinfo ci;
	const unsigned before = w->userc;

	if (!len)
		return;

	/* The users come before the head's state is known */
	if (memmem(text, len, "state=\"full\" version", 20))
		w->userc = 0;
	assert_int_equal(confinfo_parse(&ci, text, len, user_h, w), 0);
	assert_true(!w->bodies || ci.version == w->version + 1);
	assert_true(w->bodies || ci.state == CONFINFO_FULL);
	assert_true(ci.state != CONFINFO_PARTIAL || before || w->userc);
	w->version = ci.version;
	w->deleted = ci.state == CONFINFO_DELETED;
	w->count = ci.user_count;
	w->longest = MAX(w->longest, len);
	strcpy(w->display, ci.display);
	++w->bodies;
	w->fulls += ci.state == CONFINFO_FULL;
}

static void state_take(struct watch *w, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg,
						SIP_HDR_SUBSCRIPTION_STATE);

	assert_non_null(hdr);
	(void)pl_strcpy(&hdr->val, w->state, sizeof(w->state));
	assert_true(sip_msg_hdr_has_value(msg, SIP_HDR_EVENT, "conference"));
}

static void notify_answer(struct watch *w, const struct sip_msg *msg)
{
	(void)sip_treply(NULL, w->t->rig->sip, msg, w->answer, "As Asked");
}

static bool notify_h(const struct sip_msg *msg, void *arg)
{
	const struct site *site = arg;
	struct le *le;

	for (le = list_head(&site->watches); le; le = le->next) {
		struct watch *w = le->data;

		if (!sip_dialog_cmp(w->dlg, msg))
			continue;

		if (msg->cseq.num == w->cseq) {
			++w->repeats;
			return true;
		}

		assert_null(w->kept);
		w->cseq = msg->cseq.num;
		++w->notifies;
		state_take(w, msg);
		document_take(w, msg);
		if (w->answer)
			notify_answer(w, msg);
		else
			w->kept = mem_ref((void *)msg);
		return true;
	}

	return false;
}

/* The NOTIFY that waits is answered, and all that come */
static void watch_answer(struct watch *w, uint16_t code)
{
	w->answer = code;
	if (w->kept)
		notify_answer(w, w->kept);
	w->kept = mem_deref((void *)w->kept);
}

/* --- asking ------------------------------------------------------------ */

static void watch_destructor(void *arg)
{
	struct watch *w = arg;

	list_unlink(&w->le);
	mem_deref((void *)w->kept);
	mem_deref(w->dlg);
}

static struct watch *watch_alloc(struct term *t, bool own)
{
	struct watch *w = mem_zalloc(sizeof(*w), watch_destructor);
	struct site *site = (struct site *)t->rig;
	char route[64], uri[HL_URI_MAX];
	const char *routev[1] = {route};

	assert_non_null(w);
	w->t = t;
	w->own = own;
	w->answer = 200;
	list_append(&site->watches, &w->le, w);
	if (!own) {
		w->dlg = mem_ref(sipsess_dialog(t->sess));
		return w;
	}

	(void)re_snprintf(route, sizeof(route), "sip:%J",
			  server_laddr(t->rig->srv));
	(void)re_snprintf(uri, sizeof(uri), "sip:leg+%s@poc.example.com",
			  t->name);
	assert_int_equal(sip_dialog_alloc(&w->dlg, uri, uri, NULL,
					  "sip:x@poc.example.com", routev, 1),
			 0);
	return w;
}

static void response_h(int err, const struct sip_msg *msg, void *arg)
{
	struct watch *w = arg;

	if (err || !msg || msg->scode < 200) {
		w->code = err ? 1 : w->code;
		return;
	}

	w->code = msg->scode;
	if (pl_isset(&msg->expires))
		w->expires_s = pl_u32(&msg->expires);
	if (msg->scode == 200 && w->own && !sip_dialog_established(w->dlg))
		assert_int_equal(sip_dialog_create(w->dlg, msg), 0);
}

static bool answered(void *arg)
{
	const struct watch *w = arg;

	return w->code != 0;
}

static int contact_h(enum sip_transp tp, const struct sa *src,
		     const struct sa *dst, struct mbuf *mb, void *arg)
{
	const struct watch *w = arg;

	(void)tp;
	(void)dst;
	return mbuf_printf(mb, "Contact: <sip:%s@%J>\r\n", w->t->name, src);
}

/* headers end with CRLF */
static uint16_t watch_send(struct watch *w, const char *event,
			   const char *headers)
{
	struct rig *r = w->t->rig;
	char edge[256] = "";

	if (w->own && !sip_dialog_established(w->dlg))
		(void)re_snprintf(edge, sizeof(edge),
				  "P-Asserted-Identity: "
				  "<sip:%s@poc.example.com>\r\n"
				  "Record-Route: <sip:RR@%J;lr>\r\n"
				  "Record-Route: <sip:%J;lr>\r\n",
				  w->t->name, &r->laddr,
				  server_laddr(r->srv));
	w->code = 0;
	assert_int_equal(sip_drequestf(NULL, r->sip, true, "SUBSCRIBE",
				       w->dlg, 0, NULL, contact_h, response_h,
				       w, "Event: %s\r\n%s%s"
				       "Content-Length: 0\r\n\r\n",
				       event, edge, headers), 0);
	assert_true(rig_wait(answered, w));
	return w->code;
}

static uint16_t watch_ask(struct watch *w, unsigned expires_s)
{
	char headers[64];

	(void)snprintf(headers, sizeof(headers), "Expires: %u\r\n",
		       expires_s);
	return watch_send(w, "conference", headers);
}

static bool told(void *arg)
{
	const struct watch *w = arg;

	return w->bodies > 0;
}

static struct watch *watch_open(struct term *t, bool own)
{
	struct watch *w = watch_alloc(t, own);

	assert_int_equal(watch_ask(w, 600), 200);
	assert_true(rig_wait(told, w));
	return w;
}

static bool ended(void *arg)
{
	const struct watch *w = arg;

	return !strncmp(w->state, "terminated", 10);
}

/* --- what is waited for ------------------------------------------------ */

struct expected {
	struct watch *w;
	unsigned userc;
	const char *talks, *name, *display;
};

static bool roster_is(void *arg)
{
	const struct expected *e = arg;
	unsigned i;

	if (e->w->userc != e->userc)
		return false;

	for (i = 0; i < e->w->userc; i++)
		if (e->w->userv[i].media == CONFINFO_SENDRECV)
			return false;

	return true;
}

/* So many, and nobody talks */
static void expect_roster(struct watch *w, unsigned userc)
{
	struct expected e = {.w = w, .userc = userc};

	if (!rig_wait(roster_is, &e))
		fail_msg("%u users, not %u", w->userc, userc);
}

static bool has_talked(void *arg)
{
	const struct expected *e = arg;

	return !strcmp(e->w->talked, e->talks);
}

/* Who sends nothing keeps the floor for a moment only: it may be over */
static void expect_talk(struct watch *w, const char *name)
{
	struct expected e = {.w = w, .talks = name};

	assert_true(rig_wait(has_talked, &e));
}

static bool count_is(void *arg)
{
	const struct expected *e = arg;

	return e->w->count == e->userc;
}

static void expect_count(struct watch *w, unsigned count)
{
	struct expected e = {.w = w, .userc = count};

	assert_true(rig_wait(count_is, &e));
}

static bool display_is(void *arg)
{
	const struct expected *e = arg;
	const struct seen *seen = seen_find(e->w, e->name);

	return seen && !strcmp(seen->display, e->display);
}

static void expect_display(struct watch *w, const char *name,
			   const char *display)
{
	struct expected e = {.w = w, .name = name, .display = display};

	assert_true(rig_wait(display_is, &e));
}

static bool has_kept(void *arg)
{
	const struct watch *w = arg;

	return w->kept;
}

static int64_t focus_figure(const struct rig *r, const char *name)
{
	json_t *o;
	int64_t v;

	assert_int_equal(server_status(r->srv, &o), 0);
	v = json_integer_value(json_object_get(json_object_get(o, "focus"),
					       name));
	json_decref(o);
	return v;
}

struct figure {
	const struct rig *r;
	const char *name;
	int64_t v;
};

static bool figure_is(void *arg)
{
	const struct figure *f = arg;

	return focus_figure(f->r, f->name) == f->v;
}

static void expect_figure(const struct rig *r, const char *name, int64_t v)
{
	struct figure f = {.r = r, .name = name, .v = v};

	assert_true(rig_wait(figure_is, &f));
}

static void member_set(struct rig *r, const char *name, const char *display)
{
	struct bus_msg m;

	m.type = BUS_MEMBER_SET;
	memset(&m.u.member_set, 0, sizeof(m.u.member_set));
	strcpy(m.u.member_set.group, "crew");
	strcpy(m.u.member_set.group_display, "The <crew>");
	strcpy(m.u.member_set.subscriber, name);
	strcpy(m.u.member_set.display, display);
	m.u.member_set.talk = m.u.member_set.listen = true;
	assert_int_equal(rig_ask(r, &m), 200);
}

static void member_del(struct rig *r, const char *name)
{
	struct bus_msg m;

	m.type = BUS_MEMBER_DEL;
	memset(&m.u.member_del, 0, sizeof(m.u.member_del));
	strcpy(m.u.member_del.group, "crew");
	strcpy(m.u.member_del.subscriber, name);
	assert_int_equal(rig_ask(r, &m), 200);
}

/* n terminals t0, t1, ... with legs, in the group crew */
static void crowd(struct rig *r, struct term **tv, unsigned n)
{
	char name[16];
	unsigned i;

	for (i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "t%u", i);
		member_set(r, name, name);
		tv[i] = rig_up(r, name);
	}
}

/* --- the tests --------------------------------------------------------- */

static int setup(void **state)
{
	struct site *site = calloc(1, sizeof(*site));
	struct rig *r;

	assert_non_null(site);
	r = &site->r;
	rig_open(r);
	r->notify_h = notify_h;
	r->notify_arg = site;
	r->cfg.legs_max = 1024;
	r->cfg.focus_notify_ms = 0;
	r->cfg.focus_bytes = 2000;
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct site *site = *state;

	list_flush(&site->watches);
	rig_close(&site->r);
	free(site);
	return 0;
}

/* P9: the Contact is a focus that has no address of ours */
static void test_contact_is_a_focus(void **state)
{
	struct rig *r = *state;
	const struct term *t;

	rig_start(r);
	t = rig_up(r, "alice");
	assert_non_null(strstr(t->headers, "\r\nContact: <sip:leg+alice@"
			       "poc.example.com>;isfocus\r\n"));
	assert_non_null(strstr(t->headers, "SUBSCRIBE"));
}

/* P9: alone, then in a group that others join, talk in and leave */
static void test_roster(void **state)
{
	struct rig *r = *state;
	struct watch *in, *out;
	struct term *alice, *bob;

	rig_start(r);
	alice = rig_up(r, "alice");
	bob = rig_up(r, "bob");
	in = watch_open(alice, false);
	out = watch_open(alice, true);
	assert_int_equal(in->expires_s, 600);
	assert_int_equal(in->userc, 1);
	assert_int_equal(in->userv[0].media, CONFINFO_INACTIVE);
	assert_string_equal(in->display, "");

	member_set(r, "alice", "Alice & A");
	member_set(r, "bob", "B&B");
	expect_roster(in, 2);
	expect_roster(out, 2);
	assert_string_equal(out->display, "The <crew>");
	assert_string_equal(seen_find(out, "bob")->display, "B&B");
	term_press(bob);
	expect_talk(in, "bob");
	expect_talk(out, "bob");
	term_release(bob);
	expect_roster(in, 2);
	/* Another name is told, too */
	member_set(r, "bob", "Robert");
	expect_display(in, "bob", "Robert");
	member_del(r, "bob");
	expect_roster(in, 1);
	expect_roster(out, 1);
	assert_int_equal(in->count, 1);
}

/* A name that is no UTF-8 takes nobody else's name with it */
static void test_bad_name_is_left_out(void **state)
{
	struct rig *r = *state;
	struct watch *w;
	struct term *alice;

	rig_start(r);
	alice = rig_up(r, "alice");
	(void)rig_up(r, "bob");
	w = watch_open(alice, true);
	member_set(r, "alice", "Alice");
	member_set(r, "bob", "\xff\xfe");
	expect_roster(w, 2);
	assert_string_equal(seen_find(w, "bob")->display, "");
	assert_string_equal(seen_find(w, "alice")->display, "Alice");
}

/* What does not fit in one NOTIFY comes in the next ones */
static void test_long_roster_in_parts(void **state)
{
	enum { N = 40 };
	struct rig *r = *state;
	struct term *tv[N];
	struct watch *w;

	r->cfg.focus_bytes = 800;
	rig_start(r);
	crowd(r, tv, N);
	w = watch_open(tv[0], true);
	expect_roster(w, N);
	assert_true(w->notifies >= 10);
	assert_true(w->longest <= 800);
	assert_int_equal(w->count, N);

	/* The fetch is over when all was told */
	w = watch_alloc(tv[1], true);
	assert_int_equal(watch_ask(w, 0), 200);
	assert_true(rig_wait(ended, w));
	assert_string_equal(w->state, "terminated;reason=timeout");
	assert_int_equal(w->userc, N);
	expect_figure(r, "subscriptions", 1);
}

/* The bound of users shown, and who talks beyond it */
static void test_bound_users(void **state)
{
	enum { N = 8, SHOWN = 3 };
	struct rig *r = *state;
	struct term *tv[N];
	struct watch *w;

	r->cfg.focus_users_max = SHOWN;
	rig_start(r);
	crowd(r, tv, N);
	w = watch_open(tv[N - 1], true);
	expect_roster(w, SHOWN);
	assert_int_equal(w->count, N);
	assert_non_null(seen_find(w, tv[N - 1]->name));
	term_press(tv[N - 2]);
	expect_talk(w, tv[N - 2]->name);
	assert_non_null(seen_find(w, tv[N - 2]->name));
	assert_non_null(seen_find(w, tv[N - 1]->name));
	term_release(tv[N - 2]);
	expect_roster(w, SHOWN);
	/* Places that become free are taken, the count goes with it */
	member_del(r, tv[0]->name);
	member_del(r, tv[1]->name);
	expect_count(w, N - 2);
	expect_roster(w, SHOWN);
}

/* Subscriptions of a leg, and of the server */
static void test_bound_subscriptions(void **state)
{
	struct rig *r = *state;
	struct term *alice, *bob;
	struct watch *w;
	unsigned i;

	r->cfg.focus_leg_max = 3;
	r->cfg.focus_max = 4;
	rig_start(r);
	alice = rig_up(r, "alice");
	bob = rig_up(r, "bob");
	for (i = 0; i < 3; i++)
		(void)watch_open(alice, true);
	assert_int_equal(watch_ask(watch_alloc(alice, true), 600), 403);
	assert_int_equal(watch_ask(watch_alloc(alice, true), 0), 403);
	w = watch_open(bob, false);
	assert_int_equal(watch_ask(watch_alloc(bob, true), 600), 503);
	assert_int_equal(focus_figure(r, "subscriptions"), 4);
	assert_int_equal(watch_ask(w, 0), 200);
	assert_true(rig_wait(ended, w));
	expect_figure(r, "subscriptions", 3);
	(void)watch_open(bob, true);
}

/* Many changes, one NOTIFY: the newest state, not every one */
static void test_changes_are_gathered(void **state)
{
	struct rig *r = *state;
	struct watch *w;
	struct term *alice;
	unsigned i, before;

	r->cfg.focus_notify_ms = 1500;
	rig_start(r);
	alice = rig_up(r, "alice");
	(void)rig_up(r, "bob");
	member_set(r, "alice", "A");
	w = watch_open(alice, true);
	before = w->notifies;
	for (i = 0; i < 50; i++) {
		member_set(r, "bob", "B");
		member_del(r, "bob");
	}
	member_set(r, "bob", "last");
	expect_roster(w, 2);
	assert_string_equal(seen_find(w, "bob")->display, "last");
	/* 100 changes; how long they took decides how many were told */
	assert_true(w->notifies - before < 50);
	/* What was undone before it was told is not told */
	before = w->notifies;
	member_set(r, "bob", "other");
	member_set(r, "bob", "last");
	rig_run(1600);
	assert_int_equal(w->notifies, before);
}

/* While a NOTIFY waits for its answer nothing else is sent (notify_h) */
static void test_one_at_a_time(void **state)
{
	struct rig *r = *state;
	struct watch *w;
	struct term *alice;
	unsigned before;

	rig_start(r);
	alice = rig_up(r, "alice");
	(void)rig_up(r, "bob");
	w = watch_open(alice, true);
	w->answer = 0;
	before = w->notifies;
	member_set(r, "alice", "A");
	assert_true(rig_wait(has_kept, w));
	member_set(r, "bob", "B");
	assert_int_equal(watch_ask(w, 600), 200);
	rig_run(50);
	assert_int_equal(w->notifies, before + 1);
	watch_answer(w, 200);
	expect_roster(w, 2);
	assert_int_equal(w->notifies, before + 2);
}

/* RFC 6665: a subscription that its terminal does not know any more */
static void test_refused_notify_ends_it(void **state)
{
	struct rig *r = *state;
	struct watch *w, *other;
	struct term *alice;

	rig_start(r);
	alice = rig_up(r, "alice");
	w = watch_open(alice, true);
	other = watch_open(alice, false);
	w->answer = 481;
	member_set(r, "alice", "A");
	expect_figure(r, "lost", 1);
	assert_int_equal(focus_figure(r, "subscriptions"), 1);
	assert_int_equal(watch_ask(w, 600), 481);
	/* The other one, in the leg's dialog, goes on, and so does the leg */
	member_set(r, "alice", "Alice");
	expect_display(other, "alice", "Alice");
	assert_int_equal(alice->closes, 0);
}

static void test_expires(void **state)
{
	struct rig *r = *state;
	struct watch *w;
	struct term *alice;

	r->cfg.focus_expires_min_s = 1;
	r->cfg.focus_expires_s = 100;
	rig_start(r);
	alice = rig_up(r, "alice");
	w = watch_alloc(alice, true);
	/* More than fits is as much as fits */
	assert_int_equal(watch_send(w, "conference",
				    "Expires: 99999999999\r\n"), 200);
	assert_int_equal(w->expires_s, 100);
	assert_true(rig_wait(told, w));
	assert_int_equal(watch_ask(w, 1), 200);
	assert_int_equal(w->expires_s, 1);
	assert_true(rig_wait(ended, w));
	assert_string_equal(w->state, "terminated;reason=timeout");
	assert_int_equal(focus_figure(r, "subscriptions"), 0);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *event, *headers;
		uint16_t code;
	} bad[] = {
		{"dialog", "", 489},
		{";", "", 489},
		{"conference;id=0123456789012345678901234567890123456789"
		 "012345678901234567890123456789", "", 400},
		{"conference", "Accept: text/plain\r\n", 406},
		{"conference", "Accept: \r\n", 406},
		{"conference", "Expires: 59\r\n", 423},
		{"conference", "Require: gizmo\r\n", 420},
	};
	struct rig *r = *state;
	struct term *alice, *nobody;
	size_t i;

	rig_start(r);
	alice = rig_up(r, "alice");
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(watch_send(watch_alloc(alice, true),
					    bad[i].event, bad[i].headers),
				 bad[i].code);
		assert_int_equal(watch_send(watch_alloc(alice, false),
					    bad[i].event, bad[i].headers),
				 bad[i].code);
	}
	assert_int_equal(focus_figure(r, "subscriptions"), 0);
	assert_int_equal(focus_figure(r, "refused"), 2 * ARRAY_SIZE(bad));

	nobody = rig_term(r, "nobody", TERM_AUTO);
	assert_int_equal(watch_ask(watch_alloc(nobody, true), 600), 403);
	nobody->mode = TERM_REFUSE;
	nobody->refuse_code = 603;
	assert_int_equal(term_provision(nobody, true, false), 200);
	assert_true(term_wait(nobody, BUS_LEG_NONE));
	assert_int_equal(watch_ask(watch_alloc(nobody, true), 600), 480);
}

/* The edge says who is in a dialog: nobody else gets into it */
static void test_stranger_in_the_dialog(void **state)
{
	static const char who[] =
		"P-Asserted-Identity: <sip:bob-user@poc.example.com>\r\n";
	static const char self[] =
		"P-Asserted-Identity: <sip:alice-user@poc.example.com>\r\n";
	struct rig *r = *state;
	struct watch *w;
	struct term *alice;

	rig_start(r);
	alice = rig_up(r, "alice");
	w = watch_open(alice, true);
	assert_int_equal(watch_send(w, "conference", who), 481);
	assert_int_equal(watch_send(w, "conference", self), 200);
	assert_int_equal(watch_send(watch_alloc(alice, false), "conference",
				    who), 481);
	assert_int_equal(term_request(alice, "BYE", who, ""), 481);
	assert_int_equal(term_request(alice, "OPTIONS", who, ""), 481);
	assert_int_equal(term_request(alice, "OPTIONS", self, ""), 200);
	assert_int_equal(focus_figure(r, "subscriptions"), 1);
}

/* A leg that ends says goodbye in all of them, whatever is under way */
static void test_leg_ends(void **state)
{
	struct rig *r = *state;
	struct watch *in, *out;
	struct term *alice;

	rig_start(r);
	alice = rig_up(r, "alice");
	in = watch_open(alice, false);
	out = watch_open(alice, true);
	assert_int_equal(term_provision(alice, true, true), 200);
	assert_true(rig_wait(ended, in));
	assert_true(rig_wait(ended, out));
	assert_string_equal(in->state, "terminated;reason=noresource");
	assert_true(in->deleted && out->deleted);
	assert_int_equal(focus_figure(r, "subscriptions"), 0);
	assert_int_equal(watch_ask(out, 600), 481);

	assert_true(term_wait(alice, BUS_LEG_IDLE));
	out = watch_open(alice, true);
	out->answer = 0;
	member_set(r, "alice", "A");
	assert_true(rig_wait(has_kept, out));
	out->kept = mem_deref((void *)out->kept);
	out->answer = 200;
	rig_stop(r);
	assert_true(rig_wait(ended, out));
}

/* P9: what happens in a group of many subscribers is told to all of them */
static void test_many_subscribers(void **state)
{
	enum { N = 70 };
	struct rig *r = *state;
	static struct term *tv[N];
	static struct watch *wv[N];
	unsigned i;

	rig_start(r);
	crowd(r, tv, N);
	for (i = 0; i < N; i++)
		wv[i] = watch_open(tv[i], i % 2);
	member_del(r, tv[N - 1]->name);
	for (i = 0; i < N - 1; i++) {
		expect_count(wv[i], N - 1);
		expect_roster(wv[i], r->cfg.focus_users_max);
	}
	expect_roster(wv[N - 1], 1);
	assert_int_equal(focus_figure(r, "lost"), 0);
}

/* A subscriber's call, and the group again: each the whole of it */
static void test_p6_call(void **state)
{
	struct rig *r = *state;
	struct term *tv[3];
	struct watch *a, *c;
	unsigned before;

	rig_start(r);
	crowd(r, tv, 3);
	a = watch_open(tv[0], true);
	c = watch_open(tv[2], true);
	expect_roster(a, 3);
	expect_roster(c, 3);
	before = c->notifies;
	assert_int_equal(term_refer(tv[0], tv[1]->name, true), 202);
	expect_talk(a, tv[0]->name);
	assert_int_equal(a->userc, 2);
	assert_int_equal(a->fulls, 2);
	assert_string_equal(a->display, "");
	assert_null(seen_find(a, tv[2]->name));
	term_release(tv[0]);
	/* Hang time, and back in the group */
	expect_roster(a, 3);
	assert_string_equal(a->display, "The <crew>");
	assert_int_equal(a->fulls, 3);
	assert_int_equal(c->notifies, before);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_contact_is_a_focus),
		TEST(test_roster),
		TEST(test_bad_name_is_left_out),
		TEST(test_long_roster_in_parts),
		TEST(test_bound_users),
		TEST(test_bound_subscriptions),
		TEST(test_changes_are_gathered),
		TEST(test_one_at_a_time),
		TEST(test_refused_notify_ends_it),
		TEST(test_expires),
		TEST(test_refusals),
		TEST(test_stranger_in_the_dialog),
		TEST(test_leg_ends),
		TEST(test_many_subscribers),
		TEST(test_p6_call),
	};
	int n;

	if (fd_setsize(4096) || libre_init() || retmr_init())
		return 1;
	n = cmocka_run_group_tests_name("focus", tests, NULL, NULL);
	libre_close();
	return n;
}

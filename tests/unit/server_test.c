/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file server_test.c  The conference role with real SIP, mixer and bus
 *
 * Rows P1, P2, P6, P8, P9, P11, P12, P17 of the mission in the tests' names.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "server/leg.h"
#include "tests/unit/server_rig.h"
#include "util/retmr.h"

static int setup(void **state, unsigned workers)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	rig_open(r);
	r->cfg.mixer.workers = workers;
	*state = r;
	return 0;
}

static int setup_1(void **state)
{
	return setup(state, 1);
}

static int setup_3(void **state)
{
	return setup(state, 3);
}

static int teardown(void **state)
{
	rig_close(*state);
	free(*state);
	return 0;
}

/* --- conditions -------------------------------------------------------- */

static bool has_session(void *arg)
{
	const struct term *t = arg;

	return t->sess && t->acks;
}

static bool no_session(void *arg)
{
	const struct term *t = arg;

	return !t->sess;
}

struct count {
	const unsigned *v;
	unsigned least;
};

static bool reached(void *arg)
{
	const struct count *c = arg;

	return *c->v >= c->least;
}

static bool wait_count(const unsigned *v, unsigned least)
{
	struct count c = { .v = v, .least = least };

	return rig_wait(reached, &c);
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

/* The first bridge of that kind with anybody in it; members, holder */
static int bridge_members(const struct rig *r, const char *kind, char *holder)
{
	json_t *o, *b;
	int members = 0;
	size_t i;

	assert_int_equal(server_status(r->srv, &o), 0);
	json_array_foreach(json_object_get(o, "bridges"), i, b) {
		const char *h = json_string_value(json_object_get(b,
								  "holder"));

		if (strcmp(json_string_value(json_object_get(b, "kind")),
			   kind))
			continue;
		members = (int)json_integer_value(json_object_get(b,
								"members"));
		if (holder)
			strcpy(holder, h ? h : "");
		break;
	}

	json_decref(o);
	return members;
}

struct holder_wait {
	const struct rig *r;
	const char *kind, *holder;
};

static bool has_holder(void *arg)
{
	const struct holder_wait *w = arg;
	char holder[HL_NAME_MAX] = "";

	(void)bridge_members(w->r, w->kind, holder);
	return !strcmp(holder, w->holder);
}

static bool wait_holder(const struct rig *r, const char *kind,
			const char *holder)
{
	struct holder_wait w = { .r = r, .kind = kind, .holder = holder };

	return rig_wait(has_holder, &w);
}

/* --- keys -------------------------------------------------------------- */

/* Bodies of INFO as phones write them (row P10) */
static void test_keys_of_info(void **state)
{
	static const struct {
		const char *body;
		uint8_t key;
	} v[] = {
		{ "Signal=*\r\nDuration=160\r\n", 10 },
		{ "Signal= #\nDuration= 250\n", 11 },
		{ "Duration=100\r\nsignal=d\r\n", 15 },
		{ "Signal=0", 0 }, { "Signal=9\r\n", 9 }, { "Signal=A", 12 },
		{ "Signal=10", 10 }, { "Signal=11", 11 }, { "Signal=15", 15 },
		{ "*", 10 }, { "\r\n#\r\n", 11 }, { " 5 ", 5 }, { "10", 10 },
		{ "Signal=16", MIXER_KEY_NONE }, { "Signal=09", MIXER_KEY_NONE },
		{ "Signal=", MIXER_KEY_NONE }, { "Signal", MIXER_KEY_NONE },
		{ "Signal=**", MIXER_KEY_NONE }, { "", MIXER_KEY_NONE },
		{ "hello", MIXER_KEY_NONE }, { "E", MIXER_KEY_NONE },
		{ "\n\n\n", MIXER_KEY_NONE }, { "-1", MIXER_KEY_NONE },
		{ "100", MIXER_KEY_NONE },
	};
	char big[1000];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(v); i++)
		assert_int_equal(leg_info_key(v[i].body, strlen(v[i].body)),
				 v[i].key);

	memset(big, ' ', sizeof(big));
	big[0] = '*';
	assert_int_equal(leg_info_key(big, 512), 10);
	assert_int_equal(leg_info_key(big, 513), MIXER_KEY_NONE);
	/* Not one byte behind the end */
	assert_int_equal(leg_info_key("Signal=1", 7), MIXER_KEY_NONE);
	assert_int_equal(leg_info_key(NULL, 0), MIXER_KEY_NONE);
}

/* --- legs -------------------------------------------------------------- */

static void test_p1_leg_by_our_invite(void **state)
{
	struct rig *r = *state;
	struct term *t;

	rig_start(r);
	assert_int_equal(r->beat.state, BUS_NODE_UP);
	assert_non_null(strstr(r->beat.sip, "127.0.0.1:"));

	t = rig_up(r, "alice");
	assert_true(rig_wait(has_session, t));
	assert_int_equal(t->invites, 1);
	assert_non_null(strstr(t->headers, "Answer-Mode: Auto\r\n"));
	assert_non_null(strstr(t->headers, ";answer-after=0\r\n"));
	assert_non_null(strstr(t->headers, "info=alert-autoanswer"));
	assert_non_null(strstr(t->headers, "P-Called-Party-ID: "
			       "<sip:alice@poc.example.com>\r\n"));
	assert_non_null(strstr(t->headers, "From: <sip:ptt@poc.example.com>"));
	assert_non_null(strstr(t->headers, "Route: <sip:TOKEN@127.0.0.1:"));
	assert_non_null(strstr(t->sdp, "RTP/AVP 0 101\r\n"));
	assert_non_null(strstr(t->sdp, "a=sendrecv\r\n"));
	assert_non_null(strstr(t->sdp, "udp TBCP MCPTT\r\n"
			       "a=fmtp:TBCP queuing=1;"
			       "tb_priority=1;timestamp=1\r\n"
			       "a=fmtp:MCPTT mc_queueing;"
			       "mc_priority=1\r\n"));
	assert_int_equal(status_int(r, "legs_up"), 1);

	/* Provisioned again, nothing changes and the state is said again */
	t->states = 0;
	assert_int_equal(term_provision(t, true, false), 200);
	assert_true(term_wait(t, BUS_LEG_IDLE));
	assert_int_equal(t->invites, 1);
	assert_int_equal(t->closes, 0);

	/* Anew: the old dialog ends, a new one is made */
	assert_int_equal(term_provision(t, true, true), 200);
	assert_true(wait_count(&t->invites, 2));
	assert_true(term_wait(t, BUS_LEG_IDLE));
}

static void test_p1_service_decides_sdp(void **state)
{
	struct rig *r = *state;
	struct term *t = rig_term(r, "alice", TERM_REFUSE);
	struct bus_msg m;

	rig_start(r);
	t->refuse_code = 603;
	m.type = BUS_LEG_PROVISION;
	term_provision_get(t, &m.u.leg_provision);
	m.u.leg_provision.invite = true;
	strcpy(m.u.leg_provision.service.codec, "opus");
	m.u.leg_provision.service.idle_inactive = true;
	assert_int_equal(rig_ask(r, &m), 200);
	assert_true(wait_count(&t->invites, 1));
	assert_non_null(strstr(t->sdp, "RTP/AVP 96 101\r\n"
			       "a=rtpmap:96 opus/48000/2\r\n"));
	assert_non_null(strstr(t->sdp, "a=inactive\r\n"));
}

static void test_p1_leg_by_terminal(void **state)
{
	struct rig *r = *state;
	struct term *t = rig_term(r, "bob", TERM_AUTO);
	struct term *other = rig_term(r, "mallory", TERM_AUTO);
	struct term *again;
	char sdp[1024];

	rig_start(r);
	term_floor_open(t);
	assert_int_equal(term_provision(t, false, false), 200);
	assert_true(term_wait(t, BUS_LEG_NONE));

	term_sdp(t, sdp, sizeof(sdp));
	assert_int_equal(term_invite(t, "ptt", sdp), 200);
	assert_true(term_wait(t, BUS_LEG_IDLE));
	assert_non_null(strstr(t->sdp, "udp TBCP"));

	/* Nobody provisioned this one */
	assert_int_equal(term_invite(other, "ptt", sdp), 403);
	assert_true(strlen(other->words) > 0);

	/* The newest wins; the old one gets a BYE */
	again = rig_term(r, "bob", TERM_AUTO);
	t->states = 0;
	assert_int_equal(term_invite(again, "ptt", sdp), 200);
	assert_true(wait_count(&t->closes, 1));
	assert_true(term_wait(t, BUS_LEG_IDLE));
	assert_int_equal(again->closes, 0);
	assert_int_equal(status_int(r, "legs_total"), 1);
}

/* Both sides INVITE at the same time: the terminal's is the newer one. */
static void test_p1_terminal_overtakes(void **state)
{
	struct rig *r = *state;
	struct term *t = rig_term(r, "bob", TERM_RING);
	struct term *own = rig_term(r, "bob", TERM_AUTO);
	char sdp[1024];

	r->cfg.answer_ms = 60000;
	rig_start(r);
	assert_int_equal(term_provision(t, true, false), 200);
	assert_true(wait_count(&t->invites, 1));
	term_sdp(own, sdp, sizeof(sdp));
	assert_int_equal(term_invite(own, "ptt", sdp), 200);
	assert_true(wait_count(&t->closes, 1));
	assert_true(term_wait(t, BUS_LEG_IDLE));
	assert_int_equal(own->closes, 0);
	assert_int_equal(status_int(r, "inviting"), 0);
}

static void test_p1_late_offer(void **state)
{
	struct rig *r = *state;
	struct term *t = rig_term(r, "bob", TERM_AUTO);

	rig_start(r);
	assert_int_equal(term_provision(t, false, false), 200);
	assert_int_equal(term_invite(t, "ptt", ""), 200);
	assert_non_null(strstr(t->sdp, "m=audio "));
	assert_true(term_wait(t, BUS_LEG_IDLE));
}

static void test_p1_bad_offers_refused_in_words(void **state)
{
	struct rig *r = *state;
	struct term *t = rig_term(r, "bob", TERM_PCMA);
	char sdp[1024];

	rig_start(r);
	assert_int_equal(term_provision(t, false, false), 200);
	term_sdp(t, sdp, sizeof(sdp));
	assert_int_equal(term_invite(t, "ptt", sdp), 488);
	assert_string_equal(t->words, "this service speaks PCMU");
	assert_int_equal(term_invite(t, "ptt", "rubbish"), 400);
	assert_int_equal(term_invite(t, "ptt", "v=0\r\ns=-\r\n"), 488);
	assert_string_equal(t->words, "no audio");
	assert_int_equal(status_int(r, "legs_up"), 0);
}

static void test_ringing_is_cancelled_and_manual(void **state)
{
	struct rig *r = *state;
	struct term *t = rig_term(r, "carol", TERM_RING);

	rig_start(r);
	assert_int_equal(term_provision(t, true, false), 200);
	assert_true(term_wait(t, BUS_LEG_MANUAL));
	assert_true(wait_count(&t->closes, 1));
	assert_int_equal(t->invites, 1);

	/* Not tried again.. */
	t->mode = TERM_AUTO;
	assert_int_equal(term_provision(t, true, false), 200);
	rig_run(2 * r->cfg.retry_max_ms);
	assert_int_equal(t->invites, 1);
	assert_int_equal(t->status, BUS_LEG_MANUAL);

	/* ..until it starts afresh */
	assert_int_equal(term_provision(t, true, true), 200);
	assert_true(term_wait(t, BUS_LEG_IDLE));
}

static void test_silent_terminal_is_tried_again(void **state)
{
	struct rig *r = *state;
	struct term *t = rig_term(r, "carol", TERM_SILENT);

	r->cfg.setup_ms = 100;
	rig_start(r);
	assert_int_equal(term_provision(t, true, false), 200);
	assert_true(term_wait(t, BUS_LEG_NONE));
	assert_int_equal(t->status_code, 408);
	t->mode = TERM_AUTO;
	assert_true(term_wait(t, BUS_LEG_IDLE));
}

static void test_refused_codec_ends_with_words(void **state)
{
	struct rig *r = *state;
	struct term *t = rig_term(r, "dave", TERM_PCMA);

	rig_start(r);
	assert_int_equal(term_provision(t, true, false), 200);
	assert_true(term_wait(t, BUS_LEG_NONE));
	assert_int_equal(t->status_code, 488);
	assert_string_equal(t->status_words, "this service speaks PCMU");
	assert_true(rig_wait(no_session, t));
	rig_run(2 * r->cfg.retry_max_ms);
	assert_int_equal(t->invites, 1);
}

static void test_refusals_retried_unless_final(void **state)
{
	static const uint16_t final[] = { 403, 488, 603 };
	struct rig *r = *state;
	struct term *t;
	char name[16];
	size_t i;

	rig_start(r);
	t = rig_term(r, "busy", TERM_REFUSE);
	t->refuse_code = 486;
	assert_int_equal(term_provision(t, true, false), 200);
	assert_true(wait_count(&t->invites, 3));
	t->mode = TERM_AUTO;
	assert_true(term_wait(t, BUS_LEG_IDLE));

	for (i = 0; i < ARRAY_SIZE(final); i++) {
		(void)snprintf(name, sizeof(name), "final%zu", i);
		t = rig_term(r, name, TERM_REFUSE);
		t->refuse_code = final[i];
		assert_int_equal(term_provision(t, true, false), 200);
		assert_true(term_wait(t, BUS_LEG_NONE));
		assert_int_equal(t->status_code, final[i]);
		assert_string_equal(t->status_words, "Refused");
	}
	rig_run(2 * r->cfg.retry_max_ms);
	assert_int_equal(t->invites, 1);
}

static void test_terminal_hangs_up(void **state)
{
	struct rig *r = *state;
	struct term *t;

	rig_start(r);
	t = rig_up(r, "erin");
	assert_true(rig_wait(has_session, t));
	t->sess = mem_deref(t->sess);
	assert_true(term_wait(t, BUS_LEG_NONE));
	rig_run(2 * r->cfg.retry_max_ms);
	assert_int_equal(t->invites, 1);

	assert_int_equal(term_provision(t, true, false), 200);
	assert_true(term_wait(t, BUS_LEG_IDLE));
	assert_int_equal(t->invites, 2);
}

static void test_dead_media_is_made_anew(void **state)
{
	struct rig *r = *state;
	struct term *t;

	r->cfg.mixer.dead_idle_ms = 300;
	rig_start(r);
	t = rig_up(r, "frank");
	assert_true(term_wait(t, BUS_LEG_NONE));
	assert_int_equal(t->status_code, 408);
	assert_true(wait_count(&t->closes, 1));
	assert_true(wait_count(&t->invites, 2));
	assert_true(term_wait(t, BUS_LEG_IDLE));
	assert_true(counter(r, "media_dead") >= 1);
}

static void test_release(void **state)
{
	struct rig *r = *state;
	struct bus_msg m;
	struct term *t;

	rig_start(r);
	t = rig_up(r, "grace");
	assert_true(rig_wait(has_session, t));
	m.type = BUS_LEG_RELEASE;
	memset(&m.u.leg_release, 0, sizeof(m.u.leg_release));
	strcpy(m.u.leg_release.subscriber, "grace");
	assert_int_equal(rig_ask(r, &m), 200);
	assert_true(rig_wait(no_session, t));
	assert_int_equal(status_int(r, "legs_total"), 0);
	assert_int_equal(rig_ask(r, &m), 200);
}

static void test_requests_in_dialog(void **state)
{
	struct rig *r = *state;
	struct mbuf *mb;
	struct term *t;

	rig_start(r);
	t = rig_up(r, "heidi");
	assert_true(rig_wait(has_session, t));
	assert_int_equal(term_request(t, "OPTIONS", "", ""), 200);
	assert_int_equal(term_request(t, "UPDATE", "Contact: "
				      "<sip:heidi@127.0.0.1>\r\n", ""), 200);
	assert_int_equal(term_request(t, "MESSAGE", "", ""), 415);
	assert_int_equal(term_request(t, "INFO", "", ""), 200);
	assert_int_equal(term_request(t, "INFO", "Content-Type: "
				      "application/x\r\n", "x"), 415);

	/* Hold */
	mb = mbuf_alloc(512);
	assert_non_null(mb);
	(void)mbuf_write_str(mb, "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\n"
			     "c=IN IP4 127.0.0.1\r\nt=0 0\r\n"
			     "m=audio 9 RTP/AVP 0\r\na=sendonly\r\n"
			     "m=application 0 udp TBCP\r\n");
	mb->pos = 0;
	t->sdp[0] = '\0';
	assert_int_equal(sipsess_modify(t->sess, mb), 0);
	mem_deref(mb);
	while (!t->sdp[0])
		rig_run(5);
	assert_non_null(strstr(t->sdp, "a=recvonly\r\n"));
	assert_non_null(strstr(t->sdp, "m=application 0 udp TBCP\r\n"));
	assert_int_equal(t->status, BUS_LEG_IDLE);
}

static void stranger_h(int err, const struct sip_msg *msg, void *arg)
{
	uint16_t *codep = arg;

	*codep = err ? 1 : msg->scode;
}

static bool code_set(void *arg)
{
	return *(uint16_t *)arg != 0;
}

static uint16_t stranger_send(struct rig *r, struct sip *sip, const char *met,
			      const char *to)
{
	char uri[HL_URI_MAX];
	uint16_t code = 0;

	(void)re_snprintf(uri, sizeof(uri), "sip:x@%J", server_laddr(r->srv));
	assert_int_equal(sip_requestf(NULL, sip, true, met, uri, NULL, NULL,
				      NULL, stranger_h, &code,
				      "From: <sip:alice@poc.example.com>;"
				      "tag=1\r\nTo: <sip:x@poc.example.com>%s"
				      "\r\nCall-ID: %s\r\nCSeq: 1 %s\r\n"
				      "Contact: <sip:x@127.0.0.1>\r\n"
				      "P-Asserted-Identity: "
				      "<sip:alice@poc.example.com>\r\n"
				      "Content-Length: 0\r\n\r\n",
				      to, met, met), 0);
	assert_true(rig_wait(code_set, &code));
	return code;
}

/* Who is no edge is not believed, whatever it asserts. */
static void test_strangers_refused(void **state)
{
	struct endpoint_cfg cfg = { .transactions = 16 };
	struct rig *r = *state;
	struct endpoint *ep;
	struct term *t;

	rig_start(r);
	t = rig_up(r, "alice");
	assert_int_equal(sa_set_str(&cfg.laddr, "127.0.0.1", 0), 0);
	assert_int_equal(endpoint_alloc(&ep, &cfg), 0);
	assert_int_equal(stranger_send(r, endpoint_sip(ep), "INVITE", ""),
			 403);
	assert_int_equal(stranger_send(r, endpoint_sip(ep), "BYE", ";tag=1"),
			 481);
	assert_int_equal(stranger_send(r, endpoint_sip(ep), "OPTIONS", ""),
			 481);
	assert_true(counter(r, "untrusted") >= 3);
	assert_int_equal(t->status, BUS_LEG_IDLE);

	/* The edge itself: known methods and dialogs only */
	assert_int_equal(stranger_send(r, r->sip, "OPTIONS", ""), 200);
	assert_int_equal(stranger_send(r, r->sip, "BYE", ";tag=1"), 481);
	assert_int_equal(stranger_send(r, r->sip, "UPDATE", ";tag=1"), 481);
	assert_int_equal(stranger_send(r, r->sip, "REFER", ""), 405);
	mem_deref(ep);
}

/* --- groups ------------------------------------------------------------ */

static void test_p9_group_of_five(void **state)
{
	struct rig *r = *state;
	struct term *v[5];
	struct bus_msg m;
	char name[16];
	int i;

	rig_start(r);
	for (i = 0; i < 5; i++) {
		(void)snprintf(name, sizeof(name), "m%d", i);
		if (i % 2)
			assert_int_equal(rig_member(r, "team", name), 200);
		v[i] = rig_up(r, name);
		if (!(i % 2))
			assert_int_equal(rig_member(r, "team", name), 200);
	}
	assert_int_equal(bridge_members(r, "group", NULL), 5);

	/* Press: no SIP at all */
	term_press(v[2]);
	assert_true(wait_holder(r, "group", "m2"));
	assert_true(wait_count(&v[2]->granted, 1));
	assert_true(wait_count(&v[0]->taken, 1));
	assert_true(wait_count(&v[4]->taken, 1));
	term_release(v[2]);
	assert_true(wait_holder(r, "group", ""));

	/* One member leaves, then the whole group */
	m.type = BUS_MEMBER_DEL;
	memset(&m.u.member_del, 0, sizeof(m.u.member_del));
	strcpy(m.u.member_del.group, "team");
	strcpy(m.u.member_del.subscriber, "m4");
	assert_int_equal(rig_ask(r, &m), 200);
	assert_int_equal(bridge_members(r, "group", NULL), 4);
	m.u.member_del.subscriber[0] = '\0';
	assert_int_equal(rig_ask(r, &m), 200);
	assert_int_equal(status_int(r, "groups_total"), 0);
	assert_int_equal(v[0]->status, BUS_LEG_IDLE);
}

static void test_p6_group_selected_by_refer(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;

	rig_start(r);
	a = rig_up(r, "a");
	b = rig_up(r, "b");
	assert_int_equal(rig_member(r, "one", "a"), 200);
	assert_int_equal(rig_member(r, "two", "a"), 200);
	assert_int_equal(rig_member(r, "two", "b"), 200);

	r->activation_as_asked = false;
	r->activation.code = 200;
	strcpy(r->activation.group, "two");
	assert_int_equal(term_refer(a, "two", true), 202);
	assert_true(wait_count(&a->granted, 1));
	assert_true(wait_count(&b->taken, 1));

	/* Presence may be wrong; who is no member is refused */
	strcpy(r->activation.group, "one");
	assert_int_equal(term_refer(b, "one", true), 403);
	strcpy(r->activation.group, "none");
	assert_int_equal(term_refer(b, "none", true), 403);
}

/* A leg has a bound of bridges; one is kept for calls. */
static void test_p9_more_groups_than_fit(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;
	char name[16];
	int i;

	rig_start(r);
	a = rig_up(r, "a");
	b = rig_up(r, "b");
	for (i = 0; i < HL_GROUPS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "g%d", i);
		assert_int_equal(rig_member(r, name, "a"), 200);
	}
	assert_int_equal(rig_member(r, "onemore", "a"), 503);
	assert_int_equal(rig_member(r, "g63", "b"), 200);

	/* A call still fits */
	assert_int_equal(term_refer(a, "b", true), 202);
	assert_true(term_wait(b, BUS_LEG_BUSY));
	assert_true(wait_count(&a->granted, 1));
	term_release(a);
	assert_true(term_wait(a, BUS_LEG_IDLE));

	/* A group that was left out is joined when it is asked for */
	r->activation_as_asked = false;
	r->activation.code = 200;
	strcpy(r->activation.group, "g63");
	assert_int_equal(term_refer(a, "g63", true), 202);
	assert_true(wait_count(&a->granted, 2));
}

static void test_p9_dialled_group(void **state)
{
	struct rig *r = *state;
	struct term *t = rig_term(r, "a", TERM_AUTO);
	char sdp[1024];

	rig_start(r);
	term_floor_open(t);
	assert_int_equal(rig_member(r, "one", "a"), 200);
	assert_int_equal(rig_member(r, "two", "a"), 200);
	assert_int_equal(term_provision(t, false, false), 200);
	term_sdp(t, sdp, sizeof(sdp));
	r->activation_as_asked = false;
	r->activation.code = 200;
	strcpy(r->activation.group, "two");
	assert_int_equal(term_invite(t, "two", sdp), 200);
	assert_true(r->asked.dialled);
	assert_true(term_wait(t, BUS_LEG_IDLE));
	{
		json_t *o, *leg;

		assert_int_equal(server_status(r->srv, &o), 0);
		leg = json_array_get(json_object_get(o, "legs"), 0);
		assert_string_equal(json_string_value(json_object_get(
					leg, "selected")), "group/two");
		json_decref(o);
	}
}

/* Dialled with mc_implicit_request: the floor is asked for with the INVITE
 * (TS 24.380 clause 14). Without a group to be asked for, it is not. */
static void test_p10_implicit_floor_request(void **state)
{
	static const char sdp[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
		"c=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"
		"m=application 9 udp MCPTT\r\na=fmtp:MCPTT mc_priority=9;"
		"mc_granted;mc_implicit_request\r\n";
	struct rig *r = *state;
	struct term *t = rig_term(r, "a", TERM_AUTO);
	struct term *again = rig_term(r, "a", TERM_AUTO);

	rig_start(r);
	(void)rig_up(r, "b");
	assert_int_equal(rig_member(r, "g", "a"), 200);
	assert_int_equal(rig_member(r, "g", "b"), 200);
	assert_int_equal(term_provision(t, false, false), 200);

	assert_int_equal(term_invite(t, "ptt", sdp), 200);
	assert_non_null(strstr(t->sdp, "udp MCPTT\r\na=fmtp:MCPTT "
			       "mc_priority=1\r\n"));
	assert_true(term_wait(t, BUS_LEG_IDLE));

	r->activation_as_asked = false;
	r->activation.code = 200;
	strcpy(r->activation.group, "g");
	assert_int_equal(term_invite(again, "g", sdp), 200);
	assert_non_null(strstr(again->sdp, "udp MCPTT\r\na=fmtp:MCPTT "
			       "mc_priority=1;mc_implicit_request\r\n"));
	assert_true(wait_holder(r, "group", "a"));
}

static struct term *up_inactive(struct rig *r, const char *name)
{
	struct term *t = rig_term(r, name, TERM_AUTO);
	struct bus_msg m;

	term_floor_open(t);
	m.type = BUS_LEG_PROVISION;
	term_provision_get(t, &m.u.leg_provision);
	m.u.leg_provision.invite = true;
	m.u.leg_provision.service.idle_inactive = true;
	assert_int_equal(rig_ask(r, &m), 200);
	assert_true(term_wait(t, BUS_LEG_IDLE));
	assert_non_null(strstr(t->sdp, "a=inactive"));
	return t;
}

/* An inactive service pays a re-INVITE of each leg for speech, and another to
 * rest. */
static void test_p8_inactive_service(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;

	r->hang_ms = 200;
	rig_start(r);
	a = up_inactive(r, "a");
	b = up_inactive(r, "b");

	/* Being bridged is not speech */
	assert_int_equal(rig_member(r, "g", "a"), 200);
	assert_int_equal(rig_member(r, "g", "b"), 200);
	assert_int_equal(a->invites + b->invites, 2);

	/* It rests because we say so: it may press */
	term_press(a);
	assert_true(wait_count(&a->invites, 2));
	assert_true(wait_count(&b->invites, 2));
	assert_non_null(strstr(a->sdp, "a=sendrecv"));
	assert_non_null(strstr(b->sdp, "a=sendrecv"));

	/* The next burst within the hang time costs nothing */
	term_release(a);
	assert_true(wait_holder(r, "group", ""));
	term_press(b);
	assert_true(wait_holder(r, "group", "b"));
	assert_int_equal(a->invites + b->invites, 4);

	term_release(b);
	assert_true(wait_count(&a->invites, 3));
	assert_true(wait_count(&b->invites, 3));
	assert_non_null(strstr(a->sdp, "a=inactive"));
	assert_non_null(strstr(b->sdp, "a=inactive"));
	assert_int_equal(a->closes + b->closes, 0);
}

/* --- calls ------------------------------------------------------------- */

static void test_p11_refused_before_bridging(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;

	rig_start(r);
	a = rig_up(r, "a");
	b = rig_up(r, "b");
	r->activation_as_asked = false;
	r->activation.code = 480;
	strcpy(r->activation.words, "b is asleep");
	b->states = 0;
	assert_int_equal(term_refer(a, "b", true), 480);
	assert_string_equal(a->words, "b is asleep");
	assert_string_equal(r->asked.caller, "a");
	assert_string_equal(r->asked.targetv[0], "b");
	assert_int_equal(counter(r, "calls"), 0);
	assert_int_equal(b->states, 0);
	assert_int_equal(a->status, BUS_LEG_IDLE);
}

static void test_p6_p8_private_call_and_hang_time(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;

	rig_start(r);
	a = rig_up(r, "a");
	b = rig_up(r, "b");
	assert_true(rig_wait(has_session, b));
	assert_int_equal(term_refer(a, "b", true), 202);
	assert_true(a->refer_sub_false);
	assert_true(term_wait(a, BUS_LEG_BUSY));
	assert_true(term_wait(b, BUS_LEG_BUSY));
	assert_int_equal(bridge_members(r, "private", NULL), 2);

	/* The press was the activation: the caller has the floor */
	assert_true(wait_count(&a->granted, 1));
	assert_true(wait_count(&b->taken, 1));
	assert_true(wait_holder(r, "private", "a"));

	/* Talking keeps it up longer than the hang time */
	rig_run(150);
	assert_int_equal(bridge_members(r, "private", NULL), 2);

	term_release(a);
	assert_true(term_wait(a, BUS_LEG_IDLE));
	assert_true(term_wait(b, BUS_LEG_IDLE));
	assert_int_equal(status_int(r, "calls_total"), 0);
	assert_int_equal(counter(r, "hangs"), 1);

	/* Un-bridged, not torn down */
	assert_int_equal(a->closes + b->closes, 0);
	assert_int_equal(status_int(r, "legs_up"), 2);
	assert_int_equal(a->notifies, 0);
}

static void test_p6_implicit_subscription(void **state)
{
	struct rig *r = *state;
	struct term *a;

	rig_start(r);
	a = rig_up(r, "a");
	(void)rig_up(r, "b");
	assert_int_equal(term_refer(a, "b", false), 202);
	assert_false(a->refer_sub_false);
	assert_true(wait_count(&a->notifies, 1));
	assert_string_equal(a->notified, "SIP/2.0 200 OK\r\n");
}

static void test_p6_same_call_again_and_from_the_other(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;

	r->hang_ms = 60000;
	rig_start(r);
	a = rig_up(r, "a");
	b = rig_up(r, "b");
	assert_int_equal(term_refer(a, "b", true), 202);
	assert_true(wait_count(&a->granted, 1));
	term_release(a);
	assert_true(wait_holder(r, "private", ""));
	assert_int_equal(term_refer(a, "b", true), 202);
	assert_true(wait_count(&a->granted, 2));
	term_release(a);
	assert_true(wait_holder(r, "private", ""));
	assert_int_equal(term_refer(b, "a", true), 202);
	assert_true(wait_count(&b->granted, 1));
	assert_int_equal(counter(r, "calls"), 1);
}

static void test_p11_busy_party(void **state)
{
	struct rig *r = *state;
	struct term *a, *b, *c;

	r->hang_ms = 60000;
	rig_start(r);
	a = rig_up(r, "a");
	b = rig_up(r, "b");
	c = rig_up(r, "c");
	assert_int_equal(term_refer(a, "b", true), 202);
	assert_true(term_wait(b, BUS_LEG_BUSY));

	/* Presence had not heard yet */
	assert_int_equal(term_refer(c, "b", true), 486);
	assert_true(strlen(c->words) > 0);
	assert_int_equal(c->status, BUS_LEG_IDLE);
	assert_int_equal(bridge_members(r, "private", NULL), 2);

	/* Who is in a call and calls somebody else adds that one */
	assert_int_equal(term_refer(b, "c", true), 202);
	assert_true(term_wait(c, BUS_LEG_BUSY));
	assert_int_equal(status_int(r, "calls_total"), 1);
	assert_int_equal(bridge_members(r, "adhoc", NULL), 3);
}

#define LIST(entries) "<?xml version=\"1.0\"?>" \
	"<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\">" \
	"<list>" entries "</list></resource-lists>"
#define ENTRY(name) "<entry uri=\"sip:" name "@poc.example.com\"/>"

static void test_p9_adhoc_of_three_and_more(void **state)
{
	static const char headers[] =
		"Refer-To: <cid:l@x>\r\nContent-ID: <l@x>\r\n"
		"Refer-Sub: false\r\nRequire: multiple-refer, norefersub\r\n"
		"Content-Type: application/resource-lists+xml\r\n";
	struct rig *r = *state;
	struct term *a, *b, *c, *d;

	r->hang_ms = 60000;
	rig_start(r);
	a = rig_up(r, "a");
	b = rig_up(r, "b");
	c = rig_up(r, "c");
	d = rig_up(r, "d");
	assert_int_equal(term_request(a, "REFER", headers,
				      LIST(ENTRY("b") ENTRY("c"))), 202);
	assert_true(term_wait(c, BUS_LEG_BUSY));
	assert_int_equal(bridge_members(r, "adhoc", NULL), 3);
	assert_true(wait_count(&b->taken, 1));
	assert_true(wait_count(&c->taken, 1));

	/* Only the maker removes others */
	assert_int_equal(term_refer(b, "c;method=BYE", true), 403);
	assert_int_equal(term_refer(d, "c;method=BYE", true), 404);
	assert_int_equal(term_refer(a, "c;method=BYE", true), 202);
	assert_true(term_wait(c, BUS_LEG_IDLE));

	/* Added again, with one more, to the same call */
	assert_int_equal(term_request(a, "REFER", headers,
				      LIST(ENTRY("b") ENTRY("d"))), 202);
	assert_true(term_wait(d, BUS_LEG_BUSY));
	assert_int_equal(bridge_members(r, "adhoc", NULL), 3);
	assert_int_equal(counter(r, "calls"), 1);

	/* One left: the call is over */
	assert_int_equal(term_refer(b, "b;method=BYE", true), 202);
	assert_true(term_wait(b, BUS_LEG_IDLE));
	assert_true(rig_wait(has_session, d));
	d->sess = mem_deref(d->sess);
	assert_true(term_wait(d, BUS_LEG_NONE));
	assert_true(term_wait(a, BUS_LEG_IDLE));
	assert_int_equal(status_int(r, "calls_total"), 0);
}

static void test_refer_refused_in_words(void **state)
{
	struct rig *r = *state;
	struct term *a;

	rig_start(r);
	a = rig_up(r, "a");
	assert_int_equal(term_request(a, "REFER", "", ""), 400);
	assert_int_equal(term_request(a, "REFER", "Refer-To: <sip:b@x.org>\r\n",
				      ""), 403);
	assert_int_equal(term_request(a, "REFER", "Refer-To: <sip:b@"
				      "poc.example.com>\r\nRequire: foo\r\n",
				      ""), 420);
	assert_int_equal(r->asks, 0);

	/* Presence is gone */
	r->presence = mem_deref(r->presence);
	assert_int_equal(term_refer(a, "b", true), 503);
	assert_true(strlen(a->words) > 0);
}

static void test_p12_activation_from_presence(void **state)
{
	struct rig *r = *state;
	struct term *a, *b;
	struct bus_msg m;

	r->hang_ms = 60000;
	rig_start(r);
	a = rig_up(r, "a");
	b = rig_up(r, "b");
	m.type = BUS_ACTIVATE;
	memset(&m.u.activate, 0, sizeof(m.u.activate));
	strcpy(m.u.activate.caller.subscriber, "a");
	strcpy(m.u.activate.partyv[0].subscriber, "b");
	m.u.activate.partyc = 1;
	assert_int_equal(rig_ask(r, &m), 200);
	assert_true(term_wait(b, BUS_LEG_BUSY));
	assert_true(wait_count(&a->granted, 1));

	m.type = BUS_DEACTIVATE;
	memset(&m.u.deactivate, 0, sizeof(m.u.deactivate));
	strcpy(m.u.deactivate.caller, "a");
	assert_int_equal(rig_ask(r, &m), 200);
	assert_true(term_wait(a, BUS_LEG_IDLE));
	assert_true(term_wait(b, BUS_LEG_IDLE));
	assert_int_equal(rig_ask(r, &m), 404);
	strcpy(m.u.deactivate.caller, "nobody");
	assert_int_equal(rig_ask(r, &m), 480);
}

/* Another node's party: nothing is bridged, not even those who are here. */
static void test_p17_party_elsewhere(void **state)
{
	struct rig *r = *state;
	struct term *b;
	struct bus_msg m;

	rig_start(r);
	(void)rig_up(r, "a");
	b = rig_up(r, "b");
	b->states = 0;
	m.type = BUS_ACTIVATE;
	memset(&m.u.activate, 0, sizeof(m.u.activate));
	strcpy(m.u.activate.caller.subscriber, "a");
	strcpy(m.u.activate.partyv[0].subscriber, "b");
	strcpy(m.u.activate.partyv[1].subscriber, "z");
	strcpy(m.u.activate.partyv[1].node, "n2");
	m.u.activate.partyc = 2;
	assert_int_equal(rig_ask(r, &m), 501);
	assert_string_equal(r->result_words, "not on this server yet");
	assert_int_equal(counter(r, "calls"), 0);
	assert_int_equal(b->states, 0);
}

static void test_leg_ends_while_presence_thinks(void **state)
{
	struct rig *r = *state;
	struct term *a;

	rig_start(r);
	a = rig_up(r, "a");
	assert_true(rig_wait(has_session, a));
	r->presence_mute = true;
	a->sess = mem_deref(a->sess);
	assert_true(term_wait(a, BUS_LEG_NONE));
	assert_int_equal(status_int(r, "legs_up"), 0);
}

/* --- bounds ------------------------------------------------------------ */

static void test_bound_legs(void **state)
{
	struct rig *r = *state;
	struct term *t;
	char name[16];
	int i;

	r->cfg.legs_max = 3;
	rig_start(r);
	for (i = 0; i < 3; i++) {
		(void)snprintf(name, sizeof(name), "t%d", i);
		(void)rig_up(r, name);
	}
	t = rig_term(r, "t3", TERM_AUTO);
	assert_int_equal(term_provision(t, true, false), 503);
	assert_true(strlen(r->result_words) > 0);
	assert_int_equal(r->beat.legs_max, 3);
}

static void test_bound_calls(void **state)
{
	struct rig *r = *state;
	struct term *a, *c;

	r->cfg.calls_max = 1;
	r->hang_ms = 60000;
	rig_start(r);
	a = rig_up(r, "a");
	(void)rig_up(r, "b");
	c = rig_up(r, "c");
	(void)rig_up(r, "d");
	assert_int_equal(term_refer(a, "b", true), 202);
	assert_int_equal(term_refer(c, "d", true), 503);
	assert_int_equal(c->status, BUS_LEG_IDLE);
	assert_int_equal(status_int(r, "calls_total"), 1);
}

static void test_bound_groups_and_members(void **state)
{
	struct rig *r = *state;

	r->cfg.groups_max = 2;
	r->cfg.group_members_max = 2;
	rig_start(r);
	assert_int_equal(rig_member(r, "g1", "a"), 200);
	assert_int_equal(rig_member(r, "g1", "a"), 200);
	assert_int_equal(rig_member(r, "g1", "b"), 200);
	assert_int_equal(rig_member(r, "g1", "c"), 503);
	assert_int_equal(rig_member(r, "g2", "a"), 200);
	assert_int_equal(rig_member(r, "g3", "a"), 503);
	assert_int_equal(rig_member(r, "", "a"), 400);
	assert_int_equal(rig_member(r, "g1", "a\r\nb"), 400);
}

static void test_bound_asks(void **state)
{
	struct rig *r = *state;
	struct term *a;

	r->cfg.asks_max = 0;
	rig_start(r);
	a = rig_up(r, "a");
	assert_int_equal(term_refer(a, "b", true), 503);
}

static void test_bound_invites(void **state)
{
	struct rig *r = *state;
	struct term *v[6];
	char name[16];
	int i;

	r->cfg.invites_max = 2;
	r->cfg.setup_ms = 5000;
	rig_start(r);
	for (i = 0; i < 6; i++) {
		(void)snprintf(name, sizeof(name), "t%d", i);
		v[i] = rig_term(r, name, TERM_SILENT);
		assert_int_equal(term_provision(v[i], true, false), 200);
	}
	rig_run(50);
	assert_int_equal(status_int(r, "inviting"), 2);
	assert_int_equal(status_int(r, "queued"), 4);
	assert_true(v[0]->invites && v[1]->invites);
	assert_int_equal(v[2]->invites, 0);

	/* The first two answer their repeated INVITE: the next get theirs */
	for (i = 0; i < 6; i++)
		v[i]->mode = TERM_AUTO;
	for (i = 0; i < 6; i++)
		assert_true(term_wait(v[i], BUS_LEG_IDLE));
}

static void test_bad_provisions(void **state)
{
	struct rig *r = *state;
	struct term *t = rig_term(r, "a", TERM_AUTO);
	struct bus_leg_provision good;
	struct bus_msg m;

	rig_start(r);
	m.type = BUS_LEG_PROVISION;
	term_provision_get(t, &good);
	good.invite = true;

	m.u.leg_provision = good;
	strcpy(m.u.leg_provision.flow, "nowhere");
	assert_int_equal(rig_ask(r, &m), 400);
	m.u.leg_provision = good;
	strcpy(m.u.leg_provision.local, "x");
	assert_int_equal(rig_ask(r, &m), 400);
	m.u.leg_provision = good;
	strcpy(m.u.leg_provision.service.codec, "GSM");
	assert_int_equal(rig_ask(r, &m), 488);
	m.u.leg_provision = good;
	strcpy(m.u.leg_provision.contact, "sip:a@b>\r\nEvil: x");
	assert_int_equal(rig_ask(r, &m), 400);
	m.u.leg_provision = good;
	strcpy(m.u.leg_provision.route, "sip:edge.example.com;lr");
	assert_int_equal(rig_ask(r, &m), 400);
	m.u.leg_provision = good;
	m.u.leg_provision.subscriber[0] = '\0';
	assert_int_equal(rig_ask(r, &m), 400);
	m.u.leg_provision = good;
	strcpy(m.u.leg_provision.service.floor.policy, "p\r\nEvil: x");
	assert_int_equal(rig_ask(r, &m), 400);
	assert_int_equal(status_int(r, "legs_total"), 0);
	m.type = BUS_HEARTBEAT;
	memset(&m.u.heartbeat, 0, sizeof(m.u.heartbeat));
	assert_int_equal(rig_ask(r, &m), 400);
}

enum { THOUSAND = 1000 };

struct many {
	struct term *v[THOUSAND];
};

static bool all_up(void *arg)
{
	const struct many *m = arg;
	int i;

	for (i = 0; i < THOUSAND; i++)
		if (m->v[i]->status != BUS_LEG_IDLE)
			return false;

	return true;
}

static void test_p1_thousand_legs_and_leaving(void **state)
{
	struct rig *r = *state;
	struct many m;
	struct bus_msg msg;
	unsigned closes = 0;
	char name[16];
	int i;

	r->cfg.legs_max = THOUSAND;
	r->cfg.invites_max = 100;
	r->cfg.setup_ms = 30000;
	r->cfg.close_ms = 60000;
	rig_start(r);
	for (i = 0; i < THOUSAND; i++) {
		(void)snprintf(name, sizeof(name), "t%d", i);
		m.v[i] = rig_term(r, name, TERM_AUTO);
		msg.type = BUS_LEG_PROVISION;
		term_provision_get(m.v[i], &msg.u.leg_provision);
		msg.u.leg_provision.invite = true;
		assert_int_equal(bus_request(NULL, r->bus, BUS_CONFERENCE,
					     "n1", &msg, 0, NULL, NULL), 0);
	}
	assert_true(rig_wait(all_up, &m));
	assert_int_equal(status_int(r, "legs_up"), THOUSAND);

	rig_stop(r);
	assert_int_equal(r->beat.state, BUS_NODE_LEAVING);
	for (i = 0; i < THOUSAND; i++)
		closes += m.v[i]->closes;
	assert_int_equal(closes, THOUSAND);
}

/* The role may go at any time: nothing of it may be left to fire. */
static void test_gone_in_the_middle(void **state)
{
	struct rig *r = *state;
	struct bus_msg m;
	struct term *t;
	char name[16];
	int i;

	r->cfg.invites_max = 2;
	rig_start(r);
	t = rig_up(r, "caller");
	(void)rig_up(r, "callee");
	assert_int_equal(term_refer(t, "callee", true), 202);
	r->presence_mute = true;
	for (i = 0; i < 8; i++) {
		(void)snprintf(name, sizeof(name), "t%d", i);
		t = rig_term(r, name, i % 2 ? TERM_SILENT : TERM_AUTO);
		m.type = BUS_LEG_PROVISION;
		term_provision_get(t, &m.u.leg_provision);
		m.u.leg_provision.invite = true;
		assert_int_equal(bus_request(NULL, r->bus, BUS_CONFERENCE,
					     "n1", &m, 0, NULL, NULL), 0);
	}
	rig_run(50);
	assert_int_equal(status_int(r, "inviting"), 2);
	assert_true(status_int(r, "queued") > 0);
	r->srv = mem_deref(r->srv);
	rig_run(100);
}

/* --- restart ----------------------------------------------------------- */

/* A process of its own that has one leg and is then killed */
static int victim_main(const char *db, const char *port)
{
	struct rig r;
	struct term *t;
	struct bus_msg m;

	rig_open(&r);
	if (state_open(&r.state, db, NULL))
		return 2;
	rig_start(&r);
	t = rig_term(&r, "alice", TERM_AUTO);
	m.type = BUS_LEG_PROVISION;
	term_provision_get(t, &m.u.leg_provision);
	m.u.leg_provision.invite = true;
	(void)snprintf(m.u.leg_provision.contact, HL_URI_MAX,
		       "sip:alice@127.0.0.1:%s", port);
	(void)snprintf(m.u.leg_provision.route, HL_URI_MAX,
		       "sip:TOKEN@127.0.0.1:%s;lr", port);
	if (rig_ask(&r, &m) != 200 || !term_wait(t, BUS_LEG_IDLE) ||
	    state_flush(r.state))
		return 3;
	(void)kill(getpid(), SIGKILL);
	return 4;
}

struct victim {
	pid_t pid;
	int status;
};

static bool victim_gone(void *arg)
{
	struct victim *v = arg;

	return waitpid(v->pid, &v->status, WNOHANG) == v->pid;
}

static void count_h(const struct state_dialog *d, void *arg)
{
	(void)d;
	++*(unsigned *)arg;
}

static void copy_h(const struct state_dialog *d, void *arg)
{
	*(struct state_dialog *)arg = *d;
}

/* As if the edge had been reached at another port before the restart */
static void edge_moved(struct state *st)
{
	struct state_dialog d;

	assert_int_equal(state_dialogs_load(st, copy_h, &d), 0);
	strcpy(d.routes, "<sip:RR@127.0.0.1:9;lr>");
	assert_int_equal(state_dialog_put(st, &d), 0);
	assert_int_equal(state_flush(st), 0);
}

static bool none_left(void *arg)
{
	struct rig *r = arg;

	return status_int(r, "old_dialogs") == 0;
}

static void test_p1_restart_ends_old_dialogs(void **state)
{
	struct rig *r = *state;
	char dir[] = "/tmp/server_test.XXXXXX", db[64], port[8];
	struct victim v = { .pid = 0 };
	unsigned dialogs = 0;
	struct term *t;

	assert_non_null(mkdtemp(dir));
	(void)snprintf(db, sizeof(db), "%s/state.db", dir);
	(void)snprintf(port, sizeof(port), "%u", sa_port(&r->laddr));

	t = rig_term(r, "alice", TERM_AUTO);
	v.pid = fork();
	assert_true(v.pid >= 0);
	if (!v.pid) {
		/* /proc/self/exe is another program under valgrind */
		execl(program_invocation_name, "server_test", "victim", db,
		      port, (char *)NULL);
		_exit(9);
	}
	assert_true(rig_wait(victim_gone, &v));
	assert_true(WIFSIGNALED(v.status));
	assert_int_equal(t->invites, 1);

	assert_int_equal(state_open(&r->state, db, NULL), 0);
	assert_int_equal(state_dialogs_load(r->state, count_h, &dialogs), 0);
	assert_int_equal(dialogs, 1);
	edge_moved(r->state);
	r->bye_drop = 1;
	rig_start(r);

	/* A leg that is provisioned meanwhile comes after the BYE, which has
	 * to be sent twice here */
	assert_int_equal(term_provision(t, true, false), 200);
	rig_run(50);
	assert_int_equal(r->bye_drop, 0);
	assert_int_equal(t->invites, 1);
	assert_int_equal(t->status, BUS_LEG_INVITING);
	assert_non_null(strstr(r->bye, "Route: <sip:RR@127.0.0.1:9;lr>"));
	assert_non_null(strstr(r->bye, "CSeq: 10"));
	assert_true(wait_count(&t->closes, 1));
	assert_true(term_wait(t, BUS_LEG_IDLE));
	assert_int_equal(t->invites, 2);
	assert_true(rig_wait(none_left, r));
	assert_int_equal(counter(r, "restored"), 1);

	/* Left in order, nothing is remembered */
	rig_stop(r);
	assert_int_equal(state_flush(r->state), 0);
	dialogs = 0;
	assert_int_equal(state_dialogs_load(r->state, count_h, &dialogs), 0);
	assert_int_equal(dialogs, 0);
	(void)unlink(db);
	(void)snprintf(db, sizeof(db), "%s/state.db-wal", dir);
	(void)unlink(db);
	(void)snprintf(db, sizeof(db), "%s/state.db-shm", dir);
	(void)unlink(db);
	(void)rmdir(dir);
}

#define T(name) \
	{ #name " (1 worker)", name, setup_1, teardown, NULL }, \
	{ #name " (3 workers)", name, setup_3, teardown, NULL }

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		T(test_p1_leg_by_our_invite),
		T(test_p1_service_decides_sdp),
		T(test_p1_leg_by_terminal),
		T(test_p1_terminal_overtakes),
		T(test_p1_late_offer),
		T(test_p1_bad_offers_refused_in_words),
		T(test_ringing_is_cancelled_and_manual),
		T(test_silent_terminal_is_tried_again),
		T(test_refused_codec_ends_with_words),
		T(test_refusals_retried_unless_final),
		T(test_terminal_hangs_up),
		T(test_dead_media_is_made_anew),
		T(test_release),
		T(test_requests_in_dialog),
		T(test_strangers_refused),
		T(test_p9_group_of_five),
		T(test_p6_group_selected_by_refer),
		T(test_p9_more_groups_than_fit),
		T(test_p9_dialled_group),
		cmocka_unit_test(test_keys_of_info),
		T(test_p10_implicit_floor_request),
		T(test_p8_inactive_service),
		T(test_p11_refused_before_bridging),
		T(test_p6_p8_private_call_and_hang_time),
		T(test_p6_implicit_subscription),
		T(test_p6_same_call_again_and_from_the_other),
		T(test_p11_busy_party),
		T(test_p9_adhoc_of_three_and_more),
		T(test_refer_refused_in_words),
		T(test_p12_activation_from_presence),
		T(test_p17_party_elsewhere),
		T(test_leg_ends_while_presence_thinks),
		T(test_bound_legs),
		T(test_bound_calls),
		T(test_bound_groups_and_members),
		T(test_bound_asks),
		T(test_bound_invites),
		T(test_bad_provisions),
		T(test_p1_thousand_legs_and_leaving),
		T(test_gone_in_the_middle),
		T(test_p1_restart_ends_old_dialogs),
	};
	int n;

	if (fd_setsize(4096) || libre_init() || retmr_init())
		return 1;
	if (argc == 4 && !strcmp(argv[1], "victim"))
		return victim_main(argv[2], argv[3]);

	n = cmocka_run_group_tests(tests, NULL, NULL);
	tmr_debug();
	libre_close();
	return n;
}

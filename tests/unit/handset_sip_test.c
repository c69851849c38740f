/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The handset against a peer on real sockets. Rows P1 (idle leg), P2 (register,
 * subscribe, leg), P4 (a leg a subscriber), P5 (list of subscribers), P6
 * (activation by REFER), P10 (floor), P11 (refusal with code and words), as
 * far as they are the terminal's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "tests/unit/handset_peer.h"
#include "util/retmr.h"

#define PIDF(name, basic)                                                      \
	"<?xml version=\"1.0\"?><presence "                                    \
	"xmlns=\"urn:ietf:params:xml:ns:pidf\" "                               \
	"entity=\"sip:" name "@peer.test\"><tuple id=\"t\"><status><basic>"    \
	basic "</basic></status><note>at " name "</note></tuple></presence>"

static const char parts[] = "--b1\r\n"
			    "Content-Type: application/pidf+xml\r\n\r\n"
			    PIDF("bob", "open")
			    "\r\n--b1\r\n"
			    "Content-Type: application/pidf+xml\r\n\r\n"
			    PIDF("carol", "closed") "\r\n--b1--\r\n";

static const char *const alice[] = {"--user",	"alice",     "--password",
				    "secret",	"--domain",  "peer.test",
				    "--play",	"none",	     NULL};

static void has(const char *line, const char *text)
{
	if (!strstr(line, text))
		fail_msg("no %s in %s", text, line);
}

static struct peer *peer_start(void)
{
	struct peer *p;

	assert_int_equal(peer_alloc(&p), 0);
	return p;
}

/* Registered and subscribed, with an idle leg */
static struct peer *peer_ready(struct peer_leg **legp)
{
	struct peer *p = peer_start();

	peer_run(p, alice);
	peer_wait(p, "subscribed");
	*legp = peer_invite(p, "alice");
	has(peer_wait(p, "leg_up"), "\"subscriber\":\"alice\"");
	return p;
}

/* P2: SHA-256 is answered although MD5 stands beside it, which libre alone
 * cannot; the nonce once learnt serves every later request. */
static void signs_on_with_the_stronger_digest(void **state)
{
	struct peer *p = peer_start();

	(void)state;
	peer_run(p, alice);
	has(peer_wait(p, "registered"), "\"code\":200");
	assert_int_equal(p->reg.alg, DIGEST_SHA256);
	assert_string_equal(p->reg.username, "alice");
	assert_int_equal(p->reg.nc, 1);
	peer_wait(p, "subscribed");
	assert_int_equal(p->cred.nc, 2);
	assert_int_equal(p->challenges, 1);
	/* An old nonce costs one round, and the password is still right */
	p->nonce++;
	peer_send(p, "register");
	has(peer_wait(p, "registered"), "\"code\":200");
	assert_int_equal(p->stales, 1);
	assert_int_equal(p->reg.nc, 1);
	mem_deref(p);
}

static void weaker_digest_and_wrong_password(void **state)
{
	struct peer *p = peer_start();
	unsigned before;

	(void)state;
	p->md5_only = true;
	p->password = "other";
	peer_run(p, alice);
	has(peer_wait(p, "register_failed"), "\"code\":401");
	assert_int_equal(p->cred.alg, DIGEST_MD5);
	/* One question and one answer, then it waits before it tries again */
	assert_int_equal(p->registers, 2);
	before = p->registers;
	has(peer_wait(p, "register_failed"), "\"code\":401");
	assert_true(p->registers - before <= 2);
	p->password = "secret";
	peer_wait(p, "registered");
	mem_deref(p);
}

static void server_away_and_back(void **state)
{
	struct peer *p = peer_start();

	(void)state;
	p->deaf = true;
	peer_run(p, alice);
	has(peer_wait(p, "register_failed"), "\"reason\":\"no answer\"");
	p->deaf = false;
	peer_wait(p, "registered");
	mem_deref(p);
}

/* P5 */
static void presence_is_told(void **state)
{
	struct peer *p = peer_start();
	const char *line;

	(void)state;
	peer_run(p, alice);
	peer_wait(p, "subscribed");
	peer_notify(p, "multipart/mixed;boundary=b1", parts,
		    "active;expires=300");
	line = peer_wait(p, "presence");
	has(line, "\"subscriber\":\"bob\"");
	has(line, "\"status\":\"open\"");
	has(line, "\"note\":\"at bob\"");
	line = peer_wait(p, "presence");
	has(line, "\"subscriber\":\"carol\"");
	has(line, "\"status\":\"closed\"");
	peer_notify(p, "application/pidf+xml", PIDF("dave", "open"),
		    "active;expires=300");
	has(peer_wait(p, "presence"), "\"subscriber\":\"dave\"");
	/* What cannot be read is said, and harms nothing */
	peer_notify(p, "application/pidf+xml", "<presence", "active");
	has(peer_wait(p, "error"), "PIDF");
	peer_notify(p, "multipart/related;boundary=b2", parts, "active");
	has(peer_wait(p, "error"), "multipart");
	/* Ended by the server: it subscribes anew */
	peer_notify(p, "application/pidf+xml", PIDF("dave", "closed"),
		    "terminated;reason=deactivated");
	peer_wait(p, "unsubscribed");
	peer_wait(p, "subscribed");
	/* Forgotten by the server: at its next refresh */
	p->forget = true;
	peer_send(p, "register");
	peer_wait(p, "subscribed");
	mem_deref(p);
}

/* P1, P10: media paths shown at once; press, speech, release */
static void leg_and_floor(void **state)
{
	struct peer_leg *leg;
	struct peer *p = peer_ready(&leg);
	const char *line;

	(void)state;
	peer_until(p, &leg->keepalives, 1);
	peer_until(p, &leg->rtcp_packets, 1);
	peer_until(p, &leg->status_requests, 1);
	assert_int_equal(leg->rtp_packets, 0);
	peer_send(p, "press");
	peer_wait(p, "press");
	peer_wait(p, "request_sent");
	has(peer_wait(p, "granted"), "\"duration_s\":30");
	peer_until(p, &leg->rtp_packets, 10);
	assert_true(leg->first.marker);
	assert_false(leg->last.marker);
	peer_send(p, "release");
	peer_until(p, &leg->releases, 1);
	assert_false(leg->release.ignore_seq);
	assert_int_equal(leg->release.last_seq, leg->last.seq);
	peer_wait(p, "idle");
	/* Another talks, and asks for an acknowledgement */
	peer_floor(leg, &(struct tbcp_msg){
				.type = TBCP_TAKEN,
				.ack = true,
				.cname = {"sip:bob@peer.test", 17},
				.name = {"Bob \"B\"", 7}});
	line = peer_wait(p, "taken");
	has(line, "\"uri\":\"sip:bob@peer.test\"");
	has(line, "\"name\":\"Bob \\\"B\\\"\"");
	peer_floor(leg, &(struct tbcp_msg){.type = TBCP_IDLE});
	peer_wait(p, "idle");
	/* Revoked while talking */
	peer_send(p, "press");
	peer_wait(p, "granted");
	peer_floor(leg, &(struct tbcp_msg){.type = TBCP_REVOKE,
					   .reason = TBCP_REVOKE_TOO_LONG,
					   .additional = 5});
	line = peer_wait(p, "revoked");
	has(line, "\"reason\":2");
	has(line, "\"retry_after_s\":5");
	peer_until(p, &leg->releases, 2);
	mem_deref(p);
}

/* P6, P11 */
static void activation(void **state)
{
	struct peer_leg *leg;
	struct peer *p = peer_ready(&leg);
	const char *line;

	(void)state;
	peer_send(p, "call bob");
	has(peer_wait(p, "activated"), "\"code\":202");
	has(p->refer, "Refer-To: <sip:bob@peer.test>\r\n");
	has(p->refer, "Refer-Sub: false\r\n");
	peer_send(p, "call bob sip:carol@other.test");
	peer_wait(p, "activated");
	has(p->refer, "Require: multiple-refer, norefersub\r\n");
	has(p->refer, "Refer-To: <cid:");
	has(p->refer, "sip:bob@peer.test");
	has(p->refer, "sip:carol@other.test");
	p->refer_code = 403;
	peer_send(p, "call eve");
	line = peer_wait(p, "refused");
	has(line, "\"code\":403");
	has(line, "\"reason\":\"Not For You\"");
	p->refer_code = 202;
	peer_send(p, "refer bob");
	peer_wait(p, "activated");
	has(p->refer, "REFER sip:ptt@peer.test SIP/2.0\r\n");
	peer_floor(leg, &(struct tbcp_msg){
				.type = TBCP_CONNECT,
				.session_type = 1,
				.inviting_uri = {"sip:bob@peer.test", 17}});
	has(peer_wait(p, "connected"), "\"uri\":\"sip:bob@peer.test\"");
	peer_send(p, "hangup");
	peer_wait(p, "deactivated");
	has(p->refer, "Refer-To: <sip:alice@peer.test;method=BYE>\r\n");
	peer_send(p, "hangup bob");
	peer_wait(p, "deactivated");
	has(p->refer, "Refer-To: <sip:bob@peer.test;method=BYE>\r\n");
	/* A key pressed with the call waits for the grant that comes with it,
	 * and is let go if the call is refused */
	p->refer_code = 480;
	peer_send(p, "call bob\npress\nrelease");
	has(peer_wait(p, "refused"), "\"code\":480");
	assert_int_equal(leg->requests, 0);
	mem_deref(p);
}

static void implicit_grant(void **state)
{
	struct peer_leg *leg;
	struct peer *p = peer_ready(&leg);

	(void)state;
	peer_floor(leg, &(struct tbcp_msg){.type = TBCP_GRANTED});
	peer_wait(p, "offered");
	peer_send(p, "press");
	peer_wait(p, "granted");
	peer_until(p, &leg->rtp_packets, 1);
	assert_int_equal(leg->requests, 0);
	peer_send(p, "release");
	peer_until(p, &leg->releases, 1);
	/* Right behind a release it is a late one, and given back.. */
	peer_floor(leg, &(struct tbcp_msg){.type = TBCP_GRANTED});
	peer_until(p, &leg->releases, 2);
	/* ..but not if a call begins. Nobody takes it: it is given back */
	peer_floor(leg, &(struct tbcp_msg){
				.type = TBCP_CONNECT,
				.inviting_uri = {"sip:bob@peer.test", 17}});
	peer_wait(p, "connected");
	peer_floor(leg, &(struct tbcp_msg){.type = TBCP_GRANTED});
	peer_wait(p, "offered");
	peer_wait(p, "offer_lapsed");
	peer_until(p, &leg->releases, 3);
	assert_true(leg->release.ignore_seq);
	mem_deref(p);
}

/* P10: the place in line, told as it changes; its end by the user, by the
 * grant, and by nobody being there */
static void waits_in_line(void **state)
{
	static const char *const opts[] = {
		"--user",   "alice",     "--password", "secret",
		"--domain", "peer.test", "--wait",     NULL};
	struct peer *p = peer_start();
	struct peer_leg *leg;

	(void)state;
	peer_run(p, opts);
	peer_wait(p, "subscribed");
	leg = peer_invite(p, "alice");
	peer_wait(p, "leg_up");
	leg->in_line = true;
	peer_send(p, "press");
	has(peer_wait(p, "queued"), "\"position\":2");
	peer_send(p, "release");
	peer_floor(leg, &(struct tbcp_msg){.type = TBCP_QUEUE_STATUS,
					   .position = 1});
	has(peer_wait(p, "queued"), "\"position\":1");
	peer_send(p, "status");
	has(peer_wait(p, "status"), "\"position\":1");
	peer_send(p, "cancel");
	peer_until(p, &leg->releases, 1);
	assert_true(leg->release.ignore_seq);
	peer_wait(p, "idle");
	/* Its turn, and no key down */
	peer_send(p, "press");
	peer_wait(p, "queued");
	peer_send(p, "release");
	peer_wait(p, "release");
	peer_floor(leg, &(struct tbcp_msg){.type = TBCP_GRANTED,
					   .has_stop_talking = true,
					   .stop_talking_s = 3});
	has(peer_wait(p, "offered"), "\"duration_s\":3");
	peer_send(p, "press");
	peer_wait(p, "granted");
	peer_until(p, &leg->rtp_packets, 1);
	has(peer_wait(p, "warning"), "\"seconds\":1");
	peer_send(p, "release");
	peer_until(p, &leg->releases, 2);
	mem_deref(p);
}

static void calls_are_answered_as_told(void **state)
{
	static const struct tbcp_msg connect = {
		.type = TBCP_CONNECT,
		.session_type = 1,
		.inviting_uri = {"sip:bob@peer.test", 17},
		.session_uri = {"sip:call1@peer.test", 19}};
	struct peer_leg *leg;
	struct peer *p = peer_ready(&leg);
	const char *line;

	(void)state;
	peer_floor(leg, &connect);
	line = peer_wait(p, "connected");
	has(line, "\"type\":\"one-to-one\"");
	has(line, "\"session\":\"sip:call1@peer.test\"");
	peer_until(p, &leg->acks, 1);
	assert_int_equal(leg->ack.acked, TBCP_CONNECT);
	assert_int_equal(leg->ack.reason, TBCP_CONNECT_ACCEPTED);
	/* Repeated: acked, and not told */
	peer_floor(leg, &connect);
	peer_until(p, &leg->acks, 2);
	peer_floor(leg, &(struct tbcp_msg){.type = TBCP_DISCONNECT});
	peer_wait(p, "disconnected");
	peer_until(p, &leg->acks, 3);
	assert_int_equal(leg->ack.acked, TBCP_DISCONNECT);
	peer_send(p, "connect busy\nmark set");
	peer_wait(p, "mark");
	peer_floor(leg, &connect);
	has(peer_wait(p, "connect_refused"), "\"uri\":\"sip:bob@peer.test\"");
	peer_until(p, &leg->acks, 4);
	assert_int_equal(leg->ack.reason, TBCP_CONNECT_BUSY);
	peer_send(p, "connect perhaps");
	has(peer_wait(p, "error"), "accept, busy or refuse");
	mem_deref(p);
}

/* Where the floor channel cannot say it, and where nobody talks */
static void emergency_is_said_in_the_dialog(void **state)
{
	struct peer_leg *leg;
	struct peer *p = peer_ready(&leg);

	(void)state;
	peer_send(p, "emergency on");
	has(peer_wait(p, "alert_sent"), "\"what\":\"emergency\",\"on\":true");
	has(p->message, "Content-Type: application/vnd.3gpp.mcptt-info+xml\r\n");
	has(p->message, "<emergency-ind type=\"Normal\"><mcpttBoolean>true</");
	has(p->message, "<mcptt-Params>");
	assert_int_equal(leg->requests, 0);
	peer_send(p, "emergency off");
	has(peer_wait(p, "alert_sent"), "\"on\":false");
	has(p->message, "<mcpttBoolean>false</");
	peer_send(p, "peril");
	has(peer_wait(p, "alert_sent"), "\"what\":\"peril\"");
	has(p->message, "<imminentperil-ind type=\"Normal\">");
	peer_until(p, &leg->requests, 1);
	peer_send(p, "release");
	peer_until(p, &leg->releases, 1);
	peer_send(p, "emergency perhaps");
	has(peer_wait(p, "error"), "on or off");
	mem_deref(p);
}

static void leg_ends_and_comes_back(void **state)
{
	struct peer_leg *leg;
	struct peer *p = peer_ready(&leg);
	unsigned before = p->registers;

	(void)state;
	peer_bye(leg);
	has(peer_wait(p, "leg_down"), "\"reason\":\"BYE\"");
	/* No new leg: it registers and subscribes again by itself */
	peer_until(p, &p->registers, before + 1);
	leg = peer_invite(p, "alice");
	peer_wait(p, "leg_up");
	/* A second INVITE for the same line replaces the leg */
	peer_until(p, &leg->keepalives, 1);
	peer_invite(p, "alice");
	has(peer_wait(p, "leg_down"), "\"reason\":\"replaced\"");
	peer_wait(p, "leg_up");
	peer_send(p, "bye");
	has(peer_wait(p, "leg_down"), "\"reason\":\"hung up\"");
	mem_deref(p);
}

/* P4 */
static void a_leg_for_each_subscriber(void **state)
{
	static const char *const opts[] = {
		"--user",   "alice", "--password",   "secret",
		"--domain", "peer.test", "--subscriber", "desk",
		"--subscriber", "car", NULL};
	struct peer *p = peer_start();
	struct peer_leg *desk, *car;

	(void)state;
	peer_run(p, opts);
	has(peer_wait(p, "subscribed"), "\"subscriber\":\"desk\"");
	has(peer_wait(p, "subscribed"), "\"subscriber\":\"car\"");
	car = peer_invite(p, "car");
	has(peer_wait(p, "leg_up"), "\"subscriber\":\"car\"");
	desk = peer_invite(p, "desk");
	has(peer_wait(p, "leg_up"), "\"subscriber\":\"desk\"");
	assert_false(sa_cmp(sdp_media_raddr(car->audio),
			    sdp_media_raddr(desk->audio), SA_ALL));
	peer_send(p, "press car");
	has(peer_wait(p, "granted"), "\"subscriber\":\"car\"");
	peer_until(p, &car->rtp_packets, 1);
	assert_int_equal(desk->rtp_packets, 0);
	peer_send(p, "call @car bob");
	has(peer_wait(p, "activated"), "\"subscriber\":\"car\"");
	has(p->refer, "Referred-By: <sip:car@peer.test>");
	peer_send(p, "press nobody");
	has(peer_wait(p, "error"), "no such subscriber");
	mem_deref(p);
}

static void terminal_makes_the_leg(void **state)
{
	static const char *const opts[] = {
		"--user",   "alice", "--password",   "secret", "--domain",
		"peer.test", "--leg", "terminal", "--no-subscribe", NULL};
	struct peer *p = peer_start();

	(void)state;
	peer_run(p, opts);
	peer_wait(p, "leg_up");
	assert_int_equal(p->subscribes, 0);
	assert_int_equal(p->legc, 1);
	peer_until(p, &p->legv[0].keepalives, 1);
	peer_bye(&p->legv[0]);
	peer_wait(p, "leg_down");
	peer_wait(p, "leg_up");
	assert_int_equal(p->legc, 2);
	mem_deref(p);
}

static void rings_and_never_answers(void **state)
{
	static const char *const opts[] = {
		"--user",    "alice",	     "--password", "secret",
		"--domain", "peer.test", "--no-answer",  NULL};
	struct peer *p = peer_start();
	struct peer_leg *leg;

	(void)state;
	peer_run(p, opts);
	peer_wait(p, "subscribed");
	leg = peer_invite(p, "alice");
	peer_wait(p, "ringing");
	peer_bye(leg);
	has(peer_wait(p, "ringing_end"), "\"reason\":\"CANCEL\"");
	mem_deref(p);
}

/* Registered as a plain telephone, with an idle leg */
static struct peer *plain_ready(struct peer_leg **legp, const char *keys)
{
	const char *const opts[] = {"--user",	  "alice",     "--password",
				    "secret",	  "--domain",  "peer.test",
				    "--no-subscribe", "--floor", "none",
				    "--keys",	  keys,	       NULL};
	struct peer *p = peer_start();

	peer_run(p, opts);
	peer_wait(p, "registered");
	*legp = peer_invite(p, "alice");
	has(peer_wait(p, "leg_up"), "\"floor\":\"none\"");
	return p;
}

/* P10: without floor control the key is a key of the telephone */
static void keys_in_the_speech(void **state)
{
	struct peer_leg *leg;
	struct peer *p = plain_ready(&leg, "rfc4733");

	(void)state;
	peer_send(p, "press");
	has(peer_wait(p, "key_sent"), "\"key\":\"*\"");
	peer_until(p, &leg->rtp_packets, 5);
	assert_string_equal(leg->key, "*");
	assert_int_equal(leg->key_packets, 8);
	peer_send(p, "release");
	has(peer_wait(p, "key_sent"), "\"key\":\"#\"");
	peer_until(p, &leg->keys, 2);
	assert_string_equal(leg->key, "*#");
	/* Faster than keys can be sent: they wait in line */
	peer_send(p, "press\nrelease\npress\nrelease");
	peer_until(p, &leg->keys, 6);
	assert_string_equal(leg->key, "*#*#*#");
	assert_int_equal(leg->requests + leg->status_requests, 0);
	mem_deref(p);
}

static void keys_by_info(void **state)
{
	struct peer_leg *leg;
	struct peer *p = plain_ready(&leg, "info");

	(void)state;
	peer_send(p, "press");
	has(peer_wait(p, "key_sent"), "\"key\":\"*\"");
	peer_until(p, &leg->rtp_packets, 5);
	peer_send(p, "release");
	has(peer_wait(p, "key_sent"), "\"key\":\"#\"");
	assert_string_equal(leg->key, "*#");
	assert_int_equal(leg->key_packets, 0);
	leg->info_code = 415;
	leg->rtp_packets = 0;
	peer_send(p, "press");
	has(peer_wait(p, "key_refused"), "\"code\":415");
	peer_send(p, "release");
	peer_wait(p, "key_refused");
	assert_int_equal(leg->rtp_packets, 0);
	mem_deref(p);
}

static void garbage_is_dropped(void **state)
{
	static const uint8_t junk[] = {0x80, 0xcc, 0x00, 0xff, 1, 2, 3};
	struct peer_leg *leg;
	struct peer *p = peer_ready(&leg);
	struct udp_sock *foreign;
	struct mbuf *mb = mbuf_alloc(64);
	struct tbcp_msg taken = {.type = TBCP_TAKEN,
				 .cname = {"sip:eve@x", 9}};
	struct sa sa;
	size_t len, n;

	(void)state;
	assert_int_equal(mbuf_write_mem(mb, junk, sizeof(junk)), 0);
	for (n = 0; n <= sizeof(junk); n++) {
		mb->pos = 0;
		mb->end = n;
		assert_int_equal(udp_send(leg->floor,
					  sdp_media_raddr(leg->app), mb),
				 0);
		mb->pos = 0;
		assert_int_equal(udp_send(leg->rtp,
					  sdp_media_raddr(leg->audio), mb),
				 0);
		mb->pos = 0;
		assert_int_equal(udp_send(leg->rtp, &p->contact, mb), 0);
	}
	/* A floor message from elsewhere is not the server's */
	assert_int_equal(sa_set_str(&sa, "127.0.0.1", 0), 0);
	assert_int_equal(udp_listen(&foreign, &sa, NULL, NULL), 0);
	mb->pos = 0;
	assert_int_equal(tbcp_encode(mb->buf, mb->size, &taken, &len), 0);
	mb->end = len;
	assert_int_equal(udp_send(foreign, sdp_media_raddr(leg->app), mb), 0);
	peer_send(p, "nonsense");
	has(peer_wait(p, "error"), "unknown command");
	peer_send(p, "status");
	n = p->seen;
	has(peer_wait(p, "status"), "\"leg\":true");
	for (; n < p->seen; n++)
		assert_null(strstr(p->linev[n], "\"taken\""));
	mem_deref(foreign);
	mem_deref(mb);
	mem_deref(p);
}

static void leaves_cleanly(void **state)
{
	struct peer_leg *leg;
	struct peer *p = peer_ready(&leg);

	(void)state;
	peer_send(p, "mark  here \"I\" am");
	has(peer_wait(p, "mark"), "\"text\":\"here \\\"I\\\" am\"");
	close(p->in); /* the end of its input */
	peer_until(p, &p->unregisters, 1);
	assert_int_equal(p->byes, 1);
	assert_int_equal(p->unsubscribes, 1);
	peer_wait(p, "unregistered");
	assert_int_equal(peer_join(p), 0);
	p->in = -1;
	mem_deref(p);
}

static void misuse_is_said(void **state)
{
	static const char *const v[][5] = {
		{"--user", "a b", NULL},
		{"--user", "alice", "--expires", "1", NULL},
		{"--user", "alice", NULL},
		{"--nonsense", NULL},
		{"--leg", "none", NULL}};
	unsigned i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		struct peer *p = peer_start();

		peer_run(p, v[i]);
		assert_int_equal(peer_join(p), 2);
		mem_deref(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_on_with_the_stronger_digest),
		cmocka_unit_test(weaker_digest_and_wrong_password),
		cmocka_unit_test(server_away_and_back),
		cmocka_unit_test(presence_is_told),
		cmocka_unit_test(leg_and_floor),
		cmocka_unit_test(activation),
		cmocka_unit_test(implicit_grant),
		cmocka_unit_test(waits_in_line),
		cmocka_unit_test(calls_are_answered_as_told),
		cmocka_unit_test(emergency_is_said_in_the_dialog),
		cmocka_unit_test(leg_ends_and_comes_back),
		cmocka_unit_test(a_leg_for_each_subscriber),
		cmocka_unit_test(terminal_makes_the_leg),
		cmocka_unit_test(rings_and_never_answers),
		cmocka_unit_test(keys_in_the_speech),
		cmocka_unit_test(keys_by_info),
		cmocka_unit_test(garbage_is_dropped),
		cmocka_unit_test(leaves_cleanly),
		cmocka_unit_test(misuse_is_said),
	};
	int ret;

	if (libre_init() || retmr_init())
		return 99;
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return ret;
}

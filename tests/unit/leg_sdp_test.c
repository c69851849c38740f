/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file leg_sdp_test.c  SDP of legs, with what real phones said (row P1)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "server/leg_sdp.h"

enum { TEXT_MAX = 16384 };

/* How a service secures its legs: leg_secure_test.c */
static const struct leg_rule plain = { .policy = BUS_SECURITY_PLAIN };

/* A file of the corpus; the decoded values point into buf. */
static void text_load(struct pl *pl, char buf[TEXT_MAX], const char *name)
{
	const char *top = getenv("top_srcdir");
	char path[512];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/leg_sdp/%s",
		       top ? top : ".", name);
	f = fopen(path, "rb");
	assert_non_null(f);
	pl->p = buf;
	pl->l = fread(buf, 1, TEXT_MAX, f);
	fclose(f);
	assert_true(pl->l > 0);
}

static int file_decode(struct leg_sdp *s, char buf[TEXT_MAX],
		       const char *name, const char *codec,
		       const char **wordsp)
{
	struct pl pl;
	int err;

	text_load(&pl, buf, name);
	err = leg_sdp_decode(s, &pl, leg_codec_find(codec), &plain);
	if (wordsp)
		*wordsp = s->words;

	return err;
}

static void assert_addr(const struct sa *sa, const char *want)
{
	char buf[64];

	assert_true(re_snprintf(buf, sizeof(buf), "%J", sa) > 0);
	assert_string_equal(buf, want);
}

static void test_codecs(void **state)
{
	(void)state;
	assert_string_equal(leg_codec_find("")->name, "PCMU");
	assert_string_equal(leg_codec_find("pcmu")->name, "PCMU");
	assert_int_equal(leg_codec_find("OPUS")->clock_hz, 48000);
	assert_int_equal(leg_codec_find("G722")->clock_hz, 8000);
	assert_null(leg_codec_find("GSM"));
}

static void test_baresip_refuses_floor(void **state)
{
	char buf[TEXT_MAX];
	struct mixer_leg_remote r;
	struct leg_sdp s;
	struct sa flow;

	(void)state;
	assert_int_equal(file_decode(&s, buf, "baresip_floor_refused.sdp",
				     "PCMU", NULL), 0);
	assert_int_equal(s.linec, 2);
	assert_int_equal(s.audio, 0);
	assert_int_equal(s.floor, -1);
	assert_int_equal(s.pt, 0);
	assert_int_equal(s.pt_event, 101);
	assert_addr(&s.rtp, "10.88.0.1:18918");
	assert_addr(&s.rtcp, "10.88.0.1:18919");

	assert_int_equal(sa_set_str(&flow, "10.88.0.2", 5070), 0);
	leg_sdp_remote(&r, &s, &flow);
	assert_true(r.send && r.recv);
	assert_false(sa_isset(&r.floor, SA_ADDR));
}

/* Linphone's idle leg: inactive and 0.0.0.0, no rtpmap for 0 */
static void test_linphone_inactive(void **state)
{
	char buf[TEXT_MAX];
	struct mixer_leg_remote r;
	struct leg_sdp s;
	struct sa flow;

	(void)state;
	assert_int_equal(file_decode(&s, buf, "linphone_inactive.sdp", "PCMU",
				     NULL), 0);
	assert_true(s.hold);
	assert_int_equal(s.dir, SDP_INACTIVE);
	assert_int_equal(sa_set_str(&flow, "192.0.2.7", 5060), 0);
	leg_sdp_remote(&r, &s, &flow);
	assert_false(r.send || r.recv);
	assert_addr(&r.rtp, "192.0.2.7:7078");
	assert_addr(&r.rtcp, "192.0.2.7:7079");
}

static void test_linphone_directions(void **state)
{
	char buf[TEXT_MAX];
	struct mixer_leg_remote r;
	struct leg_sdp s;
	struct sa flow;

	(void)state;
	sa_init(&flow, AF_INET);
	assert_int_equal(file_decode(&s, buf, "linphone_recvonly.sdp", "PCMU",
				     NULL), 0);
	leg_sdp_remote(&r, &s, &flow);
	assert_true(r.send && !r.recv);

	assert_int_equal(file_decode(&s, buf, "linphone_hold_offer.sdp",
				     "PCMU", NULL), 0);
	leg_sdp_remote(&r, &s, &flow);
	assert_true(!r.send && r.recv);

	/* a=inactive below the refused application line is not audio's */
	assert_int_equal(file_decode(&s, buf, "linphone_floor_refused.sdp",
				     "PCMU", NULL), 0);
	assert_int_equal(s.dir, SDP_SENDRECV);
}

static void test_dynamic_codec(void **state)
{
	char buf[TEXT_MAX];
	const char *words;
	struct leg_sdp s;

	(void)state;
	assert_int_equal(file_decode(&s, buf, "linphone_offer.sdp", "opus",
				     NULL), 0);
	assert_int_equal(s.pt, 96);
	assert_int_equal(s.pt_event, 99);
	assert_int_equal(file_decode(&s, buf, "linphone_offer.sdp", "PCMA",
				     NULL), 0);
	assert_int_equal(s.pt, 8);
	assert_int_equal(s.pt_event, 101);
	assert_int_equal(file_decode(&s, buf, "linphone_offer.sdp", "G722",
				     &words), EPROTO);
	assert_string_equal(words, "this service speaks G722");
	assert_int_equal(s.warning, 305);

	assert_int_equal(file_decode(&s, buf, "ipv6_opus.sdp", "opus", NULL),
			 0);
	assert_int_equal(s.pt, 111);
	assert_addr(&s.rtp, "[2001:db8::1]:30000");
	assert_addr(&s.rtcp, "[2001:db8::2]:30001");
	assert_int_equal(s.dir, SDP_RECVONLY);
}

static void test_encrypted_refused(void **state)
{
	char buf[TEXT_MAX];
	const char *words;
	struct leg_sdp s;

	(void)state;
	assert_int_equal(file_decode(&s, buf, "linphone_savp.sdp", "PCMU",
				     &words), EPROTO);
	assert_non_null(strstr(words, "plain RTP"));
	assert_int_equal(s.warning, 302);
	assert_int_equal(file_decode(&s, buf, "linphone_avpf.sdp", "PCMU",
				     NULL), 0);
	assert_int_equal(file_decode(&s, buf, "baresip_srtp.sdp", "PCMU",
				     NULL), 0);
}

/* Of a leg with a priority, whose floors have no queue */
static const struct leg_floor_may may_plain = { .priority = 5 };

static void ours_set(struct leg_sdp_local *l)
{
	memset(l, 0, sizeof(*l));
	l->codec = leg_codec_find("PCMU");
	assert_int_equal(sa_set_str(&l->addr, "192.0.2.1", 0), 0);
	l->rtp = 40000;
	l->rtcp = 40001;
	l->floor = 40002;
	l->pt_event = 101;
	l->dir = SDP_SENDRECV;
	l->id = 7;
	l->version = 1;
	leg_floor_ours(&l->fc, &may_plain);
}

static char *printed(struct mbuf *mb)
{
	char *s = NULL;

	mb->pos = 0;
	assert_int_equal(mbuf_strdup(mb, &s, mbuf_get_left(mb)), 0);
	return s;
}

static void test_offer(void **state)
{
	struct mbuf *mb = mbuf_alloc(256);
	struct leg_sdp_local l;
	char *s;

	(void)state;
	ours_set(&l);
	l.dir = SDP_INACTIVE;
	assert_int_equal(leg_sdp_offer(mb, &l, NULL), 0);
	s = printed(mb);
	assert_string_equal(s,
		"v=0\r\n"
		"o=- 7 1 IN IP4 192.0.2.1\r\n"
		"s=-\r\n"
		"c=IN IP4 192.0.2.1\r\n"
		"t=0 0\r\n"
		"m=audio 40000 RTP/AVP 0 101\r\n"
		"a=rtpmap:0 PCMU/8000\r\n"
		"a=rtpmap:101 telephone-event/8000\r\n"
		"a=fmtp:101 0-16\r\n"
		"a=ptime:20\r\n"
		"a=inactive\r\n"
		"m=application 40002 udp TBCP MCPTT\r\n"
		"a=fmtp:TBCP queuing=0;tb_priority=1;timestamp=1\r\n"
		"a=fmtp:MCPTT mc_priority=5\r\n");
	mem_deref(s);
	mem_deref(mb);
}

/* Every m-line of the offer is answered in its place (RFC 3264 section 6) */
static void test_answer(void **state)
{
	struct mbuf *mb = mbuf_alloc(256);
	struct leg_sdp_local l;
	char buf[TEXT_MAX], *s;
	struct leg_sdp offer;

	(void)state;
	ours_set(&l);
	assert_int_equal(file_decode(&offer, buf, "tbcp_offer.sdp", "PCMU",
				     NULL), 0);
	assert_int_equal(offer.linec, 3);
	assert_int_equal(offer.floor, 2);
	assert_addr(&offer.floor_addr, "192.0.2.10:30002");
	assert_addr(&offer.rtcp, "192.0.2.10:30005");
	assert_int_equal(offer.fc.tb_priority, 2);

	assert_int_equal(leg_sdp_answer(mb, &l, &offer), 0);
	s = printed(mb);
	assert_non_null(strstr(s, "m=audio 40000 RTP/AVP 0 101\r\n"));
	assert_non_null(strstr(s, "m=video 0 RTP/AVP 96\r\n"
			       "m=application 40002 UDP TBCP\r\n"
			       "a=fmtp:TBCP queuing=0;tb_priority=1;"
			       "timestamp=1\r\n"));
	mem_deref(s);
	mem_deref(mb);
}

static bool text_decode(struct leg_sdp *s, const char *text)
{
	struct pl pl;

	pl_set_str(&pl, text);
	return !leg_sdp_decode(s, &pl, leg_codec_find("PCMU"), &plain);
}

#define HEAD "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\n"                \
	"c=IN IP4 192.0.2.9\r\nt=0 0\r\n"
#define AUDIO "m=audio 9000 RTP/AVP 0\r\n"

/* What of a floor line is taken, what is said of it, and what holds then
 * (rows P1, P10; TS 24.380 clause 14). The offers are those that terminals
 * send; "" stands for a line without parameters. */
struct floor_line {
	const char *line;
	int proto;              /* -1: refused */
	const char *answer;
	struct mixer_floor_terms terms;
	bool silent;            /* No floor channel though it is answered */
};

static void floor_lines_check(const struct floor_line *v, size_t n,
			      const struct leg_floor_may *may, bool implicit)
{
	char text[1024];
	size_t i;

	for (i = 0; i < n; i++) {
		struct mbuf *mb = mbuf_alloc(256);
		struct mixer_floor_terms terms;
		struct mixer_leg_remote r;
		struct leg_sdp_local l;
		struct leg_sdp s;
		struct sa flow;
		char *p;

		ours_set(&l);
		leg_floor_ours(&l.fc, may);
		l.fc.mc_implicit_request = implicit;
		l.fc.names = leg_floor_names(4321);
		(void)snprintf(text, sizeof(text), HEAD AUDIO
			       "m=application 9002 %s", v[i].line);
		assert_true(text_decode(&s, text));
		assert_int_equal(s.floor, v[i].proto < 0 ? -1 : 1);
		if (v[i].proto >= 0)
			assert_int_equal(leg_floor_proto(&s.fc), v[i].proto);

		assert_int_equal(leg_sdp_answer(mb, &l, &s), 0);
		p = printed(mb);
		assert_string_equal(strstr(p, "m=application"), v[i].answer);
		mem_deref(p);
		mem_deref(mb);

		leg_floor_terms(&terms, &l.fc, &s.fc);
		assert_true(terms.queueing == v[i].terms.queueing);
		assert_int_equal(terms.priority_max, v[i].terms.priority_max);

		sa_set_str(&flow, "192.0.2.9", 5060);
		leg_sdp_remote(&r, &s, &flow);
		assert_true(sa_isset(&r.floor, SA_ADDR) ==
			    (v[i].proto >= 0 && !v[i].silent));
	}
}

#define LINE "m=application 40002 udp "
#define ULINE "m=application 40002 UDP "

static void test_floor_lines(void **state)
{
	static const struct floor_line v[] = {
		{ "udp MCPTT\r\na=fmtp:MCPTT mc_queueing;mc_priority=5\r\n",
		  MIXER_FLOOR_MCPT,
		  LINE "MCPTT\r\na=fmtp:MCPTT mc_priority=5\r\n", { false, 5 },
		  false },
		/* Never more than we may grant, never more than offered */
		{ "udp MCPTT\r\na=fmtp:MCPTT mc_priority=200\r\n",
		  MIXER_FLOOR_MCPT,
		  LINE "MCPTT\r\na=fmtp:MCPTT mc_priority=5\r\n", { false, 5 },
		  false },
		{ "UDP mcptt\r\na=fmtp:mcptt mc_priority=2;mc_granted;"
		  "mc_implicit_request\r\na=floorid:0 mstrm:audio\r\n",
		  MIXER_FLOOR_MCPT,
		  ULINE "MCPTT\r\n"
		  "a=fmtp:MCPTT mc_priority=2;mc_implicit_request\r\n",
		  { false, 2 }, false },
		{ "udp MCPTT\r\na=fmtp:MCPTT mc_implicit_request\r\n",
		  MIXER_FLOOR_MCPT,
		  LINE "MCPTT\r\na=fmtp:MCPTT mc_implicit_request\r\n",
		  { false, 0 }, false },
		{ "udp MCPTT\r\na=fmtp:MCPTT mc_priority=0\r\n",
		  MIXER_FLOOR_MCPT, LINE "MCPTT\r\n", { false, 0 }, false },
		{ "udp MCPTT\r\na=fmtp:MCPTTX mc_priority=3\r\n",
		  MIXER_FLOOR_MCPT, LINE "MCPTT\r\n", { false, 0 }, false },
		/* Both: one is kept */
		{ "udp TBCP MCPTT\r\na=fmtp:TBCP queuing=1;tb_priority=3\r\n"
		  "a=fmtp:MCPTT mc_priority=1\r\n", MIXER_FLOOR_MCPT,
		  LINE "MCPTT\r\na=fmtp:MCPTT mc_priority=1\r\n", { false, 1 },
		  false },
		{ "udp TBCP\r\na=fmtp:TBCP queuing=1;tb_priority=3;"
		  "timestamp=1\r\n", MIXER_FLOOR_TBCP,
		  LINE "TBCP\r\n"
		  "a=fmtp:TBCP queuing=0;tb_priority=1;timestamp=1\r\n",
		  { false, 1 }, false },
		{ "udp TBCP\r\n", MIXER_FLOOR_TBCP, LINE "TBCP\r\n",
		  { false, 0 }, false },
		{ "udp MBCP\r\n", -1, "m=application 0 udp MBCP\r\n",
		  { false, 0 }, false },
	};

	(void)state;
	floor_lines_check(v, ARRAY_SIZE(v), &may_plain, true);
}

#define BFCP(proto)                                                           \
	"m=application 40002 " proto " *\r\na=floorctrl:s-only\r\n"          \
	"a=confid:4321\r\na=userid:10\r\na=floorid:1 mstrm:10\r\n"

/* Conference equipment (RFC 8856): it is the client. What is negotiated of
 * others is what the leg may. */
static void test_floor_bfcp_lines(void **state)
{
	static const struct leg_floor_may may = {
		.priority = 7, .queue = true, .preempt = true,
	};
	static const struct floor_line v[] = {
		{ "UDP/BFCP *\r\na=floorctrl:c-only\r\n", MIXER_FLOOR_BFCP,
		  BFCP("UDP/BFCP"), { true, 3 }, false },
		{ "udp/bfcp *\r\na=floorctrl:c-only s-only c-s\r\n",
		  MIXER_FLOOR_BFCP, BFCP("udp/bfcp"), { true, 3 }, false },
		{ "UDP/BFCP *\r\na=floorctrl:c-s\r\na=confid:1\r\n"
		  "a=userid:2\r\na=floorid:3 mstrm:4\r\n",
		  MIXER_FLOOR_BFCP, BFCP("UDP/BFCP"), { true, 3 }, false },
		{ "UDP/BFCP *\r\n", MIXER_FLOOR_BFCP, BFCP("UDP/BFCP"),
		  { true, 3 }, false },
		/* Two servers, and what is not by UDP */
		{ "UDP/BFCP *\r\na=floorctrl:s-only\r\n", -1,
		  "m=application 0 UDP/BFCP *\r\n", { false, 0 }, false },
		{ "TCP/BFCP *\r\na=floorctrl:c-only\r\n", -1,
		  "m=application 0 TCP/BFCP *\r\n", { false, 0 }, false },
		{ "UDP/TLS/BFCP *\r\na=floorctrl:c-only\r\n", -1,
		  "m=application 0 UDP/TLS/BFCP *\r\n", { false, 0 }, false },
	};

	(void)state;
	floor_lines_check(v, ARRAY_SIZE(v), &may, false);
}

/* Within the session it stays: our own offer repeats the line, as it is */
static void test_floor_bfcp_again(void **state)
{
	static const struct leg_floor_may may = { .queue = true };
	struct mbuf *mb = mbuf_alloc(256), *again = mbuf_alloc(256);
	struct leg_sdp_local l;
	struct leg_sdp s, last;
	char *p, *q;
	struct pl pl;

	(void)state;
	ours_set(&l);
	leg_floor_ours(&l.fc, &may);
	l.fc.names = leg_floor_names(4321);
	assert_true(text_decode(&s, HEAD "m=application 9002 UDP/BFCP *\r\n"
				"a=floorctrl:c-only\r\na=mid:7\r\n" AUDIO
				"m=application 9004 udp TBCP\r\n"));
	assert_int_equal(leg_sdp_answer(mb, &l, &s), 0);
	p = printed(mb);
	assert_non_null(strstr(p, "a=label:10\r\n"));
	assert_non_null(strstr(p, BFCP("UDP/BFCP") "a=mid:7\r\nm=audio "));
	assert_non_null(strstr(p, "m=application 0 udp TBCP\r\n"));

	pl_set_str(&pl, p);
	assert_int_equal(leg_sdp_decode(&last, &pl, l.codec, NULL), 0);
	assert_int_equal(leg_sdp_offer(again, &l, &last), 0);
	q = printed(again);
	assert_string_equal(q, p);
	mem_deref(q);
	mem_deref(p);

	/* By ourselves we offer it to nobody */
	again->pos = again->end = 0;
	assert_int_equal(leg_sdp_offer(again, &l, NULL), 0);
	q = printed(again);
	assert_null(strstr(q, "BFCP"));
	assert_null(strstr(q, "a=label"));
	mem_deref(q);
	mem_deref(mb);
	mem_deref(again);
}

/* Where there is a queue, and a floor can be taken away */
static void test_floor_lines_queue(void **state)
{
	static const struct leg_floor_may may = {
		.priority = 7, .queue = true, .preempt = true,
	};
	static const struct leg_floor_may high = {
		.priority = 7, .queue = true,
	};
	static const struct leg_floor_may lowest = {
		.queue = true, .preempt = true,
	};
	static const struct floor_line v[] = {
		{ "udp MCPTT\r\na=fmtp:MCPTT mc_queueing;mc_priority=5;"
		  "mc_granted;mc_implicit_request\r\n", MIXER_FLOOR_MCPT,
		  LINE "MCPTT\r\na=fmtp:MCPTT mc_queueing;mc_priority=5\r\n",
		  { true, 5 }, false },
		/* Not offered, not answered */
		{ "udp MCPTT\r\na=fmtp:MCPTT mc_priority=255\r\n",
		  MIXER_FLOOR_MCPT,
		  LINE "MCPTT\r\na=fmtp:MCPTT mc_priority=7\r\n", { false, 7 },
		  false },
		{ "udp MCPTT\r\na=fmtp:MCPTT MC_QUEUEING\r\n",
		  MIXER_FLOOR_MCPT,
		  LINE "MCPTT\r\na=fmtp:MCPTT mc_queueing\r\n", { true, 0 },
		  false },
		{ "udp MCPTT\r\na=fmtp:MCPTT mc_queueing ; mc_priority=3\r\n",
		  MIXER_FLOOR_MCPT,
		  LINE "MCPTT\r\na=fmtp:MCPTT mc_queueing;mc_priority=3\r\n",
		  { true, 3 }, false },
		{ "udp MCPTT\r\na=fmtp:MCPTT mc_queueing;mc_priority=300\r\n",
		  MIXER_FLOOR_MCPT,
		  LINE "MCPTT\r\na=fmtp:MCPTT mc_queueing;mc_priority=7\r\n",
		  { true, 7 }, false },
		{ "udp MCPTT\r\na=fmtp:MCPTT mc_queueing=1;mc_priority\r\n",
		  MIXER_FLOOR_MCPT, LINE "MCPTT\r\n", { false, 0 }, false },
		/* No floor control: the line is there, and silent */
		{ "udp MCPTT\r\na=fmtp:MCPTT mc_queueing;mc_priority=5;"
		  "mc_no_floor_ctrl\r\n", MIXER_FLOOR_MCPT,
		  LINE "MCPTT\r\na=fmtp:MCPTT mc_no_floor_ctrl\r\n",
		  { false, 0 }, true },
		{ "udp TBCP\r\na=fmtp:TBCP queuing=1;tb_priority=3;"
		  "timestamp=0\r\n", MIXER_FLOOR_TBCP,
		  LINE "TBCP\r\n"
		  "a=fmtp:TBCP queuing=1;tb_priority=3;timestamp=0\r\n",
		  { true, 3 }, false },
		{ "udp TBCP\r\na=fmtp:TBCP queuing=0;priority=2\r\n",
		  MIXER_FLOOR_TBCP, LINE "TBCP\r\n"
		  "a=fmtp:TBCP queuing=0;tb_priority=2;timestamp=0\r\n",
		  { false, 2 }, false },
		{ "udp TBCP\r\na=fmtp:TBCP queuing=1; tb_priority=4; "
		  "timestamp=2\r\n", MIXER_FLOOR_TBCP, LINE "TBCP\r\n"
		  "a=fmtp:TBCP queuing=1;tb_priority=0;timestamp=0\r\n",
		  { true, 0 }, false },
		{ "udp TBCP\r\n", MIXER_FLOOR_TBCP, LINE "TBCP\r\n",
		  { false, 0 }, false },
	};
	static const struct floor_line v_high[] = {
		{ "udp TBCP\r\na=fmtp:TBCP queuing=1;tb_priority=3\r\n",
		  MIXER_FLOOR_TBCP, LINE "TBCP\r\n"
		  "a=fmtp:TBCP queuing=1;tb_priority=2;timestamp=0\r\n",
		  { true, 2 }, false },
	};
	static const struct floor_line v_lowest[] = {
		{ "udp TBCP\r\na=fmtp:TBCP queuing=1;tb_priority=3\r\n",
		  MIXER_FLOOR_TBCP, LINE "TBCP\r\n"
		  "a=fmtp:TBCP queuing=1;tb_priority=1;timestamp=0\r\n",
		  { true, 1 }, false },
		{ "udp MCPTT\r\na=fmtp:MCPTT mc_priority=9\r\n",
		  MIXER_FLOOR_MCPT,
		  LINE "MCPTT\r\na=fmtp:MCPTT mc_priority=1\r\n", { false, 1 },
		  false },
	};

	(void)state;
	floor_lines_check(v, ARRAY_SIZE(v), &may, false);
	floor_lines_check(v_high, ARRAY_SIZE(v_high), &high, false);
	floor_lines_check(v_lowest, ARRAY_SIZE(v_lowest), &lowest, false);
}

/* What a terminal answers to an offer of ours; more than was offered is not
 * taken, and what is not said is off */
static void test_floor_answers(void **state)
{
	static const struct {
		const char *line;
		struct mixer_floor_terms terms;
	} v[] = {
		{ "TBCP\r\na=fmtp:TBCP queuing=1;tb_priority=2;timestamp=0",
		  { true, 2 } },
		{ "TBCP", { false, 0 } },
		{ "MCPTT\r\na=fmtp:MCPTT mc_queueing;mc_priority=4",
		  { true, 4 } },
		{ "MCPTT\r\na=fmtp:MCPTT mc_priority=99;mc_granted;"
		  "mc_implicit_request", { false, 7 } },
		{ "MCPTT", { false, 0 } },
	};
	static const struct leg_floor_may may = {
		.priority = 7, .queue = true, .preempt = true,
	};
	struct leg_floor ours;
	char text[1024];
	size_t i;

	(void)state;
	leg_floor_ours(&ours, &may);
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		struct mixer_floor_terms terms;
		struct leg_sdp s;

		(void)snprintf(text, sizeof(text), HEAD AUDIO
			       "m=application 9002 udp %s\r\n", v[i].line);
		assert_true(text_decode(&s, text));
		leg_floor_terms(&terms, &ours, &s.fc);
		assert_true(terms.queueing == v[i].terms.queueing);
		assert_int_equal(terms.priority_max, v[i].terms.priority_max);
	}
}

/* Our offers say all that we can, and never ask for the floor */
static void test_floor_offer(void **state)
{
	static const struct leg_floor_may may = {
		.priority = 7, .queue = true, .preempt = true,
	};
	struct mbuf *mb = mbuf_alloc(256);
	struct leg_sdp_local l;
	char *s;

	(void)state;
	ours_set(&l);
	leg_floor_ours(&l.fc, &may);
	l.fc.mc_implicit_request = true;
	assert_int_equal(leg_sdp_offer(mb, &l, NULL), 0);
	s = printed(mb);
	assert_string_equal(strstr(s, "m=application"),
			    LINE "TBCP MCPTT\r\n"
			    "a=fmtp:TBCP queuing=1;tb_priority=3;"
			    "timestamp=1\r\n"
			    "a=fmtp:MCPTT mc_queueing;mc_priority=7\r\n");
	mem_deref(s);
	mem_deref(mb);
}

/* Floor control is of the audio beside it */
static void test_floor_alone(void **state)
{
	struct leg_sdp s;

	(void)state;
	assert_false(text_decode(&s, HEAD "m=application 9002 udp MCPTT\r\n"));
	assert_string_equal(s.words, "no audio");
	assert_false(text_decode(&s, HEAD "m=audio 0 RTP/AVP 0\r\n"
				 "m=application 9002 udp MCPTT\r\n"));
	assert_string_equal(s.words, "audio was refused");
}

/* A later offer of ours keeps every line in its place, in whatever order the
 * terminal had them (RFC 3264 section 8); the floor line of the first offer
 * has both formats, after an answer the one that was agreed on. */
static void test_offer_again(void **state)
{
	struct mbuf *mb = mbuf_alloc(256), *again = mbuf_alloc(256);
	struct leg_sdp_local l;
	struct leg_sdp offer, last;
	struct pl pl;
	char *s;

	(void)state;
	ours_set(&l);
	assert_true(text_decode(&offer, HEAD
				"m=video 9004 RTP/AVP 96\r\n"
				"m=application 9002 udp MCPTT\r\n"
				"a=fmtp:MCPTT mc_priority=3\r\n"
				"m=audio 9000 RTP/AVPF 0\r\n"
				"m=text 9006 RTP/AVP 98\r\n"));
	assert_int_equal(offer.audio, 2);
	assert_int_equal(leg_sdp_answer(mb, &l, &offer), 0);
	pl.p = (const char *)mb->buf;
	pl.l = mb->end;
	assert_int_equal(leg_sdp_decode(&last, &pl, l.codec, NULL), 0);

	l.dir = SDP_INACTIVE;
	l.version = 2;
	assert_int_equal(leg_sdp_offer(again, &l, &last), 0);
	s = printed(again);
	assert_non_null(strstr(s, "o=- 7 2 IN"));
	assert_non_null(strstr(s, "m=video 0 RTP/AVP 96\r\n"
			       "m=application 40002 udp MCPTT\r\n"
			       "a=fmtp:MCPTT mc_priority=5\r\n"
			       "m=audio 40000 RTP/AVPF 0 101\r\n"));
	assert_non_null(strstr(s, "a=inactive\r\nm=text 0 RTP/AVP 98\r\n"));
	mem_deref(s);
	mem_deref(mb);
	mem_deref(again);
}

/* All pairs of what we want and what is offered (RFC 3264 section 6.1) */
static void test_answer_directions(void **state)
{
	static const char *const name[] = {
		"inactive", "recvonly", "sendonly", "sendrecv"
	};
	/* [offered][wanted] */
	static const char *const want[4][4] = {
		{ "inactive", "inactive", "inactive", "inactive" },
		{ "inactive", "inactive", "sendonly", "sendonly" },
		{ "inactive", "recvonly", "inactive", "recvonly" },
		{ "inactive", "recvonly", "sendonly", "sendrecv" },
	};
	int i, j;

	(void)state;
	for (i = 0; i < 4; i++) {
		for (j = 0; j < 4; j++) {
			struct mbuf *mb = mbuf_alloc(256);
			struct leg_sdp_local l;
			struct leg_sdp s;
			char text[256], line[32], *p;
			struct pl pl;

			ours_set(&l);
			l.dir = (enum sdp_dir)j;
			(void)snprintf(text, sizeof(text),
				       "v=0\nc=IN IP4 192.0.2.9\n"
				       "m=audio 9 RTP/AVP 0\na=%s\n",
				       name[i]);
			pl_set_str(&pl, text);
			assert_int_equal(leg_sdp_decode(&s, &pl, l.codec,
							&plain), 0);
			assert_int_equal(s.dir, i);
			assert_int_equal(leg_sdp_answer(mb, &l, &s), 0);
			p = printed(mb);
			(void)snprintf(line, sizeof(line), "a=%s\r\n",
				       want[i][j]);
			assert_non_null(strstr(p, line));
			mem_deref(p);
			mem_deref(mb);
		}
	}
}

static int string_decode(const char *text, const char **wordsp)
{
	struct leg_sdp s;
	struct pl pl;
	int err;

	pl_set_str(&pl, text);
	err = leg_sdp_decode(&s, &pl, leg_codec_find("PCMU"), &plain);
	*wordsp = s.words;
	return err;
}

static void test_refusals(void **state)
{
	const char *w;

	(void)state;
	assert_int_equal(string_decode("", &w), EBADMSG);
	assert_int_equal(string_decode("hello\n", &w), EBADMSG);
	assert_int_equal(string_decode("v=0\r\nm=audio\r\n", &w), EBADMSG);
	assert_int_equal(string_decode("v=0\r\nm=audio 99999 RTP/AVP 0\r\n",
				       &w), EBADMSG);
	assert_int_equal(string_decode("v=0\r\nm=audio 1 RTP/AVP 0 \x01\r\n",
				       &w), EBADMSG);
	assert_int_equal(string_decode("v=0\r\n", &w), EPROTO);
	assert_string_equal(w, "no audio");
	assert_int_equal(string_decode("v=0\nm=audio 0 RTP/AVP 0\n", &w),
			 EPROTO);
	assert_string_equal(w, "audio was refused");
	assert_int_equal(string_decode("v=0\nm=audio 9 RTP/AVP 0\n", &w),
			 EPROTO);
	assert_string_equal(w, "no usable media address");
	assert_int_equal(string_decode("v=0\nc=IN IP4 a.example\n"
				       "m=audio 9 RTP/AVP 0\n", &w), EPROTO);
	/* 0 is not PCMU if it is mapped to something else */
	assert_int_equal(string_decode("v=0\nc=IN IP4 192.0.2.1\n"
				       "m=audio 9 RTP/AVP 0\n"
				       "a=rtpmap:0 speex/8000\n", &w), EPROTO);
	/* The second audio line is taken where the first cannot be */
	assert_int_equal(string_decode("v=0\nc=IN IP4 192.0.2.1\n"
				       "m=audio 9 RTP/SAVP 0\n"
				       "m=audio 9 RTP/AVP 0\n", &w), 0);
}

static void test_bounds(void **state)
{
	static char text[LEG_SDP_BYTES_MAX + 64];
	struct leg_sdp s;
	struct pl pl;
	size_t n;
	int i;

	(void)state;
	n = (size_t)snprintf(text, sizeof(text),
			     "v=0\nc=IN IP4 192.0.2.1\n"
			     "m=audio 9 RTP/AVP 0\n");
	for (i = 1; i < LEG_SDP_LINES_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "m=x 9 y z\n");
	pl.p = text;
	pl.l = n;
	assert_int_equal(leg_sdp_decode(&s, &pl, leg_codec_find(""), &plain), 0);
	assert_int_equal(s.linec, LEG_SDP_LINES_MAX);
	n += (size_t)snprintf(text + n, sizeof(text) - n, "m=x 9 y z\n");
	pl.l = n;
	assert_int_equal(leg_sdp_decode(&s, &pl, leg_codec_find(""), &plain),
			 EBADMSG);

	/* A format beyond those looked at is not found */
	n = (size_t)snprintf(text, sizeof(text), "v=0\n"
			     "c=IN IP4 192.0.2.1\nm=audio 9 RTP/AVP");
	for (i = 0; i < LEG_SDP_FORMATS_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " %d",
				      i % 2 ? 3 : 126);
	n += (size_t)snprintf(text + n, sizeof(text) - n, " 0\n");
	pl.l = n;
	assert_int_equal(leg_sdp_decode(&s, &pl, leg_codec_find(""), &plain),
			 EPROTO);

	memset(text, 'a', sizeof(text));
	memcpy(text, "v=0\nc=IN IP4 192.0.2.1\nm=audio 9 RTP/AVP 0\n", 43);
	pl.l = LEG_SDP_BYTES_MAX;
	assert_int_equal(leg_sdp_decode(&s, &pl, leg_codec_find(""), &plain), 0);
	pl.l = LEG_SDP_BYTES_MAX + 1;
	assert_int_equal(leg_sdp_decode(&s, &pl, leg_codec_find(""), &plain),
			 EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codecs),
		cmocka_unit_test(test_baresip_refuses_floor),
		cmocka_unit_test(test_linphone_inactive),
		cmocka_unit_test(test_linphone_directions),
		cmocka_unit_test(test_dynamic_codec),
		cmocka_unit_test(test_encrypted_refused),
		cmocka_unit_test(test_offer),
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_floor_lines),
		cmocka_unit_test(test_floor_bfcp_lines),
		cmocka_unit_test(test_floor_bfcp_again),
		cmocka_unit_test(test_floor_lines_queue),
		cmocka_unit_test(test_floor_answers),
		cmocka_unit_test(test_floor_offer),
		cmocka_unit_test(test_floor_alone),
		cmocka_unit_test(test_offer_again),
		cmocka_unit_test(test_answer_directions),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file sipscan_test.c  What of SIP reaches the stack (missions P1, P9)
 *
 * Beside the table: whatever passes is decoded by libre to the same values,
 * and whatever libre would take otherwise is refused.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>

#include "wire/sipscan.h"

#define START "OPTIONS sip:a@example.com SIP/2.0\r\n"
#define VIA "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx;rport\r\n"
#define FROM "From: <sip:b@example.com>;tag=1\r\n"
#define TO "To: <sip:a@example.com>\r\n"
#define ID "Call-ID: abc@192.0.2.1\r\n"
#define CSEQ "CSeq: 7 OPTIONS\r\n"
#define CORE VIA FROM TO ID CSEQ
/* 64 with the one in front of the bracket */
#define BLANKS_7 "       "
#define BLANKS_63 \
	BLANKS_7 BLANKS_7 BLANKS_7 BLANKS_7 BLANKS_7 BLANKS_7 BLANKS_7 \
		BLANKS_7 BLANKS_7
#define GOOD START CORE "\r\n"

static int scan_n(struct sipscan *scan, const void *p, size_t l)
{
	uint8_t *copy = malloc(l ? l : 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, p, l);
	err = sipscan_parse(scan, copy, l, NULL);
	assert_int_equal(err, scan->reason ? EBADMSG : 0);
	free(copy);
	return err;
}

static int scan(struct sipscan *s, const char *text)
{
	return scan_n(s, text, strlen(text));
}

static void span_is(const char *text, const struct sipscan_span *span,
		    const char *want)
{
	assert_int_equal(span->len, strlen(want));
	assert_memory_equal(text + span->off, want, span->len);
}

static void request_read(void **state)
{
	const char *text = "\r\n" GOOD "body";
	struct sipscan s;

	(void)state;
	assert_int_equal(scan(&s, text), 0);
	assert_int_equal(s.kind, SIPSCAN_REQUEST);
	assert_int_equal(s.start, 2);
	span_is(text, &s.method, "OPTIONS");
	span_is(text, &s.uri, "sip:a@example.com");
	span_is(text, &s.via,
		"SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx;rport");
	span_is(text, &s.branch, "z9hG4bKx");
	span_is(text, &s.callid, "abc@192.0.2.1");
	assert_int_equal(s.cseq, 7);
	assert_true(s.rport);
	assert_int_equal(s.max_forwards, -1);
	assert_int_equal(s.body, strlen(text) - 4);
	assert_int_equal(s.body_bytes, 4);
}

static void response_read(void **state)
{
	const char *text = "SIP/2.0 180 Ringing\r\nMax-Forwards: 70\r\n"
			   "l: 2\r\n" CORE "\r\nhello";
	struct sipscan s;

	(void)state;
	assert_int_equal(scan(&s, text), 0);
	assert_int_equal(s.kind, SIPSCAN_RESPONSE);
	assert_int_equal(s.status, 180);
	span_is(text, &s.method, "OPTIONS");
	assert_int_equal(s.max_forwards, 70);
	assert_int_equal(s.body_bytes, 2);
}

static void good_ones(void **state)
{
	static const char *const good[] = {
		GOOD,
		START CORE "Content-Length: 0\r\n\r\n",
		START CORE "Content-Length : 3 \r\n\r\nabcd",
		/* Compact forms, odd case, white space before the colon */
		START "v: SIP/2.0/UDP h;branch=1\r\nf:sip:b@h\r\n"
		      "T : sip:a@h\r\nI:x\r\ncsEq:\t1\tOPTIONS\r\nL:0\r\n"
		      "m: <sip:b@h>\r\nC: text/plain\r\nk:a\r\no:p\r\n"
		      "s:x\r\nr:<sip:c@h>\r\nu:p\r\nb:<sip:d@h>\r\n"
		      "j: *\r\nx:90\r\n\r\n",
		/* Folded lines */
		START "Via: SIP / 2.0 / UDP h\r\n ;branch=1\r\nFrom:\r\n"
		      " <sip:b@h>\r\n\t;tag=1\r\n" TO ID
		      "CSeq: 1\r\n OPTIONS\r\n\r\n",
		/* Two Vias in one header, and in two */
		START "Via: SIP/2.0/UDP h;branch=1 , SIP/2.0/TCP i;branch=2"
		      "\r\n" CORE "\r\n",
		/* A quoted comma */
		START "Via: SIP/2.0/UDP h;branch=1;oc-algo=\"loss,a\"\r\n" FROM
			TO ID CSEQ "\r\n",
		/* Empty header, UTF-8, long but legal */
		START CORE "Subject:\r\nOrganization: \xc3\xa9t\xc3\xa9\r\n\r\n",
		/* IPv6 */
		"OPTIONS sip:[2001:db8::1]:5060 SIP/2.0\r\n"
		"Via: SIP/2.0/UDP [2001:db8::9]:5060;branch=1\r\n" FROM TO ID
			CSEQ "\r\n",
		/* No user names, as keep-alives of gateways */
		START VIA "From: sip:h\r\nTo: sip:h\r\n" ID CSEQ "\r\n",
		"SIP/2.0 200 \r\n" CORE "\r\n",
		"SIP/2.0 699 a b c\r\n" CORE "\r\n",
		START CORE "Max-Forwards: 0\r\n\r\n",
	};
	struct sipscan s;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(good); i++)
		if (scan(&s, good[i]))
			fail_msg("%s\n%s", s.reason, good[i]);
}

static void bad_ones(void **state)
{
	static const struct {
		const char *text;
		const char *reason;
	} bad[] = {
		{"x", "not SIP"},
		{" ", "not SIP"},
		{"GET / HTTP/1.1\r\n\r\n", "not SIP"},
		{"OPTIONS sip:a@h SIP/3.0\r\n" CORE "\r\n", "not SIP"},
		{"OPTIONS sip:a@h sip/2.0\r\n" CORE "\r\n", "not SIP"},
		{"OPTIONS  sip:a@h SIP/2.0\r\n" CORE "\r\n",
		 "bad Request-URI"},
		{"OPTIONS sip:a@h  SIP/2.0\r\n" CORE "\r\n",
		 "bad Request-URI"},
		{"OPTIONS  SIP/2.0\r\n" CORE "\r\n", "bad Request-URI"},
		{"OPTIONS nouri SIP/2.0\r\n" CORE "\r\n", "bad Request-URI"},
		{"OPT{ONS sip:a@h SIP/2.0\r\n" CORE "\r\n", "not SIP"},
		{"OPTIONS SIP/2.0\r\n" CORE "\r\n", "not SIP"},
		{" OPTIONS sip:a@h SIP/2.0\r\n" CORE "\r\n", "not SIP"},
		{"OPTIONS sip:a@h SIP/2.0\n" CORE "\r\n", "not SIP"},
		{"OPTIONS sip:a@h SIP/2.0", "not SIP"},
		{"SIP/2.0 20 OK\r\n" CORE "\r\n", "bad status line"},
		{"SIP/2.0 099 OK\r\n" CORE "\r\n", "bad status line"},
		{"SIP/2.0 700 OK\r\n" CORE "\r\n", "bad status line"},
		{"SIP/2.0 2000 OK\r\n" CORE "\r\n", "bad status line"},
		{"SIP/2.0 2x0 OK\r\n" CORE "\r\n", "bad status line"},
		{"SIP/2.0 200\r\n" CORE "\r\n", "bad status line"},
		/* libre would call this a request of method "SIP/2.0" */
		{"SIP/2.0 200 SIP/2.0\r\n" CORE "\r\n", "bad status line"},

		{START "\r\n", "no Via"},
		{START FROM TO ID CSEQ "\r\n", "no Via"},
		{START VIA TO ID CSEQ "\r\n", "no From"},
		{START VIA FROM ID CSEQ "\r\n", "no To"},
		{START VIA FROM TO CSEQ "\r\n", "no Call-ID"},
		{START VIA FROM TO ID "\r\n", "no CSeq"},
		{START CORE "f: <sip:x@h>\r\n\r\n", "From twice"},
		{START CORE "t: <sip:x@h>\r\n\r\n", "To twice"},
		{START CORE "i: x\r\n\r\n", "Call-ID twice"},
		{START CORE CSEQ "\r\n", "CSeq twice"},
		{START CORE "l: 0\r\nContent-Length: 0\r\n\r\n",
		 "Content-Length twice"},
		{START CORE "c: a/b\r\nContent-Type: a/b\r\n\r\n",
		 "Content-Type twice"},
		{START CORE "Max-Forwards: 1\r\nMax-Forwards: 1\r\n\r\n",
		 "Max-Forwards twice"},

		{START CORE, "headers do not end"},
		{START CORE "\r", "control character in a header"},
		{START CORE "X: y", "headers do not end"},
		{START CORE "X\r\n\r\n", "header without a name"},
		{START CORE ": y\r\n\r\n", "header without a name"},
		{START CORE "X y: z\r\n\r\n", "header without a name"},
		{START " folded\r\n" CORE "\r\n", "header without a name"},
		{START CORE "X: a\rb\r\n\r\n",
		 "control character in a header"},
		{START CORE "X: a\nb\r\n\r\n",
		 "control character in a header"},
		{START CORE "X: a\x7f\r\n\r\n",
		 "control character in a header"},

		/* 12 bits of the name's hash make it a Via for libre, and
		 * so on */
		{START "Aufq: SIP/2.0/UDP h;branch=1;maddr=192.0.2.66\r\n" CORE
		       "\r\n", "header name poses as another"},
		{START CORE "Abfz: 5\r\n\r\n", "header name poses as another"},
		{START CORE "Agda: x/y\r\n\r\n",
		 "header name poses as another"},
		{START "aerk: <sip:x@h>\r\n" CORE "\r\n",
		 "header name poses as another"},

		{START "Via:\r\n" FROM TO ID CSEQ "\r\n", "bad Via"},
		{START "Via: SIP/2.0/UDP h\r\n" FROM TO ID CSEQ "\r\n",
		 "bad Via"},
		{START "Via: SIP/2.0/UDP ;branch=1\r\n" FROM TO ID CSEQ "\r\n",
		 "bad Via"},
		{START "Via: x SIP/2.0/UDP h;branch=1\r\n" FROM TO ID CSEQ
		       "\r\n", "bad Via"},
		{START "Via: SIP/2.0/UDP h;branch=1;x=\";maddr=h\"\r\n" FROM TO
			ID CSEQ "\r\n", "bad Via"},
		{START "Via: SIP/2.0/UDP h;branch=1;x=\"a\\\",\"\r\n" FROM TO
			ID CSEQ "\r\n", "bad Via"},
		{START "Via: SIP/2.0/UDP h;branch=1;x=\"a\r\n" FROM TO ID CSEQ
		       "\r\n", "bad Via"},
		{START "Via: SIP/2.0/UDP h;branch=a{b\r\n" FROM TO ID CSEQ
		       "\r\n", "bad branch"},
		{START VIA "From:\r\n" TO ID CSEQ "\r\n", "bad From or To"},
		{START VIA "From: nobody\r\n" TO ID CSEQ "\r\n",
		 "bad From or To"},
		{START VIA FROM "To: \"A\" <>\r\n" ID CSEQ "\r\n",
		 "bad From or To"},
		{START VIA FROM TO "Call-ID:\r\n" CSEQ "\r\n", "bad Call-ID"},
		{START VIA FROM TO "Call-ID: a b\r\n" CSEQ "\r\n",
		 "bad Call-ID"},
		{START VIA FROM TO "Call-ID: a@b@c\r\n" CSEQ "\r\n",
		 "bad Call-ID"},
		{START VIA FROM TO "Call-ID: a@\r\n" CSEQ "\r\n",
		 "bad Call-ID"},
		{START VIA FROM TO ID "CSeq: OPTIONS\r\n\r\n", "bad CSeq"},
		{START VIA FROM TO ID "CSeq: 1\r\n\r\n", "bad CSeq"},
		{START VIA FROM TO ID "CSeq: -1 OPTIONS\r\n\r\n", "bad CSeq"},
		{START VIA FROM TO ID "CSeq: 2147483648 OPTIONS\r\n\r\n",
		 "bad CSeq"},
		{START VIA FROM TO ID "CSeq: 00000000001 OPTIONS\r\n\r\n",
		 "bad CSeq"},
		{START VIA FROM TO ID "CSeq: 1 OPTIONS x\r\n\r\n", "bad CSeq"},
		{START VIA FROM TO ID "CSeq: 1 INVITE\r\n\r\n",
		 "CSeq of another method"},
		{START VIA FROM TO ID "CSeq: 1 OPTION\r\n\r\n",
		 "CSeq of another method"},
		{START CORE "Content-Length: x\r\n\r\n", "bad Content-Length"},
		{START CORE "Content-Length: -1\r\n\r\n",
		 "bad Content-Length"},
		{START CORE "Content-Length:\r\n\r\n", "bad Content-Length"},
		{START CORE "Content-Length: 99999999999\r\n\r\n",
		 "bad Content-Length"},
		{START CORE "Content-Length: 1\r\n\r\n",
		 "Content-Length over the datagram"},
		{START CORE "Content-Length: 4294967295\r\n\r\n",
		 "Content-Length over the datagram"},
		{START CORE "Max-Forwards: many\r\n\r\n", "bad Max-Forwards"},
		{START CORE "Max-Forwards: 256\r\n\r\n", "bad Max-Forwards"},
		{START CORE "Content-Type: text\r\n\r\n",
		 "bad Content-Type"},
	};
	struct sipscan s;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		if (!scan(&s, bad[i].text) || strcmp(s.reason, bad[i].reason))
			fail_msg("%s, not %s:\n%s",
				 s.reason ? s.reason : "passed",
				 bad[i].reason, bad[i].text);
	}

	assert_int_equal(scan_n(&s, START "X: a\0b\r\n" CORE "\r\n",
				sizeof(START "X: a\0b\r\n" CORE "\r\n") - 1),
			 EBADMSG);
	assert_string_equal(s.reason, "control character in a header");
}

static void not_sip(void **state)
{
	uint8_t stun[28] = {0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3};
	struct sipscan s;

	(void)state;
	assert_int_equal(scan_n(&s, "", 0), 0);
	assert_int_equal(s.kind, SIPSCAN_KEEPALIVE);
	assert_int_equal(scan(&s, "\r\n\r\n"), 0);
	assert_int_equal(s.kind, SIPSCAN_KEEPALIVE);
	assert_int_equal(scan(&s, "\r\n"), 0);
	assert_int_equal(s.kind, SIPSCAN_KEEPALIVE);
	assert_int_equal(scan_n(&s, "\0\0\0\0", 4), 0);
	assert_int_equal(s.kind, SIPSCAN_KEEPALIVE);

	assert_int_equal(scan_n(&s, stun, 28), 0);
	assert_int_equal(s.kind, SIPSCAN_STUN);
	assert_int_equal(scan_n(&s, stun, 27), EBADMSG);
	assert_int_equal(s.kind, SIPSCAN_GARBAGE);
	stun[4] = 0;
	assert_int_equal(scan_n(&s, stun, 28), EBADMSG);
	stun[4] = 0x21;
	stun[0] = 2;
	assert_int_equal(scan_n(&s, stun, 28), EBADMSG);
}

/* A message whose part `where` is padded to bytes, against limits */
static const char *reason_at(const struct sipscan_limits *limits,
			     const char *before, size_t bytes,
			     const char *after)
{
	static char text[70000];
	static struct sipscan s;
	size_t n = strlen(before);

	memcpy(text, before, n);
	memset(text + n, 'x', bytes);
	strcpy(text + n + bytes, after);
	(void)sipscan_parse(&s, (uint8_t *)text, strlen(text), limits);
	return s.reason;
}

static void each_bound(void **state)
{
	const struct sipscan_limits lim = {.headers = 6,
					   .line_bytes = 120,
					   .core_bytes = 80,
					   .id_bytes = 20};
	const char *rest = "\r\n" CORE "\r\n";

	(void)state;
	assert_null(reason_at(&lim, START "X: ", 117, rest));
	assert_string_equal(reason_at(&lim, START "X: ", 118, rest),
			    "header too long");
	assert_string_equal(reason_at(&lim, START "X: 1234567890\r\n ", 105,
				      rest),
			    "header too long");
	assert_string_equal(reason_at(&lim, START "X: ", 1,
				      "\r\nY: z\r\n" CORE "\r\n"),
			    "too many headers");
	assert_string_equal(reason_at(&lim, "SIP/2.0 200 ", 109, rest),
			    "status line too long");
	assert_null(reason_at(&lim, "OPTIONS sip:", 76,
			      " SIP/2.0\r\n" CORE "\r\n"));
	assert_string_equal(reason_at(&lim, "OPTIONS sip:", 77,
				      " SIP/2.0\r\n" CORE "\r\n"),
			    "Request-URI too long");
	assert_string_equal(reason_at(&lim, "", 21,
				      " sip:a@h SIP/2.0\r\n" CORE "\r\n"),
			    "method too long");
	assert_null(reason_at(&lim, START "Via: SIP/2.0/UDP h;branch=1;y=",
			      55, "\r\n" FROM TO ID CSEQ "\r\n"));
	assert_string_equal(reason_at(&lim,
				      START "Via: SIP/2.0/UDP h;branch=1;y=",
				      56, "\r\n" FROM TO ID CSEQ "\r\n"),
			    "Via too long");
	assert_null(reason_at(&lim, START "Via: SIP/2.0/UDP h;branch=", 20,
			      "\r\n" FROM TO ID CSEQ "\r\n"));
	assert_string_equal(reason_at(&lim,
				      START "Via: SIP/2.0/UDP h;branch=", 21,
				      "\r\n" FROM TO ID CSEQ "\r\n"),
			    "branch too long");
	assert_null(reason_at(&lim, START "Call-ID: ", 20,
			      "\r\n" VIA FROM TO CSEQ "\r\n"));
	assert_string_equal(reason_at(&lim, START "Call-ID: ", 21,
				      "\r\n" VIA FROM TO CSEQ "\r\n"),
			    "Call-ID too long");
	assert_null(reason_at(&lim, START "To: sip:", 76,
			      "\r\n" VIA FROM ID CSEQ "\r\n"));
	assert_string_equal(reason_at(&lim, START "To: sip:", 77,
				      "\r\n" VIA FROM ID CSEQ "\r\n"),
			    "From or To too long");
	assert_null(reason_at(NULL, START "To: \"a" BLANKS_63 "\" <sip:", 1,
			      "@h>\r\n" VIA FROM ID CSEQ "\r\n"));
	assert_string_equal(reason_at(NULL,
				      START "To: \"a" BLANKS_63 " \" <sip:", 1,
				      "@h>\r\n" VIA FROM ID CSEQ "\r\n"),
			    "too many blanks in From or To");
	assert_string_equal(reason_at(&lim, GOOD, 65536, ""),
			    "longer than a datagram");
}

/* No truncation of a message with Content-Length passes, and none is read
 * past its end */
static void truncations(void **state)
{
	const char *text = START CORE "Content-Length: 3\r\n\r\nabc";
	struct sipscan s;
	size_t n;

	(void)state;
	assert_int_equal(scan(&s, text), 0);
	for (n = 1; n < strlen(text); n++)
		assert_int_equal(scan_n(&s, text, n), EBADMSG);
}

/* libre's own reading of what passed */
static struct sip_msg *stack_decode(const uint8_t *p, size_t l)
{
	struct mbuf *mb = mbuf_alloc(l);
	struct sip_msg *msg = NULL;

	assert_non_null(mb);
	assert_int_equal(mbuf_write_mem(mb, p, l), 0);
	mb->pos = 0;
	assert_int_equal(sip_msg_decode(&msg, mb), 0);
	mem_deref(mb);
	return msg;
}

static void maddr_dropped(void **state)
{
	static const struct {
		const char *via;
		const char *want;
		unsigned n;
	} rows[] = {
		{"SIP/2.0/UDP h;maddr=192.0.2.66;branch=1",
		 "SIP/2.0/UDP h;x-mad=192.0.2.66;branch=1", 1},
		{"SIP/2.0/UDP h;branch=1; \r\n\tMAddr\r\n = 192.0.2.66",
		 "SIP/2.0/UDP h;branch=1; \r\n\tx-mad\r\n = 192.0.2.66", 1},
		{"SIP/2.0/UDP h;maddr=a;branch=1;maddr=b",
		 "SIP/2.0/UDP h;x-mad=a;branch=1;x-mad=b", 2},
		{"SIP/2.0/UDP h;branch=1;maddr",
		 "SIP/2.0/UDP h;branch=1;x-mad", 1},
		/* Not these */
		{"SIP/2.0/UDP h;branch=1;maddress=a;xmaddr=b;received=c;ttl=1",
		 "SIP/2.0/UDP h;branch=1;maddress=a;xmaddr=b;received=c;ttl=1",
		 0},
		{"SIP/2.0/UDP h;branch=1, SIP/2.0/UDP i;maddr=j;branch=2",
		 "SIP/2.0/UDP h;branch=1, SIP/2.0/UDP i;maddr=j;branch=2", 0},
		{"SIP/2.0/UDP h;x=\"a,b\";maddr=j;branch=2",
		 "SIP/2.0/UDP h;x=\"a,b\";x-mad=j;branch=2", 1},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[1024], want[1024];
		struct sip_msg *msg;
		struct sipscan s;
		struct pl pl;
		size_t l;

		snprintf(text, sizeof(text),
			 "\r\n" START FROM "v: %s\r\n" TO ID CSEQ
			 "Via: SIP/2.0/UDP z;maddr=y;branch=3\r\n"
			 "Contact: <sip:a@h;maddr=k>\r\n\r\n;maddr=body",
			 rows[i].via);
		snprintf(want, sizeof(want),
			 "\r\n" START FROM "v: %s\r\n" TO ID CSEQ
			 "Via: SIP/2.0/UDP z;maddr=y;branch=3\r\n"
			 "Contact: <sip:a@h;maddr=k>\r\n\r\n;maddr=body",
			 rows[i].want);
		l = strlen(text);
		assert_int_equal(scan(&s, text), 0);
		assert_int_equal(sipscan_drop_maddr((uint8_t *)text, l),
				 rows[i].n);
		assert_string_equal(text, want);

		msg = stack_decode((uint8_t *)text + 2, l - 2);
		assert_int_equal(msg_param_decode(&msg->via.params, "maddr",
						  &pl), ENOENT);
		mem_deref(msg);
	}

	/* Nothing that is no message is touched */
	assert_int_equal(sipscan_drop_maddr(NULL, 0), 0);
	{
		char junk[] = ";maddr=1 Via: ;maddr=2";

		assert_int_equal(sipscan_drop_maddr((uint8_t *)junk,
						    strlen(junk)), 0);
	}
}

/* Messages as handsets send them: they pass, and libre reads the same */
static void samples_pass(void **state)
{
	static const char *const names[] = {
		"01_register", "02_401", "03_register_auth", "04_200_register",
		"05_subscribe_list", "06_notify_rlmi", "07_publish",
		"08_invite_idle_leg", "09_200_idle_leg", "10_refer_activate",
		"11_notify_conference", "12_invite_replaces",
		"13_cpm_invite1", "14_cpm_invite2"};
	const char *top = getenv("top_srcdir");
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		static uint8_t buf[65536];
		char path[1024];
		struct sip_msg *msg;
		struct sipscan s;
		FILE *f;
		size_t n;

		snprintf(path, sizeof(path),
			 "%s/tests/fuzz/corpus/sipscan/%s.sip", top ? top : ".",
			 names[i]);
		f = fopen(path, "rb");
		assert_non_null(f);
		n = fread(buf, 1, sizeof(buf), f);
		fclose(f);

		if (scan_n(&s, buf, n))
			fail_msg("%s: %s", names[i], s.reason);
		msg = stack_decode(buf, n);
		assert_int_equal(msg->cseq.num, s.cseq);
		assert_int_equal(msg->via.branch.l, s.branch.len);
		assert_int_equal(msg->callid.l, s.callid.len);
		assert_int_equal(msg->mb->pos, s.body);
		mem_deref(msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_read),
		cmocka_unit_test(response_read),
		cmocka_unit_test(good_ones),
		cmocka_unit_test(bad_ones),
		cmocka_unit_test(not_sip),
		cmocka_unit_test(each_bound),
		cmocka_unit_test(truncations),
		cmocka_unit_test(maddr_dropped),
		cmocka_unit_test(samples_pass),
	};

	return cmocka_run_group_tests_name("sipscan", tests, NULL, NULL);
}

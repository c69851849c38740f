/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file forward_test.c  What the edge changes in a message, byte by byte
 *                       (rows P11 and P14: nobody relays by us, or lies by us)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <cmocka.h>
#include <re.h>
#include "sip/forward.h"

enum { DEADLINE_S = 60, DATAGRAM = 65536 };

struct rig {
	struct token_key key;
	struct endpoint *ep;
	int fd;               /* Whom messages are forwarded to */
	struct sa dst;
	struct sip_msg *msg;
	char got[DATAGRAM];
};

static int setup(void **state)
{
	struct endpoint_cfg cfg = {.software = NULL};
	const struct timeval tv = {.tv_sec = DEADLINE_S};
	struct rig *r = mem_zalloc(sizeof(*r), NULL);
	struct sockaddr_in sin = {.sin_family = AF_INET};
	socklen_t len = sizeof(sin);

	if (!r || libre_init() || token_key_load(&r->key, NULL))
		return -1;
	(void)sa_set_str(&cfg.laddr, "127.0.0.1", 0);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	r->fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (r->fd < 0 || bind(r->fd, (struct sockaddr *)&sin, sizeof(sin)) ||
	    getsockname(r->fd, (struct sockaddr *)&sin, &len) ||
	    setsockopt(r->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)))
		return -1;
	sa_set_in(&r->dst, INADDR_LOOPBACK, ntohs(sin.sin_port));
	*state = r;
	return endpoint_alloc(&r->ep, &cfg);
}

static int teardown(void **state)
{
	struct rig *r = *state;

	mem_deref(r->msg);
	mem_deref(r->ep);
	close(r->fd);
	mem_deref(r);
	libre_close();
	return 0;
}

/* A message as it would have come from addr:port */
static struct sip_msg *msg_from(struct rig *r, const char *addr, uint16_t port,
				const char *text)
{
	const size_t len = strlen(text);
	struct mbuf *mb = mbuf_alloc(len);

	assert_non_null(mb);
	assert_int_equal(mbuf_write_mem(mb, (const uint8_t *)text, len), 0);
	mb->pos = 0;
	r->msg = mem_deref(r->msg);
	assert_int_equal(sip_msg_decode(&r->msg, mb), 0);
	assert_int_equal(sa_set_str(&r->msg->src, addr, port), 0);
	mem_deref(mb);
	return r->msg;
}

static struct forward forward_make(struct rig *r)
{
	return (struct forward){
		.key = &r->key, .out = r->ep, .dst = &r->dst, .in = 3};
}

/* What the far side received; want has %b for our branch, %o for our address */
static void arrived(struct rig *r, const char *want)
{
	const struct sip_msg *m = r->msg;
	const struct token_branch tb = {.in = 3,
					.from = m->src,
					.via = &m->via,
					.callid = &m->callid,
					.cseq = m->cseq.num};
	char branch[TOKEN_BRANCH_MAX], text[DATAGRAM];
	ssize_t n = recv(r->fd, r->got, sizeof(r->got) - 1, 0);
	size_t len = 0;

	assert_true(n > 0);
	r->got[n] = '\0';
	assert_int_equal(token_branch_print(branch, sizeof(branch), &r->key,
					    &tb),
			 0);
	for (; *want; want++) {
		const bool esc = want[0] == '%';

		if (esc && want[1] == 'b')
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						"%s", branch);
		else if (esc && want[1] == 'o')
			len += (size_t)re_snprintf(text + len,
						   sizeof(text) - len, "%J",
						   endpoint_laddr(r->ep));
		else
			text[len++] = *want;
		want += esc;
	}
	text[len] = '\0';
	assert_string_equal(r->got, text);
}

#define VIA "Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKx"
#define REST                                                                  \
	"From: <sip:a@d>;tag=1\r\nTo: <sip:ptt@d>\r\nCall-ID: c\r\n"          \
	"CSeq: 7 INVITE\r\n"

/* --- requests ----------------------------------------------------------- */

static void test_request_plain(void **state)
{
	struct rig *r = *state;
	struct forward f = forward_make(r);

	msg_from(r, "192.0.2.1", 40000,
		 "INVITE sip:ptt@d SIP/2.0\r\n" VIA ";rport\r\n"
		 "Max-Forwards: 70\r\n" REST "Content-Length: 3\r\n\r\nabc");
	assert_int_equal(forward_request(&f, r->msg), 0);
	arrived(r, "INVITE sip:ptt@d SIP/2.0\r\n"
		   "Via: SIP/2.0/UDP %o;branch=%b;rport\r\n"
		   "Max-Forwards: 69\r\n"
		   "Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKx;"
		   "received=192.0.2.1;rport=40000\r\n" REST
		   "Content-Length: 3\r\n\r\nabc");
}

/* Who sent it does not say where it came from, nor where answers go */
static void test_request_via_lies(void **state)
{
	struct rig *r = *state;
	struct forward f = forward_make(r);

	msg_from(r, "192.0.2.1", 40000,
		 "INVITE sip:ptt@d SIP/2.0\r\n" VIA
		 ";received=198.51.100.9;rport=9;maddr=198.51.100.9;ttl=5;"
		 "keep;x=y\r\n" REST "\r\n");
	assert_int_equal(forward_request(&f, r->msg), 0);
	arrived(r, "INVITE sip:ptt@d SIP/2.0\r\n"
		   "Via: SIP/2.0/UDP %o;branch=%b;rport\r\n"
		   "Max-Forwards: 70\r\n"
		   "Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKx;keep;x=y;"
		   "received=192.0.2.1;rport=40000\r\n" REST
		   "Content-Length: 0\r\n\r\n");
}

static void test_request_many_vias(void **state)
{
	struct rig *r = *state;
	struct forward f = forward_make(r);

	/* In one line and in two, the second keeps all it has */
	msg_from(r, "2001:db8::7", 40000,
		 "INVITE sip:ptt@d SIP/2.0\r\n" VIA
		 ", SIP/2.0/TCP b;branch=z9hG4bKy;received=1.2.3.4\r\n"
		 "v: SIP/2.0/UDP c;branch=z9hG4bKz;maddr=5.6.7.8\r\n" REST
		 "\r\n");
	assert_int_equal(forward_request(&f, r->msg), 0);
	arrived(r, "INVITE sip:ptt@d SIP/2.0\r\n"
		   "Via: SIP/2.0/UDP %o;branch=%b;rport\r\n"
		   "Max-Forwards: 70\r\n"
		   "Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKx;"
		   "received=2001:db8::7;rport=40000\r\n"
		   "Via: SIP/2.0/TCP b;branch=z9hG4bKy;received=1.2.3.4\r\n"
		   "v: SIP/2.0/UDP c;branch=z9hG4bKz;maddr=5.6.7.8\r\n" REST
		   "Content-Length: 0\r\n\r\n");
}

/* P14: who somebody is, is ours to say; their credentials stay with us */
static void test_request_identity(void **state)
{
	static const char lies[] =
		"P-Asserted-Identity: <sip:boss@d>, <tel:1>\r\n"
		"p-asserted-identity: <sip:boss@d>\r\n"
		"P-Preferred-Identity: <sip:boss@d>\r\n"
		"P-Called-Party-ID: <sip:boss@d>\r\n"
		"P-Served-User: <sip:boss@d>\r\n"
		"Authorization: Digest username=\"a\"\r\n"
		"Proxy-Authorization: Digest username=\"a\"\r\n";
	struct rig *r = *state;
	struct forward f = forward_make(r);
	char text[2048];

	(void)snprintf(text, sizeof(text),
		       "INVITE sip:ptt@d SIP/2.0\r\n" VIA "\r\n%s" REST
		       "Subject: hello\r\n\r\n",
		       lies);
	msg_from(r, "192.0.2.1", 1, text);
	f.identity = "sip:alice@d";
	f.ruri = "sip:leg-1@127.0.0.1";
	assert_int_equal(forward_request(&f, r->msg), 0);
	arrived(r, "INVITE sip:leg-1@127.0.0.1 SIP/2.0\r\n"
		   "Via: SIP/2.0/UDP %o;branch=%b;rport\r\n"
		   "Max-Forwards: 70\r\n"
		   "P-Asserted-Identity: <sip:alice@d>\r\n"
		   "Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKx;"
		   "received=192.0.2.1;rport=1\r\n" REST
		   "Subject: hello\r\nContent-Length: 0\r\n\r\n");
	/* Our own side may name people */
	f.identity = NULL;
	f.trusted = true;
	assert_int_equal(forward_request(&f, r->msg), 0);
	assert_true(recv(r->fd, r->got, sizeof(r->got), 0) > 0);
	assert_non_null(strstr(r->got, lies));
}

static void test_request_routes(void **state)
{
	struct rig *r = *state;
	struct forward f = forward_make(r);

	msg_from(r, "192.0.2.1", 1,
		 "BYE sip:leg@n SIP/2.0\r\n" VIA "\r\n"
		 "Route: <sip:n1@d;lr>, <sip:f1@d;lr>\r\n"
		 "Route: \"A, B\" <sip:next@e;lr>;x\r\n" REST "\r\n");
	f.routes_drop = 2;
	f.record_route[0] = "sip:f@x;lr";
	f.record_route[1] = "sip:n@y;lr";
	assert_int_equal(forward_request(&f, r->msg), 0);
	arrived(r, "BYE sip:leg@n SIP/2.0\r\n"
		   "Via: SIP/2.0/UDP %o;branch=%b;rport\r\n"
		   "Record-Route: <sip:f@x;lr>\r\n"
		   "Record-Route: <sip:n@y;lr>\r\n"
		   "Max-Forwards: 70\r\n"
		   "Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKx;"
		   "received=192.0.2.1;rport=1\r\n"
		   "Route: \"A, B\" <sip:next@e;lr>;x\r\n" REST
		   "Content-Length: 0\r\n\r\n");
}

static int hops(struct rig *r, const char *value)
{
	struct forward f = forward_make(r);
	char text[512];

	(void)snprintf(text, sizeof(text),
		       "INVITE sip:ptt@d SIP/2.0\r\n" VIA
		       "\r\nMax-Forwards: %s\r\n" REST "\r\n",
		       value);
	msg_from(r, "192.0.2.1", 1, text);
	return forward_request(&f, r->msg);
}

static void hops_become(struct rig *r, const char *value, const char *line)
{
	ssize_t n;

	assert_int_equal(hops(r, value), 0);
	n = recv(r->fd, r->got, sizeof(r->got) - 1, 0);
	assert_true(n > 0);
	r->got[n] = '\0';
	assert_non_null(strstr(r->got, line));
}

static void test_request_hops(void **state)
{
	struct rig *r = *state;

	assert_int_equal(hops(r, "0"), ELOOP);
	assert_int_equal(hops(r, "none"), ELOOP);
	hops_become(r, "1", "\r\nMax-Forwards: 0\r\n");
	hops_become(r, "70", "\r\nMax-Forwards: 69\r\n");
	hops_become(r, "71", "\r\nMax-Forwards: 70\r\n");
	hops_become(r, "255", "\r\nMax-Forwards: 70\r\n");
}

/* Retransmission, CANCEL and ACK have the INVITE's branch; another source or
 * number has not (RFC 3261 section 16.11) */
static void test_request_branch(void **state)
{
	static const char text[] =
		"%s sip:ptt@d SIP/2.0\r\n" VIA "\r\n"
		"From: <sip:a@d>;tag=1\r\nTo: <sip:ptt@d>\r\nCall-ID: c\r\n"
		"CSeq: %u %s\r\n\r\n";
	static const struct {
		const char *method;
		unsigned cseq;
		uint16_t port;
		bool same;
	} v[] = {{"INVITE", 7, 1, true},  {"CANCEL", 7, 1, true},
		 {"ACK", 7, 1, true},	  {"INVITE", 8, 1, false},
		 {"INVITE", 7, 2, false}};
	struct rig *r = *state;
	struct forward f = forward_make(r);
	char buf[512], first[128] = "";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		char via[128];
		ssize_t n;

		(void)snprintf(buf, sizeof(buf), text, v[i].method, v[i].cseq,
			       v[i].method);
		msg_from(r, "192.0.2.1", v[i].port, buf);
		assert_int_equal(forward_request(&f, r->msg), 0);
		n = recv(r->fd, r->got, sizeof(r->got) - 1, 0);
		assert_true(n > 0);
		r->got[n] = '\0';
		assert_int_equal(sscanf(strstr(r->got, "\r\nVia:"),
					"\r\n%127[^\r]", via),
				 1);
		if (!i)
			strcpy(first, via);
		assert_int_equal(!strcmp(first, via), v[i].same);
	}
}

/* A body ends where Content-Length says; one that never fits is no message */
static void test_request_body(void **state)
{
	struct rig *r = *state;
	struct forward f = forward_make(r);
	struct mbuf *big = mbuf_alloc(70000);

	msg_from(r, "192.0.2.1", 1,
		 "INVITE sip:ptt@d SIP/2.0\r\n" VIA "\r\n" REST
		 "l: 2\r\n\r\nabcd");
	assert_int_equal(forward_request(&f, r->msg), 0);
	arrived(r, "INVITE sip:ptt@d SIP/2.0\r\n"
		   "Via: SIP/2.0/UDP %o;branch=%b;rport\r\n"
		   "Max-Forwards: 70\r\n"
		   "Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKx;"
		   "received=192.0.2.1;rport=1\r\n" REST
		   "Content-Length: 2\r\n\r\nab");
	/* Without one, all that is left */
	msg_from(r, "192.0.2.1", 1,
		 "INVITE sip:ptt@d SIP/2.0\r\n" VIA "\r\n" REST "\r\nabcd");
	assert_int_equal(forward_request(&f, r->msg), 0);
	assert_true(recv(r->fd, r->got, sizeof(r->got), 0) > 0);
	assert_non_null(strstr(r->got, "Content-Length: 4\r\n\r\nabcd"));
	/* A bound of the caller's: nothing is sent */
	f.limit_bytes = strlen(r->got);
	assert_int_equal(forward_request(&f, r->msg), 0);
	assert_true(recv(r->fd, r->got, sizeof(r->got), 0) > 0);
	f.limit_bytes--;
	assert_int_equal(forward_request(&f, r->msg), EMSGSIZE);
	assert_true(recv(r->fd, r->got, sizeof(r->got), MSG_DONTWAIT) < 0);
	f.limit_bytes = 0;

	assert_non_null(big);
	assert_int_equal(mbuf_printf(big, "INVITE sip:ptt@d SIP/2.0\r\n" VIA
					  "\r\n" REST "\r\n"),
			 0);
	assert_int_equal(mbuf_fill(big, 'x', 66000), 0);
	assert_int_equal(mbuf_write_u8(big, 0), 0);
	msg_from(r, "192.0.2.1", 1, (char *)big->buf);
	assert_int_equal(forward_request(&f, r->msg), EMSGSIZE);
	mem_deref(big);
}

/* --- responses ---------------------------------------------------------- */

static const char answer_rest[] =
	"From: <sip:a@d>;tag=1\r\nTo: <sip:ptt@d>;tag=2\r\nCall-ID: c\r\n"
	"CSeq: 7 INVITE\r\n";

/* The answer to a request from 192.0.2.1:40000 */
static struct sip_msg *answer_make(struct rig *r, const char *via2,
				   const char *more)
{
	struct sip_via via;
	struct pl callid = PL("c");
	struct token_branch tb = {
		.in = 3, .via = &via, .callid = &callid, .cseq = 7};
	char branch[TOKEN_BRANCH_MAX], text[1024];

	memset(&via, 0, sizeof(via));
	pl_set_str(&via.sentby, "10.0.0.1:5060");
	pl_set_str(&via.branch, "z9hG4bKx");
	assert_int_equal(sa_set_str(&tb.from, "192.0.2.1", 40000), 0);
	assert_int_equal(token_branch_print(branch, sizeof(branch), &r->key,
					    &tb),
			 0);
	(void)snprintf(text, sizeof(text),
		       "SIP/2.0 200 Fine\r\n"
		       "Via: SIP/2.0/UDP 127.0.0.1:9;branch=%s;rport=9\r\n"
		       "%s%s%s",
		       branch, via2, answer_rest, more);
	return msg_from(r, "203.0.113.5", 5060, text);
}

static void test_response_ours(void **state)
{
	struct rig *r = *state;
	uint8_t in = 0;
	struct sa dst;
	struct sip_msg *m = answer_make(
		r, VIA ";received=192.0.2.1;rport=40000\r\n",
		"X: y\r\nContent-Length: 2\r\n\r\nok...");

	assert_int_equal(forward_response_check(&r->key, m, &in, &dst), 0);
	assert_int_equal(in, 3);
	(void)re_snprintf(r->got, sizeof(r->got), "%J", &dst);
	assert_string_equal(r->got, "192.0.2.1:40000");
	assert_int_equal(forward_response(r->ep, &r->dst, m), 0);
	arrived(r, "SIP/2.0 200 Fine\r\n" VIA
		   ";received=192.0.2.1;rport=40000\r\n"
		   "From: <sip:a@d>;tag=1\r\nTo: <sip:ptt@d>;tag=2\r\n"
		   "Call-ID: c\r\nCSeq: 7 INVITE\r\n"
		   "X: y\r\nContent-Length: 2\r\n\r\nok");
}

static void response_refused(struct rig *r, const char *via2, int want)
{
	struct sip_msg *m = answer_make(r, via2, "\r\n");
	uint8_t in = 77;
	struct sa dst;
	int err;

	sa_init(&dst, AF_UNSPEC);
	err = forward_response_check(&r->key, m, &in, &dst);
	assert_int_equal(err, want);
	assert_int_equal(in, 77);
	assert_false(sa_isset(&dst, SA_ADDR));
}

/* P11: who answers cannot choose where we send it */
static void test_response_foreign(void **state)
{
	struct rig *r = *state;

	response_refused(r, "", EBADMSG);
	response_refused(r, "Via: nonsense\r\n", EBADMSG);
	response_refused(r, VIA "\r\n", EBADMSG);
	response_refused(r, VIA ";received=192.0.2.1\r\n", EBADMSG);
	response_refused(r, VIA ";received=host;rport=40000\r\n", EBADMSG);
	response_refused(r, VIA ";received=198.51.100.1;rport=40000\r\n",
			 EACCES);
	response_refused(r, VIA ";received=192.0.2.1;rport=53\r\n", EACCES);
	response_refused(r,
			 "Via: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKx;"
			 "received=192.0.2.1;rport=40000\r\n",
			 EACCES);
	response_refused(r,
			 "Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKy;"
			 "received=192.0.2.1;rport=40000\r\n",
			 EACCES);
}

static void test_wrong_kind(void **state)
{
	struct rig *r = *state;
	struct forward f = forward_make(r);
	uint8_t in;
	struct sa dst;

	msg_from(r, "192.0.2.1", 1,
		 "INVITE sip:ptt@d SIP/2.0\r\n" VIA "\r\n" REST "\r\n");
	assert_int_equal(forward_response_check(&r->key, r->msg, &in, &dst),
			 EINVAL);
	assert_int_equal(forward_response(r->ep, &r->dst, r->msg), EINVAL);
	answer_make(r, "", "\r\n");
	assert_int_equal(forward_request(&f, r->msg), EINVAL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_request_plain),	 T(test_request_via_lies),
		T(test_request_many_vias), T(test_request_identity),
		T(test_request_routes),	 T(test_request_hops),
		T(test_request_branch),	 T(test_request_body),
		T(test_response_ours),	 T(test_response_foreign),
		T(test_wrong_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

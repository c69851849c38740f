/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file endpoint_test.c  What the guard in front of the SIP stack lets through
 *                        (row P11: nobody is answered who did not ask)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include <re.h>
#include "sip/endpoint.h"
#include "util/clock.h"

enum { DEADLINE_MS = 60000 };

struct world {
	struct endpoint *ep;
	struct endpoint_stats st;
	int fd, victim;
	uint16_t port, victim_port;
	char got[4096];
};

static int sock_open(uint16_t *portp)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	socklen_t len = sizeof(sin);
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)) ||
	    getsockname(fd, (struct sockaddr *)&sin, &len))
		return -1;
	*portp = ntohs(sin.sin_port);
	return fd;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct endpoint_cfg cfg = {.software = "test"};

	if (!w || libre_init())
		return -1;
	(void)sa_set_str(&cfg.laddr, "127.0.0.1", 0);
	w->fd = sock_open(&w->port);
	w->victim = sock_open(&w->victim_port);
	*state = w;
	if (w->fd < 0 || w->victim < 0 || endpoint_alloc(&w->ep, &cfg))
		return -1;
	return endpoint_catch_all(w->ep, "Allow: OPTIONS\r\n");
}

static int teardown(void **state)
{
	struct world *w = *state;

	mem_deref(w->ep);
	close(w->fd);
	close(w->victim);
	free(w);
	libre_close();
	return 0;
}

static void tick_h(void *arg)
{
	(void)arg;
	re_cancel();
}

/* Sends it and waits until the endpoint has seen it */
static void datagram(struct world *w, const void *p, size_t len)
{
	const uint64_t end = clock_mono_ms() + DEADLINE_MS;
	struct sockaddr_in sin = {.sin_family = AF_INET};
	const uint64_t rx = w->st.rx;
	struct tmr tmr;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons(sa_port(endpoint_laddr(w->ep)));
	assert_int_equal(sendto(w->fd, p, len, 0, (struct sockaddr *)&sin,
				sizeof(sin)),
			 len);
	tmr_init(&tmr);
	do {
		assert_true(clock_mono_ms() < end);
		tmr_start(&tmr, 1, tick_h, NULL);
		(void)re_main(NULL);
		endpoint_stats_get(w->ep, &w->st);
	} while (w->st.rx == rx);
	tmr_cancel(&tmr);
}

static bool answered(struct world *w, int fd)
{
	const ssize_t n = recv(fd, w->got, sizeof(w->got) - 1, 0);

	w->got[n > 0 ? n : 0] = '\0';
	return n > 0;
}

#define HEAD(via)                                                             \
	"OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP " via "\r\n"     \
	"From: <sip:a@d>;tag=1\r\nTo: <sip:b@d>\r\nCall-ID: c\r\n"            \
	"CSeq: 1 OPTIONS\r\n"

static void test_garbage(void **state)
{
	static const char *const v[] = {
		"nonsense", "OPTIONS sip:x SIP/2.0\r\n\r\n",
		HEAD("127.0.0.1:9;branch=z9hG4bKx") "Content-Length: 9\r\n"
						    "\r\nshort",
		HEAD("127.0.0.1:9"), "SIP/2.0 200 OK\r\nVia: x\r\n\r\n",
		/* Twins: what must be there once */
		HEAD("127.0.0.1:9;branch=z9hG4bKx") "Call-ID: d\r\n\r\n",
		HEAD("127.0.0.1:9;branch=z9hG4bKx") "CSeq: 2 OPTIONS\r\n\r\n",
		HEAD("127.0.0.1:9;branch=z9hG4bKx") "f: <sip:z@d>;tag=9\r\n"
						    "\r\n",
		HEAD("127.0.0.1:9;branch=z9hG4bKx") "l: 0\r\n"
						    "Content-Length: 1\r\n\r\n",
	};
	struct world *w = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		datagram(w, v[i], strlen(v[i]));
		assert_int_equal(w->st.drop_malformed, i + 1);
		assert_false(answered(w, w->fd));
	}
	assert_int_equal(w->st.unhandled_requests, 0);
}

static void test_too_long(void **state)
{
	struct world *w = *state;
	static char buf[40000];
	int n = snprintf(buf, sizeof(buf), "%s\r\n",
			 HEAD("127.0.0.1:9;branch=z9hG4bKx;rport"));

	/* Without Content-Length nothing in it says that it was cut */
	memset(buf + n, 'x', sizeof(buf) - (size_t)n);
	datagram(w, buf, sizeof(buf));
	assert_int_equal(w->st.drop_malformed, 1);
	assert_false(answered(w, w->fd));
}

static void test_keepalives(void **state)
{
	struct world *w = *state;

	datagram(w, "\r\n\r\n", 4);
	datagram(w, "\r\n", 2);
	datagram(w, "\0\0\0\0", 4);
	assert_int_equal(w->st.keepalives, 3);
	assert_int_equal(w->st.drop_malformed, 0);
	assert_false(answered(w, w->fd));
}

/* An answer goes to who asked, whatever the Via says */
static void test_answers_go_home(void **state)
{
	static const char *const vias[] = {
		"127.0.0.1:%u;branch=z9hG4bK1;maddr=127.0.0.1;rport",
		"127.0.0.1:%u;branch=z9hG4bK2;MADDR=127.0.0.1;rport",
		"127.0.0.1:%u;maddr=127.0.0.1;branch=z9hG4bK3;"
		"received=127.0.0.1;rport",
		"127.0.0.1:%u;rport;branch=z9hG4bK4;maddr=127.0.0.1;"
		"maddr=127.0.0.1",
	};
	struct world *w = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vias); i++) {
		char via[128], text[1024];

		(void)snprintf(via, sizeof(via), vias[i], w->victim_port);
		(void)snprintf(text, sizeof(text),
			       "\r\nOPTIONS sip:x@127.0.0.1 SIP/2.0\r\n"
			       "v: SIP/2.0/UDP %s\r\n"
			       "f: <sip:a@d>;tag=1\r\nt: <sip:b@d>\r\n"
			       "i: c%zu\r\nCSeq: 1 OPTIONS\r\n\r\n",
			       via, i);
		datagram(w, text, strlen(text));
		assert_int_equal(w->st.drop_malformed, 0);
		assert_true(answered(w, w->fd));
		assert_int_equal(strncmp(w->got, "SIP/2.0 405 ", 12), 0);
		assert_false(answered(w, w->victim));
	}
}

static void test_strays(void **state)
{
	static const struct {
		const char *method, *tag, *line;
	} v[] = {
		{"BYE", ";tag=2", "SIP/2.0 481 "},
		{"CANCEL", "", "SIP/2.0 481 "},
		{"MESSAGE", "", "SIP/2.0 405 "},
		{"ACK", ";tag=2", ""},
	};
	struct world *w = *state;
	char text[1024];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		(void)snprintf(text, sizeof(text),
			       "%s sip:x@127.0.0.1 SIP/2.0\r\n"
			       "Via: SIP/2.0/UDP h;branch=z9hG4bK%zu;rport\r\n"
			       "From: <sip:a@d>;tag=1\r\nTo: <sip:b@d>%s\r\n"
			       "Call-ID: c\r\nCSeq: 1 %s\r\n\r\n",
			       v[i].method, i, v[i].tag, v[i].method);
		datagram(w, text, strlen(text));
		assert_int_equal(answered(w, w->fd), v[i].line[0] != '\0');
		assert_int_equal(strncmp(w->got, v[i].line,
					 strlen(v[i].line)),
				 0);
	}
	assert_int_equal(w->st.unhandled_requests, ARRAY_SIZE(v));
	(void)snprintf(text, sizeof(text),
		       "SIP/2.0 200 OK\r\n"
		       "Via: SIP/2.0/UDP h;branch=z9hG4bKq\r\n"
		       "From: <sip:a@d>;tag=1\r\nTo: <sip:b@d>;tag=2\r\n"
		       "Call-ID: c\r\nCSeq: 1 INVITE\r\n\r\n");
	datagram(w, text, strlen(text));
	assert_int_equal(w->st.unhandled_responses, 1);
	assert_false(answered(w, w->fd));
}

/* Two endpoints of a process are two: each guards its own socket */
static void test_two(void **state)
{
	struct world *w = *state;
	struct endpoint_cfg cfg = {.software = NULL};
	struct endpoint_stats st;
	struct endpoint *other;

	cfg.laddr = *endpoint_laddr(w->ep);
	assert_int_equal(endpoint_alloc(&other, &cfg), EADDRINUSE);
	sa_set_port(&cfg.laddr, 0);
	assert_int_equal(endpoint_alloc(&other, &cfg), 0);
	datagram(w, "junk", 4);
	endpoint_stats_get(other, &st);
	assert_int_equal(st.rx, 0);
	mem_deref(other);
	datagram(w, "junk", 4);
	assert_int_equal(w->st.drop_malformed, 2);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_garbage),	 T(test_too_long), T(test_keepalives),
		T(test_answers_go_home), T(test_strays),   T(test_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

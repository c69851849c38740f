/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file flow_test.c  Connections of an endpoint: cut, bounded, timed, and
 *                    never dialled behind our back
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
#include "sip/streampool.h"
#include "util/clock.h"
#include "util/retmr.h"

enum { DEADLINE_MS = 60000, MAX = 6, IP_MAX = 4, LONG_MS = 600000 };

struct world {
	struct stream_pool *pool;
	struct endpoint *ep;
	struct endpoint_stats st;
	struct endpoint_times times;
	unsigned ups, downs;
	struct sa last;
	char got[8192];
};

static void flow_h(const struct sa *peer, bool up, void *arg)
{
	struct world *w = arg;

	if (up)
		w->ups++;
	else
		w->downs++;
	w->last = *peer;
}

static void start(struct world *w, const char *addr)
{
	struct endpoint_cfg cfg = {.software = "test",
				   .tp = SIP_TRANSP_TCP,
				   .pool = w->pool,
				   .times = &w->times,
				   .flow_h = flow_h,
				   .arg = w};

	w->ep = mem_deref(w->ep);
	assert_int_equal(sa_set_str(&cfg.laddr, addr, 0), 0);
	assert_int_equal(endpoint_alloc(&w->ep, &cfg), 0);
	assert_int_equal(endpoint_catch_all(w->ep, "Allow: OPTIONS\r\n"), 0);
	endpoint_stats_get(w->ep, &w->st);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w || retmr_init() || libre_init() ||
	    stream_pool_alloc(&w->pool, MAX, IP_MAX))
		return -1;
	w->times = (struct endpoint_times){LONG_MS, 31000, LONG_MS, LONG_MS};
	start(w, "127.0.0.1");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	mem_deref(w->ep);
	assert_int_equal(stream_pool_count(w->pool), 0);
	mem_deref(w->pool);
	free(w);
	libre_close();
	return 0;
}

static void tick_h(void *arg)
{
	(void)arg;
	re_cancel();
}

/* A turn of the loop */
static void turn(struct world *w)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, 1, tick_h, NULL);
	(void)re_main(NULL);
	tmr_cancel(&tmr);
	endpoint_stats_get(w->ep, &w->st);
}

#define UNTIL(w, cond)                                                        \
	do {                                                                  \
		const uint64_t end_ = clock_mono_ms() + DEADLINE_MS;          \
		while (!(cond)) {                                             \
			if (clock_mono_ms() > end_)                           \
				fail_msg("never: %s", #cond);                 \
			turn(w);                                              \
		}                                                             \
	} while (0)

static int dial_from(struct world *w, const char *ip)
{
	const struct sa *to = endpoint_laddr(w->ep);
	const int fd = socket(sa_af(to), SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sa from;

	assert_true(fd >= 0);
	if (ip) {
		assert_int_equal(sa_set_str(&from, ip, 0), 0);
		assert_int_equal(bind(fd, &from.u.sa, from.len), 0);
	}
	if (connect(fd, &to->u.sa, to->len))
		assert_int_equal(errno, EINPROGRESS);
	return fd;
}

static int dial(struct world *w)
{
	const uint64_t n = w->st.accepted;
	const int fd = dial_from(w, NULL);

	UNTIL(w, w->st.accepted > n);
	return fd;
}

static void put(int fd, const void *p, size_t len)
{
	assert_int_equal(send(fd, p, len, MSG_NOSIGNAL), len);
}

/* Bytes that are there, -1: closed */
static int get(struct world *w, int fd)
{
	const ssize_t n = recv(fd, w->got, sizeof(w->got) - 1, MSG_PEEK);

	if (!n || (n < 0 && errno != EAGAIN))
		return -1;
	w->got[n > 0 ? n : 0] = '\0';
	return n > 0 ? (int)n : 0;
}

static unsigned answers(struct world *w, int fd)
{
	const char *p = w->got;
	unsigned n = 0;

	if (get(w, fd) <= 0)
		return 0;
	while ((p = strstr(p, "SIP/2.0 405 "))) {
		n++;
		p++;
	}
	return n;
}

static struct sa local_of(int fd)
{
	struct sa sa;

	sa_init(&sa, AF_UNSPEC);
	assert_int_equal(getsockname(fd, &sa.u.sa, &sa.len), 0);
	return sa;
}

#define HEAD                                                                  \
	"OPTIONS sip:x@127.0.0.1 SIP/2.0\r\n"                                 \
	"Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bKx;maddr=127.0.0.9\r\n"    \
	"From: <sip:a@d>;tag=1\r\nTo: <sip:b@d>\r\nCall-ID: c\r\n"            \
	"CSeq: 1 OPTIONS\r\n"

static const char good[] = HEAD "Content-Length: 3\r\n\r\nabc";

static void test_split(void **state)
{
	const size_t len = sizeof(good) - 1;
	struct world *w = *state;
	const int fd = dial(w);
	unsigned n = 0;
	size_t i;

	for (i = 1; i < len; i += 7) {
		const uint64_t rx = w->st.rx;

		put(fd, good, i);
		turn(w);
		assert_int_equal(w->st.rx, rx);
		put(fd, good + i, len - i);
		UNTIL(w, w->st.rx == rx + 1);
		n++;
	}
	UNTIL(w, answers(w, fd) >= 8);
	assert_int_equal(w->st.unhandled_requests, n);
	assert_int_equal(w->st.drop_malformed, 0);
	close(fd);
	UNTIL(w, !w->st.connections);
	assert_int_equal(w->downs, 1);
}

static void test_two(void **state)
{
	struct world *w = *state;
	const int fd = dial(w);
	char text[2048];

	(void)snprintf(text, sizeof(text), "\r\n\r\n%s%s\r\n\r\n", good, good);
	put(fd, text, strlen(text));
	UNTIL(w, w->st.unhandled_requests == 2 && w->st.keepalives == 2);
	UNTIL(w, answers(w, fd) == 2);
	assert_int_equal(strncmp(w->got, "\r\nSIP/2.0", 9), 0);
	assert_string_equal(w->got + strlen(w->got) - 2, "\r\n");
	assert_non_null(strstr(w->got, ";x-mad=127.0.0.9"));
	close(fd);
}

static void test_garbage(void **state)
{
	static const char *const v[] = {
		"nonsense\r\n\r\n", "\x16\x03\x01",
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n", HEAD "\r\n",
		HEAD "Content-Length: 99999\r\n\r\n",
		HEAD "Content-Length: 4294967296\r\n\r\n",
		HEAD "Content-Length: 1x\r\n\r\n", "\rX",
	};
	struct world *w = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		const int fd = dial(w);

		put(fd, v[i], strlen(v[i]));
		UNTIL(w, get(w, fd) < 0);
		assert_int_equal(w->st.drop_malformed, i + 1);
		close(fd);
	}
	UNTIL(w, !w->st.connections);
	assert_int_equal(w->downs, i);
	assert_int_equal(w->st.unhandled_requests, 0);
}

/* Framed, but no sound message: dropped; one after the other: the end */
static void test_unsound(void **state)
{
	static const char bad[] = HEAD "Call-ID: d\r\nContent-Length: 0\r\n"
				       "\r\n";
	struct world *w = *state;
	const int fd = dial(w);
	unsigned i;

	for (i = 0; i < 7; i++)
		put(fd, bad, sizeof(bad) - 1);
	put(fd, good, sizeof(good) - 1);
	UNTIL(w, answers(w, fd) == 1);
	assert_int_equal(w->st.drop_malformed, 7);
	for (i = 0; i < 8; i++)
		put(fd, bad, sizeof(bad) - 1);
	UNTIL(w, !w->st.connections);
	assert_int_equal(w->st.drop_malformed, 15);
	close(fd);
}

static void test_bounds(void **state)
{
	struct world *w = *state;
	int fdv[IP_MAX], fd, other[MAX - IP_MAX];
	unsigned i;

	for (i = 0; i < IP_MAX; i++)
		fdv[i] = dial(w);
	fd = dial_from(w, NULL);
	UNTIL(w, w->st.refused == 1 && get(w, fd) < 0);
	close(fd);
	for (i = 0; i < MAX - IP_MAX; i++) {
		other[i] = dial_from(w, "127.0.0.2");
		UNTIL(w, w->st.accepted == IP_MAX + i + 1u);
	}
	fd = dial_from(w, "127.0.0.3");
	UNTIL(w, w->st.refused == 2 && get(w, fd) < 0);
	close(fd);
	assert_int_equal(w->st.connections, MAX);

	close(fdv[0]);
	UNTIL(w, w->st.connections == MAX - 1);
	fdv[0] = dial(w);
	put(fdv[0], good, sizeof(good) - 1);
	UNTIL(w, answers(w, fdv[0]) == 1);
	for (i = 0; i < IP_MAX; i++)
		close(fdv[i]);
	for (i = 0; i < MAX - IP_MAX; i++)
		close(other[i]);
	UNTIL(w, !w->st.connections);
}

/* The peer listens where it dialled from: that is still no reason to dial */
static void test_not_dialled(void **state)
{
	const struct linger now = {.l_onoff = 1};
	const int on = 1;
	struct world *w = *state;
	const int fd = dial(w);
	struct sa peer = local_of(fd);
	struct sip_request *req = NULL;
	struct mbuf *mb = mbuf_alloc(64);
	char uri[64];
	int lfd;

	UNTIL(w, endpoint_flow_up(w->ep, &peer));
	/* Without a trace, so that its address is free */
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
	UNTIL(w, w->downs == 1);
	assert_true(sa_cmp(&w->last, &peer, SA_ALL));
	assert_false(endpoint_flow_up(w->ep, &peer));

	lfd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	(void)setsockopt(lfd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(lfd, &peer.u.sa, peer.len), 0);
	assert_int_equal(listen(lfd, 1), 0);

	(void)mbuf_write_str(mb, "x");
	mb->pos = 0;
	assert_int_equal(endpoint_send(w->ep, &peer, mb), ECONNREFUSED);
	(void)re_snprintf(uri, sizeof(uri), "sip:%J;transport=tcp", &peer);
	assert_int_equal(sip_requestf(&req, endpoint_sip(w->ep), true,
				      "OPTIONS", uri, NULL, NULL, NULL, NULL,
				      NULL, "Content-Length: 0\r\n\r\n"),
			 ECONNREFUSED);
	turn(w);
	assert_true(accept(lfd, NULL, NULL) < 0 && errno == EAGAIN);

	/* But when it is asked for */
	assert_int_equal(endpoint_flow_dial(w->ep, &peer), 0);
	assert_int_equal(endpoint_flow_dial(w->ep, &peer), 0);
	UNTIL(w, w->ups > 1 && endpoint_flow_up(w->ep, &peer));
	assert_int_equal(w->st.dialled, 1);
	assert_int_equal(endpoint_flow_dial(w->ep, &peer), 0);
	close(lfd);
	UNTIL(w, w->downs == 2);
	/* Nobody is there */
	assert_int_equal(endpoint_flow_dial(w->ep, &peer), 0);
	UNTIL(w, w->downs == 3);
	assert_false(endpoint_flow_up(w->ep, &peer));
	mem_deref(mb);
}

static void test_patience(void **state)
{
	struct world *w = *state;
	struct sa peer;
	int fd;

	/* Says nothing, and keep-alives are nothing */
	w->times = (struct endpoint_times){LONG_MS, 20, LONG_MS, LONG_MS};
	start(w, "127.0.0.1");
	fd = dial(w);
	put(fd, "\r\n\r\n", 4);
	UNTIL(w, w->st.timeouts == 1 && !w->st.connections);
	close(fd);

	/* Does not end what it began */
	w->times = (struct endpoint_times){LONG_MS, 31000, 20, LONG_MS};
	start(w, "127.0.0.1");
	fd = dial(w);
	put(fd, good, sizeof(good) - 1);
	put(fd, good, 40);
	UNTIL(w, w->st.timeouts == 1 && !w->st.connections);
	assert_int_equal(w->st.rx, 1);
	close(fd);

	/* Is idle, but wanted; then not any more */
	w->times = (struct endpoint_times){LONG_MS, 31000, LONG_MS, 20};
	start(w, "127.0.0.1");
	fd = dial(w);
	peer = local_of(fd);
	endpoint_flow_keep(w->ep, &peer, true, 0);
	put(fd, good, sizeof(good) - 1);
	UNTIL(w, answers(w, fd) == 1);
	assert_int_equal(w->st.connections, 1);
	endpoint_flow_keep(w->ep, &peer, false, 0);
	UNTIL(w, w->st.timeouts == 1 && !w->st.connections);
	close(fd);

	/* Promised keep-alives */
	start(w, "127.0.0.1");
	fd = dial(w);
	peer = local_of(fd);
	put(fd, good, sizeof(good) - 1);
	endpoint_flow_keep(w->ep, &peer, true, 30);
	UNTIL(w, w->st.timeouts == 1 && !w->st.connections);
	close(fd);
}

static void test_close(void **state)
{
	struct world *w = *state;
	const int fd = dial(w);
	const struct sa peer = local_of(fd);

	endpoint_flow_close(w->ep, &peer);
	assert_false(endpoint_flow_up(w->ep, &peer));
	UNTIL(w, get(w, fd) < 0 && w->downs == 1);
	close(fd);
}

static void test_ipv6(void **state)
{
	struct world *w = *state;
	int fd;

	start(w, "::1");
	fd = dial(w);
	put(fd, good, sizeof(good) - 1);
	UNTIL(w, answers(w, fd) == 1);
	assert_non_null(strstr(w->got, ";received=::1"));
	close(fd);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_split),	CASE(test_two),
		CASE(test_garbage),	CASE(test_unsound),
		CASE(test_bounds),	CASE(test_not_dialled),
		CASE(test_patience),	CASE(test_close),
		CASE(test_ipv6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

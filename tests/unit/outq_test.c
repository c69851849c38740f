/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file outq_test.c  Datagrams on their way out, by sockets that have no room
 *
 * Real sockets; sendmmsg() is ours, which says now and then what the kernel
 * says of a full send buffer.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>
#include "mixer/outq.h"

enum { DEADLINE_MS = 10000, ALL = 1000 };

/* The next calls: so many are taken of each, then EAGAIN is said once */
static struct {
	int fd;            /* Of this one only */
	unsigned room[8];
	unsigned n, calls;
} full;

int sendmmsg(int fd, struct mmsghdr *mm, unsigned n, int flags)
{
	unsigned room = ALL;

	if (fd == full.fd) {
		room = full.calls < full.n ? full.room[full.calls] : ALL;
		full.calls++;
	}
	if (!room) {
		errno = EAGAIN;
		return -1;
	}
	return (int)syscall(SYS_sendmmsg, fd, mm, n < room ? n : room, flags);
}

struct net {
	struct outq q;
	struct stats stats;
	struct sock s[2];      /* RTP, and floor */
	int ear;
	struct sa to;
};

static int sock_at(struct sa *sa)
{
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	sa_set_in(sa, INADDR_LOOPBACK, 0);
	assert_int_equal(bind(fd, &sa->u.sa, sa->len), 0);
	assert_int_equal(getsockname(fd, &sa->u.sa, &sa->len), 0);
	return fd;
}

static void net_open(struct net *n)
{
	struct sa sa;

	memset(n, 0, sizeof(*n));
	memset(&full, 0, sizeof(full));
	outq_init(&n->q, &n->stats);
	n->ear = sock_at(&n->to);
	n->s[0] = (struct sock){.fd = sock_at(&sa), .kind = PORT_RTP,
				.out_head = -1};
	n->s[1] = (struct sock){.fd = sock_at(&sa), .kind = PORT_FLOOR,
				.out_head = -1};
	full.fd = n->s[0].fd;
}

static void net_close(struct net *n)
{
	close(n->ear);
	close(n->s[0].fd);
	close(n->s[1].fd);
}

static void push(struct net *n, unsigned sock, char c)
{
	outq_copy(&n->q, &n->s[sock], &n->to, &c, 1);
}

/* By two sockets in turns: a b c d, and A B C D */
static void push_all(struct net *n)
{
	unsigned i;

	for (i = 0; i < 4; i++) {
		push(n, 0, (char)('a' + i));
		push(n, 1, (char)('A' + i));
	}
	outq_flush(&n->q);
}

static void hear(const struct net *n, const char *what)
{
	struct pollfd pfd = {.fd = n->ear, .events = POLLIN};
	char c;

	for (; *what; what++) {
		assert_int_equal(poll(&pfd, 1, DEADLINE_MS), 1);
		assert_int_equal(recv(n->ear, &c, 1, 0), 1);
		assert_int_equal(c, *what);
	}
	assert_int_equal(poll(&pfd, 1, 0), 0);
}

static uint64_t stat_at(const struct net *n, size_t i)
{
	return n->stats.v[i];
}

/* There is room again when the other socket is done: nothing is lost, and the
 * order within a socket is kept */
static void room_again(void **state)
{
	static struct net n;
	unsigned taken;

	(void)state;
	for (taken = 0; taken < 4; taken++) {
		char said[16] = "abcd", text[32];

		net_open(&n);
		full.room[0] = taken;
		full.n = taken ? 2 : 1; /* ..and no more */
		push_all(&n);
		said[taken] = '\0';
		strcpy(text, said);
		strcat(text, "ABCD");
		strcat(text, &"abcd"[taken]);
		hear(&n, text);
		assert_int_equal(stat_at(&n, STAT(tx_short)), 0);
		assert_int_equal(stat_at(&n, STAT(tx_rtp)), 4);
		assert_int_equal(stat_at(&n, STAT(tx_floor)), 4);
		net_close(&n);
	}
}

/* A socket that stays full delays nobody, and does not stay so for ever */
static void stays_full(void **state)
{
	static struct net n;

	(void)state;
	net_open(&n);
	full.room[0] = 1;
	full.n = 3;
	push_all(&n);
	hear(&n, "aABCD");
	assert_int_equal(full.calls, 3);
	assert_int_equal(stat_at(&n, STAT(tx_short)), 3);
	assert_int_equal(stat_at(&n, STAT(tx_errors)), 0);
	push_all(&n);
	hear(&n, "abcdABCD");
	assert_int_equal(stat_at(&n, STAT(tx_short)), 3);
	assert_int_equal(stat_at(&n, STAT(tx_packets)), 13);
	net_close(&n);
}

/* One that cannot be sent is passed over */
static void one_cannot(void **state)
{
	static struct net n;
	struct sa nowhere;

	(void)state;
	net_open(&n);
	sa_set_in(&nowhere, INADDR_LOOPBACK, 0); /* Port 0: EINVAL */
	push(&n, 0, 'a');
	outq_copy(&n.q, &n.s[0], &nowhere, "x", 1);
	push(&n, 0, 'b');
	outq_flush(&n.q);
	hear(&n, "ab");
	assert_int_equal(stat_at(&n, STAT(tx_errors)), 1);
	assert_int_equal(stat_at(&n, STAT(tx_short)), 0);
	net_close(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(room_again),
		cmocka_unit_test(stays_full),
		cmocka_unit_test(one_cannot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

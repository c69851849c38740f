/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bare.c  The ceiling: a bare sendmmsg() loop towards many addresses
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "bench/bare.h"
#include "bench/lab.h"
#include "util/clock.h"

enum {
	SNDBUF = 4 << 20,
	RX_BATCH = 64,         /* As the switch's */
	RX_BYTES = 256
};

int bare_open(struct bare *b, const struct sa *laddr, enum srtpw_suite suite)
{
	const int bytes = SNDBUF;
	unsigned i;

	b->suite = suite;
	b->n = 0;
	for (i = 0; i < BARE_BATCH; i++)
		rtpw_encode(b->hdr[i], false, 0, (uint16_t)i, 0, i);
	b->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (b->fd < 0 || bind(b->fd, &laddr->u.sa, laddr->len))
		return errno;
	if (setsockopt(b->fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes,
		       sizeof(bytes)))
		(void)setsockopt(b->fd, SOL_SOCKET, SO_SNDBUF, &bytes,
				 sizeof(bytes));
	return 0;
}

int bare_add(struct bare *b, const struct sa *to)
{
	int err;

	if (b->n == BARE_TO_MAX)
		return ENOBUFS;
	err = bare_key_open(&b->key[b->n], b->suite);
	if (err)
		return err;
	b->to[b->n++] = *to;
	return 0;
}

void bare_close(struct bare *b)
{
	unsigned i;

	for (i = 0; i < b->n; i++)
		bare_key_close(&b->key[i]);
	b->n = 0;
	if (b->fd > 0)
		close(b->fd);
	b->fd = 0;
}

/** Datagrams that wait to be sent together */
struct batch {
	struct mmsghdr mm[BARE_BATCH];
	struct iovec iov[BARE_BATCH][2];
	unsigned n;
};

static void flush(struct bare *b, struct batch *t)
{
	unsigned k;

	for (k = 0; k < t->n;) {
		const int sent = sendmmsg(b->fd, &t->mm[k], t->n - k,
					  MSG_DONTWAIT);

		k += sent > 0 ? (unsigned)sent : 1;
	}
	t->n = 0;
}

static void push(struct bare *b, struct batch *t, unsigned i,
		 const uint8_t *payload)
{
	const unsigned k = t->n;
	struct msghdr *m = &t->mm[k].msg_hdr;
	const uint8_t *p = payload;
	size_t len = BARE_PAYLOAD;

	if (b->suite != SRTPW_NONE) {
		len = bare_key_seal(&b->key[i], b->hdr[k], b->seq, payload,
				    len, b->sealed[k]);
		p = b->sealed[k];
	}
	t->iov[k][0] = (struct iovec){b->hdr[k], RTPW_HEADER_BYTES};
	t->iov[k][1] = (struct iovec){(void *)(size_t)p, len};
	*m = (struct msghdr){.msg_name = &b->to[i].u,
			     .msg_namelen = b->to[i].len,
			     .msg_iov = t->iov[k],
			     .msg_iovlen = 2};
	if (++t->n == BARE_BATCH)
		flush(b, t);
}

static void packet(struct bare *b)
{
	struct batch t = {.n = 0};
	unsigned i;

	b->seq++;
	for (i = 0; i < b->n; i++)
		push(b, &t, i, b->payload);
	flush(b, &t);
}

double bare_round(struct bare *b, unsigned packets, uint32_t every_us)
{
	uint64_t start;
	double us;
	unsigned i;

	lab_pin(true);
	start = clock_read_us(CLOCK_THREAD_CPUTIME_ID);
	for (i = 0; i < packets; i++) {
		packet(b);
		if (every_us)
			(void)usleep(every_us);
	}
	us = (double)(clock_read_us(CLOCK_THREAD_CPUTIME_ID) - start);
	lab_pin(false);
	return us / (packets * b->n);
}

/** What was read */
struct intake {
	struct mmsghdr mm[RX_BATCH];
	struct iovec iov[RX_BATCH];
	struct sockaddr_in src[RX_BATCH];
	uint8_t buf[RX_BATCH][RX_BYTES];
};

static unsigned take(const struct bare *b, struct intake *in)
{
	unsigned i;
	int n;

	for (i = 0; i < RX_BATCH; i++) {
		in->iov[i] = (struct iovec){in->buf[i], RX_BYTES};
		in->mm[i].msg_hdr = (struct msghdr){
			.msg_name = &in->src[i],
			.msg_namelen = sizeof(in->src[i]),
			.msg_iov = &in->iov[i],
			.msg_iovlen = 1};
	}
	n = recvmmsg(b->fd, in->mm, RX_BATCH, MSG_DONTWAIT, NULL);
	return n > 0 ? (unsigned)n : 0;
}

static unsigned relay(struct bare *b, const struct bare_relay *r,
		      const struct intake *in, unsigned n)
{
	struct batch t = {.n = 0};
	unsigned k, i, group, sent = 0;

	b->seq++;
	for (k = 0; k < n; k++) {
		group = (ntohl(in->src[k].sin_addr.s_addr) - r->first_ip) /
			r->members;
		for (i = 0; i < r->listeners; i++) {
			const unsigned to = group * (r->members - 1) + i;

			if (to < b->n) {
				push(b, &t, to,
				     in->buf[k] + RTPW_HEADER_BYTES);
				sent++;
			}
		}
	}
	flush(b, &t);
	return sent;
}

double bare_relay(struct bare *b, const struct bare_relay *r)
{
	struct pollfd pfd = {.fd = b->fd, .events = POLLIN};
	const uint64_t start = clock_read_us(CLOCK_THREAD_CPUTIME_ID);
	unsigned got = 0, sent = 0, n;
	struct intake in;

	while (got < r->packets && poll(&pfd, 1, (int)r->quiet_ms) > 0) {
		while ((n = take(b, &in)) > 0) {
			sent += relay(b, r, &in, n);
			got += n;
		}
	}
	return sent ? (double)(clock_read_us(CLOCK_THREAD_CPUTIME_ID) -
			       start) / sent : 0;
}

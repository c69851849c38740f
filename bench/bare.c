/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bare.c  The ceiling: a bare sendmmsg() loop towards many addresses
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>
#include "bench/bare.h"
#include "util/clock.h"

enum { SNDBUF = 4 << 20 };

int bare_open(struct bare *b, const struct sa *laddr)
{
	const int bytes = SNDBUF;

	b->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (b->fd < 0 || bind(b->fd, &laddr->u.sa, laddr->len))
		return errno;
	if (setsockopt(b->fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes,
		       sizeof(bytes)))
		(void)setsockopt(b->fd, SOL_SOCKET, SO_SNDBUF, &bytes,
				 sizeof(bytes));
	return 0;
}

static void packet(struct bare *b)
{
	struct mmsghdr mm[BARE_BATCH] = {{.msg_len = 0}};
	struct iovec iov[BARE_BATCH][2];
	unsigned i, n, k;

	for (i = 0; i < b->n; i += n) {
		n = b->n - i < BARE_BATCH ? b->n - i : BARE_BATCH;
		for (k = 0; k < n; k++) {
			struct msghdr *m = &mm[k].msg_hdr;

			iov[k][0] = (struct iovec){b->hdr[k],
						   RTPW_HEADER_BYTES};
			iov[k][1] = (struct iovec){b->payload, BARE_PAYLOAD};
			m->msg_iov = iov[k];
			m->msg_iovlen = 2;
			m->msg_name = &b->to[i + k].u;
			m->msg_namelen = b->to[i + k].len;
		}
		for (k = 0; k < n;) {
			const int sent = sendmmsg(b->fd, &mm[k], n - k,
						  MSG_DONTWAIT);

			k += sent > 0 ? (unsigned)sent : 1;
		}
	}
}

double bare_round(struct bare *b, unsigned packets, uint32_t every_us)
{
	const uint64_t start = clock_read_us(CLOCK_THREAD_CPUTIME_ID);
	unsigned i;

	for (i = 0; i < packets; i++) {
		packet(b);
		if (every_us)
			(void)usleep(every_us);
	}
	return (double)(clock_read_us(CLOCK_THREAD_CPUTIME_ID) - start) /
	       (packets * b->n);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file outq.c  Datagrams of one worker on their way out, sent in batches
 */
#include <errno.h>
#include <string.h>
#include "mixer/outq.h"

void outq_init(struct outq *q, struct stats *stats)
{
	unsigned i;

	memset(q, 0, sizeof(*q));
	q->stats = stats;
	for (i = 0; i < OUTQ_MAX; i++) {
		q->v[i].iov[0].iov_base = q->v[i].hdr;
		q->mm[i].msg_hdr.msg_iovlen = 2;
	}
}

/* Messages that the kernel did not take: true if the next one may fare
 * better, false if this socket is full and would refuse them all. */
static bool passes_over(struct outq *q, int err, unsigned left)
{
	if (err == EAGAIN || err == EWOULDBLOCK || err == ENOBUFS) {
		stats_add(q->stats, STAT(tx_short), left);
		return false;
	}
	stats_add(q->stats, STAT(tx_errors), 1);
	return true;
}

static unsigned send_all(struct outq *q, int fd, unsigned n)
{
	unsigned i = 0, sent = 0;

	while (i < n) {
		const int k = sendmmsg(fd, &q->mm[i], n - i, MSG_DONTWAIT);

		if (k > 0) {
			i += (unsigned)k;
			sent += (unsigned)k;
		} else if (k < 0 && errno == EINTR) {
			continue;
		} else if (passes_over(q, k < 0 ? errno : EIO, n - i)) {
			i++;
		} else {
			break;
		}
	}
	return sent;
}

static size_t stat_of(enum port_kind kind)
{
	switch (kind) {
	case PORT_RTP:
		return STAT(tx_rtp);
	case PORT_RTCP:
		return STAT(tx_rtcp);
	case PORT_FLOOR:
		return STAT(tx_floor);
	}
	return STAT(tx_packets);
}

static void sock_flush(struct outq *q, struct sock *s)
{
	unsigned n = 0, sent;
	int i;

	for (i = s->out_head; i >= 0; i = q->v[i].next) {
		struct msghdr *m = &q->mm[n++].msg_hdr;

		m->msg_name = (void *)&q->v[i].to->u;
		m->msg_namelen = q->v[i].to->len;
		m->msg_iov = q->v[i].iov;
	}
	s->out_head = -1;
	sent = send_all(q, s->fd, n);
	stats_add(q->stats, STAT(tx_packets), sent);
	stats_add(q->stats, stat_of(s->kind), sent);
}

void outq_flush(struct outq *q)
{
	unsigned i;

	for (i = 0; i < q->sockc; i++)
		sock_flush(q, q->sockv[i]);
	q->n = q->sockc = 0;
	q->scratch_used = 0;
}

void outq_copy(struct outq *q, struct sock *s, const struct sa *to,
	       const void *p, size_t len)
{
	uint8_t *copy = outq_room(q, len);

	memcpy(copy, p, len);
	outq_room_used(q, len);
	outq_push(q, s, to, 0, copy, len);
}

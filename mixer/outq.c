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

static bool is_full(int err)
{
	return err == EAGAIN || err == EWOULDBLOCK || err == ENOBUFS;
}

/* One that cannot be sent is passed over, the next one may fare better; a
 * socket that is full would refuse them all.
 * @return those that are done with, one way or the other */
static unsigned send_all(struct outq *q, int fd, unsigned n, unsigned *sentp)
{
	unsigned i = 0;

	while (i < n) {
		const int k = sendmmsg(fd, &q->mm[i], n - i, MSG_DONTWAIT);

		if (k > 0) {
			i += (unsigned)k;
			*sentp += (unsigned)k;
		} else if (k < 0 && errno == EINTR) {
			continue;
		} else if (k < 0 && is_full(errno)) {
			break;
		} else {
			stats_add(q->stats, STAT(tx_errors), 1);
			i++;
		}
	}
	return i;
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

/* @return how many it had no room for: they stay queued */
static unsigned sock_flush(struct outq *q, struct sock *s)
{
	unsigned n = 0, sent = 0, done;
	int i;

	for (i = s->out_head; i >= 0; i = q->v[i].next) {
		struct msghdr *m = &q->mm[n++].msg_hdr;

		m->msg_name = (void *)&q->v[i].to->u;
		m->msg_namelen = q->v[i].to->len;
		m->msg_iov = q->v[i].iov;
	}
	done = send_all(q, s->fd, n, &sent);
	stats_add(q->stats, STAT(tx_packets), sent);
	stats_add(q->stats, stat_of(s->kind), sent);
	n -= done;
	if (!n)
		s->out_head = -1;
	for (; n && done; done--)
		s->out_head = q->v[s->out_head].next;
	return n;
}

/* What a socket was too full for is tried once more when the others have had
 * their turn: its device has sent on meanwhile. It is not kept any longer,
 * payloads are in buffers that are about to be read into, and to wait would
 * delay everybody. */
void outq_flush(struct outq *q)
{
	unsigned i, left = 0;

	for (i = 0; i < q->sockc; i++)
		left += sock_flush(q, q->sockv[i]);
	for (i = 0; left && i < q->sockc; i++) {
		struct sock *s = q->sockv[i];

		if (s->out_head >= 0)
			stats_add(q->stats, STAT(tx_short), sock_flush(q, s));
		s->out_head = -1;
	}
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

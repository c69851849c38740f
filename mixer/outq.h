/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file outq.h  Datagrams of one worker on their way out, sent in batches
 *
 * Each has a header of its own and a payload that it may share: the payload
 * is not copied, it stays where it is until outq_flush(). What goes out by
 * one socket leaves in one sendmmsg(), whatever lies between in the queue;
 * order is kept within a socket. A datagram that cannot be sent is counted
 * and passed over, it does not hold up the next one; what a socket is too full
 * for, twice, is counted and given up, with all behind it in that socket.
 */
#ifndef HL_MIXER_OUTQ_H
#define HL_MIXER_OUTQ_H

#include <sys/socket.h>
#include <sys/uio.h>
#include "mixer/port.h"
#include "mixer/stats.h"

enum {
	OUTQ_MAX = 128,
	OUTQ_HDR_BYTES = 16,
	/** A batch of telephony fits, encrypted */
	OUTQ_SCRATCH_BYTES = 32768
};

struct out {
	struct iovec iov[2]; /**< hdr, payload */
	const struct sa *to;
	int next;            /**< Of the same socket; -1: last */
	uint8_t hdr[OUTQ_HDR_BYTES];
};

struct outq {
	struct stats *stats;
	unsigned n;
	unsigned sockc;
	struct sock *sockv[OUTQ_MAX]; /**< That have something to send */
	size_t scratch_used;
	struct out v[OUTQ_MAX];
	struct mmsghdr mm[OUTQ_MAX];
	uint8_t scratch[OUTQ_SCRATCH_BYTES];
};

void outq_init(struct outq *q, struct stats *stats);
void outq_flush(struct outq *q);

/** Where to write the next datagram's header, OUTQ_HDR_BYTES at most. It is
 *  not queued before outq_push(), and may be given up. */
static inline uint8_t *outq_hdr(struct outq *q)
{
	if (q->n == OUTQ_MAX)
		outq_flush(q);
	return q->v[q->n].hdr;
}

/**
 * Queue the datagram whose header was written
 *
 * @param s       Socket to send from
 * @param to      Destination; stays valid until outq_flush()
 * @param hdr_len Bytes of the header
 * @param p       Payload, stays valid until outq_flush()
 */
static inline void outq_push(struct outq *q, struct sock *s,
			     const struct sa *to, size_t hdr_len,
			     const void *p, size_t len)
{
	const int i = (int)q->n++;
	struct out *o = &q->v[i];

	o->iov[0].iov_len = hdr_len;
	o->iov[1].iov_base = (void *)p;
	o->iov[1].iov_len = len;
	o->to = to;
	o->next = -1;
	if (s->out_head < 0) {
		s->out_head = i;
		q->sockv[q->sockc++] = s;
	} else {
		q->v[s->out_tail].next = i;
	}
	s->out_tail = i;
}

/** Where to write the payload of a datagram that is made on the spot, size
 *  bytes at most. It is kept by outq_room_used(), and outq_push() follows. */
static inline uint8_t *outq_room(struct outq *q, size_t size)
{
	if (q->n == OUTQ_MAX || q->scratch_used + size > OUTQ_SCRATCH_BYTES)
		outq_flush(q);
	return &q->scratch[q->scratch_used];
}

static inline void outq_room_used(struct outq *q, size_t len)
{
	q->scratch_used += len;
}

/** Queue a datagram made on the spot: it is copied.
 *  len <= OUTQ_SCRATCH_BYTES */
void outq_copy(struct outq *q, struct sock *s, const struct sa *to,
	       const void *p, size_t len);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file send.c  RTP and RTCP of a leg on their way out
 */
#include <string.h>
#include "mixer/send.h"

void leg_send_sealed(struct worker *w, struct leg *leg,
		     const struct burst_stamp *stamp, const uint8_t *p,
		     size_t len)
{
	uint8_t *out = outq_room(&w->outq, len + SRTPW_RTP_BYTES_MAX);
	uint8_t *hdr = outq_hdr(&w->outq);
	size_t n;

	if (!stream_put(&leg->out, stamp, leg->pt, w->now, hdr)) {
		STAT_INC(w, drop_late);
		return;
	}
	if (!secure_seal(w, leg, hdr, p, len, out, &n))
		return;
	outq_room_used(&w->outq, n);
	outq_push(&w->outq, worker_sock(w, leg->triple, PORT_RTP),
		  &leg->rtp.addr, RTPW_HEADER_BYTES, out, n);
	leg_sent(leg, len);
}

void leg_send_rtcp(struct worker *w, struct leg *leg, const uint8_t *p,
		   size_t len)
{
	const enum port_kind kind = leg_rtcp_kind(leg);
	const struct latch *l = leg_latch(leg, kind);
	const size_t size = len + SRTPW_RTCP_BYTES_MAX;
	uint8_t *out;
	size_t n = len;

	if (!latch_sends(l))
		return;
	out = outq_room(&w->outq, size);
	memcpy(out, p, len);
	if (secure_is(leg->secure) &&
	    !secure_seal_rtcp(w, leg, out, len, size, &n))
		return;
	outq_room_used(&w->outq, n);
	outq_push(&w->outq, worker_sock(w, leg->triple, kind), &l->addr, 0,
		  out, n);
}

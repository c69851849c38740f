/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file send.c  RTP and RTCP of a leg on their way out
 */
#include "mixer/send.h"

void leg_send_rtcp(struct worker *w, struct leg *leg, const uint8_t *p,
		   size_t len)
{
	const struct latch *l = leg->mux ? &leg->rtp : &leg->rtcp;
	const enum port_kind kind = leg->mux ? PORT_RTP : PORT_RTCP;

	if (latch_sends(l))
		outq_copy(&w->outq, worker_sock(w, leg->triple, kind),
			  &l->addr, p, len);
}

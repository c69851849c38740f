/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file send.c  RTP and RTCP of a leg on their way out
 */
#include "mixer/send.h"

void leg_send_rtcp(struct worker *w, struct leg *leg, const uint8_t *p,
		   size_t len)
{
	if (latch_sends(&leg->rtcp))
		outq_copy(&w->outq, worker_sock(w, leg->triple, PORT_RTCP),
			  &leg->rtcp.addr, p, len);
}

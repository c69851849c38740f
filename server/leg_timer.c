/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/leg.h"

static void due_h(void *arg)
{
	struct leg *leg = arg;

	switch (sesstimer_due(&leg->timer, tmr_jiffies(), &(uint64_t){ 0 })) {

	case SESSTIMER_WAIT:
		if (!leg->timer.interval_s)
			leg_probe(leg);
		break;

	case SESSTIMER_REFRESH:
		sesstimer_tried(&leg->timer, tmr_jiffies());
		leg_modify(leg, WANT_REFRESH);
		break;

	case SESSTIMER_END:
		++leg->srv->st.lost;
		leg_down(leg, 408, "the session was not refreshed", true);
		return;
	}

	leg_timer_set(leg);
}

/* Legs that came up together are not asked together. */
static uint64_t probe_ms(const struct leg *leg)
{
	const uint32_t ms = 1000 * leg->srv->cfg.probe_s;

	return ms - rand_u32() % (ms / 4);
}

void leg_timer_set(struct leg *leg)
{
	uint64_t wait_ms;

	if (!leg_is_up(leg))
		return;

	/* An answer that came late may find the next try due at once */
	if (sesstimer_due(&leg->timer, tmr_jiffies(), &wait_ms) !=
	    SESSTIMER_WAIT)
		wait_ms = 0;

	if (!leg->timer.interval_s && !leg->srv->cfg.probe_s)
		tmr_cancel(&leg->tmr_session);
	else
		tmr_start(&leg->tmr_session, leg->timer.interval_s ?
			  MIN(wait_ms, (uint64_t)UINT32_MAX) : probe_ms(leg),
			  due_h, leg);
}

void leg_peer_learn(struct leg *leg, const struct sip_msg *msg)
{
	if (!sip_msg_hdr(msg, SIP_HDR_ALLOW))
		return;

	leg->peer_update = sip_msg_hdr_has_value(msg, SIP_HDR_ALLOW,
						 "UPDATE");
	leg->peer_options = sip_msg_hdr_has_value(msg, SIP_HDR_ALLOW,
						  "OPTIONS");
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file latch.c  Proof of source of one channel of a leg
 */
#include <string.h>
#include "mixer/latch.h"

void latch_reset(struct latch *l)
{
	memset(l, 0, sizeof(*l));
}

void latch_set(struct latch *l, const struct sa *sdp, const struct sa *flow)
{
	const bool direct = sa_cmp(sdp, flow, SA_ADDR);
	const bool same = l->state != LATCH_CLOSED &&
			  l->sdp_port == sa_port(sdp) &&
			  l->sdp_direct == direct;

	if (!sa_isset(sdp, SA_ALL) || !sa_port(sdp)) {
		latch_reset(l);
		return;
	}
	l->old = latch_sends(l) ? sa_port(&l->addr) : 0;
	l->sdp_port = sa_port(sdp);
	l->sdp_direct = direct;
	l->state = LATCH_OPEN;
	/* An SDP that says what the last one said does not undo what was
	 * learnt since. */
	if (direct && !same)
		l->addr = *sdp;
}

void latch_move(struct latch *l, const struct sa *src)
{
	l->addr = *src;
	l->old = 0;
	l->state = LATCH_DONE;
}

bool latch_is(const struct latch *l, const struct sa *src)
{
	return latch_sends(l) && sa_cmp(&l->addr, src, SA_ALL);
}

enum latch_verdict latch_check(struct latch *l, const struct sa *src,
			       bool window)
{
	const bool is = latch_is(l, src);

	switch ((enum latch_state)l->state) {
	case LATCH_CLOSED:
		return LATCH_UNLATCHED;
	case LATCH_DONE:
		return is ? LATCH_OK : LATCH_FOREIGN;
	case LATCH_OPEN:
		break;
	}
	/* Packets from where the terminal was before are still under way:
	 * they prove nothing about where it is going to be. */
	if (l->old && sa_port(src) == l->old)
		return is || window ? LATCH_OK : LATCH_UNLATCHED;
	if (!is && !window)
		return LATCH_UNLATCHED;
	latch_move(l, src);
	return LATCH_LEARNT;
}

enum latch_verdict latch_prove(struct latch *l, const struct sa *src,
			       bool newest)
{
	const bool first = l->state == LATCH_OPEN;
	const bool is = latch_is(l, src);

	if (l->state == LATCH_CLOSED)
		return LATCH_UNLATCHED;
	if (!newest || (is && !first))
		return LATCH_OK;
	latch_move(l, src);
	return first ? LATCH_LEARNT : LATCH_MOVED;
}

bool latch_hint(struct latch *l, const struct sa *src, bool window)
{
	if (latch_is(l, src))
		return true;
	if (l->state != LATCH_OPEN || !window)
		return false;
	l->addr = *src;
	return true;
}

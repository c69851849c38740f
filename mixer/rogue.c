/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rogue.c  Legs that send speech without the floor
 */
#include "mixer/floorchan.h"
#include "mixer/rogue.h"

void rogue_wait(const struct worker *w, struct leg *leg, uint32_t ms)
{
	leg->rogue_at = holds_clock(w->now) + ms;
	leg->rogue_n = 0;
}

/* What it waits for already, if anything, is near; anything else was long
 * ago, and its time has wrapped. */
void rogue_begin(const struct worker *w, struct leg *leg)
{
	const uint32_t left = leg->rogue_at - holds_clock(w->now);

	if (left < ROGUE_BEGIN_MS || left > HOLD_ASKED_MS)
		rogue_wait(w, leg, ROGUE_BEGIN_MS);
}

void rogue_tell(struct worker *w, struct leg *leg)
{
	leg->rogue_at = holds_clock(w->now) + ROGUE_REPEAT_MS;
	if (leg->rogue_n == ROGUE_MAX || leg_by_keys(leg) || !leg->recv ||
	    leg->queued || leg->voice)
		return;
	leg->rogue_n++;
	STAT_INC(w, rogue_revokes);
	floorchan_stop(w, leg);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file hear.c  Whom a leg hears, of the bridges that it is a member of
 */
#include "mixer/floorchan.h"
#include "mixer/hear.h"

static unsigned rank(const struct leg *leg, const struct part *part)
{
	const struct seat *sel = leg_sel(leg);

	return (part->mood.tier * 256u + part->priority) * 2 +
	       (sel && sel->part == part);
}

static bool takes_over(const struct worker *w, const struct leg *leg,
		       const struct part *part)
{
	return !leg->hear || rank(leg, part) > rank(leg, leg->hear) ||
	       w->now - leg->out.us >= HEAR_US;
}

bool hear_turn(struct worker *w, struct leg *leg, struct part *part,
	       const struct speech_down *sp)
{
	if (leg->player && !player_yields(w, leg, part->id, sp->burst))
		return false;
	/* A latecomer goes on to it when it has heard the one before */
	if (leg->late && leg->hear == part)
		return false;
	if (leg->hear != part && (leg->talk || !takes_over(w, leg, part)))
		return false;
	late_stop(w, leg);
	leg->hear = part;
	leg->hear_burst = sp->burst;
	hear_tell(w, leg, false);
	if (late_start(w, leg, part))
		return false;
	stream_burst(&leg->out, &sp->stamp, w->now);
	return true;
}

/* Whose Taken its terminal has to know; NULL: Idle */
static const struct part *shown(const struct leg *leg)
{
	const struct seat *sel = leg_sel(leg);

	if (leg->hear)
		return leg->hear;
	return sel && sel->part->talker && sel->part->talker != leg->id
		       ? sel->part
		       : NULL;
}

void hear_tell(struct worker *w, struct leg *leg, bool again)
{
	const struct part *part = shown(leg);

	/* What a latecomer is told is what it hears */
	if (!again && leg->late && leg->hear->burst != leg->hear_burst)
		return;
	/* Granted has told it enough */
	if (leg->talk)
		return;
	if (!again && leg->told == part &&
	    (!part || leg->told_burst == part->burst))
		return;
	leg->told = part;
	leg->told_burst = part ? part->burst : 0;
	if (part)
		floorchan_taken(w, leg, part);
	else
		floorchan_idle(w, leg);
}

void hear_none(struct leg *leg, const struct part *part)
{
	leg->hear = NULL;
	leg->told = part;
	leg->told_burst = 0;
}

void hear_forget(struct leg *leg, const struct part *part)
{
	if (leg->hear == part)
		leg->hear = NULL;
	if (leg->talk == part) {
		leg->talk = NULL;
		leg->talks = false;
	}
}

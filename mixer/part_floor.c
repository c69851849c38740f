/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file part_floor.c  What the floor of a bridge decided, for those of its
 * members that live on one worker
 */
#include <string.h>
#include "mixer/floorchan.h"
#include "mixer/hear.h"
#include "mixer/part.h"
#include "mixer/rogue.h"
#include "mixer/voice.h"

static bool is_selected(const struct leg *leg, const struct part *part)
{
	const struct seat *sel = leg_sel(leg);

	return sel && sel->part == part;
}

/* Who lost the floor without being told to stop hears of it */
static void talk_end(struct worker *w, struct part *part, bool lost)
{
	struct leg *leg = NULL;

	if (id_worker(part->talker) == w->idx)
		leg = leg_get(&w->legs, part->talker);
	if (leg && leg->talk == part) {
		leg->talk = NULL;
		leg->talks = leg->talks && lost;
		rogue_wait(w, leg, ROGUE_STOP_MS);
	}
	part->talker = 0;
	if (leg && lost)
		floorchan_lost(w, leg);
}

static void talker_note(const struct worker *w, struct part *part,
			const struct floor_down *fd)
{
	if (part->burst != fd->burst)
		part->taken_us = w->now;
	part->talker = fd->who;
	part->burst = fd->burst;
	part->priority = fd->priority;
	part->members = fd->members;
	memcpy(part->uri, fd->uri, sizeof(part->uri));
	memcpy(part->name, fd->name, sizeof(part->name));
}

/* Said of the burst that they know of: something of it has changed */
static bool is_told(const struct leg *leg, const struct part *part,
		    uint32_t burst)
{
	return leg->told == part && leg->told_burst == burst;
}

static void taken_all(struct worker *w, struct part *part,
		      struct leg *talker, const struct floor_down *fd)
{
	uint32_t i;

	if (part->talker != fd->who)
		talk_end(w, part, fd->lost);
	talker_note(w, part, fd);
	for (i = 0; i < part->n; i++) {
		struct leg *leg = part_leg(w, &part->earv[i]);

		if (leg->id != fd->who)
			hear_tell(w, leg, is_told(leg, part, fd->burst));
	}
	/* Now that all know who talks */
	if (!talker || talker->talk != part)
		return;
	holds_send(w, talker);
	voice_granted(w, talker);
}

static void idle_all(struct worker *w, struct part *part,
		     const struct floor_down *fd)
{
	uint32_t i;

	talk_end(w, part, fd->lost);
	for (i = 0; i < part->n; i++) {
		struct leg *leg = part_leg(w, &part->earv[i]);

		/* A latecomer has still to hear the rest */
		if (leg->hear == part && !leg->late) {
			leg->hear = NULL;
			voice_plays(leg, w->now);
			player_end(w, leg);
		}
		hear_tell(w, leg,
			  fd->repeat && !leg->hear && is_selected(leg, part));
	}
	late_over(&part->keep);
}

/* One member is told how things are: it has just come */
static void tell_one(struct worker *w, struct part *part,
		     const struct floor_down *fd)
{
	struct leg *leg = leg_get(&w->legs, fd->to);

	if (fd->type == FLOOR_ACT_TAKEN)
		talker_note(w, part, fd);
	else
		talk_end(w, part, false);
	if (leg && is_selected(leg, part))
		hear_tell(w, leg, true);
}

/* It has asked another since, waits or speaks there: its terminal would take an
 * answer of this one for one of that */
static bool is_engaged(const struct leg *leg, const struct part *part)
{
	const struct seat *sel = leg_sel(leg);

	return sel && sel->part != part &&
	       (leg->asks || leg->queued || leg->talk == sel->part);
}

static void denied(struct worker *w, const struct part *part, struct leg *leg,
		   const struct floor_down *fd)
{
	if (leg && !is_engaged(leg, part))
		floorchan_deny(w, leg, fd);
}

/* It has asked, and left before the answer came: its home ends the burst when
 * it learns of that, which it need not say here */
static void granted_stranger(struct worker *w, const struct part *part,
			     struct leg *leg, const struct floor_down *fd)
{
	const struct floor_down no = {.bridge = fd->bridge,
				      .type = FLOOR_ACT_DENY,
				      .who = fd->who,
				      .reason = TBCP_DENY_INTERNAL};

	denied(w, part, leg, &no);
}

/* It has asked, and selected another before the answer came: it cannot speak
 * here, and gives the floor back */
static void granted_elsewhere(struct worker *w, struct leg *leg,
			      const struct seat *seat,
			      const struct floor_down *fd)
{
	granted_stranger(w, seat->part, leg, fd);
	floorchan_let_go(w, leg, seat);
}

static void granted(struct worker *w, struct part *part, struct leg *leg,
		    const struct floor_down *fd)
{
	const struct seat *seat = leg ? seats_find(leg->seats, part) : NULL;

	if (!leg)
		return;
	if (!seat) {
		granted_stranger(w, part, leg, fd);
		return;
	}
	if (leg_sel(leg) != seat) {
		granted_elsewhere(w, leg, seat, fd);
		return;
	}
	talk_end(w, part, fd->lost);
	part->talker = fd->who;
	leg->talk = part;
	leg->asks = leg->queued = false;
	late_stop(w, leg);
	nap_speech(&w->nap, w->now);
	hear_none(leg, part);
	floorchan_granted(w, leg, fd);
}

void part_floor(struct worker *w, const struct floor_down *fd)
{
	struct part *part = part_get(w, fd->bridge);
	struct leg *leg = NULL;

	if (!part)
		return;
	/* A refusal of who is no member comes from nobody who knows */
	if (fd->type != FLOOR_ACT_DENY)
		part->mood = fd->mood;
	if (id_worker(fd->who) == w->idx)
		leg = leg_get(&w->legs, fd->who);
	switch (fd->type) {
	case FLOOR_ACT_GRANTED:
		granted(w, part, leg, fd);
		break;
	case FLOOR_ACT_TAKEN:
		if (!part->n)
			break;
		if (fd->to)
			tell_one(w, part, fd);
		else
			taken_all(w, part, leg, fd);
		break;
	case FLOOR_ACT_IDLE:
		if (fd->to)
			tell_one(w, part, fd);
		else
			idle_all(w, part, fd);
		break;
	case FLOOR_ACT_DENY:
		denied(w, part, leg, fd);
		break;
	case FLOOR_ACT_REVOKE:
		if (leg && !is_engaged(leg, part))
			floorchan_revoke(w, leg, fd);
		break;
	case FLOOR_ACT_WARN:
		if (leg && leg->talk == part)
			floorchan_warn(w, leg, fd);
		break;
	case FLOOR_ACT_UNQUEUED:
		/* It may wait elsewhere by now */
		if (leg && is_selected(leg, part))
			leg->queued = false;
		break;
	case FLOOR_ACT_QUEUE:
	case FLOOR_ACT_MOVED:
	case FLOOR_ACT_INACTIVE:
	case FLOOR_ACT_ENDED:
		break;
	}
}

void part_queue(struct worker *w, const struct queue_down *qd)
{
	struct part *part = part_get(w, qd->bridge);
	uint32_t i;

	if (!part)
		return;
	part->mood = qd->mood;
	for (i = 0; i < qd->n; i++) {
		struct leg *leg = leg_get(&w->legs, qd->v[i].leg);

		if (leg && is_selected(leg, part))
			floorchan_queued(w, leg, &qd->v[i]);
	}
}

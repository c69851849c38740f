/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file part.c  A bridge's part on one worker: the members that live there
 */
#include <string.h>
#include "mixer/floorchan.h"
#include "mixer/hear.h"
#include "mixer/part.h"
#include "mixer/send.h"
#include "mixer/voice.h"

enum { PREFETCH = 4 };

struct part *part_alloc(mixer_bridge_id id, uint32_t cap)
{
	struct part *part = mem_zalloc(
		sizeof(*part) + cap * sizeof(part->earv[0]), NULL);

	if (part) {
		part->id = id;
		part->cap = cap;
	}
	return part;
}

struct part *part_get(const struct worker *w, mixer_bridge_id id)
{
	struct part *part = w->partv[id_slot(id)];

	return part && part->id == id ? part : NULL;
}

/* --- members ----------------------------------------------------------- */

/* Everything that points to a part moves with it */
static void part_move(struct worker *w, struct part *from, struct part *to)
{
	uint32_t i;

	to->talker = from->talker;
	to->n = from->n;
	to->burst = from->burst;
	to->priority = from->priority;
	to->mood = from->mood;
	to->taken_us = from->taken_us;
	to->speech_us = from->speech_us;
	to->members = from->members;
	to->keep = from->keep;
	memcpy(to->uri, from->uri, sizeof(to->uri));
	memcpy(to->name, from->name, sizeof(to->name));
	memcpy(to->earv, from->earv, from->n * sizeof(to->earv[0]));
	for (i = 0; i < to->n; i++) {
		struct leg *leg = part_leg(w, &to->earv[i]);

		seats_find(leg->seats, from)->part = to;
		if (leg->hear == from)
			leg->hear = to;
		if (leg->talk == from)
			leg->talk = to;
		if (leg->told == from)
			leg->told = to;
	}
}

static void ear_add(struct part *part, const struct leg *leg, uint32_t slot,
		    bool may_listen)
{
	uint32_t i = part->n++;

	while (i && part->earv[i - 1].triple > leg->triple) {
		part->earv[i] = part->earv[i - 1];
		i--;
	}
	part->earv[i] = (struct ear){slot, leg->triple, may_listen};
}

static struct ear *ear_of(struct part *part, uint32_t slot)
{
	uint32_t i;

	for (i = 0; i < part->n; i++)
		if (part->earv[i].slot == slot)
			return &part->earv[i];
	return NULL;
}

/* What signalling has grown takes the place of what was */
static void grow(struct worker *w, struct leg *leg, const struct cmd *c)
{
	struct part **slot = &w->partv[id_slot(c->bridge)];

	if (c->u.join.part) {
		if (*slot)
			part_move(w, *slot, c->u.join.part);
		mem_deref(*slot);
		*slot = c->u.join.part;
	}
	if (c->u.join.seats && leg)
		seats_move(&leg->seats, c->u.join.seats);
	else
		mem_deref(c->u.join.seats);
}

void part_join(struct worker *w, const struct cmd *c)
{
	struct leg *leg = leg_get(&w->legs, c->leg);
	struct part *part;
	struct seat *seat;

	grow(w, leg, c);
	part = part_get(w, c->bridge);
	seat = leg ? seats_free(leg->seats) : NULL;
	if (!seat || !part || part->n == part->cap)
		return;
	seat->part = part;
	seat->member = c->member & INT32_MAX;
	seat->mute = !c->u.join.may_talk;
	ear_add(part, leg, id_slot(c->leg), c->u.join.may_listen);
	if (leg->sel == SEAT_NONE)
		leg->sel = seats_no(leg->seats, seat);
}

void part_set(struct worker *w, const struct cmd *c)
{
	struct part *part = part_get(w, c->bridge);
	struct ear *ear = part ? ear_of(part, id_slot(c->leg)) : NULL;
	struct leg *who = leg_get(&w->legs, c->leg);

	if (!ear || !who)
		return;
	ear->may_listen = c->u.join.may_listen;
	seats_find(who->seats, part)->mute = !c->u.join.may_talk;
	/* What was said before is not for it either */
	if (!ear->may_listen && who->hear == part)
		late_drop(w, who);
}

/* Nobody of the bridge is here any more, and its home will not say when the
 * burst is over */
static void emptied(struct part *part)
{
	replay_unref(part->keep.r);
	part->keep = (struct keep){.r = NULL};
	part->talker = 0;
}

static void ear_del(struct part *part, uint32_t slot)
{
	struct ear *ear = ear_of(part, slot);

	if (!ear)
		return;
	part->n--;
	memmove(ear, ear + 1,
		(size_t)(&part->earv[part->n] - ear) * sizeof(*ear));
	if (!part->n)
		emptied(part);
}

static void select_seat(struct worker *w, struct leg *leg, struct seat *seat)
{
	const struct seat *sel = leg_sel(leg);

	voice_leaves(w, leg);
	if (sel && (leg->talk == sel->part || leg->asks || leg->queued)) {
		floorchan_let_go(w, leg, sel);
		leg->talk = NULL;
		leg->talks = leg->asks = leg->queued = false;
	}
	leg->sel = seats_no(leg->seats, seat);
	hear_tell(w, leg, true);
}

/* What the leg loses when it is no member any more. Its terminal must not
 * believe that the burst goes on. Signalling keeps the same list of seats and
 * selects by the same rule: the first that is taken. */
static void unseat(struct worker *w, struct leg *leg, struct seat *seat)
{
	const bool selected = leg_sel(leg) == seat;

	if (leg->hear == seat->part)
		late_stop(w, leg);
	hear_forget(leg, seat->part);
	memset(seat, 0, sizeof(*seat));
	if (selected) {
		leg->sel = seats_no(leg->seats, seats_first(leg->seats));
		leg->asks = leg->queued = false;
	}
	hear_tell(w, leg, selected && leg->sel != SEAT_NONE);
}

void part_leave(struct worker *w, mixer_bridge_id id, mixer_leg_id leg_id)
{
	struct part *part = part_get(w, id);
	struct leg *leg = leg_get(&w->legs, leg_id);
	struct seat *seat = part && leg ? seats_find(leg->seats, part) : NULL;

	if (!seat)
		return;
	ear_del(part, id_slot(leg_id));
	unseat(w, leg, seat);
}

void part_leg_del(struct worker *w, mixer_leg_id leg_id)
{
	struct leg *leg = leg_get(&w->legs, leg_id);
	uint32_t i;

	if (leg)
		late_stop(w, leg);
	for (i = 0; leg && leg->seats && i < leg->seats->cap; i++)
		if (leg->seats->v[i].part)
			ear_del(leg->seats->v[i].part, id_slot(leg_id));
}

void part_del(struct worker *w, mixer_bridge_id id)
{
	struct part *part = part_get(w, id);
	uint32_t i;

	if (!part)
		return;
	for (i = 0; i < part->n; i++) {
		struct leg *leg = part_leg(w, &part->earv[i]);

		unseat(w, leg, seats_find(leg->seats, part));
	}
	w->partv[id_slot(id)] = NULL;
	replay_unref(part->keep.r);
	mem_deref(part);
}

void part_select(struct worker *w, mixer_leg_id leg_id, mixer_bridge_id id)
{
	struct leg *leg = leg_get(&w->legs, leg_id);
	const struct part *part = part_get(w, id);
	struct seat *seat = leg && part ? seats_find(leg->seats, part) : NULL;

	if (seat && leg_sel(leg) != seat)
		select_seat(w, leg, seat);
}

/* --- speech ------------------------------------------------------------ */

static void speech_to(struct worker *w, struct leg *leg,
		      struct part *part, const struct speech_down *sp)
{
	if (!leg_sends(leg))
		return;
	if (leg->hear != part || leg->hear_burst != sp->burst) {
		if (!hear_turn(w, leg, part, sp))
			return;
	} else if (leg->late) {
		return;
	}
	if (stream_jumps(&leg->out, &sp->stamp))
		stream_burst(&leg->out, &sp->stamp, w->now);
	leg_send_rtp(w, leg, &sp->stamp, sp->p, sp->len);
}

/* The k-th member from i on, or NULL */
static const struct leg *ahead(struct worker *w, const struct part *part,
			       uint32_t i, uint32_t k)
{
	return i + k < part->n ? part_leg(w, &part->earv[i + k]) : NULL;
}

/* Member by member is a miss each: leg, what secures it, its key, its cipher.
 * Each is asked for when the one in front has come. */
static void speech_prefetch(struct worker *w, const struct part *part,
			    uint32_t i)
{
	const struct leg *leg = ahead(w, part, i, 4 * PREFETCH);

	if (leg) {
		__builtin_prefetch(leg, 1);
		__builtin_prefetch((const char *)leg + 64, 1);
	}
	leg = ahead(w, part, i, 3 * PREFETCH);
	if (leg && leg->secure)
		__builtin_prefetch(&leg->secure->tx);
	leg = ahead(w, part, i, 2 * PREFETCH);
	if (leg && leg->secure && leg->secure->tx)
		srtpw_prefetch(leg->secure->tx);
	leg = ahead(w, part, i, PREFETCH);
	if (leg && leg->secure && leg->secure->tx)
		srtpw_prefetch_cipher(leg->secure->tx);
}

void part_speech(struct worker *w, const struct speech_down *sp)
{
	struct part *part = part_get(w, sp->bridge);
	uint32_t talker = LEG_NONE, i;

	/* Under way when the last member left: nobody would let go of it */
	if (!part || !part->n)
		return;
	part->priority = sp->priority;
	part->mood.tier = sp->tier;
	part->speech_us = w->now;
	if (id_worker(sp->leg) == w->idx)
		talker = id_slot(sp->leg);
	late_keep(w, &part->keep, sp);
	if (sp->past)
		return;
	for (i = 0; i < part->n; i++) {
		const struct ear *ear = &part->earv[i];

		speech_prefetch(w, part, i);
		if (ear->may_listen && ear->slot != talker)
			speech_to(w, part_leg(w, ear), part, sp);
	}
}

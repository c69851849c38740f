/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file part.c  A bridge's part on one worker: the members that live there
 */
#include <string.h>
#include "mixer/floorchan.h"
#include "mixer/hear.h"
#include "mixer/part.h"
#include "mixer/rogue.h"
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

static struct leg *ear_leg(const struct worker *w, const struct ear *ear)
{
	return &w->legs.v[ear->slot];
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
		struct leg *leg = ear_leg(w, &to->earv[i]);

		seats_find(leg->seats, from)->part = to;
		if (leg->hear == from)
			leg->hear = to;
		if (leg->talk == from)
			leg->talk = to;
		if (leg->told == from)
			leg->told = to;
	}
}

static bool is_selected(const struct leg *leg, const struct part *part)
{
	const struct seat *sel = leg_sel(leg);

	return sel && sel->part == part;
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

static const struct floor_up let_go = {.type = FLOOR_EV_RELEASE};

static void select_seat(struct worker *w, struct leg *leg, struct seat *seat)
{
	const struct seat *sel = leg_sel(leg);

	voice_leaves(w, leg);
	if (sel && (leg->talk == sel->part || leg->asks || leg->queued)) {
		floorchan_ask(w, leg, sel, &let_go);
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
		struct leg *leg = ear_leg(w, &part->earv[i]);

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
	return i + k < part->n ? ear_leg(w, &part->earv[i + k]) : NULL;
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
			speech_to(w, ear_leg(w, ear), part, sp);
	}
}

/* --- floor ------------------------------------------------------------- */

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
		struct leg *leg = ear_leg(w, &part->earv[i]);

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
		struct leg *leg = ear_leg(w, &part->earv[i]);

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
	floorchan_ask(w, leg, seat, &let_go);
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

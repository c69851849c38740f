/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file late.c  Latecomers of one worker: legs that hear a burst from its start
 */
#include <errno.h>
#include "mixer/hear.h"
#include "mixer/late.h"
#include "mixer/send.h"
#include "util/reserve.h"

static void timer_h(struct wheel_timer *t, void *arg);

int lates_init(struct lates *ls)
{
	ls->v = reserve_alloc(LATES_MAX * sizeof(*ls->v));
	return ls->v ? 0 : ENOMEM;
}

void lates_fini(struct lates *ls)
{
	reserve_free(ls->v, LATES_MAX * sizeof(*ls->v));
	ls->v = NULL;
}

/* --- the burst ----------------------------------------------------------- */

static void give_up(struct worker *w, struct keep *k, uint32_t burst)
{
	STAT_INC(w, replay_full);
	k->unkept = burst;
	replay_unref(k->r);
	k->r = NULL;
}

/* Another one has begun */
static void burst_next(struct worker *w, struct keep *k, uint32_t burst)
{
	struct replay *was = k->r;
	struct replay *r = replay_open(&w->replays, burst);

	if (r && was && was->refs > 1)
		replay_chain(was, r);
	replay_unref(was);
	k->r = r;
	if (!r)
		give_up(w, k, burst);
}

void late_keep(struct worker *w, struct keep *k, const struct speech_down *sp)
{
	if (!w->replays.max || k->unkept == sp->burst)
		return;
	if (!k->r || k->r->burst != sp->burst)
		burst_next(w, k, sp->burst);
	if (!k->r)
		return;
	/* A chunk that is taken again may still be pointed to */
	if (replay_grows(k->r, sp->len))
		outq_flush(&w->outq);
	if (!replay_put(k->r, &sp->stamp, sp->at_us, sp->p, sp->len))
		give_up(w, k, sp->burst);
}

void late_over(struct keep *k)
{
	if (!k->r || k->r->refs > 1)
		return;
	replay_unref(k->r);
	k->r = NULL;
}

/* --- who hears it -------------------------------------------------------- */

static void free_place(struct worker *w, struct late *lt)
{
	wheel_cancel(&w->wheel, &lt->timer);
	replay_unref(lt->r);
	lt->leg->late = 0;
	lt->next = w->lates.free;
	w->lates.free = (uint16_t)(lt - w->lates.v + 1);
}

static struct late *take_place(struct lates *ls)
{
	struct late *lt = NULL;

	if (ls->free) {
		lt = &ls->v[ls->free - 1];
		ls->free = lt->next;
	} else if (ls->high < LATES_MAX) {
		lt = &ls->v[ls->high++];
	}
	return lt;
}

static void arm(struct worker *w, struct late *lt, uint64_t at_us)
{
	wheel_start(&w->wheel, &lt->timer, (at_us + 999) / 1000, timer_h);
}

bool late_start(struct worker *w, struct leg *leg, struct part *part)
{
	struct seat *seat = seats_find(leg->seats, part);
	struct late *lt;
	struct replay *r = part->keep.r;
	bool first;

	if (!seat || seat->heard == leg->hear_burst)
		return false;
	seat->heard = leg->hear_burst;
	first = r && replay_count(r) == 1 && !r->first;
	if (first || !r || r->burst != leg->hear_burst)
		return false;
	lt = take_place(&w->lates);
	if (!lt) {
		STAT_INC(w, replay_busy);
		return false;
	}
	lt->leg = leg;
	lt->r = replay_ref(r);
	lt->pace = (struct pace){.begun = false};
	leg->late = (uint16_t)(lt - w->lates.v + 1);
	STAT_INC(w, replays);
	arm(w, lt, w->now);
	return true;
}

/* Nobody else may read on, and the burst was over */
static void leave(struct worker *w, struct late *lt)
{
	struct leg *leg = lt->leg;
	struct part *part = part_get(w, leg->hear->id);

	free_place(w, lt);
	if (part && !part->talker)
		late_over(&part->keep);
}

void late_stop(struct worker *w, struct leg *leg)
{
	if (!leg->late)
		return;
	leave(w, &w->lates.v[leg->late - 1]);
	/* The next packet that it hears is the first of something */
	leg->hear_burst = 0;
}

static bool is_over(const struct late *lt)
{
	const struct part *part = lt->leg->hear;

	return !part->talker || part->burst != lt->r->burst;
}

/* What the burst's end has left for later is done */
static void quit(struct worker *w, struct late *lt)
{
	struct leg *leg = lt->leg;
	const bool over = is_over(lt);

	late_stop(w, leg);
	if (over)
		leg->hear = NULL;
	hear_tell(w, leg, false);
}

void late_drop(struct worker *w, struct leg *leg)
{
	if (leg->late)
		quit(w, &w->lates.v[leg->late - 1]);
}

/* It has heard all that was said so far, in a burst that goes on */
static void go_live(struct worker *w, struct late *lt)
{
	struct leg *leg = lt->leg;

	if (w->now < lt->pace.at_us + LATE_LIVE_US) {
		stream_skip(&leg->out, lt->pace.idx_off, lt->pace.ts_off);
		leave(w, lt);
	} else {
		quit(w, lt);
	}
}

/* ..of a burst that is over: the next one, or none
 * @return false: it hears nothing more */
static bool go_on(struct worker *w, struct late *lt)
{
	struct leg *leg = lt->leg;
	struct seat *seat = seats_find(leg->seats, leg->hear);
	struct replay *next = lt->r->next;

	if (!next) {
		quit(w, lt);
		player_end(w, leg);
		return false;
	}
	(void)replay_ref(next);
	replay_unref(lt->r);
	lt->r = next;
	lt->pace = (struct pace){.begun = false};
	leg->hear_burst = next->burst;
	if (seat)
		seat->heard = next->burst;
	hear_tell(w, leg, false);
	arm(w, lt, w->now);
	return true;
}

static bool is_behind(const struct worker *w, const struct late *lt,
		      const struct replay_packet *pkt)
{
	return pkt->at_us + lt->r->pool->span_us + LATE_SLACK_US < w->now;
}

static void packet_send(struct worker *w, const struct late *lt,
			const struct replay_packet *pkt, bool first)
{
	struct leg *leg = lt->leg;

	if (first)
		stream_burst(&leg->out, &pkt->stamp, w->now);
	leg_send_rtp(w, leg, &pkt->stamp, pkt->p, pkt->len);
	STAT_INC(w, replay_packets);
}

/* @return false: nothing more is to be done now */
static bool step(struct worker *w, struct late *lt)
{
	const struct pace_speech sp = {
		.codec = (enum mixer_codec)lt->leg->codec,
		.clock_hz = lt->leg->clock_hz};
	const bool first = !lt->pace.begun;
	struct pace_out out;

	pace_step(&lt->pace, lt->r, &sp, w->now, &out);
	stats_add(&w->stats, STAT(replay_skipped_ms),
		  out.skipped / (sp.clock_hz / 1000));
	switch (out.type) {
	case PACE_SEND:
		if (is_behind(w, lt, &out.packet)) {
			quit(w, lt);
			return false;
		}
		packet_send(w, lt, &out.packet, first);
		return true;
	case PACE_WAIT:
		arm(w, lt, out.at_us);
		return false;
	case PACE_MORE:
		arm(w, lt, w->now);
		return false;
	case PACE_END:
		if (is_over(lt))
			return go_on(w, lt);
		go_live(w, lt);
		return false;
	}
	return false;
}

static void timer_h(struct wheel_timer *t, void *arg)
{
	struct late *lt = (struct late *)((char *)t -
					  offsetof(struct late, timer));
	struct worker *w = arg;
	unsigned n = 0;

	/* Held, or moved: there is nowhere to send to */
	if (!leg_sends(lt->leg)) {
		quit(w, lt);
		return;
	}
	while (n < LATE_BATCH && step(w, lt))
		n++;
	if (n == LATE_BATCH)
		arm(w, lt, w->now);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file holds.c  Legs of one worker whose speech waits for the floor
 */
#include <errno.h>
#include "mixer/holds.h"
#include "mixer/part.h"
#include "mixer/rogue.h"
#include "util/reserve.h"

_Static_assert((int)HOLD_PACKET_BYTES == SPEECH_BYTES_MAX, "any speech fits");

int holds_init(struct holds *hs)
{
	hs->v = reserve_alloc(HOLDS_MAX * sizeof(*hs->v));
	return hs->v ? 0 : ENOMEM;
}

void holds_fini(struct holds *hs)
{
	reserve_free(hs->v, HOLDS_MAX * sizeof(*hs->v));
	hs->v = NULL;
}

static struct held *held_of(struct worker *w, const struct leg *leg)
{
	return leg->hold ? &w->holds.v[leg->hold - 1] : NULL;
}

static struct held *held_new(struct holds *hs, struct leg *leg)
{
	struct held *hd;

	if (hs->free) {
		hd = &hs->v[hs->free - 1];
		hs->free = hd->next;
	} else if (hs->high < HOLDS_MAX) {
		hd = &hs->v[hs->high++];
	} else {
		return NULL;
	}
	hd->leg = leg;
	hd->asked = false;
	hold_init(&hd->hold);
	leg->hold = (uint16_t)(hd - hs->v + 1);
	hs->early++;
	return hd;
}

static void held_free(struct worker *w, struct held *hd)
{
	struct holds *hs = &w->holds;

	wheel_cancel(&w->wheel, &hd->timer);
	if (!hd->asked)
		hs->early--;
	hd->leg->hold = 0;
	hd->next = hs->free;
	hs->free = (uint16_t)(hd - hs->v + 1);
}

static void dropped(struct worker *w, unsigned n)
{
	stats_add(&w->stats, STAT(drop_not_holder), n);
}

void holds_drop(struct worker *w, struct leg *leg)
{
	struct held *hd = held_of(w, leg);

	if (!hd)
		return;
	dropped(w, hd->hold.n);
	held_free(w, hd);
}

static void timer_h(struct wheel_timer *t, void *arg);

static void arm(struct worker *w, struct held *hd, uint32_t ms)
{
	wheel_start(&w->wheel, &hd->timer, w->now / 1000 + ms, timer_h);
}

/* It speaks, or has until just now */
static bool speaks(const struct worker *w, const struct leg *leg)
{
	return holds_clock(w->now) - leg->spoke < HOLD_STALE_MS;
}

static void timer_h(struct wheel_timer *t, void *arg)
{
	struct held *hd = (struct held *)((char *)t -
					  offsetof(struct held, timer));
	struct worker *w = arg;

	if (hd->leg->queued && speaks(w, hd->leg))
		arm(w, hd, HOLD_ASKED_MS);
	else
		holds_drop(w, hd->leg);
}

void holds_ask(struct worker *w, struct leg *leg, mixer_bridge_id bridge)
{
	struct held *hd = held_of(w, leg);

	rogue_wait(w, leg, HOLD_ASKED_MS);
	/* What was said to another bridge is not for this one */
	if (hd && bridge && hd->bridge && hd->bridge != bridge) {
		holds_drop(w, leg);
		hd = NULL;
	}
	if (!hd)
		hd = held_new(&w->holds, leg);
	if (!hd) {
		STAT_INC(w, hold_full);
		return;
	}
	if (!hd->asked)
		w->holds.early--;
	hd->asked = true;
	hd->bridge = bridge;
	arm(w, hd, HOLD_ASKED_MS);
}

/* It begins to speak, and may have asked */
static struct held *early(struct worker *w, struct leg *leg, uint32_t pause)
{
	const struct seat *sel = leg_sel(leg);
	struct held *hd;

	if (pause < HOLD_PAUSE_MS || !sel || leg_by_keys(leg) ||
	    w->holds.early >= HOLDS_EARLY_MAX)
		return NULL;
	hd = held_new(&w->holds, leg);
	if (!hd)
		return NULL;
	hd->bridge = sel->part->id;
	arm(w, hd, HOLD_EARLY_MS);
	return hd;
}

/* It waits in the queue, and speaks */
static struct held *waiting(struct worker *w, struct leg *leg)
{
	const struct seat *sel = leg_sel(leg);

	if (!sel)
		return NULL;
	holds_ask(w, leg, sel->part->id);
	return held_of(w, leg);
}

bool holds_speech(struct worker *w, struct leg *leg,
		  const struct rtpw_hdr *hdr, const uint8_t *p)
{
	const uint32_t clock = holds_clock(w->now);
	const uint32_t pause = clock - leg->spoke;
	struct held *hd = held_of(w, leg);

	leg->spoke = clock;
	if (pause >= HOLD_PAUSE_MS)
		rogue_begin(w, leg);
	if (!hd)
		hd = leg->queued ? waiting(w, leg) : early(w, leg, pause);
	if (!hd)
		return false;
	dropped(w, hold_put(&hd->hold, hdr, p + hdr->payload, leg->clock_hz));
	return true;
}

void holds_send(struct worker *w, struct leg *leg)
{
	const struct seat *sel = leg_sel(leg);
	struct held *hd = held_of(w, leg);
	unsigned i;

	if (!hd)
		return;
	/* What was said long before the floor came is not for it */
	if (!sel || leg->talk != sel->part || !speaks(w, leg) ||
	    (hd->bridge && hd->bridge != sel->part->id)) {
		holds_drop(w, leg);
		return;
	}
	for (i = 0; i < hd->hold.n; i++) {
		const struct hold_packet *hp = hold_get(&hd->hold, i);

		rx_speech(w, leg, &hp->hdr, hp->data);
	}
	stats_add(&w->stats, STAT(held), hd->hold.n);
	/* What is queued points into the pool */
	if (hd->hold.n)
		outq_flush(&w->outq);
	held_free(w, hd);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file fill.c  The running burst, for a worker that has had no member of it
 */
#include <string.h>
#include "mixer/bridge.h"
#include "mixer/part.h"

static struct replay *kept(const struct bridge *b)
{
	const struct part *part = part_get(b->w, b->id);
	struct replay *r = b->on[b->w->idx] && part ? part->keep.r : b->keep.r;

	return r && r->burst == b->floor.burst ? r : NULL;
}

void fill_stop(struct bridge *b)
{
	if (!b->fill.r)
		return;
	wheel_cancel(&b->w->wheel, &b->fill.timer);
	replay_unref(b->fill.r);
	b->fill.r = NULL;
}

/* One packet more; the last one is to be heard, all before it to be kept
 * @return false: there is none, or no room for it now */
static bool packet_send(struct bridge *b, const struct member *talker)
{
	struct fill *f = &b->fill;
	struct replay_packet pkt, next;
	struct peer_msg *pm;

	if (!replay_get(f->r, &f->pos, &pkt)) {
		fill_stop(b);
		return false;
	}
	/* What finds no room is not lost, and does not count as lost: it is
	 * tried again */
	if (!slotq_has_room(b->w->to[f->to], PEER_KEEP))
		return false;
	pm = slotq_reserve(b->w->to[f->to]);
	replay_step(&f->pos, &pkt);
	pm->type = PEER_SPEECH_DOWN;
	pm->u.down = (struct speech_down){
		.bridge = b->id,
		.leg = talker->leg,
		.burst = f->r->burst,
		.priority = talker->fm.priority,
		.tier = (uint8_t)b->floor.tier,
		.past = replay_get(f->r, &f->pos, &next),
		.stamp = pkt.stamp,
		.at_us = pkt.at_us,
		.len = pkt.len};
	memcpy(pm->data, pkt.p, pkt.len);
	slotq_commit(b->w->to[f->to]);
	return true;
}

static void timer_h(struct wheel_timer *t, void *arg)
{
	struct bridge *b = (struct bridge *)((char *)t -
					     offsetof(struct bridge,
						      fill.timer));
	const struct member *talker = (struct member *)b->floor.holder;
	unsigned n = 0;

	(void)arg;
	while (talker && n < FILL_BATCH && packet_send(b, talker))
		n++;
	if (b->fill.r)
		wheel_start(&b->w->wheel, t, b->w->now / 1000 + 1, timer_h);
}

void fill_start(struct bridge *b, unsigned to)
{
	struct replay *r = kept(b);

	if (!r || b->fill.r)
		return;
	b->fill.r = replay_ref(r);
	b->fill.pos = (struct replay_pos){.no = 0};
	b->fill.to = to;
	wheel_start(&b->w->wheel, &b->fill.timer, b->w->now / 1000, timer_h);
}

void fill_here(struct bridge *b)
{
	struct part *part = part_get(b->w, b->id);

	if (!part || part->keep.r)
		return;
	part->keep = b->keep;
	b->keep = (struct keep){.r = NULL};
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floorchan_bfcp.c  A floor channel that speaks BFCP
 */
#include <errno.h>
#include "mixer/floorchan.h"
#include "mixer/floorchan_bfcp.h"
#include "util/reserve.h"

/* Whose state it is, for what bfloor calls */
struct side {
	struct worker *w;
	struct leg *leg;
};

struct bfcpchan *bfcpchans_alloc(uint32_t max)
{
	return reserve_alloc((size_t)max * sizeof(struct bfcpchan));
}

void bfcpchans_free(struct bfcpchan *v, uint32_t max)
{
	reserve_free(v, (size_t)max * sizeof(*v));
}

static struct bfcpchan *chan_of(const struct worker *w, const struct leg *leg)
{
	return &w->bfcpv[leg - w->legs.v];
}

/* --- what bfloor calls --------------------------------------------------- */

static void send_h(const uint8_t *p, size_t len, void *arg)
{
	const struct side *s = arg;

	if (latch_sends(&s->leg->floor))
		outq_copy(&s->w->outq,
			  worker_sock(s->w, s->leg->triple, PORT_FLOOR),
			  &s->leg->floor.addr, p, len);
}

/* Of five priorities, of which 2 is normal, the three levels that TBCP has */
static uint16_t level(uint8_t priority)
{
	return priority <= BFC_PRIORITY_NORMAL
		       ? 1
		       : (uint16_t)(priority - BFC_PRIORITY_NORMAL + 1);
}

static void ask_h(enum floor_said what, uint8_t priority, void *arg)
{
	const struct side *s = arg;
	const struct floor_word fw = {.type = what,
				      .has_priority = true,
				      .priority = level(priority)};

	floorchan_word(s->w, s->leg, &fw);
}

/* Whose burst it hears, or else how the floor is that it would ask for: what
 * Taken tells others (hear.h) */
static void view_h(struct bfloor_view *view, void *arg)
{
	const struct leg *leg = ((const struct side *)arg)->leg;
	const struct seat *sel = leg_sel(leg);
	const struct part *part = leg->hear;

	*view = (struct bfloor_view){
		.own = leg->talk != NULL,
		.forgotten = !leg->asks && !leg->queued};
	if (!part && sel && sel->part->talker &&
	    sel->part->talker != leg->id)
		part = sel->part;
	if (view->own || !part)
		return;
	view->taken = true;
	view->burst = part->burst;
	view->uri = part->uri;
	view->name = part->name;
}

static struct bfloor_io io_of(struct side *s)
{
	return (struct bfloor_io){send_h, ask_h, view_h, s};
}

/* --- time ---------------------------------------------------------------- */

static void timer_h(struct wheel_timer *t, void *arg);

static void arm(struct worker *w, struct bfcpchan *c)
{
	const uint64_t at = bfloor_deadline(&c->b);

	if (at == BFLOOR_NEVER)
		wheel_cancel(&w->wheel, &c->timer);
	else
		wheel_start(&w->wheel, &c->timer, (at + 999) / 1000, timer_h);
}

static void timer_h(struct wheel_timer *t, void *arg)
{
	struct worker *w = arg;
	struct bfcpchan *c = (struct bfcpchan *)((char *)t -
						 offsetof(struct bfcpchan,
							  timer));
	struct side s = {w, &w->legs.v[c - w->bfcpv]};
	const struct bfloor_io io = io_of(&s);

	bfloor_time(&c->b, &io, w->now);
	outq_flush(&w->outq);
	arm(w, c);
}

/* --- the leg ------------------------------------------------------------- */

void bfcpchan_end(struct worker *w, struct leg *leg,
		  const struct mixer_leg_remote *r)
{
	struct bfcpchan *c;

	if (leg->floor_proto != MIXER_FLOOR_BFCP ||
	    (r && r->floor_proto == MIXER_FLOOR_BFCP))
		return;
	c = chan_of(w, leg);
	wheel_cancel(&w->wheel, &c->timer);
	c->on = false;
}

/* Where it has begun before that was a re-INVITE: requests and
 * transactions go on, as long as they are of the same names */
void bfcpchan_remote(struct worker *w, struct leg *leg,
		     const struct mixer_bfcp *ids)
{
	const struct bfloor_ids to = {ids->conference, ids->user, ids->floor};
	struct bfcpchan *c;

	if (leg->floor_proto != MIXER_FLOOR_BFCP)
		return;
	c = chan_of(w, leg);
	if (c->on && c->b.ids.conference == to.conference &&
	    c->b.ids.user == to.user && c->b.ids.floor == to.floor)
		return;
	wheel_cancel(&w->wheel, &c->timer);
	bfloor_init(&c->b, &to);
	c->on = true;
}

/* --- in and out ---------------------------------------------------------- */

/* Proof of nothing: what cannot be read is answered where the terminal is
 * known to be, and nowhere else */
static bool taken(struct worker *w, struct leg *leg, const struct sa *src,
		  const uint8_t *p, size_t len)
{
	struct bfc_msg msg;
	const int err = bfc_decode(&msg, p, len);

	if (err && (err != EPROTO || !latch_is(&leg->floor, src))) {
		STAT_INC(w, drop_malformed);
		return false;
	}
	if (!rx_proven(w, leg, &leg->floor, src))
		return false;
	STAT_INC(w, rx_floor);
	return floorchan_rate_ok(w, leg, !err && !msg.response &&
						 msg.prim ==
							 BFC_FLOOR_REQUEST);
}

void bfcpchan_rx(struct worker *w, struct leg *leg, const struct sa *src,
		 const uint8_t *p, size_t len)
{
	struct bfcpchan *c = chan_of(w, leg);
	struct side s = {w, leg};
	const struct bfloor_io io = io_of(&s);

	if (!c->on || !taken(w, leg, src, p, len))
		return;
	switch (bfloor_rx(&c->b, &io, w->now, p, len)) {
	case EACCES:
		STAT_INC(w, drop_floor_foreign);
		break;
	case EBADMSG:
		STAT_INC(w, drop_malformed);
		break;
	default: /* Taken, or refused in words */
		break;
	}
	arm(w, c);
}

void bfcpchan_tell(struct worker *w, struct leg *leg,
		   const struct floor_tell *ft)
{
	struct bfcpchan *c = chan_of(w, leg);
	struct side s = {w, leg};
	const struct bfloor_io io = io_of(&s);

	if (!c->on)
		return;
	bfloor_tell(&c->b, &io, w->now, ft);
	arm(w, c);
}

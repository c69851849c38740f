/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file proof.c  A channel of a leg is where an authentic packet came from
 */
#include "mixer/proof.h"
#include "mixer/sweep.h"

static const struct sock *sock_of(const struct worker *w,
				  const struct leg *leg, const struct latch *l)
{
	return worker_sock(w, leg->triple,
			   l == &leg->rtp ? PORT_RTP : PORT_RTCP);
}

static uint32_t slot_of(const struct leg *leg)
{
	return id_slot(leg->id);
}

/* Found by the flow's IP: it need not be in the index */
static bool at_flow(const struct leg *leg, const struct sa *src)
{
	const struct ipkey ip = ipkey_of(src);

	return ipkey_eq(&ip, &leg->flow_key);
}

static bool held(const struct worker *w, const struct leg *leg,
		 const struct sock *s, const struct sa *src)
{
	const uint32_t slot = addr_get(&w->addrs, s, src);
	const struct leg *other;

	if (slot == ADDR_NONE || slot == slot_of(leg))
		return false;
	other = &w->legs.v[slot];
	return w->now - atomic_load_explicit(&other->heard_us,
					     memory_order_relaxed) <
	       PROOF_HELD_US;
}

/* l is not at that address any more */
static void channel_unlist(struct worker *w, const struct leg *leg,
			   const struct latch *l, const struct sa *addr)
{
	if (addr->len && !at_flow(leg, addr))
		addr_del(&w->addrs, sock_of(w, leg, l), addr, slot_of(leg));
}

/* There is room for both channels of every leg */
static void channel_list(struct worker *w, const struct leg *leg,
			 const struct latch *l)
{
	if (latch_sends(l) && !at_flow(leg, &l->addr))
		(void)addr_set(&w->addrs, sock_of(w, leg, l), &l->addr,
			       slot_of(leg));
}

void proof_unlist(struct worker *w, const struct leg *leg)
{
	channel_unlist(w, leg, &leg->rtp, &leg->rtp.addr);
	channel_unlist(w, leg, &leg->rtcp, &leg->rtcp.addr);
}

void proof_end(struct worker *w, const struct leg *leg, const struct latch *l)
{
	if (l->state == LATCH_OPEN && l != &leg->floor)
		channel_unlist(w, leg, l, &l->addr);
}

void proof_list(struct worker *w, const struct leg *leg)
{
	channel_list(w, leg, &leg->rtp);
	channel_list(w, leg, &leg->rtcp);
}

void proof_tell(struct worker *w, const struct leg *leg,
		const struct latch *l, enum mixer_event_type type)
{
	const struct mixer_event ev = {.type = type,
				       .leg = leg->id,
				       .addr = l->addr,
				       .at_us = w->now};

	if (type == MIXER_LEG_MOVED)
		STAT_INC(w, moved);
	if (l == &leg->rtp)
		(void)worker_event(w, &ev);
	/* There is somewhere to send reports to */
	sweep_soon(w, leg);
}

bool proof_move(struct worker *w, struct leg *leg, struct latch *l,
		const struct sa *src)
{
	const bool first = l->state != LATCH_DONE;

	if (latch_holds(l, src))
		return true;
	if (!at_flow(leg, src) && held(w, leg, sock_of(w, leg, l), src))
		return false;
	channel_unlist(w, leg, l, &l->addr);
	latch_move(l, src);
	channel_list(w, leg, l);
	proof_tell(w, leg, l, first ? MIXER_LEG_LATCHED : MIXER_LEG_MOVED);
	return true;
}

enum latch_verdict proof_learn(struct worker *w, struct leg *leg,
			       struct latch *l, const struct sa *src,
			       bool newest)
{
	const struct latch was = *l;
	const enum latch_verdict verdict = latch_prove(l, src, newest);

	if (verdict != LATCH_LEARNT && verdict != LATCH_MOVED)
		return verdict;
	channel_unlist(w, leg, l, &was.addr);
	channel_list(w, leg, l);
	proof_tell(w, leg, l, verdict == LATCH_LEARNT ? MIXER_LEG_LATCHED
						      : MIXER_LEG_MOVED);
	return verdict;
}

/* The packet of a leg that is where it was proven to be needs one look only;
 * any other may be that of a leg whose flow has another IP. */
struct leg *proof_leg(const struct worker *w, const struct sock *s,
		      const struct sa *src)
{
	const struct ipkey ip = ipkey_of(src);
	struct leg *leg = leg_find(&w->legs, &ip, s->triple);
	uint32_t slot;

	if (s->kind == PORT_FLOOR ||
	    (leg && latch_holds(leg_latch(leg, s->kind), src)))
		return leg;
	slot = addr_get(&w->addrs, s, src);
	return slot == ADDR_NONE ? leg : &w->legs.v[slot];
}

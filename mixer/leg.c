/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file leg.c  Legs of one worker
 */
#include <errno.h>
#include "mixer/ice.h"
#include "mixer/leg.h"
#include "mixer/voice.h"
#include "mixer/secure.h"
#include "util/reserve.h"

int legs_init(struct legs *ls, uint32_t max, uint64_t seed)
{
	uint32_t n = 64;

	memset(ls, 0, sizeof(*ls));
	while (n < max)
		n *= 2;
	ls->max = max;
	ls->mask = n - 1;
	ls->seed = seed;
	/* Zeroed memory is empty: buckets hold slot numbers plus one */
	ls->v = reserve_alloc((size_t)max * sizeof(*ls->v));
	ls->reportv = reserve_alloc((size_t)max * sizeof(*ls->reportv));
	ls->visitv = reserve_alloc((size_t)max * sizeof(*ls->visitv));
	ls->bucketv = reserve_alloc((size_t)n * sizeof(*ls->bucketv));
	if (!ls->v || !ls->reportv || !ls->visitv || !ls->bucketv) {
		legs_fini(ls);
		return ENOMEM;
	}
	return 0;
}

void legs_fini(struct legs *ls)
{
	uint32_t i;

	for (i = 0; i < ls->high; i++) {
		mem_deref(ls->v[i].seats);
		mem_deref(ls->v[i].ice);
		mem_deref(ls->v[i].voice);
		mem_deref(ls->v[i].secure);
	}
	reserve_free(ls->v, (size_t)ls->max * sizeof(*ls->v));
	reserve_free(ls->reportv, (size_t)ls->max * sizeof(*ls->reportv));
	reserve_free(ls->visitv, (size_t)ls->max * sizeof(*ls->visitv));
	reserve_free(ls->bucketv,
		     ((size_t)ls->mask + 1) * sizeof(*ls->bucketv));
	ls->v = NULL;
	ls->reportv = NULL;
	ls->visitv = ls->bucketv = NULL;
	ls->high = 0;
}

static uint32_t *bucket_of(const struct legs *ls, const struct ipkey *ip,
			   uint32_t triple)
{
	return &ls->bucketv[ipkey_hash(ip, triple, ls->seed) & ls->mask];
}

static void link_in(struct legs *ls, struct leg *leg)
{
	uint32_t *b = bucket_of(ls, &leg->flow_key, leg->triple);

	leg->next = *b;
	*b = (uint32_t)(leg - ls->v) + 1;
}

static void link_out(struct legs *ls, const struct leg *leg)
{
	uint32_t *b = bucket_of(ls, &leg->flow_key, leg->triple);
	const uint32_t me = (uint32_t)(leg - ls->v) + 1;

	while (*b && *b != me)
		b = &ls->v[*b - 1].next;
	if (*b)
		*b = leg->next;
}

struct leg *leg_new(struct legs *ls, const struct leg_init *init)
{
	struct leg *leg = &ls->v[id_slot(init->id)];

	/* The counters are atomic and may be looked at: no memset of them
	 * beside a reader; a slot that is free was zeroed by leg_free(). */
	leg->id = init->id;
	leg->flow_key = ipkey_of(&init->flow);
	leg->triple = init->triple;
	leg->pt = init->pt;
	leg->pt_event = init->pt_event;
	leg->clock_hz = init->clock_hz;
	leg->codec = (uint8_t)init->codec;
	leg->tones = (uint8_t)init->tones;
	leg->floor_on = init->floor;
	leg->ice = init->ice;
	leg->voice = init->voice;
	if (leg->voice)
		leg->voice->leg = leg;
	stream_init(&leg->out, init->ssrc, init->clock_hz, init->seq,
		    init->ts);
	link_in(ls, leg);
	if (id_slot(init->id) >= ls->high)
		ls->high = id_slot(init->id) + 1;
	ls->n++;
	return leg;
}

void leg_free(struct legs *ls, struct leg *leg)
{
	link_out(ls, leg);
	latch_reset(&leg->rtp);
	latch_reset(&leg->rtcp);
	latch_reset(&leg->floor);
	leg->hear = leg->talk = leg->told = NULL;
	leg->hear_burst = leg->told_burst = 0;
	leg->send = leg->dead = leg->recv = leg->rest = false;
	leg->spoke = 0;
	leg->mux = false;
	leg->has_ssrc_rtp = leg->has_ssrc_floor = false;
	leg->reported = leg->talks = false;
	leg->tx_packets = leg->tx_octets = 0;
	report_clear(leg_report(ls, leg));
	atomic_store_explicit(&leg->rx, 0, memory_order_relaxed);
	atomic_store_explicit(&leg->tx, 0, memory_order_relaxed);
	atomic_store_explicit(&leg->heard_us, 0, memory_order_relaxed);
	leg->id = 0;
	leg->window_us = 0;
	leg->report_ms = leg->keepalive_ms = 0;
	leg->seats = mem_deref(leg->seats);
	leg->ice = mem_deref(leg->ice);
	leg->voice = mem_deref(leg->voice);
	leg->sel = SEAT_NONE;
	leg->floor_seq = 0;
	leg->floor_proto = MIXER_FLOOR_TBCP;
	leg->queues = leg->asks = leg->queued = false;
	leg->priority_max = leg->level = leg->rogue_n = 0;
	leg->told_session = LEG_SESSION_NONE;
	leg->session = leg->rogue_at = 0;
	memset(&leg->key, 0, sizeof(leg->key));
	memset(&leg->requests, 0, sizeof(leg->requests));
	memset(&leg->messages, 0, sizeof(leg->messages));
	ls->n--;
}

struct leg *leg_get(const struct legs *ls, mixer_leg_id id)
{
	struct leg *leg;

	if (!id || id_slot(id) >= ls->high)
		return NULL;
	leg = &ls->v[id_slot(id)];
	return leg->id == id ? leg : NULL;
}

struct leg *leg_find(const struct legs *ls, const struct ipkey *ip,
		     uint32_t triple)
{
	uint32_t i = *bucket_of(ls, ip, triple);

	while (i) {
		struct leg *leg = &ls->v[i - 1];

		if (leg->triple == triple && ipkey_eq(&leg->flow_key, ip))
			return leg;
		i = leg->next;
	}
	return NULL;
}

static bool by_ice(const struct leg *leg)
{
	return leg->ice && !leg->ice->off;
}

void leg_move(struct legs *ls, struct leg *leg, const struct sa *flow)
{
	const struct ipkey key = ipkey_of(flow);

	if (ipkey_eq(&key, &leg->flow_key))
		return;
	link_out(ls, leg);
	leg->flow_key = key;
	link_in(ls, leg);
	latch_reset(&leg->floor);
	/* That is proven by its packets, wherever they come from */
	if (by_ice(leg) || secure_is(leg->secure))
		return;
	latch_reset(&leg->rtp);
	latch_reset(&leg->rtcp);
}

/* What checks have proven stays as long as the terminal does ICE; what was
 * proven otherwise before, or after, does not. */
static void channels_set(struct leg *leg, const struct mixer_leg_remote *r,
			 const struct sa *flow)
{
	const bool was = by_ice(leg);

	if (leg->ice)
		leg->ice->off = !r->ice;
	if (was != by_ice(leg)) {
		latch_reset(&leg->rtp);
		latch_reset(&leg->rtcp);
	}
	leg->mux = r->rtcp_mux;
	if (r->rtcp_mux)
		latch_reset(&leg->rtcp);
	if (by_ice(leg))
		return;
	latch_set(&leg->rtp, &r->rtp, flow);
	if (!r->rtcp_mux)
		latch_set(&leg->rtcp, &r->rtcp, flow);
}

void leg_remote(struct leg *leg, const struct mixer_leg_remote *r,
		uint64_t window_us)
{
	struct sa flow;

	ipkey_sa(&leg->flow_key, &flow);
	channels_set(leg, r, &flow);
	if (leg->floor_on)
		latch_set(&leg->floor, &r->floor, &flow);
	if (leg->floor.state != LATCH_CLOSED) {
		leg->floor_proto = (uint8_t)r->floor_proto;
		leg->queues = r->floor_terms.queueing;
		leg->priority_max = r->floor_terms.priority_max;
	}
	if (r->pt != 0xff)
		leg->pt = r->pt;
	if (r->pt_event != 0xff)
		leg->pt_event = r->pt_event;
	leg->send = r->send;
	leg->recv = r->recv;
	leg->rest = r->rest;
	leg->has_ssrc_rtp = leg->has_ssrc_floor = false;
	leg->window_us = window_us;
}

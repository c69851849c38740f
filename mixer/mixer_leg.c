/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_leg.c  The media switch: legs, as signalling sees them
 */
#include <errno.h>
#include <string.h>
#include "mixer/ice.h"
#include "mixer/mirror.h"
#include "mixer/voice.h"
#include "util/clock.h"

struct mleg *mleg_raw(const struct mixer *m, mixer_leg_id id)
{
	struct mleg *ml;

	if (!id || id_is_bridge(id) || id_worker(id) >= m->cfg.workers ||
	    id_slot(id) >= m->cfg.legs_max)
		return NULL;
	ml = &m->mwv[id_worker(id)].legv[id_slot(id)];
	return ml->used && ml->gen == id_gen(id) ? ml : NULL;
}

struct mleg *mleg_get(const struct mixer *m, mixer_leg_id id)
{
	struct mleg *ml = mleg_raw(m, id);

	return ml && !ml->leaving ? ml : NULL;
}

/* --- ports --------------------------------------------------------------- */

int triple_open(struct mixer *m, unsigned worker, uint32_t laddr)
{
	struct mplace *pl = &m->mwv[worker].placev[laddr];
	int fdv[PORT_KINDS];
	struct cmd *c;
	uint16_t port;
	int err;

	if (pl->n == m->cfg.triples_max)
		return EADDRNOTAVAIL;
	if (!cmd_fits(m, worker, 1, CMD_KEEP))
		return EAGAIN;
	err = port_open(&m->rangev[laddr], fdv, &port);
	if (err)
		return err;
	c = cmd_new(m, worker, CMD_TRIPLE);
	c->u.triple.triple = laddr * m->cfg.triples_max + pl->n;
	memcpy(c->u.triple.fdv, fdv, sizeof(fdv));
	cmd_push(m, worker);
	pl->portv[pl->n++] = port;
	atomic_fetch_add_explicit(&m->mwv[worker].triples, 1,
				  memory_order_relaxed);
	return 0;
}

static struct flow_at flow_at(const struct mixer *m, unsigned worker,
			      uint32_t laddr, const struct sa *flow)
{
	return (struct flow_at){.ip = flow,
				.place = worker * m->cfg.laddrc + laddr,
				.now_ms = clock_mono_ms()};
}

/* The lowest triple that the flow's IP does not use; opened if it is a new
 * one. The flow's lowest free one is at most one beyond those that are open,
 * since every one in use or at rest was opened because it was the lowest. */
static int triple_take(struct mixer *m, unsigned worker, uint32_t laddr,
		       const struct sa *flow, uint32_t *triplep)
{
	const struct flow_at at = flow_at(m, worker, laddr, flow);
	uint32_t triple;
	int err;

	err = flow_take(m->flows, &at, &triple);
	if (err)
		return err;
	if (triple >= m->mwv[worker].placev[laddr].n)
		err = triple_open(m, worker, laddr);
	if (err) {
		flow_undo(m->flows, &at, triple);
		return err == EADDRINUSE ? EADDRNOTAVAIL : err;
	}
	*triplep = triple;
	return 0;
}

static int laddr_find(const struct mixer *m, const struct mixer_leg_params *p,
		      uint32_t *laddrp)
{
	const bool wanted = sa_isset(&p->laddr, SA_ADDR);
	uint32_t i;

	for (i = 0; i < m->cfg.laddrc; i++) {
		const struct sa *l = &m->cfg.laddrv[i];

		if (wanted ? sa_cmp(l, &p->laddr, SA_ADDR)
			   : sa_af(l) == sa_af(&p->flow)) {
			*laddrp = i;
			return sa_af(l) == sa_af(&p->flow) ? 0 : EINVAL;
		}
	}
	return EINVAL;
}

/* --- slots --------------------------------------------------------------- */

static uint32_t slot_take(struct mworker *mw)
{
	const uint32_t slot = mw->leg_free;

	if (slot == SLOT_NONE)
		return mw->leg_high++;
	mw->leg_free = mw->legv[slot].next_free;
	return slot;
}

static void slot_give(struct mworker *mw, uint32_t slot)
{
	mw->legv[slot].next_free = mw->leg_free;
	mw->leg_free = slot;
}

static unsigned least_loaded(const struct mixer *m, uint64_t tried)
{
	unsigned i, best = 0;
	uint32_t least = UINT32_MAX;

	for (i = 0; i < m->cfg.workers; i++) {
		const uint32_t n = atomic_load_explicit(&m->mwv[i].legs,
							memory_order_relaxed);

		if (n < least && !(tried & 1ull << i)) {
			least = n;
			best = i;
		}
	}
	return best;
}

/* Which worker, and which triple there. One that has none left for this IP is
 * passed over if the caller does not mind. */
static int place_take(struct mixer *m, const struct mixer_leg_params *p,
		      uint32_t laddr, unsigned *workerp, uint32_t *triplep)
{
	uint64_t tried = 0;
	unsigned i, worker;
	int err = EADDRNOTAVAIL;

	if (p->worker >= 0) {
		*workerp = (unsigned)p->worker;
		return triple_take(m, *workerp, laddr, &p->flow, triplep);
	}
	for (i = 0; i < m->cfg.workers && err == EADDRNOTAVAIL; i++) {
		worker = least_loaded(m, tried);
		err = triple_take(m, worker, laddr, &p->flow, triplep);
		tried |= 1ull << worker;
		*workerp = worker;
	}
	return err;
}

static void local_fill(const struct mixer *m, unsigned worker,
		       const struct mleg *ml, uint32_t ssrc,
		       struct mixer_leg_local *local)
{
	const uint16_t port =
		m->mwv[worker].placev[ml->laddr].portv[ml->triple];

	memset(local, 0, sizeof(*local));
	local->ssrc = ssrc;
	local->rtp = local->rtcp = m->cfg.laddrv[ml->laddr];
	sa_set_port(&local->rtp, port);
	sa_set_port(&local->rtcp, (uint16_t)(port + PORT_RTCP));
	if (!ml->floor)
		return;
	local->floor = m->cfg.laddrv[ml->laddr];
	sa_set_port(&local->floor, (uint16_t)(port + PORT_FLOOR));
}

static uint32_t ssrc_new(void)
{
	uint32_t ssrc;

	/* 0 would look like none in too many places */
	do {
		ssrc = rand_u32();
	} while (!ssrc);
	return ssrc;
}

int mixer_leg_add(struct mixer *m, const struct mixer_leg_params *p,
		  mixer_leg_id *legp, struct mixer_leg_local *local)
{
	uint32_t laddr, triple, slot;
	struct ice *ice = NULL;
	struct voice *voice = NULL;
	struct mworker *mw;
	struct leg_init *in;
	struct mleg *ml;
	struct cmd *c;
	unsigned worker;
	int err;

	if (!m || !p || !legp || !local || !sa_isset(&p->flow, SA_ADDR) ||
	    p->worker >= (int)m->cfg.workers || !p->clock_hz || p->pt > 127 ||
	    (unsigned)p->codec > MIXER_CODEC_OPUS ||
	    (unsigned)p->tones > MIXER_TONES_NEVER)
		return EINVAL;
	if (laddr_find(m, p, &laddr))
		return EINVAL;
	if (m->legs == m->cfg.legs_max)
		return ENOSPC;
	err = place_take(m, p, laddr, &worker, &triple);
	if (err)
		return err;
	mw = &m->mwv[worker];
	slot = slot_take(mw);
	if (!cmd_fits(m, worker, 1, CMD_KEEP))
		err = EAGAIN;
	else if (p->ice)
		err = ice_alloc(&ice, slot);
	if (!err && p->voice)
		err = voice_alloc(&voice, p->codec);
	if (!err && voice && voice->decoder)
		err = mix_start(m);
	if (err) {
		mem_deref(ice);
		mem_deref(voice);
		const struct flow_at at = flow_at(m, worker, laddr, &p->flow);

		slot_give(mw, slot);
		flow_undo(m->flows, &at, triple);
		return err;
	}
	ml = &mw->legv[slot];
	*ml = (struct mleg){.gen = id_gen_next(ml->gen),
			    .used = true,
			    .floor = p->floor,
			    .queues = !p->floor,
			    .ice = p->ice,
			    .ice_on = p->ice,
			    .laddr = laddr,
			    .triple = triple,
			    .flow = p->flow,
			    .arg = p->arg};
	c = cmd_new(m, worker, CMD_LEG_ADD);
	in = &c->u.leg;
	in->id = id_make(false, ml->gen, worker, slot);
	in->flow = p->flow;
	in->triple = laddr * m->cfg.triples_max + triple;
	in->ssrc = ssrc_new();
	in->clock_hz = p->clock_hz;
	/* Far from the wrap: who misses that has another rollover counter
	 * for ever (RFC 3711 section 3.3.1) */
	in->seq = rand_u16() & 0x7fff;
	in->ts = rand_u32();
	in->pt = p->pt;
	in->pt_event = p->pt_event;
	in->codec = p->codec;
	in->tones = p->tones;
	in->floor = p->floor;
	in->ice = ice;
	in->voice = voice;
	*legp = in->id;
	local_fill(m, worker, ml, in->ssrc, local);
	if (ice)
		local->ice = ice->now;
	cmd_push(m, worker);
	m->legs++;
	atomic_fetch_add_explicit(&mw->legs, 1, memory_order_relaxed);
	return 0;
}

static bool unset_or_family(const struct sa *sa, const struct sa *of)
{
	return !sa_isset(sa, SA_ADDR) || sa_af(sa) == sa_af(of);
}

/* The address that signalling shows before the worker has told one. By ICE
 * there is none. */
static void rtp_note(struct mleg *ml, const struct mixer_leg_remote *r)
{
	const bool ice = ml->ice && r->ice;

	if (ice != ml->ice_on)
		sa_init(&ml->rtp, AF_UNSPEC);
	ml->ice_on = ice;
	if (ice)
		return;
	if (!sa_isset(&r->rtp, SA_ALL))
		sa_init(&ml->rtp, AF_UNSPEC);
	else if (sa_cmp(&r->rtp, &ml->flow, SA_ADDR) &&
		 !sa_isset(&ml->rtp, SA_ADDR))
		ml->rtp = r->rtp;
}

static bool has_sessions(enum mixer_floor_proto proto)
{
	switch (proto) {
	case MIXER_FLOOR_TBCP:
	case MIXER_FLOOR_MCPT:
		return true;
	case MIXER_FLOOR_BFCP:
		break;
	}
	return false;
}

/* A terminal that has no floor channel hears by tones that it waits */
static void floor_note(struct mleg *ml, const struct mixer_leg_remote *r)
{
	const bool floor = ml->floor && sa_isset(&r->floor, SA_ALL);

	ml->queues = !floor || r->floor_terms.queueing;
	ml->sessions = floor && has_sessions(r->floor_proto);
}

static bool family_fits(const struct mleg *ml,
			const struct mixer_leg_remote *r)
{
	return unset_or_family(&r->floor, &ml->flow) &&
	       ((ml->ice && r->ice) ||
		(unset_or_family(&r->rtp, &ml->flow) &&
		 unset_or_family(&r->rtcp, &ml->flow)));
}

int mixer_leg_remote_set(struct mixer *m, mixer_leg_id leg,
			 const struct mixer_leg_remote *r)
{
	struct mleg *ml = m ? mleg_get(m, leg) : NULL;
	struct secure *secure = NULL;
	struct cmd *c;
	int err;

	if (!ml)
		return ENOENT;
	if (!r || !family_fits(ml, r))
		return EINVAL;
	if (!cmd_fits(m, id_worker(leg), 1, CMD_KEEP))
		return EAGAIN;
	err = r->security == MIXER_PLAIN ? 0 : secure_alloc(&secure, r);
	if (err)
		return err;
	c = cmd_new(m, id_worker(leg), CMD_LEG_REMOTE);
	c->leg = leg;
	c->secure = secure;
	c->u.remote = *r;
	/* They are in the contexts: the queue is not wiped */
	memset(&c->u.remote.key_rx, 0, sizeof(c->u.remote.key_rx));
	memset(&c->u.remote.key_tx, 0, sizeof(c->u.remote.key_tx));
	cmd_push(m, id_worker(leg));
	rtp_note(ml, r);
	floor_note(ml, r);
	return 0;
}

int mixer_leg_ice(struct mixer *m, mixer_leg_id leg, struct mixer_ice *ice)
{
	const struct mleg *ml = m ? mleg_get(m, leg) : NULL;
	struct mixer_ice fresh;
	struct cmd *c;
	int err;

	if (!ml)
		return ENOENT;
	if (!ice || !ml->ice)
		return EINVAL;
	if (!cmd_fits(m, id_worker(leg), 1, CMD_KEEP))
		return EAGAIN;
	err = ice_make(&fresh, id_slot(leg));
	if (err)
		return err;
	c = cmd_new(m, id_worker(leg), CMD_LEG_ICE);
	c->leg = leg;
	c->u.ice = *ice = fresh;
	cmd_push(m, id_worker(leg));
	return 0;
}

int mixer_leg_flow_set(struct mixer *m, mixer_leg_id leg,
		       const struct sa *flow)
{
	struct mleg *ml = m ? mleg_get(m, leg) : NULL;
	const unsigned worker = id_worker(leg);
	struct cmd *c;
	int err;

	if (!ml)
		return ENOENT;
	if (!flow || !sa_isset(flow, SA_ADDR) ||
	    sa_af(flow) != sa_af(&ml->flow))
		return EINVAL;
	if (!cmd_fits(m, worker, 1, CMD_KEEP))
		return EAGAIN;
	if (!sa_cmp(flow, &ml->flow, SA_ADDR)) {
		const struct flow_at from =
			flow_at(m, worker, ml->laddr, &ml->flow);
		const struct flow_at to = flow_at(m, worker, ml->laddr, flow);

		err = flow_take_at(m->flows, &to, ml->triple);
		if (err)
			return err;
		flow_give(m->flows, &from, ml->triple);
		if (!ml->ice_on)
			sa_init(&ml->rtp, AF_UNSPEC);
	}
	ml->flow = *flow;
	c = cmd_new(m, worker, CMD_LEG_FLOW);
	c->leg = leg;
	c->u.flow = *flow;
	cmd_push(m, worker);
	return 0;
}

/* --- going away ---------------------------------------------------------- */

/* false: not now, a command queue is full */
static bool leg_leave(struct mixer *m, mixer_leg_id leg, struct mleg *ml)
{
	const unsigned worker = id_worker(leg);
	struct mworker *mw = &m->mwv[worker];
	const struct flow_at at = flow_at(m, worker, ml->laddr, &ml->flow);
	unsigned i;

	for (i = 0; i < m->cfg.workers; i++)
		if (!cmd_fits(m, i, ml->seatc + 1, 0))
			return false;
	cmd_new(m, worker, CMD_LEG_DEL)->leg = leg;
	cmd_push(m, worker);
	mleg_unseat(m, ml);
	flow_give(m->flows, &at, ml->triple);
	ml->used = ml->leaving = false;
	slot_give(mw, id_slot(leg));
	m->legs--;
	atomic_fetch_sub_explicit(&mw->legs, 1, memory_order_relaxed);
	return true;
}

bool mlegs_leave(struct mixer *m)
{
	while (m->leaving_leg) {
		struct mleg *ml = mleg_raw(m, m->leaving_leg);
		const mixer_leg_id next = ml->next_leaving;

		if (!leg_leave(m, m->leaving_leg, ml))
			return false;
		m->leaving_leg = next;
	}
	return true;
}

int mixer_leg_del(struct mixer *m, mixer_leg_id leg)
{
	struct mleg *ml = m ? mleg_get(m, leg) : NULL;

	if (!ml)
		return ENOENT;
	if (leg_leave(m, leg, ml))
		return 0;
	ml->leaving = true;
	ml->next_leaving = m->leaving_leg;
	m->leaving_leg = leg;
	wake_signal(m->up);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer.c  The media switch: life, events, looking
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "mixer/mirror.h"
#include "util/clock.h"
#include "util/reserve.h"

void mixer_cfg_default(struct mixer_cfg *cfg)
{
	const long cores = sysconf(_SC_NPROCESSORS_ONLN);

	memset(cfg, 0, sizeof(*cfg));
	cfg->workers = cores > 2 ? (unsigned)cores - 1 : 1;
	if (cfg->workers > MIXER_WORKERS_MAX)
		cfg->workers = MIXER_WORKERS_MAX;
	cfg->triples = 64;
	cfg->triples_max = 4096;
	cfg->legs_max = 100000;
	cfg->bridges_max = 20000;
	cfg->members_max = 5000;
	cfg->latch_ms = 5000;
	cfg->dead_idle_ms = 30000;
	cfg->dead_bridged_ms = 4000;
	cfg->rtcp_ms = 20000;
	cfg->keepalive_ms = 20000;
	cfg->quality_loss_percent = 10;
	cfg->quality_rtt_ms = 1000;
	cfg->shed_after_ms = 200;
	cfg->shed_every_ms = 500;
	cfg->shed_calm_ms = 3000;
	cfg->rcvbuf_bytes = 1 << 20;
	cfg->key_press = 10;
	cfg->key_release = 11;
	cfg->replay_ms = 30000;
	cfg->replay_kib = 32768;
	cfg->tones = true;
	cfg->voice.hang_ms = VOX_HANG_MS;
	cfg->voice.threshold_db = VOX_THRESHOLD_DB;
	cfg->dtls_handshakes_max = 256;
}

/* --- commands ------------------------------------------------------------ */

bool cmd_fits(const struct mixer *m, unsigned worker, uint32_t n,
	      uint32_t keep)
{
	const struct mworker *mw = &m->mwv[worker];
	/* acquire: pairs with the worker's release, slots counted as done are
	 * free */
	const uint32_t used =
		mw->cmds - atomic_load_explicit(&mw->w->cmds_done,
						memory_order_acquire);

	return used + n + keep <= CMD_SLOTS;
}

struct cmd *cmd_new(struct mixer *m, unsigned worker, enum cmd_type type)
{
	struct cmd *c = slotq_reserve(m->mwv[worker].w->cmds);

	memset(c, 0, sizeof(*c));
	c->type = type;
	return c;
}

void cmd_push(struct mixer *m, unsigned worker)
{
	m->mwv[worker].cmds++;
	slotq_commit(m->mwv[worker].w->cmds);
}

/* --- life ---------------------------------------------------------------- */

static void workers_stop(struct mixer *m)
{
	unsigned i;

	for (i = 0; i < m->cfg.workers; i++) {
		struct worker *w = m->mwv[i].w;

		if (!w || !w->running)
			continue;
		/* The worker always comes back for its commands */
		while (!cmd_fits(m, i, 1, 0))
			usleep(1000);
		(void)cmd_new(m, i, CMD_QUIT);
		cmd_push(m, i);
	}
	for (i = 0; i < m->cfg.workers; i++)
		if (m->mwv[i].w && m->mwv[i].w->running)
			(void)pthread_join(m->mwv[i].w->tid, NULL);
}

/* Workers that were never started have commands that nobody took */
static void cmds_close(struct worker *w)
{
	const struct cmd *c;

	while ((c = slotq_peek(w->cmds))) {
		if (c->type == CMD_TRIPLE) {
			int fdv[PORT_KINDS];

			memcpy(fdv, c->u.triple.fdv, sizeof(fdv));
			port_close(fdv);
		} else if (c->type == CMD_LEG_ADD) {
			mem_deref(c->u.leg.ice);
			mem_deref(c->u.leg.voice);
		}
		mem_deref(c->secure);
		slotq_release(w->cmds);
	}
}

static void mworker_fini(struct mixer *m, struct mworker *mw)
{
	uint32_t i;

	if (mw->w) {
		cmds_close(mw->w);
		mem_deref(mw->w);
	}
	for (i = 0; mw->legv && i < mw->leg_high; i++)
		mem_deref(mw->legv[i].seatv);
	reserve_free(mw->legv, m->cfg.legs_max * sizeof(*mw->legv));
	for (i = 0; mw->placev && i < m->cfg.laddrc; i++)
		mem_deref(mw->placev[i].portv);
	mem_deref(mw->placev);
}

static void mixer_destructor(void *arg)
{
	struct mixer *m = arg;
	unsigned i;

	if (m->mwv)
		workers_stop(m);
	if (m->bridgev)
		mbridges_free(m);
	mem_deref(m->dtls);
	mem_deref(m->mix);
	for (i = 0; m->mwv && i < m->cfg.workers; i++)
		mworker_fini(m, &m->mwv[i]);
	mem_deref(m->mwv);
	mem_deref(m->tones);
	mem_deref(m->flows);
	reserve_free(m->bridgev, m->cfg.bridges_max * sizeof(*m->bridgev));
	mem_deref(m->up);
}

static int mworker_init(struct mixer *m, unsigned idx, uint64_t seed)
{
	struct mworker *mw = &m->mwv[idx];
	unsigned i;
	int err;

	mw->leg_free = SLOT_NONE;
	mw->legv = reserve_alloc(m->cfg.legs_max * sizeof(*mw->legv));
	mw->placev = mem_zalloc(m->cfg.laddrc * sizeof(*mw->placev), NULL);
	if (!mw->legv || !mw->placev)
		return ENOMEM;
	for (i = 0; i < m->cfg.laddrc; i++) {
		mw->placev[i].portv = mem_zalloc(
			m->cfg.triples_max * sizeof(uint16_t), NULL);
		if (!mw->placev[i].portv)
			return ENOMEM;
	}
	err = worker_alloc(&mw->w, idx, &m->cfg, m->up, seed, m->tones);
	for (i = 0; i < m->cfg.laddrc * m->cfg.triples && !err; i++)
		err = triple_open(m, idx, i % m->cfg.laddrc);
	return err;
}

static int dtls_init(struct mixer *m)
{
	struct dtls_cfg cfg = {.workers = m->cfg.workers,
			       .handshakes_max = m->cfg.dtls_handshakes_max,
			       .legs_max = m->cfg.legs_max,
			       .cert = m->cfg.dtls_cert};
	char words[DTLS_WORDS_MAX];
	unsigned i;
	int err;

	for (i = 0; i < cfg.workers; i++)
		cfg.wakev[i] = m->mwv[i].w->wake;
	err = dtls_alloc(&m->dtls, &cfg, words);
	if (err)
		return err;
	for (i = 0; i < cfg.workers; i++) {
		m->mwv[i].w->dtls_cmds = dtls_cmds(m->dtls, i);
		m->mwv[i].w->dtls_evs = dtls_evs(m->dtls, i);
	}
	return dtls_start(m->dtls);
}

const char *mixer_fingerprint(const struct mixer *m)
{
	return m ? dtls_fingerprint(m->dtls) : NULL;
}

static int workers_init(struct mixer *m)
{
	const uint64_t seed = rand_u64(), name = rand_u64();
	const unsigned n = m->cfg.workers;
	unsigned i, k;
	int err = 0;

	m->mwv = mem_zalloc(n * sizeof(*m->mwv), NULL);
	if (!m->mwv)
		return ENOMEM;
	for (i = 0; i < n && !err; i++)
		err = mworker_init(m, i, seed);
	if (err)
		return err;
	for (i = 0; i < n; i++) {
		struct worker *w = m->mwv[i].w;

		(void)snprintf(w->cname, sizeof(w->cname), "%016llx",
			       (unsigned long long)name);
		for (k = 0; k < n; k++)
			w->to[k] = m->mwv[k].w->from[i];
	}
	err = dtls_init(m);
	for (i = 0; i < n && !err; i++)
		err = worker_start(m->mwv[i].w);
	return err;
}

static int tones_init(struct mixer *m)
{
	if (!m->cfg.tones)
		return 0;
	m->tones = mem_zalloc(sizeof(*m->tones), NULL);
	return m->tones ? ms2_tone_render(m->tones) : ENOMEM;
}

static bool cfg_ok(const struct mixer_cfg *cfg)
{
	unsigned i;

	if (cfg->workers > MIXER_WORKERS_MAX || !cfg->laddrc ||
	    cfg->laddrc > MIXER_LADDRS_MAX || !cfg->legs_max ||
	    cfg->legs_max > ID_SLOTS_MAX || !cfg->bridges_max ||
	    cfg->bridges_max > ID_SLOTS_MAX || !cfg->members_max ||
	    !cfg->triples_max || cfg->triples > cfg->triples_max ||
	    cfg->port_min > cfg->port_max ||
	    cfg->laddrc * cfg->triples > CMD_SLOTS / 2)
		return false;
	for (i = 0; i < cfg->laddrc; i++)
		if (!sa_isset(&cfg->laddrv[i], SA_ADDR))
			return false;
	return true;
}

int mix_start(struct mixer *m)
{
	struct wake *wakev[MIXER_WORKERS_MAX];
	unsigned i;
	int err;

	if (m->mix)
		return 0;
	for (i = 0; i < m->cfg.workers; i++) {
		wakev[i] = m->mwv[i].w->wake;
		if (!cmd_fits(m, i, 2, CMD_KEEP))
			return EAGAIN;
	}
	err = mix_alloc(&m->mix, m->cfg.workers, wakev);
	for (i = 0; i < m->cfg.workers && !err; i++) {
		struct cmd *c = cmd_new(m, i, CMD_MIX);

		c->u.mix.cmds = mix_cmds(m->mix, i);
		c->u.mix.evs = mix_evs(m->mix, i);
		cmd_push(m, i);
	}
	return err;
}

int mixer_alloc(struct mixer **mp, const struct mixer_cfg *cfg,
		mixer_event_h *eh, void *arg)
{
	struct mixer_cfg def;
	struct mixer *m;
	unsigned i;
	int err;

	if (!mp || !cfg || !cfg_ok(cfg))
		return EINVAL;
	m = mem_zalloc(sizeof(*m), mixer_destructor);
	if (!m)
		return ENOMEM;
	mixer_cfg_default(&def);
	m->cfg = *cfg;
	if (!m->cfg.workers)
		m->cfg.workers = def.workers;
	m->eh = eh;
	m->arg = arg;
	m->bridge_free = SLOT_NONE;
	for (i = 0; i < cfg->laddrc; i++)
		port_range_init(&m->rangev[i], &cfg->laddrv[i], cfg->port_min,
				cfg->port_max);
	for (i = 0; i < cfg->laddrc; i++)
		m->rangev[i].rcvbuf_bytes = (int)cfg->rcvbuf_bytes;
	m->bridgev = reserve_alloc(cfg->bridges_max * sizeof(*m->bridgev));
	err = m->bridgev ? wake_alloc(&m->up) : ENOMEM;
	if (!err)
		err = flows_alloc(&m->flows, cfg->triples_max);
	if (!err)
		err = tones_init(m);
	if (!err)
		err = workers_init(m);
	if (err)
		mem_deref(m);
	else
		*mp = m;
	return err;
}

/* --- events -------------------------------------------------------------- */

int mixer_fd(const struct mixer *m)
{
	return m ? wake_fd(m->up) : -1;
}

/* Fill in what the worker does not know, and see whether the event is still
 * about something: false if not. */
static bool event_look_up(struct mixer *m, struct mixer_event *ev)
{
	struct mleg *ml = mleg_get(m, ev->leg);
	const struct mbridge *mb = mbridge_get(m, ev->bridge);

	if (ml)
		ev->leg_arg = ml->arg;
	if (mb)
		ev->bridge_arg = mb->arg;

	switch (ev->type) {
	case MIXER_LEG_LATCHED:
	case MIXER_LEG_MOVED:
		if (ml)
			ml->rtp = ev->addr;
		return ml != NULL;
	case MIXER_LEG_DEAD:
	case MIXER_LEG_ALIVE:
		if (ml)
			ml->dead = ev->type == MIXER_LEG_DEAD;
		return ml != NULL;
	case MIXER_LEG_QUALITY:
		if (ml)
			ml->bad = ev->reason;
		return ml != NULL;
	case MIXER_LEG_SECURED:
	case MIXER_LEG_INSECURE:
	case MIXER_LEG_CONNECT_ACK:
	case MIXER_LEG_DISCONNECT_ACK:
		return ml != NULL;
	case MIXER_FLOOR_TAKEN:
	case MIXER_FLOOR_IDLE:
	case MIXER_FLOOR_DENIED:
	case MIXER_FLOOR_REVOKED:
	case MIXER_BURST_STARTED:
	case MIXER_FLOOR_QUEUED:
	case MIXER_FLOOR_UNQUEUED:
	case MIXER_FLOOR_WARNED:
	case MIXER_FLOOR_URGENT:
	case MIXER_BRIDGE_INACTIVE:
		return mb != NULL;
	case MIXER_OVERLOAD:
	case MIXER_RECOVERED:
		return true;
	}
	return false;
}

static bool event_next(struct mixer *m, struct mixer_event *ev)
{
	unsigned i;

	for (i = 0; i < m->cfg.workers; i++) {
		struct slotq *q = m->mwv[m->poll_next].w->events;
		const struct mixer_event *slot = slotq_peek(q);

		m->poll_next = (m->poll_next + 1) % m->cfg.workers;
		if (slot) {
			*ev = *slot;
			slotq_release(q);
			return true;
		}
	}
	return false;
}

static bool events_wait(const struct mixer *m)
{
	unsigned i;

	for (i = 0; i < m->cfg.workers; i++)
		if (!slotq_empty(m->mwv[i].w->events))
			return true;
	return false;
}

void mixer_poll(struct mixer *m, unsigned max)
{
	struct mixer_event ev;
	unsigned n = 0;
	bool left;

	if (!m)
		return;
	wake_clear(m->up);
	while ((!max || n < max) && event_next(m, &ev)) {
		n++;
		if (event_look_up(m, &ev) && m->eh)
			m->eh(&ev, m->arg);
	}
	left = !mlegs_leave(m);
	left |= !mbridges_leave(m);
	wake_announce(m->up);
	/* What came meanwhile, or was left over, makes the descriptor
	 * readable again. */
	if (left || events_wait(m))
		wake_signal(m->up);
}

/* --- looking ------------------------------------------------------------- */

unsigned mixer_workers(const struct mixer *m)
{
	return m ? m->cfg.workers : 0;
}

void mixer_dtls_stats_get(const struct mixer *m, struct dtls_stats *st)
{
	dtls_stats_get(m->dtls, st);
}

int mixer_stats_get(const struct mixer *m, unsigned worker,
		    struct mixer_stats *st)
{
	const struct mworker *mw;
	uint64_t *v = (uint64_t *)st;
	size_t i;

	if (!m || !st || worker >= m->cfg.workers)
		return EINVAL;
	mw = &m->mwv[worker];
	memset(st, 0, sizeof(*st));
	/* relaxed throughout: figures for people */
	for (i = 0; i < ARRAY_SIZE(mw->w->stats.v); i++)
		v[i] = atomic_load_explicit(&mw->w->stats.v[i],
					    memory_order_relaxed);
	st->cpu_us = atomic_load_explicit(&mw->w->cpu_us,
					  memory_order_relaxed);
	st->overloaded = atomic_load_explicit(&mw->w->overloaded,
					      memory_order_relaxed);
	st->legs = atomic_load_explicit(&mw->legs, memory_order_relaxed);
	st->bridges = atomic_load_explicit(&mw->bridges, memory_order_relaxed);
	st->triples = atomic_load_explicit(&mw->triples, memory_order_relaxed);
	st->sockets = st->triples * PORT_KINDS;
	return 0;
}

static void reception_get(const struct report *rep,
			  struct mixer_leg_stats *st)
{
	/* relaxed: figures for people */
	st->in.known = atomic_load_explicit(&rep->in_known,
					    memory_order_relaxed);
	st->in.fraction = atomic_load_explicit(&rep->in_fraction,
					       memory_order_relaxed);
	st->in.lost = atomic_load_explicit(&rep->in_lost,
					   memory_order_relaxed);
	st->in.jitter_us = atomic_load_explicit(&rep->in_jitter_us,
						memory_order_relaxed);
	st->out.known = atomic_load_explicit(&rep->out.known,
					     memory_order_relaxed);
	st->out.fraction = atomic_load_explicit(&rep->out.fraction,
						memory_order_relaxed);
	st->out.lost = atomic_load_explicit(&rep->out.lost,
					    memory_order_relaxed);
	st->out.jitter_us = atomic_load_explicit(&rep->out.jitter_us,
						 memory_order_relaxed);
	st->rtt_us = atomic_load_explicit(&rep->out.rtt_us,
					  memory_order_relaxed);
}

int mixer_leg_stats_get(const struct mixer *m, mixer_leg_id leg,
			struct mixer_leg_stats *st)
{
	const struct mleg *ml = m ? mleg_get(m, leg) : NULL;
	const struct leg *wl;
	uint64_t heard, now;

	if (!ml)
		return ENOENT;
	wl = &m->mwv[id_worker(leg)].w->legs.v[id_slot(leg)];
	memset(st, 0, sizeof(*st));
	st->flow = ml->flow;
	st->rtp = ml->rtp;
	st->dead = ml->dead;
	st->rx = atomic_load_explicit(&wl->rx, memory_order_relaxed);
	st->tx = atomic_load_explicit(&wl->tx, memory_order_relaxed);
	st->bad = ml->bad;
	reception_get(&m->mwv[id_worker(leg)].w->legs.reportv[id_slot(leg)],
		      st);
	heard = atomic_load_explicit(&wl->heard_us, memory_order_relaxed);
	now = clock_mono_us();
	if (heard && now > heard)
		st->idle_ms = (uint32_t)((now - heard) / 1000);
	return 0;
}

size_t mixer_leg_bytes(void)
{
	return LEG_BYTES;
}

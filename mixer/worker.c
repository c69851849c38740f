/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file worker.c  A media worker: one thread that shares nothing
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "mixer/bridge.h"
#include "mixer/dtlschan.h"
#include "mixer/floorchan_bfcp.h"
#include "mixer/part.h"
#include "mixer/sweep.h"
#include "mixer/voice.h"
#include "util/clock.h"
#include "util/reserve.h"
#include "util/thread.h"

enum {
	EPOLL_MAX = 64,
	PEER_BATCH = 32,
	WAKE_NO = 0xffffffff /**< epoll data of the worker's wake */
};

/* Payloads of messages from other workers, until they were sent */
struct kept {
	unsigned n;
	uint8_t data[PEER_BATCH][SPEECH_BYTES_MAX];
};

bool worker_event(struct worker *w, const struct mixer_event *ev)
{
	struct mixer_event *slot = slotq_reserve(w->events);

	if (!slot) {
		STAT_INC(w, events_lost);
		return false;
	}
	*slot = *ev;
	slotq_commit(w->events);
	return true;
}

bool worker_leg_event(struct worker *w, const struct leg *leg,
		      enum mixer_event_type type, unsigned reason)
{
	const struct mixer_event ev = {.type = type,
				       .leg = leg->id,
				       .reason = (uint16_t)reason,
				       .at_us = w->now};

	return worker_event(w, &ev);
}

struct peer_msg *worker_peer(struct worker *w, unsigned to)
{
	struct peer_msg *pm = slotq_reserve(w->to[to]);

	if (!pm)
		STAT_INC(w, ring_full);
	return pm;
}

struct peer_msg *worker_peer_speech(struct worker *w, unsigned to)
{
	struct peer_msg *pm = slotq_reserve_spare(w->to[to], PEER_KEEP);

	if (!pm)
		STAT_INC(w, ring_full);
	return pm;
}

/* --- messages of other workers ------------------------------------------ */

static const uint8_t *keep(struct kept *k, const struct peer_msg *pm,
			   uint32_t len)
{
	memcpy(k->data[k->n], pm->data, len);
	return k->data[k->n++];
}

static void peer_msg(struct worker *w, struct kept *k,
		     const struct peer_msg *pm, unsigned from)
{
	struct speech_down down;
	struct speech_up up;

	switch (pm->type) {
	case PEER_SPEECH_UP:
		up = pm->u.up;
		up.p = keep(k, pm, up.len);
		bridge_speech(w, &up);
		break;
	case PEER_SPEECH_DOWN:
		down = pm->u.down;
		down.p = keep(k, pm, down.len);
		part_speech(w, &down);
		break;
	case PEER_FLOOR_UP:
		bridge_floor(w, &pm->u.floor_up);
		break;
	case PEER_FLOOR_DOWN:
		part_floor(w, &pm->u.floor_down);
		break;
	case PEER_QUEUE_DOWN:
		part_queue(w, &pm->u.queue_down);
		break;
	case PEER_SHED:
		bridge_shed(w, pm->u.shed.bridge, pm->u.shed.burst);
		break;
	case PEER_FULL:
		w->load.fullv[from] = pm->u.full;
		break;
	}
}

/* A message may be about a member whose joining was commanded before it was
 * sent: signalling's queue is looked at after the message was seen. */
static unsigned peer_take(struct worker *w, struct kept *k, unsigned from)
{
	struct slotq *q = w->from[from];
	const struct peer_msg *pm;
	unsigned n = 0;

	while (n < PEER_BATCH && (pm = slotq_peek(q))) {
		worker_orders(w);
		if (k->n == PEER_BATCH) {
			outq_flush(&w->outq);
			k->n = 0;
		}
		peer_msg(w, k, pm, from);
		slotq_release(q);
		n++;
	}
	return n;
}

static void peers_take(struct worker *w, struct kept *k)
{
	unsigned i;

	for (i = 0; i < w->count; i++)
		if (w->from[i])
			(void)peer_take(w, k, i);
	outq_flush(&w->outq);
	k->n = 0;
}

/* --- the loop ----------------------------------------------------------- */

static bool queues_empty(const struct worker *w)
{
	unsigned i;

	if (!slotq_empty(w->cmds) || dtlschan_waits(w) ||
	    voice_waits(w))
		return false;
	for (i = 0; i < w->count; i++)
		if (w->from[i] && !slotq_empty(w->from[i]))
			return false;
	return true;
}

static int sleep_ms(const struct worker *w)
{
	uint64_t at_ms, now_ms = w->now / 1000;

	if (!wheel_next(&w->wheel, &at_ms))
		return -1;
	return at_ms > now_ms ? (int)(at_ms - now_ms) : 0;
}

/* A worker that keeps up finds now and then that nothing waits. To see that
 * takes a question that does not sleep, or that it has slept. */
static int events_wait(struct worker *w, struct epoll_event *evv)
{
	const uint64_t at = w->now;
	const bool idle = queues_empty(w);
	const int ms = idle ? sleep_ms(w) : 0;
	bool slept = false;
	int n = 0;

	if (idle && load_probes(&w->load, at)) {
		n = epoll_wait(w->ep, evv, EPOLL_MAX, 0);
		slept = !n;
		if (!n || (n == 1 && evv[0].data.u32 == WAKE_NO))
			w->load.empty_us = at;
	}
	if (!n && (ms || !slept)) {
		n = epoll_wait(w->ep, evv, EPOLL_MAX, ms);
		slept |= clock_mono_us() - at >= LOAD_PROBE_US;
	}
	w->now = clock_mono_us();
	if (ms && slept)
		w->load.empty_us = w->now;
	return n;
}

/* Speech before reports before floor: see rx_sock() */
static void ready_read(struct worker *w, const struct epoll_event *evv, int n)
{
	unsigned kind;
	int i;

	for (kind = 0; kind < PORT_KINDS; kind++) {
		for (i = 0; i < n; i++) {
			const uint32_t no = evv[i].data.u32;

			if (no != WAKE_NO && no % PORT_KINDS == kind)
				rx_sock(w, &w->sockv[no]);
		}
	}
}

static void cpu_count(struct worker *w)
{
	const uint64_t us = clock_read_us(CLOCK_THREAD_CPUTIME_ID);

	/* relaxed: a figure for people */
	atomic_store_explicit(&w->cpu_us, us, memory_order_relaxed);
}

/* What ends the nap early, and what has come meanwhile, is still there for the
 * next epoll_wait(). Who naps has read all there was. */
static void nap(struct worker *w)
{
	const int ms = nap_ms(sleep_ms(w));
	struct epoll_event ev;
	const uint64_t packets = atomic_load_explicit(
		&w->stats.v[STAT(rx_packets)], memory_order_relaxed);

	if (!nap_may(&w->nap, packets, w->now) || w->unread || !ms)
		return;
	wake_announce(w->wake);
	if (queues_empty(w)) {
		w->load.empty_us = w->now;
		(void)epoll_wait(w->ep_soon, &ev, 1, ms);
	}
	wake_clear(w->wake);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct epoll_event evv[EPOLL_MAX];
	struct kept kept = {.n = 0};
	uint64_t cpu_at = 0;

	w->now = clock_mono_us();
	wheel_init(&w->wheel, w->now / 1000);
	w->utc_us = clock_utc_ms() * 1000 - w->now;
	sweep_start(w);
	load_start(w);
	while (!w->quit) {
		int n;

		wake_announce(w->wake);
		w->now = clock_mono_us();
		n = events_wait(w, evv);
		wake_clear(w->wake);
		worker_orders(w);
		dtlschan_take(w);
		voice_take(w);
		load_look(w, evv, n);
		w->unread = n == EPOLL_MAX;
		if (n > 0)
			ready_read(w, evv, n);
		peers_take(w, &kept);
		(void)wheel_run(&w->wheel, w->now / 1000, w);
		outq_flush(&w->outq);
		if (w->now >= cpu_at) {
			cpu_count(w);
			cpu_at = w->now + 20000;
		}
		nap(w);
	}
	cpu_count(w);
	return NULL;
}

/* --- life ---------------------------------------------------------------- */

static void socks_close(struct worker *w)
{
	uint32_t i;

	for (i = 0; w->sockv && i < w->sockc; i++)
		if (w->sockv[i].fd >= 0)
			close(w->sockv[i].fd);
}

static void bridges_free(struct worker *w)
{
	uint32_t i;

	for (i = 0; i < w->cfg.bridges_max; i++) {
		if (w->homev)
			mem_deref(w->homev[i]);
		if (w->partv)
			mem_deref(w->partv[i]);
	}
}

static void worker_destructor(void *arg)
{
	struct worker *w = arg;
	unsigned i;

	bridges_free(w);
	socks_close(w);
	if (w->ep >= 0)
		close(w->ep);
	if (w->ep_soon >= 0)
		close(w->ep_soon);
	for (i = 0; i < MIXER_WORKERS_MAX; i++)
		mem_deref(w->from[i]);
	reserve_free(w->homev, w->cfg.bridges_max * sizeof(*w->homev));
	reserve_free(w->partv, w->cfg.bridges_max * sizeof(*w->partv));
	mem_deref(w->sockv);
	ssrcs_fini(&w->ssrcs);
	legs_fini(&w->legs);
	voices_fini(w);
	bfcpchans_free(w->bfcpv, w->cfg.legs_max);
	holds_fini(&w->holds);
	lates_fini(&w->lates);
	replay_pool_fini(&w->replays);
	addrs_fini(&w->addrs);
	mem_deref(w->cmds);
	mem_deref(w->events);
	mem_deref(w->wake);
}

static int tables_init(struct worker *w, uint64_t seed)
{
	uint32_t i;
	int err;

	w->sockc = w->cfg.triples_max * w->cfg.laddrc * PORT_KINDS;
	w->sockv = mem_zalloc(w->sockc * sizeof(*w->sockv), NULL);
	w->homev = reserve_alloc(w->cfg.bridges_max * sizeof(*w->homev));
	w->partv = reserve_alloc(w->cfg.bridges_max * sizeof(*w->partv));
	w->bfcpv = bfcpchans_alloc(w->cfg.legs_max);
	if (!w->sockv || !w->homev || !w->partv || !w->bfcpv)
		return ENOMEM;
	for (i = 0; i < w->sockc; i++)
		w->sockv[i].fd = w->sockv[i].out_head = -1;
	/* RTP and RTCP of each */
	err = addrs_init(&w->addrs, 2 * w->cfg.legs_max, seed);
	if (!err)
		err = ssrcs_init(&w->ssrcs, w->cfg.legs_max, seed);
	if (!err)
		err = holds_init(&w->holds);
	if (!err)
		err = lates_init(&w->lates);
	if (!err)
		err = replay_pool_init(&w->replays,
				       w->cfg.replay_kib * 1024ull,
				       w->cfg.replay_ms);
	return err ? err : legs_init(&w->legs, w->cfg.legs_max, seed);
}

static int queues_init(struct worker *w, struct wake *up)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u32 = WAKE_NO};
	unsigned i, slots = 1024 / w->count;
	int err;

	err = wake_alloc(&w->wake);
	if (err)
		return err;
	err = slotq_alloc(&w->cmds, CMD_SLOTS, sizeof(struct cmd), w->wake);
	if (!err)
		err = slotq_alloc(&w->events, EVENT_SLOTS,
				  sizeof(struct mixer_event), up);
	for (i = 0; i < w->count && !err; i++)
		if (i != w->idx)
			err = slotq_alloc(&w->from[i], MAX(slots, 64),
					  sizeof(struct peer_msg), w->wake);
	if (err)
		return err;
	w->ep = epoll_create1(EPOLL_CLOEXEC);
	w->ep_soon = epoll_create1(EPOLL_CLOEXEC);
	if (w->ep < 0 || w->ep_soon < 0 ||
	    epoll_ctl(w->ep, EPOLL_CTL_ADD, wake_fd(w->wake), &ev) ||
	    epoll_ctl(w->ep_soon, EPOLL_CTL_ADD, wake_fd(w->wake), &ev))
		return errno;
	return 0;
}

int worker_alloc(struct worker **wp, unsigned idx, const struct mixer_cfg *cfg,
		 struct wake *up, uint64_t seed, const struct tones *tones)
{
	struct worker *w = mem_zalloc(sizeof(*w), worker_destructor);
	int err;

	if (!w)
		return ENOMEM;
	w->ep = w->ep_soon = -1;
	w->idx = idx;
	w->cfg = *cfg;
	w->count = cfg->workers;
	w->players.tones = tones;
	outq_init(&w->outq, &w->stats);
	rx_init(&w->rx[0]);
	rx_init(&w->rx[1]);
	err = tables_init(w, seed);
	if (!err)
		err = queues_init(w, up);
	if (err)
		mem_deref(w);
	else
		*wp = w;
	return err;
}

int worker_start(struct worker *w)
{
	char name[16];
	int err;

	(void)snprintf(name, sizeof(name), "media %u", w->idx);
	err = thread_spawn(&w->tid, name, worker_main, w);
	w->running = !err;
	return err;
}

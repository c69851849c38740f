/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file dtls_peer.c  The legs that keys are being made for
 */
#include <errno.h>
#include <string.h>
#include "mixer/dtls_peer.h"
#include "util/ring.h"
#include "wire/dtlsrec.h"

enum {
	HASH_SLOTS = 4096,
	/* Until a full queue or table is tried again */
	AGAIN_MS = 20,
	/* Of one handshake, repetitions and all */
	DATAGRAMS_MAX = 256,
	BYTES_MAX = 128 * 1024,
	/* Encrypted records before the keys are there: OpenSSL keeps each of
	 * them in a buffer of 17 KB */
	EARLY_MAX = 16
};

enum peer_state {
	PEER_EXPECTED,  /* No handshake yet */
	PEER_SHAKING,
	PEER_KEYED,     /* The worker is to be told */
	PEER_LINGERING, /* Our last flight may have been lost */
	PEER_FAILED     /* The worker is to be told */
};

struct dtls_peer {
	struct le he;            /* By leg */
	struct le le;            /* Among the lingering */
	struct dtls_peers *ps;
	unsigned worker;
	mixer_leg_id leg;
	uint32_t epoch;
	enum peer_state state;
	struct mixer_dtls far;
	struct dtls_shake *shake;
	struct wheel_timer end;   /* Of the state */
	struct wheel_timer again; /* Repetition of what was not answered */
	bool busy;                /* There was no room for it */
	uint16_t reason;
	unsigned datagrams, bytes, early;
};

/* relaxed: figures for people, each for itself; one writer, so no
 * read-modify-write is needed */
static void count(_Atomic uint64_t *n)
{
	atomic_store_explicit(
		n, atomic_load_explicit(n, memory_order_relaxed) + 1,
		memory_order_relaxed);
}

static uint32_t running(const struct dtls_peers *ps)
{
	/* relaxed: ours */
	return atomic_load_explicit(&ps->running, memory_order_relaxed);
}

static void shake_free(struct dtls_peer *p)
{
	if (!p->shake)
		return;
	p->shake = mem_deref(p->shake);
	/* relaxed: a figure for people */
	atomic_store_explicit(&p->ps->running, running(p->ps) - 1,
			      memory_order_relaxed);
}

static void destructor(void *arg)
{
	struct dtls_peer *p = arg;

	wheel_cancel(&p->ps->wheel, &p->end);
	wheel_cancel(&p->ps->wheel, &p->again);
	hash_unlink(&p->he);
	list_unlink(&p->le);
	shake_free(p);
	p->ps->legs--;
}

static struct dtls_peer *peer_of(struct wheel_timer *t, size_t offset)
{
	return (void *)((uint8_t *)t - offset);
}

/* --- telling the worker -------------------------------------------------- */

static struct dtls_ev *event(const struct dtls_peer *p, enum dtls_ev_type type)
{
	struct dtls_ev *ev = slotq_reserve(p->ps->evs[p->worker]);

	if (ev) {
		ev->type = type;
		ev->leg = p->leg;
		ev->epoch = p->epoch;
		ev->reason = 0;
	}
	return ev;
}

/* A queue that is full loses it: DTLS has worse from networks */
static void send_handler(const uint8_t *v, size_t len, void *arg)
{
	struct dtls_peer *p = arg;
	struct dtls_ev *ev;

	if (len > DTLS_DATAGRAM_MAX)
		return;
	ev = event(p, DTLS_SEND);
	if (!ev)
		return;
	memcpy(ev->u.datagram.v, v, len);
	ev->u.datagram.len = (uint16_t)len;
	slotq_commit(p->ps->evs[p->worker]);
}

static void again_handler(struct wheel_timer *t, void *arg);
static void end_handler(struct wheel_timer *t, void *arg);

static void again_start(struct dtls_peer *p, uint64_t ms)
{
	wheel_start(&p->ps->wheel, &p->again, p->ps->now_ms + ms,
		    again_handler);
}

/* Frees the peer unless the event has to wait for room */
static void failed_tell(struct dtls_peer *p)
{
	struct dtls_ev *ev = event(p, DTLS_FAILED);

	if (!ev) {
		again_start(p, AGAIN_MS);
		return;
	}
	ev->reason = p->reason;
	slotq_commit(p->ps->evs[p->worker]);
	mem_deref(p);
}

static void peer_fail(struct dtls_peer *p, uint16_t reason)
{
	count(&p->ps->failed);
	if (reason == MIXER_INSECURE_FINGERPRINT)
		count(&p->ps->wrong_fingerprint);
	p->state = PEER_FAILED;
	p->reason = reason;
	wheel_cancel(&p->ps->wheel, &p->end);
	wheel_cancel(&p->ps->wheel, &p->again);
	shake_free(p);
	failed_tell(p);
}

/* The client has heard the server's last flight: only a server can be asked
 * for its own again */
static void keys_tell(struct dtls_peer *p)
{
	struct dtls_peers *ps = p->ps;
	struct dtls_ev *ev = event(p, DTLS_KEYS);
	int err;

	if (!ev) {
		again_start(p, AGAIN_MS);
		return;
	}
	err = dtls_shake_keys(p->shake, &ev->u.keys.rx, &ev->u.keys.tx);
	if (err) {
		peer_fail(p, err == EPROTONOSUPPORT ? MIXER_INSECURE_PROFILE
						    : MIXER_INSECURE_HANDSHAKE);
		return;
	}
	slotq_commit(ps->evs[p->worker]);
	count(&ps->done);
	if (p->far.active) {
		mem_deref(p);
		return;
	}
	p->state = PEER_LINGERING;
	list_append(&ps->lingering, &p->le, p);
	wheel_start(&ps->wheel, &p->end, ps->now_ms + ps->cfg.linger_ms,
		    end_handler);
}

/* --- shaking hands ------------------------------------------------------- */

static void peer_keyed(struct dtls_peer *p)
{
	p->state = PEER_KEYED;
	wheel_cancel(&p->ps->wheel, &p->end);
	wheel_cancel(&p->ps->wheel, &p->again);
	keys_tell(p);
}

/* May free the peer */
static void shaken(struct dtls_peer *p, enum dtls_shake_state state)
{
	uint64_t ms;

	switch (state) {
	case DTLS_SHAKE_RUNNING:
		if (dtls_shake_wait(p->shake, &ms))
			again_start(p, ms);
		else
			wheel_cancel(&p->ps->wheel, &p->again);
		break;
	case DTLS_SHAKE_DONE:
		if (p->state == PEER_SHAKING)
			peer_keyed(p);
		break;
	case DTLS_SHAKE_FAILED:
		if (p->state == PEER_SHAKING)
			peer_fail(p, dtls_shake_reason(p->shake));
		else if (p->state == PEER_LINGERING)
			mem_deref(p);
		/* KEYED: it closed before the worker was told, who then
		 * learns of keys that nobody uses */
		break;
	}
}

static bool room_make(struct dtls_peers *ps)
{
	struct le *oldest = list_head(&ps->lingering);

	if (running(ps) < ps->cfg.handshakes_max)
		return true;
	if (!oldest)
		return false;
	mem_deref(oldest->data);
	return true;
}

static int shake_make(struct dtls_peer *p)
{
	struct dtls_peers *ps = p->ps;
	int err;

	if (!room_make(ps)) {
		count(&ps->refused);
		p->busy = true;
		return ENOSPC;
	}
	err = dtls_shake_alloc(&p->shake, &ps->common, &p->far,
			       ps->cfg.repeat_ms, send_handler, p);
	if (err)
		return err;
	/* relaxed: a figure for people */
	atomic_store_explicit(&ps->running, running(ps) + 1,
			      memory_order_relaxed);
	count(&ps->begun);
	p->state = PEER_SHAKING;
	return 0;
}

/* Ours is the ClientHello; without room for it now, before long */
static void peer_start(struct dtls_peer *p)
{
	if (shake_make(p))
		again_start(p, AGAIN_MS);
	else
		shaken(p, dtls_shake_start(p->shake));
}

static void again_handler(struct wheel_timer *t, void *arg)
{
	struct dtls_peer *p = peer_of(t, offsetof(struct dtls_peer, again));

	(void)arg;
	switch (p->state) {
	case PEER_EXPECTED:
		peer_start(p);
		break;
	case PEER_SHAKING:
		shaken(p, dtls_shake_repeat(p->shake));
		break;
	case PEER_KEYED:
		keys_tell(p);
		break;
	case PEER_LINGERING:
		break;
	case PEER_FAILED:
		failed_tell(p);
		break;
	}
}

static void end_handler(struct wheel_timer *t, void *arg)
{
	struct dtls_peer *p = peer_of(t, offsetof(struct dtls_peer, end));

	(void)arg;
	if (p->state == PEER_LINGERING)
		mem_deref(p);
	else
		peer_fail(p, p->state == PEER_EXPECTED && p->busy
				     ? MIXER_INSECURE_BUSY
				     : MIXER_INSECURE_HANDSHAKE);
}

/* --- commands ------------------------------------------------------------ */

static bool leg_is(struct le *le, void *arg)
{
	const struct dtls_peer *p = le->data;
	const mixer_leg_id *leg = arg;

	return p->leg == *leg;
}

static uint32_t leg_key(mixer_leg_id leg)
{
	return hash_joaat((const uint8_t *)&leg, sizeof(leg));
}

static struct dtls_peer *peer_find(const struct dtls_peers *ps,
				   mixer_leg_id leg)
{
	return list_ledata(
		hash_lookup(ps->by_leg, leg_key(leg), leg_is, &leg));
}

static bool far_same(const struct mixer_dtls *a, const struct mixer_dtls *b)
{
	return a->active == b->active && a->len == b->len &&
	       !strncmp(a->hash, b->hash, sizeof(a->hash)) &&
	       !memcmp(a->fingerprint, b->fingerprint,
		       sizeof(a->fingerprint));
}

static void begin(struct dtls_peers *ps, unsigned worker,
		  const struct dtls_cmd *cmd)
{
	struct dtls_peer *p = peer_find(ps, cmd->leg);

	if (p && p->epoch == cmd->epoch && far_same(&p->far, &cmd->u.begin))
		return;
	mem_deref(p);
	p = ps->legs < ps->cfg.legs_max ? mem_zalloc(sizeof(*p), destructor)
					: NULL;
	if (!p) {
		count(&ps->refused);
		return;
	}
	ps->legs++;
	p->ps = ps;
	p->worker = worker;
	p->leg = cmd->leg;
	p->epoch = cmd->epoch;
	p->far = cmd->u.begin;
	hash_append(ps->by_leg, leg_key(p->leg), &p->he, p);
	wheel_start(&ps->wheel, &p->end, ps->now_ms + ps->cfg.handshake_ms,
		    end_handler);
	if (!dtls_far_known(&p->far))
		peer_fail(p, MIXER_INSECURE_FINGERPRINT);
	else if (p->far.active)
		peer_start(p);
}

/* What one peer may make us work for and keep */
static bool within_bounds(struct dtls_peer *p, const struct dtlsrec_info *info,
			  size_t len)
{
	p->datagrams++;
	p->bytes += (unsigned)len;
	if (p->state == PEER_SHAKING)
		p->early += info->encrypted;
	return p->datagrams <= DATAGRAMS_MAX && p->bytes <= BYTES_MAX &&
	       p->early <= EARLY_MAX;
}

static void peer_datagram(struct dtls_peer *p, const struct dtlsrec_info *info,
			  const uint8_t *v, size_t len)
{
	if (p->state == PEER_FAILED ||
	    (p->state == PEER_EXPECTED && (!info->hello || p->far.active))) {
		count(&p->ps->dropped);
		return;
	}
	/* The ClientHello comes again */
	if (p->state == PEER_EXPECTED && shake_make(p))
		return;
	if (within_bounds(p, info, len))
		shaken(p, dtls_shake_input(p->shake, v, len));
	else
		shaken(p, DTLS_SHAKE_FAILED);
}

static void datagram(struct dtls_peers *ps, const struct dtls_cmd *cmd)
{
	struct dtls_peer *p = peer_find(ps, cmd->leg);
	const size_t len = cmd->u.datagram.len;
	struct dtlsrec_info info;

	if (!p || p->epoch != cmd->epoch || len > DTLS_DATAGRAM_MAX ||
	    dtlsrec_check(&info, cmd->u.datagram.v, len)) {
		count(&ps->dropped);
		return;
	}
	peer_datagram(p, &info, cmd->u.datagram.v, len);
}

static void done(const struct dtls_peers *ps, const struct dtls_cmd *cmd)
{
	struct dtls_peer *p = peer_find(ps, cmd->leg);

	if (p && p->epoch == cmd->epoch && p->state == PEER_LINGERING)
		mem_deref(p);
}

void dtls_peers_cmd(struct dtls_peers *ps, unsigned worker,
		    const struct dtls_cmd *cmd)
{
	switch (cmd->type) {
	case DTLS_BEGIN:
		begin(ps, worker, cmd);
		break;
	case DTLS_DATAGRAM:
		datagram(ps, cmd);
		break;
	case DTLS_DONE:
		done(ps, cmd);
		break;
	case DTLS_END:
		mem_deref(peer_find(ps, cmd->leg));
		break;
	}
}

/* --- life ---------------------------------------------------------------- */

int dtls_peers_init(struct dtls_peers *ps, const struct dtls_cfg *cfg,
		    const struct dtls_cert *cert, uint64_t now_ms)
{
	int err;

	ps->cfg = *cfg;
	ps->now_ms = now_ms;
	wheel_init(&ps->wheel, now_ms);
	list_init(&ps->lingering);
	err = hash_alloc(&ps->by_leg, HASH_SLOTS);
	if (err)
		return err;
	return dtls_common_init(&ps->common, cert);
}

void dtls_peers_fini(struct dtls_peers *ps)
{
	hash_flush(ps->by_leg);
	ps->by_leg = mem_deref(ps->by_leg);
	dtls_common_fini(&ps->common);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file dtls.c  DTLS handshakes of secure legs: the thread and its queues
 */
#include <errno.h>
#include <poll.h>
#include "mixer/dtls_peer.h"
#include "util/clock.h"
#include "util/thread.h"

enum {
	/* Of all workers together, each way; at least SLOTS_MIN each */
	SLOTS = 256,
	SLOTS_MIN = 64,
	/* Commands of one worker before the others have a turn */
	TURN = 16
};

struct dtls {
	struct dtls_cert cert;
	struct dtls_peers peers;
	struct wake *wake;
	struct slotq *cmds[MIXER_WORKERS_MAX];
	unsigned workers;
	pthread_t tid;
	bool started;
	atomic_bool quit;
	_Atomic uint64_t cpu_us;
};

/* --- the thread ---------------------------------------------------------- */

static bool cmds_empty(const struct dtls *d)
{
	unsigned i;

	for (i = 0; i < d->workers; i++)
		if (!slotq_empty(d->cmds[i]))
			return false;
	return true;
}

static int sleep_ms(const struct dtls *d)
{
	uint64_t at_ms;

	/* seq_cst: comes after our announcement, as of the queues */
	if (!cmds_empty(d) ||
	    atomic_load_explicit(&d->quit, memory_order_seq_cst))
		return 0;
	if (!wheel_next(&d->peers.wheel, &at_ms))
		return -1;
	return at_ms > d->peers.now_ms ? (int)(at_ms - d->peers.now_ms) : 0;
}

static void cmds_take(struct dtls *d, unsigned worker)
{
	const struct dtls_cmd *cmd;
	unsigned n;

	for (n = 0; n < TURN && (cmd = slotq_peek(d->cmds[worker])); n++) {
		dtls_peers_cmd(&d->peers, worker, cmd);
		slotq_release(d->cmds[worker]);
	}
}

static void *dtls_main(void *arg)
{
	struct dtls *d = arg;
	struct pollfd pfd = {.fd = wake_fd(d->wake), .events = POLLIN};
	unsigned i;

	while (!atomic_load_explicit(&d->quit, memory_order_seq_cst)) {
		wake_announce(d->wake);
		d->peers.now_ms = clock_mono_ms();
		(void)poll(&pfd, 1, sleep_ms(d));
		wake_clear(d->wake);
		d->peers.now_ms = clock_mono_ms();
		for (i = 0; i < d->workers; i++)
			cmds_take(d, i);
		(void)wheel_run(&d->peers.wheel, d->peers.now_ms, NULL);
		/* relaxed: a figure for people */
		atomic_store_explicit(&d->cpu_us,
				      clock_read_us(CLOCK_THREAD_CPUTIME_ID),
				      memory_order_relaxed);
	}
	return NULL;
}

/* --- life ---------------------------------------------------------------- */

static void destructor(void *arg)
{
	struct dtls *d = arg;
	unsigned i;

	if (d->started) {
		/* seq_cst: comes before the look at the announcement */
		atomic_store_explicit(&d->quit, true, memory_order_seq_cst);
		wake_signal(d->wake);
		(void)pthread_join(d->tid, NULL);
	}
	dtls_peers_fini(&d->peers);
	dtls_cert_fini(&d->cert);
	for (i = 0; i < d->workers; i++) {
		mem_deref(d->cmds[i]);
		mem_deref(d->peers.evs[i]);
	}
	mem_deref(d->wake);
}

static struct dtls_cfg cfg_whole(const struct dtls_cfg *cfg)
{
	struct dtls_cfg whole = *cfg;

	if (!whole.handshakes_max)
		whole.handshakes_max = 256;
	if (!whole.legs_max)
		whole.legs_max = 100000;
	if (!whole.handshake_ms)
		whole.handshake_ms = 30000;
	if (!whole.linger_ms)
		whole.linger_ms = 10000;
	if (!whole.repeat_ms)
		whole.repeat_ms = 250;
	return whole;
}

static int queues_alloc(struct dtls *d, const struct dtls_cfg *cfg)
{
	const uint32_t slots = MAX(SLOTS / cfg->workers, SLOTS_MIN);
	unsigned i;
	int err;

	err = wake_alloc(&d->wake);
	for (i = 0; i < cfg->workers && !err; i++) {
		err = slotq_alloc(&d->cmds[i], slots, sizeof(struct dtls_cmd),
				  d->wake);
		if (!err)
			err = slotq_alloc(&d->peers.evs[i], slots,
					  sizeof(struct dtls_ev),
					  cfg->wakev[i]);
	}
	return err;
}

int dtls_alloc(struct dtls **dp, const struct dtls_cfg *cfg, char *words)
{
	struct dtls_cfg whole;
	struct dtls *d;
	int err;

	if (!dp || !cfg || !words || !cfg->workers ||
	    cfg->workers > MIXER_WORKERS_MAX)
		return EINVAL;
	words[0] = '\0';
	d = mem_zalloc(sizeof(*d), destructor);
	if (!d)
		return ENOMEM;
	d->workers = cfg->workers;
	whole = cfg_whole(cfg);
	err = dtls_cert_init(&d->cert, cfg->cert, words);
	if (!err)
		err = queues_alloc(d, cfg);
	if (!err)
		err = dtls_peers_init(&d->peers, &whole, &d->cert,
				      clock_mono_ms());
	/* The caller's string is not to outlive it here */
	d->peers.cfg.cert = NULL;
	if (err)
		mem_deref(d);
	else
		*dp = d;
	return err;
}

int dtls_start(struct dtls *d)
{
	int err;

	if (!d || d->started)
		return EINVAL;
	err = thread_spawn(&d->tid, "dtls", dtls_main, d);
	d->started = !err;
	return err;
}

/* --- what others see ----------------------------------------------------- */

const char *dtls_fingerprint(const struct dtls *d)
{
	return d->cert.fingerprint;
}

struct slotq *dtls_cmds(const struct dtls *d, unsigned worker)
{
	return worker < d->workers ? d->cmds[worker] : NULL;
}

struct slotq *dtls_evs(const struct dtls *d, unsigned worker)
{
	return worker < d->workers ? d->peers.evs[worker] : NULL;
}

/* relaxed: figures for people */
#define READ(v) atomic_load_explicit(&(v), memory_order_relaxed)

void dtls_stats_get(const struct dtls *d, struct dtls_stats *st)
{
	const struct dtls_peers *ps = &d->peers;
	uint64_t full = 0;
	unsigned i;

	for (i = 0; i < d->workers; i++)
		full += slotq_drops(d->cmds[i]) + slotq_drops(ps->evs[i]);
	*st = (struct dtls_stats){
		.begun = READ(ps->begun),
		.done = READ(ps->done),
		.failed = READ(ps->failed),
		.refused = READ(ps->refused),
		.wrong_fingerprint = READ(ps->wrong_fingerprint),
		.dropped = READ(ps->dropped),
		.queue_full = full,
		.running = READ(ps->running),
		.cpu_us = READ(d->cpu_us),
	};
}

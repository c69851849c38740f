/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mix.c  The mix thread and its queues
 */
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include "mixer/mix.h"
#include "util/thread.h"

enum {
	/* Of each worker, each way */
	SLOTS = 512,
	/* Commands of one worker before the others have a turn */
	TURN = 16
};

struct mix {
	struct wake *wake;
	struct slotq *cmds[MIXER_WORKERS_MAX];
	struct slotq *evs[MIXER_WORKERS_MAX];
	unsigned workers;
	pthread_t tid;
	bool started;
	atomic_bool quit;
};

/* --- the thread ---------------------------------------------------------- */

static void speech(struct slotq *evs, const struct mix_cmd *cmd)
{
	struct mix_ev ev = {.leg = cmd->leg};
	struct mix_ev *slot;

	/* The decoder has to hear all, even if nobody is told */
	ev.n = (uint16_t)mix_decode(cmd->decoder, cmd->v, cmd->len,
				    ev.levelv);
	slot = ev.n ? slotq_reserve(evs) : NULL;
	if (!slot)
		return;
	*slot = ev;
	slotq_commit(evs);
}

static void cmds_take(struct mix *m, unsigned worker)
{
	const struct mix_cmd *cmd;
	unsigned n;

	for (n = 0; n < TURN && (cmd = slotq_peek(m->cmds[worker])); n++) {
		switch (cmd->type) {
		case MIX_SPEECH:
			speech(m->evs[worker], cmd);
			break;
		case MIX_END:
			mem_deref(cmd->decoder);
			break;
		}
		slotq_release(m->cmds[worker]);
	}
}

static bool waits(const struct mix *m)
{
	unsigned i;

	for (i = 0; i < m->workers; i++)
		if (!slotq_empty(m->cmds[i]))
			return true;
	/* seq_cst: comes after our announcement, as of the queues */
	return atomic_load_explicit(&m->quit, memory_order_seq_cst);
}

static void *mix_main(void *arg)
{
	struct mix *m = arg;
	struct pollfd pfd = {.fd = wake_fd(m->wake), .events = POLLIN};
	unsigned i;

	while (!atomic_load_explicit(&m->quit, memory_order_seq_cst)) {
		wake_announce(m->wake);
		(void)poll(&pfd, 1, waits(m) ? 0 : -1);
		wake_clear(m->wake);
		for (i = 0; i < m->workers; i++)
			cmds_take(m, i);
	}
	return NULL;
}

/* --- life ---------------------------------------------------------------- */

static void decoders_free(struct slotq *cmds)
{
	const struct mix_cmd *cmd;

	while (cmds && (cmd = slotq_peek(cmds))) {
		if (cmd->type == MIX_END)
			mem_deref(cmd->decoder);
		slotq_release(cmds);
	}
}

static void destructor(void *arg)
{
	struct mix *m = arg;
	unsigned i;

	if (m->started) {
		/* seq_cst: comes before the look at the announcement */
		atomic_store_explicit(&m->quit, true, memory_order_seq_cst);
		wake_signal(m->wake);
		(void)pthread_join(m->tid, NULL);
	}
	for (i = 0; i < m->workers; i++) {
		decoders_free(m->cmds[i]);
		mem_deref(m->cmds[i]);
		mem_deref(m->evs[i]);
	}
	mem_deref(m->wake);
}

int mix_alloc(struct mix **mp, unsigned workers, struct wake *const *wakev)
{
	struct mix *m = mem_zalloc(sizeof(*m), destructor);
	unsigned i;
	int err;

	if (!m)
		return ENOMEM;
	m->workers = workers;
	err = wake_alloc(&m->wake);
	for (i = 0; i < workers && !err; i++) {
		err = slotq_alloc(&m->cmds[i], SLOTS, sizeof(struct mix_cmd),
				  m->wake);
		if (!err)
			err = slotq_alloc(&m->evs[i], SLOTS,
					  sizeof(struct mix_ev), wakev[i]);
	}
	if (!err)
		err = thread_spawn(&m->tid, "mix", mix_main, m);
	m->started = !err;
	if (err)
		mem_deref(m);
	else
		*mp = m;
	return err;
}

struct slotq *mix_cmds(const struct mix *m, unsigned worker)
{
	return m->cmds[worker];
}

struct slotq *mix_evs(const struct mix *m, unsigned worker)
{
	return m->evs[worker];
}

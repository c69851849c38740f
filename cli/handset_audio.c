/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The owner's side: queues, and streams while they are being opened. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <re.h>
#include "cli/handset_audio.h"
#include "cli/handset_ms2.h"
#include "util/slotq.h"
#include "util/wake.h"

enum { CMDS_MAX = 256, EVENTS_MAX = 1024 };

struct hs_audio {
	struct hs_queues q;
	struct hs_engine *engine;
	uint32_t id_last;
	unsigned streams_open;
	unsigned jitter_ms, dead_ms;
};

static int cmd_put(struct hs_audio *a, const struct hs_cmd *cmd)
{
	struct hs_cmd *slot = slotq_reserve(a->q.cmds);

	if (!slot)
		return EAGAIN;
	*slot = *cmd;
	slotq_commit(a->q.cmds);
	return 0;
}

static void audio_destructor(void *arg)
{
	struct hs_audio *a = arg;

	if (a->engine) {
		while (cmd_put(a, &(struct hs_cmd){.type = HS_CMD_QUIT}))
			sched_yield();
		hs_engine_join(a->engine);
	}
	mem_deref(a->q.cmds);
	mem_deref(a->q.events);
	mem_deref(a->q.cmd_wake);
	mem_deref(a->q.event_wake);
}

static int queues_alloc(struct hs_queues *q)
{
	int err;

	err = wake_alloc(&q->cmd_wake);
	if (err)
		return err;
	err = wake_alloc(&q->event_wake);
	if (err)
		return err;
	err = slotq_alloc(&q->cmds, CMDS_MAX, sizeof(struct hs_cmd),
			  q->cmd_wake);
	if (err)
		return err;
	return slotq_alloc(&q->events, EVENTS_MAX, sizeof(struct hs_audio_ev),
			   q->event_wake);
}

int hs_audio_alloc(struct hs_audio **ap, const struct hs_audio_cfg *cfg,
		   char *why, size_t why_size)
{
	struct hs_audio *a = mem_zalloc(sizeof(*a), audio_destructor);
	int err;

	if (!a)
		return ENOMEM;
	a->jitter_ms = cfg->jitter_ms;
	a->dead_ms = cfg->dead_ms;
	err = queues_alloc(&a->q);
	if (err)
		(void)re_snprintf(why, why_size, "queues: %m", err);
	else
		err = hs_engine_start(&a->engine, cfg, &a->q, why, why_size);
	if (err) {
		mem_deref(a);
		return err;
	}
	wake_announce(a->q.event_wake);
	*ap = a;
	return 0;
}

int hs_audio_fd(const struct hs_audio *a)
{
	return wake_fd(a->q.event_wake);
}

void hs_audio_poll(struct hs_audio *a, hs_audio_ev_h *evh, void *arg)
{
	const struct hs_audio_ev *slot;

	wake_clear(a->q.event_wake);
	while ((slot = slotq_peek(a->q.events))) {
		const struct hs_audio_ev ev = *slot;

		slotq_release(a->q.events);
		evh(&ev, arg);
	}
	wake_announce(a->q.event_wake);
	if (!slotq_empty(a->q.events))
		wake_signal(a->q.event_wake);
}

int hs_audio_open(struct hs_audio *a, const char *addr,
		  struct hs_audio_local *local)
{
	struct hs_stream *s;
	int err;

	if (a->streams_open >= HS_STREAMS_MAX)
		return ENOSPC;
	if (!++a->id_last)
		++a->id_last;
	err = hs_stream_open(&s, a->id_last, addr, a->jitter_ms, a->dead_ms);
	if (err)
		return err;
	hs_stream_local(s, local);
	err = cmd_put(a, &(struct hs_cmd){.type = HS_CMD_ADD, .stream = s});
	if (err) {
		hs_stream_close(s);
		return err;
	}
	a->streams_open++;
	return 0;
}

int hs_audio_remote(struct hs_audio *a, uint32_t stream,
		    const struct hs_audio_remote *remote)
{
	return cmd_put(a, &(struct hs_cmd){.type = HS_CMD_REMOTE,
					   .id = stream,
					   .remote = *remote});
}

int hs_audio_talk(struct hs_audio *a, uint32_t stream)
{
	return cmd_put(a, &(struct hs_cmd){.type = HS_CMD_TALK, .id = stream});
}

int hs_audio_hush(struct hs_audio *a, uint32_t stream)
{
	return cmd_put(a, &(struct hs_cmd){.type = HS_CMD_HUSH, .id = stream});
}

int hs_audio_key(struct hs_audio *a, uint32_t stream, enum hs_key key)
{
	return cmd_put(a, &(struct hs_cmd){
				  .type = HS_CMD_KEY,
				  .id = stream,
				  .key = key});
}

int hs_audio_close(struct hs_audio *a, uint32_t stream)
{
	const int err = cmd_put(
		a, &(struct hs_cmd){.type = HS_CMD_CLOSE, .id = stream});

	if (!err && a->streams_open)
		a->streams_open--;
	return err;
}

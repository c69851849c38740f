/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The audio thread: mouth, ear, clock, and who gets what of them. */
#include <errno.h>
#include <ortp/ortp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "cli/handset_ms2.h"
#include "util/clock.h"
#include "util/slotq.h"
#include "util/thread.h"
#include "util/wake.h"

enum {
	WAKE_MAX = 64,
	/** Frames taken from the microphone at once */
	LISTEN_MAX = 25,
	/** After a suspended machine the recording is not filled up */
	TICKS_MAX = 500
};

struct hs_engine {
	struct hs_queues q;
	struct _MSFactory *factory;
	pthread_t thread;
	bool running;
	int epfd, tickfd;
	struct hs_stream *streamv[HS_STREAMS_MAX];
	struct hs_mic mic;
	struct hs_card *mouth, *ear;
	struct hs_wav wav;
	uint64_t start_us; /**< The recording's; 0: not yet */
};

/* What an epoll event is about: a stream, or one of these */
static void *const tag_cmd = (void *)1;
static void *const tag_tick = (void *)2;

/* A full queue means an owner that does not look: it misses what follows, and
 * slotq_drops() counts it. */
static void ev_put(struct hs_audio_ev *ev, void *arg)
{
	struct hs_engine *e = arg;
	struct hs_audio_ev *slot = slotq_reserve(e->q.events);

	if (!slot)
		return;
	*slot = *ev;
	slotq_commit(e->q.events);
}

/* --- microphone --------------------------------------------------------- */

uint64_t hs_mic_now(const struct hs_mic *mic)
{
	return mic->card ? mic->heard : 0;
}

uint64_t hs_mic_frames(const struct hs_mic *mic, uint64_t pos, uint64_t due)
{
	return mic->card ? (mic->heard - pos) / HS_FRAME_SAMPLES : due;
}

static bool mic_card_read(const struct hs_mic *mic, uint64_t *posp, int16_t *v,
			  size_t n)
{
	size_t i;

	if (*posp + HS_MIC_SAMPLES < mic->heard)
		*posp = mic->heard - HS_MIC_SAMPLES / 2;
	for (i = 0; i < n && *posp < mic->heard; i++, (*posp)++)
		v[i] = mic->ring[*posp & (HS_MIC_SAMPLES - 1)];
	return false;
}

bool hs_mic_read(const struct hs_mic *mic, uint64_t *posp, int16_t *v,
		 size_t n)
{
	const uint64_t pos = *posp;
	size_t i;

	memset(v, 0, n * sizeof(*v));
	if (mic->card)
		return mic_card_read(mic, posp, v, n);
	for (i = 0; i < n && pos + i < mic->file.n; i++)
		v[i] = mic->file.v[pos + i];
	*posp = pos + n;
	return pos < mic->file.n && pos + n >= mic->file.n;
}

static void mic_listen(struct hs_engine *e)
{
	int16_t v[HS_FRAME_SAMPLES];
	size_t n, i, frames;

	if (!e->mouth)
		return;
	/* Bounded: a card that runs wild would keep us here */
	for (frames = 0; frames < LISTEN_MAX; frames++) {
		n = hs_card_read(e->mouth, v, HS_FRAME_SAMPLES);
		if (!n)
			break;
		for (i = 0; i < n; i++, e->mic.heard++)
			e->mic.ring[e->mic.heard & (HS_MIC_SAMPLES - 1)] =
				v[i];
	}
}

/* --- the thread --------------------------------------------------------- */

static struct hs_stream **slot_find(struct hs_engine *e, uint32_t id)
{
	unsigned i;

	for (i = 0; i < HS_STREAMS_MAX; i++) {
		const struct hs_stream *s = e->streamv[i];

		if (id ? s && hs_stream_id(s) == id : !s)
			return &e->streamv[i];
	}
	return NULL;
}

static void watch(const struct hs_engine *e, int fd, void *tag)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = tag};

	(void)epoll_ctl(e->epfd, EPOLL_CTL_ADD, fd, &ev);
}

static void stream_add(struct hs_engine *e, struct hs_stream *s)
{
	struct hs_stream **slot = slot_find(e, 0);
	int fdv[3];

	if (!slot) { /* the owner counts them, so there is one */
		hs_stream_close(s);
		return;
	}
	*slot = s;
	hs_stream_handler(s, e->factory, ev_put, e);
	hs_stream_fds(s, fdv);
	watch(e, fdv[0], s);
	watch(e, fdv[1], s);
	watch(e, fdv[2], s);
}

static void record_start(struct hs_engine *e)
{
	const struct itimerspec its = {
		.it_interval.tv_nsec = HS_FRAME_US * 1000,
		.it_value.tv_nsec = HS_FRAME_US * 1000,
	};

	if (e->start_us)
		return;
	/* A frame is heard from the tick on that hands it over */
	e->start_us = clock_mono_us() + HS_FRAME_US;
	(void)timerfd_settime(e->tickfd, 0, &its, NULL);
	ev_put(&(struct hs_audio_ev){.type = HS_AUDIO_RECORD_START,
				     .t_us = e->start_us},
	       e);
}

static void failed(struct hs_engine *e, int err)
{
	ev_put(&(struct hs_audio_ev){.type = HS_AUDIO_FAILED,
				     .t_us = clock_mono_us(),
				     .error = err},
	       e);
}

/* @return false: the thread ends */
static bool cmd_run(struct hs_engine *e, const struct hs_cmd *cmd)
{
	struct hs_stream **slot = slot_find(e, cmd->id);

	switch (cmd->type) {
	case HS_CMD_ADD:
		stream_add(e, cmd->stream);
		return true;
	case HS_CMD_QUIT:
		return false;
	case HS_CMD_REMOTE:
		if (!slot)
			return true;
		record_start(e);
		if (hs_stream_remote(*slot, &cmd->remote))
			failed(e, EADDRNOTAVAIL);
		return true;
	case HS_CMD_TALK:
		mic_listen(e);
		if (slot)
			hs_stream_talk(*slot, &e->mic);
		return true;
	case HS_CMD_HUSH:
		if (slot)
			hs_stream_hush(*slot);
		return true;
	case HS_CMD_KEY:
		if (slot)
			hs_stream_key(*slot, cmd->key);
		return true;
	case HS_CMD_CLOSE:
		if (slot) {
			hs_stream_close(*slot);
			*slot = NULL;
		}
		return true;
	}
	return true;
}

static void frame(struct hs_engine *e)
{
	int32_t mix[HS_FRAME_SAMPLES] = {0};
	int16_t v[HS_FRAME_SAMPLES];
	int err = 0;
	size_t i;

	for (i = 0; i < HS_STREAMS_MAX; i++) {
		if (e->streamv[i])
			hs_stream_tick(e->streamv[i], mix);
	}
	for (i = 0; i < HS_FRAME_SAMPLES; i++)
		v[i] = mix[i] > INT16_MAX   ? INT16_MAX
		       : mix[i] < INT16_MIN ? INT16_MIN
					    : (int16_t)mix[i];
	if (e->wav.f)
		err = hs_wav_write(&e->wav, v, HS_FRAME_SAMPLES);
	if (err) {
		hs_wav_close(&e->wav);
		failed(e, err);
	}
	if (e->ear)
		hs_card_write(e->ear, v, HS_FRAME_SAMPLES);
}

/* Ticks that the thread slept through are made up for: the recording is
 * real time. */
static void tick(struct hs_engine *e)
{
	uint64_t n = 0;

	if (read(e->tickfd, &n, sizeof(n)) != (ssize_t)sizeof(n))
		return;
	if (n > TICKS_MAX)
		n = TICKS_MAX;
	mic_listen(e);
	while (n--)
		frame(e);
}

static bool cmds_run(struct hs_engine *e)
{
	const struct hs_cmd *slot;

	while ((slot = slotq_peek(e->q.cmds))) {
		const bool run = cmd_run(e, slot);

		slotq_release(e->q.cmds);
		if (!run)
			return false;
	}
	return true;
}

/* What came in goes first: after a delay of this thread packets and ticks
 * wait together, and the packets were there in time. */
static void streams_run(struct hs_engine *e, const struct epoll_event *evv,
			int n)
{
	int i;

	for (i = 0; i < n; i++) {
		void *tag = evv[i].data.ptr;

		if (tag != tag_cmd && tag != tag_tick)
			hs_stream_recv(tag);
	}
	mic_listen(e);
	for (i = 0; i < n; i++) {
		void *tag = evv[i].data.ptr;

		if (tag != tag_cmd && tag != tag_tick)
			hs_stream_pace(tag, &e->mic);
	}
}

static void *engine_thread(void *arg)
{
	struct hs_engine *e = arg;

	while (cmds_run(e)) {
		struct epoll_event evv[WAKE_MAX];
		int i, n;

		wake_announce(e->q.cmd_wake);
		n = epoll_wait(e->epfd, evv, WAKE_MAX,
			       slotq_empty(e->q.cmds) ? -1 : 0);
		wake_clear(e->q.cmd_wake);
		streams_run(e, evv, n);
		for (i = 0; i < n; i++) {
			if (evv[i].data.ptr == tag_tick)
				tick(e);
		}
	}
	return NULL;
}

/* --- start and end ------------------------------------------------------ */

static const char *card_name(const char *s)
{
	if (strncmp(s, "alsa", 4) || (s[4] && s[4] != ':'))
		return NULL;
	return s[4] ? s + 5 : "";
}

static void why_set(char *why, size_t size, const char *what, int err)
{
	const char *text = strerror(err);

	if (err == EBADMSG)
		text = "not a WAV file";
	else if (err == ENOTSUP)
		text = "neither linear PCM nor G.711";
	snprintf(why, size, "%s: %s", what, text);
}

static int mouth_open(struct hs_engine *e, const char *play)
{
	const char *card = card_name(play);
	int err;

	if (!strcmp(play, "none"))
		return 0;
	if (!card)
		return hs_pcm_load(&e->mic.file, play, HS_RATE_HZ);
	err = hs_card_open(&e->mouth, card, true);
	e->mic.card = !err;
	return err;
}

static int ear_open(struct hs_engine *e, const char *record)
{
	const char *card = card_name(record);

	if (!strcmp(record, "none"))
		return 0;
	return card ? hs_card_open(&e->ear, card, false)
		    : hs_wav_open(&e->wav, record);
}

static int fds_open(struct hs_engine *e)
{
	e->epfd = epoll_create1(EPOLL_CLOEXEC);
	e->tickfd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (e->epfd < 0 || e->tickfd < 0)
		return errno;
	watch(e, wake_fd(e->q.cmd_wake), tag_cmd);
	watch(e, e->tickfd, tag_tick);
	return 0;
}

static int thread_start(struct hs_engine *e)
{
	const int err = thread_spawn(&e->thread, "audio", engine_thread, e);

	e->running = !err;
	return err;
}

/* Of mediastreamer2 only what is wrong, to where people look: it opens a sound
 * card in a thread of its own, and a card that is not there shows nowhere
 * else. oRTP's complaints are the network's weather. */
static void log_h(const char *domain, BctbxLogLevel lev, const char *fmt,
		  va_list args)
{
	if (!(lev & (BCTBX_LOG_WARNING | BCTBX_LOG_ERROR | BCTBX_LOG_FATAL)) ||
	    !domain || strcmp(domain, "mediastreamer"))
		return;
	fputs("holler handset: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

static void ortp_ready(void)
{
	ortp_set_log_handler(log_h);
	ortp_init();
}

static int engine_open(struct hs_engine *e, const struct hs_audio_cfg *cfg,
		       const char **whatp)
{
	int err;

	*whatp = "audio";
	ortp_ready();
	e->factory = hs_coders_alloc();
	err = e->factory ? fds_open(e) : ENOMEM;
	if (err)
		return err;
	*whatp = cfg->play;
	err = mouth_open(e, cfg->play);
	if (err)
		return err;
	*whatp = cfg->record;
	err = ear_open(e, cfg->record);
	if (err)
		return err;
	*whatp = "audio thread";
	return thread_start(e);
}

int hs_engine_start(struct hs_engine **ep, const struct hs_audio_cfg *cfg,
		    const struct hs_queues *q, char *why, size_t why_size)
{
	struct hs_engine *e = calloc(1, sizeof(*e));
	const char *what;
	int err;

	if (!e)
		return ENOMEM;
	e->epfd = e->tickfd = -1;
	e->q = *q;
	hs_pcm_init(&e->mic.file);
	err = engine_open(e, cfg, &what);
	if (err) {
		why_set(why, why_size, what, err);
		hs_engine_join(e);
		return err;
	}
	*ep = e;
	return 0;
}

void hs_engine_join(struct hs_engine *e)
{
	const struct hs_cmd *cmd;
	unsigned i;

	if (e->running)
		pthread_join(e->thread, NULL);
	while ((cmd = slotq_peek(e->q.cmds))) {
		if (cmd->type == HS_CMD_ADD)
			hs_stream_close(cmd->stream);
		slotq_release(e->q.cmds);
	}
	for (i = 0; i < HS_STREAMS_MAX; i++)
		hs_stream_close(e->streamv[i]);
	hs_card_close(e->mouth);
	hs_card_close(e->ear);
	hs_coders_free(e->factory);
	hs_wav_close(&e->wav);
	hs_pcm_fini(&e->mic.file);
	if (e->epfd >= 0)
		close(e->epfd);
	if (e->tickfd >= 0)
		close(e->tickfd);
	free(e);
}

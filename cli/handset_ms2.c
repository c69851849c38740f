/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <ortp/ortp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "cli/handset_ms2.h"
#include "util/clock.h"

enum {
	CMDS_MAX = 256,
	EVENTS_MAX = 1024,
	WAKE_MAX = 64,
	/** After a suspended machine the recording is not filled up */
	TICKS_MAX = 500
};

enum cmd_type { CMD_ADD, CMD_REMOTE, CMD_TALK, CMD_STOP, CMD_CLOSE, CMD_QUIT };

struct cmd {
	enum cmd_type type;
	uint32_t id;
	struct hs_stream *stream; /**< ADD: given away */
	char addr[HS_ADDR_MAX];
	uint16_t rtp_port, rtcp_port;
};

/** Both queues, under one lock that is held for a copy only */
struct queues {
	pthread_mutex_t lock;
	struct cmd cmdv[CMDS_MAX];
	struct hs_audio_ev evv[EVENTS_MAX];
	unsigned cmd_head, cmd_count, ev_head, ev_count;
	int cmdfd, evfd;
};

struct hs_audio {
	struct queues q;
	pthread_t thread;
	bool running;

	/* the owner's */
	uint32_t id_last;
	unsigned streams_open;
	unsigned jitter_ms;

	/* the audio thread's */
	int epfd, tickfd;
	struct hs_stream *streamv[HS_STREAMS_MAX];
	struct hs_mic mic;
	struct hs_card *mouth, *ear;
	struct hs_wav wav;
	uint64_t start_us; /**< The recording's; 0: not yet */
	uint64_t ticks;
};

/* What an epoll event is about: a stream, or one of these */
static void *const tag_cmd = (void *)1;
static void *const tag_tick = (void *)2;

/* --- queues ------------------------------------------------------------- */

static void wake(int fd)
{
	const uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) < 0)
		return; /* EAGAIN: it is awake */
}

static void drain(int fd)
{
	uint64_t n;

	if (read(fd, &n, sizeof(n)) < 0)
		return; /* EAGAIN: somebody was faster */
}

static int cmd_put(struct hs_audio *a, const struct cmd *cmd)
{
	struct queues *q = &a->q;
	int err = EAGAIN;

	pthread_mutex_lock(&q->lock);
	if (q->cmd_count < CMDS_MAX) {
		q->cmdv[(q->cmd_head + q->cmd_count++) % CMDS_MAX] = *cmd;
		err = 0;
	}
	pthread_mutex_unlock(&q->lock);
	wake(q->cmdfd);
	return err;
}

static bool cmd_get(struct hs_audio *a, struct cmd *cmd)
{
	struct queues *q = &a->q;
	bool got = false;

	pthread_mutex_lock(&q->lock);
	if (q->cmd_count) {
		*cmd = q->cmdv[q->cmd_head];
		q->cmd_head = (q->cmd_head + 1) % CMDS_MAX;
		q->cmd_count--;
		got = true;
	}
	pthread_mutex_unlock(&q->lock);
	return got;
}

/* A full queue means an owner that does not look; it misses what follows. */
static void ev_put(struct hs_audio_ev *ev, void *arg)
{
	struct hs_audio *a = arg;
	struct queues *q = &a->q;

	pthread_mutex_lock(&q->lock);
	if (q->ev_count < EVENTS_MAX)
		q->evv[(q->ev_head + q->ev_count++) % EVENTS_MAX] = *ev;
	pthread_mutex_unlock(&q->lock);
	wake(q->evfd);
}

static bool ev_get(struct hs_audio *a, struct hs_audio_ev *ev)
{
	struct queues *q = &a->q;
	bool got = false;

	pthread_mutex_lock(&q->lock);
	if (q->ev_count) {
		*ev = q->evv[q->ev_head];
		q->ev_head = (q->ev_head + 1) % EVENTS_MAX;
		q->ev_count--;
		got = true;
	}
	pthread_mutex_unlock(&q->lock);
	return got;
}

int hs_audio_fd(const struct hs_audio *a)
{
	return a->q.evfd;
}

void hs_audio_poll(struct hs_audio *a, hs_audio_ev_h *evh, void *arg)
{
	struct hs_audio_ev ev;

	drain(a->q.evfd);
	while (ev_get(a, &ev))
		evh(&ev, arg);
}

/* --- microphone --------------------------------------------------------- */

uint64_t hs_mic_now(const struct hs_mic *mic)
{
	return mic->card ? mic->heard : 0;
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

static void mic_listen(struct hs_audio *a)
{
	int16_t v[HS_FRAME_SAMPLES];
	size_t n, i;

	if (!a->mouth)
		return;
	while ((n = hs_card_read(a->mouth, v, HS_FRAME_SAMPLES))) {
		for (i = 0; i < n; i++, a->mic.heard++)
			a->mic.ring[a->mic.heard & (HS_MIC_SAMPLES - 1)] =
				v[i];
	}
}

/* --- the thread --------------------------------------------------------- */

static struct hs_stream **slot_find(struct hs_audio *a, uint32_t id)
{
	unsigned i;

	for (i = 0; i < HS_STREAMS_MAX; i++) {
		const struct hs_stream *s = a->streamv[i];

		if (id ? s && hs_stream_id(s) == id : !s)
			return &a->streamv[i];
	}
	return NULL;
}

static void watch(const struct hs_audio *a, int fd, void *tag)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = tag};

	(void)epoll_ctl(a->epfd, EPOLL_CTL_ADD, fd, &ev);
}

static void stream_add(struct hs_audio *a, struct hs_stream *s)
{
	struct hs_stream **slot = slot_find(a, 0);
	int fdv[3];

	if (!slot) { /* the owner counts them, so there is one */
		hs_stream_close(s);
		return;
	}
	*slot = s;
	hs_stream_handler(s, ev_put, a);
	hs_stream_fds(s, fdv);
	watch(a, fdv[0], s);
	watch(a, fdv[1], s);
	watch(a, fdv[2], s);
}

static void record_start(struct hs_audio *a)
{
	const struct itimerspec its = {
		.it_interval.tv_nsec = HS_FRAME_US * 1000,
		.it_value.tv_nsec = HS_FRAME_US * 1000,
	};

	if (a->start_us)
		return;
	/* A frame is heard from the tick on that hands it over */
	a->start_us = clock_mono_us() + HS_FRAME_US;
	(void)timerfd_settime(a->tickfd, 0, &its, NULL);
	ev_put(&(struct hs_audio_ev){.type = HS_AUDIO_RECORD_START,
				     .t_us = a->start_us},
	       a);
}

static void failed(struct hs_audio *a, int err)
{
	ev_put(&(struct hs_audio_ev){.type = HS_AUDIO_FAILED,
				     .t_us = clock_mono_us(),
				     .error = err},
	       a);
}

/* @return false: the thread ends */
static bool cmd_run(struct hs_audio *a, const struct cmd *cmd)
{
	struct hs_stream **slot = slot_find(a, cmd->id);

	switch (cmd->type) {
	case CMD_ADD:
		stream_add(a, cmd->stream);
		return true;
	case CMD_QUIT:
		return false;
	case CMD_REMOTE:
		if (!slot)
			return true;
		record_start(a);
		if (hs_stream_remote(*slot, cmd->addr, cmd->rtp_port,
				     cmd->rtcp_port))
			failed(a, EADDRNOTAVAIL);
		return true;
	case CMD_TALK:
		mic_listen(a);
		if (slot)
			hs_stream_talk(*slot, &a->mic);
		return true;
	case CMD_STOP:
		if (slot)
			hs_stream_stop(*slot);
		return true;
	case CMD_CLOSE:
		if (slot) {
			hs_stream_close(*slot);
			*slot = NULL;
		}
		return true;
	}
	return true;
}

static void frame(struct hs_audio *a)
{
	int32_t mix[HS_FRAME_SAMPLES] = {0};
	int16_t v[HS_FRAME_SAMPLES];
	int err = 0;
	size_t i;

	for (i = 0; i < HS_STREAMS_MAX; i++) {
		if (a->streamv[i])
			hs_stream_tick(a->streamv[i], mix);
	}
	for (i = 0; i < HS_FRAME_SAMPLES; i++)
		v[i] = mix[i] > INT16_MAX   ? INT16_MAX
		       : mix[i] < INT16_MIN ? INT16_MIN
					    : (int16_t)mix[i];
	if (a->wav.f)
		err = hs_wav_write(&a->wav, v, HS_FRAME_SAMPLES);
	if (err) {
		hs_wav_close(&a->wav);
		failed(a, err);
	}
	if (a->ear)
		hs_card_write(a->ear, v, HS_FRAME_SAMPLES);
}

/* Ticks that the thread slept through are made up for: the recording is
 * real time. */
static void tick(struct hs_audio *a)
{
	uint64_t n = 0;

	if (read(a->tickfd, &n, sizeof(n)) != (ssize_t)sizeof(n))
		return;
	if (n > TICKS_MAX)
		n = TICKS_MAX;
	mic_listen(a);
	while (n--)
		frame(a);
}

static bool cmds_run(struct hs_audio *a)
{
	struct cmd cmd;

	drain(a->q.cmdfd);
	while (cmd_get(a, &cmd)) {
		if (!cmd_run(a, &cmd))
			return false;
	}
	return true;
}

/* What came in goes first: after a delay of this thread packets and ticks
 * wait together, and the packets were there in time. */
static void streams_run(struct hs_audio *a, const struct epoll_event *evv,
			int n)
{
	int i;

	for (i = 0; i < n; i++) {
		void *tag = evv[i].data.ptr;

		if (tag != tag_cmd && tag != tag_tick)
			hs_stream_recv(tag);
	}
	mic_listen(a);
	for (i = 0; i < n; i++) {
		void *tag = evv[i].data.ptr;

		if (tag != tag_cmd && tag != tag_tick)
			hs_stream_pace(tag, &a->mic);
	}
}

static void *audio_thread(void *arg)
{
	struct hs_audio *a = arg;
	bool run = true;

	while (run) {
		struct epoll_event evv[WAKE_MAX];
		const int n = epoll_wait(a->epfd, evv, WAKE_MAX, -1);
		int i;

		streams_run(a, evv, n);
		for (i = 0; i < n; i++) {
			if (evv[i].data.ptr == tag_tick)
				tick(a);
		}
		/* Last: a stream of evv may be closed by it */
		for (i = 0; i < n; i++) {
			if (evv[i].data.ptr == tag_cmd)
				run = cmds_run(a);
		}
	}
	return NULL;
}

/* --- the owner's side --------------------------------------------------- */

static const char *card_name(const char *s)
{
	if (strncmp(s, "alsa", 4) || (s[4] && s[4] != ':'))
		return NULL;
	return s[4] ? s + 5 : "";
}

static void why_set(char *why, unsigned size, const char *what, int err)
{
	const char *text = strerror(err);

	if (err == EBADMSG)
		text = "not a WAV file";
	else if (err == ENOTSUP)
		text = "neither linear PCM nor G.711";
	snprintf(why, size, "%s: %s", what, text);
}

static int mouth_open(struct hs_audio *a, const char *play)
{
	const char *card = card_name(play);
	int err;

	if (!strcmp(play, "none"))
		return 0;
	if (!card)
		return hs_pcm_load(&a->mic.file, play);
	err = hs_card_open(&a->mouth, card, true);
	a->mic.card = !err;
	return err;
}

static int ear_open(struct hs_audio *a, const char *record)
{
	const char *card = card_name(record);

	if (!strcmp(record, "none"))
		return 0;
	return card ? hs_card_open(&a->ear, card, false)
		    : hs_wav_open(&a->wav, record);
}

static int fds_open(struct hs_audio *a)
{
	a->epfd = epoll_create1(EPOLL_CLOEXEC);
	a->tickfd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	a->q.cmdfd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	a->q.evfd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (a->epfd < 0 || a->tickfd < 0 || a->q.cmdfd < 0 || a->q.evfd < 0)
		return errno;
	watch(a, a->q.cmdfd, tag_cmd);
	watch(a, a->tickfd, tag_tick);
	return 0;
}

/* Signals are the main thread's. */
static int thread_start(struct hs_audio *a)
{
	sigset_t all, old;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&a->thread, NULL, audio_thread, a);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	a->running = !err;
	return err;
}

static void logs_quiet(const char *domain, BctbxLogLevel lev, const char *fmt,
		       va_list args)
{
	(void)domain;
	(void)lev;
	(void)fmt;
	(void)args;
}

/* oRTP draws its ports with rand(): without a seed every handset of a host
 * would try the same ones. */
static void ortp_ready(void)
{
	unsigned seed = (unsigned)clock_mono_us();

	ortp_set_log_handler(logs_quiet);
	ortp_init();
	if (getrandom(&seed, sizeof(seed), 0) < 0)
		seed ^= (unsigned)getpid();
	srand(seed);
}

int hs_audio_start(struct hs_audio **ap, const struct hs_audio_cfg *cfg,
		   char *why, unsigned why_size)
{
	struct hs_audio *a = calloc(1, sizeof(*a));
	const char *what = "audio";
	int err;

	if (!a)
		return ENOMEM;
	pthread_mutex_init(&a->q.lock, NULL);
	a->jitter_ms = cfg->jitter_ms;
	hs_pcm_init(&a->mic.file);
	ortp_ready();
	err = fds_open(a);
	if (!err) {
		what = cfg->play;
		err = mouth_open(a, cfg->play);
	}
	if (!err) {
		what = cfg->record;
		err = ear_open(a, cfg->record);
	}
	if (!err) {
		what = "audio thread";
		err = thread_start(a);
	}
	if (err) {
		why_set(why, why_size, what, err);
		hs_audio_stop_all(a);
		return err;
	}
	*ap = a;
	return 0;
}

static void fd_close(int fd)
{
	if (fd > 0)
		close(fd);
}

void hs_audio_stop_all(struct hs_audio *a)
{
	struct cmd cmd;
	unsigned i;

	if (!a)
		return;
	if (a->running) {
		while (cmd_put(a, &(struct cmd){.type = CMD_QUIT}))
			sched_yield();
		pthread_join(a->thread, NULL);
	}
	while (cmd_get(a, &cmd)) {
		if (cmd.type == CMD_ADD)
			hs_stream_close(cmd.stream);
	}
	for (i = 0; i < HS_STREAMS_MAX; i++)
		hs_stream_close(a->streamv[i]);
	hs_card_close(a->mouth);
	hs_card_close(a->ear);
	hs_wav_close(&a->wav);
	hs_pcm_fini(&a->mic.file);
	fd_close(a->epfd);
	fd_close(a->tickfd);
	fd_close(a->q.cmdfd);
	fd_close(a->q.evfd);
	pthread_mutex_destroy(&a->q.lock);
	free(a);
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
	err = hs_stream_open(&s, a->id_last, addr, a->jitter_ms);
	if (err)
		return err;
	hs_stream_local(s, local);
	err = cmd_put(a, &(struct cmd){.type = CMD_ADD, .stream = s});
	if (err) {
		hs_stream_close(s);
		return err;
	}
	a->streams_open++;
	return 0;
}

int hs_audio_remote(struct hs_audio *a, uint32_t stream, const char *addr,
		    uint16_t rtp_port, uint16_t rtcp_port)
{
	struct cmd cmd = {.type = CMD_REMOTE,
			  .id = stream,
			  .rtp_port = rtp_port,
			  .rtcp_port = rtcp_port};

	if (strlen(addr) >= sizeof(cmd.addr))
		return EINVAL;
	strcpy(cmd.addr, addr);
	return cmd_put(a, &cmd);
}

int hs_audio_talk(struct hs_audio *a, uint32_t stream)
{
	return cmd_put(a, &(struct cmd){.type = CMD_TALK, .id = stream});
}

int hs_audio_stop(struct hs_audio *a, uint32_t stream)
{
	return cmd_put(a, &(struct cmd){.type = CMD_STOP, .id = stream});
}

int hs_audio_close(struct hs_audio *a, uint32_t stream)
{
	const int err =
		cmd_put(a, &(struct cmd){.type = CMD_CLOSE, .id = stream});

	if (!err && a->streams_open)
		a->streams_open--;
	return err;
}

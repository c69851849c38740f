/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file log.c  Structured log: one line a record, one write a line
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <re.h>
#include "util/clock.h"
#include "util/log.h"
#include "util/logline.h"
#include "util/ratelimit.h"

_Static_assert(HLOG_LINE_MAX <= PIPE_BUF, "a line must be one atomic write");

struct category {
	const char *name;
	struct ratelimit limit;
};

struct hlog {
	enum hlog_format format;
	atomic_int level;
	int fd;
	int fd_own;             /* -1, or ours to close, and then also fd */
	bool socket;
	bool nonblock;          /* A write cannot block */

	pthread_mutex_t mutex;  /* Of all below; held for one line */
	bool torn;              /* The last line lacks its end */
	uint64_t dropped;
	unsigned categoryc;
	struct category categoryv[HLOG_CATEGORIES_MAX];
};

static const struct ratelimit_cfg limit_cfg = {
	.burst = HLOG_LIMIT_BURST, .window_ms = HLOG_LIMIT_WINDOW_MS};

static const char *const level_names[] = {
	[HLOG_DEBUG] = "debug",
	[HLOG_INFO] = "info",
	[HLOG_WARN] = "warn",
	[HLOG_ERROR] = "error",
};

const char *hlog_level_name(enum hlog_level level)
{
	return level_names[level];
}

int hlog_level_parse(enum hlog_level *levelp, const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(level_names); i++) {
		if (strcmp(name, level_names[i]))
			continue;
		*levelp = (enum hlog_level)i;
		return 0;
	}
	return EINVAL;
}

/* O_NONBLOCK belongs to the open file, which we share with whoever gave us our
 * standard error: a pipe or a terminal is opened once more, for us alone.
 * Where that is not allowed (another user's), poll() before each write must
 * do: enough for a pipe that nobody else fills in between, but a terminal that
 * was stopped by Ctrl-S then holds the writer until it goes on. */
static void log_open(struct hlog *l)
{
	const int flags = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	char path[32];
	struct stat st;

	if (fstat(l->fd, &st))
		return;
	l->socket = S_ISSOCK(st.st_mode);
	if (S_ISFIFO(st.st_mode) || isatty(l->fd)) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", l->fd);
		l->fd_own = open(path, flags);
		if (l->fd_own >= 0)
			l->fd = l->fd_own;
	}
	l->nonblock = l->socket || l->fd_own >= 0;
}

/* With the mutex held. True if all was written */
static bool log_send(struct hlog *l, const char *p, size_t n)
{
	struct pollfd pfd = {.fd = l->fd, .events = POLLOUT};
	ssize_t sent;

	if (!l->nonblock && poll(&pfd, 1, 0) != 1)
		return false;
	do {
		if (l->socket)
			sent = send(l->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		else
			sent = write(l->fd, p, n);
	} while (sent < 0 && errno == EINTR);
	if (sent <= 0)
		return false;
	/* A full disk, a terminal or a stream socket: the line is lost, and
	 * the next one must not be glued to it */
	l->torn = (size_t)sent < n;
	return !l->torn;
}

/* With the mutex held */
static bool log_line(struct hlog *l, const struct logline_record *r)
{
	char buf[HLOG_LINE_MAX];
	size_t n;

	buf[0] = '\n';
	n = logline_format(buf + 1, sizeof(buf) - 1, l->format, r);
	return l->torn ? log_send(l, buf, n + 1) : log_send(l, buf + 1, n);
}

/* With the mutex held. False: there is no room for the record either */
static bool log_report_dropped(struct hlog *l)
{
	const struct hlog_field fieldv[] = {HLOG_U("count", l->dropped),
					    {.type = HLOG_T_END}};
	const struct logline_record r = {
		.utc_ms = clock_utc_ms(),
		.level = HLOG_WARN,
		.subject = "log",
		.event = "dropped",
		.fieldv = fieldv,
	};

	if (!l->dropped)
		return true;
	if (!log_line(l, &r))
		return false;
	l->dropped = 0;
	return true;
}

/* With the mutex held */
static void log_emit(struct hlog *l, const struct logline_record *r)
{
	if (!log_report_dropped(l) || !log_line(l, r))
		l->dropped++;
}

/* With the mutex held. Names are constants of the program, so what is not
 * found is appended; a program with too many shares the last one. */
static struct category *log_category(struct hlog *l, const char *name)
{
	unsigned i;

	for (i = 0; i < l->categoryc; i++) {
		if (!strcmp(l->categoryv[i].name, name))
			return &l->categoryv[i];
	}
	if (i == HLOG_CATEGORIES_MAX)
		return &l->categoryv[i - 1];
	l->categoryv[i].name = name;
	l->categoryc++;
	return &l->categoryv[i];
}

/* With the mutex held */
static void log_report_suppressed(struct hlog *l, uint64_t now_ms)
{
	unsigned i;

	for (i = 0; i < l->categoryc; i++) {
		struct category *c = &l->categoryv[i];
		const struct hlog_field fieldv[] = {
			HLOG_S("category", c->name), {.type = HLOG_T_END}};
		const struct logline_record r = {
			.utc_ms = clock_utc_ms(),
			.level = HLOG_WARN,
			.subject = "log",
			.event = "suppressed",
			.suppressed =
				ratelimit_take(&c->limit, &limit_cfg, now_ms),
			.fieldv = fieldv,
		};

		if (r.suppressed)
			log_emit(l, &r);
	}
}

static void hlog_destructor(void *arg)
{
	struct hlog *l = arg;

	/* All windows are over */
	log_report_suppressed(l, clock_mono_ms() + HLOG_LIMIT_WINDOW_MS);
	(void)log_report_dropped(l);
	if (l->fd_own >= 0)
		(void)close(l->fd_own);
	pthread_mutex_destroy(&l->mutex);
}

int hlog_alloc(struct hlog **lp, int fd, enum hlog_format format,
	       enum hlog_level level)
{
	struct hlog *l;

	if (!lp || fd < 0)
		return EINVAL;
	l = mem_zalloc(sizeof(*l), hlog_destructor);
	if (!l)
		return ENOMEM;

	l->fd = fd;
	l->fd_own = -1;
	l->format = format;
	atomic_init(&l->level, (int)level);
	/* Cannot fail without attributes */
	(void)pthread_mutex_init(&l->mutex, NULL);
	log_open(l);
	*lp = l;
	return 0;
}

void hlog_level_set(struct hlog *l, enum hlog_level level)
{
	/* relaxed: a filter, it orders nothing */
	if (l)
		atomic_store_explicit(&l->level, (int)level,
				      memory_order_relaxed);
}

bool hlog_enabled(const struct hlog *l, enum hlog_level level)
{
	return l && (int)level >= atomic_load_explicit(&l->level,
						       memory_order_relaxed);
}

void hlog_flush(struct hlog *l)
{
	if (!l)
		return;
	pthread_mutex_lock(&l->mutex);
	(void)log_report_dropped(l);
	log_report_suppressed(l, clock_mono_ms());
	pthread_mutex_unlock(&l->mutex);
}

void hlog_write(struct hlog *l, const char *category, enum hlog_level level,
		const char *subject, const char *event,
		const struct hlog_field *fieldv)
{
	struct logline_record r = {
		.utc_ms = clock_utc_ms(),
		.level = level,
		.subject = subject,
		.event = event,
		.fieldv = fieldv,
	};

	if (!hlog_enabled(l, level))
		return;
	pthread_mutex_lock(&l->mutex);
	if (!category ||
	    ratelimit_pass(&log_category(l, category)->limit, &limit_cfg,
			   clock_mono_ms(), &r.suppressed))
		log_emit(l, &r);
	pthread_mutex_unlock(&l->mutex);
}

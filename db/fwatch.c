/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>
#include <re.h>
#include "db/fwatch.h"

struct fwatch {
	int fd;
	char path[PATH_MAX];
	char wal[PATH_MAX];
	const char *base; /**< In path */
};

static void fwatch_destructor(void *arg)
{
	struct fwatch *f = arg;

	if (f->fd >= 0)
		(void)close(f->fd);
}

/* Only names that come and go: other databases in the directory are written
 * all the time */
static void dir_watch(struct fwatch *f)
{
	const size_t len = (size_t)(f->base - f->path);
	char dir[PATH_MAX];

	memcpy(dir, f->path, len);
	dir[len] = '\0';
	(void)inotify_add_watch(f->fd, len ? dir : ".",
				IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM |
					IN_DELETE | IN_ONLYDIR);
}

int fwatch_alloc(struct fwatch **fp, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct fwatch *f = mem_zalloc(sizeof(*f), fwatch_destructor);
	int err = 0;

	if (!f)
		return ENOMEM;
	f->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (f->fd < 0)
		err = errno;
	else if (snprintf(f->path, sizeof(f->path), "%s", path) >=
			 (int)sizeof(f->path) ||
		 snprintf(f->wal, sizeof(f->wal), "%s-wal", path) >=
			 (int)sizeof(f->wal))
		err = ENAMETOOLONG;
	if (err) {
		mem_deref(f);
		return err;
	}
	f->base = slash ? f->path + (slash - path) + 1 : f->path;
	dir_watch(f);
	fwatch_renew(f);
	*fp = f;
	return 0;
}

void fwatch_renew(struct fwatch *f)
{
	if (!f)
		return;
	/* a file that is watched already keeps its watch */
	(void)inotify_add_watch(f->fd, f->path, IN_MODIFY);
	(void)inotify_add_watch(f->fd, f->wal, IN_MODIFY);
}

int fwatch_fd(const struct fwatch *f)
{
	return f ? f->fd : -1;
}

static bool is_ours(struct fwatch *f, const struct inotify_event *ev)
{
	if (!ev->len)
		return true;
	if (strncmp(ev->name, f->base, strlen(f->base)))
		return false;
	fwatch_renew(f);
	return true;
}

bool fwatch_read(struct fwatch *f)
{
	char buf[4096]
		__attribute__((aligned(__alignof__(struct inotify_event))));
	bool ours = false;
	ssize_t n, at;

	while ((n = read(f->fd, buf, sizeof(buf))) > 0) {
		for (at = 0; at < n;) {
			const struct inotify_event *ev =
				(const void *)(buf + at);

			ours |= is_ours(f, ev);
			at += (ssize_t)(sizeof(*ev) + ev->len);
		}
	}
	return ours;
}

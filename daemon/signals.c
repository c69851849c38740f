/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <config.h>
#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <re.h>
#include "daemon/signals.h"

struct signals {
	signals_h *h;
	void *arg;
	int fd;
};

static void set_fill(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
}

int signals_block(void)
{
	sigset_t set;

	set_fill(&set);
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return errno;
	return pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void readable_h(int flags, void *arg)
{
	struct signals *s = arg;
	struct signalfd_siginfo si;

	(void)flags;
	if (read(s->fd, &si, sizeof(si)) == (ssize_t)sizeof(si))
		s->h((int)si.ssi_signo, s->arg);
}

static void destructor(void *arg)
{
	struct signals *s = arg;
	sigset_t set;

	if (s->fd < 0)
		return;
	fd_close(s->fd);
	close(s->fd);
	set_fill(&set);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int signals_alloc(struct signals **sp, signals_h *h, void *arg)
{
	struct signals *s;
	sigset_t set;
	int err = 0;

	s = mem_zalloc(sizeof(*s), destructor);
	if (!s)
		return ENOMEM;
	set_fill(&set);
	s->h = h;
	s->arg = arg;
	s->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (s->fd < 0)
		err = errno;
	if (!err)
		err = fd_listen(s->fd, FD_READ, readable_h, s);
	if (err)
		mem_deref(s);
	else
		*sp = s;
	return err;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <config.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "cli/admin.h"

struct admin_link {
	FILE *in;
	unsigned timeout_s;
	int fd;
};

/* Where hollerd puts its socket if nobody says otherwise */
static const char *const usual[] = {
	HL_RUNSTATEDIR "/holler/admin.sock",
	"/run/holler/admin.sock",
	HL_LOCALSTATEDIR "/lib/holler/admin.sock",
};

static int link_connect(const char *path, unsigned timeout_s, int *fdp)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct timeval tv = {.tv_sec = timeout_s};
	int fd, err = 0;

	if (strlen(path) >= sizeof(sun.sun_path))
		return ENAMETOOLONG;
	memcpy(sun.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) ||
	    connect(fd, (struct sockaddr *)&sun, sizeof(sun))) {
		err = errno;
		close(fd);
	}
	else {
		*fdp = fd;
	}
	return err;
}

static int connect_any(const char **pathp, unsigned timeout_s, int *fdp)
{
	int err = ENOENT;
	size_t i;

	if (!*pathp)
		*pathp = getenv("HOLLER_SOCKET");
	if (*pathp)
		return link_connect(*pathp, timeout_s, fdp);
	for (i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		int e = link_connect(usual[i], timeout_s, fdp);

		if (!e)
			return 0;
		/* A refusal says more than an absence */
		if (!*pathp || (err == ENOENT && e != ENOENT)) {
			*pathp = usual[i];
			err = e;
		}
	}
	return err;
}

static int no_answer(const struct admin_link *l, int err)
{
	if (err == EAGAIN)
		fprintf(stderr, "holler: hollerd gave no answer for %u s\n",
			l->timeout_s);
	else
		fprintf(stderr, "holler: hollerd gave no answer\n");
	return EPROTO;
}

int admin_link_open(struct admin_link **lp, const char *path,
		    unsigned timeout_s)
{
	struct admin_link *l = calloc(1, sizeof(*l));
	int err = ENOMEM;

	if (!l)
		return err;
	l->timeout_s = timeout_s;
	err = connect_any(&path, timeout_s, &l->fd);
	if (err == ENOENT || err == ECONNREFUSED)
		fprintf(stderr, "holler: no hollerd listens on %s: start it, "
			"or name its socket with --socket\n", path);
	else if (err == EACCES)
		fprintf(stderr, "holler: %s: %s: only root, the user of "
			"hollerd and the group that [admin] group of "
			"holler.conf names may administer it\n", path,
			strerror(err));
	else if (err == EAGAIN)
		err = no_answer(l, err); /* as many wait as may */
	else if (err)
		fprintf(stderr, "holler: %s: %s\n", path, strerror(err));
	if (!err) {
		l->in = fdopen(l->fd, "r");
		err = l->in ? 0 : errno;
	}
	if (err)
		free(l);
	else
		*lp = l;
	return err;
}

void admin_link_close(struct admin_link *l)
{
	if (l)
		fclose(l->in);
	free(l);
}

static int send_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return errno;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

int admin_link_ask(struct admin_link *l, json_t *req, json_t **answerp)
{
	char *text = req ? json_dumps(req, JSON_COMPACT) : NULL;
	char *line = NULL;
	size_t size = 0;
	ssize_t n = -1;
	int err = ENOMEM;

	json_decref(req);
	if (!text)
		goto out;
	/* The peer may have refused us and closed: its words still count */
	(void)send_all(l->fd, text, strlen(text));
	(void)send_all(l->fd, "\n", 1);
	explicit_bzero(text, strlen(text));
	errno = 0; /* an end of file leaves it */
	n = getline(&line, &size, l->in);
	*answerp = n > 0 ? json_loadb(line, (size_t)n, 0, NULL) : NULL;
	err = *answerp ? 0 : no_answer(l, n > 0 ? 0 : errno);
 out:
	free(line);
	free(text);
	return err;
}

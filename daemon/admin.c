/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <config.h>
#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <re.h>
#include "daemon/admin.h"
#include "util/log.h"

enum { READ_BYTES = 4096, PEER_GROUPS_MAX = 256 };

struct admin {
	struct config_admin cfg;
	const struct command_env *env;
	struct list clients;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	gid_t gid;
	bool has_gid;
	int fd;
};

struct client {
	struct le le;
	struct admin *admin;
	struct command *cmd;  /**< Under way; nothing is read meanwhile */
	struct mbuf *in;      /**< From 0 to end: not yet handled */
	struct mbuf *out;     /**< From pos to end: not yet sent */
	struct tmr tmr;       /**< Silence */
	uid_t uid;
	int fd;
	int flags;            /**< What the loop watches fd for */
};

static void answer_h(const char *answer, size_t len, void *arg);
static void client_h(int flags, void *arg);

static void client_destructor(void *arg)
{
	struct client *cl = arg;

	tmr_cancel(&cl->tmr);
	list_unlink(&cl->le);
	command_forget(cl->cmd);
	if (cl->fd >= 0) {
		fd_close(cl->fd);
		close(cl->fd);
	}
	if (cl->in)
		explicit_bzero(cl->in->buf, cl->in->size);
	mem_deref(cl->in);
	mem_deref(cl->out);
}

static void silence_h(void *arg)
{
	struct client *cl = arg;

	if (cl->cmd)
		tmr_start(&cl->tmr, cl->admin->cfg.timeout_ms, silence_h, cl);
	else
		mem_deref(cl);
}

/* Want to read only with room and without a command under way */
static int client_watch(struct client *cl)
{
	int flags = 0;

	tmr_start(&cl->tmr, cl->admin->cfg.timeout_ms, silence_h, cl);
	if (mbuf_get_left(cl->out))
		flags = FD_WRITE;
	else if (!cl->cmd)
		flags = FD_READ;
	if (flags == cl->flags)
		return 0; /* to stop watching twice is an error of epoll's */
	cl->flags = flags;
	return fd_listen(cl->fd, flags, client_h, cl);
}

/** @return 0, or an error that ends the client */
static int client_flush(struct client *cl)
{
	while (mbuf_get_left(cl->out)) {
		ssize_t n = send(cl->fd, mbuf_buf(cl->out),
				 mbuf_get_left(cl->out),
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : errno;
		mbuf_advance(cl->out, n);
	}
	mbuf_rewind(cl->out);
	return 0;
}

/* The first line that is complete becomes a command; the rest waits */
static int client_next(struct client *cl)
{
	while (!cl->cmd && !mbuf_get_left(cl->out)) {
		char *line = (char *)cl->in->buf;
		char *nl = memchr(line, '\n', cl->in->end);
		size_t len, used;
		int err;

		if (!nl)
			return cl->in->end > cl->admin->cfg.request_bytes ?
				EMSGSIZE : 0;
		len = (size_t)(nl - line);
		used = len + 1;
		if (len > cl->admin->cfg.request_bytes)
			return EMSGSIZE;
		err = command_run(&cl->cmd, cl->admin->env, cl->uid, line, len,
				  answer_h, cl);
		if (err)
			return err;
		memmove(line, line + used, cl->in->end - used);
		cl->in->end -= used;
		explicit_bzero(line + cl->in->end, used);
		cl->in->pos = cl->in->end;
		err = client_flush(cl);
		if (err)
			return err;
	}
	return 0;
}

static void answer_queue(struct client *cl, const char *answer, size_t len)
{
	const size_t pos = cl->out->pos;

	cl->out->pos = cl->out->end;
	(void)mbuf_write_mem(cl->out, (const uint8_t *)answer, len);
	cl->out->pos = pos;
}

/* Comes from inside command_run() (cmd is not set yet) or later */
static void answer_h(const char *answer, size_t len, void *arg)
{
	struct client *cl = arg;
	struct command *cmd = cl->cmd;

	answer_queue(cl, answer, len);
	if (!cmd)
		return;
	cl->cmd = NULL;
	command_forget(cmd);
	if (client_flush(cl) || client_next(cl) || client_watch(cl))
		mem_deref(cl);
}

static int client_read(struct client *cl)
{
	ssize_t n;
	int err;

	err = mbuf_resize(cl->in, cl->in->end + READ_BYTES);
	if (err)
		return err;
	n = recv(cl->fd, cl->in->buf + cl->in->end, READ_BYTES, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : errno;
	if (!n)
		return ECONNRESET;
	cl->in->end += (size_t)n;
	return 0;
}

static void client_h(int flags, void *arg)
{
	struct client *cl = arg;
	int err = 0;

	if (flags & FD_EXCEPT)
		err = ECONNRESET;
	if (!err && (flags & FD_READ))
		err = client_read(cl);
	if (!err && (flags & FD_WRITE))
		err = client_flush(cl);
	if (!err)
		err = client_next(cl);
	if (err == EMSGSIZE) {
		static const char words[] = "{\"ok\":false,\"error\":\"the "
			"request is longer than [admin] request_bytes\"}\n";

		(void)send(cl->fd, words, sizeof(words) - 1,
			   MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	if (err || client_watch(cl))
		mem_deref(cl);
}

/* --- who may ---------------------------------------------------------- */

/* The kernel knows the peer's groups: no look-up that could block */
static bool peer_in_group(const struct admin *a, int fd,
			  const struct ucred *cred)
{
	gid_t v[PEER_GROUPS_MAX];
	socklen_t len = sizeof(v);
	size_t i;

	if (!a->has_gid)
		return false;
	if (cred->gid == a->gid)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, v, &len))
		return false;
	for (i = 0; i < len / sizeof(v[0]); i++) {
		if (v[i] == a->gid)
			return true;
	}
	return false;
}

static bool peer_may(const struct admin *a, int fd, uid_t *uidp)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return false;
	*uidp = cred.uid;
	return cred.uid == 0 || cred.uid == geteuid() ||
	       peer_in_group(a, fd, &cred);
}

static void turn_away(int fd, const char *words)
{
	char line[128];
	int n = snprintf(line, sizeof(line),
			 "{\"ok\":false,\"error\":\"%s\"}\n", words);

	(void)send(fd, line, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

static int client_add(struct admin *a, int fd, uid_t uid)
{
	struct client *cl = mem_zalloc(sizeof(*cl), client_destructor);

	if (!cl) {
		close(fd);
		return ENOMEM;
	}
	cl->fd = fd;
	cl->uid = uid;
	cl->admin = a;
	list_append(&a->clients, &cl->le, cl);
	cl->in = mbuf_alloc(READ_BYTES);
	cl->out = mbuf_alloc(READ_BYTES);
	if (!cl->in || !cl->out || client_watch(cl)) {
		mem_deref(cl);
		return ENOMEM;
	}
	return 0;
}

static void accept_h(int flags, void *arg)
{
	struct admin *a = arg;
	uid_t uid = (uid_t)-1;
	int fd;

	(void)flags;
	fd = accept4(a->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	if (!peer_may(a, fd, &uid)) {
		hlog_limited(a->env->log, "admin.refused", HLOG_WARN, "admin",
			     "peer refused", HLOG_U("uid", uid));
		turn_away(fd, "you may not administer this hollerd: you "
			  "are not of its [admin] group");
	}
	else if (list_count(&a->clients) >= a->cfg.clients_max) {
		turn_away(fd, "too many admin clients: try again");
	}
	else {
		(void)client_add(a, fd, uid);
	}
}

/* --- the socket ------------------------------------------------------- */

static void destructor(void *arg)
{
	struct admin *a = arg;

	list_flush(&a->clients);
	if (a->fd < 0)
		return;
	fd_close(a->fd);
	close(a->fd);
	(void)unlink(a->path);
}

/* A file that nobody listens on is left over from a process that died */
static int stale_remove(const struct sockaddr_un *sun)
{
	int fd, err = 0;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errno;
	if (!connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) ||
	    errno == EAGAIN)
		err = EADDRINUSE;
	else if (errno == ECONNREFUSED && unlink(sun->sun_path))
		err = errno;
	close(fd);
	return err;
}

static int socket_open(struct admin *a)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	mode_t mask;
	int err;

	memcpy(sun.sun_path, a->path, sizeof(sun.sun_path));
	err = stale_remove(&sun);
	if (err)
		return err;
	a->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (a->fd < 0)
		return errno;
	mask = umask(0117);
	err = bind(a->fd, (struct sockaddr *)&sun, sizeof(sun)) ? errno : 0;
	umask(mask);
	if (err) {
		close(a->fd);
		a->fd = -1;
		return err;
	}
	if (a->has_gid && chown(a->path, (uid_t)-1, a->gid))
		return errno;
	if (listen(a->fd, (int)a->cfg.clients_max))
		return errno;
	return fd_listen(a->fd, FD_READ, accept_h, a);
}

static int group_find(struct admin *a, char *words, size_t size)
{
	const struct group *gr;

	if (!*a->cfg.group)
		return 0;
	gr = getgrnam(a->cfg.group);
	if (!gr) {
		snprintf(words, size, "there is no group \"%s\" ([admin] "
			 "group)", a->cfg.group);
		return ENOENT;
	}
	a->gid = gr->gr_gid;
	a->has_gid = true;
	return 0;
}

int admin_alloc(struct admin **ap, const struct config_admin *cfg,
		const char *path, const struct command_env *env, char *words,
		size_t size)
{
	struct admin *a;
	int err;

	a = mem_zalloc(sizeof(*a), destructor);
	if (!a)
		return ENOMEM;
	a->fd = -1;
	a->cfg = *cfg;
	a->env = env;
	err = group_find(a, words, size);
	if (err)
		goto out;
	if (strlen(path) >= sizeof(a->path)) {
		snprintf(words, size, "the path of the admin socket is too "
			 "long: %s", path);
		err = ENAMETOOLONG;
		goto out;
	}
	memcpy(a->path, path, strlen(path) + 1);
	err = socket_open(a);
	if (err == EADDRINUSE)
		snprintf(words, size, "another hollerd listens on the admin "
			 "socket %s", path);
	else if (err)
		snprintf(words, size, "the admin socket %s cannot be made: %s",
			 path, strerror(err));
 out:
	if (err)
		mem_deref(a);
	else
		*ap = a;
	return err;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "daemon/site.h"

__attribute__((format(printf, 3, 4)))
static int refuse(char *words, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, SITE_WORDS_MAX, fmt, ap);
	va_end(ap);
	return err;
}

/* --- addresses -------------------------------------------------------- */

static bool addrs_have(const struct sa *v, unsigned c, const struct sa *sa,
		       int flag)
{
	unsigned i;

	for (i = 0; i < c; i++) {
		if (sa_cmp(&v[i], sa, flag))
			return true;
	}
	return false;
}

/* Those of the network before loopback: the first is told to people */
static void locals_add(struct site *site, struct presence_cfg *p,
		       const struct ifaddrs *ifs, bool loopback, uint16_t port)
{
	const struct ifaddrs *i;
	struct sa sa;

	for (i = ifs; i; i = i->ifa_next) {
		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET ||
		    !(i->ifa_flags & IFF_UP) ||
		    !(i->ifa_flags & IFF_LOOPBACK) == loopback)
			continue;
		sa_set_sa(&sa, i->ifa_addr);
		sa_set_port(&sa, port);
		if (addrs_have(p->laddrv, p->laddrc, &sa, SA_ALL))
			continue;
		if (p->laddrc == PRESENCE_LADDRS_MAX)
			site->left_out++;
		else
			p->laddrv[p->laddrc++] = sa;
	}
}

static int listen_resolve(struct site *site, struct config *c,
			  const struct ifaddrs *ifs, char *words)
{
	struct presence_cfg *p = &c->presence;
	struct sa any;
	unsigned i;

	if (!c->listen.c) {
		sa_set_in(&any, 0, 5060);
		c->listen.v[c->listen.c++] = any;
	}
	p->laddrc = 0;
	for (i = 0; i < c->listen.c; i++) {
		const struct sa *sa = &c->listen.v[i];

		if (sa_is_any(sa)) {
			locals_add(site, p, ifs, false, sa_port(sa));
			locals_add(site, p, ifs, true, sa_port(sa));
		}
		else if (addrs_have(p->laddrv, p->laddrc, sa, SA_ALL)) {
			continue;
		}
		else if (p->laddrc == PRESENCE_LADDRS_MAX) {
			site->left_out++;
		}
		else {
			p->laddrv[p->laddrc++] = *sa;
		}
	}
	if (!p->laddrc)
		return refuse(words, EADDRNOTAVAIL, "this machine has no IPv4 "
			      "address to listen on");
	return 0;
}

/* Media goes through the address that signalling came in by */
static void media_resolve(struct config *c)
{
	struct mixer_cfg *m = &c->server.mixer;
	const struct presence_cfg *p = &c->presence;
	unsigned i;

	m->laddrc = 0;
	for (i = 0; i < c->media.c; i++)
		m->laddrv[m->laddrc++] = c->media.v[i];
	for (i = 0; !c->media.c && i < p->laddrc; i++) {
		struct sa sa = p->laddrv[i];

		sa_set_port(&sa, 0);
		if (!addrs_have(m->laddrv, m->laddrc, &sa, SA_ADDR))
			m->laddrv[m->laddrc++] = sa;
	}
}

static void domain_resolve(struct config *c)
{
	struct presence_cfg *p = &c->presence;

	if (*c->domain)
		memcpy(p->domain, c->domain, sizeof(p->domain));
	else
		re_snprintf(p->domain, sizeof(p->domain), "%j",
			    &p->laddrv[0]);
	memcpy(c->server.domain, p->domain, sizeof(c->server.domain));
}

bool site_port_blame(const struct config *c, char *words)
{
	const struct presence_cfg *p = &c->presence;
	unsigned i;

	for (i = 0; i < p->laddrc; i++) {
		const struct sa *sa = &p->laddrv[i];
		int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		int err = 0;
		char addr[64];

		if (fd < 0)
			return false;
		if (bind(fd, &sa->u.sa, sa->len))
			err = errno;
		close(fd);
		if (!err)
			continue;
		re_snprintf(addr, sizeof(addr), "%J", sa);
		if (err == EADDRINUSE)
			refuse(words, err, "UDP port %s is taken by another "
			       "program: stop it, or give another port in "
			       "[sip] listen", addr);
		else if (err == EACCES)
			refuse(words, err, "no permission to use UDP port %s: "
			       "choose one above 1023 in [sip] listen", addr);
		else if (err == EADDRNOTAVAIL)
			refuse(words, err, "%s is not an address of this "
			       "machine: correct [sip] listen", addr);
		else
			refuse(words, err, "UDP port %s cannot be opened: %s",
			       addr, strerror(err));
		return true;
	}
	return false;
}

/* --- folders ---------------------------------------------------------- */

static const char *env_dir(const char *name)
{
	const char *dir = getenv(name);

	return dir && *dir == '/' && !strchr(dir, ':') &&
	       strlen(dir) < CONFIG_PATH_MAX ? dir : NULL;
}

/* systemd's StateDirectory= and RuntimeDirectory= count before the paths of
 * the build */
static void paths_resolve(struct site *site, const struct config *c)
{
	const char *dir = *c->state_dir ? c->state_dir
					: env_dir("STATE_DIRECTORY");

	snprintf(site->state_dir, sizeof(site->state_dir), "%s",
		 dir ? dir : HL_LOCALSTATEDIR "/lib/holler");
	dir = site->state_dir;
	re_snprintf(site->prov_path, SITE_PATH_MAX, "%s/provisioning.db", dir);
	re_snprintf(site->state_path, SITE_PATH_MAX, "%s/state.db", dir);
}

static void socket_resolve(struct site *site, const struct config *c)
{
	const char *run = env_dir("RUNTIME_DIRECTORY");

	if (*c->admin.socket) {
		snprintf(site->socket, sizeof(site->socket), "%s",
			 c->admin.socket);
		return;
	}
	if (!run) {
		run = HL_RUNSTATEDIR "/holler";
		if ((mkdir(run, 0755) && errno != EEXIST) ||
		    access(run, W_OK | X_OK))
			run = site->state_dir;
	}
	re_snprintf(site->socket, sizeof(site->socket), "%s/admin.sock", run);
}

int site_resolve(struct site *site, struct config *c, char *words)
{
	struct ifaddrs *ifs;
	int err;

	memset(site, 0, sizeof(*site));
	site->lock_fd = -1;
	if (getifaddrs(&ifs))
		return refuse(words, errno, "the addresses of this machine "
			      "cannot be read: %s", strerror(errno));
	err = listen_resolve(site, c, ifs, words);
	freeifaddrs(ifs);
	if (err)
		return err;
	domain_resolve(c);
	media_resolve(c);
	sa_set_str(&c->presence.internal, "127.0.0.1", 0);
	sa_set_str(&c->server.sip_laddr, "127.0.0.1", 0);
	paths_resolve(site, c);
	re_snprintf(c->presence.key_path, sizeof(c->presence.key_path),
		    "%s/route.key", site->state_dir);
	return 0;
}

static int lock_take(struct site *site, char *words)
{
	char path[SITE_PATH_MAX + 16], pid[16] = "";
	int fd;

	re_snprintf(path, sizeof(path), "%s/hollerd.lock", site->state_dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (fd < 0)
		return refuse(words, errno, "%s cannot be written: %s", path,
			      strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		int err = errno;

		if (read(fd, pid, sizeof(pid) - 1) < 0)
			pid[0] = '\0';
		pid[strcspn(pid, "\n")] = '\0';
		close(fd);
		return refuse(words, err, "another hollerd (process %s) "
			      "already runs on the state directory %s",
			      *pid ? pid : "unknown", site->state_dir);
	}
	snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	if (ftruncate(fd, 0) || write(fd, pid, strlen(pid)) < 0) {
		int err = errno;

		close(fd);
		return refuse(words, err, "%s cannot be written: %s", path,
			      strerror(err));
	}
	site->lock_fd = fd;
	return 0;
}

int site_enter(struct site *site, const struct config *c, char *words)
{
	struct stat st;
	int err;

	if (mkdir(site->state_dir, 0750) && errno != EEXIST)
		return refuse(words, errno, "the state directory %s cannot be "
			      "made: %s; make it, or name another as "
			      "[general] state_dir", site->state_dir,
			      strerror(errno));
	if (stat(site->state_dir, &st) || !S_ISDIR(st.st_mode))
		return refuse(words, ENOTDIR, "the state directory %s is not a"
			      " directory", site->state_dir);
	if (access(site->state_dir, R_OK | W_OK | X_OK))
		return refuse(words, errno, "the state directory %s is not "
			      "writable for user %u", site->state_dir,
			      (unsigned)geteuid());
	err = lock_take(site, words);
	if (!err)
		socket_resolve(site, c);
	return err;
}

void site_leave(struct site *site)
{
	if (site->lock_fd >= 0)
		close(site->lock_fd);
	site->lock_fd = -1;
}

/* --- limits ----------------------------------------------------------- */

unsigned site_files_raise(const struct config *c)
{
	const struct mixer_cfg *m = &c->server.mixer;
	const unsigned workers = m->workers ? m->workers : 8;
	struct rlimit rl;
	uint64_t want;

	want = 4096 + 3ULL * workers * m->triples_max * m->laddrc;
	if (getrlimit(RLIMIT_NOFILE, &rl))
		return 1024;
	if (rl.rlim_cur < want) {
		rl.rlim_cur = want < rl.rlim_max ? want : rl.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &rl))
			(void)getrlimit(RLIMIT_NOFILE, &rl);
	}
	return (unsigned)rl.rlim_cur;
}

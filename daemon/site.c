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

static bool listens(const struct presence_cfg *p, enum sip_transp tp,
		    const struct sa *sa)
{
	unsigned i;

	for (i = 0; i < p->laddrc; i++) {
		if (p->laddrv[i].tp == tp &&
		    sa_cmp(&p->laddrv[i].laddr, sa, SA_ALL))
			return true;
	}
	return false;
}

static void listen_add(struct site *site, struct presence_cfg *p,
		       enum sip_transp tp, const struct sa *sa)
{
	if (listens(p, tp, sa))
		return;
	if (p->laddrc == PRESENCE_LADDRS_MAX) {
		site->left_out++;
		return;
	}
	p->laddrv[p->laddrc].tp = tp;
	p->laddrv[p->laddrc].laddr = *sa;
	p->laddrc++;
}

/* Those of the network before loopback: the first is told to people. An
 * address that is good on one link only names nobody without that link. */
static void locals_add(struct site *site, struct presence_cfg *p,
		       const struct ifaddrs *ifs, bool loopback,
		       const struct presence_listen *any)
{
	const struct ifaddrs *i;
	struct sa sa;

	for (i = ifs; i; i = i->ifa_next) {
		if (!i->ifa_addr ||
		    i->ifa_addr->sa_family != sa_af(&any->laddr) ||
		    !(i->ifa_flags & IFF_UP) ||
		    !(i->ifa_flags & IFF_LOOPBACK) == loopback ||
		    sa_set_sa(&sa, i->ifa_addr) || sa_is_linklocal(&sa))
			continue;
		sa_set_port(&sa, sa_port(&any->laddr));
		listen_add(site, p, any->tp, &sa);
	}
}

static int listen_resolve(struct site *site, struct config *c,
			  const struct ifaddrs *ifs, char *words)
{
	struct presence_cfg *p = &c->presence;
	const struct config_addrs listen = config_listen(c);
	unsigned i;

	p->laddrc = 0;
	for (i = 0; i < listen.c; i++) {
		const struct presence_listen one = {.tp = listen.tp[i],
						    .laddr = listen.v[i]};

		if (sa_is_any(&one.laddr)) {
			locals_add(site, p, ifs, false, &one);
			locals_add(site, p, ifs, true, &one);
		}
		else {
			listen_add(site, p, one.tp, &one.laddr);
		}
	}
	if (!p->laddrc)
		return refuse(words, EADDRNOTAVAIL, "this machine has no "
			      "address to listen on");
	return 0;
}

static bool media_has(const struct mixer_cfg *m, const struct sa *sa)
{
	unsigned i;

	for (i = 0; i < m->laddrc; i++) {
		if (sa_cmp(&m->laddrv[i], sa, SA_ADDR))
			return true;
	}
	return false;
}

/* Media goes through the address that signalling came in by */
static int media_resolve(struct site *site, struct config *c, char *words)
{
	struct mixer_cfg *m = &c->server.mixer;
	const struct presence_cfg *p = &c->presence;
	unsigned i;

	if (c->media.c > MIXER_LADDRS_MAX)
		return refuse(words, E2BIG, "[media] address: more than %d "
			      "addresses", MIXER_LADDRS_MAX);
	m->laddrc = 0;
	for (i = 0; i < c->media.c; i++)
		m->laddrv[m->laddrc++] = c->media.v[i];
	for (i = 0; !c->media.c && i < p->laddrc; i++) {
		struct sa sa = p->laddrv[i].laddr;

		sa_set_port(&sa, 0);
		if (media_has(m, &sa))
			continue;
		if (m->laddrc == MIXER_LADDRS_MAX)
			site->left_out++;
		else
			m->laddrv[m->laddrc++] = sa;
	}
	return 0;
}

static void domain_resolve(struct config *c)
{
	struct presence_cfg *p = &c->presence;

	if (*c->domain)
		memcpy(p->domain, c->domain, sizeof(p->domain));
	else
		re_snprintf(p->domain, sizeof(p->domain),
			    sa_af(&p->laddrv[0].laddr) == AF_INET6 ? "[%j]"
								   : "%j",
			    &p->laddrv[0].laddr);
	memcpy(c->server.domain, p->domain, sizeof(c->server.domain));
}

/* @return why this socket cannot be opened, 0: it can */
static int listen_try(const struct presence_listen *l)
{
	const int type = l->tp == SIP_TRANSP_UDP ? SOCK_DGRAM : SOCK_STREAM;
	const int fd = socket(sa_af(&l->laddr), type | SOCK_CLOEXEC, 0);
	const int on = 1;
	int err = 0;

	if (fd < 0)
		return errno == EAFNOSUPPORT ? errno : 0;
	/* What a connection left behind is in nobody's way */
	if (type == SOCK_STREAM)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on,
				 sizeof(on));
	if (bind(fd, &l->laddr.u.sa, l->laddr.len) ||
	    (type == SOCK_STREAM && listen(fd, 1)))
		err = errno;
	close(fd);
	return err;
}

bool site_port_blame(const struct config *c, char *words)
{
	const struct presence_cfg *p = &c->presence;
	unsigned i;

	for (i = 0; i < p->laddrc; i++) {
		const struct presence_listen *l = &p->laddrv[i];
		const char *tp = l->tp == SIP_TRANSP_UDP ? "UDP" : "TCP";
		const int err = listen_try(l);
		char addr[64];

		if (!err)
			continue;
		re_snprintf(addr, sizeof(addr), "%J", &l->laddr);
		if (err == EADDRINUSE)
			refuse(words, err, "%s port %s is taken by another "
			       "program: stop it, or give another port in "
			       "[sip] listen", tp, addr);
		else if (err == EACCES)
			refuse(words, err, "no permission to use %s port %s: "
			       "choose one above 1023 in [sip] listen", tp,
			       addr);
		else if (err == EADDRNOTAVAIL)
			refuse(words, err, "%s is not an address of this "
			       "machine: correct [sip] listen", addr);
		else
			refuse(words, err, "%s port %s cannot be opened: %s",
			       tp, addr, strerror(err));
		return true;
	}
	return false;
}

bool site_media_blame(const struct config *c, char *words)
{
	const struct mixer_cfg *m = &c->server.mixer;
	unsigned i;

	for (i = 0; i < m->laddrc; i++) {
		const struct presence_listen l = {.tp = SIP_TRANSP_UDP,
						  .laddr = m->laddrv[i]};
		char addr[64];

		if (listen_try(&l) != EADDRNOTAVAIL)
			continue;
		re_snprintf(addr, sizeof(addr), "%j", &l.laddr);
		refuse(words, EADDRNOTAVAIL, "%s is not an address of this "
		       "machine: correct %s", addr,
		       c->media.c ? "[media] address" : "[sip] listen");
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

static void tls_resolve(const struct site *site, struct config *c)
{
	struct presence_cfg *p = &c->presence;

	p->tls_make = !*c->tls_certificate;
	if (p->tls_make) {
		re_snprintf(p->tls_certificate, sizeof(p->tls_certificate),
			    "%s/tls.crt", site->state_dir);
		re_snprintf(p->tls_key, sizeof(p->tls_key), "%s/tls.key",
			    site->state_dir);
		return;
	}
	re_snprintf(p->tls_certificate, sizeof(p->tls_certificate), "%s",
		    c->tls_certificate);
	re_snprintf(p->tls_key, sizeof(p->tls_key), "%s", c->tls_key);
}

static void dtls_resolve(struct site *site, struct config *c)
{
	if (*c->dtls_certificate)
		re_snprintf(site->dtls_cert, sizeof(site->dtls_cert), "%s",
			    c->dtls_certificate);
	else
		re_snprintf(site->dtls_cert, sizeof(site->dtls_cert),
			    "%s/dtls.pem", site->state_dir);
	c->server.mixer.dtls_cert = site->dtls_cert;
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
	err = media_resolve(site, c, words);
	if (err)
		return err;
	sa_set_str(&c->presence.internal, "127.0.0.1", 0);
	sa_set_str(&c->server.sip_laddr, "127.0.0.1", 0);
	paths_resolve(site, c);
	re_snprintf(c->presence.key_path, sizeof(c->presence.key_path),
		    "%s/route.key", site->state_dir);
	tls_resolve(site, c);
	dtls_resolve(site, c);
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

/* Connections get what the rest leaves: without a descriptor nobody can be
 * refused, and nothing else can be opened */
unsigned site_files_raise(struct config *c)
{
	const struct mixer_cfg *m = &c->server.mixer;
	struct presence_cfg *p = &c->presence;
	const unsigned workers = m->workers ? m->workers : 8;
	uint64_t rest, want;
	struct rlimit rl;

	rest = 4096 + 3ULL * workers * m->triples_max * m->laddrc;
	want = rest + p->connections_max;
	if (getrlimit(RLIMIT_NOFILE, &rl))
		return 1024;
	if (rl.rlim_cur < want) {
		rl.rlim_cur = want < rl.rlim_max ? want : rl.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &rl))
			(void)getrlimit(RLIMIT_NOFILE, &rl);
	}
	if (rl.rlim_cur < want) {
		const uint64_t half = rl.rlim_cur / 2;
		const uint64_t room =
			rl.rlim_cur > rest + half ? rl.rlim_cur - rest : half;

		if (p->connections_max > room)
			p->connections_max = (uint32_t)(room ? room : 1);
	}
	return (unsigned)(rl.rlim_cur < want ? rl.rlim_cur : want);
}

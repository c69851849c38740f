/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file lab.c  A real hollerd in a directory of its own
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench/lab.h"
#include "util/clock.h"
#include "wire/digest.h"

enum {
	START_MS = 30000,
	SETTLE_MS = 30000,
	CROWD_BASE = 0x7f100000
};

static int complain(const char *what, int err)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(err));
	return err;
}

/* --- files --------------------------------------------------------------- */

static FILE *file_open(const struct lab *lab, const char *name)
{
	char path[LAB_PATH_MAX + 32];

	(void)snprintf(path, sizeof(path), "%s/%s", lab->dir, name);
	return fopen(path, "we");
}

static int conf_write(const struct lab *lab, const char *more)
{
	FILE *f = file_open(lab, "conf");

	if (!f)
		return errno;
	(void)re_fprintf(f, "[general]\nstate_dir = %s/state\n"
			 "domain = " LAB_DOMAIN "\n"
			 "realm = " LAB_DOMAIN "\n"
			 "[sip]\nlisten = %J\n"
			 "[conference]\nlegs_max = 120000\n"
			 "[admin]\nsocket = %s/admin\n%s",
			 lab->dir, &lab->sip, lab->dir, more ? more : "");
	return fclose(f) ? errno : 0;
}

static void users_write(FILE *f, uint32_t users)
{
	char ha1[DIGEST_HEX_MAX], name[CROWD_USER_MAX];
	uint32_t i;

	for (i = 0; i < users; i++) {
		crowd_user(name, i);
		if (digest_ha1(ha1, DIGEST_MD5, name, LAB_DOMAIN,
			       CROWD_PASSWORD))
			return;
		fprintf(f, "INSERT INTO user(name, display) "
			"VALUES('%s', 'Crowd %u');\n"
			"INSERT INTO credential(user, ha1_md5) "
			"VALUES('%s', '%s');\n"
			"INSERT INTO subscription(subscriber, user, service) "
			"VALUES('%s', '%s', '" LAB_SERVICE "');\n",
			name, i, name, ha1, name, name);
	}
}

static int db_fill(const struct lab *lab, uint32_t users, const char *sql)
{
	char cmd[3 * LAB_PATH_MAX];
	FILE *f;

	(void)snprintf(cmd, sizeof(cmd), "%s/daemon/hollerd --config %s/conf "
		       "--init-db %s/state/provisioning.db >&2", BENCH_BUILD,
		       lab->dir, lab->dir);
	if (system(cmd))
		return EIO;
	(void)snprintf(cmd, sizeof(cmd), "sqlite3 -bail "
		       "%s/state/provisioning.db", lab->dir);
	f = popen(cmd, "we");
	if (!f)
		return errno;
	fprintf(f, "BEGIN;\n");
	users_write(f, users);
	fprintf(f, "INSERT INTO authorisation(subject, object, see, call) "
		"VALUES('*', '*', 0, 1);\n%s\nCOMMIT;\n", sql ? sql : "");
	return pclose(f) ? EIO : 0;
}

static int ip_free(struct sa *sa)
{
	unsigned i;
	int fd, err = EADDRINUSE;

	for (i = 0; i < 100 && err; i++) {
		sa_set_in(sa, 0x7fc80001 + rand_u32() % 0x0a0000, SIP_PORT);
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			return errno;
		err = bind(fd, &sa->u.sa, sa->len) ? errno : 0;
		close(fd);
	}
	return err;
}

int lab_open(struct lab *lab, const struct lab_cfg *cfg)
{
	const char *tmp = getenv("TMPDIR");
	char path[LAB_PATH_MAX + 32];
	int err;

	memset(lab, 0, sizeof(*lab));
	lab->users = cfg->users;
	lab->pin = cfg->pin;
	lab->suite = cfg->suite;
	lab->crowd = cfg->crowd ? cfg->crowd : CROWD_BASE;
	if (snprintf(lab->dir, sizeof(lab->dir), "%s/bench.XXXXXX",
		     tmp && *tmp ? tmp : "/tmp") >= (int)sizeof(lab->dir) ||
	    !mkdtemp(lab->dir))
		return complain("temporary directory", errno);
	(void)snprintf(path, sizeof(path), "%s/state", lab->dir);
	if (mkdir(path, 0700))
		return complain(path, errno);
	err = cfg->ip ? sa_set_str(&lab->sip, cfg->ip, SIP_PORT)
		      : ip_free(&lab->sip);
	err = err ? err : conf_write(lab, cfg->conf);
	if (err)
		return complain("configuration", err);
	err = db_fill(lab, cfg->users, cfg->sql);
	return err ? complain("database", err) : 0;
}

void lab_close(struct lab *lab)
{
	char cmd[LAB_PATH_MAX + 16];

	lab_kill(lab);
	if (!lab->dir[0] || getenv("BENCH_KEEP"))
		return;
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", lab->dir);
	(void)!system(cmd);
}

/* --- the process --------------------------------------------------------- */

void lab_pin(bool hollerd)
{
	const long cores = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;
	long i;

	if (cores < 2)
		return;
	CPU_ZERO(&set);
	for (i = 0; i < cores; i++)
		if (hollerd == (i == cores - 1))
			CPU_SET(i, &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
}

static void child(const struct lab *lab)
{
	char conf[LAB_PATH_MAX + 32], log[LAB_PATH_MAX + 32];
	int fd;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (lab->pin)
		lab_pin(true);
	(void)snprintf(conf, sizeof(conf), "%s/conf", lab->dir);
	(void)snprintf(log, sizeof(log), "%s/log", lab->dir);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd >= 0)
		(void)dup2(fd, STDERR_FILENO);
	execl(BENCH_BUILD "/daemon/hollerd", "hollerd", "--config", conf,
	      NULL);
	_exit(127);
}

static bool answers(const struct lab *lab)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd, err;

	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%.90s/admin",
		       lab->dir);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	err = connect(fd, (struct sockaddr *)&sun, sizeof(sun));
	close(fd);
	return !err;
}

static void log_show(const struct lab *lab)
{
	char cmd[LAB_PATH_MAX + 32];

	(void)snprintf(cmd, sizeof(cmd), "tail -n 5 %s/log >&2", lab->dir);
	(void)!system(cmd);
}

int lab_start(struct lab *lab)
{
	const uint64_t end = clock_mono_ms() + START_MS;
	int status;

	lab->pid = fork();
	if (lab->pid < 0)
		return complain("fork", errno);
	if (!lab->pid)
		child(lab);
	if (lab->pin)
		lab_pin(false);
	while (!answers(lab)) {
		if (waitpid(lab->pid, &status, WNOHANG) == lab->pid)
			lab->pid = 0;
		if (!lab->pid || clock_mono_ms() > end) {
			log_show(lab);
			return complain("hollerd does not start", ETIMEDOUT);
		}
		(void)poll(NULL, 0, 2);
	}
	return 0;
}

int lab_ready(const struct lab *lab)
{
	const uint64_t end = clock_mono_ms() + START_MS;

	while (lab_status(lab, "users") < lab->users) {
		if (clock_mono_ms() > end)
			return complain("users are not read", ETIMEDOUT);
		(void)poll(NULL, 0, 20);
	}
	return 0;
}

void lab_kill(struct lab *lab)
{
	if (lab->pid <= 0)
		return;
	(void)kill(lab->pid, SIGKILL);
	(void)waitpid(lab->pid, NULL, 0);
	lab->pid = 0;
}

/* --- figures ------------------------------------------------------------- */

static uint64_t number_find(FILE *f, const char *key)
{
	const char *slash = strchr(key, '/'), *p = NULL;
	char line[512], quoted[64], object[64];
	bool in = !slash;
	uint64_t v = 0;

	if (slash) {
		(void)snprintf(object, sizeof(object), "\"%.*s\":",
			       (int)(slash - key), key);
		key = slash + 1;
	}

	(void)snprintf(quoted, sizeof(quoted), "\"%s\":", key);
	/* To its end: the writer must not be cut off */
	while (fgets(line, sizeof(line), f)) {
		in = in || strstr(line, object);
		if (p || !in)
			continue;
		p = strstr(line, quoted);
		if (p)
			v = strtoull(p + strlen(quoted), NULL, 10);
	}
	return v;
}

uint64_t lab_status(const struct lab *lab, const char *key)
{
	char cmd[2 * LAB_PATH_MAX + 64];
	uint64_t v;
	FILE *f;

	(void)snprintf(cmd, sizeof(cmd), "%s/cli/holler --socket %s/admin "
		       "status --json", BENCH_BUILD, lab->dir);
	f = popen(cmd, "re");
	if (!f)
		return 0;
	v = number_find(f, key);
	(void)pclose(f);
	return v;
}

int lab_store_settle(const struct lab *lab)
{
	const uint64_t end = clock_mono_ms() + SETTLE_MS;

	do {
		const uint64_t queued = lab_status(lab, "queued");

		if (queued && lab_status(lab, "written") >= queued)
			return 0;
		(void)poll(NULL, 0, 50);
	} while (clock_mono_ms() < end);
	return complain("the database does not settle", ETIMEDOUT);
}

uint64_t lab_memory_bytes(const struct lab *lab, const char *name)
{
	char path[64], line[256];
	const size_t n = strlen(name);
	uint64_t v = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/smaps_rollup",
		       (int)lab->pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, name, n) && line[n] == ':')
			v = strtoull(line + n + 1, NULL, 10) * 1024;
	}
	(void)fclose(f);
	return v;
}

double lab_cpu_s(const struct lab *lab)
{
	char path[64], text[1024];
	unsigned long user, sys;
	const char *p;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)lab->pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	p = fgets(text, sizeof(text), f);
	(void)fclose(f);
	p = p ? strrchr(text, ')') : NULL;
	if (!p || sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
			 "%lu %lu", &user, &sys) != 2)
		return 0;
	return (double)(user + sys) / (double)sysconf(_SC_CLK_TCK);
}

static bool thread_is(const char *task, const char *name)
{
	const size_t n = strlen(name);
	char path[LAB_PATH_MAX], text[64];
	FILE *f;
	bool is;

	(void)snprintf(path, sizeof(path), "%.100s/comm", task);
	f = fopen(path, "re");
	if (!f)
		return false;
	is = fgets(text, sizeof(text), f) && !strncmp(text, name, n) &&
	     (text[n] == '\n' || text[n] == ' ');
	(void)fclose(f);
	return is;
}

static double task_cpu_s(const char *task)
{
	char path[LAB_PATH_MAX];
	unsigned long long ns = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%.100s/schedstat", task);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%llu", &ns) != 1)
		ns = 0;
	(void)fclose(f);
	return (double)ns / 1e9;
}

double lab_thread_cpu_s(const struct lab *lab, const char *name)
{
	char dir[64], task[LAB_PATH_MAX];
	const struct dirent *e;
	double s = 0;
	DIR *d;

	(void)snprintf(dir, sizeof(dir), "/proc/%d/task", (int)lab->pid);
	d = opendir(dir);
	while (d && (e = readdir(d))) {
		(void)snprintf(task, sizeof(task), "%s/%.20s", dir, e->d_name);
		if (e->d_name[0] != '.' && thread_is(task, name))
			s += task_cpu_s(task);
	}
	if (d)
		(void)closedir(d);
	return s;
}

int lab_crowd(const struct lab *lab, struct crowd **cp, uint32_t terminals,
	      crowd_h *h, void *arg)
{
	const struct crowd_cfg cfg = {.server = lab->sip,
				      .domain = LAB_DOMAIN,
				      .service = LAB_SERVICE,
				      .base_ip = lab->crowd,
				      .terminals = terminals,
				      .window = 100,
				      .keepalive_ms = 15000,
				      .suite = lab->suite};
	const int err = crowd_alloc(cp, &cfg, h, arg);

	return err ? complain("crowd", err) : 0;
}

static int double_cmp(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double lab_quantile(double *v, uint32_t n, double q)
{
	uint32_t i = (uint32_t)((n - 1) * q + 0.5);

	qsort(v, n, sizeof(*v), double_cmp);
	return v[i];
}

uint32_t lab_arg(int argc, char *argv[], const char *name, uint32_t def)
{
	const size_t n = strlen(name);
	int i;

	for (i = 1; i < argc; i++) {
		if (!strncmp(argv[i], name, n) && argv[i][n] == '=')
			return (uint32_t)strtoul(argv[i] + n + 1, NULL, 10);
	}
	return def;
}

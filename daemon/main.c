/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file main.c  hollerd: from the command line to the loop and back
 */
#include <config.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <re.h>
#include "daemon/admin.h"
#include "daemon/config.h"
#include "daemon/libre.h"
#include "daemon/options.h"
#include "daemon/roles.h"
#include "daemon/signals.h"
#include "daemon/site.h"
#include "db/prov.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/retmr.h"

enum {
	EXIT_RAN = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	CLOSE_GRACE_MS = 500  /**< On top of [conference] close_ms */
};

#define CONFIG_FILE HL_SYSCONFDIR "/holler/holler.conf"

struct daemon {
	struct config config;
	struct site site;
	struct hlog *log;
	struct roles *roles;
	struct admin *admin;
	struct signals *signals;
	struct command_env env;
	struct tmr tmr_close;
	const char *config_path;  /**< NULL: none was read */
	bool closing;
};

/* --- ending ----------------------------------------------------------- */

static void closed_h(void *arg)
{
	struct daemon *d = arg;

	hlog(d->log, HLOG_INFO, "hollerd", "all calls have ended");
	re_cancel();
}

static void close_late_h(void *arg)
{
	struct daemon *d = arg;

	hlog(d->log, HLOG_WARN, "hollerd", "not every call ended in time");
	re_cancel();
}

static void daemon_close(struct daemon *d, int sig)
{
	if (d->closing) {
		hlog(d->log, HLOG_WARN, "hollerd", "second signal: stopping "
		     "at once");
		_exit(EXIT_FAILED);
	}
	d->closing = true;
	hlog(d->log, HLOG_INFO, "hollerd", "ending all calls",
	     HLOG_S("signal", sigabbrev_np(sig)));
	d->admin = mem_deref(d->admin);
	tmr_start(&d->tmr_close, d->config.server.close_ms + CLOSE_GRACE_MS,
		  close_late_h, d);
	roles_close(d->roles, closed_h, d);
}

/* Whatever becomes of the rest of the configuration: the files are others */
static void certificate_reload(struct daemon *d)
{
	char words[SITE_WORDS_MAX] = "";
	const int err = roles_tls_reload(d->roles, words, sizeof(words));

	if (err)
		hlog(d->log, HLOG_WARN, "hollerd", "TLS certificate not "
		     "loaded: the old one stays", HLOG_S("reason", words));
	else
		hlog(d->log, HLOG_INFO, "hollerd", "TLS certificate loaded");
}

/* What is said of a file is lines; the log has room for the first */
static unsigned config_again(struct config *c, const char *path, char *words,
			     size_t size)
{
	FILE *f = fmemopen(words, size, "w");
	unsigned errors;

	config_default(c);
	errors = config_read(c, path, f);
	if (f)
		fclose(f);
	words[size - 1] = '\0';
	words[strcspn(words, "\n")] = '\0';
	return errors;
}

/* Only the log level and the certificate change while calls run */
static void level_reload(struct daemon *d)
{
	char words[SITE_WORDS_MAX + CONFIG_PATH_MAX] = "";
	struct config c;
	unsigned errors;

	if (!d->config_path) {
		hlog(d->log, HLOG_INFO, "hollerd",
		     "no configuration file to read again");
		return;
	}
	errors = config_again(&c, d->config_path, words, sizeof(words));
	if (errors) {
		hlog(d->log, HLOG_WARN, "hollerd", "the configuration has "
		     "errors: nothing was changed",
		     HLOG_S("file", d->config_path), HLOG_U("errors", errors),
		     HLOG_S("reason", words));
		return;
	}
	hlog_level_set(d->log, c.log_level);
	hlog(d->log, HLOG_INFO, "hollerd", "configuration read again",
	     HLOG_S("log_level", hlog_level_name(c.log_level)));
}

static void signal_h(int sig, void *arg)
{
	struct daemon *d = arg;

	if (sig == SIGHUP) {
		level_reload(d);
		certificate_reload(d);
	}
	else {
		daemon_close(d, sig);
	}
}

/* --- running ---------------------------------------------------------- */

static int complain(const char *words)
{
	fprintf(stderr, "hollerd: %s\n", words);
	return EXIT_FAILED;
}

static int pid_write(const char *path)
{
	FILE *f;
	int err = 0;

	if (!*path)
		return 0;
	f = fopen(path, "we");
	if (!f || fprintf(f, "%d\n", (int)getpid()) < 0)
		err = errno;
	if (f && fclose(f))
		err = errno;
	if (err)
		fprintf(stderr, "hollerd: the pid file %s cannot be written: "
			"%s\n", path, strerror(err));
	return err;
}

static void greet(const struct daemon *d)
{
	const struct presence_cfg *p = &d->config.presence;

	if (d->config.roles & ROLE_GATEWAY)
		hlog(d->log, HLOG_WARN, "hollerd", "the role gateway has "
		     "nothing in it in this version");
	if (d->site.left_out)
		hlog(d->log, HLOG_WARN, "hollerd", "local addresses are not "
		     "listened on: name those you want in [sip] listen",
		     HLOG_U("left_out", d->site.left_out));
	hlog(d->log, HLOG_INFO, "hollerd", "ready",
	     HLOG_S("version", PACKAGE_VERSION), HLOG_S("domain", p->domain),
	     HLOG_S("state_dir", d->site.state_dir),
	     HLOG_S("socket", d->site.socket));
}

static int daemon_start(struct daemon *d, char *words)
{
	int err;

	err = roles_alloc(&d->roles, &d->config, &d->site, d->log, words);
	if (err)
		return err;
	d->env = (struct command_env) {
		.roles = d->roles,
		.log = d->log,
		.domain = d->config.presence.domain,
		.state_dir = d->site.state_dir,
		.started_ms = clock_mono_ms(),
		.answer_bytes = d->config.admin.answer_bytes,
	};
	err = admin_alloc(&d->admin, &d->config.admin, d->site.socket,
			  &d->env, words, SITE_WORDS_MAX);
	if (err)
		return err;
	err = signals_alloc(&d->signals, signal_h, d);
	if (err)
		snprintf(words, SITE_WORDS_MAX, "signals cannot be read: %s",
			 strerror(err));
	return err;
}

static void daemon_end(struct daemon *d)
{
	tmr_cancel(&d->tmr_close);
	d->signals = mem_deref(d->signals);
	d->admin = mem_deref(d->admin);
	d->roles = mem_deref(d->roles);
	if (*d->config.pid_file)
		(void)unlink(d->config.pid_file);
	site_leave(&d->site);
}

static int daemon_run(struct daemon *d)
{
	char words[SITE_WORDS_MAX] = "unknown";
	unsigned files, wanted;
	int err;

	(void)umask(0027);
	err = signals_block();
	if (err)
		return complain(strerror(err));
	if (site_resolve(&d->site, &d->config, words))
		return complain(words);
	if (site_enter(&d->site, &d->config, words))
		return complain(words);
	wanted = d->config.presence.connections_max;
	files = site_files_raise(&d->config);
	if (d->config.presence.connections_max < wanted)
		hlog(d->log, HLOG_WARN, "hollerd", "connections_max is lower: "
		     "more files may not be open (ulimit -n)",
		     HLOG_U("connections_max",
			    d->config.presence.connections_max));
	err = libre_start(d->log, files);
	if (err) {
		site_leave(&d->site);
		return complain(strerror(err));
	}
	tmr_init(&d->tmr_close);
	err = daemon_start(d, words);
	if (err)
		complain(words);
	else
		err = pid_write(d->config.pid_file);
	if (!err) {
		greet(d);
		err = re_main(NULL);
		if (err)
			complain(strerror(err));
	}
	daemon_end(d);
	libre_stop();
	return err ? EXIT_FAILED : EXIT_RAN;
}

/* --- what only prints ------------------------------------------------- */

static int db_make(const struct daemon *d, const char *path)
{
	struct prov *prov;
	int err;

	if (!access(path, F_OK)) {
		fprintf(stderr, "hollerd: %s exists already\n", path);
		return EXIT_FAILED;
	}
	(void)umask(0027);
	err = prov_open(&prov, path, d->config.realm, d->log);
	if (err) {
		fprintf(stderr, "hollerd: %s cannot be made: %s\n", path,
			strerror(err));
		return EXIT_FAILED;
	}
	printf("%s: realm %s\n", path, prov_realm(prov));
	mem_deref(prov);
	return EXIT_RAN;
}

/* The values that were found stand beside the "auto" that found them */
static int config_show(struct daemon *d)
{
	const struct presence_listen *l = d->config.presence.laddrv;
	char words[SITE_WORDS_MAX];
	unsigned i;

	if (!site_resolve(&d->site, &d->config, words)) {
		printf("# Here \"auto\" means: domain %s, state_dir %s\n",
		       d->config.presence.domain, d->site.state_dir);
		for (i = 0; i < d->config.presence.laddrc; i++)
			(void)re_printf("# SIP listens on %s %J\n",
					sip_transp_name(l[i].tp),
					&l[i].laddr);
		printf("\n");
	}
	config_print(&d->config, stdout);
	return EXIT_RAN;
}

/** @return false: what is wrong was said */
static bool config_load(struct daemon *d, const struct options *o)
{
	char words[SITE_WORDS_MAX];

	config_default(&d->config);
	d->config_path = o->config;
	if (!o->config && !access(CONFIG_FILE, F_OK))
		d->config_path = CONFIG_FILE;
	if (d->config_path &&
	    config_read(&d->config, d->config_path, stderr))
		return false;
	if (o->roles && config_roles_decode(&d->config.roles, o->roles, words,
					    sizeof(words))) {
		fprintf(stderr, "hollerd: --roles: %s\n", words);
		return false;
	}
	if (o->realm && config_realm_set(&d->config, o->realm)) {
		fprintf(stderr, "hollerd: --realm: \"%s\" cannot be a realm\n",
			o->realm);
		return false;
	}
	return true;
}

static int act(struct daemon *d, const struct options *o)
{
	switch (o->action) {
	case OPTIONS_CHECK:
		puts("ok");
		return EXIT_RAN;
	case OPTIONS_PRINT:
		return config_show(d);
	case OPTIONS_INIT_DB:
		return db_make(d, o->init_db);
	case OPTIONS_RUN:
		return daemon_run(d);
	case OPTIONS_VERSION:
	case OPTIONS_HELP:
		break;
	}
	return EXIT_USAGE;
}

int main(int argc, char *argv[])
{
	struct daemon d = {.closing = false};
	struct options o;
	int status;

	if (options_decode(&o, argc, argv))
		return EXIT_USAGE;
	if (o.action == OPTIONS_HELP) {
		options_help();
		return EXIT_RAN;
	}
	if (o.action == OPTIONS_VERSION) {
		puts("hollerd " PACKAGE_VERSION);
		return EXIT_RAN;
	}
	if (retmr_init())
		return complain("libre does not use our timers: this build "
				"does not fit the installed libre");
	if (!config_load(&d, &o))
		return EXIT_USAGE;
	if (hlog_alloc(&d.log, STDERR_FILENO, d.config.log_format,
		       d.config.log_level))
		return complain("no memory");
	status = act(&d, &o);
	mem_deref(d.log);
	return status;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "auth/auth.h"
#include "bus/bus.h"
#include "daemon/roles.h"
#include "db/prov.h"
#include "db/state.h"
#include "mixer/dtls.h"
#include "mixer/dtls_cert.h"
#include "presence/presence.h"
#include "server/server.h"
#include "sip/tlscert.h"
#include "util/log.h"

enum {
	BUS_QUEUE_MAX = 65536, /**< Messages: a snapshot of all members */
	PROV_BATCH = 256,      /**< Changes before other events have a turn */
	STATE_LOOK_MS = 1000
};

struct roles {
	struct bus *bus;
	struct prov *prov;
	const char *prov_path;
	struct state *state;
	struct auth *auth;
	struct presence *presence;
	struct server *server;
	struct hlog *log;
	int prov_fd;           /**< Watched by the loop, -1: none */
	struct tmr tmr_state;
};

static void destructor(void *arg)
{
	struct roles *r = arg;

	tmr_cancel(&r->tmr_state);
	if (r->prov_fd >= 0)
		fd_close(r->prov_fd);
	mem_deref(r->server);
	mem_deref(r->presence);
	mem_deref(r->auth);
	mem_deref(r->bus);
	mem_deref(r->prov);
	mem_deref(r->state);
}

static void prov_h(int flags, void *arg)
{
	struct roles *r = arg;

	(void)flags;
	prov_poll(r->prov, PROV_BATCH);
}

/* Dialogs are not put again, nobody keeps their texts: after a crash their
 * terminals get a new INVITE without a BYE of the old one */
static void state_h(void *arg)
{
	struct roles *r = arg;

	if (state_overflowed(r->state)) {
		hlog(r->log, HLOG_WARN, "state", "writes were lost: storing "
		     "bindings and subscriptions anew");
		presence_store(r->presence);
		server_store(r->server);
	}
	tmr_start(&r->tmr_state, STATE_LOOK_MS, state_h, r);
}

static int failed(char *words, int err, const char *what, const char *where)
{
	snprintf(words, SITE_WORDS_MAX, "%s%s cannot be used: %s", what, where,
		 strerror(err));
	return err;
}

static int db_failed(char *words, int err, const char *what,
		     const char *path)
{
	const char *why = strerror(err);

	if (err == EPROTO)
		why = "it was written by a newer version of Holler";
	else if (err == EEXIST)
		why = "it is another program's database";
	else if (err == EBADMSG)
		why = "it is damaged, or no database";
	else if (err == ENOTSUP)
		why = "this file system does not support SQLite's WAL mode";
	snprintf(words, SITE_WORDS_MAX, "the %s database %s cannot be used: "
		 "%s", what, path, why);
	return err;
}

/* No state beside it: a first start, which everybody expects */
static void made_tell(const struct roles *r, const struct site *site,
		      bool first)
{
	if (prov_made(r->prov))
		hlog(r->log, first ? HLOG_INFO : HLOG_WARN, site->prov_path,
		     "was not there, or empty: a new provisioning database"
		     " without users was made");
}

static int databases_open(struct roles *r, const struct config *c,
			  const struct site *site, char *words)
{
	const bool first = access(site->state_path, F_OK) != 0;
	int err;

	err = prov_open(&r->prov, site->prov_path, c->realm, r->log);
	if (err)
		return db_failed(words, err, "provisioning", site->prov_path);
	made_tell(r, site, first);
	err = state_open(&r->state, site->state_path, r->log);
	if (err)
		return db_failed(words, err, "state", site->state_path);
	err = fd_listen(prov_fd(r->prov), FD_READ, prov_h, r);
	if (err)
		return failed(words, err, "the event loop", "");
	r->prov_fd = prov_fd(r->prov);
	return 0;
}

/* Made, or found good, before the switch loads it: here there are words */
static int dtls_cert_ready(const char *path, char *words)
{
	char why[DTLS_WORDS_MAX] = "";
	struct dtls_cert dc;
	const int err = path ? dtls_cert_init(&dc, path, why) : 0;

	if (err)
		(void)re_snprintf(words, SITE_WORDS_MAX, "%s", why);
	else if (path)
		dtls_cert_fini(&dc);
	return err;
}

static bool serves_tls(const struct presence_cfg *p)
{
	unsigned i;

	for (i = 0; i < p->laddrc && p->laddrv[i].tp != SIP_TRANSP_TLS; i++)
		;
	return i < p->laddrc;
}

/* @return true if it is the certificate that the edge could not start with */
static bool tls_cert_blame(const struct config *c, char *words)
{
	const struct presence_cfg *p = &c->presence;
	char why[TLSCERT_WORDS_MAX] = "";
	struct tlscert *tc;
	int err;

	if (!serves_tls(p) || tlscert_alloc(&tc))
		return false;
	err = tlscert_load(tc, p->tls_certificate, p->tls_key, why);
	if (err)
		snprintf(words, SITE_WORDS_MAX, "the TLS certificate cannot be "
			 "used: %s", why);
	mem_deref(tc);
	return err != 0;
}

static int edge_open(struct roles *r, const struct config *c, char *words)
{
	int err;

	err = presence_alloc(&r->presence, &c->presence, r->bus, r->prov,
			     r->state, r->log);
	if (!err || tls_cert_blame(c, words) || site_port_blame(c, words))
		return err;
	return failed(words, err, "the presence role", "");
}

static int server_open(struct roles *r, const struct config *c, char *words)
{
	const int err = server_alloc(&r->server, &c->server, r->bus, r->state,
				     r->log);

	if (!err || site_media_blame(c, words))
		return err;
	return failed(words, err, "the conference role (addresses and ports "
		      "of [media])", "");
}

/* Who is asked stands before who asks: auth, the conference server, the edge */
int roles_alloc(struct roles **rp, const struct config *c,
		const struct site *site, struct hlog *log, char *words)
{
	struct roles *r;
	int err;

	r = mem_zalloc(sizeof(*r), destructor);
	if (!r)
		return failed(words, ENOMEM, "memory", "");
	r->log = log;
	r->prov_fd = -1;
	r->prov_path = site->prov_path;
	err = databases_open(r, c, site, words);
	if (err)
		goto out;
	err = bus_local_alloc(&r->bus, BUS_QUEUE_MAX);
	if (err) {
		failed(words, err, "the bus", "");
		goto out;
	}
	err = auth_alloc(&r->auth, &c->auth, r->bus, r->prov, log);
	if (err) {
		failed(words, err, "the auth role", "");
		goto out;
	}
	err = dtls_cert_ready(c->server.mixer.dtls_cert, words);
	if (err)
		goto out;
	err = server_open(r, c, words);
	if (err)
		goto out;
	err = edge_open(r, c, words);
	if (!err)
		tmr_start(&r->tmr_state, STATE_LOOK_MS, state_h, r);

 out:
	if (err)
		mem_deref(r);
	else
		*rp = r;
	return err;
}

void roles_close(struct roles *r, void (*done_h)(void *arg), void *arg)
{
	server_close(r->server, done_h, arg);
}

struct prov *roles_prov(const struct roles *r)
{
	return r->prov;
}

struct state *roles_state(const struct roles *r)
{
	return r->state;
}

static json_t *listen_status(const struct presence *p)
{
	json_t *list = json_array();
	enum sip_transp tp;
	const struct sa *sa;
	char addr[64];
	unsigned i;

	for (i = 0; (sa = presence_laddr(p, i, &tp)); i++) {
		re_snprintf(addr, sizeof(addr), "%s%J",
			    tp == SIP_TRANSP_TLS   ? "tls:"
			    : tp == SIP_TRANSP_TCP ? "tcp:"
						   : "",
			    sa);
		json_array_append_new(list, json_string(addr));
	}
	return list;
}

static json_t *prov_status(const struct prov *prov, const char *path)
{
	static const char *const words[] = {
		[PROV_FILE_OK] = "ok",
		[PROV_FILE_MISSING] = "missing",
		[PROV_FILE_UNREADABLE] = "unreadable",
	};
	struct prov_stats st;

	prov_stats_get(prov, &st);
	return json_pack("{ss ss}", "path", path, "file", words[st.file]);
}

static json_t *store_status(const struct state *state)
{
	struct state_stats st;

	state_stats_get(state, &st);
	return json_pack("{sI sI sI sI sI}",
			 "queued", (json_int_t)st.queued,
			 "written", (json_int_t)st.written,
			 "lost", (json_int_t)st.lost,
			 "commits", (json_int_t)st.commits,
			 "errors", (json_int_t)st.errors);
}

struct server *roles_server(const struct roles *r)
{
	return r->server;
}

int roles_tls_reload(struct roles *r, char *words, size_t size)
{
	return presence_tls_reload(r->presence, words, size);
}

int roles_status(const struct roles *r, json_t **objp)
{
	json_t *obj = json_object(), *part;
	int err;

	if (!obj)
		return ENOMEM;
	json_object_set_new(obj, "listen", listen_status(r->presence));
	json_object_set_new(obj, "provisioning",
			    prov_status(r->prov, r->prov_path));
	json_object_set_new(obj, "store", store_status(r->state));
	err = presence_status(r->presence, &part);
	if (err)
		goto out;
	json_object_set_new(obj, "presence", part);
	err = server_status(r->server, &part);
	if (err)
		goto out;
	json_object_set_new(obj, "conference", part);
	err = auth_status(r->auth, &part);
	if (err)
		goto out;
	json_object_set_new(obj, "auth", part);

 out:
	if (err)
		json_decref(obj);
	else
		*objp = obj;
	return err;
}

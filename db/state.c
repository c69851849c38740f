/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "util/clock.h"
#include "util/log.h"
#include "db/sql.h"
#include "db/state.h"
#include "db/statefile.h"
#include "db/store.h"

struct state {
	struct store *store;
	char *path;
	struct hlog *log;
};

/** One row goes to whoever loads; errno if it does not fit */
typedef int(row_h)(sqlite3_stmt *st, void *arg);

struct loader {
	state_binding_h *binding_h;
	state_dialog_h *dialog_h;
	state_service_h *service_h;
	state_publication_h *publication_h;
	state_emergency_h *emergency_h;
	void *arg;
};

static void state_destructor(void *arg)
{
	struct state *s = arg;

	mem_deref(s->store);
	mem_deref(s->path);
}

int state_open(struct state **sp, const char *path, struct hlog *log)
{
	sqlite3 *db = NULL;
	struct state *s;
	bool anew = false;
	int err;

	if (!sp || !path)
		return EINVAL;
	s = mem_zalloc(sizeof(*s), state_destructor);
	if (!s)
		return ENOMEM;
	s->log = log;
	err = str_dup(&s->path, path);
	if (!err)
		err = statefile_open(&db, path, &anew, log);
	if (!err)
		err = store_alloc(&s->store, db, path, log);
	if (err)
		mem_deref(s);
	else
		*sp = s;
	return err;
}

/* -- reading ------------------------------------------------------------- */

static int load(struct state *s, const char *sql, row_h *h,
		const struct loader *ld)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	int rc = SQLITE_DONE, err;

	/* a connection of our own: the other one is the store thread's */
	err = sql_open(&db, s->path, &statefile_kind, false, s->log);
	if (err)
		return err;
	err = sql_prepare(&st, db, sql);
	while (!err && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		if (h(st, (void *)(uintptr_t)ld))
			hlog(s->log, HLOG_WARN, s->path,
			     "row is left out, a value does not fit");
	}
	if (!err)
		err = sql_errno(rc);
	sqlite3_finalize(st);
	sql_close(db);
	return err;
}

static int texts_get(sqlite3_stmt *st, char *const bufv[],
		     const size_t sizev[], int n)
{
	int i, err = 0;

	for (i = 0; i < n && !err; ++i)
		err = sql_text(st, i, bufv[i], sizev[i]);
	return err;
}

static int binding_row(sqlite3_stmt *st, void *arg)
{
	const struct loader *ld = arg;
	struct state_binding b = {0};
	char *const bufv[] = {b.user, b.key, b.contact, b.instance,
			      b.callid, b.flow, b.user_agent};
	const size_t sizev[] = {sizeof(b.user), sizeof(b.key),
				sizeof(b.contact), sizeof(b.instance),
				sizeof(b.callid), sizeof(b.flow),
				sizeof(b.user_agent)};
	uint64_t cseq;
	int err;

	err = texts_get(st, bufv, sizev, ARRAY_SIZE(bufv));
	if (!err)
		err = sql_uint(st, 7, UINT32_MAX, &cseq);
	if (!err)
		err = sql_uint(st, 8, INT64_MAX, &b.expires_utc_ms);
	if (err)
		return err;
	b.cseq = (uint32_t)cseq;
	ld->binding_h(&b, ld->arg);
	return 0;
}

int state_bindings_load(struct state *s, state_binding_h *h, void *arg)
{
	const struct loader ld = {.binding_h = h, .arg = arg};

	return load(s, "SELECT user, key, contact, instance, callid, flow,"
		       " user_agent, cseq, expires_utc_ms FROM binding",
		    binding_row, &ld);
}

static int dialog_row(sqlite3_stmt *st, void *arg)
{
	const struct loader *ld = arg;
	struct state_dialog d = {0};
	char *const bufv[] = {d.callid, d.subscriber, d.ltag, d.rtag,
			      d.luri, d.ruri, d.target, d.routes};
	const size_t sizev[] = {sizeof(d.callid), sizeof(d.subscriber),
				sizeof(d.ltag), sizeof(d.rtag),
				sizeof(d.luri), sizeof(d.ruri),
				sizeof(d.target), sizeof(d.routes)};
	uint64_t cseq;
	int err;

	err = texts_get(st, bufv, sizev, ARRAY_SIZE(bufv));
	if (!err)
		err = sql_uint(st, 8, UINT32_MAX, &cseq);
	if (err)
		return err;
	d.cseq_ceiling = (uint32_t)cseq;
	ld->dialog_h(&d, ld->arg);
	return 0;
}

int state_dialogs_load(struct state *s, state_dialog_h *h, void *arg)
{
	const struct loader ld = {.dialog_h = h, .arg = arg};

	return load(s, "SELECT callid, subscriber, ltag, rtag, luri, ruri,"
		       " target, routes, cseq_ceiling FROM dialog",
		    dialog_row, &ld);
}

static int service_row(sqlite3_stmt *st, void *arg)
{
	const struct loader *ld = arg;
	struct state_service v = {0};
	char *const bufv[] = {v.subscriber, v.user, v.key};
	const size_t sizev[] = {sizeof(v.subscriber), sizeof(v.user),
				sizeof(v.key)};
	int err;

	err = texts_get(st, bufv, sizev, ARRAY_SIZE(bufv));
	if (err)
		return err;
	v.manual = sqlite3_column_int(st, 3) != 0;
	ld->service_h(&v, ld->arg);
	return 0;
}

int state_services_load(struct state *s, state_service_h *h, void *arg)
{
	const struct loader ld = {.service_h = h, .arg = arg};

	return load(s, "SELECT subscriber, user, key, manual FROM service",
		    service_row, &ld);
}

static int publication_row(sqlite3_stmt *st, void *arg)
{
	const struct loader *ld = arg;
	struct state_publication p = {0};
	char *const bufv[] = {p.id, p.etag, p.user, p.subscriber, p.event,
			      p.body};
	const size_t sizev[] = {sizeof(p.id), sizeof(p.etag), sizeof(p.user),
				sizeof(p.subscriber), sizeof(p.event),
				sizeof(p.body)};
	int err;

	err = texts_get(st, bufv, sizev, ARRAY_SIZE(bufv));
	if (!err)
		err = sql_uint(st, 6, INT64_MAX, &p.said_utc_ms);
	if (!err)
		err = sql_uint(st, 7, INT64_MAX, &p.expires_utc_ms);
	if (err)
		return err;
	ld->publication_h(&p, ld->arg);
	return 0;
}

int state_publications_load(struct state *s, state_publication_h *h, void *arg)
{
	const struct loader ld = {.publication_h = h, .arg = arg};

	return load(s, "SELECT id, etag, user, subscriber, event, body,"
		       " said_utc_ms, expires_utc_ms FROM publication"
		       " ORDER BY said_utc_ms",
		    publication_row, &ld);
}

static int emergency_row(sqlite3_stmt *st, void *arg)
{
	const struct loader *ld = arg;
	struct state_emergency e = {.group = ""};
	char *const bufv[] = {e.group, e.by};
	const size_t sizev[] = {sizeof(e.group), sizeof(e.by)};
	int err;

	err = texts_get(st, bufv, sizev, ARRAY_SIZE(bufv));
	if (!err)
		err = sql_uint(st, 2, INT64_MAX, &e.since_utc_ms);
	if (err)
		return err;
	ld->emergency_h(&e, ld->arg);
	return 0;
}

int state_emergencies_load(struct state *s, state_emergency_h *h, void *arg)
{
	const struct loader ld = {.emergency_h = h, .arg = arg};

	return load(s, "SELECT talkgroup, by, since_utc_ms FROM emergency"
		       " ORDER BY since_utc_ms",
		    emergency_row, &ld);
}

/* -- writing ------------------------------------------------------------- */

int state_binding_put(struct state *s, const struct state_binding *b)
{
	const char *textv[] = {b->user, b->key, b->contact, b->instance,
			       b->callid, b->flow, b->user_agent};
	const uint64_t numv[] = {b->cseq, b->expires_utc_ms};

	return store_put(s->store, STORE_BINDING_PUT, textv, numv);
}

int state_binding_del(struct state *s, const char *user, const char *key)
{
	const char *textv[] = {user, key};

	return store_put(s->store, STORE_BINDING_DEL, textv, NULL);
}

int state_dialog_put(struct state *s, const struct state_dialog *d)
{
	const char *textv[] = {d->callid, d->subscriber, d->ltag, d->rtag,
			       d->luri, d->ruri, d->target, d->routes};
	const uint64_t numv[] = {d->cseq_ceiling};

	return store_put(s->store, STORE_DIALOG_PUT, textv, numv);
}

int state_dialog_del(struct state *s, const char *callid)
{
	return store_put(s->store, STORE_DIALOG_DEL, &callid, NULL);
}

int state_service_put(struct state *s, const struct state_service *v)
{
	const char *textv[] = {v->subscriber, v->user, v->key};
	const uint64_t numv[] = {v->manual};

	return store_put(s->store, STORE_SERVICE_PUT, textv, numv);
}

int state_service_del(struct state *s, const char *subscriber)
{
	return store_put(s->store, STORE_SERVICE_DEL, &subscriber, NULL);
}

int state_publication_put(struct state *s, const struct state_publication *p)
{
	const char *textv[] = {p->id, p->etag, p->user, p->subscriber,
			       p->event, p->body};
	const uint64_t numv[] = {p->said_utc_ms, p->expires_utc_ms};

	return store_put(s->store, STORE_PUBLICATION_PUT, textv, numv);
}

int state_publication_del(struct state *s, const char *id)
{
	return store_put(s->store, STORE_PUBLICATION_DEL, &id, NULL);
}

int state_emergency_put(struct state *s, const struct state_emergency *e)
{
	const char *textv[] = {e->group, e->by};
	const uint64_t numv[] = {e->since_utc_ms};

	return store_put(s->store, STORE_EMERGENCY_PUT, textv, numv);
}

int state_emergency_del(struct state *s, const char *group)
{
	return store_put(s->store, STORE_EMERGENCY_DEL, &group, NULL);
}

int state_audit(struct state *s, const char *actor, const char *action,
		const char *object, const char *detail)
{
	const char *textv[] = {actor ? actor : "", action ? action : "",
			       object ? object : "", detail ? detail : ""};
	const uint64_t numv[] = {clock_utc_ms()};

	return store_put(s->store, STORE_AUDIT, textv, numv);
}

bool state_overflowed(struct state *s)
{
	return store_overflowed(s->store);
}

int state_clear(struct state *s)
{
	return store_put(s->store, STORE_CLEAR, NULL, NULL);
}

void state_stats_get(const struct state *s, struct state_stats *st)
{
	store_stats_get(s->store, st);
}

int state_flush(struct state *s)
{
	return store_flush(s->store);
}

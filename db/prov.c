/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <openssl/crypto.h>
#include "util/log.h"
#include "util/ring.h"
#include "util/thread.h"
#include "db/priv.h"

enum { PROV_APPLICATION_ID = 0x484c7076 /* HLpv */ };

const struct sql_kind prov_kind = {
	.name = "provisioning",
	.application_id = PROV_APPLICATION_ID,
	.synchronous = "FULL",
	.schema = sql_schema_prov,
};

struct prov_watch {
	struct le le;
	struct prov *p;
	uint32_t id;
	unsigned mask;
	bool started;
	prov_change_h *h;
	void *arg;
};

static int realm_put(sqlite3 *db, const char *realm)
{
	sqlite3_stmt *st = NULL;
	int64_t there;
	int err;

	/* the usual case needs no lock, which a script may hold */
	if (!sql_int(db, "SELECT 1 FROM domain", &there))
		return 0;
	err = sql_prepare(&st, db, "INSERT INTO domain(realm) SELECT ?1"
				   " WHERE NOT EXISTS(SELECT 1 FROM domain)");
	if (err)
		return err;
	sqlite3_bind_text(st, 1, realm ? realm : "", -1, SQLITE_STATIC);
	err = sql_run(st);
	sqlite3_finalize(st);
	return err;
}

static int realm_get(sqlite3 *db, char *buf, size_t size)
{
	sqlite3_stmt *st = NULL;
	int rc, err;

	err = sql_prepare(&st, db, "SELECT realm FROM domain");
	if (err)
		return err;
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		err = sql_text(st, 0, buf, size);
	else
		err = rc == SQLITE_DONE ? ENOENT : sql_errno(rc);
	sqlite3_finalize(st);
	return err;
}

static int file_open(sqlite3 **dbp, const char *path, const char *realm,
		     struct hlog *log)
{
	sqlite3 *db = NULL;
	int err;

	err = sql_open(&db, path, &prov_kind, true, log);
	if (err)
		return err;
	err = realm_put(db, realm);
	if (err) {
		hlog(log, HLOG_ERROR, path, "has no realm",
		     HLOG_S("error", sqlite3_errmsg(db)));
		sql_close(db);
		return err;
	}
	*dbp = db;
	return 0;
}

int prov_init(const char *path, const char *realm, struct hlog *log)
{
	sqlite3 *db = NULL;
	int err;

	if (!path)
		return EINVAL;
	err = file_open(&db, path, realm, log);
	if (!err)
		sql_close(db);
	return err;
}

static void req_destructor(void *arg)
{
	struct prov_req *req = arg;

	list_unlink(&req->le);
	/* it may hold a password */
	if (req->args)
		OPENSSL_cleanse(req->args, strlen(req->args));
	mem_deref(req->args);
}

static void msg_drop(struct prov_msg *msg)
{
	if (msg->kind == PROV_MSG_ANSWER)
		free(msg->u.answer.rows);
	mem_deref(msg);
}

static void prov_destructor(void *arg)
{
	struct prov *p = arg;
	struct le *le;
	void *item;

	if (p->running) {
		/* seq_cst: published before the wake-up (wake.h) */
		atomic_store_explicit(&p->stop, true, memory_order_seq_cst);
		wake_signal(p->down_wake);
		(void)pthread_join(p->thread, NULL);
	}
	for (le = list_head(&p->watchers); le; le = le->next)
		((struct prov_watch *)le->data)->p = NULL;
	list_clear(&p->watchers);

	while (p->up && (item = evq_pop(p->up)))
		msg_drop(item);
	while (p->down && (item = evq_pop(p->down)))
		mem_deref(item);
	mem_deref(p->watch);
	mem_deref(p->up);
	mem_deref(p->down);
	mem_deref(p->up_wake);
	mem_deref(p->down_wake);
	mem_deref(p->path);
}

static int queues_alloc(struct prov *p)
{
	int err;

	err = wake_alloc(&p->up_wake);
	if (!err)
		err = wake_alloc(&p->down_wake);
	if (!err)
		err = evq_alloc(&p->up, EVQ_SPSC, PROV_UP_MAX, p->up_wake);
	if (!err)
		err = evq_alloc(&p->down, EVQ_SPSC, PROV_DOWN_MAX,
				p->down_wake);
	return err;
}

static int thread_start(struct prov *p)
{
	const int err = thread_spawn(&p->thread, "provisioning", watch_thread,
				     p->watch);

	p->running = !err;
	return err;
}

int prov_open(struct prov **pp, const char *path, const char *realm,
	      struct hlog *log)
{
	sqlite3 *db = NULL;
	struct stat sb;
	struct prov *p;
	int err;

	if (!pp || !path)
		return EINVAL;
	p = mem_zalloc(sizeof(*p), prov_destructor);
	if (!p)
		return ENOMEM;
	p->log = log;

	err = str_dup(&p->path, path);
	if (!err)
		err = queues_alloc(p);
	p->made = stat(path, &sb) || !sb.st_size;
	if (!err)
		err = file_open(&db, path, realm, log);
	if (err)
		goto out;
	err = realm_get(db, p->realm, sizeof(p->realm));
	if (err) {
		sql_close(db);
		goto out;
	}
	err = watch_alloc(&p->watch, p, db);
	if (!err)
		err = thread_start(p);

out:
	if (err)
		mem_deref(p);
	else
		*pp = p;
	return err;
}

const char *prov_realm(const struct prov *p)
{
	return p ? p->realm : NULL;
}

bool prov_made(const struct prov *p)
{
	return p && p->made;
}

int prov_fd(const struct prov *p)
{
	return p ? wake_fd(p->up_wake) : -1;
}

void prov_stats_get(const struct prov *p, struct prov_stats *st)
{
	/* relaxed: counters, they order nothing */
	*st = (struct prov_stats){
		.refused = atomic_load_explicit(&p->refused,
						memory_order_relaxed),
		.compared = atomic_load_explicit(&p->compared,
						 memory_order_relaxed),
		.retries = atomic_load_explicit(&p->retries,
						memory_order_relaxed),
		.scrub_waits = atomic_load_explicit(&p->scrub_waits,
						    memory_order_relaxed),
		.file = atomic_load_explicit(&p->file, memory_order_relaxed),
	};
}

static void watch_destructor(void *arg)
{
	struct prov_watch *w = arg;

	if (!w->p)
		return;
	/* a handler may end any watcher, the next one, too */
	if (w->p->cursor == &w->le)
		w->p->cursor = w->le.next;
	list_unlink(&w->le);
}

int prov_watch_add(struct prov_watch **wp, struct prov *p, unsigned mask,
		   prov_change_h *h, void *arg)
{
	struct prov_watch *w;
	struct prov_req *req;
	int err;

	if (!wp || !p || !h)
		return EINVAL;

	w = mem_zalloc(sizeof(*w), watch_destructor);
	req = mem_zalloc(sizeof(*req), req_destructor);
	if (!w || !req) {
		mem_deref(w);
		mem_deref(req);
		return ENOMEM;
	}
	w->id = req->id = ++p->last_id;
	w->mask = req->mask = mask;
	w->h = h;
	w->arg = arg;

	err = evq_push(p->down, req);
	if (err) {
		mem_deref(req);
		mem_deref(w);
		return err;
	}
	w->p = p;
	list_append(&p->watchers, &w->le, w);
	*wp = w;
	return 0;
}

int prov_admin(struct prov *p, const char *noun, const char *verb,
	       const char *args, prov_done_h *h, void *arg)
{
	struct prov_req *req;
	int err;

	if (!p || !noun || !verb)
		return EINVAL;
	if (!*noun || strlen(noun) >= sizeof(req->noun) ||
	    strlen(verb) >= sizeof(req->verb))
		return EINVAL;
	if (args && strlen(args) > PROV_ARGS_MAX)
		return EMSGSIZE;

	req = mem_zalloc(sizeof(*req), req_destructor);
	if (!req)
		return ENOMEM;
	str_ncpy(req->noun, noun, sizeof(req->noun));
	str_ncpy(req->verb, verb, sizeof(req->verb));
	req->h = h;
	req->arg = arg;
	err = str_dup(&req->args, args ? args : "{}");
	if (!err)
		err = evq_push(p->down, req);
	if (err)
		mem_deref(req);
	return err;
}

static bool is_for(const struct prov_watch *w, const struct prov_msg *msg)
{
	const struct prov_change *chg = &msg->u.chg;

	if (msg->id)
		return msg->id == w->id;
	return w->started && (w->mask & PROV_BIT(chg->table));
}

static void msg_deliver(struct prov *p, const struct prov_msg *msg)
{
	struct prov_watch *w;

	for (p->cursor = list_head(&p->watchers); p->cursor;) {
		w = p->cursor->data;
		p->cursor = p->cursor->next;
		if (!is_for(w, msg))
			continue;
		if (msg->kind == PROV_MSG_START)
			w->started = true;
		else
			w->h(&msg->u.chg, w->arg);
	}
}

static void msg_h(void *item, void *arg)
{
	struct prov_msg *msg = item;
	struct prov *p = arg;

	switch (msg->kind) {

	case PROV_MSG_START:
	case PROV_MSG_CHANGE:
		msg_deliver(p, msg);
		break;
	case PROV_MSG_ANSWER:
		if (msg->u.answer.h)
			msg->u.answer.h(msg->u.answer.err,
					msg->u.answer.words,
					msg->u.answer.rows,
					msg->u.answer.arg);
		break;
	}
	msg_drop(msg);
}

void prov_poll(struct prov *p, unsigned max)
{
	if (!p)
		return;
	(void)evq_drain(p->up, max ? max : UINT32_MAX, msg_h, p);

	/* Either the thread's last try sees the room that we have made, or we
	 * see its flag: both sides put a full fence between the two */
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_exchange_explicit(&p->starved, false, memory_order_seq_cst))
		wake_signal(p->down_wake);
}

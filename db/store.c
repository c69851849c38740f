/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <re.h>
#include "util/clock.h"
#include "util/log.h"
#include "util/ring.h"
#include "util/thread.h"
#include "db/sql.h"
#include "db/statefile.h"
#include "db/store.h"

enum {
	STORE_RETRY_MIN_MS = 50,
	STORE_RETRY_MAX_MS = 5000,
	STORE_LAST_TRIES = 3 /**< At the end, before what waits is lost */
};

/** Parameters are first the texts, then the numbers */
struct store_sql {
	const char *sql;
	unsigned texts, nums;
};

static const struct store_sql sqls[] = {
	[STORE_BINDING_PUT] = {
		"INSERT OR REPLACE INTO binding(user, key, contact, instance,"
		" callid, flow, user_agent, cseq, expires_utc_ms)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", 7, 2},
	[STORE_BINDING_DEL] = {
		"DELETE FROM binding WHERE user = ?1 AND key = ?2", 2, 0},
	[STORE_DIALOG_PUT] = {
		"INSERT OR REPLACE INTO dialog(callid, subscriber, ltag, rtag,"
		" luri, ruri, target, routes, cseq_ceiling)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", 8, 1},
	[STORE_DIALOG_DEL] = {
		"DELETE FROM dialog WHERE callid = ?1", 1, 0},
	[STORE_SERVICE_PUT] = {
		"INSERT OR REPLACE INTO service(subscriber, user, key, manual)"
		" VALUES(?1, ?2, ?3, ?4)", 3, 1},
	[STORE_SERVICE_DEL] = {
		"DELETE FROM service WHERE subscriber = ?1", 1, 0},
	[STORE_PUBLICATION_PUT] = {
		"INSERT OR REPLACE INTO publication(id, etag, user, subscriber,"
		" event, body, said_utc_ms, expires_utc_ms)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", 6, 2},
	[STORE_PUBLICATION_DEL] = {
		"DELETE FROM publication WHERE id = ?1", 1, 0},
	[STORE_EMERGENCY_PUT] = {
		"INSERT OR REPLACE INTO emergency(talkgroup, by, since_utc_ms)"
		" VALUES(?1, ?2, ?3)", 2, 1},
	[STORE_EMERGENCY_DEL] = {
		"DELETE FROM emergency WHERE talkgroup = ?1", 1, 0},
	[STORE_AUDIT] = {
		"INSERT INTO audit(actor, action, object, detail, utc_ms)"
		" VALUES(?1, ?2, ?3, ?4, ?5)", 4, 1},
	[STORE_CLEAR] = {NULL, 0, 0},
};

struct op {
	enum store_kind kind;
	uint64_t numv[STORE_NUMS_MAX];
	char texts[]; /**< One after the other, each with its NUL */
};

struct store {
	struct hlog *log;
	char *path;
	struct evq *queue;
	struct wake *wake;   /**< Operations */
	struct wake *urge;   /**< Flush or end: do not wait any longer */
	pthread_t thread;
	bool running;

	_Atomic bool stop, overflow;
	_Atomic unsigned flushers;
	_Atomic uint64_t queued, written, lost, commits, errors;

	/* What a flush waits for */
	pthread_mutex_t lock;
	pthread_cond_t moved;
	uint64_t done;       /**< Of queued: written, or lost after all */
	uint64_t failures;
	int last_err;

	/* store thread */
	sqlite3 *db;
	sqlite3_stmt *st[STORE_CLEAR];
	struct op *batch[STORE_BATCH_MAX];
	unsigned n;
	unsigned retry_ms;
	int told_err;
};

/* relaxed: counters, they order nothing */
static void count(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static bool is_set(const _Atomic bool *flag)
{
	/* seq_cst: comes after our announcement (wake.h) */
	return atomic_load_explicit(flag, memory_order_seq_cst);
}

static void file_close(struct store *s)
{
	memset(s->st, 0, sizeof(s->st));
	sql_close(s->db);
	s->db = NULL;
}

/* -- writing ------------------------------------------------------------- */

static int clear_run(struct store *s)
{
	return sql_exec(s->db, "DELETE FROM binding; DELETE FROM dialog;"
			       "DELETE FROM service;"
			       "DELETE FROM publication;"
			       "DELETE FROM emergency");
}

static int op_run(struct store *s, const struct op *op)
{
	const struct store_sql *sql = &sqls[op->kind];
	const char *text = op->texts;
	sqlite3_stmt *st;
	unsigned i;
	int err;

	if (op->kind == STORE_CLEAR)
		return clear_run(s);
	if (!s->st[op->kind]) {
		err = sql_prepare(&s->st[op->kind], s->db, sql->sql);
		if (err)
			return err;
	}
	st = s->st[op->kind];
	for (i = 0; i < sql->texts; ++i) {
		sqlite3_bind_text(st, (int)i + 1, text, -1, SQLITE_STATIC);
		text += strlen(text) + 1;
	}
	for (i = 0; i < sql->nums; ++i)
		sqlite3_bind_int64(st, (int)(sql->texts + i) + 1,
				   (int64_t)op->numv[i]);
	return sql_run(st);
}

static int batch_write(struct store *s)
{
	unsigned i;
	int err;

	if (!s->db) {
		bool anew = false;

		err = statefile_open(&s->db, s->path, &anew,
				      s->told_err ? NULL : s->log);
		if (err)
			return err;
		/* release: pairs with store_overflowed() */
		if (anew)
			atomic_store_explicit(&s->overflow, true,
					      memory_order_release);
	}
	err = sql_exec(s->db, "BEGIN IMMEDIATE");
	for (i = 0; i < s->n && !err; ++i)
		err = op_run(s, s->batch[i]);
	if (!err)
		err = sql_exec(s->db, "COMMIT");
	if (err)
		(void)sql_exec(s->db, "ROLLBACK");
	return err;
}

static void batch_done(struct store *s, int err)
{
	unsigned i;

	count(err ? &s->lost : &s->written, s->n);
	for (i = 0; i < s->n; ++i)
		mem_deref(s->batch[i]);

	pthread_mutex_lock(&s->lock);
	s->done += s->n;
	s->last_err = err;
	s->failures += err ? 1 : 0;
	pthread_cond_broadcast(&s->moved);
	pthread_mutex_unlock(&s->lock);
	s->n = 0;
}

static void batch_failed(struct store *s, int err)
{
	count(&s->errors, 1);
	if (err != s->told_err)
		hlog(s->log, HLOG_ERROR, s->path, "cannot be written, trying"
		     " again until it works", HLOG_ERR(err));
	s->told_err = err;
	s->retry_ms = !s->retry_ms ? STORE_RETRY_MIN_MS : s->retry_ms * 2;
	if (s->retry_ms > STORE_RETRY_MAX_MS)
		s->retry_ms = STORE_RETRY_MAX_MS;
	if (err == EBADMSG || err == EIO)
		file_close(s);

	pthread_mutex_lock(&s->lock);
	s->last_err = err;
	++s->failures;
	pthread_cond_broadcast(&s->moved);
	pthread_mutex_unlock(&s->lock);
}

static void batch_written(struct store *s)
{
	count(&s->commits, 1);
	if (s->told_err)
		hlog(s->log, HLOG_INFO, s->path, "can be written again");
	s->told_err = 0;
	s->retry_ms = 0;
	/* a commit alone is safe from our own end, not from the machine's */
	if (atomic_load_explicit(&s->flushers, memory_order_seq_cst))
		(void)sqlite3_wal_checkpoint_v2(s->db, NULL,
						SQLITE_CHECKPOINT_PASSIVE,
						NULL, NULL);
	batch_done(s, 0);
}

/* -- the thread ---------------------------------------------------------- */

static void batch_fill(struct store *s)
{
	while (s->n < STORE_BATCH_MAX &&
	       (s->batch[s->n] = evq_pop(s->queue)))
		++s->n;
}

static bool is_urgent(const struct store *s)
{
	return is_set(&s->stop) ||
	       atomic_load_explicit(&s->flushers, memory_order_seq_cst);
}

/* Sleep, but not while somebody waits for us */
static void urge_wait(struct store *s, int timeout_ms)
{
	struct pollfd pfd = {.fd = wake_fd(s->urge), .events = POLLIN};

	wake_announce(s->urge);
	if (!is_urgent(s))
		(void)poll(&pfd, 1, timeout_ms);
	wake_clear(s->urge);
}

static void queue_wait(struct store *s)
{
	struct pollfd pfd[2] = {
		{.fd = wake_fd(s->wake), .events = POLLIN},
		{.fd = wake_fd(s->urge), .events = POLLIN},
	};

	wake_announce(s->wake);
	wake_announce(s->urge);
	if (evq_empty(s->queue) && !is_set(&s->stop))
		(void)poll(pfd, 2, -1);
	wake_clear(s->wake);
	wake_clear(s->urge);
}

static void failed_wait(struct store *s, unsigned *triesp)
{
	const struct pollfd none = {.fd = -1};
	struct pollfd pfd = none;

	if (!is_set(&s->stop)) {
		/* a flush may look at the error, it does not hurry us */
		pfd.fd = wake_fd(s->urge);
		pfd.events = POLLIN;
		wake_announce(s->urge);
		if (!is_set(&s->stop))
			(void)poll(&pfd, 1, (int)s->retry_ms);
		wake_clear(s->urge);
		return;
	}
	if (++*triesp < STORE_LAST_TRIES) {
		(void)poll(&pfd, 1, STORE_RETRY_MIN_MS);
		return;
	}
	hlog(s->log, HLOG_ERROR, s->path, "was not written to the end",
	     HLOG_U("lost", s->n), HLOG_ERR(s->told_err));
	batch_done(s, s->told_err);
}

static void *store_thread(void *arg)
{
	struct store *s = arg;
	unsigned tries = 0;
	int err;

	for (;;) {
		batch_fill(s);
		if (!s->n && is_set(&s->stop))
			break;
		if (!s->n) {
			queue_wait(s);
			continue;
		}
		if (s->n < STORE_BATCH_MAX && !s->retry_ms) {
			urge_wait(s, STORE_GATHER_MS);
			batch_fill(s);
		}
		err = batch_write(s);
		if (!err) {
			batch_written(s);
		} else {
			batch_failed(s, err);
			failed_wait(s, &tries);
		}
	}
	return NULL;
}

/* -- the owner's side ---------------------------------------------------- */

int store_put(struct store *s, enum store_kind kind,
	      const char *const *textv, const uint64_t *numv)
{
	const struct store_sql *sql = &sqls[kind];
	size_t lens[STORE_TEXTS_MAX], bytes = 0;
	struct op *op;
	char *p;
	unsigned i;

	for (i = 0; i < sql->texts; ++i) {
		lens[i] = strlen(textv[i]) + 1;
		bytes += lens[i];
	}
	if (bytes > STORE_OP_BYTES_MAX)
		return EMSGSIZE;

	op = mem_zalloc(sizeof(*op) + bytes, NULL);
	if (!op)
		return ENOMEM;
	op->kind = kind;
	p = op->texts;
	for (i = 0; i < sql->texts; ++i) {
		memcpy(p, textv[i], lens[i]);
		p += lens[i];
	}
	for (i = 0; i < sql->nums; ++i)
		op->numv[i] = numv[i];

	if (evq_push(s->queue, op)) {
		mem_deref(op);
		count(&s->lost, 1);
		/* release: pairs with store_overflowed() */
		atomic_store_explicit(&s->overflow, true,
				      memory_order_release);
		hlog_limited(s->log, "db.overflow", HLOG_ERROR, s->path,
			     "queue of the store is full");
		return ENOBUFS;
	}
	count(&s->queued, 1);
	return 0;
}

bool store_overflowed(struct store *s)
{
	return atomic_exchange_explicit(&s->overflow, false,
					memory_order_acq_rel);
}

static uint64_t counter(const _Atomic uint64_t *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

void store_stats_get(const struct store *s, struct state_stats *st)
{
	*st = (struct state_stats){
		.queued = counter(&s->queued),
		.written = counter(&s->written),
		.lost = counter(&s->lost),
		.commits = counter(&s->commits),
		.errors = counter(&s->errors),
	};
}

int store_flush(struct store *s)
{
	uint64_t failures;
	int err = 0;

	/* seq_cst: published before the wake-up (wake.h) */
	atomic_fetch_add_explicit(&s->flushers, 1, memory_order_seq_cst);
	wake_signal(s->urge);

	pthread_mutex_lock(&s->lock);
	failures = s->failures;
	while (s->done < counter(&s->queued) && s->failures == failures)
		pthread_cond_wait(&s->moved, &s->lock);
	if (s->failures != failures)
		err = s->last_err;
	pthread_mutex_unlock(&s->lock);

	/* relaxed: the thread hurries once too often at worst */
	atomic_fetch_sub_explicit(&s->flushers, 1, memory_order_relaxed);
	return err;
}

static void store_destructor(void *arg)
{
	struct store *s = arg;

	if (s->running) {
		/* seq_cst: published before the wake-up (wake.h) */
		atomic_store_explicit(&s->stop, true, memory_order_seq_cst);
		wake_signal(s->urge);
		(void)pthread_join(s->thread, NULL);
	}
	file_close(s);
	pthread_cond_destroy(&s->moved);
	pthread_mutex_destroy(&s->lock);
	mem_deref(s->queue);
	mem_deref(s->wake);
	mem_deref(s->urge);
	mem_deref(s->path);
}

static int thread_start(struct store *s)
{
	const int err = thread_spawn(&s->thread, "store", store_thread, s);

	s->running = !err;
	return err;
}

int store_alloc(struct store **sp, sqlite3 *db, const char *path,
		struct hlog *log)
{
	struct store *s = mem_zalloc(sizeof(*s), store_destructor);
	int err;

	if (!s) {
		sql_close(db);
		return ENOMEM;
	}
	s->db = db;
	s->log = log;
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_cond_init(&s->moved, NULL);

	err = str_dup(&s->path, path);
	if (!err)
		err = wake_alloc(&s->wake);
	if (!err)
		err = wake_alloc(&s->urge);
	if (!err)
		err = evq_alloc(&s->queue, EVQ_SPSC, STORE_QUEUE_MAX, s->wake);
	if (!err)
		err = thread_start(s);
	if (err)
		mem_deref(s);
	else
		*sp = s;
	return err;
}

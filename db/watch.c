/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file watch.c  The thread that reads provisioning.db
 *
 * It learns of a script's commit by inotify on the write-ahead log. The write
 * is seen a moment before the commit is (SQLite publishes it in shared memory
 * afterwards), so the thread looks again, at growing intervals, and once a
 * second in any case: PRAGMA data_version costs next to nothing.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include "util/clock.h"
#include "util/log.h"
#include "util/ring.h"
#include "db/feed.h"
#include "db/fwatch.h"
#include "db/keeper.h"
#include "db/place.h"
#include "db/priv.h"

enum {
	WATCH_IDLE_MS = 1000,
	WATCH_SETTLE_MIN_MS = 1,
	WATCH_RETRY_MIN_MS = 20,
	WATCH_RETRY_MAX_MS = 5000
};

struct watch {
	struct prov *p;
	sqlite3 *db;               /**< NULL: to be opened again */
	sqlite3_stmt *version;     /**< PRAGMA data_version */
	int64_t last_version;
	struct feed feed;
	struct keeper keeper;
	struct sql_busy busy;
	struct list waiting;       /**< prov_req: watchers to come */
	unsigned mask;             /**< Tables that anybody ever asked for */
	bool dirty;                /**< Read, whatever the version says */
	struct place place;
	enum place_state seen;     /**< If not ours, nothing is written */
	bool left;                 /**< Our -wal is in nobody's way */

	struct fwatch *fwatch;     /**< NULL: only looked at now and then */
	unsigned settle_ms;        /**< 0: nothing has been written lately */

	unsigned retry_ms;         /**< 0: no error */
	uint64_t retry_at_ms;
	int told_err;
};

static bool stopped(const struct watch *w)
{
	/* seq_cst: comes after our announcement (wake.h) */
	return atomic_load_explicit(&w->p->stop, memory_order_seq_cst);
}

static bool stop_h(void *arg)
{
	return stopped(arg);
}

static void watch_destructor(void *arg)
{
	struct watch *w = arg;

	list_flush(&w->waiting);
	sql_close(w->db);
	mem_deref(w->feed.sent);
	mem_deref(w->fwatch);
}

/* -- errors -------------------------------------------------------------- */

static void file_close(struct watch *w)
{
	sql_close(w->db);
	w->db = NULL;
	w->version = NULL;
}

static const char *why(int err)
{
	switch (err) {

	case EBUSY:
		return "a writer keeps it locked";
	case ESTALE:
		return "its version or realm is another";
	case ENODATA:
		return "it is empty";
	case ETXTBSY:
		return "it came while a program uses the old file: end that"
		       " program";
	default:
		return strerror(err);
	}
}

/* The server goes on with what it has; a cause is told once */
static void retry_later(struct watch *w, int err)
{
	if (err == ECANCELED)
		return;
	if (err != w->told_err)
		hlog(w->p->log, HLOG_ERROR, w->p->path,
		     "cannot be read, trying again until it works",
		     HLOG_S("error", why(err)));
	w->told_err = err;
	w->retry_ms = !w->retry_ms ? WATCH_RETRY_MIN_MS : w->retry_ms * 2;
	if (w->retry_ms > WATCH_RETRY_MAX_MS)
		w->retry_ms = WATCH_RETRY_MAX_MS;
	w->retry_at_ms = clock_mono_ms() + w->retry_ms;
	w->dirty = true;
	/* relaxed: a counter, it orders nothing */
	atomic_fetch_add_explicit(&w->p->retries, 1, memory_order_relaxed);
	if (err != EBUSY && err != ETXTBSY && w->db)
		file_close(w);
}

static void retry_over(struct watch *w)
{
	if (w->told_err)
		hlog(w->p->log, HLOG_INFO, w->p->path, "can be read again");
	w->told_err = 0;
	w->retry_ms = 0;
}

static int file_adopt(struct watch *w, sqlite3 *db)
{
	int err;

	w->db = db;
	w->busy.max_ms = SQL_BUSY_MS;
	sql_busy_set(db, &w->busy);
	feed_attach(&w->feed, db);
	w->dirty = true;
	keeper_begin(&w->keeper, clock_mono_ms());
	err = place_take(&w->place);
	if (err)
		return err;
	fwatch_renew(w->fwatch);
	return sql_prepare(&w->version, db, "PRAGMA data_version");
}

static void file_reopen(struct watch *w)
{
	sqlite3 *db = NULL;
	int err;

	/* the reason is told once, by us */
	err = sql_open(&db, w->p->path, &prov_kind, false,
		       w->told_err ? NULL : w->p->log);
	if (!err)
		err = file_adopt(w, db);
	if (err)
		retry_later(w, err);
}

/* -- what has happened to the file --------------------------------------- */

/* What belongs to the file that is open goes out of the way of the next one */
static int file_leave(struct watch *w)
{
	int err;

	if (w->left)
		return 0;
	w->busy.max_ms = 0;
	err = place_leave(&w->place, w->db);
	w->busy.max_ms = SQL_BUSY_MS;
	w->left = !err;
	return err == EBUSY ? ETXTBSY : err;
}

/* What was read stays. The -wal is tried again at each look */
static void file_missing(struct watch *w)
{
	if (w->seen != PLACE_GONE)
		hlog(w->p->log, HLOG_ERROR, w->p->path, "is gone: move a copy"
		     " to its place; until then the server goes on with what"
		     " it knows, and changes are refused");
	w->seen = PLACE_GONE;
	(void)file_leave(w);
}

/* Also for the old file that is back: its -wal was taken away */
static void file_change(struct watch *w)
{
	const int err = file_leave(w);

	if (err) {
		w->seen = PLACE_ANOTHER;
		retry_later(w, err);
		return;
	}
	if (w->seen == PLACE_GONE)
		hlog(w->p->log, HLOG_INFO, w->p->path, "is there again");
	w->seen = PLACE_OURS;
	w->left = false;
	file_close(w);
}

static void file_follow(struct watch *w)
{
	if (!w->db)
		return;
	switch (place_look(&w->place)) {

	case PLACE_OURS:
		if (w->seen != PLACE_OURS)
			file_change(w);
		break;
	case PLACE_GONE:
		file_missing(w);
		break;
	case PLACE_ANOTHER:
		file_change(w);
		break;
	}
}

/* -- what goes up -------------------------------------------------------- */

static struct prov_msg *msg_alloc(enum prov_msg_kind kind, uint32_t id)
{
	struct prov_msg *msg = mem_zalloc(sizeof(*msg), NULL);

	if (msg) {
		msg->kind = kind;
		msg->id = id;
	}
	return msg;
}

static enum prov_file file_state(const struct watch *w)
{
	if (w->seen == PLACE_GONE)
		return PROV_FILE_MISSING;
	return w->told_err ? PROV_FILE_UNREADABLE : PROV_FILE_OK;
}

static void stats_set(struct watch *w)
{
	/* relaxed: counters, they order nothing */
	atomic_store_explicit(&w->p->refused, w->feed.refused,
			      memory_order_relaxed);
	atomic_store_explicit(&w->p->compared, w->feed.compared,
			      memory_order_relaxed);
	atomic_store_explicit(&w->p->scrub_waits, w->keeper.scrub,
			      memory_order_relaxed);
	atomic_store_explicit(&w->p->file, file_state(w),
			      memory_order_relaxed);
}

/* This thread may wait for room; ECANCELED when it shall end */
static int msg_push(struct watch *w, struct prov_msg *msg)
{
	struct pollfd pfd = {.fd = wake_fd(w->p->down_wake),
			     .events = POLLIN};

	/* who hears of a change sees the figures of that moment or later */
	stats_set(w);
	while (evq_push(w->p->up, msg)) {
		if (stopped(w))
			return ECANCELED;
		/* seq_cst and the fence: see prov_poll() */
		atomic_store_explicit(&w->p->starved, true,
				      memory_order_seq_cst);
		wake_announce(w->p->down_wake);
		atomic_thread_fence(memory_order_seq_cst);
		if (!evq_push(w->p->up, msg)) {
			wake_clear(w->p->down_wake);
			return 0;
		}
		(void)poll(&pfd, 1, WATCH_IDLE_MS);
		wake_clear(w->p->down_wake);
	}
	return 0;
}

static int change_push(struct watch *w, uint32_t id,
		       const struct prov_change *chg)
{
	struct prov_msg *msg = msg_alloc(PROV_MSG_CHANGE, id);
	int err;

	if (!msg)
		return ENOMEM;
	msg->u.chg = *chg;
	err = msg_push(w, msg);
	if (err)
		mem_deref(msg);
	return err;
}

static int broadcast_h(const struct prov_change *chg, void *arg)
{
	struct watch *w = arg;

	if (!(w->mask & PROV_BIT(chg->table)))
		return 0;
	return change_push(w, 0, chg);
}

struct copy {
	struct watch *w;
	uint32_t id;
};

static int copy_h(const struct prov_change *chg, void *arg)
{
	const struct copy *copy = arg;

	return change_push(copy->w, copy->id, chg);
}

static int watcher_serve(struct watch *w, const struct prov_req *req)
{
	const struct prov_change synced = {.op = PROV_SYNCED};
	struct copy copy = {.w = w, .id = req->id};
	struct prov_msg *msg = msg_alloc(PROV_MSG_START, req->id);
	int err;

	if (!msg)
		return ENOMEM;
	err = msg_push(w, msg);
	if (err) {
		mem_deref(msg);
		return err;
	}
	w->mask |= req->mask;
	err = feed_snapshot(&w->feed, req->mask, copy_h, &copy);
	if (!err)
		err = change_push(w, req->id, &synced);
	return err;
}

/* -- one round ----------------------------------------------------------- */

static int watchers_serve(struct watch *w)
{
	struct prov_req *req;
	int err = 0;

	while (!err && (req = list_ledata(list_head(&w->waiting)))) {
		err = watcher_serve(w, req);
		if (!err)
			mem_deref(req);
	}
	return err;
}

static int round_run(struct watch *w)
{
	int err;

	err = feed_begin(&w->feed, broadcast_h, w);
	if (err)
		return err;
	err = watchers_serve(w);
	feed_end(&w->feed);
	return err;
}

static void version_look(struct watch *w)
{
	int64_t version = w->last_version;

	if (sqlite3_step(w->version) == SQLITE_ROW)
		version = sqlite3_column_int64(w->version, 0);
	else
		w->dirty = true;
	sqlite3_reset(w->version);
	if (version == w->last_version)
		return;
	w->last_version = version;
	w->dirty = true;
	keeper_touch(&w->keeper, clock_mono_ms());
}

/* What we write comes before what we tell: who hears of a change can write
 * without meeting us */
static int file_serve(struct watch *w)
{
	int err = 0;

	w->busy.max_ms = 0;
	if (w->seen == PLACE_OURS)
		err = keeper_run(&w->keeper, clock_mono_ms(), &w->dirty);
	w->busy.max_ms = SQL_BUSY_MS;
	if (!err && (w->dirty || !list_isempty(&w->waiting)))
		err = round_run(w);
	if (!err && !w->keeper.due && feed_is_long(&w->feed))
		keeper_touch(&w->keeper, clock_mono_ms());
	return err;
}

static void file_look(struct watch *w)
{
	int err;

	if (w->retry_ms && clock_mono_ms() < w->retry_at_ms)
		return;
	file_follow(w);
	if (!w->db)
		file_reopen(w);
	if (!w->db || w->seen == PLACE_ANOTHER) {
		stats_set(w);
		return;
	}

	version_look(w);
	err = file_serve(w);
	if (err) {
		retry_later(w, err);
	} else {
		w->dirty = false;
		retry_over(w);
	}
	stats_set(w);
}

/* -- requests ------------------------------------------------------------ */

/* Why a command cannot be run; NULL: it can. What is known may be listed
 * while the file is gone */
static const char *obstacle(const struct watch *w, const struct prov_req *req)
{
	if (!w->db)
		return "the provisioning database cannot be read: see the log";
	if (w->seen == PLACE_OURS || !strcmp(req->verb, "list"))
		return NULL;
	if (w->seen == PLACE_GONE)
		return "the file of the provisioning database is gone: move a"
		       " copy to its place; nothing was changed";
	return "the provisioning database was replaced while a program uses"
	       " the old file: end that program; nothing was changed";
}

static void command_run(struct watch *w, struct prov_req *req)
{
	struct prov_msg *msg = msg_alloc(PROV_MSG_ANSWER, 0);
	const struct admin_cmd cmd = {
		.noun = req->noun,
		.verb = req->verb,
		.args = req->args,
		.realm = w->p->realm,
	};
	const char *words;

	if (!msg)
		goto out;
	/* Another file may have come since the last look */
	file_follow(w);
	if (!w->db)
		file_look(w);
	words = obstacle(w, req);
	msg->u.answer.h = req->h;
	msg->u.answer.arg = req->arg;
	if (!words) {
		msg->u.answer.err = admin_run(w->db, &cmd,
					      msg->u.answer.words,
					      &msg->u.answer.rows);
		w->dirty = true;
		keeper_touch(&w->keeper, clock_mono_ms());
		/* the caller knows the change when it gets the answer */
		file_look(w);
	} else {
		msg->u.answer.err = EIO;
		str_ncpy(msg->u.answer.words, words, ADMIN_WORDS_MAX);
	}
	if (msg_push(w, msg)) {
		free(msg->u.answer.rows);
		mem_deref(msg);
	}
out:
	mem_deref(req);
}

static void requests_take(struct watch *w)
{
	struct prov_req *req;

	while (!stopped(w) && (req = evq_pop(w->p->down))) {
		if (req->noun[0])
			command_run(w, req);
		else
			list_append(&w->waiting, &req->le, req);
	}
}

/* -- the thread ---------------------------------------------------------- */

static int until(uint64_t at_ms, int timeout_ms)
{
	const uint64_t now = clock_mono_ms();
	const uint64_t left = at_ms > now ? at_ms - now : 0;

	return left < (uint64_t)timeout_ms ? (int)left : timeout_ms;
}

static int sleep_ms(struct watch *w)
{
	int timeout_ms = WATCH_IDLE_MS;

	if (w->retry_ms)
		return until(w->retry_at_ms, timeout_ms);
	if (w->settle_ms)
		timeout_ms = (int)w->settle_ms;
	if (w->seen != PLACE_OURS)
		return timeout_ms;
	return until(keeper_next_ms(&w->keeper), timeout_ms);
}

static void sleep_run(struct watch *w)
{
	struct pollfd pfd[2] = {
		{.fd = wake_fd(w->p->down_wake), .events = POLLIN},
		{.fd = fwatch_fd(w->fwatch), .events = POLLIN},
	};
	bool now;

	wake_announce(w->p->down_wake);
	now = stopped(w) || !evq_empty(w->p->down);
	if (!poll(pfd, 2, now ? 0 : sleep_ms(w)) && w->settle_ms) {
		w->settle_ms *= 2;
		if (w->settle_ms >= WATCH_IDLE_MS)
			w->settle_ms = 0;
	}
	wake_clear(w->p->down_wake);
	if (pfd[1].revents && fwatch_read(w->fwatch))
		w->settle_ms = WATCH_SETTLE_MIN_MS;
}

void *watch_thread(void *arg)
{
	struct watch *w = arg;

	while (!stopped(w)) {
		requests_take(w);
		file_look(w);
		sleep_run(w);
	}
	return NULL;
}

int watch_alloc(struct watch **wp, struct prov *p, sqlite3 *db)
{
	struct watch *w = mem_zalloc(sizeof(*w), watch_destructor);
	int err;

	if (!w) {
		sql_close(db);
		return ENOMEM;
	}
	w->p = p;
	w->busy.stop_h = stop_h;
	w->busy.arg = w;
	w->place.path = p->path;
	w->feed.log = p->log;
	w->feed.realm = p->realm;
	w->keeper.feed = &w->feed;
	w->keeper.log = p->log;
	w->keeper.path = p->path;
	w->keeper.realm = p->realm;
	atomic_init(&p->scrub_waits, true);
	/* without it there is still the look once a second */
	(void)fwatch_alloc(&w->fwatch, p->path);
	err = file_adopt(w, db);
	if (!err)
		err = sent_alloc(&w->feed.sent);
	if (err)
		mem_deref(w);
	else
		*wp = w;
	return err;
}

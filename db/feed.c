/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "util/log.h"
#include "db/feed.h"
#include "db/sql.h"

/** The log keeps this many entries that were followed, so that a write for
 *  its sake is rare */
enum { FEED_KEEP = 1000 };

/** Nothing refers to rows of these */
static const enum prov_table leaves[] = {PROV_MEMBER, PROV_AUTHORISATION,
					 PROV_SECRET};

/** The keys that the log names, each once or more often */
struct keys {
	struct row_key *v;
	size_t n;
	int64_t seq, mark; /**< Of the last entry */
};

static bool is_leaf(enum prov_table table)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(leaves); ++i) {
		if (leaves[i] == table)
			return true;
	}
	return false;
}

void feed_attach(struct feed *f, sqlite3 *db)
{
	f->db = db;
	f->anchored = false;
	f->first = 0;
	row_reader_init(&f->reader, db);
}

/* The row does not fit its type: it counts as absent */
static bool row_refused(struct feed *f, const struct prov_change *chg, int err)
{
	struct row_key key;

	if (err != EOVERFLOW && err != EBADMSG && err != ERANGE)
		return false;
	row_key_get(&key, chg);
	hlog_limited(f->log, "db.refused", HLOG_WARN, row_tab(key.table),
		     "row is refused, a value does not fit",
		     HLOG_S("key", key.k1), HLOG_S("key2", key.k2));
	++f->refused;
	return true;
}

static int row_put(struct feed *f, const struct prov_change *chg, feed_h *h,
		   void *arg)
{
	struct row_key key;
	bool is_new = false;
	int err;

	row_key_get(&key, chg);
	err = sent_put(f->sent, &key, row_print(chg), &is_new);
	if (err || !is_new)
		return err;

	err = h(chg, arg);
	/* not sent: found again by the next comparison */
	if (err)
		(void)sent_del(f->sent, &key);
	return err;
}

static int row_gone(const struct row_key *key, feed_h *h, void *arg)
{
	struct prov_change chg;

	row_key_set(&chg, key);
	return h(&chg, arg);
}

/* One key of the log: the row as it is now, put or gone */
static int key_follow(struct feed *f, const struct row_key *key, bool put,
		      feed_h *h, void *arg)
{
	struct prov_change chg;
	int err = row_one(&chg, &f->reader, key);

	if (err && err != ENOENT) {
		if (!row_refused(f, &chg, err))
			return err;
		err = ENOENT;
	}
	if (!err)
		return put ? row_put(f, &chg, h, arg) : 0;
	if (put || !sent_del(f->sent, key))
		return 0;
	return row_gone(key, h, arg);
}

static int keys_follow(struct feed *f, const struct keys *keys,
		       enum prov_table table, bool put, feed_h *h, void *arg)
{
	size_t i;
	int err = 0;

	for (i = 0; i < keys->n && !err; ++i) {
		if (keys->v[i].table == table)
			err = key_follow(f, &keys->v[i], put, h, arg);
	}
	return err;
}

static int log_follow(struct feed *f, const struct keys *keys, feed_h *h,
		      void *arg)
{
	size_t i;
	int t, err = 0;

	for (i = 0; i < ARRAY_SIZE(leaves) && !err; ++i)
		err = keys_follow(f, keys, leaves[i], false, h, arg);
	for (t = 0; t < PROV_TABLES && !err; ++t)
		err = keys_follow(f, keys, (enum prov_table)t, true, h, arg);
	for (t = PROV_TABLES - 1; t >= 0 && !err; --t) {
		if (!is_leaf((enum prov_table)t))
			err = keys_follow(f, keys, (enum prov_table)t, false,
					  h, arg);
	}
	return err;
}

/* ERANGE: this entry does not lead on */
static int entry_read(struct keys *keys, sqlite3_stmt *st)
{
	struct row_key key = {0};
	char tab[32];
	unsigned tables;
	int t;

	if (sql_text(st, 2, tab, sizeof(tab)) ||
	    sql_text(st, 3, key.k1, sizeof(key.k1)) ||
	    sql_text(st, 4, key.k2, sizeof(key.k2)))
		return ERANGE;
	tables = row_tables(tab);
	if (tables == PROV_BIT(PROV_DOMAIN))
		key.k1[0] = '\0';
	for (t = 0; t < PROV_TABLES; ++t) {
		if (!(tables & PROV_BIT(t)))
			continue;
		key.table = (enum prov_table)t;
		keys->v[keys->n++] = key;
	}
	return tables ? 0 : ERANGE;
}

/*
 * Entries are numbered without holes, because a transaction that is rolled
 * back takes its numbers back. The first one must be the one followed last.
 */
static int log_read(struct feed *f, struct keys *keys)
{
	sqlite3_stmt *st = NULL;
	int64_t next = f->seq;
	int rc, n = 0, err;

	err = sql_prepare(&st, f->db,
			  "SELECT seq, mark, tab, key1, key2 FROM change_log"
			  " WHERE seq >= ?1 ORDER BY seq");
	if (err)
		return err;
	sqlite3_bind_int64(st, 1, f->seq);

	while ((rc = sqlite3_step(st)) == SQLITE_ROW && !err) {
		keys->seq = sqlite3_column_int64(st, 0);
		keys->mark = sqlite3_column_int64(st, 1);
		if (keys->seq != next || n > FEED_LOG_MAX ||
		    (!n && keys->mark != f->mark))
			err = ERANGE;
		else if (n)
			err = entry_read(keys, st);
		++next;
		++n;
	}
	if (!err && rc != SQLITE_DONE)
		err = sql_errno(rc);
	if (!err && !n)
		err = ERANGE;
	sqlite3_finalize(st);
	return err;
}

/* Rows of a table, each handed to put, or only noted as being there */
static int table_walk(struct feed *f, enum prov_table table, bool put,
		      feed_h *h, void *arg)
{
	struct prov_change chg;
	struct row_key key;
	sqlite3_stmt *st;
	int rc, err;

	err = row_all(&st, &f->reader, table);
	if (err)
		return err;

	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		err = row_read(&chg, table, st);
		row_key_get(&key, &chg);
		if (err)
			err = !put || row_refused(f, &chg, err) ? 0 : err;
		else if (put)
			err = row_put(f, &chg, h, arg);
		else
			sent_keep(f->sent, &key);
		if (err)
			break;
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		err = sql_errno(rc);
	sqlite3_reset(st);
	return err;
}

static int table_sweep(struct feed *f, enum prov_table table, feed_h *h,
		       void *arg)
{
	struct row_key key;
	int err = 0;

	while (!err && sent_sweep(f->sent, table, &key))
		err = row_gone(&key, h, arg);
	return err;
}

static int anchor_set(struct feed *f)
{
	sqlite3_stmt *st = NULL;
	int rc, err;

	f->anchored = false;
	err = sql_prepare(&st, f->db, "SELECT seq, mark FROM change_log"
				      " ORDER BY seq DESC LIMIT 1");
	if (err)
		return err;
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		f->seq = sqlite3_column_int64(st, 0);
		f->mark = sqlite3_column_int64(st, 1);
		f->anchored = true;
	}
	err = sql_errno(rc);
	sqlite3_finalize(st);
	return err;
}

static int realm_check(struct feed *f)
{
	struct prov_change chg;
	const struct row_key key = {.table = PROV_DOMAIN};
	int err = row_one(&chg, &f->reader, &key);

	if (err)
		return err == ENOENT ? ESTALE : err;
	return strcmp(chg.u.domain.realm, f->realm) ? ESTALE : 0;
}

static int compare(struct feed *f, feed_h *h, void *arg)
{
	size_t i;
	int t, err;

	err = realm_check(f);
	if (err)
		return err;

	++f->compared;
	f->anchored = false;
	sent_begin(f->sent);
	for (i = 0; i < ARRAY_SIZE(leaves) && !err; ++i) {
		err = table_walk(f, leaves[i], false, NULL, NULL);
		if (!err)
			err = table_sweep(f, leaves[i], h, arg);
	}
	for (t = 0; t < PROV_TABLES && !err; ++t)
		err = table_walk(f, (enum prov_table)t, true, h, arg);
	for (t = PROV_TABLES - 1; t >= 0 && !err; --t)
		err = table_sweep(f, (enum prov_table)t, h, arg);
	if (!err)
		err = anchor_set(f);
	return err;
}

static int catch_up(struct feed *f, feed_h *h, void *arg)
{
	struct keys keys = {0};
	int err = ERANGE;

	if (f->anchored) {
		/* an entry touches two tables at most */
		keys.v = mem_alloc((2 * FEED_LOG_MAX + 2) * sizeof(*keys.v),
				   NULL);
		if (!keys.v)
			return ENOMEM;
		err = log_read(f, &keys);
	}
	if (!err) {
		err = log_follow(f, &keys, h, arg);
		if (!err) {
			f->seq = keys.seq;
			f->mark = keys.mark;
		} else {
			f->anchored = false;
		}
	} else if (err == ERANGE) {
		err = compare(f, h, arg);
	}
	mem_deref(keys.v);
	return err;
}

int feed_begin(struct feed *f, feed_h *h, void *arg)
{
	int err = sql_exec(f->db, "BEGIN");

	if (err)
		return err;
	err = catch_up(f, h, arg);
	if (err)
		feed_end(f);
	return err;
}

static int table_copy(struct feed *f, enum prov_table table, feed_h *h,
		      void *arg)
{
	struct prov_change chg;
	sqlite3_stmt *st;
	int rc, err;

	err = row_all(&st, &f->reader, table);
	if (err)
		return err;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW && !err) {
		/* refused rows were told when they were followed */
		if (!row_read(&chg, table, st))
			err = h(&chg, arg);
	}
	if (!err)
		err = sql_errno(rc);
	sqlite3_reset(st);
	return err;
}

int feed_snapshot(struct feed *f, unsigned mask, feed_h *h, void *arg)
{
	int t, err = 0;

	for (t = 0; t < PROV_TABLES && !err; ++t) {
		if (mask & PROV_BIT(t))
			err = table_copy(f, (enum prov_table)t, h, arg);
	}
	return err;
}

void feed_end(struct feed *f)
{
	(void)sql_exec(f->db, "ROLLBACK");
}

bool feed_is_long(const struct feed *f)
{
	return f->anchored && f->seq - f->first >= FEED_KEEP;
}

int feed_trim(struct feed *f)
{
	sqlite3_stmt *st = NULL;
	int err;

	if (!feed_is_long(f))
		return 0;
	err = sql_int(f->db, "SELECT min(seq) FROM change_log", &f->first);
	if (err || !feed_is_long(f))
		return err;

	err = sql_prepare(&st, f->db, "DELETE FROM change_log WHERE seq < ?1");
	if (err)
		return err;
	/* the last one stays: it shows that the log is still the same */
	sqlite3_bind_int64(st, 1, f->seq);
	err = sql_run(st);
	sqlite3_finalize(st);
	if (!err)
		f->first = f->seq;
	return err;
}

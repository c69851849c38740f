/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "util/log.h"
#include "db/sql.h"

enum {
	/** Longest text or row that SQLite may build for us */
	SQL_LENGTH_MAX = 1 << 20,
	SQL_BUSY_STEP_MS = 5
};

int sql_errno(int rc)
{
	switch (rc & 0xff) {

	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return EBUSY;
	case SQLITE_NOMEM:
		return ENOMEM;
	case SQLITE_FULL:
		return ENOSPC;
	case SQLITE_READONLY:
		return EROFS;
	case SQLITE_IOERR:
		return EIO;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return EBADMSG;
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return EACCES;
	default:
		return EINVAL;
	}
}

int sql_exec(sqlite3 *db, const char *sql)
{
	return sql_errno(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

int sql_prepare(sqlite3_stmt **stp, sqlite3 *db, const char *sql)
{
	return sql_errno(sqlite3_prepare_v3(db, sql, -1,
					    SQLITE_PREPARE_PERSISTENT, stp,
					    NULL));
}

int sql_run(sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);
	int err;

	/* reset repeats the error of the step, and more exactly */
	err = sql_errno(sqlite3_reset(st));
	if (!err && rc != SQLITE_DONE && rc != SQLITE_ROW)
		err = sql_errno(rc);
	return err;
}

int sql_int(sqlite3 *db, const char *sql, int64_t *valuep)
{
	sqlite3_stmt *st = NULL;
	int rc, err;

	err = sql_prepare(&st, db, sql);
	if (err)
		return err;

	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*valuep = sqlite3_column_int64(st, 0);
	else
		err = rc == SQLITE_DONE ? ENOENT : sql_errno(rc);

	sqlite3_finalize(st);
	return err;
}

/* Bytes of the character at p, which has n bytes or fewer; 0: no UTF-8 */
static size_t utf8_char(const uint8_t *p, size_t n)
{
	/* least value of a character of so many bytes: no longer form */
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t code;
	size_t len, i;

	if (p[0] < 0x80)
		return 1;
	len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc0 || p[0] > 0xf7 || len > n)
		return 0;
	code = p[0] & (0x7fu >> len);
	for (i = 1; i < len; ++i) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < least[len] || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return len;
}

static bool utf8_valid(const uint8_t *p, size_t n)
{
	size_t len;

	for (; n; p += len, n -= len) {
		len = utf8_char(p, n);
		if (!len)
			return false;
	}
	return true;
}

int sql_text(sqlite3_stmt *st, int col, char *buf, size_t size)
{
	const void *text = sqlite3_column_text(st, col);
	size_t len = (size_t)sqlite3_column_bytes(st, col);

	if (!text)
		len = 0;
	if (len >= size)
		return EOVERFLOW;
	if (len && (memchr(text, 0, len) || !utf8_valid(text, len)))
		return EBADMSG;
	if (len)
		memcpy(buf, text, len);
	buf[len] = '\0';
	return 0;
}

int sql_uint(sqlite3_stmt *st, int col, uint64_t max, uint64_t *valuep)
{
	int64_t v = sqlite3_column_int64(st, col);

	if (v < 0 || (uint64_t)v > max)
		return ERANGE;
	*valuep = (uint64_t)v;
	return 0;
}

static int busy_h(void *arg, int tries)
{
	const struct sql_busy *busy = arg;

	if ((unsigned)tries * SQL_BUSY_STEP_MS >= busy->max_ms)
		return 0;
	if (busy->stop_h && busy->stop_h(busy->arg))
		return 0;
	(void)poll(NULL, 0, SQL_BUSY_STEP_MS);
	return 1;
}

void sql_busy_set(sqlite3 *db, struct sql_busy *busy)
{
	sqlite3_busy_handler(db, busy_h, busy);
}

void sql_close(sqlite3 *db)
{
	sqlite3_stmt *st;

	if (!db)
		return;
	while ((st = sqlite3_next_stmt(db, NULL)))
		sqlite3_finalize(st);
	sqlite3_close(db);
}

/*
 * The file holds credentials. It is made here and not by SQLite, whose mode
 * would be 0644; -wal and -shm inherit the mode. An existing file is not
 * opened: closing the descriptor would drop the locks of other connections
 * of this process.
 */
static int file_prepare(const char *path, bool create, struct hlog *log)
{
	struct stat sb;
	int fd;

	if (create) {
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
		if (fd >= 0) {
			int err = fchmod(fd, 0640) ? errno : 0;

			(void)close(fd);
			return err;
		}
		if (errno != EEXIST)
			return errno;
	}
	if (stat(path, &sb))
		return errno;
	if (!S_ISREG(sb.st_mode))
		return EINVAL;
	/* somebody fills it just now, or never will */
	if (!create && !sb.st_size)
		return ENODATA;
	if (sb.st_mode & 07) {
		hlog(log, HLOG_WARN, path, "everybody may read or write the"
		     " file: taken away");
		if (chmod(path, sb.st_mode & 0770))
			return errno;
	}
	return 0;
}

static int pragmas_set(sqlite3 *db, const struct sql_kind *kind)
{
	sqlite3_stmt *st = NULL;
	char sql[64];
	bool wal;
	int err;

	(void)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, SQL_LENGTH_MAX);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);

	err = sql_exec(db, "PRAGMA auto_vacuum = NONE;"
			   "PRAGMA secure_delete = ON;"
			   "PRAGMA recursive_triggers = OFF;"
			   "PRAGMA cell_size_check = ON;");
	if (err)
		return err;

	err = sql_prepare(&st, db, "PRAGMA journal_mode = WAL");
	if (err)
		return err;
	err = sql_errno(sqlite3_step(st));
	wal = !err && !strcmp((const char *)sqlite3_column_text(st, 0), "wal");
	sqlite3_finalize(st);
	if (err)
		return err;
	if (!wal)
		return ENOTSUP;

	snprintf(sql, sizeof(sql), "PRAGMA synchronous = %s",
		 kind->synchronous);
	return sql_exec(db, sql);
}

/* What file is it? EEXIST: not one of ours */
static int version_get(sqlite3 *db, const struct sql_kind *kind,
		       int64_t *versionp)
{
	int64_t id, tables;
	int err;

	err = sql_int(db, "PRAGMA user_version", versionp);
	if (!err)
		err = sql_int(db, "PRAGMA application_id", &id);
	if (!err)
		err = sql_int(db, "SELECT count(*) FROM sqlite_master",
			      &tables);
	if (err)
		return err;
	if (id == kind->application_id)
		return 0;
	return id || *versionp || tables ? EEXIST : 0;
}

static int64_t known_version(const struct sql_kind *kind)
{
	int64_t known = 0;

	while (kind->schema[known])
		++known;
	return known;
}

static int migrate_locked(sqlite3 *db, const struct sql_kind *kind,
			  struct hlog *log)
{
	const int64_t known = known_version(kind);
	int64_t version = 0;
	char sql[96];
	int err;

	/* again, now that no other writer can change it */
	err = version_get(db, kind, &version);
	if (err == EEXIST)
		hlog(log, HLOG_ERROR, sqlite3_db_filename(db, NULL),
		     "is another program's database",
		     HLOG_S("wanted", kind->name));
	if (err)
		return err;
	if (version > known) {
		hlog(log, HLOG_ERROR, sqlite3_db_filename(db, NULL),
		     "was written by a newer version of this program",
		     HLOG_I("version", version), HLOG_I("known", known));
		return EPROTO;
	}

	if (version == known)
		return 0;
	for (; version < known && !err; ++version)
		err = sql_exec(db, kind->schema[version]);
	if (err)
		return err;

	snprintf(sql, sizeof(sql),
		 "PRAGMA application_id = %d; PRAGMA user_version = %lld",
		 (int)kind->application_id, (long long)known);
	return sql_exec(db, sql);
}

static int migrate(sqlite3 *db, const struct sql_kind *kind, struct hlog *log)
{
	int64_t version = 0;
	int err;

	/* the usual case needs no lock, which a script may hold */
	err = version_get(db, kind, &version);
	if (!err && version == known_version(kind))
		return 0;
	if (err && err != EEXIST)
		return err;
	err = sql_exec(db, "BEGIN IMMEDIATE");
	if (err)
		return err;
	err = migrate_locked(db, kind, log);
	if (!err)
		err = sql_exec(db, "COMMIT");
	if (err)
		(void)sql_exec(db, "ROLLBACK");
	return err;
}

int sql_open(sqlite3 **dbp, const char *path, const struct sql_kind *kind,
	     bool create, struct hlog *log)
{
	sqlite3 *db = NULL;
	int err;

	err = file_prepare(path, create, log);
	if (err) {
		hlog(log, HLOG_ERROR, path, "cannot be opened",
		     HLOG_S("database", kind->name), HLOG_ERR(err));
		return err;
	}

	err = sql_errno(sqlite3_open_v2(path, &db,
					SQLITE_OPEN_READWRITE |
						SQLITE_OPEN_NOMUTEX |
						SQLITE_OPEN_EXRESCODE,
					NULL));
	if (err)
		goto out;

	sqlite3_busy_timeout(db, SQL_BUSY_MS);
	err = pragmas_set(db, kind);
	if (!err)
		err = migrate(db, kind, log);
	if (err)
		goto out;
	*dbp = db;
	return 0;

out:
	if (err != EEXIST && err != EPROTO)
		hlog(log, HLOG_ERROR, path, "cannot be opened",
		     HLOG_S("database", kind->name),
		     HLOG_S("error", err == ENOTSUP ?
			    "no write-ahead log is possible here" :
			    sqlite3_errmsg(db)));
	sql_close(db);
	return err;
}

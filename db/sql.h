/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file db/sql.h  What both databases ask of SQLite (private to db/)
 *
 * A connection belongs to one thread at a time. Files are made with mode
 * 0640; write-ahead log, STRICT tables, secure_delete. The version is
 * PRAGMA user_version, which is the number of the last migration that ran.
 */
#ifndef HL_DB_SQL_H
#define HL_DB_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sqlite3.h>

struct hlog;

/** How long a writer waits for another writer */
enum { SQL_BUSY_MS = 5000 };

/** One kind of database file */
struct sql_kind {
	const char *name;          /**< For messages: "provisioning" */
	int32_t application_id;
	const char *synchronous;   /**< "FULL" or "NORMAL" */
	const char *const *schema; /**< Migrations, NULL at the end */
};

/** Made from db/schema/ *.sql at build time; NULL at the end */
extern const char *const sql_schema_prov[];
extern const char *const sql_schema_state[];

/** Asked while another writer is at work: true ends the waiting */
typedef bool(sql_stop_h)(void *arg);

/** Who waits, and how long; the connection keeps a pointer to it */
struct sql_busy {
	unsigned max_ms;
	sql_stop_h *stop_h;
	void *arg;
};

/**
 * Open, migrate if needed
 *
 * @param create Make the file if it is absent or empty
 * @return 0 or errno; the reason is logged in words
 */
int sql_open(sqlite3 **dbp, const char *path, const struct sql_kind *kind,
	     bool create, struct hlog *log);
void sql_busy_set(sqlite3 *db, struct sql_busy *busy);

/** Close; prepared statements are finalized, too */
void sql_close(sqlite3 *db);

/** errno of an SQLite result; 0 for OK, ROW and DONE */
int sql_errno(int rc);

/** Run statements without result */
int sql_exec(sqlite3 *db, const char *sql);
/** First column of the first row; ENOENT if there is none */
int sql_int(sqlite3 *db, const char *sql, int64_t *valuep);
int sql_prepare(sqlite3_stmt **stp, sqlite3 *db, const char *sql);
/** Step a statement that gives no rows, then reset it */
int sql_run(sqlite3_stmt *st);

/** Copy a text column. EOVERFLOW: too long; EBADMSG: a NUL within, or not
 *  UTF-8 */
int sql_text(sqlite3_stmt *st, int col, char *buf, size_t size);
/** Copy an integer column. ERANGE: not within 0..max */
int sql_uint(sqlite3_stmt *st, int col, uint64_t max, uint64_t *valuep);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <re.h>
#include "util/log.h"
#include "db/sql.h"
#include "db/statefile.h"

enum { STATE_APPLICATION_ID = 0x484c7374 /* HLst */ };

const struct sql_kind statefile_kind = {
	.name = "state",
	.application_id = STATE_APPLICATION_ID,
	.synchronous = "NORMAL",
	.schema = sql_schema_state,
};

static int file_check(sqlite3 *db)
{
	sqlite3_stmt *st = NULL;
	const char *text;
	int rc, err;

	err = sql_prepare(&st, db, "PRAGMA quick_check(1)");
	if (err)
		return err;
	rc = sqlite3_step(st);
	text = rc == SQLITE_ROW ?
		       (const char *)sqlite3_column_text(st, 0) : NULL;
	if (rc != SQLITE_ROW)
		err = sql_errno(rc);
	else if (!text || strcmp(text, "ok"))
		err = EBADMSG;
	sqlite3_finalize(st);
	return err;
}

static int file_try(sqlite3 **dbp, const char *path, struct hlog *log)
{
	sqlite3 *db = NULL;
	int err;

	err = sql_open(&db, path, &statefile_kind, true, log);
	if (err)
		return err;
	err = file_check(db);
	if (err)
		sql_close(db);
	else
		*dbp = db;
	return err;
}

static int file_aside(const char *path)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	char from[PATH_MAX], to[PATH_MAX];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ends); ++i) {
		if (snprintf(from, sizeof(from), "%s%s", path, ends[i]) >=
			    (int)sizeof(from) ||
		    snprintf(to, sizeof(to), "%s.corrupt%s", path, ends[i]) >=
			    (int)sizeof(to))
			return ENAMETOOLONG;
		if (rename(from, to) && errno != ENOENT)
			return errno;
	}
	return 0;
}

int statefile_open(sqlite3 **dbp, const char *path, bool *anewp,
		    struct hlog *log)
{
	int err;

	err = file_try(dbp, path, log);
	if (err != EBADMSG)
		return err;

	hlog(log, HLOG_ERROR, path, "is damaged: put aside as .corrupt, and"
	     " begun anew");
	err = file_aside(path);
	if (!err)
		err = file_try(dbp, path, log);
	if (!err)
		*anewp = true;
	return err;
}

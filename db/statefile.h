/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file db/statefile.h  The file state.db: open it, whatever its state
 *                       (private to db/)
 */
#ifndef HL_DB_STATEFILE_H
#define HL_DB_STATEFILE_H

#include <stdbool.h>
#include <sqlite3.h>

struct hlog;
struct sql_kind;

extern const struct sql_kind statefile_kind;

/**
 * Open and check state.db; make it if it is absent. A damaged file is put
 * aside as PATH.corrupt, a new one is begun, and *anewp is set
 */
int statefile_open(sqlite3 **dbp, const char *path, bool *anewp,
		   struct hlog *log);

#endif

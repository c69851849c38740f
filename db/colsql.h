/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file db/colsql.h  Pieces of SQL over the columns of a noun (private)
 *
 * Parameter n of a statement is column n, counted from 1, whichever of them
 * the statement has. Names come from the noun's table, values are bound.
 */
#ifndef HL_DB_COLSQL_H
#define HL_DB_COLSQL_H

#include <jansson.h>
#include "db/noun.h"
#include "db/sql.h"

enum { COLSQL_MAX = 1024 };

/** A statement as it grows; the tables of the nouns bound it */
struct colsql {
	char buf[COLSQL_MAX];
	size_t len;
};

enum colsql_part {
	COLSQL_NAME,  /**< Columns that were given */
	COLSQL_PARAM, /**< ..their parameters */
	COLSQL_SET,   /**< ..those that are no key, assigned */
	COLSQL_WHERE, /**< ..compared */
	COLSQL_LIST   /**< All columns */
};

__attribute__((format(printf, 2, 3)))
void colsql_text(struct colsql *t, const char *fmt, ...);
void colsql_part(struct colsql *t, const struct noun *noun, const json_t *args,
		 enum colsql_part part);
/** The keys, compared */
void colsql_key(struct colsql *t, const struct noun *noun);

void colsql_value(sqlite3_stmt *st, int at, const json_t *value);
void colsql_bind(sqlite3_stmt *st, const struct noun *noun,
		 const json_t *args);

#endif

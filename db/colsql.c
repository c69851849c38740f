/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file colsql.c  Pieces of SQL over the columns of a noun
 */
#include <stdarg.h>
#include <stdio.h>
#include "db/colsql.h"

void colsql_value(sqlite3_stmt *st, int at, const json_t *value)
{
	if (json_is_string(value))
		sqlite3_bind_text(st, at, json_string_value(value),
				  (int)json_string_length(value),
				  SQLITE_STATIC);
	else if (json_is_boolean(value))
		sqlite3_bind_int(st, at, json_is_true(value));
	else
		sqlite3_bind_int64(st, at, json_integer_value(value));
}

void colsql_bind(sqlite3_stmt *st, const struct noun *noun, const json_t *args)
{
	const int params = sqlite3_bind_parameter_count(st);
	const struct col *col;
	int at = 1;

	for (col = noun->cols; col->json; ++col, ++at) {
		const json_t *value = json_object_get(args, col->json);

		if (value && at <= params)
			colsql_value(st, at, value);
	}
}

void colsql_text(struct colsql *t, const char *fmt, ...)
{
	const size_t left = sizeof(t->buf) - t->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->len, left, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->len += (size_t)n < left ? (size_t)n : left - 1;
}

void colsql_part(struct colsql *t, const struct noun *noun, const json_t *args,
		 enum colsql_part part)
{
	const struct col *col;
	const char *sep = "";
	int at = 1;

	for (col = noun->cols; col->json; ++col, ++at) {
		if (part != COLSQL_LIST && !json_object_get(args, col->json))
			continue;
		if (part == COLSQL_SET && col->key)
			continue;
		switch (part) {

		case COLSQL_NAME:
		case COLSQL_LIST:
			colsql_text(t, "%s%s", sep, col->sql);
			break;
		case COLSQL_PARAM:
			colsql_text(t, "%s?%d", sep, at);
			break;
		case COLSQL_SET:
		case COLSQL_WHERE:
			colsql_text(t, "%s%s = ?%d", sep, col->sql, at);
			break;
		}
		sep = part == COLSQL_WHERE ? " AND " : ", ";
	}
}

void colsql_key(struct colsql *t, const struct noun *noun)
{
	const struct col *col;
	int at = 1;

	for (col = noun->cols; col->json && col->key; ++col, ++at)
		colsql_text(t, "%s%s = ?%d", at > 1 ? " AND " : "", col->sql,
			    at);
}

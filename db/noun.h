/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file db/noun.h  The nouns of admin commands and their columns (private)
 */
#ifndef HL_DB_NOUN_H
#define HL_DB_NOUN_H

#include <stdbool.h>

enum col_type { COL_TEXT, COL_UINT, COL_SWITCH };

/** A column, and its name in the arguments */
struct col {
	const char *json;
	const char *sql;
	enum col_type type;
	bool key;
};

/** What commands are about: a table, and the names of its columns */
struct noun {
	const char *name;
	const char *table;
	const char *list;       /**< More columns of a list, not settable */
	bool is_user;           /**< It has a password, too */
	const char *of;         /**< The noun that its first key names */
	const struct col *cols; /**< Keys first, json NULL at the end */
};

/** NULL: there is none */
const struct noun *noun_find(const char *name);
const struct col *col_find(const struct noun *noun, const char *json);

#endif

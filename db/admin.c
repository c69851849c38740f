/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file admin.c  Admin commands: noun, verb and JSON become SQL
 *
 * Values are bound, names of columns come from the tables below. What is not
 * allowed is said by the triggers of the database, the same words that a
 * script gets.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include "db/admin.h"
#include "db/colsql.h"
#include "db/noun.h"
#include "db/password.h"
#include "db/sql.h"

enum { ADMIN_ROWS_MAX = 100000 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct admin;
typedef int(verb_h)(struct admin *a);

/** One command while it runs */
struct admin {
	sqlite3 *db;
	const char *realm;
	const struct noun *noun;
	verb_h *verb;
	json_t *args;
	json_t *rows;
	char *words;
};

static verb_h verb_add, verb_remove, verb_set, verb_list;

/* The words, after what was asked for: noun and keys */
static int say(struct admin *a, int err, const char *words)
{
	const char *k[2] = {"", ""};
	int i;

	for (i = 0; a->noun && i < 2; ++i) {
		const struct col *col = &a->noun->cols[i];

		if (col->key)
			k[i] = json_string_value(json_object_get(a->args,
								 col->json));
	}
	/* a key may be longer than any name */
	(void)snprintf(a->words, ADMIN_WORDS_MAX, "%s%s%.40s%s%.40s: %s",
		       a->noun ? a->noun->name : "command",
		       k[0] && *k[0] ? " " : "", k[0] ? k[0] : "",
		       k[1] && *k[1] ? " " : "", k[1] ? k[1] : "", words);
	return err;
}

static int say_sql(struct admin *a)
{
	switch (sqlite3_extended_errcode(a->db)) {

	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_UNIQUE:
		return say(a, EEXIST, "exists already");
	case SQLITE_BUSY:
		return say(a, EBUSY, "another program keeps the database"
				     " locked");
	default:
		return say(a, sql_errno(sqlite3_errcode(a->db)),
			   sqlite3_errmsg(a->db));
	}
}

/* Arguments of user that are not columns */
static bool is_extra(const struct admin *a, const char *name)
{
	if (!a->noun->is_user)
		return false;
	if (!strcmp(name, "password"))
		return a->verb == verb_add || a->verb == verb_set;
	return a->verb == verb_add &&
	       (!strcmp(name, "service") || !strcmp(name, "subscribe"));
}

static int arg_check(struct admin *a, const char *name, const json_t *value)
{
	static const char *const types[] = {
		[COL_TEXT] = "is a string",
		[COL_UINT] = "is a whole number",
		[COL_SWITCH] = "is true or false",
	};
	const struct col *col = col_find(a->noun, name);
	char words[128];
	bool ok = false;

	if (!col && is_extra(a, name))
		return 0;
	if (!col) {
		(void)snprintf(words, sizeof(words),
			       "there is no argument %.40s", name);
		return say(a, EINVAL, words);
	}
	switch (col->type) {

	case COL_TEXT:
		ok = json_is_string(value);
		break;
	case COL_UINT:
		ok = json_is_integer(value);
		break;
	case COL_SWITCH:
		ok = json_is_boolean(value);
		break;
	}
	if (ok)
		return 0;
	(void)snprintf(words, sizeof(words), "%s %s", col->json,
		       types[col->type]);
	return say(a, EINVAL, words);
}

static int args_check(struct admin *a)
{
	const char *name;
	json_t *value;
	int err;

	json_object_foreach(a->args, name, value) {
		err = arg_check(a, name, value);
		if (err)
			return err;
	}
	return 0;
}

static int keys_check(struct admin *a)
{
	const struct col *col;
	char words[64];

	for (col = a->noun->cols; col->json && col->key; ++col) {
		if (json_object_get(a->args, col->json))
			continue;
		(void)snprintf(words, sizeof(words), "%s is missing",
			       col->json);
		return say(a, EINVAL, words);
	}
	return 0;
}

static int prepare(struct admin *a, struct colsql *t, sqlite3_stmt **stp)
{
	if (sql_prepare(stp, a->db, t->buf))
		return say_sql(a);
	colsql_bind(*stp, a->noun, a->args);
	return 0;
}

static int change(struct admin *a, struct colsql *t)
{
	sqlite3_stmt *st = NULL;
	int err;

	err = prepare(a, t, &st);
	if (err)
		return err;
	if (sql_run(st))
		err = say_sql(a);
	else if (!sqlite3_changes(a->db))
		err = say(a, ENOENT, "does not exist");
	sqlite3_finalize(st);
	return err;
}

/* The view's rules hold for passwords that do not come through it, too */
static int password_set(struct admin *a)
{
	const char *name = json_string_value(json_object_get(a->args, "name"));
	const json_t *value = json_object_get(a->args, "password");
	const char *password = json_string_value(value);
	size_t i, len = json_string_length(value);
	int err;

	if (!value)
		return 0;
	if (!password)
		return say(a, EINVAL, "password is a string");
	if (!len || len >= PASSWORD_MAX)
		return say(a, EINVAL, "a password is 1 to 128 bytes long");
	for (i = 0; i < len; ++i) {
		if ((unsigned char)password[i] < ' ' || password[i] == 127)
			return say(a, EINVAL,
				   "a password has no control characters");
	}
	err = password_store(a->db, name, a->realm, password);
	if (err == ENOTSUP)
		return say(a, err, "the hash cannot be computed");
	return err ? say_sql(a) : 0;
}

/* A new user gets a subscription under its own name, unless told otherwise */
static int user_subscribe(struct admin *a)
{
	const json_t *subscribe = json_object_get(a->args, "subscribe");
	const json_t *service = json_object_get(a->args, "service");
	sqlite3_stmt *st = NULL;
	int err = 0;

	if (subscribe && !json_is_boolean(subscribe))
		return say(a, EINVAL, "subscribe is true or false");
	if (service && !json_is_string(service))
		return say(a, EINVAL, "service is a string");
	if (json_is_false(subscribe))
		return 0;

	if (sql_prepare(&st, a->db,
			"INSERT INTO subscription(subscriber, user, service)"
			" VALUES(?1, ?1, coalesce(?2, 'ptt'))"))
		return say_sql(a);
	colsql_value(st, 1, json_object_get(a->args, "name"));
	if (service)
		colsql_value(st, 2, service);
	if (sql_run(st))
		err = say_sql(a);
	sqlite3_finalize(st);
	return err;
}

static int verb_add(struct admin *a)
{
	struct colsql t = {.len = 0};
	int err;

	err = keys_check(a);
	if (err)
		goto out;
	colsql_text(&t, "INSERT INTO %s(", a->noun->table);
	colsql_part(&t, a->noun, a->args, COLSQL_NAME);
	colsql_text(&t, ") VALUES(");
	colsql_part(&t, a->noun, a->args, COLSQL_PARAM);
	colsql_text(&t, ")");
	err = change(a, &t);
	if (!err && a->noun->is_user) {
		err = password_set(a);
		if (!err)
			err = user_subscribe(a);
	}
out:
	return err;
}

static int verb_remove(struct admin *a)
{
	struct colsql t = {.len = 0};
	int err;

	err = keys_check(a);
	if (!err) {
		colsql_text(&t, "DELETE FROM %s WHERE ", a->noun->table);
		colsql_key(&t, a->noun);
		err = change(a, &t);
	}
	return err;
}

static int verb_set(struct admin *a)
{
	struct colsql t = {.len = 0};
	size_t start;
	int err;

	err = keys_check(a);
	if (err)
		goto out;
	colsql_text(&t, "UPDATE %s SET ", a->noun->table);
	start = t.len;
	colsql_part(&t, a->noun, a->args, COLSQL_SET);
	/* with a password alone the row is only looked for */
	if (t.len == start)
		colsql_text(&t, "%s = ?1", a->noun->cols[0].sql);
	colsql_text(&t, " WHERE ");
	colsql_key(&t, a->noun);
	err = change(a, &t);
	if (!err && a->noun->is_user)
		err = password_set(a);
out:
	return err;
}

static json_t *cell(sqlite3_stmt *st, int at, enum col_type type)
{
	switch (type) {

	case COL_TEXT:
		return json_stringn((const char *)sqlite3_column_text(st, at),
				    (size_t)sqlite3_column_bytes(st, at));
	case COL_UINT:
		return json_integer(sqlite3_column_int64(st, at));
	case COL_SWITCH:
		return json_boolean(sqlite3_column_int(st, at));
	}
	return NULL;
}

static int row_append(struct admin *a, sqlite3_stmt *st)
{
	json_t *row = json_object();
	const struct col *col;
	int at = 0, err = 0;

	for (col = a->noun->cols; col->json; ++col, ++at)
		/* a text that is not UTF-8 becomes null */
		err |= json_object_set_new(row, col->json,
					   cell(st, at, col->type) ?:
						   json_null());
	if (a->noun->is_user)
		err |= json_object_set_new(row, "has_password",
					   cell(st, at, COL_SWITCH));
	err |= json_array_append_new(a->rows, row);
	return err ? ENOMEM : 0;
}

/* A list of a group without members is empty, one of a group that does not
 * exist is a mistake; * is everybody */
static int owner_check(struct admin *a)
{
	const struct noun *of = noun_find(a->noun->of);
	json_t *name = json_object_get(a->args, a->noun->cols[0].json);
	const char *s = json_string_value(name);
	struct colsql t = {.len = 0};
	sqlite3_stmt *st = NULL;
	int rc;

	if (!s || !strcmp(s, "*"))
		return 0;
	colsql_text(&t, "SELECT 1 FROM %s WHERE %s = ?1", of->table,
		    of->cols[0].sql);
	if (sql_prepare(&st, a->db, t.buf))
		return say_sql(a);
	colsql_value(st, 1, name);
	rc = sqlite3_step(st);
	sqlite3_finalize(st);
	if (rc == SQLITE_ROW)
		return 0;
	if (rc != SQLITE_DONE)
		return say_sql(a);
	a->noun = of;
	(void)json_object_set(a->args, of->cols[0].json, name);
	return say(a, ENOENT, "does not exist");
}

static int verb_list(struct admin *a)
{
	struct colsql t = {.len = 0};
	sqlite3_stmt *st = NULL;
	int rc = SQLITE_DONE, err;

	a->rows = json_array();
	if (!a->rows) {
		err = ENOMEM;
		goto out;
	}
	colsql_text(&t, "SELECT ");
	colsql_part(&t, a->noun, a->args, COLSQL_LIST);
	colsql_text(&t, "%s FROM %s", a->noun->list, a->noun->table);
	if (json_object_size(a->args)) {
		colsql_text(&t, " WHERE ");
		colsql_part(&t, a->noun, a->args, COLSQL_WHERE);
	}
	colsql_text(&t, " ORDER BY 1, 2 LIMIT %d", ADMIN_ROWS_MAX);
	err = prepare(a, &t, &st);
	if (err)
		goto out;
	while (!err && (rc = sqlite3_step(st)) == SQLITE_ROW)
		err = row_append(a, st);
	if (!err && rc != SQLITE_DONE)
		err = say_sql(a);
	if (!err && !json_array_size(a->rows))
		err = owner_check(a);
out:
	sqlite3_finalize(st);
	return err;
}

static verb_h *verb_find(const char *name)
{
	static const struct {
		const char *name;
		verb_h *h;
	} verbs[] = {
		{"add", verb_add},
		{"remove", verb_remove},
		{"set", verb_set},
		{"list", verb_list},
	};
	size_t i;

	for (i = 0; i < COUNT(verbs); ++i) {
		if (!strcmp(verbs[i].name, name))
			return verbs[i].h;
	}
	return NULL;
}

/* All of a command or nothing */
static int verb_run(struct admin *a)
{
	int err;

	if (sql_exec(a->db, "BEGIN IMMEDIATE"))
		return say_sql(a);
	err = a->verb(a);
	if (!err && sql_exec(a->db, "COMMIT"))
		err = say_sql(a);
	if (err)
		(void)sql_exec(a->db, "ROLLBACK");
	return err;
}

int admin_run(sqlite3 *db, const struct admin_cmd *cmd, char *words,
	      char **rowsp)
{
	struct admin a = {.db = db, .realm = cmd->realm, .words = words};
	json_t *password;
	int err = 0;

	words[0] = '\0';
	a.args = json_loads(cmd->args, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(a.args)) {
		err = say(&a, EINVAL, "the arguments are not a JSON object");
		goto out;
	}
	a.noun = noun_find(cmd->noun);
	a.verb = verb_find(cmd->verb);
	if (!a.noun)
		err = say(&a, EINVAL, "the nouns are user, policy, service,"
			  " subscription, allow, group and member");
	else if (!a.verb)
		err = say(&a, EINVAL, "the verbs are add, remove, set and"
			  " list");
	if (!err)
		err = args_check(&a);
	if (!err)
		err = verb_run(&a);
	if (!err && a.rows) {
		*rowsp = json_dumps(a.rows, JSON_COMPACT);
		err = *rowsp ? 0 : ENOMEM;
	}
	if (err && !words[0])
		(void)say(&a, err, strerror(err));
out:
	password = json_object_get(a.args, "password");
	if (json_is_string(password))
		OPENSSL_cleanse((void *)(uintptr_t)json_string_value(password),
				json_string_length(password));
	json_decref(a.rows);
	json_decref(a.args);
	return err;
}

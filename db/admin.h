/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file db/admin.h  Admin commands on provisioning.db (private to db/)
 *
 * Apart from priv.h, because jansson.h and re.h cannot be included together.
 */
#ifndef HL_DB_ADMIN_H
#define HL_DB_ADMIN_H

#include <sqlite3.h>

enum { ADMIN_WORDS_MAX = 256 };

struct admin_cmd {
	const char *noun, *verb;
	const char *args;  /**< JSON object */
	const char *realm;
};

/**
 * Run a command in a transaction of its own
 *
 * @param words What is wrong, for a person; size ADMIN_WORDS_MAX
 * @param rowsp JSON array of a list command, free() it
 *
 * @return 0 or errno
 */
int admin_run(sqlite3 *db, const struct admin_cmd *cmd, char *words,
	      char **rowsp);

#endif

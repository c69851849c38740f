/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file dbtest.h  What the tests of db/ share: files, scripts, a watcher that
 *                 remembers, and waiting with a deadline
 */
#ifndef HL_TESTS_DBTEST_H
#define HL_TESTS_DBTEST_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sqlite3.h>
#include "db/prov.h"

enum { DBTEST_DEADLINE_MS = 120000, DBTEST_TABLES = PROV_MEMBER + 1 };

/** A directory of its own with a database; *state of a cmocka test */
struct dbtest {
	char dir[64];
	char path[96];
	sqlite3 *script; /**< Another program's connection */
};

int dbtest_setup(void **state);
int dbtest_teardown(void **state);

/** Run as a script would. Returns the words of an error, or NULL; they live
 *  until the next call */
const char *script_run(sqlite3 *db, const char *sql);
void script_ok(sqlite3 *db, const char *sql);
int64_t script_int(sqlite3 *db, const char *sql);

/** What a watcher has heard */
struct heard {
	struct prov_watch *watch;
	unsigned puts[DBTEST_TABLES], dels[DBTEST_TABLES];
	unsigned synced;
	struct prov_change *logv; /**< All of it, in order */
	size_t logn, logmax;
};

void heard_start(struct heard *h, struct prov *p, unsigned mask);
void heard_end(struct heard *h);
/** The latest about a row; NULL: nothing, or that it is gone */
const struct prov_change *heard_row(const struct heard *h,
				    enum prov_table table, const char *k1,
				    const char *k2);
const char *chg_key1(const struct prov_change *chg);
const char *chg_key2(const struct prov_change *chg);

typedef bool(until_h)(void *arg);

/** Deliver changes until it is so; the test fails at the deadline */
void pump(struct prov *p, until_h *h, void *arg);
bool until_synced(void *arg); /**< struct heard * */

uint64_t now_ms(void);

/** Bytes of a file contain the text; false if there is no such file */
bool file_has(const char *path, const char *text);

#endif

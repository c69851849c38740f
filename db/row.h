/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file db/row.h  A row of provisioning.db as a typed value (private to db/)
 *
 * One description a table: how it is selected, how it is read, what its keys
 * are. A row that does not fit its struct is refused, never cut.
 */
#ifndef HL_DB_ROW_H
#define HL_DB_ROW_H

#include <sqlite3.h>
#include "db/prov.h"

enum { PROV_TABLES = PROV_MEMBER + 1 };

/** Name of a row: two keys, the second often empty */
struct row_key {
	enum prov_table table;
	char k1[HL_NAME_MAX], k2[HL_NAME_MAX];
};

/** Statements of one connection, prepared when first used */
struct row_reader {
	sqlite3 *db;
	sqlite3_stmt *all[PROV_TABLES];
	sqlite3_stmt *one[PROV_TABLES];
};

/** The statements end with the connection */
void row_reader_init(struct row_reader *rd, sqlite3 *db);

/** Statement over all rows of a table, at its begin; reset it after use */
int row_all(sqlite3_stmt **stp, struct row_reader *rd, enum prov_table table);

/** Read the row that the statement stands on; chg is zeroed first.
 *  EOVERFLOW, EBADMSG, ERANGE: the row does not fit; its keys are set as far
 *  as they do */
int row_read(struct prov_change *chg, enum prov_table table,
	     sqlite3_stmt *st);

/** Read one row by its keys. ENOENT: there is none */
int row_one(struct prov_change *chg, struct row_reader *rd,
	    const struct row_key *key);

/** Name of the table in the file */
const char *row_tab(enum prov_table table);

/** Tables that an entry of the change log touches (PROV_BIT); 0: unknown */
unsigned row_tables(const char *tab);

void row_key_get(struct row_key *key, const struct prov_change *chg);
/** Make a deletion of a row */
void row_key_set(struct prov_change *chg, const struct row_key *key);

/** Fingerprint of the contents */
uint64_t row_print(const struct prov_change *chg);

#endif

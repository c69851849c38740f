/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file db/sent.h  Which rows were sent, by key and fingerprint (private)
 *
 * Lets the watch thread send only what is new, and find what has vanished
 * when it must compare the whole database. Belongs to the watch thread.
 */
#ifndef HL_DB_SENT_H
#define HL_DB_SENT_H

#include <stdbool.h>
#include <stdint.h>
#include "db/row.h"

struct sent;

int sent_alloc(struct sent **sp);

/** Begin of a comparison: rows that are neither put nor kept until
 *  sent_sweep() have vanished */
void sent_begin(struct sent *s);

/** Note a row. *newsp: it was not known, or was different */
int sent_put(struct sent *s, const struct row_key *key, uint64_t print,
	     bool *newsp);
/** The row is still there, whatever it contains */
void sent_keep(struct sent *s, const struct row_key *key);
/** Forget a row. @return false if it was not known */
bool sent_del(struct sent *s, const struct row_key *key);
/** The first vanished row of a table, forgotten by this; false: none left */
bool sent_sweep(struct sent *s, enum prov_table table, struct row_key *key);

#endif

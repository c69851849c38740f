/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file db/store.h  The thread that writes state.db (private to db/)
 *
 * Operations are copied into a bounded queue by the owner's thread, and
 * written by this thread many at a time. What cannot be written stays and is
 * tried again.
 */
#ifndef HL_DB_STORE_H
#define HL_DB_STORE_H

#include <sqlite3.h>
#include "db/state.h"

struct store;

enum {
	STORE_QUEUE_MAX = 32768, /**< Operations that wait */
	STORE_BATCH_MAX = 1000,  /**< Operations of one transaction */
	STORE_GATHER_MS = 5,     /**< Time for others to join a transaction */
	STORE_OP_BYTES_MAX = 8192
};

enum store_kind {
	STORE_BINDING_PUT,
	STORE_BINDING_DEL,
	STORE_DIALOG_PUT,
	STORE_DIALOG_DEL,
	STORE_SERVICE_PUT,
	STORE_SERVICE_DEL,
	STORE_PUBLICATION_PUT,
	STORE_PUBLICATION_DEL,
	STORE_EMERGENCY_PUT,
	STORE_EMERGENCY_DEL,
	STORE_AUDIT,
	STORE_CLEAR
};

enum { STORE_TEXTS_MAX = 8, STORE_NUMS_MAX = 2 };

/** @param db Becomes the store's, also on error */
int store_alloc(struct store **sp, sqlite3 *db, const char *path,
		struct hlog *log);

/** Texts and numbers in the order of the statement's parameters (store.c).
 *  @return 0, ENOMEM, EMSGSIZE, ENOBUFS */
int store_put(struct store *s, enum store_kind kind,
	      const char *const *textv, const uint64_t *numv);

bool store_overflowed(struct store *s);
int store_flush(struct store *s);
void store_stats_get(const struct store *s, struct state_stats *st);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file db/feed.h  What changed in provisioning.db (private to db/)
 *
 * Follows the change log; compares the whole database with what was sent
 * where the log does not lead on: at first, after a restore or a deleted log,
 * after a very large transaction. Knows no threads; one thread calls it.
 *
 * Rows are handed out so that references hold at every moment: memberships
 * and authorisations that vanished, then new and changed rows, those that are
 * referred to first, then the other rows that vanished, in opposite order.
 */
#ifndef HL_DB_FEED_H
#define HL_DB_FEED_H

#include "db/row.h"
#include "db/sent.h"

struct hlog;

/** More entries of the log at once: the whole database is compared instead */
enum { FEED_LOG_MAX = 5000 };

struct feed {
	sqlite3 *db;
	struct row_reader reader;
	struct sent *sent;
	struct hlog *log;
	const char *realm;
	int64_t seq, mark;   /**< Last entry of the log that was followed */
	bool anchored;       /**< seq and mark are valid */
	int64_t first;       /**< Entry that the log begins with, or earlier */
	uint64_t refused;    /**< Rows that did not fit, all in all */
	uint64_t compared;   /**< Comparisons of the whole database */
};

/** @return 0 to go on, else the error that ends the call */
typedef int(feed_h)(const struct prov_change *chg, void *arg);

/** Begin to follow the database of a new connection */
void feed_attach(struct feed *f, sqlite3 *db);

/**
 * Open a read transaction, hand out what has changed since the last time
 *
 * @return 0; ESTALE: the file has another version or realm now, open it anew;
 *         errno: nothing is lost, call again
 */
int feed_begin(struct feed *f, feed_h *h, void *arg);

/** Within the transaction: hand out all rows of some tables (PROV_BIT) */
int feed_snapshot(struct feed *f, unsigned mask, feed_h *h, void *arg);

void feed_end(struct feed *f);

/** Enough of the log was followed to shorten it */
bool feed_is_long(const struct feed *f);

/** Shorten the log by what was followed; outside of the transaction */
int feed_trim(struct feed *f);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file db/keeper.h  What the server writes into provisioning.db (private)
 *
 * Hashes staged passwords, empties the write-ahead log of their clear text,
 * shortens the change log. The stock sqlite3 shell does not wait for a lock,
 * so this is done when scripts have been quiet for a moment, and never waits
 * for a lock itself. Belongs to the watch thread.
 */
#ifndef HL_DB_KEEPER_H
#define HL_DB_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

struct feed;
struct hlog;

enum {
	KEEPER_QUIET_MS = 50,        /**< No change for this long.. */
	KEEPER_PATIENCE_MS = 1000    /**< ..or changes for this long */
};

struct keeper {
	struct feed *feed;
	struct hlog *log;
	const char *path, *realm;
	bool due;                    /**< There may be work */
	uint64_t due_ms;             /**< When it is done */
	uint64_t changing_ms;        /**< Since when scripts write; 0: quiet */
	bool scrub;                  /**< The log may hold clear text */
	bool scrub_told;
	unsigned scrub_retry_ms;
	uint64_t scrub_ms, scrub_since_ms;
};

/** The file was opened: everything is due at once */
void keeper_begin(struct keeper *k, uint64_t now_ms);

/** A script has changed something */
void keeper_touch(struct keeper *k, uint64_t now_ms);

/**
 * Do what is due; monotonic time in
 *
 * @param wrotep Set if rows were changed: read them
 *
 * @return 0 or errno; a lock is no error, it is tried again
 */
int keeper_run(struct keeper *k, uint64_t now_ms, bool *wrotep);

/** When keeper_run() wants to be called; UINT64_MAX: no need */
uint64_t keeper_next_ms(const struct keeper *k);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include "util/log.h"
#include "db/feed.h"
#include "db/keeper.h"
#include "db/password.h"

enum {
	SCRUB_RETRY_MIN_MS = 10,
	SCRUB_RETRY_MAX_MS = 1000,
	SCRUB_TOLD_MS = 5000 /**< A reader this long is worth a word */
};

static void scrub_begin(struct keeper *k, uint64_t now_ms)
{
	k->scrub = true;
	k->scrub_told = false;
	k->scrub_retry_ms = 0;
	k->scrub_ms = k->scrub_since_ms = now_ms;
}

void keeper_begin(struct keeper *k, uint64_t now_ms)
{
	k->due = true;
	k->due_ms = now_ms;
	k->changing_ms = 0;
	/* one may have been due when the file was last closed */
	scrub_begin(k, now_ms);
}

void keeper_touch(struct keeper *k, uint64_t now_ms)
{
	const uint64_t quiet_ms = now_ms + KEEPER_QUIET_MS;
	uint64_t latest_ms;

	if (!k->changing_ms)
		k->changing_ms = now_ms;
	latest_ms = k->changing_ms + KEEPER_PATIENCE_MS;
	k->due = true;
	k->due_ms = quiet_ms < latest_ms ? quiet_ms : latest_ms;
}

/* Readers of an old state need the old log: it goes when they do */
static void scrub_run(struct keeper *k, uint64_t now_ms)
{
	int err = password_scrub(k->feed->db);

	if (!err) {
		k->scrub = false;
		return;
	}
	k->scrub_retry_ms = !k->scrub_retry_ms ? SCRUB_RETRY_MIN_MS :
						 k->scrub_retry_ms * 2;
	if (k->scrub_retry_ms > SCRUB_RETRY_MAX_MS)
		k->scrub_retry_ms = SCRUB_RETRY_MAX_MS;
	k->scrub_ms = now_ms + k->scrub_retry_ms;

	if (k->scrub_told || now_ms - k->scrub_since_ms < SCRUB_TOLD_MS)
		return;
	hlog(k->log, HLOG_WARN, k->path,
	     "write-ahead log cannot be emptied: a program keeps a"
	     " transaction open; a staged password may stay in the log"
	     " until it ends", HLOG_ERR(err));
	k->scrub_told = true;
}

static int work_run(struct keeper *k, uint64_t now_ms, bool *wrotep)
{
	bool taken = false;
	int err;

	err = password_take(k->feed->db, k->realm, &taken);
	if (taken) {
		*wrotep = true;
		scrub_begin(k, now_ms);
	}
	if (!err)
		err = feed_trim(k->feed);
	if (err == EBUSY) {
		/* a script came back just now */
		k->due_ms = now_ms + KEEPER_QUIET_MS;
		return 0;
	}
	if (!err) {
		k->due = false;
		k->changing_ms = 0;
	}
	return err;
}

int keeper_run(struct keeper *k, uint64_t now_ms, bool *wrotep)
{
	int err = 0;

	if (k->due && now_ms >= k->due_ms)
		err = work_run(k, now_ms, wrotep);
	if (!err && k->scrub && now_ms >= k->scrub_ms)
		scrub_run(k, now_ms);
	return err;
}

uint64_t keeper_next_ms(const struct keeper *k)
{
	const uint64_t work_ms = k->due ? k->due_ms : UINT64_MAX;
	const uint64_t scrub_ms = k->scrub ? k->scrub_ms : UINT64_MAX;

	return work_ms < scrub_ms ? work_ms : scrub_ms;
}

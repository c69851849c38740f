/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file db/priv.h  The two sides of an open provisioning database
 *
 * The caller's side (prov.c) and the watch thread (watch.c) share two queues
 * and two flags, nothing else. A message belongs to whoever popped it.
 */
#ifndef HL_DB_PRIV_H
#define HL_DB_PRIV_H

#include <pthread.h>
#include <stdatomic.h>
#include <re.h>
#include <sqlite3.h>
#include "db/admin.h"
#include "db/prov.h"
#include "db/sql.h"

struct evq;
struct wake;
struct watch;

enum {
	PROV_UP_MAX = 1024,    /**< Changes and answers that wait */
	PROV_DOWN_MAX = 256,   /**< Requests that wait */
	PROV_ARGS_MAX = 16384  /**< Bytes of an admin command's arguments */
};

enum prov_msg_kind {
	PROV_MSG_START,  /**< Snapshot of watcher id begins */
	PROV_MSG_CHANGE, /**< id 0: for all that have started */
	PROV_MSG_ANSWER
};

/** Watch thread to caller */
struct prov_msg {
	enum prov_msg_kind kind;
	uint32_t id;
	union {
		struct prov_change chg;
		struct {
			int err;
			char words[ADMIN_WORDS_MAX];
			char *rows; /**< free() */
			prov_done_h *h;
			void *arg;
		} answer;
	} u;
};

/** Caller to watch thread: a new watcher, or (noun is set) a command */
struct prov_req {
	struct le le;
	uint32_t id;
	unsigned mask;
	char noun[16], verb[16];
	char *args;
	prov_done_h *h;
	void *arg;
};

struct prov {
	/* constant while the thread runs */
	struct hlog *log;
	char *path;
	char realm[HL_HOST_MAX];
	bool made;
	struct evq *up, *down;
	struct wake *up_wake, *down_wake;

	/* both sides */
	_Atomic bool stop;    /**< The thread shall end */
	_Atomic bool starved; /**< The thread waits for room in up */
	_Atomic uint64_t refused, compared, retries;
	_Atomic bool scrub_waits;
	_Atomic unsigned file;  /**< enum prov_file */

	/* caller */
	pthread_t thread;
	bool running;
	struct list watchers;
	struct le *cursor;    /**< Next watcher of the delivery that runs */
	uint32_t last_id;

	/* watch thread */
	struct watch *watch;
};

extern const struct sql_kind prov_kind;

/** @param db Becomes the watch's, also on error */
int watch_alloc(struct watch **wp, struct prov *p, sqlite3 *db);
/** The thread; arg is the watch. Ends when p->stop is set */
void *watch_thread(void *arg);

#endif

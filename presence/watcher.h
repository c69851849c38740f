/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file watcher.h  One SUBSCRIBE dialog and what it was told (RFC 6665, 3856)
 *
 * Each NOTIFY carries what changed since the last one was answered, so the
 * newest state wins and a slow watcher slows nobody. One NOTIFY is under way
 * at a time. Signalling thread only; owned by its subscription's list.
 */
#ifndef HL_PRESENCE_WATCHER_H
#define HL_PRESENCE_WATCHER_H

#include "presence/priv.h"

/** What a watcher was last told of a presentity */
enum told_state { TOLD_NOTHING, TOLD_CLOSED, TOLD_OPEN, TOLD_BUSY };

struct told {
	struct le le, le_dirty;
	enum told_state state;
	char name[];             /**< Subscriber */
};

struct watcher {
	struct le le, le_sub, he;
	struct presence *p;
	struct dir_sub *sub;
	char *callid, *ltag, *rtag;
	char *target;            /**< Contact URI */
	char *luri, *ruri;       /**< To and From of the SUBSCRIBE */
	uint32_t lseq, rseq;
	uint64_t binding;
	uint64_t expires_ms;
	struct tmr tmr;          /**< Expiry */
	struct tmr pump;         /**< Collects the changes of one turn */
	struct sip_request *req; /**< NOTIFY under way */
	struct list told, dirty;
	uint32_t toldc;
	bool due;                /**< A NOTIFY is owed even without changes */
	const char *terminated;  /**< Reason: it is being said goodbye to */
	bool fetch;              /**< All is told before the goodbye */
	bool last;               /**< The NOTIFY under way is the last */
};

/** Make one from a new SUBSCRIBE that is about to be answered 200 */
int watcher_alloc(struct watcher **wp, struct presence *p, struct dir_sub *sub,
		  const struct binding *b, const struct sip_msg *msg);
struct watcher *watcher_find(const struct presence *p,
			     const struct sip_msg *msg);
void watcher_expires_set(struct watcher *w, uint32_t expires_s);
/** The presentity may have changed for this watcher */
void watcher_mark(struct watcher *w, const char *subscriber);
/** Everything it may see, anew */
void watcher_full(struct watcher *w);
/** Everything it may see, in as many NOTIFYs as it takes, then goodbye */
void watcher_fetch(struct watcher *w);
/** SUBSCRIBE refreshes the target (RFC 6665 section 4.1.2.1); without a Contact
 *  it stays. @return 0, EBADMSG, ENOMEM */
int watcher_target_set(struct watcher *w, const struct sip_msg *msg);
/** Say goodbye with reason, then free it: w may be gone after the call */
void watcher_terminate(struct watcher *w, const char *reason);

#endif

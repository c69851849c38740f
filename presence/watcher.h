/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file watcher.h  One SUBSCRIBE dialog and what it was told (RFC 6665, 3856,
 *                  4662)
 *
 * Each NOTIFY carries what changed since the last one was answered, so the
 * newest state wins and a slow watcher slows nobody. One NOTIFY is under way
 * at a time; changes are told in rounds, at most one an interval. Signalling
 * thread only; owned by presence, and in the list of its subscription.
 */
#ifndef HL_PRESENCE_WATCHER_H
#define HL_PRESENCE_WATCHER_H

#include "presence/priv.h"
#include "presence/told.h"

/** What is watched */
enum watch_kind {
	WATCH_SERVICE, /**< A service: who is active in it; has a leg made */
	WATCH_LIST,    /**< The same, without a leg */
	WATCH_NAMED,   /**< Those that the SUBSCRIBE names (RFC 5367) */
	WATCH_ONE      /**< One user or subscriber */
};

struct watcher {
	struct le le, le_sub, he;
	struct presence *p;
	struct dir_sub *sub;     /**< Who watches */
	enum watch_kind kind;
	bool eventlist;          /**< Knows lists (RFC 4662) */
	uint32_t version;        /**< Of the next list document */
	char *callid, *ltag, *rtag;
	char *target;            /**< Contact URI */
	char *luri, *ruri;       /**< To and From of the SUBSCRIBE */
	char *event_id;          /**< Parameter id of Event, or NULL */
	uint32_t lseq, rseq;
	uint64_t binding;
	uint64_t expires_ms;
	struct tmr tmr;          /**< Expiry */
	struct tmr pump;         /**< The next round */
	struct le le_due;        /**< Its turn comes: in presence.watch_due */
	uint64_t round_ms;       /**< Next round not before this.. */
	struct list dirty;       /**< ..what will be in it, .. */
	struct list round;       /**< ..and what is left of this one */
	struct sip_request *req; /**< NOTIFY under way.. */
	struct flow_wait *wait;  /**< ..or waiting for a connection.. */
	struct mbuf *held;       /**< ..and what waits */
	struct told_table told;
	bool due;                /**< A NOTIFY is owed even without changes */
	bool full;               /**< The next list document begins anew */
	const char *terminated;  /**< Reason: it is being said goodbye to */
	bool fetch;              /**< All is told before the goodbye */
	bool last;               /**< The NOTIFY under way is the last */
};

/** Of whom it hears is said by the SUBSCRIBE, not by who is there */
static inline bool watcher_is_fixed(const struct watcher *w)
{
	return w->kind == WATCH_NAMED || w->kind == WATCH_ONE;
}

/** What a SUBSCRIBE asks for */
struct watch_ask {
	enum watch_kind kind;
	bool eventlist;
	struct dir_sub *sub;
	const struct binding *b;
	const char *why;         /**< Refused: more than the peer is told,
				      or NULL */
	struct told_table told;  /**< Fixed kinds: whom; becomes the watcher's,
				      whether or not there is one */
};

/** @param wordsp Why not. @return 0, or the code of the refusal: nothing is to
 *                be freed then */
uint16_t watch_decode(struct watch_ask *ask, struct request *rq,
		      const char **wordsp);
/** Whom the list in a SUBSCRIBE names (RFC 5367); else as above */
uint16_t watch_names(const struct presence *p, const struct sip_msg *msg,
		     struct told_table *told, const char **wordsp);

/** Make one from a new SUBSCRIBE that is about to be answered 200.
 *  @return 0, EBADMSG, ENOMEM */
int watcher_alloc(struct watcher **wp, struct presence *p,
		  struct watch_ask *ask, const struct sip_msg *msg);
struct watcher *watcher_find(const struct presence *p,
			     const struct sip_msg *msg);
void watcher_expires_set(struct watcher *w, uint32_t expires_s);
/** Seconds until it expires */
uint32_t watcher_left_s(const struct watcher *w);
/** Other names from now on; told becomes the watcher's */
void watcher_names_set(struct watcher *w, struct told_table *told);
/** SUBSCRIBE refreshes the target (RFC 6665 section 4.1.2.1); without a Contact
 *  it stays. @return 0, EBADMSG, ENOMEM */
int watcher_target_set(struct watcher *w, const struct sip_msg *msg);
/** Say goodbye with reason, then free it: w may be gone after the call */
void watcher_terminate(struct watcher *w, const char *reason);
/** It does not take NOTIFYs (RFC 6665 section 4.2.2): frees it */
void watcher_lost(struct watcher *w);

/* --- watcher_tell.c: what is owed, and its NOTIFYs ----------------------- */

/** The presentity may have changed for this watcher */
void watcher_mark(struct watcher *w, const char *name);
/** Of anybody: rules about many have changed */
void watcher_recheck(struct watcher *w);
/** Everything it may know, anew, and at once */
void watcher_full(struct watcher *w);
/** Everything it may know, in as many NOTIFYs as it takes, then goodbye */
void watcher_fetch(struct watcher *w);
/** Send what is owed; w may be gone after the call */
void watcher_pump(struct watcher *w);

/** How a presentity is for this watcher, now */
struct seen {
	enum told_state state;
	uint64_t sum;
	const struct dir_sub *sub; /**< NULL if it may not be seen */
};
void watcher_see(const struct watcher *w, const char *name, struct seen *seen);

/* --- watchers.c ---------------------------------------------------------- */

/** It is to be pumped, soon: a change that thousands may know does not keep
 *  the thread from all else meanwhile */
void watchers_due(struct watcher *w);

/* --- watcher_notify.c: one NOTIFY ---------------------------------------- */

struct notify_body;
/** Bytes of its header fields that are not the body's, at most */
size_t watcher_notify_head(const struct watcher *w);
/** The answer goes to watcher_answered(). @return 0 or errno */
int watcher_notify(struct watcher *w, const struct binding *b,
		   const struct notify_body *body);
void watcher_answered(int err, const struct sip_msg *msg, void *arg);

#endif

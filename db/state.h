/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file state.h  What must survive a restart: bindings, dialogs of legs,
 *                publications, emergencies, audit
 *
 * state.db is ours alone. It is read once at start, before the loop runs, and
 * written behind by the store thread in group commits; every put or delete is
 * a copy into a bounded queue and never blocks. Overflow is counted, reported
 * and heals itself: a flag makes the owner put everything anew.
 *
 * Keys, counters and media addresses are never stored.
 */
#ifndef HL_DB_STATE_H
#define HL_DB_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include "util/limits.h"

struct hlog;
struct state;

enum { STATE_ROUTE_MAX = 1024, STATE_ID_MAX = 256, STATE_BODY_MAX = 3072 };

/** A registrar binding (RFC 3261 section 10) with its flow */
struct state_binding {
	char user[HL_NAME_MAX];
	char key[STATE_ID_MAX];      /**< Unique for the user: instance and
					  reg-id, else the contact URI */
	char contact[HL_URI_MAX];
	char instance[STATE_ID_MAX]; /**< May be empty */
	char callid[STATE_ID_MAX];
	uint32_t cseq;
	char flow[HL_HOST_MAX];      /**< "udp LOCAL REMOTE" as IP:port */
	char user_agent[HL_DISPLAY_MAX];
	uint64_t expires_utc_ms;
};

/** The dialog of a leg: enough to end it after a restart */
struct state_dialog {
	char subscriber[HL_NAME_MAX];
	char callid[STATE_ID_MAX];   /**< Key */
	char ltag[STATE_ID_MAX], rtag[STATE_ID_MAX];
	char luri[HL_URI_MAX], ruri[HL_URI_MAX]; /**< From and To URIs */
	char target[HL_URI_MAX];     /**< Remote target: Contact */
	char routes[STATE_ROUTE_MAX];/**< Route header values, comma between */
	uint32_t cseq_ceiling;       /**< No request of ours went above it */
};

/** An active service subscription (row P2) that restarts provision anew */
struct state_service {
	char subscriber[HL_NAME_MAX]; /**< Key */
	char user[HL_NAME_MAX];
	char key[STATE_ID_MAX];       /**< Binding key */
	bool manual;                  /**< Terminal does not answer by itself */
};

/** What a terminal published (RFC 3903): it need not notice a restart */
struct state_publication {
	char id[STATE_ID_MAX];        /**< Key; the same through all tags */
	char etag[STATE_ID_MAX];
	char user[HL_NAME_MAX];
	char subscriber[HL_NAME_MAX]; /**< Empty: all of the user's */
	char event[STATE_ID_MAX];     /**< Event package */
	char body[STATE_BODY_MAX];
	uint64_t said_utc_ms;         /**< When the body came */
	uint64_t expires_utc_ms;
};

/** A group is in an emergency until somebody ends that */
struct state_emergency {
	char group[HL_NAME_MAX];      /**< Key */
	char by[HL_NAME_MAX];         /**< Subscriber who declared it */
	uint64_t since_utc_ms;
};

/** A file that is damaged is put aside as PATH.corrupt, and begun anew.
 *  @return 0 or errno; the reason is logged in words */
int state_open(struct state **sp, const char *path, struct hlog *log);
/* mem_deref() writes what waits, then closes. */

typedef void(state_binding_h)(const struct state_binding *b, void *arg);
typedef void(state_dialog_h)(const struct state_dialog *d, void *arg);
typedef void(state_service_h)(const struct state_service *s, void *arg);
typedef void(state_publication_h)(const struct state_publication *p,
				  void *arg);
typedef void(state_emergency_h)(const struct state_emergency *e, void *arg);

/** Read everything; before the loop runs, on the caller's thread. A row that
 *  does not fit its struct is left out, and logged */
int state_bindings_load(struct state *s, state_binding_h *h, void *arg);
int state_dialogs_load(struct state *s, state_dialog_h *h, void *arg);
int state_services_load(struct state *s, state_service_h *h, void *arg);
int state_publications_load(struct state *s, state_publication_h *h,
			    void *arg);
int state_emergencies_load(struct state *s, state_emergency_h *h, void *arg);

/** Write behind. @return 0, EINVAL, ENOMEM; ENOBUFS: lost, counted */
int state_binding_put(struct state *s, const struct state_binding *b);
int state_binding_del(struct state *s, const char *user, const char *key);
int state_dialog_put(struct state *s, const struct state_dialog *d);
int state_dialog_del(struct state *s, const char *callid);
int state_service_put(struct state *s, const struct state_service *v);
int state_service_del(struct state *s, const char *subscriber);
int state_publication_put(struct state *s, const struct state_publication *p);
int state_publication_del(struct state *s, const char *id);
int state_emergency_put(struct state *s, const struct state_emergency *e);
int state_emergency_del(struct state *s, const char *group);

/** One line of the audit trail: who did what to whom */
int state_audit(struct state *s, const char *actor, const char *action,
		const char *object, const char *detail);

/**
 * True once after something was lost (the queue was full, or the file was
 * destroyed): the owner calls state_clear(), then puts everything anew
 */
bool state_overflowed(struct state *s);

/** Delete all bindings, dialogs, services, publications and emergencies, in the
 *  order of the puts.
 *  @return 0, ENOMEM, ENOBUFS (the flag of state_overflowed() is set again) */
int state_clear(struct state *s);

struct state_stats {
	uint64_t queued;   /**< Put into the queue */
	uint64_t written;  /**< In the file */
	uint64_t lost;     /**< Refused for want of room, or at the end */
	uint64_t commits;
	uint64_t errors;   /**< Failed attempts to write; they are repeated */
};
void state_stats_get(const struct state *s, struct state_stats *st);

/**
 * Wait until everything queued so far is on disk (tests, shutdown); blocks
 *
 * @return 0, or why the last attempt to write failed: what waits is tried
 *         again
 */
int state_flush(struct state *s);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file server.h  The conference role: legs, calls and groups of one node
 *
 * Owns a private SIP endpoint behind the edge, a leg (SIP dialog and mixer
 * leg) per subscriber it was told to provision, the calls that bridge legs,
 * and the bridges of pre-arranged groups. It learns everything it does from
 * the bus, from requests in its legs' dialogs, and from the mixer.
 *
 * What it never does: authenticate, authorise, know who is present (presence
 * decides that, over the bus), answer a SIP request that no edge handed on.
 *
 * Signalling thread only; never blocks. Owner: the daemon.
 */
#ifndef HL_SERVER_SERVER_H
#define HL_SERVER_SERVER_H

#include <stdint.h>
#include <jansson.h>
#include <re.h>
#include "mixer/mixer.h"
#include "util/limits.h"

struct bus;
struct hlog;
struct server;
struct state;

/** server_cfg_default() fills in what works; node and domain are needed */
struct server_cfg {
	char node[HL_NODE_MAX];     /**< Name of this conference server */
	char domain[HL_HOST_MAX];   /**< Of the URIs of subscribers, services
					 and groups */
	char software[HL_DISPLAY_MAX]; /**< Server header; empty: none */
	struct sa sip_laddr;        /**< Private SIP address; port 0: any */
	struct mixer_cfg mixer;
	uint32_t legs_max;          /**< Legs and expectations; more: 503 */
	uint32_t calls_max;         /**< Private and ad-hoc calls; more: 503 */
	uint32_t groups_max;        /**< Groups known; more: 503 */
	uint32_t group_members_max; /**< Members of one group; more: 503 */
	uint32_t asks_max;          /**< Activations that wait for presence */
	uint32_t focus_max;         /**< Subscriptions to conferences; more:
					 503 */
	uint32_t focus_leg_max;     /**< ..to that of one leg; more: 403 */
	uint32_t focus_users_max;   /**< Users shown in one, and who talks; the
					 others are only counted */
	uint32_t focus_bytes;       /**< Of a NOTIFY's body, if it has more
					 than one user */
	uint32_t focus_notify_ms;   /**< Between two changes told to one
					 subscriber */
	uint32_t focus_expires_min_s, focus_expires_s; /**< Shortest, longest */
	uint32_t invites_max;       /**< INVITEs of ours under way at once */
	uint32_t byes_max;          /**< The same for BYEs to old dialogs */
	uint32_t answer_ms;         /**< Rings (18x) for so long: CANCEL,
					 manual, not tried again until provisioned
					 anew */
	uint32_t connect_repeat_ms; /**< Connect and Disconnect without Ack are
					 said again after that.. */
	uint32_t connect_repeats;   /**< ..so many times */
	uint32_t setup_ms;          /**< Not even rings for so long: lost,
					 tried again */
	uint32_t retry_min_ms;      /**< First wait before that */
	uint32_t retry_max_ms;      /**< Doubled up to this, with jitter */
	uint32_t session_expires_s; /**< Session timer wanted; 0: none */
	uint32_t min_se_s;          /**< ..and the least that we take */
	uint32_t probe_s;           /**< Who has no session timer is asked so
					 often if it is there; 0: never */
	uint32_t close_ms;          /**< Bound of server_close() */
	uint32_t heartbeat_ms;
};

void server_cfg_default(struct server_cfg *cfg);

/**
 * Open the private endpoint and the mixer, serve the bus, end the dialogs
 * that state remembers of the last run
 *
 * @param state May be NULL: nothing survives a restart
 * @param log   May be NULL
 *
 * @return 0 or errno: EINVAL (configuration), EADDRINUSE, EADDRNOTAVAIL,
 *         EACCES, ENOMEM
 */
int server_alloc(struct server **srvp, const struct server_cfg *cfg,
		 struct bus *bus, struct state *state, struct hlog *log);
/* mem_deref() ends it at once: legs get a BYE but nobody waits for answers. */

/**
 * Leave in order: announce LEAVING, refuse what is new, BYE to every leg, wait
 * for the answers (at most close_ms), then call done_h once. The server must
 * be dereferenced by the owner afterwards, not inside done_h.
 */
void server_close(struct server *srv, void (*done_h)(void *arg), void *arg);

/** Address of the private endpoint, with the real port */
const struct sa *server_laddr(const struct server *srv);

enum { SERVER_STATUS_MAX = 1000 /**< Entries a list of the status shows */ };

/** Write anew what state may have lost (state.h) */
void server_store(struct server *srv);

/** Rows {group, by, since_utc_ms}: groups and calls in an emergency.
 *  @param rowsp A new array, the caller's. @return 0, EINVAL, ENOMEM */
int server_emergencies(const struct server *srv, json_t **rowsp);
/** End that of a group, or of a call as the rows name it; actor is written
 *  down. @return 0, EINVAL, ENOENT: it is in none */
int server_emergency_end(struct server *srv, const char *name,
			 const char *actor);
/** Take the floor of a group, or of a call as the status names it, from who
 *  has it; actor is written down.
 *  @return 0, EINVAL, ENOENT: nobody of it is up, EALREADY: nobody talks,
 *          EAGAIN */
int server_floor_revoke(struct server *srv, const char *name,
			const char *actor);

/**
 * What is there now: node, counters, legs [{subscriber, user, service,
 * status, since_ms, media, ...}], bridges [{kind: private|adhoc|group, name,
 * members, holder}], emergencies, mixer workers' counters. Lists end after
 * SERVER_STATUS_MAX entries; the totals count all.
 *
 * @param objp A new object, the caller's
 *
 * @return 0 or ENOMEM
 */
int server_status(const struct server *srv, json_t **objp);

#endif

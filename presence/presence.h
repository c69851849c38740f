/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file presence.h  The presence role: the edge and what it decides
 *
 * Alone owns the public SIP sockets: registrar (RFC 3261 section 10), service
 * subscriptions and lists of active subscribers (rows P2, P5, P13), presence of
 * single users, what they publish of themselves (RFC 3903), assignment
 * of conference servers (P15), activation decisions (P11, P12), and the proxy
 * between terminals and conference servers. Asks auth and conference roles
 * over the bus; never includes them.
 *
 * Signalling thread only.
 */
#ifndef HL_PRESENCE_PRESENCE_H
#define HL_PRESENCE_PRESENCE_H

#include <stdint.h>
#include <jansson.h>
#include <re.h>
#include "util/limits.h"

struct bus;
struct hlog;
struct presence;
struct prov;
struct state;

/** Public sockets: some addresses of two families with three transports; their
 *  index has two hexadecimal digits in tokens */
enum { PRESENCE_LADDRS_MAX = 48 };

/** A public socket to be */
struct presence_listen {
	enum sip_transp tp;         /**< UDP, TCP or TLS */
	struct sa laddr;            /**< Never the wildcard address */
};

/** sip:list@domain is the list of all that the one who subscribes may see */
#define PRESENCE_LIST_NAME "list"

struct presence_cfg {
	char domain[HL_HOST_MAX];   /**< Ours; the realm is the database's */
	struct presence_listen laddrv[PRESENCE_LADDRS_MAX];
	unsigned laddrc;
	struct sa internal;         /**< Towards conference servers */
	/** Told to terminals instead of the flow's local address where that is
	 *  of the same family; unset: that address. sip: Via, Record-Route (a
	 *  port is that of UDP and TCP); media: SDP */
	struct sa advertised, media;
	/** Of TLS sockets; both files are made if tls_make and neither is
	 *  there */
	char tls_certificate[512], tls_key[512];
	bool tls_make;
	uint32_t connections_max;   /**< TCP and TLS, of all sockets */
	uint32_t connections_ip_max;/**< ..and of one peer address */
	uint32_t connection_idle_s; /**< Without a registration */
	uint32_t flow_timer_s;      /**< Keep-alives of RFC 5626 on them */
	uint32_t datagram_bytes;    /**< Longer requests go by TCP if it can be
					 (RFC 3261 section 18.1.1) */
	char key_path[512];         /**< File with the key of route tokens,
					  made if absent; empty: a key that
					  lives as long as the process */
	char software[64];
	uint32_t expires_min_s, expires_max_s, expires_default_s;
	uint32_t contacts_max;      /**< Bindings of one user */
	uint32_t bindings_max;      /**< ..and of all */
	uint32_t watchers_max;      /**< SUBSCRIBE dialogs of all */
	uint32_t watchers_user_max; /**< ..and of one user */
	uint32_t pending_max;       /**< Requests waiting for an answer */
	/** Requests of one user that was proven, REGISTER and what ends a
	 *  dialog apart: a burst, and what comes back in a second */
	uint32_t user_burst, user_per_s;
	uint32_t list_max;          /**< Presentities told to one watcher */
	uint32_t notify_bytes;      /**< NOTIFY bodies stop growing here */
	uint32_t notify_interval_ms;/**< Rounds of NOTIFYs to one watcher; 0:
					  as changes come */
	uint32_t publications_max;  /**< Publications of all */
	uint32_t publications_user_max; /**< ..and of one user */
	uint32_t node_lost_ms;      /**< No heartbeat: the node is gone */
};

void presence_cfg_default(struct presence_cfg *cfg);

/** @return 0 or errno; mem_deref() ends the role */
int presence_alloc(struct presence **pp, const struct presence_cfg *cfg,
		   struct bus *bus, struct prov *prov, struct state *state,
		   struct hlog *log);

/** Put bindings and service subscriptions into state.db anew: something that
 *  was put before was lost (state_overflowed()) */
void presence_store(struct presence *p);

/** Local address of public socket i, with its real port; NULL past the end.
 *  Its transport where transpp is not NULL */
const struct sa *presence_laddr(const struct presence *p, unsigned i,
				enum sip_transp *transpp);

/**
 * Load the TLS certificate anew: for handshakes to come, connections stay
 *
 * @param words Of size: why not
 *
 * @return 0 (also without TLS) or errno: the old one stays
 */
int presence_tls_reload(struct presence *p, char *words, size_t size);

/** nodes, users with bindings, subscriptions with their leg's state, watchers,
 *  counters; lists are bounded, totals are true */
int presence_status(const struct presence *p, json_t **objp);

#endif

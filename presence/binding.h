/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file binding.h  Where a user's terminals are (RFC 3261 section 10)
 *
 * A binding is a contact and the flow that it was registered by: requests go
 * to the flow, whatever the contact says. It has a stable id, which names it in
 * routes, and an epoch, which changes when the terminal starts afresh (its
 * dialogs are worth nothing then). Signalling thread only; owned by presence.
 */
#ifndef HL_PRESENCE_BINDING_H
#define HL_PRESENCE_BINDING_H

#include <stdbool.h>
#include <stdint.h>
#include <re.h>
#include "db/state.h"
#include "presence/directory.h"

struct bindings;

struct binding {
	struct le he_id, he_flow, le_user;
	struct bindings *table;
	struct dir_user *user;
	uint64_t id, epoch;
	uint64_t owner;       /**< binding_owner() of its user */
	char *key;
	char *contact;
	char *instance;       /**< May be empty */
	char *callid;
	char *user_agent;     /**< May be empty */
	uint32_t cseq;
	uint8_t laddr;        /**< Index of our socket */
	struct sa flow;
	bool dead;            /**< Its connection ended; another of the same
				   instance serves until it is back */
	bool tcp_failed;      /**< No TCP connection to its contact */
	uint64_t large;       /**< edge.c: INVITE that went by another flow */
	uint64_t expires_ms;  /**< tmr_jiffies() */
	struct tmr tmr;
};

/** What a REGISTER says of one contact */
struct binding_update {
	const char *key, *contact, *instance, *callid, *user_agent;
	uint32_t cseq, expires_s;
	uint8_t laddr;
	struct sa flow;
};

enum binding_event {
	BINDING_NEW,
	BINDING_AFRESH, /**< The terminal started anew: new epoch */
	BINDING_MOVED,  /**< Same epoch, another flow or contact */
	BINDING_GONE    /**< Expired or removed; freed after the call */
};

typedef void(binding_h)(struct binding *b, enum binding_event ev, void *arg);

int bindings_alloc(struct bindings **tp, uint32_t max, struct state *state,
		   binding_h *h, void *arg);

struct binding *binding_find(const struct dir_user *user, const char *key);
struct binding *binding_by_id(const struct bindings *t, uint64_t id);
/** Names a user in tokens and flows */
uint64_t binding_owner(const struct dir_user *user);
/** The owner's live binding that was registered from this address, the newest
 *  if several were: a gateway or a phone with several accounts has one flow for
 *  all its users, one that lost its memory another contact on the same flow */
struct binding *binding_by_flow(const struct bindings *t, const struct sa *flow,
				uint8_t laddr, uint64_t owner);

/** The newest binding of a user that was registered from that IP address */
struct binding *binding_from(const struct dir_user *user,
			     const struct sa *addr);
/** Any binding on a flow that is not dead, or NULL */
struct binding *binding_on_flow(const struct bindings *t,
				const struct sa *flow, uint8_t laddr);
/** Its connection ended, but it is not removed */
void binding_dead(struct binding *b);

/** Make or refresh. @return 0, ENOSPC (table full), ENOMEM */
int binding_set(struct bindings *t, struct dir_user *user,
		const struct binding_update *up);
void binding_remove(struct binding *b);
void bindings_remove_user(struct dir_user *user);

/** Seconds left, at least 1 */
uint32_t binding_expires_s(const struct binding *b);

/** Put all of them into state.db anew */
void bindings_store(const struct bindings *t);

uint32_t bindings_count(const struct bindings *t);

/** Take up what state.db kept; users that are gone are left out. flow is
 *  mapped to a socket index by laddrh (-1: that socket is gone) */
typedef int(binding_laddr_h)(const struct sa *laddr, void *arg);
int bindings_restore(struct bindings *t, const struct state_binding *row,
		     const struct directory *dir, binding_laddr_h *laddrh,
		     void *arg);

/** Names socket i in what is stored. What came by a connection is left out
 *  when it is taken up again: the connection is gone. */
void bindings_laddr_set(struct bindings *t, uint8_t i, enum sip_transp tp,
			const struct sa *laddr);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bus.h  The only way by which roles reach each other
 *
 * Requests with an answer, and announcements without. A role registers what it
 * serves; it never learns whether the other side is in its process.
 *
 * Signalling thread only. Delivery is always from the loop, never from inside
 * the call that sent: a handler may send, free itself, or end its request.
 * Messages are copied. Queues are bounded (ENOBUFS). Order between two roles
 * is kept.
 */
#ifndef HL_BUS_BUS_H
#define HL_BUS_BUS_H

#include "bus/msg.h"

struct bus;
struct bus_server;  /**< A served address; mem_deref() ends it */
struct bus_listener;/**< Interest in announcements; mem_deref() ends it */
struct bus_call;    /**< A request under way; mem_deref() forgets it */
struct bus_reply;   /**< The duty to answer one request */

/** Addresses: a role, and for conference servers the node's name */
enum bus_role { BUS_AUTH, BUS_PRESENCE, BUS_CONFERENCE };

/**
 * A request came. Answer with bus_answer() now or later, exactly once;
 * mem_deref() of an unanswered reply answers 500. Ownership of reply is the
 * handler's.
 */
typedef void(bus_request_h)(const struct bus_msg *msg, struct bus_reply *reply,
			    void *arg);
typedef void(bus_announce_h)(const struct bus_msg *msg, void *arg);
/** err: 0 and msg, or ETIMEDOUT, EHOSTUNREACH (nobody serves it), EPROTO and
 *  msg NULL. Called once, unless the call was dereferenced before. */
typedef void(bus_answer_h)(int err, const struct bus_msg *msg, void *arg);

/** The in-process bus */
int bus_local_alloc(struct bus **busp, uint32_t queue_max);

int bus_serve(struct bus_server **sp, struct bus *bus, enum bus_role role,
	      const char *node, bus_request_h *h, void *arg);
int bus_listen(struct bus_listener **lp, struct bus *bus, enum bus_type type,
	       bus_announce_h *h, void *arg);

int bus_announce(struct bus *bus, const struct bus_msg *msg);

/**
 * Ask
 *
 * @param callp       Result, NULL if the caller never needs to forget it
 * @param node        Conference server's name, else NULL
 * @param deadline_ms 0: 5 s
 */
int bus_request(struct bus_call **callp, struct bus *bus, enum bus_role role,
		const char *node, const struct bus_msg *msg,
		uint32_t deadline_ms, bus_answer_h *h, void *arg);

/** Answer and end the reply */
int bus_answer(struct bus_reply *reply, const struct bus_msg *msg);
/** Shorthand for BUS_RESULT */
int bus_answer_result(struct bus_reply *reply, uint16_t code,
		      const char *words);

#endif

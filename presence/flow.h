/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file flow.h  By which flow a terminal is reached
 *
 * A request goes to the flow by which its binding was registered, over that
 * same connection where it was one (RFC 5626). When a connection ends, what was
 * registered by it is gone, unless the terminal has registered another flow
 * (same instance, another reg-id): then that one serves.
 *
 * A request that is too large for a datagram goes by TCP if the terminal can
 * be reached so (RFC 3261 section 18.1.1): by another flow of the same
 * instance, or by a connection to its contact if that is where it registered
 * from. That it cannot is remembered.
 *
 * Signalling thread only.
 */
#ifndef HL_PRESENCE_FLOW_H
#define HL_PRESENCE_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <re.h>
#include "presence/binding.h"

struct edge_sock;
struct flow_wait;
struct presence;

/** Where to send a request, and by which of our sockets */
struct flow_path {
	struct edge_sock *sock;
	struct sa dst;
};

/** path NULL: the binding is gone. The wait is over and freed after it */
typedef void(flow_path_h)(const struct flow_path *path, void *arg);

/**
 * How a request of so many bytes, headers and all, reaches a binding
 *
 * @param waitp Result where a connection is being made: mem_deref() ends the
 *              wait. Untouched else; NULL: do not wait
 * @param path  Result
 * @param h     Called once, later, if and only if EINPROGRESS was returned
 *
 * @return 0, EINPROGRESS, or ECONNREFUSED: its flow is gone (430)
 */
int flow_find(struct flow_wait **waitp, struct presence *p,
	      const struct binding *b, size_t bytes, struct flow_path *path,
	      flow_path_h *h, void *arg);

/** Route header or Route URI value of a path: "sip:ADDRESS;transport=.." as
 *  sip_request() takes it. @return 0 or EOVERFLOW */
int flow_path_uri(const struct flow_path *path, char *buf, size_t size);

/** A REGISTER made or refreshed a binding. It had the flow old before, or
 *  NULL. outbound: the terminal sends keep-alives as RFC 5626 says. */
void flow_registered(struct presence *p, const struct binding *b,
		     bool outbound, const struct flow_path *old);

/** Seconds between keep-alives that are asked for on socket i */
uint32_t flow_timer_s(const struct presence *p, uint8_t i);

/** binding_h of the role: provision_binding() and the flow's end */
void flow_binding(struct binding *b, enum binding_event ev, void *arg);
/** endpoint_flow_h; arg: struct edge_sock */
void flow_event(const struct sa *peer, bool up, void *arg);

#endif

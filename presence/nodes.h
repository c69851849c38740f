/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file nodes.h  The conference servers: state, load, availability (row P15)
 *
 * Known from their heartbeats alone; one that stays silent is lost, one that
 * drains gets nobody new; one that leaves is known until it is silent.
 * Signalling thread only; owned by presence.
 */
#ifndef HL_PRESENCE_NODES_H
#define HL_PRESENCE_NODES_H

#include <stdbool.h>
#include <stdint.h>
#include <re.h>
#include "bus/bus.h"

struct nodes;

struct node {
	struct le le;
	struct nodes *table;
	struct bus_heartbeat hb;
	struct sa sip;           /**< Its private SIP endpoint */
	uint32_t assigned;       /**< Legs asked of it since its last word */
	uint64_t heard_ms;
	struct tmr tmr;
};

enum node_event {
	NODE_UP,      /**< New, or back */
	NODE_RESTART, /**< Another boot: its legs are gone */
	NODE_LOST     /**< Silent (freed after the call) or leaving */
};

typedef void(node_h)(const struct node *n, enum node_event ev, void *arg);

int nodes_alloc(struct nodes **np, struct bus *bus, uint32_t lost_ms,
		node_h *h, void *arg);

struct node *node_find(const struct nodes *t, const char *name);
/** Whose private endpoint is that? */
struct node *node_by_addr(const struct nodes *t, const struct sa *addr);

/** Least loaded one that takes new legs, or NULL */
struct node *node_assign(const struct nodes *t);

const struct list *nodes_list(const struct nodes *t);

#endif

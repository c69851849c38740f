/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file nodes.c  The conference servers: state, load, availability (row P15)
 */
#include <errno.h>
#include <string.h>
#include "presence/nodes.h"

enum { NODES_MAX = 256 };

struct nodes {
	struct list nodes;
	struct bus_listener *listener;
	uint32_t lost_ms;
	node_h *h;
	void *arg;
};

static void node_destructor(void *arg)
{
	struct node *n = arg;

	list_unlink(&n->le);
	tmr_cancel(&n->tmr);
}

static void lost(void *arg)
{
	struct node *n = arg;
	struct nodes *t = n->table;

	list_unlink(&n->le);
	if (n->hb.state != BUS_NODE_LEAVING)
		t->h(n, NODE_LOST, t->arg);
	mem_deref(n);
}

/* It gets nobody any more, but the BYEs of its legs still come from it */
static void leave(struct node *n)
{
	struct nodes *t = n->table;

	if (n->hb.state == BUS_NODE_LEAVING)
		return;
	n->hb.state = BUS_NODE_LEAVING;
	tmr_start(&n->tmr, t->lost_ms, lost, n);
	t->h(n, NODE_LOST, t->arg);
}

struct node *node_find(const struct nodes *t, const char *name)
{
	struct le *le;

	LIST_FOREACH(&t->nodes, le)
	{
		struct node *n = le->data;

		if (!strcmp(n->hb.node, name))
			return n;
	}
	return NULL;
}

struct node *node_by_addr(const struct nodes *t, const struct sa *addr)
{
	struct le *le;

	LIST_FOREACH(&t->nodes, le)
	{
		struct node *n = le->data;

		if (sa_cmp(&n->sip, addr, SA_ALL))
			return n;
	}
	return NULL;
}

/* Load is a share of what the node can carry, so unequal machines fill up
 * evenly; what was asked of it since its last heartbeat counts as load. */
struct node *node_assign(const struct nodes *t)
{
	struct node *best = NULL;
	double best_load = 1.0;
	struct le *le;

	LIST_FOREACH(&t->nodes, le)
	{
		struct node *n = le->data;
		double load;

		if (n->hb.state != BUS_NODE_UP || !n->hb.legs_max)
			continue;
		load = ((double)n->hb.legs + n->assigned) / n->hb.legs_max;
		if (load < best_load) {
			best = n;
			best_load = load;
		}
	}
	return best;
}

const struct list *nodes_list(const struct nodes *t)
{
	return &t->nodes;
}

static struct node *node_add(struct nodes *t, const struct bus_heartbeat *hb)
{
	struct node *n;

	if (list_count(&t->nodes) >= NODES_MAX)
		return NULL;
	n = mem_zalloc(sizeof(*n), node_destructor);
	if (!n)
		return NULL;
	n->table = t;
	n->hb = *hb;
	tmr_init(&n->tmr);
	list_append(&t->nodes, &n->le, n);
	return n;
}

static void heartbeat_handler(const struct bus_msg *msg, void *arg)
{
	const struct bus_heartbeat *hb = &msg->u.heartbeat;
	struct nodes *t = arg;
	struct node *n = node_find(t, hb->node);
	enum node_event ev = NODE_UP;
	bool tell = false;
	struct sa sip;

	if (sa_decode(&sip, hb->sip, str_len(hb->sip)))
		return;
	if (hb->state == BUS_NODE_LEAVING) {
		if (n)
			leave(n);
		return;
	}
	if (!n) {
		n = node_add(t, hb);
		if (!n)
			return;
		tell = true;
	}
	else if (n->hb.boot != hb->boot) {
		if (n->hb.state != BUS_NODE_LEAVING)
			ev = NODE_RESTART;
		tell = true;
	}
	n->hb = *hb;
	n->sip = sip;
	n->assigned = 0;
	n->heard_ms = tmr_jiffies();
	tmr_start(&n->tmr, t->lost_ms, lost, n);
	if (tell)
		t->h(n, ev, t->arg);
}

static void destructor(void *arg)
{
	struct nodes *t = arg;

	mem_deref(t->listener);
	list_flush(&t->nodes);
}

int nodes_alloc(struct nodes **np, struct bus *bus, uint32_t lost_ms,
		node_h *h, void *arg)
{
	struct nodes *t;
	int err;

	if (!np || !bus || !h || !lost_ms)
		return EINVAL;
	t = mem_zalloc(sizeof(*t), destructor);
	if (!t)
		return ENOMEM;
	t->lost_ms = lost_ms;
	t->h = h;
	t->arg = arg;
	err = bus_listen(&t->listener, bus, BUS_HEARTBEAT, heartbeat_handler,
			 t);
	if (err)
		mem_deref(t);
	else
		*np = t;
	return err;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file held.c  A request that waits for a connection
 *
 * What is too large for a datagram may have to wait until the terminal was
 * dialled. Meanwhile it is repeated, which is not another request. As many wait
 * as there may be waits for connections.
 */
#include <errno.h>
#include "presence/flow.h"
#include "presence/priv.h"

struct held {
	struct le le;
	struct presence *p;
	struct sip_msg *msg;
	uint64_t binding;
	struct flow_wait *wait;
};

static void destructor(void *arg)
{
	struct held *h = arg;

	list_unlink(&h->le);
	mem_deref(h->wait);
	mem_deref(h->msg);
}

static void path_handler(const struct flow_path *path, void *arg)
{
	struct held *h = arg;
	struct binding *b = NULL;

	h->wait = NULL;
	if (path)
		b = binding_by_id(h->p->bindings, h->binding);
	edge_to_path(h->p, h->msg, b, path);
	mem_deref(h);
}

static bool is_held(const struct presence *p, const struct sip_msg *msg)
{
	struct le *le;

	LIST_FOREACH(&p->helds, le)
	{
		const struct held *h = le->data;

		if (h->msg->cseq.num == msg->cseq.num &&
		    !pl_cmp(&h->msg->met, &msg->met) &&
		    !pl_cmp(&h->msg->via.branch, &msg->via.branch) &&
		    !pl_cmp(&h->msg->callid, &msg->callid))
			return true;
	}
	return false;
}

void held_request(struct presence *p, const struct sip_msg *msg,
		  struct binding *b)
{
	struct flow_path path;
	struct held *h;
	int err;

	if (is_held(p, msg))
		return;
	h = mem_zalloc(sizeof(*h), destructor);
	if (!h)
		return;
	h->p = p;
	h->binding = b->id;
	err = flow_find(&h->wait, p, b, SIZE_MAX, &path, path_handler, h);
	if (err == EINPROGRESS) {
		h->msg = mem_ref((void *)(size_t)msg);
		list_append(&p->helds, &h->le, h);
		return;
	}
	edge_to_path(p, msg, err ? NULL : b, &path);
	mem_deref(h);
}

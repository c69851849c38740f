/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file focus.c  SUBSCRIBE to the conference of a leg, out of its dialog
 *
 * The conference server that has the leg answers it; here it is seen to that
 * the leg is the asker's own.
 */
#include <errno.h>
#include "presence/priv.h"
#include "sip/leguri.h"

bool focus_named(const struct sip_msg *msg)
{
	char name[HL_NAME_MAX];

	return !leguri_user_decode(name, &msg->uri.user);
}

/* A leg of nobody, of somebody else, of a subscription that is disabled: all
 * the same answer */
static const struct dir_sub *own_sub(const struct request *rq)
{
	const struct dir_user *user = request_user(rq);
	const struct dir_sub *sub;
	char name[HL_NAME_MAX];

	if (!user || leguri_user_decode(name, &rq->msg->uri.user))
		return NULL;
	sub = directory_sub(rq->p->dir, name);
	return dir_sub_enabled(sub) && sub->user == user ? sub : NULL;
}

static int forward(struct request *rq, const struct dir_sub *sub,
		   const struct binding *b, const struct node *n)
{
	const struct presence *p = rq->p;
	char identity[HL_URI_MAX];

	if (re_snprintf(identity, sizeof(identity), "sip:%s@%s",
			sub->row.subscriber, p->cfg.domain) < 0)
		return EOVERFLOW;
	return edge_forward_node(rq->p, rq->sock, rq->msg, n, b, identity);
}

void focus_subscribe(struct request *rq, void *arg)
{
	const struct presence *p = rq->p;
	const struct dir_sub *sub = own_sub(rq);
	const struct binding *b;
	const struct node *n;

	(void)arg;
	rq->p->n.subscribes++;
	if (!sub) {
		subscribe_refuse(rq, 403, "Not Allowed, Or No Leg's URI", NULL,
				 NULL);
		return;
	}
	b = binding_by_flow(p->bindings, &rq->msg->src, rq->sock,
			    binding_owner(sub->user));
	if (!b) {
		subscribe_refuse(rq, 403, "Register From This Address First",
				 NULL, NULL);
		return;
	}
	n = node_find(p->nodes, sub->node);
	if (!n) {
		subscribe_refuse(rq, 480, "No Leg Is Up", NULL, NULL);
		return;
	}
	edge_forwarded(rq, forward(rq, sub, b, n));
}

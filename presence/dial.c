/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file dial.c  The INVITE of a terminal: it makes its leg, or dials by it
 *
 * To a service it makes the leg and no more. To a group or a user it makes the
 * leg and joins: the conference server asks whether it may before it answers.
 * What is refused has changed nothing: a leg that there is stays.
 */
#include <errno.h>
#include <string.h>
#include "presence/priv.h"
#include "sip/refer.h"

/* --- which subscription ------------------------------------------------- */

/* How well a subscription of the caller's suits a call to that user: of a
 * phone that knows no more than its user's name any may be meant */
static unsigned suits(const struct presence *p, const struct dir_sub *sub,
		      const char *from, const char *target)
{
	const struct dir_sub *called;

	if (!dir_sub_enabled(sub))
		return 0;
	called = directory_resolve(p->dir, target, sub->service);
	return 1 + (strcmp(sub->row.subscriber, from) ? 0 : 1) +
	       (called && called != sub ? 2 : 0) +
	       (called && directory_may_call(p->dir, sub->row.subscriber,
					     called->row.subscriber)
			? 4 : 0);
}

static struct dir_sub *dialling_sub(const struct presence *p,
				    const char *from, const char *target)
{
	const struct dir_sub *named = directory_sub(p->dir, from);
	const struct dir_user *user = named ? named->user
					    : directory_user(p->dir, from);
	struct dir_sub *best = NULL;
	unsigned most = 0;
	struct le *le;

	if (!user)
		return NULL;
	/* A subscriber that is not called as its user means itself */
	if (named && strcmp(from, user->row.name))
		return dir_sub_enabled(named) ? (struct dir_sub *)named : NULL;
	LIST_FOREACH(&user->subs, le)
	{
		const unsigned n = suits(p, le->data, from, target);

		if (n > most) {
			most = n;
			best = le->data;
		}
	}
	return best;
}

struct dir_sub *dial_sub(const struct presence *p, const struct sip_msg *msg)
{
	const struct dir_service *svc;
	const struct dir_group *g;
	char name[HL_NAME_MAX], from[HL_NAME_MAX];
	struct dir_sub *sub;

	if (edge_local_user(p, &msg->uri, name) ||
	    edge_local_user(p, &msg->from.uri, from))
		return NULL;
	svc = directory_service(p->dir, name);
	g = svc ? NULL : directory_group(p->dir, name);
	if (g)
		svc = directory_service(p->dir, g->row.service);
	if (!svc)
		return g ? NULL : dialling_sub(p, from, name);
	sub = directory_resolve(p->dir, from, svc);
	return sub && dir_sub_enabled(sub) ? sub : NULL;
}

/* --- forwarding --------------------------------------------------------- */

void dial_forward(struct request *rq, const struct dir_sub *sub,
		  uint64_t binding)
{
	struct presence *p = rq->p;
	const struct node *n = node_find(p->nodes, sub->node);
	const struct binding *b = binding_by_id(p->bindings, binding);
	char identity[HL_URI_MAX];

	if (rq->cancelled) {
		request_reply(rq, 487, "Request Terminated", NULL);
		return;
	}
	if (!n || !b ||
	    re_snprintf(identity, sizeof(identity), "sip:%s@%s",
			sub->row.subscriber, p->cfg.domain) < 0) {
		request_reply(rq, 480, "Not Registered", NULL);
		return;
	}
	edge_forwarded(rq, edge_forward_node(p, rq->sock, rq->msg, n, b,
					     identity));
}

/* --- the request -------------------------------------------------------- */

/* Refused before anything is asked for; 200: not */
static bool refused(struct request *rq, const struct dir_sub *sub,
		    const char *target)
{
	struct presence *p = rq->p;
	struct bus_activate_ask ask;
	struct bus_activation ans;

	memset(&ask, 0, sizeof(ask));
	memcpy(ask.caller, sub->row.subscriber, sizeof(ask.caller));
	ask.dialled = true;
	ask.targetc = 1;
	(void)re_snprintf(ask.targetv[0], sizeof(ask.targetv[0]), "%s",
			  target);
	activate_decide(p, sub, &ask, &ans);
	if (ans.code == 200)
		return false;
	hlog(p->log, HLOG_INFO, "dial", "refused",
	     HLOG_S("caller", sub->row.subscriber), HLOG_S("target", target),
	     HLOG_U("code", ans.code), HLOG_S("reason", ans.words));
	request_reply(rq, ans.code, ans.words, NULL);
	return true;
}

void dial_request(struct request *rq, void *arg)
{
	struct presence *p = rq->p;
	const struct dir_user *user = request_user(rq);
	struct dir_sub *sub = dial_sub(p, rq->msg);
	const struct binding *b;
	char target[HL_NAME_MAX];

	(void)arg;
	p->n.invites++;
	if (!user || !sub || sub->user != user ||
	    edge_local_user(p, &rq->msg->uri, target)) {
		request_reply(rq, 403, "Not Allowed", NULL);
		return;
	}
	b = binding_by_flow(p->bindings, &rq->msg->src, rq->sock,
			    binding_owner(user));
	if (!b) {
		request_reply(rq, 403, "Register From This Address First",
			      NULL);
		return;
	}
	if (directory_service(p->dir, target))
		provision_invited(rq, sub, b, false);
	else if (!refused(rq, sub, target))
		provision_invited(rq, sub, b, true);
}

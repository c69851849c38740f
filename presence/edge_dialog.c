/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file edge_dialog.c  A terminal's request in a dialog, to its conference
 *                      server
 */
#include <errno.h>
#include "presence/priv.h"

/* Whose dialog a request is in was proven when the dialog was made: it comes
 * from where that user is registered now. */
static const struct binding *in_dialog_binding(const struct presence *p,
					       uint8_t sock,
					       const struct sip_msg *msg,
					       const struct edge_routes *r)
{
	return binding_by_flow(p->bindings, &msg->src, sock, r->node.user);
}

/* A token proves whose it is, not that the dialog is theirs: the conference
 * server compares. @return 0, or errno with nothing said yet; ESRCH: that
 * server is gone */
static int to_dialog(struct presence *p, uint8_t sock,
		     const struct sip_msg *msg, const struct edge_routes *r,
		     const struct dir_user *user)
{
	char identity[HL_URI_MAX];
	const struct forward f = {
		.key = &p->key,
		.out = p->internal.ep,
		.dst = &r->node.addr,
		.limit_bytes = ENDPOINT_DATAGRAM_MAX,
		.in = sock,
		.routes_drop = r->n,
		.identity = identity,
	};

	if (!node_by_addr(p->nodes, &r->node.addr))
		return ESRCH;
	if (re_snprintf(identity, sizeof(identity), "sip:%s@%s",
			user->row.name, p->cfg.domain) < 0)
		return EOVERFLOW;
	return forward_request(&f, msg);
}

static void stranger(struct presence *p, const struct sip_msg *msg)
{
	p->n.refused_dialog++;
	hlog_limited(p->log, "edge.stranger", HLOG_INFO, "edge",
		     "stranger in dialog", HLOG_SA("peer", &msg->src),
		     HLOG_PL("method", &msg->met));
}

/* It came by another connection than the dialog's flow, and who sent it is
 * proven now */
static void proven_in_dialog(struct request *rq, void *arg)
{
	const struct dir_user *user = request_user(rq);
	struct presence *p = rq->p;
	struct edge_routes r;
	int err;

	(void)arg;
	edge_routes_parse(p, rq->msg, &r);
	if (!user || binding_owner(user) != r.node.user ||
	    !binding_from(user, &rq->msg->src)) {
		stranger(p, rq->msg);
		request_reply(rq, 403, "Not Your Dialog", NULL);
		return;
	}
	err = to_dialog(p, rq->sock, rq->msg, &r, user);
	if (!err)
		p->n.forwarded_in++;
	edge_forwarded(rq, err);
}

/* RFC 3261 section 18.1.1: what is too large for a terminal's datagrams comes
 * by a connection of its own, which nobody has registered */
static bool may_prove(const struct sip_msg *msg)
{
	return msg->tp != SIP_TRANSP_UDP && pl_strcmp(&msg->met, "ACK") &&
	       pl_strcmp(&msg->met, "CANCEL");
}

void edge_in_dialog(struct edge_sock *sock, const struct sip_msg *msg,
		    const struct edge_routes *r)
{
	struct presence *p = sock->p;
	const struct binding *b = in_dialog_binding(p, sock->i, msg, r);
	int err;

	if (!b && may_prove(msg)) {
		request_authenticate(sock, msg, true, proven_in_dialog, NULL);
		return;
	}
	if (!b) {
		stranger(p, msg);
		edge_answer(sock, msg, 403, "Not Your Dialog");
		return;
	}
	if (!request_rate(sock, msg, b->user))
		return;
	err = to_dialog(p, sock->i, msg, r, b->user);
	if (!err)
		p->n.forwarded_in++;
	else
		edge_not_relayed(p, sock, msg, err);
}

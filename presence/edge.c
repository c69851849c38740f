/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file edge.c  The proxy between terminals and conference servers
 *
 * Relays to a live binding's flow or a known conference server, and to nobody
 * else. What comes from outside goes by our own route tokens alone; what comes
 * from inside must come from a conference server that beats.
 */
#include <errno.h>
#include <string.h>
#include "presence/flow.h"
#include "presence/priv.h"
#include "sip/refer.h"

#define ALLOW                                                                  \
	"Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, SUBSCRIBE, "     \
	"REFER, INFO, PUBLISH, UPDATE\r\n"

enum { ROUTE_MAX = HL_URI_MAX };

void edge_answer(const struct edge_sock *sock, const struct sip_msg *msg,
		 uint16_t code, const char *words)
{
	if (pl_strcmp(&msg->met, "ACK"))
		(void)sip_reply(endpoint_sip(sock->ep), msg, code, words);
}

static uint16_t refusal(struct presence *p, int err, const char **wordsp)
{
	p->n.forward_errors++;
	switch (err) {
	case ELOOP:
		*wordsp = "Too Many Hops";
		return 483;
	case EMSGSIZE:
		*wordsp = "Message Too Large";
		return 513;
	case ESRCH:
		*wordsp = "Conference Server Is Gone";
		return 481;
	case ECONNREFUSED:
		p->n.flow_failures++;
		*wordsp = "Flow Failed";
		return 430;
	}
	*wordsp = "Cannot Forward";
	return 500;
}

void edge_not_relayed(struct presence *p, const struct edge_sock *in,
		      const struct sip_msg *msg, int err)
{
	const char *words;
	const uint16_t code = refusal(p, err, &words);

	edge_answer(in, msg, code, words);
}

static void relay(struct presence *p, const struct edge_sock *in,
		  const struct forward *f, const struct sip_msg *msg)
{
	const int err = forward_request(f, msg);

	if (err)
		edge_not_relayed(p, in, msg, err);
	else if (in->i == EDGE_INTERNAL)
		p->n.forwarded_out++;
	else
		p->n.forwarded_in++;
}

/* --- from a conference server to a terminal ----------------------------- */

/* The terminal's own requests come by its binding's flow, whichever this one
 * goes by */
static int to_path(struct presence *p, const struct sip_msg *msg,
		   const struct binding *b, const struct flow_path *path,
		   size_t limit_bytes)
{
	const uint8_t home = b->dead ? path->sock->i : b->laddr;
	char rr_node[ROUTE_MAX], rr_flow[ROUTE_MAX];
	struct forward f = {
		.key = &p->key,
		.out = path->sock->ep,
		.dst = &path->dst,
		.in = EDGE_INTERNAL,
		.trusted = true,
		.limit_bytes = limit_bytes,
	};
	struct edge_routes r;
	struct sa shown;
	int err;

	edge_routes_parse(p, msg, &r);
	f.routes_drop = r.n;
	f.via = edge_sock_shown(p, path->sock->i, &shown);
	if (!pl_isset(&msg->to.tag)) {
		err = edge_node_route(p, home, &msg->src, b->user, rr_node,
				      sizeof(rr_node));
		err = err ? err
			  : edge_flow_route(p, b, rr_flow, sizeof(rr_flow));
		if (err)
			return err;
		f.record_route[0] = rr_node;
		f.record_route[1] = rr_flow;
	}
	err = forward_request(&f, msg);
	if (!err)
		p->n.forwarded_out++;
	return err;
}

/* The same for an INVITE, its CANCEL and the ACK of its refusal */
static uint64_t invite_name(const struct sip_msg *msg)
{
	char callid[HL_URI_MAX], cseq[16];

	if (re_snprintf(callid, sizeof(callid), "%r", &msg->callid) < 0)
		return 0;
	(void)re_snprintf(cseq, sizeof(cseq), "%u", msg->cseq.num);
	return token_hash(callid, cseq);
}

/* RFC 3261 section 9.1: they go where it went */
static bool follows_large(const struct binding *b, const struct sip_msg *msg)
{
	return b->large && (!pl_strcmp(&msg->met, "CANCEL") ||
			    !pl_strcmp(&msg->met, "ACK")) &&
	       b->large == invite_name(msg);
}

void edge_to_path(struct presence *p, const struct sip_msg *msg,
		  struct binding *b, const struct flow_path *path)
{
	const int err = b ? to_path(p, msg, b, path, 0) : ENOENT;

	if (!err && !pl_strcmp(&msg->met, "INVITE"))
		b->large = invite_name(msg);
	if (err == ENOENT)
		edge_answer(&p->internal, msg, 480, "Not Registered");
	else if (err)
		edge_not_relayed(p, &p->internal, msg, err);
}

static void to_terminal(struct presence *p, const struct sip_msg *msg,
			struct binding *b)
{
	struct flow_path path;
	size_t limit;
	int err;

	err = flow_find(NULL, p, b, follows_large(b, msg) ? SIZE_MAX : 0,
			&path, NULL, NULL);
	if (err) {
		edge_not_relayed(p, &p->internal, msg, err);
		return;
	}
	limit = endpoint_transport(path.sock->ep) == SIP_TRANSP_UDP
			? p->cfg.datagram_bytes
			: 0;
	err = to_path(p, msg, b, &path, limit);
	if (err == EMSGSIZE && limit)
		held_request(p, msg, b);
	else if (err)
		edge_not_relayed(p, &p->internal, msg, err);
}

/* The binding is gone (expired, or its user was disabled), and its leg is
 * being ended: the flow that our own token names is told so. */
static void farewell(struct presence *p, const struct sip_msg *msg,
		     const struct edge_routes *r)
{
	struct forward f = {
		.key = &p->key,
		.dst = &r->flow.addr,
		.in = EDGE_INTERNAL,
		.routes_drop = r->n,
		.trusted = true,
	};
	struct edge_sock *out;
	struct sa shown;

	if (r->flow.laddr >= p->sockc) {
		edge_answer(&p->internal, msg, 480, "Not Registered");
		return;
	}
	out = &p->sockv[r->flow.laddr];
	f.out = out->ep;
	f.via = edge_sock_shown(p, out->i, &shown);
	relay(p, &p->internal, &f, msg);
}

bool edge_internal_request(const struct sip_msg *msg, void *arg)
{
	struct edge_sock *in = arg;
	struct presence *p = in->p;
	struct binding *b;
	struct edge_routes r;

	if (!node_by_addr(p->nodes, &msg->src)) {
		p->n.refused_relay++;
		edge_answer(in, msg, 403, "Not A Conference Server");
		return true;
	}
	edge_routes_parse(p, msg, &r);
	if (r.foreign || !r.has_flow) {
		p->n.refused_relay++;
		edge_answer(in, msg, 403, "No Route Of Ours");
		return true;
	}
	b = binding_by_id(p->bindings, r.flow.binding);
	if (b)
		to_terminal(p, msg, b);
	else if (!pl_strcmp(&msg->met, "BYE"))
		farewell(p, msg, &r);
	else
		edge_answer(in, msg, 480, "Not Registered");
	return true;
}

/* --- from a terminal to a conference server ----------------------------- */

int edge_forward_node(struct presence *p, uint8_t sock,
		      const struct sip_msg *msg, const struct node *node,
		      const struct binding *b, const char *identity)
{
	char rr_node[ROUTE_MAX], rr_flow[ROUTE_MAX];
	struct forward f = {
		.key = &p->key,
		.out = p->internal.ep,
		.dst = &node->sip,
		.limit_bytes = ENDPOINT_DATAGRAM_MAX,
		.in = sock,
		.identity = identity,
	};
	struct edge_routes r;
	int err;

	edge_routes_parse(p, msg, &r);
	f.routes_drop = r.n;
	err = edge_node_route(p, sock, &node->sip, b->user, rr_node,
			      sizeof(rr_node));
	err = err ? err : edge_flow_route(p, b, rr_flow, sizeof(rr_flow));
	if (err)
		return err;
	f.record_route[0] = rr_flow;
	f.record_route[1] = rr_node;
	err = forward_request(&f, msg);
	if (!err)
		p->n.forwarded_in++;
	return err;
}

void edge_forwarded(struct request *rq, int err)
{
	const char *words;
	uint16_t code;

	if (!err) {
		request_end(rq);
		return;
	}
	code = refusal(rq->p, err, &words);
	request_reply(rq, code, words, NULL);
}

/* CANCEL and the ACK of a refusal follow their INVITE, which had no token
 * yet: by the flow's user and the subscriber that it named */
static void follow_invite(struct edge_sock *sock, const struct sip_msg *msg)
{
	struct presence *p = sock->p;
	const struct dir_sub *sub = dial_sub(p, msg);
	const struct node *node = NULL;
	struct forward f = {.key = &p->key, .out = p->internal.ep};
	struct edge_routes r;

	if (!pl_strcmp(&msg->met, "CANCEL") && request_cancel(p, msg)) {
		edge_answer(sock, msg, 200, "OK");
		return;
	}
	if (sub && binding_by_flow(p->bindings, &msg->src, sock->i,
				   binding_owner(sub->user)))
		node = node_find(p->nodes, sub->node);
	if (!node) {
		edge_answer(sock, msg, 481, "Call/Transaction Does Not Exist");
		return;
	}
	edge_routes_parse(p, msg, &r);
	f.routes_drop = r.n;
	f.dst = &node->sip;
	f.in = sock->i;
	relay(p, sock, &f, msg);
}

static void options(struct edge_sock *sock, const struct sip_msg *msg)
{
	(void)sip_replyf(endpoint_sip(sock->ep), msg, 200, "OK",
			 ALLOW
			 "Accept: application/sdp, application/pidf+xml, "
			 "application/resource-lists+xml, "
			 "application/poc-settings+xml\r\n"
			 "Allow-Events: presence, conference, refer, "
			 "poc-settings\r\n"
			 "Supported: eventlist, recipient-list-subscribe\r\n"
			 "Content-Length: 0\r\n\r\n");
}

/* We support what the extensions of a REFER need, and leave INVITE's to the
 * conference server */
static bool require_ok(struct edge_sock *sock, const struct sip_msg *msg)
{
	static const char *const lists[] = {
		"eventlist", "recipient-list-subscribe", NULL};
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_PROXY_REQUIRE);
	char unknown[128];

	if (!hdr && !pl_strcmp(&msg->met, "SUBSCRIBE") &&
	    !require_unknown(unknown, sizeof(unknown), msg, lists))
		return true;
	if (!hdr && pl_strcmp(&msg->met, "INVITE") &&
	    pl_strcmp(&msg->met, "REFER"))
		hdr = sip_msg_hdr(msg, SIP_HDR_REQUIRE);
	if (!hdr)
		return true;
	(void)sip_replyf(endpoint_sip(sock->ep), msg, 420, "Bad Extension",
			 "Unsupported: %r\r\nContent-Length: 0\r\n\r\n",
			 &hdr->val);
	return false;
}

static void out_of_dialog(struct edge_sock *sock, const struct sip_msg *msg)
{
	struct presence *p = sock->p;

	if (!require_ok(sock, msg))
		return;
	if (!pl_strcmp(&msg->met, "OPTIONS"))
		options(sock, msg);
	else if (!edge_is_local(p, &msg->uri.host))
		edge_answer(sock, msg, 404, "Not Our Domain");
	else if (!directory_synced(p->dir))
		edge_answer(sock, msg, 503, "Starting");
	else if (!pl_strcmp(&msg->met, "REGISTER"))
		request_authenticate(sock, msg, false, registrar_request,
				     NULL);
	else if (!pl_strcmp(&msg->met, "SUBSCRIBE") && focus_named(msg))
		request_authenticate(sock, msg, true, focus_subscribe, NULL);
	else if (!pl_strcmp(&msg->met, "SUBSCRIBE"))
		request_authenticate(sock, msg, false, subscribe_request,
				     NULL);
	else if (!pl_strcmp(&msg->met, "PUBLISH"))
		request_authenticate(sock, msg, false, publish_request, NULL);
	else if (!pl_strcmp(&msg->met, "REFER"))
		request_authenticate(sock, msg, false, activate_refer, NULL);
	else if (!pl_strcmp(&msg->met, "INVITE"))
		request_authenticate(sock, msg, true, dial_request, NULL);
	else if (!pl_strcmp(&msg->met, "CANCEL") ||
		 !pl_strcmp(&msg->met, "ACK"))
		follow_invite(sock, msg);
	else
		(void)sip_replyf(endpoint_sip(sock->ep), msg, 405,
				 "Method Not Allowed",
				 ALLOW "Content-Length: 0\r\n\r\n");
}

bool edge_request(const struct sip_msg *msg, void *arg)
{
	struct edge_sock *sock = arg;
	struct presence *p = sock->p;
	struct edge_routes r;

	edge_routes_parse(p, msg, &r);
	if (r.foreign) {
		p->n.refused_relay++;
		edge_answer(sock, msg, 403, "No Route Of Ours");
	}
	/* Without a tag it is no dialog's, whatever routes it brought: nobody
	 * gets past authentication by a token that he was once given */
	else if (r.has_node && pl_isset(&msg->to.tag)) {
		edge_in_dialog(sock, msg, &r);
	}
	else if (!pl_isset(&msg->to.tag) || !pl_strcmp(&msg->met, "ACK")) {
		out_of_dialog(sock, msg);
	}
	else if (!pl_strcmp(&msg->met, "SUBSCRIBE") &&
		 subscribe_refresh(sock, msg)) {
		return true;
	}
	else {
		edge_answer(sock, msg, 481, "Call/Transaction Does Not Exist");
	}
	return true;
}

bool edge_response(const struct sip_msg *msg, void *arg)
{
	struct edge_sock *sock = arg;
	struct presence *p = sock->p;
	const struct endpoint *out;
	struct sa dst;
	uint8_t in;

	if (forward_response_check(&p->key, msg, &in, &dst) ||
	    (in != EDGE_INTERNAL && in >= p->sockc)) {
		p->n.responses_foreign++;
		return true;
	}
	out = in == EDGE_INTERNAL ? p->internal.ep : p->sockv[in].ep;
	p->n.responses++;
	if (forward_response(out, &dst, msg))
		p->n.forward_errors++;
	return true;
}

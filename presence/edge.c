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

/* --- names that are ours ------------------------------------------------ */

static bool is_addr(const struct sa *sa, const struct pl *host)
{
	struct sa a;

	return sa_isset(sa, SA_ADDR) && !sa_set(&a, host, 0) &&
	       sa_cmp(sa, &a, SA_ADDR);
}

bool edge_is_local(const struct presence *p, const struct pl *host)
{
	unsigned i;

	if (!pl_strcasecmp(host, p->cfg.domain))
		return true;
	for (i = 0; i < p->sockc; i++) {
		if (is_addr(endpoint_laddr(p->sockv[i].ep), host))
			return true;
	}
	return is_addr(&p->cfg.advertised, host);
}

int edge_local_user(const struct presence *p, const struct uri *uri,
		    char name[HL_NAME_MAX])
{
	if (!edge_is_local(p, &uri->host))
		return EBADMSG;
	return refer_user_decode(name, HL_NAME_MAX, &uri->user);
}

struct dir_sub *edge_named_sub(const struct presence *p,
			       const struct sip_msg *msg)
{
	const struct dir_service *svc;
	char name[HL_NAME_MAX];
	struct dir_sub *sub;

	if (edge_local_user(p, &msg->uri, name))
		return NULL;
	svc = directory_service(p->dir, name);
	if (!svc || edge_local_user(p, &msg->from.uri, name))
		return NULL;
	sub = directory_resolve(p->dir, name, svc);
	return dir_sub_enabled(sub) ? sub : NULL;
}

/* One port that a router forwards is that of UDP and TCP; TLS has its own */
const struct sa *edge_sock_shown(const struct presence *p, uint8_t i,
				 struct sa *buf)
{
	const struct endpoint *ep = p->sockv[i].ep;
	const struct sa *adv = &p->cfg.advertised;

	*buf = *endpoint_laddr(ep);
	if (sa_isset(adv, SA_ADDR) && sa_af(adv) == sa_af(buf)) {
		*buf = *adv;
		if (!sa_port(adv) || endpoint_transport(ep) == SIP_TRANSP_TLS)
			sa_set_port(buf, sa_port(endpoint_laddr(ep)));
	}
	return buf;
}

const char *edge_sock_param(const struct presence *p, uint8_t i)
{
	return sip_transp_param(endpoint_transport(p->sockv[i].ep));
}

int edge_flow_route(const struct presence *p, const struct binding *b,
		    char *buf, size_t size)
{
	const struct token_flow flow = {
		.binding = b->id, .laddr = b->laddr, .addr = b->flow};
	char user[TOKEN_TEXT_MAX];
	int err = token_flow_print(user, sizeof(user), &p->key, &flow);

	if (err)
		return err;
	return re_snprintf(buf, size, "sip:%s@%J;lr", user,
			   endpoint_laddr(p->internal.ep)) < 0
		       ? EOVERFLOW
		       : 0;
}

static int node_route(const struct presence *p, uint8_t sock,
		      const struct sa *addr, const struct dir_user *owner,
		      char *buf, size_t size)
{
	const struct token_node node = {
		.user = binding_owner(owner), .addr = *addr};
	char user[TOKEN_TEXT_MAX];
	struct sa shown;
	int err = token_node_print(user, sizeof(user), &p->key, &node);

	if (err)
		return err;
	return re_snprintf(buf, size, "sip:%s@%J%s;lr", user,
			   edge_sock_shown(p, sock, &shown),
			   edge_sock_param(p, sock)) < 0
		       ? EOVERFLOW
		       : 0;
}

/* --- routes of a request ------------------------------------------------ */

/** Our own entries on top of the Route headers */
struct routes {
	const struct presence *p;
	struct token_flow flow;
	struct token_node node;
	bool has_flow, has_node, foreign;
	unsigned n;
};

static bool route_handler(const struct sip_hdr *hdr, const struct sip_msg *msg,
			  void *arg)
{
	struct routes *r = arg;
	struct sip_addr addr;

	(void)msg;
	if (sip_addr_decode(&addr, &hdr->val)) {
		r->foreign = true;
		return true;
	}
	if (!token_flow_parse(&r->flow, &r->p->key, &addr.uri.user)) {
		r->has_flow = true;
	}
	else if (!token_node_parse(&r->node, &r->p->key, &addr.uri.user)) {
		r->has_node = true;
	}
	/* A preloaded route to ourselves without a token (outbound proxy) */
	else if (!edge_is_local(r->p, &addr.uri.host) ||
		 pl_isset(&addr.uri.user)) {
		r->foreign = true;
		return true;
	}
	r->n++;
	return false;
}

static void routes_parse(const struct presence *p, const struct sip_msg *msg,
			 struct routes *r)
{
	memset(r, 0, sizeof(*r));
	r->p = p;
	(void)sip_msg_hdr_apply(msg, true, SIP_HDR_ROUTE, route_handler, r);
}

static void answer(const struct edge_sock *sock, const struct sip_msg *msg,
		   uint16_t code, const char *words)
{
	if (pl_strcmp(&msg->met, "ACK"))
		(void)sip_reply(endpoint_sip(sock->ep), msg, code, words);
}

/* 430 (RFC 5626 section 11.5): its connection is gone, and nobody there can be
 * called back */
static void not_relayed(struct presence *p, const struct edge_sock *in,
			const struct sip_msg *msg, int err)
{
	p->n.forward_errors++;
	if (err == ELOOP) {
		answer(in, msg, 483, "Too Many Hops");
	}
	else if (err == ECONNREFUSED) {
		p->n.flow_failures++;
		answer(in, msg, 430, "Flow Failed");
	}
	else {
		answer(in, msg, 500, "Cannot Forward");
	}
}

static void relay(struct presence *p, const struct edge_sock *in,
		  const struct forward *f, const struct sip_msg *msg)
{
	const int err = forward_request(f, msg);

	if (err)
		not_relayed(p, in, msg, err);
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
	struct routes r;
	struct sa shown;
	int err;

	routes_parse(p, msg, &r);
	f.routes_drop = r.n;
	f.via = edge_sock_shown(p, path->sock->i, &shown);
	if (!pl_isset(&msg->to.tag)) {
		err = node_route(p, home, &msg->src, b->user, rr_node,
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
		answer(&p->internal, msg, 480, "Not Registered");
	else if (err)
		not_relayed(p, &p->internal, msg, err);
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
		not_relayed(p, &p->internal, msg, err);
		return;
	}
	limit = endpoint_transport(path.sock->ep) == SIP_TRANSP_UDP
			? p->cfg.datagram_bytes
			: 0;
	err = to_path(p, msg, b, &path, limit);
	if (err == EMSGSIZE && limit)
		held_request(p, msg, b);
	else if (err)
		not_relayed(p, &p->internal, msg, err);
}

/* The binding is gone (expired, or its user was disabled), and its leg is
 * being ended: the flow that our own token names is told so. */
static void farewell(struct presence *p, const struct sip_msg *msg,
		     const struct routes *r)
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
		answer(&p->internal, msg, 480, "Not Registered");
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
	struct routes r;

	if (!node_by_addr(p->nodes, &msg->src)) {
		p->n.refused_relay++;
		answer(in, msg, 403, "Not A Conference Server");
		return true;
	}
	routes_parse(p, msg, &r);
	if (r.foreign || !r.has_flow) {
		p->n.refused_relay++;
		answer(in, msg, 403, "No Route Of Ours");
		return true;
	}
	b = binding_by_id(p->bindings, r.flow.binding);
	if (b)
		to_terminal(p, msg, b);
	else if (!pl_strcmp(&msg->met, "BYE"))
		farewell(p, msg, &r);
	else
		answer(in, msg, 480, "Not Registered");
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
		.in = sock,
		.identity = identity,
	};
	struct routes r;
	int err;

	routes_parse(p, msg, &r);
	f.routes_drop = r.n;
	err = node_route(p, sock, &node->sip, b->user, rr_node,
			 sizeof(rr_node));
	err = err ? err : edge_flow_route(p, b, rr_flow, sizeof(rr_flow));
	if (err)
		return err;
	f.record_route[0] = rr_flow;
	f.record_route[1] = rr_node;
	err = forward_request(&f, msg);
	if (err)
		p->n.forward_errors++;
	else
		p->n.forwarded_in++;
	return err;
}

/* Whose dialog a request is in was proven when the dialog was made: it comes
 * from where that user is registered now. */
static const struct binding *in_dialog_binding(const struct presence *p,
					       uint8_t sock,
					       const struct sip_msg *msg,
					       const struct routes *r)
{
	return binding_by_flow(p->bindings, &msg->src, sock, r->node.user);
}

/* A token proves whose it is, not that the dialog is theirs: the conference
 * server compares. @return 0, or errno with nothing said yet */
static int to_dialog(struct presence *p, uint8_t sock,
		     const struct sip_msg *msg, const struct routes *r,
		     const struct dir_user *user)
{
	char identity[HL_URI_MAX];
	const struct forward f = {
		.key = &p->key,
		.out = p->internal.ep,
		.dst = &r->node.addr,
		.in = sock,
		.routes_drop = r->n,
		.identity = identity,
	};

	if (!node_by_addr(p->nodes, &r->node.addr))
		return EHOSTUNREACH;
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
	struct routes r;
	int err;

	(void)arg;
	routes_parse(p, rq->msg, &r);
	if (!user || binding_owner(user) != r.node.user ||
	    !binding_from(user, &rq->msg->src)) {
		stranger(p, rq->msg);
		request_reply(rq, 403, "Not Your Dialog", NULL);
		return;
	}
	err = to_dialog(p, rq->sock, rq->msg, &r, user);
	if (!err) {
		p->n.forwarded_in++;
		request_end(rq);
	}
	else if (err == EHOSTUNREACH) {
		request_reply(rq, 481, "Conference Server Is Gone", NULL);
	}
	else if (err == ELOOP) {
		request_reply(rq, 483, "Too Many Hops", NULL);
	}
	else {
		p->n.forward_errors++;
		request_reply(rq, 500, "Cannot Forward", NULL);
	}
}

/* RFC 3261 section 18.1.1: what is too large for a terminal's datagrams comes
 * by a connection of its own, which nobody has registered */
static bool may_prove(const struct sip_msg *msg)
{
	return msg->tp != SIP_TRANSP_UDP && pl_strcmp(&msg->met, "ACK") &&
	       pl_strcmp(&msg->met, "CANCEL");
}

static void in_dialog(struct edge_sock *sock, const struct sip_msg *msg,
		      const struct routes *r)
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
		answer(sock, msg, 403, "Not Your Dialog");
		return;
	}
	if (!request_rate(sock, msg, b->user))
		return;
	err = to_dialog(p, sock->i, msg, r, b->user);
	if (!err)
		p->n.forwarded_in++;
	else if (err == EHOSTUNREACH)
		answer(sock, msg, 481, "Conference Server Is Gone");
	else
		not_relayed(p, sock, msg, err);
}

/* CANCEL and the ACK of a refusal follow their INVITE, which had no token
 * yet: by the flow's user and the subscriber that it named */
static void follow_invite(struct edge_sock *sock, const struct sip_msg *msg)
{
	struct presence *p = sock->p;
	const struct dir_sub *sub = dial_sub(p, msg);
	const struct node *node = NULL;
	struct forward f = {.key = &p->key, .out = p->internal.ep};
	struct routes r;

	if (!pl_strcmp(&msg->met, "CANCEL") && request_cancel(p, msg)) {
		answer(sock, msg, 200, "OK");
		return;
	}
	if (sub && binding_by_flow(p->bindings, &msg->src, sock->i,
				   binding_owner(sub->user)))
		node = node_find(p->nodes, sub->node);
	if (!node) {
		answer(sock, msg, 481, "Call/Transaction Does Not Exist");
		return;
	}
	routes_parse(p, msg, &r);
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
		answer(sock, msg, 404, "Not Our Domain");
	else if (!directory_synced(p->dir))
		answer(sock, msg, 503, "Starting");
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
	struct routes r;

	routes_parse(p, msg, &r);
	if (r.foreign) {
		p->n.refused_relay++;
		answer(sock, msg, 403, "No Route Of Ours");
	}
	/* Without a tag it is no dialog's, whatever routes it brought: nobody
	 * gets past authentication by a token that he was once given */
	else if (r.has_node && pl_isset(&msg->to.tag)) {
		in_dialog(sock, msg, &r);
	}
	else if (!pl_isset(&msg->to.tag) || !pl_strcmp(&msg->met, "ACK")) {
		out_of_dialog(sock, msg);
	}
	else if (!pl_strcmp(&msg->met, "SUBSCRIBE") &&
		 subscribe_refresh(sock, msg)) {
		return true;
	}
	else {
		answer(sock, msg, 481, "Call/Transaction Does Not Exist");
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

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file edge_names.c  Names, addresses and routes that are ours
 */
#include <errno.h>
#include <string.h>
#include "presence/priv.h"
#include "sip/refer.h"

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

int edge_node_route(const struct presence *p, uint8_t sock,
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

static bool route_handler(const struct sip_hdr *hdr, const struct sip_msg *msg,
			  void *arg)
{
	struct edge_routes *r = arg;
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

void edge_routes_parse(const struct presence *p, const struct sip_msg *msg,
		       struct edge_routes *r)
{
	memset(r, 0, sizeof(*r));
	r->p = p;
	(void)sip_msg_hdr_apply(msg, true, SIP_HDR_ROUTE, route_handler, r);
}

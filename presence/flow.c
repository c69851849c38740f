/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file flow.c  By which flow a terminal is reached
 */
#include <errno.h>
#include <string.h>
#include "presence/flow.h"
#include "presence/priv.h"

enum {
	UDP_TIMER_S = 29,     /* RFC 5626 section 4.4.2: before a NAT forgets */
	TIMER_GRACE_S = 30
};

struct flow_wait {
	struct le le;
	struct presence *p;
	uint64_t binding;
	struct edge_sock *sock; /* Dials */
	struct sa dst;
	flow_path_h *h;
	void *arg;
};

static bool is_stream(const struct edge_sock *sock)
{
	return endpoint_transport(sock->ep) != SIP_TRANSP_UDP;
}

/* --- another flow of the same terminal ---------------------------------- */

static bool sibling(const struct binding *b, const struct binding *other)
{
	return other != b && !other->dead && b->instance[0] &&
	       !strcmp(b->instance, other->instance);
}

static struct binding *sibling_find(const struct presence *p,
				    const struct binding *b, bool stream)
{
	struct le *le;

	for (le = list_tail(&b->user->bindings); le; le = le->prev) {
		struct binding *other = le->data;
		struct edge_sock *sock =
			(struct edge_sock *)(size_t)&p->sockv[other->laddr];

		if (sibling(b, other) && (!stream || is_stream(sock)) &&
		    endpoint_flow_up(sock->ep, &other->flow))
			return other;
	}
	return NULL;
}

static void path_of(struct presence *p, const struct binding *b,
		    struct flow_path *path)
{
	path->sock = &p->sockv[b->laddr];
	path->dst = b->flow;
}

/* --- by TCP ------------------------------------------------------------- */

static struct edge_sock *tcp_sock(struct presence *p, const struct binding *b)
{
	const struct sa *laddr = endpoint_laddr(p->sockv[b->laddr].ep);
	unsigned i;

	for (i = 0; i < p->sockc; i++) {
		struct edge_sock *sock = &p->sockv[i];

		if (endpoint_transport(sock->ep) == SIP_TRANSP_TCP &&
		    sa_cmp(endpoint_laddr(sock->ep), laddr, SA_ADDR))
			return sock;
	}
	return NULL;
}

/* Behind a NAT the contact is nobody's address here */
static bool contact_is_flow(const struct binding *b)
{
	struct uri uri;
	struct sa sa;
	struct pl pl;

	pl_set_str(&pl, b->contact);
	return !uri_decode(&uri, &pl) &&
	       !sa_set(&sa, &uri.host, uri.port ? uri.port : SIP_PORT) &&
	       sa_cmp(&sa, &b->flow, SA_ALL);
}

static void wait_destructor(void *arg)
{
	struct flow_wait *w = arg;

	if (w->le.list) {
		list_unlink(&w->le);
		w->p->flow_waitc--;
	}
}

static int wait_begin(struct flow_wait **waitp, struct edge_sock *sock,
		      const struct binding *b, flow_path_h *h, void *arg)
{
	struct presence *p = sock->p;
	struct flow_wait *w;
	int err;

	if (p->flow_waitc >= p->cfg.pending_max)
		return EBUSY;
	w = mem_zalloc(sizeof(*w), wait_destructor);
	if (!w)
		return ENOMEM;
	w->p = p;
	w->binding = b->id;
	w->sock = sock;
	w->dst = b->flow;
	w->h = h;
	w->arg = arg;
	err = endpoint_flow_dial(sock->ep, &w->dst);
	if (err) {
		mem_deref(w);
		return err;
	}
	list_append(&p->flow_waits, &w->le, w);
	p->flow_waitc++;
	*waitp = w;
	return EINPROGRESS;
}

/* 0: path is another than the binding's own flow */
static int large_find(struct flow_wait **waitp, struct presence *p,
		      const struct binding *b, struct flow_path *path,
		      flow_path_h *h, void *arg)
{
	const struct binding *other = sibling_find(p, b, true);
	struct edge_sock *sock;

	if (other) {
		path_of(p, other, path);
		return 0;
	}
	sock = b->tcp_failed || !contact_is_flow(b) ? NULL : tcp_sock(p, b);
	if (!sock)
		return EPROTONOSUPPORT;
	if (endpoint_flow_up(sock->ep, &b->flow)) {
		path->sock = sock;
		path->dst = b->flow;
		return 0;
	}
	return waitp ? wait_begin(waitp, sock, b, h, arg) : EBUSY;
}

int flow_find(struct flow_wait **waitp, struct presence *p,
	      const struct binding *b, size_t bytes, struct flow_path *path,
	      flow_path_h *h, void *arg)
{
	const struct edge_sock *sock;
	int err;

	if (!p || !b || !path)
		return EINVAL;
	sock = &p->sockv[b->laddr];
	if (b->dead || !endpoint_flow_up(sock->ep, &b->flow)) {
		b = sibling_find(p, b, false);
		if (!b)
			return ECONNREFUSED;
		sock = &p->sockv[b->laddr];
	}
	path_of(p, b, path);
	if (bytes <= p->cfg.datagram_bytes || is_stream(sock))
		return 0;
	err = large_find(waitp, p, b, path, h, arg);
	if (err == EINPROGRESS)
		return err;
	if (err)
		p->n.large_udp++;
	else
		p->n.large_tcp++;
	return 0;
}

int flow_path_uri(const struct flow_path *path, char *buf, size_t size)
{
	const enum sip_transp tp = endpoint_transport(path->sock->ep);

	return re_snprintf(buf, size, "sip:%J%s", &path->dst,
			   sip_transp_param(tp)) < 0
		       ? EOVERFLOW
		       : 0;
}

/* --- what became of a connection that we dialled ------------------------ */

static void wait_end(struct flow_wait *w, bool up)
{
	struct presence *p = w->p;
	struct binding *b = binding_by_id(p->bindings, w->binding);
	struct flow_path path = {.sock = w->sock, .dst = w->dst};
	flow_path_h *h = w->h;
	void *arg = w->arg;

	mem_deref(w);
	if (b && !up) {
		b->tcp_failed = true;
		if (flow_find(NULL, p, b, 0, &path, NULL, NULL))
			b = NULL;
		p->n.large_udp++;
	}
	else if (b) {
		p->n.large_tcp++;
	}
	h(b ? &path : NULL, arg);
}

static void waits_end(struct edge_sock *sock, const struct sa *peer, bool up)
{
	struct le *le = list_head(&sock->p->flow_waits);

	while (le) {
		struct flow_wait *w = le->data;

		if (w->sock != sock || !sa_cmp(&w->dst, peer, SA_ALL)) {
			le = le->next;
			continue;
		}
		wait_end(w, up);
		/* Its handler may have ended others, or begun new ones */
		le = list_head(&sock->p->flow_waits);
	}
}

/* --- the end of a flow -------------------------------------------------- */

/* With no flow left those that wait for another are worth nothing either */
static void instance_remove(struct binding *b)
{
	struct dir_user *user = b->user;
	struct le *le = list_head(&user->bindings);

	while (le) {
		struct binding *other = le->data;

		le = le->next;
		if (other != b && other->dead && b->instance[0] &&
		    !strcmp(other->instance, b->instance)) {
			binding_remove(other);
			le = list_head(&user->bindings);
		}
	}
	binding_remove(b);
}

void flow_event(const struct sa *peer, bool up, void *arg)
{
	struct edge_sock *sock = arg;
	struct presence *p = sock->p;
	struct binding *b;

	if (p->closing)
		return;
	waits_end(sock, peer, up);
	while (!up && (b = binding_on_flow(p->bindings, peer, sock->i))) {
		p->n.flows_gone++;
		hlog(p->log, HLOG_INFO, "registrar", "flow gone",
		     HLOG_S("user", b->user->row.name), HLOG_SA("flow", peer));
		if (sibling_find(p, b, false))
			binding_dead(b);
		else
			instance_remove(b);
	}
}

static void release(struct presence *p, uint8_t laddr, const struct sa *flow)
{
	if (!binding_on_flow(p->bindings, flow, laddr))
		endpoint_flow_keep(p->sockv[laddr].ep, flow, false, 0);
}

void flow_binding(struct binding *b, enum binding_event ev, void *arg)
{
	struct presence *p = arg;

	provision_binding(b, ev, arg);
	if (ev == BINDING_GONE && !p->closing)
		release(p, b->laddr, &b->flow);
}

uint32_t flow_timer_s(const struct presence *p, uint8_t i)
{
	return is_stream(&p->sockv[i]) ? p->cfg.flow_timer_s : UDP_TIMER_S;
}

void flow_registered(struct presence *p, const struct binding *b,
		     bool outbound, const struct flow_path *old)
{
	const uint32_t silent_s =
		outbound ? flow_timer_s(p, b->laddr) + TIMER_GRACE_S : 0;

	endpoint_flow_keep(p->sockv[b->laddr].ep, &b->flow, true,
			   silent_s * 1000);
	if (old && (old->sock != &p->sockv[b->laddr] ||
		    !sa_cmp(&old->dst, &b->flow, SA_ALL)))
		release(p, old->sock->i, &old->dst);
}

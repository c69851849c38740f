/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file provision.c  Legs of active subscriptions (rows P1, P2, P15)
 *
 * A subscription is active when its terminal subscribed to the service (or
 * registered, where that is enough). From then on a conference server is asked
 * to have a leg for it, again and again as things change: asking is idempotent.
 */
#include <errno.h>
#include <string.h>
#include "presence/priv.h"

static void set_leg(struct presence *p, struct dir_sub *sub,
		    enum bus_leg_status leg, uint16_t code, const char *words)
{
	const bool told = sub->leg != leg;

	sub->leg = leg;
	sub->code = code;
	(void)re_snprintf(sub->words, sizeof(sub->words), "%s",
			  words ? words : "");
	if (told)
		watchers_status(p, sub);
}

bool provision_available(const struct dir_sub *sub)
{
	return sub->active &&
	       (sub->leg == BUS_LEG_IDLE || sub->leg == BUS_LEG_BUSY);
}

void provision_store(const struct presence *p, const struct dir_sub *sub)
{
	const struct binding *b = binding_by_id(p->bindings, sub->binding);
	struct state_service row;

	if (!p->state || !b)
		return;
	memset(&row, 0, sizeof(row));
	(void)re_snprintf(row.subscriber, sizeof(row.subscriber), "%s",
			  sub->row.subscriber);
	(void)re_snprintf(row.user, sizeof(row.user), "%s",
			  sub->user->row.name);
	(void)re_snprintf(row.key, sizeof(row.key), "%s", b->key);
	row.manual = sub->leg == BUS_LEG_MANUAL;
	(void)state_service_put(p->state, &row);
}

/* --- talkgroups --------------------------------------------------------- */

static void member_msg(const struct dir_member *m, struct bus_msg *msg)
{
	struct bus_member_set *set = &msg->u.member_set;
	const struct prov_group *g = &m->group->row;

	memset(msg, 0, sizeof(*msg));
	msg->type = BUS_MEMBER_SET;
	memcpy(set->group, g->name, sizeof(set->group));
	memcpy(set->group_display, g->display, sizeof(set->group_display));
	memcpy(set->subscriber, m->sub->row.subscriber,
	       sizeof(set->subscriber));
	(void)re_snprintf(set->display, sizeof(set->display), "%s",
			  dir_sub_display(m->sub));
	set->max_talk_ms = g->max_talk_ms;
	set->priority = m->row.priority;
	set->talk = m->row.talk;
	set->listen = m->row.listen;
}

static bool member_counts(const struct dir_member *m)
{
	return m->group->row.enabled &&
	       !strcmp(m->group->row.service, m->sub->row.service);
}

void provision_member(struct presence *p, const struct dir_member *m,
		      bool gone)
{
	struct bus_msg msg = {.type = BUS_MEMBER_DEL};

	if (!m->sub->active || !m->sub->node[0])
		return;
	if (gone || !member_counts(m)) {
		memcpy(msg.u.member_del.group, m->group->row.name,
		       sizeof(msg.u.member_del.group));
		memcpy(msg.u.member_del.subscriber, m->sub->row.subscriber,
		       sizeof(msg.u.member_del.subscriber));
	}
	else {
		member_msg(m, &msg);
	}
	(void)bus_request(NULL, p->bus, BUS_CONFERENCE, m->sub->node, &msg, 0,
			  NULL, NULL);
}

static void members_send(struct presence *p, const struct dir_sub *sub)
{
	struct le *le;

	LIST_FOREACH(&sub->members, le)
	{
		const struct dir_member *m = le->data;

		if (member_counts(m))
			provision_member(p, m, false);
	}
}

/* --- asking a conference server ----------------------------------------- */

/** An answer may come when the subscription is gone: it is named, not held */
struct ask {
	struct le le;
	struct presence *p;
	struct bus_call *call;
	char subscriber[HL_NAME_MAX];
	struct request *rq; /**< The terminal's INVITE that waits, or NULL */
};

static void ask_destructor(void *arg)
{
	struct ask *ask = arg;

	list_unlink(&ask->le);
	mem_deref(ask->call);
	mem_deref(ask->rq);
}

static bool assign(struct presence *p, struct dir_sub *sub)
{
	struct node *n = node_find(p->nodes, sub->node);

	if (n && n->hb.state == BUS_NODE_UP)
		return true;
	n = node_assign(p->nodes);
	if (!n) {
		sub->node[0] = '\0';
		return false;
	}
	if (sub->node[0] && strcmp(sub->node, n->hb.node)) {
		struct bus_msg msg = {.type = BUS_LEG_RELEASE};

		memcpy(msg.u.leg_release.subscriber, sub->row.subscriber,
		       sizeof(msg.u.leg_release.subscriber));
		(void)bus_request(NULL, p->bus, BUS_CONFERENCE, sub->node,
				  &msg, 0, NULL, NULL);
	}
	memcpy(sub->node, n->hb.node, sizeof(sub->node));
	n->assigned++;
	return true;
}

static int provision_msg(const struct presence *p, const struct dir_sub *sub,
			 const struct binding *b, bool invite,
			 struct bus_msg *msg)
{
	struct bus_leg_provision *lp = &msg->u.leg_provision;
	const struct prov_service *svc = &sub->service->row;
	const struct sa *laddr = endpoint_laddr(p->sockv[b->laddr].ep);
	const struct sa *local = sa_isset(&p->cfg.media, SA_ADDR) &&
						 sa_af(&p->cfg.media) ==
							 sa_af(laddr)
					 ? &p->cfg.media
					 : laddr;

	memset(msg, 0, sizeof(*msg));
	msg->type = BUS_LEG_PROVISION;
	memcpy(lp->subscriber, sub->row.subscriber, sizeof(lp->subscriber));
	memcpy(lp->user, sub->user->row.name, sizeof(lp->user));
	(void)re_snprintf(lp->display, sizeof(lp->display), "%s",
			  dir_sub_display(sub));
	memcpy(lp->service.name, svc->name, sizeof(lp->service.name));
	memcpy(lp->service.codec, svc->codec, sizeof(lp->service.codec));
	lp->service.full_duplex = svc->mode == PROV_FULL_DUPLEX;
	lp->service.idle_inactive = svc->idle == PROV_IDLE_INACTIVE;
	lp->service.hang_ms = svc->hang_ms;
	lp->service.max_talk_ms = svc->max_talk_ms;
	lp->invite = invite;
	lp->anew = sub->epoch != b->epoch;
	if (re_snprintf(lp->contact, sizeof(lp->contact), "%s", b->contact) <
		    0 ||
	    re_snprintf(lp->flow, sizeof(lp->flow), "%J", &b->flow) < 0 ||
	    re_snprintf(lp->local, sizeof(lp->local), "%j", local) < 0)
		return EOVERFLOW;
	return edge_flow_route(p, b, lp->route, sizeof(lp->route));
}

static void forward_invite(struct request *rq, const struct dir_sub *sub)
{
	struct presence *p = rq->p;
	const struct node *n = node_find(p->nodes, sub->node);
	const struct binding *b = binding_by_id(p->bindings, sub->binding);
	char identity[HL_URI_MAX];
	int err;

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
	err = edge_forward_node(p, rq->sock, rq->msg, n, b, identity);
	if (!err)
		request_end(rq);
	else if (err == ELOOP)
		request_reply(rq, 483, "Too Many Hops", NULL);
	else
		request_reply(rq, 500, "Cannot Forward", NULL);
}

static void answer_handler(int err, const struct bus_msg *msg, void *arg)
{
	struct ask *ask = arg;
	struct presence *p = ask->p;
	struct dir_sub *sub = directory_sub(p->dir, ask->subscriber);
	struct bus_result res = {.code = 503};

	if (!err && msg->type == BUS_RESULT)
		res = msg->u.result;
	else
		(void)re_snprintf(res.words, sizeof(res.words),
				  "Conference Server Does Not Answer");
	if (res.code != 200 && sub && sub->active) {
		hlog(p->log, HLOG_WARN, "presence", "leg not provisioned",
		     HLOG_S("subscriber", ask->subscriber),
		     HLOG_S("node", sub->node), HLOG_U("code", res.code),
		     HLOG_S("reason", res.words));
		set_leg(p, sub, BUS_LEG_NONE, res.code, res.words);
	}
	if (ask->rq) {
		struct request *rq = ask->rq;

		ask->rq = NULL;
		if (res.code == 200 && sub)
			forward_invite(rq, sub);
		else
			request_reply(rq, sub ? res.code : 403,
				      sub ? res.words : "Forbidden", NULL);
	}
	mem_deref(ask);
}

static int ask_node(struct presence *p, struct dir_sub *sub,
		    const struct binding *b, bool invite, struct request *rq)
{
	struct bus_msg msg;
	struct ask *ask;
	int err;

	/* Half duplex is all that is switched: a conference in which only one
	 * is heard would be worse than none */
	if (sub->service->row.mode == PROV_FULL_DUPLEX) {
		set_leg(p, sub, BUS_LEG_NONE, 501, "Full Duplex Is Not Served");
		return ENOTSUP;
	}
	if (!assign(p, sub)) {
		set_leg(p, sub, BUS_LEG_NONE, 503, "No Conference Server");
		return EHOSTUNREACH;
	}
	err = provision_msg(p, sub, b, invite, &msg);
	if (err)
		return err;
	ask = mem_zalloc(sizeof(*ask), ask_destructor);
	if (!ask)
		return ENOMEM;
	ask->p = p;
	list_append(&p->asks, &ask->le, ask);
	memcpy(ask->subscriber, sub->row.subscriber, sizeof(ask->subscriber));
	members_send(p, sub);
	err = bus_request(&ask->call, p->bus, BUS_CONFERENCE, sub->node, &msg,
			  0, answer_handler, ask);
	if (err) {
		mem_deref(ask);
		return err;
	}
	ask->rq = rq;
	sub->epoch = b->epoch;
	return 0;
}

/* The subscription is active by this binding from now on */
static void activate(struct presence *p, struct dir_sub *sub,
		     const struct binding *b)
{
	const bool changed = !sub->active || sub->binding != b->id;

	if (sub->binding != b->id)
		sub->epoch = 0;
	sub->active = true;
	sub->binding = b->id;
	if (changed)
		provision_store(p, sub);
}

void provision_start(struct presence *p, struct dir_sub *sub,
		     const struct binding *b)
{
	int err;

	activate(p, sub, b);
	/* Rung once already, and nobody was there to answer: wait until the
	 * terminal starts afresh */
	if (sub->leg == BUS_LEG_MANUAL && sub->epoch == b->epoch)
		return;
	err = ask_node(p, sub, b, sub->row.inviter == PROV_INVITE_SERVER, NULL);
	if (err && err != EHOSTUNREACH && err != ENOTSUP)
		set_leg(p, sub, BUS_LEG_NONE, 500, "Cannot Provision");
}

void provision_stop(struct presence *p, struct dir_sub *sub, const char *words)
{
	struct bus_msg msg = {.type = BUS_LEG_RELEASE};

	if (!sub->active)
		return;
	sub->active = false;
	sub->binding = 0;
	sub->epoch = 0;
	if (p->state)
		(void)state_service_del(p->state, sub->row.subscriber);
	if (sub->node[0]) {
		memcpy(msg.u.leg_release.subscriber, sub->row.subscriber,
		       sizeof(msg.u.leg_release.subscriber));
		(void)re_snprintf(msg.u.leg_release.words,
				  sizeof(msg.u.leg_release.words), "%s",
				  words);
		(void)bus_request(NULL, p->bus, BUS_CONFERENCE, sub->node,
				  &msg, 0, NULL, NULL);
	}
	set_leg(p, sub, BUS_LEG_NONE, 0, words);
}

/* Who takes a subscription over from a terminal that left */
static const struct binding *successor(const struct presence *p,
				       const struct dir_sub *sub)
{
	if (!dir_sub_enabled(sub))
		return NULL;
	if (sub->row.start == PROV_START_REGISTER)
		return list_ledata(list_tail(&sub->user->bindings));
	return watchers_binding(p, sub);
}

void provision_leave(struct presence *p, struct dir_sub *sub,
		     uint64_t binding, const char *words)
{
	const struct binding *b;

	if (!sub->active || sub->binding != binding)
		return;
	b = successor(p, sub);
	if (b && b->id != binding)
		provision_start(p, sub, b);
	else
		provision_stop(p, sub, words);
}

void provision_leg_state(const struct bus_msg *msg, void *arg)
{
	const struct bus_leg_state *st = &msg->u.leg_state;
	struct presence *p = arg;
	struct dir_sub *sub = directory_sub(p->dir, st->subscriber);
	bool manual;

	if (!sub || !sub->active || strcmp(sub->node, st->node))
		return;
	manual = sub->leg == BUS_LEG_MANUAL;
	set_leg(p, sub, st->status, st->code, st->words);
	if (manual != (sub->leg == BUS_LEG_MANUAL))
		provision_store(p, sub);
}

/* --- what makes us ask again -------------------------------------------- */

static bool wants_leg(const struct dir_sub *sub)
{
	return dir_sub_enabled(sub) &&
	       (sub->active || sub->row.start == PROV_START_REGISTER);
}

void provision_binding(struct binding *b, enum binding_event ev, void *arg)
{
	struct presence *p = arg;
	struct le *le;

	hlog(p->log, HLOG_INFO, "registrar",
	     ev == BINDING_GONE ? "binding gone" : "binding",
	     HLOG_S("user", b->user->row.name), HLOG_S("contact", b->contact),
	     HLOG_SA("flow", &b->flow));
	LIST_FOREACH(&b->user->subs, le)
	{
		struct dir_sub *sub = le->data;
		const bool here = sub->active && sub->binding == b->id;

		if (ev == BINDING_GONE) {
			watchers_end_binding(sub, b->id);
			provision_leave(p, sub, b->id, "Not Registered");
		}
		else if (here || (!sub->active && wants_leg(sub))) {
			provision_start(p, sub, b);
		}
	}
}

struct node_change {
	struct presence *p;
	const struct node *n;
	enum node_event ev;
};

static void node_sub_handler(struct dir_sub *sub, void *arg)
{
	const struct node_change *nc = arg;
	struct presence *p = nc->p;
	const bool here = !strcmp(sub->node, nc->n->hb.node);
	const struct binding *b;

	if (!sub->active || (sub->node[0] && !here))
		return;
	if (nc->ev != NODE_UP && here) {
		set_leg(p, sub, BUS_LEG_NONE, 503, "Conference Server Lost");
		if (nc->ev == NODE_LOST)
			sub->node[0] = '\0';
	}
	b = binding_by_id(p->bindings, sub->binding);
	if (b)
		provision_start(p, sub, b);
}

static const char *node_event_name(const struct node *n, enum node_event ev)
{
	switch (ev) {
	case NODE_UP:
		return "up";
	case NODE_RESTART:
		return "restarted";
	case NODE_LOST:
		return n->hb.state == BUS_NODE_LEAVING ? "leaving" : "lost";
	}
	return "?";
}

void provision_node(const struct node *n, enum node_event ev, void *arg)
{
	struct node_change nc = {.p = arg, .n = n, .ev = ev};
	const bool silent = ev == NODE_LOST &&
			    n->hb.state != BUS_NODE_LEAVING;

	hlog(nc.p->log, silent ? HLOG_ERROR : HLOG_INFO, "node",
	     node_event_name(n, ev),
	     HLOG_S("node", n->hb.node), HLOG_S("sip", n->hb.sip),
	     HLOG_U("legs_max", n->hb.legs_max));
	if (!nc.p->closing)
		directory_subs(nc.p->dir, node_sub_handler, &nc);
}

/* --- a terminal makes its leg by itself --------------------------------- */

void provision_invite(struct request *rq, void *arg)
{
	struct presence *p = rq->p;
	const struct binding *b;
	struct dir_sub *sub;
	int err;

	(void)arg;
	p->n.invites++;
	if (!request_line(rq, &sub, &b))
		return;
	activate(p, sub, b);
	err = ask_node(p, sub, b, false, rq);
	if (err == ENOTSUP)
		request_reply(rq, 501, "Full Duplex Is Not Served", NULL);
	else if (err)
		request_reply(rq, 503, "No Conference Server",
			      "Retry-After: 2\r\n");
}

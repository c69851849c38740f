/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file provision_ask.c  Asking a conference server to have a leg
 */
#include <errno.h>
#include <string.h>
#include "presence/priv.h"

/** An answer may come when the subscription is gone: it is named, not held */
struct ask {
	struct le le;
	struct presence *p;
	struct bus_call *call;
	char subscriber[HL_NAME_MAX];
	struct request *rq; /**< The terminal's INVITE that waits, or NULL */
	uint64_t binding;   /**< ..and which terminal's it is */
	bool dialled;
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

static enum bus_security security(enum prov_security s)
{
	switch (s) {

	case PROV_SECURITY_PLAIN:
		return BUS_SECURITY_PLAIN;
	case PROV_SECURITY_ANY:
		return BUS_SECURITY_ANY;
	case PROV_SECURITY_OPPORTUNISTIC:
		return BUS_SECURITY_OPPORTUNISTIC;
	case PROV_SECURITY_SRTP:
		return BUS_SECURITY_SRTP;
	case PROV_SECURITY_DTLS:
		break;
	}

	return BUS_SECURITY_DTLS;
}

static enum bus_tones tones(enum prov_tones t)
{
	switch (t) {

	case PROV_TONES_AUTO:
		return BUS_TONES_AUTO;
	case PROV_TONES_ALWAYS:
		return BUS_TONES_ALWAYS;
	case PROV_TONES_NEVER:
		break;
	}

	return BUS_TONES_NEVER;
}

/* What the subscription says of how it talks */
static void talking_tell(struct bus_leg_provision *lp,
			 const struct prov_subscription *row)
{
	lp->talk_by = row->talk_by == PROV_TALK_VOICE ? BUS_TALK_VOICE
						      : BUS_TALK_KEYS;
	lp->tones = tones(row->tones);
	lp->anonymous = row->anonymous;
	lp->priority = row->priority;
}

static void service_tell(struct bus_service *s, const struct presence *p,
			 const struct dir_service *service)
{
	const struct prov_service *svc = &service->row;

	memcpy(s->name, svc->name, sizeof(s->name));
	memcpy(s->codec, svc->codec, sizeof(s->codec));
	s->full_duplex = svc->mode == PROV_FULL_DUPLEX;
	s->idle_inactive = svc->idle == PROV_IDLE_INACTIVE;
	s->hang_ms = svc->hang_ms;
	s->max_talk_ms = svc->max_talk_ms;
	s->security = security(svc->media_security);
	policy_tell(&s->floor, directory_service_policy(p->dir, service));
}

static int provision_msg(const struct presence *p, const struct dir_sub *sub,
			 const struct binding *b,
			 const struct provision_how *how,
			 struct bus_msg *msg)
{
	struct bus_leg_provision *lp = &msg->u.leg_provision;
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
	service_tell(&lp->service, p, sub->service);
	talking_tell(lp, &sub->row);
	lp->invite = how->invite;
	lp->dialled = how->dialled;
	lp->stays = how->stays;
	lp->anew = sub->epoch != b->epoch;
	lp->binding = b->id;
	if (re_snprintf(lp->contact, sizeof(lp->contact), "%s", b->contact) <
		    0 ||
	    re_snprintf(lp->flow, sizeof(lp->flow), "%J", &b->flow) < 0 ||
	    re_snprintf(lp->local, sizeof(lp->local), "%j", local) < 0)
		return EOVERFLOW;
	return edge_flow_route(p, b, lp->route, sizeof(lp->route));
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
	if (res.code != 200 && sub && sub->active && !ask->dialled) {
		hlog(p->log, HLOG_WARN, "presence", "leg not provisioned",
		     HLOG_S("subscriber", ask->subscriber),
		     HLOG_S("node", sub->node), HLOG_U("code", res.code),
		     HLOG_S("reason", res.words));
		provision_leg_set(p, sub, BUS_LEG_NONE, res.code, res.words);
	}
	if (ask->rq) {
		struct request *rq = ask->rq;

		ask->rq = NULL;
		if (res.code == 200 && sub)
			dial_forward(rq, sub, ask->binding);
		else
			request_reply(rq, sub ? res.code : 403,
				      sub ? res.words : "Forbidden", NULL);
	}
	mem_deref(ask);
}

int provision_ask(struct presence *p, struct dir_sub *sub,
		  const struct binding *b, const struct provision_how *how)
{
	struct bus_msg msg;
	struct ask *ask;
	int err;

	if (!assign(p, sub))
		return EHOSTUNREACH;
	err = provision_msg(p, sub, b, how, &msg);
	if (err)
		return err;
	ask = mem_zalloc(sizeof(*ask), ask_destructor);
	if (!ask)
		return ENOMEM;
	ask->p = p;
	ask->binding = b->id;
	ask->dialled = how->dialled;
	list_append(&p->asks, &ask->le, ask);
	memcpy(ask->subscriber, sub->row.subscriber, sizeof(ask->subscriber));
	provision_members(p, sub);
	err = bus_request(&ask->call, p->bus, BUS_CONFERENCE, sub->node, &msg,
			  0, answer_handler, ask);
	if (err) {
		mem_deref(ask);
		return err;
	}
	ask->rq = how->rq;
	return 0;
}

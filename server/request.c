/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is asked of a conference server over the bus. */
#include "server/priv.h"

static uint16_t provision(struct server *srv,
			  const struct bus_leg_provision *p,
			  const char **wordsp)
{
	const uint16_t code = leg_provision(srv, p, wordsp);

	if (code != 200)
		hlog_limited(srv->log, "server.provision", HLOG_WARN, "leg",
			     "provision refused",
			     HLOG_S("subscriber", p->subscriber),
			     HLOG_U("code", code), HLOG_S("words", *wordsp));
	return code;
}

static uint16_t release(struct server *srv, const struct bus_leg_release *r)
{
	struct leg *leg = leg_lookup(srv, r->subscriber);

	if (leg)
		leg_end(leg, r->words);

	/* What it was a member of comes again with the next provision: until
	 * then nobody tells us what it is thrown out of */
	groups_forget(srv, r->subscriber);
	return 200;
}

static uint16_t activate(struct server *srv, const struct bus_activate *a,
			 const char **wordsp)
{
	struct leg *caller = leg_lookup(srv, a->caller.subscriber);

	if (!caller) {
		*wordsp = "the caller has no leg here";
		return 480;
	}

	if (a->group[0])
		return group_activate(caller, a->group, wordsp);

	return call_activate(caller, a->partyv, a->partyc, wordsp);
}

static uint16_t deactivate(struct server *srv, const struct bus_deactivate *d,
			   const char **wordsp)
{
	struct leg *caller = leg_lookup(srv, d->caller);

	if (!caller) {
		*wordsp = "the caller has no leg here";
		return 480;
	}

	return call_remove(caller, d->target, wordsp);
}

static uint16_t request_apply(struct server *srv, const struct bus_msg *msg,
			      const char **wordsp)
{
	switch (msg->type) {

	case BUS_LEG_PROVISION:
		return provision(srv, &msg->u.leg_provision, wordsp);

	case BUS_LEG_RELEASE:
		return release(srv, &msg->u.leg_release);

	case BUS_MEMBER_SET:
		return group_member_set(srv, &msg->u.member_set, wordsp);

	case BUS_MEMBER_DEL:
		group_member_del(srv, &msg->u.member_del);
		return 200;

	case BUS_ACTIVATE:
		return activate(srv, &msg->u.activate, wordsp);

	case BUS_DEACTIVATE:
		return deactivate(srv, &msg->u.deactivate, wordsp);

	case BUS_AUTH_CHECK:
	case BUS_AUTH_RESULT:
	case BUS_HEARTBEAT:
	case BUS_LEG_STATE:
	case BUS_ACTIVATE_ASK:
	case BUS_ACTIVATION:
	case BUS_RESULT:
	case BUS_TYPES:
		break;
	}

	*wordsp = "not a request to a conference server";
	return 400;
}

void server_request_h(const struct bus_msg *msg, struct bus_reply *reply,
		      void *arg)
{
	struct server *srv = arg;
	const char *words = "";
	uint16_t code;

	if (srv->closing) {
		words = "this server is leaving";
		code = 503;
	}
	else {
		code = request_apply(srv, msg, &words);
	}

	(void)bus_answer_result(reply, code, words);
}

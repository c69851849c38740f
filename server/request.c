/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is asked of a conference server over the bus. */
#include "server/call.h"
#include "server/group.h"
#include "server/leg.h"

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

/* --- activations that wait for what terminals say ------------------------ */

struct late {
	struct le le;            /**< In server.latel */
	struct bus_reply *reply;
	struct connect_wait wait;
};

static void late_destructor(void *arg)
{
	struct late *late = arg;

	connect_wait_close(&late->wait);
	list_unlink(&late->le);
}

static void late_end(struct late *late, uint16_t code, const char *words)
{
	(void)bus_answer_result(late->reply, code, words);
	mem_deref(late);
}

static void late_h(void *arg)
{
	struct late *late = arg;
	const char *words;
	const uint16_t code = connect_wait_code(&late->wait, &words);

	late_end(late, code, words);
}

void requests_flush(struct server *srv)
{
	struct late *late;

	while ((late = list_ledata(list_head(&srv->latel))))
		late_end(late, 503, "this server is leaving");
}

/* Answers it, now or when all have said whether they come */
static void activate(struct server *srv, const struct bus_activate *a,
		     struct bus_reply *reply)
{
	struct leg *caller = leg_lookup(srv, a->caller.subscriber);
	struct late *late = mem_zalloc(sizeof(*late), late_destructor);
	const char *words = "the caller has no leg here";
	uint16_t code = caller ? 0 : 480;

	if (!late) {
		(void)bus_answer_result(reply, 503, "out of memory");
		return;
	}

	late->reply = reply;
	connect_wait_init(&late->wait, late_h, late);
	list_append(&srv->latel, &late->le, late);
	if (!code && a->group[0])
		code = group_activate(caller, a->group, &words);
	else if (!code)
		code = call_activate(caller, a->partyv, a->partyc, &late->wait,
				     &words);

	if (code != 200 || a->group[0])
		late_end(late, code, words);
	else if (!connect_wait_open(&late->wait))
		late_h(late);
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

	case BUS_DEACTIVATE:
		return deactivate(srv, &msg->u.deactivate, wordsp);

	case BUS_ACTIVATE:
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
	else if (msg->type == BUS_ACTIVATE) {
		activate(srv, &msg->u.activate, reply);
		return;
	}
	else {
		code = request_apply(srv, msg, &words);
	}

	(void)bus_answer_result(reply, code, words);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file activate.c  Who may talk with whom now (rows P6, P11, P12)
 *
 * Authorisation first, then availability: who does not exist and who may not
 * be called get the same answer. Decided before anything is bridged.
 */
#include <errno.h>
#include <string.h>
#include "presence/compose.h"
#include "presence/priv.h"
#include "sip/refer.h"

static uint16_t refuse(struct bus_activation *ans, uint16_t code,
		       const char *words)
{
	ans->code = code;
	(void)re_snprintf(ans->words, sizeof(ans->words), "%s", words);
	return code;
}

static const struct dir_member *member(const struct dir_group *g,
				       const struct dir_sub *sub)
{
	struct le *le;

	LIST_FOREACH(&sub->members, le)
	{
		const struct dir_member *m = le->data;

		if (m->group == g)
			return m;
	}
	return NULL;
}

static void group_decide(const struct dir_sub *caller,
			 const struct dir_group *g, bool dialled,
			 struct bus_activation *ans)
{
	const struct dir_member *m = member(g, caller);

	if (!m || !g->row.enabled ||
	    strcmp(g->row.service, caller->row.service)) {
		refuse(ans, 403, "Not Allowed");
	}
	else if (!m->row.talk && !dialled) {
		refuse(ans, 403, "You May Only Listen In This Group");
	}
	else {
		ans->code = 200;
		memcpy(ans->group, g->row.name, sizeof(ans->group));
	}
}

static bool has_party(const struct bus_activation *ans, const char *name)
{
	uint32_t i;

	for (i = 0; i < ans->partyc; i++) {
		if (!strcmp(ans->partyv[i].subscriber, name))
			return true;
	}
	return false;
}

/* One target; the reason why not, or 200 */
static uint16_t party_decide(const struct presence *p,
			     const struct dir_sub *caller, const char *name,
			     struct bus_activation *ans)
{
	struct dir_sub *sub = directory_resolve(p->dir, name, caller->service);
	struct bus_party *party;
	uint16_t code;

	if (sub == caller)
		return refuse(ans, 403, "You Cannot Call Yourself");
	if (!sub || !dir_sub_enabled(sub) ||
	    !directory_may_call(p->dir, caller->row.subscriber,
				sub->row.subscriber))
		return refuse(ans, 403, "Not Allowed");
	if (!provision_available(sub)) {
		(void)re_snprintf(ans->words, sizeof(ans->words),
				  "%s Is Not Available", name);
		return ans->code = 480;
	}
	code = compose_refuses(sub, name, ans->words);
	if (code)
		return ans->code = code;
	if (has_party(ans, sub->row.subscriber))
		return 200;
	party = &ans->partyv[ans->partyc++];
	memcpy(party->subscriber, sub->row.subscriber,
	       sizeof(party->subscriber));
	(void)re_snprintf(party->display, sizeof(party->display), "%s",
			  dir_sub_display(sub));
	memcpy(party->node, sub->node, sizeof(party->node));
	return 200;
}

/* An ad-hoc call goes on with those who can be had; a private one fails */
void activate_decide(const struct presence *p, const struct dir_sub *caller,
		     const struct bus_activate_ask *ask,
		     struct bus_activation *ans)
{
	const struct dir_group *g;
	uint32_t i;

	memset(ans, 0, sizeof(*ans));
	if (!caller || !dir_sub_enabled(caller) ||
	    (!caller->active && !ask->dialled)) {
		refuse(ans, 403, "Not Allowed");
		return;
	}
	if (!ask->targetc || ask->targetc > HL_PARTIES_MAX) {
		refuse(ans, 400, "No Target, Or Too Many");
		return;
	}
	g = ask->targetc == 1 ? directory_group(p->dir, ask->targetv[0])
			      : NULL;
	if (g) {
		group_decide(caller, g, ask->dialled, ans);
		return;
	}
	for (i = 0; i < ask->targetc; i++) {
		/* One that may not be called spoils the whole: an ad-hoc call
		 * with somebody left out unnoticed is worse than none */
		if (party_decide(p, caller, ask->targetv[i], ans) == 403) {
			ans->partyc = 0;
			return;
		}
	}
	if (ans->partyc)
		ans->code = 200;
}

void activate_bus_request(const struct bus_msg *msg, struct bus_reply *reply,
			  void *arg)
{
	const struct bus_activate_ask *ask = &msg->u.activate_ask;
	const struct presence *p = arg;
	struct bus_msg ans = {.type = BUS_ACTIVATION};

	if (msg->type != BUS_ACTIVATE_ASK) {
		mem_deref(reply);
		return;
	}
	activate_decide(p, directory_sub(p->dir, ask->caller), ask,
			&ans.u.activation);
	hlog(p->log, HLOG_INFO, "activation",
	     ans.u.activation.code == 200 ? "allowed" : "refused",
	     HLOG_S("caller", ask->caller), HLOG_S("target", ask->targetv[0]),
	     HLOG_U("targets", ask->targetc),
	     HLOG_U("code", ans.u.activation.code),
	     HLOG_S("reason", ans.u.activation.words));
	(void)bus_answer(reply, &ans);
}

/* --- REFER out of a dialog (row P12) ------------------------------------ */

static void done_handler(int err, const struct bus_msg *msg, void *arg)
{
	struct request *rq = arg;
	uint16_t code = 503;
	char words[HL_REASON_MAX] = "Conference Server Does Not Answer";

	if (!err && msg->type == BUS_RESULT) {
		code = msg->u.result.code;
		memcpy(words, msg->u.result.words, sizeof(words));
	}
	if (code == 200)
		refer_accept(rq);
	else
		request_reply(rq, code, words, NULL);
}

static int hand_on(struct request *rq, const struct dir_sub *caller,
		   const struct bus_msg *msg)
{
	return bus_request(&rq->call, rq->p->bus, BUS_CONFERENCE, caller->node,
			   msg, 0, done_handler, rq);
}

static int deactivate(struct request *rq, const struct dir_sub *caller,
		      const struct refer *refer)
{
	struct bus_msg msg = {.type = BUS_DEACTIVATE};
	struct bus_deactivate *de = &msg.u.deactivate;
	const char *target = refer->targetv[0];
	const struct dir_sub *sub =
		directory_resolve(rq->p->dir, target, caller->service);

	memcpy(de->caller, caller->row.subscriber, sizeof(de->caller));
	/* Oneself, the group or the service: the call as a whole is left */
	if (sub != caller && strcmp(target, caller->row.service) &&
	    !directory_group(rq->p->dir, target))
		memcpy(de->target, sub ? sub->row.subscriber : target,
		       sizeof(de->target));
	return hand_on(rq, caller, &msg);
}

static int activate(struct request *rq, const struct dir_sub *caller,
		    const struct refer *refer)
{
	struct bus_msg msg = {.type = BUS_ACTIVATE};
	struct bus_activate *act = &msg.u.activate;
	struct bus_activate_ask ask;
	struct bus_activation ans;

	memset(&ask, 0, sizeof(ask));
	memcpy(ask.caller, caller->row.subscriber, sizeof(ask.caller));
	ask.targetc = refer->targetc;
	memcpy(ask.targetv, refer->targetv, sizeof(ask.targetv));
	activate_decide(rq->p, caller, &ask, &ans);
	if (ans.code == 200 && !provision_available(caller))
		refuse(&ans, 480, "Your Own Leg Is Not Up");
	if (ans.code != 200) {
		hlog(rq->p->log, HLOG_INFO, "activation", "refused",
		     HLOG_S("caller", caller->row.subscriber),
		     HLOG_S("target", refer->targetv[0]),
		     HLOG_U("code", ans.code), HLOG_S("reason", ans.words));
		request_reply(rq, ans.code, ans.words, NULL);
		return 0;
	}
	memcpy(act->caller.subscriber, caller->row.subscriber,
	       sizeof(act->caller.subscriber));
	(void)re_snprintf(act->caller.display, sizeof(act->caller.display),
			  "%s", dir_sub_display(caller));
	memcpy(act->caller.node, caller->node, sizeof(act->caller.node));
	memcpy(act->group, ans.group, sizeof(act->group));
	act->partyc = ans.partyc;
	memcpy(act->partyv, ans.partyv, sizeof(act->partyv));
	return hand_on(rq, caller, &msg);
}

/* The subscription that From names, in the service that the Request-URI
 * names, or the user's own by that name */
static struct dir_sub *refer_caller(const struct request *rq)
{
	const struct presence *p = rq->p;
	const struct dir_user *user = request_user(rq);
	const struct dir_service *svc = NULL;
	char name[HL_NAME_MAX];
	struct dir_sub *sub;

	if (!user)
		return NULL;
	if (!edge_local_user(p, &rq->msg->uri, name))
		svc = directory_service(p->dir, name);
	if (edge_local_user(p, &rq->msg->from.uri, name))
		return NULL;
	sub = svc ? directory_resolve(p->dir, name, svc)
		  : directory_sub(p->dir, name);
	return sub && sub->user == user && dir_sub_enabled(sub) ? sub : NULL;
}

void activate_refer(struct request *rq, void *arg)
{
	struct presence *p = rq->p;
	const struct dir_sub *caller = refer_caller(rq);
	const char *words = NULL;
	struct refer refer;
	char hdrs[256];
	uint16_t code;
	int err;

	(void)arg;
	p->n.refers++;
	memset(&refer, 0, sizeof(refer));
	code = refer_decode(&refer, rq->msg, p->cfg.domain, &rq->msg->dst,
			    &words);
	if (code) {
		hdrs[0] = '\0';
		if (code == 420)
			(void)re_snprintf(hdrs, sizeof(hdrs),
					  "Unsupported: %s\r\n",
					  refer.unsupported);
		request_reply(rq, code, words, hdrs);
		return;
	}
	if (!caller) {
		request_reply(rq, 403, "Not Allowed", NULL);
		return;
	}
	err = refer.remove ? deactivate(rq, caller, &refer)
			   : activate(rq, caller, &refer);
	if (err)
		request_reply(rq, 503, "Conference Server Not Available",
			      NULL);
}

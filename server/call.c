/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include "server/call.h"
#include "server/emergency.h"
#include "server/group.h"
#include "server/leg.h"
#include "server/plan.h"

/* Between activation and the grant of the implicit request a call without any
 * hang time must not end. */
enum { GRANT_MS = 1000 };

static const char full[] = "no more calls fit on this server";

/* --- leaving ----------------------------------------------------------- */

static void party_out(struct leg *leg)
{
	struct call *call = leg->call;

	(void)mixer_bridge_leave(leg->srv->mixer, call->b.id, leg->mid);
	list_unlink(&leg->le_call);
	leg->call = NULL;
	if (call->owner == leg && !call->held)
		call->owner = NULL;
	focus_leg_moved(leg);
	focus_bridge_changed(&call->b);
}

/* Un-bridged and idle again: the leg stays up (row P8), unless it was dialled
 * for this call alone by a phone that does not answer by itself. */
static void party_idle(struct leg *leg)
{
	if (leg->passing) {
		leg_down(leg, 0, "the call has ended", false);
		return;
	}

	group_select(leg);
	leg_media_sync(leg);
	leg_state_set(leg, BUS_LEG_IDLE, 200, "");
}

static void call_destructor(void *arg)
{
	struct call *call = arg;

	if (call->reserved)
		*call->reserved = NULL;
	tmr_cancel(&call->tmr);
	list_unlink(&call->le);
	--call->b.srv->callc;
	bridge_close(&call->b);
}

static void call_end(struct call *call, const char *why)
{
	struct leg *leg;

	hlog(call->b.srv->log, HLOG_INFO, call->b.subject, "ended",
	     HLOG_S("why", why));

	while ((leg = list_ledata(list_head(&call->partyl)))) {
		party_out(leg);
		party_idle(leg);
	}

	mem_deref(call);
}

void call_leave(struct leg *leg)
{
	struct call *call = leg->call;

	if (!call)
		return;

	party_out(leg);
	if (list_count(&call->partyl) < 2 && !call->held)
		call_end(call, "one party is left");
}

static void party_leave(struct leg *leg)
{
	call_leave(leg);
	party_idle(leg);
}

/* --- hang time --------------------------------------------------------- */

static void hang_h(void *arg)
{
	struct call *call = arg;

	/* Who dials it is not in it yet */
	if (call->held)
		return;

	++call->b.srv->st.hangs;
	call_end(call, "hang time is over");
}

void call_floor(struct call *call, bool taken)
{
	if (taken)
		tmr_cancel(&call->tmr);
	else
		tmr_start(&call->tmr, call->hang_ms, hang_h, call);
}

/* The caller is to talk: its implicit request. */
static void call_press(struct call *call, struct leg *caller)
{
	struct server *srv = call->b.srv;

	if (!call->b.talk.holder[0])
		tmr_start(&call->tmr, MAX(call->hang_ms, GRANT_MS), hang_h,
			  call);

	(void)mixer_leg_select(srv->mixer, caller->mid, call->b.id);
	(void)mixer_floor_request(srv->mixer, call->b.id, caller->mid,
				  FLOOR_NORMAL);
}

void call_service_changed(struct leg *leg)
{
	/* All parties are of one service */
	if (leg->call)
		bridge_floor_set(&leg->call->b, &leg->service.floor,
				 leg->service.max_talk_ms);
}

void call_inactive(struct call *call)
{
	call_end(call, "nobody has asked for the floor");
}

/* --- joining ----------------------------------------------------------- */

static int party_put(const struct call *call, const struct leg *leg)
{
	struct server *srv = call->b.srv;
	struct mixer_member m = {
		.priority = leg->priority,
		.may_talk = true,
		.may_listen = true,
		.may_emergency = true,
		.anonymous = leg->anonymous,
		.in_emergency = emergency_is_of(&call->b, leg),
	};

	(void)snprintf(m.uri, sizeof(m.uri), "sip:%s@%s", leg->subscriber,
		       srv->cfg.domain);
	(void)snprintf(m.name, sizeof(m.name), "%s", leg->display);

	return mixer_bridge_join(srv->mixer, call->b.id, leg->mid, &m);
}

void call_party_say(struct leg *leg)
{
	leg->party_unsaid = party_put(leg->call, leg) == EAGAIN;
	leg->srv->bridges_retry = leg->srv->bridges_retry ||
				  leg->party_unsaid;
}

void call_party_changed(struct leg *leg)
{
	if (!leg->call)
		return;

	call_party_say(leg);
	focus_bridge_changed(&leg->call->b);
}

/* by: who wants it in the call. Its terminal is told first: what it hears of
 * the floor after that is this call's. */
static int call_join(struct call *call, struct leg *leg, const struct leg *by)
{
	struct server *srv = call->b.srv;
	int err;

	leg->call = call;
	leg_session_sync(leg, by);
	err = party_put(call, leg);
	if (err) {
		hlog(srv->log, HLOG_WARN, call->b.subject, "not joined",
		     HLOG_S("subscriber", leg->subscriber), HLOG_ERR(err));
		leg->call = NULL;
		leg_session_sync(leg, NULL);
		return err;
	}

	list_append(&call->partyl, &leg->le_call, leg);
	focus_leg_moved(leg);
	focus_bridge_changed(&call->b);
	(void)mixer_leg_select(srv->mixer, leg->mid, call->b.id);
	leg_media_sync(leg);
	leg_state_set(leg, BUS_LEG_BUSY, 200, "");
	return 0;
}

static struct call *call_alloc(struct leg *owner)
{
	struct server *srv = owner->srv;
	struct call *call;

	if (srv->callc >= srv->cfg.calls_max)
		return NULL;

	call = mem_zalloc(sizeof(*call), call_destructor);
	if (!call)
		return NULL;

	call->b.srv = srv;
	(void)snprintf(call->b.subject, sizeof(call->b.subject), "call/%llu",
		       (unsigned long long)srv->call_next++);
	call->owner = owner;
	call->hang_ms = owner->service.hang_ms;
	tmr_init(&call->tmr);
	list_append(&srv->calll, &call->le, call);
	++srv->callc;
	++srv->st.calls;

	if (bridge_open(&call->b, &owner->service.floor,
			owner->service.max_talk_ms))
		call = mem_deref(call);

	return call;
}

/* --- activation -------------------------------------------------------- */

/* What it comes to when all of the plan are in it: they are told */
static void kind_set(struct call *call, uint32_t parties)
{
	call->b.kind = parties > 2 ? BRIDGE_ADHOC : BRIDGE_PRIVATE;
}

/* Those of the plan that are not in it yet. @return how many now are */
static uint32_t plan_join(const struct plan *plan, struct call *call,
			  const struct leg *by, struct connect_wait *wait)
{
	uint32_t i;

	for (i = 0; i < plan->legc; i++) {
		struct leg *leg = plan->legv[i];

		if (leg->call)
			++wait->taken;
		else if (!call_join(call, leg, by))
			connect_wait_add(wait, leg);
	}

	return list_count(&call->partyl);
}

static uint16_t call_new(struct leg *caller, const struct plan *plan,
			 struct connect_wait *wait, const char **wordsp)
{
	struct call *call;

	call = call_alloc(caller);
	if (!call) {
		*wordsp = full;
		return 503;
	}

	kind_set(call, plan->legc + 1);
	if (call_join(call, caller, NULL)) {
		*wordsp = "this server is overloaded";
		mem_deref(call);
		return 503;
	}

	if (plan_join(plan, call, caller, wait) < 2) {
		*wordsp = "this server is overloaded";
		call_end(call, "nobody could join");
		return 503;
	}

	return 200;
}

/* Those who are in a call are joined by whom any of them may call. */
static uint16_t call_add(struct leg *caller, const struct plan *plan,
			 struct connect_wait *wait, const char **wordsp)
{
	struct call *call = caller->call;
	const uint32_t n = list_count(&call->partyl) + plan->newc;

	if (n > HL_PARTIES_MAX + 1) {
		*wordsp = "too many parties";
		return 413;
	}

	kind_set(call, n);
	(void)plan_join(plan, call, caller, wait);
	return 200;
}

uint16_t call_check(const struct leg *caller, const struct bus_party *partyv,
		    uint32_t partyc, const char **wordsp)
{
	const struct server *srv = caller->srv;
	struct plan plan;
	uint16_t code;

	code = plan_make(&plan, caller, partyv, partyc);
	*wordsp = plan.words ? plan.words : "";
	if (code)
		return code;

	if (!caller->call && srv->callc >= srv->cfg.calls_max) {
		*wordsp = full;
		return 503;
	}

	return 200;
}

uint16_t call_activate(struct leg *caller, const struct bus_party *partyv,
		       uint32_t partyc, struct connect_wait *wait,
		       const char **wordsp)
{
	const bool kept = caller->call != NULL;
	struct plan plan;
	uint16_t code;

	if (!leg_is_up(caller)) {
		*wordsp = "the caller's leg is not up";
		return 480;
	}

	code = plan_make(&plan, caller, partyv, partyc);
	*wordsp = plan.words ? plan.words : "";
	if (code)
		return code;

	code = kept ? call_add(caller, &plan, wait, wordsp)
		    : call_new(caller, &plan, wait, wordsp);
	if (code != 200)
		return code;

	hlog(caller->srv->log, HLOG_INFO, caller->call->b.subject,
	     "activated", HLOG_S("caller", caller->subscriber),
	     HLOG_U("parties", list_count(&caller->call->partyl)),
	     HLOG_BOOL("kept", kept));
	call_press(caller->call, caller);
	return 200;
}

/* --- who dials comes when the others have answered ----------------------- */

bool call_asks(const struct leg *caller, const struct bus_party *partyv,
	       uint32_t partyc)
{
	struct plan plan;
	uint32_t i;

	if (plan_make(&plan, caller, partyv, partyc))
		return false;

	for (i = 0; i < plan.legc; i++)
		if (!plan.legv[i]->call && leg_session_answers(plan.legv[i]))
			return true;

	return false;
}

uint16_t call_reserve(struct call **callp, struct leg *caller,
		      const struct bus_party *partyv, uint32_t partyc,
		      struct connect_wait *wait, const char **wordsp)
{
	struct call *call;
	struct plan plan;
	uint16_t code;

	code = plan_make(&plan, caller, partyv, partyc);
	*wordsp = plan.words ? plan.words : "";
	if (code)
		return code;

	call = call_alloc(caller);
	if (!call) {
		*wordsp = full;
		return 503;
	}

	call_hold(call);
	kind_set(call, plan.legc + 1);
	if (!plan_join(&plan, call, caller, wait)) {
		*wordsp = "this server is overloaded";
		mem_deref(call);
		return 503;
	}

	call->reserved = callp;
	*callp = call;
	return 200;
}

uint16_t call_enter(struct call *call, struct leg *caller,
		    const char **wordsp)
{
	*wordsp = "this server is overloaded";
	call->held = false;
	if (call_join(call, caller, NULL)) {
		call_end(call, "who dialled could not join");
		return 503;
	}

	*wordsp = "";
	hlog(caller->srv->log, HLOG_INFO, call->b.subject, "activated",
	     HLOG_S("caller", caller->subscriber),
	     HLOG_U("parties", list_count(&call->partyl)),
	     HLOG_BOOL("kept", false));
	call_press(call, caller);
	return 200;
}

void call_give_up(struct call *call)
{
	call_end(call, "who dialled did not come");
}

void call_refused(struct leg *leg)
{
	if (!leg->call)
		return;

	hlog(leg->srv->log, HLOG_INFO, leg->call->b.subject, "refused",
	     HLOG_S("subscriber", leg->subscriber));
	party_leave(leg);
}

/* --- a party whose dialog is replaced ------------------------------------ */

void call_hold(struct call *call)
{
	call->held = true;
}

void call_let_go(struct call *call, struct leg *caller)
{
	call->held = false;
	if (leg_is_up(caller) && !caller->call)
		(void)call_join(call, caller, NULL);
	if (call->owner == caller && caller->call != call)
		call->owner = NULL;
	if (list_count(&call->partyl) < 2)
		call_end(call, "one party is left");
}

/* --- deactivation ------------------------------------------------------ */

static struct leg *party_find(const struct call *call, const char *name)
{
	struct le *le;

	LIST_FOREACH(&call->partyl, le) {
		struct leg *leg = le->data;

		if (!strcmp(leg->subscriber, name))
			return leg;
	}

	LIST_FOREACH(&call->partyl, le) {
		struct leg *leg = le->data;

		if (!strcmp(leg->user, name))
			return leg;
	}

	return NULL;
}

uint16_t call_remove(struct leg *caller, const char *subscriber,
		     const char **wordsp)
{
	struct call *call = caller->call;
	struct leg *leg = caller;

	if (!call) {
		*wordsp = "not in a call";
		return 404;
	}

	if (subscriber[0])
		leg = party_find(call, subscriber);
	if (!leg) {
		*wordsp = "not in this call";
		return 404;
	}

	if (leg != caller && call->owner != caller &&
	    call->b.kind != BRIDGE_PRIVATE) {
		*wordsp = "only who made the call may remove others";
		return 403;
	}

	hlog(caller->srv->log, HLOG_INFO, call->b.subject, "removed",
	     HLOG_S("subscriber", leg->subscriber),
	     HLOG_S("by", caller->subscriber));
	party_leave(leg);
	*wordsp = "";
	return 200;
}

void calls_flush(struct server *srv)
{
	struct call *call;

	while ((call = list_ledata(list_head(&srv->calll))))
		call_end(call, "this server is leaving");
}

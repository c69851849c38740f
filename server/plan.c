/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/leg.h"
#include "server/plan.h"

static uint16_t party_check(const struct leg *caller, const struct leg *leg,
			    const char **wordsp)
{
	if (!leg || !leg_is_up(leg)) {
		*wordsp = "not available";
		return 480;
	}

	if (strcmp(leg->service.name, caller->service.name)) {
		*wordsp = "subscribed to another service";
		return 488;
	}

	/* Presence knows busy legs; one may have become so meanwhile */
	if (leg->call && leg->call != caller->call) {
		*wordsp = "busy in another call";
		return 486;
	}

	return 0;
}

static bool party_local(const struct server *srv, const struct bus_party *p)
{
	return !p->node[0] || !strcmp(p->node, srv->cfg.node);
}

static bool plan_has(const struct plan *plan, const struct leg *leg)
{
	uint32_t i;

	for (i = 0; i < plan->legc; i++)
		if (plan->legv[i] == leg)
			return true;

	return false;
}

uint16_t plan_make(struct plan *plan, const struct leg *caller,
		   const struct bus_party *partyv, uint32_t partyc)
{
	struct server *srv = caller->srv;
	const char *words;
	uint16_t code;
	uint32_t i;

	memset(plan, 0, sizeof(*plan));
	for (i = 0; i < partyc && i < HL_PARTIES_MAX; i++) {
		struct leg *leg = leg_lookup(srv, partyv[i].subscriber);

		/* Nothing is bridged unless all can be (row P17) */
		if (!party_local(srv, &partyv[i])) {
			plan->words = "not on this server yet";
			return 501;
		}

		if (leg == caller || (leg && plan_has(plan, leg)))
			continue;

		code = party_check(caller, leg, &words);
		if (code) {
			plan->words = plan->code ? plan->words : words;
			plan->code = plan->code ? plan->code : code;
			continue;
		}

		plan->newc += !leg->call;
		plan->legv[plan->legc++] = leg;
	}

	if (plan->legc)
		return 0;

	plan->words = plan->code ? plan->words : "nobody else is named";
	return plan->code ? plan->code : 480;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What presence asks a leg to be. */
#include "server/call.h"
#include "server/group.h"
#include "server/leg.h"

/* Addresses and texts of a provision, checked */
struct checked {
	struct sa flow, local;
	const struct leg_codec *codec;
};

static uint16_t provision_check(struct checked *c,
				const struct bus_leg_provision *p,
				const char **wordsp)
{
	memset(c, 0, sizeof(*c));
	sa_init(&c->local, AF_UNSPEC);

	*wordsp = "subscriber, display name or service cannot be used";
	if (!p->subscriber[0] || !p->service.name[0] ||
	    !front_text_ok(p->subscriber) || !front_text_ok(p->service.name) ||
	    !front_text_ok(p->display) ||
	    !front_text_ok(p->service.floor.policy))
		return 400;

	*wordsp = "the service's codec is not known here";
	c->codec = leg_codec_find(p->service.codec);
	if (!c->codec)
		return 488;

	*wordsp = "the flow is no IP:port";
	if (sa_decode(&c->flow, p->flow, strlen(p->flow)))
		return 400;

	*wordsp = "the local address is no IP";
	if (p->local[0] && sa_set_str(&c->local, p->local, 0))
		return 400;

	*wordsp = "contact and route are needed to invite";
	if (p->invite && (!p->contact[0] || !p->route[0] ||
			  !front_text_ok(p->contact)))
		return 400;

	return 0;
}

/* What the terminal was told no longer holds? */
static bool leg_outdated(const struct leg *leg,
			 const struct bus_leg_provision *p,
			 const struct checked *c)
{
	/* Until a session stands, what was offered may be refused now */
	const bool secure = !leg->sess ||
		leg->service.security == p->service.security ||
		(leg_is_up(leg) && leg_rule_conforms(p->service.security,
						     leg->secure));

	/* The switch is told when it makes the leg */
	const bool talks = leg->talk_by == p->talk_by &&
		leg->tones == p->tones;

	return p->anew || !secure || !talks || leg->codec != c->codec ||
		strcmp(leg->service.name, p->service.name) ||
		(!leg->passing && leg->service.idle_inactive !=
					  p->service.idle_inactive);
}

static void leg_update(struct leg *leg, const struct bus_leg_provision *p,
		       const struct checked *c)
{
	const bool moved = !sa_cmp(&leg->flow, &c->flow, SA_ALL);
	const bool elsewhere = !sa_cmp(&leg->flow, &c->flow, SA_ADDR);
	const bool floor =
		leg->service.max_talk_ms != p->service.max_talk_ms ||
		memcmp(&leg->service.floor, &p->service.floor,
		       sizeof(p->service.floor));
	const bool party = leg->anonymous != p->anonymous ||
		leg->priority != p->priority ||
		strcmp(leg->display, p->display);
	const size_t len = strlen(p->route);

	strcpy(leg->user, p->user);
	strcpy(leg->display, p->display);
	leg->service = p->service;
	leg->talk_by = p->talk_by;
	leg->tones = p->tones;
	leg->anonymous = p->anonymous;
	leg->priority = p->priority;
	leg->codec = c->codec;
	leg->invite = p->invite;
	leg->binding = p->binding;
	strcpy(leg->contact, p->contact);
	strcpy(leg->route, p->route);
	if (len > 3 && !strcmp(&leg->route[len - 3], ";lr"))
		leg->route[len - 3] = '\0';

	leg->flow = c->flow;
	leg->local = c->local;

	if (leg->mid && moved)
		(void)mixer_leg_flow_set(leg->srv->mixer, leg->mid,
					 &leg->flow);
	/* Its media goes on from another host: from where is in its answer */
	if (leg->sess && elsewhere && leg_is_up(leg))
		leg_modify(leg, WANT_CHANGE);
	if (party && leg_is_up(leg)) {
		call_party_changed(leg);
		groups_member_changed(leg);
	}
	if (floor && leg_is_up(leg)) {
		call_service_changed(leg);
		groups_service_changed(leg);
	}
	leg_floor_sync(leg);
}

/* --- a leg that is dialled --------------------------------------------- */

/* Its INVITE follows. What there is stays as it is until that is accepted. */
static uint16_t leg_expect(struct leg *leg, const struct bus_leg_provision *p,
			   const char **wordsp)
{
	struct bus_leg_provision *next = mem_alloc(sizeof(*next), NULL);

	if (!next) {
		*wordsp = "out of memory";
		return 503;
	}

	*next = *p;
	next->invite = false;
	mem_deref(leg->next);
	leg->next = next;
	*wordsp = "";
	return 200;
}

bool leg_next_take(struct leg *leg)
{
	struct checked c;
	const char *words;
	bool stays;

	/* It was checked when it came */
	if (!leg->next || provision_check(&c, leg->next, &words))
		return false;

	leg_update(leg, leg->next, &c);
	stays = leg->next->stays;
	leg->next = mem_deref(leg->next);
	return stays;
}

uint16_t leg_provision(struct server *srv, const struct bus_leg_provision *p,
		       const char **wordsp)
{
	struct leg *leg = leg_lookup(srv, p->subscriber);
	const bool made = !leg;
	enum bus_leg_status before;
	struct checked c;
	uint16_t code;

	code = provision_check(&c, p, wordsp);
	if (code)
		return code;

	*wordsp = "the route names no edge";
	if (p->route[0] && front_edge_add(srv, p->route))
		return 400;

	*wordsp = "this conference server is full";
	if (!leg && srv->legc >= srv->cfg.legs_max)
		return 503;

	if (leg && !p->dialled && leg_outdated(leg, p, &c)) {
		leg->code = 0;
		leg_drop(leg);
		if (leg_is_up(leg)) {
			--srv->upc;
			server_heartbeat_soon(srv);
		}
		leg->status = BUS_LEG_NONE;
		leg->retries = 0;
	}

	if (!leg)
		leg = leg_alloc(srv, p->subscriber);
	if (!leg) {
		*wordsp = "out of memory";
		return 503;
	}

	if (p->dialled) {
		if (made)
			leg_update(leg, p, &c);
		leg->passing = leg->passing || made;
		return leg_expect(leg, p, wordsp);
	}

	if (p->invite || !leg_is_up(leg)) {
		leg->passing = false;
		leg->passing_in = NULL;
	}

	leg_update(leg, p, &c);
	before = leg->status;
	leg_want(leg);
	if (leg->status == before)
		leg_say(leg);

	*wordsp = "";
	return 200;
}

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
#include "presence/tries.h"

static const char not_served[] = "Full Duplex Is Not Served";
static const char no_server[] = "No Conference Server";
static const char manual_words[] = "the terminal does not answer by itself";

void provision_leg_set(struct presence *p, struct dir_sub *sub,
		       enum bus_leg_status leg, uint16_t code,
		       const char *words)
{
	const bool told = sub->leg != leg;

	sub->leg = leg;
	sub->code = code;
	(void)re_snprintf(sub->words, sizeof(sub->words), "%s",
			  words ? words : "");
	if (told)
		watchers_status(p, sub);
}

static bool is_up(enum bus_leg_status status)
{
	return status == BUS_LEG_IDLE || status == BUS_LEG_BUSY;
}

bool provision_available(const struct dir_sub *sub)
{
	return sub->active && is_up(sub->leg);
}

void provision_store(const struct presence *p, const struct dir_sub *sub)
{
	const struct binding *b = binding_by_id(p->bindings, sub->home);
	struct state_service row;

	if (!p->state || !b || sub->passing)
		return;
	memset(&row, 0, sizeof(row));
	(void)re_snprintf(row.subscriber, sizeof(row.subscriber), "%s",
			  sub->row.subscriber);
	(void)re_snprintf(row.user, sizeof(row.user), "%s",
			  sub->user->row.name);
	(void)re_snprintf(row.key, sizeof(row.key), "%s", b->key);
	row.manual = tries_manual(sub, b);
	(void)state_service_put(p->state, &row);
}

/* --- at which terminal --------------------------------------------------- */

static unsigned candidate_add(const struct binding *v[], unsigned n,
			      const struct binding *b)
{
	unsigned i;

	if (!b || n == TRIES_MAX)
		return n;
	for (i = 0; i < n; i++) {
		if (v[i] == b)
			return n;
	}
	v[n] = b;
	return n + 1;
}

/* Terminals that may have the leg, newest first: those that are registered,
 * or that have subscribed, as the subscription says */
static unsigned candidates(const struct presence *p, const struct dir_sub *sub,
			   const struct binding *v[TRIES_MAX])
{
	unsigned n = 0;
	struct le *le;

	if (sub->row.start == PROV_START_REGISTER) {
		for (le = list_tail(&sub->user->bindings); le; le = le->prev)
			n = candidate_add(v, n, le->data);
		return n;
	}
	n = watchers_bindings(p, sub, v, TRIES_MAX);
	/* What a restart or a subscription that has run out left */
	if (sub->active && !sub->passing)
		n = candidate_add(v, n,
				  binding_by_id(p->bindings, sub->home));
	return n;
}

/* --- making and ending -------------------------------------------------- */

/* The subscription is active by this binding from now on. What was dialled is
 * not where it belongs, and who only dials has not subscribed. */
static void activate(struct presence *p, struct dir_sub *sub,
		     const struct binding *b, bool dialled)
{
	const bool passing = dialled && (!sub->active || sub->passing);
	const uint64_t home = dialled ? sub->home : b->id;
	const bool changed = !sub->active || sub->passing != passing ||
			     sub->home != home;

	if (sub->binding != b->id)
		sub->epoch = 0;
	sub->active = true;
	sub->passing = passing;
	sub->binding = b->id;
	sub->home = home;
	if (changed)
		provision_store(p, sub);
}

/* Half duplex is all that is switched: a conference in which only one is heard
 * would be worse than none */
static bool served(const struct dir_sub *sub)
{
	return sub->service->row.mode != PROV_FULL_DUPLEX;
}

static void release(struct presence *p, const struct dir_sub *sub,
		    const char *words)
{
	struct bus_msg msg = {.type = BUS_LEG_RELEASE};

	if (!sub->node[0])
		return;
	memcpy(msg.u.leg_release.subscriber, sub->row.subscriber,
	       sizeof(msg.u.leg_release.subscriber));
	(void)re_snprintf(msg.u.leg_release.words,
			  sizeof(msg.u.leg_release.words), "%s", words);
	(void)bus_request(NULL, p->bus, BUS_CONFERENCE, sub->node, &msg, 0,
			  NULL, NULL);
}

/* Rung once already, and nobody was there to answer: wait until the terminal
 * starts afresh. What it has dialled itself goes on. */
static void rest(struct presence *p, struct dir_sub *sub,
		 const struct binding *b, bool here)
{
	const struct provision_how how = {.rq = NULL};

	if (here && is_up(sub->leg)) {
		(void)provision_ask(p, sub, b, &how);
		return;
	}
	if (is_up(sub->leg) || sub->leg == BUS_LEG_INVITING)
		release(p, sub, "Another Terminal's Turn");
	provision_leg_set(p, sub, BUS_LEG_MANUAL, 480, manual_words);
}

void provision_start(struct presence *p, struct dir_sub *sub,
		     const struct binding *b)
{
	const struct provision_how how = {
		.invite = sub->row.inviter == PROV_INVITE_SERVER};
	const bool here = sub->active && sub->binding == b->id;
	int err;

	activate(p, sub, b, false);
	if (how.invite && tries_manual(sub, b)) {
		rest(p, sub, b, here);
		return;
	}
	if (!served(sub)) {
		provision_leg_set(p, sub, BUS_LEG_NONE, 501, not_served);
		return;
	}
	/* To be rung again is to begin anew */
	if (sub->leg == BUS_LEG_MANUAL)
		sub->epoch = 0;
	err = provision_ask(p, sub, b, &how);
	if (!err)
		sub->epoch = b->epoch;
	else if (err == EHOSTUNREACH)
		provision_leg_set(p, sub, BUS_LEG_NONE, 503, no_server);
	else
		provision_leg_set(p, sub, BUS_LEG_NONE, 500,
				  "Cannot Provision");
}

void provision_stop(struct presence *p, struct dir_sub *sub, const char *words)
{
	list_flush(&sub->tries);
	if (!sub->active)
		return;
	sub->active = false;
	sub->passing = false;
	sub->binding = 0;
	sub->home = 0;
	sub->epoch = 0;
	if (p->state)
		(void)state_service_del(p->state, sub->row.subscriber);
	release(p, sub, words);
	provision_leg_set(p, sub, BUS_LEG_NONE, 0, words);
}

static const struct binding *binding_among(const struct binding *const v[],
					   unsigned n, uint64_t id)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		if (v[i]->id == id)
			return v[i];
	}
	return NULL;
}

/* Where the leg belongs when nobody dials: where it was last made without, at
 * the next terminal to try, or at one that rang and is not rung again */
static void go_home(struct presence *p, struct dir_sub *sub,
		    const char *words)
{
	const struct binding *v[TRIES_MAX], *b;
	const unsigned n = candidates(p, sub, v);

	if (!n || !dir_sub_enabled(sub)) {
		provision_stop(p, sub, words);
		return;
	}
	b = binding_among(v, n, sub->home);
	if (!b || tries_manual(sub, b))
		b = tries_next(sub, v, n);
	if (!b)
		b = binding_among(v, n, sub->binding);
	provision_start(p, sub, b ? b : v[0]);
}

void provision_leave(struct presence *p, struct dir_sub *sub,
		     uint64_t binding, const char *words)
{
	const struct binding *v[TRIES_MAX];
	unsigned n;

	if (sub->home == binding)
		sub->home = 0;
	if (!sub->active || sub->binding != binding)
		return;
	n = candidates(p, sub, v);
	if (n == 1 && v[0]->id == binding)
		provision_stop(p, sub, words);
	else
		go_home(p, sub, words);
}

void provision_invited(struct request *rq, struct dir_sub *sub,
		       const struct binding *b, bool dialled)
{
	struct presence *p = rq->p;
	const bool asked = sub->row.inviter == PROV_INVITE_SERVER;
	const struct provision_how how = {
		.dialled = dialled,
		.stays = asked && b->id == sub->home && is_up(sub->leg) &&
			 !tries_manual(sub, b),
		.rq = rq,
	};
	int err;

	if (!served(sub)) {
		request_reply(rq, 501, not_served, NULL);
		return;
	}
	if (!dialled)
		activate(p, sub, b, false);
	err = provision_ask(p, sub, b, &how);
	if (err)
		request_reply(rq, 503, no_server, "Retry-After: 2\r\n");
	else if (!dialled)
		sub->epoch = b->epoch;
}

/* --- what a leg has come to --------------------------------------------- */

/* The leg was made by dialling from there, so that is where it is */
static void adopt(struct presence *p, struct dir_sub *sub,
		  const struct bus_leg_state *st)
{
	const struct binding *b = binding_by_id(p->bindings, st->binding);

	if (!b || b->user != sub->user || !dir_sub_enabled(sub))
		return;
	activate(p, sub, b, true);
	sub->epoch = b->epoch;
	provision_members(p, sub);
}

/* It rang, or refused: is there another terminal? */
static void failed(struct presence *p, struct dir_sub *sub, bool manual)
{
	const struct binding *b = binding_by_id(p->bindings, sub->binding);
	const struct binding *v[TRIES_MAX];

	if (!b)
		return;
	if (manual)
		hlog(p->log, HLOG_WARN, "presence",
		     "phone rang: set it to answer by itself",
		     HLOG_S("subscriber", sub->row.subscriber),
		     HLOG_S("contact", b->contact),
		     HLOG_S("phone", b->user_agent));
	(void)tries_put(sub, b, manual);
	provision_store(p, sub);
	b = tries_next(sub, v, candidates(p, sub, v));
	if (b)
		provision_start(p, sub, b);
}

/* A phone that has one line only may have refused for another's leg */
static void line_free(struct presence *p, const struct dir_sub *gone)
{
	const struct binding *b = binding_by_id(p->bindings, gone->binding);
	struct le *le;

	LIST_FOREACH(&gone->user->subs, le)
	{
		struct dir_sub *sub = le->data;

		if (b && sub != gone && sub->active && sub->code == 486 &&
		    sub->leg == BUS_LEG_NONE && sub->binding == b->id)
			provision_start(p, sub, b);
	}
}

void provision_leg_state(const struct bus_msg *msg, void *arg)
{
	const struct bus_leg_state *st = &msg->u.leg_state;
	struct presence *p = arg;
	struct dir_sub *sub = directory_sub(p->dir, st->subscriber);
	enum bus_leg_status before;

	if (!sub || strcmp(sub->node, st->node))
		return;
	if (is_up(st->status) && st->dialled &&
	    (!sub->active || st->binding != sub->binding))
		adopt(p, sub, st);
	/* What was said of another terminal's leg is old */
	if (!sub->active || (st->binding && st->binding != sub->binding))
		return;
	before = sub->leg;
	provision_leg_set(p, sub, st->status, st->code, st->words);
	if (is_up(st->status)) {
		if (!st->dialled)
			tries_drop(sub, sub->binding);
		return;
	}
	if (is_up(before))
		line_free(p, sub);
	if (st->status == BUS_LEG_MANUAL && before != BUS_LEG_MANUAL)
		failed(p, sub, true);
	else if (st->status == BUS_LEG_NONE && st->dialled &&
		 (is_up(before) || before == BUS_LEG_INVITING))
		go_home(p, sub, st->words);
	else if (st->status == BUS_LEG_NONE && st->code >= 300 &&
		 before == BUS_LEG_INVITING)
		failed(p, sub, false);
}

/* --- what makes us ask again -------------------------------------------- */

/* A terminal came or changed: is it to have the leg? One that has it keeps it,
 * and one that is being rung is rung to the end */
static bool wants_leg(const struct dir_sub *sub, const struct binding *b)
{
	if (!dir_sub_enabled(sub))
		return false;
	if (sub->active && sub->binding == b->id)
		return sub->home == b->id;
	if (sub->row.start != PROV_START_REGISTER)
		return false;
	return !sub->active || ((sub->leg == BUS_LEG_NONE ||
				 sub->leg == BUS_LEG_MANUAL) &&
				!tries_manual(sub, b));
}

void provision_again(struct presence *p, struct dir_sub *sub,
		     const struct binding *b)
{
	const struct provision_how how = {.rq = NULL};

	(void)provision_ask(p, sub, b, &how);
}

/* A terminal that has a leg by dialling alone: it goes on from where it is
 * now, unless it knows of nothing any more */
static void passing_moved(struct presence *p, struct dir_sub *sub,
			  const struct binding *b)
{
	if (sub->epoch == b->epoch)
		provision_again(p, sub, b);
	else
		go_home(p, sub, "The Terminal Has Started Afresh");
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

		if (ev == BINDING_GONE) {
			tries_drop(sub, b->id);
			watchers_end_binding(sub, b->id);
			provision_leave(p, sub, b->id, "Not Registered");
		}
		else if (wants_leg(sub, b)) {
			provision_start(p, sub, b);
		}
		else if (sub->active && sub->binding == b->id) {
			passing_moved(p, sub, b);
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
		provision_leg_set(p, sub, BUS_LEG_NONE, 503,
				  "Conference Server Lost");
		if (nc->ev == NODE_LOST)
			sub->node[0] = '\0';
	}
	if (sub->passing) {
		go_home(p, sub, sub->words);
		return;
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

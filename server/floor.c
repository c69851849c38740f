/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <jansson.h>
#include "server/bridge.h"
#include "server/call.h"
#include "server/emergency.h"
#include "server/group.h"
#include "server/leg.h"
#include "util/clock.h"

/* What the switch tells of a bridge's floor, kept for status and for those who
 * watch: who talks, how urgent it is, since when, and who waits. And what an
 * operator does to it. */

struct waiter {
	struct le le;                /**< In bridge.talk.waitl, in order */
	mixer_leg_id leg;
	uint8_t priority, tier;
	uint64_t since_us;
	char subscriber[HL_NAME_MAX];
};

static void waiter_destructor(void *arg)
{
	struct waiter *w = arg;

	list_unlink(&w->le);
}

static void waiter_drop(struct bridge *b, mixer_leg_id leg)
{
	struct le *le;

	LIST_FOREACH(&b->talk.waitl, le) {
		struct waiter *w = le->data;

		if (w->leg != leg)
			continue;

		mem_deref(w);
		return;
	}
}

/* The switch bounds the queue (queue_max); it is said once more here, as what
 * it says of who leaves may find no room on its way */
static void waiter_add(struct bridge *b, const struct mixer_event *ev)
{
	const struct leg *leg = ev->leg_arg;
	uint16_t n = ev->position;
	struct waiter *w;
	struct le *le;

	waiter_drop(b, ev->leg);
	if (list_count(&b->talk.waitl) >= FLOOR_QUEUE_MAX)
		mem_deref(list_ledata(list_head(&b->talk.waitl)));

	le = list_head(&b->talk.waitl);
	w = leg ? mem_zalloc(sizeof(*w), waiter_destructor) : NULL;
	if (!w)
		return;

	w->leg = ev->leg;
	w->priority = ev->priority;
	w->tier = ev->tier;
	w->since_us = ev->at_us;
	strcpy(w->subscriber, leg->subscriber);
	while (le && --n)
		le = le->next;
	if (le)
		list_insert_before(&b->talk.waitl, le, &w->le, w);
	else
		list_append(&b->talk.waitl, &w->le, w);
}

static void talk_set(struct bridge *b, const struct mixer_event *ev)
{
	const struct leg *leg = ev->leg_arg;
	const bool taken = ev->type == MIXER_FLOOR_TAKEN;

	/* The same burst, more urgent now */
	if (taken && b->talk.holder[0] && b->talk.burst == ev->burst) {
		b->talk.tier = ev->tier;
		b->talk.priority = ev->priority;
		focus_bridge_changed(b);
		return;
	}

	words_copy(b->talk.holder, sizeof(b->talk.holder),
		   taken && leg ? leg->subscriber : "");
	b->talk.priority = ev->priority;
	b->talk.tier = ev->tier;
	b->talk.since_us = ev->at_us;
	b->talk.speech_us = 0;
	b->talk.burst = ev->burst;
	focus_bridge_changed(b);
	hlog(b->srv->log, HLOG_DEBUG, b->subject, taken ? "taken" : "idle",
	     HLOG_S("subscriber", leg ? leg->subscriber : NULL),
	     HLOG_U("burst", ev->burst));

	switch (b->kind) {

	case BRIDGE_PRIVATE:
	case BRIDGE_ADHOC:
		call_floor((struct call *)b, taken);
		break;

	case BRIDGE_GROUP:
		wake_floor((struct group *)b, taken);
		break;
	}
}

/* T4: a call ends; a group is there for who comes next */
static void inactive(struct bridge *b)
{
	switch (b->kind) {

	case BRIDGE_PRIVATE:
	case BRIDGE_ADHOC:
		call_inactive((struct call *)b);
		break;

	case BRIDGE_GROUP:
		break;
	}
}

static void note(const struct bridge *b, const char *what,
		 const struct mixer_event *ev)
{
	const struct leg *leg = ev->leg_arg;

	hlog(b->srv->log, HLOG_DEBUG, b->subject, what,
	     HLOG_S("subscriber", leg ? leg->subscriber : NULL),
	     HLOG_U("position", ev->position), HLOG_U("reason", ev->reason));
}

static void revoked(const struct bridge *b, const struct mixer_event *ev)
{
	const struct leg *leg = ev->leg_arg;

	/* One line for each: no worker sheds more than one in
	 * shed_every_ms */
	if (ev->reason == MIXER_NO_RESOURCES)
		hlog(b->srv->log, HLOG_WARN, b->subject, "burst shed",
		     HLOG_S("subscriber", leg ? leg->subscriber : NULL),
		     HLOG_U("burst", ev->burst));
	else
		note(b, "revoked", ev);
}

void floor_event(struct bridge *b, const struct mixer_event *ev)
{
	switch (ev->type) {

	case MIXER_FLOOR_TAKEN:
	case MIXER_FLOOR_IDLE:
		talk_set(b, ev);
		break;

	case MIXER_BURST_STARTED:
		if (b->talk.burst == ev->burst)
			b->talk.speech_us = ev->at_us;
		break;

	case MIXER_FLOOR_QUEUED:
		note(b, "queued", ev);
		waiter_add(b, ev);
		break;

	case MIXER_FLOOR_UNQUEUED:
		note(b, "not queued", ev);
		waiter_drop(b, ev->leg);
		break;

	case MIXER_FLOOR_DENIED:
		note(b, "denied", ev);
		break;

	case MIXER_FLOOR_REVOKED:
		revoked(b, ev);
		break;

	case MIXER_FLOOR_WARNED:
		note(b, "warned", ev);
		break;

	case MIXER_FLOOR_URGENT:
		note(b, "urgent", ev);
		if (ev->leg_arg && ev->tier == FLOOR_EMERGENCY)
			emergency_raise(b, ev->leg_arg);
		break;

	case MIXER_BRIDGE_INACTIVE:
		inactive(b);
		break;

	case MIXER_LEG_LATCHED:
	case MIXER_LEG_DEAD:
	case MIXER_LEG_ALIVE:
	case MIXER_LEG_QUALITY:
	case MIXER_LEG_CONNECT_ACK:
	case MIXER_LEG_DISCONNECT_ACK:
	case MIXER_LEG_SECURED:
	case MIXER_LEG_INSECURE:
	case MIXER_LEG_MOVED:
	case MIXER_OVERLOAD:
	case MIXER_RECOVERED:
		break;
	}
}

void floor_close(struct bridge *b)
{
	list_flush(&b->talk.waitl);
	memset(&b->talk, 0, sizeof(b->talk));
}

/* --- status -------------------------------------------------------------- */

static const char *tier_name(enum floor_tier tier)
{
	switch (tier) {

	case FLOOR_NORMAL:
		return "normal";
	case FLOOR_PERIL:
		return "peril";
	case FLOOR_EMERGENCY:
		return "emergency";
	}

	return "?";
}

static json_t *ago_ms(uint64_t at_us)
{
	const uint64_t now_us = clock_mono_us();

	return json_integer(at_us && now_us > at_us
			    ? (json_int_t)((now_us - at_us) / 1000) : 0);
}

static json_t *text(const char *s)
{
	json_t *t = json_string(s);

	return t ? t : json_string("?");
}

static json_t *waiters_json(const struct bridge *b)
{
	json_t *a = json_array();
	struct le *le;

	LIST_FOREACH(&b->talk.waitl, le) {
		const struct waiter *w = le->data;

		(void)json_array_append_new(a, json_pack(
			"{s:o s:i s:s s:o}", "subscriber",
			text(w->subscriber), "priority", w->priority,
			"tier", tier_name((enum floor_tier)w->tier),
			"waits_ms", ago_ms(w->since_us)));
	}

	return a;
}

/* Of the talk time, which the first packet starts; null: no end is set */
static json_t *left_ms(const struct bridge *b)
{
	const struct bridge_talk *t = &b->talk;
	const uint64_t talked_ms = t->speech_us
		? (clock_mono_us() - t->speech_us) / 1000 : 0;

	if (!t->holder[0] || !b->max_talk_ms)
		return json_null();

	return json_integer(talked_ms < b->max_talk_ms
			    ? (json_int_t)(b->max_talk_ms - talked_ms) : 0);
}

void floor_status(json_t *o, const struct bridge *b)
{
	const struct bridge_talk *t = &b->talk;
	const bool taken = t->holder[0];

	(void)json_object_set_new(o, "policy", text(b->floor.policy));
	(void)json_object_set_new(o, "holder", taken ? text(t->holder)
						     : json_null());
	(void)json_object_set_new(o, "tier", taken
		? json_string(tier_name((enum floor_tier)t->tier))
		: json_null());
	(void)json_object_set_new(o, "priority", taken
		? json_integer(t->priority) : json_null());
	(void)json_object_set_new(o, "since_ms", ago_ms(t->since_us));
	(void)json_object_set_new(o, "left_ms", left_ms(b));
	(void)json_object_set_new(o, "queue", waiters_json(b));
	(void)json_object_set_new(o, "emergency", emergency_status(b));
}

/* As the status names it: the group, or the call */
static const struct bridge *bridge_named(const struct server *srv,
					 const char *name)
{
	const struct group *g = group_find(srv, name);
	struct le *le;

	if (g)
		return &g->b;

	LIST_FOREACH(&srv->calll, le) {
		const struct call *call = le->data;

		if (!strcmp(name, call->b.subject))
			return &call->b;
	}

	return NULL;
}

int server_floor_revoke(struct server *srv, const char *name,
			const char *actor)
{
	const struct bridge *b;
	int err;

	if (!srv || !name || !actor)
		return EINVAL;

	b = bridge_named(srv, name);
	if (!b || !b->id)
		return ENOENT;
	if (!b->talk.holder[0])
		return EALREADY;

	err = mixer_floor_revoke(srv->mixer, b->id);
	if (!err && srv->state)
		(void)state_audit(srv->state, actor, "floor revoke",
				  b->subject, "ok");
	return err;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <jansson.h>
#include "server/emergency.h"
#include "server/call.h"
#include "server/group.h"
#include "server/leg.h"
#include "util/clock.h"
#include "wire/mcpttinfo.h"

/* In-progress emergency of a group or a call (TS 24.379 clause 6.3.3.1.6). It
 * is declared by a request for the floor that says so, or by a MESSAGE in a
 * leg's dialog, and lasts until it is ended: by who declared it, by an
 * operator, or with its call. That of a group outlives the legs of its members
 * and this process. */

struct emergency {
	struct le le;              /**< In server.emergencyl */
	struct bridge *bridge;     /**< NULL: nobody of the group is up */
	char group[HL_NAME_MAX];   /**< Empty: of a call */
	char by[HL_NAME_MAX];      /**< Subscriber */
	bool anonymous;            /**< ..of whom others are not told, as far as
					is known without its leg */
	uint64_t since_utc_ms;
};

static void emergency_destructor(void *arg)
{
	struct emergency *e = arg;

	list_unlink(&e->le);
}

static struct emergency *emergency_find(const struct server *srv,
					const char *group)
{
	struct le *le;

	LIST_FOREACH(&srv->emergencyl, le) {
		struct emergency *e = le->data;

		if (e->group[0] && !strcmp(e->group, group))
			return e;
	}

	return NULL;
}

/* As an operator names it: the group, or what the list says of a call */
static struct emergency *emergency_named(const struct server *srv,
					 const char *name)
{
	struct le *le;

	LIST_FOREACH(&srv->emergencyl, le) {
		struct emergency *e = le->data;

		if (!strcmp(name, e->group[0] ? e->group : e->bridge->subject))
			return e;
	}

	return NULL;
}

static struct emergency *emergency_alloc(struct server *srv, const char *group,
					 const char *by, uint64_t since_utc_ms)
{
	struct emergency *e = mem_zalloc(sizeof(*e), emergency_destructor);

	if (!e)
		return NULL;

	strcpy(e->group, group);
	strcpy(e->by, by);
	e->since_utc_ms = since_utc_ms;
	list_append(&srv->emergencyl, &e->le, e);
	return e;
}

static void store(const struct server *srv, const struct emergency *e)
{
	struct state_emergency se = { .since_utc_ms = e->since_utc_ms };

	if (!srv->state || !e->group[0])
		return;

	strcpy(se.group, e->group);
	strcpy(se.by, e->by);
	(void)state_emergency_put(srv->state, &se);
}

static void audit(const struct server *srv, const char *actor,
		  const char *action, const char *object)
{
	if (srv->state)
		(void)state_audit(srv->state, actor, action, object, "ok");
}

static const char *name_of(const struct bridge *b)
{
	return b->kind == BRIDGE_GROUP ? ((const struct group *)b)->name : "";
}

/* --- its life ------------------------------------------------------------ */

static void restore_h(const struct state_emergency *se, void *arg)
{
	struct server *srv = arg;

	struct emergency *e = NULL;

	if (list_count(&srv->emergencyl) < srv->cfg.groups_max)
		e = emergency_alloc(srv, se->group, se->by, se->since_utc_ms);
	if (!e)
		return;

	/* Until its leg tells */
	e->anonymous = true;
	hlog(srv->log, HLOG_WARN, "emergency", "goes on",
	     HLOG_S("group", se->group), HLOG_S("by", se->by));
}

int emergency_restore(struct server *srv)
{
	return srv->state ? state_emergencies_load(srv->state, restore_h, srv)
			  : 0;
}

void emergency_open(struct bridge *b)
{
	struct emergency *e = b->kind == BRIDGE_GROUP
		? emergency_find(b->srv, name_of(b)) : NULL;

	if (e)
		e->bridge = b;
	b->emergency = e;
}

void emergency_close(struct bridge *b)
{
	struct emergency *e = b->emergency;

	b->emergency = NULL;
	if (!e)
		return;

	e->bridge = NULL;
	if (!e->group[0])
		mem_deref(e);
}

bool emergency_is_of(const struct bridge *b, const struct leg *leg)
{
	return b->emergency && !strcmp(b->emergency->by, leg->subscriber);
}

/* What he asks for is of the emergency, also where his terminal has no word for
 * it, or is not any more */
static void declarer_say(struct bridge *b, const char *by)
{
	struct leg *leg = leg_lookup(b->srv, by);
	struct member *m;

	if (b->kind == BRIDGE_GROUP) {
		m = member_find(b->srv, (const struct group *)b, by);
		if (m && m->leg)
			member_say(m);
	}
	else if (leg && leg->call && &leg->call->b == b) {
		call_party_say(leg);
	}
}

void emergency_raise(struct bridge *b, const struct leg *leg)
{
	struct server *srv = b->srv;
	struct emergency *e;

	/* A request is repeated until it is answered */
	if (b->emergency)
		return;

	e = emergency_alloc(srv, name_of(b), leg->subscriber, clock_utc_ms());
	if (!e)
		return;

	e->anonymous = leg->anonymous;
	e->bridge = b;
	b->emergency = e;
	store(srv, e);
	audit(srv, leg->subscriber, "emergency declare", b->subject);
	hlog(srv->log, HLOG_WARN, b->subject, "emergency",
	     HLOG_S("by", leg->subscriber));
	bridge_floor_tell(b);
	focus_bridge_changed(b);
	declarer_say(b, e->by);
}

static void emergency_end(struct server *srv, struct emergency *e,
			  const char *actor)
{
	struct bridge *b = e->bridge;
	char subject[SUBJECT_MAX];

	if (b)
		strcpy(subject, b->subject);
	else
		(void)snprintf(subject, sizeof(subject), "group/%s", e->group);
	if (e->group[0] && srv->state)
		(void)state_emergency_del(srv->state, e->group);
	audit(srv, actor, "emergency end", subject);
	hlog(srv->log, HLOG_WARN, subject, "emergency has ended",
	     HLOG_S("actor", actor));
	if (b) {
		b->emergency = NULL;
		bridge_floor_tell(b);
		focus_bridge_changed(b);
		declarer_say(b, e->by);
	}

	mem_deref(e);
}

void emergency_forget(struct server *srv, const char *group)
{
	struct emergency *e = emergency_find(srv, group);

	if (e)
		emergency_end(srv, e, "removal of the group");
}

int server_emergency_end(struct server *srv, const char *name,
			 const char *actor)
{
	struct emergency *e;

	if (!srv || !name || !actor)
		return EINVAL;

	e = emergency_named(srv, name);
	if (!e)
		return ENOENT;

	emergency_end(srv, e, actor);
	return 0;
}

void server_store(struct server *srv)
{
	struct le *le;

	if (!srv)
		return;

	LIST_FOREACH(&srv->emergencyl, le)
		store(srv, le->data);
}

void emergencies_flush(struct server *srv)
{
	list_flush(&srv->emergencyl);
}

/* --- who may ------------------------------------------------------------- */

static uint16_t declare(struct bridge *b, const struct leg *leg,
			const char **wordsp)
{
	const struct member *m = NULL;

	if (b->kind == BRIDGE_GROUP)
		m = member_find(b->srv, (const struct group *)b,
				leg->subscriber);
	if (!b->floor.emergency || (m && !m->emergency)) {
		*wordsp = "may not declare an emergency here";
		return 403;
	}

	emergency_raise(b, leg);
	if (b->emergency)
		return 200;

	*wordsp = "out of memory";
	return 503;
}

static uint16_t end(struct bridge *b, const struct leg *leg,
		    const char **wordsp)
{
	if (!b->emergency)
		return 200;

	if (strcmp(b->emergency->by, leg->subscriber)) {
		*wordsp = "only who declared it may end it, or an operator";
		return 403;
	}

	emergency_end(b->srv, b->emergency, leg->subscriber);
	return 200;
}

static uint16_t said(struct leg *leg, const struct mcpttinfo *mi,
		     const char **wordsp)
{
	struct bridge *b = leg_bridge(leg);

	if (!b) {
		*wordsp = "in no group and no call";
		return 480;
	}

	switch (mi->emergency) {

	case MCPTTINFO_TRUE:
		return declare(b, leg, wordsp);

	case MCPTTINFO_FALSE:
		return end(b, leg, wordsp);

	case MCPTTINFO_ABSENT:
		break;
	}

	*wordsp = "imminent peril is for a request for the floor to say";
	return mi->peril == MCPTTINFO_ABSENT ? 200 : 488;
}

static uint16_t body_read(struct mcpttinfo *mi, const struct sip_msg *msg,
			  const char **wordsp)
{
	const size_t len = mbuf_get_left(msg->mb);
	int err;

	*wordsp = "application/vnd.3gpp.mcptt-info+xml is understood";
	if (!msg_ctype_cmp(&msg->ctyp, "application",
			   "vnd.3gpp.mcptt-info+xml"))
		return 415;

	err = mcpttinfo_parse(mi, len ? (const char *)mbuf_buf(msg->mb) : "",
			      len);
	if (err == ENOTSUP) {
		*wordsp = "encrypted values are not understood";
		return 415;
	}

	*wordsp = err ? "the mcptt-info cannot be read" : "OK";
	return err ? 400 : 0;
}

void emergency_message_h(struct leg *leg, const struct sip_msg *msg)
{
	struct mcpttinfo mi;
	const char *words;
	uint16_t code;

	code = body_read(&mi, msg, &words);
	if (!code)
		code = said(leg, &mi, &words);

	(void)sip_treplyf(NULL, NULL, leg->srv->sip, msg, false, code, words,
			  "%s" "Content-Length: 0\r\n\r\n", code == 415
			  ? "Accept: application/vnd.3gpp.mcptt-info+xml\r\n"
			  : "");
}

/* --- who is told --------------------------------------------------------- */

const char *emergency_by(const struct bridge *b, const struct leg *whom)
{
	const struct emergency *e = b->emergency;
	const struct leg *leg = leg_lookup(b->srv, e->by);
	const bool hidden = leg ? leg->anonymous : e->anonymous;

	return !hidden || leg == whom ? e->by : NULL;
}

static json_t *emergency_json(const struct emergency *e)
{
	json_t *by = json_string(e->by);

	return json_pack("{s:o s:I}", "by", by ? by : json_string("?"),
			 "since_utc_ms", (json_int_t)e->since_utc_ms);
}

json_t *emergency_status(const struct bridge *b)
{
	return b->emergency ? emergency_json(b->emergency) : json_null();
}

int server_emergencies(const struct server *srv, json_t **rowsp)
{
	json_t *rows;
	struct le *le;

	if (!srv || !rowsp)
		return EINVAL;

	rows = json_array();
	if (!rows)
		return ENOMEM;

	LIST_FOREACH(&srv->emergencyl, le) {
		const struct emergency *e = le->data;
		json_t *name = json_string(e->group[0] ? e->group
						       : e->bridge->subject);
		json_t *o = json_pack("{s:o}", "group",
				      name ? name : json_string("?"));
		json_t *what = emergency_json(e);

		(void)json_object_update(o, what);
		(void)json_array_append_new(rows, o);
		json_decref(what);
	}

	*rowsp = rows;
	return 0;
}

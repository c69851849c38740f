/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include "server/emergency.h"
#include "server/group.h"
#include "server/leg.h"

struct group *group_find(const struct server *srv, const char *name)
{
	struct le *le = list_head(hash_list(srv->groups,
					    hash_joaat_str(name)));

	for (; le; le = le->next) {
		struct group *group = le->data;

		if (!strcmp(group->name, name))
			return group;
	}

	return NULL;
}

/* --- membership -------------------------------------------------------- */

static void member_destructor(void *arg)
{
	struct member *m = arg;

	member_leave(m);
	list_unlink(&m->le);
	hash_unlink(&m->he);
	--m->group->memberc;
}

static void group_destructor(void *arg)
{
	struct group *group = arg;

	list_flush(&group->memberl);
	wake_end(group);
	bridge_close(&group->b);
	list_unlink(&group->le);
	hash_unlink(&group->he);
	--group->b.srv->groupc;
}

static struct group *group_alloc(struct server *srv, const char *name)
{
	struct group *group = mem_zalloc(sizeof(*group), group_destructor);

	if (!group)
		return NULL;

	group->b.kind = BRIDGE_GROUP;
	tmr_init(&group->tmr_sleep);
	group->b.srv = srv;
	strcpy(group->name, name);
	(void)snprintf(group->b.subject, sizeof(group->b.subject), "group/%s",
		       name);
	list_append(&srv->groupl, &group->le, group);
	hash_append(srv->groups, hash_joaat_str(name), &group->he, group);
	++srv->groupc;
	return group;
}

static struct member *member_alloc(struct group *group,
				   const char *subscriber)
{
	struct member *m = mem_zalloc(sizeof(*m), member_destructor);

	if (!m)
		return NULL;

	m->group = group;
	strcpy(m->subscriber, subscriber);
	list_append(&group->memberl, &m->le, m);
	hash_append(group->b.srv->members, hash_joaat_str(subscriber), &m->he,
		    m);
	++group->memberc;
	return m;
}

static uint32_t memberships(const struct server *srv, const char *subscriber)
{
	struct le *le = list_head(members_of(srv, subscriber));
	uint32_t n = 0;

	for (; le; le = le->next) {
		const struct member *m = le->data;

		n += !strcmp(m->subscriber, subscriber);
	}

	return n;
}

static void member_changed(struct member *m)
{
	struct leg *leg = leg_lookup(m->group->b.srv, m->subscriber);

	if (m->leg) {
		member_say(m);
	}
	else if (leg && leg_is_up(leg)) {
		groups_join(leg);
		leg_session_sync(leg, NULL);
		leg_media_sync(leg);
	}
}

static uint16_t bounds_check(const struct server *srv,
			     const struct group *group,
			     const char *subscriber, const char **wordsp)
{
	if (!group && srv->groupc >= srv->cfg.groups_max) {
		*wordsp = "no more groups fit on this server";
		return 503;
	}

	if (group && group->memberc >= srv->cfg.group_members_max) {
		*wordsp = "the group is full";
		return 503;
	}

	if (memberships(srv, subscriber) >= HL_GROUPS_MAX) {
		*wordsp = "the subscriber is in too many groups";
		return 503;
	}

	return 0;
}

uint16_t group_member_set(struct server *srv, const struct bus_member_set *s,
			  const char **wordsp)
{
	struct group *group = group_find(srv, s->group);
	struct member *m = NULL;
	uint16_t code;

	*wordsp = "group, subscriber, display name or floor policy cannot be"
		  " used";
	if (!s->group[0] || !s->subscriber[0] || !front_text_ok(s->group) ||
	    !front_text_ok(s->subscriber) || !front_text_ok(s->display) ||
	    !front_text_ok(s->floor.policy))
		return 400;

	if (group)
		m = member_find(srv, group, s->subscriber);

	code = m ? 0 : bounds_check(srv, group, s->subscriber, wordsp);
	if (code)
		return code;

	*wordsp = "out of memory";
	if (!group)
		group = group_alloc(srv, s->group);
	if (group && !m)
		m = member_alloc(group, s->subscriber);
	if (!m)
		return 503;

	strcpy(group->display, s->group_display);
	group->max_talk_ms = s->max_talk_ms;
	group->floor = s->floor;
	m->priority = s->priority;
	m->talk = s->talk;
	m->listen = s->listen;
	m->emergency = s->emergency;
	strcpy(m->display, s->display);

	member_changed(m);
	group_floor_sync(group);
	if (m->leg)
		leg_floor_sync(m->leg);
	focus_bridge_changed(&group->b);
	*wordsp = "";
	return 200;
}

static void member_end(struct member *m)
{
	struct leg *leg = m->leg;
	const bool last = leg && leg->passing_in == m->group;

	mem_deref(m);
	if (!leg)
		return;

	if (last && !leg->call) {
		leg_down(leg, 0, "not in the group any more", false);
		return;
	}

	leg->passing = leg->passing || last;
	groups_join(leg);
	group_select(leg);
	leg_media_sync(leg);
}

void group_member_del(struct server *srv, const struct bus_member_del *d)
{
	struct group *group = group_find(srv, d->group);
	struct member *m;

	if (!d->subscriber[0])
		emergency_forget(srv, d->group);
	if (!group)
		return;

	if (d->subscriber[0]) {
		m = member_find(srv, group, d->subscriber);
		if (m)
			member_end(m);
	}
	else {
		while ((m = list_ledata(list_head(&group->memberl))))
			member_end(m);
	}

	if (!group->memberc)
		mem_deref(group);
}

void groups_forget(struct server *srv, const char *subscriber)
{
	struct le *le = list_head(members_of(srv, subscriber));

	while (le) {
		struct member *m = le->data;
		struct group *group = m->group;

		le = le->next;
		if (strcmp(m->subscriber, subscriber))
			continue;
		mem_deref(m);
		if (!group->memberc)
			mem_deref(group);
	}
}

void groups_flush(struct server *srv)
{
	list_flush(&srv->groupl);
}

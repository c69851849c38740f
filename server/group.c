/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include "server/priv.h"

static struct list *members_of(const struct server *srv,
			       const char *subscriber)
{
	return hash_list(srv->members, hash_joaat_str(subscriber));
}

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

struct member *member_find(const struct server *srv, const struct group *group,
			   const char *subscriber)
{
	struct le *le = list_head(members_of(srv, subscriber));

	for (; le; le = le->next) {
		struct member *m = le->data;

		if (m->group == group && !strcmp(m->subscriber, subscriber))
			return m;
	}

	return NULL;
}

/* --- joining ----------------------------------------------------------- */

static uint32_t talk_ms(const struct group *group, const struct leg *leg)
{
	return group->max_talk_ms ? group->max_talk_ms
				  : leg->service.max_talk_ms;
}

static void mixer_member_get(struct mixer_member *mm, const struct member *m)
{
	const struct server *srv = m->group->b.srv;

	memset(mm, 0, sizeof(*mm));
	mm->priority = m->priority;
	mm->may_talk = m->talk;
	mm->may_listen = m->listen;
	(void)snprintf(mm->uri, sizeof(mm->uri), "sip:%s@%s", m->subscriber,
		       srv->cfg.domain);
	(void)snprintf(mm->name, sizeof(mm->name), "%s", m->display);
}

/* The group has a bridge while it has anybody up. */
static int group_open(struct group *group, const struct leg *leg)
{
	int err;

	if (group->joinedc)
		return strcmp(group->service, leg->service.name) ? EXDEV : 0;

	err = bridge_open(&group->b, talk_ms(group, leg));
	if (err)
		return err;

	strcpy(group->service, leg->service.name);
	return 0;
}

static void group_close_if_empty(struct group *group)
{
	if (group->joinedc || !group->b.id)
		return;

	bridge_close(&group->b);
	group->service[0] = '\0';
}

static void member_join(struct member *m, struct leg *leg)
{
	struct group *group = m->group;
	struct server *srv = leg->srv;
	struct mixer_member mm;
	int err;

	err = group_open(group, leg);
	if (!err) {
		mixer_member_get(&mm, m);
		err = mixer_bridge_join(srv->mixer, group->b.id, leg->mid,
					&mm);
	}

	if (err) {
		/* EXDEV: one codec a bridge, so one service */
		srv->groups_retry = srv->groups_retry || err == EAGAIN;
		hlog(srv->log, HLOG_WARN, group->b.subject, "not joined",
		     HLOG_S("subscriber", m->subscriber), HLOG_ERR(err));
		group_close_if_empty(group);
		return;
	}

	m->leg = leg;
	++group->joinedc;
	++leg->joinedc;
	if (!leg->selected)
		leg->selected = group;
	focus_leg_moved(leg);
	focus_bridge_changed(&group->b);
}

static void member_leave(struct member *m)
{
	struct group *group = m->group;
	struct leg *leg = m->leg;

	if (!leg)
		return;

	(void)mixer_bridge_leave(leg->srv->mixer, group->b.id, leg->mid);
	m->leg = NULL;
	--group->joinedc;
	--leg->joinedc;
	if (leg->selected == group)
		leg->selected = NULL;
	focus_leg_moved(leg);
	focus_bridge_changed(&group->b);

	group_close_if_empty(group);
}

void groups_join(struct leg *leg)
{
	struct le *le = list_head(members_of(leg->srv, leg->subscriber));

	for (; le && leg->joinedc < LEG_GROUPS_JOINED_MAX; le = le->next) {
		struct member *m = le->data;

		if (!m->leg && !strcmp(m->subscriber, leg->subscriber))
			member_join(m, leg);
	}
}

void groups_leave(struct leg *leg)
{
	struct le *le = list_head(members_of(leg->srv, leg->subscriber));

	for (; le; le = le->next) {
		struct member *m = le->data;

		if (m->leg == leg)
			member_leave(m);
	}

	leg->selected = NULL;
}

void groups_retry(struct server *srv)
{
	struct le *le;

	if (!srv->groups_retry)
		return;

	srv->groups_retry = false;
	LIST_FOREACH(&srv->legl, le) {
		struct leg *leg = le->data;

		if (!leg_is_up(leg))
			continue;
		groups_join(leg);
		leg_media_sync(leg);
		if (srv->groups_retry)
			break;
	}
}

/* --- selecting --------------------------------------------------------- */

static struct group *group_any(const struct leg *leg)
{
	struct le *le = list_head(members_of(leg->srv, leg->subscriber));

	for (; le; le = le->next) {
		struct member *m = le->data;

		if (m->leg == leg)
			return m->group;
	}

	return NULL;
}

void group_select(struct leg *leg)
{
	if (!leg->selected)
		leg->selected = group_any(leg);
	focus_leg_moved(leg);

	if (leg->selected && !leg->call)
		(void)mixer_leg_select(leg->srv->mixer, leg->mid,
				       leg->selected->b.id);
}

/* Make room: leave a group that is not selected. */
static void leg_make_room(struct leg *leg)
{
	struct le *le = list_head(members_of(leg->srv, leg->subscriber));

	for (; le && leg->joinedc >= LEG_GROUPS_JOINED_MAX; le = le->next) {
		struct member *m = le->data;

		if (m->leg == leg && m->group != leg->selected)
			member_leave(m);
	}
}

static uint16_t leg_group_set(struct leg *leg, struct group *group,
			      const char **wordsp)
{
	struct member *m = member_find(leg->srv, group, leg->subscriber);

	if (!m) {
		*wordsp = "not a member of this group";
		return 403;
	}

	if (!m->leg) {
		leg_make_room(leg);
		member_join(m, leg);
	}

	if (!m->leg) {
		*wordsp = "this group cannot be joined now";
		return 503;
	}

	leg->selected = group;
	focus_leg_moved(leg);
	return 200;
}

uint16_t group_activate(struct leg *leg, const char *name,
			const char **wordsp)
{
	struct group *group = group_find(leg->srv, name);
	uint16_t code;

	if (!leg_is_up(leg)) {
		*wordsp = "the caller's leg is not up";
		return 480;
	}

	*wordsp = "not a member of this group";
	code = group ? leg_group_set(leg, group, wordsp) : 403;
	if (code != 200)
		return code;

	if (leg->call)
		(void)call_remove(leg, "", wordsp);

	hlog(leg->srv->log, HLOG_INFO, group->b.subject, "activated",
	     HLOG_S("caller", leg->subscriber));
	group_select(leg);
	leg_media_sync(leg);
	(void)mixer_floor_request(leg->srv->mixer, group->b.id, leg->mid);
	*wordsp = "";
	return 200;
}

bool group_dial(struct leg *leg, const struct pl *name)
{
	char buf[HL_NAME_MAX];
	struct group *group;
	const char *words;

	if (refer_user_decode(buf, sizeof(buf), name))
		return false;

	group = group_find(leg->srv, buf);
	if (!group || leg_group_set(leg, group, &words) != 200)
		return false;

	group_select(leg);
	return true;
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

/* The group's limit, or else that of the service of its legs. */
static void group_talk_sync(struct group *group)
{
	struct le *le;

	LIST_FOREACH(&group->memberl, le) {
		const struct member *m = le->data;

		if (!m->leg)
			continue;
		bridge_talk_set(&group->b, talk_ms(group, m->leg));
		return;
	}
}

static void member_changed(struct member *m)
{
	struct leg *leg = leg_lookup(m->group->b.srv, m->subscriber);
	struct mixer_member mm;

	if (m->leg) {
		mixer_member_get(&mm, m);
		(void)mixer_bridge_join(m->leg->srv->mixer, m->group->b.id,
					m->leg->mid, &mm);
	}
	else if (leg && leg_is_up(leg)) {
		groups_join(leg);
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

	*wordsp = "group, subscriber or display name cannot be used";
	if (!s->group[0] || !s->subscriber[0] || !front_text_ok(s->group) ||
	    !front_text_ok(s->subscriber) || !front_text_ok(s->display))
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
	m->priority = s->priority;
	m->talk = s->talk;
	m->listen = s->listen;
	strcpy(m->display, s->display);

	member_changed(m);
	group_talk_sync(group);
	focus_bridge_changed(&group->b);
	*wordsp = "";
	return 200;
}

static void member_end(struct member *m)
{
	struct leg *leg = m->leg;

	mem_deref(m);
	if (!leg)
		return;

	groups_join(leg);
	group_select(leg);
	leg_media_sync(leg);
}

void group_member_del(struct server *srv, const struct bus_member_del *d)
{
	struct group *group = group_find(srv, d->group);
	struct member *m;

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

void groups_service_changed(struct leg *leg)
{
	struct le *le = list_head(members_of(leg->srv, leg->subscriber));

	for (; le; le = le->next) {
		struct member *m = le->data;

		if (m->leg == leg)
			group_talk_sync(m->group);
	}
}

void groups_flush(struct server *srv)
{
	list_flush(&srv->groupl);
}

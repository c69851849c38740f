/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A subscriber's place in a group: joined while it has a leg. */
#include <stdio.h>
#include "server/call.h"
#include "server/emergency.h"
#include "server/group.h"
#include "server/leg.h"

struct list *members_of(const struct server *srv, const char *subscriber)
{
	return hash_list(srv->members, hash_joaat_str(subscriber));
}

struct member *member_find(const struct server *srv,
			   const struct group *group, const char *subscriber)
{
	struct le *le = list_head(members_of(srv, subscriber));

	for (; le; le = le->next) {
		struct member *m = le->data;

		if (m->group == group && !strcmp(m->subscriber, subscriber))
			return m;
	}

	return NULL;
}

void groups_floor_may(struct leg_floor_may *may, const struct leg *leg)
{
	struct le *le = list_head(members_of(leg->srv, leg->subscriber));

	may->priority = leg->priority;
	may->queue = leg->service.floor.queue_max > 0;
	may->preempt = leg->service.floor.preempt;
	for (; le; le = le->next) {
		const struct member *m = le->data;
		const struct bus_floor *f = &m->group->floor;

		if (strcmp(m->subscriber, leg->subscriber))
			continue;

		may->priority = MAX(may->priority, m->priority);
		may->queue = may->queue || f->queue_max > 0;
		may->preempt = may->preempt || f->preempt;
	}
}

/* --- joining ----------------------------------------------------------- */

static uint32_t talk_ms(const struct group *group, const struct leg *leg)
{
	return group->max_talk_ms ? group->max_talk_ms
				  : leg->service.max_talk_ms;
}

static void member_mixer_get(struct mixer_member *mm, const struct member *m,
			     const struct leg *leg)
{
	const struct server *srv = m->group->b.srv;

	memset(mm, 0, sizeof(*mm));
	mm->priority = m->priority;
	mm->may_talk = m->talk;
	mm->may_listen = m->listen;
	mm->may_emergency = m->emergency;
	mm->anonymous = leg->anonymous;
	mm->in_emergency = emergency_is_of(&m->group->b, leg);
	(void)snprintf(mm->uri, sizeof(mm->uri), "sip:%s@%s", m->subscriber,
		       srv->cfg.domain);
	(void)snprintf(mm->name, sizeof(mm->name), "%s", m->display);
}

void member_say(struct member *m)
{
	struct server *srv = m->group->b.srv;
	struct mixer_member mm;

	member_mixer_get(&mm, m, m->leg);
	m->unsaid = mixer_bridge_join(srv->mixer, m->group->b.id, m->leg->mid,
				      &mm) == EAGAIN;
	srv->bridges_retry = srv->bridges_retry || m->unsaid;
}

/* The group has a bridge while it has anybody up. */
static int group_open(struct group *group, const struct leg *leg)
{
	int err;

	if (group->joinedc)
		return strcmp(group->service, leg->service.name) ? EXDEV : 0;

	err = bridge_open(&group->b, &group->floor, talk_ms(group, leg));
	if (err)
		return err;

	strcpy(group->service, leg->service.name);
	return 0;
}

static void group_close_if_empty(struct group *group)
{
	if (group->joinedc || !group->b.id)
		return;

	wake_end(group);
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
		member_mixer_get(&mm, m, leg);
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

void member_leave(struct member *m)
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
	if (leg->passing_in == group)
		leg->passing_in = NULL;
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
		leg_session_sync(leg, NULL);
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
	leg_session_sync(leg, NULL);

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

/* What was dialled for one call goes on in the group, and ends with that. */
static void member_stays(struct leg *leg, struct group *group)
{
	if (leg->passing || leg->passing_in)
		leg->passing_in = group;

	leg->passing = false;
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

	member_stays(leg, group);
	if (leg->call)
		(void)call_remove(leg, "", wordsp);

	hlog(leg->srv->log, HLOG_INFO, group->b.subject, "activated",
	     HLOG_S("caller", leg->subscriber));
	group_select(leg);
	leg_media_sync(leg);
	(void)mixer_floor_request(leg->srv->mixer, group->b.id, leg->mid,
				  FLOOR_NORMAL);
	*wordsp = "";
	return 200;
}

uint16_t group_check(const struct leg *leg, const char *name,
		     const char **wordsp)
{
	const struct group *group = group_find(leg->srv, name);

	*wordsp = "not a member of this group";
	return group && member_find(leg->srv, group, leg->subscriber) ? 200
								      : 403;
}

uint16_t group_dial(struct leg *leg, const char *name, const char **wordsp)
{
	struct group *group = group_find(leg->srv, name);
	uint16_t code;

	*wordsp = "not a member of this group";
	code = group ? leg_group_set(leg, group, wordsp) : 403;
	if (code != 200)
		return code;

	hlog(leg->srv->log, HLOG_INFO, group->b.subject, "dialled",
	     HLOG_S("caller", leg->subscriber));
	member_stays(leg, group);
	group_select(leg);
	leg_media_sync(leg);
	return 200;
}

/* --- what a service changes -------------------------------------------- */

void group_floor_sync(struct group *group)
{
	struct le *le;

	LIST_FOREACH(&group->memberl, le) {
		const struct member *m = le->data;

		if (!m->leg)
			continue;
		bridge_floor_set(&group->b, &group->floor,
				 talk_ms(group, m->leg));
		return;
	}
}

void groups_service_changed(struct leg *leg)
{
	struct le *le = list_head(members_of(leg->srv, leg->subscriber));

	for (; le; le = le->next) {
		struct member *m = le->data;

		if (m->leg == leg)
			group_floor_sync(m->group);
	}
}

void groups_member_changed(struct leg *leg)
{
	struct le *le = list_head(members_of(leg->srv, leg->subscriber));

	for (; le; le = le->next) {
		struct member *m = le->data;

		if (m->leg != leg)
			continue;
		member_say(m);
		focus_bridge_changed(&m->group->b);
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file member.c  Talkgroup memberships, as a conference server is told them
 */
#include <string.h>
#include "presence/priv.h"

static void member_msg(const struct presence *p, const struct dir_member *m,
		       struct bus_msg *msg)
{
	struct bus_member_set *set = &msg->u.member_set;
	const struct prov_group *g = &m->group->row;

	memset(msg, 0, sizeof(*msg));
	msg->type = BUS_MEMBER_SET;
	memcpy(set->group, g->name, sizeof(set->group));
	memcpy(set->group_display, g->display, sizeof(set->group_display));
	memcpy(set->subscriber, m->sub->row.subscriber,
	       sizeof(set->subscriber));
	(void)re_snprintf(set->display, sizeof(set->display), "%s",
			  dir_sub_display(m->sub));
	set->max_talk_ms = g->max_talk_ms;
	policy_tell(&set->floor, directory_group_policy(p->dir, m->group));
	set->priority = m->row.priority;
	set->talk = m->row.talk;
	set->listen = m->row.listen;
	set->emergency = m->row.emergency;
}

static bool member_counts(const struct dir_member *m)
{
	return m->group->row.enabled &&
	       !strcmp(m->group->row.service, m->sub->row.service);
}

static void member_send(struct presence *p, const struct dir_member *m,
			bool gone)
{
	struct bus_msg msg = {.type = BUS_MEMBER_DEL};

	if (gone || !member_counts(m)) {
		memcpy(msg.u.member_del.group, m->group->row.name,
		       sizeof(msg.u.member_del.group));
		memcpy(msg.u.member_del.subscriber, m->sub->row.subscriber,
		       sizeof(msg.u.member_del.subscriber));
	}
	else {
		member_msg(p, m, &msg);
	}
	(void)bus_request(NULL, p->bus, BUS_CONFERENCE, m->sub->node, &msg, 0,
			  NULL, NULL);
}

void provision_member(struct presence *p, const struct dir_member *m,
		      bool gone)
{
	if (m->sub->active && m->sub->node[0])
		member_send(p, m, gone);
}

void provision_group_gone(struct presence *p, const struct dir_group *g)
{
	struct bus_msg msg = {.type = BUS_MEMBER_DEL};
	struct le *le;

	memcpy(msg.u.member_del.group, g->row.name,
	       sizeof(msg.u.member_del.group));
	LIST_FOREACH(nodes_list(p->nodes), le)
	{
		const struct node *n = le->data;

		(void)bus_request(NULL, p->bus, BUS_CONFERENCE, n->hb.node,
				  &msg, 0, NULL, NULL);
	}
}

void provision_members(struct presence *p, const struct dir_sub *sub)
{
	struct le *le;

	LIST_FOREACH(&sub->members, le)
	{
		const struct dir_member *m = le->data;

		if (member_counts(m))
			member_send(p, m, false);
	}
}

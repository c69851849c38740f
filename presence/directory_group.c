/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file directory_group.c  Talkgroups of the directory, and who is in them
 */
#include <string.h>
#include "presence/directory_priv.h"

static void member_destructor(void *arg)
{
	struct dir_member *m = arg;

	list_unlink(&m->le_group);
	list_unlink(&m->le_sub);
}

static void member_free(struct directory *d, struct dir_member *m)
{
	dir_emit(d, (struct dir_change){.event = DIR_MEMBER_GONE, .member = m});
	mem_deref(m);
}

void directory_members_free(struct directory *d, struct list *l)
{
	struct le *le;

	while ((le = list_head(l)))
		member_free(d, le->data);
}

static struct dir_member *member_find(const struct dir_group *g,
				      const char *subscriber)
{
	struct le *le;

	LIST_FOREACH(&g->members, le)
	{
		struct dir_member *m = le->data;

		if (!strcmp(m->row.subscriber, subscriber))
			return m;
	}
	return NULL;
}

void directory_member_set(struct directory *d, const struct prov_member *row,
			  bool del)
{
	struct dir_group *g = directory_group(d, row->group);
	struct dir_sub *sub = directory_sub(d, row->subscriber);
	struct dir_member *m = g ? member_find(g, row->subscriber) : NULL;

	if (del) {
		if (m)
			member_free(d, m);
		return;
	}
	if (!g || !sub)
		return;
	if (!m) {
		m = mem_zalloc(sizeof(*m), member_destructor);
		if (!m)
			return;
		m->group = g;
		m->sub = sub;
		list_append(&g->members, &m->le_group, m);
		list_append(&sub->members, &m->le_sub, m);
	}
	m->row = *row;
	dir_emit(d, (struct dir_change){.event = DIR_MEMBER_SET, .member = m});
}

static void group_destructor(void *arg)
{
	struct dir_group *g = arg;

	hash_unlink(&g->he);
}

void directory_group_set(struct directory *d, const struct prov_group *row,
			 bool del)
{
	struct dir_group *g = directory_group(d, row->name);
	struct le *le;

	if (del) {
		if (!g)
			return;
		directory_members_free(d, &g->members);
		dir_emit(d, (struct dir_change){.event = DIR_GROUP_GONE,
						.group = g});
		mem_deref(g);
		d->counts.groups--;
		return;
	}
	if (!g) {
		g = mem_zalloc(sizeof(*g), group_destructor);
		if (!g)
			return;
		hash_append(d->groups, hash_joaat_str(row->name), &g->he, g);
		d->counts.groups++;
	}
	g->row = *row;
	LIST_FOREACH(&g->members, le)
	{
		dir_emit(d, (struct dir_change){
				.event = g->row.enabled ? DIR_MEMBER_SET
							: DIR_MEMBER_GONE,
				.member = le->data});
	}
}

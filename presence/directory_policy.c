/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file directory_policy.c  Floor policies of the directory, and who has them
 */
#include <string.h>
#include "presence/directory_priv.h"

/** Whom a changed policy concerns */
struct concerned {
	const struct directory *d;
	const char *policy;
};

static void policy_destructor(void *arg)
{
	struct dir_policy *pol = arg;

	hash_unlink(&pol->he);
}

static bool sub_handler(struct le *le, void *arg)
{
	const struct concerned *c = arg;
	struct dir_sub *sub = le->data;

	if (!strcmp(sub->service->row.floor_policy, c->policy))
		dir_emit(c->d, (struct dir_change){.event = DIR_SUB_CHANGED,
						   .sub = sub});
	return false;
}

static bool group_handler(struct le *le, void *arg)
{
	const struct concerned *c = arg;
	const struct dir_group *g = le->data;
	struct le *m;

	/* Where it is the service's, its subscribers were told by the above,
	 * and that tells their memberships, too */
	if (!g->row.enabled || strcmp(g->row.floor_policy, c->policy))
		return false;
	LIST_FOREACH(&g->members, m)
	{
		dir_emit(c->d, (struct dir_change){.event = DIR_MEMBER_SET,
						   .member = m->data});
	}
	return false;
}

void directory_policy_set(struct directory *d, const struct prov_policy *row,
			  bool del)
{
	struct dir_policy *pol = directory_policy(d, row->name);
	struct concerned c = {d, row->name};

	if (del) {
		/* The database refuses to delete one that is in use */
		mem_deref(pol);
		return;
	}
	if (!pol) {
		pol = mem_zalloc(sizeof(*pol), policy_destructor);
		if (!pol)
			return;
		hash_append(d->policies, hash_joaat_str(row->name), &pol->he,
			    pol);
	}
	pol->row = *row;
	(void)hash_apply(d->subs, sub_handler, &c);
	(void)hash_apply(d->groups, group_handler, &c);
}

const struct prov_policy *
directory_service_policy(const struct directory *d,
			 const struct dir_service *svc)
{
	const struct dir_policy *pol =
		svc ? directory_policy(d, svc->row.floor_policy) : NULL;

	return pol ? &pol->row : NULL;
}

const struct prov_policy *directory_group_policy(const struct directory *d,
						 const struct dir_group *g)
{
	const struct dir_policy *pol =
		directory_policy(d, g->row.floor_policy);

	return pol ? &pol->row
		   : directory_service_policy(d, directory_service(
							d, g->row.service));
}

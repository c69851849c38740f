/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file directory_priv.h  Inside of the directory: its files share this
 */
#ifndef HL_PRESENCE_DIRECTORY_PRIV_H
#define HL_PRESENCE_DIRECTORY_PRIV_H

#include "presence/directory.h"
#include "presence/rules.h"

struct directory {
	struct hash *users, *subs, *services, *groups, *policies;
	struct rules *rules;
	struct prov_watch *watch;
	dir_change_h *h;
	void *arg;
	struct dir_counts counts;
	bool synced;
};

static inline void dir_emit(const struct directory *d, struct dir_change chg)
{
	d->h(&chg, d->arg);
}

/* --- directory_policy.c -------------------------------------------------- */

void directory_policy_set(struct directory *d, const struct prov_policy *row,
			  bool del);

/* --- directory_group.c --------------------------------------------------- */

void directory_group_set(struct directory *d, const struct prov_group *row,
			 bool del);
void directory_member_set(struct directory *d, const struct prov_member *row,
			  bool del);
/** All of a list of members, each told as gone before it is */
void directory_members_free(struct directory *d, struct list *l);

#endif

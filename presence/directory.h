/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file directory.h  Who exists and who may what, in memory
 *
 * Filled by the provisioning database's snapshot and kept current by its
 * changes. Beside what is provisioned a subscription carries what is true now:
 * whether its service is active, on which conference server, and how its leg
 * is. Signalling thread only; owned by the presence role.
 */
#ifndef HL_PRESENCE_DIRECTORY_H
#define HL_PRESENCE_DIRECTORY_H

#include <stdbool.h>
#include <stdint.h>
#include <re.h>
#include "bus/msg.h"
#include "db/prov.h"
#include "presence/rate.h"

struct directory;

struct dir_user {
	struct le he;
	struct prov_user row;
	struct list subs;          /**< struct dir_sub, by le_user */
	struct list bindings;      /**< struct binding, by le_user */
	struct list publications;  /**< struct publication, by le_user */
	uint32_t watchers;         /**< SUBSCRIBE dialogs of this user */
	struct rate rate;          /**< What it has asked for lately */
};

struct dir_service {
	struct le he;
	struct prov_service row;
};

/** How floors are run; found by name where it counts */
struct dir_policy {
	struct le he;
	struct prov_policy row;
};

struct dir_group {
	struct le he;
	struct prov_group row;
	struct list members;       /**< struct dir_member, by le_group */
};

struct dir_member {
	struct le le_group, le_sub;
	struct dir_group *group;
	struct dir_sub *sub;
	struct prov_member row;
};

struct dir_sub {
	struct le he, le_user;
	struct prov_subscription row;
	struct dir_user *user;
	struct dir_service *service;
	struct list members;       /**< struct dir_member, by le_sub */
	struct list watchers;      /**< struct watcher, by le_sub */

	/* what is true now */
	bool active;               /**< Subscribed to its service (row P2) */
	bool passing;              /**< ..only by a leg that was dialled: not
					longer than that leg is */
	uint64_t binding;          /**< Id of the terminal's binding */
	uint64_t home;             /**< ..and of the one that it goes back to
					when a leg that was dialled ends */
	uint64_t epoch;            /**< Of the binding when provisioned */
	char node[HL_NODE_MAX];    /**< Assigned; empty: none */
	enum bus_leg_status leg;
	uint16_t code;             /**< Why the leg is as it is */
	char words[HL_REASON_MAX];
	struct list tries;         /**< struct dir_try */
};

/** A terminal at which the leg could not be made. Nothing is said of it once
 *  the terminal starts afresh: then its epoch or its contact is another. */
struct dir_try {
	struct le le;              /**< In dir_sub.tries, the latest last */
	uint64_t binding, epoch, contact;
	bool manual;               /**< It rang: it does not answer by itself */
};

enum dir_event {
	DIR_SUB_CHANGED, /**< New, or its rows, its service or its floor policy
			      changed */
	DIR_SUB_GONE,    /**< About to be freed, or another's from now on */
	DIR_USER_GONE,   /**< Deleted or disabled; its bindings must go */
	DIR_MEMBER_SET,
	DIR_MEMBER_GONE, /**< About to be freed */
	DIR_GROUP_GONE,  /**< Deleted: about to be freed, without members */
	DIR_RULE_CHANGED,/**< subject, object: may see less or more */
	DIR_SYNCED
};

struct dir_change {
	enum dir_event event;
	struct dir_user *user;
	struct dir_sub *sub;
	struct dir_member *member;
	struct dir_group *group;
	const char *subject, *object;
};

typedef void(dir_change_h)(const struct dir_change *chg, void *arg);

int directory_alloc(struct directory **dp, struct prov *prov, dir_change_h *h,
		    void *arg);

/** True once the snapshot is complete */
bool directory_synced(const struct directory *d);

struct dir_user *directory_user(const struct directory *d, const char *name);
struct dir_sub *directory_sub(const struct directory *d, const char *name);
struct dir_service *directory_service(const struct directory *d,
				      const char *name);
struct dir_group *directory_group(const struct directory *d,
				  const char *name);

struct dir_policy *directory_policy(const struct directory *d,
				    const char *name);
/** How the floor of a service's calls is run; NULL: that is not known */
const struct prov_policy *
directory_service_policy(const struct directory *d,
			 const struct dir_service *svc);
/** ..and that of a group: its own or its service's */
const struct prov_policy *directory_group_policy(const struct directory *d,
						 const struct dir_group *g);

/** The subscription that name (a subscriber, else a user) means in service */
struct dir_sub *directory_resolve(const struct directory *d, const char *name,
				  const struct dir_service *service);

/** Enabled at every level: user, service, subscription */
bool dir_sub_enabled(const struct dir_sub *sub);
const char *dir_sub_display(const struct dir_sub *sub);

bool directory_may_see(const struct directory *d, const char *subject,
		       const char *object);
bool directory_may_call(const struct directory *d, const char *subject,
			const char *object);

typedef void(dir_sub_h)(struct dir_sub *sub, void *arg);
/** Every subscription that may see object (and exists) */
void directory_seers(const struct directory *d, const char *object,
		     dir_sub_h *h, void *arg);
/** Every subscription that subject may see (and exists); a sub may come more
 *  than once where several rules name it */
void directory_seen(const struct directory *d, const char *subject,
		    dir_sub_h *h, void *arg);
/** All of them */
void directory_subs(const struct directory *d, dir_sub_h *h, void *arg);

struct dir_counts {
	uint32_t users, subs, services, groups, rules;
};
void directory_counts(const struct directory *d, struct dir_counts *c);

#endif

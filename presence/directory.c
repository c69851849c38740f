/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file directory.c  Who exists and who may what, in memory
 */
#include <errno.h>
#include <string.h>
#include "presence/directory_priv.h"

enum { HASH_SIZE = 8192 };

struct name_cmp {
	const char *name;
	size_t offset; /* of the name in the object */
};

static bool name_handler(struct le *le, void *arg)
{
	const struct name_cmp *nc = arg;

	return !strcmp((const char *)le->data + nc->offset, nc->name);
}

static void *find(const struct hash *ht, const char *name, size_t offset)
{
	struct name_cmp nc = {name, offset};

	if (!name || !name[0])
		return NULL;
	return list_ledata(
		hash_lookup(ht, hash_joaat_str(name), name_handler, &nc));
}

struct dir_user *directory_user(const struct directory *d, const char *name)
{
	return find(d->users, name, offsetof(struct dir_user, row.name));
}

struct dir_sub *directory_sub(const struct directory *d, const char *name)
{
	return find(d->subs, name, offsetof(struct dir_sub, row.subscriber));
}

struct dir_service *directory_service(const struct directory *d,
				      const char *name)
{
	return find(d->services, name,
		    offsetof(struct dir_service, row.name));
}

struct dir_group *directory_group(const struct directory *d, const char *name)
{
	return find(d->groups, name, offsetof(struct dir_group, row.name));
}

struct dir_policy *directory_policy(const struct directory *d,
				    const char *name)
{
	return find(d->policies, name, offsetof(struct dir_policy, row.name));
}

struct dir_sub *directory_resolve(const struct directory *d, const char *name,
				  const struct dir_service *service)
{
	struct dir_sub *sub = directory_sub(d, name);
	struct dir_user *user;
	struct le *le;

	if (sub)
		return sub->service == service ? sub : NULL;
	user = directory_user(d, name);
	if (!user)
		return NULL;
	LIST_FOREACH(&user->subs, le)
	{
		sub = le->data;
		if (sub->service == service)
			return sub;
	}
	return NULL;
}

bool dir_sub_enabled(const struct dir_sub *sub)
{
	return sub && sub->row.enabled && sub->user->row.enabled &&
	       sub->service->row.enabled;
}

const char *dir_sub_display(const struct dir_sub *sub)
{
	return sub->row.display[0] ? sub->row.display : sub->user->row.display;
}

/* --- authorisations --------------------------------------------------- */

bool directory_may_see(const struct directory *d, const char *subject,
		       const char *object)
{
	return rules_may_see(d->rules, subject, object);
}

bool directory_may_call(const struct directory *d, const char *subject,
			const char *object)
{
	return rules_may_call(d->rules, subject, object);
}

struct each {
	const struct directory *d;
	dir_sub_h *h;
	void *arg;
};

static bool each_handler(struct le *le, void *arg)
{
	const struct each *e = arg;

	e->h(le->data, e->arg);
	return false;
}

void directory_subs(const struct directory *d, dir_sub_h *h, void *arg)
{
	struct each e = {d, h, arg};

	(void)hash_apply(d->subs, each_handler, &e);
}

static void name_each(const char *name, void *arg)
{
	const struct each *e = arg;
	struct dir_sub *sub;

	if (!strcmp(name, "*")) {
		directory_subs(e->d, e->h, e->arg);
		return;
	}
	sub = directory_sub(e->d, name);
	if (sub)
		e->h(sub, e->arg);
}

void directory_seers(const struct directory *d, const char *object,
		     dir_sub_h *h, void *arg)
{
	struct each e = {d, h, arg};

	rules_seers(d->rules, object, name_each, &e);
}

void directory_seen(const struct directory *d, const char *subject,
		    dir_sub_h *h, void *arg)
{
	struct each e = {d, h, arg};

	rules_seen(d->rules, subject, name_each, &e);
}

static void rule_set(const struct directory *d,
		     const struct prov_authorisation *row, bool del)
{
	if (del)
		rules_remove(d->rules, row->subject, row->object);
	else if (rules_set(d->rules, row->subject, row->object, row->see,
			   row->call))
		return;
	dir_emit(d, (struct dir_change){.event = DIR_RULE_CHANGED,
					.subject = row->subject,
					.object = row->object});
}

/* --- subscriptions ---------------------------------------------------- */

static void sub_destructor(void *arg)
{
	struct dir_sub *sub = arg;

	hash_unlink(&sub->he);
	list_unlink(&sub->le_user);
	list_flush(&sub->tries);
	mem_deref(sub->service);
}

static void sub_free(struct directory *d, struct dir_sub *sub)
{
	dir_emit(d, (struct dir_change){.event = DIR_SUB_GONE, .sub = sub});
	directory_members_free(d, &sub->members);
	mem_deref(sub);
	d->counts.subs--;
}

static void sub_set(struct directory *d, const struct prov_subscription *row,
		    bool del)
{
	struct dir_sub *sub = directory_sub(d, row->subscriber);
	struct dir_user *user = directory_user(d, row->user);
	struct dir_service *service = directory_service(d, row->service);

	if (del) {
		if (sub)
			sub_free(d, sub);
		return;
	}
	if (!user || !service)
		return;
	/* Another user or service: not the same subscription any more, but
	 * rows that name it may not come again */
	if (sub && (sub->user != user || sub->service != service)) {
		dir_emit(d, (struct dir_change){.event = DIR_SUB_GONE,
						.sub = sub});
		list_unlink(&sub->le_user);
		list_append(&user->subs, &sub->le_user, sub);
		sub->user = user;
		mem_deref(sub->service);
		sub->service = mem_ref(service);
	}
	if (!sub) {
		sub = mem_zalloc(sizeof(*sub), sub_destructor);
		if (!sub)
			return;
		sub->user = user;
		sub->service = mem_ref(service);
		hash_append(d->subs, hash_joaat_str(row->subscriber),
			    &sub->he, sub);
		list_append(&user->subs, &sub->le_user, sub);
		d->counts.subs++;
	}
	sub->row = *row;
	dir_emit(d, (struct dir_change){.event = DIR_SUB_CHANGED, .sub = sub});
}

static void user_destructor(void *arg)
{
	struct dir_user *user = arg;

	hash_unlink(&user->he);
}

static void user_subs_emit(struct directory *d, struct dir_user *user)
{
	struct le *le;

	LIST_FOREACH(&user->subs, le)
	{
		dir_emit(d, (struct dir_change){.event = DIR_SUB_CHANGED,
						.sub = le->data});
	}
}

static void user_set(struct directory *d, const struct prov_user *row,
		     bool del)
{
	struct dir_user *user = directory_user(d, row->name);
	struct le *le;

	if (!user && del)
		return;
	if (!user) {
		user = mem_zalloc(sizeof(*user), user_destructor);
		if (!user)
			return;
		hash_append(d->users, hash_joaat_str(row->name), &user->he,
			    user);
		d->counts.users++;
	}
	if (del) {
		while ((le = list_head(&user->subs)))
			sub_free(d, le->data);
	}
	else {
		user->row = *row;
		user_subs_emit(d, user);
	}
	if (del || !user->row.enabled)
		dir_emit(d, (struct dir_change){.event = DIR_USER_GONE,
						.user = user});
	if (del) {
		mem_deref(user);
		d->counts.users--;
	}
}

/* --- services --------------------------------------------------------- */

static void service_destructor(void *arg)
{
	struct dir_service *svc = arg;

	hash_unlink(&svc->he);
}

struct service_ctx {
	const struct directory *d;
	const struct dir_service *svc;
};

static bool service_sub_handler(struct le *le, void *arg)
{
	const struct service_ctx *ctx = arg;
	struct dir_sub *sub = le->data;

	if (sub->service == ctx->svc)
		dir_emit(ctx->d, (struct dir_change){.event = DIR_SUB_CHANGED,
						     .sub = sub});
	return false;
}

static void service_set(struct directory *d, const struct prov_service *row,
			bool del)
{
	struct dir_service *svc = directory_service(d, row->name);
	struct service_ctx ctx = {d, svc};

	if (del) {
		/* The database refuses to delete a service that is in use */
		if (svc) {
			hash_unlink(&svc->he);
			mem_deref(svc);
			d->counts.services--;
		}
		return;
	}
	if (!svc) {
		svc = mem_zalloc(sizeof(*svc), service_destructor);
		if (!svc)
			return;
		hash_append(d->services, hash_joaat_str(row->name), &svc->he,
			    svc);
		d->counts.services++;
		svc->row = *row;
		return;
	}
	svc->row = *row;
	(void)hash_apply(d->subs, service_sub_handler, &ctx);
}

/* --- the role --------------------------------------------------------- */

static void change_handler(const struct prov_change *chg, void *arg)
{
	struct directory *d = arg;
	const bool del = chg->op == PROV_DELETE;

	if (chg->op == PROV_SYNCED) {
		d->synced = true;
		dir_emit(d, (struct dir_change){.event = DIR_SYNCED});
		return;
	}
	switch (chg->table) {
	case PROV_USER:
		user_set(d, &chg->u.user, del);
		break;
	case PROV_POLICY:
		directory_policy_set(d, &chg->u.policy, del);
		break;
	case PROV_SERVICE:
		service_set(d, &chg->u.service, del);
		break;
	case PROV_SUBSCRIPTION:
		sub_set(d, &chg->u.subscription, del);
		break;
	case PROV_AUTHORISATION:
		rule_set(d, &chg->u.authorisation, del);
		break;
	case PROV_GROUP:
		directory_group_set(d, &chg->u.group, del);
		break;
	case PROV_MEMBER:
		directory_member_set(d, &chg->u.member, del);
		break;
	case PROV_DOMAIN:
	case PROV_SECRET:
		break;
	}
}

static bool member_clear_handler(struct le *le, void *arg)
{
	struct dir_group *g = le->data;
	struct le *m;

	(void)arg;
	while ((m = list_head(&g->members)))
		mem_deref(m->data);
	return false;
}

static void destructor(void *arg)
{
	struct directory *d = arg;

	mem_deref(d->watch);
	(void)hash_apply(d->groups, member_clear_handler, NULL);
	hash_flush(d->groups);
	hash_flush(d->subs);
	hash_flush(d->users);
	hash_flush(d->services);
	hash_flush(d->policies);
	mem_deref(d->groups);
	mem_deref(d->subs);
	mem_deref(d->users);
	mem_deref(d->services);
	mem_deref(d->policies);
	mem_deref(d->rules);
}

int directory_alloc(struct directory **dp, struct prov *prov, dir_change_h *h,
		    void *arg)
{
	const unsigned mask = PROV_BIT(PROV_USER) | PROV_BIT(PROV_POLICY) |
			      PROV_BIT(PROV_SERVICE) |
			      PROV_BIT(PROV_SUBSCRIPTION) |
			      PROV_BIT(PROV_AUTHORISATION) |
			      PROV_BIT(PROV_GROUP) | PROV_BIT(PROV_MEMBER);
	struct directory *d;
	int err;

	if (!dp || !prov || !h)
		return EINVAL;
	d = mem_zalloc(sizeof(*d), destructor);
	if (!d)
		return ENOMEM;
	d->h = h;
	d->arg = arg;
	err = hash_alloc(&d->users, HASH_SIZE);
	err |= hash_alloc(&d->subs, HASH_SIZE);
	err |= hash_alloc(&d->services, 64);
	err |= hash_alloc(&d->policies, 64);
	err |= hash_alloc(&d->groups, HASH_SIZE);
	err |= rules_alloc(&d->rules);
	if (!err)
		err = prov_watch_add(&d->watch, prov, mask, change_handler, d);
	if (err)
		mem_deref(d);
	else
		*dp = d;
	return err;
}

bool directory_synced(const struct directory *d)
{
	return d->synced;
}

void directory_counts(const struct directory *d, struct dir_counts *c)
{
	*c = d->counts;
	c->rules = rules_count(d->rules);
}

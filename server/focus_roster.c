/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file focus_roster.c  What a subscriber is told of the bridge it is in
 */
#include <stdio.h>
#include "server/call.h"
#include "server/emergency.h"
#include "server/focus_priv.h"
#include "server/group.h"
#include "server/leg.h"

enum {
	PART_MAX = 2 * CONFINFO_USER_BYTES_MAX,
	END_BYTES = 32           /**< Of the document's end */
};

/* A user as it was told. What may be known of it is looked up each time. */
struct told {
	struct le le;
	uint32_t display;        /**< Hash of the name shown */
	enum confinfo_media media;
	char name[];             /**< Subscriber */
};

/* Somebody in the bridge */
struct present {
	const struct leg *leg;
	const char *display;
	bool listens;
};

/* A document while it is being made */
struct part {
	struct focus_sub *s;
	struct confinfo_writer w;
	size_t limit;
	size_t user_bytes;       /**< The longest user in it */
	unsigned n;              /**< Users in it */
	bool more;
	int err;
};

static void told_destructor(void *arg)
{
	struct told *t = arg;

	list_unlink(&t->le);
}

static struct told *told_find(const struct focus_sub *s, const char *name)
{
	struct le *le;

	LIST_FOREACH(&s->toldl, le) {
		struct told *t = le->data;

		if (!strcmp(t->name, name))
			return t;
	}

	return NULL;
}

static struct told *told_add(struct focus_sub *s, const char *name)
{
	const size_t n = strlen(name) + 1;
	struct told *t = mem_zalloc(sizeof(*t) + n, told_destructor);

	if (!t)
		return NULL;

	memcpy(t->name, name, n);
	list_append(&s->toldl, &t->le, t);
	++s->toldc;
	return t;
}

static void told_drop(struct focus_sub *s, struct told *t)
{
	--s->toldc;
	mem_deref(t);
}

/* --- who is there ------------------------------------------------------ */

typedef bool (present_h)(const struct present *p, void *arg);

static bool call_apply(const struct call *call, present_h *h, void *arg)
{
	struct present p = { .listens = true };
	struct le *le;

	LIST_FOREACH(&call->partyl, le) {
		p.leg = le->data;
		p.display = p.leg->display;
		if (h(&p, arg))
			return true;
	}

	return false;
}

static void member_get(struct present *p, const struct member *m)
{
	p->leg = m->leg;
	p->display = m->display;
	p->listens = m->listen;
}

static bool group_apply(const struct group *group, present_h *h, void *arg)
{
	struct present p;
	struct le *le;

	LIST_FOREACH(&group->memberl, le) {
		const struct member *m = le->data;

		if (!m->leg)
			continue;
		member_get(&p, m);
		if (h(&p, arg))
			return true;
	}

	return false;
}

struct search {
	const char *name;
	struct present *found;
};

static bool name_h(const struct present *p, void *arg)
{
	const struct search *search = arg;

	if (strcmp(p->leg->subscriber, search->name))
		return false;

	*search->found = *p;
	return true;
}

/* Is it in the bridge that the leg is in? */
static bool present_find(struct present *p, const struct focus *f,
			 const char *name)
{
	struct search search = { .name = name, .found = p };
	const struct bridge *b = f->bridge;
	const struct member *m;

	if (!b) {
		*p = (struct present){ .leg = f->leg,
				       .display = f->leg->display };
		return !strcmp(name, f->leg->subscriber);
	}

	switch (b->kind) {

	case BRIDGE_PRIVATE:
	case BRIDGE_ADHOC:
		return call_apply((const struct call *)b, name_h, &search);

	case BRIDGE_GROUP:
		m = member_find(b->srv, (const struct group *)b, name);
		if (!m || !m->leg)
			return false;
		member_get(p, m);
		return true;
	}

	return false;
}

static void present_apply(const struct focus *f, present_h *h, void *arg)
{
	const struct bridge *b = f->bridge;

	if (!b)
		return;

	switch (b->kind) {

	case BRIDGE_PRIVATE:
	case BRIDGE_ADHOC:
		(void)call_apply((const struct call *)b, h, arg);
		break;

	case BRIDGE_GROUP:
		(void)group_apply((const struct group *)b, h, arg);
		break;
	}
}

static uint32_t present_count(const struct focus *f)
{
	const struct bridge *b = f->bridge;

	if (!b)
		return 1;

	switch (b->kind) {

	case BRIDGE_PRIVATE:
	case BRIDGE_ADHOC:
		return list_count(&((const struct call *)b)->partyl);

	case BRIDGE_GROUP:
		return ((const struct group *)b)->joinedc;
	}

	return 1;
}

/* --- what is said of them ---------------------------------------------- */

static enum confinfo_media media_of(const struct focus *f,
				    const struct present *p)
{
	const bool talks = f->bridge &&
		!strcmp(f->bridge->talk.holder, p->leg->subscriber) &&
		(!p->leg->anonymous || p->leg == f->leg);

	if (talks)
		return p->listens ? CONFINFO_SENDRECV : CONFINFO_SENDONLY;

	return p->listens ? CONFINFO_RECVONLY : CONFINFO_INACTIVE;
}

/* For somebody who is to be told of. Names are of a length: the longest so far
 * has to fit once more. */
static bool part_room(struct part *part)
{
	part->more = part->more || (part->n &&
		confinfo_bytes(&part->w) + part->user_bytes + END_BYTES >
		part->limit);
	return !part->more && !part->err;
}

static void put(struct part *part, const struct confinfo_user *u)
{
	const size_t before = confinfo_bytes(&part->w);

	part->err = confinfo_add(&part->w, u);
	part->user_bytes = MAX(part->user_bytes,
			       confinfo_bytes(&part->w) - before);
	++part->n;
}

static void entity_print(char uri[HL_URI_MAX], const struct focus_sub *s,
			 const char *name)
{
	(void)snprintf(uri, HL_URI_MAX, "sip:%s@%s", name,
		       s->focus->leg->srv->cfg.domain);
}

static void put_present(struct part *part, struct told *t,
			const struct present *p)
{
	struct confinfo_user u = {
		.state = CONFINFO_FULL,
		.status = CONFINFO_CONNECTED,
		.joining = p->leg->invite ? CONFINFO_DIALED_OUT
					  : CONFINFO_DIALED_IN,
		.media = media_of(part->s->focus, p),
	};

	entity_print(u.entity, part->s, t->name);
	strcpy(u.endpoint, u.entity);
	(void)snprintf(u.display, sizeof(u.display), "%s", p->display);
	t->media = u.media;
	t->display = hash_joaat_str(p->display);
	put(part, &u);
}

static void put_gone(struct part *part, struct told *t)
{
	struct confinfo_user u = { .state = CONFINFO_DELETED };

	entity_print(u.entity, part->s, t->name);
	told_drop(part->s, t);
	put(part, &u);
}

static void put_new(struct part *part, const struct present *p)
{
	struct told *t = told_add(part->s, p->leg->subscriber);

	if (t)
		put_present(part, t, p);
	else
		part->err = ENOMEM;
}

/* --- what has changed -------------------------------------------------- */

static void put_changes(struct part *part)
{
	const struct focus *f = part->s->focus;
	struct le *le = list_head(&part->s->toldl);
	struct present p;

	while (le) {
		struct told *t = le->data;
		const bool there = present_find(&p, f, t->name);

		le = le->next;
		if (there && t->media == media_of(f, &p) &&
		    t->display == hash_joaat_str(p.display))
			continue;
		if (!part_room(part))
			return;
		if (there)
			put_present(part, t, &p);
		else
			put_gone(part, t);
	}
}

static bool new_h(const struct present *p, void *arg)
{
	struct part *part = arg;
	const struct server *srv = p->leg->srv;

	if (part->s->toldc >= srv->cfg.focus_users_max)
		return true;
	if (told_find(part->s, p->leg->subscriber))
		return false;
	if (!part_room(part))
		return true;

	put_new(part, p);
	return false;
}

static void put_name(struct part *part, const char *name)
{
	struct present p;

	if (!told_find(part->s, name) &&
	    present_find(&p, part->s->focus, name) && part_room(part))
		put_new(part, &p);
}

/* Of a crowd, those who came first are shown, the subscriber among them, and
 * who talks takes the place of the last. */
static void put_holder(struct part *part)
{
	const struct focus *f = part->s->focus;
	struct present p;
	struct told *t;

	if (!f->bridge || !f->bridge->talk.holder[0] ||
	    told_find(part->s, f->bridge->talk.holder) ||
	    !present_find(&p, f, f->bridge->talk.holder) || p.leg->anonymous ||
	    !part_room(part))
		return;

	t = list_ledata(list_tail(&part->s->toldl));
	if (part->s->toldc >= f->leg->srv->cfg.focus_users_max && t &&
	    strcmp(t->name, f->leg->subscriber))
		put_gone(part, t);
	put_new(part, &p);
}

static void put_users(struct part *part)
{
	const struct focus_sub *s = part->s;

	put_changes(part);
	put_name(part, s->focus->leg->subscriber);
	if (s->toldc < present_count(s->focus))
		present_apply(s->focus, new_h, part);
	put_holder(part);
}

/* --- the document ------------------------------------------------------ */

static const char *display_of(const struct focus *f)
{
	const struct group *group = (const struct group *)f->bridge;

	if (!f->bridge || f->bridge->kind != BRIDGE_GROUP)
		return "";

	return group->display[0] ? group->display : group->name;
}

static void emergency_get(struct confinfo *ci, const struct focus_sub *s)
{
	const struct bridge *b = s->focus->bridge;
	const char *by;

	if (!b || !b->emergency)
		return;

	ci->emergency = true;
	by = emergency_by(b, s->focus->leg);
	if (by)
		entity_print(ci->emergency_by, s, by);
}

static void head_get(struct confinfo *ci, const struct focus_sub *s)
{
	const struct focus *f = s->focus;
	const struct server *srv = f->leg->srv;

	memset(ci, 0, sizeof(*ci));
	(void)leguri_print(ci->entity, sizeof(ci->entity), f->leg->subscriber,
			   srv->cfg.domain);
	(void)snprintf(ci->display, sizeof(ci->display), "%s", display_of(f));
	ci->state = s->full ? CONFINFO_FULL : CONFINFO_PARTIAL;
	ci->version = s->version + 1;
	ci->counted = true;
	ci->user_count = present_count(f);
	ci->active = f->bridge != NULL;
	emergency_get(ci, s);
}

static int part_close(struct part *part, struct mbuf *mb)
{
	size_t len;
	int err;

	err = part->err ? part->err : confinfo_close(&part->w, &len);
	if (err)
		return err;

	mb->end = len;
	++part->s->version;
	return 0;
}

int focus_roster_print(struct focus_sub *s, struct mbuf **mbp, bool *morep)
{
	const size_t limit = s->focus->leg->srv->cfg.focus_bytes;
	struct part part = { .s = s, .limit = limit };
	struct confinfo ci;
	struct mbuf *mb;
	uint32_t head;
	int err;

	mb = mbuf_alloc(limit + PART_MAX);
	if (!mb)
		return ENOMEM;

	if (s->full) {
		list_flush(&s->toldl);
		s->toldc = 0;
	}

	head_get(&ci, s);
	head = hash_joaat_str(ci.display) ^ ci.user_count ^
		(ci.emergency ? ~hash_joaat_str(ci.emergency_by) : 0);
	err = confinfo_open(&part.w, (char *)mb->buf, mb->size, &ci);
	if (err)
		goto out;

	put_users(&part);
	if (!s->full && !part.n && head == s->head) {
		err = ENODATA;
		goto out;
	}

	err = part_close(&part, mb);
	if (err)
		goto out;

	s->head = head;
	s->full = false;
	*morep = part.more;
	*mbp = mem_ref(mb);
 out:
	mem_deref(mb);
	return err;
}

int focus_roster_deleted(struct focus_sub *s, struct mbuf **mbp)
{
	struct part part = { .s = s };
	struct confinfo ci;
	struct mbuf *mb;
	int err;

	mb = mbuf_alloc(PART_MAX);
	if (!mb)
		return ENOMEM;

	head_get(&ci, s);
	ci.state = CONFINFO_DELETED;
	err = confinfo_open(&part.w, (char *)mb->buf, mb->size, &ci);
	err = err ? err : part_close(&part, mb);
	if (err)
		mem_deref(mb);
	else
		*mbp = mb;
	return err;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file publication.c  What users' terminals say of themselves (RFC 3903)
 */
#include <errno.h>
#include <string.h>
#include <openssl/rand.h>
#include "presence/publication.h"
#include "util/clock.h"

struct publications {
	struct list all;
	uint32_t count, max, user_max;
	struct state *state;
	publication_h *h;
	void *arg;
};

const char *publication_event_name(enum publication_event ev)
{
	switch (ev) {
	case PUBLICATION_PRESENCE:
		return "presence";
	case PUBLICATION_SETTINGS:
		return "poc-settings";
	}
	return "";
}

static int presence_parse(struct publication_body *body, const char *p,
			  size_t len)
{
	struct pidf pidf;
	const int err = pidf_parse(&pidf, p, len);

	if (err)
		return err;
	body->open = pidf.open;
	body->unknown = pidf.unknown;
	body->activities = pidf.activities;
	memcpy(body->note, pidf.note, sizeof(body->note));
	return 0;
}

static int settings_parse(struct publication_body *body, const char *p,
			  size_t len)
{
	const int err = pocset_parse(&body->set, p, len);

	/* Written again as it is, it needs one */
	if (!err && !body->set.id[0])
		(void)re_snprintf(body->set.id, sizeof(body->set.id), "t");
	return err;
}

int publication_body_parse(struct publication_body *body, const char *p,
			   size_t len)
{
	return body->event == PUBLICATION_PRESENCE
		       ? presence_parse(body, p, len)
		       : settings_parse(body, p, len);
}

static void table_destructor(void *arg)
{
	struct publications *t = arg;

	list_flush(&t->all);
}

int publications_alloc(struct publications **tp, uint32_t max,
		       uint32_t user_max, struct state *state,
		       publication_h *h, void *arg)
{
	struct publications *t;

	if (!tp || !h)
		return EINVAL;
	t = mem_zalloc(sizeof(*t), table_destructor);
	if (!t)
		return ENOMEM;
	t->max = max;
	t->user_max = user_max;
	t->state = state;
	t->h = h;
	t->arg = arg;
	*tp = t;
	return 0;
}

static int tag_make(char tag[PUBLICATION_TAG_MAX])
{
	uint8_t v[(PUBLICATION_TAG_MAX - 1) / 2];

	if (RAND_bytes(v, sizeof(v)) != 1)
		return EIO;
	(void)re_snprintf(tag, PUBLICATION_TAG_MAX, "%w", v, sizeof(v));
	return 0;
}

/* --- state.db ----------------------------------------------------------- */

static int body_print(char *buf, size_t size, const struct publication *pub)
{
	const struct publication_body *body = &pub->body;
	struct pidf pidf = {.open = body->open,
			    .unknown = body->unknown,
			    .activities = body->activities};
	size_t len;

	if (body->event == PUBLICATION_SETTINGS)
		return pocset_print(buf, size, &body->set, &len);
	(void)re_snprintf(pidf.entity, sizeof(pidf.entity), "pres:%s",
			  pub->id);
	(void)re_snprintf(pidf.id, sizeof(pidf.id), "t");
	memcpy(pidf.note, body->note, sizeof(pidf.note));
	return pidf_print(buf, size, &pidf, &len);
}

static void store(const struct publication *pub)
{
	const uint64_t now = tmr_jiffies();
	struct state_publication row;

	if (!pub->table->state)
		return;
	memset(&row, 0, sizeof(row));
	if (body_print(row.body, sizeof(row.body), pub))
		return;
	(void)re_snprintf(row.id, sizeof(row.id), "%s", pub->id);
	(void)re_snprintf(row.etag, sizeof(row.etag), "%s", pub->etag);
	(void)re_snprintf(row.user, sizeof(row.user), "%s",
			  pub->user->row.name);
	(void)re_snprintf(row.subscriber, sizeof(row.subscriber), "%s",
			  pub->body.subscriber);
	(void)re_snprintf(row.event, sizeof(row.event), "%s",
			  publication_event_name(pub->body.event));
	row.said_utc_ms = pub->said_utc_ms;
	row.expires_utc_ms = clock_utc_ms();
	if (pub->expires_ms > now)
		row.expires_utc_ms += pub->expires_ms - now;
	(void)state_publication_put(pub->table->state, &row);
}

void publications_store(const struct publications *t)
{
	struct le *le;

	LIST_FOREACH(&t->all, le)
	{
		store(le->data);
	}
}

/* --- one ---------------------------------------------------------------- */

static void destructor(void *arg)
{
	struct publication *pub = arg;

	if (pub->le.list)
		pub->table->count--;
	list_unlink(&pub->le);
	list_unlink(&pub->le_user);
	tmr_cancel(&pub->tmr);
}

static void changed(const struct publications *t, struct dir_user *user,
		    const char *subscriber)
{
	t->h(user, subscriber, t->arg);
}

void publication_remove(struct publication *pub)
{
	const struct publications *t = pub->table;
	struct dir_user *user = pub->user;
	char subscriber[HL_NAME_MAX];

	memcpy(subscriber, pub->body.subscriber, sizeof(subscriber));
	if (t->state)
		(void)state_publication_del(t->state, pub->id);
	mem_deref(pub);
	changed(t, user, subscriber);
}

static void expired(void *arg)
{
	publication_remove(arg);
}

static void expires_set(struct publication *pub, uint64_t left_ms)
{
	pub->expires_ms = tmr_jiffies() + left_ms;
	tmr_start(&pub->tmr, left_ms, expired, pub);
}

struct publication *publication_find(const struct dir_user *user,
				     enum publication_event ev,
				     const char *subscriber,
				     const struct pl *etag)
{
	struct le *le;

	LIST_FOREACH(&user->publications, le)
	{
		struct publication *pub = le->data;

		if (pub->body.event == ev && !pl_strcmp(etag, pub->etag) &&
		    !strcmp(pub->body.subscriber, subscriber))
			return pub;
	}
	return NULL;
}

static int make(struct publication **pubp, struct publications *t,
		struct dir_user *user)
{
	struct publication *pub;

	if (list_count(&user->publications) >= t->user_max)
		return EDQUOT;
	if (t->count >= t->max)
		return ENOSPC;
	pub = mem_zalloc(sizeof(*pub), destructor);
	if (!pub)
		return ENOMEM;
	pub->table = t;
	pub->user = user;
	tmr_init(&pub->tmr);
	*pubp = pub;
	return 0;
}

static void insert(struct publication *pub)
{
	list_append(&pub->table->all, &pub->le, pub);
	list_append(&pub->user->publications, &pub->le_user, pub);
	pub->table->count++;
}

int publication_add(struct publication **pubp, struct publications *t,
		    struct dir_user *user, const struct publication_body *body,
		    uint32_t expires_s)
{
	struct publication *pub;
	int err;

	err = make(&pub, t, user);
	if (err)
		return err;
	err = tag_make(pub->id);
	err = err ? err : tag_make(pub->etag);
	if (err) {
		mem_deref(pub);
		return err;
	}
	pub->body = *body;
	pub->said_utc_ms = clock_utc_ms();
	insert(pub);
	expires_set(pub, (uint64_t)expires_s * 1000);
	store(pub);
	changed(t, user, body->subscriber);
	*pubp = pub;
	return 0;
}

int publication_renew(struct publication *pub,
		      const struct publication_body *body, uint32_t expires_s)
{
	const int err = tag_make(pub->etag);

	if (err)
		return err;
	expires_set(pub, (uint64_t)expires_s * 1000);
	if (body) {
		pub->body = *body;
		pub->said_utc_ms = clock_utc_ms();
		list_unlink(&pub->le_user);
		list_append(&pub->user->publications, &pub->le_user, pub);
	}
	store(pub);
	if (body)
		changed(pub->table, pub->user, body->subscriber);
	return 0;
}

void publications_remove_user(struct dir_user *user)
{
	struct le *le;

	while ((le = list_head(&user->publications)))
		publication_remove(le->data);
}

void publications_remove_sub(struct dir_user *user, const char *subscriber)
{
	struct le *le = list_head(&user->publications);

	while (le) {
		struct publication *pub = le->data;

		le = le->next;
		if (!strcmp(pub->body.subscriber, subscriber))
			publication_remove(pub);
	}
}

uint32_t publications_count(const struct publications *t)
{
	return t->count;
}

/* --- after a restart ---------------------------------------------------- */

static int body_parse(struct publication_body *body,
		      const struct state_publication *row)
{
	const char *settings = publication_event_name(PUBLICATION_SETTINGS);

	body->event = strcmp(row->event, settings) ? PUBLICATION_PRESENCE
						   : PUBLICATION_SETTINGS;
	return publication_body_parse(body, row->body, strlen(row->body));
}

static bool subscriber_is(const struct directory *dir,
			  const struct dir_user *user, const char *name)
{
	const struct dir_sub *sub = name[0] ? directory_sub(dir, name) : NULL;

	return !name[0] || (sub && sub->user == user);
}

static int fields_set(struct publication *pub,
		      const struct state_publication *row)
{
	memcpy(pub->body.subscriber, row->subscriber,
	       sizeof(pub->body.subscriber));
	pub->said_utc_ms = row->said_utc_ms;
	if (re_snprintf(pub->id, sizeof(pub->id), "%s", row->id) < 0 ||
	    re_snprintf(pub->etag, sizeof(pub->etag), "%s", row->etag) < 0)
		return EBADMSG;
	return body_parse(&pub->body, row);
}

int publications_restore(struct publications *t,
			 const struct state_publication *row,
			 const struct directory *dir)
{
	const uint64_t now = clock_utc_ms();
	struct dir_user *user = directory_user(dir, row->user);
	struct publication *pub;
	int err;

	if (!user || !user->row.enabled || row->expires_utc_ms <= now ||
	    !subscriber_is(dir, user, row->subscriber))
		return ENOENT;
	err = make(&pub, t, user);
	if (err)
		return err;
	err = fields_set(pub, row);
	if (err) {
		mem_deref(pub);
		return err;
	}
	insert(pub);
	expires_set(pub, row->expires_utc_ms - now);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file watch_ask.c  What a SUBSCRIBE asks to watch, and for whom
 *
 * Who is named does not matter to what is answered here: a name that nobody has
 * is watched like one that may not be seen.
 */
#include <errno.h>
#include <string.h>
#include "presence/body.h"
#include "presence/watcher.h"
#include "sip/refer.h"
#include "wire/reslist.h"

/* --- headers ------------------------------------------------------------ */

static bool has_tag(const struct sip_msg *msg, enum sip_hdrid id,
		    const char *tag)
{
	return sip_msg_hdr_has_value(msg, id, tag);
}

static bool accept_handler(const struct sip_hdr *hdr, const struct sip_msg *msg,
			   void *arg)
{
	static const char *const ours[] = {
		"*/*", "application/*", "application/pidf+xml", "multipart/*",
		"multipart/related", "multipart/mixed"};
	struct pl type;
	size_t i;

	(void)msg;
	(void)arg;
	if (re_regex(hdr->val.p, hdr->val.l, "[^; \t]+", &type))
		return false;
	for (i = 0; i < ARRAY_SIZE(ours); i++) {
		if (!pl_strcasecmp(&type, ours[i]))
			return true;
	}
	return false;
}

/* No Accept stands for the package's own type (RFC 3856 section 6.2) */
static bool accepts(const struct sip_msg *msg)
{
	return !sip_msg_hdr(msg, SIP_HDR_ACCEPT) ||
	       sip_msg_hdr_apply(msg, true, SIP_HDR_ACCEPT, accept_handler,
				 NULL);
}

/* --- a list in the body (RFC 5367) -------------------------------------- */

struct naming {
	const struct presence *p;
	struct told_table *told;
};

static int entry_handler(const struct reslist_entry *entry, void *arg)
{
	const struct naming *n = arg;
	char name[HL_URI_MAX];
	struct pl pl;
	struct uri uri;
	int err;

	pl_set_str(&pl, entry->uri);
	if (uri_decode(&uri, &pl) || !edge_is_local(n->p, &uri.host) ||
	    refer_user_decode(name, HL_NAME_MAX, &uri.user) ||
	    strchr(name, ':'))
		/* A URI has a colon, and a name has none */
		(void)re_snprintf(name, sizeof(name), "%s", entry->uri);
	err = told_add(NULL, n->told, n->p->cfg.list_max, name, entry->uri);
	return err == EALREADY ? 0 : err;
}

uint16_t watch_names(const struct presence *p, const struct sip_msg *msg,
		     struct told_table *told, const char **wordsp)
{
	struct naming n = {p, told};
	struct body body;
	int err = ENOTSUP;

	if (msg_ctype_cmp(&msg->ctyp, "application", "resource-lists+xml"))
		err = body_open(&body, msg, RESLIST_BYTES_MAX);
	if (!err) {
		err = reslist_each(body.p, body.len, entry_handler, &n);
		body_close(&body);
	}
	if (!err && told->n)
		return 0;
	told_fini(told);
	if (err == ENOTSUP) {
		*wordsp = "A Resource List Is Needed";
		return 415;
	}
	*wordsp = err ? "Malformed Resource List" : "Nobody Is Named";
	if (err == ENOSPC || err == EOVERFLOW) {
		*wordsp = "Too Many Are Named";
		return 413;
	}
	return err == ENOMEM ? 500 : 400;
}

/* --- who watches -------------------------------------------------------- */

/* Of a user with several subscriptions, the one by which it may see the other,
 * else the first */
static struct dir_sub *of_user(const struct presence *p,
			       const struct dir_user *user, const char *object)
{
	struct dir_sub *first = NULL;
	struct le *le;

	LIST_FOREACH(&user->subs, le)
	{
		struct dir_sub *sub = le->data;
		const struct dir_sub *o =
			directory_resolve(p->dir, object, sub->service);

		if (!dir_sub_enabled(sub))
			continue;
		if (o && directory_may_see(p->dir, sub->row.subscriber,
					   o->row.subscriber))
			return sub;
		if (!first)
			first = sub;
	}
	return first;
}

static struct dir_sub *who(const struct presence *p,
			   const struct dir_user *user,
			   const struct sip_msg *msg, const char *object)
{
	char name[HL_NAME_MAX];
	struct dir_sub *sub;

	if (edge_local_user(p, &msg->from.uri, name))
		return NULL;
	sub = directory_sub(p->dir, name);
	if (sub && sub->user == user && dir_sub_enabled(sub))
		return sub;
	return strcmp(name, user->row.name) ? NULL : of_user(p, user, object);
}

/* --- what is watched ---------------------------------------------------- */

static uint16_t refuse(const char **wordsp, uint16_t code, const char *words)
{
	*wordsp = words;
	return code;
}

/* Rejected by a rule that lets it call: no secret is told */
static bool rejected(struct presence *p, const struct watch_ask *ask,
		     const char *name)
{
	const struct watcher w = {.p = p, .sub = ask->sub, .kind = ask->kind};
	struct seen seen;

	watcher_see(&w, name, &seen);
	return seen.state == TOLD_REJECTED;
}

static uint16_t fixed_decode(struct presence *p, struct watch_ask *ask,
			     const struct sip_msg *msg, const char *name,
			     const char **wordsp)
{
	if (ask->kind == WATCH_NAMED)
		return ask->eventlist
			       ? watch_names(p, msg, &ask->told, wordsp)
			       : refuse(wordsp, 421, "Extension Required");
	if (ask->kind != WATCH_ONE)
		return 0;
	ask->eventlist = false;
	if (rejected(p, ask, name)) {
		ask->why = "no rule lets the subscriber see it";
		return refuse(wordsp, 403, "Not Allowed");
	}
	return told_add(NULL, &ask->told, 1, name, NULL) ? 500 : 0;
}

uint16_t watch_decode(struct watch_ask *ask, struct request *rq,
		      const char **wordsp)
{
	struct presence *p = rq->p;
	const struct sip_msg *msg = rq->msg;
	const struct dir_user *user = request_user(rq);
	char name[HL_NAME_MAX];

	memset(ask, 0, sizeof(*ask));
	*wordsp = "Not Allowed";
	if (!user || edge_local_user(p, &msg->uri, name))
		return 403;
	if (!accepts(msg))
		return refuse(wordsp, 406, "Not Acceptable");
	ask->eventlist = has_tag(msg, SIP_HDR_SUPPORTED, "eventlist") ||
			 has_tag(msg, SIP_HDR_REQUIRE, "eventlist");
	if (mbuf_get_left(msg->mb))
		ask->kind = WATCH_NAMED;
	else if (directory_service(p->dir, name))
		ask->kind = WATCH_SERVICE;
	else if (!strcmp(name, PRESENCE_LIST_NAME))
		ask->kind = WATCH_LIST;
	else
		ask->kind = WATCH_ONE;
	ask->sub = directory_service(p->dir, name)
			   ? edge_named_sub(p, msg)
			   : who(p, user, msg, name);
	if (!ask->sub || ask->sub->user != user) {
		ask->why = ask->kind == WATCH_SERVICE ?
			"From has no enabled subscription to the service" :
			"From is no enabled subscription of the user";
		return refuse(wordsp, 403, "Not Allowed");
	}
	ask->b = binding_by_flow(p->bindings, &msg->src, rq->sock,
				 binding_owner(user));
	if (!ask->b)
		return refuse(wordsp, 403, "Register From This Address First");
	return fixed_decode(p, ask, msg, name, wordsp);
}

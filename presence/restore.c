/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file restore.c  After a restart: bindings, active subscriptions and
 *                  publications are back
 *
 * Read before the loop runs, taken up when the directory says who still
 * exists. Until then terminals are answered 503.
 */
#include <errno.h>
#include <string.h>
#include "presence/priv.h"
#include "presence/tries.h"

struct kept_binding {
	struct le le;
	struct state_binding row;
};

struct kept_service {
	struct le le;
	struct state_service row;
};

struct kept_publication {
	struct le le;
	struct state_publication row;
};

static int laddr_index(const struct sa *laddr, void *arg)
{
	const struct presence *p = arg;
	unsigned i;

	for (i = 0; i < p->sockc; i++) {
		const struct endpoint *ep = p->sockv[i].ep;

		if (endpoint_transport(ep) == SIP_TRANSP_UDP &&
		    sa_cmp(endpoint_laddr(ep), laddr, SA_ALL))
			return (int)i;
	}
	return -1;
}

/* A leg was given up when the last terminal had rung: none of them is rung
 * again */
static void manual_restore(struct dir_sub *sub)
{
	struct le *le;

	LIST_FOREACH(&sub->user->bindings, le)
	{
		(void)tries_put(sub, le->data, true);
	}
}

static void restore_service(struct presence *p, const struct state_service *row)
{
	struct dir_sub *sub = directory_sub(p->dir, row->subscriber);
	const struct binding *b = NULL;

	if (sub && dir_sub_enabled(sub) &&
	    !strcmp(sub->user->row.name, row->user))
		b = binding_find(sub->user, row->key);
	if (!b) {
		(void)state_service_del(p->state, row->subscriber);
		return;
	}
	sub->active = true;
	sub->binding = sub->home = b->id;
	if (row->manual)
		manual_restore(sub);
	provision_start(p, sub, b);
}

static uint32_t restore_publications(struct presence *p)
{
	uint32_t n = 0;
	struct le *le;

	for (le = list_head(&p->kept_publications); le; le = le->next) {
		const struct kept_publication *k = le->data;

		if (!publications_restore(p->publications, &k->row, p->dir))
			n++;
		else
			(void)state_publication_del(p->state, k->row.id);
	}
	list_flush(&p->kept_publications);
	return n;
}

void restore_apply(struct presence *p)
{
	const uint32_t publications = restore_publications(p);
	uint32_t bindings = 0, lost = 0;
	struct le *le;

	for (le = list_head(&p->kept_bindings); le; le = le->next) {
		const struct kept_binding *k = le->data;

		if (!bindings_restore(p->bindings, &k->row, p->dir,
				      laddr_index, p)) {
			bindings++;
			continue;
		}
		lost++;
		(void)state_binding_del(p->state, k->row.user, k->row.key);
	}
	for (le = list_head(&p->kept_services); le; le = le->next) {
		const struct kept_service *k = le->data;

		restore_service(p, &k->row);
	}
	if (bindings || lost || publications)
		hlog(p->log, HLOG_INFO, "presence", "restored",
		     HLOG_U("bindings", bindings), HLOG_U("left_out", lost),
		     HLOG_U("services", list_count(&p->kept_services)),
		     HLOG_U("publications", publications));
	list_flush(&p->kept_bindings);
	list_flush(&p->kept_services);
}

static void kept_binding_handler(const struct state_binding *row, void *arg)
{
	struct presence *p = arg;
	struct kept_binding *k = mem_zalloc(sizeof(*k), NULL);

	if (!k)
		return;
	k->row = *row;
	list_append(&p->kept_bindings, &k->le, k);
}

static void kept_service_handler(const struct state_service *row, void *arg)
{
	struct presence *p = arg;
	struct kept_service *k = mem_zalloc(sizeof(*k), NULL);

	if (!k)
		return;
	k->row = *row;
	list_append(&p->kept_services, &k->le, k);
}

static void kept_publication_handler(const struct state_publication *row,
				     void *arg)
{
	struct presence *p = arg;
	struct kept_publication *k = mem_zalloc(sizeof(*k), NULL);

	if (!k)
		return;
	k->row = *row;
	list_append(&p->kept_publications, &k->le, k);
}

int restore_load(struct presence *p)
{
	int err;

	if (!p->state)
		return 0;
	err = state_bindings_load(p->state, kept_binding_handler, p);
	err = err ? err
		  : state_services_load(p->state, kept_service_handler, p);
	return err ? err
		   : state_publications_load(p->state,
					     kept_publication_handler, p);
}

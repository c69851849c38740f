/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file compose.c  What all publications of a user come to
 */
#include <string.h>
#include "presence/compose.h"
#include "presence/publication.h"
#include "sip/token.h"

struct seen {
	bool any, presence, open;
};

static void settings_add(struct composed *c, const struct pocset *set)
{
	if (set->barred != POCSET_UNSAID)
		c->barred = set->barred == POCSET_YES;
	if (set->manual != POCSET_UNSAID)
		c->manual = set->manual == POCSET_YES;
}

static void body_add(struct composed *c, struct seen *seen,
		     const struct publication_body *body)
{
	seen->any = true;
	switch (body->event) {
	case PUBLICATION_PRESENCE:
		seen->presence |= !body->unknown;
		seen->open |= body->open;
		c->activities |= body->activities;
		if (body->note[0])
			c->note = body->note;
		break;
	case PUBLICATION_SETTINGS:
		settings_add(c, &body->set);
		break;
	}
}

bool compose(const struct dir_sub *sub, struct composed *c)
{
	struct seen seen = {.any = false};
	struct le *le;

	memset(c, 0, sizeof(*c));
	c->note = "";
	LIST_FOREACH(&sub->user->publications, le)
	{
		const struct publication *pub = le->data;

		if (!pub->body.subscriber[0] ||
		    !strcmp(pub->body.subscriber, sub->row.subscriber))
			body_add(c, &seen, &pub->body);
	}
	c->closed = seen.presence && !seen.open;
	return seen.any;
}

uint64_t composed_sum(const struct composed *c)
{
	char flags[16];

	if (!c->closed && !c->barred && !c->manual && !c->activities &&
	    !c->note[0])
		return 0;
	(void)re_snprintf(flags, sizeof(flags), "%d%d%d %x", c->closed,
			  c->barred, c->manual, c->activities);
	return token_hash(flags, c->note);
}

bool composed_dnd(const struct composed *c)
{
	return c->barred || (c->activities & PIDF_BUSY);
}

uint16_t compose_refuses(const struct dir_sub *sub, const char *name,
			 char words[HL_REASON_MAX])
{
	const char *why = NULL;
	struct composed c;
	uint16_t code = 480;

	if (!compose(sub, &c))
		return 0;
	if (composed_dnd(&c)) {
		code = 486;
		why = "Does Not Want To Be Disturbed";
	}
	else if (c.closed) {
		why = "Is Not Available";
	}
	else if (c.manual) {
		why = "Answers By Hand";
	}
	if (!why)
		return 0;
	/* A name may be as long as the whole reason */
	if (re_snprintf(words, HL_REASON_MAX, "%s %s", name, why) < 0)
		(void)re_snprintf(words, HL_REASON_MAX, "%s", why);
	return code;
}

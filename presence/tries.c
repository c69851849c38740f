/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file tries.c  At which of its terminals a subscription's leg was tried
 */
#include <errno.h>
#include "presence/binding.h"
#include "presence/directory.h"
#include "presence/tries.h"
#include "sip/token.h"

static void try_destructor(void *arg)
{
	struct dir_try *t = arg;

	list_unlink(&t->le);
}

static struct dir_try *try_find(const struct dir_sub *sub, uint64_t binding)
{
	struct le *le;

	LIST_FOREACH(&sub->tries, le)
	{
		struct dir_try *t = le->data;

		if (t->binding == binding)
			return t;
	}
	return NULL;
}

/* What was tried at b as it is now */
static const struct dir_try *try_now(const struct dir_sub *sub,
				     const struct binding *b)
{
	const struct dir_try *t = try_find(sub, b->id);

	return t && t->epoch == b->epoch &&
			       t->contact == token_hash(b->contact, NULL)
		       ? t
		       : NULL;
}

int tries_put(struct dir_sub *sub, const struct binding *b, bool manual)
{
	struct dir_try *t;

	tries_drop(sub, b->id);
	t = mem_zalloc(sizeof(*t), try_destructor);
	if (!t)
		return ENOMEM;
	t->binding = b->id;
	t->epoch = b->epoch;
	t->contact = token_hash(b->contact, NULL);
	t->manual = manual;
	list_append(&sub->tries, &t->le, t);
	return 0;
}

void tries_drop(struct dir_sub *sub, uint64_t binding)
{
	mem_deref(try_find(sub, binding));
}

bool tries_manual(const struct dir_sub *sub, const struct binding *b)
{
	const struct dir_try *t = try_now(sub, b);

	return t && t->manual;
}

const struct binding *tries_next(const struct dir_sub *sub,
				 const struct binding *const v[], unsigned n)
{
	const struct binding *other = NULL;
	bool stay = false;
	unsigned i;

	for (i = 0; i < n; i++) {
		const struct dir_try *t = try_now(sub, v[i]);

		if (!t)
			return v[i];
		if (t->manual)
			continue;
		stay = stay || v[i]->id == sub->binding;
		other = other ? other : v[i];
	}
	return stay ? NULL : other;
}

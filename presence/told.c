/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file told.c  What a watcher was told of each presentity
 */
#include <errno.h>
#include <string.h>
#include "presence/told.h"

enum { SIZE_MIN = 4 };

static void destructor(void *arg)
{
	struct told *t = arg;

	list_unlink(&t->le_dirty);
	mem_deref(t->uri);
}

void told_fini(struct told_table *t)
{
	uint32_t i;

	for (i = 0; i < t->n; i++)
		mem_deref(t->v[i]);
	mem_deref(t->v);
	memset(t, 0, sizeof(*t));
}

/* The place of name, or where it belongs */
static uint32_t place(const struct told_table *t, const char *name,
		      bool *therep)
{
	uint32_t lo = 0, hi = t->n;

	*therep = false;
	while (lo < hi) {
		const uint32_t mid = lo + (hi - lo) / 2;
		const int cmp = strcmp(t->v[mid]->name, name);

		if (!cmp) {
			*therep = true;
			return mid;
		}
		if (cmp < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct told *told_find(const struct told_table *t, const char *name)
{
	bool there;
	const uint32_t i = place(t, name, &there);

	return there ? t->v[i] : NULL;
}

static int grow(struct told_table *t)
{
	const uint32_t size = t->size ? t->size * 2 : SIZE_MIN;
	struct told **v;

	if (t->n < t->size)
		return 0;
	v = mem_zalloc(size * sizeof(*v), NULL);
	if (!v)
		return ENOMEM;
	if (t->n)
		memcpy(v, t->v, t->n * sizeof(*v));
	mem_deref(t->v);
	t->v = v;
	t->size = size;
	return 0;
}

static int make(struct told **tp, const char *name, const char *uri)
{
	const size_t n = strlen(name) + 1;
	struct told *t = mem_zalloc(sizeof(*t) + n, destructor);

	if (!t)
		return ENOMEM;
	memcpy(t->name, name, n);
	if (uri && str_dup(&t->uri, uri)) {
		mem_deref(t);
		return ENOMEM;
	}
	*tp = t;
	return 0;
}

int told_add(struct told **tp, struct told_table *t, uint32_t max,
	     const char *name, const char *uri)
{
	struct told *told;
	uint32_t i;
	bool there;
	int err;

	i = place(t, name, &there);
	if (there)
		return EALREADY;
	if (t->n >= max)
		return ENOSPC;
	err = grow(t);
	err = err ? err : make(&told, name, uri);
	if (err)
		return err;
	memmove(&t->v[i + 1], &t->v[i], (t->n - i) * sizeof(*t->v));
	t->v[i] = told;
	t->n++;
	if (tp)
		*tp = told;
	return 0;
}

void told_remove(struct told_table *t, struct told *told)
{
	bool there;
	const uint32_t i = place(t, told->name, &there);

	if (!there)
		return;
	memmove(&t->v[i], &t->v[i + 1], (t->n - i - 1) * sizeof(*t->v));
	t->n--;
	mem_deref(told);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file flow.c  Which port triples the legs of one flow IP use
 */
#include <errno.h>
#include "mixer/flow.h"
#include "mixer/ipkey.h"

enum { BUCKETS = 4096, WORD = 64 };

struct flows {
	struct hash *ht;
	uint32_t max;
	uint64_t seed;
};

/* All legs of one IP at one place */
struct flow {
	struct le le;
	struct ipkey ip;
	uint32_t place;
	uint32_t used;
	uint32_t low;   /* No word below has a free bit */
	uint32_t words;
	uint64_t *bits;
};

static void flows_destructor(void *arg)
{
	struct flows *f = arg;

	hash_flush(f->ht);
	mem_deref(f->ht);
}

static void flow_destructor(void *arg)
{
	struct flow *fl = arg;

	hash_unlink(&fl->le);
	mem_deref(fl->bits);
}

int flows_alloc(struct flows **fp, uint32_t max)
{
	struct flows *f = mem_zalloc(sizeof(*f), flows_destructor);
	int err;

	if (!f)
		return ENOMEM;
	f->max = max;
	f->seed = rand_u64();
	err = hash_alloc(&f->ht, BUCKETS);
	if (err)
		mem_deref(f);
	else
		*fp = f;
	return err;
}

static uint32_t key_of(const struct flows *f, const struct ipkey *ip,
		       uint32_t place)
{
	return ipkey_hash(ip, place, f->seed);
}

static struct flow *flow_find(const struct flows *f, const struct sa *ip,
			      uint32_t place)
{
	const struct ipkey key = ipkey_of(ip);
	struct list *l = hash_list(f->ht, key_of(f, &key, place));
	struct le *le;

	LIST_FOREACH(l, le)
	{
		struct flow *fl = le->data;

		if (fl->place == place && ipkey_eq(&fl->ip, &key))
			return fl;
	}
	return NULL;
}

static struct flow *flow_make(struct flows *f, const struct sa *ip,
			      uint32_t place)
{
	struct flow *fl = flow_find(f, ip, place);

	if (fl)
		return fl;
	fl = mem_zalloc(sizeof(*fl), flow_destructor);
	if (!fl)
		return NULL;
	fl->ip = ipkey_of(ip);
	fl->place = place;
	hash_append(f->ht, key_of(f, &fl->ip, place), &fl->le, fl);
	return fl;
}

static int grow(struct flow *fl, uint32_t words)
{
	uint64_t *bits;

	if (words <= fl->words)
		return 0;
	bits = mem_zalloc(words * sizeof(*bits), NULL);
	if (!bits)
		return ENOMEM;
	if (fl->bits)
		memcpy(bits, fl->bits, fl->words * sizeof(*bits));
	mem_deref(fl->bits);
	fl->bits = bits;
	fl->words = words;
	return 0;
}

static int take_bit(struct flow *fl, uint32_t triple)
{
	const uint64_t bit = 1ull << (triple % WORD);
	const int err = grow(fl, triple / WORD + 1);

	if (err)
		return err;
	if (fl->bits[triple / WORD] & bit)
		return EADDRINUSE;
	fl->bits[triple / WORD] |= bit;
	fl->used++;
	return 0;
}

static void drop_unused(struct flow *fl)
{
	if (!fl->used)
		mem_deref(fl);
}

int flow_take(struct flows *f, const struct sa *ip, uint32_t place,
	      uint32_t *triplep)
{
	struct flow *fl = flow_make(f, ip, place);
	uint32_t triple;
	int err;

	if (!fl)
		return ENOMEM;
	while (fl->low < fl->words && fl->bits[fl->low] == UINT64_MAX)
		fl->low++;
	triple = fl->low * WORD;
	if (fl->low < fl->words)
		triple += (uint32_t)__builtin_ctzll(~fl->bits[fl->low]);
	err = triple < f->max ? take_bit(fl, triple) : EADDRNOTAVAIL;
	if (err)
		drop_unused(fl);
	else
		*triplep = triple;
	return err;
}

int flow_take_at(struct flows *f, const struct sa *ip, uint32_t place,
		 uint32_t triple)
{
	struct flow *fl = flow_make(f, ip, place);
	int err;

	if (!fl)
		return ENOMEM;
	err = take_bit(fl, triple);
	if (err)
		drop_unused(fl);
	return err;
}

void flow_give(struct flows *f, const struct sa *ip, uint32_t place,
	       uint32_t triple)
{
	struct flow *fl = flow_find(f, ip, place);
	const uint64_t bit = 1ull << (triple % WORD);

	if (!fl || triple / WORD >= fl->words ||
	    !(fl->bits[triple / WORD] & bit))
		return;
	fl->bits[triple / WORD] &= ~bit;
	fl->used--;
	if (triple / WORD < fl->low)
		fl->low = triple / WORD;
	drop_unused(fl);
}

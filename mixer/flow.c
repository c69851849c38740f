/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file flow.c  Which port triples the legs of one flow IP use
 */
#include <errno.h>
#include "mixer/flow.h"
#include "mixer/ipkey.h"

enum {
	BUCKETS = 4096,
	WORD = 64,
	/** Flows with nothing in use that are looked at by each call */
	SWEEP = 4
};

struct flows {
	struct hash *ht;
	struct list idle; /* Flows with nothing in use, oldest first */
	uint32_t max, n;
	uint64_t seed;
};

/* One word of triples. Those that were given back move from fresh to tired
 * when a period ends, and are free when the next one does. */
struct bits {
	uint64_t used, fresh, tired;
};

/* All legs of one IP at one place */
struct flow {
	struct le le, idle_le;
	struct flows *f;
	struct ipkey ip;
	uint32_t place;
	uint32_t used;
	uint64_t period; /* The last one that it was looked at in */
	uint32_t words;
	struct bits *v;
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
	list_unlink(&fl->idle_le);
	fl->f->n--;
	mem_deref(fl->v);
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

static void flow_age(struct flow *fl, uint64_t now_ms)
{
	const uint64_t period = now_ms / FLOW_REST_MS;
	const uint64_t passed = period - fl->period;
	uint32_t i;

	fl->period = period;
	for (i = 0; passed && i < fl->words; i++) {
		fl->v[i].tired = passed == 1 ? fl->v[i].fresh : 0;
		fl->v[i].fresh = 0;
	}
}

static struct flow *flow_find(const struct flows *f, const struct flow_at *at)
{
	const struct ipkey key = ipkey_of(at->ip);
	struct list *l = hash_list(f->ht, key_of(f, &key, at->place));
	struct le *le;

	LIST_FOREACH(l, le)
	{
		struct flow *fl = le->data;

		if (fl->place == at->place && ipkey_eq(&fl->ip, &key)) {
			flow_age(fl, at->now_ms);
			return fl;
		}
	}
	return NULL;
}

static struct flow *flow_make(struct flows *f, const struct flow_at *at)
{
	struct flow *fl = flow_find(f, at);

	if (fl)
		return fl;
	fl = mem_zalloc(sizeof(*fl), flow_destructor);
	if (!fl)
		return NULL;
	fl->f = f;
	f->n++;
	fl->ip = ipkey_of(at->ip);
	fl->place = at->place;
	fl->period = at->now_ms / FLOW_REST_MS;
	hash_append(f->ht, key_of(f, &fl->ip, at->place), &fl->le, fl);
	return fl;
}

/* Nothing in use: it stays while something rests */
static void flow_idle(struct flow *fl)
{
	if (!fl->used && !fl->idle_le.list)
		list_append(&fl->f->idle, &fl->idle_le, fl);
}

static void idle_sweep(struct flows *f, uint64_t now_ms)
{
	unsigned n;

	for (n = 0; n < SWEEP && f->idle.head; n++) {
		struct flow *fl = f->idle.head->data;

		if (now_ms / FLOW_REST_MS - fl->period < 2)
			return;
		mem_deref(fl);
	}
}

static int grow(struct flow *fl, uint32_t words)
{
	struct bits *v;

	if (words <= fl->words)
		return 0;
	v = mem_zalloc(words * sizeof(*v), NULL);
	if (!v)
		return ENOMEM;
	if (fl->v)
		memcpy(v, fl->v, fl->words * sizeof(*v));
	mem_deref(fl->v);
	fl->v = v;
	fl->words = words;
	return 0;
}

static int take_bit(struct flow *fl, uint32_t triple)
{
	const int err = grow(fl, triple / WORD + 1);

	if (err)
		return err;
	fl->v[triple / WORD].used |= 1ull << (triple % WORD);
	fl->used++;
	list_unlink(&fl->idle_le);
	return 0;
}

/* Lowest one that is not in use; rested: nor at rest */
static uint32_t lowest(const struct flow *fl, bool rested)
{
	uint32_t i;

	for (i = 0; i < fl->words; i++) {
		const struct bits *b = &fl->v[i];
		const uint64_t no =
			b->used | (rested ? b->fresh | b->tired : 0);

		if (no != UINT64_MAX)
			return i * WORD + (uint32_t)__builtin_ctzll(~no);
	}
	return i * WORD;
}

int flow_take(struct flows *f, const struct flow_at *at, uint32_t *triplep)
{
	struct flow *fl;
	uint32_t triple;
	int err;

	idle_sweep(f, at->now_ms);
	fl = flow_make(f, at);
	if (!fl)
		return ENOMEM;
	triple = lowest(fl, true);
	if (triple >= f->max)
		triple = lowest(fl, false);
	err = triple < f->max ? take_bit(fl, triple) : EADDRNOTAVAIL;
	if (err)
		flow_idle(fl);
	else
		*triplep = triple;
	return err;
}

int flow_take_at(struct flows *f, const struct flow_at *at, uint32_t triple)
{
	struct flow *fl = flow_make(f, at);
	const uint64_t bit = 1ull << (triple % WORD);
	const struct bits *b;
	int err;

	if (!fl)
		return ENOMEM;
	b = triple / WORD < fl->words ? &fl->v[triple / WORD] : NULL;
	if (b && (b->used | b->fresh | b->tired) & bit)
		err = EADDRINUSE;
	else
		err = take_bit(fl, triple);
	if (err)
		flow_idle(fl);
	return err;
}

static void give(struct flows *f, const struct flow_at *at, uint32_t triple,
		 bool rests)
{
	struct flow *fl = flow_find(f, at);
	const uint64_t bit = 1ull << (triple % WORD);
	struct bits *b;

	if (!fl || triple / WORD >= fl->words)
		return;
	b = &fl->v[triple / WORD];
	if (!(b->used & bit))
		return;
	b->used &= ~bit;
	if (rests)
		b->fresh |= bit;
	fl->used--;
	flow_idle(fl);
}

void flow_give(struct flows *f, const struct flow_at *at, uint32_t triple)
{
	give(f, at, triple, true);
}

void flow_undo(struct flows *f, const struct flow_at *at, uint32_t triple)
{
	give(f, at, triple, false);
}

uint32_t flows_count(const struct flows *f)
{
	return f->n;
}

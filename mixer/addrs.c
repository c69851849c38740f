/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file addrs.c  Legs of one worker by the full address they are at
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include "mixer/addrs.h"
#include "mixer/ipkey.h"
#include "util/reserve.h"

struct addr_key {
	struct ipkey ip;
	uint32_t local; /* Triple and kind in one */
	uint32_t port;
};

struct addr_entry {
	struct addr_key key;
	uint32_t slot;
	uint32_t next; /* Of its bucket, or of the free ones, plus one */
};

int addrs_init(struct addrs *as, uint32_t max, uint64_t seed)
{
	uint32_t n = 64;

	while (n < max)
		n *= 2;
	*as = (struct addrs){.max = max, .mask = n - 1, .seed = seed};
	as->v = reserve_alloc((size_t)max * sizeof(*as->v));
	as->bucketv = reserve_alloc((size_t)n * sizeof(*as->bucketv));
	if (!as->v || !as->bucketv) {
		addrs_fini(as);
		return ENOMEM;
	}
	return 0;
}

void addrs_fini(struct addrs *as)
{
	reserve_free(as->v, (size_t)as->max * sizeof(*as->v));
	reserve_free(as->bucketv,
		     (size_t)(as->mask + 1) * sizeof(*as->bucketv));
	as->v = NULL;
	as->bucketv = NULL;
}

static struct addr_key key_of(const struct sock *s, const struct sa *src)
{
	return (struct addr_key){.ip = ipkey_of(src),
				 .local = s->triple * PORT_KINDS + s->kind,
				 .port = sa_port(src)};
}

static bool key_eq(const struct addr_key *a, const struct addr_key *b)
{
	return ipkey_eq(&a->ip, &b->ip) && a->local == b->local &&
	       a->port == b->port;
}

/* Where the number of the entry stands, or of the end of its chain */
static uint32_t *place_of(const struct addrs *as, const struct addr_key *key)
{
	const uint32_t with = key->local * 0x9e3779b1u ^ key->port;
	uint32_t *at = &as->bucketv[ipkey_hash(&key->ip, with, as->seed) &
				    as->mask];

	while (*at && !key_eq(&as->v[*at - 1].key, key))
		at = &as->v[*at - 1].next;
	return at;
}

/* Its number plus one; 0: there is no room */
static uint32_t entry_take(struct addrs *as)
{
	const uint32_t no = as->free;

	if (no) {
		as->free = as->v[no - 1].next;
		return no;
	}
	return as->high < as->max ? ++as->high : 0;
}

int addr_set(struct addrs *as, const struct sock *s, const struct sa *src,
	     uint32_t slot)
{
	const struct addr_key key = key_of(s, src);
	uint32_t *at = place_of(as, &key);

	if (!*at) {
		const uint32_t no = entry_take(as);

		if (!no)
			return ENOSPC;
		as->v[no - 1] = (struct addr_entry){.key = key};
		*at = no;
		as->n++;
	}
	as->v[*at - 1].slot = slot;
	return 0;
}

uint32_t addr_get(const struct addrs *as, const struct sock *s,
		  const struct sa *src)
{
	struct addr_key key;
	uint32_t no;

	if (!as->n)
		return ADDR_NONE;
	key = key_of(s, src);
	no = *place_of(as, &key);
	return no ? as->v[no - 1].slot : ADDR_NONE;
}

void addr_del(struct addrs *as, const struct sock *s, const struct sa *src,
	      uint32_t slot)
{
	const struct addr_key key = key_of(s, src);
	uint32_t *at = place_of(as, &key);
	const uint32_t no = *at;

	if (!no || as->v[no - 1].slot != slot)
		return;
	*at = as->v[no - 1].next;
	as->v[no - 1].next = as->free;
	as->free = no;
	as->n--;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file streampool.c  How many connections there may be, and of one peer
 */
#include <errno.h>
#include <string.h>
#include "sip/streampool.h"

enum { HASH_SIZE = 1024 };

struct stream_pool {
	struct hash *ht;
	uint32_t max, ip_max, n;
};

/* One network; each of its connections has a reference, and so the number of
 * references is their number */
struct seat {
	struct le he;
	struct sa addr;
};

/** One connection's claim */
struct claim {
	struct stream_pool *pool;
	struct seat *seat;
};

static void pool_destructor(void *arg)
{
	struct stream_pool *pool = arg;

	mem_deref(pool->ht);
}

static void seat_destructor(void *arg)
{
	struct seat *seat = arg;

	hash_unlink(&seat->he);
}

static void claim_destructor(void *arg)
{
	struct claim *claim = arg;

	if (claim->seat)
		claim->pool->n--;
	mem_deref(claim->seat);
	mem_deref(claim->pool);
}

int stream_pool_alloc(struct stream_pool **poolp, uint32_t max,
		      uint32_t ip_max)
{
	struct stream_pool *pool;
	int err;

	if (!poolp || !max || !ip_max)
		return EINVAL;
	pool = mem_zalloc(sizeof(*pool), pool_destructor);
	if (!pool)
		return ENOMEM;
	pool->max = max;
	pool->ip_max = ip_max;
	err = hash_alloc(&pool->ht, HASH_SIZE);
	if (err)
		mem_deref(pool);
	else
		*poolp = pool;
	return err;
}

static bool addr_handler(struct le *le, void *arg)
{
	const struct seat *seat = le->data;

	return sa_cmp(&seat->addr, arg, SA_ADDR);
}

/* Whoever has one IPv6 address has all of its /64 */
static void network(struct sa *net, const struct sa *peer)
{
	*net = *peer;
	if (sa_af(net) == AF_INET6)
		memset(&net->u.in6.sin6_addr.s6_addr[8], 0, 8);
}

static struct seat *seat_take(struct stream_pool *pool, const struct sa *peer)
{
	struct seat *seat;
	struct sa net;
	uint32_t key;

	network(&net, peer);
	key = sa_hash(&net, SA_ADDR);
	seat = list_ledata(hash_lookup(pool->ht, key, addr_handler, &net));
	if (seat)
		return mem_ref(seat);
	seat = mem_zalloc(sizeof(*seat), seat_destructor);
	if (seat) {
		seat->addr = net;
		hash_append(pool->ht, key, &seat->he, seat);
	}
	return seat;
}

int stream_pool_take(struct stream_pool *pool, const struct sa *peer,
		     void **seatp)
{
	struct claim *claim;
	struct seat *seat;

	if (!pool || !peer || !seatp)
		return EINVAL;
	if (pool->n >= pool->max)
		return EMFILE;
	claim = mem_zalloc(sizeof(*claim), claim_destructor);
	if (!claim)
		return ENOMEM;
	claim->pool = mem_ref(pool);
	seat = seat_take(pool, peer);
	if (!seat || mem_nrefs(seat) > pool->ip_max) {
		const int err = seat ? EUSERS : ENOMEM;

		mem_deref(seat);
		mem_deref(claim);
		return err;
	}
	claim->seat = seat;
	pool->n++;
	*seatp = claim;
	return 0;
}

uint32_t stream_pool_count(const struct stream_pool *pool)
{
	return pool ? pool->n : 0;
}

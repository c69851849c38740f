/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file replay.c  The running burst of a bridge, kept for who comes late
 */
#include <errno.h>
#include <string.h>
#include "mixer/replay.h"
#include "util/reserve.h"

struct record {
	uint64_t at_us;
	uint32_t idx, ts;
	uint16_t len;
	uint8_t marker, quiet;
	uint8_t data[];
};

enum {
	HEADER_BYTES = 24, /* Of a chunk */
	DATA_BYTES = REPLAY_CHUNK_BYTES - HEADER_BYTES
};

struct replay_chunk {
	struct replay_chunk *next;
	uint64_t last_us;  /* Its newest packet came */
	uint32_t used, n;
	uint8_t data[DATA_BYTES] __attribute__((aligned(8)));
};

_Static_assert(sizeof(struct replay_chunk) == REPLAY_CHUNK_BYTES, "size");
_Static_assert(sizeof(struct record) + 7 <= REPLAY_PACKET_BYTES, "overhead");

int replay_pool_init(struct replay_pool *pool, uint64_t bytes, uint32_t ms)
{
	const uint64_t max = ms ? bytes / REPLAY_CHUNK_BYTES : 0;

	memset(pool, 0, sizeof(*pool));
	pool->span_us = ms * 1000ull;
	if (!max)
		return 0;
	pool->max = max < UINT32_MAX ? (uint32_t)max : UINT32_MAX;
	pool->chunkv = reserve_alloc(pool->max * sizeof(*pool->chunkv));
	pool->v = reserve_alloc(pool->max * sizeof(*pool->v));
	if (pool->chunkv && pool->v)
		return 0;
	replay_pool_fini(pool);
	return ENOMEM;
}

void replay_pool_fini(struct replay_pool *pool)
{
	reserve_free(pool->chunkv, pool->max * sizeof(*pool->chunkv));
	reserve_free(pool->v, pool->max * sizeof(*pool->v));
	memset(pool, 0, sizeof(*pool));
}

static struct replay_chunk *chunk_new(struct replay_pool *pool)
{
	struct replay_chunk *c = pool->chunk_free;

	if (c)
		pool->chunk_free = c->next;
	else if (pool->chunk_high < pool->max)
		c = &pool->chunkv[pool->chunk_high++];
	else
		return NULL;
	c->next = NULL;
	c->used = c->n = 0;
	return c;
}

static void head_drop(struct replay *r)
{
	struct replay_chunk *c = r->head;

	r->head = c->next;
	r->first += c->n;
	c->next = r->pool->chunk_free;
	r->pool->chunk_free = c;
}

struct replay *replay_open(struct replay_pool *pool, uint32_t burst)
{
	struct replay *r = pool->free;

	if (r)
		pool->free = r->next;
	else if (pool->high < pool->max)
		r = &pool->v[pool->high++];
	else
		return NULL;
	*r = (struct replay){.pool = pool, .burst = burst, .refs = 1};
	return r;
}

struct replay *replay_ref(struct replay *r)
{
	r->refs++;
	return r;
}

void replay_unref(struct replay *r)
{
	while (r && !--r->refs) {
		struct replay *next = r->next;

		while (r->head)
			head_drop(r);
		r->next = r->pool->free;
		r->pool->free = r;
		r = next;
	}
}

void replay_chain(struct replay *r, struct replay *next)
{
	r->next = replay_ref(next);
}

static uint32_t record_bytes(size_t len)
{
	return (uint32_t)(sizeof(struct record) + len + 7) & ~7u;
}

bool replay_grows(const struct replay *r, size_t len)
{
	return !r->head || r->tail->used + record_bytes(len) > DATA_BYTES;
}

static bool grow(struct replay *r, uint64_t now)
{
	struct replay_chunk *c;

	while (r->head && r->head != r->tail &&
	       r->head->last_us + r->pool->span_us < now)
		head_drop(r);
	c = chunk_new(r->pool);
	if (!c)
		return false;
	if (r->head)
		r->tail->next = c;
	else
		r->head = c;
	r->tail = c;
	return true;
}

bool replay_put(struct replay *r, const struct burst_stamp *stamp,
		uint64_t at_us, const uint8_t *p, size_t len)
{
	struct record *rec;

	if (record_bytes(len) > DATA_BYTES ||
	    (replay_grows(r, len) && !grow(r, at_us)))
		return false;
	rec = (struct record *)(void *)&r->tail->data[r->tail->used];
	rec->at_us = at_us;
	rec->idx = stamp->idx;
	rec->ts = stamp->ts;
	rec->marker = stamp->marker;
	rec->quiet = REPLAY_UNKNOWN;
	rec->len = (uint16_t)len;
	memcpy(rec->data, p, len);
	r->tail->used += record_bytes(len);
	r->tail->last_us = at_us;
	r->tail->n++;
	r->end++;
	return true;
}

bool replay_get(const struct replay *r, struct replay_pos *pos,
		struct replay_packet *pkt)
{
	struct record *rec;
	bool jumped = false;

	if (!r->head)
		return false;
	/* Also of the very first one that is left: who was behind the last
	 * packet of a chunk still points into that, and it may be gone */
	if ((int32_t)(pos->no - r->first) <= 0) {
		jumped = pos->no != r->first;
		*pos = (struct replay_pos){.chunk = r->head, .no = r->first};
	}
	if (pos->no == r->end)
		return false;
	if (pos->off == pos->chunk->used)
		*pos = (struct replay_pos){.chunk = pos->chunk->next,
					   .no = pos->no};
	rec = (struct record *)(void *)&pos->chunk->data[pos->off];
	*pkt = (struct replay_packet){
		.stamp = {.idx = rec->idx, .ts = rec->ts,
			  .marker = rec->marker},
		.at_us = rec->at_us,
		.p = rec->data,
		.len = rec->len,
		.quiet = &rec->quiet,
		.jumped = jumped};
	return true;
}

void replay_step(struct replay_pos *pos, const struct replay_packet *pkt)
{
	pos->off += record_bytes(pkt->len);
	pos->no++;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file replay.h  The running burst of a bridge, kept for who comes late
 *
 * A list of chunks out of a pool of fixed size: packets are copied in as they
 * come, with their stamps, and read by any number of readers that each have a
 * place of their own. What is older than the pool's time falls out, a chunk
 * at a time; a reader that was still there goes on with the oldest that is
 * left. Memory is touched as it is used, and nothing is allocated.
 *
 * A burst lives as long as somebody refers to it; one that is followed by
 * another while it is still read refers to that. Pure. One thread: that of
 * the worker whose pool it is.
 */
#ifndef HL_MIXER_REPLAY_H
#define HL_MIXER_REPLAY_H

#include "mixer/burst.h"

enum {
	REPLAY_CHUNK_BYTES = 16384,
	/** What a packet takes beside its payload, at most */
	REPLAY_PACKET_BYTES = 32
};

struct replay_chunk;

struct replay {
	struct replay_pool *pool;
	struct replay_chunk *head, *tail;
	struct replay *next; /**< The burst after it; of a free one: free */
	uint32_t burst;      /**< Its number in its bridge */
	uint32_t refs;
	uint32_t first;      /**< Number of the oldest packet that is left */
	uint32_t end;        /**< Number of the next one to come */
};

struct replay_pool {
	struct replay_chunk *chunkv, *chunk_free;
	struct replay *v, *free;
	uint32_t max;        /**< Chunks, and bursts */
	uint32_t chunk_high, high;
	uint64_t span_us;
};

/** A reader's place; zeroed memory is the start of the burst */
struct replay_pos {
	const struct replay_chunk *chunk;
	uint32_t off;
	uint32_t no;
};

/** Is a packet's speech silence? Found out by its first reader */
enum replay_quiet { REPLAY_UNKNOWN, REPLAY_SPEECH, REPLAY_SILENT };

struct replay_packet {
	struct burst_stamp stamp;
	uint64_t at_us;      /**< When it came */
	const uint8_t *p;
	uint32_t len;
	uint8_t *quiet;      /**< enum replay_quiet; kept for all readers */
	bool jumped;         /**< What was before it has fallen out */
};

/** @param bytes  Rounded down to chunks; 0: no burst is ever kept
 *  @param ms     Older packets fall out
 *  @return 0 or ENOMEM */
int replay_pool_init(struct replay_pool *pool, uint64_t bytes, uint32_t ms);
void replay_pool_fini(struct replay_pool *pool);

/** A burst begins: the caller refers to it. NULL: the pool is exhausted */
struct replay *replay_open(struct replay_pool *pool, uint32_t burst);
struct replay *replay_ref(struct replay *r);
/** NULL is let be */
void replay_unref(struct replay *r);
/** next follows r, for who reads on */
void replay_chain(struct replay *r, struct replay *next);

/** Will the next packet of that length take a new chunk? */
bool replay_grows(const struct replay *r, size_t len);
/** A packet came, at_us not before the last one's
 *  @return false: the pool is exhausted, it is not kept */
bool replay_put(struct replay *r, const struct burst_stamp *stamp,
		uint64_t at_us, const uint8_t *p, size_t len);

/** The packet at pos, which is moved if that has fallen out. It stays where
 *  it is until the next replay_put() or replay_unref().
 *  @return false: no more is there yet */
bool replay_get(const struct replay *r, struct replay_pos *pos,
		struct replay_packet *pkt);
/** From the packet that replay_get() gave to the next */
void replay_step(struct replay_pos *pos, const struct replay_packet *pkt);

static inline uint32_t replay_count(const struct replay *r)
{
	return r->end - r->first;
}

#endif

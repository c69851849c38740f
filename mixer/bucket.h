/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bucket.h  Token bucket: so many at once, so many a second
 */
#ifndef HL_MIXER_BUCKET_H
#define HL_MIXER_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

/** Zeroed memory is a full bucket */
struct bucket {
	uint64_t empty_us; /**< It was (or will be) empty at that time */
};

/**
 * Take one token
 *
 * @param burst  Tokens of a full bucket
 * @param per_s  Tokens that flow in each second
 */
static inline bool bucket_take(struct bucket *b, uint64_t now_us,
			       uint32_t burst, uint32_t per_s)
{
	const uint64_t token_us = 1000000 / per_s;

	if (now_us - b->empty_us > burst * token_us || b->empty_us > now_us)
		b->empty_us = now_us - burst * token_us;
	if (now_us - b->empty_us < token_us)
		return false;
	b->empty_us += token_us;
	return true;
}

#endif

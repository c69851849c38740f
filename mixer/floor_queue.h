/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floor_queue.h  Who waits for the floor of one bridge, in which order
 *
 * Highest tier first, of these the highest priority, of equals who came
 * first. A list through the participants themselves: it allocates nothing.
 * For floor.c alone, which decides who may wait.
 */
#ifndef HL_MIXER_FLOOR_QUEUE_H
#define HL_MIXER_FLOOR_QUEUE_H

#include "mixer/floor.h"

/** How much a request or a burst counts */
struct floor_rank {
	enum floor_tier tier;
	uint8_t priority;
};

/** Strictly: equals never */
static inline bool floor_outranks(struct floor_rank a, struct floor_rank b)
{
	return a.tier != b.tier ? a.tier > b.tier : a.priority > b.priority;
}

/** That of somebody who waits */
static inline struct floor_rank floor_rank_of(const struct floor_member *who)
{
	return (struct floor_rank){who->queue_tier, who->queue_priority};
}

/** Behind all of its rank, who is in no queue. @return its position */
uint16_t floor_queue_put(struct floor *f, struct floor_member *who,
			 struct floor_rank rank);
/** who is in the queue. @return the position that it had */
uint16_t floor_queue_del(struct floor *f, struct floor_member *who);
/** NULL: there is none at that position (1..) */
struct floor_member *floor_queue_at(const struct floor *f, uint16_t position);

#endif

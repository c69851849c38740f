/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floor_queue.c  Who waits for the floor of one bridge, in which order
 */
#include "mixer/floor_queue.h"

/* From the end on: most who come are the last */
uint16_t floor_queue_put(struct floor *f, struct floor_member *who,
			 struct floor_rank rank)
{
	struct floor_member *before = f->tail;
	uint16_t position = ++f->queued;

	while (before && floor_outranks(rank, floor_rank_of(before))) {
		before = before->prev;
		position--;
	}
	who->queued = true;
	who->queue_tier = rank.tier;
	who->queue_priority = rank.priority;
	who->prev = before;
	who->next = before ? before->next : f->head;
	if (who->prev)
		who->prev->next = who;
	else
		f->head = who;
	if (who->next)
		who->next->prev = who;
	else
		f->tail = who;
	return position;
}

uint16_t floor_queue_del(struct floor *f, struct floor_member *who)
{
	const uint16_t position = floor_position(f, who);

	if (who->prev)
		who->prev->next = who->next;
	else
		f->head = who->next;
	if (who->next)
		who->next->prev = who->prev;
	else
		f->tail = who->prev;
	who->next = who->prev = NULL;
	who->queued = false;
	f->queued--;
	return position;
}

struct floor_member *floor_queue_at(const struct floor *f, uint16_t position)
{
	struct floor_member *who = position ? f->head : NULL;

	while (who && --position)
		who = who->next;
	return who;
}

uint16_t floor_position(const struct floor *f, const struct floor_member *who)
{
	const struct floor_member *other;
	uint16_t position = 1;

	if (!who->queued)
		return 0;
	for (other = f->head; other != who; other = other->next)
		position++;
	return position;
}

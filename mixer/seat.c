/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file seat.c  The bridges that one leg is a member of
 */
#include <string.h>
#include "mixer/mixer.h"
#include "mixer/seat.h"

_Static_assert(MIXER_LEG_BRIDGES_MAX < UINT8_MAX, "a place is a byte");

enum {
	/* libre's header of an object, and malloc's of a block */
	OVERHEAD_BYTES = 24,
	ALIGN_BYTES = 16
};

uint32_t seats_grown(uint32_t cap)
{
	cap = cap ? cap * 2 : SEATS_FIRST;
	return MIN(cap, MIXER_LEG_BRIDGES_MAX);
}

struct seats *seats_alloc(uint32_t cap)
{
	struct seats *ss =
		mem_zalloc(sizeof(*ss) + cap * sizeof(ss->v[0]), NULL);

	if (ss)
		ss->cap = cap;
	return ss;
}

size_t seats_bytes(uint32_t cap)
{
	const size_t bytes = sizeof(struct seats) +
			     cap * sizeof(struct seat) + OVERHEAD_BYTES;

	return (bytes + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES;
}

void seats_move(struct seats **ss, struct seats *fresh)
{
	if (*ss)
		memcpy(fresh->v, (*ss)->v, (*ss)->cap * sizeof(fresh->v[0]));
	mem_deref(*ss);
	*ss = fresh;
}

struct seat *seats_free(struct seats *ss)
{
	uint32_t i;

	for (i = 0; ss && i < ss->cap; i++)
		if (!ss->v[i].part)
			return &ss->v[i];
	return NULL;
}

struct seat *seats_first(struct seats *ss)
{
	uint32_t i;

	for (i = 0; ss && i < ss->cap; i++)
		if (ss->v[i].part)
			return &ss->v[i];
	return NULL;
}

struct seat *seats_find(struct seats *ss, const struct part *part)
{
	uint32_t i;

	for (i = 0; ss && i < ss->cap; i++)
		if (ss->v[i].part == part)
			return &ss->v[i];
	return NULL;
}

uint8_t seats_no(const struct seats *ss, const struct seat *seat)
{
	return seat ? (uint8_t)(seat - ss->v + 1) : SEAT_NONE;
}

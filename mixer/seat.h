/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file seat.h  The bridges that one leg is a member of
 *
 * A table beside the leg's slot: most legs are in one group, a dispatcher in
 * many. Allocated and grown by signalling, which counts the seats as the
 * worker does and gives a larger table with the joining; the worker copies,
 * and frees the old one. A place in the table is kept as place plus one, so
 * that zeroed memory is no place.
 */
#ifndef HL_MIXER_SEAT_H
#define HL_MIXER_SEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct part;

enum {
	SEATS_FIRST = 2, /**< Places of the first table; then doubled */
	/** Its seats_bytes(), which count to a leg's 512 */
	SEATS_FIRST_BYTES = 64,
	SEAT_NONE = 0
};

/** One bridge that the leg is a member of */
struct seat {
	struct part *part; /**< NULL: the seat is free */
	uint32_t member : 31; /**< Number of the leg in the bridge's home */
	uint32_t mute : 1;    /**< It may not talk */
	uint32_t heard;    /**< The last burst of which it heard something */
};

struct seats {
	uint32_t cap;
	struct seat v[];
};

/** Places of the table that follows one of cap places */
uint32_t seats_grown(uint32_t cap);
/** @return table of cap free seats, or NULL; any thread */
struct seats *seats_alloc(uint32_t cap);
/** Bytes of a table, with what the allocator adds */
size_t seats_bytes(uint32_t cap);

/* Of all: ss may be NULL, the table of a leg that was never a member */

/** The larger table takes the old one's place; every seat keeps its own */
void seats_move(struct seats **ss, struct seats *fresh);
/** Free seat, or NULL */
struct seat *seats_free(struct seats *ss);
/** The first seat that is taken, or NULL */
struct seat *seats_first(struct seats *ss);
struct seat *seats_find(struct seats *ss, const struct part *part);
/** Place plus one of a seat of the table; of NULL: SEAT_NONE */
uint8_t seats_no(const struct seats *ss, const struct seat *seat);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file fill.h  The running burst, for a worker that has had no member of it
 *
 * Each worker keeps the burst for its own members. Where the first one joins
 * in the middle, the home sends what it has kept to that worker, some packets
 * a millisecond, and what is said meanwhile behind that, so that all comes in
 * order; then speech goes straight again. One worker of a bridge at a time: a
 * second one that comes within those few milliseconds hears live, and so does
 * one that the end of the burst finds waiting. At the bridge's home.
 */
#ifndef HL_MIXER_FILL_H
#define HL_MIXER_FILL_H

#include "mixer/replay.h"
#include "util/wheel.h"

struct bridge;
struct worker;

enum {
	FILL_BATCH = 32 /**< Packets a millisecond */
};

struct fill {
	struct wheel_timer timer;
	struct replay *r;     /**< NULL: none is under way */
	struct replay_pos pos;
	unsigned to;          /**< Worker */
};

/** A burst runs, and its first member on that worker has joined */
void fill_start(struct bridge *b, unsigned to);
/** The first member on this worker has joined: its part keeps what the bridge
 *  has kept by itself */
void fill_here(struct bridge *b);
/** The burst is over */
void fill_stop(struct bridge *b);

#endif

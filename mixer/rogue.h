/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rogue.h  Legs that send speech without the floor
 *
 * "U: not permitted but sends media" of TS 24.380 section 6.3.5: such a leg is
 * told Revoke 3 by its floor channel, again each ROGUE_REPEAT_MS as long as it
 * goes on, and ROGUE_MAX times at most until it pauses: a terminal that does
 * not obey that will not obey the next one.
 *
 * Not told: who waits in the queue, or for an answer; whose speech may just be
 * ahead of its request, or behind the end of its burst; who has no floor
 * channel, for plain phones stream while they are idle, or asks by its speech
 * alone; and who rests. A comparison for each packet. All functions: the
 * worker's thread.
 */
#ifndef HL_MIXER_ROGUE_H
#define HL_MIXER_ROGUE_H

#include "mixer/worker.h"

enum {
	/** It begins to speak: longer than HOLD_EARLY_MS */
	ROGUE_BEGIN_MS = 150,
	/** It had the floor, or was denied it: what is under way, and the time
	 *  that it takes to hear of it */
	ROGUE_STOP_MS = 500,
	ROGUE_REPEAT_MS = FLOOR_REPEAT_MS,
	ROGUE_MAX = 10
};

/** Nothing is said to it for so long */
void rogue_wait(const struct worker *w, struct leg *leg, uint32_t ms);

/** It begins to speak, after a pause */
void rogue_begin(const struct worker *w, struct leg *leg);

/** Out of line: tell it, if it is to be told */
void rogue_tell(struct worker *w, struct leg *leg);

/** A packet of speech was dropped: the leg is in a bridge, has not the floor,
 *  and is not held */
static inline void rogue_speech(struct worker *w, struct leg *leg)
{
	if ((int32_t)(holds_clock(w->now) - leg->rogue_at) >= 0)
		rogue_tell(w, leg);
}

#endif

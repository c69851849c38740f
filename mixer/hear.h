/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file hear.h  Whom a leg hears, of the bridges that it is a member of
 *
 * One burst at a time, and none while it talks itself. Of two that talk at
 * once the one of higher rank: an emergency, then the talker's priority in its
 * bridge, as the home says with each packet; of equals the selected bridge; of
 * equals still the one that is heard already. It changes with a packet of the
 * burst that takes over: at once to a higher rank, to a lower one when the
 * burst that is heard has ended or nothing of it came for HEAR_US.
 *
 * The leg's floor channel tells Taken of the bridge that is heard; where none
 * is, of the selected bridge if somebody has its floor; else Idle. Only what
 * is new is told: of each burst one Taken when it is heard and one message
 * when it is not any more, and no more than a second of silence lets two
 * running bursts swap once and back.
 *
 * All functions: the worker's thread.
 */
#ifndef HL_MIXER_HEAR_H
#define HL_MIXER_HEAR_H

#include "mixer/part.h"

enum {
	/** A burst of which nothing comes any more makes room for another,
	 *  even if its end was never told */
	HEAR_US = 1000000
};

/** A packet of a burst that is not the one that the leg hears: is it from now
 *  on? The leg's stream goes on with it then, and its terminal is told.
 *  A latecomer is sent it later (late.h): false */
bool hear_turn(struct worker *w, struct leg *leg, struct part *part,
	       const struct speech_down *sp);

/** Something has changed: tell the terminal how things are, if it does not
 *  know that; again: in any case */
void hear_tell(struct worker *w, struct leg *leg, bool again);

/** The leg has the floor of part: it hears nobody, and knows that */
void hear_none(struct leg *leg, const struct part *part);

/** The part is none of the leg's any more; hear_tell() follows */
void hear_forget(struct leg *leg, const struct part *part);

#endif

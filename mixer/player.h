/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file player.h  Tones on their way to the legs of one worker
 *
 * What the floor has to say, for terminals without floor messages and for
 * those that want to hear it (enum mixer_tones): the payloads of ms2_tone.h,
 * one every 20 ms, through the leg's own stream. A short list a worker and one
 * timer for all; a leg knows its place in the list. All functions: the
 * worker's thread.
 */
#ifndef HL_MIXER_PLAYER_H
#define HL_MIXER_PLAYER_H

#include <stdbool.h>
#include "mixer/leg.h"
#include "mixer/ms2_tone.h"
#include "util/wheel.h"

struct floor_down;
struct worker;

enum {
	/** Tones of one worker at a time; any more are counted, not heard */
	PLAYERS_MAX = 256
};

struct player {
	struct leg *leg;
	const struct tone *tone;
	mixer_bridge_id over;  /**< Sounds above this running burst */
	uint32_t over_burst;
	uint8_t next;          /**< Packet */
	uint64_t due_us;
};

struct players {
	const struct tones *tones; /**< NULL: none were rendered */
	unsigned n;
	bool armed;
	struct wheel_timer timer;
	struct player v[PLAYERS_MAX];
};

/**
 * Begin a tone, if the leg hears tones; one that it is hearing gives way to it
 *
 * An answer (all but TONE_END) interrupts the burst that the leg hears, or
 * that fd is about: a refusal would never be heard otherwise. Any other burst
 * ends the tone. TONE_END is heard by who hears nobody, and any burst ends it.
 */
void player_start(struct worker *w, struct leg *leg, enum tone_kind kind,
		  const struct floor_down *fd);

/** The burst that the leg has heard is over, and it hears nobody */
void player_end(struct worker *w, struct leg *leg);

/** The leg hears nothing of its tone any more, if it has one */
void player_stop(struct worker *w, struct leg *leg);

/** May a packet of that burst go to the leg, which hears a tone? Ends the
 *  tone if so */
bool player_yields(struct worker *w, struct leg *leg, mixer_bridge_id bridge,
		   uint32_t burst);

#endif

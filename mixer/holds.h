/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file holds.h  Legs of one worker whose speech waits for the floor
 *
 * Of a leg that has asked for the floor, by its floor channel, by key or by
 * signalling, and has no answer yet, the newest speech is held (hold.h); it
 * goes first when the floor is granted, and is dropped when it is not.
 *
 * Speech can be read before the request that was sent ahead of it: they come
 * by two ports. So where a leg with a floor channel begins to speak, after
 * HOLD_PAUSE_MS without speech, it is held for HOLD_EARLY_MS whether it has
 * asked or not. A leg that streams while it is idle never pauses, and one
 * without a floor channel asks by the port of its speech: neither is held.
 *
 * Who waits in the queue and speaks is held all the time: when its turn comes
 * the newest of it goes first.
 *
 * A pool of fixed size, touched as it is used; a leg knows its place in it.
 * Who finds it full is not held: counted. All functions: the worker's thread.
 */
#ifndef HL_MIXER_HOLDS_H
#define HL_MIXER_HOLDS_H

#include "mixer/hold.h"
#include "mixer/leg.h"
#include "util/wheel.h"

struct worker;

enum {
	HOLDS_MAX = 256,
	/** Of these, so many may be of legs that have not asked */
	HOLDS_EARLY_MAX = 128,
	HOLD_EARLY_MS = 100,
	/** An answer that took longer answers nothing that is still said */
	HOLD_ASKED_MS = 4000,
	/** ..nor does one, when nothing was said for so long before it */
	HOLD_STALE_MS = 2000,
	HOLD_PAUSE_MS = 200
};

struct held {
	struct wheel_timer timer;
	struct leg *leg;
	mixer_bridge_id bridge; /**< Whose floor; 0: not known yet */
	bool asked;
	uint16_t next;          /**< Free list: place plus one */
	struct hold hold;
};

struct holds {
	struct held *v;
	uint16_t free; /**< Place plus one; 0: none that was used before */
	uint16_t high;
	uint16_t early;
};

/** @return 0 or ENOMEM */
int holds_init(struct holds *hs);
void holds_fini(struct holds *hs);

/** The leg asks for the floor of that bridge; 0: of one that is told later */
void holds_ask(struct worker *w, struct leg *leg, mixer_bridge_id bridge);

/**
 * Speech came from a leg that does not hold the floor
 *
 * @param p The packet
 *
 * @return false: it is not held
 */
bool holds_speech(struct worker *w, struct leg *leg,
		  const struct rtpw_hdr *hdr, const uint8_t *p);

/** It has the floor of its selected bridge: what is held goes now */
void holds_send(struct worker *w, struct leg *leg);

/** It has not, or not any more */
void holds_drop(struct worker *w, struct leg *leg);

/** The leg spoke at this time: see leg->spoke */
static inline uint32_t holds_clock(uint64_t now_us)
{
	/* About milliseconds, without a division for each packet */
	return (uint32_t)(now_us >> 10);
}

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file late.h  Latecomers of one worker: legs that hear a burst from its start
 *
 * Each part keeps the running burst (replay.h) in a pool of its worker. A leg
 * that begins to hear it in the middle, because it has joined, selected the
 * bridge, come up, woken, or heard something else before, is sent what is
 * kept from the oldest packet on (pace.h), each packet when it is due, by a
 * wheel timer that runs only meanwhile; when nothing is left it hears on from
 * the live packets. Its stream is one, with its own numbers.
 *
 * From the start only once: who has heard some of a burst hears on live,
 * wherever it was meanwhile, unless it left the bridge: it is new when it
 * comes back. Whoever hears the first packet of a burst hears it live.
 *
 * When the burst is over the latecomer hears the rest, and what it is told by
 * its floor channel is what it hears: Idle comes when it has heard all. A
 * burst that begins meanwhile in the same bridge is heard behind the first
 * one, from its own start. A burst of another bridge that has the right to
 * (hear.h), a request for the floor, a tone, and a lag of more than the pool's
 * time and LATE_SLACK_US end it: from then on it is as everybody else.
 *
 * Memory and places are bounded; who finds none hears live, counted. All
 * functions: the worker's thread.
 */
#ifndef HL_MIXER_LATE_H
#define HL_MIXER_LATE_H

#include "mixer/leg.h"
#include "mixer/pace.h"
#include "util/wheel.h"

struct part;
struct speech_down;
struct worker;

enum {
	LATES_MAX = 16384,
	/** Packets of one latecomer that may be overdue and go at once */
	LATE_BATCH = 8,
	/** Behind by less than this it is live without a seam */
	LATE_LIVE_US = 40000,
	LATE_SLACK_US = 2000000
};

struct late {
	struct wheel_timer timer;
	struct leg *leg;
	struct replay *r;
	struct pace pace;
	uint16_t next;    /**< Free list: place plus one */
};

/** The burst of a bridge, as long as it runs or somebody reads on */
struct keep {
	struct replay *r; /**< NULL: nothing is kept */
	uint32_t unkept;  /**< A burst for which there was no memory */
};

struct lates {
	struct late *v;
	uint16_t free;    /**< Place plus one; 0: none that was used before */
	uint16_t high;
};

/** @return 0 or ENOMEM */
int lates_init(struct lates *ls);
void lates_fini(struct lates *ls);

/** Keep a packet of the running burst, before it is fanned out */
void late_keep(struct worker *w, struct keep *k, const struct speech_down *sp);

/** The burst is over: what nobody reads is let go */
void late_over(struct keep *k);

/**
 * The leg hears the running burst of part from now on, and was proven to have
 * somewhere to be sent to: does it hear it as a latecomer?
 *
 * @return false: it hears the next packet, live
 */
bool late_start(struct worker *w, struct leg *leg, struct part *part);

/** It hears as a latecomer no more, if it does; nothing is told */
void late_stop(struct worker *w, struct leg *leg);

/** ..and is told how things are, if that is not what it has heard */
void late_drop(struct worker *w, struct leg *leg);

#endif

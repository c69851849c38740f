/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bridge.h  A bridge at its home worker: floor, burst, members
 *
 * Allocated by signalling, given to the home by command, freed there.
 * bridge.c takes what comes to it, bridge_act.c carries out what the floor
 * (floor.h) has decided.
 */
#ifndef HL_MIXER_BRIDGE_H
#define HL_MIXER_BRIDGE_H

#include "mixer/fill.h"
#include "mixer/worker.h"

struct member {
	struct floor_member fm; /**< First: the floor knows it by this */
	mixer_leg_id leg;
	bool anonymous;         /**< uri and name do not say who it is */
	bool in_emergency;      /**< Its requests are, whatever they say */
	/* As the last MIXER_FLOOR_QUEUED has said */
	bool waits;
	uint8_t wait_priority, wait_tier;
	struct burst_tail tail;
	char uri[MIXER_URI_MAX];
	char name[MIXER_NAME_MAX];
};

/** Members by number; grown by signalling, which numbers them */
struct members {
	uint32_t cap;
	struct member *v[];
};

struct bridge {
	mixer_bridge_id id;
	struct worker *w;
	struct floor floor;
	bool in_emergency;
	uint8_t told_tier; /**< Of the burst, as MIXER_FLOOR_TAKEN has said */
	struct burst burst;
	struct members *members;
	struct wheel_timer timer;
	uint64_t armed_us; /**< FLOOR_NEVER: the timer does not run */
	/* What a step's actions give rise to comes when all have heard them */
	bool steps, has_later;
	struct floor_ev later;
	bool has_last_seq; /**< Released; the burst ends with last_seq */
	uint16_t last_seq;
	struct keep keep;  /**< Where it has no member on this worker */
	struct fill fill;
	uint32_t on[MIXER_WORKERS_MAX]; /**< Members on each worker */
};

/** Any thread, before they are given away */
struct bridge *bridge_alloc(mixer_bridge_id id,
			    const struct floor_policy *policy);
struct members *members_alloc(uint32_t cap);

void bridge_start(struct worker *w, struct bridge *b);
/** NULL: stale */
struct bridge *bridge_get(const struct worker *w, mixer_bridge_id id);
void bridge_set(struct bridge *b, const struct floor_policy *policy);
void bridge_del(struct worker *w, mixer_bridge_id id);
void bridge_join(struct bridge *b, uint32_t no, struct member *m,
		 struct members *table);
/** m replaces what is known of the member; it is freed */
void bridge_member_set(struct bridge *b, uint32_t no, struct member *m);
void bridge_leave(struct bridge *b, uint32_t no, mixer_leg_id leg);

/** What a leg's floor channel, or signalling for it, wants */
void bridge_floor(struct worker *w, const struct floor_up *fu);
/** A dispatcher takes the floor from whoever has it */
void bridge_revoke(struct worker *w, mixer_bridge_id id);
/** A worker cannot carry that burst, if it still runs: it ends at once */
void bridge_shed(struct worker *w, mixer_bridge_id id, uint32_t burst);
/** A packet of speech: gate, stamp, fan out */
void bridge_speech(struct worker *w, const struct speech_up *up);

/* --- bridge_act.c -------------------------------------------------------- */

static inline struct member *member_of(struct floor_member *fm)
{
	return (struct member *)fm;
}

/** Give the floor an event, and carry out what it decides */
void bridge_step(struct bridge *b, const struct floor_ev *ev);
/** The floor's deadline may have come nearer */
void bridge_rearm(struct bridge *b);
/** Event to signalling; m: NULL: of nobody */
void bridge_event(const struct bridge *b, const struct mixer_event *what,
		  const struct member *m);
/** Tell all members anew how its floor is */
void bridge_tell(const struct bridge *b);
/** Tell a leg that is no member why it gets nothing */
void bridge_refuse(struct worker *w, const struct floor_up *fu);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file part.h  A bridge's part on one worker: the members that live there
 *
 * Sends each stamped packet to them as their own streams, and tells them what
 * the floor decided. Allocated by signalling, given to the worker by command.
 */
#ifndef HL_MIXER_PART_H
#define HL_MIXER_PART_H

#include "mixer/worker.h"

struct ear {
	uint32_t slot;   /**< Leg */
	uint32_t triple; /**< Sorted by this: one socket, one batch */
	bool may_listen;
};

struct part {
	mixer_bridge_id id;
	mixer_leg_id talker; /**< Holds the floor; 0: nobody */
	uint32_t n, cap;
	uint32_t burst;        /**< The newest one; Taken was told of it */
	uint8_t priority;      /**< Of the talker */
	struct floor_mood mood;
	uint64_t taken_us;     /**< When it began */
	uint64_t speech_us;    /**< The last packet of speech */
	/* What Taken says of the talker, for who comes later too */
	uint32_t members;
	struct keep keep;
	char uri[MIXER_URI_MAX];
	char name[MIXER_NAME_MAX];
	struct ear earv[];
};

/** @return part with room for cap members, or NULL; any thread */
struct part *part_alloc(mixer_bridge_id id, uint32_t cap);

/** NULL: stale, or nobody of it is here */
struct part *part_get(const struct worker *w, mixer_bridge_id id);
static inline struct leg *part_leg(const struct worker *w,
				   const struct ear *ear)
{
	return &w->legs.v[ear->slot];
}

/** c: CMD_JOIN of a leg that lives here */
void part_join(struct worker *w, const struct cmd *c);
/** c: CMD_MEMBER_SET of one that lives here */
void part_set(struct worker *w, const struct cmd *c);
void part_leave(struct worker *w, mixer_bridge_id id, mixer_leg_id leg);
/** The leg is about to be freed: no part knows it any more */
void part_leg_del(struct worker *w, mixer_leg_id leg);
void part_del(struct worker *w, mixer_bridge_id id);
/** The leg speaks and hears first here from now on */
void part_select(struct worker *w, mixer_leg_id leg, mixer_bridge_id id);

/** Send a packet to all who listen here */
void part_speech(struct worker *w, const struct speech_down *sp);
/** Tell those who live here */
void part_floor(struct worker *w, const struct floor_down *fd);
/** Tell legs that live here where they are in the queue */
void part_queue(struct worker *w, const struct queue_down *qd);

#endif

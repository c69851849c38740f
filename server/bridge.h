/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file server/bridge.h  What a call and a group have in common
 *
 * Part of a call or a group, which own it and open and close it.
 *
 * Shared by the files of the conference role. Signalling thread only.
 */
#ifndef HL_SERVER_BRIDGE_H
#define HL_SERVER_BRIDGE_H

#include <jansson.h>
#include "server/priv.h"

struct leg;

enum bridge_kind { BRIDGE_PRIVATE, BRIDGE_ADHOC, BRIDGE_GROUP };

/** What the switch said of a bridge's floor; its times are its own */
struct bridge_talk {
	char holder[HL_NAME_MAX];    /**< Who talks; empty: nobody */
	uint8_t priority, tier;      /**< Of the burst */
	uint32_t burst;
	uint64_t since_us;           /**< Of the last change */
	uint64_t speech_us;          /**< Of the burst's first packet; 0 */
	struct list waitl;           /**< Who waits, in order */
};

/** What a call and a group have in common; bridge_arg of the mixer */
struct bridge {
	enum bridge_kind kind;
	struct server *srv;
	mixer_bridge_id id;          /**< 0: the group has nobody up */
	struct bus_floor floor;      /**< How its floor is run.. */
	uint32_t max_talk_ms;
	bool unsaid;                 /**< ..which the mixer is to be told */
	struct bridge_talk talk;
	struct emergency *emergency; /**< It is in one; or NULL */
	struct list focusl;          /**< struct focus: who is told of it */
	char subject[SUBJECT_MAX];   /**< In the log: "group/NAME" */
};

int bridge_open(struct bridge *b, const struct bus_floor *floor,
		uint32_t max_talk_ms);
void bridge_close(struct bridge *b);
/** How its floor is run from now on, if that is new */
void bridge_floor_set(struct bridge *b, const struct bus_floor *floor,
		      uint32_t max_talk_ms);
/** Tell what a full ring left out */
void bridges_retry(struct server *srv);
/** Tell the switch all that it has to know of its floor */
void bridge_floor_tell(struct bridge *b);
/** What the leg talks in: its call, else its selected group, else NULL */
struct bridge *leg_bridge(const struct leg *leg);

/* floor.c: what the switch tells of a bridge's floor */
void floor_event(struct bridge *b, const struct mixer_event *ev);
/** The bridge is no more: nobody talks or waits */
void floor_close(struct bridge *b);
/** Holder, times, queue, emergency */
void floor_status(json_t *o, const struct bridge *b);

#endif

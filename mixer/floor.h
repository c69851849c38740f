/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floor.h  Who may talk in one bridge
 *
 * The "general floor control operation" of 3GPP TS 24.380 section 6.3.4 (in
 * OMA PoC: the server's general state machine), without queue. Pure: an event
 * and the time go in, actions and the next deadline come out. It allocates
 * nothing, reads no clock and knows no wire format; whoever owns the bridge
 * carries the actions out, on the thread that owns the bridge.
 *
 * All times are CLOCK_MONOTONIC microseconds.
 */
#ifndef HL_MIXER_FLOOR_H
#define HL_MIXER_FLOOR_H

#include <stdbool.h>
#include <stdint.h>
#include "wire/tbcp.h"

enum {
	/** T8: a Revoke that is not obeyed is said again */
	FLOOR_REVOKE_REPEAT_MS = 1000,
	/** Speech that is still on its way after a Release may last so long */
	FLOOR_DRAIN_MS = 200,
	/** T1 where the configuration says 0: a floor must end somehow */
	FLOOR_END_OF_MEDIA_MS = 4000,
	FLOOR_ACTIONS_MAX = 4,
	/** Beside enum tbcp_deny and tbcp_revoke; the number is MCPT's */
	FLOOR_NO_RESOURCES = 6
};

/** No deadline */
#define FLOOR_NEVER UINT64_MAX

enum floor_state {
	FLOOR_IDLE,     /**< G: Floor Idle */
	FLOOR_TAKEN,    /**< G: Floor Taken */
	FLOOR_REVOKING, /**< G: pending Floor Revoke */
	FLOOR_DRAINING  /**< Released; packets up to the last one are due */
};

struct floor_cfg {
	uint32_t max_talk_ms;     /**< T2; 0 = no limit */
	uint32_t revoke_grace_ms; /**< T3 */
	uint32_t end_of_media_ms; /**< T1 */
	uint32_t retry_after_ms;  /**< T9 */
	uint32_t idle_repeat_ms;  /**< T7; 0 = never */
	uint32_t idle_repeats;    /**< C7 */
};

/** One participant; owned by the caller and at a fixed place from
 *  FLOOR_EV_JOIN to FLOOR_EV_LEAVE */
struct floor_member {
	uint64_t retry_us; /**< T9 runs until then; the machine's own */
	uint8_t priority;
	bool may_talk;
};

enum floor_ev_type {
	FLOOR_EV_JOIN,    /**< who is a participant from now on */
	FLOOR_EV_LEAVE,   /**< who is none any more */
	FLOOR_EV_SET,     /**< may_talk or priority of who was changed */
	FLOOR_EV_REQUEST, /**< who wants to talk */
	FLOOR_EV_RELEASE, /**< who has talked enough */
	FLOOR_EV_SHED,    /**< There is no room for the burst: it ends */
	FLOOR_EV_DRAINED, /**< The last packet of a released burst came */
	FLOOR_EV_TIME     /**< A deadline may have passed */
};

struct floor_ev {
	enum floor_ev_type type;
	struct floor_member *who; /**< NULL for SHED, DRAINED and TIME */
	uint8_t priority;         /**< REQUEST: effective priority */
	bool drain;               /**< RELEASE: packets are still due */
	bool no_room;             /**< REQUEST: for another burst */
};

enum floor_act_type {
	FLOOR_ACT_GRANTED, /**< Tell who: it may talk for secs */
	FLOOR_ACT_TAKEN,   /**< Tell to (NULL: all but who): who talks */
	FLOOR_ACT_DENY,    /**< Tell who: no, for reason (enum tbcp_deny) */
	FLOOR_ACT_IDLE,    /**< Tell to (NULL: all): nobody talks */
	FLOOR_ACT_REVOKE,  /**< Tell who: stop (enum tbcp_revoke, secs) */
	FLOOR_ACT_ENDED    /**< Tell nobody: burst of who is over */
};

struct floor_act {
	enum floor_act_type type;
	struct floor_member *who;
	struct floor_member *to;
	uint16_t reason;
	uint16_t secs;
	bool repeat; /**< Said before, nothing has changed */
	bool lost;   /**< IDLE: the holder was silent, it did not let go */
};

/** What one event leads to, in the order to be carried out */
struct floor_out {
	unsigned n;
	struct floor_act v[FLOOR_ACTIONS_MAX];
};

struct floor {
	struct floor_cfg cfg;
	enum floor_state state;
	struct floor_member *holder; /**< Not NULL unless FLOOR_IDLE */
	uint32_t members;
	uint32_t burst;              /**< Counts grants */
	uint16_t revoked;            /**< Why, in FLOOR_REVOKING */
	bool media;                  /**< The holder has sent RTP */
	uint32_t c7;                 /**< Idle messages still to be sent */
	uint64_t t1, t2, t3, t7, t8; /**< Deadlines; FLOOR_NEVER: stopped */
	uint64_t drain;
};

/** An idle floor without participants */
void floor_init(struct floor *f, const struct floor_cfg *cfg);

/** Change the configuration; timers that run are not touched */
void floor_set(struct floor *f, const struct floor_cfg *cfg);

/** Take one event; out is overwritten */
void floor_step(struct floor *f, const struct floor_ev *ev, uint64_t now,
		struct floor_out *out);

/**
 * A packet of speech came from who: does it go through?
 *
 * Called for each packet. It may move the deadline, never to an earlier time
 * but once a burst (the first packet starts T2).
 */
bool floor_media(struct floor *f, const struct floor_member *who,
		 uint64_t now);

/** When FLOOR_EV_TIME is due; FLOOR_NEVER: not at all */
uint64_t floor_deadline(const struct floor *f);

#endif

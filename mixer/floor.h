/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floor.h  Who may talk in one bridge
 *
 * The "general floor control operation" of 3GPP TS 24.380 section 6.3.4 and
 * what section 6.3.5 asks for each participant (in OMA PoC: the server's
 * general state machine), with a queue. Pure: an event and the time go in,
 * actions and the next deadline come out. It allocates nothing, reads no
 * clock and knows no wire format; whoever owns the bridge carries the actions
 * out, on the thread that owns the bridge.
 *
 * Who may break in: a request of a higher tier than the holder's, then, where
 * cfg.preempt says so, one of a higher priority within the same tier; an equal
 * one never, nor anybody into an emergency. The holder is told to stop and has
 * its time of grace; who breaks in waits meanwhile, first of all, even where
 * nobody else may wait. Who may not break in waits, highest first, then first
 * come, if its terminal can; a participant has one place.
 *
 * A terminal that cannot wait and breaks in is told nothing until it is
 * granted, or denied because another broke in before it: its own repeats of
 * the request (T101) bridge that time.
 *
 * All times are CLOCK_MONOTONIC microseconds.
 */
#ifndef HL_MIXER_FLOOR_H
#define HL_MIXER_FLOOR_H

#include <stdbool.h>
#include <stdint.h>
#include "wire/tbcp.h"

enum {
	/** Speech that is still on its way after a Release may last so long */
	FLOOR_DRAIN_MS = 200,
	/** T1 where the configuration says 0: a floor must end somehow */
	FLOOR_END_OF_MEDIA_MS = 4000,
	/** T8 and T20 where it says 0 */
	FLOOR_REPEAT_MS = 1000,
	/** There was no room for the next of the queue: it is tried again */
	FLOOR_ROOM_MS = 1000,
	/** Positions that change are told so often, at the most: a queue that
	 *  is in motion does not flood all who wait in it */
	FLOOR_MOVED_MS = 200,
	FLOOR_ACTIONS_MAX = 8,
	/** Positions on the wire of MCPT end at 253 */
	FLOOR_QUEUE_MAX = 250,
	/** Beside enum tbcp_deny and tbcp_revoke; the numbers are MCPT's */
	FLOOR_NO_RESOURCES = 6,
	FLOOR_QUEUE_FULL = 7
};

/** No deadline */
#define FLOOR_NEVER UINT64_MAX

enum floor_state {
	FLOOR_IDLE,     /**< G: Floor Idle */
	FLOOR_TAKEN,    /**< G: Floor Taken */
	FLOOR_REVOKING, /**< G: pending Floor Revoke */
	FLOOR_DRAINING  /**< Released; packets up to the last one are due */
};

/** How urgent a request or a burst is, whatever its priority */
enum floor_tier { FLOOR_NORMAL, FLOOR_PERIL, FLOOR_EMERGENCY };

struct floor_cfg {
	uint32_t max_talk_ms;      /**< T2; 0 = no limit */
	uint32_t warn_ms;          /**< Warning before T2 ends; 0 = none */
	uint32_t revoke_grace_ms;  /**< T3 */
	uint32_t revoke_repeat_ms; /**< T8 */
	uint32_t end_of_media_ms;  /**< T1 */
	uint32_t retry_after_ms;   /**< T9 */
	uint32_t idle_repeat_ms;   /**< T7; 0 = never */
	uint32_t idle_repeats;     /**< C7 */
	uint32_t grant_repeat_ms;  /**< T20 */
	uint32_t grant_repeats;    /**< C20 */
	uint32_t inactivity_ms;    /**< T4; 0 = never */
	uint16_t queue_max;        /**< 0 = nobody waits */
	bool preempt;              /**< A higher priority breaks in; a higher
					tier does in any case */
	bool cut_in;               /**< Any request takes the floor, without
					grace (audio cut-in), but from none of
					a higher tier */
	bool broadcast;            /**< While one talks nobody may ask, not
					even in an emergency */
	bool emergency;            /**< Tiers count; else all are normal */
};

/** One participant; owned by the caller and at a fixed place from
 *  FLOOR_EV_JOIN to FLOOR_EV_LEAVE. The caller's: */
struct floor_member {
	uint8_t priority;
	bool may_talk;
	bool may_emergency;        /**< Else its requests are normal */
	/* The machine's own */
	bool queued;
	bool quiet;                /**< ..and its terminal cannot wait: it is
					told no position. Only the first of
					the queue ever is. */
	uint8_t queue_priority;    /**< ..with that */
	enum floor_tier queue_tier;
	struct floor_member *next, *prev; /**< In the queue */
	uint64_t retry_us;         /**< T9 runs until then */
};

enum floor_ev_type {
	FLOOR_EV_JOIN,    /**< who is a participant from now on */
	FLOOR_EV_LEAVE,   /**< who is none any more */
	FLOOR_EV_SET,     /**< may_talk or priority of who was changed */
	FLOOR_EV_REQUEST, /**< who wants to talk */
	FLOOR_EV_RELEASE, /**< who has talked, or waited, enough */
	FLOOR_EV_ACK,     /**< who has acknowledged Granted */
	FLOOR_EV_POSITION, /**< who wants to know its place in the queue */
	FLOOR_EV_REVOKE,  /**< Somebody who is no participant, a dispatcher,
			       takes the floor from its holder: pre-empted */
	FLOOR_EV_SHED,    /**< There is no room for the burst: it ends */
	FLOOR_EV_DRAINED, /**< The last packet of a released burst came */
	FLOOR_EV_TIME     /**< A deadline may have passed */
};

struct floor_ev {
	enum floor_ev_type type;
	struct floor_member *who; /**< NULL for REVOKE, SHED, DRAINED, TIME */
	uint8_t priority;         /**< REQUEST: effective priority */
	enum floor_tier tier;     /**< REQUEST */
	bool queues;              /**< REQUEST: its terminal can wait */
	bool drain;               /**< RELEASE: packets are still due */
	/** There is no room for another burst: REQUEST: of that priority;
	 *  else of the first of the queue (look only if there is one). An
	 *  emergency is not refused for that. */
	bool no_room;
};

enum floor_act_type {
	FLOOR_ACT_GRANTED, /**< Tell who: it may talk for secs */
	FLOOR_ACT_TAKEN,   /**< Tell to (NULL: all but who): who talks */
	FLOOR_ACT_DENY,    /**< Tell who: no, for reason (enum tbcp_deny, or
				FLOOR_NO_RESOURCES, FLOOR_QUEUE_FULL) */
	FLOOR_ACT_IDLE,    /**< Tell to (NULL: all): nobody talks */
	FLOOR_ACT_REVOKE,  /**< Tell who: stop (enum tbcp_revoke, or
				FLOOR_NO_RESOURCES; secs) */
	FLOOR_ACT_QUEUE,   /**< Tell who: its position; 0: it has none */
	FLOOR_ACT_MOVED,   /**< Tell all in the queue from who on (next, next
				..): their positions are others now. The last
				action of a step, if any; not always of the
				step that has moved them (FLOOR_MOVED_MS) */
	FLOOR_ACT_UNQUEUED, /**< Tell nobody: who left the queue (granted,
				denied, cancelled, or gone) */
	FLOOR_ACT_WARN,    /**< Tell who: its time is over in secs */
	FLOOR_ACT_INACTIVE, /**< Tell nobody: T4 is over */
	FLOOR_ACT_ENDED    /**< Tell nobody: burst of who is over */
};

struct floor_act {
	enum floor_act_type type;
	struct floor_member *who;
	struct floor_member *to;
	uint32_t burst;    /**< GRANTED, TAKEN, REVOKE, WARN, ENDED: of which;
				one step may end one and begin the next */
	uint16_t reason;
	uint16_t secs;     /**< DENY for T9: until it may ask again */
	uint16_t position; /**< QUEUE: 1..; MOVED: who's new one */
	bool repeat; /**< Said before, nothing has changed */
	bool lost;   /**< IDLE, TAKEN: the holder before was silent, it did
			  not let go */
	bool served; /**< GRANTED: out of the queue, so an Ack is wanted */
	bool quiet;  /**< QUEUE: for events only, who is told nothing */
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
	uint8_t priority;            /**< Of the burst */
	enum floor_tier tier;        /**< Of the burst */
	struct floor_member *head, *tail; /**< The queue */
	uint16_t queued;
	uint16_t moved;              /**< From here on they have still to be
					told their positions; 0: nobody */
	uint64_t moved_us;           /**< ..which may be done then */
	uint32_t members;
	uint32_t burst;              /**< Counts grants */
	uint16_t revoked;            /**< Why, in FLOOR_REVOKING */
	bool media;                  /**< The holder has sent RTP */
	uint32_t c7;                 /**< Idle messages still to be sent */
	uint32_t c20;                /**< ..and Granted */
	/** Deadlines; FLOOR_NEVER: stopped */
	uint64_t t1, t2, t3, t4, t7, t8, t20, warn;
	uint64_t drain;
	uint64_t room;               /**< In FLOOR_IDLE: the queue waits */
};

/** An idle floor without participants */
void floor_init(struct floor *f, const struct floor_cfg *cfg);

/** Change the configuration; timers that run are not touched. A queue that is
 *  longer than it may be now is served, and not grown. */
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

/** Its place in the queue, 1..; 0: none. Linear. */
uint16_t floor_position(const struct floor *f, const struct floor_member *who);

#endif

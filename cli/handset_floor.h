/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file handset_floor.h  The participant's side of floor control
 *
 * A pure machine: an event and the time in, what to do and the next deadline
 * out. It opens no socket, reads no clock and allocates nothing. One a leg;
 * the owner's thread only. Times are CLOCK_MONOTONIC microseconds.
 *
 * States and timers are those of the participant of TS 24.380 (section 6.2.4);
 * TBCP's are the same under other names. Timers that run out repeat the
 * message (T100, T101, T104) a fixed number of times and then give up, so a
 * lost message costs a second and never the user's key. One message a timer is
 * under way. What was asked to be acknowledged is, before anything else.
 *
 * A user who is queued holds the key down, which is the consent that T132
 * waits for: it runs where a grant comes and no key is down. Where
 * hs_floor_cfg.wait is set the key may come up and the place is kept.
 *
 * What the standard leaves open is decided so that nothing that comes late,
 * twice, or in another order does harm:
 * - Idle and Taken that come within stale_us of a grant may have been sent
 *   before it (they alone are numbered, a Granted is not): who talks goes on,
 *   and asks with a Request, which a holder is granted again.
 * - A Granted within T100 of a Release that was answered is a late one.
 * - Who is told "Idle", or that there is no place in line, and believes to
 *   wait, asks before it believes that.
 * - A Release that gives up a place asks for an Ack: nothing else answers it.
 *
 * One thing is added: speech is stopped by another thread, and the Release
 * names the last packet that was sent, so it is sent only when that thread
 * has answered (HS_FLOOR_EV_STOPPED).
 */
#ifndef HL_CLI_HANDSET_FLOOR_H
#define HL_CLI_HANDSET_FLOOR_H

#include <stdbool.h>
#include <stdint.h>
#include "cli/handset_floormsg.h"

/** Longest session identity that is told from another */
enum { HS_FLOOR_SESSION_MAX = 255 };

enum hs_floor_state {
	HS_FLOOR_NO_PERMISSION,   /**< Listening */
	HS_FLOOR_PENDING_REQUEST, /**< Key down, no answer yet */
	HS_FLOOR_QUEUED,          /**< Key down, the server has us in line */
	HS_FLOOR_OFFERED,         /**< Granted unasked: T132 for the user */
	HS_FLOOR_PERMISSION,      /**< Talking */
	HS_FLOOR_STOPPING,        /**< The last packet is on its way out */
	HS_FLOOR_PENDING_RELEASE  /**< Release sent, no answer yet */
};

struct hs_floor_cfg {
	uint64_t t100_us;   /**< Release repeat */
	uint64_t t101_us;   /**< Request repeat */
	uint64_t t103_us;   /**< No RTP of the talker: the burst has ended */
	uint64_t t132_us;   /**< The user's time to take an offered grant */
	uint64_t t104_us;   /**< Queue Position Request repeat */
	unsigned repeats;   /**< C100, C101, C104 */
	uint64_t warn_us;   /**< The user is warned so long before the time
				to talk is over, or at two thirds of it */
	uint64_t stale_us;  /**< See above */
	bool wait;          /**< Key up keeps the place in line */
	enum hs_floor_answer answer; /**< To a Connect */
};

/** 1 s, 1 s, 4 s, 2 s, 1 s, three repeats; 5 s, 0.5 s; accepts */
void hs_floor_cfg_default(struct hs_floor_cfg *cfg);

enum hs_floor_ev_type {
	HS_FLOOR_EV_PRESS,   /**< Key down */
	HS_FLOOR_EV_RELEASE, /**< Key up */
	HS_FLOOR_EV_CANCEL,  /**< Key up, and neither a place in line nor an
				  offered grant is wanted */
	HS_FLOOR_EV_ASK,     /**< The user wants to know the place in line */
	HS_FLOOR_EV_CHECK,   /**< The same, and told only if it has changed */
	HS_FLOOR_EV_MSG,     /**< A message of the server */
	HS_FLOOR_EV_STOPPED, /**< Speech stopped; last_seq, sent are set */
	HS_FLOOR_EV_HEARD,   /**< Somebody's RTP began to arrive */
	HS_FLOOR_EV_SILENT,  /**< ..and ended */
	HS_FLOOR_EV_ACTIVATING, /**< An activation begins: a grant may come
				  unasked */
	HS_FLOOR_EV_REFUSED, /**< The activation that a press awaited failed */
	HS_FLOOR_EV_TIMER,   /**< The deadline has come */
	HS_FLOOR_EV_DOWN     /**< The leg is gone */
};

struct hs_floor_ev {
	enum hs_floor_ev_type type;
	const struct hs_floormsg *msg; /**< MSG */
	bool activating;   /**< PRESS: an activation is under way, the grant
				comes with it; ask only after T101 */
	enum hs_floor_tier tier; /**< PRESS: how urgent. A more urgent one
				asks again, whoever talks */
	uint16_t last_seq; /**< STOPPED */
	bool sent;         /**< STOPPED: last_seq means something */
};

/** What the user is to be told */
enum hs_floor_notice {
	HS_FLOOR_NOTHING,
	HS_FLOOR_GRANTED,     /**< stop_talking_s */
	HS_FLOOR_OFFER,       /**< Granted, but no key is down */
	HS_FLOOR_DENIED,      /**< reason, phrase: see the message */
	HS_FLOOR_UNANSWERED,  /**< All requests were lost */
	HS_FLOOR_FORBIDDEN,   /**< The talker's burst cannot be asked for */
	HS_FLOOR_NOT_QUEUED,  /**< Nobody has us in line */
	HS_FLOOR_TAKEN,       /**< Somebody else talks: see the message */
	HS_FLOOR_IDLE,        /**< Nobody talks */
	HS_FLOOR_REVOKED,     /**< reason: see the message; 0: lost without */
	HS_FLOOR_IN_QUEUE,    /**< position: see the message */
	HS_FLOOR_WARNING,     /**< secs are left to talk */
	HS_FLOOR_LAPSED,      /**< Nobody took the offered grant (T132) */
	HS_FLOOR_CONNECTED,   /**< Bridged: see the message */
	HS_FLOOR_CONNECT_REFUSED, /**< hs_floor_cfg.answer refused that */
	HS_FLOOR_DISCONNECTED /**< Not bridged any more */
};

enum { HS_FLOOR_SEND_MAX = 3 };

/** What is to be done, in this order */
struct hs_floor_out {
	bool stop_media;  /**< Answer with HS_FLOOR_EV_STOPPED */
	bool start_media; /**< From the next sample on */
	struct hs_floormsg sendv[HS_FLOOR_SEND_MAX];
	unsigned sendc;
	bool lost;        /**< The permission ended without a Revoke; told
				before the notice, if that is not REVOKED */
	enum hs_floor_notice notice;
	uint16_t secs;    /**< WARNING */
};

/** Is the leg in a call, as far as Connect and Disconnect say? */
enum hs_floor_call { HS_FLOOR_CALL_UNKNOWN, HS_FLOOR_CALL, HS_FLOOR_NO_CALL };

struct hs_floor {
	struct hs_floor_cfg cfg;
	enum hs_floor_state state;
	bool key;             /**< The key is down */
	enum hs_floor_tier tier; /**< Of what is asked for */
	bool asked;           /**< The request was overtaken by a Taken */
	bool again;           /**< Pressed anew while stopping */
	bool talked;          /**< PENDING_RELEASE: an Idle is due */
	bool told;            /**< QUEUED: the user wants to hear the place */
	bool doubt;           /**< PERMISSION: is it still ours? */
	uint16_t position;    /**< QUEUED */
	bool talker;          /**< Somebody else is said to talk */
	bool forbidden;       /**< ..whom nobody may interrupt */
	bool seq_set;
	uint16_t seq;         /**< Of the last Taken or Idle */
	uint64_t seq_us;      /**< ..when that came */
	bool hearing;         /**< RTP arrives */
	unsigned tries;       /**< Repeats left */
	uint64_t deadline_us; /**< T100, T101, T104 or T132, by state */
	uint64_t talker_us;   /**< T103; 0: none */
	uint64_t granted_us;  /**< When the floor was */
	uint64_t released_us; /**< A Release was answered; 0: never */
	uint64_t end_us;      /**< The time to talk is over; 0: no limit */
	uint64_t warn_us;     /**< The user is to be warned; 0: not */
	uint16_t last_seq;    /**< For repeats of the Release */
	bool last_seq_set;
	enum hs_floor_call call;
	char session[HS_FLOOR_SESSION_MAX]; /**< Identity of it, if told */
	size_t session_len;
	bool connect_set;
	uint64_t connect_us;  /**< The last Connect */
};

void hs_floor_init(struct hs_floor *f, const struct hs_floor_cfg *cfg);

/** One step; out is overwritten */
void hs_floor_step(struct hs_floor *f, const struct hs_floor_ev *ev,
		   uint64_t now_us, struct hs_floor_out *out);

/** When HS_FLOOR_EV_TIMER is due; 0: never */
uint64_t hs_floor_deadline_us(const struct hs_floor *f);

/** Seconds left to talk, or of what is offered, rounded up; 0: no limit */
uint16_t hs_floor_left_s(const struct hs_floor *f, uint64_t now_us);

/** For logs and status; never NULL */
const char *hs_floor_state_name(enum hs_floor_state state);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file msg.h  What the roles say to each other
 *
 * Values without pointers: a message can be copied, queued, or encoded for
 * another host. Codes are SIP status codes, words are for a person.
 */
#ifndef HL_BUS_MSG_H
#define HL_BUS_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "util/limits.h"

enum bus_type {
	/* presence -> auth, answered by BUS_AUTH_RESULT */
	BUS_AUTH_CHECK,
	BUS_AUTH_RESULT,
	/* conference -> everybody, at 1 Hz and on change */
	BUS_HEARTBEAT,
	/* presence -> one conference server, answered by BUS_RESULT */
	BUS_LEG_PROVISION,
	BUS_LEG_RELEASE,
	BUS_MEMBER_SET,
	BUS_MEMBER_DEL,
	BUS_ACTIVATE,
	BUS_DEACTIVATE,
	/* conference -> presence: a leg changed; no answer */
	BUS_LEG_STATE,
	/* conference -> presence, answered by BUS_ACTIVATION */
	BUS_ACTIVATE_ASK,
	BUS_ACTIVATION,
	/* the plain answer */
	BUS_RESULT,
	BUS_TYPES
};

/** code 200 is success */
struct bus_result {
	uint16_t code;
	char words[HL_REASON_MAX];
};

/* --- auth ------------------------------------------------------------- */

enum { BUS_CREDENTIALS_MAX = 1024, BUS_NONCE_MAX = 96 };

struct bus_auth_check {
	char method[32];
	char ruri[HL_URI_MAX];      /**< Request-URI of the request */
	char claimed[HL_NAME_MAX];  /**< User part of From (its challenge) */
	/** Value of Authorization or Proxy-Authorization; empty: none */
	char credentials[BUS_CREDENTIALS_MAX];
	/** Names this transaction: an identical retransmission is no replay */
	uint64_t transaction;
};

/**
 * code 200: user is who they say. 401: challenge with nonce, stale, and the
 * algorithms below. 400: credentials malformed. 403: refused for good
 * (disabled user with right password). With 401 the words are for the log
 * alone: the challenge does not tell who exists.
 */
struct bus_auth_result {
	uint16_t code;
	char words[HL_REASON_MAX];
	char user[HL_NAME_MAX];     /**< But for 200 only who they claim to be */
	char nonce[BUS_NONCE_MAX];
	bool stale;
	bool wrong;                 /**< 401: there were credentials */
	bool offer_sha256, offer_md5;
};

/* --- conference servers ----------------------------------------------- */

enum bus_node_state { BUS_NODE_UP, BUS_NODE_DRAINING, BUS_NODE_LEAVING };

struct bus_heartbeat {
	char node[HL_NODE_MAX];
	char sip[HL_HOST_MAX];  /**< IP:port of its private SIP endpoint */
	enum bus_node_state state;
	uint32_t legs, legs_max, bridges;
	uint64_t boot;          /**< Random at start: tells a restart */
};

/* --- legs ------------------------------------------------------------- */

/** How a service's legs are secured: column media_security */
enum bus_security {
	BUS_SECURITY_PLAIN,         /**< RTP only */
	BUS_SECURITY_ANY,           /**< The best that the terminal offers */
	BUS_SECURITY_OPPORTUNISTIC, /**< ..and our offers have keys, too */
	BUS_SECURITY_SRTP,          /**< DTLS-SRTP or SDES */
	BUS_SECURITY_DTLS           /**< DTLS-SRTP with ICE */
};

/** How the floor of a bridge is run: a row of floor_policy. Timers and counters
 *  as TS 24.380 names them */
struct bus_floor {
	char policy[HL_NAME_MAX];   /**< Its name */
	uint8_t queue_max;          /**< So many may wait; 0: nobody */
	bool preempt;               /**< A higher priority takes the floor */
	bool cut_in;                /**< ..and so does any request, at once */
	bool broadcast;             /**< While one talks nobody may ask */
	bool emergency;             /**< Emergency requests count as such */
	uint32_t warn_ms;           /**< Warn before max_talk_ms; 0: not */
	uint32_t end_of_media_ms;   /**< T1 */
	uint32_t revoke_grace_ms;   /**< T3 */
	uint32_t revoke_repeat_ms;  /**< T8 */
	uint32_t retry_after_ms;    /**< T9 */
	uint32_t idle_repeat_ms;    /**< T7; 0: never */
	uint8_t idle_repeats;       /**< C7 */
	uint32_t grant_repeat_ms;   /**< T20 */
	uint8_t grant_repeats;      /**< C20 */
	uint32_t inactivity_ms;     /**< T4; 0: never */
};

/** What a terminal without a floor channel asks for the floor by */
enum bus_talk_by {
	BUS_TALK_KEYS, /**< DTMF */
	BUS_TALK_VOICE /**< That it is spoken into */
};

/** Who hears the tones of the floor */
enum bus_tones {
	BUS_TONES_AUTO,   /**< A leg without a floor channel */
	BUS_TONES_ALWAYS,
	BUS_TONES_NEVER
};

/** How a service treats its legs */
struct bus_service {
	char name[HL_NAME_MAX];
	char codec[HL_CODEC_MAX];
	bool full_duplex;
	bool idle_inactive;
	uint32_t hang_ms;
	uint32_t max_talk_ms;
	enum bus_security security;
	struct bus_floor floor;     /**< Of its calls */
};

/**
 * Make (or keep) a leg for a subscription. 200: accepted, the outcome follows
 * as BUS_LEG_STATE. With invite the conference server INVITEs contact by way
 * of route; without, it expects the terminal's INVITE.
 */
struct bus_leg_provision {
	char subscriber[HL_NAME_MAX];
	char user[HL_NAME_MAX];
	char display[HL_DISPLAY_MAX];
	struct bus_service service;
	enum bus_talk_by talk_by;
	enum bus_tones tones;
	bool anonymous;            /**< Who hears it is not told who it is */
	uint8_t priority;          /**< In private and ad-hoc calls */
	bool invite;
	bool anew;                 /**< The old leg is worth nothing (the
					terminal started afresh): end it */
	/** The terminal dials: its INVITE follows. What the leg has stays
	 *  until that is accepted; invite and anew are ignored */
	bool dialled;
	/** ..and the leg that it makes stays when the call that was dialled
	 *  has ended; else it ends with it */
	bool stays;
	uint64_t binding;          /**< Names the terminal in BUS_LEG_STATE */
	char contact[HL_URI_MAX];  /**< Request-URI towards the terminal */
	char route[HL_URI_MAX];    /**< Route that names its flow, with our
					token: "sip:TOKEN@HOST:PORT;lr" */
	char flow[HL_HOST_MAX];    /**< Source of the flow, IP:port */
	char local[HL_HOST_MAX];   /**< Our address on that flow, IP */
};

/** End the leg, and forget what its subscriber is a member of: that is said
 *  anew (BUS_MEMBER_SET) before the next BUS_LEG_PROVISION. */
struct bus_leg_release {
	char subscriber[HL_NAME_MAX];
	char words[HL_REASON_MAX];
};

enum bus_leg_status {
	BUS_LEG_NONE,     /**< No leg (refused, ended; code and words) */
	BUS_LEG_INVITING, /**< Being made */
	BUS_LEG_IDLE,     /**< Up and not in a call (a group may be on it) */
	BUS_LEG_BUSY,     /**< Up, in a private or ad-hoc call */
	BUS_LEG_MANUAL    /**< The terminal does not answer by itself: not
			       tried again until it registers anew */
};

struct bus_leg_state {
	char node[HL_NODE_MAX];
	char subscriber[HL_NAME_MAX];
	enum bus_leg_status status;
	uint16_t code;
	char words[HL_REASON_MAX];
	uint64_t binding;          /**< Of its provision: where the leg is */
	bool dialled;              /**< Made by dialling (or was, if NONE) */
};

/* --- talkgroups ------------------------------------------------------- */

/** The whole group with one member; idempotent */
struct bus_member_set {
	char group[HL_NAME_MAX];
	char group_display[HL_DISPLAY_MAX];
	uint32_t max_talk_ms;       /**< 0 = the service's */
	struct bus_floor floor;     /**< The group's, or else the service's */
	char subscriber[HL_NAME_MAX];
	char display[HL_DISPLAY_MAX];
	uint8_t priority;
	bool talk, listen;
	bool emergency;             /**< May raise one */
};

struct bus_member_del {
	char group[HL_NAME_MAX];
	char subscriber[HL_NAME_MAX]; /**< Empty: the whole group */
};

/* --- activation ------------------------------------------------------- */

struct bus_party {
	char subscriber[HL_NAME_MAX];
	char display[HL_DISPLAY_MAX];
	char node[HL_NODE_MAX]; /**< Conference server that has its leg */
};

/** May caller talk with all of targets, and can they be reached? */
struct bus_activate_ask {
	char caller[HL_NAME_MAX]; /**< Subscriber whose leg asks */
	/** By an INVITE that makes the leg: it need not be up, and who dials
	 *  a group may be one that only listens */
	bool dialled;
	uint32_t targetc;
	char targetv[HL_PARTIES_MAX][HL_NAME_MAX]; /**< User parts of URIs */
};

/**
 * Answer: code 200 with either group or partyc parties, each available and
 * authorised; or a refusal to hand on. partial: some targets were left out
 * (words says who); ad-hoc calls go on with those available.
 */
struct bus_activation {
	uint16_t code;
	char words[HL_REASON_MAX];
	char group[HL_NAME_MAX];
	uint32_t partyc;
	struct bus_party partyv[HL_PARTIES_MAX];
};

/** Already decided by presence (row P12): bridge them */
struct bus_activate {
	struct bus_party caller;
	char group[HL_NAME_MAX];
	uint32_t partyc;
	struct bus_party partyv[HL_PARTIES_MAX];
};

/** caller leaves (target empty) or removes target from its call */
struct bus_deactivate {
	char caller[HL_NAME_MAX];
	char target[HL_NAME_MAX];
};

struct bus_msg {
	enum bus_type type;
	union {
		struct bus_result result;
		struct bus_auth_check auth_check;
		struct bus_auth_result auth_result;
		struct bus_heartbeat heartbeat;
		struct bus_leg_provision leg_provision;
		struct bus_leg_release leg_release;
		struct bus_leg_state leg_state;
		struct bus_member_set member_set;
		struct bus_member_del member_del;
		struct bus_activate activate;
		struct bus_deactivate deactivate;
		struct bus_activate_ask activate_ask;
		struct bus_activation activation;
	} u;
};

/** What a new row of floor_policy has */
void bus_floor_default(struct bus_floor *f);

/** Bytes of a message of that type that count (header and its member) */
size_t bus_msg_bytes(enum bus_type type);
/** Names for people and JSON, never NULL */
const char *bus_type_name(enum bus_type type);
const char *bus_leg_status_name(enum bus_leg_status status);
const char *bus_node_state_name(enum bus_node_state state);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file msg.h  What goes through the queues of the switch
 *
 * signalling -> worker: struct cmd. A pointer in it is given away.
 * worker -> worker:     struct peer_msg, copied into the queue's own slot.
 * worker -> signalling: struct mixer_event, without the two args.
 */
#ifndef HL_MIXER_MSG_H
#define HL_MIXER_MSG_H

#include "mixer/burst.h"
#include "mixer/floor.h"
#include "mixer/floorproto.h"
#include "mixer/leg.h"
#include "mixer/load.h"
#include "mixer/port.h"

struct bridge;
struct member;
struct part;
struct secure;
struct slotq;

enum {
	CMD_SLOTS = 8192,
	EVENT_SLOTS = 4096,
	/** Longest speech payload: what fits an Ethernet frame */
	SPEECH_BYTES_MAX = 1472,
	/** Places in the queue that one message tells */
	QUEUE_PLACES = 16
};

enum cmd_type {
	CMD_TRIPLE,       /**< Sockets of a triple */
	CMD_LEG_ADD,
	CMD_MIX,          /**< The mix thread runs */
	CMD_LEG_REMOTE,
	CMD_LEG_FLOW,
	CMD_LEG_ICE,      /**< New credentials */
	CMD_LEG_DEL,
	CMD_LEG_ASK,      /**< It has asked for bridge's floor; 0: any */
	CMD_LEG_SELECT,
	CMD_BRIDGE_ADD,   /**< To the home */
	CMD_BRIDGE_SET,   /**< To the home */
	CMD_BRIDGE_DEL,   /**< To the home and to all that have a part */
	CMD_JOIN,         /**< To the home and to the leg's worker */
	CMD_MEMBER_SET,   /**< To the home and to the leg's worker */
	CMD_LEAVE,        /**< To the home and to the leg's worker */
	CMD_FLOOR,        /**< To the home */
	CMD_FLOOR_REVOKE, /**< To the home */
	CMD_SESSION,      /**< Connect or Disconnect */
	CMD_QUIT
};

/** What signalling wants for a leg */
struct floor_ask {
	bool request;          /**< Else release */
	bool queues;           /**< REQUEST: its terminal can wait */
	enum floor_tier tier;  /**< REQUEST */
};

/** How a bridge's floor is run */
struct floor_policy {
	struct floor_cfg cfg;
	bool in_emergency;
};

struct cmd {
	enum cmd_type type;
	uint32_t member;
	mixer_leg_id leg;
	mixer_bridge_id bridge;
	struct secure *secure; /**< CMD_LEG_REMOTE: given; NULL: plain */
	union {
		struct {
			uint32_t triple;
			int fdv[PORT_KINDS];
		} triple;
		struct leg_init leg;
		struct mixer_leg_remote remote;
		struct sa flow;
		struct mixer_ice ice;
		struct {
			struct slotq *cmds, *evs; /**< See mix.h */
		} mix;
		struct bridge *bridge;
		struct floor_policy policy;
		struct {
			struct member *member; /**< For the home */
			struct members *table; /**< Larger one, or NULL */
			struct part *part;     /**< Larger one, or NULL */
			struct seats *seats;   /**< ..of the leg, or NULL */
			bool may_listen, may_talk;
		} join;
		struct floor_ask ask;  /**< CMD_FLOOR */
		struct {
			struct mixer_connect *connect; /**< Given */
			bool over;     /**< Disconnect */
		} session;
	} u;
};

/** Talker's worker to the bridge's home */
struct speech_up {
	mixer_bridge_id bridge;
	mixer_leg_id leg;
	uint32_t member;
	uint32_t clock_hz;
	struct rtpw_hdr hdr;
	const uint8_t *p; /**< Set by the receiver */
	uint32_t len;
};

/** Home to the worker of listeners */
struct speech_down {
	mixer_bridge_id bridge;
	mixer_leg_id leg; /**< The talker: does not hear itself */
	uint32_t burst;
	uint8_t priority; /**< Of the talker */
	uint8_t tier;     /**< Of the burst: enum floor_tier */
	bool past;        /**< Only to be kept, for who came late */
	struct burst_stamp stamp;
	uint64_t at_us;   /**< It came to the home */
	const uint8_t *p; /**< Set by the receiver */
	uint32_t len;
};

/** What a leg's floor channel said, to the home */
struct floor_up {
	mixer_bridge_id bridge;
	mixer_leg_id leg;
	uint32_t member;
	/** REQUEST, RELEASE, ACK or POSITION */
	enum floor_ev_type type;
	bool queues;       /**< REQUEST: its terminal can wait */
	uint8_t tier;      /**< ..enum floor_tier */
	/** ..it has the least of this, of so many thirds of the member's
	 *  priority (0: all of it), and of that */
	uint8_t priority, thirds;
	bool has_last_seq; /**< RELEASE */
	uint16_t last_seq;
};

/** What the home's floor decided, to the workers of those who are told */
struct floor_down {
	mixer_bridge_id bridge;
	enum floor_act_type type;
	mixer_leg_id who;
	mixer_leg_id to;   /**< 0: all */
	uint32_t burst;
	uint32_t members;
	struct floor_mood mood;
	uint8_t priority;  /**< TAKEN: the talker's; GRANTED: the burst's */
	uint16_t queued;   /**< GRANTED: how many wait */
	uint16_t reason, secs;
	bool repeat, lost, served;
	/** TAKEN: of the talker; DENY: of who has the floor, or empty */
	char uri[MIXER_URI_MAX];
	char name[MIXER_NAME_MAX];
};

struct queue_place {
	mixer_leg_id leg;
	uint16_t position; /**< 0: it does not wait */
	uint8_t priority;
};

/** Where some of a worker's legs are in the queue of a bridge */
struct queue_down {
	mixer_bridge_id bridge;
	struct floor_mood mood;
	uint32_t n;
	struct queue_place v[QUEUE_PLACES];
};

/** A burst that a worker cannot carry, to its home */
struct shed {
	mixer_bridge_id bridge;
	uint32_t burst;
};

enum peer_type { PEER_SPEECH_UP, PEER_SPEECH_DOWN, PEER_FLOOR_UP,
		 PEER_FLOOR_DOWN, PEER_QUEUE_DOWN, PEER_SHED, PEER_FULL };

struct peer_msg {
	enum peer_type type;
	union {
		struct speech_up up;
		struct speech_down down;
		struct floor_up floor_up;
		struct floor_down floor_down;
		struct queue_down queue_down;
		struct shed shed;
		struct load_full full;
	} u;
	uint8_t data[SPEECH_BYTES_MAX];
};

#endif

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
#include "mixer/leg.h"
#include "mixer/load.h"
#include "mixer/port.h"

struct bridge;
struct member;
struct part;
struct secure;

enum {
	CMD_SLOTS = 8192,
	EVENT_SLOTS = 4096,
	/** Longest speech payload: what fits an Ethernet frame */
	SPEECH_BYTES_MAX = 1472
};

enum cmd_type {
	CMD_TRIPLE,       /**< Sockets of a triple */
	CMD_LEG_ADD,
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
	CMD_QUIT
};

/** What signalling wants for a leg */
struct floor_ask {
	bool request;          /**< Else release */
	enum floor_tier tier;  /**< REQUEST */
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
		struct bridge *bridge;
		struct floor_cfg floor;
		struct {
			struct member *member; /**< For the home */
			struct members *table; /**< Larger one, or NULL */
			struct part *part;     /**< Larger one, or NULL */
			struct seats *seats;   /**< ..of the leg, or NULL */
			bool may_listen;
		} join;
		struct floor_ask ask;  /**< CMD_FLOOR */
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
	bool request;      /**< Else release */
	bool queues;       /**< REQUEST: its terminal can wait */
	uint8_t tier;      /**< ..enum floor_tier */
	bool has_last_seq;
	uint16_t last_seq;
	uint16_t priority;
};

/** What the home's floor decided, to the workers of those who are told */
struct floor_down {
	mixer_bridge_id bridge;
	enum floor_act_type type;
	mixer_leg_id who;
	mixer_leg_id to;   /**< 0: all */
	uint32_t burst;
	uint32_t members;
	uint8_t priority;  /**< Of who */
	uint16_t reason, secs, position;
	bool repeat, lost, served;
	char uri[MIXER_URI_MAX]; /**< TAKEN */
	char name[MIXER_NAME_MAX];
};

/** A burst that a worker cannot carry, to its home */
struct shed {
	mixer_bridge_id bridge;
	uint32_t burst;
};

enum peer_type { PEER_SPEECH_UP, PEER_SPEECH_DOWN, PEER_FLOOR_UP,
		 PEER_FLOOR_DOWN, PEER_SHED, PEER_FULL };

struct peer_msg {
	enum peer_type type;
	union {
		struct speech_up up;
		struct speech_down down;
		struct floor_up floor_up;
		struct floor_down floor_down;
		struct shed shed;
		struct load_full full;
	} u;
	uint8_t data[SPEECH_BYTES_MAX];
};

#endif

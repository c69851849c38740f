/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file floorproto.h  The floor protocols that a leg may speak, as one
 *
 * What a terminal says and is told, and for each protocol the pair of
 * functions that turns it into bytes and back. Pure; any thread.
 */
#ifndef HL_MIXER_FLOORPROTO_H
#define HL_MIXER_FLOORPROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mixer_connect;

enum { FLOORPROTO_BYTES_MAX = 1280 };

enum floor_said {
	FLOOR_SAID_REQUEST,
	FLOOR_SAID_RELEASE,
	FLOOR_SAID_ACK,     /**< Of Granted */
	FLOOR_SAID_CONNECT_ACK,
	FLOOR_SAID_DISCONNECT_ACK,
	FLOOR_SAID_SESSION_ACK, /**< Of Connect or Disconnect: whichever was
				     said last */
	FLOOR_SAID_QUEUE,   /**< Where in the queue am I? */
	FLOOR_SAID_NOTHING, /**< Nothing that this server answers */
	FLOOR_SAID_WRONG    /**< What only a server says */
};

/** One message of a terminal */
struct floor_word {
	enum floor_said type;
	uint32_t ssrc;      /**< Of its sender */
	bool wants_ack;
	uint8_t subtype;    /**< ..which is to be named in the Ack */
	bool has_priority;  /**< REQUEST */
	uint16_t priority;  /**< ..as the protocol counts it */
	uint8_t tier;       /**< REQUEST: enum floor_tier */
	bool has_last_seq;  /**< RELEASE */
	uint16_t last_seq;
	uint16_t reason;    /**< *_ACK: enum tbcp_connect_reason */
	const char *session; /**< *_ACK: URI, not terminated; NULL: none */
	size_t session_len;
};

enum floor_told {
	FLOOR_TOLD_GRANTED,
	FLOOR_TOLD_TAKEN,
	FLOOR_TOLD_DENY,
	FLOOR_TOLD_REVOKE,
	FLOOR_TOLD_IDLE,
	FLOOR_TOLD_QUEUE,   /**< Its place */
	FLOOR_TOLD_CONNECT,
	FLOOR_TOLD_DISCONNECT,
	FLOOR_TOLD_ACK
};

/** Of a bridge, at that time; told beside everything else */
struct floor_mood {
	uint8_t tier;        /**< Of the burst, if any: enum floor_tier */
	bool in_emergency;   /**< ..the whole group is */
	bool broadcast;
	bool queueing;       /**< Who may wait does */
};

/** One message to a terminal */
struct floor_tell {
	enum floor_told type;
	uint32_t ssrc;        /**< Ours on that leg */
	struct floor_mood mood;
	bool wants_ack;       /**< GRANTED: where the protocol has that */
	uint32_t talker_ssrc; /**< GRANTED: its own; TAKEN: as it hears it */
	uint16_t secs;        /**< GRANTED; REVOKE: until it may ask again */
	uint16_t reason;      /**< DENY: enum tbcp_deny, or MIXER_NO_RESOURCES,
				   MIXER_QUEUE_FULL; REVOKE: tbcp_revoke, or
				   MIXER_NO_RESOURCES */
	const char *words;    /**< DENY, REVOKE: for people, terminated */
	uint32_t members;     /**< GRANTED, TAKEN */
	uint8_t priority;     /**< GRANTED, QUEUE */
	uint8_t level;        /**< QUEUE: the same as TBCP has it */
	uint16_t queued;      /**< GRANTED: how many wait */
	uint16_t position;    /**< QUEUE: 1..; 0: it does not wait */
	bool may_request;     /**< TAKEN */
	uint16_t seq;         /**< TAKEN, IDLE: counts them */
	uint8_t acked;        /**< ACK */
	const char *uri;      /**< TAKEN: the talker's, terminated */
	const char *name;
	const struct mixer_connect *connect; /**< CONNECT, DISCONNECT */
};

struct floorproto {
	/** The first message of a datagram; as tbcp_decode() */
	int (*decode)(struct floor_word *fw, const uint8_t *p, size_t len,
		      size_t *usedp);
	/** @return 0, ENOTSUP (the protocol has no such message), or as
	 *  tbcp_encode() */
	int (*encode)(uint8_t *buf, size_t size, const struct floor_tell *ft,
		      size_t *lenp);
};

extern const struct floorproto floorproto_tbcp; /**< floorchan_tbcp.c */
extern const struct floorproto floorproto_mcpt; /**< floorchan_mcpt.c */

#endif

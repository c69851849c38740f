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

enum { FLOORPROTO_BYTES_MAX = 1280 };

enum floor_said {
	FLOOR_SAID_REQUEST,
	FLOOR_SAID_RELEASE,
	FLOOR_SAID_ACK,
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
	uint16_t priority;  /**< REQUEST; 0: none given */
	bool has_last_seq;  /**< RELEASE */
	uint16_t last_seq;
	uint8_t acked;      /**< ACK: subtype as the protocol has it */
	uint16_t reason;
};

enum floor_told {
	FLOOR_TOLD_GRANTED,
	FLOOR_TOLD_TAKEN,
	FLOOR_TOLD_DENY,
	FLOOR_TOLD_REVOKE,
	FLOOR_TOLD_IDLE,
	FLOOR_TOLD_NOT_QUEUED,
	FLOOR_TOLD_ACK
};

/** One message to a terminal */
struct floor_tell {
	enum floor_told type;
	uint32_t ssrc;        /**< Ours on that leg */
	uint32_t talker_ssrc; /**< GRANTED: its own; TAKEN: as it hears it */
	uint16_t secs;        /**< GRANTED; REVOKE: until it may ask again */
	uint16_t reason;      /**< DENY: enum tbcp_deny; REVOKE: tbcp_revoke */
	uint32_t members;     /**< GRANTED, TAKEN */
	uint8_t priority;     /**< GRANTED */
	uint16_t seq;         /**< TAKEN, IDLE: counts them */
	uint8_t acked;        /**< ACK */
	const char *uri;      /**< TAKEN: the talker's, terminated */
	const char *name;
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

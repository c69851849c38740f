/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file handset_floormsg.h  A floor control message, whatever the protocol
 *
 * What a participant says and is told, in terms that OMA PoC 1.0 (TBCP,
 * wire/tbcp.h) and 3GPP TS 24.380 (MCPT, wire/mcpt.h) share. Pure: no clock,
 * no socket, no allocation; any thread.
 */
#ifndef HL_CLI_HANDSET_FLOORMSG_H
#define HL_CLI_HANDSET_FLOORMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hs_floor_proto { HS_FLOOR_TBCP, HS_FLOOR_MCPT };

enum { HS_FLOOR_PROTOS = HS_FLOOR_MCPT + 1 };

enum hs_floormsg_type {
	HS_FM_REQUEST,
	HS_FM_GRANTED,
	HS_FM_TAKEN,
	HS_FM_DENY,
	HS_FM_RELEASE,
	HS_FM_IDLE,
	HS_FM_REVOKE,
	HS_FM_ACK,
	HS_FM_QUEUE_REQUEST, /**< Which is my place? */
	HS_FM_QUEUE_INFO,
	HS_FM_CONNECT,       /**< TBCP only */
	HS_FM_DISCONNECT     /**< TBCP only */
};

enum {
	/** Queued, and the place is not told */
	HS_FM_POSITION_UNKNOWN = 65535,
	/** DENY, REVOKE: numbers that both protocols have */
	HS_FM_DENY_OTHER_HAS_FLOOR = 1,
	HS_FM_DENY_LISTEN_ONLY = 5,
	HS_FM_REVOKE_TOO_LONG = 2,
	/** Longest message that is written, in bytes */
	HS_FM_MAX_BYTES = 1280
};

/** Text of a datagram: not terminated; p is NULL if it is absent */
struct hs_fm_text {
	const char *p;
	size_t l;
};

/** One message; which members count is said by type */
struct hs_floormsg {
	enum hs_floormsg_type type;
	bool ack;                /**< The sender wants an Ack */

	/* the server's */
	bool has_duration;
	uint16_t duration_s;     /**< GRANTED */
	bool has_participants;
	uint16_t participants;   /**< TAKEN */
	struct hs_fm_text uri, name; /**< TAKEN: the talker */
	bool forbidden;          /**< TAKEN: nobody may ask for the floor */
	bool has_seq;
	uint16_t seq;            /**< TAKEN, IDLE: they count up */
	uint16_t reason;         /**< DENY, REVOKE */
	struct hs_fm_text phrase; /**< DENY, REVOKE */
	uint16_t retry_after_s;  /**< REVOKE */
	uint16_t position;       /**< QUEUE_INFO: 0: not queued */
	struct hs_fm_text inviting_uri, inviting_name, session_uri,
		group_name, group_uri; /**< CONNECT */

	/* the participant's */
	uint16_t last_seq;       /**< RELEASE: last RTP packet of ours */
	bool ignore_seq;         /**< RELEASE: last_seq means nothing */
	enum hs_floormsg_type acked; /**< ACK: of which message */
};

/** What goes into every message of ours */
struct hs_floormsg_who {
	enum hs_floor_proto proto;
	uint32_t ssrc;
	const char *uri;         /**< MCPT: User ID */
	uint8_t priority;        /**< MCPT: of a Request; 0: not negotiated */
};

/** @return 0, EINVAL (nothing that a participant sends), EOVERFLOW */
int hs_floormsg_encode(uint8_t *buf, size_t size,
		       const struct hs_floormsg *msg,
		       const struct hs_floormsg_who *who, size_t *lenp);

/**
 * The first message of a datagram
 *
 * @return 0, EBADMSG (drop the rest), ENOMSG (nothing for a participant:
 *         usedp is set, go on behind it)
 */
int hs_floormsg_decode(struct hs_floormsg *msg, enum hs_floor_proto proto,
		       const uint8_t *p, size_t len, size_t *usedp);

/** Why, for people, where the message has no words of its own; never NULL */
const char *hs_floormsg_deny_words(uint16_t reason);
const char *hs_floormsg_revoke_words(uint16_t reason);

#endif

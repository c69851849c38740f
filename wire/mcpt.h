/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mcpt.h  Floor control of 3GPP TS 24.380 section 8.2, name "MCPT"
 *
 * One RTCP APP packet (RFC 3550 section 6.7) a message, several may follow
 * each other in a datagram. Pure: no allocation, no clock, no socket; any
 * thread. Decoded strings point into the datagram and are not terminated.
 */
#ifndef HL_WIRE_MCPT_H
#define HL_WIRE_MCPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The low four bits of the subtype; the fifth asks for an Ack */
enum mcpt_type {
	MCPT_REQUEST = 0,
	MCPT_GRANTED = 1,
	MCPT_TAKEN = 2,
	MCPT_DENY = 3,
	MCPT_RELEASE = 4,
	MCPT_IDLE = 5,
	MCPT_REVOKE = 6,
	MCPT_REVOKE_REQUEST = 7,      /**< Asks that another be revoked */
	MCPT_QUEUE_REQUEST = 8,       /**< Queue Position Request */
	MCPT_QUEUE_INFO = 9,          /**< Queue Position Info */
	MCPT_ACK = 10,
	MCPT_MEDIA_FLOW = 11,         /**< Unicast Media Flow Control */
	MCPT_QUEUED_REQUESTS = 14,    /**< Queued Floor Requests */
	MCPT_RELEASE_MULTI = 15       /**< Floor Release Multi Talker */
};

/** DENY */
enum mcpt_deny {
	MCPT_DENY_OTHER_HAS_FLOOR = 1,
	MCPT_DENY_INTERNAL = 2,
	MCPT_DENY_ONLY_ONE = 3,
	MCPT_DENY_RETRY_AFTER = 4,
	MCPT_DENY_RECEIVE_ONLY = 5,
	MCPT_DENY_NO_RESOURCES = 6,
	MCPT_DENY_QUEUE_FULL = 7,
	MCPT_DENY_OTHER = 255
};

/** REVOKE */
enum mcpt_revoke {
	MCPT_REVOKE_ONLY_ONE = 1,
	MCPT_REVOKE_TOO_LONG = 2,
	MCPT_REVOKE_NO_PERMISSION = 3,
	MCPT_REVOKE_PREEMPTED = 4,
	MCPT_REVOKE_NO_RESOURCES = 6,
	MCPT_REVOKE_BY_CLIENT = 7,
	MCPT_REVOKE_OTHER = 255
};

/** Floor Indicator, bits that combine */
enum mcpt_indicator {
	MCPT_IND_NORMAL = 0x8000,
	MCPT_IND_BROADCAST = 0x4000,
	MCPT_IND_SYSTEM = 0x2000,
	MCPT_IND_EMERGENCY = 0x1000,
	MCPT_IND_PERIL = 0x0800,
	MCPT_IND_QUEUEING = 0x0400,
	MCPT_IND_DUAL = 0x0200,
	MCPT_IND_TEMPORARY = 0x0100,
	MCPT_IND_MULTI = 0x0080
};

/** Source of an ACK */
enum mcpt_source {
	MCPT_SOURCE_PARTICIPANT = 0,
	MCPT_SOURCE_PARTICIPATING = 1,
	MCPT_SOURCE_CONTROLLING = 2,
	MCPT_SOURCE_NON_CONTROLLING = 3
};

/** Positions of QUEUE_INFO that are none */
enum {
	MCPT_QUEUE_NOT_QUEUED = 254,
	MCPT_QUEUE_NOT_DISCLOSED = 255
};

/** Which fields that are no texts a message carries: bits of mcpt_msg.has */
enum mcpt_has {
	MCPT_HAS_PRIORITY = 1 << 0,
	MCPT_HAS_DURATION = 1 << 1,
	MCPT_HAS_CAUSE = 1 << 2,
	MCPT_HAS_QUEUE_INFO = 1 << 3,
	MCPT_HAS_PERMISSION = 1 << 5,
	MCPT_HAS_QUEUE_SIZE = 1 << 7,
	MCPT_HAS_SEQ = 1 << 8,
	MCPT_HAS_SOURCE = 1 << 10,
	MCPT_HAS_ACKED = 1 << 12,
	MCPT_HAS_INDICATOR = 1 << 13,
	MCPT_HAS_SSRC = 1 << 14,
	MCPT_HAS_PURPOSE = 1 << 21,
	MCPT_HAS_RESPONSE = 1 << 23,
	MCPT_HAS_FLOW = 1 << 24
};

/** What a QUEUED_REQUESTS is for */
enum mcpt_purpose {
	MCPT_PURPOSE_CANCEL = 0,
	MCPT_PURPOSE_RESULT = 1,
	MCPT_PURPOSE_NOTIFICATION = 2
};

enum {
	/** Longest message that mcpt_encode() writes, in bytes */
	MCPT_MAX_BYTES = 1280,
	/** Longest phrase behind a cause; other texts: 255 */
	MCPT_PHRASE_MAX = 253
};

/** Text on the wire, URI or phrase */
struct mcpt_text {
	const char *p; /**< Not terminated; NULL = field absent */
	size_t l;
};

/**
 * One message. Any field may be absent from a received one: look at has, or
 * at the text's p, before its value.
 */
struct mcpt_msg {
	enum mcpt_type type;
	/** The sender wants an Ack. A bit on a message that never carries it
	 *  (TS 24.380 table 8.2.2.1-1) is not looked at: false */
	bool ack;
	uint32_t ssrc;              /**< SSRC of the sender of the message */
	uint32_t has;               /**< enum mcpt_has */

	uint8_t priority;           /**< 0: 0 lowest .. 255 */
	uint16_t duration_s;        /**< 1: may still talk; 65535 no limit */
	uint16_t cause;             /**< 2: enum mcpt_deny, mcpt_revoke */
	struct mcpt_text phrase;    /**< ..with words; needs HAS_CAUSE */
	uint8_t queue_position;     /**< 3: 1.., or MCPT_QUEUE_* */
	uint8_t queue_priority;     /**< ..and with which priority */
	struct mcpt_text granted_party; /**< 4: URI of the talker */
	bool may_request;           /**< 5: permission to request the floor */
	struct mcpt_text user;      /**< 6: URI */
	uint16_t queue_size;        /**< 7 */
	uint16_t seq;               /**< 8: counts IDLE and TAKEN */
	struct mcpt_text queued_user;   /**< 9: URI */
	uint16_t source;            /**< 10: enum mcpt_source */
	uint8_t acked;              /**< 12: type without the ack bit */
	uint16_t indicator;         /**< 13: enum mcpt_indicator */
	uint32_t granted_ssrc;      /**< 14: SSRC of the talker */
	struct mcpt_text alias;     /**< 17: functional alias of user */
	/** 21: enum mcpt_purpose. Which of the two octets holds it is
	 *  UNCONFIRMED: as one number */
	uint16_t purpose;
	uint16_t response;          /**< 23: 0 done, 2 empty, 3, 5 */
	bool resume;                /**< 24: media flows; else it stops */
	struct mcpt_text revoke_user;   /**< 25: URI of who is to be revoked */

	/* Values with a structure of their own, as they lie on the wire */
	struct mcpt_text track;     /**< 11 */
	struct mcpt_text users;     /**< 15: list of granted users */
	struct mcpt_text ssrcs;     /**< 16: ..and of their SSRCs */
	struct mcpt_text queued_users;  /**< 22 */
};

/**
 * Encode one message
 *
 * @param buf  Buffer to write to
 * @param size Its size in bytes
 * @param msg  Message
 * @param lenp Bytes written, a multiple of 4
 *
 * Fields that do not belong to a message of that type are left out; those
 * that do are written in the order of TS 24.380 section 8.2.4 ff.
 *
 * @return 0, EINVAL (value that the wire cannot carry, ack on a type that
 *         never has it, an unknown type), EOVERFLOW (size or MCPT_MAX_BYTES
 *         too small)
 */
int mcpt_encode(uint8_t *buf, size_t size, const struct mcpt_msg *msg,
		size_t *lenp);

/**
 * Decode the first message of a datagram
 *
 * @param msg   Result; texts point into p
 * @param p     Bytes
 * @param len   How many
 * @param usedp Bytes of this message: the next one starts there
 *
 * Fields are taken in any order, of a repeated one the last counts, and those
 * that struct mcpt_msg does not name are skipped. On failure msg is
 * untouched.
 *
 * @return 0, EINVAL (NULL), EBADMSG (drop the datagram's rest), ENOMSG
 *         (another name or an unknown subtype: usedp is set, skip it)
 */
int mcpt_decode(struct mcpt_msg *msg, const uint8_t *p, size_t len,
		size_t *usedp);

/** Name of a message type for logs; never NULL */
const char *mcpt_type_name(enum mcpt_type type);

#endif

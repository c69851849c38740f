/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mcpc.h  Calls on a pre-established session, TS 24.380 8.3, "MCPC"
 *
 * One RTCP APP packet (RFC 3550 section 6.7) a message; several may follow
 * each other in a datagram of the leg's floor channel, "MCPT" ones among them.
 * Pure: no allocation, no clock, no socket; any thread. Decoded strings point
 * into the datagram and are not terminated.
 */
#ifndef HL_WIRE_MCPC_H
#define HL_WIRE_MCPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The low four bits of the subtype; the fifth asks for an Acknowledge */
enum mcpc_type {
	MCPC_CONNECT = 0,       /**< Server: a call begins on this session */
	MCPC_DISCONNECT = 1,    /**< Server: it ended, the session stays */
	MCPC_ACK = 2            /**< Terminal: Acknowledge */
};

/** What kind of call it is */
enum mcpc_session {
	MCPC_SESSION_NONE = 0,
	MCPC_SESSION_PRIVATE = 1,
	MCPC_SESSION_PREARRANGED = 3,
	MCPC_SESSION_CHAT = 4
};

/** Answer State of a CONNECT */
enum mcpc_answer {
	MCPC_ANSWER_UNCONFIRMED = 0,
	MCPC_ANSWER_CONFIRMED = 1
};

/** Reason Code of an ACK */
enum mcpc_reason {
	MCPC_REASON_ACCEPTED = 0,
	MCPC_REASON_BUSY = 1,
	MCPC_REASON_NOT_ACCEPTED = 2
};

/** Which fields that are no texts a message carries: bits of mcpc_msg.has */
enum mcpc_has {
	MCPC_HAS_MEDIA = 1 << 0,
	MCPC_HAS_ANSWER = 1 << 4,
	MCPC_HAS_REASON = 1 << 6
};

enum {
	/** Longest message that mcpc_encode() writes, in bytes */
	MCPC_MAX_BYTES = 1280,
	/** Longest session URI; other texts: 255 */
	MCPC_SESSION_MAX = 254
};

/** Text on the wire: URI or warning */
struct mcpc_text {
	const char *p; /**< Not terminated; NULL = field absent */
	size_t l;
};

/**
 * One message. Any field may be absent from a received one: look at has, or
 * at the text's p, before its value.
 */
struct mcpc_msg {
	enum mcpc_type type;
	/** The sender wants an ACK. An ACK itself never has the bit: false */
	bool ack;
	uint32_t ssrc;              /**< SSRC of the sender of the message */
	uint32_t has;               /**< enum mcpc_has */

	uint8_t session_type;       /**< 1: enum mcpc_session, with session */
	struct mcpc_text session;   /**< 1: URI; encode needs it */
	struct mcpc_text group;     /**< 3: URI of the group */
	uint8_t audio_mline;        /**< 0: which m= line of the session's */
	uint8_t floor_mline;        /**< ..SDP is which, the first being 1 */
	struct mcpc_text warning;   /**< 2: `code agent "text"` */
	uint16_t answer;            /**< 4: enum mcpc_answer */
	struct mcpc_text inviting;  /**< 5: URI of who calls */
	uint16_t reason;            /**< 6: enum mcpc_reason */
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
 * that do are written in the order of the clauses 8.3.4 ff.
 *
 * @return 0, EINVAL (value that the wire cannot carry, no session, ack on an
 *         ACK), EOVERFLOW (size or MCPC_MAX_BYTES too small)
 */
int mcpc_encode(uint8_t *buf, size_t size, const struct mcpc_msg *msg,
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
 * that struct mcpc_msg does not name (key material among them) are skipped. On
 * failure msg is untouched.
 *
 * @return 0, EINVAL (NULL), EBADMSG (drop the datagram's rest), ENOMSG
 *         (another name or an unknown subtype: usedp is set, skip it)
 */
int mcpc_decode(struct mcpc_msg *msg, const uint8_t *p, size_t len,
		size_t *usedp);

/** Name of a message type for logs; never NULL */
const char *mcpc_type_name(enum mcpc_type type);

#endif

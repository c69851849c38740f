/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file tbcp.h  Talk Burst Control Protocol (OMA PoC 1.0 user plane), "PoC1"
 *
 * One RTCP APP packet (RFC 3550 section 6.7) a message, several may follow
 * each other in a datagram. Pure: no allocation, no clock, no socket; any
 * thread. Decoded strings point into the datagram and are not terminated.
 */
#ifndef HL_WIRE_TBCP_H
#define HL_WIRE_TBCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tbcp_type {
	TBCP_REQUEST = 0,
	TBCP_GRANTED = 1,
	TBCP_TAKEN = 2,
	TBCP_DENY = 3,
	TBCP_RELEASE = 4,
	TBCP_IDLE = 5,
	TBCP_REVOKE = 6,
	TBCP_ACK = 7,
	TBCP_QUEUE_STATUS_REQUEST = 8,
	TBCP_QUEUE_STATUS = 9,
	TBCP_DISCONNECT = 11,
	TBCP_CONNECT = 15
};

enum tbcp_deny {
	TBCP_DENY_OTHER_HAS_FLOOR = 1,
	TBCP_DENY_INTERNAL = 2,
	TBCP_DENY_ONLY_ONE = 3,
	TBCP_DENY_RETRY_AFTER = 4,
	TBCP_DENY_LISTEN_ONLY = 5
};

enum tbcp_revoke {
	TBCP_REVOKE_ONLY_ONE = 1,
	TBCP_REVOKE_TOO_LONG = 2,
	TBCP_REVOKE_NO_PERMISSION = 3,
	TBCP_REVOKE_PREEMPTED = 4
};

enum tbcp_connect_reason {
	TBCP_CONNECT_ACCEPTED = 0,
	TBCP_CONNECT_BUSY = 1,
	TBCP_CONNECT_NOT_ACCEPTED = 2
};

enum {
	/** No limit, and 65535 participants or more, on the wire */
	TBCP_UNLIMITED = 65535,
	/** Longest message that tbcp_encode() writes, in bytes */
	TBCP_MAX_BYTES = 1024
};

/** Text on the wire: SDES item or phrase, at most 255 bytes */
struct tbcp_text {
	const char *p; /**< Not terminated; NULL = item absent */
	size_t l;
};

/** One message; which members count is said by type */
struct tbcp_msg {
	enum tbcp_type type;
	/**
	 * The sender wants an Ack. Encode TAKEN: subtype 18 instead of 2.
	 * CONNECT and DISCONNECT always want one (decode sets it, encode
	 * needs no bit for it); any other type cannot carry it.
	 */
	bool ack;
	uint32_t ssrc; /**< SSRC of the sender of the message */

	bool has_priority;
	uint16_t priority; /**< REQUEST item 102; QUEUE_STATUS: u8 */
	bool has_time;
	uint64_t ntp_time; /**< REQUEST item 103 */

	bool has_stop_talking;
	uint16_t stop_talking_s; /**< GRANTED item 101 */
	bool has_participants;
	uint16_t participants; /**< GRANTED, TAKEN item 100 */

	uint32_t talker_ssrc;    /**< TAKEN */
	struct tbcp_text cname;  /**< TAKEN: SIP URI of the talker */
	struct tbcp_text name;   /**< TAKEN: display name; absent allowed */

	uint16_t reason;         /**< DENY (u8), REVOKE, ACK (11 bits) */
	struct tbcp_text phrase; /**< DENY */
	uint16_t additional;     /**< REVOKE: seconds (reason 2) */

	uint16_t last_seq;       /**< RELEASE: last RTP sequence number sent */
	bool ignore_seq;         /**< RELEASE: last_seq means nothing */

	uint8_t acked;           /**< ACK: subtype as received, 5 bits */
	uint16_t position;       /**< QUEUE_STATUS */

	/** CONNECT: as received; encode derives it from the texts below */
	uint16_t content_mask;
	uint8_t session_type;    /**< CONNECT */
	bool manual_override;    /**< CONNECT */
	struct tbcp_text inviting_uri, inviting_name, session_uri, group_name,
		group_uri;       /**< CONNECT, in wire order */
};

/**
 * Encode one message
 *
 * @param buf  Buffer to write to
 * @param size Its size in bytes
 * @param msg  Message
 * @param lenp Bytes written, a multiple of 4
 *
 * A text whose p is NULL is left out; TAKEN needs its cname. Items are written
 * in the order of the members of struct tbcp_msg.
 *
 * @return 0, EINVAL (value that the wire cannot carry), EOVERFLOW (size or
 *         TBCP_MAX_BYTES too small)
 */
int tbcp_encode(uint8_t *buf, size_t size, const struct tbcp_msg *msg,
		size_t *lenp);

/**
 * Decode the first message of a datagram
 *
 * @param msg   Result; texts point into p
 * @param p     Bytes
 * @param len   How many
 * @param usedp Bytes of this message: the next one starts there
 *
 * Items are taken in any order and unknown ones skipped, so decoding and
 * encoding again need not give the same bytes; encoding and decoding again
 * gives the same values. On failure msg is untouched.
 *
 * @return 0, EINVAL (NULL), EBADMSG (drop the datagram's rest), ENOMSG
 *         (another name or an unknown subtype: usedp is set, skip it)
 */
int tbcp_decode(struct tbcp_msg *msg, const uint8_t *p, size_t len,
		size_t *usedp);

/** Name of a message type for logs; never NULL */
const char *tbcp_type_name(enum tbcp_type type);

#endif

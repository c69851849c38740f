/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bfcp.h  Binary Floor Control Protocol (RFC 8855, RFC 4582)
 *
 * One message a datagram. Version 2 (over UDP) and version 1 are the same on
 * the wire but for the version and the R bit; fragments are refused. Pure: no
 * allocation, no clock, no socket; any thread, media workers too, which is why
 * it is not libre's, whose every attribute is an allocation. Decoded strings
 * point into the datagram and are not terminated.
 *
 * The prefix is bfc_, as libre has taken bfcp_.
 */
#ifndef HL_WIRE_BFCP_H
#define HL_WIRE_BFCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Section 5.1; those from 14 on are of version 2 */
enum bfc_prim {
	BFC_FLOOR_REQUEST = 1,
	BFC_FLOOR_RELEASE = 2,
	BFC_FLOOR_REQUEST_QUERY = 3,
	BFC_FLOOR_REQUEST_STATUS = 4,
	BFC_USER_QUERY = 5,
	BFC_USER_STATUS = 6,
	BFC_FLOOR_QUERY = 7,
	BFC_FLOOR_STATUS = 8,
	BFC_CHAIR_ACTION = 9,
	BFC_CHAIR_ACTION_ACK = 10,
	BFC_HELLO = 11,
	BFC_HELLO_ACK = 12,
	BFC_ERROR = 13,
	BFC_FLOOR_REQUEST_STATUS_ACK = 14,
	BFC_FLOOR_STATUS_ACK = 15,
	BFC_GOODBYE = 16,
	BFC_GOODBYE_ACK = 17
};

/** Section 5.2 */
enum bfc_attr {
	BFC_BENEFICIARY_ID = 1,
	BFC_FLOOR_ID = 2,
	BFC_FLOOR_REQUEST_ID = 3,
	BFC_PRIORITY = 4,
	BFC_REQUEST_STATUS = 5,
	BFC_ERROR_CODE = 6,
	BFC_ERROR_INFO = 7,
	BFC_PARTICIPANT_INFO = 8,
	BFC_STATUS_INFO = 9,
	BFC_SUPPORTED_ATTRIBUTES = 10,
	BFC_SUPPORTED_PRIMITIVES = 11,
	BFC_USER_DISPLAY_NAME = 12,
	BFC_USER_URI = 13,
	BFC_BENEFICIARY_INFORMATION = 14,
	BFC_FLOOR_REQUEST_INFORMATION = 15,
	BFC_REQUESTED_BY_INFORMATION = 16,
	BFC_FLOOR_STATUS_OF_REQUEST = 17, /**< FLOOR-REQUEST-STATUS */
	BFC_OVERALL_REQUEST_STATUS = 18
};

/** Section 5.2.5 */
enum bfc_reqstat {
	BFC_PENDING = 1,
	BFC_ACCEPTED = 2,
	BFC_GRANTED = 3,
	BFC_DENIED = 4,
	BFC_CANCELLED = 5,
	BFC_RELEASED = 6,
	BFC_REVOKED = 7
};

/** Section 5.2.6 */
enum bfc_error {
	BFC_ERR_NONE = 0, /**< Not on the wire */
	BFC_ERR_CONFERENCE = 1,
	BFC_ERR_USER = 2,
	BFC_ERR_PRIMITIVE = 3,
	BFC_ERR_ATTRIBUTE = 4,
	BFC_ERR_UNAUTHORISED = 5,
	BFC_ERR_FLOOR = 6,
	BFC_ERR_REQUEST = 7,
	BFC_ERR_TOO_MANY = 8,
	BFC_ERR_USE_TLS = 9,
	BFC_ERR_PARSE = 10,
	BFC_ERR_USE_DTLS = 11,
	BFC_ERR_VERSION = 12,
	BFC_ERR_LENGTH = 13,
	BFC_ERR_GENERIC = 14
};

enum {
	BFC_PRIORITY_LOWEST = 0,
	BFC_PRIORITY_NORMAL = 2,
	BFC_PRIORITY_HIGHEST = 4
};

enum {
	BFC_HEADER_BYTES = 12,
	/** Longest message that bfc_encode() writes: no datagram of it is
	 *  fragmented anywhere */
	BFC_MAX_BYTES = 1200,
	/** Longest text. Inside a group the group's 255 bounds it earlier */
	BFC_TEXT_MAX = 253,
	/** Floors of a message, and of a request; of more the first count */
	BFC_FLOORS_MAX = 4,
	/** Requests that a message tells of; of more the first count */
	BFC_REQUESTS_MAX = 8,
	BFC_UNKNOWN_MAX = 8
};

/** Text on the wire, or octets of a list */
struct bfc_text {
	const char *p; /**< Not terminated; NULL = attribute absent */
	size_t l;
};

/** BENEFICIARY-INFORMATION, REQUESTED-BY-INFORMATION */
struct bfc_who {
	bool here;
	uint16_t id;
	struct bfc_text name;
	struct bfc_text uri;
};

/** OVERALL-REQUEST-STATUS (of a request), FLOOR-REQUEST-STATUS (of a floor) */
struct bfc_status {
	bool here;
	uint16_t id;            /**< Of the request, or of the floor */
	bool has_status;
	uint8_t status;         /**< enum bfc_reqstat */
	uint8_t position;       /**< In the queue, from 1; 0 = not told */
	struct bfc_text info;   /**< For the user's eye */
};

/** FLOOR-REQUEST-INFORMATION */
struct bfc_request {
	uint16_t id;
	struct bfc_status overall;
	struct bfc_status floors[BFC_FLOORS_MAX];
	unsigned floors_n;
	struct bfc_who beneficiary;
	struct bfc_who requested_by;
	bool has_priority;
	uint8_t priority;
	struct bfc_text info;   /**< Of the participant */
};

/**
 * One message. Any attribute may be absent from a received one, and one that
 * its primitive never has is present if it was sent.
 */
struct bfc_msg {
	uint8_t version;        /**< 1 or 2 */
	bool response;          /**< R: version 2 only */
	enum bfc_prim prim;
	uint32_t conference;
	uint16_t transaction;
	uint16_t user;

	uint16_t floors[BFC_FLOORS_MAX];
	unsigned floors_n;
	bool has_beneficiary;
	uint16_t beneficiary;
	bool has_request;
	uint16_t request;       /**< FLOOR-REQUEST-ID */
	bool has_priority;
	uint8_t priority;       /**< 0..4; 5..7 as received */
	struct bfc_text info;   /**< PARTICIPANT-PROVIDED-INFO */
	struct bfc_who who;     /**< USER_STATUS: of the beneficiary */
	struct bfc_request requests[BFC_REQUESTS_MAX];
	unsigned requests_n;
	struct bfc_text primitives; /**< HELLO_ACK: an octet each */
	struct bfc_text attributes; /**< HELLO_ACK: type << 1 each */
	bool has_error;
	uint8_t error;          /**< ERROR: enum bfc_error */
	struct bfc_text details;/**< ..of ATTRIBUTE: type << 1 each */
	struct bfc_text error_info;

	/** Decoded only: which ERROR to answer with */
	enum bfc_error fault;
	/** ..if it is BFC_ERR_ATTRIBUTE: type << 1 each */
	uint8_t unknown[BFC_UNKNOWN_MAX];
	unsigned unknown_n;
};

/**
 * Encode one message
 *
 * @param buf  Buffer to write to
 * @param size Its size in bytes
 * @param msg  Message
 * @param lenp Bytes written, a multiple of 4
 *
 * Attributes that do not belong to the primitive are left out; those that do
 * are written in the order of section 5.3, with the M bit.
 *
 * @return 0, EINVAL (value that the wire cannot carry, a primitive or the R
 *         bit that version 1 does not have), EOVERFLOW (size, BFC_MAX_BYTES or
 *         a group's 255 too small)
 */
int bfc_encode(uint8_t *buf, size_t size, const struct bfc_msg *msg,
	       size_t *lenp);

/**
 * Decode a datagram
 *
 * @param msg Result; texts point into p
 * @param p   Bytes
 * @param len How many: the message must end there
 *
 * Attributes are taken in any order, of a repeated one the last counts (but of
 * floors and requests all do), and unknown ones without the M bit are skipped.
 *
 * @return 0, EINVAL (NULL), EBADMSG (no header: drop it; msg is untouched),
 *         EPROTO (only the header may be used; fault says what is wrong)
 */
int bfc_decode(struct bfc_msg *msg, const uint8_t *p, size_t len);

/** Name of a primitive for logs; never NULL */
const char *bfc_prim_name(enum bfc_prim prim);

#endif

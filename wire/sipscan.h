/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file sipscan.h  A look at a SIP datagram before the SIP stack sees it
 *
 * libre logs a line for each datagram that it cannot decode, takes a header for
 * Via, From or Content-Type when 12 bits of a hash of its name agree, answers
 * to a Via maddr whoever wrote it, and spends time that grows with the square
 * of a header's length. So what passes here is: well-formed (RFC 3261 sections
 * 7 and 25), bounded, unambiguous, and accepted by libre's own decoders.
 *
 * Pure: no allocation, no clock, no state. Any thread. Nothing is changed but
 * by sipscan_drop_maddr().
 */
#ifndef HL_WIRE_SIPSCAN_H
#define HL_WIRE_SIPSCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sipscan_kind {
	SIPSCAN_GARBAGE,   /**< Nothing that we know */
	SIPSCAN_KEEPALIVE, /**< CR, LF and NUL only, or no byte at all */
	SIPSCAN_STUN,      /**< RFC 5389 header with its magic cookie */
	SIPSCAN_REQUEST,
	SIPSCAN_RESPONSE
};

/** A part of the datagram, in bytes; len 0 = not there */
struct sipscan_span {
	uint32_t off;
	uint32_t len;
};

/** Bounds; bytes count a header with its folded lines, without the CRLF */
struct sipscan_limits {
	uint16_t headers;    /**< Header lines, folded ones counted as one */
	uint16_t line_bytes; /**< Any header */
	uint16_t core_bytes; /**< Request line, Via (top one), From, To */
	uint16_t id_bytes;   /**< Call-ID, branch, method */
};

/** Bounds where none are given: fits all that handsets were seen to send */
extern const struct sipscan_limits sipscan_limits_default;

/** What was found; on a drop only kind and reason count */
struct sipscan {
	enum sipscan_kind kind;
	const char *reason; /**< Why to drop it; NULL = pass it on */
	uint32_t start;     /**< Empty lines in front: skip so many bytes */

	struct sipscan_span method; /**< Request; response: that of CSeq */
	struct sipscan_span uri;    /**< Request-URI */
	uint16_t status;            /**< Response: 100 to 699 */

	struct sipscan_span via;    /**< Topmost Via value */
	struct sipscan_span branch; /**< Its branch */
	struct sipscan_span callid;
	uint32_t cseq;
	bool rport;                 /**< The top Via asks for RFC 3581 */
	int16_t max_forwards;       /**< -1 = not there */

	uint32_t body;              /**< Where the body starts */
	uint32_t body_bytes;        /**< Content-Length, or the rest */
};

/**
 * Classify and check one datagram
 *
 * @param scan   Result
 * @param buf    Datagram
 * @param len    Its length in bytes
 * @param limits Bounds, NULL for the default ones
 *
 * @return 0: pass it on; EBADMSG: drop it, scan->reason says why
 */
int sipscan_parse(struct sipscan *scan, const uint8_t *buf, size_t len,
		  const struct sipscan_limits *limits);

/**
 * Make maddr in the topmost Via harmless: the name becomes "x-mad"
 *
 * RFC 3261 section 18.2.2 sends a response to maddr, which anybody may set to
 * anybody. Lower Vias are not ours to change, a proxy upstream reads them. The
 * length stays. To be called on a datagram that sipscan_parse() passes.
 *
 * @return parameters renamed
 */
unsigned sipscan_drop_maddr(uint8_t *buf, size_t len);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file sipframe.h  Cuts a byte stream into SIP messages
 *
 * RFC 3261 section 18.3: on a stream a message ends where its Content-Length
 * says; without one nobody knows where, so it must be there. Between messages
 * stand keep-alives: two CRLF ask for one (RFC 5626 section 3.5.1).
 *
 * Finds the ends and nothing more: what a message is worth is for sipscan.h.
 * However small the pieces in which a message comes, each byte of its head is
 * looked at once.
 *
 * Pure: no allocation, no clock. Any thread.
 */
#ifndef HL_WIRE_SIPFRAME_H
#define HL_WIRE_SIPFRAME_H

#include <stddef.h>
#include <stdint.h>

enum {
	SIPFRAME_HEAD_MAX = 16384,    /**< Start line and headers, bytes */
	SIPFRAME_MESSAGE_MAX = 49152  /**< ..with the body */
};

enum sipframe_kind {
	SIPFRAME_MORE,    /**< Not complete: call again with more behind it */
	SIPFRAME_PING,    /**< Two CRLF: answer with one */
	SIPFRAME_PONG,    /**< One CRLF in front of something else */
	SIPFRAME_MESSAGE,
	SIPFRAME_BAD      /**< Never again a message: close the connection */
};

/** Where the search stands; all zero at the start of each unit */
struct sipframe {
	size_t searched;    /**< No end of the head before this byte */
	size_t total;       /**< Bytes of the message; 0: not known yet */
	const char *reason; /**< SIPFRAME_BAD: why */
};

/**
 * What stands at the start of buf
 *
 * @param bytesp Bytes it takes: to be skipped before the next call. f starts
 *               anew then by itself. Untouched by MORE and BAD.
 */
enum sipframe_kind sipframe_next(struct sipframe *f, const uint8_t *buf,
				 size_t len, size_t *bytesp);

#endif

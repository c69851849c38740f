/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file appmsg.h  The frame of floor messages: RTCP APP (RFC 3550 section 6.7)
 *
 * Several may follow each other in a datagram. Pure; any thread.
 */
#ifndef HL_WIRE_APPMSG_H
#define HL_WIRE_APPMSG_H

#include "util/reader.h"
#include "util/writer.h"

enum { APPMSG_HEADER_BYTES = 12 };

struct appmsg {
	uint8_t subtype;    /**< 5 bits */
	uint32_t ssrc;      /**< Of the sender */
	struct reader body; /**< Behind the name, padding stripped */
};

/**
 * Take the frame off the first message of a datagram
 *
 * @param usedp Bytes of this message: the next one starts there. Set with
 *              ENOMSG too
 *
 * @return 0, EBADMSG (drop the datagram's rest), ENOMSG (another name)
 */
int appmsg_decode(struct appmsg *a, const uint8_t name[4], const uint8_t *p,
		  size_t len, size_t *usedp);

/** Write the frame; the body follows. w is at its start */
void appmsg_begin(struct writer *w, uint8_t subtype, uint32_t ssrc,
		  const uint8_t name[4]);

/** Pad to whole words and write the length. @return 0 or EOVERFLOW */
int appmsg_end(struct writer *w, size_t *lenp);

#endif

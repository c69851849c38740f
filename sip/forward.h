/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file forward.h  Stateless forwarding of SIP messages (RFC 3261 section 16)
 *
 * The edge keeps no transaction of what it relays: retransmission and time-out
 * stay with the ends, and a flood leaves nothing behind. Everything that must
 * be remembered travels in the Via branch (token.h).
 *
 * Signalling thread only.
 */
#ifndef HL_SIP_FORWARD_H
#define HL_SIP_FORWARD_H

#include <stdbool.h>
#include <stdint.h>
#include <re.h>
#include "sip/endpoint.h"
#include "sip/token.h"

/** How a request is changed on its way */
struct forward {
	const struct token_key *key;
	const struct endpoint *out; /**< Sent by this socket, over its
					 transport */
	const struct sa *via;       /**< Our sent-by; NULL: out's address */
	const struct sa *dst;
	uint8_t in;                 /**< Index of the socket it came in by:
					 the answer goes back by it */
	const char *ruri;           /**< New Request-URI, or NULL */
	unsigned routes_drop;       /**< Topmost Route entries to remove */
	const char *record_route[2];/**< Topmost first; NULL: none */
	const char *identity;       /**< P-Asserted-Identity URI to set, or
					 NULL; a client's own is removed */
	size_t limit_bytes;         /**< Longer: EMSGSIZE, nothing is sent; 0:
					 as long as a message can be */
	bool trusted;               /**< It came from our own side: identity
					 headers stay as they are */
};

/**
 * Send msg on, changed as f says. Credentials for our realm are removed.
 *
 * @return 0, ELOOP (Max-Forwards used up: answer 483), EMSGSIZE, ECONNREFUSED
 *         (that flow is gone: answer 430) or errno
 */
int forward_request(const struct forward *f, const struct sip_msg *msg);

/**
 * Check that msg answers a request that we forwarded
 *
 * @param inp Index of the socket by which that request had come in
 * @param dst Where the response goes: where the request came from, as the next
 *            Via says (received and rport) and the branch proves
 *
 * @return 0, EBADMSG, EACCES: not ours, drop it
 */
int forward_response_check(const struct token_key *key,
			   const struct sip_msg *msg, uint8_t *inp,
			   struct sa *dst);

/** Send a checked response on, without our Via */
int forward_response(const struct endpoint *out, const struct sa *dst,
		     const struct sip_msg *msg);

#endif

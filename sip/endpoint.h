/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file endpoint.h  One SIP socket: libre's stack behind a guard
 *
 * libre picks a socket by family alone, answers where maddr says, and logs a
 * line for each garbage datagram (so one endpoint has one local address, and a
 * helper in front of the stack scans every datagram first). What the guard
 * drops is counted by cause and never reaches libre.
 *
 * Signalling thread only. Owner: the role that made it.
 */
#ifndef HL_SIP_ENDPOINT_H
#define HL_SIP_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>
#include <re.h>

struct hlog;
struct endpoint;

struct endpoint_stats {
	uint64_t rx, keepalives, stun;
	uint64_t drop_malformed;
	uint64_t unhandled_requests, unhandled_responses;
};

struct endpoint_cfg {
	struct sa laddr;        /**< Port 0: any free one */
	const char *software;   /**< Server/User-Agent, NULL: none */
	uint32_t transactions;  /**< Hash size of the stack's tables */
	uint32_t rcvbuf_bytes;  /**< 0: 1 MiB */
	struct hlog *log;
};

/**
 * @return 0, EADDRINUSE, EADDRNOTAVAIL, EACCES, ENOMEM
 */
int endpoint_alloc(struct endpoint **epp, const struct endpoint_cfg *cfg);

/**
 * Catch what no listener of the owner took: requests are answered 405 or 481,
 * responses are counted. Call after the owner's own listeners are in place.
 *
 * @param allow The owner's Allow header with its CRLF; lives as long as ep
 */
int endpoint_catch_all(struct endpoint *ep, const char *allow);

struct sip *endpoint_sip(const struct endpoint *ep);
/** Address it is bound to, with the real port */
const struct sa *endpoint_laddr(const struct endpoint *ep);
void endpoint_stats_get(const struct endpoint *ep, struct endpoint_stats *st);

#endif

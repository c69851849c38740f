/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file endpoint.h  One SIP socket: libre's stack behind a guard
 *
 * libre picks a socket by family alone, answers where maddr says, and logs a
 * line for each garbage datagram (so one endpoint has one local address and
 * one transport, and every message is scanned before the stack sees it). What
 * the guard drops is counted by cause and never reaches libre.
 *
 * A flow is the peer's address (RFC 5626): over UDP just that, over TCP and TLS
 * the connection that came from there. A flow that is gone is gone: libre
 * would dial its address, which is nobody's there, and is not let to.
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

/** Longest datagram that an endpoint takes; what is longer is dropped */
enum { ENDPOINT_DATAGRAM_MAX = 16383 };

struct stream_pool;

struct endpoint_stats {
	uint64_t rx, keepalives, stun;
	uint64_t drop_malformed;
	uint64_t unhandled_requests, unhandled_responses;
	/* TCP and TLS */
	uint64_t accepted, refused; /**< ..refused: a bound was reached */
	uint64_t dialled, timeouts;
	uint32_t connections;       /**< Now */
};

/** Patience with connections */
struct endpoint_times {
	uint32_t connect_ms; /**< One that we dialled comes about */
	uint32_t first_ms;   /**< One that we accepted says something sound,
				  TLS handshake included; below 32 s */
	uint32_t message_ms; /**< A message that was begun ends */
	uint32_t idle_ms;    /**< Since the last message, where
				  endpoint_flow_keep() keeps it not */
};

extern const struct endpoint_times endpoint_times_default;

/** A connection is there, or gone; up is told of accepted ones too */
typedef void(endpoint_flow_h)(const struct sa *peer, bool up, void *arg);

struct endpoint_cfg {
	struct sa laddr;        /**< Port 0: any free one */
	enum sip_transp tp;     /**< UDP (0), TCP or TLS */
	const char *software;   /**< Server/User-Agent, NULL: none */
	uint32_t transactions;  /**< Hash size of the stack's tables */
	uint32_t rcvbuf_bytes;  /**< 0: 1 MiB; UDP */
	struct hlog *log;
	/* TCP and TLS */
	struct stream_pool *pool;            /**< Needed; referenced */
	const struct endpoint_times *times;  /**< NULL: default */
	struct tls *tls;                     /**< Needed for TLS; referenced */
	endpoint_flow_h *flow_h;             /**< NULL: nobody wants to know */
	void *arg;
};

/**
 * @return 0, EADDRINUSE, EADDRNOTAVAIL, EACCES, EINVAL, ENOMEM
 */
int endpoint_alloc(struct endpoint **epp, const struct endpoint_cfg *cfg);

/**
 * Catch what no listener of the owner took: requests are answered 405 or 481,
 * responses are counted. Call after the owner's own listeners are in place.
 *
 * @param allow The owner's Allow header with its CRLF; lives as long as ep
 */
int endpoint_catch_all(struct endpoint *ep, const char *allow);

enum sip_transp endpoint_transport(const struct endpoint *ep);

/** Can something be sent to that peer now? UDP: always */
bool endpoint_flow_up(const struct endpoint *ep, const struct sa *peer);

/**
 * Send bytes to a flow. A connection that takes them not is closed.
 *
 * @return 0, ECONNREFUSED (no such connection), EMSGSIZE or errno
 */
int endpoint_send(const struct endpoint *ep, const struct sa *peer,
		  struct mbuf *mb);

/**
 * A connection is wanted: it is not closed for being idle
 *
 * @param silent_ms Longest silence of a peer that promised keep-alives (RFC
 *                  5626 section 4.4.1), 0: any
 */
void endpoint_flow_keep(struct endpoint *ep, const struct sa *peer, bool keep,
			uint32_t silent_ms);

/** Close a connection soon: flow_h tells when */
void endpoint_flow_close(struct endpoint *ep, const struct sa *peer);

/**
 * Make a TCP connection to a peer; flow_h tells how it went, in connect_ms
 *
 * @return 0 (also if it is there or under way), EMFILE or EUSERS (a bound),
 *         EPROTONOSUPPORT (UDP, TLS) or errno
 */
int endpoint_flow_dial(struct endpoint *ep, const struct sa *peer);

struct sip *endpoint_sip(const struct endpoint *ep);
/** Address it is bound to, with the real port */
const struct sa *endpoint_laddr(const struct endpoint *ep);
void endpoint_stats_get(const struct endpoint *ep, struct endpoint_stats *st);

#endif

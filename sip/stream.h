/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file stream.h  The connections of a TCP or TLS endpoint, private to sip/
 *
 * Stands between libre's sockets and libre's SIP stack. Connections are
 * counted, cut into messages, scanned, timed, and known by their peer's
 * address; libre sees complete, checked messages and nothing else. Where a
 * connection is gone nobody dials its peer but streams_dial().
 *
 * Signalling thread only. Owner: the endpoint.
 */
#ifndef HL_SIP_STREAM_H
#define HL_SIP_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <re.h>
#include "sip/endpoint.h"

struct stream_pool;
struct streams;

/** What libre gave with a connection */
struct stream_user {
	tcp_estab_h *estabh;
	tcp_recv_h *recvh;
	tcp_close_h *closeh;
	void *arg;
};

struct streams_cfg {
	struct stream_pool *pool;
	struct endpoint_times times;
	struct sa laddr;             /**< Dialled from here */
	struct endpoint_stats *stats;
	endpoint_flow_h *flow_h;     /**< May be NULL */
	void *arg;
	struct hlog *log;
};

int streams_alloc(struct streams **tp, const struct streams_cfg *cfg);

/* --- what interpose.c calls for libre --- */

int streams_listen(struct streams *t, struct tcp_sock **tsp,
		   const struct sa *local, tcp_conn_h *ch, void *arg);
int streams_accept(struct streams *t, struct tcp_conn **tcp,
		   struct tcp_sock *ts, const struct stream_user *user);
int streams_connect(struct streams *t, struct tcp_conn **tcp,
		    const struct sa *peer, const struct stream_user *user);

/* --- what the endpoint calls --- */

/** The address it listens at, after streams_listen() */
int streams_laddr(const struct streams *t, struct sa *laddr);
/** Is there a connection with that peer, ready to send? */
bool streams_up(const struct streams *t, const struct sa *peer);
/** See endpoint_flow_keep() */
void streams_keep(struct streams *t, const struct sa *peer, bool keep,
		  uint32_t silent_ms);
/** Close it as soon as nothing of it is on the stack */
void streams_close(struct streams *t, const struct sa *peer);
uint32_t streams_count(const struct streams *t);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file stream_priv.h  What one connection (stream.c) and the table of them
 *                      (streams.c) know of each other
 *
 * Signalling thread only. The table owns its connections; one that ends takes
 * itself out of it.
 */
#ifndef HL_SIP_STREAM_PRIV_H
#define HL_SIP_STREAM_PRIV_H

#include "sip/stream.h"
#include "wire/sipframe.h"

struct streams {
	struct list l;
	struct hash *by_peer;
	struct streams_cfg cfg;
	struct tcp_sock *ts;   /* Borrowed from libre */
	tcp_conn_h *connh;     /* libre's */
	void *conn_arg;
	const struct sa *accepting; /* For the length of connh */
	uint32_t n;
};

struct stream {
	struct le le, he;
	struct streams *t;
	struct tcp_conn *tc;   /* A reference of our own */
	void *seat;
	struct sa peer;
	struct stream_user user;
	struct mbuf *mb;       /* What is not a whole message yet */
	struct sipframe frame;
	struct tmr tmr;
	uint64_t opened_ms, heard_ms, message_ms, part_ms, fed_ms;
	uint32_t silent_ms;    /* Kept: longest silence, 0: any */
	uint32_t unsound;
	bool dialled, up, spoke, kept, closing;
};

/** A connection that is nowhere yet, with its seat in the pool taken.
 *  @return 0, EMFILE, EUSERS, ENOMEM */
int stream_alloc(struct stream **sp, struct streams *t,
		 const struct sa *peer, const struct stream_user *user);

/** Begin it, in its table: by what waits at ts.. */
int stream_accept(struct stream *s, struct tcp_conn **tcp,
		  struct tcp_sock *ts);
/** ..or by dialling its peer. @return 0 or errno: s is still the caller's */
int stream_connect(struct stream *s, struct tcp_conn **tcp);

/** Its patience is another now */
void stream_arm(struct stream *s);

/** libre gave up what it has: its handlers' argument is no more */
bool stream_is_orphan(const struct stream *s);

/** End it as soon as nothing of it is on the stack */
void stream_close_soon(struct stream *s);

#endif

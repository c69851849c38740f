/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file interpose.h  Where libre opens sockets by itself, private to sip/
 *
 * sip_transp_add() makes its sockets itself and shows them to nobody, accepts
 * every connection, and dials a peer anew whose connection is gone. libre calls
 * udp_listen(), tcp_listen(), tcp_accept() and tcp_connect() through its symbol
 * table, so the definitions in interpose.c come first wherever libsip is
 * linked. They do what libre does unless one of the calls below is under way
 * on this thread.
 */
#ifndef HL_SIP_INTERPOSE_H
#define HL_SIP_INTERPOSE_H

#include <re.h>

struct streams;

/** The next tcp_listen(), tcp_accept() or tcp_connect() of libre is for t;
 *  NULL: for nobody. @return what was set before */
struct streams *interpose_for(struct streams *t);

/** The UDP socket that was opened since interpose_udp_forget() */
struct udp_sock *interpose_udp(void);
void interpose_udp_forget(void);

/** While there is a guarded table of connections on this thread, libre dials
 *  nobody but for interpose_for(). +1 or -1; counts calls that were refused */
void interpose_guard(int change);

/** libre's own functions */
int interpose_tcp_listen(struct tcp_sock **tsp, const struct sa *local,
			 tcp_conn_h *ch, void *arg);
int interpose_tcp_accept(struct tcp_conn **tcp, struct tcp_sock *ts,
			 tcp_estab_h *eh, tcp_recv_h *rh, tcp_close_h *ch,
			 void *arg);

#endif

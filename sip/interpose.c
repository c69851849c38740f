/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file interpose.c  Where libre opens sockets by itself
 */
#include <dlfcn.h>
#include <errno.h>
#include <re.h>
#include "sip/interpose.h"
#include "sip/stream.h"

/* What libre gives us no argument for: whose socket a call is about. Set for
 * the length of one call into libre. */
static _Thread_local struct streams *now;
static _Thread_local struct udp_sock *udp;
static _Thread_local int guarded;

struct streams *interpose_for(struct streams *t)
{
	struct streams *before = now;

	now = t;
	return before;
}

struct udp_sock *interpose_udp(void)
{
	return udp;
}

void interpose_udp_forget(void)
{
	udp = NULL;
}

void interpose_guard(int change)
{
	guarded += change;
}

int udp_listen(struct udp_sock **usp, const struct sa *local, udp_recv_h *rh,
	       void *arg)
{
	int (*libre)(struct udp_sock **, const struct sa *, udp_recv_h *,
		     void *);
	int err;

	*(void **)&libre = dlsym(RTLD_NEXT, "udp_listen");
	if (!libre)
		return ENOSYS;
	err = libre(usp, local, rh, arg);
	if (!err)
		udp = *usp;
	return err;
}

int interpose_tcp_listen(struct tcp_sock **tsp, const struct sa *local,
			 tcp_conn_h *ch, void *arg)
{
	int (*libre)(struct tcp_sock **, const struct sa *, tcp_conn_h *,
		     void *);

	*(void **)&libre = dlsym(RTLD_NEXT, "tcp_listen");
	return libre ? libre(tsp, local, ch, arg) : ENOSYS;
}

int tcp_listen(struct tcp_sock **tsp, const struct sa *local, tcp_conn_h *ch,
	       void *arg)
{
	return now ? streams_listen(now, tsp, local, ch, arg)
		   : interpose_tcp_listen(tsp, local, ch, arg);
}

int interpose_tcp_accept(struct tcp_conn **tcp, struct tcp_sock *ts,
			 tcp_estab_h *eh, tcp_recv_h *rh, tcp_close_h *ch,
			 void *arg)
{
	int (*libre)(struct tcp_conn **, struct tcp_sock *, tcp_estab_h *,
		     tcp_recv_h *, tcp_close_h *, void *);

	*(void **)&libre = dlsym(RTLD_NEXT, "tcp_accept");
	return libre ? libre(tcp, ts, eh, rh, ch, arg) : ENOSYS;
}

int tcp_accept(struct tcp_conn **tcp, struct tcp_sock *ts, tcp_estab_h *eh,
	       tcp_recv_h *rh, tcp_close_h *ch, void *arg)
{
	const struct stream_user user = {eh, rh, ch, arg};

	return now ? streams_accept(now, tcp, ts, &user)
		   : interpose_tcp_accept(tcp, ts, eh, rh, ch, arg);
}

int tcp_connect(struct tcp_conn **tcp, const struct sa *peer, tcp_estab_h *eh,
		tcp_recv_h *rh, tcp_close_h *ch, void *arg)
{
	const struct stream_user user = {eh, rh, ch, arg};
	int (*libre)(struct tcp_conn **, const struct sa *, tcp_estab_h *,
		     tcp_recv_h *, tcp_close_h *, void *);

	if (now)
		return streams_connect(now, tcp, peer, &user);
	if (guarded)
		return ECONNREFUSED;
	*(void **)&libre = dlsym(RTLD_NEXT, "tcp_connect");
	return libre ? libre(tcp, peer, eh, rh, ch, arg) : ENOSYS;
}

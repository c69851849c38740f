/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file endpoint.c  One SIP socket: libre's stack behind a guard
 */
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include "sip/endpoint.h"
#include "util/log.h"
#include "wire/sipscan.h"

enum {
	TRANSACTIONS = 4096,
	RCVBUF_BYTES = 1 << 20,
	DATAGRAM_MAX = 16384
};

struct endpoint {
	struct sip *sip;
	struct sa laddr;
	struct udp_helper *guard;
	struct sip_lsnr *req, *resp;
	struct hlog *log;
	const char *allow;
	struct endpoint_stats stats;
};

/*
 * sip_transp_add() makes its UDP socket itself and shows it to nobody, but the
 * guard must be in front of it before the first datagram. libre calls
 * udp_listen() through its symbol table, so this definition in the executable
 * comes first and notes the socket of the call in progress.
 */
static _Thread_local struct udp_sock *listening;

int udp_listen(struct udp_sock **usp, const struct sa *local, udp_recv_h *rh,
	       void *arg)
{
	int (*libre_listen)(struct udp_sock **, const struct sa *,
			    udp_recv_h *, void *);
	int err;

	*(void **)&libre_listen = dlsym(RTLD_NEXT, "udp_listen");
	if (!libre_listen)
		return ENOSYS;
	err = libre_listen(usp, local, rh, arg);
	if (!err)
		listening = *usp;
	return err;
}

static void drop(struct endpoint *ep, const struct sa *src, const char *reason)
{
	ep->stats.drop_malformed++;
	hlog_limited(ep->log, "sip.dropped", HLOG_INFO, "sip",
		     "datagram dropped",
		     HLOG_SA("peer", src), HLOG_S("reason", reason));
}

/* libre knows neither empty lines in front nor, over UDP, Content-Length */
static void trim(struct mbuf *mb, const struct sipscan *scan)
{
	mb->end = mb->pos + scan->body + scan->body_bytes;
	mbuf_advance(mb, (ssize_t)scan->start);
}

/* True: consumed, libre does not see it */
static bool guard_handler(struct sa *src, struct mbuf *mb, void *arg)
{
	struct endpoint *ep = arg;
	struct sipscan scan;

	ep->stats.rx++;
	/* A longer one was cut by the kernel, perhaps in its body */
	if (mbuf_get_left(mb) >= DATAGRAM_MAX) {
		drop(ep, src, "too long");
		return true;
	}
	if (sipscan_parse(&scan, mbuf_buf(mb), mbuf_get_left(mb), NULL)) {
		drop(ep, src, scan.reason);
		return true;
	}
	switch (scan.kind) {
	case SIPSCAN_KEEPALIVE:
		ep->stats.keepalives++;
		return true;
	case SIPSCAN_GARBAGE:
		drop(ep, src, "not SIP");
		return true;
	case SIPSCAN_STUN:
		ep->stats.stun++;
		return false;
	case SIPSCAN_REQUEST:
		trim(mb, &scan);
		(void)sipscan_drop_maddr(mbuf_buf(mb), mbuf_get_left(mb));
		return false;
	case SIPSCAN_RESPONSE:
		trim(mb, &scan);
		return false;
	}
	return true;
}

static void destructor(void *arg)
{
	struct endpoint *ep = arg;

	mem_deref(ep->req);
	mem_deref(ep->resp);
	mem_deref(ep->guard);
	if (ep->sip) {
		sip_close(ep->sip, true);
		mem_deref(ep->sip);
	}
}

int endpoint_alloc(struct endpoint **epp, const struct endpoint_cfg *cfg)
{
	const uint32_t n = cfg && cfg->transactions ? cfg->transactions
						    : TRANSACTIONS;
	struct endpoint *ep;
	int err;

	if (!epp || !cfg)
		return EINVAL;
	ep = mem_zalloc(sizeof(*ep), destructor);
	if (!ep)
		return ENOMEM;
	ep->log = cfg->log;

	err = sip_alloc(&ep->sip, NULL, n, n, 16, cfg->software, NULL, NULL);
	if (err)
		goto out;
	listening = NULL;
	err = sip_transp_add(ep->sip, SIP_TRANSP_UDP, &cfg->laddr);
	if (err)
		goto out;
	if (!listening) {
		err = ENOSYS;
		goto out;
	}
	err = udp_register_helper(&ep->guard, listening, 0, NULL,
				  guard_handler, ep);
	if (err)
		goto out;
	(void)udp_sockbuf_set(listening, cfg->rcvbuf_bytes
						 ? (int)cfg->rcvbuf_bytes
						 : RCVBUF_BYTES);
	udp_rxsz_set(listening, DATAGRAM_MAX);
	err = udp_local_get(listening, &ep->laddr);
out:
	if (err)
		mem_deref(ep);
	else
		*epp = ep;
	return err;
}

static bool stray_request(const struct sip_msg *msg, void *arg)
{
	struct endpoint *ep = arg;

	ep->stats.unhandled_requests++;
	if (!pl_strcmp(&msg->met, "ACK"))
		return true;
	if (!pl_strcmp(&msg->met, "CANCEL") || pl_isset(&msg->to.tag)) {
		(void)sip_reply(ep->sip, msg, 481,
				"Call/Transaction Does Not Exist");
		return true;
	}
	(void)sip_replyf(ep->sip, msg, 405, "Method Not Allowed",
			 "%sContent-Length: 0\r\n\r\n", ep->allow);
	return true;
}

static bool stray_response(const struct sip_msg *msg, void *arg)
{
	struct endpoint *ep = arg;

	(void)msg;
	ep->stats.unhandled_responses++;
	return true;
}

int endpoint_catch_all(struct endpoint *ep, const char *allow)
{
	int err;

	if (!ep || !allow)
		return EINVAL;
	ep->allow = allow;
	err = sip_listen(&ep->req, ep->sip, true, stray_request, ep);
	err = err ? err : sip_listen(&ep->resp, ep->sip, false, stray_response,
				     ep);
	return err;
}

struct sip *endpoint_sip(const struct endpoint *ep)
{
	return ep ? ep->sip : NULL;
}

const struct sa *endpoint_laddr(const struct endpoint *ep)
{
	return ep ? &ep->laddr : NULL;
}

void endpoint_stats_get(const struct endpoint *ep, struct endpoint_stats *st)
{
	if (ep && st)
		*st = ep->stats;
}

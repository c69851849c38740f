/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file endpoint.c  One SIP socket: libre's stack behind a guard
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include "sip/endpoint.h"
#include "sip/interpose.h"
#include "sip/stream.h"
#include "sip/streampool.h"
#include "util/log.h"
#include "wire/sipscan.h"

enum {
	TRANSACTIONS = 4096,
	CONNECTIONS = 1024, /* Hash size */
	RCVBUF_BYTES = 1 << 20
};

const struct endpoint_times endpoint_times_default = {
	.connect_ms = 1000,
	.first_ms = 10000,
	.message_ms = 20000,
	.idle_ms = 120000,
};

struct endpoint {
	struct sip *sip;
	struct sa laddr;
	enum sip_transp tp;
	struct udp_helper *guard;
	struct streams *streams;   /* NULL: UDP */
	struct sip_lsnr *req, *resp;
	struct hlog *log;
	const char *allow;
	struct endpoint_stats stats;
};

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
	if (mbuf_get_left(mb) > ENDPOINT_DATAGRAM_MAX) {
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
	mem_deref(ep->streams);
}

static int udp_open(struct endpoint *ep, const struct endpoint_cfg *cfg)
{
	struct udp_sock *us;
	int err;

	interpose_udp_forget();
	err = sip_transp_add(ep->sip, SIP_TRANSP_UDP, &cfg->laddr);
	if (err)
		return err;
	us = interpose_udp();
	if (!us)
		return ENOSYS;
	err = udp_register_helper(&ep->guard, us, 0, NULL, guard_handler, ep);
	if (err)
		return err;
	(void)udp_sockbuf_set(us, cfg->rcvbuf_bytes ? (int)cfg->rcvbuf_bytes
						    : RCVBUF_BYTES);
	udp_rxsz_set(us, ENDPOINT_DATAGRAM_MAX + 1);
	return udp_local_get(us, &ep->laddr);
}

static int stream_open(struct endpoint *ep, const struct endpoint_cfg *cfg)
{
	const struct streams_cfg scfg = {
		.pool = cfg->pool,
		.times = cfg->times ? *cfg->times : endpoint_times_default,
		.laddr = cfg->laddr,
		.stats = &ep->stats,
		.flow_h = cfg->flow_h,
		.arg = cfg->arg,
		.log = cfg->log,
	};
	struct streams *before;
	int err;

	if (!cfg->pool || (cfg->tp == SIP_TRANSP_TLS && !cfg->tls))
		return EINVAL;
	err = streams_alloc(&ep->streams, &scfg);
	if (err)
		return err;
	before = interpose_for(ep->streams);
	err = sip_transp_add(ep->sip, cfg->tp, &cfg->laddr, cfg->tls);
	(void)interpose_for(before);
	return err ? err : streams_laddr(ep->streams, &ep->laddr);
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
	ep->tp = cfg->tp;

	err = sip_alloc(&ep->sip, NULL, n, n, CONNECTIONS, cfg->software, NULL,
			NULL);
	if (err)
		goto out;
	if (cfg->tp == SIP_TRANSP_UDP)
		err = udp_open(ep, cfg);
	else if (cfg->tp == SIP_TRANSP_TCP || cfg->tp == SIP_TRANSP_TLS)
		err = stream_open(ep, cfg);
	else
		err = EPROTONOSUPPORT;
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

enum sip_transp endpoint_transport(const struct endpoint *ep)
{
	return ep ? ep->tp : SIP_TRANSP_UDP;
}

bool endpoint_flow_up(const struct endpoint *ep, const struct sa *peer)
{
	return ep && peer && (!ep->streams || streams_up(ep->streams, peer));
}

int endpoint_send(const struct endpoint *ep, const struct sa *peer,
		  struct mbuf *mb)
{
	int err;

	if (!ep || !peer || !mb)
		return EINVAL;
	if (!endpoint_flow_up(ep, peer))
		return ECONNREFUSED;
	err = sip_send(ep->sip, NULL, ep->tp, peer, mb);
	if (err && ep->streams)
		streams_close(ep->streams, peer);
	return err;
}

void endpoint_flow_keep(struct endpoint *ep, const struct sa *peer, bool keep,
			uint32_t silent_ms)
{
	if (ep && peer && ep->streams)
		streams_keep(ep->streams, peer, keep, silent_ms);
}

void endpoint_flow_close(struct endpoint *ep, const struct sa *peer)
{
	if (ep && peer && ep->streams)
		streams_close(ep->streams, peer);
}

/* An empty line pair is no message, and may stand anywhere between two: it
 * makes libre connect. */
int endpoint_flow_dial(struct endpoint *ep, const struct sa *peer)
{
	struct streams *before;
	struct mbuf *mb;
	int err;

	if (!ep || !peer)
		return EINVAL;
	if (ep->tp != SIP_TRANSP_TCP)
		return EPROTONOSUPPORT;
	if (streams_up(ep->streams, peer))
		return 0;
	mb = mbuf_alloc(4);
	if (!mb)
		return ENOMEM;
	err = mbuf_write_str(mb, "\r\n\r\n");
	mb->pos = 0;
	before = interpose_for(ep->streams);
	err = err ? err : sip_send(ep->sip, NULL, ep->tp, peer, mb);
	(void)interpose_for(before);
	mem_deref(mb);
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
	if (!ep || !st)
		return;
	*st = ep->stats;
	if (ep->streams)
		st->connections = streams_count(ep->streams);
}

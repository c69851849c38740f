/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SRTP between oRTP and its sockets: packets are protected when they leave and
 * opened when they come in. oRTP knows modifiers for that, and goes past them
 * when it reads a socket that was given to it: the sockets are behind
 * transports of ours. */
#include <errno.h>
#include <ortp/ortp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "cli/handset_ms2.h"
#include "wire/rtp.h"

enum { PACKET_BYTES_MAX = 2048 };

struct hs_cipher {
	struct srtpw *tx, *rx;
	struct srtpw_key tx_key, rx_key;
};

/* One for RTP and one for RTCP; the session's */
struct socket_end {
	RtpTransport tr;
	struct hs_cipher *cipher;
	int fd;
	bool rtcp;
};

static int rtp_protect(const struct hs_cipher *c, uint8_t *p, size_t len,
		       size_t *lenp)
{
	uint8_t out[PACKET_BYTES_MAX + SRTPW_RTP_BYTES_MAX];
	struct rtpw_hdr hdr;
	size_t n;
	int err;

	err = rtpw_head(&hdr, p, len);
	if (!err)
		err = srtpw_protect(c->tx, p, hdr.payload, p + hdr.payload,
				    len - hdr.payload, out, &n);
	if (err)
		return err;
	memcpy(p + hdr.payload, out, n);
	*lenp = hdr.payload + n;
	return 0;
}

/* The bytes to be sent in its place, 0: none */
static size_t protect(const struct socket_end *e, uint8_t *p, size_t len)
{
	const struct hs_cipher *c = e->cipher;
	size_t n;
	int err;

	if (!c->tx)
		return len;
	err = e->rtcp ? srtcpw_protect(c->tx, p, len,
				       len + SRTPW_RTCP_BYTES_MAX, &n)
		      : rtp_protect(c, p, len, &n);
	return err ? 0 : n;
}

/* The bytes of what was received, 0: not authentic */
static size_t unprotect(const struct socket_end *e, uint8_t *p, size_t len)
{
	const struct hs_cipher *c = e->cipher;
	struct rtpw_hdr hdr;
	size_t n;

	if (!c->rx)
		return len;
	if (e->rtcp)
		return srtcpw_unprotect(c->rx, p, len, &n) ? 0 : n;
	if (rtpw_head(&hdr, p, len) ||
	    srtpw_unprotect(c->rx, p, len, hdr.payload, &n))
		return 0;
	return n;
}

/* --- what oRTP calls ---------------------------------------------------- */

static ortp_socket_t socket_h(RtpTransport *tr)
{
	const struct socket_end *e = tr->data;

	return e->fd;
}

/* The socket is connected: it knows where to */
static int send_h(RtpTransport *tr, mblk_t *m, int flags,
		  const struct sockaddr *to, socklen_t to_len)
{
	const struct socket_end *e = tr->data;
	uint8_t v[PACKET_BYTES_MAX + SRTPW_RTCP_BYTES_MAX];
	size_t n = 0;

	(void)to;
	(void)to_len;
	for (; m; m = m->b_cont) {
		const size_t len = (size_t)(m->b_wptr - m->b_rptr);

		if (n + len > PACKET_BYTES_MAX)
			return -1;
		memcpy(v + n, m->b_rptr, len);
		n += len;
	}
	n = protect(e, v, n);
	return n ? (int)send(e->fd, v, n, flags) : -1;
}

/* What is not authentic was never there */
static int recv_h(RtpTransport *tr, mblk_t *m, int flags,
		  struct sockaddr *from, socklen_t *from_lenp)
{
	const struct socket_end *e = tr->data;
	const size_t room = (size_t)(dblk_lim(m->b_datap) - m->b_wptr);
	const socklen_t from_len = *from_lenp;
	ssize_t len;
	size_t n;

	do {
		*from_lenp = from_len;
		len = recvfrom(e->fd, m->b_wptr, room, flags, from, from_lenp);
		n = len > 0 ? unprotect(e, m->b_wptr, (size_t)len) : 0;
	} while (len >= 0 && !n);
	return len < 0 ? -1 : (int)n;
}

/* They are the stream's */
static void close_h(RtpTransport *tr)
{
	(void)tr;
}

static void destroy_h(RtpTransport *tr)
{
	free(tr->data);
}

/* --- life ---------------------------------------------------------------- */

static RtpTransport *end_make(struct hs_cipher *c, int fd, bool rtcp)
{
	struct socket_end *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->cipher = c;
	e->fd = fd;
	e->rtcp = rtcp;
	e->tr = (RtpTransport){.data = e,
			       .t_getsocket = socket_h,
			       .t_sendto = send_h,
			       .t_recvfrom = recv_h,
			       .t_close = close_h,
			       .t_destroy = destroy_h};
	return &e->tr;
}

int hs_cipher_open(struct hs_cipher **cp, struct _RtpSession *rtp,
		   const struct hs_sockets *fd)
{
	struct hs_cipher *c = calloc(1, sizeof(*c));
	RtpTransport *rtp_tr, *rtcp_tr, *rtp_meta = NULL, *rtcp_meta = NULL;

	if (!c)
		return ENOMEM;
	rtp_session_get_transports(rtp, &rtp_meta, &rtcp_meta);
	rtp_tr = end_make(c, fd->rtp, false);
	rtcp_tr = end_make(c, fd->rtcp, true);
	if (!rtp_tr || !rtcp_tr || !rtp_meta || !rtcp_meta) {
		free(rtp_tr ? rtp_tr->data : NULL);
		free(rtcp_tr ? rtcp_tr->data : NULL);
		free(c);
		return ENOMEM;
	}
	meta_rtp_transport_set_endpoint(rtp_meta, rtp_tr);
	meta_rtp_transport_set_endpoint(rtcp_meta, rtcp_tr);
	*cp = c;
	return 0;
}

void hs_cipher_close(struct hs_cipher *c)
{
	if (!c)
		return;
	srtpw_free(c->tx);
	srtpw_free(c->rx);
	explicit_bzero(c, sizeof(*c));
	free(c);
}

/* A context that goes on keeps its rollover counter and replay window */
static int context_set(struct srtpw **sp, struct srtpw_key *old,
		       const struct srtpw_key *key)
{
	struct srtpw *s = NULL;
	int err;

	if (srtpw_key_same(old, key))
		return 0;
	err = key->suite ? srtpw_alloc(&s, key) : 0;
	if (err)
		return err;
	srtpw_free(*sp);
	*sp = s;
	*old = *key;
	return 0;
}

int hs_cipher_set(struct hs_cipher *c, const struct srtpw_key *tx,
		  const struct srtpw_key *rx)
{
	const int err = context_set(&c->tx, &c->tx_key, tx);

	return err ? err : context_set(&c->rx, &c->rx_key, rx);
}

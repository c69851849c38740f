/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rx.c  Datagrams in: whose they are, and what becomes of them
 */
#include <errno.h>
#include <string.h>
#include "mixer/bridge.h"
#include "mixer/floorchan.h"
#include "mixer/sweep.h"
#include "util/clock.h"
#include "wire/rtcp.h"
#include "wire/sipscan.h"

void rx_init(struct rx *rx)
{
	unsigned i;

	memset(rx->mm, 0, sizeof(rx->mm));
	for (i = 0; i < RX_BATCH; i++) {
		struct msghdr *m = &rx->mm[i].msg_hdr;

		rx->iov[i] = (struct iovec){rx->buf[i], RX_BYTES};
		m->msg_iov = &rx->iov[i];
		m->msg_iovlen = 1;
		m->msg_name = &rx->src[i].u;
	}
}

static unsigned batch_read(struct rx *rx, const struct sock *s)
{
	unsigned i;
	int n;

	for (i = 0; i < RX_BATCH; i++)
		rx->mm[i].msg_hdr.msg_namelen = sizeof(rx->src[i].u);
	do {
		n = recvmmsg(s->fd, rx->mm, RX_BATCH, MSG_DONTWAIT, NULL);
	} while (n < 0 && errno == EINTR);
	/* Any other error is that of an earlier datagram of ours (ICMP) and
	 * is gone by being read. */
	for (i = 0; n > 0 && i < (unsigned)n; i++)
		rx->src[i].len = rx->mm[i].msg_hdr.msg_namelen;
	return n > 0 ? (unsigned)n : 0;
}

bool rx_proven(struct worker *w, struct leg *leg, struct latch *l,
	       const struct sa *src)
{
	const struct mixer_event ev = {.type = MIXER_LEG_LATCHED,
				       .leg = leg->id,
				       .addr = *src,
				       .at_us = w->now};

	switch (latch_check(l, src, w->now <= leg->window_us)) {
	case LATCH_UNLATCHED:
		STAT_INC(w, drop_unlatched);
		return false;
	case LATCH_FOREIGN:
		STAT_INC(w, drop_unknown_source);
		return false;
	case LATCH_LEARNT:
		sweep_soon(w, leg);
		if (l == &leg->rtp)
			(void)worker_event(w, &ev);
		break;
	case LATCH_OK:
		break;
	}
	leg_count_rx(leg, w->now);
	if (leg->dead)
		sweep_heard(w, leg);
	return true;
}

static void speech(struct worker *w, struct leg *leg,
		   const struct rtpw_hdr *hdr, const uint8_t *p)
{
	const struct seat *seat = leg_sel(leg);
	const unsigned home = id_worker(seat->part->id);
	struct speech_up up = {.bridge = seat->part->id,
			       .leg = leg->id,
			       .member = seat->member,
			       .clock_hz = leg->clock_hz,
			       .hdr = *hdr,
			       .p = p + hdr->payload,
			       .len = (uint32_t)hdr->payload_bytes};
	struct peer_msg *pm;

	leg->spoke = true;
	sweep_soon(w, leg);
	if (home == w->idx) {
		bridge_speech(w, &up);
		return;
	}
	pm = worker_peer(w, home);
	if (!pm)
		return;
	pm->type = PEER_SPEECH_UP;
	pm->u.up = up;
	memcpy(pm->data, up.p, up.len);
	slotq_commit(w->to[home]);
}

static void rx_rtcp(struct worker *w, struct leg *leg, struct latch *l,
		    const struct sa *src, const uint8_t *p, size_t len)
{
	struct rtcpw_info info;

	if (rtcpw_decode(&info, p, len)) {
		STAT_INC(w, drop_rtcp_malformed);
		return;
	}
	if (!rx_proven(w, leg, l, src))
		return;
	STAT_INC(w, rx_rtcp);
	report_take(w, leg, &info, p, len);
}

/* Keys, of who has nothing better to ask by */
static void other_payload(struct worker *w, struct leg *leg,
			  const struct rtpw_hdr *hdr, const uint8_t *p)
{
	if (!leg->pt_event || hdr->pt != leg->pt_event ||
	    !leg_by_keys(leg) || !floorchan_key(w, leg, hdr, p))
		STAT_INC(w, drop_payload_type);
}

static void rx_rtp(struct worker *w, struct leg *leg, const struct sa *src,
		   const uint8_t *p, size_t len)
{
	const struct seat *sel = leg_sel(leg);
	struct rtpw_hdr hdr;

	if (rtcpw_is(p, len)) {
		rx_rtcp(w, leg, &leg->rtp, src, p, len);
		return;
	}
	if (rtpw_decode(&hdr, p, len) || hdr.payload_bytes > SPEECH_BYTES_MAX) {
		STAT_INC(w, drop_malformed);
		return;
	}
	if (!rx_proven(w, leg, &leg->rtp, src))
		return;
	STAT_INC(w, rx_rtp);
	leg->ssrc_rtp = hdr.ssrc;
	leg->has_ssrc_rtp = true;
	reception_rtp(&leg_report(&w->legs, leg)->in, &hdr, leg->clock_hz,
		      w->now);
	if (!hdr.payload_bytes)
		return;
	if (hdr.pt != leg->pt)
		other_payload(w, leg, &hdr, p);
	else if (!sel || !leg->recv)
		STAT_INC(w, drop_idle);
	else if (leg->talk != sel->part)
		STAT_INC(w, drop_not_holder);
	else
		speech(w, leg, &hdr, p);
}

static void datagram(struct worker *w, const struct sock *s,
		     const struct sa *src, const uint8_t *p, size_t len)
{
	const struct ipkey ip = ipkey_of(src);
	struct leg *leg = leg_find(&w->legs, &ip, s->triple);
	struct latch *l;

	if (!leg) {
		STAT_INC(w, drop_no_leg);
		return;
	}
	l = s->kind == PORT_RTP	   ? &leg->rtp
	    : s->kind == PORT_RTCP ? &leg->rtcp
				   : &leg->floor;
	/* An empty datagram keeps a NAT open (RFC 6263 section 4.1): sign of
	 * life from who is known, proof of nothing from others. */
	if (!len) {
		if (!latch_is(l, src))
			STAT_INC(w, drop_malformed);
		else if (rx_proven(w, leg, l, src))
			STAT_INC(w, rx_keepalives);
		return;
	}
	/* A terminal that has nothing to say yet keeps its NAT open, and
	 * shows where it is, with STUN (RFC 6263 section 4.4): it proves as
	 * much as plain RTP does. Nobody waits for an answer. */
	if (s->kind != PORT_FLOOR && sipscan_is_stun(p, len)) {
		(void)rx_proven(w, leg, l, src);
		return;
	}
	switch (s->kind) {
	case PORT_RTP:
		rx_rtp(w, leg, src, p, len);
		break;
	case PORT_RTCP:
		rx_rtcp(w, leg, l, src, p, len);
		break;
	case PORT_FLOOR:
		floorchan_rx(w, leg, src, p, len);
		break;
	}
}

static void batch_take(struct worker *w, const struct sock *s,
		       const struct rx *rx, unsigned n)
{
	unsigned i;

	stats_add(&w->stats, STAT(rx_packets), n);
	for (i = 0; i < n; i++) {
		if (rx->mm[i].msg_hdr.msg_flags & MSG_TRUNC)
			STAT_INC(w, drop_malformed);
		else
			datagram(w, s, &rx->src[i], rx->buf[i],
				 rx->mm[i].msg_len);
	}
	/* What is queued points into the buffers */
	outq_flush(&w->outq);
}

static void drain(struct worker *w, const struct sock *s)
{
	unsigned i, n = RX_BATCH;

	for (i = 0; i < RX_ROUNDS && n == RX_BATCH; i++) {
		n = batch_read(&w->rx[0], s);
		batch_take(w, s, &w->rx[0], n);
	}
}

void rx_sock(struct worker *w, struct sock *s)
{
	unsigned n;

	w->now = clock_mono_us();
	if (s->kind != PORT_FLOOR) {
		drain(w, s);
		return;
	}
	/* A Release must not overtake the speech that was sent before it: the
	 * speech that is there when the Release has been read goes first. */
	n = batch_read(&w->rx[1], s);
	if (!n)
		return;
	drain(w, worker_sock(w, s->triple, PORT_RTP));
	batch_take(w, s, &w->rx[1], n);
}

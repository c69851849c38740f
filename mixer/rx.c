/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rx.c  Datagrams in: whose they are, and what becomes of them
 */
#include <errno.h>
#include <string.h>
#include "mixer/bridge.h"
#include "mixer/dtlschan.h"
#include "mixer/floorchan.h"
#include "mixer/ice.h"
#include "mixer/proof.h"
#include "mixer/rogue.h"
#include "mixer/sweep.h"
#include "mixer/unseal.h"
#include "mixer/voice.h"
#include "util/clock.h"
#include "wire/rtcp.h"
#include "wire/stun.h"

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
	proof_end(w, leg, l);
	switch (latch_check(l, src, w->now <= leg->window_us)) {
	case LATCH_UNLATCHED:
		STAT_INC(w, drop_unlatched);
		return false;
	case LATCH_FOREIGN:
		STAT_INC(w, drop_unknown_source);
		return false;
	case LATCH_LEARNT:
		proof_tell(w, leg, l, MIXER_LEG_LATCHED);
		break;
	case LATCH_OK:
	case LATCH_MOVED: /* Only what is authentic moves */
		break;
	}
	leg_count_rx(leg, w->now);
	if (leg->dead)
		sweep_heard(w, leg);
	return true;
}

void rx_speech(struct worker *w, const struct leg *leg,
	       const struct rtpw_hdr *hdr, const uint8_t *p)
{
	const struct seat *seat = leg_sel(leg);
	const unsigned home = id_worker(seat->part->id);
	struct speech_up up = {.bridge = seat->part->id,
			       .leg = leg->id,
			       .member = seat->member,
			       .clock_hz = leg->clock_hz,
			       .hdr = *hdr,
			       .p = p,
			       .len = (uint32_t)hdr->payload_bytes};
	struct peer_msg *pm;

	if (home == w->idx) {
		bridge_speech(w, &up);
		return;
	}
	pm = worker_peer_speech(w, home);
	if (!pm)
		return;
	pm->type = PEER_SPEECH_UP;
	pm->u.up = up;
	memcpy(pm->data, up.p, up.len);
	slotq_commit(w->to[home]);
}

static bool rtcp_fits(struct worker *w, struct rtcpw_info *info,
		      const uint8_t *p, size_t len)
{
	if (!rtcpw_decode(info, p, len))
		return true;
	STAT_INC(w, drop_rtcp_malformed);
	return false;
}

/* Its source is proven */
static void rtcp_taken(struct worker *w, struct leg *leg,
		       const struct rtcpw_info *info, const uint8_t *p,
		       size_t len)
{
	STAT_INC(w, rx_rtcp);
	report_take(w, leg, info, p, len);
}

static void rx_rtcp(struct worker *w, struct leg *leg, struct latch *l,
		    const struct sa *src, const uint8_t *p, size_t len)
{
	struct rtcpw_info info;

	if (rtcp_fits(w, &info, p, len) && rx_proven(w, leg, l, src))
		rtcp_taken(w, leg, &info, p, len);
}

/* Keys, of who has nothing better to ask by */
static void other_payload(struct worker *w, struct leg *leg,
			  const struct rtpw_hdr *hdr, const uint8_t *p)
{
	if (!leg->pt_event || hdr->pt != leg->pt_event ||
	    !leg_by_keys(leg) || !floorchan_key(w, leg, hdr, p))
		STAT_INC(w, drop_payload_type);
}

void rx_talk(struct worker *w, struct leg *leg, const struct rtpw_hdr *hdr,
	     const uint8_t *p)
{
	leg->spoke = holds_clock(w->now);
	leg->talks = true;
	nap_speech(&w->nap, w->now);
	sweep_soon(w, leg);
	rx_speech(w, leg, hdr, p);
}

static void speech(struct worker *w, struct leg *leg,
		   const struct rtpw_hdr *hdr, const uint8_t *p)
{
	const struct seat *sel = leg_sel(leg);
	/* One that rests has been asked for its speech by the grant, and is
	 * being woken */
	const bool may = sel && (leg->recv || leg->rest);

	if (leg->voice && voice_speech(w, leg, hdr, p))
		return;
	if (may && leg->talk == sel->part) {
		holds_send(w, leg);
		rx_talk(w, leg, hdr, p + hdr->payload);
	} else if (holds_speech(w, leg, hdr, p)) {
		return;
	} else if (may) {
		STAT_INC(w, drop_not_holder);
		rogue_speech(w, leg);
	} else {
		STAT_INC(w, drop_idle);
	}
}

/* Empty ones keep a NAT open (RFC 6263 section 4.2): they begin no account, of
 * a leg that does not speak, but have numbers that are missed in one */
static void reception_note(struct worker *w, const struct leg *leg,
			   const struct rtpw_hdr *hdr)
{
	struct reception *in = &leg_report(&w->legs, leg)->in;

	if (hdr->payload_bytes || in->received)
		reception_rtp(in, hdr, leg->clock_hz, w->now);
}

/* Its source is proven */
static void rtp_taken(struct worker *w, struct leg *leg,
		      const struct rtpw_hdr *hdr, const uint8_t *p)
{
	STAT_INC(w, rx_rtp);
	leg->ssrc_rtp = hdr->ssrc;
	leg->has_ssrc_rtp = true;
	reception_note(w, leg, hdr);
	if (!hdr->payload_bytes)
		return;
	if (hdr->pt != leg->pt)
		other_payload(w, leg, hdr, p);
	else
		speech(w, leg, hdr, p);
}

static bool rtp_fits(struct worker *w, struct rtpw_hdr *hdr, const uint8_t *p,
		     size_t len)
{
	if (!rtpw_decode(hdr, p, len) &&
	    hdr->payload_bytes <= SPEECH_BYTES_MAX)
		return true;
	STAT_INC(w, drop_malformed);
	return false;
}

static void rx_rtp(struct worker *w, struct leg *leg, const struct sa *src,
		   const uint8_t *p, size_t len)
{
	struct rtpw_hdr hdr;

	if (rtcpw_is(p, len))
		rx_rtcp(w, leg, &leg->rtp, src, p, len);
	else if (rtp_fits(w, &hdr, p, len) &&
		 rx_proven(w, leg, &leg->rtp, src))
		rtp_taken(w, leg, &hdr, p);
}

/* --- of secure legs ------------------------------------------------------ */

static void opened(struct worker *w, struct leg *leg, const struct unseal *u)
{
	struct rtpw_hdr hdr;
	struct rtcpw_info info;

	if (!u->rtcp) {
		if (rtp_fits(w, &hdr, u->p, u->len))
			rtp_taken(w, leg, &hdr, u->p);
	} else if (rtcp_fits(w, &info, u->p, u->len)) {
		rtcp_taken(w, leg, &info, u->p, u->len);
	}
}

/* Something for a secure leg that is neither RTP nor RTCP */
static void rx_other(struct worker *w, struct leg *leg, const struct unseal *u)
{
	if (u->s->kind == PORT_RTP && leg->secure->mode == MIXER_DTLS &&
	    dtlschan_is(u->p, u->len))
		dtlschan_rx(w, leg, u->src, u->p, u->len);
	else
		STAT_INC(w, drop_insecure);
}

/* The leg that the address names, if it does, may not be the one that a
 * protected packet is from. false: it is none of a secure leg. */
static bool rx_sealed(struct worker *w, struct leg *leg, struct unseal *u)
{
	const bool own = leg && secure_is(leg->secure);

	if (unseal_read(u)) {
		if (own)
			rx_other(w, leg, u);
		return own;
	}
	if (!own || !latch_is(leg_latch(leg, u->s->kind), u->src)) {
		struct leg *of;

		switch (unseal_find(w, u, &of)) {
		case UNSEAL_OPEN:
			opened(w, of, u);
			return true;
		case UNSEAL_DROPPED:
			return true;
		case UNSEAL_NONE:
			break;
		}
	}
	if (own && unseal_open(w, leg, u))
		opened(w, leg, u);
	return own;
}

/* ------------------------------------------------------------------------- */

static void rx_plain(struct worker *w, const struct sock *s, struct leg *leg,
		     const struct sa *src, const uint8_t *p, size_t len)
{
	struct latch *l = leg_latch(leg, s->kind);

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
	if (s->kind != PORT_FLOOR && stunw_is(p, len)) {
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

static void datagram(struct worker *w, struct sock *s, const struct sa *src,
		     uint8_t *p, size_t len)
{
	struct unseal u = {.s = s, .src = src, .p = p, .len = len};
	struct leg *leg;

	/* A check names its leg itself, wherever it comes from */
	if (s->kind != PORT_FLOOR && stunw_is(p, len) &&
	    ice_rx(w, s, src, p, len))
		return;
	leg = proof_leg(w, s, src);
	if (s->kind != PORT_FLOOR &&
	    (!leg || secure_is(leg->secure) ||
	     !latch_is(leg_latch(leg, s->kind), src)) &&
	    rx_sealed(w, leg, &u))
		return;
	if (leg)
		rx_plain(w, s, leg, src, p, len);
	else if (u.tried)
		unseal_count(w, u.tried);
	else
		STAT_INC(w, drop_no_leg);
}

static void batch_take(struct worker *w, struct sock *s,
		       struct rx *rx, unsigned n)
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

static void drain(struct worker *w, struct sock *s)
{
	unsigned i, n = RX_BATCH;

	for (i = 0; i < RX_ROUNDS && n == RX_BATCH; i++) {
		n = batch_read(&w->rx[0], s);
		batch_take(w, s, &w->rx[0], n);
	}
	w->unread |= n == RX_BATCH;
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

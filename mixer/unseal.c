/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file unseal.c  Protected packets in: whose they are, opened
 */
#include <errno.h>
#include <string.h>
#include "mixer/dtlschan.h"
#include "mixer/proof.h"
#include "mixer/sweep.h"
#include "mixer/unseal.h"
#include "wire/rtp.h"

enum {
	/** Legs with one SSRC on one port that are tried for a packet */
	CANDIDATES = 4,
	/** Packets of unknown addresses that are tried: of a worker.. */
	TRIES = 500,
	TRIES_S = 2000,
	/** ..and of one leg */
	LEG_TRIES = 20,
	LEG_TRIES_S = 50,
	RTCP_HEADER_BYTES = 8,
	CM_RTCP_TAG_BYTES = 10 /**< Behind the index; that of GCM is before */
};

static uint32_t u32_at(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

int unseal_read(struct unseal *u)
{
	struct rtpw_hdr hdr;

	if (rtcpw_is(u->p, u->len)) {
		u->rtcp = true;
		u->ssrc = u32_at(u->p + 4);
		return 0;
	}
	if (u->s->kind != PORT_RTP || rtpw_head(&hdr, u->p, u->len))
		return EBADMSG;
	u->hdr_len = hdr.payload;
	u->ssrc = hdr.ssrc;
	u->seq = hdr.seq;
	return 0;
}

/* --- keys ---------------------------------------------------------------- */

static int open_with(struct srtpw *ctx, struct unseal *u)
{
	size_t len;
	int err;

	if (!ctx)
		return ENOKEY;
	err = u->rtcp ? srtcpw_unprotect(ctx, u->p, u->len, &len)
		      : srtpw_unprotect(ctx, u->p, u->len, u->hdr_len, &len);
	if (!err)
		u->len = len;
	return err;
}

/* With the keys, else with those that were before while their packets may be
 * under way. What cannot be opened is spoilt: a copy is tried first. */
static int open_any(struct worker *w, struct secure *s, struct unseal *u)
{
	int err;

	if (!s->rx_old || w->now >= s->rx_old_us)
		return open_with(s->rx, u);
	memcpy(w->spare[1], u->p, u->len);
	err = open_with(s->rx, u);
	if (!err)
		return 0;
	memcpy(u->p, w->spare[1], u->len);
	u->old = true;
	return open_with(s->rx_old, u) ? err : 0;
}

/* 31 bits (RFC 3711 section 3.4, RFC 7714 section 9.2); 0 if there is none:
 * such a one is not going to be opened */
static uint32_t rtcp_index(const struct secure *s, const struct unseal *u)
{
	const bool cm = s->rx_suite == SRTPW_AES_CM_128_HMAC_SHA1_80 ||
			s->rx_suite == SRTPW_AES_CM_128_HMAC_SHA1_32;
	const size_t tail = 4 + (cm ? CM_RTCP_TAG_BYTES : 0);

	if (u->len < RTCP_HEADER_BYTES + tail)
		return 0;
	return u32_at(u->p + u->len - tail) & 0x7fffffff;
}

/* --- where from ---------------------------------------------------------- */

/* Only what comes later than all before may show where the leg is: an earlier
 * one may have been held back by who listened on the way, or came late. */
static bool newest(struct worker *w, struct leg *leg, const struct unseal *u)
{
	struct secure *s = leg->secure;

	if (u->old)
		return false;
	if (u->rtcp) {
		if (!s->fresh_rtcp && u->index <= s->rtcp_index)
			return false;
		s->fresh_rtcp = false;
		s->rtcp_index = u->index;
		if (!s->heard)
			ssrcs_put(&w->ssrcs, &w->legs, leg, u->ssrc);
		return true;
	}
	if (!s->heard || s->ssrc != u->ssrc) {
		ssrcs_put(&w->ssrcs, &w->legs, leg, u->ssrc);
		s->fresh = true;
	}
	if (!s->fresh && (int16_t)(u->seq - s->seq) <= 0)
		return false;
	s->fresh = false;
	s->seq = u->seq;
	return true;
}

/* The packet is authentic */
static bool prove(struct worker *w, struct leg *leg, const struct unseal *u)
{
	struct latch *l = leg_latch(leg, u->s->kind);

	switch (proof_learn(w, leg, l, u->src, newest(w, leg, u))) {
	case LATCH_UNLATCHED:
	case LATCH_FOREIGN:
		STAT_INC(w, drop_unlatched);
		return false;
	case LATCH_LEARNT:
	case LATCH_MOVED:
	case LATCH_OK:
		break;
	}
	leg_count_rx(leg, w->now);
	if (leg->dead)
		sweep_heard(w, leg);
	dtlschan_heard(w, leg);
	return true;
}

void unseal_count(struct worker *w, int err)
{
	if (err == ENOKEY)
		STAT_INC(w, drop_insecure);
	else if (err == EALREADY)
		STAT_INC(w, drop_replayed);
	else
		STAT_INC(w, drop_unauthentic);
}

bool unseal_open(struct worker *w, struct leg *leg, struct unseal *u)
{
	int err;

	if (u->rtcp)
		u->index = rtcp_index(leg->secure, u);
	err = open_any(w, leg->secure, u);
	if (err) {
		unseal_count(w, err);
		return false;
	}
	return prove(w, leg, u);
}

/* --- of whom ------------------------------------------------------------- */

static bool may_try(struct worker *w, struct secure *s)
{
	if (bucket_take(&s->tries, w->now, LEG_TRIES, LEG_TRIES_S) &&
	    bucket_take(&w->ssrcs.tries, w->now, TRIES, TRIES_S)) {
		STAT_INC(w, move_tries);
		return true;
	}
	STAT_INC(w, move_limited);
	return false;
}

static int try(struct worker *w, struct leg *leg, struct unseal *u)
{
	struct unseal copy = *u;
	int err;

	memcpy(w->spare[0], u->p, u->len);
	copy.p = w->spare[0];
	if (copy.rtcp)
		copy.index = rtcp_index(leg->secure, &copy);
	err = open_any(w, leg->secure, &copy);
	if (err)
		return err;
	/* The buffer of one packet is its own until the batch is sent */
	memcpy(u->p, copy.p, copy.len);
	copy.p = u->p;
	*u = copy;
	return 0;
}

static struct secure *next_of(const struct worker *w, const struct unseal *u,
			      const struct secure *after)
{
	struct secure *s;

	s = ssrcs_next(&w->ssrcs, &w->legs, u->ssrc, u->s->triple, after);
	while (s && !secure_is(s))
		s = ssrcs_next(&w->ssrcs, &w->legs, u->ssrc, u->s->triple, s);
	return s;
}

enum unseal_found unseal_find(struct worker *w, struct unseal *u,
			      struct leg **legp)
{
	struct secure *s = NULL;
	unsigned i;

	for (i = 0; i < CANDIDATES && (s = next_of(w, u, s)); i++) {
		struct leg *leg = &w->legs.v[s->slot];

		if (!may_try(w, s))
			return UNSEAL_DROPPED;
		u->tried = try(w, leg, u);
		if (!u->tried) {
			*legp = leg;
			return prove(w, leg, u) ? UNSEAL_OPEN
						: UNSEAL_DROPPED;
		}
	}
	return UNSEAL_NONE;
}

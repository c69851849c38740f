/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file secure.c  What protects the RTP and RTCP of one leg
 */
#include <errno.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include "mixer/dtlschan.h"
#include "mixer/sweep.h"
#include "mixer/worker.h"

static void secure_destructor(void *arg)
{
	struct secure *s = arg;

	srtpw_free(s->tx);
	srtpw_free(s->rx);
	srtpw_free(s->rx_old);
	OPENSSL_cleanse(s, sizeof(*s));
}

/* --- what the SDPs say --------------------------------------------------- */

static void id_make_of(struct secure_id *id, const struct srtpw_key *key)
{
	uint8_t md[SHA256_DIGEST_LENGTH];

	(void)SHA256(key->v, key->len, md);
	memcpy(id->v, md, sizeof(id->v));
	OPENSSL_cleanse(md, sizeof(md));
}

static bool id_eq(const struct secure_id *a, const struct secure_id *b)
{
	return !memcmp(a->v, b->v, sizeof(a->v));
}

static int sdes_init(struct secure *s, const struct mixer_leg_remote *r)
{
	int err;

	if (r->key_rx.len > SRTPW_KEY_BYTES_MAX ||
	    r->key_tx.len > SRTPW_KEY_BYTES_MAX)
		return EINVAL;
	err = srtpw_alloc(&s->rx, &r->key_rx);
	if (!err)
		err = srtpw_alloc(&s->tx, &r->key_tx);
	if (err)
		return err;
	id_make_of(&s->rx_id, &r->key_rx);
	id_make_of(&s->tx_id, &r->key_tx);
	s->rx_suite = r->key_rx.suite;
	return 0;
}

static int dtls_init(struct secure *s, const struct mixer_dtls *d)
{
	if (!d->len || d->len > sizeof(d->fingerprint) ||
	    !memchr(d->hash, 0, sizeof(d->hash)))
		return EINVAL;
	s->dtls = *d;
	return 0;
}

int secure_alloc(struct secure **sp, const struct mixer_leg_remote *r)
{
	struct secure *s;
	int err = EINVAL;

	s = mem_zalloc(sizeof(*s), secure_destructor);
	if (!s)
		return ENOMEM;
	s->mode = (uint8_t)r->security;
	s->fresh = s->fresh_rtcp = true;
	switch (r->security) {
	case MIXER_PLAIN:
		break;
	case MIXER_SDES:
		err = sdes_init(s, r);
		break;
	case MIXER_DTLS:
		err = dtls_init(s, &r->dtls);
		break;
	}
	if (err)
		mem_deref(s);
	else
		*sp = s;
	return err;
}

/* --- keys ---------------------------------------------------------------- */

static void insecure(struct worker *w, const struct leg *leg,
		     enum mixer_insecure reason)
{
	(void)worker_leg_event(w, leg, MIXER_LEG_INSECURE, reason);
}

static void secured(struct worker *w, const struct leg *leg)
{
	(void)worker_leg_event(w, leg, MIXER_LEG_SECURED,
			       leg->secure->rx_suite);
}

/* The context is given away */
static void rx_renew(struct worker *w, struct secure *s, struct srtpw *rx)
{
	if (s->rx) {
		srtpw_free(s->rx_old);
		s->rx_old = s->rx;
		s->rx_old_us = w->now + SECURE_OLD_US;
	}
	s->rx = rx;
	/* Its place among the SSRCs stays; which packet is the newest one of
	 * the new key is not known */
	s->fresh = s->fresh_rtcp = true;
}

static void tx_renew(struct secure *s, struct srtpw *tx)
{
	static const struct secure_id none;

	if (s->tx && !id_eq(&s->tx_id, &none))
		s->usedv[s->usedc++ % SECURE_USED] = s->tx_id;
	srtpw_free(s->tx);
	s->tx = tx;
}

static bool tx_was_used(const struct secure *s, const struct secure_id *id)
{
	unsigned i;

	for (i = 0; i < SECURE_USED; i++)
		if (id_eq(&s->usedv[i], id))
			return true;
	return false;
}

static struct srtpw *give(struct srtpw **ctxp)
{
	struct srtpw *ctx = *ctxp;

	*ctxp = NULL;
	return ctx;
}

/* Each direction by itself: the key that is the same goes on */
static void sdes_set(struct worker *w, struct leg *leg, struct secure *fresh)
{
	struct secure *s = leg->secure;
	const bool other_rx = !s->rx || !id_eq(&s->rx_id, &fresh->rx_id);
	const bool other_tx = !s->tx || !id_eq(&s->tx_id, &fresh->tx_id);

	if (s->mode == MIXER_DTLS)
		dtlschan_end(w, leg);
	if (other_tx && tx_was_used(s, &fresh->tx_id)) {
		tx_renew(s, NULL);
		memset(&s->tx_id, 0, sizeof(s->tx_id));
		insecure(w, leg, MIXER_INSECURE_KEY_USED);
	} else if (other_tx) {
		tx_renew(s, give(&fresh->tx));
		s->tx_id = fresh->tx_id;
	}
	if (other_rx) {
		rx_renew(w, s, give(&fresh->rx));
		s->rx_id = fresh->rx_id;
		s->rx_suite = fresh->rx_suite;
	}
	if (s->tx && (other_rx || other_tx || s->mode != MIXER_SDES))
		secured(w, leg);
	s->mode = MIXER_SDES;
}

static bool same_certificate(const struct secure *a, const struct secure *b)
{
	return a->dtls.len == b->dtls.len &&
	       !strcmp(a->dtls.hash, b->dtls.hash) &&
	       !memcmp(a->dtls.fingerprint, b->dtls.fingerprint, a->dtls.len);
}

static void keys_drop(struct worker *w, struct secure *s)
{
	rx_renew(w, s, NULL);
	tx_renew(s, NULL);
	memset(&s->rx_id, 0, sizeof(s->rx_id));
	memset(&s->tx_id, 0, sizeof(s->tx_id));
}

static void dtls_set(struct worker *w, struct leg *leg,
		     const struct secure *fresh)
{
	struct secure *s = leg->secure;

	if (s->mode == MIXER_DTLS && same_certificate(s, fresh) &&
	    s->dtls_state != SECURE_DTLS_FAILED)
		return;
	keys_drop(w, s);
	s->mode = MIXER_DTLS;
	s->dtls = fresh->dtls;
	dtlschan_begin(w, leg);
}

void secure_set(struct worker *w, struct leg *leg, struct secure *fresh)
{
	struct secure *s = leg->secure;

	if (!fresh) {
		/* Its contexts stay: their keys may come back */
		if (s && s->mode == MIXER_DTLS) {
			dtlschan_end(w, leg);
			keys_drop(w, s);
		}
		if (s)
			s->mode = MIXER_PLAIN;
		return;
	}
	if (!s) {
		s = leg->secure = mem_ref(fresh);
		if (s->mode == MIXER_SDES)
			secured(w, leg);
		else
			dtlschan_begin(w, leg);
	} else if (fresh->mode == MIXER_SDES) {
		sdes_set(w, leg, fresh);
	} else {
		dtls_set(w, leg, fresh);
	}
	mem_deref(fresh);
}

int secure_keys(struct worker *w, struct leg *leg, const struct srtpw_key *rx,
		const struct srtpw_key *tx)
{
	struct secure *s = leg->secure;
	struct srtpw *rxc = NULL, *txc = NULL;
	int err;

	err = srtpw_alloc(&rxc, rx);
	if (!err)
		err = srtpw_alloc(&txc, tx);
	if (err) {
		srtpw_free(rxc);
		return err;
	}
	rx_renew(w, s, rxc);
	sweep_soon(w, leg);
	tx_renew(s, txc);
	s->rx_suite = rx->suite;
	secured(w, leg);
	return 0;
}

bool secure_visit(struct worker *w, struct leg *leg)
{
	struct secure *s = leg->secure;

	if (s->rx_old && w->now >= s->rx_old_us) {
		srtpw_free(s->rx_old);
		s->rx_old = NULL;
	}
	if (s->mode == MIXER_DTLS)
		dtlschan_visit(w, leg);
	return s->rx_old || s->dtls_state == SECURE_DTLS_DUE;
}

void secure_del(struct worker *w, struct leg *leg)
{
	struct secure *s = leg->secure;

	if (!s)
		return;
	if (s->mode == MIXER_DTLS)
		dtlschan_end(w, leg);
	ssrcs_del(&w->ssrcs, &w->legs, s);
	leg->secure = mem_deref(s);
}

/* --- out ----------------------------------------------------------------- */

bool secure_seal(struct worker *w, const struct leg *leg, const uint8_t *hdr,
		 const uint8_t *p, size_t len, uint8_t *out, size_t *lenp)
{
	struct srtpw *tx = leg->secure->tx;

	if (tx && !srtpw_protect(tx, hdr, RTPW_HEADER_BYTES, p, len, out,
				 lenp))
		return true;
	STAT_INC(w, tx_insecure);
	return false;
}

bool secure_seal_rtcp(struct worker *w, const struct leg *leg, uint8_t *p,
		      size_t len, size_t size, size_t *lenp)
{
	struct srtpw *tx = leg->secure->tx;

	if (tx && !srtcpw_protect(tx, p, len, size, lenp))
		return true;
	STAT_INC(w, tx_insecure);
	return false;
}

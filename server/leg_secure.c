/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include "server/leg_secure.h"

/* --- its life ------------------------------------------------------------ */

static void secure_destructor(void *arg)
{
	struct leg_secure *s = arg;

	mem_deref(s->ufrag);
	mem_deref(s->pwd);
	sdpsec_wipe(s, sizeof(*s));
}

static struct leg_secure *secure_alloc(void)
{
	return mem_zalloc(sizeof(struct leg_secure), secure_destructor);
}

/* --- our offer ----------------------------------------------------------- */

static int offers_make(struct leg_secure *s)
{
	/* AES-256 costs twice as much and is no safer for speech */
	static const enum srtpw_suite suitev[LEG_SECURE_OFFERS_MAX] = {
		SRTPW_AEAD_AES_128_GCM, SRTPW_AES_CM_128_HMAC_SHA1_80,
		SRTPW_AES_CM_128_HMAC_SHA1_32
	};
	unsigned i;
	int err = 0;

	for (i = 0; i < LEG_SECURE_OFFERS_MAX && !err; i++) {
		s->cryptov[i].tag = i + 1;
		err = srtpw_key_make(&s->cryptov[i].key, suitev[i]);
	}

	s->kind = MIXER_SDES;
	s->cryptoc = i;
	return err;
}

int leg_secure_offer(struct leg_secure **sp, enum bus_security policy)
{
	struct leg_secure *s = NULL;
	int err = 0;

	if (policy != BUS_SECURITY_PLAIN && policy != BUS_SECURITY_ANY) {
		s = secure_alloc();
		if (!s)
			return ENOMEM;
	}

	switch (policy) {

	case BUS_SECURITY_PLAIN:
	case BUS_SECURITY_ANY:
		break;

	case BUS_SECURITY_OPPORTUNISTIC:
		s->opportunistic = s->beside = true;
		err = offers_make(s);
		break;

	case BUS_SECURITY_SRTP:
		err = offers_make(s);
		break;

	case BUS_SECURITY_DTLS:
		s->kind = MIXER_DTLS;
		s->setup = SDPSEC_ACTPASS;
		s->ice = s->mux = true;
		break;
	}

	if (err) {
		mem_deref(s);
		return err;
	}

	mem_deref(*sp);
	*sp = s;
	return 0;
}

enum sdpsec_profile leg_secure_profile(const struct leg_secure *s)
{
	if (!s || s->beside || s->kind == MIXER_PLAIN)
		return SDPSEC_AVP;

	return s->kind == MIXER_DTLS ? SDPSEC_DTLS_SAVP : SDPSEC_SAVP;
}

/* --- what the terminal says ---------------------------------------------- */

bool leg_secure_restarts(const struct leg_secure *s, const struct sdpsec *sec,
			 bool ice)
{
	/* It had others before (RFC 8839 section 4.4.1.1.1) */
	return ice && sec->ice && s && s->ufrag &&
		(pl_strcmp(&sec->ufrag, s->ufrag) ||
		 pl_strcmp(&sec->pwd, s->pwd));
}

/* Both or none: what is known decides what the next offer restarts */
static int ice_set(struct leg_secure *s, const struct sdpsec *sec)
{
	char *ufrag = NULL, *pwd = NULL;

	if (pl_strdup(&ufrag, &sec->ufrag) || pl_strdup(&pwd, &sec->pwd)) {
		mem_deref(ufrag);
		return ENOMEM;
	}

	mem_deref(s->ufrag);
	mem_deref(s->pwd);
	s->ufrag = ufrag;
	s->pwd = pwd;
	return 0;
}

/* The terminal that renews its key starts its counters afresh, and may take it
 * for granted that we do: our key is renewed with it. */
static int sdes_answer(struct leg_secure *s, const struct sdpsec *sec)
{
	const struct sdpsec_crypto *c = &sec->cryptov[0];
	int err = 0;

	if (s->kind != MIXER_SDES || !srtpw_key_same(&s->rx, &c->key))
		err = srtpw_key_make(&s->cryptov[0].key,
				     (enum srtpw_suite)c->key.suite);

	s->cryptov[0].tag = c->tag;
	s->cryptoc = 1;
	s->rx = c->key;
	return err;
}

/* RFC 8842 section 5.3: passive is ours where the terminal leaves the choice,
 * but an association that stands keeps its roles. */
static void dtls_answer(struct leg_secure *s, const struct sdpsec *sec,
			bool restart)
{
	const bool stands = s->kind == MIXER_DTLS && !restart &&
		sdpsec_fingerprint_same(&s->fingerprint, &sec->fingerprint);

	if (sec->setup == SDPSEC_PASSIVE)
		s->setup = SDPSEC_ACTIVE;
	else if (sec->setup != SDPSEC_ACTPASS || !stands)
		s->setup = SDPSEC_PASSIVE;

	s->fingerprint = sec->fingerprint;
}

int leg_secure_answer(struct leg_secure **sp, enum mixer_security kind,
		      const struct sdpsec *sec, enum sdpsec_profile profile,
		      bool ice)
{
	const bool restart = leg_secure_restarts(*sp, sec, ice);
	struct leg_secure *s = *sp;
	int err = 0;

	ice = ice && sec->ice;
	if (kind == MIXER_PLAIN && !ice && !sec->mux) {
		*sp = mem_deref(s);
		return 0;
	}

	if (!s)
		s = secure_alloc();
	if (!s)
		return ENOMEM;

	*sp = s;
	if (ice)
		err = ice_set(s, sec);
	if (!err && kind == MIXER_SDES)
		err = sdes_answer(s, sec);
	if (kind == MIXER_DTLS)
		dtls_answer(s, sec, restart);

	if (s->kind != kind)
		s->suite = SRTPW_NONE;
	s->kind = kind;
	s->opportunistic = false;
	s->beside = !sdpsec_profile_secure(profile);
	s->ice = ice;
	s->mux = sec->mux;
	return err;
}

const struct sdpsec_crypto *leg_secure_offered(const struct leg_secure *s,
					       const struct sdpsec *sec)
{
	unsigned i, k;

	for (k = 0; k < sec->cryptoc; k++)
		for (i = 0; i < s->cryptoc; i++)
			if (s->cryptov[i].tag == sec->cryptov[k].tag &&
			    s->cryptov[i].key.suite ==
				    sec->cryptov[k].key.suite)
				return &s->cryptov[i];

	return NULL;
}

static void sdes_agree(struct leg_secure *s, const struct sdpsec *sec)
{
	const struct sdpsec_crypto *c = leg_secure_offered(s, sec);
	struct sdpsec_crypto ours;
	unsigned k;

	if (!c)
		return;

	ours = *c;
	sdpsec_wipe(s->cryptov, sizeof(s->cryptov));
	s->cryptov[0] = ours;
	s->cryptoc = 1;
	for (k = 0; k < sec->cryptoc; k++)
		if (sec->cryptov[k].tag == ours.tag)
			s->rx = sec->cryptov[k].key;

	sdpsec_wipe(&ours, sizeof(ours));
}

int leg_secure_agree(struct leg_secure **sp, enum mixer_security kind,
		     const struct sdpsec *sec)
{
	struct leg_secure *s = *sp;

	if (!s)
		return 0;

	s->ice = s->ice && sec->ice;
	s->mux = s->mux && sec->mux;
	if (kind == MIXER_PLAIN && !s->ice && !s->mux) {
		*sp = mem_deref(s);
		return 0;
	}

	if (kind == MIXER_SDES)
		sdes_agree(s, sec);
	if (kind == MIXER_DTLS) {
		s->setup = sec->setup == SDPSEC_PASSIVE ? SDPSEC_ACTIVE
							: SDPSEC_PASSIVE;
		s->fingerprint = sec->fingerprint;
	}

	s->kind = kind;
	s->opportunistic = false;
	return s->ice ? ice_set(s, sec) : 0;
}

/* --- to the switch ------------------------------------------------------- */

void leg_secure_remote(struct mixer_leg_remote *r, const struct leg_secure *s)
{
	if (!s)
		return;

	r->rtcp_mux = s->mux;
	r->ice = s->ice;
	r->security = s->kind;
	switch (s->kind) {

	case MIXER_PLAIN:
		break;

	case MIXER_SDES:
		r->key_rx = s->rx;
		r->key_tx = s->cryptov[0].key;
		break;

	case MIXER_DTLS:
		r->dtls.active = s->setup == SDPSEC_ACTIVE;
		r->dtls.len = s->fingerprint.len;
		memcpy(r->dtls.hash, s->fingerprint.hash,
		       sizeof(r->dtls.hash));
		memcpy(r->dtls.fingerprint, s->fingerprint.v,
		       s->fingerprint.len);
		break;
	}

	if (s->mux)
		r->rtcp = r->rtp;
}

/* --- printing ------------------------------------------------------------ */

int leg_secure_session_print(struct mbuf *mb, const struct leg_secure *s)
{
	if (!s || !s->ice)
		return 0;

	return mbuf_write_str(mb, "a=ice-lite\r\na=ice-options:ice2\r\n")
		? ENOMEM : 0;
}

static int ice_print(struct mbuf *mb, const struct leg_secure_line *l)
{
	struct sa addr = *l->addr;
	int err;

	err = sdpsec_ice_print(mb, l->ice->ufrag, l->ice->pwd);
	sa_set_port(&addr, l->rtp);
	err |= sdpsec_candidate_print(mb, 1, &addr);
	/* Until the far side has agreed to have RTCP on the RTP port */
	if (!l->secure->mux || l->secure->setup == SDPSEC_ACTPASS) {
		sa_set_port(&addr, l->rtcp);
		err |= sdpsec_candidate_print(mb, 2, &addr);
	}

	return err | mbuf_write_str(mb, "a=end-of-candidates\r\n");
}

int leg_secure_line_print(struct mbuf *mb, const struct leg_secure_line *l)
{
	const struct leg_secure *s = l->secure;
	unsigned i;
	int err = 0;

	if (!s)
		return 0;

	if (s->mux)
		err |= mbuf_write_str(mb, "a=rtcp-mux\r\n");

	switch (s->kind) {

	case MIXER_PLAIN:
		break;

	case MIXER_SDES:
		for (i = 0; i < s->cryptoc; i++)
			err |= sdpsec_crypto_print(mb, &s->cryptov[i]);
		break;

	case MIXER_DTLS:
		err |= mbuf_printf(mb, "a=fingerprint:%s\r\na=setup:%s\r\n",
				   l->fingerprint,
				   sdpsec_setup_name(s->setup));
		break;
	}

	if (s->ice)
		err |= ice_print(mb, l);

	return err ? ENOMEM : 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file ice.c  ICE-lite of one leg
 */
#include <errno.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include "mixer/ice.h"
#include "mixer/proof.h"
#include "mixer/sweep.h"
#include "wire/stun.h"

/* ice-char (RFC 8839 section 5.4) */
static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv"
			     "wxyz0123456789+/";

enum {
	SLOT_CHARS = 4, /* 24 bits, as many as a slot has */
	UFRAG_CHARS = MIXER_UFRAG_BYTES - 1,
	PWD_CHARS = MIXER_PWD_BYTES - 1
};

_Static_assert(ID_SLOTS_MAX == 1 << (6 * SLOT_CHARS), "a slot has its digits");

/* --- credentials --------------------------------------------------------- */

static int random_chars(char *p, size_t n)
{
	uint8_t v[UFRAG_CHARS + PWD_CHARS];
	size_t i;

	if (RAND_bytes(v, (int)n) != 1)
		return EIO;
	for (i = 0; i < n; i++)
		p[i] = digits[v[i] & 63];
	p[n] = '\0';
	OPENSSL_cleanse(v, sizeof(v));
	return 0;
}

int ice_make(struct mixer_ice *cred, uint32_t slot)
{
	unsigned i;
	int err;

	for (i = 0; i < SLOT_CHARS; i++)
		cred->ufrag[i] = digits[slot >> (6 * i) & 63];
	err = random_chars(&cred->ufrag[SLOT_CHARS], UFRAG_CHARS - SLOT_CHARS);
	return err ? err : random_chars(cred->pwd, PWD_CHARS);
}

static void ice_destructor(void *arg)
{
	struct ice *ice = arg;

	OPENSSL_cleanse(ice, sizeof(*ice));
}

int ice_alloc(struct ice **ip, uint32_t slot)
{
	struct ice *ice = mem_zalloc(sizeof(*ice), ice_destructor);
	int err;

	if (!ice)
		return ENOMEM;
	err = ice_make(&ice->now, slot);
	if (err)
		mem_deref(ice);
	else
		*ip = ice;
	return err;
}

/* The terminal knows those that were used last: of two restarts without a
 * check between them the first keeps them */
void ice_restart(struct ice *ice, const struct mixer_ice *cred)
{
	if (!ice->old.ufrag[0])
		ice->old = ice->now;
	ice->now = *cred;
}

static void restarted(struct ice *ice)
{
	OPENSSL_cleanse(&ice->old, sizeof(ice->old));
	memset(ice->pairv, ICE_PAIR_NONE, sizeof(ice->pairv));
}

static uint32_t slot_of(const char *ufrag)
{
	uint32_t slot = 0;
	unsigned i;

	for (i = 0; i < SLOT_CHARS; i++) {
		const char *d = memchr(digits, ufrag[i], 64);

		if (!d)
			return UINT32_MAX;
		slot |= (uint32_t)(d - digits) << (6 * i);
	}
	return slot;
}

/* USERNAME is ours, a colon, and the peer's (RFC 8445 section 7.1.2) */
static bool named(const struct mixer_ice *cred, const struct pl *user)
{
	return !CRYPTO_memcmp(cred->ufrag, user->p, UFRAG_CHARS) &&
	       user->p[UFRAG_CHARS] == ':';
}

static struct leg *leg_named(const struct worker *w, const struct sock *s,
			     const struct pl *user,
			     const struct mixer_ice **credp)
{
	struct leg *leg;
	uint32_t slot;

	if (user->l <= UFRAG_CHARS)
		return NULL;
	slot = slot_of(user->p);
	if (slot >= w->legs.high)
		return NULL;
	leg = &w->legs.v[slot];
	/* To another port than its own it sends by mistake, or for somebody
	 * else */
	if (!leg->id || !leg->ice || leg->ice->off ||
	    leg->triple != s->triple)
		return NULL;
	if (named(&leg->ice->now, user))
		*credp = &leg->ice->now;
	else if (leg->ice->old.ufrag[0] && named(&leg->ice->old, user))
		*credp = &leg->ice->old;
	else
		return NULL;
	return leg;
}

/* --- checks -------------------------------------------------------------- */

/* Each costs two sums. A storm from elsewhere, by who has read the ufrag on
 * its way, takes nothing from the proven address. */
static bool in_time(struct worker *w, struct ice *ice, const struct latch *l,
		    const struct sa *src)
{
	if (latch_holds(l, src))
		return bucket_take(&ice->known, w->now, ICE_KNOWN_BURST,
				   ICE_KNOWN_PER_S);
	return bucket_take(&ice->other, w->now, ICE_OTHER_BURST,
			   ICE_OTHER_PER_S) &&
	       bucket_take(&w->checks, w->now, ICE_WORKER_BURST,
			   ICE_WORKER_PER_S);
}

static bool is_silent(const struct worker *w, const struct leg *leg)
{
	return w->now - atomic_load_explicit(&leg->heard_us,
					     memory_order_relaxed) >=
	       ICE_SILENT_US;
}

/* Is the channel to be where this authentic check came from? */
static bool moves(const struct worker *w, const struct leg *leg,
		  const struct sock *s, bool nominates)
{
	return nominates || leg->ice->pairv[s->kind] == ICE_PAIR_NONE ||
	       is_silent(w, leg);
}

static void pair_note(struct ice *ice, enum port_kind kind, bool nominates)
{
	if (nominates)
		ice->pairv[kind] = ICE_PAIR_NOMINATED;
	else if (ice->pairv[kind] == ICE_PAIR_NONE)
		ice->pairv[kind] = ICE_PAIR_FIRST;
}

/* @return false: the address is another leg's */
static bool proven(struct worker *w, struct leg *leg, const struct sock *s,
		   const struct sa *src, bool nominates)
{
	struct latch *l = leg_latch(leg, s->kind);

	if (!latch_holds(l, src)) {
		if (!moves(w, leg, s, nominates))
			return true;
		if (!proof_move(w, leg, l, src))
			return false;
	}
	pair_note(leg->ice, s->kind, nominates);
	/* A check from elsewhere that moves nothing is no sign of life of the
	 * address that is in use */
	leg_count_rx(leg, w->now);
	if (leg->dead)
		sweep_heard(w, leg);
	return true;
}

static void answer(struct worker *w, struct sock *s, const struct sa *src,
		   const struct stunw_msg *msg, const struct mixer_ice *cred)
{
	uint8_t buf[STUNW_RESPONSE_MAX];
	size_t len;

	if (msg->unknownc)
		stunw_error(buf, &len, msg, 420, cred->pwd, PWD_CHARS);
	else if (msg->controlled)
		stunw_error(buf, &len, msg, 487, cred->pwd, PWD_CHARS);
	else
		stunw_success(buf, &len, msg, src, cred->pwd, PWD_CHARS);
	outq_copy(&w->outq, s, src, buf, len);
	if (msg->unknownc || msg->controlled)
		STAT_INC(w, stun_errors);
	else
		STAT_INC(w, stun_answers);
}

static void check(struct worker *w, struct sock *s, const struct sa *src,
		  struct leg *leg, const struct stunw_msg *msg,
		  const struct mixer_ice *cred)
{
	struct ice *ice = leg->ice;

	STAT_INC(w, stun_checks);
	if (cred == &ice->now && ice->old.ufrag[0])
		restarted(ice);
	/* What is refused proves nothing (RFC 8445 section 7.3) */
	if (!msg->unknownc && !msg->controlled &&
	    !proven(w, leg, s, src, msg->use_candidate)) {
		STAT_INC(w, drop_unknown_source);
		return;
	}
	answer(w, s, src, msg, cred);
}

bool ice_rx(struct worker *w, struct sock *s, const struct sa *src,
	    const uint8_t *p, size_t len)
{
	const struct mixer_ice *cred;
	struct stunw_msg msg;
	struct leg *leg;

	if (stunw_decode(&msg, p, len)) {
		STAT_INC(w, drop_malformed);
		return true;
	}
	if (msg.cls != STUNW_REQUEST || !msg.username.p)
		return false;
	leg = leg_named(w, s, &msg.username, &cred);
	if (!leg || !msg.integrity || !msg.fingerprint ||
	    msg.method != STUNW_BINDING) {
		STAT_INC(w, drop_stun_credentials);
		return true;
	}
	if (!in_time(w, leg->ice, leg_latch(leg, s->kind), src))
		STAT_INC(w, drop_stun_rate);
	else if (!stunw_authentic(&msg, p, cred->pwd, PWD_CHARS))
		STAT_INC(w, drop_stun_credentials);
	else
		check(w, s, src, leg, &msg, cred);
	return true;
}

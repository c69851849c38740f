/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file srtp_peer_test.c  SRTP and SRTCP both ways with two other
 *                         implementations: libsrtp2 and libre (missions P7, P8)
 */
#include <errno.h>
#include <stdio.h>

#include <re.h>
#include <srtp2/srtp.h>

#include "tests/unit/srtp_rig.h"

/** Packets of each kind a suite and direction is tried with; they cross one
 *  wrap */
enum { PACKETS = 600, FIRST = 0x10000 - PACKETS / 2, REPORT_EVERY = 7 };

/** Another implementation, one direction; in place, room behind; 0 if it is
 *  content */
struct peer {
	void *(*alloc)(const struct srtpw_key *key, bool send);
	void (*free)(void *peer);
	int (*protect)(void *peer, struct packet *k, bool rtcp);
	int (*unprotect)(void *peer, struct packet *k, bool rtcp);
	/** libre 1.1.0 shortens the tag of RTCP, too, with
	 *  AES_CM_128_HMAC_SHA1_32: against RFC 4568 section 6.2.2 */
	bool short_rtcp_tag;
};

static void policy_of(srtp_policy_t *p, enum srtpw_suite suite)
{
	switch (suite) {
	case SRTPW_AEAD_AES_128_GCM:
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&p->rtp);
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&p->rtcp);
		break;
	case SRTPW_AEAD_AES_256_GCM:
		srtp_crypto_policy_set_aes_gcm_256_16_auth(&p->rtp);
		srtp_crypto_policy_set_aes_gcm_256_16_auth(&p->rtcp);
		break;
	case SRTPW_AES_CM_128_HMAC_SHA1_80:
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&p->rtp);
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&p->rtcp);
		break;
	case SRTPW_AES_CM_128_HMAC_SHA1_32:
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&p->rtp);
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&p->rtcp);
		break;
	case SRTPW_NONE:
		fail();
	}
}

static void *libsrtp_alloc(const struct srtpw_key *key, bool send)
{
	struct srtpw_key copy = *key;
	srtp_policy_t policy;
	srtp_t s = NULL;

	memset(&policy, 0, sizeof(policy));
	policy_of(&policy, (enum srtpw_suite)key->suite);
	policy.ssrc.type = send ? ssrc_any_outbound : ssrc_any_inbound;
	policy.key = copy.v;
	policy.window_size = SRTPW_WINDOW;
	assert_int_equal(srtp_create(&s, &policy), srtp_err_status_ok);
	return s;
}

static void libsrtp_free(void *peer)
{
	srtp_dealloc(peer);
}

static int libsrtp_protect(void *peer, struct packet *k, bool rtcp)
{
	int len = (int)k->len;
	srtp_err_status_t status;

	status = rtcp ? srtp_protect_rtcp(peer, k->p, &len) :
			srtp_protect(peer, k->p, &len);
	k->len = (size_t)len;
	return (int)status;
}

static int libsrtp_unprotect(void *peer, struct packet *k, bool rtcp)
{
	int len = (int)k->len;
	srtp_err_status_t status;

	status = rtcp ? srtp_unprotect_rtcp(peer, k->p, &len) :
			srtp_unprotect(peer, k->p, &len);
	k->len = (size_t)len;
	return (int)status;
}

static const struct peer libsrtp = { libsrtp_alloc, libsrtp_free,
				     libsrtp_protect, libsrtp_unprotect,
				     false };

static void *libre_alloc(const struct srtpw_key *key, bool send)
{
	static const enum srtp_suite suites[SRTPW_SUITES] = {
		[SRTPW_AEAD_AES_128_GCM] = SRTP_AES_128_GCM,
		[SRTPW_AEAD_AES_256_GCM] = SRTP_AES_256_GCM,
		[SRTPW_AES_CM_128_HMAC_SHA1_80] = SRTP_AES_CM_128_HMAC_SHA1_80,
		[SRTPW_AES_CM_128_HMAC_SHA1_32] = SRTP_AES_CM_128_HMAC_SHA1_32,
	};
	struct srtp *s = NULL;

	(void)send;
	assert_int_equal(srtp_alloc(&s, suites[key->suite], key->v, key->len,
				    0), 0);
	return s;
}

static void libre_free(void *peer)
{
	mem_deref(peer);
}

static int libre_run(int (*run)(struct srtp *, struct mbuf *), void *peer,
		     struct packet *k)
{
	struct mbuf *mb = mbuf_alloc(sizeof(k->p));
	int err;

	assert_non_null(mb);
	assert_int_equal(mbuf_write_mem(mb, k->p, k->len), 0);
	mb->pos = 0;
	err = run(peer, mb);
	memcpy(k->p, mb->buf, mb->end);
	k->len = mb->end;
	mem_deref(mb);
	return err;
}

static int libre_protect(void *peer, struct packet *k, bool rtcp)
{
	return libre_run(rtcp ? srtcp_encrypt : srtp_encrypt, peer, k);
}

static int libre_unprotect(void *peer, struct packet *k, bool rtcp)
{
	return libre_run(rtcp ? srtcp_decrypt : srtp_decrypt, peer, k);
}

static const struct peer libre = { libre_alloc, libre_free, libre_protect,
				   libre_unprotect, true };

static bool reports(const struct peer *peer, enum srtpw_suite suite,
		    unsigned i)
{
	return i % REPORT_EVERY == 0 &&
	       !(peer->short_rtcp_tag &&
		 suite == SRTPW_AES_CM_128_HMAC_SHA1_32);
}

static void to_peer(const struct peer *peer, enum srtpw_suite suite)
{
	const struct srtpw_key key = rig_key(suite, 5);
	struct srtpw *tx = rig_context(suite, 5);
	void *rx = peer->alloc(&key, false);
	struct packet plain, k;
	unsigned i;

	for (i = 0; i < PACKETS; i++) {
		plain = rig_rtp(RIG_SSRC, (uint16_t)(FIRST + i), i);
		assert_int_equal(rig_protect(tx, &plain, &k), 0);
		assert_int_equal(peer->unprotect(rx, &k, false), 0);
		rig_same(&k, &plain);
		if (!reports(peer, suite, i))
			continue;
		k = plain = rig_rtcp(RIG_SSRC);
		assert_int_equal(srtcpw_protect(tx, k.p, k.len, sizeof(k.p),
						&k.len), 0);
		assert_int_equal(peer->unprotect(rx, &k, true), 0);
		rig_same(&k, &plain);
	}
	peer->free(rx);
	srtpw_free(tx);
}

static void from_peer(const struct peer *peer, enum srtpw_suite suite)
{
	const struct srtpw_key key = rig_key(suite, 5);
	struct srtpw *rx = rig_context(suite, 5);
	void *tx = peer->alloc(&key, true);
	struct packet plain, k, got;
	unsigned i;

	for (i = 0; i < PACKETS; i++) {
		k = plain = rig_rtp(RIG_SSRC, (uint16_t)(FIRST + i), i);
		assert_int_equal(peer->protect(tx, &k, false), 0);
		assert_memory_equal(k.p, plain.p, k.hdr_len);
		assert_true(k.len > plain.len);
		assert_int_equal(rig_unprotect(rx, &k, &got), 0);
		rig_same(&got, &plain);
		if (!reports(peer, suite, i))
			continue;
		k = plain = rig_rtcp(RIG_SSRC);
		assert_int_equal(peer->protect(tx, &k, true), 0);
		assert_int_equal(rig_unprotect_rtcp(rx, &k, &got), 0);
		rig_same(&got, &plain);
		assert_int_equal(rig_unprotect_rtcp(rx, &k, NULL), EALREADY);
	}
	peer->free(tx);
	srtpw_free(rx);
}

static void both_ways(const struct peer *peer)
{
	unsigned i;

	for (i = SRTPW_NONE + 1; i < SRTPW_SUITES; i++) {
		to_peer(peer, (enum srtpw_suite)i);
		from_peer(peer, (enum srtpw_suite)i);
	}
}

static void with_libsrtp2(void **state)
{
	(void)state;
	assert_int_equal(srtp_init(), srtp_err_status_ok);
	both_ways(&libsrtp);
	srtp_shutdown();
}

static void with_libre(void **state)
{
	(void)state;
	both_ways(&libre);
}

/* Header extensions and CSRCs: what is encrypted starts behind them */
static void with_extension(void **state)
{
	const struct srtpw_key key = rig_key(SRTPW_AES_CM_128_HMAC_SHA1_80, 5);
	struct srtpw *tx = rig_context(SRTPW_AES_CM_128_HMAC_SHA1_80, 5);
	struct packet plain = rig_rtp(RIG_SSRC, 1, 60), k;
	struct rtpw_hdr hdr;
	void *rx;

	(void)state;
	assert_int_equal(srtp_init(), srtp_err_status_ok);
	rx = libsrtp_alloc(&key, false);
	plain.p[0] |= 0x10 | 1;
	memcpy(plain.p + 16, (uint8_t[]){ 0xbe, 0xde, 0, 2 }, 4);
	assert_int_equal(rtpw_decode(&hdr, plain.p, plain.len), 0);
	plain.hdr_len = hdr.payload;
	assert_int_equal(plain.hdr_len, 12 + 4 + 12);
	assert_int_equal(rig_protect(tx, &plain, &k), 0);
	assert_int_equal(libsrtp_unprotect(rx, &k, false), 0);
	rig_same(&k, &plain);
	libsrtp_free(rx);
	srtp_shutdown();
	srtpw_free(tx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_libsrtp2),
		cmocka_unit_test(with_libre),
		cmocka_unit_test(with_extension),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file dtls_test.c  DTLS-SRTP handshakes: both roles, over bad networks, with
 *                    bad peers, within bounds
 */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "tests/unit/dtls_rig.h"
#include "util/ring.h"

static struct far *far_simple(struct rig *r, bool active)
{
	return far_alloc(r, rig_ctx(r), active);
}

static void begin_sha256(struct far *f)
{
	const struct mixer_dtls sdp = far_sdp(f, EVP_sha256(), "sha-256");

	far_begin(f, &sdp);
}

/* --- it works ------------------------------------------------------------ */

static void check_shake(const struct dtls_cfg *cfg, bool active)
{
	struct rig r;
	struct far *f;

	rig_init(&r, cfg);
	f = far_simple(&r, active);
	begin_sha256(f);
	rig_until(&r, far_keyed, f);
	/* Ours come first in what both have */
	far_keys_check(f, active ? SRTPW_AEAD_AES_128_GCM
				 : SRTPW_AES_CM_128_HMAC_SHA1_80);
	far_cmd(f, DTLS_DONE);
	rig_until(&r, rig_idle, NULL);
	assert_int_equal(rig_stats(&r).done, 1);
	assert_int_equal(rig_stats(&r).failed, 0);
	assert_int_equal(f->keys_count, 1);
	assert_int_equal(f->failed_count, 0);
	rig_fini(&r);
}

static void test_passive(void **state)
{
	(void)state;
	check_shake(NULL, true);
}

static void test_active(void **state)
{
	(void)state;
	check_shake(NULL, false);
}

/* The certificate of the SDP by each hash that RFC 8122 has and we take */
static void test_hashes(void **state)
{
	struct rig r;
	struct far *f;
	struct mixer_dtls sdp;
	unsigned i;

	(void)state;
	rig_init(&r, NULL);
	for (i = 0; i < 3; i++) {
		f = far_simple(&r, true);
		sdp = far_sdp(f, i == 0	  ? EVP_sha256()
				 : i == 1 ? EVP_sha384()
					  : EVP_sha512(),
			      i == 0   ? "sha-256"
			      : i == 1 ? "sha-384"
				       : "sha-512");
		far_begin(f, &sdp);
		rig_until(&r, far_keyed, f);
		far_free(f);
	}
	rig_fini(&r);
}

/* Older phones have an RSA certificate, whichever side they are */
static void test_rsa(void **state)
{
	struct rig r;
	struct far *f;
	unsigned i;

	(void)state;
	rig_init(&r, NULL);
	EVP_PKEY_free(r.key);
	r.key = EVP_RSA_gen(2048);
	assert_non_null(r.key);
	assert_int_equal(X509_set_pubkey(r.x, r.key), 1);
	assert_true(X509_sign(r.x, r.key, EVP_sha256()) > 0);
	for (i = 0; i < 2; i++) {
		f = far_simple(&r, i);
		begin_sha256(f);
		rig_until(&r, far_keyed, f);
		far_free(f);
	}
	rig_fini(&r);
}

/* Each profile, when it is the only one in common */
static void test_profiles(void **state)
{
	static const struct {
		const char *name;
		enum srtpw_suite suite;
	} profiles[] = {
		{"SRTP_AEAD_AES_128_GCM", SRTPW_AEAD_AES_128_GCM},
		{"SRTP_AEAD_AES_256_GCM", SRTPW_AEAD_AES_256_GCM},
		{"SRTP_AES128_CM_SHA1_80", SRTPW_AES_CM_128_HMAC_SHA1_80},
		{"SRTP_AES128_CM_SHA1_32", SRTPW_AES_CM_128_HMAC_SHA1_32},
	};
	struct rig r;
	unsigned i;

	(void)state;
	rig_init(&r, NULL);
	for (i = 0; i < 2 * ARRAY_SIZE(profiles); i++) {
		SSL_CTX *ctx = rig_ctx(&r);
		struct far *f;

		assert_int_equal(SSL_CTX_set_tlsext_use_srtp(
					 ctx, profiles[i / 2].name), 0);
		f = far_alloc(&r, ctx, i % 2);
		begin_sha256(f);
		rig_until(&r, far_keyed, f);
		far_keys_check(f, profiles[i / 2].suite);
		far_free(f);
	}
	rig_fini(&r);
}

static void check_packet(const struct srtpw_key *from,
			 const struct srtpw_key *to)
{
	uint8_t pkt[12 + 6 + SRTPW_RTP_BYTES_MAX] = {0x80, 0, 0, 1};
	struct srtpw *tx = NULL, *rx = NULL;
	size_t len;

	assert_int_equal(srtpw_alloc(&tx, from), 0);
	assert_int_equal(srtpw_alloc(&rx, to), 0);
	assert_int_equal(srtpw_protect(tx, pkt, 12, (const uint8_t *)"speech",
				       6, pkt + 12, &len), 0);
	assert_memory_not_equal(pkt + 12, "speech", 6);
	assert_int_equal(srtpw_unprotect(rx, pkt, 12 + len, 12, &len), 0);
	assert_int_equal(len, 18);
	assert_memory_equal(pkt + 12, "speech", 6);
	srtpw_free(tx);
	srtpw_free(rx);
}

/* What one side protects the other opens */
static void test_speech(void **state)
{
	struct srtpw_key to, from;
	struct rig r;
	struct far *f;

	(void)state;
	rig_init(&r, NULL);
	f = far_simple(&r, true);
	begin_sha256(f);
	rig_until(&r, far_keyed, f);
	far_keys(f, SRTPW_AEAD_AES_128_GCM, &to, &from);
	check_packet(&to, &f->rx);
	check_packet(&f->tx, &from);
	rig_fini(&r);
}

/* --- bad networks -------------------------------------------------------- */

struct event {
	enum rig_dir dir;
	unsigned n;       /* Of the datagram that it happens to */
	size_t at;        /* Byte */
	bool happened;
	uint8_t held[DTLS_DATAGRAM_MAX];
	size_t held_len;
};

/* One handshake after the other, until the one that ended before the datagram
 * was sent: so each datagram had its turn */
static void for_each_datagram(bool active, far_net_h *net)
{
	const enum srtpw_suite suite = active ? SRTPW_AEAD_AES_128_GCM
					      : SRTPW_AES_CM_128_HMAC_SHA1_80;
	struct rig r;
	unsigned n, dir;

	rig_init(&r, NULL);
	for (dir = RIG_UP; dir <= RIG_DOWN; dir++) {
		struct event ev = {.happened = true};

		for (n = 0; ev.happened; n++) {
			struct far *f = far_simple(&r, active);

			ev = (struct event){.dir = dir, .n = n};
			f->net = net;
			f->arg = &ev;
			begin_sha256(f);
			rig_until(&r, far_keyed, f);
			far_keys_check(f, suite);
			far_cmd(f, DTLS_DONE);
			far_free(f);
		}
		assert_true(n > 2);
	}
	rig_until(&r, rig_idle, NULL);
	assert_int_equal(rig_stats(&r).failed, 0);
	rig_fini(&r);
}

static bool is_it(struct event *ev, enum rig_dir dir, unsigned n)
{
	if (ev->dir != dir || ev->n != n)
		return false;
	ev->happened = true;
	return true;
}

static void net_lose(struct far *f, enum rig_dir dir, unsigned n,
		     const uint8_t *v, size_t len, void *arg)
{
	if (!is_it(arg, dir, n))
		far_deliver(f, dir, v, len);
}

static void test_lost(void **state)
{
	(void)state;
	for_each_datagram(true, net_lose);
	for_each_datagram(false, net_lose);
}

static void net_double(struct far *f, enum rig_dir dir, unsigned n,
		       const uint8_t *v, size_t len, void *arg)
{
	if (is_it(arg, dir, n))
		far_deliver(f, dir, v, len);
	far_deliver(f, dir, v, len);
}

static void test_doubled(void **state)
{
	(void)state;
	for_each_datagram(true, net_double);
	for_each_datagram(false, net_double);
}

/* It arrives behind the next one */
static void net_swap(struct far *f, enum rig_dir dir, unsigned n,
		     const uint8_t *v, size_t len, void *arg)
{
	struct event *ev = arg;

	if (is_it(ev, dir, n)) {
		memcpy(ev->held, v, len);
		ev->held_len = len;
		return;
	}
	far_deliver(f, dir, v, len);
	if (dir == ev->dir && ev->held_len) {
		len = ev->held_len;
		ev->held_len = 0;
		far_deliver(f, dir, ev->held, len);
	}
}

static void test_swapped(void **state)
{
	(void)state;
	for_each_datagram(true, net_swap);
	for_each_datagram(false, net_swap);
}

/* Parts of it arrive before it, cut at each length */
static void net_cut(struct far *f, enum rig_dir dir, unsigned n,
		    const uint8_t *v, size_t len, void *arg)
{
	const struct slotq *cmds = dtls_cmds(f->rig->d, 0);
	size_t i;

	if (is_it(arg, dir, n) && dir == RIG_UP)
		for (i = 0; i < len; i++) {
			while (!slotq_empty(cmds))
				sched_yield();
			far_deliver(f, dir, v, i);
		}
	far_deliver(f, dir, v, len);
}

static void test_cut(void **state)
{
	(void)state;
	for_each_datagram(true, net_cut);
	for_each_datagram(false, net_cut);
}

static bool far_over(const struct rig *r, const void *arg)
{
	const struct far *f = arg;

	return far_keyed(r, f) || far_refused(r, f) || f->failed;
}

static void net_flip(struct far *f, enum rig_dir dir, unsigned n,
		     const uint8_t *v, size_t len, void *arg)
{
	uint8_t bad[DTLS_DATAGRAM_MAX];
	struct event *ev = arg;

	memcpy(bad, v, len);
	if (dir == ev->dir && n == ev->n && ev->at < len && !ev->happened) {
		ev->happened = true;
		bad[ev->at] ^= 0x41;
	}
	far_deliver(f, dir, bad, len);
}

/* A byte is another one: it may end the handshake, and no more than that */
static unsigned garble(struct rig *r, bool active, unsigned n)
{
	struct event ev = {.n = n, .happened = true};
	unsigned keyed = 0;

	for (; ev.happened; ev.at += 5) {
		struct far *f = far_simple(r, active);

		ev.happened = false;
		f->net = net_flip;
		f->arg = &ev;
		begin_sha256(f);
		rig_until(r, far_over, f);
		keyed += f->keys_count;
		far_cmd(f, DTLS_END);
		far_free(f);
	}
	assert_true(ev.at > 50);
	return keyed;
}

static void test_garbled(void **state)
{
	/* Some leave both sides waiting for another message */
	const struct dtls_cfg cfg = {.handshake_ms = 300};
	unsigned n, keyed = 0;
	struct rig r;

	(void)state;
	rig_init(&r, &cfg);
	for (n = 0; n < 4; n++)
		keyed += garble(&r, n / 2, n % 2);
	assert_true(keyed > 10);
	rig_until(&r, rig_idle, NULL);
	rig_fini(&r);
	check_shake(NULL, true);
}

static void net_noise(struct far *f, enum rig_dir dir, unsigned n,
		      const uint8_t *v, size_t len, void *arg)
{
	uint8_t noise[600];
	unsigned *seed = arg;
	size_t i;

	for (i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)((*seed = *seed * 1103515245 + 12345) >>
				     16);
	/* It looks like a record of a handshake, then it does not */
	memcpy(noise, v, n % 2 ? 3 : 13);
	if (dir == RIG_UP && n < 8)
		far_deliver(f, dir, noise, n % 2 ? sizeof(noise)
						 : MIN(len, sizeof(noise)));
	far_deliver(f, dir, v, len);
}

static void test_noise(void **state)
{
	unsigned seed = 1, i;
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	for (i = 0; i < 20; i++) {
		struct far *f = far_simple(&r, i % 2);

		f->net = net_noise;
		f->arg = &seed;
		begin_sha256(f);
		rig_until(&r, far_over, f);
		far_cmd(f, DTLS_END);
		far_free(f);
	}
	rig_until(&r, rig_idle, NULL);
	assert_true(rig_stats(&r).dropped > 10);
	rig_fini(&r);
	check_shake(NULL, true);
}

/* A ClientHello in several datagrams, as Chromium's is */
static void test_fragments(void **state)
{
	/* Names of protocols, to make it long */
	uint8_t alpn[600];
	struct rig r;
	struct far *f;

	(void)state;
	memset(alpn, 19, sizeof(alpn));
	rig_init(&r, NULL);
	f = far_simple(&r, true);
	assert_int_equal(SSL_set_alpn_protos(f->ssl, alpn, sizeof(alpn)), 0);
	assert_int_not_equal(SSL_set_mtu(f->ssl, 256), 0);
	f->net = net_double;
	f->arg = &(struct event){.n = 1000};
	begin_sha256(f);
	assert_true(f->n[RIG_UP] > 1);
	rig_until(&r, far_keyed, f);
	far_keys_check(f, SRTPW_AEAD_AES_128_GCM);
	rig_fini(&r);
}

/* --- bad peers ----------------------------------------------------------- */

static void check_refused(struct rig *r, struct far *f,
			  enum mixer_insecure reason)
{
	rig_until(r, far_refused, f);
	assert_int_equal(f->reason, reason);
	assert_int_equal(f->failed_count, 1);
	assert_int_equal(f->keys_count, 0);
	far_free(f);
	rig_until(r, rig_idle, NULL);
}

static bool far_told(const struct rig *r, const void *arg)
{
	const struct far *f = arg;

	(void)r;
	return f->failed;
}

static void test_wrong_fingerprint(void **state)
{
	struct mixer_dtls sdp;
	struct rig r;
	struct far *f;
	unsigned i;

	(void)state;
	rig_init(&r, NULL);
	for (i = 0; i < 2; i++) {
		f = far_simple(&r, i);
		sdp = far_sdp(f, EVP_sha384(), "sha-384");
		sdp.fingerprint[47] ^= 1;
		far_begin(f, &sdp);
		/* It hears an alert, too */
		rig_until(&r, far_told, f);
		check_refused(&r, f, MIXER_INSECURE_FINGERPRINT);
	}
	assert_int_equal(rig_stats(&r).wrong_fingerprint, 2);
	/* A hash that we do not take; one that is not as long as it says */
	for (i = 0; i < 4; i++) {
		f = far_simple(&r, i % 2);
		sdp = far_sdp(f, EVP_sha1(), "sha-1");
		if (i / 2)
			strcpy(sdp.hash, "sha-256");
		far_begin(f, &sdp);
		check_refused(&r, f, MIXER_INSECURE_FINGERPRINT);
	}
	assert_int_equal(rig_stats(&r).failed, 6);
	assert_int_equal(rig_stats(&r).begun, 2);
	rig_fini(&r);
}

/* A far side that is made so does not get through */
static void refused_with(struct rig *r, SSL_CTX *ctx, bool active,
			 enum mixer_insecure reason)
{
	struct far *f = far_alloc(r, ctx, active);

	begin_sha256(f);
	check_refused(r, f, reason);
}

static SSL_CTX *ctx_of(EVP_PKEY *key, X509 *x)
{
	SSL_CTX *ctx = SSL_CTX_new(DTLS_method());

	assert_non_null(ctx);
	SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU);
	if (x) {
		assert_int_equal(SSL_CTX_use_certificate(ctx, x), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
		SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	}
	return ctx;
}

static void test_no_srtp(void **state)
{
	struct rig r;
	unsigned i;

	(void)state;
	rig_init(&r, NULL);
	for (i = 0; i < 2; i++) {
		SSL_CTX *ctx = ctx_of(r.key, r.x);

		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
		SSL_CTX_set_cert_verify_callback(ctx, rig_cert_any, NULL);
		refused_with(&r, ctx, i, MIXER_INSECURE_PROFILE);
	}
	rig_fini(&r);
}

/* Who shows no certificate is nobody */
static void test_no_certificate(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	refused_with(&r, ctx_of(NULL, NULL), true, MIXER_INSECURE_HANDSHAKE);
	/* ..and a server that does not ask for ours does not know us, but we
	 * know it: that is its own affair */
	rig_fini(&r);
}

static void test_old_version(void **state)
{
	struct rig r;
	unsigned i;

	(void)state;
	rig_init(&r, NULL);
	for (i = 0; i < 2; i++) {
		SSL_CTX *ctx = rig_ctx(&r);

		SSL_CTX_set_security_level(ctx, 0);
		assert_int_equal(SSL_CTX_set_min_proto_version(
					 ctx, DTLS1_VERSION), 1);
		assert_int_equal(SSL_CTX_set_max_proto_version(
					 ctx, DTLS1_VERSION), 1);
		assert_int_equal(SSL_CTX_set_cipher_list(
					 ctx, "ALL:@SECLEVEL=0"), 1);
		refused_with(&r, ctx, i, MIXER_INSECURE_HANDSHAKE);
	}
	rig_fini(&r);
}

/* No forward secrecy, no GCM: no */
static void test_old_ciphers(void **state)
{
	struct rig r;
	SSL_CTX *ctx;

	(void)state;
	rig_init(&r, NULL);
	ctx = rig_ctx(&r);
	assert_int_equal(SSL_CTX_set_cipher_list(
				 ctx, "ECDHE-ECDSA-AES128-SHA:AES128-SHA"), 1);
	refused_with(&r, ctx, true, MIXER_INSECURE_HANDSHAKE);
	rig_fini(&r);
}

/* After the handshake a peer may not make us work again */
static void test_renegotiation(void **state)
{
	struct rig r;
	struct far *f;

	(void)state;
	rig_init(&r, NULL);
	f = far_simple(&r, true);
	begin_sha256(f);
	rig_until(&r, far_keyed, f);
	assert_int_equal(SSL_renegotiate(f->ssl), 1);
	(void)SSL_do_handshake(f->ssl);
	rig_until(&r, far_told, f);
	assert_int_equal(rig_stats(&r).begun, 1);
	assert_int_equal(f->keys_count, 1);
	assert_int_equal(f->failed_count, 0);
	rig_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passive),
		cmocka_unit_test(test_active),
		cmocka_unit_test(test_hashes),
		cmocka_unit_test(test_rsa),
		cmocka_unit_test(test_profiles),
		cmocka_unit_test(test_speech),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_doubled),
		cmocka_unit_test(test_swapped),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_garbled),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_wrong_fingerprint),
		cmocka_unit_test(test_no_srtp),
		cmocka_unit_test(test_no_certificate),
		cmocka_unit_test(test_old_version),
		cmocka_unit_test(test_old_ciphers),
		cmocka_unit_test(test_renegotiation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

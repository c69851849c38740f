/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file dtls_shake.c  One DTLS handshake: datagrams in, datagrams and keys out
 */
#include <errno.h>
#include <string.h>
#include <sys/time.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include "mixer/dtls_shake.h"

enum {
	/* Of the payload of UDP: fits an IPv6 path with tunnels */
	MTU_BYTES = 1200,
	/* A far certificate with its chain */
	CHAIN_BYTES_MAX = 8192,
	REPEAT_MAX_US = 3000000,
	PROFILE_KEY_MAX = 32,
	PROFILE_SALT_MAX = 14
};

struct dtls_shake {
	SSL *ssl;
	BIO *bio;                    /* The SSL's */
	const struct mixer_dtls *far;
	const EVP_MD *md;            /* Of the far fingerprint */
	const uint8_t *in;           /* The datagram that is being read */
	size_t in_len;
	unsigned repeat_us;
	uint16_t reason;
	dtls_shake_send_h *sh;
	void *arg;
};

/* --- a BIO of datagrams on memory ---------------------------------------- */

/* A datagram is read whole, once: what does not fit is lost, as of a socket */
static int bio_read(BIO *bio, char *buf, int size)
{
	struct dtls_shake *s = BIO_get_data(bio);
	const size_t n = MIN(s->in_len, (size_t)size);

	BIO_clear_retry_flags(bio);
	if (!s->in) {
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(buf, s->in, n);
	s->in = NULL;
	return (int)n;
}

static int bio_write(BIO *bio, const char *buf, int len)
{
	const struct dtls_shake *s = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	s->sh((const uint8_t *)buf, (size_t)len, s->arg);
	return len;
}

static long bio_ctrl(BIO *bio, int cmd, long num, void *p)
{
	(void)bio;
	(void)num;
	(void)p;
	return cmd == BIO_CTRL_FLUSH;
}

/* --- what handshakes have in common -------------------------------------- */

/* RFC 8122 section 6.2: with bad_certificate it ends. That the far side has
 * the key of the certificate is proven by what follows */
static int cert_verify(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(
		store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct dtls_shake *s = SSL_get_app_data(ssl);
	X509 *x = X509_STORE_CTX_get0_cert(store);
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned len;

	(void)arg;
	if (x && X509_digest(x, s->md, md, &len) && len == s->far->len &&
	    !CRYPTO_memcmp(md, s->far->fingerprint, len)) {
		X509_STORE_CTX_set_error(store, X509_V_OK);
		return 1;
	}
	s->reason = MIXER_INSECURE_FINGERPRINT;
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
	return 0;
}

static bool ctx_secure(SSL_CTX *ctx, const struct dtls_cert *cert)
{
	/* EC for our key, RSA for a far server that has one */
	static const char ciphers[] = "ECDHE-ECDSA-AES128-GCM-SHA256:"
				      "ECDHE-ECDSA-AES256-GCM-SHA384:"
				      "ECDHE-RSA-AES128-GCM-SHA256:"
				      "ECDHE-RSA-AES256-GCM-SHA384";
	static const char profiles[] = "SRTP_AEAD_AES_128_GCM:"
				       "SRTP_AEAD_AES_256_GCM:"
				       "SRTP_AES128_CM_SHA1_80:"
				       "SRTP_AES128_CM_SHA1_32";

	return SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION) &&
	       SSL_CTX_set_cipher_list(ctx, ciphers) &&
	       SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384") &&
	       /* 0: yes */
	       !SSL_CTX_set_tlsext_use_srtp(ctx, profiles) &&
	       SSL_CTX_use_certificate(ctx, cert->x) &&
	       SSL_CTX_use_PrivateKey(ctx, cert->key);
}

int dtls_common_init(struct dtls_common *dc, const struct dtls_cert *cert)
{
	SSL_CTX *ctx = SSL_CTX_new(DTLS_method());
	BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() |
					     BIO_TYPE_SOURCE_SINK,
				     "datagrams");

	if (!ctx || !m || !BIO_meth_set_read(m, bio_read) ||
	    !BIO_meth_set_write(m, bio_write) ||
	    !BIO_meth_set_ctrl(m, bio_ctrl) || !ctx_secure(ctx, cert)) {
		BIO_meth_free(m);
		SSL_CTX_free(ctx);
		ERR_clear_error();
		return EIO;
	}
	(void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION |
					       SSL_OP_NO_TICKET |
					       SSL_OP_NO_COMPRESSION |
					       SSL_OP_NO_QUERY_MTU |
					       SSL_OP_CIPHER_SERVER_PREFERENCE);
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_max_cert_list(ctx, CHAIN_BYTES_MAX);
	SSL_CTX_set_verify(ctx,
			   SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
			   NULL);
	SSL_CTX_set_cert_verify_callback(ctx, cert_verify, NULL);
	*dc = (struct dtls_common){.ctx = ctx, .bio = m};
	return 0;
}

void dtls_common_fini(struct dtls_common *dc)
{
	SSL_CTX_free(dc->ctx);
	BIO_meth_free(dc->bio);
	*dc = (struct dtls_common){.ctx = NULL};
}

/* --- one ----------------------------------------------------------------- */

static void destructor(void *arg)
{
	struct dtls_shake *s = arg;

	SSL_free(s->ssl);
}

static const EVP_MD *hash_find(const struct mixer_dtls *far)
{
	static const struct {
		const char *name;
		const EVP_MD *(*md)(void);
	} hashes[] = {{"sha-256", EVP_sha256},
		      {"sha-384", EVP_sha384},
		      {"sha-512", EVP_sha512}};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hashes); i++) {
		const EVP_MD *md = hashes[i].md();

		if (!strncmp(far->hash, hashes[i].name, sizeof(far->hash)) &&
		    EVP_MD_get_size(md) == far->len)
			return md;
	}
	return NULL;
}

bool dtls_far_known(const struct mixer_dtls *far)
{
	return hash_find(far) != NULL;
}

static unsigned repeat_next(SSL *ssl, unsigned us)
{
	const struct dtls_shake *s = SSL_get_app_data(ssl);

	return us ? MIN(us * 2, REPEAT_MAX_US) : s->repeat_us;
}

static int ssl_make(struct dtls_shake *s, const struct dtls_common *dc)
{
	BIO *bio;

	s->ssl = SSL_new(dc->ctx);
	bio = s->ssl ? BIO_new(dc->bio) : NULL;
	if (!bio) {
		ERR_clear_error();
		return EIO;
	}
	BIO_set_data(bio, s);
	BIO_set_init(bio, 1);
	SSL_set_bio(s->ssl, bio, bio);
	SSL_set_app_data(s->ssl, s);
	DTLS_set_timer_cb(s->ssl, repeat_next);
	(void)SSL_set_mtu(s->ssl, MTU_BYTES);
	if (s->far->active)
		SSL_set_connect_state(s->ssl);
	else
		SSL_set_accept_state(s->ssl);
	return 0;
}

int dtls_shake_alloc(struct dtls_shake **sp, const struct dtls_common *dc,
		     const struct mixer_dtls *far, unsigned repeat_ms,
		     dtls_shake_send_h *sh, void *arg)
{
	const EVP_MD *md = hash_find(far);
	struct dtls_shake *s;
	int err;

	if (!md)
		return EINVAL;
	s = mem_zalloc(sizeof(*s), destructor);
	if (!s)
		return ENOMEM;
	s->far = far;
	s->md = md;
	s->repeat_us = repeat_ms * 1000;
	s->reason = MIXER_INSECURE_HANDSHAKE;
	s->sh = sh;
	s->arg = arg;
	err = ssl_make(s, dc);
	if (err)
		mem_deref(s);
	else
		*sp = s;
	return err;
}

/* What an SSL function that returned at most 0 means */
static enum dtls_shake_state judge(const struct dtls_shake *s, int ret,
				   enum dtls_shake_state waits)
{
	const int why = SSL_get_error(s->ssl, ret);

	ERR_clear_error();
	return why == SSL_ERROR_WANT_READ ? waits : DTLS_SHAKE_FAILED;
}

/* Peers have nothing to say after the handshake: what they say is thrown away,
 * but a last flight that comes again makes OpenSSL repeat ours */
static enum dtls_shake_state linger(struct dtls_shake *s)
{
	uint8_t junk[DTLS_DATAGRAM_MAX];
	int n;

	do {
		n = SSL_read(s->ssl, junk, sizeof(junk));
	} while (n > 0);
	return judge(s, n, DTLS_SHAKE_DONE);
}

static enum dtls_shake_state step(struct dtls_shake *s)
{
	int n;

	ERR_clear_error();
	if (SSL_is_init_finished(s->ssl))
		return linger(s);
	n = SSL_do_handshake(s->ssl);
	return n == 1 ? DTLS_SHAKE_DONE : judge(s, n, DTLS_SHAKE_RUNNING);
}

enum dtls_shake_state dtls_shake_start(struct dtls_shake *s)
{
	return step(s);
}

enum dtls_shake_state dtls_shake_input(struct dtls_shake *s, const uint8_t *p,
				       size_t len)
{
	enum dtls_shake_state state;

	s->in = p;
	s->in_len = len;
	state = step(s);
	s->in = NULL;
	return state;
}

enum dtls_shake_state dtls_shake_repeat(struct dtls_shake *s)
{
	ERR_clear_error();
	/* 0: not yet, OpenSSL's own clock says */
	if (DTLSv1_handle_timeout(s->ssl) < 0) {
		ERR_clear_error();
		return DTLS_SHAKE_FAILED;
	}
	return SSL_is_init_finished(s->ssl) ? DTLS_SHAKE_DONE
					    : DTLS_SHAKE_RUNNING;
}

bool dtls_shake_wait(const struct dtls_shake *s, uint64_t *msp)
{
	struct timeval tv;

	if (DTLSv1_get_timeout(s->ssl, &tv) != 1)
		return false;
	/* Rounded up. It is of the wall clock: if that was set, look again
	 * before long */
	*msp = MIN((uint64_t)tv.tv_sec * 1000 + (uint64_t)tv.tv_usec / 1000 + 1,
		   REPEAT_MAX_US / 1000);
	return true;
}

uint16_t dtls_shake_reason(const struct dtls_shake *s)
{
	return s->reason;
}

/* --- keys ---------------------------------------------------------------- */

/* RFC 5764 section 4.1.2, RFC 7714 section 14.2 */
static const struct profile {
	unsigned long id;
	enum srtpw_suite suite;
	uint8_t key, salt; /* Bytes */
} profiles[] = {
	{SRTP_AEAD_AES_128_GCM, SRTPW_AEAD_AES_128_GCM, 16, 12},
	{SRTP_AEAD_AES_256_GCM, SRTPW_AEAD_AES_256_GCM, 32, 12},
	{SRTP_AES128_CM_SHA1_80, SRTPW_AES_CM_128_HMAC_SHA1_80, 16, 14},
	{SRTP_AES128_CM_SHA1_32, SRTPW_AES_CM_128_HMAC_SHA1_32, 16, 14},
};

static const struct profile *profile_of(SSL *ssl)
{
	const SRTP_PROTECTION_PROFILE *got = SSL_get_selected_srtp_profile(ssl);
	size_t i;

	for (i = 0; got && i < ARRAY_SIZE(profiles); i++)
		if (profiles[i].id == got->id)
			return &profiles[i];
	return NULL;
}

static void key_set(struct srtpw_key *key, const struct profile *pr,
		    const uint8_t *v, const uint8_t *salt)
{
	key->suite = (uint8_t)pr->suite;
	key->len = (uint8_t)(pr->key + pr->salt);
	memcpy(key->v, v, pr->key);
	memcpy(key->v + pr->key, salt, pr->salt);
}

/* RFC 5764 section 4.2: the client's key, the server's, the client's salt, the
 * server's; each protects what that side sends */
int dtls_shake_keys(const struct dtls_shake *s, struct srtpw_key *rxp,
		    struct srtpw_key *txp)
{
	static const char label[] = "EXTRACTOR-dtls_srtp";
	uint8_t v[2 * (PROFILE_KEY_MAX + PROFILE_SALT_MAX)];
	const struct profile *pr = profile_of(s->ssl);
	const uint8_t *salts;

	if (!pr)
		return EPROTONOSUPPORT;
	if (SSL_export_keying_material(s->ssl, v,
				       2 * ((size_t)pr->key + pr->salt), label,
				       sizeof(label) - 1, NULL, 0, 0) != 1) {
		ERR_clear_error();
		return EIO;
	}
	salts = v + 2 * pr->key;
	key_set(s->far->active ? txp : rxp, pr, v, salts);
	key_set(s->far->active ? rxp : txp, pr, v + pr->key, salts + pr->salt);
	OPENSSL_cleanse(v, sizeof(v));
	return 0;
}

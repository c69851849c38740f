/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file srtp_cipher.c  Encrypt and authenticate one packet
 *
 * AES by EVP. HMAC by the plain SHA1_*() calls of libcrypto: to go on from a
 * kept pad, EVP_MD and EVP_MAC of OpenSSL 3.0 allocate a context a packet
 * (EVP_MD_CTX_copy_ex()), and these copy 20 bytes. They are marked deprecated
 * for the sake of hardware tokens, of which there is none here.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "wire/srtp_cipher.h"

/** SHA-1 as it stands after the one block of a pad */
static void sha_resume(SHA_CTX *c, const uint32_t h[5])
{
	c->h0 = h[0];
	c->h1 = h[1];
	c->h2 = h[2];
	c->h3 = h[3];
	c->h4 = h[4];
	c->Nl = SHA_CBLOCK * 8;
	c->Nh = 0;
	c->num = 0;
}

static void sha_pad(uint32_t h[5], const uint8_t key[SRTPW_AUTH_BYTES],
		    uint8_t pad)
{
	uint8_t block[SHA_CBLOCK];
	SHA_CTX c;
	size_t i;

	for (i = 0; i < sizeof(block); i++)
		block[i] = (i < SRTPW_AUTH_BYTES ? key[i] : 0) ^ pad;
	SHA1_Init(&c);
	SHA1_Update(&c, block, sizeof(block));
	h[0] = c.h0;
	h[1] = c.h1;
	h[2] = c.h2;
	h[3] = c.h3;
	h[4] = c.h4;
	OPENSSL_cleanse(block, sizeof(block));
	OPENSSL_cleanse(&c, sizeof(c));
}

/** HMAC of head, text and tail (RFC 3711 section 4.2) */
static void job_mac(const struct srtpw_session *ss, const struct srtpw_job *j,
		    const uint8_t *text, uint8_t mac[SHA_DIGEST_LENGTH])
{
	SHA_CTX c;

	sha_resume(&c, ss->inner);
	SHA1_Update(&c, j->head, j->head_len);
	SHA1_Update(&c, text, j->len);
	SHA1_Update(&c, j->tail, j->tail_len);
	SHA1_Final(mac, &c);

	sha_resume(&c, ss->outer);
	SHA1_Update(&c, mac, SHA_DIGEST_LENGTH);
	SHA1_Final(mac, &c);
}

void srtpw_session_init(struct srtpw_session *ss,
			const struct srtpw_material *m)
{
	memcpy(ss->key, m->key, sizeof(ss->key));
	memcpy(ss->salt, m->salt, sizeof(ss->salt));
	sha_pad(ss->inner, m->auth, 0x36);
	sha_pad(ss->outer, m->auth, 0x5c);
}

const EVP_CIPHER *srtpw_suite_evp(enum srtpw_suite suite)
{
	switch (suite) {
	case SRTPW_AEAD_AES_128_GCM:
		return EVP_aes_128_gcm();
	case SRTPW_AEAD_AES_256_GCM:
		return EVP_aes_256_gcm();
	case SRTPW_AES_CM_128_HMAC_SHA1_80:
	case SRTPW_AES_CM_128_HMAC_SHA1_32:
		return EVP_aes_128_ctr();
	case SRTPW_NONE:
		break;
	}
	return NULL;
}

int srtpw_cipher_init(struct srtpw_cipher *c, enum srtpw_suite suite,
		      const struct srtpw_material *rtp)
{
	const struct srtpw_sizes *z = srtpw_sizes(suite);
	EVP_CIPHER_CTX *evp;

	if (!z)
		return EINVAL;
	evp = EVP_CIPHER_CTX_new();
	if (!evp)
		return ENOMEM;
	if (EVP_EncryptInit_ex(evp, srtpw_suite_evp(suite), NULL, rtp->key,
			       NULL) != 1) {
		EVP_CIPHER_CTX_free(evp);
		return EIO;
	}

	srtpw_session_init(&c->rtp, rtp);
	c->sizes = z;
	c->evp = evp;
	c->keyed = &c->rtp;
	return 0;
}

void srtpw_cipher_close(struct srtpw_cipher *c)
{
	EVP_CIPHER_CTX_free(c->evp);
	OPENSSL_cleanse(c, sizeof(*c));
}

void srtpw_cipher_iv(const struct srtpw_cipher *c,
		     const struct srtpw_session *ss, uint32_t ssrc,
		     uint64_t index, uint8_t iv[SRTPW_IV_BYTES])
{
	/* In front of the SSRC are four bytes of salt in counter mode, and
	 * two in GCM, where RTCP's index has two zeros in front besides. */
	const size_t at = c->sizes->aead ? 2 : 4;
	size_t i;

	memcpy(iv, ss->salt, sizeof(ss->salt));
	iv[14] = iv[15] = 0;
	for (i = 0; i < 4; i++)
		iv[at + i] ^= (uint8_t)(ssrc >> (24 - 8 * i));
	for (i = 0; i < 6; i++)
		iv[at + 4 + i] ^= (uint8_t)(index >> (40 - 8 * i));
}

/** IV, direction and, if the other kind of packet had it, the key */
static int cipher_start(struct srtpw_cipher *c, const struct srtpw_session *ss,
			const uint8_t *iv, int enc)
{
	const uint8_t *key = c->keyed == ss ? NULL : ss->key;

	/* A failure halfway leaves the key in doubt. */
	c->keyed = NULL;
	if (EVP_CipherInit_ex(c->evp, NULL, NULL, key, iv, enc) != 1)
		return EIO;

	c->keyed = ss;
	return 0;
}

static int gcm_run(EVP_CIPHER_CTX *evp, const struct srtpw_job *j)
{
	int n = 0;

	if (EVP_CipherUpdate(evp, NULL, &n, j->head, (int)j->head_len) != 1)
		return EIO;
	if (j->tail_len &&
	    EVP_CipherUpdate(evp, NULL, &n, j->tail, (int)j->tail_len) != 1)
		return EIO;
	if (j->len &&
	    EVP_CipherUpdate(evp, j->out, &n, j->in, (int)j->len) != 1)
		return EIO;

	return 0;
}

static int gcm_seal(EVP_CIPHER_CTX *evp, const struct srtpw_job *j)
{
	int n = 0;

	if (gcm_run(evp, j) ||
	    EVP_EncryptFinal_ex(evp, j->tag, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(evp, EVP_CTRL_AEAD_GET_TAG, (int)j->tag_len,
				j->tag) != 1)
		return EIO;

	return 0;
}

static int gcm_open(EVP_CIPHER_CTX *evp, const struct srtpw_job *j)
{
	uint8_t rest[SRTPW_IV_BYTES];
	int n = 0;

	if (gcm_run(evp, j) ||
	    EVP_CIPHER_CTX_ctrl(evp, EVP_CTRL_AEAD_SET_TAG, (int)j->tag_len,
				j->tag) != 1)
		return EIO;

	return EVP_DecryptFinal_ex(evp, rest, &n) == 1 ? 0 : EACCES;
}

static int ctr_run(EVP_CIPHER_CTX *evp, const struct srtpw_job *j)
{
	int n = 0;

	if (j->len &&
	    EVP_CipherUpdate(evp, j->out, &n, j->in, (int)j->len) != 1)
		return EIO;

	return 0;
}

int srtpw_cipher_seal(struct srtpw_cipher *c, const struct srtpw_session *ss,
		      const struct srtpw_job *j)
{
	uint8_t mac[SHA_DIGEST_LENGTH];
	int err = cipher_start(c, ss, j->iv, 1);

	if (err)
		return err;
	if (c->sizes->aead)
		return gcm_seal(c->evp, j);

	err = ctr_run(c->evp, j);
	if (err)
		return err;
	job_mac(ss, j, j->out, mac);
	memcpy(j->tag, mac, j->tag_len);
	return 0;
}

int srtpw_cipher_open(struct srtpw_cipher *c, const struct srtpw_session *ss,
		      const struct srtpw_job *j)
{
	uint8_t mac[SHA_DIGEST_LENGTH];
	int err;

	if (!c->sizes->aead) {
		job_mac(ss, j, j->in, mac);
		if (CRYPTO_memcmp(mac, j->tag, j->tag_len))
			return EACCES;
	}

	/* The keystream of counter mode is the same in both directions. */
	err = cipher_start(c, ss, j->iv, !c->sizes->aead);
	if (err)
		return err;
	return c->sizes->aead ? gcm_open(c->evp, j) : ctr_run(c->evp, j);
}

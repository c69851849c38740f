/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bare_key.c  The ceiling of SRTP: one raw operation of libcrypto
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include "bench/bare_key.h"
#include "wire/srtp_cipher.h"

static void *pad(const uint8_t *block)
{
	SHA_CTX *c = malloc(sizeof(*c));

	if (c) {
		SHA1_Init(c);
		SHA1_Update(c, block, SHA_CBLOCK);
	}
	return c;
}

int bare_key_open(struct bare_key *k, enum srtpw_suite suite)
{
	uint8_t v[2 * SHA_CBLOCK];

	memset(k, 0, sizeof(*k));
	k->suite = suite;
	if (suite == SRTPW_NONE)
		return 0;
	k->evp = EVP_CIPHER_CTX_new();
	if (!k->evp || RAND_bytes(v, sizeof(v)) != 1 ||
	    EVP_EncryptInit_ex(k->evp, srtpw_suite_evp(suite), NULL, v, NULL) !=
		    1)
		return ENOMEM;
	k->inner = pad(v);
	k->outer = pad(v + SHA_CBLOCK);
	return k->inner && k->outer ? 0 : ENOMEM;
}

void bare_key_close(struct bare_key *k)
{
	EVP_CIPHER_CTX_free(k->evp);
	free(k->inner);
	free(k->outer);
	memset(k, 0, sizeof(*k));
}

static size_t gcm(struct bare_key *k, const uint8_t *hdr, const uint8_t *iv,
		  const uint8_t *p, size_t len, uint8_t *out)
{
	int n;

	EVP_EncryptInit_ex(k->evp, NULL, NULL, NULL, iv);
	EVP_EncryptUpdate(k->evp, NULL, &n, hdr, 12);
	EVP_EncryptUpdate(k->evp, out, &n, p, (int)len);
	EVP_EncryptFinal_ex(k->evp, out + len, &n);
	EVP_CIPHER_CTX_ctrl(k->evp, EVP_CTRL_AEAD_GET_TAG, 16, out + len);
	return len + 16;
}

static size_t cm(struct bare_key *k, const uint8_t *hdr, const uint8_t *iv,
		 const uint8_t *p, size_t len, uint8_t *out)
{
	uint8_t mac[SHA_DIGEST_LENGTH];
	const size_t tag = k->suite == SRTPW_AES_CM_128_HMAC_SHA1_32 ? 4 : 10;
	SHA_CTX c = *(const SHA_CTX *)k->inner;
	int n;

	EVP_EncryptInit_ex(k->evp, NULL, NULL, NULL, iv);
	EVP_EncryptUpdate(k->evp, out, &n, p, (int)len);
	SHA1_Update(&c, hdr, 12);
	SHA1_Update(&c, out, len);
	SHA1_Update(&c, iv, 4);
	SHA1_Final(mac, &c);
	c = *(const SHA_CTX *)k->outer;
	SHA1_Update(&c, mac, sizeof(mac));
	SHA1_Final(mac, &c);
	memcpy(out + len, mac, tag);
	return len + tag;
}

size_t bare_key_seal(struct bare_key *k, const uint8_t hdr[12], uint64_t seq,
		     const uint8_t *p, size_t len, uint8_t *out)
{
	uint8_t iv[16] = {0};

	memcpy(iv, &seq, sizeof(seq));
	return k->suite == SRTPW_AEAD_AES_128_GCM ||
			       k->suite == SRTPW_AEAD_AES_256_GCM
		       ? gcm(k, hdr, iv, p, len, out)
		       : cm(k, hdr, iv, p, len, out);
}

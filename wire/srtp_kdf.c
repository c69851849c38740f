/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file srtp_kdf.c  Suites of SRTP, their keys, and what is derived from them
 */
#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "wire/srtp_cipher.h"

static const struct srtpw_sizes suites[SRTPW_SUITES] = {
	[SRTPW_NONE] = { "", 0, 0, 0, 0, false },
	[SRTPW_AEAD_AES_128_GCM] = {
		"AEAD_AES_128_GCM", 16, 12, 16, 16, true },
	[SRTPW_AEAD_AES_256_GCM] = {
		"AEAD_AES_256_GCM", 32, 12, 16, 16, true },
	[SRTPW_AES_CM_128_HMAC_SHA1_80] = {
		"AES_CM_128_HMAC_SHA1_80", 16, 14, 10, 10, false },
	[SRTPW_AES_CM_128_HMAC_SHA1_32] = {
		"AES_CM_128_HMAC_SHA1_32", 16, 14, 4, 10, false },
};

const struct srtpw_sizes *srtpw_sizes(enum srtpw_suite suite)
{
	if ((unsigned)suite >= SRTPW_SUITES || suite == SRTPW_NONE)
		return NULL;

	return &suites[suite];
}

const char *srtpw_suite_name(enum srtpw_suite suite)
{
	const struct srtpw_sizes *z = srtpw_sizes(suite);

	return z ? z->name : "";
}

enum srtpw_suite srtpw_suite_find(const char *name, size_t len)
{
	unsigned i;

	for (i = SRTPW_NONE + 1; name && i < SRTPW_SUITES; i++)
		if (strlen(suites[i].name) == len &&
		    !memcmp(suites[i].name, name, len))
			return (enum srtpw_suite)i;

	return SRTPW_NONE;
}

size_t srtpw_key_bytes(enum srtpw_suite suite)
{
	const struct srtpw_sizes *z = srtpw_sizes(suite);

	return z ? (size_t)z->key + z->salt : 0;
}

int srtpw_key_make(struct srtpw_key *key, enum srtpw_suite suite)
{
	const size_t len = srtpw_key_bytes(suite);
	uint8_t v[SRTPW_KEY_BYTES_MAX];

	if (!key || !len)
		return EINVAL;
	if (RAND_priv_bytes(v, (int)len) != 1)
		return EIO;

	memset(key, 0, sizeof(*key));
	memcpy(key->v, v, len);
	key->suite = (uint8_t)suite;
	key->len = (uint8_t)len;
	OPENSSL_cleanse(v, sizeof(v));
	return 0;
}

bool srtpw_key_same(const struct srtpw_key *a, const struct srtpw_key *b)
{
	return a->suite == b->suite && a->len == b->len &&
		!CRYPTO_memcmp(a->v, b->v, a->len);
}

/** Keystream of AES-CM at x * 2^16 (RFC 3711 section 4.3.3, RFC 6188
 *  section 3): x is the master salt with the label in its 8th byte. A salt of
 *  96 bits has zeros behind it (RFC 7714 section 11). */
static int kdf_stream(EVP_CIPHER_CTX *evp, const uint8_t *salt, size_t salt_len,
		      unsigned label, uint8_t *out, size_t len)
{
	static const uint8_t zero[SRTPW_CIPHER_BYTES_MAX];
	uint8_t iv[SRTPW_IV_BYTES] = { 0 };
	int n = 0;

	memcpy(iv, salt, salt_len);
	iv[7] ^= (uint8_t)label;
	if (EVP_EncryptInit_ex(evp, NULL, NULL, NULL, iv) != 1 ||
	    EVP_EncryptUpdate(evp, out, &n, zero, (int)len) != 1 ||
	    (size_t)n != len)
		return EIO;

	return 0;
}

int srtpw_derive(struct srtpw_material *m, const struct srtpw_key *key,
		 enum srtpw_label label)
{
	const struct srtpw_sizes *z;
	struct srtpw_material d;
	const uint8_t *salt;
	EVP_CIPHER_CTX *evp;
	int err = EIO;

	if (!m || !key)
		return EINVAL;
	z = srtpw_sizes((enum srtpw_suite)key->suite);
	if (!z || key->len != z->key + z->salt)
		return EINVAL;
	evp = EVP_CIPHER_CTX_new();
	if (!evp)
		return ENOMEM;

	memset(&d, 0, sizeof(d));
	salt = key->v + z->key;
	if (EVP_EncryptInit_ex(evp, z->key == 32 ? EVP_aes_256_ctr() :
						   EVP_aes_128_ctr(),
			       NULL, key->v, NULL) != 1)
		goto out;
	err = kdf_stream(evp, salt, z->salt, label, d.key, z->key);
	if (!err && !z->aead)
		err = kdf_stream(evp, salt, z->salt, label + 1u, d.auth,
				 sizeof(d.auth));
	if (!err)
		err = kdf_stream(evp, salt, z->salt, label + 2u, d.salt,
				 z->salt);
	if (!err)
		*m = d;
out:
	OPENSSL_cleanse(&d, sizeof(d));
	EVP_CIPHER_CTX_free(evp);
	return err;
}

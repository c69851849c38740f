/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file digest.c  Digest: hashes, checking, answering
 */
#include "wire/digest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

/* One part of a colon-separated hash input */
struct part {
	const char *p;
	size_t l;
};

enum { PARTS_MAX = 6 };

static const EVP_MD *alg_md(enum digest_alg alg)
{
	switch (alg) {

	case DIGEST_MD5:
		return EVP_md5();
	case DIGEST_SHA256:
		return EVP_sha256();
	case DIGEST_SHA512_256:
		return EVP_sha512_256();
	}
	return NULL;
}

size_t digest_hex_chars(enum digest_alg alg)
{
	return alg == DIGEST_MD5 ? 32 : 64;
}

const char *digest_alg_name(enum digest_alg alg)
{
	switch (alg) {

	case DIGEST_MD5:
		return "MD5";
	case DIGEST_SHA256:
		return "SHA-256";
	case DIGEST_SHA512_256:
		return "SHA-512-256";
	}
	return "unknown";
}

bool digest_alg_find(enum digest_alg *algp, const char *p, size_t len)
{
	static const enum digest_alg all[] = {DIGEST_MD5, DIGEST_SHA256,
					      DIGEST_SHA512_256};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const char *name = digest_alg_name(all[i]);

		if (len == strlen(name) && !strncasecmp(p, name, len)) {
			*algp = all[i];
			return true;
		}
	}
	return false;
}

static struct part part(const char *s)
{
	return (struct part){.p = s, .l = strlen(s)};
}

/* The parts joined by colons, fed to the hash piece by piece: a password is
 * never copied. */
static bool parts_feed(EVP_MD_CTX *ctx, const struct part *parts, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (i && EVP_DigestUpdate(ctx, ":", 1) != 1)
			return false;
		if (EVP_DigestUpdate(ctx, parts[i].p, parts[i].l) != 1)
			return false;
	}
	return true;
}

static int parts_hash(char hex[DIGEST_HEX_MAX], enum digest_alg alg,
		      const struct part *parts, size_t n)
{
	const EVP_MD *md = alg_md(alg);
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned int bytes = 0, i;
	EVP_MD_CTX *ctx;
	int err = ENOSYS;

	if (!md)
		return EINVAL;
	ctx = EVP_MD_CTX_new();
	if (!ctx)
		return ENOMEM;

	if (EVP_DigestInit_ex(ctx, md, NULL) != 1 ||
	    !parts_feed(ctx, parts, n) ||
	    EVP_DigestFinal_ex(ctx, raw, &bytes) != 1 ||
	    2 * bytes != digest_hex_chars(alg))
		goto out;

	for (i = 0; i < bytes; i++) {
		static const char digits[] = "0123456789abcdef";

		hex[2 * i] = digits[raw[i] >> 4];
		hex[2 * i + 1] = digits[raw[i] & 15];
	}
	hex[2 * bytes] = '\0';
	err = 0;

out:
	OPENSSL_cleanse(raw, sizeof(raw));
	EVP_MD_CTX_free(ctx);
	return err;
}

int digest_ha1(char hex[DIGEST_HEX_MAX], enum digest_alg alg,
	       const char *username, const char *realm, const char *password)
{
	if (!hex || !username || !realm || !password)
		return EINVAL;

	const struct part parts[] = {part(username), part(realm),
				     part(password)};

	return parts_hash(hex, alg, parts, 3);
}

/* RFC 7616 section 3.4.2: a "-sess" A1 binds the session's first nonces */
static int sess_ha1(char hex[DIGEST_HEX_MAX], const struct digest_cred *cred,
		    const char *ha1)
{
	const struct part parts[] = {part(ha1), part(cred->nonce),
				     part(cred->cnonce)};

	return parts_hash(hex, cred->alg, parts, 3);
}

int digest_response(char hex[DIGEST_HEX_MAX], const struct digest_cred *cred,
		    const char *ha1, const char *method, size_t len)
{
	char a1[DIGEST_HEX_MAX], a2[DIGEST_HEX_MAX];
	struct part parts[PARTS_MAX];
	size_t n = 0;
	int err;

	if (!hex || !cred || !ha1 || !method ||
	    strlen(ha1) != digest_hex_chars(cred->alg))
		return EINVAL;

	parts[0] = (struct part){.p = method, .l = len};
	parts[1] = part(cred->uri);
	err = parts_hash(a2, cred->alg, parts, 2);
	if (err)
		return err;

	memcpy(a1, ha1, strlen(ha1) + 1);
	if (cred->sess) {
		err = sess_ha1(a1, cred, ha1);
		if (err)
			goto out;
	}

	parts[n++] = part(a1);
	parts[n++] = part(cred->nonce);
	if (cred->qop) {
		parts[n++] = part(cred->nc_text);
		parts[n++] = part(cred->cnonce);
		parts[n++] = part("auth");
	}
	parts[n++] = part(a2);
	err = parts_hash(hex, cred->alg, parts, n);

out:
	OPENSSL_cleanse(a1, sizeof(a1));
	return err;
}

int digest_check(const struct digest_cred *cred, const char *ha1,
		 const char *method, size_t len)
{
	char want[DIGEST_HEX_MAX];
	size_t n;
	int err;

	err = digest_response(want, cred, ha1, method, len);
	if (err)
		return err;

	n = digest_hex_chars(cred->alg);
	if (strlen(cred->response) != n ||
	    CRYPTO_memcmp(want, cred->response, n))
		err = EACCES;
	OPENSSL_cleanse(want, sizeof(want));
	return err;
}

static bool put(char *buf, size_t size, const char *s)
{
	const size_t n = strlen(s);

	if (n >= size)
		return false;
	memcpy(buf, s, n + 1);
	return true;
}

int digest_answer(struct digest_cred *cred, const struct digest_chall *chall,
		  const struct digest_user *user)
{
	char ha1[DIGEST_HEX_MAX];
	struct digest_cred c = {0};
	int err;

	if (!cred || !chall || !user || !user->username || !user->password ||
	    !user->method || !user->uri || !user->cnonce)
		return EINVAL;

	c.alg = chall->alg;
	c.has_alg = chall->has_alg;
	c.sess = chall->sess;
	c.qop = chall->qop;
	c.nc = user->nc;
	c.has_opaque = chall->has_opaque;
	(void)snprintf(c.nc_text, sizeof(c.nc_text), "%08x", user->nc);
	if (!put(c.username, sizeof(c.username), user->username) ||
	    !put(c.realm, sizeof(c.realm), chall->realm) ||
	    !put(c.nonce, sizeof(c.nonce), chall->nonce) ||
	    !put(c.uri, sizeof(c.uri), user->uri) ||
	    !put(c.opaque, sizeof(c.opaque), chall->opaque) ||
	    !put(c.cnonce, sizeof(c.cnonce), user->cnonce))
		return EOVERFLOW;

	err = digest_ha1(ha1, c.alg, c.username, c.realm, user->password);
	if (!err)
		err = digest_response(c.response, &c, ha1, user->method,
				      strlen(user->method));
	OPENSSL_cleanse(ha1, sizeof(ha1));
	if (!err)
		*cred = c;
	return err;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file digest.h  Digest access authentication (RFC 7616, for SIP RFC 8760)
 *
 * Both sides: a server checks credentials against a stored H(A1), a client
 * answers a challenge from a password. Header values come without the header's
 * name. Values only; the hash functions let OpenSSL allocate and free a
 * context, nothing is kept. Any thread. Nothing here keeps nonces: whether a
 * nonce is ours and its count is new is the caller's question.
 */
#ifndef HL_WIRE_DIGEST_H
#define HL_WIRE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/limits.h"

enum digest_alg { DIGEST_MD5, DIGEST_SHA256, DIGEST_SHA512_256 };

enum {
	/** A hash in lower case hex, with NUL */
	DIGEST_HEX_MAX = 65,
	/** nonce, cnonce, opaque, with NUL */
	DIGEST_VALUE_MAX = 256
};

/** What an Authorization or Proxy-Authorization value says */
struct digest_cred {
	enum digest_alg alg; /**< Parameter absent: MD5 */
	bool has_alg;        /**< The parameter is there */
	bool sess;           /**< "-sess": A1 takes in nonce and cnonce */
	bool qop;            /**< qop=auth; else the form of RFC 2069 */
	uint32_t nc;         /**< Nonce count, with qop only */
	char nc_text[9];     /**< The same as sent: it is hashed as text */
	char username[HL_URI_MAX];
	char realm[HL_HOST_MAX];
	char nonce[DIGEST_VALUE_MAX];
	char uri[HL_URI_MAX];
	char cnonce[DIGEST_VALUE_MAX];
	bool has_opaque;
	char opaque[DIGEST_VALUE_MAX];
	char response[DIGEST_HEX_MAX]; /**< Made lower case */
};

/** What a WWW-Authenticate or Proxy-Authenticate value says */
struct digest_chall {
	enum digest_alg alg;
	bool has_alg;
	bool sess;
	bool qop;   /**< qop has auth among its values */
	bool stale; /**< Only the nonce is old */
	char realm[HL_HOST_MAX];
	char nonce[DIGEST_VALUE_MAX];
	bool has_opaque;
	char opaque[DIGEST_VALUE_MAX];
};

/** What a client answers with */
struct digest_user {
	const char *username;
	const char *password;
	const char *method; /**< For instance REGISTER */
	const char *uri;    /**< digest-uri: the Request-URI's text */
	const char *cnonce; /**< Fresh and random */
	uint32_t nc;        /**< 1 for the first use of a nonce, then rising */
};

/**
 * Read credentials
 *
 * Parameters may be quoted or not, in any order, names in any case; unknown
 * ones are skipped. cred is untouched on failure.
 *
 * @return 0
 *         EBADMSG   malformed, a parameter twice, or a mandatory one missing
 *         EOVERFLOW a value longer than its array
 *         ENOTSUP   not Digest, or an algorithm, qop or user name form that
 *                   is not ours: challenge
 *         ENOENT    the response is empty, as IMS clients send in their first
 *                   REGISTER: challenge as if there were no credentials
 */
int digest_cred_parse(struct digest_cred *cred, const char *p, size_t len);

/** Read a challenge; errors as digest_cred_parse(), ENOENT does not occur */
int digest_chall_parse(struct digest_chall *chall, const char *p, size_t len);

/**
 * Write credentials, or a challenge (always qop="auth" where qop is set)
 *
 * @return 0, EINVAL (a control character in a value), EOVERFLOW
 */
int digest_cred_print(char *buf, size_t size, const struct digest_cred *cred);
int digest_chall_print(char *buf, size_t size,
		       const struct digest_chall *chall);

/**
 * H(A1) = H(user:realm:password), what a server stores per algorithm
 *
 * @return 0, EINVAL, or ENOSYS: OpenSSL does not offer the hash
 */
int digest_ha1(char hex[DIGEST_HEX_MAX], enum digest_alg alg,
	       const char *username, const char *realm, const char *password);

/**
 * The response that credentials must have
 *
 * @param hex    Result, terminated
 * @param cred   Credentials; their response is not looked at
 * @param ha1    Stored H(A1) of cred's algorithm, terminated
 * @param method Request method, not terminated
 * @param len    Its length in bytes
 *
 * @return as digest_ha1()
 */
int digest_response(char hex[DIGEST_HEX_MAX], const struct digest_cred *cred,
		    const char *ha1, const char *method, size_t len);

/**
 * Check credentials in constant time; parameters as digest_response()
 *
 * @return 0, EACCES (wrong), or as digest_ha1()
 */
int digest_check(const struct digest_cred *cred, const char *ha1,
		 const char *method, size_t len);

/**
 * Answer a challenge: fills cred, ready for digest_cred_print()
 *
 * @return 0, EINVAL, EOVERFLOW (a value too long), or as digest_ha1()
 */
int digest_answer(struct digest_cred *cred, const struct digest_chall *chall,
		  const struct digest_user *user);

/** Hex digits of a hash: 32 or 64 */
size_t digest_hex_chars(enum digest_alg alg);

/** The algorithm's token, never NULL; "MD5" for MD5 */
const char *digest_alg_name(enum digest_alg alg);

/** The algorithm of a token, any case, no "-sess"; @return false if unknown */
bool digest_alg_find(enum digest_alg *algp, const char *p, size_t len);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file nonce.h  Stateless nonces, and the counts seen with them
 *
 * A nonce carries its time and a MAC, so a flood of challenges leaves nothing
 * behind. The count (nc) of a nonce that was used rightly is kept in a bounded
 * table against replay; what falls out of it is treated as old, never as new.
 * Time comes in; pure but for the key and its random part.
 */
#ifndef HL_AUTH_NONCE_H
#define HL_AUTH_NONCE_H

#include <stdint.h>
#include <re.h>

struct nonces;

enum { NONCE_TEXT_MAX = 64 };

enum nonce_verdict {
	NONCE_FRESH,   /**< Ours, young, count not used before */
	NONCE_AGAIN,   /**< The very transaction that used this count, while it
			    may still be repeated (64*T1, RFC 3261 17.1) */
	NONCE_STALE,   /**< Ours, but old or its count was used */
	NONCE_FOREIGN  /**< Not ours */
};

int nonces_alloc(struct nonces **np, uint32_t ttl_s, uint32_t max);

int nonce_print(const struct nonces *n, char buf[NONCE_TEXT_MAX],
		uint64_t now_us);

/** Look without using the count up */
enum nonce_verdict nonce_check(const struct nonces *n, const char *text,
			       uint32_t nc, uint64_t transaction,
			       uint64_t now_us);

/** Note the count of a request that proved right */
int nonce_use(struct nonces *n, const char *text, uint32_t nc,
	      uint64_t transaction, uint64_t now_us);

uint32_t nonces_count(const struct nonces *n);

#endif

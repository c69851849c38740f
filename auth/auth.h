/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file auth.h  The auth role: verifies who sends a request (row P14)
 *
 * Alone sees secrets (H(A1) per algorithm, never a password). Asked over the
 * bus by BUS_AUTH_CHECK: SIP digest, RFC 7616 and 8760, MD5 and SHA-256.
 * Nonces are stateless (time and HMAC under a key made at start); the highest
 * nonce count seen per nonce is kept in a bounded table against replay.
 *
 * Signalling thread only.
 */
#ifndef HL_AUTH_AUTH_H
#define HL_AUTH_AUTH_H

#include <stdint.h>
#include <jansson.h>

struct auth;
struct bus;
struct hlog;
struct prov;

struct auth_cfg {
	uint32_t nonce_ttl_s;  /**< Older: challenged anew with stale=true */
	uint32_t nonces_max;   /**< Nonces whose counts are kept */
	uint32_t users_max;    /**< Accounts held */
};

void auth_cfg_default(struct auth_cfg *cfg);

/** @return 0 or errno; mem_deref() ends the role */
int auth_alloc(struct auth **ap, const struct auth_cfg *cfg, struct bus *bus,
	       struct prov *prov, struct hlog *log);

/** Figures for `holler status`: users, nonces, verdicts by kind */
int auth_status(const struct auth *a, json_t **objp);

#endif

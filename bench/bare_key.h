/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bare_key.h  The ceiling of SRTP: one raw operation of libcrypto
 */
#ifndef HL_BENCH_BARE_KEY_H
#define HL_BENCH_BARE_KEY_H

#include <stddef.h>
#include <stdint.h>
#include "wire/srtp.h"

/** A random key; its HMAC goes on from hashed pads */
struct bare_key {
	enum srtpw_suite suite;
	void *evp, *inner, *outer;
};

/** @return 0 or errno; nothing to do with SRTPW_NONE */
int bare_key_open(struct bare_key *k, enum srtpw_suite suite);
void bare_key_close(struct bare_key *k);
/** @return bytes in out: text and tag */
size_t bare_key_seal(struct bare_key *k, const uint8_t hdr[12], uint64_t seq,
		     const uint8_t *p, size_t len, uint8_t *out);

#endif

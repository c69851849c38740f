/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file srtp_rig.h  What the tests of SRTP share: keys and packets
 */
#ifndef HL_SRTP_RIG_H
#define HL_SRTP_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "wire/rtcp.h"
#include "wire/rtp.h"
#include "wire/srtp.h"

enum { RIG_SSRC = 0xa11c, RIG_BYTES_MAX = 1500 };

/** A packet, and how much of it is there */
struct packet {
	uint8_t p[RIG_BYTES_MAX];
	size_t len, hdr_len;
};

/** The same key at every run */
static inline struct srtpw_key rig_key(enum srtpw_suite suite, unsigned salt)
{
	struct srtpw_key key = { .suite = (uint8_t)suite };
	size_t i;

	key.len = (uint8_t)srtpw_key_bytes(suite);
	for (i = 0; i < key.len; i++)
		key.v[i] = (uint8_t)(i * 7 + salt);
	return key;
}

static inline struct srtpw *rig_context(enum srtpw_suite suite, unsigned salt)
{
	const struct srtpw_key key = rig_key(suite, salt);
	struct srtpw *s = NULL;

	assert_int_equal(srtpw_alloc(&s, &key), 0);
	return s;
}

/** Plain RTP of len bytes of payload */
static inline struct packet rig_rtp(uint32_t ssrc, uint16_t seq, size_t len)
{
	struct packet k = { .len = RTPW_HEADER_BYTES + len,
			    .hdr_len = RTPW_HEADER_BYTES };
	size_t i;

	rtpw_encode(k.p, false, 0, seq, seq * 160u, ssrc);
	for (i = 0; i < len; i++)
		k.p[k.hdr_len + i] = (uint8_t)(i + seq);
	return k;
}

/** Plain RTCP: an SR and an SDES */
static inline struct packet rig_rtcp(uint32_t ssrc)
{
	const struct rtcpw_sr sr = { .ntp = 1234567, .packets = 17 };
	struct packet k = { .hdr_len = 8 };

	assert_int_equal(rtcpw_encode(k.p, sizeof(k.p), ssrc, &sr, "a@b.example",
				      &k.len), 0);
	return k;
}

/** @return srtpw_protect() of a copy of it into outp, header in front */
static inline int rig_protect(struct srtpw *s, const struct packet *k,
			      struct packet *outp)
{
	struct packet out = *k;
	size_t n;
	int err = srtpw_protect(s, k->p, k->hdr_len, k->p + k->hdr_len,
				k->len - k->hdr_len, out.p + k->hdr_len, &n);

	if (err)
		return err;
	out.len = k->hdr_len + n;
	*outp = out;
	return 0;
}

/** In a copy of its own size, so that sanitizers see a byte too many */
static inline int rig_unprotect(struct srtpw *s, const struct packet *k,
				struct packet *outp)
{
	uint8_t *copy = malloc(k->len ? k->len : 1);
	size_t n;
	int err;

	assert_non_null(copy);
	memcpy(copy, k->p, k->len);
	err = srtpw_unprotect(s, copy, k->len, k->hdr_len, &n);
	if (!err && outp) {
		memcpy(outp->p, copy, n);
		outp->len = n;
		outp->hdr_len = k->hdr_len;
	}
	free(copy);
	return err;
}

static inline int rig_unprotect_rtcp(struct srtpw *s, const struct packet *k,
				     struct packet *outp)
{
	uint8_t *copy = malloc(k->len ? k->len : 1);
	size_t n;
	int err;

	assert_non_null(copy);
	memcpy(copy, k->p, k->len);
	err = srtcpw_unprotect(s, copy, k->len, &n);
	if (!err && outp) {
		memcpy(outp->p, copy, n);
		outp->len = n;
	}
	free(copy);
	return err;
}

static inline void rig_same(const struct packet *a, const struct packet *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->p, b->p, a->len);
}

#endif

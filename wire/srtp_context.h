/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file srtp_context.h  What struct srtpw is
 *
 * Inner part of wire/srtp.h, and for its tests.
 */
#ifndef HL_WIRE_SRTP_CONTEXT_H
#define HL_WIRE_SRTP_CONTEXT_H

#include "wire/srtp_cipher.h"
#include "wire/srtp_stream.h"

/** On lines of the cache, of which one packet of RTP needs the first three */
struct srtpw {
	struct srtpw_cipher cipher;
	struct srtpw_streams streams;
	struct srtpw_session rtcp;
};

/** A context of session keys that were derived elsewhere, as test vectors
 *  have them. @return as srtpw_alloc() */
int srtpw_alloc_derived(struct srtpw **sp, enum srtpw_suite suite,
			const struct srtpw_material *rtp,
			const struct srtpw_material *rtcp);

static inline uint32_t srtpw_get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static inline void srtpw_put_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

#endif

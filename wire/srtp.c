/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file srtp.c  SRTP of one direction
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "wire/rtp.h"
#include "wire/srtp.h"
#include "wire/srtp_context.h"

enum { LINE_BYTES = 64 };

int srtpw_alloc_derived(struct srtpw **sp, enum srtpw_suite suite,
			const struct srtpw_material *rtp,
			const struct srtpw_material *rtcp)
{
	struct srtpw *s;
	int err;

	if (!sp || !rtp || !rtcp)
		return EINVAL;
	s = aligned_alloc(LINE_BYTES, (sizeof(*s) + LINE_BYTES - 1) /
				      LINE_BYTES * LINE_BYTES);
	if (!s)
		return ENOMEM;
	memset(s, 0, sizeof(*s));
	err = srtpw_cipher_init(&s->cipher, suite, rtp);
	if (err) {
		free(s);
		return err;
	}

	srtpw_session_init(&s->rtcp, rtcp);
	*sp = s;
	return 0;
}

int srtpw_alloc(struct srtpw **sp, const struct srtpw_key *key)
{
	struct srtpw_material rtp, rtcp;
	int err;

	if (!sp || !key)
		return EINVAL;
	err = srtpw_derive(&rtp, key, SRTPW_RTP_LABEL);
	if (err)
		return err;
	err = srtpw_derive(&rtcp, key, SRTPW_RTCP_LABEL);
	if (!err)
		err = srtpw_alloc_derived(sp, (enum srtpw_suite)key->suite,
					  &rtp, &rtcp);

	OPENSSL_cleanse(&rtp, sizeof(rtp));
	OPENSSL_cleanse(&rtcp, sizeof(rtcp));
	return err;
}

void srtpw_free(struct srtpw *s)
{
	if (!s)
		return;

	srtpw_cipher_close(&s->cipher);
	OPENSSL_cleanse(s, sizeof(*s));
	free(s);
}

void srtpw_prefetch(const struct srtpw *s)
{
	const char *p = (const char *)s;

	__builtin_prefetch(p, 1);
	__builtin_prefetch(p + LINE_BYTES, 1);
	__builtin_prefetch(p + 2 * LINE_BYTES, 1);
}

void srtpw_prefetch_cipher(const struct srtpw *s)
{
	const char *p = s->cipher.evp;

	__builtin_prefetch(p, 1);
	__builtin_prefetch(p + LINE_BYTES, 1);
	__builtin_prefetch(p + 2 * LINE_BYTES, 1);
}

size_t srtpw_rtp_bytes(const struct srtpw *s)
{
	return s ? s->cipher.sizes->tag : 0;
}

/** Which index a packet has, if it may be taken at all */
static int rtp_look(const struct srtpw *s, const uint8_t *hdr,
		    uint64_t *indexp)
{
	const uint16_t seq = (uint16_t)(hdr[2] << 8 | hdr[3]);
	const uint32_t ssrc = srtpw_get_u32(hdr + 8);
	const struct srtpw_stream *st = srtpw_stream_find(&s->streams, ssrc);
	int err;

	if (!st) {
		*indexp = seq;
		return srtpw_stream_look(&s->streams, ssrc);
	}

	err = srtpw_index(&st->rtp, seq, indexp);
	return err ? err : srtpw_window_look(&st->rtp, *indexp);
}

static void rtp_keep(struct srtpw *s, const uint8_t *hdr, uint64_t index)
{
	struct srtpw_stream *st;

	st = srtpw_stream_use(&s->streams, srtpw_get_u32(hdr + 8));
	srtpw_window_keep(&st->rtp, index);
}

/** The parts of a job that both directions have in common */
static void rtp_job(const struct srtpw *s, struct srtpw_job *j,
		    const uint8_t *hdr, size_t hdr_len, uint64_t index)
{
	const struct srtpw_cipher *c = &s->cipher;

	srtpw_cipher_iv(c, &c->rtp, srtpw_get_u32(hdr + 8), index, j->iv);
	j->head = hdr;
	j->head_len = hdr_len;
	/* GCM has the ROC in its IV already. */
	srtpw_put_u32(j->tail, (uint32_t)(index >> 16));
	j->tail_len = c->sizes->aead ? 0 : SRTPW_TAIL_BYTES;
	j->tag_len = c->sizes->tag;
}

/** A sender does not jump half of the numbers: in its first round that is one
 *  from before its first packet */
static bool rtp_before(const struct srtpw *s, const uint8_t *hdr,
		       uint64_t index)
{
	const struct srtpw_stream *st;

	st = srtpw_stream_find(&s->streams, srtpw_get_u32(hdr + 8));
	return st && srtpw_window_any(&st->rtp) &&
	       index > st->rtp.top + 0x8000;
}

int srtpw_protect(struct srtpw *s, const uint8_t *hdr, size_t hdr_len,
		  const uint8_t *p, size_t len, uint8_t *out, size_t *lenp)
{
	struct srtpw_job j;
	uint64_t index;
	int err;

	if (!s || !hdr || hdr_len < RTPW_HEADER_BYTES || (len && !p) || !out ||
	    !lenp)
		return EINVAL;
	err = rtp_look(s, hdr, &index);
	if (!err && rtp_before(s, hdr, index))
		err = EALREADY;
	if (err)
		return err;

	rtp_job(s, &j, hdr, hdr_len, index);
	j.in = p;
	j.out = out;
	j.len = len;
	j.tag = out + len;
	err = srtpw_cipher_seal(&s->cipher, &s->cipher.rtp, &j);
	if (err)
		return err;

	rtp_keep(s, hdr, index);
	*lenp = len + j.tag_len;
	return 0;
}

int srtpw_unprotect(struct srtpw *s, uint8_t *p, size_t len, size_t hdr_len,
		    size_t *lenp)
{
	struct srtpw_job j;
	uint64_t index;
	int err;

	if (!s || !p || !lenp)
		return EINVAL;
	if (hdr_len < RTPW_HEADER_BYTES || hdr_len > len ||
	    len - hdr_len < s->cipher.sizes->tag)
		return EBADMSG;
	err = rtp_look(s, p, &index);
	if (err)
		return err;

	rtp_job(s, &j, p, hdr_len, index);
	j.in = j.out = p + hdr_len;
	j.len = len - hdr_len - j.tag_len;
	j.tag = p + len - j.tag_len;
	err = srtpw_cipher_open(&s->cipher, &s->cipher.rtp, &j);
	if (err)
		return err;

	rtp_keep(s, p, index);
	*lenp = len - j.tag_len;
	return 0;
}

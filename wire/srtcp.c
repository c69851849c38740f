/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file srtcp.c  SRTCP of one direction (RFC 3711 section 3.4, RFC 7714
 *                section 9)
 *
 * Behind the packet come the E bit with the index, and the tag; GCM has its
 * tag in front of the index.
 */
#include <errno.h>
#include <string.h>

#include "wire/srtp.h"
#include "wire/srtp_context.h"

enum {
	/** Of the first packet: type, length and SSRC stay in the clear */
	HEAD_BYTES = 8,
	INDEX_BYTES = SRTPW_TAIL_BYTES
};

static const uint32_t e_bit = 1u << 31;

static void rtcp_job(const struct srtpw *s, struct srtpw_job *j, uint8_t *p,
		     size_t len, uint32_t word)
{
	const struct srtpw_cipher *c = &s->cipher;

	srtpw_cipher_iv(c, &s->rtcp, srtpw_get_u32(p + 4), word & ~e_bit,
			j->iv);
	j->head = p;
	j->head_len = word & e_bit ? HEAD_BYTES : len;
	j->in = j->out = p + j->head_len;
	j->len = len - j->head_len;
	srtpw_put_u32(j->tail, word);
	j->tail_len = INDEX_BYTES;
	j->tag_len = c->sizes->rtcp_tag;
	j->tag = p + len + (c->sizes->aead ? 0 : INDEX_BYTES);
}

static void rtcp_keep(struct srtpw *s, const uint8_t *p, uint32_t index)
{
	struct srtpw_stream *st;

	st = srtpw_stream_use(&s->streams, srtpw_get_u32(p + 4));
	srtpw_window_keep(&st->rtcp, index);
}

/** Counts from 0 for every SSRC */
static int rtcp_next(const struct srtpw *s, uint32_t ssrc, uint32_t *indexp)
{
	const struct srtpw_stream *st = srtpw_stream_find(&s->streams, ssrc);

	*indexp = 0;
	if (!st)
		return srtpw_stream_look(&s->streams, ssrc);
	if (!srtpw_window_any(&st->rtcp))
		return 0;
	if (st->rtcp.top + 1 >= e_bit)
		return EOVERFLOW;

	*indexp = (uint32_t)st->rtcp.top + 1;
	return 0;
}

int srtcpw_protect(struct srtpw *s, uint8_t *p, size_t len, size_t size,
		   size_t *lenp)
{
	struct srtpw_job j;
	uint32_t index;
	size_t more;
	int err;

	if (!s || !p || !lenp || len < HEAD_BYTES)
		return EINVAL;
	more = (size_t)s->cipher.sizes->rtcp_tag + INDEX_BYTES;
	if (size < len || size - len < more)
		return ENOSPC;
	err = rtcp_next(s, srtpw_get_u32(p + 4), &index);
	if (err)
		return err;

	rtcp_job(s, &j, p, len, index | e_bit);
	memcpy(p + len + (s->cipher.sizes->aead ? j.tag_len : 0), j.tail,
	       INDEX_BYTES);
	err = srtpw_cipher_seal(&s->cipher, &s->rtcp, &j);
	if (err)
		return err;

	rtcp_keep(s, p, index);
	*lenp = len + more;
	return 0;
}

int srtcpw_unprotect(struct srtpw *s, uint8_t *p, size_t len, size_t *lenp)
{
	const struct srtpw_stream *st;
	struct srtpw_job j;
	uint32_t word, ssrc;
	size_t more;
	int err;

	if (!s || !p || !lenp)
		return EINVAL;
	more = (size_t)s->cipher.sizes->rtcp_tag + INDEX_BYTES;
	if (len < HEAD_BYTES + more)
		return EBADMSG;
	len -= more;
	word = srtpw_get_u32(p + len +
			     (s->cipher.sizes->aead ? more - INDEX_BYTES : 0));
	ssrc = srtpw_get_u32(p + 4);
	st = srtpw_stream_find(&s->streams, ssrc);
	err = st ? srtpw_window_look(&st->rtcp, word & ~e_bit) :
		   srtpw_stream_look(&s->streams, ssrc);
	if (err)
		return err;

	rtcp_job(s, &j, p, len, word);
	err = srtpw_cipher_open(&s->cipher, &s->rtcp, &j);
	if (err)
		return err;

	rtcp_keep(s, p, word & ~e_bit);
	*lenp = len;
	return 0;
}

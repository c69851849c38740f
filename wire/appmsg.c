/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file appmsg.c  The frame of floor messages: RTCP APP
 */
#include "wire/appmsg.h"

#include <errno.h>

enum { RTCP_APP = 204, SUBTYPE_MASK = 0x1f, PADDING_BIT = 0x20 };

/* RFC 3550 section 6.4.1: the last octet counts the padding, itself included,
 * a multiple of four */
static bool padding_strip(struct reader *r)
{
	const size_t n = r->n ? r->p[r->n - 1] : 0;

	if (!n || n % 4 || n > r->n)
		return false;
	r->n -= n;
	return true;
}

int appmsg_decode(struct appmsg *a, const uint8_t name[4], const uint8_t *p,
		  size_t len, size_t *usedp)
{
	struct reader r;
	uint32_t ssrc;
	size_t used;

	if (len < APPMSG_HEADER_BYTES || p[0] >> 6 != 2 || p[1] != RTCP_APP)
		return EBADMSG;
	used = 4 * ((size_t)(p[2] << 8 | p[3]) + 1);
	if (used < APPMSG_HEADER_BYTES || used > len)
		return EBADMSG;

	r = reader_make(p, used);
	reader_skip(&r, 4);
	ssrc = reader_u32(&r);
	if (memcmp(reader_bytes(&r, 4), name, 4)) {
		*usedp = used;
		return ENOMSG;
	}
	if (p[0] & PADDING_BIT && !padding_strip(&r))
		return EBADMSG;

	a->subtype = p[0] & SUBTYPE_MASK;
	a->ssrc = ssrc;
	a->body = r;
	*usedp = used;
	return 0;
}

void appmsg_begin(struct writer *w, uint8_t subtype, uint32_t ssrc,
		  const uint8_t name[4])
{
	writer_u8(w, 0x80 | subtype);
	writer_u8(w, RTCP_APP);
	writer_u16(w, 0);
	writer_u32(w, ssrc);
	writer_bytes(w, name, 4);
}

int appmsg_end(struct writer *w, size_t *lenp)
{
	writer_zeros(w, -w->pos % 4);
	writer_patch_u16(w, 2, (uint16_t)(w->pos / 4 - 1));
	if (!writer_ok(w))
		return EOVERFLOW;
	*lenp = w->pos;
	return 0;
}

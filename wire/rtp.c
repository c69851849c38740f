/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rtp.c  RTP headers, and which datagram is RTCP
 */
#include "wire/rtp.h"

#include <errno.h>

#include "util/reader.h"

enum {
	VERSION = 2,
	/* RFC 5761 section 4: 64 to 95 as a payload type are never RTP */
	RTCP_FIRST = 192,
	RTCP_LAST = 223
};

/* RFC 3550 section 5.1: the last octet counts the padding, itself included */
static bool padding_strip(struct reader *r)
{
	const size_t n = r->n ? r->p[r->n - 1] : 0;

	if (!n || n > r->n)
		return false;
	r->n -= n;
	return true;
}

static int head_read(struct rtpw_hdr *h, struct reader *r, bool *paddedp)
{
	const uint8_t b0 = reader_u8(r), b1 = reader_u8(r);

	h->marker = (b1 & 0x80) != 0;
	h->pt = b1 & 0x7f;
	h->seq = reader_u16(r);
	h->ts = reader_u32(r);
	h->ssrc = reader_u32(r);
	if (!reader_ok(r) || b0 >> 6 != VERSION)
		return EBADMSG;

	reader_skip(r, 4 * (size_t)(b0 & 0x0f));
	if (b0 & 0x10) {
		reader_skip(r, 2);
		reader_skip(r, 4 * (size_t)reader_u16(r));
	}
	*paddedp = (b0 & 0x20) != 0;
	return reader_ok(r) ? 0 : EBADMSG;
}

static int packet_read(struct rtpw_hdr *hdr, const uint8_t *p, size_t len,
		       bool sealed)
{
	struct reader r = reader_make(p, len);
	struct rtpw_hdr h;
	bool padded;

	if (!hdr || !p)
		return EINVAL;
	if (head_read(&h, &r, &padded) ||
	    (padded && !sealed && !padding_strip(&r)))
		return EBADMSG;

	h.payload = (size_t)(r.p - p);
	h.payload_bytes = r.n;
	*hdr = h;
	return 0;
}

int rtpw_decode(struct rtpw_hdr *hdr, const uint8_t *p, size_t len)
{
	return packet_read(hdr, p, len, false);
}

int rtpw_head(struct rtpw_hdr *hdr, const uint8_t *p, size_t len)
{
	return packet_read(hdr, p, len, true);
}

void rtpw_encode(uint8_t buf[RTPW_HEADER_BYTES], bool marker, uint8_t pt,
		 uint16_t seq, uint32_t ts, uint32_t ssrc)
{
	buf[0] = VERSION << 6;
	buf[1] = (uint8_t)((marker ? 0x80 : 0) | (pt & 0x7f));
	buf[2] = (uint8_t)(seq >> 8);
	buf[3] = (uint8_t)seq;
	buf[4] = (uint8_t)(ts >> 24);
	buf[5] = (uint8_t)(ts >> 16);
	buf[6] = (uint8_t)(ts >> 8);
	buf[7] = (uint8_t)ts;
	buf[8] = (uint8_t)(ssrc >> 24);
	buf[9] = (uint8_t)(ssrc >> 16);
	buf[10] = (uint8_t)(ssrc >> 8);
	buf[11] = (uint8_t)ssrc;
}

bool rtcpw_is(const uint8_t *p, size_t len)
{
	return p && len >= 8 && p[0] >> 6 == VERSION && p[1] >= RTCP_FIRST &&
	       p[1] <= RTCP_LAST;
}

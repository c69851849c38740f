/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rtp.c  RTP and RTCP headers
 */
#include "wire/rtp.h"

#include <errno.h>

#include "util/reader.h"
#include "util/writer.h"

enum {
	VERSION = 2,
	SR_BYTES = 28,
	RR_BYTES = 8,
	BLOCK_BYTES = 24,
	SDES_CNAME = 1,
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

/* One packet of the compound, its header included; count is the 5-bit field */
static bool packet_fits(uint8_t type, uint8_t count, size_t bytes)
{
	if (type == RTCPW_SR)
		return bytes >= SR_BYTES + (size_t)count * BLOCK_BYTES;
	if (type == RTCPW_RR)
		return bytes >= RR_BYTES + (size_t)count * BLOCK_BYTES;
	if (type == RTCPW_SDES || type == RTCPW_BYE)
		return bytes >= 4 + (size_t)count * 4;
	if (type == RTCPW_APP)
		return bytes >= 12;
	return true;
}

static void packet_note(struct rtcpw_info *info, uint8_t type, uint32_t ssrc)
{
	const bool report = type == RTCPW_SR || type == RTCPW_RR;

	if (report && !info->sr && !info->rr)
		info->ssrc = ssrc;
	info->sr |= type == RTCPW_SR;
	info->rr |= type == RTCPW_RR;
	info->sdes |= type == RTCPW_SDES;
	info->bye |= type == RTCPW_BYE;
}

int rtcpw_decode(struct rtcpw_info *info, const uint8_t *p, size_t len)
{
	struct reader r = reader_make(p, len);
	struct rtcpw_info found = {0};

	if (!info || !p)
		return EINVAL;
	if (!len)
		return EBADMSG;

	while (r.n) {
		const uint8_t b0 = reader_u8(&r), type = reader_u8(&r);
		const size_t bytes = 4 * (size_t)reader_u16(&r);
		struct reader body = reader_sub(&r, bytes);

		if (!reader_ok(&r) || b0 >> 6 != VERSION)
			return EBADMSG;
		/* Section 6.4.1: only the last packet may be padded */
		if (b0 & 0x20 && (r.n || !padding_strip(&body)))
			return EBADMSG;
		if (!packet_fits(type, b0 & 0x1f, 4 + body.n))
			return EBADMSG;
		packet_note(&found, type, body.n ? reader_u32(&body) : 0);
	}

	*info = found;
	return 0;
}

static void report_put(struct writer *w, uint32_t ssrc,
		       const struct rtcpw_sr *sr)
{
	writer_u8(w, VERSION << 6);
	writer_u8(w, sr ? RTCPW_SR : RTCPW_RR);
	writer_u16(w, (sr ? SR_BYTES : RR_BYTES) / 4 - 1);
	writer_u32(w, ssrc);
	if (!sr)
		return;
	writer_u64(w, sr->ntp);
	writer_u32(w, sr->rtp_ts);
	writer_u32(w, sr->packets);
	writer_u32(w, sr->bytes);
}

int rtcpw_encode(uint8_t *buf, size_t size, uint32_t ssrc,
		 const struct rtcpw_sr *sr, const char *cname, size_t *lenp)
{
	struct writer w = writer_make(buf, size);
	size_t cname_bytes, words;

	if (!buf || !cname || !lenp)
		return EINVAL;
	cname_bytes = strlen(cname);
	if (cname_bytes > UINT8_MAX)
		return EINVAL;

	report_put(&w, ssrc, sr);

	/* One chunk: SSRC, the item, and at least one zero octet that ends
	 * the list of items */
	words = 1 + (2 + cname_bytes) / 4 + 1;
	writer_u8(&w, VERSION << 6 | 1);
	writer_u8(&w, RTCPW_SDES);
	writer_u16(&w, (uint16_t)words);
	writer_u32(&w, ssrc);
	writer_u8(&w, SDES_CNAME);
	writer_u8(&w, (uint8_t)cname_bytes);
	writer_bytes(&w, cname, cname_bytes);
	writer_u8(&w, 0);
	writer_zeros(&w, -w.pos % 4);
	if (!writer_ok(&w))
		return EOVERFLOW;

	*lenp = w.pos;
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rtp.c  RTP and RTCP headers
 */
#include "wire/rtp.h"

#include <errno.h>

#include "wire/bytes.h"

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
static bool padding_strip(struct rbytes *rb)
{
	const size_t n = rb->left ? rb->p[rb->left - 1] : 0;

	if (!n || n > rb->left)
		return false;
	rb->left -= n;
	return true;
}

int rtpw_decode(struct rtpw_hdr *hdr, const uint8_t *p, size_t len)
{
	struct rbytes rb = {.p = p, .left = len};
	struct rtpw_hdr h;
	uint8_t b0, b1;

	if (!hdr || !p)
		return EINVAL;

	b0 = rb_u8(&rb);
	b1 = rb_u8(&rb);
	h.marker = (b1 & 0x80) != 0;
	h.pt = b1 & 0x7f;
	h.seq = rb_u16(&rb);
	h.ts = rb_u32(&rb);
	h.ssrc = rb_u32(&rb);
	if (rb.bad || b0 >> 6 != VERSION)
		return EBADMSG;

	(void)rb_take(&rb, 4 * (size_t)(b0 & 0x0f));
	if (b0 & 0x10) {
		(void)rb_u16(&rb);
		(void)rb_take(&rb, 4 * (size_t)rb_u16(&rb));
	}
	if (rb.bad || (b0 & 0x20 && !padding_strip(&rb)))
		return EBADMSG;

	h.payload = (size_t)(rb.p - p);
	h.payload_bytes = rb.left;
	*hdr = h;
	return 0;
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
	struct rbytes rb = {.p = p, .left = len};
	struct rtcpw_info found = {0};

	if (!info || !p)
		return EINVAL;
	if (!len)
		return EBADMSG;

	while (rb.left) {
		const uint8_t b0 = rb_u8(&rb), type = rb_u8(&rb);
		const size_t bytes = 4 * (size_t)rb_u16(&rb);
		struct rbytes body = {.p = rb_take(&rb, bytes), .left = bytes};

		if (rb.bad || b0 >> 6 != VERSION)
			return EBADMSG;
		/* Section 6.4.1: only the last packet may be padded */
		if (b0 & 0x20 && (rb.left || !padding_strip(&body)))
			return EBADMSG;
		if (!packet_fits(type, b0 & 0x1f, 4 + body.left))
			return EBADMSG;
		packet_note(&found, type, body.left ? rb_u32(&body) : 0);
	}

	*info = found;
	return 0;
}

static void report_put(struct wbytes *wb, uint32_t ssrc,
		       const struct rtcpw_sr *sr)
{
	wb_u8(wb, VERSION << 6);
	wb_u8(wb, sr ? RTCPW_SR : RTCPW_RR);
	wb_u16(wb, (sr ? SR_BYTES : RR_BYTES) / 4 - 1);
	wb_u32(wb, ssrc);
	if (!sr)
		return;
	wb_u64(wb, sr->ntp);
	wb_u32(wb, sr->rtp_ts);
	wb_u32(wb, sr->packets);
	wb_u32(wb, sr->bytes);
}

int rtcpw_encode(uint8_t *buf, size_t size, uint32_t ssrc,
		 const struct rtcpw_sr *sr, const char *cname, size_t *lenp)
{
	struct wbytes wb = {.p = buf, .size = size};
	size_t cname_bytes, words;

	if (!buf || !cname || !lenp)
		return EINVAL;
	cname_bytes = strlen(cname);
	if (cname_bytes > UINT8_MAX)
		return EINVAL;

	report_put(&wb, ssrc, sr);

	/* One chunk: SSRC, the item, and at least one zero octet that ends
	 * the list of items */
	words = 1 + (2 + cname_bytes) / 4 + 1;
	wb_u8(&wb, VERSION << 6 | 1);
	wb_u8(&wb, RTCPW_SDES);
	wb_u16(&wb, (uint16_t)words);
	wb_u32(&wb, ssrc);
	wb_u8(&wb, SDES_CNAME);
	wb_u8(&wb, (uint8_t)cname_bytes);
	wb_mem(&wb, cname, cname_bytes);
	wb_u8(&wb, 0);
	wb_pad4(&wb);
	if (wb.bad)
		return EOVERFLOW;

	*lenp = wb.pos;
	return 0;
}

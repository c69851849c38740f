/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rtcp.c  RTCP packets
 */
#include "wire/rtcp.h"

#include <errno.h>

#include "util/reader.h"
#include "util/writer.h"

enum {
	VERSION = 2,
	SR_BYTES = 28,
	RR_BYTES = 8,
	BLOCK_BYTES = 24,
	SDES_CNAME = 1,
	/* RFC 5761 section 4 */
	TYPE_FIRST = 192,
	TYPE_LAST = 223,
	LOST_MAX = 0x7fffff,
	LOST_MIN = -0x800000
};

/* One packet of the compound */
struct packet {
	uint8_t type, count;
	struct reader body; /* Behind the first word, without padding */
	bool padded;
};

static bool packet_next(struct packet *pkt, struct reader *r)
{
	const uint8_t b0 = reader_u8(r);
	size_t bytes;

	pkt->type = reader_u8(r);
	pkt->count = b0 & 0x1f;
	pkt->padded = b0 & 0x20;
	bytes = 4 * (size_t)reader_u16(r);
	pkt->body = reader_sub(r, bytes);
	return reader_ok(r) && b0 >> 6 == VERSION &&
	       pkt->type >= TYPE_FIRST && pkt->type <= TYPE_LAST;
}

/* Section 6.4.1: only the last packet may be padded; the last octet counts
 * the padding, itself included */
static bool padding_strip(struct packet *pkt, const struct reader *r)
{
	struct reader *body = &pkt->body;
	const size_t n = body->n ? body->p[body->n - 1] : 0;

	if (!pkt->padded)
		return true;
	if (r->n || !n || n > body->n)
		return false;
	body->n -= n;
	return true;
}

static bool packet_fits(const struct packet *pkt)
{
	const size_t bytes = 4 + pkt->body.n, count = pkt->count;

	if (pkt->type == RTCPW_SR)
		return bytes >= SR_BYTES + count * BLOCK_BYTES;
	if (pkt->type == RTCPW_RR)
		return bytes >= RR_BYTES + count * BLOCK_BYTES;
	if (pkt->type == RTCPW_SDES || pkt->type == RTCPW_BYE)
		return bytes >= 4 + count * 4;
	if (pkt->type == RTCPW_APP)
		return bytes >= 12;
	return true;
}

static void sr_read(struct rtcpw_sr *sr, struct reader *r)
{
	sr->ntp = reader_u64(r);
	sr->rtp_ts = reader_u32(r);
	sr->packets = reader_u32(r);
	sr->bytes = reader_u32(r);
}

static void packet_note(struct rtcpw_info *info, struct packet *pkt)
{
	const bool sr = pkt->type == RTCPW_SR, rr = pkt->type == RTCPW_RR;
	uint32_t ssrc;

	info->sdes |= pkt->type == RTCPW_SDES;
	info->bye |= pkt->type == RTCPW_BYE;
	if (!sr && !rr)
		return;
	ssrc = reader_u32(&pkt->body);
	if (!info->sr && !info->rr)
		info->ssrc = ssrc;
	info->sr |= sr;
	info->rr |= rr;
	if (sr) {
		info->sent_ssrc = ssrc;
		sr_read(&info->sent, &pkt->body);
	}
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
		struct packet pkt;

		if (!packet_next(&pkt, &r) || !padding_strip(&pkt, &r) ||
		    !packet_fits(&pkt))
			return EBADMSG;
		packet_note(&found, &pkt);
	}

	*info = found;
	return 0;
}

/* --- looking for one source -------------------------------------------- */

static void block_read(struct rtcpw_block *b, struct reader *r)
{
	uint32_t lost;

	b->fraction = reader_u8(r);
	lost = reader_u24(r);
	b->lost = (int32_t)(lost << 8) >> 8;
	b->highest = reader_u32(r);
	b->jitter = reader_u32(r);
	b->lsr = reader_u32(r);
	b->dlsr = reader_u32(r);
}

bool rtcpw_block_find(struct rtcpw_block *b, const uint8_t *p, size_t len,
		      uint32_t ssrc)
{
	struct reader r = reader_make(p, len);
	struct packet pkt;

	while (r.n && packet_next(&pkt, &r)) {
		if (pkt.type != RTCPW_SR && pkt.type != RTCPW_RR)
			continue;
		reader_skip(&pkt.body, (pkt.type == RTCPW_SR ? SR_BYTES
							     : RR_BYTES) - 4);
		for (; pkt.count; pkt.count--) {
			struct rtcpw_block got = {
				.ssrc = reader_u32(&pkt.body)};

			block_read(&got, &pkt.body);
			if (!reader_ok(&pkt.body) || got.ssrc != ssrc)
				continue;
			*b = got;
			return true;
		}
	}
	return false;
}

bool rtcpw_bye_of(const uint8_t *p, size_t len, uint32_t ssrc)
{
	struct reader r = reader_make(p, len);
	struct packet pkt;

	while (r.n && packet_next(&pkt, &r)) {
		if (pkt.type != RTCPW_BYE)
			continue;
		for (; pkt.count; pkt.count--) {
			const uint32_t who = reader_u32(&pkt.body);

			if (reader_ok(&pkt.body) && who == ssrc)
				return true;
		}
	}
	return false;
}

/* --- writing ----------------------------------------------------------- */

static void block_put(struct writer *w, const struct rtcpw_block *b)
{
	const int32_t lost = b->lost > LOST_MAX	  ? LOST_MAX
			     : b->lost < LOST_MIN ? LOST_MIN
						  : b->lost;

	writer_u32(w, b->ssrc);
	writer_u32(w, (uint32_t)b->fraction << 24 |
			      ((uint32_t)lost & 0xffffff));
	writer_u32(w, b->highest);
	writer_u32(w, b->jitter);
	writer_u32(w, b->lsr);
	writer_u32(w, b->dlsr);
}

static void report_put(struct writer *w, const struct rtcpw_report *r)
{
	const struct rtcpw_sr *sr = r->sr;
	const size_t bytes = (sr ? SR_BYTES : RR_BYTES) +
			     (r->block ? BLOCK_BYTES : 0);

	writer_u8(w, VERSION << 6 | (r->block ? 1 : 0));
	writer_u8(w, sr ? RTCPW_SR : RTCPW_RR);
	writer_u16(w, (uint16_t)(bytes / 4 - 1));
	writer_u32(w, r->ssrc);
	if (sr) {
		writer_u64(w, sr->ntp);
		writer_u32(w, sr->rtp_ts);
		writer_u32(w, sr->packets);
		writer_u32(w, sr->bytes);
	}
	if (r->block)
		block_put(w, r->block);
}

/* One chunk: SSRC, the item, and at least one zero octet that ends the list
 * of items */
static void sdes_put(struct writer *w, uint32_t ssrc, const char *cname,
		     size_t cname_bytes)
{
	writer_u8(w, VERSION << 6 | 1);
	writer_u8(w, RTCPW_SDES);
	writer_u16(w, (uint16_t)(1 + (2 + cname_bytes) / 4 + 1));
	writer_u32(w, ssrc);
	writer_u8(w, SDES_CNAME);
	writer_u8(w, (uint8_t)cname_bytes);
	writer_bytes(w, cname, cname_bytes);
	writer_u8(w, 0);
	writer_zeros(w, -w->pos % 4);
}

static void bye_put(struct writer *w, uint32_t ssrc)
{
	writer_u8(w, VERSION << 6 | 1);
	writer_u8(w, RTCPW_BYE);
	writer_u16(w, 1);
	writer_u32(w, ssrc);
}

int rtcpw_report_encode(uint8_t *buf, size_t size,
			const struct rtcpw_report *r, size_t *lenp)
{
	struct writer w = writer_make(buf, size);
	size_t cname_bytes;

	if (!buf || !r || !r->cname || !lenp)
		return EINVAL;
	cname_bytes = strlen(r->cname);
	if (cname_bytes > UINT8_MAX)
		return EINVAL;

	report_put(&w, r);
	sdes_put(&w, r->ssrc, r->cname, cname_bytes);
	if (r->bye)
		bye_put(&w, r->ssrc);
	if (!writer_ok(&w))
		return EOVERFLOW;

	*lenp = w.pos;
	return 0;
}

int rtcpw_encode(uint8_t *buf, size_t size, uint32_t ssrc,
		 const struct rtcpw_sr *sr, const char *cname, size_t *lenp)
{
	const struct rtcpw_report r = {
		.ssrc = ssrc, .sr = sr, .cname = cname};

	return rtcpw_report_encode(buf, size, &r, lenp);
}

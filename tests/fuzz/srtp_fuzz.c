/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file srtp_fuzz.c  Any datagram opened as SRTP and as SRTCP of every suite,
 *                    and after a flip of what was protected
 *
 * The first byte picks the suite, the second the bit that is turned; the rest
 * is the packet.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/rtp.h"
#include "wire/srtp.h"

enum { PACKET_BYTES_MAX = 2048 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** A key that is there again in every run, so that a corpus stays what it
 *  is */
static struct srtpw *context(enum srtpw_suite suite)
{
	struct srtpw_key key = { .suite = (uint8_t)suite };
	struct srtpw *s = NULL;

	key.len = (uint8_t)srtpw_key_bytes(suite);
	memset(key.v, 0x5a, key.len);
	if (srtpw_alloc(&s, &key))
		abort();
	return s;
}

static void strange(enum srtpw_suite suite, const uint8_t *p, size_t len)
{
	struct srtpw *s = context(suite);
	uint8_t *copy = malloc(len ? len : 1);
	size_t hdr_len, n = 0;

	if (!copy)
		abort();
	for (hdr_len = RTPW_HEADER_BYTES; hdr_len <= 40; hdr_len += 4) {
		memcpy(copy, p, len);
		if (!srtpw_unprotect(s, copy, len, hdr_len, &n) && n >= len)
			abort();
	}
	memcpy(copy, p, len);
	if (!srtcpw_unprotect(s, copy, len, &n) && n >= len)
		abort();
	free(copy);
	srtpw_free(s);
}

static void own_rtp(enum srtpw_suite suite, unsigned bit, const uint8_t *p,
		    size_t len)
{
	struct srtpw *tx = context(suite), *rx = context(suite);
	uint8_t buf[PACKET_BYTES_MAX + SRTPW_RTP_BYTES_MAX];
	struct rtpw_hdr hdr;
	size_t n, m;

	if (!rtpw_decode(&hdr, p, len)) {
		memcpy(buf, p, hdr.payload);
		if (srtpw_protect(tx, p, hdr.payload, p + hdr.payload,
				  len - hdr.payload, buf + hdr.payload, &n))
			abort();
		n += hdr.payload;
		bit %= (unsigned)n * 8;
		buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (!srtpw_unprotect(rx, buf, n, hdr.payload, &m))
			abort();
	}
	srtpw_free(tx);
	srtpw_free(rx);
}

static void own_rtcp(enum srtpw_suite suite, const uint8_t *p, size_t len)
{
	struct srtpw *tx = context(suite), *rx = context(suite);
	uint8_t buf[PACKET_BYTES_MAX + SRTPW_RTCP_BYTES_MAX];
	size_t n, m;

	memcpy(buf, p, len);
	if (!srtcpw_protect(tx, buf, len, sizeof(buf), &n) &&
	    (srtcpw_unprotect(rx, buf, n, &m) || m != len ||
	     memcmp(buf, p, len)))
		abort();
	srtpw_free(tx);
	srtpw_free(rx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum srtpw_suite suite;

	if (size < 2 || size - 2 > PACKET_BYTES_MAX)
		return 0;

	suite = (enum srtpw_suite)(1 + data[0] % (SRTPW_SUITES - 1));
	strange(suite, data + 2, size - 2);
	own_rtp(suite, data[1], data + 2, size - 2);
	own_rtcp(suite, data + 2, size - 2);
	return 0;
}

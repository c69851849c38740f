/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rtcp_fuzz.c  Any datagram on a media port as RTCP
 */
#include <stdlib.h>

#include "wire/rtcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t word_at(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rtcpw_block b;
	struct rtcpw_info info;
	size_t i;

	if (rtcpw_decode(&info, data, size))
		return 0;
	if (size % 4 || (data[1] == RTCPW_SR && !info.sr))
		abort();
	/* Whoever is looked for: of all that is named here */
	for (i = 0; i + 4 <= size; i += 4) {
		const uint32_t ssrc = word_at(&data[i]);

		if (rtcpw_block_find(&b, data, size, ssrc) &&
		    (b.ssrc != ssrc || !(info.sr || info.rr) ||
		     b.lost > 0x7fffff || b.lost < -0x800000))
			abort();
		if (rtcpw_bye_of(data, size, ssrc) && !info.bye)
			abort();
	}
	return 0;
}

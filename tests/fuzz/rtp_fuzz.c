/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rtp_fuzz.c  Any datagram on a media port as RTP
 */
#include <stdlib.h>

#include "wire/rtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rtpw_hdr hdr;

	if (!rtpw_decode(&hdr, data, size) &&
	    (hdr.payload < RTPW_HEADER_BYTES ||
	     hdr.payload + hdr.payload_bytes > size))
		abort();
	return 0;
}

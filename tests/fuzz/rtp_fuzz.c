/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rtp_fuzz.c  Any datagram on a muxed media port: RTP or RTCP
 */
#include <stdlib.h>

#include "wire/rtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rtcpw_info info;
	struct rtpw_hdr hdr;

	if (!rtpw_decode(&hdr, data, size) &&
	    (hdr.payload < RTPW_HEADER_BYTES ||
	     hdr.payload + hdr.payload_bytes > size))
		abort();

	if (!rtcpw_decode(&info, data, size) &&
	    (size % 4 || (rtcpw_is(data, size) && data[1] == RTCPW_SR &&
			  !info.sr)))
		abort();
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bfcp_fuzz.c  Any datagram on the floor port of conference equipment
 *
 * What decodes and can be encoded decodes to the same values again.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/bfcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t buf[BFC_MAX_BYTES], again[BFC_MAX_BYTES];
	struct bfc_msg msg, back;
	size_t len, len2;

	if (bfc_decode(&msg, data, size)) {
		if (size >= BFC_HEADER_BYTES && msg.fault == BFC_ERR_NONE)
			abort();
		return 0;
	}
	if (bfc_encode(buf, sizeof(buf), &msg, &len))
		return 0;
	if (len % 4 || bfc_decode(&back, buf, len))
		abort();
	if (bfc_encode(again, sizeof(again), &back, &len2) || len2 != len)
		abort();
	if (memcmp(buf, again, len))
		abort();
	return 0;
}

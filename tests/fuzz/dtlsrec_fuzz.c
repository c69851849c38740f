/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file dtlsrec_fuzz.c  Any datagram that is said to be DTLS
 */
#include <stdlib.h>

#include "wire/dtlsrec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dtlsrec_info info;

	if (dtlsrec_check(&info, data, size))
		return 0;
	if (!dtlsrec_is(data, size) || !info.records ||
	    info.records > size / DTLSREC_HEADER_BYTES ||
	    info.encrypted > info.records ||
	    (info.hello && info.encrypted == info.records))
		abort();
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mcpt_fuzz.c  Any datagram on the floor port
 *
 * What decodes and can be encoded decodes to the same values again.
 */
#include <errno.h>
#include <stdlib.h>

#include "wire/mcpt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const struct mcpt_msg *msg)
{
	uint8_t buf[MCPT_MAX_BYTES], again[MCPT_MAX_BYTES];
	struct mcpt_msg back;
	size_t len, len2, used, i;

	if (mcpt_encode(buf, sizeof(buf), msg, &len))
		return;
	if (len % 4 || mcpt_decode(&back, buf, len, &used) || used != len)
		abort();
	if (mcpt_encode(again, sizeof(again), &back, &len2) || len2 != len)
		abort();
	for (i = 0; i < len; i++)
		if (buf[i] != again[i])
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcpt_msg msg;
	size_t used;
	int err = 0;

	while (size && !err) {
		err = mcpt_decode(&msg, data, size, &used);
		if (!err)
			round_trip(&msg);
		if (err == ENOMSG)
			err = 0;
		if (err)
			break;
		if (used < 12 || used > size)
			abort();
		data += used;
		size -= used;
	}
	return 0;
}

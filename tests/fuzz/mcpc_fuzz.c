/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mcpc_fuzz.c  Any datagram on the floor port
 *
 * What decodes and can be encoded decodes to the same values again.
 */
#include <errno.h>
#include <stdlib.h>

#include "wire/mcpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const struct mcpc_msg *msg)
{
	uint8_t buf[MCPC_MAX_BYTES], again[MCPC_MAX_BYTES];
	struct mcpc_msg back;
	size_t len, len2, used, i;

	if (mcpc_encode(buf, sizeof(buf), msg, &len))
		return;
	if (len % 4 || mcpc_decode(&back, buf, len, &used) || used != len)
		abort();
	if (mcpc_encode(again, sizeof(again), &back, &len2) || len2 != len)
		abort();
	for (i = 0; i < len; i++)
		if (buf[i] != again[i])
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcpc_msg msg;
	size_t used;
	int err = 0;

	while (size && !err) {
		err = mcpc_decode(&msg, data, size, &used);
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

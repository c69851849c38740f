/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file inflated_fuzz.c  Any body that calls itself compressed
 *
 * However large it becomes, no more than there is room for is written.
 */
#include <stdint.h>
#include <stdlib.h>

#include "wire/inflated.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *buf = malloc(ROOM);
	size_t len = 0;

	if (!buf)
		abort();
	if (!inflated_read(buf, ROOM, (const char *)data, size, &len) &&
	    len > ROOM)
		abort();
	free(buf);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file reslist_fuzz.c  Any body that calls itself a resource list
 *
 * What is read and fits is written, and read again to the same.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/reslist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reslist list, back;
	char text[RESLIST_BYTES_MAX];
	size_t len, i;
	int err;

	if (reslist_parse(&list, (const char *)data, size))
		return 0;
	if (list.n > HL_PARTIES_MAX)
		abort();
	err = reslist_print(text, sizeof(text), &list, &len);
	if (err == EOVERFLOW)
		return 0;
	if (err || reslist_parse(&back, text, len) || back.n != list.n)
		abort();
	for (i = 0; i < list.n; i++)
		if (strcmp(list.entries[i].uri, back.entries[i].uri) ||
		    strcmp(list.entries[i].method, back.entries[i].method))
			abort();
	return 0;
}

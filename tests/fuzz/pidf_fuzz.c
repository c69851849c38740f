/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file pidf_fuzz.c  Any body that calls itself a presence document
 *
 * What is read is written, and read again to the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/pidf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pidf pidf, back;
	char text[8192];
	size_t len;

	if (pidf_parse(&pidf, (const char *)data, size))
		return 0;
	strcpy(pidf.id, "t1");
	if (pidf_print(text, sizeof(text), &pidf, &len) ||
	    pidf_parse(&back, text, len))
		abort();
	if (strcmp(pidf.entity, back.entity) || strcmp(pidf.note, back.note) ||
	    pidf.open != back.open || pidf.unknown != back.unknown || pidf.busy != back.busy ||
	    pidf.activities != back.activities)
		abort();
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mcpttinfo_fuzz.c  Any body that calls itself mcptt-info
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/mcpttinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcpttinfo mi = {MCPTTINFO_ABSENT, MCPTTINFO_ABSENT};
	const struct mcpttinfo before = mi;

	if (mcpttinfo_parse(&mi, (const char *)data, size)) {
		if (memcmp(&mi, &before, sizeof(mi)))
			abort();
		return 0;
	}
	if (mi.emergency > MCPTTINFO_TRUE || mi.peril > MCPTTINFO_TRUE)
		abort();
	return 0;
}

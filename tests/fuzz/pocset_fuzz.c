/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file pocset_fuzz.c  Any body that calls itself settings of a terminal
 *
 * What is read is written, and read again to the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/pocset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pocset set, back;
	char text[2048];
	size_t len;

	if (pocset_parse(&set, (const char *)data, size))
		return 0;
	if (!set.id[0])
		strcpy(set.id, "t");
	if (pocset_print(text, sizeof(text), &set, &len) ||
	    pocset_parse(&back, text, len))
		abort();
	if (strcmp(set.id, back.id) || set.barred != back.barred ||
	    set.manual != back.manual || set.simultaneous !=
	    back.simultaneous || set.alert_barred != back.alert_barred)
		abort();
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rlmi_fuzz.c  Any body that calls itself a list of resources
 *
 * What is read is written, and read again to the same.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/rlmi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RESOURCES_MAX = 8 };

struct got {
	struct rlmi_resource v[RESOURCES_MAX];
	size_t n;
};

static int resource_h(const struct rlmi_resource *r, void *arg)
{
	struct got *got = arg;

	if (got->n == RESOURCES_MAX)
		return E2BIG;
	got->v[got->n++] = *r;
	return 0;
}

static size_t print(char *text, size_t size, const struct rlmi_list *list,
		    const struct got *got)
{
	struct xml_writer w;
	size_t i, len;

	rlmi_open(&w, text, size, list);
	for (i = 0; i < got->n; i++)
		rlmi_add(&w, &got->v[i]);
	if (rlmi_close(&w, &len))
		abort();
	return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[32768];
	struct rlmi_list list, again;
	struct got got = {.n = 0}, back = {.n = 0};
	size_t len;

	if (rlmi_parse(&list, (const char *)data, size, resource_h, &got))
		return 0;
	len = print(text, sizeof(text), &list, &got);
	if (rlmi_parse(&again, text, len, resource_h, &back))
		abort();
	if (strcmp(list.uri, again.uri) || list.version != again.version ||
	    list.full != again.full || got.n != back.n ||
	    memcmp(got.v, back.v, got.n * sizeof(got.v[0])))
		abort();
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file multipart_fuzz.c  Any Content-Type value and any body under it
 *
 * The input's first line is the value, the rest is the body. Parts lie in the
 * body; what is read and fits is written, and read again to the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(const struct multipart_text *text, const char *p, size_t l)
{
	if (text->l && (text->p < p || text->p + text->l > p + l))
		abort();
}

static void write_again(const struct multipart *mp, const char *boundary)
{
	static char buf[65536];
	struct multipart_writer w;
	struct multipart back;
	size_t len, i;

	multipart_open(&w, buf, sizeof(buf), boundary);
	for (i = 0; i < mp->n; i++)
		multipart_add(&w, &mp->parts[i]);
	/* A folded header, or the boundary inside a line, is not written */
	if (multipart_close(&w, &len))
		return;
	if (multipart_parse(&back, boundary, buf, len) || back.n != mp->n)
		abort();
	for (i = 0; i < mp->n; i++)
		if (back.parts[i].body.l != mp->parts[i].body.l ||
		    memcmp(back.parts[i].body.p, mp->parts[i].body.p,
			   back.parts[i].body.l))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	const char *nl = size ? memchr(p, '\n', size) : NULL;
	char boundary[MULTIPART_BOUNDARY_MAX];
	struct multipart mp;
	size_t i, l;

	if (!nl || multipart_boundary(boundary, p, (size_t)(nl - p)))
		return 0;
	l = size - (size_t)(nl + 1 - p);
	p = nl + 1;
	if (multipart_parse(&mp, boundary, p, l))
		return 0;
	if (!mp.n || mp.n > MULTIPART_PARTS_MAX)
		abort();
	for (i = 0; i < mp.n; i++) {
		inside(&mp.parts[i].type, p, l);
		inside(&mp.parts[i].id, p, l);
		inside(&mp.parts[i].disposition, p, l);
		inside(&mp.parts[i].body, p, l);
	}
	(void)multipart_find(&mp, "application/sdp");
	write_again(&mp, boundary);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mcfield.c  The fields of "MCPT" and "MCPC" messages
 */
#include "wire/mcfield.h"

void mcfield_begin(struct writer *w, uint8_t id, size_t len)
{
	writer_u8(w, id);
	writer_u8(w, (uint8_t)len);
}

void mcfield_end(struct writer *w)
{
	writer_zeros(w, -w->pos % 4);
}

void mcfield_u16_put(struct writer *w, uint8_t id, uint16_t v)
{
	mcfield_begin(w, id, 2);
	writer_u16(w, v);
	mcfield_end(w);
}

void mcfield_u8s_put(struct writer *w, uint8_t id, uint8_t a, uint8_t b)
{
	mcfield_u16_put(w, id, (uint16_t)(a << 8 | b));
}

void mcfield_text_put(struct writer *w, uint8_t id, const char *p, size_t l)
{
	mcfield_begin(w, id, l);
	writer_bytes(w, p, l);
	mcfield_end(w);
}

void mcfields_get(struct reader *r, mcfield_h *h, void *arg)
{
	while (reader_left(r)) {
		const size_t start = reader_left(r);
		const uint8_t id = reader_u8(r);
		const size_t len =
			id >= MCFIELD_LONG ? reader_u16(r) : reader_u8(r);
		struct reader value = reader_sub(r, len);

		h(&value, id, arg);
		if (!reader_ok(&value))
			reader_fail(r);
		reader_skip(r, -(start - reader_left(r)) % 4);
	}
}

uint16_t mcfield_u16_get(struct reader *value)
{
	const uint16_t v = reader_u16(value);

	/* A field of a fixed size that is longer is another one */
	if (reader_left(value))
		reader_fail(value);
	return v;
}

const char *mcfield_text_get(struct reader *value, size_t *lp)
{
	*lp = reader_left(value);
	return (const char *)reader_bytes(value, *lp);
}

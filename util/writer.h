/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file writer.h  Writes bytes into a buffer, never beyond its end
 *
 * Network byte order. The error is sticky: after the first write that does not
 * fit, nothing is written any more, so an encoder writes a whole message and
 * asks writer_ok() once. A value on the stack; the buffer stays its owner's.
 */
#ifndef HL_UTIL_WRITER_H
#define HL_UTIL_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct writer {
	uint8_t *buf;
	size_t size;
	size_t pos;             /**< Bytes written */
	bool failed;
};

static inline struct writer writer_make(void *buf, size_t size)
{
	return (struct writer){.buf = (uint8_t *)buf, .size = size};
}

static inline bool writer_ok(const struct writer *w)
{
	return !w->failed;
}

/** Bytes written; where the next one goes */
static inline size_t writer_pos(const struct writer *w)
{
	return w->pos;
}

/** Room left; 0 after an error */
static inline size_t writer_left(const struct writer *w)
{
	return w->failed ? 0 : w->size - w->pos;
}

/** @return Place for n bytes that the caller fills, or NULL. With n = 0 it
 *          must not be written to */
static inline uint8_t *writer_take(struct writer *w, size_t n)
{
	const size_t pos = w->pos;

	if (w->failed || n > w->size - pos) {
		w->failed = true;
		return NULL;
	}
	w->pos += n;
	return n ? w->buf + pos : w->buf;
}

/** @param p May be NULL if n is 0 */
static inline void writer_bytes(struct writer *w, const void *p, size_t n)
{
	uint8_t *to = writer_take(w, n);

	if (to && n)
		memcpy(to, p, n);
}

/** n bytes of 0, e.g. padding */
static inline void writer_zeros(struct writer *w, size_t n)
{
	uint8_t *to = writer_take(w, n);

	if (to && n)
		memset(to, 0, n);
}

static inline void writer_put(uint8_t *to, uint64_t v, size_t size)
{
	size_t i;

	for (i = size; i-- > 0; v >>= 8)
		to[i] = (uint8_t)v;
}

/** The low size bytes of v, at most 8, big-endian */
static inline void writer_uint(struct writer *w, uint64_t v, size_t size)
{
	uint8_t *to = writer_take(w, size);

	if (to)
		writer_put(to, v, size);
}

static inline void writer_u8(struct writer *w, uint8_t v)
{
	writer_uint(w, v, 1);
}

static inline void writer_u16(struct writer *w, uint16_t v)
{
	writer_uint(w, v, 2);
}

/** Bits above 24 are an error, not lost */
static inline void writer_u24(struct writer *w, uint32_t v)
{
	if (v > 0xffffff)
		w->failed = true;
	writer_uint(w, v, 3);
}

static inline void writer_u32(struct writer *w, uint32_t v)
{
	writer_uint(w, v, 4);
}

static inline void writer_u64(struct writer *w, uint64_t v)
{
	writer_uint(w, v, 8);
}

/** Overwrite what was written at pos, e.g. a length that is known now */
static inline void writer_patch_u8(struct writer *w, size_t pos, uint8_t v)
{
	if (w->failed || pos >= w->pos)
		w->failed = true;
	else
		writer_put(w->buf + pos, v, 1);
}

static inline void writer_patch_u16(struct writer *w, size_t pos, uint16_t v)
{
	if (w->failed || w->pos < 2 || pos > w->pos - 2)
		w->failed = true;
	else
		writer_put(w->buf + pos, v, 2);
}

#endif

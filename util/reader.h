/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file reader.h  Reads bytes from outside, never beyond their end
 *
 * Network byte order. The error is sticky: after the first read that would
 * pass the end, every read gives 0 or NULL and nothing is left, so a parser
 * reads a whole structure and asks reader_ok() once, before it uses any of it.
 * A value on the stack; the bytes stay their owner's.
 */
#ifndef HL_UTIL_READER_H
#define HL_UTIL_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
	const uint8_t *p;       /**< Next byte */
	size_t n;               /**< Bytes from there on */
	bool failed;
};

/** @param p May be NULL if n is 0 */
static inline struct reader reader_make(const void *p, size_t n)
{
	return (struct reader){.p = (const uint8_t *)p, .n = n};
}

static inline bool reader_ok(const struct reader *r)
{
	return !r->failed;
}

/** Bytes left to read; 0 after an error */
static inline size_t reader_left(const struct reader *r)
{
	return r->n;
}

/** All was read, and no more: what a strict parser asks at the end */
static inline bool reader_done(const struct reader *r)
{
	return !r->failed && !r->n;
}

/** The parser found something else wrong: the same sticky error */
static inline void reader_fail(struct reader *r)
{
	r->failed = true;
	r->n = 0;
}

/** @return The next n bytes, in place, or NULL. With n = 0 it is a pointer
 *          that must not be read, and may be NULL without an error */
static inline const uint8_t *reader_bytes(struct reader *r, size_t n)
{
	const uint8_t *p = r->p;

	if (r->failed || n > r->n) {
		reader_fail(r);
		return NULL;
	}
	/* NULL + 0 is undefined in C */
	if (n)
		r->p += n;
	r->n -= n;
	return p;
}

static inline void reader_skip(struct reader *r, size_t n)
{
	(void)reader_bytes(r, n);
}

/** A reader of the next n bytes: a nested structure cannot read beyond its
 *  own length. If they are not there, both readers have failed */
static inline struct reader reader_sub(struct reader *r, size_t n)
{
	const uint8_t *p = reader_bytes(r, n);

	return (struct reader){
		.p = p, .n = r->failed ? 0 : n, .failed = r->failed};
}

/** Big-endian number of size bytes, at most 8 */
static inline uint64_t reader_uint(struct reader *r, size_t size)
{
	const uint8_t *p = reader_bytes(r, size);
	uint64_t v = 0;
	size_t i;

	for (i = 0; p && i < size; i++)
		v = v << 8 | p[i];
	return v;
}

static inline uint8_t reader_u8(struct reader *r)
{
	return (uint8_t)reader_uint(r, 1);
}

static inline uint16_t reader_u16(struct reader *r)
{
	return (uint16_t)reader_uint(r, 2);
}

static inline uint32_t reader_u24(struct reader *r)
{
	return (uint32_t)reader_uint(r, 3);
}

static inline uint32_t reader_u32(struct reader *r)
{
	return (uint32_t)reader_uint(r, 4);
}

static inline uint64_t reader_u64(struct reader *r)
{
	return reader_uint(r, 8);
}

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bytes.h  Bounds-checked reading and writing of network byte order
 *
 * Private to wire/. Both cursors are sticky: after the first access that does
 * not fit, every later one does nothing (a read gives 0) and `bad` stays set,
 * so a codec is written straight through and checked once at its end.
 */
#ifndef HL_WIRE_BYTES_H
#define HL_WIRE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** Bytes still to be read */
struct rbytes {
	const uint8_t *p;
	size_t left;
	bool bad;
};

/** Buffer still to be written */
struct wbytes {
	uint8_t *p;
	size_t pos, size;
	bool bad;
};

/** @return the next n bytes, or NULL and bad set */
static inline const uint8_t *rb_take(struct rbytes *rb, size_t n)
{
	const uint8_t *p = rb->p;

	if (rb->bad || n > rb->left) {
		rb->bad = true;
		return NULL;
	}
	rb->p += n;
	rb->left -= n;
	return p;
}

static inline uint8_t rb_u8(struct rbytes *rb)
{
	const uint8_t *p = rb_take(rb, 1);

	return p ? p[0] : 0;
}

static inline uint16_t rb_u16(struct rbytes *rb)
{
	const uint8_t *p = rb_take(rb, 2);

	return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

static inline uint32_t rb_u32(struct rbytes *rb)
{
	uint32_t hi = rb_u16(rb);

	return hi << 16 | rb_u16(rb);
}

static inline uint64_t rb_u64(struct rbytes *rb)
{
	uint64_t hi = rb_u32(rb);

	return hi << 32 | rb_u32(rb);
}

static inline void wb_mem(struct wbytes *wb, const void *p, size_t n)
{
	if (wb->bad || n > wb->size - wb->pos) {
		wb->bad = true;
		return;
	}
	if (n)
		memcpy(wb->p + wb->pos, p, n);
	wb->pos += n;
}

static inline void wb_u8(struct wbytes *wb, uint8_t v)
{
	wb_mem(wb, &v, 1);
}

static inline void wb_u16(struct wbytes *wb, uint16_t v)
{
	wb_u8(wb, (uint8_t)(v >> 8));
	wb_u8(wb, (uint8_t)v);
}

static inline void wb_u32(struct wbytes *wb, uint32_t v)
{
	wb_u16(wb, (uint16_t)(v >> 16));
	wb_u16(wb, (uint16_t)v);
}

static inline void wb_u64(struct wbytes *wb, uint64_t v)
{
	wb_u32(wb, (uint32_t)(v >> 32));
	wb_u32(wb, (uint32_t)v);
}

/** Zero octets up to a multiple of 4 */
static inline void wb_pad4(struct wbytes *wb)
{
	while (!wb->bad && wb->pos % 4)
		wb_u8(wb, 0);
}

#endif

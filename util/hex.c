/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file hex.c  Bytes as hexadecimal digits
 */
#include <errno.h>
#include "util/hex.h"

int hex_encode(char *dst, size_t size, const uint8_t *src, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	if (!size || n > (size - 1) / 2)
		return ENOSPC;
	for (i = 0; i < n; i++) {
		dst[2 * i] = digits[src[i] >> 4];
		dst[2 * i + 1] = digits[src[i] & 0xf];
	}
	dst[2 * n] = '\0';
	return 0;
}

/* -1: no digit */
static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int hex_decode(uint8_t *dst, size_t size, size_t *np, const char *s,
	       size_t len)
{
	size_t i;

	if (len % 2)
		return EINVAL;
	if (len / 2 > size)
		return ENOSPC;
	for (i = 0; i < len / 2; i++) {
		const int hi = digit_value(s[2 * i]);
		const int lo = digit_value(s[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return EINVAL;
		dst[i] = (uint8_t)(hi << 4 | lo);
	}
	*np = len / 2;
	return 0;
}

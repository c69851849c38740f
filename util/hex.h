/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file hex.h  Bytes as hexadecimal digits
 *
 * Not in constant time: not for comparing secrets.
 */
#ifndef HL_UTIL_HEX_H
#define HL_UTIL_HEX_H

#include <stddef.h>
#include <stdint.h>

/**
 * Lower-case digits, terminated by NUL
 *
 * @param size Of dst: 2 * n + 1 at least
 *
 * @return 0, ENOSPC (dst is untouched)
 */
int hex_encode(char *dst, size_t size, const uint8_t *src, size_t n);

/**
 * Digits of either case
 *
 * @param size Of dst: len / 2 at least
 * @param np   Bytes written
 * @param s    Digits, need not end with NUL
 *
 * @return 0, EINVAL (odd number of digits, or no digit), ENOSPC. dst may have
 *         been written to on EINVAL
 */
int hex_decode(uint8_t *dst, size_t size, size_t *np, const char *s,
	       size_t len);

#endif

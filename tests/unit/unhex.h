/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file unhex.h  Bytes that a test writes down as hexadecimal digits
 */
#ifndef HL_TESTS_UNHEX_H
#define HL_TESTS_UNHEX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/** @return Bytes written to buf */
static inline size_t unhex(uint8_t *buf, size_t size, const char *hex)
{
	const size_t n = strlen(hex) / 2;
	size_t i;

	assert_true(n <= size);
	for (i = 0; i < n; i++) {
		unsigned v;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &v), 1);
		buf[i] = (uint8_t)v;
	}
	return n;
}

#endif

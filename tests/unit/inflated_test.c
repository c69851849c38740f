/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file inflated_test.c  Compressed bodies, as linphone sends them (mission P5)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <zlib.h>

#include "wire/inflated.h"

static const char text[] =
	"<entry uri=\"sip:bob@ptt.test\"/><entry uri=\"sip:eve@ptt.test\"/>";

static size_t packed(unsigned char *buf, size_t size, const void *p, size_t len)
{
	uLongf l = (uLongf)size;

	assert_int_equal(compress(buf, &l, p, (uLong)len), Z_OK);
	return l;
}

/* At the end of its own allocation, so that one byte too many shows */
static int read_n(const unsigned char *p, size_t len, size_t room, char **outp,
		  size_t *lenp)
{
	char *copy = malloc(len ? len : 1), *out = malloc(room ? room : 1);
	int err;

	assert_non_null(copy);
	assert_non_null(out);
	memcpy(copy, p, len);
	err = inflated_read(out, room, copy, len, lenp);
	free(copy);
	if (outp && !err)
		*outp = out;
	else
		free(out);
	return err;
}

static void comes_back(void **state)
{
	unsigned char buf[512];
	const size_t l = packed(buf, sizeof(buf), text, sizeof(text) - 1);
	char *out = NULL;
	size_t len = 0, room;

	(void)state;
	assert_int_equal(read_n(buf, l, 256, &out, &len), 0);
	assert_int_equal(len, sizeof(text) - 1);
	assert_memory_equal(out, text, len);
	free(out);
	for (room = 1; room < sizeof(text) - 1; room++)
		assert_int_equal(read_n(buf, l, room, NULL, &len), EOVERFLOW);
	assert_int_equal(read_n(buf, l, room, NULL, &len), 0);
}

static void cut_or_changed(void **state)
{
	unsigned char buf[512];
	const size_t l = packed(buf, sizeof(buf), text, sizeof(text) - 1);
	size_t len = 77, i;

	(void)state;
	for (i = 0; i < l; i++)
		assert_int_equal(read_n(buf, i, 256, NULL, &len), EBADMSG);
	buf[l] = 'x';
	assert_int_equal(read_n(buf, l + 1, 256, NULL, &len), EBADMSG);
	for (i = 0; i < l; i++) {
		buf[i] ^= 0x55;
		assert_int_not_equal(read_n(buf, l, 256, NULL, &len), 0);
		buf[i] ^= 0x55;
	}
	assert_int_equal(len, 77);
}

/* A few bytes that become very many */
static void bomb(void **state)
{
	static char zeros[1 << 20];
	unsigned char buf[4096];
	const size_t l = packed(buf, sizeof(buf), zeros, sizeof(zeros));
	size_t len;

	(void)state;
	assert_true(l < 2048);
	assert_int_equal(read_n(buf, l, 32768, NULL, &len), EOVERFLOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back),
		cmocka_unit_test(cut_or_changed),
		cmocka_unit_test(bomb),
	};

	return cmocka_run_group_tests_name("inflated", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bytes_test.c  Reader, writer and hex at their bounds
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "util/hex.h"
#include "util/reader.h"
#include "util/writer.h"

/* 1 + 2 + 3 + 4 + 8 + 2 bytes, two zeros, 0 bytes */
enum { MESSAGE_BYTES = 22 };

static const uint8_t message[MESSAGE_BYTES] = {
	0x81, 0xfe, 0x02, 0x83, 0x04, 0x05, 0x86, 0x07, 0x08, 0x09, 0x8a,
	0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 'h',  'i',  0,    0};

static void write_message(struct writer *w)
{
	writer_u8(w, 0x81);
	writer_u16(w, 0xfe02);
	writer_u24(w, 0x830405);
	writer_u32(w, 0x86070809);
	writer_u64(w, 0x8a0b0c0d0e0f1011);
	writer_bytes(w, "hi", 2);
	writer_zeros(w, 2);
	writer_bytes(w, NULL, 0);
}

/* Each buffer from nothing to one byte more than needed, exactly allocated */
static void test_writer(void **state)
{
	size_t size;

	(void)state;
	for (size = 0; size <= MESSAGE_BYTES + 1; size++) {
		uint8_t *buf = malloc(size ? size : 1);
		struct writer w = writer_make(buf, size);

		assert_non_null(buf);
		write_message(&w);
		assert_int_equal(writer_ok(&w), size >= MESSAGE_BYTES);
		if (writer_ok(&w)) {
			assert_int_equal(writer_pos(&w), MESSAGE_BYTES);
			assert_int_equal(writer_left(&w),
					 size - MESSAGE_BYTES);
			assert_memory_equal(buf, message, MESSAGE_BYTES);
		}
		else {
			assert_int_equal(writer_left(&w), 0);
			assert_memory_equal(buf, message, writer_pos(&w));
			assert_null(writer_take(&w, 0));
		}
		free(buf);
	}
}

static void test_writer_patch(void **state)
{
	uint8_t buf[4] = {1, 2, 3, 4};
	struct writer w = writer_make(buf, sizeof(buf));

	(void)state;
	writer_u24(&w, 0x010203);
	writer_patch_u16(&w, 1, 0xaabb);
	writer_patch_u8(&w, 0, 0xcc);
	assert_true(writer_ok(&w));
	assert_memory_equal(buf, "\xcc\xaa\xbb\x04", 4);
	/* The fourth byte has not been written yet */
	writer_patch_u16(&w, 2, 0x1111);
	assert_false(writer_ok(&w));

	w = writer_make(buf, sizeof(buf));
	writer_u8(&w, 0);
	writer_patch_u8(&w, 1, 0x11);
	assert_false(writer_ok(&w));
	w = writer_make(buf, sizeof(buf));
	writer_patch_u16(&w, 0, 0x1111);
	assert_false(writer_ok(&w));
	w = writer_make(buf, sizeof(buf));
	writer_u24(&w, 0x1000000);
	assert_false(writer_ok(&w));
	assert_memory_equal(buf + 1, "\xaa\xbb\x04", 3);

	/* A length near SIZE_MAX does not wrap around */
	w = writer_make(buf, sizeof(buf));
	writer_u8(&w, 0);
	assert_null(writer_take(&w, SIZE_MAX));
	assert_null(writer_take(&w, 1));
	w = writer_make(NULL, 0);
	writer_bytes(&w, NULL, 0);
	assert_true(writer_ok(&w));
}

static void test_reader(void **state)
{
	size_t size;

	(void)state;
	for (size = 0; size <= MESSAGE_BYTES; size++) {
		const bool whole = size == MESSAGE_BYTES;
		uint8_t *buf = malloc(size ? size : 1);
		struct reader r = reader_make(buf, size);
		const uint8_t *p;

		assert_non_null(buf);
		memcpy(buf, message, size);
		assert_int_equal(reader_u8(&r), size >= 1 ? 0x81 : 0);
		assert_int_equal(reader_u16(&r), size >= 3 ? 0xfe02 : 0);
		assert_int_equal(reader_u24(&r), size >= 6 ? 0x830405 : 0);
		assert_int_equal(reader_u32(&r), size >= 10 ? 0x86070809 : 0);
		assert_int_equal(reader_u64(&r),
				 size >= 18 ? 0x8a0b0c0d0e0f1011 : 0);
		p = reader_bytes(&r, 2);
		assert_int_equal(p != NULL, size >= 20);
		if (p)
			assert_memory_equal(p, "hi", 2);
		reader_skip(&r, 2);
		assert_int_equal(reader_ok(&r), whole);
		assert_int_equal(reader_done(&r), whole);
		assert_int_equal(reader_left(&r), 0);
		(void)reader_bytes(&r, 0);
		assert_int_equal(reader_ok(&r), whole);
		free(buf);
	}
}

static void test_reader_sticky(void **state)
{
	struct reader r = reader_make(message, 4), sub;

	(void)state;
	assert_null(reader_bytes(&r, 5));
	/* There were four, but the parser is lost */
	assert_int_equal(reader_u8(&r), 0);
	assert_int_equal(reader_left(&r), 0);
	assert_false(reader_ok(&r));
	assert_false(reader_done(&r));

	r = reader_make(message, 4);
	assert_int_equal(reader_u8(&r), 0x81);
	assert_null(reader_bytes(&r, SIZE_MAX));
	assert_false(reader_ok(&r));

	r = reader_make(message, 4);
	reader_fail(&r);
	assert_int_equal(reader_u32(&r), 0);

	r = reader_make(NULL, 0);
	reader_skip(&r, 0);
	assert_true(reader_done(&r));

	/* A nested structure ends where it says */
	r = reader_make(message, 4);
	sub = reader_sub(&r, 3);
	assert_int_equal(reader_u16(&sub), 0x81fe);
	assert_int_equal(reader_u16(&sub), 0);
	assert_false(reader_ok(&sub));
	assert_true(reader_ok(&r));
	assert_int_equal(reader_left(&r), 1);
	sub = reader_sub(&r, 2);
	assert_false(reader_ok(&sub));
	assert_int_equal(reader_left(&sub), 0);
	assert_false(reader_ok(&r));
}

static void test_hex(void **state)
{
	uint8_t all[256], back[256];
	size_t n = 99, i;
	char text[513];

	(void)state;
	for (i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	assert_int_equal(hex_encode(text, sizeof(text), all, 256), 0);
	assert_int_equal(strlen(text), 512);
	assert_memory_equal(text, "000102", 6);
	assert_string_equal(text + 508, "feff");
	assert_int_equal(hex_encode(text, 512, all, 256), ENOSPC);
	assert_int_equal(hex_encode(text, 0, all, 0), ENOSPC);
	assert_int_equal(hex_encode(text, 513, all, SIZE_MAX), ENOSPC);
	assert_int_equal(hex_decode(back, 255, &n, text, 512), ENOSPC);
	assert_int_equal(n, 99);
	assert_int_equal(hex_decode(back, 256, &n, text, 512), 0);
	assert_int_equal(n, 256);
	assert_memory_equal(back, all, 256);
	assert_int_equal(hex_encode(text, 1, all, 0), 0);
	assert_string_equal(text, "");
	assert_int_equal(hex_decode(back, 0, &n, "", 0), 0);
	assert_int_equal(n, 0);

	assert_int_equal(hex_decode(back, 2, &n, "abc", 3), EINVAL);
	assert_int_equal(hex_decode(back, 2, &n, "aBFf", 4), 0);
	assert_memory_equal(back, "\xab\xff", 2);
	/* What is no digit, in either place */
	for (i = 0; i < 256; i++) {
		const bool digit = i && strchr("0123456789abcdefABCDEF",
					       (int)i);

		text[0] = text[3] = (char)i;
		text[1] = text[2] = '0';
		assert_int_equal(hex_decode(back, 2, &n, text, 2),
				 digit ? 0 : EINVAL);
		assert_int_equal(hex_decode(back, 2, &n, text + 2, 2),
				 digit ? 0 : EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writer),
		cmocka_unit_test(test_writer_patch),
		cmocka_unit_test(test_reader),
		cmocka_unit_test(test_reader_sticky),
		cmocka_unit_test(test_hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file sipframe_test.c  Messages cut out of a stream, in whatever pieces
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "wire/sipframe.h"

#define HEAD                                                                  \
	"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP c;branch=z9hG4bKx\r\n"

static const char one[] = HEAD "Content-Length: 4\r\n\r\nbody";
static const char two[] = HEAD "l : 0\r\n\r\n";

/* What is cut from text that comes in two pieces: "M123" "P" ".." */
static void cut(const char *text, size_t len, size_t split, char *out,
		size_t size)
{
	const size_t ends[] = {split, len};
	struct sipframe f = {0};
	size_t used = 0, n = 0, i;

	out[0] = '\0';
	for (i = 0; i < 2; i++) {
		enum sipframe_kind kind = SIPFRAME_PONG;

		while (used < ends[i] && kind != SIPFRAME_MORE) {
			size_t bytes = 0;

			kind = sipframe_next(&f, (const uint8_t *)text + used,
					     ends[i] - used, &bytes);
			used += bytes;
			n = strlen(out);
			switch (kind) {
			case SIPFRAME_MORE:
				break;
			case SIPFRAME_PING:
				snprintf(out + n, size - n, "ping ");
				break;
			case SIPFRAME_PONG:
				snprintf(out + n, size - n, "pong ");
				break;
			case SIPFRAME_MESSAGE:
				snprintf(out + n, size - n, "%zu ", bytes);
				break;
			case SIPFRAME_BAD:
				snprintf(out + n, size - n, "%s", f.reason);
				return;
			}
		}
	}
}

/* Split at every byte, the result is the same */
static void check(const char *text, size_t len, const char *want)
{
	char got[256];
	size_t split;

	for (split = 0; split <= len; split++) {
		cut(text, len, split, got, sizeof(got));
		if (strcmp(got, want))
			fail_msg("split at %zu: \"%s\", not \"%s\"", split,
				 got, want);
	}
}

static void check_text(const char *text, const char *want)
{
	check(text, strlen(text), want);
}

static void test_messages(void **state)
{
	char text[1024], want[64];

	(void)state;
	snprintf(want, sizeof(want), "%zu ", sizeof(one) - 1);
	check_text(one, want);
	snprintf(text, sizeof(text), "%s%s%s", one, two, one);
	snprintf(want, sizeof(want), "%zu %zu %zu ", sizeof(one) - 1,
		 sizeof(two) - 1, sizeof(one) - 1);
	check_text(text, want);
}

static void test_keepalives(void **state)
{
	char text[1024], want[64];

	(void)state;
	check_text("\r\n\r\n", "ping ");
	check_text("\r\n\r\n\r\n\r\n", "ping ping ");
	check_text("\r\n", "");
	snprintf(text, sizeof(text), "\r\n%s\r\n\r\n", two);
	snprintf(want, sizeof(want), "pong %zu ping ", sizeof(two) - 1);
	check_text(text, want);
}

static void test_refused(void **state)
{
	(void)state;
	check_text("\rX", "a lone CR");
	check_text("\r\n\rX", "a lone CR");
	check_text("\x16\x03\x01", "not SIP");
	check_text("\nOPTIONS", "not SIP");
	check_text(HEAD "\r\n", "no Content-Length");
	check_text(HEAD "Content-Length: x\r\n\r\n", "bad Content-Length");
	check_text(HEAD "Content-Length: -1\r\n\r\n", "bad Content-Length");
	check_text(HEAD "Content-Length:\r\n\r\n", "bad Content-Length");
	check_text(HEAD "Content-Length: 18446744073709551617\r\n\r\n",
		   "bad Content-Length");
	check_text(HEAD "X\x01: 1\r\n\r\n", "control character in a header");
}

/* The bounds: the last that fits, the first that does not */
static void test_bounds(void **state)
{
	char *text = malloc(2 * SIPFRAME_MESSAGE_MAX);
	struct sipframe f = {0};
	size_t bytes = 0, len, head;

	(void)state;
	assert_non_null(text);
	head = (size_t)sprintf(text, HEAD "Content-Length: %05d\r\n\r\n", 0);
	(void)sprintf(text, HEAD "Content-Length: %05zu\r\n\r\n",
		      SIPFRAME_MESSAGE_MAX - head);
	memset(text + head, 'x', SIPFRAME_MESSAGE_MAX);
	assert_int_equal(sipframe_next(&f, (uint8_t *)text,
				       SIPFRAME_MESSAGE_MAX - 1, &bytes),
			 SIPFRAME_MORE);
	assert_int_equal(sipframe_next(&f, (uint8_t *)text,
				       SIPFRAME_MESSAGE_MAX, &bytes),
			 SIPFRAME_MESSAGE);
	assert_int_equal(bytes, SIPFRAME_MESSAGE_MAX);
	(void)sprintf(text, HEAD "Content-Length: %05zu\r\n\r\n",
		      SIPFRAME_MESSAGE_MAX - head + 1);
	assert_int_equal(sipframe_next(&f, (uint8_t *)text, head, &bytes),
			 SIPFRAME_BAD);
	assert_string_equal(f.reason, "message too long");

	/* Headers that never end, one byte at a time */
	memset(&f, 0, sizeof(f));
	memset(text, 'x', SIPFRAME_HEAD_MAX);
	for (len = 1; len < SIPFRAME_HEAD_MAX; len++)
		assert_int_equal(sipframe_next(&f, (uint8_t *)text, len,
					       &bytes), SIPFRAME_MORE);
	assert_int_equal(sipframe_next(&f, (uint8_t *)text, len, &bytes),
			 SIPFRAME_BAD);
	assert_string_equal(f.reason, "headers too long");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_keepalives),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

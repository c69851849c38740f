/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file log_test.c  Any bytes stay one line, and nobody waits for the reader
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
/* re.h and jansson.h both define JSON_STRING and JSON_NULL */
#include <jansson.h>
#include <re_types.h>
#include <re_fmt.h>
#include <re_mem.h>
#include <re_sa.h>
#include "util/log.h"
#include "util/logline.h"
#include "util/ratelimit.h"

enum { THREADS = 3, RECORDS = 2000 };

/* --- lines -------------------------------------------------------------- */

static const char *format(char *buf, size_t size, enum hlog_format fmt,
			  const struct hlog_field *fieldv)
{
	const struct logline_record r = {
		.utc_ms = UINT64_C(951782400007), /* 2000-02-29 */
		.level = HLOG_WARN,
		.subject = "leg/12",
		.event = "latched",
		.fieldv = fieldv,
	};
	const size_t n = logline_format(buf, size - 1, fmt, &r);

	assert_in_range(n, 1, size - 1);
	assert_int_equal(buf[n - 1], '\n');
	assert_null(memchr(buf, '\n', n - 1));
	buf[n] = '\0';
	return buf;
}

static void test_fields(void **state)
{
	const char raw[] = "a\0b";
	char buf[1024];
	struct sa sa;

	(void)state;
	assert_int_equal(sa_set_str(&sa, "192.0.2.1", 5060), 0);
	const struct hlog_field fv[] = {
		HLOG_SA("from", &sa), HLOG_U("big", UINT64_MAX),
		HLOG_I("neg", INT64_MIN), HLOG_BOOL("ok", true),
		HLOG_S("none", NULL), HLOG_S("empty", ""),
		HLOG_S("words", "two words"), HLOG_B("raw", raw, 3),
		HLOG_ERR(ENOENT), {.type = HLOG_T_END}};

	assert_string_equal(
		format(buf, sizeof(buf), HLOG_TEXT, fv),
		"2000-02-29T00:00:00.007Z warn leg/12 latched "
		"from=192.0.2.1:5060 big=18446744073709551615 "
		"neg=-9223372036854775808 ok=true none=- empty=\"\" "
		"words=\"two words\" raw=\"a\\x00b\" "
		"error=\"No such file or directory\"\n");
	assert_string_equal(
		format(buf, sizeof(buf), HLOG_JSON, fv),
		"{\"time\":\"2000-02-29T00:00:00.007Z\",\"level\":\"warn\","
		"\"subject\":\"leg/12\",\"event\":\"latched\","
		"\"from\":\"192.0.2.1:5060\",\"big\":18446744073709551615,"
		"\"neg\":-9223372036854775808,\"ok\":true,\"none\":null,"
		"\"empty\":\"\",\"words\":\"two words\","
		"\"raw\":\"a\\u0000b\","
		"\"error\":\"No such file or directory\"}\n");
}

static void check_json(const char *line, const char *key, bool whole)
{
	json_error_t err;
	json_t *js = json_loads(line, JSON_ALLOW_NUL, &err);

	assert_non_null(js);
	assert_string_equal(json_string_value(json_object_get(js, "event")),
			    "latched");
	assert_int_equal(json_is_true(json_object_get(js, "cut")), !whole);
	if (whole)
		assert_true(json_is_string(json_object_get(js, key)));
	json_decref(js);
}

/* All pairs of bytes, and all starts of a UTF-8 sequence */
static void test_any_bytes(void **state)
{
	char buf[1024], v[4] = {0};
	unsigned a, b, i;

	(void)state;
	for (a = 0; a < 256; a++) {
		for (b = 0; b < 256; b++) {
			v[0] = (char)a;
			v[1] = (char)b;
			v[2] = (char)0x80;
			const struct hlog_field fv[] = {
				HLOG_B("v", v, 1 + b % 4),
				{.type = HLOG_T_END}};

			format(buf, sizeof(buf), HLOG_TEXT, fv);
			for (i = 0; buf[i + 1]; i++)
				assert_false((uint8_t)buf[i] < 0x20 ||
					     buf[i] == 0x7f);
			check_json(format(buf, sizeof(buf), HLOG_JSON, fv),
				   "v", true);
		}
	}
}

static void check_value(const char *in, const char *text)
{
	const struct hlog_field fv[] = {HLOG_S("v", in), {.type = HLOG_T_END}};
	char buf[1024];
	const char *p = strstr(format(buf, sizeof(buf), HLOG_TEXT, fv), " v=");

	assert_non_null(p);
	assert_int_equal(strlen(p + 3), strlen(text) + 1);
	assert_memory_equal(p + 3, text, strlen(text));
}

static void test_text_escapes(void **state)
{
	(void)state;
	check_value("plain/1:2-3", "plain/1:2-3");
	check_value("a=b", "\"a=b\"");
	check_value("x\n2000-01-01 error forged",
		    "\"x\\n2000-01-01 error forged\"");
	check_value("\x1b[2J", "\"\\x1b[2J\"");
	check_value("q\"\\\t\r", "\"q\\\"\\\\\\t\\r\"");
	check_value("Zo\xc3\xab", "\"Zo\xc3\xab\"");
	check_value("\xf0\x9f\x8e\x99", "\"\xf0\x9f\x8e\x99\"");
	/* C1 control, overlong, surrogate, too high, cut short */
	check_value("\xc2\x9b", "\"\\xc2\\x9b\"");
	check_value("\xc0\xaf", "\"\\xc0\\xaf\"");
	check_value("\xe0\x80\xaf", "\"\\xe0\\x80\\xaf\"");
	check_value("\xed\xa0\x80", "\"\\xed\\xa0\\x80\"");
	check_value("\xf4\x90\x80\x80", "\"\\xf4\\x90\\x80\\x80\"");
	check_value("\xe2\x82", "\"\\xe2\\x82\"");
}

/* Every length around the end of the buffer: still a line that parses */
static void test_long_lines(void **state)
{
	char value[600], *buf;
	size_t size, len;

	(void)state;
	memset(value, 'x', sizeof(value));
	value[50] = '\n';
	for (size = LOGLINE_MIN; size < LOGLINE_MIN + 200; size++) {
		for (len = 0; len < 400; len += 1 + len / 40) {
			const struct hlog_field fv[] = {
				HLOG_B("v", value, len), HLOG_U("n", 1234567),
				HLOG_S("z", "end"), {.type = HLOG_T_END}};
			bool whole;

			/* An exact allocation: a sanitizer sees one too many */
			buf = malloc(size + 1);
			assert_non_null(buf);
			format(buf, size + 1, HLOG_JSON, fv);
			whole = strstr(buf, "\"z\":\"end\"}") != NULL;
			check_json(buf, "v", whole);
			format(buf, size + 1, HLOG_TEXT, fv);
			if (!strstr(buf, " z=end\n"))
				assert_non_null(strstr(buf, " cut=true\n"));
			free(buf);
		}
	}
}

/* --- rate limit on virtual time ----------------------------------------- */

static void test_ratelimit(void **state)
{
	const struct ratelimit_cfg cfg = {.burst = 3, .window_ms = 1000};
	struct ratelimit r = {.passed = 0};
	uint64_t now_ms, passed = 0, said = 0, n;

	(void)state;
	/* 10 s of one event a millisecond: 3 a window, and nothing unsaid */
	for (now_ms = 0; now_ms < 10000; now_ms++) {
		n = 0;
		if (!ratelimit_pass(&r, &cfg, now_ms, &n))
			continue;
		passed++;
		said += n;
		assert_int_equal(n, now_ms && now_ms % 1000 == 0 ? 997 : 0);
	}
	assert_int_equal(passed, 30);
	assert_int_equal(ratelimit_take(&r, &cfg, 9999), 0);
	said += ratelimit_take(&r, &cfg, 10000);
	assert_int_equal(passed + said, 10000);
	assert_int_equal(ratelimit_take(&r, &cfg, 20000), 0);
	/* What was taken is not said again */
	n = 7;
	assert_true(ratelimit_pass(&r, &cfg, 20000, &n));
	assert_int_equal(n, 0);
}

/* --- the log on descriptors --------------------------------------------- */

/* All that the log wrote to the pipe; ends with NUL */
static char *read_all(int fd)
{
	size_t size = 1 << 20, n = 0;
	char *buf = malloc(size);
	ssize_t got;

	assert_non_null(buf);
	while ((got = read(fd, buf + n, size - n - 1)) > 0)
		n += (size_t)got;
	buf[n] = '\0';
	return buf;
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

static void pipe_open(int fdv[2])
{
	assert_int_equal(pipe(fdv), 0);
	assert_int_equal(fcntl(fdv[0], F_SETFL, O_NONBLOCK), 0);
}

static void test_levels(void **state)
{
	unsigned evaluated = 0;
	enum hlog_level level;
	struct hlog *l = NULL;
	char *text;
	int fdv[2];

	(void)state;
	hlog(NULL, HLOG_ERROR, "a", "b", HLOG_U("n", ++evaluated));
	hlog_flush(NULL);
	assert_int_equal(hlog_alloc(NULL, 1, HLOG_TEXT, HLOG_INFO), EINVAL);
	assert_int_equal(hlog_alloc(&l, -1, HLOG_TEXT, HLOG_INFO), EINVAL);
	assert_int_equal(hlog_level_parse(&level, "loud"), EINVAL);
	assert_int_equal(hlog_level_parse(&level, "warn"), 0);
	assert_int_equal(level, HLOG_WARN);

	pipe_open(fdv);
	assert_int_equal(hlog_alloc(&l, fdv[1], HLOG_TEXT, level), 0);
	hlog(l, HLOG_INFO, "a", "below", HLOG_U("n", ++evaluated));
	hlog(l, HLOG_WARN, "a", "at");
	hlog(l, HLOG_ERROR, "a", "above");
	hlog_level_set(l, HLOG_DEBUG);
	hlog(l, HLOG_DEBUG, "a b", "now", HLOG_U("n", ++evaluated));
	assert_int_equal(evaluated, 1);
	mem_deref(l);
	text = read_all(fdv[0]);
	assert_int_equal(count(text, "\n"), 3);
	assert_non_null(strstr(text, "Z warn a at\n"));
	assert_non_null(strstr(text, "Z error a above\n"));
	assert_non_null(strstr(text, "Z debug \"a b\" now n=1\n"));
	free(text);
	close(fdv[0]);
	close(fdv[1]);
}

/* A reader that does not read: nobody hangs, nothing is half, and the count
 * of what is missing is told as soon as there is room */
static void check_full(int rfd, int wfd)
{
	enum { N = 20000 };
	struct hlog *l = NULL;
	char *text, missing[64];
	unsigned i, seen;

	assert_int_equal(hlog_alloc(&l, wfd, HLOG_TEXT, HLOG_INFO), 0);
	for (i = 0; i < N; i++)
		hlog(l, HLOG_INFO, "pipe", "record", HLOG_U("nr", i));
	text = read_all(rfd);
	seen = count(text, " pipe record nr=");
	assert_in_range(seen, 10, N - 1);
	free(text);

	hlog(l, HLOG_INFO, "pipe", "after");
	text = read_all(rfd);
	snprintf(missing, sizeof(missing), " warn log dropped count=%u\n",
		 N - seen);
	assert_non_null(strstr(text, missing));
	assert_int_equal(count(text, "\n"), 2);
	free(text);

	/* The last words, without another record */
	for (i = 0; i < N; i++)
		hlog(l, HLOG_INFO, "pipe", "record", HLOG_U("nr", i));
	free(read_all(rfd));
	mem_deref(l);
	text = read_all(rfd);
	assert_int_equal(count(text, "log dropped count="), 1);
	free(text);
	close(rfd);
	close(wfd);
}

static void test_full_pipe(void **state)
{
	struct hlog *l = NULL;
	int fdv[2];

	(void)state;
	pipe_open(fdv);
	check_full(fdv[0], fdv[1]);
	/* O_NONBLOCK is not set on the file that others share */
	pipe_open(fdv);
	assert_int_equal(hlog_alloc(&l, fdv[1], HLOG_TEXT, HLOG_INFO), 0);
	assert_int_equal(fcntl(fdv[1], F_GETFL) & O_NONBLOCK, 0);
	mem_deref(l);
	close(fdv[0]);
	close(fdv[1]);
}

/* Somebody has pressed Ctrl-S, or the window hangs */
static void test_full_terminal(void **state)
{
	const int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
	struct hlog *l = NULL;
	char name[64];
	char *text;
	unsigned i;
	int fd;

	(void)state;
	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	assert_int_equal(ptsname_r(master, name, sizeof(name)), 0);
	fd = open(name, O_RDWR | O_NOCTTY);
	assert_true(fd >= 0);
	assert_int_equal(hlog_alloc(&l, fd, HLOG_TEXT, HLOG_INFO), 0);
	for (i = 0; i < 20000; i++)
		hlog(l, HLOG_INFO, "tty", "record", HLOG_U("nr", i));
	text = read_all(master);
	/* The kernel may make room in between: reports may be in there */
	free(text);
	hlog(l, HLOG_INFO, "tty", "after");
	text = read_all(master);
	assert_int_equal(count(text, " log dropped count="), 1);
	assert_int_equal(count(text, " tty after"), 1);
	free(text);
	mem_deref(l);
	close(fd);
	close(master);
}

/* As a journal has it. Datagrams: a short write cannot happen */
static void test_full_socket(void **state)
{
	int fdv[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fdv), 0);
	assert_int_equal(fcntl(fdv[0], F_SETFL, O_NONBLOCK), 0);
	check_full(fdv[0], fdv[1]);
}

static void test_limited(void **state)
{
	struct hlog *l = NULL;
	char *text;
	int fdv[2];
	unsigned i;

	(void)state;
	pipe_open(fdv);
	assert_int_equal(hlog_alloc(&l, fdv[1], HLOG_TEXT, HLOG_INFO), 0);
	for (i = 0; i < 1000; i++) {
		hlog_limited(l, "sip.garbage", HLOG_INFO, "sip", "garbage",
			     HLOG_U("bytes", i));
		hlog_limited(l, "rtp.garbage", HLOG_INFO, "rtp", "garbage");
	}
	/* Its window lasts */
	hlog_flush(l);
	mem_deref(l);
	text = read_all(fdv[0]);
	assert_int_equal(count(text, " sip garbage"), HLOG_LIMIT_BURST);
	assert_int_equal(count(text, " rtp garbage"), HLOG_LIMIT_BURST);
	assert_int_equal(count(text, " log suppressed suppressed=995 "), 2);
	assert_non_null(strstr(text, "category=rtp.garbage\n"));
	free(text);
	close(fdv[0]);
	close(fdv[1]);
}

/* The table of categories is bounded: those beyond share the last */
static void test_categories(void **state)
{
	static char namev[2 * HLOG_CATEGORIES_MAX][16];
	struct hlog *l = NULL;
	char *text;
	int fdv[2];
	unsigned i;

	(void)state;
	pipe_open(fdv);
	assert_int_equal(hlog_alloc(&l, fdv[1], HLOG_TEXT, HLOG_INFO), 0);
	for (i = 0; i < 2 * HLOG_CATEGORIES_MAX; i++) {
		snprintf(namev[i], sizeof(namev[i]), "c%u", i);
		hlog_limited(l, namev[i], HLOG_INFO, "c", "many");
	}
	mem_deref(l);
	text = read_all(fdv[0]);
	assert_int_equal(count(text, " c many\n"),
			 HLOG_CATEGORIES_MAX - 1 + HLOG_LIMIT_BURST);
	free(text);
	close(fdv[0]);
	close(fdv[1]);
}

static void *log_many(void *arg)
{
	struct hlog *l = arg;
	unsigned i;

	for (i = 0; i < RECORDS; i++)
		hlog(l, HLOG_INFO, "thread", "record",
		     HLOG_S("fill", "0123456789012345678901234567890123456789"),
		     HLOG_U("nr", i));
	return NULL;
}

static void test_threads(void **state)
{
	struct hlog *l = NULL;
	pthread_t thv[THREADS];
	char *text, *line, *save = NULL;
	unsigned i, n = 0;
	FILE *f = tmpfile();

	(void)state;
	assert_non_null(f);
	assert_int_equal(hlog_alloc(&l, fileno(f), HLOG_JSON, HLOG_INFO), 0);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thv[i], NULL, log_many, l),
				 0);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(thv[i], NULL), 0);
	mem_deref(l);
	assert_int_equal(lseek(fileno(f), 0, SEEK_SET), 0);
	text = read_all(fileno(f));
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		json_t *js = json_loads(line, 0, NULL);

		assert_non_null(js);
		assert_int_equal(json_object_size(js), 6);
		json_decref(js);
		n++;
	}
	assert_int_equal(n, THREADS * RECORDS);
	free(text);
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_any_bytes),
		cmocka_unit_test(test_text_escapes),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_ratelimit),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_full_pipe),
		cmocka_unit_test(test_full_socket),
		cmocka_unit_test(test_full_terminal),
		cmocka_unit_test(test_limited),
		cmocka_unit_test(test_categories),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "cli/table.h"

static const char suffix[] = "_utc_ms";

static bool is_time(const char *key)
{
	const size_t len = strlen(key), suffix_len = strlen(suffix);

	return len > suffix_len && !strcmp(key + len - suffix_len, suffix);
}

static const char *title(const char *key, char *buf, size_t size)
{
	snprintf(buf, size, "%.*s",
		 (int)(strlen(key) - (is_time(key) ? strlen(suffix) : 0)), key);
	return buf;
}

static void time_print(json_int_t utc_ms, char *buf, size_t size)
{
	const time_t t = (time_t)(utc_ms / 1000);
	struct tm tm;

	if (!gmtime_r(&t, &tm) ||
	    !strftime(buf, size, "%Y-%m-%dT%H:%M:%SZ", &tm))
		snprintf(buf, size, "?");
}

static const char *cell(const json_t *row, const char *key, char *buf,
			size_t size)
{
	const json_t *val = json_object_get(row, key);

	if (json_is_string(val))
		return json_string_value(val);
	if (json_is_integer(val) && is_time(key))
		time_print(json_integer_value(val), buf, size);
	else if (json_is_integer(val))
		snprintf(buf, size, "%" JSON_INTEGER_FORMAT,
			 json_integer_value(val));
	else if (json_is_boolean(val))
		snprintf(buf, size, "%s", json_is_true(val) ? "yes" : "no");
	else if (json_is_real(val))
		snprintf(buf, size, "%.1f", json_real_value(val));
	else
		snprintf(buf, size, "-");
	return buf;
}

/* Characters, not bytes: display names are UTF-8 */
static int width(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* C0, DEL and C1, which is two octets, move the cursor or do worse */
static void safe_print(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	for (; *p; p++) {
		const bool c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0;

		putchar(c1 || *p < ' ' || *p == 0x7f ? '?' : *p);
		p += c1;
	}
}

static int column_width(const json_t *rows, const char *key)
{
	const json_t *row;
	char buf[64];
	int max = width(title(key, buf, sizeof(buf))), w;
	size_t i;

	json_array_foreach(rows, i, row) {
		w = width(cell(row, key, buf, sizeof(buf)));
		max = w > max ? w : max;
	}
	return max;
}

static void row_print(const json_t *rows, json_t *head, const json_t *row)
{
	const char *key;
	char buf[64];
	json_t *val;
	int pad = 0;

	json_object_foreach(head, key, val) {
		const char *text = row ? cell(row, key, buf, sizeof(buf))
				       : title(key, buf, sizeof(buf));

		printf("%*s", pad, "");
		safe_print(text);
		pad = column_width(rows, key) - width(text) + 2;
	}
	putchar('\n');
}

void table_print(const json_t *rows)
{
	json_t *head = json_array_get(rows, 0);
	const json_t *row;
	size_t i;

	if (!json_is_object(head))
		return;
	row_print(rows, head, NULL);
	json_array_foreach(rows, i, row)
		row_print(rows, head, row);
}

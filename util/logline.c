/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file logline.c  One record of the log as one line
 *
 * The end of the buffer is kept for what closes a line that was cut, so that
 * it is still a line that parses.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <re.h>
#include "util/logline.h"

enum {
	/* "\",\"cut\":true}\n" */
	CLOSING = 16
};

struct line {
	char *buf;
	size_t limit;           /* Without what closing needs */
	size_t pos;
	enum hlog_format format;
	bool cut;               /* Something did not fit; nothing follows */
};

/* The quote that closes a string may lie behind the limit */
static size_t line_left(const struct line *ln)
{
	return ln->pos < ln->limit ? ln->limit - ln->pos : 0;
}

/* All or nothing */
static void line_put(struct line *ln, const char *s, size_t n)
{
	if (ln->cut || n > line_left(ln)) {
		ln->cut = true;
		return;
	}
	memcpy(ln->buf + ln->pos, s, n);
	ln->pos += n;
}

static void line_puts(struct line *ln, const char *s)
{
	line_put(ln, s, strlen(s));
}

/* What closes a string or the line has its place behind the limit */
static void line_close(struct line *ln, const char *s)
{
	const size_t n = strlen(s);

	memcpy(ln->buf + ln->pos, s, n);
	ln->pos += n;
}

/* Length of the UTF-8 character at p (RFC 3629: no overlong form, surrogate or
 * number above 10FFFF), or 0. C1 controls are refused: terminals obey them. */
static size_t utf8_len(const uint8_t *p, size_t left)
{
	static const uint32_t minv[] = {0, 0, 0xa0, 0x800, 0x10000};
	const size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	uint32_t c = p[0] & (0xffu >> (n + 1));
	size_t i;

	if (p[0] < 0xc2 || p[0] > 0xf4 || n > left)
		return 0;
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < minv[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return n;
}

/* One character, escaped as needed. A byte that is no text becomes \xHH; JSON
 * has no such escape and gets the code point of that number. */
static size_t line_put_char(struct line *ln, const uint8_t *p, size_t left)
{
	const char *short_form = NULL;
	char esc[8];
	size_t n = 1;

	switch (*p) {
	case '"':
		short_form = "\\\"";
		break;
	case '\\':
		short_form = "\\\\";
		break;
	case '\n':
		short_form = "\\n";
		break;
	case '\r':
		short_form = "\\r";
		break;
	case '\t':
		short_form = "\\t";
		break;
	default:
		break;
	}
	if (short_form) {
		line_puts(ln, short_form);
		return 1;
	}
	if (*p >= 0x80)
		n = utf8_len(p, left);
	if (n == 0 || *p < 0x20 || *p == 0x7f) {
		snprintf(esc, sizeof(esc),
			 ln->format == HLOG_JSON ? "\\u%04x" : "\\x%02x", *p);
		line_puts(ln, esc);
		return 1;
	}
	line_put(ln, (const char *)p, n);
	return n;
}

static void line_put_quoted(struct line *ln, const char *s, size_t len)
{
	const uint8_t *p = (const uint8_t *)s;
	size_t i = 0;

	line_puts(ln, "\"");
	if (ln->cut)
		return;
	while (i < len && !ln->cut)
		i += line_put_char(ln, p + i, len - i);
	line_close(ln, "\"");
}

/* A word that needs no quotes in text */
static bool is_plain(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		const char c = s[i];

		if (c <= ' ' || c > '~' || c == '"' || c == '\\' || c == '=')
			return false;
	}
	return len > 0;
}

static void line_put_str(struct line *ln, const char *s, size_t len)
{
	if (!s)
		line_puts(ln, ln->format == HLOG_JSON ? "null" : "-");
	else if (ln->format == HLOG_TEXT && is_plain(s, len) &&
		 len <= line_left(ln))
		line_put(ln, s, len);
	else
		line_put_quoted(ln, s, len);
}

static void line_put_cstr(struct line *ln, const char *s)
{
	line_put_str(ln, s, s ? strlen(s) : 0);
}

static void line_put_key(struct line *ln, const char *key)
{
	if (ln->format == HLOG_JSON) {
		line_puts(ln, ",\"");
		line_puts(ln, key);
		line_puts(ln, "\":");
	}
	else {
		line_puts(ln, " ");
		line_puts(ln, key);
		line_puts(ln, "=");
	}
}

static void line_put_value(struct line *ln, const struct hlog_field *f)
{
	char tmp[128];

	switch (f->type) {
	case HLOG_T_NONE:
	case HLOG_T_END:
		break;
	case HLOG_T_BYTES:
		line_put_str(ln, f->v.bytes.p, f->v.bytes.len);
		break;
	case HLOG_T_UINT:
		snprintf(tmp, sizeof(tmp), "%llu", (unsigned long long)f->v.u);
		line_puts(ln, tmp);
		break;
	case HLOG_T_INT:
		snprintf(tmp, sizeof(tmp), "%lld", (long long)f->v.i);
		line_puts(ln, tmp);
		break;
	case HLOG_T_BOOL:
		line_puts(ln, f->v.b ? "true" : "false");
		break;
	case HLOG_T_SA:
		if (!f->v.sa || !sa_isset(f->v.sa, SA_ADDR)) {
			line_put_cstr(ln, NULL);
			break;
		}
		(void)re_snprintf(tmp, sizeof(tmp), "%J", f->v.sa);
		line_put_cstr(ln, tmp);
		break;
	case HLOG_T_ERRNO:
		(void)re_snprintf(tmp, sizeof(tmp), "%m", (int)f->v.i);
		line_put_cstr(ln, tmp);
		break;
	}
}

/* Half a key or half a number says something wrong: take the field back. Half
 * a string is closed and stays. */
static void line_put_field(struct line *ln, const struct hlog_field *f)
{
	const size_t start = ln->pos;
	size_t value;

	if (f->type == HLOG_T_NONE || ln->cut)
		return;
	line_put_key(ln, f->key);
	value = ln->pos;
	line_put_value(ln, f);
	if (ln->cut && (ln->pos == value || f->type != HLOG_T_BYTES))
		ln->pos = start;
}

static void line_put_time(struct line *ln, uint64_t utc_ms)
{
	const time_t t = (time_t)(utc_ms / 1000);
	char day[32], tmp[48];
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	(void)gmtime_r(&t, &tm);
	(void)strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(tmp, sizeof(tmp), "%s.%03uZ", day, (unsigned)(utc_ms % 1000));
	line_puts(ln, tmp);
}

static void line_put_frame(struct line *ln, const struct logline_record *r)
{
	const bool json = ln->format == HLOG_JSON;

	line_puts(ln, json ? "{\"time\":\"" : "");
	line_put_time(ln, r->utc_ms);
	line_puts(ln, json ? "\",\"level\":\"" : " ");
	line_puts(ln, hlog_level_name(r->level));
	line_puts(ln, json ? "\"" : "");
}

size_t logline_format(char *buf, size_t size, enum hlog_format format,
		      const struct logline_record *r)
{
	const bool json = format == HLOG_JSON;
	struct line ln = {
		.buf = buf, .limit = size - CLOSING, .format = format};
	const struct hlog_field subject = HLOG_S("subject", r->subject);
	const struct hlog_field event = HLOG_S("event", r->event);
	const struct hlog_field *f;

	line_put_frame(&ln, r);
	if (json) {
		line_put_field(&ln, &subject);
		line_put_field(&ln, &event);
	}
	else {
		line_puts(&ln, " ");
		line_put_value(&ln, &subject);
		line_puts(&ln, " ");
		line_put_value(&ln, &event);
	}
	if (r->suppressed)
		line_put_field(&ln, &HLOG_U("suppressed", r->suppressed));
	for (f = r->fieldv; f && f->type != HLOG_T_END; f++)
		line_put_field(&ln, f);

	if (ln.cut)
		line_close(&ln, json ? ",\"cut\":true" : " cut=true");
	line_close(&ln, json ? "}\n" : "\n");
	return ln.pos;
}

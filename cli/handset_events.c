/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "cli/handset_events.h"
#include "util/clock.h"

enum {
	/** Kept free for the end of the line */
	TAIL = 4
};

static const char replacement[] = "\xef\xbf\xbd";

static bool put(struct hs_ev *ev, const char *fmt, ...)
{
	const size_t room = sizeof(ev->buf) - TAIL - ev->n;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(ev->buf + ev->n, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room)
		return false;
	ev->n += (size_t)n;
	return true;
}

/* Octets of the UTF-8 character at p, 0 if it is none */
static size_t utf8_octets(const unsigned char *p, size_t n)
{
	const size_t len = p[0] < 0x80	? 1
			   : p[0] < 0xc2 ? 0
			   : p[0] < 0xe0 ? 2
			   : p[0] < 0xf0 ? 3
			   : p[0] < 0xf5 ? 4
					 : 0;
	size_t i;

	if (!len || len > n)
		return 0;
	for (i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

static bool put_char(struct hs_ev *ev, const char *p, size_t len)
{
	const unsigned char c = (unsigned char)*p;

	if (!len)
		return put(ev, "%s", replacement);
	if (c == '"' || c == '\\')
		return put(ev, "\\%c", c);
	if (c < 0x20 || c == 0x7f)
		return put(ev, "\\u%04x", c);
	return put(ev, "%.*s", (int)len, p);
}

static bool put_text(struct hs_ev *ev, const char *p, size_t n)
{
	while (n) {
		const size_t len = utf8_octets((const unsigned char *)p, n);

		if (!put_char(ev, p, len))
			return false;
		p += len ? len : 1;
		n -= len ? len : 1;
	}
	return true;
}

static bool put_key(struct hs_ev *ev, const char *key)
{
	return ev->to->json ? put(ev, ",\"%s\":", key) : put(ev, " %s=", key);
}

void hs_ev_begin(struct hs_ev *ev, const struct hs_events *to,
		 const char *name, uint64_t t_us)
{
	ev->to = to;
	ev->n = 0;
	if (!t_us)
		t_us = clock_mono_us();
	if (to->json)
		put(ev, "{\"event\":\"%s\",\"t_us\":%" PRIu64, name, t_us);
	else
		put(ev, "%s%s", to->status ? "\r\033[K" : "", name);
}

void hs_ev_strn(struct hs_ev *ev, const char *key, const char *val, size_t n)
{
	const size_t before = ev->n;
	const char *quote = ev->to->json ? "\"" : "";

	if (!val)
		return;
	if (!put_key(ev, key) || !put(ev, "%s", quote) ||
	    !put_text(ev, val, n) || !put(ev, "%s", quote))
		ev->n = before;
}

void hs_ev_str(struct hs_ev *ev, const char *key, const char *val)
{
	hs_ev_strn(ev, key, val, val ? strlen(val) : 0);
}

void hs_ev_int(struct hs_ev *ev, const char *key, int64_t val)
{
	const size_t before = ev->n;

	if (!put_key(ev, key) || !put(ev, "%" PRId64, val))
		ev->n = before;
}

void hs_ev_bool(struct hs_ev *ev, const char *key, bool val)
{
	const size_t before = ev->n;

	if (!put_key(ev, key) || !put(ev, "%s", val ? "true" : "false"))
		ev->n = before;
}

void hs_ev_end(struct hs_ev *ev)
{
	const char *p = ev->buf;

	if (ev->to->json)
		ev->buf[ev->n++] = '}';
	ev->buf[ev->n++] = '\n';
	while (ev->n) {
		const ssize_t n = write(ev->to->fd, p, ev->n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* nobody reads any more */
		p += n;
		ev->n -= (size_t)n;
	}
}

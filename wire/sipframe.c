/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file sipframe.c  Cuts a byte stream into SIP messages
 */
#include "wire/sipframe.h"

#include <string.h>
#include <re.h>

#include "wire/sipline.h"

static enum sipframe_kind bad(struct sipframe *f, const char *reason)
{
	f->reason = reason;
	return SIPFRAME_BAD;
}

static enum sipframe_kind found(struct sipframe *f, size_t bytes,
				size_t *bytesp, enum sipframe_kind kind)
{
	memset(f, 0, sizeof(*f));
	*bytesp = bytes;
	return kind;
}

/* Two CRLF may come in four segments: one alone is a pong only when something
 * else follows it */
static enum sipframe_kind keepalive(struct sipframe *f, const uint8_t *buf,
				    size_t len, size_t *bytesp)
{
	static const uint8_t ping[] = {'\r', '\n', '\r', '\n'};
	size_t i;

	for (i = 0; i < len && i < sizeof(ping) && buf[i] == ping[i]; i++)
		;
	if (i == sizeof(ping))
		return found(f, i, bytesp, SIPFRAME_PING);
	if (i == len)
		return SIPFRAME_MORE;
	if (i == 2)
		return found(f, i, bytesp, SIPFRAME_PONG);
	return bad(f, "a lone CR");
}

/* Bytes up to and with the empty line, 0: not there yet */
static size_t head_find(struct sipframe *f, const uint8_t *buf, size_t len)
{
	size_t i = f->searched;

	while (i + 4 <= len) {
		const uint8_t *p = memchr(buf + i, '\r', len - i - 3);

		if (!p)
			break;
		if (!memcmp(p, "\r\n\r\n", 4))
			return (size_t)(p - buf) + 4;
		i = (size_t)(p - buf) + 1;
	}
	/* The last three bytes may be the start of it */
	f->searched = len < 3 ? 0 : len - 3;
	return 0;
}

static const char *length_decode(const struct pl *val, size_t *bytesp)
{
	size_t i, n = 0;

	for (i = 0; i < val->l; i++) {
		if (val->p[i] < '0' || val->p[i] > '9' ||
		    n > SIPFRAME_MESSAGE_MAX)
			return "bad Content-Length";
		n = 10 * n + (size_t)(val->p[i] - '0');
	}
	if (!val->l)
		return "bad Content-Length";
	*bytesp = n;
	return NULL;
}

/* Of the first one: that there is no second is for sipscan to see */
static const char *body_bytes(const uint8_t *buf, size_t head, size_t *bytesp)
{
	static const struct sipscan_limits any = {.line_bytes = UINT16_MAX};
	struct sipline_cursor cur = {.p = (const char *)buf,
				     .end = (const char *)buf + head,
				     .limits = &any};
	struct sipline_header hdr;
	const char *reason;
	struct pl line;

	if (sipline_read(&cur, &line))
		return "not SIP";
	while (!sipline_end(&cur)) {
		reason = sipline_header(&cur, &hdr);
		if (reason)
			return reason;
		if (hdr.id == SIP_HDR_CONTENT_LENGTH)
			return length_decode(&hdr.val, bytesp);
	}
	return "no Content-Length";
}

static enum sipframe_kind message(struct sipframe *f, const uint8_t *buf,
				  size_t len, size_t *bytesp)
{
	size_t head, body;
	const char *reason;

	if (!f->total) {
		head = head_find(f, buf, len);
		if (head > SIPFRAME_HEAD_MAX ||
		    (!head && len >= SIPFRAME_HEAD_MAX))
			return bad(f, "headers too long");
		if (!head)
			return SIPFRAME_MORE;
		reason = body_bytes(buf, head, &body);
		if (reason)
			return bad(f, reason);
		if (body > SIPFRAME_MESSAGE_MAX - head)
			return bad(f, "message too long");
		f->total = head + body;
	}
	if (len < f->total)
		return SIPFRAME_MORE;
	return found(f, f->total, bytesp, SIPFRAME_MESSAGE);
}

enum sipframe_kind sipframe_next(struct sipframe *f, const uint8_t *buf,
				 size_t len, size_t *bytesp)
{
	if (!f || !buf || !len || !bytesp)
		return SIPFRAME_MORE;
	if (buf[0] == '\r')
		return keepalive(f, buf, len, bytesp);
	/* A method or "SIP/2.0": the handshake of another protocol, or text of
	 * no known end, is seen by its first byte */
	if (!sipline_is_token((char)buf[0]))
		return bad(f, "not SIP");
	return message(f, buf, len, bytesp);
}

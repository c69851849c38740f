/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file sipscan.c  Pre-parser for SIP datagrams
 */
#include "wire/sipscan.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <re.h>

#include "wire/sipline.h"

enum {
	STUN_HEADER = 20,
	STUN_COOKIE = 0x2112a442,
	CSEQ_MAX = 0x7fffffff,
	MAX_FORWARDS_MAX = 255,
	/* In From and To: a run of 500 costs libre half a millisecond */
	ADDR_BLANKS_MAX = 64,
};

/* libre's expressions are quadratic: 512 bytes that never match cost some 30
 * microseconds where a good message costs 5, and 8 KiB cost 250 times that. */
const struct sipscan_limits sipscan_limits_default = {
	.headers = 96, .line_bytes = 2048, .core_bytes = 512, .id_bytes = 255};

/* What must be there once */
struct counts {
	unsigned via, from, to, callid, cseq, clen, maxfwd, ctype;
	unsigned headers;
};

/* --------------------------------------------------------------- values */

static bool pl_all(const struct pl *pl, bool (*fn)(char c))
{
	size_t i;

	for (i = 0; i < pl->l; i++)
		if (!fn(pl->p[i]))
			return false;
	return pl->l != 0;
}

/* Digits only, at most max */
static bool pl_number(const struct pl *pl, uint32_t max, uint32_t *vp)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < pl->l; i++) {
		if (pl->p[i] < '0' || pl->p[i] > '9' || i > 9)
			return false;
		v = 10 * v + (uint64_t)(pl->p[i] - '0');
	}
	if (!pl->l || v > max)
		return false;
	*vp = (uint32_t)v;
	return true;
}

/* ------------------------------------------------------- header contents */

static struct sipscan_span span(const uint8_t *buf, const struct pl *pl)
{
	return (struct sipscan_span){
		.off = (uint32_t)((const uint8_t *)pl->p - buf),
		.len = (uint32_t)pl->l};
}

/* libre looks for parameters without regard to quotes: none may hide there */
static bool via_plain(const struct pl *via)
{
	bool quote = false;
	size_t i;

	for (i = 0; i < via->l; i++) {
		if (via->p[i] == '"')
			quote = !quote;
		if (via->p[i] == '\\' || (quote && via->p[i] == ';'))
			return false;
	}
	return !quote;
}

static const char *via_check(struct sipscan *scan, const struct pl *val,
			     const uint8_t *buf,
			     const struct sipscan_limits *limits)
{
	const struct pl top = sipline_first(val);
	struct sip_via via = {0};
	struct pl rport;

	if (top.l > limits->core_bytes)
		return "Via too long";
	if (top.l < 7 || strncasecmp(top.p, "SIP", 3) || !via_plain(&top) ||
	    sip_via_decode(&via, &top))
		return "bad Via";
	if (!pl_all(&via.branch, sipline_is_token))
		return "bad branch";
	if (via.branch.l > limits->id_bytes)
		return "branch too long";

	scan->via = span(buf, &top);
	scan->branch = span(buf, &via.branch);
	scan->rport = !msg_param_exists(&via.params, "rport", &rport);
	return NULL;
}

static const char *callid_check(struct sipscan *scan, const struct pl *val,
				const uint8_t *buf,
				const struct sipscan_limits *limits)
{
	struct pl left = *val, right;
	const char *at = pl_strchr(val, '@');

	if (val->l > limits->id_bytes)
		return "Call-ID too long";
	if (at) {
		left.l = (size_t)(at - val->p);
		right.p = at + 1;
		right.l = val->l - left.l - 1;
		if (!pl_all(&right, sipline_is_word))
			return "bad Call-ID";
	}
	if (!pl_all(&left, sipline_is_word))
		return "bad Call-ID";
	scan->callid = span(buf, val);
	return NULL;
}

static const char *cseq_check(struct sipscan *scan, const struct pl *val,
			      const uint8_t *buf)
{
	struct pl num = *val, met = *val;
	size_t i;

	for (i = 0; i < val->l && !sipline_is_ws(val->p[i]); i++)
		;
	num.l = i;
	met.p += i;
	met.l -= i;
	sipline_trim(&met);
	if (!pl_number(&num, CSEQ_MAX, &scan->cseq) ||
	    !pl_all(&met, sipline_is_token))
		return "bad CSeq";

	if (scan->kind == SIPSCAN_RESPONSE)
		scan->method = span(buf, &met);
	else if (scan->method.len != met.l ||
		 memcmp(buf + scan->method.off, met.p, met.l))
		return "CSeq of another method";
	return NULL;
}

static const char *addr_check(const struct pl *val,
			      const struct sipscan_limits *limits)
{
	struct sip_addr addr;
	size_t i, blanks = 0;

	if (val->l > limits->core_bytes)
		return "From or To too long";
	for (i = 0; i < val->l; i++)
		blanks += sipline_is_ws(val->p[i]);
	if (blanks > ADDR_BLANKS_MAX)
		return "too many blanks in From or To";
	return !val->l || sip_addr_decode(&addr, val) ? "bad From or To" : NULL;
}

static const char *header_check(struct sipscan *scan, struct counts *n,
				const struct sipline_header *hdr,
				const uint8_t *buf,
				const struct sipscan_limits *limits)
{
	struct msg_ctype ctype;
	uint32_t v;

	/* libre's ids are numbers that hold more than the enum's names */
	if (hdr->id == SIP_HDR_VIA)
		return n->via++ ? NULL
				: via_check(scan, &hdr->val, buf, limits);
	if (hdr->id == SIP_HDR_FROM || hdr->id == SIP_HDR_TO) {
		if (hdr->id == SIP_HDR_FROM)
			n->from++;
		else
			n->to++;
		return addr_check(&hdr->val, limits);
	}
	if (hdr->id == SIP_HDR_CALL_ID) {
		n->callid++;
		return callid_check(scan, &hdr->val, buf, limits);
	}
	if (hdr->id == SIP_HDR_CSEQ) {
		n->cseq++;
		return cseq_check(scan, &hdr->val, buf);
	}
	if (hdr->id == SIP_HDR_CONTENT_LENGTH) {
		n->clen++;
		return pl_number(&hdr->val, UINT32_MAX, &scan->body_bytes)
			       ? NULL
			       : "bad Content-Length";
	}
	if (hdr->id == SIP_HDR_CONTENT_TYPE) {
		n->ctype++;
		return msg_ctype_decode(&ctype, &hdr->val) ? "bad Content-Type"
							   : NULL;
	}
	if (hdr->id == SIP_HDR_MAX_FORWARDS) {
		n->maxfwd++;
		if (!pl_number(&hdr->val, MAX_FORWARDS_MAX, &v))
			return "bad Max-Forwards";
		scan->max_forwards = (int16_t)v;
	}
	return NULL;
}

static const char *counts_check(const struct counts *n)
{
	if (!n->via)
		return "no Via";
	if (n->from != 1)
		return n->from ? "From twice" : "no From";
	if (n->to != 1)
		return n->to ? "To twice" : "no To";
	if (n->callid != 1)
		return n->callid ? "Call-ID twice" : "no Call-ID";
	if (n->cseq != 1)
		return n->cseq ? "CSeq twice" : "no CSeq";
	if (n->clen > 1)
		return "Content-Length twice";
	if (n->ctype > 1)
		return "Content-Type twice";
	if (n->maxfwd > 1)
		return "Max-Forwards twice";
	return NULL;
}

static const char *headers_check(struct sipscan *scan,
				 struct sipline_cursor *cur, const uint8_t *buf)
{
	struct counts n = {0};
	const char *reason;
	uint32_t rest;

	while (!sipline_end(cur)) {
		struct sipline_header hdr;

		if (n.headers++ >= cur->limits->headers)
			return "too many headers";
		reason = sipline_header(cur, &hdr);
		if (!reason)
			reason = header_check(scan, &n, &hdr, buf, cur->limits);
		if (reason)
			return reason;
	}
	reason = counts_check(&n);
	if (reason)
		return reason;

	cur->p += 2;
	rest = (uint32_t)(cur->end - cur->p);
	scan->body = (uint32_t)((const uint8_t *)cur->p - buf);
	if (!n.clen)
		scan->body_bytes = rest;
	return scan->body_bytes > rest ? "Content-Length over the datagram"
				       : NULL;
}

/* ------------------------------------------------------------ start line */

/* SIP/2.0 SP 3DIGIT SP reason */
static const char *status_check(struct sipscan *scan, const struct pl *line)
{
	const struct pl code = {.p = line->p + 8, .l = 3};
	struct pl phrase;
	uint32_t v;

	scan->kind = SIPSCAN_RESPONSE;
	if (line->l < 12 || line->p[11] != ' ' || !pl_number(&code, 699, &v) ||
	    v < 100)
		return "bad status line";

	/* libre tells requests by how the line ends */
	phrase.p = line->p + 12;
	phrase.l = line->l - 12;
	if (!pl_strcmp(&phrase, "SIP/2.0"))
		return "bad status line";
	scan->status = (uint16_t)v;
	return NULL;
}

/* method SP Request-URI SP SIP/2.0 */
static const char *request_check(struct sipscan *scan, const struct pl *line,
				 const uint8_t *buf,
				 const struct sipscan_limits *limits)
{
	static const char version[] = " SIP/2.0";
	const size_t version_l = sizeof(version) - 1;
	struct pl met = *line, ruri;
	struct uri uri;
	size_t i;

	for (i = 0; i < line->l && sipline_is_token(line->p[i]); i++)
		;
	if (!i || line->l < i + 1 + version_l || line->p[i] != ' ' ||
	    memcmp(line->p + line->l - version_l, version, version_l))
		return "not SIP";

	scan->kind = SIPSCAN_REQUEST;
	met.l = i;
	ruri.p = line->p + i + 1;
	ruri.l = line->l - i - 1 - version_l;
	if (met.l > limits->id_bytes)
		return "method too long";
	if (ruri.l > limits->core_bytes)
		return "Request-URI too long";
	for (i = 0; i < ruri.l; i++)
		if (sipline_is_ws(ruri.p[i]))
			return "bad Request-URI";
	if (!ruri.l || uri_decode(&uri, &ruri))
		return "bad Request-URI";
	scan->method = span(buf, &met);
	scan->uri = span(buf, &ruri);
	return NULL;
}

static const char *message_check(struct sipscan *scan,
				 struct sipline_cursor *cur, const uint8_t *buf)
{
	const char *reason;
	struct pl line;

	reason = sipline_read(cur, &line);
	if (reason)
		return "not SIP";
	if (line.l >= 8 && !memcmp(line.p, "SIP/2.0 ", 8)) {
		reason = line.l > cur->limits->line_bytes
				 ? "status line too long"
				 : status_check(scan, &line);
	} else {
		reason = request_check(scan, &line, buf, cur->limits);
	}
	return reason ? reason : headers_check(scan, cur, buf);
}

/* ------------------------------------------------------------- datagrams */

/* RFC 5389 header with its magic cookie, and nothing behind it */
static bool is_stun(const uint8_t *buf, size_t len)
{
	if (len < STUN_HEADER || buf[0] > 1)
		return false;
	return (size_t)(buf[2] << 8 | buf[3]) + STUN_HEADER == len &&
	       buf[3] % 4 == 0 && buf[4] == (STUN_COOKIE >> 24) &&
	       buf[5] == (STUN_COOKIE >> 16 & 0xff) &&
	       buf[6] == (STUN_COOKIE >> 8 & 0xff) &&
	       buf[7] == (STUN_COOKIE & 0xff);
}

static bool is_keepalive(const uint8_t *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (buf[i] && buf[i] != '\r' && buf[i] != '\n')
			return false;
	return true;
}

/* RFC 3261 section 7.5: empty lines in front of the start line */
static uint32_t empty_lines(const uint8_t *buf, size_t len)
{
	uint32_t n = 0;

	while (n + 2 <= len && buf[n] == '\r' && buf[n + 1] == '\n')
		n += 2;
	return n;
}

int sipscan_parse(struct sipscan *scan, const uint8_t *buf, size_t len,
		  const struct sipscan_limits *limits)
{
	struct sipscan s = {.kind = SIPSCAN_GARBAGE, .max_forwards = -1};
	struct sipline_cursor cur;

	if (!scan || (!buf && len))
		return EINVAL;

	if (is_keepalive(buf, len)) {
		s.kind = SIPSCAN_KEEPALIVE;
	} else if (is_stun(buf, len)) {
		s.kind = SIPSCAN_STUN;
	} else if (len > UINT16_MAX) {
		s.reason = "longer than a datagram";
	} else {
		s.start = empty_lines(buf, len);
		cur.p = (const char *)buf + s.start;
		cur.end = (const char *)buf + len;
		cur.limits = limits ? limits : &sipscan_limits_default;
		s.reason = message_check(&s, &cur, buf);
	}
	*scan = s;
	return s.reason ? EBADMSG : 0;
}

/* At a semicolon: renames the parameter behind it if it is maddr */
static bool maddr_rename(char *p, const char *end)
{
	for (p++; p < end && sipline_is_ws(*p); p++)
		;
	if (end - p < 5 || strncasecmp(p, "maddr", 5) ||
	    (end - p > 5 && sipline_is_token(p[5])))
		return false;
	memcpy(p, "x-mad", 5);
	return true;
}

unsigned sipscan_drop_maddr(uint8_t *buf, size_t len)
{
	struct sipscan_limits any = {.line_bytes = UINT16_MAX};
	struct sipline_cursor cur = {.limits = &any};
	struct sipline_header hdr;
	struct pl line;
	unsigned n = 0;
	size_t i, off;

	if (!buf)
		return 0;
	cur.p = (const char *)buf + empty_lines(buf, len);
	cur.end = (const char *)buf + len;
	if (sipline_read(&cur, &line))
		return 0;

	do {
		if (sipline_end(&cur) || sipline_header(&cur, &hdr))
			return 0;
	} while (hdr.id != SIP_HDR_VIA);

	hdr.val = sipline_first(&hdr.val);
	off = (size_t)((const uint8_t *)hdr.val.p - buf);
	for (i = 0; i < hdr.val.l; i++) {
		char *p = (char *)buf + off + i;

		if (*p == ';' && maddr_rename(p, hdr.val.p + hdr.val.l))
			n++;
	}
	return n;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file xml.c  Small XML documents, read and written
 */
#include "wire/xml.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <expat.h>

/* ---------------------------------------------------------------- reading */

struct reader {
	XML_Parser parser;
	const struct xml_handlers *h;
	unsigned depth;
	int err;
};

static void stop(struct reader *rd, int err)
{
	if (!err || rd->err)
		return;
	rd->err = err;
	(void)XML_StopParser(rd->parser, XML_FALSE);
}

static void XMLCALL start_h(void *arg, const XML_Char *name,
			    const XML_Char **attrs)
{
	struct reader *rd = arg;

	if (++rd->depth > XML_DEPTH_MAX)
		stop(rd, EBADMSG);
	else if (rd->h->start_h && !rd->err)
		stop(rd, rd->h->start_h(name, attrs, rd->h->arg));
}

static void XMLCALL end_h(void *arg, const XML_Char *name)
{
	struct reader *rd = arg;

	rd->depth--;
	if (rd->h->end_h && !rd->err)
		stop(rd, rd->h->end_h(name, rd->h->arg));
}

static void XMLCALL text_h(void *arg, const XML_Char *s, int len)
{
	struct reader *rd = arg;

	if (rd->h->text_h && !rd->err)
		stop(rd, rd->h->text_h(s, (size_t)len, rd->h->arg));
}

/* A document type is where entities are declared, and a document of ours has
 * none: no expansion to bound, nothing external to fetch. */
static void XMLCALL doctype_h(void *arg, const XML_Char *name,
			      const XML_Char *sysid, const XML_Char *pubid,
			      int internal)
{
	(void)name;
	(void)sysid;
	(void)pubid;
	(void)internal;
	stop(arg, EBADMSG);
}

int xml_parse(const char *p, size_t len, const struct xml_handlers *h)
{
	struct reader rd = {.h = h};

	if (!p || !h)
		return EINVAL;
	if (len > XML_BYTES_MAX)
		return EOVERFLOW;

	rd.parser = XML_ParserCreateNS(NULL, ' ');
	if (!rd.parser)
		return ENOMEM;
	XML_SetUserData(rd.parser, &rd);
	XML_SetElementHandler(rd.parser, start_h, end_h);
	XML_SetCharacterDataHandler(rd.parser, text_h);
	XML_SetStartDoctypeDeclHandler(rd.parser, doctype_h);

	if (XML_Parse(rd.parser, p, (int)len, XML_TRUE) != XML_STATUS_OK &&
	    !rd.err)
		rd.err = XML_GetErrorCode(rd.parser) == XML_ERROR_NO_MEMORY
				 ? ENOMEM
				 : EBADMSG;
	XML_ParserFree(rd.parser);
	return rd.err;
}

bool xml_is(const char *name, const char *ns, const char *local)
{
	const char *sp = strrchr(name, ' ');

	if (!sp)
		return !strcmp(name, local);
	if (strcmp(sp + 1, local))
		return false;
	return !ns || (strlen(ns) == (size_t)(sp - name) &&
		       !strncmp(ns, name, strlen(ns)));
}

const char *xml_attr(const char **attrs, const char *name)
{
	for (; attrs && attrs[0]; attrs += 2)
		if (!strcmp(attrs[0], name))
			return attrs[1];
	return NULL;
}

const char *xml_trim(char *s, size_t len)
{
	while (len && isspace((unsigned char)s[len - 1]))
		len--;
	s[len] = '\0';
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

/* ---------------------------------------------------------------- writing */

void xml_init(struct xml_writer *w, char *buf, size_t size)
{
	*w = (struct xml_writer){.buf = buf, .size = size};
	if (!buf || !size)
		w->err = EINVAL;
	else
		buf[0] = '\0';
}

static void put(struct xml_writer *w, const char *p, size_t l)
{
	if (w->err)
		return;
	if (l >= w->size - w->pos) {
		w->err = EOVERFLOW;
		return;
	}
	memcpy(w->buf + w->pos, p, l);
	w->pos += l;
	w->buf[w->pos] = '\0';
}

void xml_raw(struct xml_writer *w, const char *s)
{
	put(w, s, strlen(s));
}

/* Bytes of one UTF-8 character that XML allows (RFC 3629: no overlong form,
 * no surrogate), or 0. A NUL ends every sequence early. */
static size_t utf8_char(const unsigned char *s)
{
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n, i;
	uint32_t c;

	if (s[0] < 0x80)
		return s[0] >= 0x20 || s[0] == '\t' || s[0] == '\n' ||
		       s[0] == '\r';
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	c = s[0] & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ||
	    c == 0xfffe || c == 0xffff)
		return 0;
	return n;
}

static const char *escape(char c)
{
	switch (c) {

	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&apos;";
	/* An attribute's value would be read back with spaces for these */
	case '\t':
		return "&#9;";
	case '\n':
		return "&#10;";
	case '\r':
		return "&#13;";
	default:
		return NULL;
	}
}

void xml_text(struct xml_writer *w, const char *s)
{
	while (*s && !w->err) {
		const size_t n = utf8_char((const unsigned char *)s);
		const char *esc = escape(*s);

		if (!n)
			w->err = EINVAL;
		else if (esc)
			xml_raw(w, esc);
		else
			put(w, s, n);
		s += n;
	}
}

void xml_put_attr(struct xml_writer *w, const char *name, const char *value)
{
	xml_raw(w, " ");
	xml_raw(w, name);
	xml_raw(w, "=\"");
	xml_text(w, value);
	xml_raw(w, "\"");
}

void xml_put_elem(struct xml_writer *w, const char *name, const char *text)
{
	xml_raw(w, "<");
	xml_raw(w, name);
	xml_raw(w, ">");
	xml_text(w, text);
	xml_raw(w, "</");
	xml_raw(w, name);
	xml_raw(w, ">");
}

int xml_done(struct xml_writer *w, size_t *lenp)
{
	if (!w->err && lenp)
		*lenp = w->pos;
	return w->err;
}

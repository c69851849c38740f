/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file multipart.c  Bodies of several parts (RFC 2046)
 */
#include "wire/multipart.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "wire/plain.h"

/* ------------------------------------------------------------------- text */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct multipart_text trim(const char *p, size_t l)
{
	while (l && isspace((unsigned char)*p)) {
		p++;
		l--;
	}
	while (l && isspace((unsigned char)p[l - 1]))
		l--;
	return (struct multipart_text){.p = p, .l = l};
}

static bool text_is(const struct multipart_text *text, const char *s)
{
	return text->l == strlen(s) && !strncasecmp(text->p, s, text->l);
}

/* RFC 2046 section 5.1.1: bchars, no space at the end */
static bool boundary_valid(const char *boundary)
{
	const size_t l = strlen(boundary);
	size_t i;

	for (i = 0; i < l; i++)
		if (!isalnum((unsigned char)boundary[i]) &&
		    !strchr("'()+_,-./:=? ", boundary[i]))
			return false;
	return l && l < MULTIPART_BOUNDARY_MAX && boundary[l - 1] != ' ';
}

/* A parameter's value, quoted or not; p is moved behind it */
static int value_read(char boundary[MULTIPART_BOUNDARY_MAX], const char **pp,
		      const char *end)
{
	const char *p = *pp;
	const bool quoted = p < end && *p == '"';
	size_t n = 0;

	for (p += quoted; p < end; p++) {
		if (quoted ? *p == '"'
			   : *p == ';' || isspace((unsigned char)*p))
			break;
		if (quoted && *p == '\\' && ++p == end)
			return EBADMSG;
		if (n + 1 >= MULTIPART_BOUNDARY_MAX || !*p)
			return EBADMSG;
		boundary[n++] = *p;
	}
	if (quoted && p++ == end)
		return EBADMSG;
	boundary[n] = '\0';
	*pp = p;
	return boundary_valid(boundary) ? 0 : EBADMSG;
}

/* The next ";" outside quotes, or the end */
static const char *param_next(const char *p, const char *end)
{
	bool quote = false;

	for (; p < end && (quote || *p != ';'); p++) {
		if (*p == '"')
			quote = !quote;
		else if (quote && *p == '\\' && p + 1 < end)
			p++;
	}
	return p;
}

int multipart_boundary(char boundary[MULTIPART_BOUNDARY_MAX], const char *p,
		       size_t len)
{
	const char *end = p + len;
	char value[MULTIPART_BOUNDARY_MAX] = "";
	int err;

	if (!boundary || !p)
		return EINVAL;

	for (p = param_next(p, end); p < end; p = param_next(p, end)) {
		static const char name[] = "boundary";
		const size_t name_l = sizeof(name) - 1;

		for (p++; p < end && isspace((unsigned char)*p); p++)
			;
		if ((size_t)(end - p) < name_l || strncasecmp(p, name, name_l))
			continue;
		for (p += name_l; p < end && isspace((unsigned char)*p); p++)
			;
		if (p == end || *p != '=')
			continue;
		for (p++; p < end && isspace((unsigned char)*p); p++)
			;
		if (value[0])
			return EBADMSG;
		err = value_read(value, &p, end);
		if (err)
			return err;
	}
	if (!value[0])
		return ENOENT;
	memcpy(boundary, value, sizeof(value));
	return 0;
}

/* ---------------------------------------------------------------- reading */

/* A line that separates parts */
struct delimiter {
	const char *before; /* Where the content in front of it ends */
	const char *after;  /* Where what follows begins */
	bool closing;
};

/* What stands behind "--boundary" of a delimiter line: "--" if it closes,
 * white space, CRLF. The closing one may be the end of the body. */
static bool delimiter_ends(struct delimiter *d, const char *p, const char *end)
{
	d->closing = end - p >= 2 && p[0] == '-' && p[1] == '-';
	if (d->closing)
		p += 2;
	while (p < end && is_blank(*p))
		p++;
	d->after = p;
	if (end - p >= 2 && p[0] == '\r' && p[1] == '\n') {
		d->after = p + 2;
		return true;
	}
	return d->closing && p == end;
}

/* The next delimiter at or behind p, where start is the start of the body */
static bool delimiter_find(struct delimiter *d, const char *boundary,
			   const char *start, const char *p, const char *end)
{
	const size_t l = strlen(boundary);

	for (; (size_t)(end - p) >= l + 2; p++) {
		p = memchr(p, '-', (size_t)(end - p));
		if (!p || (size_t)(end - p) < l + 2)
			return false;
		if (p[1] != '-' || memcmp(p + 2, boundary, l))
			continue;
		if (p != start &&
		    (p - start < 2 || p[-1] != '\n' || p[-2] != '\r'))
			continue;
		if (!delimiter_ends(d, p + 2 + l, end))
			continue;
		d->before = p == start ? p : p - 2;
		return true;
	}
	return false;
}

static int text_set(struct multipart_text *dst, const struct multipart_text *v)
{
	if (dst->p)
		return EBADMSG;
	*dst = *v;
	return 0;
}

static int header_read(struct multipart_part *part, const char *p, size_t l)
{
	const char *colon = memchr(p, ':', l);
	struct multipart_text name, val;

	if (!colon || colon == p || isspace((unsigned char)*p))
		return EBADMSG;
	name = trim(p, (size_t)(colon - p));
	val = trim(colon + 1, l - (size_t)(colon + 1 - p));

	if (text_is(&name, "Content-Type"))
		return text_set(&part->type, &val);
	if (text_is(&name, "Content-Disposition"))
		return text_set(&part->disposition, &val);
	if (text_is(&name, "Content-ID")) {
		if (val.l >= 2 && val.p[0] == '<' && val.p[val.l - 1] == '>')
			val = trim(val.p + 1, val.l - 2);
		return text_set(&part->id, &val);
	}
	if (text_is(&name, "Content-Transfer-Encoding") &&
	    !text_is(&val, "binary") && !text_is(&val, "8bit") &&
	    !text_is(&val, "7bit"))
		return ENOTSUP;
	return 0;
}

/* The end of a header line, folded lines included; NULL if none ends */
static const char *line_end(const char *p, const char *end)
{
	while (p < end) {
		const char *cr = memchr(p, '\r', (size_t)(end - p));

		if (!cr || end - cr < 2)
			return NULL;
		p = cr + 1;
		if (*p != '\n')
			continue;
		if (end - p < 2 || !is_blank(p[1]))
			return cr;
	}
	return NULL;
}

static int part_read(struct multipart_part *part, const char *p,
		     const char *end)
{
	unsigned headers = 0;

	*part = (struct multipart_part){{0}, {0}, {0}, {0}};
	while (end - p < 2 || p[0] != '\r' || p[1] != '\n') {
		const char *cr = line_end(p, end);
		int err;

		if (!cr || headers++ == MULTIPART_HEADERS_MAX)
			return EBADMSG;
		err = header_read(part, p, (size_t)(cr - p));
		if (err)
			return err;
		p = cr + 2;
	}
	p += 2;
	part->body.p = p;
	part->body.l = (size_t)(end - p);
	return 0;
}

int multipart_parse(struct multipart *mp, const char *boundary, const char *p,
		    size_t len)
{
	const char *end = p + len;
	struct delimiter d, next;
	struct multipart m;

	if (!mp || !boundary || !p)
		return EINVAL;
	if (!boundary_valid(boundary) ||
	    !delimiter_find(&d, boundary, p, p, end))
		return EBADMSG;

	for (m.n = 0; !d.closing; d = next) {
		int err;

		/* The CRLF of one delimiter may begin the next */
		if (!delimiter_find(&next, boundary, p, d.after, end))
			return EBADMSG;
		if (m.n == MULTIPART_PARTS_MAX)
			return E2BIG;
		if (next.before < d.after)
			return EBADMSG;
		err = part_read(&m.parts[m.n++], d.after, next.before);
		if (err)
			return err;
	}
	if (!m.n)
		return EBADMSG;

	mp->n = m.n;
	memcpy(mp->parts, m.parts, m.n * sizeof(m.parts[0]));
	return 0;
}

const struct multipart_part *multipart_find(const struct multipart *mp,
					    const char *type)
{
	size_t i;

	for (i = 0; i < mp->n; i++) {
		const struct multipart_text *t = &mp->parts[i].type;
		const char *semi = t->l ? memchr(t->p, ';', t->l) : NULL;
		const struct multipart_text media =
			trim(t->p, semi ? (size_t)(semi - t->p) : t->l);

		if (media.l && text_is(&media, type))
			return &mp->parts[i];
	}
	return NULL;
}

const struct multipart_part *multipart_by_id(const struct multipart *mp,
					     const char *id, size_t len)
{
	size_t i;

	for (i = 0; i < mp->n; i++)
		if (len && mp->parts[i].id.l == len &&
		    !memcmp(mp->parts[i].id.p, id, len))
			return &mp->parts[i];
	return NULL;
}

/* ---------------------------------------------------------------- writing */

static void put(struct multipart_writer *w, const char *p, size_t l)
{
	if (w->err)
		return;
	if (l > w->size - w->pos) {
		w->err = EOVERFLOW;
		return;
	}
	if (l)
		memcpy(w->buf + w->pos, p, l);
	w->pos += l;
}

static void puts_(struct multipart_writer *w, const char *s)
{
	put(w, s, strlen(s));
}

static void put_header(struct multipart_writer *w, const char *before,
		       const struct multipart_text *val, const char *after)
{
	if (!val->l)
		return;
	if (!plain_value(val->p, val->l))
		w->err = EINVAL;
	puts_(w, before);
	put(w, val->p, val->l);
	puts_(w, after);
}

/* Does a body hold "--boundary"? Wherever in a line: it costs nothing to be
 * stricter than a reader. */
static bool body_holds(const struct multipart_text *body, const char *boundary)
{
	const size_t l = strlen(boundary);
	size_t i;

	for (i = 0; body->l >= l + 2 && i <= body->l - l - 2; i++)
		if (body->p[i] == '-' && body->p[i + 1] == '-' &&
		    !memcmp(body->p + i + 2, boundary, l))
			return true;
	return false;
}

void multipart_open(struct multipart_writer *w, char *buf, size_t size,
		    const char *boundary)
{
	*w = (struct multipart_writer){
		.buf = buf, .size = size, .boundary = boundary};
	if (!buf || !boundary || !boundary_valid(boundary))
		w->err = EINVAL;
}

void multipart_add(struct multipart_writer *w,
		   const struct multipart_part *part)
{
	if (w->err)
		return;
	if (body_holds(&part->body, w->boundary)) {
		w->err = EINVAL;
		return;
	}
	puts_(w, w->pos ? "\r\n--" : "--");
	puts_(w, w->boundary);
	puts_(w, "\r\n");
	put_header(w, "Content-Type: ", &part->type, "\r\n");
	put_header(w, "Content-ID: <", &part->id, ">\r\n");
	put_header(w, "Content-Disposition: ", &part->disposition, "\r\n");
	puts_(w, "\r\n");
	put(w, part->body.p, part->body.l);
}

int multipart_close(struct multipart_writer *w, size_t *lenp)
{
	if (!w->err && !w->pos)
		w->err = EINVAL;
	puts_(w, "\r\n--");
	if (!w->err)
		puts_(w, w->boundary);
	puts_(w, "--\r\n");
	if (!w->err)
		*lenp = w->pos;
	return w->err;
}

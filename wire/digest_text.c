/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file digest_text.c  Digest: header values read and written
 */
#include "wire/digest.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Where a parameter's value goes */
struct field {
	const char *name;
	char *buf; /* NULL: the parameter itself cannot be served */
	size_t size;
	bool seen;
};

/* Text still to be read */
struct cursor {
	const char *p;
	size_t l;
};

/* ---------------------------------------------------------------- reading */

static bool is_ws(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_ctl(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool is_token(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("-.!%*_+`'~", c));
}

static void advance(struct cursor *cur)
{
	cur->p++;
	cur->l--;
}

static void skip_ws(struct cursor *cur)
{
	while (cur->l && is_ws(*cur->p))
		advance(cur);
}

static bool skip_char(struct cursor *cur, char c)
{
	skip_ws(cur);
	if (!cur->l || *cur->p != c)
		return false;
	advance(cur);
	skip_ws(cur);
	return true;
}

/* One character of a value into its field; a field of size 0 drops it */
static int value_put(const struct field *field, size_t *np, char c)
{
	if (is_ctl(c) && c != '\t')
		return EBADMSG;
	if (!field || !field->buf)
		return 0;
	if (*np + 1 >= field->size)
		return EOVERFLOW;
	field->buf[(*np)++] = c;
	return 0;
}

static int quoted_read(struct cursor *cur, const struct field *field,
		       size_t *np)
{
	int err = 0;

	advance(cur);
	while (!err && cur->l && *cur->p != '"') {
		if (*cur->p == '\\') {
			advance(cur);
			if (!cur->l)
				return EBADMSG;
		}
		/* A folded line inside a value counts as one space */
		if (*cur->p == '\r' || *cur->p == '\n') {
			skip_ws(cur);
			err = value_put(field, np, ' ');
			continue;
		}
		err = value_put(field, np, *cur->p);
		advance(cur);
	}
	if (err)
		return err;
	if (!cur->l)
		return EBADMSG;
	advance(cur);
	return 0;
}

/* Unquoted values are not held to token: nonces come with / and = */
static int value_read(struct cursor *cur, const struct field *field)
{
	size_t n = 0;
	int err = 0;

	if (cur->l && *cur->p == '"') {
		err = quoted_read(cur, field, &n);
	} else {
		const char *start = cur->p;

		while (!err && cur->l && !is_ws(*cur->p) && *cur->p != ',') {
			if (*cur->p == '"')
				return EBADMSG;
			err = value_put(field, &n, *cur->p);
			advance(cur);
		}
		if (!err && cur->p == start)
			return EBADMSG;
	}
	if (!err && field && field->buf)
		field->buf[n] = '\0';
	return err;
}

static struct field *field_find(struct field *fields, size_t n,
				const struct cursor *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strlen(fields[i].name) == name->l &&
		    !strncasecmp(fields[i].name, name->p, name->l))
			return &fields[i];
	return NULL;
}

static int param_read(struct cursor *cur, struct field *fields, size_t n)
{
	struct cursor name = {.p = cur->p};
	struct field *field;

	while (cur->l && is_token(*cur->p))
		advance(cur);
	name.l = (size_t)(cur->p - name.p);
	if (!name.l || !skip_char(cur, '='))
		return EBADMSG;

	field = field_find(fields, n, &name);
	if (field) {
		if (field->seen)
			return EBADMSG;
		if (!field->buf)
			return ENOTSUP;
		field->seen = true;
	}
	return value_read(cur, field);
}

/* The whole value: scheme, then parameters. An empty list element, as in
 * ",,", is allowed by the list rule of RFC 9110 section 5.6.1. */
static int fields_read(struct field *fields, size_t n, const char *p,
		       size_t len)
{
	static const char scheme[] = "Digest";
	const size_t scheme_l = sizeof(scheme) - 1;
	struct cursor cur = {.p = p, .l = len};
	int err = 0;

	skip_ws(&cur);
	if (cur.l <= scheme_l || strncasecmp(cur.p, scheme, scheme_l) ||
	    !is_ws(cur.p[scheme_l]))
		return ENOTSUP;
	cur.p += scheme_l;
	cur.l -= scheme_l;

	skip_ws(&cur);
	while (cur.l && !err) {
		if (skip_char(&cur, ','))
			continue;
		err = param_read(&cur, fields, n);
		if (err)
			break;
		skip_ws(&cur);
		if (cur.l && *cur.p != ',')
			err = EBADMSG;
	}
	return err;
}

static bool seen(struct field *fields, size_t n, const char *name)
{
	const struct cursor cur = {.p = name, .l = strlen(name)};
	const struct field *field = field_find(fields, n, &cur);

	return field && field->seen;
}

static int alg_read(enum digest_alg *algp, bool *sessp, const char *text)
{
	static const char suffix[] = "-sess";
	size_t l = strlen(text);

	*sessp = l > 5 && !strcasecmp(text + l - 5, suffix);
	if (*sessp)
		l -= 5;
	return digest_alg_find(algp, text, l) ? 0 : ENOTSUP;
}

static int nc_read(struct digest_cred *cred)
{
	uint32_t nc = 0;
	int i;

	for (i = 0; i < 8; i++) {
		const unsigned char c = (unsigned char)cred->nc_text[i];

		if (!isxdigit(c))
			return EBADMSG;
		nc = nc << 4 |
		     (uint32_t)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
	}
	cred->nc = nc;
	return cred->nc_text[8] ? EBADMSG : 0;
}

static int response_read(struct digest_cred *cred)
{
	size_t i;

	for (i = 0; cred->response[i]; i++) {
		const unsigned char c = (unsigned char)cred->response[i];

		if (!isxdigit(c))
			return EBADMSG;
		cred->response[i] = (char)tolower(c);
	}
	return i == digest_hex_chars(cred->alg) ? 0 : EBADMSG;
}

int digest_cred_parse(struct digest_cred *cred, const char *p, size_t len)
{
	struct digest_cred c = {0};
	char alg[24] = "MD5", qop[16], userhash[8] = "false";
	struct field f[] = {
		{"username", c.username, sizeof(c.username), false},
		{"realm", c.realm, sizeof(c.realm), false},
		{"nonce", c.nonce, sizeof(c.nonce), false},
		{"uri", c.uri, sizeof(c.uri), false},
		{"response", c.response, sizeof(c.response), false},
		{"cnonce", c.cnonce, sizeof(c.cnonce), false},
		{"opaque", c.opaque, sizeof(c.opaque), false},
		{"nc", c.nc_text, sizeof(c.nc_text), false},
		{"algorithm", alg, sizeof(alg), false},
		{"qop", qop, sizeof(qop), false},
		{"userhash", userhash, sizeof(userhash), false},
		{"username*", NULL, 0, false},
	};
	enum { N = sizeof(f) / sizeof(f[0]), MANDATORY = 5 };
	int err, i;

	if (!cred || !p)
		return EINVAL;
	err = fields_read(f, N, p, len);
	if (err)
		return err;
	for (i = 0; i < MANDATORY; i++)
		if (!f[i].seen)
			return EBADMSG;

	c.has_alg = seen(f, N, "algorithm");
	c.has_opaque = seen(f, N, "opaque");
	c.qop = seen(f, N, "qop");
	err = alg_read(&c.alg, &c.sess, alg);
	if (err)
		return err;
	if ((c.qop && strcasecmp(qop, "auth")) || strcasecmp(userhash, "false"))
		return ENOTSUP;
	if (!c.response[0])
		return ENOENT;
	if ((c.qop || c.sess) && !seen(f, N, "cnonce"))
		return EBADMSG;
	err = c.qop ? nc_read(&c) : 0;
	if (!err)
		err = response_read(&c);
	if (!err)
		*cred = c;
	return err;
}

/* Does a list such as "auth,auth-int" hold auth? */
static bool qop_has_auth(const char *qop)
{
	while (*qop) {
		const size_t n = strcspn(qop, ", \t");

		if (n == 4 && !strncasecmp(qop, "auth", 4))
			return true;
		qop += n;
		qop += strspn(qop, ", \t");
	}
	return false;
}

int digest_chall_parse(struct digest_chall *chall, const char *p, size_t len)
{
	struct digest_chall c = {0};
	char alg[24] = "MD5", qop[64], stale[8] = "";
	struct field f[] = {
		{"realm", c.realm, sizeof(c.realm), false},
		{"nonce", c.nonce, sizeof(c.nonce), false},
		{"opaque", c.opaque, sizeof(c.opaque), false},
		{"algorithm", alg, sizeof(alg), false},
		{"qop", qop, sizeof(qop), false},
		{"stale", stale, sizeof(stale), false},
	};
	enum { N = sizeof(f) / sizeof(f[0]) };
	int err;

	if (!chall || !p)
		return EINVAL;
	err = fields_read(f, N, p, len);
	if (err)
		return err;
	if (!f[0].seen || !f[1].seen)
		return EBADMSG;

	c.has_alg = seen(f, N, "algorithm");
	c.has_opaque = seen(f, N, "opaque");
	c.qop = seen(f, N, "qop");
	c.stale = !strcasecmp(stale, "true");
	err = alg_read(&c.alg, &c.sess, alg);
	if (err)
		return err;
	/* An empty qop is an old server's way to say none */
	if (c.qop && !qop[0])
		c.qop = false;
	if (c.qop && !qop_has_auth(qop))
		return ENOTSUP;
	*chall = c;
	return 0;
}

/* ---------------------------------------------------------------- writing */

struct printer {
	char *buf;
	size_t pos, size;
	int err;
};

static void put_text(struct printer *pr, const char *s)
{
	const size_t n = strlen(s);

	if (pr->err)
		return;
	if (n >= pr->size - pr->pos) {
		pr->err = EOVERFLOW;
		return;
	}
	memcpy(pr->buf + pr->pos, s, n + 1);
	pr->pos += n;
}

static void put_quoted(struct printer *pr, const char *name, const char *value)
{
	put_text(pr, name);
	put_text(pr, "=\"");
	for (; *value; value++) {
		const char c[2] = {*value, '\0'};

		if (is_ctl(*value) && *value != '\t') {
			pr->err = EINVAL;
			return;
		}
		if (*value == '"' || *value == '\\')
			put_text(pr, "\\");
		put_text(pr, c);
	}
	put_text(pr, "\"");
}

static void put_alg(struct printer *pr, enum digest_alg alg, bool sess)
{
	put_text(pr, ", algorithm=");
	put_text(pr, digest_alg_name(alg));
	if (sess)
		put_text(pr, "-sess");
}

int digest_cred_print(char *buf, size_t size, const struct digest_cred *cred)
{
	struct printer pr = {.buf = buf, .size = size};

	if (!buf || !size || !cred)
		return EINVAL;

	put_quoted(&pr, "Digest username", cred->username);
	put_quoted(&pr, ", realm", cred->realm);
	put_quoted(&pr, ", nonce", cred->nonce);
	put_quoted(&pr, ", uri", cred->uri);
	put_quoted(&pr, ", response", cred->response);
	if (cred->has_alg || cred->sess || cred->alg != DIGEST_MD5)
		put_alg(&pr, cred->alg, cred->sess);
	if (cred->qop || cred->sess)
		put_quoted(&pr, ", cnonce", cred->cnonce);
	if (cred->qop) {
		put_text(&pr, ", qop=auth, nc=");
		put_text(&pr, cred->nc_text);
	}
	if (cred->has_opaque)
		put_quoted(&pr, ", opaque", cred->opaque);
	return pr.err;
}

int digest_chall_print(char *buf, size_t size, const struct digest_chall *chall)
{
	struct printer pr = {.buf = buf, .size = size};

	if (!buf || !size || !chall)
		return EINVAL;

	put_quoted(&pr, "Digest realm", chall->realm);
	put_quoted(&pr, ", nonce", chall->nonce);
	if (chall->has_opaque)
		put_quoted(&pr, ", opaque", chall->opaque);
	if (chall->stale)
		put_text(&pr, ", stale=true");
	if (chall->has_alg || chall->sess || chall->alg != DIGEST_MD5)
		put_alg(&pr, chall->alg, chall->sess);
	if (chall->qop)
		put_text(&pr, ", qop=\"auth\"");
	return pr.err;
}

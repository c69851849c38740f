/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include "wire/sdptext.h"

bool sdptext_line(struct pl *line, struct pl *text)
{
	const char *nl;

	if (!text->l)
		return false;

	nl = memchr(text->p, '\n', text->l);
	line->p = text->p;
	line->l = nl ? (size_t)(nl - text->p) : text->l;
	pl_advance(text, nl ? (ssize_t)line->l + 1 : (ssize_t)line->l);

	if (line->l && line->p[line->l - 1] == '\r')
		--line->l;

	return true;
}

bool sdptext_word(struct pl *word, struct pl *text, char sep)
{
	while (text->l && (*text->p == ' ' || *text->p == sep))
		pl_advance(text, 1);

	word->p = text->p;
	word->l = 0;
	while (text->l && *text->p != ' ' && *text->p != sep) {
		++word->l;
		pl_advance(text, 1);
	}

	return word->l != 0;
}

int sdptext_u16(uint16_t *vp, const struct pl *word)
{
	uint32_t v = 0;
	size_t i;

	if (!word->l || word->l > 5)
		return EBADMSG;

	for (i = 0; i < word->l; i++) {
		if (word->p[i] < '0' || word->p[i] > '9')
			return EBADMSG;
		v = 10 * v + (uint32_t)(word->p[i] - '0');
	}

	if (v > 65535)
		return EBADMSG;

	*vp = (uint16_t)v;
	return 0;
}

bool sdptext_find(struct pl *val, struct pl *text, const char *prefix)
{
	const size_t len = strlen(prefix);
	struct pl line;

	while (sdptext_line(&line, text)) {
		if (line.l < len || strncasecmp(line.p, prefix, len))
			continue;

		val->p = line.p + len;
		val->l = line.l - len;
		return true;
	}

	return false;
}

bool sdptext_flag(const struct pl *attrs, const char *name)
{
	struct pl text = *attrs, val;

	while (sdptext_find(&val, &text, "a=")) {
		if (!pl_strcasecmp(&val, name))
			return true;
	}

	return false;
}

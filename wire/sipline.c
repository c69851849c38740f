/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file sipline.c  Header lines of a SIP message, as libre would read them
 */
#include "wire/sipline.h"

#include <ctype.h>
#include <string.h>

/* libre takes so many bits of a name's hash for its id */
enum { ID_MASK = 0xfff };

/* Headers that decide where a message goes, how it is matched and how long it
 * is. Another name that libre would take for one of these is refused. */
static const struct {
	const char *name;
	char compact;
	enum sip_hdrid id;
} known[] = {
	{"Via", 'v', SIP_HDR_VIA},
	{"From", 'f', SIP_HDR_FROM},
	{"To", 't', SIP_HDR_TO},
	{"Call-ID", 'i', SIP_HDR_CALL_ID},
	{"CSeq", 0, SIP_HDR_CSEQ},
	{"Content-Length", 'l', SIP_HDR_CONTENT_LENGTH},
	{"Content-Type", 'c', SIP_HDR_CONTENT_TYPE},
	{"Max-Forwards", 0, SIP_HDR_MAX_FORWARDS},
	{"Contact", 'm', SIP_HDR_CONTACT},
	{"Route", 0, SIP_HDR_ROUTE},
	{"Record-Route", 0, SIP_HDR_RECORD_ROUTE},
	{"Authorization", 0, SIP_HDR_AUTHORIZATION},
	{"Proxy-Authorization", 0, SIP_HDR_PROXY_AUTHORIZATION},
	{"Require", 0, SIP_HDR_REQUIRE},
	{"Event", 'o', SIP_HDR_EVENT},
	{"Expires", 0, SIP_HDR_EXPIRES},
	{"Refer-To", 'r', SIP_HDR_REFER_TO},
	{"Referred-By", 'b', SIP_HDR_REFERRED_BY},
	{"Replaces", 0, SIP_HDR_REPLACES},
	{"Session-Expires", 'x', SIP_HDR_SESSION_EXPIRES},
	{"Supported", 'k', SIP_HDR_SUPPORTED},
	{"Path", 0, SIP_HDR_PATH},
	{"P-Asserted-Identity", 0, SIP_HDR_P_ASSERTED_IDENTITY},
	{"P-Preferred-Identity", 0, SIP_HDR_P_PREFERRED_IDENTITY},
};

/* ------------------------------------------------------------ characters */

bool sipline_is_token(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("-.!%*_+`'~", c));
}

/* RFC 3261 section 25.1: word, as in a Call-ID */
bool sipline_is_word(char c)
{
	return sipline_is_token(c) || (c && strchr("()<>:\\\"/[]?{}", c));
}

bool sipline_is_ws(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void sipline_trim(struct pl *pl)
{
	while (pl->l && sipline_is_ws(pl->p[0])) {
		pl->p++;
		pl->l--;
	}
	while (pl->l && sipline_is_ws(pl->p[pl->l - 1]))
		pl->l--;
}

/* --------------------------------------------------------------- headers */

/* The id that libre gives a name: 12 bits of a hash, or a compact form */
static enum sip_hdrid name_id(const struct pl *name)
{
	size_t i;

	if (name->l == 1) {
		for (i = 0; i < ARRAY_SIZE(known); i++)
			if (tolower((unsigned char)name->p[0]) ==
			    known[i].compact)
				return known[i].id;
		return SIP_HDR_NONE;
	}
	if (tolower((unsigned char)name->p[0]) == 'x' && name->p[1] == '-')
		return SIP_HDR_NONE;
	return (enum sip_hdrid)(hash_joaat_ci(name->p, name->l) & ID_MASK);
}

/* Does another name pose as a header that matters? */
static bool name_honest(const struct sipline_header *hdr)
{
	size_t i;

	if (hdr->name.l == 1)
		return true;
	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (hdr->id == known[i].id)
			return !pl_strcasecmp(&hdr->name, known[i].name);
	return true;
}

/* One physical line, CRLF not included; only CRLF ends a line, and no other
 * control character but TAB may be in it. */
const char *sipline_read(struct sipline_cursor *cur, struct pl *line)
{
	const char *p;

	for (p = cur->p; p < cur->end; p++) {
		const unsigned char c = (unsigned char)*p;

		if (c == '\r' && p + 1 < cur->end && p[1] == '\n')
			break;
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return "control character in a header";
	}
	if (p == cur->end)
		return "headers do not end";
	line->p = cur->p;
	line->l = (size_t)(p - cur->p);
	cur->p = p + 2;
	return NULL;
}

/* A header line and what is folded onto it */
const char *sipline_header(struct sipline_cursor *cur,
			   struct sipline_header *hdr)
{
	const char *reason;
	struct pl line, more;
	size_t i;

	reason = sipline_read(cur, &line);
	while (!reason && cur->p < cur->end &&
	       (*cur->p == ' ' || *cur->p == '\t')) {
		reason = sipline_read(cur, &more);
		if (!reason)
			line.l = (size_t)(more.p + more.l - line.p);
	}
	if (reason)
		return reason;
	if (line.l > cur->limits->line_bytes)
		return "header too long";

	for (i = 0; i < line.l && sipline_is_token(line.p[i]); i++)
		;
	hdr->name = (struct pl){.p = line.p, .l = i};
	while (i < line.l && (line.p[i] == ' ' || line.p[i] == '\t'))
		i++;
	if (!hdr->name.l || i == line.l || line.p[i] != ':')
		return "header without a name";

	hdr->val = (struct pl){.p = line.p + i + 1, .l = line.l - i - 1};
	sipline_trim(&hdr->val);
	hdr->id = name_id(&hdr->name);
	return name_honest(hdr) ? NULL : "header name poses as another";
}

bool sipline_end(const struct sipline_cursor *cur)
{
	return cur->end - cur->p >= 2 && cur->p[0] == '\r' && cur->p[1] == '\n';
}

/* The first value of a list: up to a comma that is not quoted. Quotes are
 * toggled without regard to backslashes, as libre does; a Via with a backslash
 * is refused. */
struct pl sipline_first(const struct pl *val)
{
	struct pl first = *val;
	bool quote = false;
	size_t i;

	for (i = 0; i < val->l; i++) {
		if (val->p[i] == '"')
			quote = !quote;
		if (val->p[i] == ',' && !quote)
			break;
	}
	first.l = i;
	sipline_trim(&first);
	return first;
}

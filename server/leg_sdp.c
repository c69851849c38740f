/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include "server/leg_sdp.h"

enum { PT_STATIC_MAX = 95, PT_MAX = 127 };

/* --- text -------------------------------------------------------------- */

/* Next line without its end of line; false at the end of the text. */
static bool line_next(struct pl *line, struct pl *text)
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

/* Next word, separated by blanks or sep. */
static bool word_next(struct pl *word, struct pl *text, char sep)
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

static int word_u16(uint16_t *vp, const struct pl *word)
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

/* Value of the next line in text that begins with prefix. */
static bool line_find(struct pl *val, struct pl *text, const char *prefix)
{
	const size_t len = strlen(prefix);
	struct pl line;

	while (line_next(&line, text)) {
		if (line.l < len || strncasecmp(line.p, prefix, len))
			continue;

		val->p = line.p + len;
		val->l = line.l - len;
		return true;
	}

	return false;
}

static bool attr_has(const struct pl *attrs, const char *name)
{
	struct pl text = *attrs, val;

	while (line_find(&val, &text, "a=")) {
		if (!pl_strcasecmp(&val, name))
			return true;
	}

	return false;
}

/* --- decoding ---------------------------------------------------------- */

/* "m=audio 30000/1 RTP/AVP 0 8 101" */
static int mline_decode(struct leg_sdp_line *l, const struct pl *val)
{
	struct pl text = *val, port, num;

	memset(l, 0, sizeof(*l));

	if (!word_next(&l->media, &text, ' ') ||
	    !word_next(&port, &text, ' ') ||
	    !word_next(&l->proto, &text, ' '))
		return EBADMSG;

	if (!word_next(&num, &port, '/') || word_u16(&l->port, &num))
		return EBADMSG;

	while (text.l && *text.p == ' ')
		pl_advance(&text, 1);

	l->formats = text;
	return text.l ? 0 : EBADMSG;
}

/* What we echo in a refused line must not end it. */
static bool line_printable(const struct pl *line)
{
	size_t i;

	for (i = 0; i < line->l; i++)
		if ((unsigned char)line->p[i] < ' ')
			return false;

	return true;
}

/* Cut the text into the session part and one part for each m-line. */
static int sections_decode(struct leg_sdp *s, const struct pl *body)
{
	struct pl text = *body, line, val;
	struct pl *part = &s->session;
	int err;

	if (!line_next(&line, &text) || pl_strcmp(&line, "v=0"))
		return EBADMSG;

	part->p = text.p;
	while (line_next(&line, &text)) {
		if (line.l >= 2 && !strncmp(line.p, "m=", 2)) {
			if (s->linec == LEG_SDP_LINES_MAX ||
			    !line_printable(&line))
				return EBADMSG;

			val.p = line.p + 2;
			val.l = line.l - 2;
			err = mline_decode(&s->linev[s->linec], &val);
			if (err)
				return err;

			part = &s->linev[s->linec++].attrs;
			part->p = text.p;
		}
		part->l = (size_t)(text.p - part->p);
	}

	return 0;
}

/* c=IN IP4 192.0.2.1[/ttl], of the m-line or else of the session. Names are
 * refused: resolving them would make an SDP wait for DNS. */
static int addr_decode(struct sa *addr, const struct leg_sdp *s,
		       const struct leg_sdp_line *l)
{
	struct pl text = l->attrs, val, word, host;

	if (!line_find(&val, &text, "c=")) {
		text = s->session;
		if (!line_find(&val, &text, "c="))
			return EBADMSG;
	}

	if (!word_next(&word, &val, ' ') || pl_strcasecmp(&word, "IN") ||
	    !word_next(&word, &val, ' ') ||
	    (pl_strcasecmp(&word, "IP4") && pl_strcasecmp(&word, "IP6")) ||
	    !word_next(&word, &val, ' ') || !word_next(&host, &word, '/'))
		return EBADMSG;

	return sa_set(addr, &host, l->port) ? EBADMSG : 0;
}

static bool addr_any(const struct sa *addr)
{
	return !sa_isset(addr, SA_ADDR) || sa_is_any(addr);
}

/* Does payload type pt stand for name/clock here? */
static bool format_is(const struct pl *attrs, uint16_t pt, const char *name,
		      uint32_t clock_hz)
{
	struct pl text = *attrs, val, word, enc;
	uint16_t v;

	while (line_find(&val, &text, "a=rtpmap:")) {
		if (!word_next(&word, &val, ' ') || word_u16(&v, &word) ||
		    v != pt)
			continue;

		return word_next(&enc, &val, '/') &&
			!pl_strcasecmp(&enc, name) &&
			word_next(&enc, &val, '/') &&
			pl_u32(&enc) == clock_hz;
	}

	return false;
}

static bool static_is(const struct pl *attrs, uint16_t pt)
{
	struct pl text = *attrs, val, word;
	uint16_t v;

	while (line_find(&val, &text, "a=rtpmap:"))
		if (word_next(&word, &val, ' ') && !word_u16(&v, &word) &&
		    v == pt)
			return false;

	return true;
}

static bool formats_decode(struct leg_sdp *s, const struct leg_sdp_line *l,
			   const struct leg_codec *codec)
{
	struct pl text = l->formats, word;
	bool found = false;
	uint16_t pt;
	int i;

	s->pt_event = 0;
	for (i = 0; i < LEG_SDP_FORMATS_MAX; i++) {
		if (!word_next(&word, &text, ' '))
			break;

		if (word_u16(&pt, &word) || pt > PT_MAX)
			continue;

		if (!found && (format_is(&l->attrs, pt, codec->name,
					 codec->clock_hz) ||
			       (pt == codec->pt && pt <= PT_STATIC_MAX &&
				static_is(&l->attrs, pt)))) {
			found = true;
			s->pt = (uint8_t)pt;
		}
		else if (!s->pt_event && format_is(&l->attrs, pt,
						   "telephone-event",
						   codec->clock_hz)) {
			s->pt_event = (uint8_t)pt;
		}
	}

	return found;
}

static int dir_find(enum sdp_dir *dirp, const struct pl *attrs)
{
	if (attr_has(attrs, "inactive"))
		*dirp = SDP_INACTIVE;
	else if (attr_has(attrs, "sendonly"))
		*dirp = SDP_SENDONLY;
	else if (attr_has(attrs, "recvonly"))
		*dirp = SDP_RECVONLY;
	else if (attr_has(attrs, "sendrecv"))
		*dirp = SDP_SENDRECV;
	else
		return ENOENT;

	return 0;
}

/* a=rtcp:PORT [IN IP4 ADDR] (RFC 3605), else the port above */
static void rtcp_addr_decode(struct leg_sdp *s, const struct leg_sdp_line *l)
{
	struct pl text = l->attrs, val, word;
	struct sa addr = s->rtp;
	uint16_t port;

	s->rtcp = s->rtp;
	sa_set_port(&s->rtcp, (uint16_t)(sa_port(&s->rtp) + 1));

	if (!line_find(&val, &text, "a=rtcp:") || !word_next(&word, &val, ' ')
	    || word_u16(&port, &word) || !port)
		return;

	if (word_next(&word, &val, ' ') && word_next(&word, &val, ' ') &&
	    word_next(&word, &val, ' ') && sa_set(&addr, &word, port))
		return;

	sa_set_port(&addr, port);
	s->rtcp = addr;
}

/* @return 0, or EPROTO with words */
static int audio_decode(struct leg_sdp *s, int i, const struct leg_codec *codec,
			const char **wordsp)
{
	const struct leg_sdp_line *l = &s->linev[i];
	struct sa addr;

	if (!l->port) {
		*wordsp = "audio was refused";
		return EPROTO;
	}

	if (pl_strcasecmp(&l->proto, "RTP/AVP") &&
	    pl_strcasecmp(&l->proto, "RTP/AVPF")) {
		*wordsp = "only plain RTP/AVP audio is supported here";
		return EPROTO;
	}

	if (!formats_decode(s, l, codec)) {
		*wordsp = "no common codec";
		return EPROTO;
	}

	if (addr_decode(&addr, s, l)) {
		*wordsp = "no usable media address";
		return EPROTO;
	}

	s->rtp = addr;
	s->hold = addr_any(&addr);
	rtcp_addr_decode(s, l);

	s->dir = SDP_SENDRECV;
	if (dir_find(&s->dir, &l->attrs))
		(void)dir_find(&s->dir, &s->session);

	return 0;
}

/* a=fmtp:TBCP queuing=0;tb_priority=1;timestamp=0 */
static void floor_params_decode(struct leg_sdp *s, const struct pl *attrs)
{
	struct pl text = *attrs, val, word, num;
	uint16_t v;

	if (!line_find(&val, &text, "a=fmtp:TBCP"))
		return;

	s->floor_params = true;
	while (word_next(&word, &val, ';')) {
		if (word.l <= 12 || strncasecmp(word.p, "tb_priority=", 12))
			continue;

		num.p = word.p + 12;
		num.l = word.l - 12;
		if (!word_u16(&v, &num) && v <= 3)
			s->floor_priority = (uint8_t)v;
	}
}

static bool floor_decode(struct leg_sdp *s, int i)
{
	const struct leg_sdp_line *l = &s->linev[i];
	struct pl text = l->formats, word;
	bool tbcp = false;
	struct sa addr;
	int n;

	if (!l->port || pl_strcasecmp(&l->proto, "udp"))
		return false;

	for (n = 0; n < LEG_SDP_FORMATS_MAX; n++) {
		if (!word_next(&word, &text, ' '))
			break;
		tbcp = tbcp || !pl_strcasecmp(&word, "TBCP");
	}

	if (!tbcp || addr_decode(&addr, s, l))
		return false;

	s->floor_addr = addr;
	floor_params_decode(s, &l->attrs);
	return true;
}

int leg_sdp_decode(struct leg_sdp *s, const struct pl *text,
		   const struct leg_codec *codec, const char **wordsp)
{
	const char *words = "no audio";
	int i, err;

	if (!s || !text || !codec)
		return EINVAL;

	memset(s, 0, sizeof(*s));
	s->audio = s->floor = -1;

	if (wordsp)
		*wordsp = "malformed SDP";
	if (!text->p || text->l > LEG_SDP_BYTES_MAX)
		return EBADMSG;

	err = sections_decode(s, text);
	if (err)
		return err;

	for (i = 0; i < s->linec; i++) {
		const struct pl *media = &s->linev[i].media;

		if (s->audio < 0 && !pl_strcasecmp(media, "audio")) {
			if (!audio_decode(s, i, codec, &words))
				s->audio = i;
		}
		else if (s->floor < 0 && !pl_strcasecmp(media, "application")
			 && floor_decode(s, i)) {
			s->floor = i;
		}
	}

	if (wordsp)
		*wordsp = s->audio < 0 ? words : "";

	return s->audio < 0 ? EPROTO : 0;
}

static void addr_or_flow(struct sa *addr, const struct sa *from,
			 const struct sa *flow)
{
	*addr = addr_any(from) ? *flow : *from;
	sa_set_port(addr, sa_port(from));
}

void leg_sdp_remote(struct mixer_leg_remote *r, const struct leg_sdp *s,
		    const struct sa *flow)
{
	memset(r, 0, sizeof(*r));
	r->pt = s->pt;
	r->pt_event = s->pt_event;
	addr_or_flow(&r->rtp, &s->rtp, flow);
	addr_or_flow(&r->rtcp, &s->rtcp, flow);
	if (s->floor >= 0)
		addr_or_flow(&r->floor, &s->floor_addr, flow);

	/* RFC 3264 section 8.4: 0.0.0.0 is the old way to say hold */
	r->send = (s->dir & SDP_RECVONLY) && !s->hold;
	r->recv = (s->dir & SDP_SENDONLY) != 0;
}

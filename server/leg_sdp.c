/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include "server/leg_sdp.h"
#include "wire/sdptext.h"

enum { PT_STATIC_MAX = 95, PT_MAX = 127 };

/* --- decoding ---------------------------------------------------------- */

/* "m=audio 30000/1 RTP/AVP 0 8 101" */
static int mline_decode(struct leg_sdp_line *l, const struct pl *val)
{
	struct pl text = *val, port, num;

	memset(l, 0, sizeof(*l));

	if (!sdptext_word(&l->media, &text, ' ') ||
	    !sdptext_word(&port, &text, ' ') ||
	    !sdptext_word(&l->proto, &text, ' '))
		return EBADMSG;

	if (!sdptext_word(&num, &port, '/') || sdptext_u16(&l->port, &num))
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

	if (!sdptext_line(&line, &text) || pl_strcmp(&line, "v=0"))
		return EBADMSG;

	part->p = text.p;
	while (sdptext_line(&line, &text)) {
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

	if (!sdptext_find(&val, &text, "c=")) {
		text = s->session;
		if (!sdptext_find(&val, &text, "c="))
			return EBADMSG;
	}

	if (!sdptext_word(&word, &val, ' ') || pl_strcasecmp(&word, "IN") ||
	    !sdptext_word(&word, &val, ' ') ||
	    (pl_strcasecmp(&word, "IP4") && pl_strcasecmp(&word, "IP6")) ||
	    !sdptext_word(&word, &val, ' ') || !sdptext_word(&host, &word, '/'))
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

	while (sdptext_find(&val, &text, "a=rtpmap:")) {
		if (!sdptext_word(&word, &val, ' ') || sdptext_u16(&v, &word) ||
		    v != pt)
			continue;

		return sdptext_word(&enc, &val, '/') &&
			!pl_strcasecmp(&enc, name) &&
			sdptext_word(&enc, &val, '/') &&
			pl_u32(&enc) == clock_hz;
	}

	return false;
}

static bool static_is(const struct pl *attrs, uint16_t pt)
{
	struct pl text = *attrs, val, word;
	uint16_t v;

	while (sdptext_find(&val, &text, "a=rtpmap:"))
		if (sdptext_word(&word, &val, ' ') && !sdptext_u16(&v, &word) &&
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
		if (!sdptext_word(&word, &text, ' '))
			break;

		if (sdptext_u16(&pt, &word) || pt > PT_MAX)
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
	if (sdptext_flag(attrs, "inactive"))
		*dirp = SDP_INACTIVE;
	else if (sdptext_flag(attrs, "sendonly"))
		*dirp = SDP_SENDONLY;
	else if (sdptext_flag(attrs, "recvonly"))
		*dirp = SDP_RECVONLY;
	else if (sdptext_flag(attrs, "sendrecv"))
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

	if (!sdptext_find(&val, &text, "a=rtcp:") ||
	    !sdptext_word(&word, &val, ' ') || sdptext_u16(&port, &word) ||
	    !port)
		return;

	if (sdptext_word(&word, &val, ' ') && sdptext_word(&word, &val, ' ') &&
	    sdptext_word(&word, &val, ' ') && sa_set(&addr, &word, port))
		return;

	sa_set_port(&addr, port);
	s->rtcp = addr;
}

/* RFC 3261 section 20.43 */
static int refuse(struct leg_sdp *s, uint16_t warning, const char *words)
{
	s->warning = warning;
	s->words = words;
	return EPROTO;
}

bool leg_sdp_mid(struct pl *mid, const struct leg_sdp_line *l)
{
	struct pl text = l->attrs, val;

	return sdptext_find(&val, &text, "a=mid:") &&
		sdptext_word(mid, &val, ' ') && line_printable(mid);
}

/* a=group:BUNDLE 0 1 */
static bool bundled(const struct leg_sdp *s, const struct leg_sdp_line *l)
{
	struct pl text = s->session, val, word, mid;

	if (!leg_sdp_mid(&mid, l))
		return false;

	while (sdptext_find(&val, &text, "a=group:BUNDLE "))
		while (sdptext_word(&word, &val, ' '))
			if (!pl_cmp(&word, &mid))
				return true;

	return false;
}

/* @return 0, or EPROTO with words */
static int audio_decode(struct leg_sdp *s, int i, const struct leg_codec *codec,
			const struct leg_rule *rule)
{
	const struct leg_sdp_line *l = &s->linev[i];
	const char *words;
	struct sa addr;

	if (!l->port)
		return refuse(s, 304, "audio was refused");

	s->profile = sdpsec_profile_find(&l->proto);
	s->security = MIXER_PLAIN;
	if (rule)
		sdpsec_decode(&s->sec, &s->session, &l->attrs);
	if (rule && !leg_rule_take(&s->security, &words, s->profile, &s->sec,
				   rule))
		return refuse(s, 302, words);

	if (!formats_decode(s, l, codec))
		return refuse(s, 305, codec->words);

	if (addr_decode(&addr, s, l))
		return refuse(s, 301, "no usable media address");

	s->rtp = addr;
	s->hold = addr_any(&addr);
	s->bundle = bundled(s, l);
	rtcp_addr_decode(s, l);

	s->dir = SDP_SENDRECV;
	if (dir_find(&s->dir, &l->attrs))
		(void)dir_find(&s->dir, &s->session);

	return 0;
}

static bool floor_formats(struct leg_floor *fc, const struct leg_sdp_line *l,
			  bool ours)
{
	if (!pl_strcasecmp(&l->proto, "UDP/BFCP"))
		return leg_floor_bfcp_decode(fc, &l->attrs, ours);

	return !pl_strcasecmp(&l->proto, "udp") &&
		leg_floor_decode(fc, &l->formats, &l->attrs);
}

static bool floor_decode(struct leg_sdp *s, int i, bool ours)
{
	const struct leg_sdp_line *l = &s->linev[i];
	struct leg_floor fc;
	struct sa addr;

	if (!l->port || !floor_formats(&fc, l, ours) ||
	    addr_decode(&addr, s, l))
		return false;

	s->fc = fc;
	s->floor_addr = addr;
	return true;
}

/* The first audio line that can be secured, else the first plain one. The
 * words of a refusal are those of the first. */
static void audio_choose(struct leg_sdp *s, const struct leg_codec *codec,
			 const struct leg_rule *rule)
{
	const bool all = rule && rule->text != LEG_SDP_ANSWER;
	const char *words = NULL;
	uint16_t warning = 0;
	int i, plain = -1;

	for (i = 0; i < s->linec && s->audio < 0; i++) {
		if (pl_strcasecmp(&s->linev[i].media, "audio"))
			continue;

		if (!audio_decode(s, i, codec, rule)) {
			if (!all || s->security != MIXER_PLAIN)
				s->audio = i;
			else if (plain < 0)
				plain = i;
		}
		else if (!words) {
			words = s->words;
			warning = s->warning;
		}
	}

	if (s->audio < 0 && plain >= 0 &&
	    !audio_decode(s, plain, codec, rule))
		s->audio = plain;

	if (s->audio < 0 && words)
		(void)refuse(s, warning, words);
}

int leg_sdp_decode(struct leg_sdp *s, const struct pl *text,
		   const struct leg_codec *codec, const struct leg_rule *rule)
{
	int i, err;

	if (!s || !text || !codec)
		return EINVAL;

	memset(s, 0, sizeof(*s));
	s->audio = s->floor = -1;
	(void)refuse(s, 399, "malformed SDP");
	if (!text->p || text->l > LEG_SDP_BYTES_MAX)
		return EBADMSG;

	err = sections_decode(s, text);
	if (err)
		return err;

	s->answer = rule && rule->text == LEG_SDP_ANSWER;
	(void)refuse(s, 304, "no audio");
	audio_choose(s, codec, rule);
	for (i = 0; i < s->linec && s->floor < 0; i++)
		if (!pl_strcasecmp(&s->linev[i].media, "application") &&
		    floor_decode(s, i, !rule))
			s->floor = i;

	if (s->audio < 0)
		return EPROTO;

	s->words = "";
	return 0;
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
	if (s->floor >= 0 && !s->fc.mc_no_floor_ctrl) {
		addr_or_flow(&r->floor, &s->floor_addr, flow);
		r->floor_proto = leg_floor_proto(&s->fc);
	}

	/* RFC 3264 section 8.4: 0.0.0.0 is the old way to say hold */
	r->send = (s->dir & SDP_RECVONLY) && !s->hold;
	r->recv = (s->dir & SDP_SENDONLY) != 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include "server/leg_sdp.h"

/* RFC 3551 section 6: G722's RTP clock is 8000 although it samples at 16000.
 * RFC 7587: Opus is always 48000/2. */
static const struct leg_codec codecv[] = {
	{ "PCMU", 0, 8000, 1, MIXER_CODEC_PCMU, "this service speaks PCMU" },
	{ "PCMA", 8, 8000, 1, MIXER_CODEC_PCMA, "this service speaks PCMA" },
	{ "G722", 9, 8000, 1, MIXER_CODEC_G722, "this service speaks G722" },
	{ "opus", 96, 48000, 2, MIXER_CODEC_OPUS, "this service speaks opus" },
};

const struct leg_codec *leg_codec_find(const char *name)
{
	size_t i;

	if (!name || !*name)
		return &codecv[0];

	for (i = 0; i < ARRAY_SIZE(codecv); i++)
		if (!str_casecmp(codecv[i].name, name))
			return &codecv[i];

	return NULL;
}

/* other: the offer, or what we said last; NULL: our first offer */
static int session_encode(struct mbuf *mb, const struct leg_sdp_local *l,
			  const struct leg_sdp *other)
{
	const int v = sa_af(&l->addr) == AF_INET6 ? 6 : 4;
	struct pl mid;
	int err;

	err = mbuf_printf(mb, "v=0\r\n"
			  "o=- %llu %u IN IP%d %j\r\n"
			  "s=-\r\n"
			  "c=IN IP%d %j\r\n"
			  "t=0 0\r\n",
			  (unsigned long long)l->id, l->version, v, &l->addr,
			  v, &l->addr);
	if (other && other->bundle &&
	    leg_sdp_mid(&mid, &other->linev[other->audio]))
		err |= mbuf_printf(mb, "a=group:BUNDLE %r\r\n", &mid);

	return err | leg_secure_session_print(mb, l->secure);
}

/* An answer names its lines as the offer does (RFC 5888 section 9.1) */
static int mid_encode(struct mbuf *mb, const struct leg_sdp_line *line)
{
	struct pl mid;

	if (!line || !leg_sdp_mid(&mid, line))
		return 0;

	return mbuf_printf(mb, "a=mid:%r\r\n", &mid);
}

/* line: the other's, or of what we said last; NULL: our first offer */
static int audio_encode(struct mbuf *mb, const struct leg_sdp_local *l,
			const struct leg_sdp_line *line, enum sdp_dir dir)
{
	const struct leg_secure_line sec = {
		.secure = l->secure,
		.ice = l->ice,
		.fingerprint = l->fingerprint,
		.addr = &l->addr,
		.rtp = l->rtp,
		.rtcp = l->rtcp,
	};
	const struct leg_codec *c = l->codec;
	struct pl proto;
	int err;

	pl_set_str(&proto, sdpsec_profile_name(leg_secure_profile(l->secure)));
	if (line)
		proto = line->proto;

	err = mbuf_printf(mb, "m=audio %u %r %u", l->rtp, &proto, l->pt);
	if (l->pt_event)
		err |= mbuf_printf(mb, " %u", l->pt_event);

	err |= mbuf_printf(mb, "\r\na=rtpmap:%u %s/%u%s\r\n", l->pt, c->name,
			   c->clock_hz, c->channels > 1 ? "/2" : "");
	if (l->pt_event)
		err |= mbuf_printf(mb, "a=rtpmap:%u telephone-event/%u\r\n"
				   "a=fmtp:%u 0-16\r\n",
				   l->pt_event, c->clock_hz, l->pt_event);

	if (l->rtcp && l->rtcp != l->rtp + 1)
		err |= mbuf_printf(mb, "a=rtcp:%u\r\n", l->rtcp);

	err |= mbuf_printf(mb, "a=ptime:20\r\na=%s\r\n", sdp_dir_name(dir));
	err |= mid_encode(mb, line);
	return err | leg_secure_line_print(mb, &sec);
}

/* RFC 3264 section 6.1: of what we want, only what the offer leaves us */
static enum sdp_dir dir_answer(enum sdp_dir want, enum sdp_dir offered)
{
	unsigned can = 0;

	if (offered & SDP_SENDONLY)
		can |= SDP_RECVONLY;
	if (offered & SDP_RECVONLY)
		can |= SDP_SENDONLY;

	return (enum sdp_dir)((unsigned)want & can);
}

static int refused_encode(struct mbuf *mb, const struct leg_sdp_line *l)
{
	int err;

	err = mbuf_printf(mb, "m=%r 0 %r %r\r\n", &l->media, &l->proto,
			  &l->formats);
	return err | mid_encode(mb, l);
}

/* The lines of other, each in its place; dir is ours */
static int lines_encode(struct mbuf *mb, const struct leg_sdp_local *l,
			const struct leg_sdp *other, enum sdp_dir dir,
			const struct leg_floor *fc)
{
	int i, err = 0;

	for (i = 0; i < other->linec; i++) {
		const struct leg_sdp_line *line = &other->linev[i];

		if (i == other->audio)
			err |= audio_encode(mb, l, line, dir) |
				(l->floor ? leg_floor_label_print(mb, fc) : 0);
		else if (i == other->floor && l->floor)
			err |= leg_floor_print(mb, fc, l->floor, &line->proto) |
				mid_encode(mb, line);
		else
			err |= refused_encode(mb, line);
	}

	return err;
}

int leg_sdp_offer(struct mbuf *mb, const struct leg_sdp_local *l,
		  const struct leg_sdp *last)
{
	static const struct pl udp = PL("udp");
	struct leg_floor fc;
	int err;

	if (!mb || !l || (last && last->audio < 0))
		return EINVAL;

	fc = l->fc;
	fc.mc_implicit_request = false;
	err = session_encode(mb, l, last);
	if (last) {
		fc.tbcp = last->fc.tbcp;
		fc.mcpt = last->fc.mcpt;
		fc.bfcp = last->fc.bfcp;
		err |= lines_encode(mb, l, last, l->dir, &fc);
	}
	else {
		err |= audio_encode(mb, l, NULL, l->dir);
		if (l->floor)
			err |= leg_floor_print(mb, &fc, l->floor, &udp);
	}

	return err ? ENOMEM : 0;
}

int leg_sdp_answer(struct mbuf *mb, const struct leg_sdp_local *l,
		   const struct leg_sdp *offer)
{
	struct leg_floor fc;
	int err;

	if (!mb || !l || !offer || offer->audio < 0)
		return EINVAL;

	leg_floor_answer(&fc, &offer->fc, &l->fc);
	err = session_encode(mb, l, offer);
	err |= lines_encode(mb, l, offer, dir_answer(l->dir, offer->dir), &fc);

	return err ? ENOMEM : 0;
}

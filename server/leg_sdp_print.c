/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include "server/leg_sdp.h"

/* RFC 3551 section 6: G722's RTP clock is 8000 although it samples at 16000.
 * RFC 7587: Opus is always 48000/2. */
static const struct leg_codec codecv[] = {
	{ "PCMU", 0, 8000, 1 },
	{ "PCMA", 8, 8000, 1 },
	{ "G722", 9, 8000, 1 },
	{ "opus", 96, 48000, 2 },
};

enum { FLOOR_PRIORITY = 1 /**< tb_priority we grant: normal */ };

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

static int session_encode(struct mbuf *mb, const struct leg_sdp_local *l)
{
	const int v = sa_af(&l->addr) == AF_INET6 ? 6 : 4;

	return mbuf_printf(mb, "v=0\r\n"
			   "o=- %llu %u IN IP%d %j\r\n"
			   "s=-\r\n"
			   "c=IN IP%d %j\r\n"
			   "t=0 0\r\n",
			   (unsigned long long)l->id, l->version, v, &l->addr,
			   v, &l->addr);
}

static int audio_encode(struct mbuf *mb, const struct leg_sdp_local *l,
			const char *proto, enum sdp_dir dir)
{
	const struct leg_codec *c = l->codec;
	int err;

	err = mbuf_printf(mb, "m=audio %u %s %u", l->rtp, proto, l->pt);
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

	return err | mbuf_printf(mb, "a=ptime:20\r\na=%s\r\n",
				 sdp_dir_name(dir));
}

static int floor_encode(struct mbuf *mb, uint16_t port, const char *proto,
			bool params, unsigned priority)
{
	int err;

	err = mbuf_printf(mb, "m=application %u %s TBCP\r\n", port, proto);
	if (params)
		err |= mbuf_printf(mb, "a=fmtp:TBCP queuing=0;tb_priority=%u;"
				   "timestamp=0\r\n", priority);
	return err;
}

int leg_sdp_offer(struct mbuf *mb, const struct leg_sdp_local *l)
{
	int err;

	err = session_encode(mb, l);
	err |= audio_encode(mb, l, "RTP/AVP", l->dir);
	if (l->floor)
		err |= floor_encode(mb, l->floor, "udp", true, FLOOR_PRIORITY);

	return err ? ENOMEM : 0;
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
	return mbuf_printf(mb, "m=%r 0 %r %r\r\n", &l->media, &l->proto,
			   &l->formats);
}

int leg_sdp_answer(struct mbuf *mb, const struct leg_sdp_local *l,
		   const struct leg_sdp *offer)
{
	char proto[32];
	int i, err;

	if (!mb || !l || !offer || offer->audio < 0)
		return EINVAL;

	err = session_encode(mb, l);
	for (i = 0; i < offer->linec; i++) {
		const struct leg_sdp_line *line = &offer->linev[i];

		if (i == offer->audio) {
			(void)pl_strcpy(&line->proto, proto, sizeof(proto));
			err |= audio_encode(mb, l, proto,
					    dir_answer(l->dir, offer->dir));
		}
		else if (i == offer->floor && l->floor) {
			(void)pl_strcpy(&line->proto, proto, sizeof(proto));
			err |= floor_encode(mb, l->floor, proto,
					    offer->floor_params,
					    MIN(offer->floor_priority,
						FLOOR_PRIORITY));
		}
		else {
			err |= refused_encode(mb, line);
		}
	}

	return err ? ENOMEM : 0;
}

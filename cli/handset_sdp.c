/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Audio in the codecs we take, telephone-event, and the floor channel: an application line
 * of format TBCP (OMA PoC 1.0). */
#include <re.h>
#include "cli/handset_priv.h"

enum { PT_EVENT = 101 };

static const char event_name[] = "telephone-event";

struct hs_sdp {
	struct sdp_session *sess;
	struct sdp_media *audio, *floor;
};

static void sdp_destructor(void *arg)
{
	struct hs_sdp *sdp = arg;

	mem_deref(sdp->audio);
	mem_deref(sdp->floor);
	mem_deref(sdp->sess);
}

/* libre prints fmtp for formats with an rtpmap only. */
static int fmtp_h(struct mbuf *mb, bool offer, void *arg)
{
	(void)offer;
	(void)arg;
	return mbuf_write_str(
		mb, "a=fmtp:TBCP queuing=1;tb_priority=1;timestamp=0\r\n");
}

static int codec_add(struct hs_sdp *sdp, const struct hs_codec_info *info)
{
	char pt[4];

	(void)re_snprintf(pt, sizeof(pt), "%u", info->pt);
	return sdp_format_add(NULL, sdp->audio, false, pt, info->name,
			      info->clock_hz, (uint8_t)info->channels, NULL,
			      NULL, NULL, false, info->fmtp ? "%s" : NULL,
			      info->fmtp);
}

/* RFC 4733 section 2.5.1.2: events have the clock of the audio they are in
 * between; one format for each clock. */
static int event_add(struct hs_sdp *sdp, const struct hs_codec_info *info)
{
	char pt[4];

	if (sdp_media_format(sdp->audio, true, NULL, -1, event_name,
			     (int32_t)info->clock_hz, 1))
		return 0;
	(void)re_snprintf(pt, sizeof(pt), "%u",
			  info->clock_hz == 8000 ? PT_EVENT : PT_EVENT + 1);
	return sdp_format_add(NULL, sdp->audio, false, pt, event_name,
			      info->clock_hz, 1, NULL, NULL, NULL, false,
			      "0-15");
}

static int audio_add(struct hs_sdp *sdp, const struct hs_sdp_local *local)
{
	unsigned i;
	int err;

	err = sdp_media_add(&sdp->audio, sdp->sess, sdp_media_audio,
			    local->rtp_port, sdp_proto_rtpavp);
	if (err)
		return err;
	sdp_media_set_lport_rtcp(sdp->audio, local->rtcp_port);
	for (i = 0; i < local->codecs->n && !err; i++)
		err = codec_add(sdp, hs_codec_info(local->codecs->v[i]));
	for (i = 0; i < local->codecs->n && !err; i++)
		err = event_add(sdp, hs_codec_info(local->codecs->v[i]));
	err |= sdp_media_set_lattr(sdp->audio, true, "ptime", "20");
	return err ? ENOMEM : 0;
}

static int floor_add(struct hs_sdp *sdp, const struct hs_sdp_local *local)
{
	int err;

	err = sdp_media_add(&sdp->floor, sdp->sess, "application",
			    local->floor_port, "udp");
	if (err)
		return err;
	err = sdp_media_set_alt_protos(sdp->floor, 1, "UDP");
	err |= sdp_format_add(NULL, sdp->floor, false, "TBCP", NULL, 0, 0,
			      NULL, NULL, NULL, false, NULL);
	sdp_media_set_encode_handler(sdp->floor, fmtp_h, NULL);
	return err ? ENOMEM : 0;
}

int hs_sdp_alloc(struct hs_sdp **sp, const struct hs_sdp_local *local)
{
	struct hs_sdp *sdp = mem_zalloc(sizeof(*sdp), sdp_destructor);
	struct sa laddr;
	int err;

	if (!sdp)
		return ENOMEM;
	err = sa_set_str(&laddr, local->addr, 0);
	if (!err)
		err = sdp_session_alloc(&sdp->sess, &laddr);
	if (!err)
		err = audio_add(sdp, local);
	if (!err)
		err = floor_add(sdp, local);
	if (err) {
		mem_deref(sdp);
		return err;
	}
	*sp = sdp;
	return 0;
}

int hs_sdp_offer(struct mbuf **mbp, struct hs_sdp *sdp)
{
	return sdp_encode(mbp, sdp->sess, true);
}

int hs_sdp_answer(struct mbuf **mbp, struct hs_sdp *sdp)
{
	return sdp_encode(mbp, sdp->sess, false);
}

static bool codec_is(const struct sdp_format *fmt,
		     const struct hs_codec_info *info)
{
	return !str_casecmp(fmt->name, info->name) &&
	       fmt->srate == info->clock_hz && fmt->ch == info->channels;
}

/* Which codec of ours a format of the far side is. One without a=rtpmap has no
 * name: ours that libre takes for the same has. */
static const struct hs_codec_info *codec_of(const struct hs_sdp *sdp,
					    const struct sdp_format *rfmt,
					    enum hs_codec *codecp)
{
	struct le *le;
	unsigned i;

	LIST_FOREACH(sdp_media_format_lst(sdp->audio, true), le)
	{
		const struct sdp_format *fmt = le->data;

		for (i = 0; i < HS_CODECS; i++) {
			*codecp = (enum hs_codec)i;
			if (sdp_format_cmp(fmt, rfmt) &&
			    codec_is(fmt, hs_codec_info(*codecp)))
				return hs_codec_info(*codecp);
		}
	}
	return NULL;
}

/* The first of the far side's formats that we have */
static bool codec_get(const struct hs_sdp *sdp, struct hs_sdp_remote *remote)
{
	const struct sdp_format *event;
	struct le *le;

	LIST_FOREACH(sdp_media_format_lst(sdp->audio, false), le)
	{
		const struct sdp_format *fmt = le->data;
		const struct hs_codec_info *info =
			codec_of(sdp, fmt, &remote->codec);

		if (!info)
			continue;
		remote->pt = (uint8_t)fmt->pt;
		event = sdp_media_format(sdp->audio, false, NULL, -1,
					 event_name, (int32_t)info->clock_hz,
					 1);
		remote->pt_event = event ? (uint8_t)event->pt : 0;
		return true;
	}
	return false;
}

static int remote_get(const struct hs_sdp *sdp, struct hs_sdp_remote *remote)
{
	enum sdp_dir dir = sdp_media_dir(sdp->audio);

	if (!sdp_media_rport(sdp->audio) || !codec_get(sdp, remote))
		return ENOTSUP;
	remote->rtp = *sdp_media_raddr(sdp->audio);
	sdp_media_raddr_rtcp(sdp->audio, &remote->rtcp);
	sa_init(&remote->floor, AF_UNSPEC);
	if (sdp_media_rport(sdp->floor))
		remote->floor = *sdp_media_raddr(sdp->floor);
	/* 0.0.0.0: hold as RFC 2543 had it */
	if (sa_is_any(&remote->rtp))
		dir = SDP_INACTIVE;
	remote->send = (dir & SDP_SENDONLY) != 0;
	remote->recv = (dir & SDP_RECVONLY) != 0;
	return 0;
}

static int decode(struct hs_sdp *sdp, struct mbuf *mb, bool offer,
		  struct hs_sdp_remote *remote)
{
	if (sdp_decode(sdp->sess, mb, offer))
		return EBADMSG;
	return remote_get(sdp, remote);
}

int hs_sdp_offered(struct hs_sdp *sdp, struct mbuf *mb,
		   struct hs_sdp_remote *remote)
{
	return decode(sdp, mb, true, remote);
}

int hs_sdp_answered(struct hs_sdp *sdp, struct mbuf *mb,
		    struct hs_sdp_remote *remote)
{
	return decode(sdp, mb, false, remote);
}

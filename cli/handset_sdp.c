/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Audio in the codecs we take, telephone-event, and the floor channel: an
 * application line of format TBCP (OMA PoC 1.0) or MCPTT (TS 24.380). An
 * answer keeps one of the two. */
#include <string.h>
#include <re.h>
#include "cli/handset_priv.h"

enum { PT_EVENT = 101 };

static const char *const floor_namev[HS_FLOOR_PROTOS] = {
	[HS_FLOOR_TBCP] = "TBCP", [HS_FLOOR_MCPT] = "MCPTT"};

static const char event_name[] = "telephone-event";

struct hs_sdp {
	struct sdp_session *sess;
	struct sdp_media *audio, *floor;
	struct hs_sdes sdes;
	struct hs_floor_caps here;   /**< What we want */
	struct hs_floor_caps agreed; /**< ..and what the far side leaves */
	bool implicit;    /**< The next offer is a request for the floor */
	bool asked;       /**< ..and one was: the answer may grant it */
};

static void sdp_destructor(void *arg)
{
	struct hs_sdp *sdp = arg;

	mem_deref(sdp->audio);
	mem_deref(sdp->floor);
	mem_deref(sdp->sess);
	hs_sdes_fini(&sdp->sdes);
}

static struct sdp_format *floor_format(const struct hs_sdp *sdp,
				       enum hs_floor_proto proto)
{
	return sdp_media_format(sdp->floor, true, floor_namev[proto], -1, NULL,
				-1, -1);
}

/* Is it in what we print? */
static bool floor_has(const struct hs_sdp *sdp, enum hs_floor_proto proto,
		      bool offer)
{
	const struct sdp_format *fmt = floor_format(sdp, proto);

	return fmt && (offer || fmt->sup);
}

/* libre prints fmtp for formats with an rtpmap only. */
static int fmtp_h(struct mbuf *mb, bool offer, void *arg)
{
	const struct hs_sdp *sdp = arg;
	const struct hs_floor_caps *caps = offer ? &sdp->here : &sdp->agreed;
	int err = 0;
	unsigned i;

	for (i = 0; i < HS_FLOOR_PROTOS; i++) {
		if (floor_has(sdp, (enum hs_floor_proto)i, offer))
			err |= hs_fmtp_print(mb, (enum hs_floor_proto)i, caps,
					     offer && sdp->implicit);
	}
	return err;
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

static int crypto_h(struct mbuf *mb, bool offer, void *arg)
{
	const struct hs_sdp *sdp = arg;

	return hs_sdes_print(mb, &sdp->sdes, offer);
}

/* Which RTP profile we offer, and which we take beside it. Keys may come in a
 * profile without (RFC 8643); whether they have to is hs_sdes_decode()'s */
static int profile_set(struct hs_sdp *sdp, const struct hs_sdp_local *local,
		       const char **protop, const char **altp)
{
	const int err = hs_sdes_init(&sdp->sdes, local->srtp);

	*protop = sdpsec_profile_name(SDPSEC_AVP);
	*altp = NULL;
	switch (sdp->sdes.mode) {
	case HS_SRTP_OFF:
		break;
	case HS_SRTP_OFFER:
		*altp = sdpsec_profile_name(SDPSEC_SAVP);
		break;
	case HS_SRTP_REQUIRE:
		*altp = *protop;
		*protop = sdpsec_profile_name(SDPSEC_SAVP);
		break;
	}
	return err;
}

static int audio_add(struct hs_sdp *sdp, const struct hs_sdp_local *local)
{
	const char *proto, *alt;
	unsigned i;
	int err;

	err = profile_set(sdp, local, &proto, &alt);
	if (!err)
		err = sdp_media_add(&sdp->audio, sdp->sess, sdp_media_audio,
				    local->rtp_port, proto);
	if (err)
		return err;
	if (alt)
		err = sdp_media_set_alt_protos(sdp->audio, 1, alt);
	sdp_media_set_encode_handler(sdp->audio, crypto_h, sdp);
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
	unsigned i;
	int err;

	if (!local->floors)
		return 0;

	err = sdp_media_add(&sdp->floor, sdp->sess, "application",
			    local->floor_port, "udp");
	if (err)
		return err;
	err = sdp_media_set_alt_protos(sdp->floor, 1, "UDP");
	for (i = 0; i < HS_FLOOR_PROTOS; i++) {
		if (local->floors & 1u << i)
			err |= sdp_format_add(NULL, sdp->floor, false,
					      floor_namev[i], NULL, 0, 0, NULL,
					      NULL, NULL, false, NULL);
	}
	sdp_media_set_encode_handler(sdp->floor, fmtp_h, sdp);
	return err ? ENOMEM : 0;
}

int hs_sdp_alloc(struct hs_sdp **sp, const struct hs_sdp_local *local)
{
	struct hs_sdp *sdp = mem_zalloc(sizeof(*sdp), sdp_destructor);
	struct sa laddr;
	int err;

	if (!sdp)
		return ENOMEM;
	sdp->here = local->caps;
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
	const int err = sdp_encode(mbp, sdp->sess, true);

	sdp->implicit = false;
	return err;
}

void hs_sdp_implicit(struct hs_sdp *sdp)
{
	sdp->implicit = sdp->asked = true;
}

int hs_sdp_answer(struct mbuf **mbp, struct hs_sdp *sdp)
{
	return sdp_encode(mbp, sdp->sess, false);
}

void hs_sdp_hold(struct hs_sdp *sdp, bool hold)
{
	sdp_media_set_ldir(sdp->audio, hold ? SDP_INACTIVE : SDP_SENDRECV);
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

/* What the far side's fmtp leaves us */
static void params_get(struct hs_sdp *sdp, struct hs_sdp_remote *remote)
{
	const struct sdp_format *rfmt = sdp_media_format(
		sdp->floor, false, floor_namev[remote->proto], -1, NULL, -1,
		-1);

	hs_fmtp_read(&sdp->agreed, remote->proto, &sdp->here,
		     rfmt ? rfmt->params : NULL);
	if (!sdp->asked)
		sdp->agreed.implicit = sdp->agreed.granted = false;
	sdp->asked = false;
	remote->caps = sdp->agreed;
	sdp->agreed.implicit = sdp->agreed.granted = false;
}

static void floor_get(struct hs_sdp *sdp, struct hs_sdp_remote *remote)
{
	struct sdp_format *tbcp, *mcpt;

	sa_init(&remote->floor, AF_UNSPEC);
	remote->proto = HS_FLOOR_TBCP;
	memset(&remote->caps, 0, sizeof(remote->caps));
	if (!sdp->floor || !sdp_media_rport(sdp->floor))
		return;
	tbcp = floor_format(sdp, HS_FLOOR_TBCP);
	mcpt = floor_format(sdp, HS_FLOOR_MCPT);
	if (mcpt && mcpt->sup) {
		/* One channel speaks one protocol */
		if (tbcp)
			tbcp->sup = false;
		remote->proto = HS_FLOOR_MCPT;
	}
	else if (!tbcp || !tbcp->sup) {
		return;
	}
	params_get(sdp, remote);
	remote->floor = *sdp_media_raddr(sdp->floor);
}

static int remote_get(struct hs_sdp *sdp, bool offer,
		      struct hs_sdp_remote *remote)
{
	enum sdp_dir dir = sdp_media_dir(sdp->audio);

	if (!sdp_media_rport(sdp->audio) || !codec_get(sdp, remote))
		return ENOTSUP;
	if (hs_sdes_decode(&sdp->sdes, sdp->audio, offer))
		return EPROTO;
	remote->tx = sdp->sdes.tx;
	remote->rx = sdp->sdes.rx;
	remote->rtp = *sdp_media_raddr(sdp->audio);
	sdp_media_raddr_rtcp(sdp->audio, &remote->rtcp);
	floor_get(sdp, remote);
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
	return remote_get(sdp, offer, remote);
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

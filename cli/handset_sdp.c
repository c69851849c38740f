/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Audio in PCMU, telephone-event, and the floor channel: an application line
 * of format TBCP (OMA PoC 1.0). */
#include <re.h>
#include "cli/handset_priv.h"
#include "cli/pcm.h"

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

static int audio_add(struct hs_sdp *sdp, const struct hs_sdp_local *local)
{
	int err;

	err = sdp_media_add(&sdp->audio, sdp->sess, sdp_media_audio,
			    local->rtp_port, sdp_proto_rtpavp);
	if (err)
		return err;
	sdp_media_set_lport_rtcp(sdp->audio, local->rtcp_port);
	err = sdp_format_add(NULL, sdp->audio, false, "0", "PCMU", HS_RATE_HZ,
			     1, NULL, NULL, NULL, false, NULL);
	err |= sdp_format_add(NULL, sdp->audio, false, "101",
			      "telephone-event", HS_RATE_HZ, 1, NULL, NULL,
			      NULL, false, "0-15");
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

static int remote_get(const struct hs_sdp *sdp, struct hs_sdp_remote *remote)
{
	const struct sdp_format *pcmu =
		sdp_media_lformat(sdp->audio, HS_PT_PCMU);
	enum sdp_dir dir = sdp_media_dir(sdp->audio);

	if (!sdp_media_rport(sdp->audio) || !pcmu || !pcmu->sup)
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

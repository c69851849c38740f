/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/group.h"
#include "server/leg.h"

static void floor_ours(struct leg_floor *f, const struct leg *leg)
{
	struct leg_floor_may may;

	groups_floor_may(&may, leg);
	leg_floor_ours(f, &may);
	f->names = leg_floor_names(leg->number);
	f->mc_implicit_request = leg->implicit;
}

static void local_get(struct leg_sdp_local *l, const struct leg *leg)
{
	memset(l, 0, sizeof(*l));
	l->codec = leg->codec;
	l->addr = sa_isset(&leg->local, SA_ADDR) ? leg->local
						 : leg->media.rtp;
	l->rtp = sa_port(&leg->media.rtp);
	l->rtcp = sa_port(&leg->media.rtcp);
	l->floor = leg->floor ? sa_port(&leg->media.floor) : 0;
	l->pt = leg->pt;
	l->pt_event = leg->pt_event;
	l->dir = leg->dir;
	l->id = leg->number;
	l->version = leg->sdp_version;
	floor_ours(&l->fc, leg);
	l->secure = leg->secure;
	l->ice = &leg->media.ice;
	l->fingerprint = mixer_fingerprint(leg->srv->mixer);
}

/* Our side of what secures the leg, before it is said */
static int secure_make(struct leg *leg, const struct leg_sdp *offer)
{
	int err = 0;

	if (!offer)
		return leg->sdp ? 0 : leg_secure_offer(&leg->secure,
						       leg->service.security);

	/* What the switch has no room for now is no restart yet: the same
	 * offer, sent again, is one */
	if (leg_secure_restarts(leg->secure, &offer->sec, leg->ice))
		err = mixer_leg_ice(leg->srv->mixer, leg->mid,
				    &leg->media.ice);

	return err ? err : leg_secure_answer(&leg->secure, offer->security,
					     &offer->sec, offer->profile,
					     leg->ice);
}

static void sdp_pl(struct pl *pl, const struct mbuf *mb)
{
	pl->p = (const char *)mb->buf;
	pl->l = mb->end;
}

/* Our SDP with the version that the leg has now */
static int encode(struct mbuf **mbp, const struct leg *leg,
		  const struct leg_sdp *offer)
{
	struct mbuf *mb = sdpsec_mbuf_alloc(LEG_SDP_BYTES_MAX);
	struct leg_sdp_local l;
	struct leg_sdp last;
	struct pl pl;
	int err;

	if (!mb)
		return ENOMEM;

	local_get(&l, leg);
	if (offer) {
		err = leg_sdp_answer(mb, &l, offer);
	}
	else if (leg->sdp) {
		sdp_pl(&pl, leg->sdp);
		err = leg_sdp_decode(&last, &pl, leg->codec, NULL);
		err = err ? err : leg_sdp_offer(mb, &l, &last);
	}
	else {
		err = leg_sdp_offer(mb, &l, NULL);
	}

	if (err) {
		mem_deref(mb);
		return err;
	}

	mbuf_trim(mb);
	mb->pos = 0;
	*mbp = mb;
	return 0;
}

/* RFC 3264 section 8: the version rises exactly if the SDP is another one. */
int leg_offer(struct mbuf **descp, struct leg *leg,
	      const struct leg_sdp *offer)
{
	struct mbuf *mb;
	int err;

	err = secure_make(leg, offer);
	if (!err)
		err = encode(&mb, leg, offer);
	if (err)
		return err;

	if (!leg->sdp || leg->sdp->end != mb->end ||
	    memcmp(leg->sdp->buf, mb->buf, mb->end)) {
		mb = mem_deref(mb);
		++leg->sdp_version;
		err = encode(&mb, leg, offer);
		if (err)
			return err;
	}

	mem_deref(leg->sdp);
	leg->sdp = mem_ref(mb);
	leg->sdp_refused = false;
	floor_ours(&leg->floor_said, leg);
	*descp = mb;
	return 0;
}

int leg_offer_again(struct mbuf **descp, struct leg *leg)
{
	if (!leg->sdp || leg->sdp_refused)
		return leg_offer(descp, leg, NULL);

	leg->sdp->pos = 0;
	*descp = mem_ref(leg->sdp);
	return 0;
}

uint16_t leg_offer_decode(struct leg_sdp *s, const struct leg *leg,
			  const struct sip_msg *msg, enum leg_rule_text text)
{
	const struct leg_rule rule = {
		.text = text,
		.policy = leg->service.security,
		.secure = text == LEG_SDP_OFFER ? NULL : leg->secure,
	};
	struct pl body;

	body.p = (const char *)mbuf_buf(msg->mb);
	body.l = body.p ? mbuf_get_left(msg->mb) : 0;

	if (!msg_ctype_cmp(&msg->ctyp, "application", "sdp")) {
		s->warning = 304;
		s->words = "SDP is needed";
		return 415;
	}

	switch (leg_sdp_decode(s, &body, leg->codec, &rule)) {

	case 0:
		return 0;

	case EPROTO:
		return 488;

	default:
		return 400;
	}
}

void leg_remote_set(struct leg *leg, const struct leg_sdp *s, bool again)
{
	struct mixer_leg_remote r;
	struct leg_floor ours;
	int err = 0;

	leg_sdp_remote(&r, s, &leg->flow);
	floor_ours(&ours, leg);
	leg_floor_terms(&r.floor_terms, &ours, &s->fc);
	r.bfcp = ours.names;
	if (s->answer)
		err = leg_secure_agree(&leg->secure, s->security, &s->sec);
	leg_secure_remote(&r, leg->secure);
	if (r.ice && sa_af(&r.rtp) != sa_af(&leg->flow)) {
		/* The default candidate of the terminal is another than the
		 * one that it reaches us from, which ICE will tell */
		r.rtp = r.rtcp = leg->flow;
	}

	if (leg->dir == SDP_INACTIVE) {
		/* That is our wish, not its: it may ask for the floor and is
		 * woken then */
		r.send = r.recv = false;
		r.rest = true;
	}
	else if (again && (s->dir == SDP_SENDONLY || s->hold)) {
		/* Who turns sendonly, or to no address, in the middle holds
		 * the line: what it plays is music, not speech */
		r.recv = false;
	}

	leg->held = !r.recv && !r.rest;
	if (!leg->floor)
		sa_init(&r.floor, AF_UNSPEC);
	leg->floor_taken = sa_isset(&r.floor, SA_ADDR);
	leg->audio_line = (uint8_t)(s->audio + 1);
	leg->floor_line = (uint8_t)(s->floor + 1);
	leg->floor_proto = r.floor_proto;

	if (!err)
		err = mixer_leg_remote_set(leg->srv->mixer, leg->mid, &r);
	sdpsec_wipe(&r, sizeof(r));
	if (err)
		hlog(leg->srv->log, HLOG_WARN, leg->subject, "media not set",
		     HLOG_ERR(err));

	/* A floor channel that is new, or is no more */
	leg_session_sync(leg, NULL);
}

/* Less than was said needs no words: the switch knows it */
static bool floor_grew(const struct leg *leg, const struct leg_floor *ours)
{
	const struct leg_floor *said = &leg->floor_said;

	switch (leg->floor_proto) {

	case MIXER_FLOOR_TBCP:
		return ours->tb_queuing > said->tb_queuing ||
			ours->tb_priority > said->tb_priority;

	case MIXER_FLOOR_MCPT:
		return ours->mc_queueing > said->mc_queueing ||
			ours->mc_priority > said->mc_priority;

	case MIXER_FLOOR_BFCP:
		break;
	}

	return false;
}

void leg_floor_sync(struct leg *leg)
{
	struct leg_floor ours;

	if (!leg_is_up(leg) || !leg->floor_taken)
		return;

	floor_ours(&ours, leg);
	if (floor_grew(leg, &ours))
		leg_modify(leg, WANT_CHANGE);
}

int leg_warning_print(struct re_printf *pf, const struct leg_sdp *s)
{
	/* Only where SDP was looked at */
	return s->warning ? re_hprintf(pf, "Warning: %u holler \"%s\"\r\n",
				       s->warning, s->words) : 0;
}

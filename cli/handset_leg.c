/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pre-established session: one INVITE dialog, audio and floor channel. */
#include <string.h>
#include <re.h>
#include "cli/handset_priv.h"
#include "sip/digest_client.h"

struct hs_leg {
	struct hs_line *line;
	struct sipsess *sess;
	struct hs_sdp *sdp;
	struct hs_modify *modify;
	struct mbuf *desc; /**< What we said last */
	struct hs_talk *talk;
	struct hs_keys *keys;   /**< Where there is no floor channel */
	struct hs_audio_local audio;
	bool audio_open;
	struct hs_sdp_remote remote;
	bool media;  /**< remote is set */
	bool pressed; /**< The key goes down as soon as it is up */
	bool refused; /**< The INVITE has its answer already */
	bool up;     /**< The dialog stands, and leg_up was told */
	bool silent; /**< Rings and is not answered (--no-answer) */
};

static void leg_destructor(void *arg)
{
	struct hs_leg *leg = arg;

	mem_deref(leg->modify);
	mem_deref(leg->desc);
	mem_deref(leg->sess);
	mem_deref(leg->talk);
	mem_deref(leg->keys);
	mem_deref(leg->sdp);
	sdpsec_wipe(&leg->remote, sizeof(leg->remote));
	if (leg->audio_open)
		(void)hs_audio_close(leg->line->hs->audio, leg->audio.stream);
}

static int leg_alloc(struct hs_leg **lp, struct hs_line *line)
{
	struct hs_leg *leg = mem_zalloc(sizeof(*leg), leg_destructor);
	struct handset *hs = line->hs;
	struct hs_sdp_local local;
	int err;

	if (!leg)
		return ENOMEM;
	leg->line = line;
	err = hs_audio_open(hs->audio, hs->addr, &leg->audio);
	if (err)
		goto out;
	leg->audio_open = true;
	err = hs_talk_alloc(&leg->talk, line, &leg->audio);
	if (!err)
		err = hs_keys_alloc(&leg->keys, line, &leg->audio);
	if (err)
		goto out;
	local = (struct hs_sdp_local){.addr = hs->addr,
				      .rtp_port = leg->audio.rtp_port,
				      .rtcp_port = leg->audio.rtcp_port,
				      .floor_port = hs_talk_port(leg->talk),
				      .codecs = &hs->opts.codecs,
				      .srtp = &hs->opts.srtp,
				      .floors = hs->opts.floors,
				      .caps = hs->opts.caps};
	err = hs_sdp_alloc(&leg->sdp, &local);
	if (!err)
		err = hs_modify_alloc(&leg->modify, leg, line);
out:
	if (err)
		mem_deref(leg);
	else
		*lp = leg;
	return err;
}

/* Speech goes there, and keep-alives are sent at once */
static int audio_show(const struct hs_leg *leg, const struct hs_sdp_remote *r)
{
	struct hs_audio_remote to = {.rtp_port = sa_port(&r->rtp),
				     .rtcp_port = sa_port(&r->rtcp),
				     .codec = r->codec,
				     .pt = r->pt,
				     .pt_event = r->pt_event,
				     .tx = r->tx,
				     .rx = r->rx};

	if (sa_is_any(&r->rtp))
		return 0;
	if (re_snprintf(to.addr, sizeof(to.addr), "%j", &r->rtp) < 0)
		return EOVERFLOW;
	return hs_audio_remote(leg->line->hs->audio, leg->audio.stream, &to);
}

/* Where the far side's media is, by its newest SDP */
static int media_set(struct hs_leg *leg, const struct hs_sdp_remote *remote)
{
	const bool moved = !leg->media ||
			   !sa_cmp(&leg->remote.rtp, &remote->rtp, SA_ALL) ||
			   !sa_cmp(&leg->remote.rtcp, &remote->rtcp, SA_ALL) ||
			   leg->remote.codec != remote->codec ||
			   leg->remote.pt != remote->pt ||
			   leg->remote.pt_event != remote->pt_event ||
			   !srtpw_key_same(&leg->remote.tx, &remote->tx) ||
			   !srtpw_key_same(&leg->remote.rx, &remote->rx);
	int err = 0;

	hs_talk_remote(leg->talk, remote);
	hs_keys_remote(leg->keys, remote->pt_event != 0);
	if (moved)
		err = audio_show(leg, remote);
	if (!err) {
		leg->remote = *remote;
		leg->media = true;
	}
	return err;
}

static void report_floor(const struct hs_sdp_remote *r, struct hs_ev *ev)
{
	const bool mcpt = r->proto == HS_FLOOR_MCPT;

	if (!sa_isset(&r->floor, SA_ALL)) {
		hs_ev_str(ev, "floor", "none");
		return;
	}
	hs_ev_str(ev, "floor", mcpt ? "mcptt" : "tbcp");
	hs_ev_bool(ev, "queueing", r->caps.queueing);
	hs_ev_int(ev, "priority",
		  mcpt ? r->caps.mc_priority : r->caps.tb_priority);
}

static void report_up(const struct hs_leg *leg)
{
	const struct hs_sdp_remote *r = &leg->remote;
	char addr[HL_HOST_MAX];
	struct hs_ev ev;

	hs_ev_begin(&ev, &leg->line->hs->events, "leg_up", 0);
	hs_ev_str(&ev, "subscriber", leg->line->id);
	hs_ev_str(&ev, "call_id", hs_leg_callid(leg));
	hs_ev_int(&ev, "rtp_port", leg->audio.rtp_port);
	hs_ev_int(&ev, "rtcp_port", leg->audio.rtcp_port);
	hs_ev_int(&ev, "floor_port", hs_talk_port(leg->talk));
	hs_ev_int(&ev, "ssrc", leg->audio.ssrc);
	hs_ev_str(&ev, "codec", hs_codec_info(r->codec)->name);
	hs_ev_str(&ev, "srtp", r->tx.suite
				       ? srtpw_suite_name(r->tx.suite)
				       : "none");
	if (hs_modify_interval_s(leg->modify)) {
		hs_ev_int(&ev, "session_s",
			  hs_modify_interval_s(leg->modify));
		hs_ev_bool(&ev, "refresher",
			   hs_modify_refresher(leg->modify));
	}
	if (re_snprintf(addr, sizeof(addr), "%J", &r->rtp) > 0)
		hs_ev_str(&ev, "remote", addr);
	if (sa_isset(&r->floor, SA_ALL) &&
	    re_snprintf(addr, sizeof(addr), "%J", &r->floor) > 0)
		hs_ev_str(&ev, "remote_floor", addr);
	report_floor(r, &ev);
	hs_ev_end(&ev);
}

static bool has_floor(const struct hs_leg *leg)
{
	return sa_isset(&leg->remote.floor, SA_ALL);
}

/* Who dials with the key down has asked for the floor in the offer, where the
 * protocol can say that and the server has read it */
static void press_at_once(struct hs_leg *leg)
{
	const struct hs_floor_caps *caps = &leg->remote.caps;

	if (!leg->pressed)
		return;
	leg->pressed = false;
	if (has_floor(leg) && (caps->granted || caps->implicit))
		hs_talk_implicit(leg->talk, caps->granted);
	else
		hs_leg_key(leg, HS_LEG_PRESS);
}

static void up(struct hs_leg *leg)
{
	if (leg->up)
		return;
	leg->up = true;
	/* What was sent with our answer may have come before it was read */
	(void)audio_show(leg, &leg->remote);
	hs_talk_show(leg->talk);
	hs_modify_up(leg->modify, sipsess_dialog(leg->sess));
	report_up(leg);
	hs_line_leg_up(leg->line, leg);
	press_at_once(leg);
}

/* --- descriptions ------------------------------------------------------- */

static void said(struct hs_leg *leg, struct mbuf *desc)
{
	mem_deref(leg->desc);
	leg->desc = mem_ref(desc);
}

int hs_leg_offer(struct hs_leg *leg, struct mbuf **descp)
{
	const int err = hs_sdp_offer(descp, leg->sdp);

	if (!err)
		said(leg, *descp);
	return err;
}

int hs_leg_offered(struct hs_leg *leg, struct mbuf **descp,
		   const struct sip_msg *msg)
{
	struct hs_sdp_remote remote;
	int err = hs_sdp_offered(leg->sdp, msg->mb, &remote);

	if (!err)
		err = media_set(leg, &remote);
	if (!err)
		err = hs_sdp_answer(descp, leg->sdp);
	if (!err)
		said(leg, *descp);
	return err;
}

int hs_leg_answered(struct hs_leg *leg, const struct sip_msg *msg)
{
	struct hs_sdp_remote remote;
	int err = hs_sdp_answered(leg->sdp, msg->mb, &remote);

	return err ? err : media_set(leg, &remote);
}

struct mbuf *hs_leg_description(const struct hs_leg *leg)
{
	return leg->desc;
}

const char *hs_leg_direction(const struct hs_leg *leg)
{
	const struct hs_sdp_remote *r = &leg->remote;

	return r->send ? r->recv ? "sendrecv" : "sendonly"
	       : r->recv ? "recvonly"
			 : "inactive";
}

/* --- handlers of libre's session ---------------------------------------- */

/* An INVITE, with or without an offer */
static int offer_h(struct mbuf **descp, const struct sip_msg *msg, void *arg)
{
	return mbuf_get_left(msg->mb) ? hs_leg_offered(arg, descp, msg)
				      : hs_leg_offer(arg, descp);
}

static int answer_h(const struct sip_msg *msg, void *arg)
{
	return hs_leg_answered(arg, msg);
}

/* The ACK of the server, or its 2xx to us */
static void estab_h(const struct sip_msg *msg, void *arg)
{
	struct hs_leg *leg = arg;

	if (!msg->req)
		hs_modify_answered(leg->modify, msg);
	up(leg);
}

static void report_down(const struct hs_leg *leg, int err,
			const struct sip_msg *msg)
{
	const char *name = leg->silent ? "ringing_end"
			   : leg->up   ? "leg_down"
				       : "leg_failed";
	struct hs_ev ev;

	hs_ev_begin(&ev, &leg->line->hs->events, name, 0);
	hs_ev_str(&ev, "subscriber", leg->line->id);
	if (msg || err != ECONNRESET)
		hs_sip_reason(&ev, err, msg);
	else
		hs_ev_str(&ev, "reason", leg->up ? "BYE" : "CANCEL");
	hs_ev_end(&ev);
}

static void close_h(int err, const struct sip_msg *msg, void *arg)
{
	struct hs_leg *leg = arg;

	if (msg && msg->scode == 422)
		(void)hs_modify_too_small(leg->modify, msg);
	report_down(leg, err, msg);
	hs_line_leg_down(leg->line, leg);
}

/* --- making one --------------------------------------------------------- */

static int ring(struct hs_leg *leg, const struct sip_msg *msg)
{
	struct handset *hs = leg->line->hs;
	struct hs_ev ev;
	int err;

	leg->silent = true;
	err = sipsess_accept(&leg->sess, hs->sesss, msg, 180, "Ringing",
			     leg->line->id, "application/sdp", NULL,
			     digest_client_auth_h, hs->dc, false, offer_h,
			     answer_h, estab_h, NULL, NULL, close_h, leg,
			     NULL);
	if (err)
		return err;
	hs_ev_begin(&ev, &hs->events, "ringing", 0);
	hs_ev_str(&ev, "subscriber", leg->line->id);
	hs_ev_end(&ev);
	return 0;
}

static int answer(struct hs_leg *leg, const struct sip_msg *msg)
{
	struct handset *hs = leg->line->hs;
	struct mbuf *desc = NULL;
	int err;

	if (!hs_modify_invited(leg->modify, msg)) {
		leg->refused = true;
		return EPROTO;
	}
	err = offer_h(&desc, msg, leg);
	if (err)
		return err;
	err = sipsess_accept(&leg->sess, hs->sesss, msg, 200, "OK",
			     leg->line->id, "application/sdp", desc,
			     digest_client_auth_h, hs->dc, false, offer_h,
			     answer_h, estab_h, NULL, NULL, close_h, leg,
			     HS_ALLOW HS_SUPPORTED "%H",
			     hs_modify_answer_print, leg->modify);
	mem_deref(desc);
	return err;
}

void hs_leg_refuse(const struct handset *hs, const struct sip_msg *msg,
		   int err)
{
	if (err == ENOTSUP)
		(void)sip_treplyf(NULL, NULL, hs->sip, msg, false, 488,
				  "No Common Codec",
				  "Warning: 305 holler \"no audio in a codec "
				  "that is spoken here\"\r\n"
				  "Content-Length: 0\r\n\r\n");
	else if (err == EPROTO)
		(void)sip_treplyf(NULL, NULL, hs->sip, msg, false, 488,
				  "No Common SRTP",
				  "Warning: 305 holler \"audio is not secured "
				  "as it is here\"\r\n"
				  "Content-Length: 0\r\n\r\n");
	else if (err == EBADMSG)
		(void)sip_treply(NULL, hs->sip, msg, 400, "Bad SDP");
	else
		(void)sip_treply(NULL, hs->sip, msg, 500,
				 "Server Internal Error");
}

int hs_leg_accept(struct hs_leg **lp, struct hs_line *line,
		  const struct sip_msg *msg)
{
	struct handset *hs = line->hs;
	struct hs_leg *leg;
	int err = leg_alloc(&leg, line);

	if (err) {
		(void)sip_treply(NULL, hs->sip, msg, 500, "No Media");
		return err;
	}
	err = hs->opts.answer ? answer(leg, msg) : ring(leg, msg);
	if (!err) {
		*lp = leg;
		return 0;
	}
	/* sipsess_accept() answers its own errors; what came before it not */
	if (!leg->sess && !leg->refused)
		hs_leg_refuse(hs, msg, err);
	mem_deref(leg);
	return err;
}

int hs_leg_connect(struct hs_leg **lp, struct hs_line *line, const char *uri,
		   bool talk)
{
	struct handset *hs = line->hs;
	const char *routev[] = {hs->route};
	struct mbuf *desc = NULL;
	struct hs_leg *leg;
	int err = leg_alloc(&leg, line);

	if (err)
		return err;
	leg->pressed = talk;
	if (talk)
		hs_sdp_implicit(leg->sdp);
	err = hs_sdp_offer(&desc, leg->sdp);
	if (!err)
		err = sipsess_connect(&leg->sess, hs->sesss, uri, NULL,
				      line->uri, line->id, routev, 1,
				      "application/sdp", desc,
				      digest_client_auth_h, hs->dc, false,
				      offer_h, answer_h, NULL, estab_h, NULL,
				      NULL, close_h, leg,
				      HS_ALLOW HS_SUPPORTED "%H",
				      hs_modify_request_print, leg->modify);
	mem_deref(desc);
	if (err)
		mem_deref(leg);
	else
		*lp = leg;
	return err;
}

bool hs_leg_up(const struct hs_leg *leg)
{
	return leg && leg->up;
}

void hs_leg_key(struct hs_leg *leg, enum hs_leg_key key)
{
	if (has_floor(leg))
		hs_talk_key(leg->talk, key);
	else
		hs_keys_key(leg->keys, key);
}

void hs_leg_ask(struct hs_leg *leg)
{
	hs_talk_ask(leg->talk);
}

bool hs_leg_says(const struct hs_leg *leg, enum hs_floor_tier tier)
{
	return has_floor(leg) && hs_talk_says(leg->talk, tier);
}

void hs_leg_answer(struct hs_leg *leg, enum hs_floor_answer answer)
{
	hs_talk_answer(leg->talk, answer);
}

uint16_t hs_leg_left_s(const struct hs_leg *leg)
{
	return hs_talk_left_s(leg->talk);
}

void hs_leg_activating(struct hs_leg *leg, bool on, bool refused)
{
	hs_talk_activating(leg->talk, on, refused);
}

struct sip_dialog *hs_leg_dialog(const struct hs_leg *leg)
{
	return leg->up ? sipsess_dialog(leg->sess) : NULL;
}

bool hs_leg_audio(struct hs_leg *leg, const struct hs_audio_ev *ev)
{
	if (ev->stream != leg->audio.stream)
		return false;
	hs_talk_audio(leg->talk, ev);
	return true;
}

const char *hs_leg_floor_name(const struct hs_leg *leg)
{
	return has_floor(leg) ? hs_talk_name(leg->talk)
			      : hs_keys_name(leg->keys);
}

const char *hs_leg_callid(const struct hs_leg *leg)
{
	return leg->sess ? sip_dialog_callid(sipsess_dialog(leg->sess)) : NULL;
}

void hs_leg_lost(struct hs_leg *leg, const char *words,
		 const struct sip_msg *msg)
{
	struct hs_ev ev;

	hs_ev_begin(&ev, &leg->line->hs->events, "leg_down", 0);
	hs_ev_str(&ev, "subscriber", leg->line->id);
	if (msg)
		hs_sip_reason(&ev, 0, msg);
	else
		hs_ev_str(&ev, "reason", words);
	hs_ev_end(&ev);
	hs_line_leg_down(leg->line, leg);
}

void hs_leg_hold(struct hs_leg *leg, bool hold)
{
	hs_sdp_hold(leg->sdp, hold);
	(void)hs_modify_offer(leg->modify);
}

void hs_leg_refresh(struct hs_leg *leg)
{
	hs_modify_refresh(leg->modify);
}

bool hs_leg_take(struct hs_leg *leg, const struct sip_msg *msg)
{
	return hs_modify_take(leg->modify, msg);
}

bool hs_leg_ack_again(struct hs_leg *leg, const struct sip_msg *msg)
{
	return hs_modify_ack_again(leg->modify, msg);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include "server/priv.h"

/* Three ways to ask a phone to answer by itself; each is the only one that
 * some phone knows (RFC 5373, and two that practice made). */
static const char auto_answer[] =
	"P-Called-Party-ID: <sip:%s@%s>\r\n"
	"Answer-Mode: Auto\r\n"
	"Call-Info: <sip:%s>;answer-after=0\r\n"
	"Alert-Info: <http://%s>;info=alert-autoanswer;delay=0\r\n"
	LEG_ALLOW LEG_SUPPORTED LEG_EVENTS;

#define REASON "Reason: SIP;cause=%u;text=\"%s\"\r\n"

void leg_contact_get(const struct leg *leg, char contact[LEGURI_CONTACT_MAX])
{
	(void)leguri_contact_print(contact, LEGURI_CONTACT_MAX,
				   leg->subscriber, leg->srv->cfg.domain);
}

static void body_get(struct pl *body, const struct sip_msg *msg)
{
	body->p = (const char *)mbuf_buf(msg->mb);
	body->l = body->p ? mbuf_get_left(msg->mb) : 0;
}

/* --- SDP --------------------------------------------------------------- */

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
}

/* Our offer, or the answer to one. */
static int sdp_encode_ours(struct mbuf **descp, struct leg *leg,
			   const struct leg_sdp *offer)
{
	struct leg_sdp_local l;
	struct mbuf *mb;
	int err;

	mb = mbuf_alloc(512);
	if (!mb)
		return ENOMEM;

	++leg->sdp_version;
	local_get(&l, leg);
	err = offer ? leg_sdp_answer(mb, &l, offer) : leg_sdp_offer(mb, &l);
	if (err) {
		mem_deref(mb);
		return err;
	}

	mb->pos = 0;
	*descp = mb;
	return 0;
}

/* @return 0, or a SIP code with words */
static uint16_t sdp_decode_theirs(struct leg_sdp *s, const struct leg *leg,
				  const struct sip_msg *msg,
				  const char **wordsp)
{
	struct pl body;

	body_get(&body, msg);
	if (!msg_ctype_cmp(&msg->ctyp, "application", "sdp")) {
		*wordsp = "SDP is needed";
		return 415;
	}

	switch (leg_sdp_decode(s, &body, leg->codec, wordsp)) {

	case 0:
		return 0;

	case EPROTO:
		return 488;

	default:
		return 400;
	}
}

static void remote_set(struct leg *leg, const struct leg_sdp *s)
{
	struct mixer_leg_remote r;
	int err;

	leg_sdp_remote(&r, s, &leg->flow);
	if (!leg->floor)
		sa_init(&r.floor, AF_UNSPEC);
	leg->floor_taken = sa_isset(&r.floor, SA_ADDR);

	err = mixer_leg_remote_set(leg->srv->mixer, leg->mid, &r);
	if (err)
		hlog(leg->srv->log, HLOG_WARN, leg->subject, "media not set",
		     HLOG_ERR(err));
}

/* --- what libre's session tells ---------------------------------------- */

/* re-INVITE: hold, resume, moved media, or without SDP: our turn to offer */
static int offer_h(struct mbuf **descp, const struct sip_msg *msg, void *arg)
{
	struct leg *leg = arg;
	const char *words;
	struct leg_sdp s;
	int err;

	*descp = NULL;
	if (!mbuf_get_left(msg->mb))
		return sdp_encode_ours(descp, leg, NULL);

	if (sdp_decode_theirs(&s, leg, msg, &words)) {
		hlog_limited(leg->srv->log, "server.reinvite", HLOG_INFO,
			     leg->subject, "re-INVITE refused",
			     HLOG_S("words", words));
		return EPROTO;
	}

	leg->pt = s.pt;
	leg->pt_event = s.pt_event;
	err = sdp_encode_ours(descp, leg, &s);
	if (!err)
		remote_set(leg, &s);

	return err;
}

/* Answer to our offer: in a 2xx, or in the ACK of a late offer. A failure
 * makes libre say BYE and call close_h. */
static int answer_h(const struct sip_msg *msg, void *arg)
{
	struct leg *leg = arg;
	const char *words;
	struct leg_sdp s;
	uint16_t code;

	code = sdp_decode_theirs(&s, leg, msg, &words);
	if (code) {
		leg->code = 488;
		words_copy(leg->words, sizeof(leg->words), words);
		(void)sipsess_set_close_headers(leg->sess, REASON, 488,
						leg->words);
		return EPROTO;
	}

	remote_set(leg, &s);
	return 0;
}

static void ring_timeout_h(void *arg)
{
	leg_manual(arg);
}

static void progress_h(const struct sip_msg *msg, void *arg)
{
	struct leg *leg = arg;

	/* 100 is the edge's; anything above is the terminal that rings */
	if (msg->scode == 100 || leg->rings || leg->status != BUS_LEG_INVITING)
		return;

	leg->rings = true;
	tmr_start(&leg->tmr, leg->srv->cfg.answer_ms, ring_timeout_h, leg);
}

static void setup_timeout_h(void *arg)
{
	struct leg *leg = arg;

	++leg->srv->st.lost;
	leg_down(leg, 408, "the terminal does not respond", true);
}

static void estab_h(const struct sip_msg *msg, void *arg)
{
	struct leg *leg = arg;
	const struct sip_msg *made = leg->invited ? leg->invited : msg;
	struct pl dialled = pl_null;
	int err;

	if (leg->srv->state) {
		err = leg_store(leg, made, msg);
		leg->stored = !err;
		if (err)
			hlog(leg->srv->log, HLOG_WARN, leg->subject,
			     "dialog not stored", HLOG_ERR(err));
	}

	leg_up(leg);
	if (leg->invited)
		dialled = leg->invited->uri.user;
	if (pl_isset(&dialled))
		(void)group_dial(leg, &dialled);

	leg->invited = mem_deref((void *)leg->invited);
}

/* Refused for good: another INVITE would be refused the same way. */
static bool final_code(uint16_t code)
{
	return code == 403 || code == 488 || code == 603;
}

static void close_h(int err, const struct sip_msg *msg, void *arg)
{
	struct leg *leg = arg;
	char words[HL_REASON_MAX];

	if (msg && msg->scode >= 300) {
		++leg->srv->st.refused;
		words_pl(words, sizeof(words), &msg->reason);
		leg_down(leg, msg->scode, words, !final_code(msg->scode));
	}
	else if (err == EPROTO) {
		++leg->srv->st.refused;
		words_copy(words, sizeof(words), leg->words);
		leg_down(leg, 488, words, false);
	}
	else if (err == ECONNRESET) {
		leg_down(leg, 487, "ended by the terminal", false);
	}
	else {
		++leg->srv->st.lost;
		leg_down(leg, 408, "the terminal does not respond", true);
	}
}

static void info_h(struct sip *sip, const struct sip_msg *msg, void *arg)
{
	(void)arg;

	if (!mbuf_get_left(msg->mb))
		(void)sip_treply(NULL, sip, msg, 200, "OK");
	else
		(void)sip_treply(NULL, sip, msg, 415,
				 "no such content is understood");
}

/* --- making and ending ------------------------------------------------- */

static void dialog_known(struct leg *leg)
{
	const char *callid = sip_dialog_callid(sipsess_dialog(leg->sess));

	hash_append(leg->srv->dialogs, hash_joaat_str(callid),
		    &leg->he_dialog, leg);
}

int leg_dialog_invite(struct leg *leg)
{
	struct server *srv = leg->srv;
	const char *routev[1] = { leg->route };
	char from[HL_NAME_MAX + HL_HOST_MAX + 8];
	char contact[LEGURI_CONTACT_MAX];
	struct mbuf *desc = NULL;
	int err;

	leg->number = srv->leg_next++;
	leg->sdp_version = 0;
	leg_contact_get(leg, contact);
	(void)snprintf(from, sizeof(from), "sip:%s@%s", leg->service.name,
		       srv->cfg.domain);

	err = sdp_encode_ours(&desc, leg, NULL);
	if (err)
		return err;

	err = sipsess_connect(&leg->sess, srv->sock, leg->contact, NULL, from,
			      contact, routev, 1, "application/sdp", desc, NULL,
			      NULL, false, offer_h, answer_h, progress_h,
			      estab_h, info_h, ask_refer_h, close_h, leg,
			      auto_answer, leg->subscriber, srv->cfg.domain,
			      srv->cfg.domain, srv->cfg.domain);
	mem_deref(desc);
	if (err)
		return err;

	dialog_known(leg);
	tmr_start(&leg->tmr, srv->cfg.setup_ms, setup_timeout_h, leg);
	return 0;
}

void leg_dialog_close(struct leg *leg, uint16_t code, const char *words)
{
	struct server *srv = leg->srv;

	if (leg->sess && leg->stored)
		(void)state_dialog_del(srv->state, sip_dialog_callid(
					sipsess_dialog(leg->sess)));

	if (leg->sess && code >= 300)
		(void)sipsess_set_close_headers(leg->sess, REASON, code,
						words);

	hash_unlink(&leg->he_dialog);
	leg->stored = false;
	leg->invited = mem_deref((void *)leg->invited);
	leg->sess = mem_deref(leg->sess);
}

void leg_dialog_modify(struct leg *leg)
{
	struct mbuf *desc = NULL;
	int err;

	err = sdp_encode_ours(&desc, leg, NULL);
	if (!err)
		err = sipsess_modify(leg->sess, desc);
	if (err)
		hlog(leg->srv->log, HLOG_WARN, leg->subject,
		     "re-INVITE not sent", HLOG_ERR(err));

	mem_deref(desc);
}

struct leg *leg_dialog_find(const struct server *srv,
			    const struct sip_msg *msg)
{
	struct le *le;

	le = list_head(hash_list(srv->dialogs, hash_joaat_pl(&msg->callid)));
	for (; le; le = le->next) {
		struct leg *leg = le->data;

		if (sip_dialog_cmp(sipsess_dialog(leg->sess), msg))
			return leg;
	}

	return NULL;
}

/* --- the terminal's INVITE --------------------------------------------- */

/* What the leg had ends: the terminal knows best which dialog is its. */
static void leg_replace(struct leg *leg)
{
	leg->code = 0;
	leg_drop(leg);
	leg_state_set(leg, BUS_LEG_INVITING, 0, "");
	leg->retries = 0;
}

static int dialog_accept(struct leg *leg, const struct sip_msg *msg,
			 const struct leg_sdp *offer)
{
	struct server *srv = leg->srv;
	char contact[LEGURI_CONTACT_MAX];
	struct mbuf *desc = NULL;
	int err;

	leg->number = srv->leg_next++;
	leg->sdp_version = 0;
	leg_contact_get(leg, contact);

	err = sdp_encode_ours(&desc, leg, offer);
	if (err)
		return err;

	err = sipsess_accept(&leg->sess, srv->sock, msg, 200, "OK",
			     contact,
			     "application/sdp", desc, NULL, NULL, false,
			     offer_h, answer_h, estab_h, info_h, ask_refer_h,
			     close_h, leg,
			     LEG_ALLOW LEG_SUPPORTED LEG_EVENTS);
	mem_deref(desc);
	if (err)
		return err;

	dialog_known(leg);
	leg->invited = mem_ref((void *)msg);
	if (offer)
		remote_set(leg, offer);

	return 0;
}

/* @return 0, or a SIP code with words; accepted: the answer was sent */
static uint16_t leg_accept(struct leg *leg, const struct sip_msg *msg,
			   const char **wordsp)
{
	const bool late = !mbuf_get_left(msg->mb);
	struct leg_sdp s;
	uint16_t code;
	int err;

	if (!late) {
		code = sdp_decode_theirs(&s, leg, msg, wordsp);
		if (code)
			return code;
	}

	leg_replace(leg);
	leg->pt = late ? leg->codec->pt : s.pt;
	leg->pt_event = late ? 101 : s.pt_event;
	leg->floor = late || s.floor >= 0;
	leg->dir = leg->service.idle_inactive ? SDP_INACTIVE : SDP_SENDRECV;

	err = leg_media_open(leg);
	if (!err)
		err = dialog_accept(leg, msg, late ? NULL : &s);
	if (!err)
		return 0;

	*wordsp = err == EBADMSG ? "the INVITE has no usable Contact"
				 : "no media port is left";
	code = err == EBADMSG ? 400 : 503;
	leg_down(leg, code, *wordsp, false);
	return code;
}

void leg_dialog_connect_h(const struct sip_msg *msg, void *arg)
{
	static const char *const known[] = {
		"norefersub", "multiple-refer", NULL
	};
	struct server *srv = arg;
	char tags[REFER_UNSUPPORTED_MAX];
	const char *words = "";
	struct leg *leg;
	uint16_t code;

	if (srv->closing) {
		(void)sip_treply(NULL, srv->sip, msg, 503,
				 "this server is leaving");
		return;
	}

	if (require_unknown(tags, sizeof(tags), msg, known)) {
		(void)sip_treplyf(NULL, NULL, srv->sip, msg, false, 420,
				  "Bad Extension", "Unsupported: %s\r\n"
				  "Content-Length: 0\r\n\r\n", tags);
		return;
	}

	leg = leg_asserted(srv, msg);
	if (!leg) {
		(void)sip_treply(NULL, srv->sip, msg, 403,
				 "no leg is expected from here");
		return;
	}

	code = leg_accept(leg, msg, &words);
	if (!code)
		return;

	hlog_limited(srv->log, "server.invite", HLOG_INFO, leg->subject,
		     "INVITE refused", HLOG_U("code", code),
		     HLOG_S("words", words));
	(void)sip_treplyf(NULL, NULL, srv->sip, msg, false, code, words,
			  "%sContent-Length: 0\r\n\r\n",
			  code == 415 ? "Accept: application/sdp\r\n" : "");
}

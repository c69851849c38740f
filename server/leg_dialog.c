/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include "server/ask.h"
#include "server/dial.h"
#include "server/leg.h"

/* Three ways to ask a phone to answer by itself; each is the only one that
 * some phone knows (RFC 5373, and two that practice made). */
static const char auto_answer[] =
	"P-Called-Party-ID: <sip:%s@%s>\r\n"
	"Answer-Mode: Auto\r\n"
	"Call-Info: <sip:%s>;answer-after=0\r\n"
	"Alert-Info: <http://x>;info=alert-autoanswer;delay=0\r\n"
	LEG_ALLOW LEG_SUPPORTED "%H";

#define REASON "Reason: SIP;cause=%u;text=\"%s\"\r\n"

void leg_contact_get(const struct leg *leg, char contact[LEGURI_CONTACT_MAX])
{
	(void)leguri_contact_print(contact, LEGURI_CONTACT_MAX,
				   leg->subscriber, leg->srv->cfg.domain);
}

/* --- what libre's session tells ---------------------------------------- */

/* Answer to our offer: in a 2xx, or in the ACK of a late offer. A failure
 * makes libre say BYE and call close_h. */
static int answer_h(const struct sip_msg *msg, void *arg)
{
	struct leg *leg = arg;
	struct leg_sdp s;

	if (leg_offer_decode(&s, leg, msg, LEG_SDP_ANSWER)) {
		leg->code = 488;
		words_copy(leg->words, sizeof(leg->words), s.words);
		(void)sipsess_set_close_headers(leg->sess, REASON, 488,
						leg->words);
		return EPROTO;
	}

	leg_remote_set(leg, &s, false);
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
	struct sesstimer_said said;
	int err;

	if (leg->owner) {
		leg_peer_learn(leg, msg);
		if (!sesstimer_decode(&said, msg))
			(void)sesstimer_answered(&leg->timer, &said,
						 tmr_jiffies());
	}

	if (leg->srv->state) {
		err = leg_store(leg, made, msg);
		leg->stored = !err;
		if (err)
			hlog(leg->srv->log, HLOG_WARN, leg->subject,
			     "dialog not stored", HLOG_ERR(err));
	}

	/* One that was dialled is up since its answer */
	if (!leg_is_up(leg))
		leg_up(leg);
	/* A call has asked when it was made */
	if (leg->implicit && !leg->call)
		leg_floor_request(leg);

	leg->invited = mem_deref((void *)leg->invited);
	/* What had to wait for the ACK */
	leg_modify_next(leg);
}

/* Another leg of the same phone, which may have one line only */
static bool shares_terminal(const struct leg *leg)
{
	struct le *le;

	LIST_FOREACH(&leg->srv->legl, le) {
		const struct leg *other = le->data;

		if (other != leg && other->binding && leg_is_up(other) &&
		    other->binding == leg->binding)
			return true;
	}

	return false;
}

/* Refused for good: another INVITE would be refused the same way. */
static bool final_code(const struct leg *leg, uint16_t code)
{
	return code == 403 || code == 488 || code == 603 ||
		(code == 486 && shares_terminal(leg));
}

static void close_h(int err, const struct sip_msg *msg, void *arg)
{
	struct leg *leg = arg;
	struct sesstimer_said said;
	char words[HL_REASON_MAX];

	/* Tried again with what it wants at least */
	if (msg && msg->scode == 422 && !sesstimer_decode(&said, msg))
		(void)sesstimer_too_small(&leg->timer, &said);

	if (msg && msg->scode >= 300) {
		++leg->srv->st.refused;
		words_pl(words, sizeof(words), &msg->reason);
		leg_down(leg, msg->scode, words, !final_code(leg, msg->scode));
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

/* --- making and ending ------------------------------------------------- */

static void dialog_known(struct leg *leg)
{
	const char *callid = sip_dialog_callid(sipsess_dialog(leg->sess));

	hash_append(leg->srv->dialogs, hash_joaat_str(callid),
		    &leg->he_dialog, leg);
}

/* For the next dialog of the leg */
static void dialog_reset(struct leg *leg, bool owner)
{
	leg->number = leg->srv->leg_next++;
	leg->owner = owner;
	leg->sdp = mem_deref(leg->sdp);
	leg->secure = mem_deref(leg->secure);
	leg->sdp_version = 0;
	leg->dir_agreed = leg->dir;
	leg->implicit = false;
	leg->peer_update = leg->peer_options = false;
	if (owner)
		leg->timer.interval_s = 0;
}

int leg_dialog_invite(struct leg *leg)
{
	struct server *srv = leg->srv;
	const char *routev[1] = { leg->route };
	char from[HL_NAME_MAX + HL_HOST_MAX + 8];
	char contact[LEGURI_CONTACT_MAX];
	struct mbuf *desc = NULL;
	int err;

	dialog_reset(leg, true);
	leg_contact_get(leg, contact);
	(void)snprintf(from, sizeof(from), "sip:%s@%s", leg->service.name,
		       srv->cfg.domain);

	err = leg_offer(&desc, leg, NULL);
	if (err)
		return err;

	err = sipsess_connect(&leg->sess, srv->sock, leg->contact, NULL, from,
			      contact, routev, 1, "application/sdp", desc, NULL,
			      NULL, false, NULL, answer_h, progress_h,
			      estab_h, leg_info_h, ask_refer_h, close_h, leg,
			      auto_answer, leg->subscriber, srv->cfg.domain,
			      srv->cfg.domain,
			      sesstimer_request_print, &leg->timer);
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

	leg_modify_drop(leg);
	leg_reoffer_drop(leg);
	tmr_cancel(&leg->tmr_session);
	hash_unlink(&leg->he_dialog);
	leg->stored = false;
	leg->invited = mem_deref((void *)leg->invited);
	leg->sess = mem_deref(leg->sess);
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

/* What the leg had ends: the terminal knows best which dialog is its. Its old
 * media is returned, to be ended when the new has ports of its own: what the
 * terminal still sends to the old ones would be taken for the new stream. */
static mixer_leg_id leg_replace(struct leg *leg, bool dialled)
{
	const mixer_leg_id old = leg->mid;

	leg->code = 0;
	leg->mid = 0;
	leg_drop(leg);
	leg->dialled = dialled;
	leg->passing = dialled && !leg_next_take(leg);
	leg_state_set(leg, BUS_LEG_INVITING, 0, "");
	leg->retries = 0;
	return old;
}

static int dialog_accept(struct leg *leg, const struct sip_msg *msg,
			 const struct leg_sdp *offer)
{
	struct server *srv = leg->srv;
	struct mbuf *desc = NULL;
	char contact[LEGURI_CONTACT_MAX];
	int err;

	dialog_reset(leg, false);
	leg_peer_learn(leg, msg);
	leg_contact_get(leg, contact);

	/* It asks for the floor as well (TS 24.380 clause 14): that is for
	 * what it dials. Whether it has it is known after the answer. */
	leg->implicit = offer && offer->floor >= 0 && leg->dialled &&
		offer->fc.mc_implicit_request;

	err = leg_offer(&desc, leg, offer);
	if (err)
		return err;

	err = sipsess_accept(&leg->sess, srv->sock, msg, 200, "OK", contact,
			     "application/sdp", desc, NULL, NULL, false,
			     NULL, answer_h, estab_h, leg_info_h, ask_refer_h,
			     close_h, leg,
			     LEG_ALLOW LEG_SUPPORTED LEG_EVENTS "%H",
			     sesstimer_answer_print, &leg->timer);
	mem_deref(desc);
	if (err)
		return err;

	dialog_known(leg);
	leg->invited = mem_ref((void *)msg);
	if (offer)
		leg_remote_set(leg, offer, false);
	if (leg->implicit)
		(void)mixer_floor_expect(srv->mixer, leg->mid);

	return 0;
}

uint16_t leg_dialog_check(const struct leg *leg, const struct sip_msg *msg,
			  struct leg_sdp *s)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_CONTACT);
	struct sip_addr addr;

	if (!hdr || sip_addr_decode(&addr, &hdr->val)) {
		s->warning = 0;
		s->words = "the INVITE has no usable Contact";
		return 400;
	}

	return mbuf_get_left(msg->mb)
		? leg_offer_decode(s, leg, msg, LEG_SDP_OFFER) : 0;
}

uint16_t leg_dialog_accept(struct leg *leg, const struct sip_msg *msg,
			   bool dialled, struct leg_sdp *s)
{
	const bool late = !mbuf_get_left(msg->mb);
	struct sesstimer_said said;
	mixer_leg_id old;
	uint16_t code;
	int err;

	/* It was checked before */
	if (sesstimer_decode(&said, msg))
		return 400;

	if (!late) {
		code = leg_offer_decode(s, leg, msg, LEG_SDP_OFFER);
		if (code)
			return code;
	}

	old = leg_replace(leg, dialled);
	sesstimer_accept(&leg->timer, &said, tmr_jiffies());
	leg->pt = late ? leg->codec->pt : s->pt;
	leg->pt_event = late ? 101 : s->pt_event;
	leg->floor = late || s->floor >= 0;
	leg->ice = late ? leg->service.security == BUS_SECURITY_DTLS
			: s->sec.ice;
	leg->dir = leg->service.idle_inactive && !dialled ? SDP_INACTIVE
							  : SDP_SENDRECV;

	err = leg_media_open(leg);
	if (old)
		(void)mixer_leg_del(leg->srv->mixer, old);
	if (!err)
		err = dialog_accept(leg, msg, late ? NULL : s);
	if (!err)
		return 0;

	s->warning = 0;
	s->words = err == EBADMSG ? "the INVITE has no usable Contact"
				  : "no media port is left";
	code = err == EBADMSG ? 400 : 503;
	leg_down(leg, code, s->words, false);
	return code;
}

void leg_dialog_refuse(const struct leg *leg, const struct sip_msg *msg,
		       uint16_t code, const struct leg_sdp *s)
{
	hlog_limited(leg->srv->log, "server.invite", HLOG_INFO, leg->subject,
		     "INVITE refused", HLOG_U("code", code),
		     HLOG_S("words", s->words));
	leg_refuse(leg->srv, msg, code, s);
}

void leg_dialog_connect_h(const struct sip_msg *msg, void *arg)
{
	struct leg_sdp s = { .words = "" };
	struct sesstimer_said said;
	struct server *srv = arg;
	struct sesstimer wanted;
	struct leg *leg;
	uint16_t code;

	if (srv->closing) {
		(void)sip_treply(NULL, srv->sip, msg, 503,
				 "this server is leaving");
		return;
	}

	sesstimer_init(&wanted, srv->cfg.session_expires_s,
		       srv->cfg.min_se_s);
	if (leg_refuse_headers(srv, &wanted, msg, &said))
		return;

	leg = leg_asserted(srv, msg);
	if (!leg) {
		(void)sip_treply(NULL, srv->sip, msg, 403,
				 "no leg is expected from here");
		return;
	}

	if (dial_is(leg, msg)) {
		dial_invited(leg, msg);
		return;
	}

	/* What was expected to dial does not: it makes the leg */
	leg->next = mem_deref(leg->next);
	code = leg_dialog_accept(leg, msg, false, &s);
	if (code)
		leg_dialog_refuse(leg, msg, code, &s);
}

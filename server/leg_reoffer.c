/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/leg.h"
#include "sip/refer.h"

enum { T1_MS = 500, T2_MS = 4000, ACK_MS = 64 * T1_MS };

/* Our 2xx to a re-INVITE, repeated until its ACK comes (RFC 3261 section
 * 13.3.1.4) */
struct reply {
	struct leg *leg;
	const struct sip_msg *msg;
	struct mbuf *mb;
	struct tmr tmr, repeat;
	uint32_t wait_ms;
	bool late;        /* It has our offer: the ACK has the answer */
};

static void reply_destructor(void *arg)
{
	struct reply *r = arg;

	tmr_cancel(&r->tmr);
	tmr_cancel(&r->repeat);
	mem_deref((void *)r->msg);
	mem_deref(r->mb);
}

static void repeat_h(void *arg)
{
	struct reply *r = arg;

	(void)sip_send(r->leg->srv->sip, r->msg->sock, r->msg->tp,
		       &r->msg->src, r->mb);
	r->wait_ms = MIN(2 * r->wait_ms, (uint32_t)T2_MS);
	tmr_start(&r->repeat, r->wait_ms, repeat_h, r);
}

static void no_ack_h(void *arg)
{
	const struct reply *r = arg;

	++r->leg->srv->st.lost;
	leg_down(r->leg, 408, "the terminal does not acknowledge", true);
}

void leg_reoffer_drop(struct leg *leg)
{
	leg->reply = mem_deref(leg->reply);
}

/* --- refusing ---------------------------------------------------------- */

void leg_refuse(const struct server *srv, const struct sip_msg *msg,
		uint16_t code, const struct leg_sdp *s)
{
	(void)sip_treplyf(NULL, NULL, srv->sip, msg, false, code, s->words,
			  "%s%HContent-Length: 0\r\n\r\n",
			  code == 415 ? "Accept: application/sdp\r\n" : "",
			  leg_warning_print, s);
}

bool leg_refuse_headers(const struct server *srv, const struct sesstimer *st,
			const struct sip_msg *msg, struct sesstimer_said *said)
{
	static const char *const known[] = {
		"norefersub", "multiple-refer", "timer", NULL
	};
	char tags[REFER_UNSUPPORTED_MAX];

	if (require_unknown(tags, sizeof(tags), msg, known))
		(void)sip_treplyf(NULL, NULL, srv->sip, msg, false, 420,
				  "Bad Extension", "Unsupported: %s\r\n"
				  "Content-Length: 0\r\n\r\n", tags);
	else if (sesstimer_decode(said, msg))
		(void)sip_treply(NULL, srv->sip, msg, 400,
				 "Session-Expires is no number of seconds");
	else if (sesstimer_check(st, said))
		(void)sip_treplyf(NULL, NULL, srv->sip, msg, false, 422,
				  "Session Interval Too Small",
				  "%HContent-Length: 0\r\n\r\n",
				  sesstimer_min_print, st);
	else
		return false;

	return true;
}

/* Does another offer stand in the way (RFC 3261 section 14.2, RFC 3311
 * section 5.2)? */
static bool crossing(const struct leg *leg, const struct sip_msg *msg,
		     bool invite)
{
	const bool ours = (leg->reply && leg->reply->late) ||
		(leg->invited && !mbuf_get_left(leg->invited->mb));
	struct sip *sip = leg->srv->sip;

	if (leg_modifying(leg, MODIFY_INVITE) || (ours && !invite)) {
		++leg->srv->st.glares;
		(void)sip_treply(NULL, sip, msg, 491, "Request Pending");
		return true;
	}

	if (!ours)
		return false;

	(void)sip_treplyf(NULL, NULL, sip, msg, false, 500,
			  "another offer waits for its answer",
			  "Retry-After: %u\r\nContent-Length: 0\r\n\r\n",
			  rand_u32() % 11);
	return true;
}

/* --- answering --------------------------------------------------------- */

static int ok_send(struct leg *leg, const struct sip_msg *msg,
		   struct mbuf **mbp, struct mbuf *desc)
{
	const size_t len = desc ? mbuf_get_left(desc) : 0;
	struct sip_contact contact;
	char focus[LEGURI_CONTACT_MAX];

	leg_contact_get(leg, focus);
	sip_contact_set(&contact, focus, &msg->dst, msg->tp);
	return sip_treplyf(NULL, mbp, leg->srv->sip, msg, true, 200, "OK",
			   "%H" LEG_ALLOW LEG_SUPPORTED "%H%s"
			   "Content-Length: %zu\r\n\r\n%b",
			   sip_contact_print, &contact,
			   sesstimer_answer_print, &leg->timer,
			   len ? "Content-Type: application/sdp\r\n" : "",
			   len, len ? mbuf_buf(desc) : NULL, len);
}

static int ok_repeat(struct leg *leg, const struct sip_msg *msg,
		     struct mbuf *desc)
{
	struct reply *r = mem_zalloc(sizeof(*r), reply_destructor);
	int err;

	if (!r)
		return ENOMEM;

	r->leg = leg;
	r->msg = mem_ref((void *)msg);
	r->late = !mbuf_get_left(msg->mb);
	r->wait_ms = T1_MS;
	err = ok_send(leg, msg, &r->mb, desc);
	if (err) {
		mem_deref(r);
		return err;
	}

	/* Who asks again has had the answer before */
	mem_deref(leg->reply);
	leg->reply = r;
	tmr_start(&r->tmr, ACK_MS, no_ack_h, r);
	tmr_start(&r->repeat, r->wait_ms, repeat_h, r);
	return 0;
}

/* The SDP of the answer; or of our offer if s is NULL and one is wanted */
static int desc_get(struct mbuf **descp, struct leg *leg,
		    const struct leg_sdp *s, bool wanted)
{
	if (!s)
		return wanted ? leg_offer(descp, leg, NULL) : 0;

	leg->pt = s->pt;
	leg->pt_event = s->pt_event;
	leg->implicit = false;
	return leg_offer(descp, leg, s);
}

static void accept_request(struct leg *leg, const struct sip_msg *msg,
			   const struct sesstimer_said *said,
			   const struct leg_sdp *s)
{
	const bool invite = !pl_strcmp(&msg->met, "INVITE");
	struct mbuf *desc = NULL;
	int err;

	leg_peer_learn(leg, msg);
	sesstimer_accept(&leg->timer, said, tmr_jiffies());
	(void)sip_dialog_update(sipsess_dialog(leg->sess), msg);

	err = desc_get(&desc, leg, s, invite);
	if (!err)
		err = invite ? ok_repeat(leg, msg, desc)
			     : ok_send(leg, msg, NULL, desc);
	mem_deref(desc);
	if (err) {
		hlog(leg->srv->log, HLOG_WARN, leg->subject,
		     "not answered", HLOG_ERR(err));
		(void)sip_treply(NULL, leg->srv->sip, msg, 500,
				 "the answer cannot be made");
		return;
	}

	if (leg->want == WANT_REFRESH)
		leg->want = WANT_NOTHING;
	if (s)
		leg_remote_set(leg, s, true);
	leg_timer_set(leg);
}

static void request(struct leg *leg, const struct sip_msg *msg)
{
	const bool invite = !pl_strcmp(&msg->met, "INVITE");
	const bool offer = mbuf_get_left(msg->mb) > 0;
	struct server *srv = leg->srv;
	struct sesstimer_said said;
	struct leg_sdp s;
	uint16_t code;

	if (!sip_dialog_rseq_valid(sipsess_dialog(leg->sess), msg)) {
		(void)sip_treply(NULL, srv->sip, msg, 500,
				 "CSeq is out of order");
		return;
	}

	if (leg_refuse_headers(srv, &leg->timer, msg, &said) ||
	    ((invite || offer) && crossing(leg, msg, invite)))
		return;

	if (offer) {
		code = leg_offer_decode(&s, leg, msg, LEG_SDP_REOFFER);
		if (code) {
			hlog_limited(srv->log, "server.reinvite", HLOG_INFO,
				     leg->subject, "offer refused",
				     HLOG_U("code", code),
				     HLOG_S("words", s.words));
			leg_refuse(srv, msg, code, &s);
			return;
		}
	}

	accept_request(leg, msg, &said, offer ? &s : NULL);
}

/* @return false: the ACK is of the first INVITE */
static bool acknowledged(struct leg *leg, const struct sip_msg *msg)
{
	struct reply *r = leg->reply;
	struct leg_sdp s;

	if (!r || r->msg->cseq.num != msg->cseq.num)
		return false;

	leg->reply = NULL;
	if (!r->late) {
		leg_modify_next(leg);
	}
	else if (leg_offer_decode(&s, leg, msg, LEG_SDP_ANSWER)) {
		leg_down(leg, 488, s.words, false);
	}
	else {
		leg->dir_agreed = leg->dir;
		leg_remote_set(leg, &s, true);
		leg_modify_next(leg);
	}

	mem_deref(r);
	return true;
}

bool leg_reoffer_h(const struct sip_msg *msg, void *arg)
{
	const bool ack = !pl_strcmp(&msg->met, "ACK");
	struct server *srv = arg;
	struct leg *leg;

	if (!pl_isset(&msg->to.tag) ||
	    (!ack && pl_strcmp(&msg->met, "INVITE") &&
	     pl_strcmp(&msg->met, "UPDATE")))
		return false;

	leg = leg_dialog_find(srv, msg);
	if (!leg)
		return false;

	if (ack)
		return acknowledged(leg, msg);

	request(leg, msg);
	return true;
}

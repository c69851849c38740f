/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What changes a session that stands, and keeps it: re-INVITE and UPDATE (RFC
 * 3261 section 14, RFC 3311) in both directions, and the session timer (RFC
 * 4028). libre's session makes and ends the dialog; it knows neither UPDATE
 * nor timers and takes no headers for a re-INVITE's answer, so these requests
 * are taken before it sees them. */
#include <string.h>
#include <re.h>
#include "cli/handset_priv.h"
#include "sip/digest_client.h"
#include "sip/sesstimer.h"

enum {
	CHALLENGES_MAX = 4,
	/** RFC 3261 section 14.1, after a 491: the Call-ID's owner waits
	 *  longer */
	GLARE_OWNER_MS = 2100,
	GLARE_OTHER_MS = 2000
};

/** Our 2xx to a re-INVITE, repeated until its ACK comes */
struct answer {
	struct mbuf *mb;
	const struct sip_msg *msg;
	struct tmr tmr;
	unsigned sent;
	uint64_t since_ms;
	bool offer;      /**< It has our offer: the ACK answers it */
};

struct hs_modify {
	struct hs_leg *leg;
	struct handset *hs;
	struct hs_line *line;
	struct sip_dialog *dlg;
	struct sesstimer st;
	struct tmr tmr;      /**< Of the session timer */
	bool owner;          /**< The Call-ID is ours */
	bool peer_update;    /**< Its Allow has UPDATE */
	struct answer answer;

	/* our request */
	struct sip_request *req;
	struct sip_auth *auth;
	struct mbuf *desc;   /**< Its offer; NULL: an UPDATE without */
	bool update;
	bool behind;         /**< Another one follows */
	unsigned challenges;
	struct tmr retry;
	uint32_t acked;      /**< CSeq of the re-INVITE that was answered */
};

static void timer_set(struct hs_modify *m);
static int request(struct hs_modify *m);

static void answer_end(struct answer *a)
{
	tmr_cancel(&a->tmr);
	a->mb = mem_deref(a->mb);
	a->msg = mem_deref((void *)(uintptr_t)a->msg);
}

static void modify_destructor(void *arg)
{
	struct hs_modify *m = arg;

	tmr_cancel(&m->tmr);
	tmr_cancel(&m->retry);
	answer_end(&m->answer);
	mem_deref(m->req);
	mem_deref(m->auth);
	mem_deref(m->desc);
	mem_deref(m->dlg);
}

int hs_modify_alloc(struct hs_modify **mp, struct hs_leg *leg,
		    struct hs_line *line)
{
	struct hs_modify *m = mem_zalloc(sizeof(*m), modify_destructor);
	const struct hs_opts *o = &line->hs->opts;

	if (!m)
		return ENOMEM;
	m->leg = leg;
	m->line = line;
	m->hs = line->hs;
	sesstimer_init(&m->st, o->session_s, o->min_se_s);
	*mp = m;
	return 0;
}

static void lost(struct hs_modify *m, const char *words,
		 const struct sip_msg *msg)
{
	tmr_cancel(&m->tmr);
	hs_leg_lost(m->leg, words, msg);
}

static void report(const struct hs_modify *m, bool here, const char *met)
{
	struct hs_ev ev;

	hs_ev_begin(&ev, &m->hs->events, "modified", 0);
	hs_ev_str(&ev, "subscriber", m->line->id);
	hs_ev_str(&ev, "by", here ? "handset" : "server");
	hs_ev_str(&ev, "method", met);
	hs_ev_str(&ev, "direction", hs_leg_direction(m->leg));
	hs_ev_end(&ev);
}

/* --- the session timer -------------------------------------------------- */

static void session_h(void *arg)
{
	timer_set(arg);
}

static void refresh(struct hs_modify *m)
{
	sesstimer_tried(&m->st, tmr_jiffies());
	if (!m->req)
		hs_modify_refresh(m);
}

static void timer_set(struct hs_modify *m)
{
	uint64_t wait_ms = 0;

	for (;;) {
		switch (sesstimer_due(&m->st, tmr_jiffies(), &wait_ms)) {
		case SESSTIMER_WAIT:
			if (wait_ms == UINT64_MAX)
				tmr_cancel(&m->tmr);
			else
				tmr_start(&m->tmr, wait_ms, session_h, m);
			return;
		case SESSTIMER_REFRESH:
			refresh(m);
			break;
		case SESSTIMER_END:
			lost(m, "the session was not refreshed", NULL);
			return;
		}
	}
}

int hs_modify_request_print(struct re_printf *pf, const struct hs_modify *m)
{
	return sesstimer_request_print(pf, &m->st);
}

int hs_modify_answer_print(struct re_printf *pf, const struct hs_modify *m)
{
	return sesstimer_answer_print(pf, &m->st);
}

/* 422 and 400 are answered here */
static bool timer_accept(struct hs_modify *m, const struct sip_msg *msg)
{
	struct sesstimer_said said;

	if (sesstimer_decode(&said, msg)) {
		(void)sip_treply(NULL, m->hs->sip, msg, 400,
				 "Bad Session-Expires");
		return false;
	}
	if (sesstimer_check(&m->st, &said)) {
		(void)sip_treplyf(NULL, NULL, m->hs->sip, msg, false, 422,
				  "Session Interval Too Small",
				  "%HContent-Length: 0\r\n\r\n",
				  sesstimer_min_print, &m->st);
		return false;
	}
	sesstimer_accept(&m->st, &said, tmr_jiffies());
	return true;
}

static void peer_learn(struct hs_modify *m, const struct sip_msg *msg)
{
	m->peer_update |=
		sip_msg_hdr_has_value(msg, SIP_HDR_ALLOW, "UPDATE");
}

bool hs_modify_invited(struct hs_modify *m, const struct sip_msg *msg)
{
	peer_learn(m, msg);
	return timer_accept(m, msg);
}

void hs_modify_up(struct hs_modify *m, struct sip_dialog *dlg)
{
	m->dlg = mem_ref(dlg);
	timer_set(m);
}

void hs_modify_answered(struct hs_modify *m, const struct sip_msg *msg)
{
	struct sesstimer_said said;

	m->owner = true;
	peer_learn(m, msg);
	if (!sesstimer_decode(&said, msg))
		(void)sesstimer_answered(&m->st, &said, tmr_jiffies());
}

/* It holds for the sessions to come, too: the server is the same. */
bool hs_modify_too_small(struct hs_modify *m, const struct sip_msg *msg)
{
	struct sesstimer_said said;

	if (sesstimer_decode(&said, msg) ||
	    !sesstimer_too_small(&m->st, &said))
		return false;
	m->hs->opts.session_s = m->st.expires_s;
	return true;
}

uint32_t hs_modify_interval_s(const struct hs_modify *m)
{
	return m->st.interval_s;
}

bool hs_modify_refresher(const struct hs_modify *m)
{
	return m->st.ours;
}

/* --- our requests ------------------------------------------------------- */

static void ack(struct hs_modify *m, uint32_t cseq)
{
	m->acked = cseq;
	(void)sip_drequestf(NULL, m->hs->sip, false, "ACK", m->dlg, cseq,
			    m->auth, NULL, NULL, NULL,
			    "Content-Length: 0\r\n\r\n");
}

static void failed(const struct hs_modify *m, int err,
		   const struct sip_msg *msg)
{
	struct hs_ev ev;

	hs_ev_begin(&ev, &m->hs->events, "modify_failed", 0);
	hs_ev_str(&ev, "subscriber", m->line->id);
	hs_ev_str(&ev, "method", m->update ? "UPDATE" : "INVITE");
	hs_sip_reason(&ev, err, msg);
	hs_ev_end(&ev);
}

static void next(struct hs_modify *m)
{
	m->desc = mem_deref(m->desc);
	if (!m->behind)
		return;
	m->behind = false;
	(void)hs_modify_offer(m);
}

static void retry_h(void *arg)
{
	struct hs_modify *m = arg;
	const int err = request(m);

	if (err)
		failed(m, err, NULL);
}

static void accepted(struct hs_modify *m, const struct sip_msg *msg)
{
	struct sesstimer_said said;
	int err = 0;

	(void)sip_dialog_update(m->dlg, msg);
	if (!m->update)
		ack(m, msg->cseq.num);
	if (m->desc)
		err = hs_leg_answered(m->leg, msg);
	if (!sesstimer_decode(&said, msg))
		(void)sesstimer_answered(&m->st, &said, tmr_jiffies());
	if (err)
		failed(m, err, NULL);
	else
		report(m, true, m->update ? "UPDATE" : "INVITE");
	timer_set(m);
	next(m);
}

/* @return true: it goes on */
static bool again(struct hs_modify *m, const struct sip_msg *msg)
{
	switch (msg->scode) {
	case 401:
	case 407:
		return m->challenges++ < CHALLENGES_MAX &&
		       !sip_auth_authenticate(m->auth, msg) && !request(m);
	case 422:
		return hs_modify_too_small(m, msg) && !request(m);
	case 491:
		tmr_start(&m->retry,
			  m->owner ? GLARE_OWNER_MS + rand_u32() % 1900
				   : rand_u32() % GLARE_OTHER_MS,
			  retry_h, m);
		return true;
	default:
		return false;
	}
}

static void resp_h(int err, const struct sip_msg *msg, void *arg)
{
	struct hs_modify *m = arg;

	if (!err && msg->scode < 200)
		return;
	if (!err && msg->scode < 300) {
		accepted(m, msg);
		return;
	}
	if (!err && again(m, msg))
		return;
	failed(m, err, msg);
	/* RFC 3261 section 12.2.1.2: the dialog is gone */
	if (err == ETIMEDOUT || (!err && (msg->scode == 481 ||
					  msg->scode == 408))) {
		lost(m, "no answer", msg);
		return;
	}
	next(m);
}

static int request(struct hs_modify *m)
{
	const struct mbuf *d = m->desc;
	int err = 0;

	if (!m->dlg)
		return ENOTCONN;
	if (!m->auth)
		err = sip_auth_alloc(&m->auth, digest_client_auth_h, m->hs->dc,
				     false);
	if (err)
		return err;
	return sip_drequestf(&m->req, m->hs->sip, true,
			     m->update ? "UPDATE" : "INVITE", m->dlg, 0,
			     m->auth, NULL, resp_h, m,
			     "Contact: <sip:%s@%s>\r\n"
			     HS_ALLOW HS_SUPPORTED
			     "%H"
			     "%s"
			     "Content-Length: %zu\r\n\r\n%b",
			     m->line->id, m->hs->here, sesstimer_request_print,
			     &m->st,
			     d ? "Content-Type: application/sdp\r\n" : "",
			     d ? d->end : (size_t)0, d ? d->buf : NULL,
			     d ? d->end : (size_t)0);
}

static int change(struct hs_modify *m, struct mbuf *desc, bool update)
{
	int err;

	if (m->req || tmr_isrunning(&m->retry) || m->answer.offer) {
		m->behind |= desc && !update;
		return 0;
	}
	mem_deref(m->desc);
	m->desc = mem_ref(desc);
	m->update = update;
	m->challenges = 0;
	err = request(m);
	if (err)
		failed(m, err, NULL);
	return err;
}

int hs_modify_offer(struct hs_modify *m)
{
	struct mbuf *desc = NULL;
	int err = hs_leg_offer(m->leg, &desc);

	if (!err)
		err = change(m, desc, false);
	mem_deref(desc);
	return err;
}

/* What was agreed is said again, word by word: nothing changes */
void hs_modify_refresh(struct hs_modify *m)
{
	(void)change(m, m->peer_update ? NULL : hs_leg_description(m->leg),
		     m->peer_update);
}

bool hs_modify_ack_again(struct hs_modify *m, const struct sip_msg *msg)
{
	if (!m->dlg || !m->acked || msg->cseq.num != m->acked ||
	    !sip_dialog_cmp(m->dlg, msg))
		return false;
	ack(m, m->acked);
	return true;
}

/* --- the server's requests ---------------------------------------------- */

static void answer_h(void *arg)
{
	struct hs_modify *m = arg;
	struct answer *a = &m->answer;

	if (tmr_jiffies() - a->since_ms >= 64 * SIP_T1) {
		lost(m, "no ACK", NULL);
		return;
	}
	(void)sip_send(m->hs->sip, a->msg->sock, a->msg->tp, &a->msg->src,
		       a->mb);
	a->sent++;
	tmr_start(&a->tmr, MIN(SIP_T1 << a->sent, SIP_T2), answer_h, m);
}

static int reply(struct hs_modify *m, const struct sip_msg *msg,
		 const struct mbuf *d, struct mbuf **mbp)
{
	return sip_treplyf(NULL, mbp, m->hs->sip, msg, true, 200, "OK",
			   "Contact: <sip:%s@%s>\r\n"
			   HS_ALLOW HS_SUPPORTED
			   "%H"
			   "%s"
			   "Content-Length: %zu\r\n\r\n%b",
			   m->line->id, m->hs->here, sesstimer_answer_print,
			   &m->st,
			   d ? "Content-Type: application/sdp\r\n" : "",
			   d ? d->end : (size_t)0, d ? d->buf : NULL,
			   d ? d->end : (size_t)0);
}

static void answered(struct hs_modify *m, const struct sip_msg *msg,
		     struct mbuf *mb, bool offer)
{
	struct answer *a = &m->answer;

	answer_end(a);
	a->mb = mem_ref(mb);
	a->msg = mem_ref((void *)(uintptr_t)msg);
	a->offer = offer;
	a->sent = 0;
	a->since_ms = tmr_jiffies();
	tmr_start(&a->tmr, SIP_T1, answer_h, m);
}

/* RFC 3261 section 14.2, RFC 3311 section 5.2. @return 0 or what to refuse
 * with */
static uint16_t collides(const struct hs_modify *m, bool offer)
{
	if (m->req && (offer || !m->update))
		return 491;
	return m->answer.mb && m->answer.offer ? 500 : 0;
}

static void collision(const struct hs_modify *m, const struct sip_msg *msg,
		      uint16_t code)
{
	if (code == 491)
		(void)sip_treply(NULL, m->hs->sip, msg, 491,
				 "Request Pending");
	else
		(void)sip_treplyf(NULL, NULL, m->hs->sip, msg, false, 500,
				  "An Offer Is Open",
				  "Retry-After: %u\r\n"
				  "Content-Length: 0\r\n\r\n",
				  rand_u32() % 10);
}

/* The same re-INVITE again: so is its answer */
static bool repeated(struct hs_modify *m, const struct sip_msg *msg)
{
	const struct answer *a = &m->answer;

	if (!a->mb || a->msg->cseq.num != msg->cseq.num ||
	    pl_cmp(&a->msg->met, &msg->met))
		return false;
	(void)sip_send(m->hs->sip, msg->sock, msg->tp, &msg->src, a->mb);
	return true;
}

/* @return 0, ENOTSUP, EBADMSG: refused */
static int describe(struct hs_modify *m, const struct sip_msg *msg,
		    bool invite, struct mbuf **descp)
{
	if (mbuf_get_left(msg->mb))
		return hs_leg_offered(m->leg, descp, msg);
	return invite ? hs_leg_offer(m->leg, descp) : 0;
}

static void modify(struct hs_modify *m, const struct sip_msg *msg, bool invite)
{
	const bool body = mbuf_get_left(msg->mb) > 0;
	struct mbuf *desc = NULL, *mb = NULL;
	const uint16_t code = collides(m, body || invite);
	int err;

	if (code) {
		collision(m, msg, code);
		return;
	}
	if (!timer_accept(m, msg))
		return;
	err = describe(m, msg, invite, &desc);
	if (err) {
		hs_leg_refuse(m->hs, msg, err);
		return;
	}
	(void)sip_dialog_update(m->dlg, msg);
	peer_learn(m, msg);
	err = reply(m, msg, desc, &mb);
	if (!err && invite)
		answered(m, msg, mb, !body);
	if (!err && (body || !invite))
		report(m, false, invite ? "INVITE" : "UPDATE");
	mem_deref(mb);
	mem_deref(desc);
	timer_set(m);
}

static void acked(struct hs_modify *m, const struct sip_msg *msg)
{
	const bool offer = m->answer.offer;
	int err = 0;

	answer_end(&m->answer);
	m->answer.offer = false;
	if (!offer)
		return;
	err = hs_leg_answered(m->leg, msg);
	if (err)
		lost(m, "the answer to our offer cannot be used", NULL);
	else
		report(m, false, "INVITE");
}

bool hs_modify_take(struct hs_modify *m, const struct sip_msg *msg)
{
	const bool invite = !pl_strcmp(&msg->met, "INVITE");

	if (!m->dlg || !sip_dialog_cmp(m->dlg, msg))
		return false;
	if (!pl_strcmp(&msg->met, "ACK")) {
		if (!m->answer.mb ||
		    m->answer.msg->cseq.num != msg->cseq.num)
			return false;
		acked(m, msg);
		return true;
	}
	if (!invite && pl_strcmp(&msg->met, "UPDATE"))
		return false;
	if (repeated(m, msg))
		return true;
	if (!sip_dialog_rseq_valid(m->dlg, msg))
		(void)sip_treply(NULL, m->hs->sip, msg, 500,
				 "CSeq Out of Order");
	else
		modify(m, msg, invite);
	return true;
}

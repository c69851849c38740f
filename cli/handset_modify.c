/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What changes a session that stands, and keeps it: our re-INVITE and UPDATE
 * (RFC 3261 section 14.1, RFC 3311), and the session timer (RFC 4028). */
#include <string.h>
#include <re.h>
#include "cli/handset_modify.h"
#include "sip/digest_client.h"

enum {
	CHALLENGES_MAX = 4,
	/** RFC 3261 section 14.1, after a 491: the Call-ID's owner waits
	 *  longer */
	GLARE_OWNER_MS = 2100,
	GLARE_OTHER_MS = 2000
};

static int request(struct hs_modify *m);

static void modify_destructor(void *arg)
{
	struct hs_modify *m = arg;

	tmr_cancel(&m->tmr);
	tmr_cancel(&m->retry);
	hs_answer_end(&m->answer);
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

void hs_modify_lost(struct hs_modify *m, const char *words,
		 const struct sip_msg *msg)
{
	tmr_cancel(&m->tmr);
	hs_leg_lost(m->leg, words, msg);
}

void hs_modify_report(const struct hs_modify *m, bool here, const char *met)
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

static void refresh(struct hs_modify *m)
{
	sesstimer_tried(&m->st, tmr_jiffies());
	if (!m->req)
		hs_modify_refresh(m);
}

static void session_h(void *arg)
{
	struct hs_modify *m = arg;
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
			hs_modify_lost(m, "the session was not refreshed",
				       NULL);
			return;
		}
	}
}

/* The session may be over already, and its end takes the leg with it: not
 * while the caller works with it. */
void hs_modify_timer_set(struct hs_modify *m)
{
	tmr_start(&m->tmr, 0, session_h, m);
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
	hs_modify_timer_set(m);
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
		hs_modify_report(m, true, m->update ? "UPDATE" : "INVITE");
	hs_modify_timer_set(m);
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
		hs_modify_lost(m, "no answer", msg);
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

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* re-INVITE and UPDATE of the server (RFC 3261 section 14.2, RFC 3311). libre's
 * session makes and ends the dialog; it knows neither UPDATE nor timers and
 * takes no headers for a re-INVITE's answer, so these requests are taken
 * before it sees them. */
#include <re.h>
#include "cli/handset_modify.h"

void hs_answer_end(struct hs_answer *a)
{
	tmr_cancel(&a->tmr);
	a->mb = mem_deref(a->mb);
	a->msg = mem_deref((void *)(uintptr_t)a->msg);
}

static void answer_h(void *arg)
{
	struct hs_modify *m = arg;
	struct hs_answer *a = &m->answer;

	if (tmr_jiffies() - a->since_ms >= 64 * SIP_T1) {
		hs_modify_lost(m, "no ACK", NULL);
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
	struct hs_answer *a = &m->answer;

	hs_answer_end(a);
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
	const struct hs_answer *a = &m->answer;

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
	if (!hs_modify_invited(m, msg))
		return;
	err = describe(m, msg, invite, &desc);
	if (err) {
		hs_leg_refuse(m->hs, msg, err);
		return;
	}
	(void)sip_dialog_update(m->dlg, msg);
	err = reply(m, msg, desc, &mb);
	if (!err && invite)
		answered(m, msg, mb, !body);
	if (!err && (body || !invite))
		hs_modify_report(m, false, invite ? "INVITE" : "UPDATE");
	mem_deref(mb);
	mem_deref(desc);
	hs_modify_timer_set(m);
}

static void acked(struct hs_modify *m, const struct sip_msg *msg)
{
	const bool offer = m->answer.offer;
	int err = 0;

	hs_answer_end(&m->answer);
	m->answer.offer = false;
	if (!offer)
		return;
	err = hs_leg_answered(m->leg, msg);
	if (err)
		hs_modify_lost(m, "the answer to our offer cannot be used",
			       NULL);
	else
		hs_modify_report(m, false, "INVITE");
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

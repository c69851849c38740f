/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/leg.h"

/* libre's session sends re-INVITEs without headers of ours, waits a fixed time
 * after 491, and knows neither UPDATE nor session timers. So within the dialog
 * that it made, all that changes or refreshes the session is asked here and
 * answered in leg_reoffer.c; INVITE, its ACK, BYE, INFO and REFER stay its. */

enum {
	TRIES_MAX = 6,          /* Of one modification, at 491 and 5xx */
	RETRY_MS = 3000,        /* After 5xx without Retry-After */
	RETRY_AFTER_MAX_S = 60
};

/* A request of ours that waits for its answer. It outlives the leg: a 2xx is
 * acknowledged in any case. */
struct modify {
	struct leg *leg;        /* NULL: it has ended */
	struct sip *sip;
	struct sip_dialog *dlg;
	enum modify_kind kind;
	bool change;            /* Its SDP is a new one */
	char focus[LEGURI_CONTACT_MAX];
};

static void modify_destructor(void *arg)
{
	struct modify *m = arg;

	mem_deref(m->dlg);
}

static void next_h(void *arg);

static void retry_in(struct leg *leg, enum modify_want want, uint32_t ms)
{
	leg->want = MAX(leg->want, want);
	tmr_start(&leg->tmr_modify, ms, next_h, leg);
}

/* --- answers ----------------------------------------------------------- */

static int ack_send(struct sip *sip, struct sip_dialog *dlg, uint32_t cseq)
{
	return sip_drequestf(NULL, sip, false, "ACK", dlg, cseq, NULL, NULL,
			     NULL, NULL, "Content-Length: 0\r\n\r\n");
}

bool leg_modify_ack(const struct leg *leg, const struct sip_msg *msg)
{
	if (!leg->acked || msg->cseq.num != leg->acked)
		return false;

	(void)ack_send(leg->srv->sip, sipsess_dialog(leg->sess), leg->acked);
	return true;
}

/* RFC 3261 section 14.1: who made the Call-ID waits longer, so that the two
 * do not meet again; in steps of 10 ms. */
static uint32_t glare_ms(const struct leg *leg)
{
	return leg->owner ? 2100 + 10 * (rand_u32() % 191)
			  : 10 * (rand_u32() % 201);
}

static uint32_t retry_after_ms(const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_RETRY_AFTER);
	const uint32_t s = hdr ? pl_u32(&hdr->val) : 0;

	return s ? 1000 * MIN(s, (uint32_t)RETRY_AFTER_MAX_S) : RETRY_MS;
}

static void answered(struct leg *leg, enum modify_kind kind,
		     const struct sip_msg *msg)
{
	struct sesstimer_said said = { .expires_s = 0 };
	struct leg_sdp s;

	leg->tries = 0;
	if (kind == MODIFY_OPTIONS)
		return;

	++leg->srv->st.refreshes;
	if (leg->want == WANT_REFRESH)
		leg->want = WANT_NOTHING;

	leg_peer_learn(leg, msg);
	(void)sesstimer_decode(&said, msg);
	(void)sesstimer_answered(&leg->timer, &said, tmr_jiffies());
	if (kind == MODIFY_UPDATE)
		return;

	if (leg_offer_decode(&s, leg, msg, LEG_SDP_ANSWER)) {
		leg_down(leg, 488, s.words, false);
		return;
	}

	leg->dir_agreed = leg->dir;
	leg_remote_set(leg, &s, true);
}

static void refused(struct leg *leg, const struct modify *m,
		    const struct sip_msg *msg)
{
	struct sesstimer_said said;
	const enum modify_want want = m->change ? WANT_CHANGE : WANT_REFRESH;

	hlog_limited(leg->srv->log, "server.modify", HLOG_INFO, leg->subject,
		     "not modified", HLOG_U("code", msg->scode),
		     HLOG_PL("words", &msg->reason));

	if (msg->scode == 422 && !sesstimer_decode(&said, msg) &&
	    sesstimer_too_small(&leg->timer, &said)) {
		retry_in(leg, want, 0);
	}
	else if (m->kind == MODIFY_UPDATE &&
		 (msg->scode == 405 || msg->scode == 501)) {
		/* Its Allow promised more than it has */
		leg->peer_update = false;
		retry_in(leg, want, 0);
	}
	else if (msg->scode == 491 && ++leg->tries < TRIES_MAX) {
		++leg->srv->st.glares;
		retry_in(leg, want, glare_ms(leg));
	}
	else if (msg->scode >= 500 && msg->scode < 600 &&
		 ++leg->tries < TRIES_MAX) {
		retry_in(leg, want, retry_after_ms(msg));
	}
	else if (m->change) {
		/* The session stays as it was (RFC 3261 section 14.1) */
		leg->tries = 0;
		leg->dir = leg->dir_agreed;
		leg->sdp_refused = true;
	}
}

/* @return false: the leg is down */
static bool modify_done(struct leg *leg, const struct modify *m, int err,
			const struct sip_msg *msg)
{
	char words[HL_REASON_MAX];

	leg->modify = NULL;
	if (err) {
		++leg->srv->st.lost;
		leg_down(leg, 408, "the terminal does not respond", true);
	}
	else if (msg->scode == 408 || msg->scode == 481) {
		++leg->srv->st.lost;
		words_pl(words, sizeof(words), &msg->reason);
		leg_down(leg, msg->scode, words, true);
	}
	else if (msg->scode < 300) {
		answered(leg, m->kind, msg);
	}
	else if (m->kind != MODIFY_OPTIONS) {
		refused(leg, m, msg);
	}

	return leg->sess != NULL;
}

static void resp_h(int err, const struct sip_msg *msg, void *arg)
{
	struct modify *m = arg;
	struct leg *leg = m->leg;

	if (!err && msg->scode < 200)
		return;

	if (!err && msg->scode < 300 && m->kind != MODIFY_OPTIONS)
		(void)sip_dialog_update(m->dlg, msg);

	if (!err && msg->scode < 300 && m->kind == MODIFY_INVITE) {
		(void)ack_send(m->sip, m->dlg, msg->cseq.num);
		if (leg)
			leg->acked = msg->cseq.num;
	}

	/* The stack closes: so does the server */
	if (leg && err == ECONNABORTED)
		leg->modify = NULL;
	else if (leg && modify_done(leg, m, err, msg)) {
		leg_timer_set(leg);
		leg_modify_next(leg);
	}

	mem_deref(m);
}

/* --- asking ------------------------------------------------------------ */

static int contact_h(enum sip_transp tp, const struct sa *src,
		     const struct sa *dst, struct mbuf *mb, void *arg)
{
	const struct modify *m = arg;
	struct sip_contact contact;
	(void)dst;

	sip_contact_set(&contact, m->focus, src, tp);
	return mbuf_printf(mb, "%H", sip_contact_print, &contact);
}

static const char *method(enum modify_kind kind)
{
	switch (kind) {

	case MODIFY_INVITE:
		return "INVITE";

	case MODIFY_UPDATE:
		return "UPDATE";

	case MODIFY_OPTIONS:
		break;
	}

	return "OPTIONS";
}

static int modify_send(struct leg *leg, enum modify_kind kind, bool change,
		       struct mbuf *desc)
{
	struct modify *m = mem_zalloc(sizeof(*m), modify_destructor);
	const size_t len = desc ? mbuf_get_left(desc) : 0;
	const struct sesstimer none = { .expires_s = 0 };
	int err;

	if (!m)
		return ENOMEM;

	m->leg = leg;
	m->sip = leg->srv->sip;
	m->dlg = mem_ref(sipsess_dialog(leg->sess));
	m->kind = kind;
	m->change = change;
	leg_contact_get(leg, m->focus);

	err = sip_drequestf(NULL, m->sip, true, method(kind), m->dlg, 0, NULL,
			    contact_h, resp_h, m,
			    LEG_ALLOW LEG_SUPPORTED "%H%s"
			    "Content-Length: %zu\r\n\r\n%b",
			    sesstimer_request_print,
			    kind == MODIFY_OPTIONS ? &none : &leg->timer,
			    len ? "Content-Type: application/sdp\r\n" : "",
			    len, len ? mbuf_buf(desc) : NULL, len);
	if (err)
		mem_deref(m);
	else
		leg->modify = m;

	return err;
}

static int change_send(struct leg *leg)
{
	struct mbuf *desc = NULL;
	int err;

	err = leg_offer(&desc, leg, NULL);
	if (!err)
		err = modify_send(leg, MODIFY_INVITE, true, desc);

	mem_deref(desc);
	return err;
}

static int refresh_send(struct leg *leg)
{
	struct mbuf *desc = NULL;
	int err;

	if (leg->peer_update)
		return modify_send(leg, MODIFY_UPDATE, false, NULL);

	err = leg_offer_again(&desc, leg);
	if (!err)
		err = modify_send(leg, MODIFY_INVITE, false, desc);

	mem_deref(desc);
	return err;
}

/* Is a request under way, or a 2xx of ours not acknowledged? */
static bool occupied(const struct leg *leg)
{
	return leg->modify || leg->reply || leg->invited;
}

void leg_modify_next(struct leg *leg)
{
	const enum modify_want want = leg->want;
	int err = 0;

	if (want == WANT_NOTHING || occupied(leg) || !leg->sess ||
	    tmr_isrunning(&leg->tmr_modify))
		return;

	leg->want = WANT_NOTHING;
	switch (want) {

	case WANT_NOTHING:
		break;

	case WANT_REFRESH:
		err = refresh_send(leg);
		break;

	case WANT_CHANGE:
		err = change_send(leg);
		break;
	}

	if (err)
		hlog(leg->srv->log, HLOG_WARN, leg->subject,
		     "not modified", HLOG_ERR(err));
}

static void next_h(void *arg)
{
	leg_modify_next(arg);
}

void leg_modify(struct leg *leg, enum modify_want want)
{
	leg->want = MAX(leg->want, want);
	leg_modify_next(leg);
}

void leg_probe(struct leg *leg)
{
	if (!leg->peer_options)
		leg_modify(leg, WANT_REFRESH);
	else if (!occupied(leg))
		(void)modify_send(leg, MODIFY_OPTIONS, false, NULL);
}

bool leg_modifying(const struct leg *leg, enum modify_kind kind)
{
	return leg->modify && leg->modify->kind == kind;
}

void leg_modify_drop(struct leg *leg)
{
	tmr_cancel(&leg->tmr_modify);
	leg->want = WANT_NOTHING;
	leg->tries = 0;
	leg->acked = 0;
	if (leg->modify)
		leg->modify->leg = NULL;

	leg->modify = NULL;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/ask.h"
#include "server/call.h"
#include "server/dial.h"
#include "server/group.h"
#include "server/leg.h"
#include "sip/refer.h"

/* A REFER, or an INVITE that dials, whose activation presence was asked about,
 * and then the terminals of those who are called. Its server transaction
 * absorbs repeats until the answer is there. */
struct ask {
	struct le le;            /**< In server.askl */
	struct leg *leg;
	const struct sip_msg *msg;
	struct sip_strans *st;
	struct bus_call *call;
	bool nosub;
	bool dials;
	struct connect_wait wait;
	struct call *reserved;   /**< By who dials, while others answer */
	char words[HL_REASON_MAX]; /**< What presence had to say */
};

/* RFC 3515 section 2.4.4: one NOTIFY says how it went and ends the implicit
 * subscription. */
static void refer_notify(struct leg *leg, uint32_t cseq)
{
	static const char frag[] = "SIP/2.0 200 OK\r\n";
	struct server *srv = leg->srv;
	char contact[LEGURI_CONTACT_MAX];
	int err;

	leg_contact_get(leg, contact);
	err = sip_drequestf(NULL, srv->sip, true, "NOTIFY",
			    sipsess_dialog(leg->sess), 0, NULL, NULL, NULL,
			    NULL,
			    "Contact: %s\r\n"
			    "Event: refer;id=%u\r\n"
			    "Subscription-State: terminated;"
			    "reason=noresource\r\n"
			    "Content-Type: message/sipfrag;version=2.0\r\n"
			    "Content-Length: %zu\r\n"
			    "\r\n"
			    "%s",
			    contact, cseq, sizeof(frag) - 1, frag);
	if (err)
		hlog(srv->log, HLOG_WARN, leg->subject, "NOTIFY not sent",
		     HLOG_ERR(err));
}

/* The final answer; stp may be NULL. code 202: done. */
static void refer_answer(struct leg *leg, const struct sip_msg *msg,
			 struct sip_strans **stp, bool nosub, uint16_t code,
			 const char *text)
{
	struct server *srv = leg->srv;
	char contact[LEGURI_CONTACT_MAX];
	char words[HL_REASON_MAX];

	words_copy(words, sizeof(words), text);
	if (code != 202) {
		++srv->st.activations_refused;
		hlog_limited(srv->log, "server.refer", HLOG_INFO, leg->subject,
			     "REFER refused", HLOG_U("code", code),
			     HLOG_S("words", words));
		(void)sip_treplyf(stp, NULL, srv->sip, msg, false, code,
				  words, "Content-Length: 0\r\n\r\n");
		return;
	}

	++srv->st.activations;
	leg_contact_get(leg, contact);
	(void)sip_treplyf(stp, NULL, srv->sip, msg, false, 202,
			  words[0] ? words : "Accepted",
			  "Contact: %s\r\n"
			  "%sContent-Length: 0\r\n\r\n", contact,
			  nosub ? "Refer-Sub: false\r\n" : "");
	if (!nosub)
		refer_notify(leg, msg->cseq.num);
}

static void ask_destructor(void *arg)
{
	struct ask *ask = arg;

	connect_wait_close(&ask->wait);
	list_unlink(&ask->le);
	--ask->leg->srv->askc;
	ask->leg->ask = NULL;
	if (ask->reserved)
		call_give_up(ask->reserved);
	mem_deref(ask->call);
	mem_deref(ask->st);
	mem_deref((void *)ask->msg);
}

static void ask_end(struct ask *ask, uint16_t code, const char *words)
{
	struct leg *leg = ask->leg;

	if (ask->dials)
		dial_refuse(leg, ask->msg, &ask->st, code, words);
	else
		refer_answer(leg, ask->msg, &ask->st, ask->nosub, code, words);

	mem_deref(ask);
}

void ask_drop(struct leg *leg, bool dialled)
{
	if (leg->ask && (dialled || !leg->ask->dials))
		ask_end(leg->ask, 487, "the leg has ended");
}

void asks_flush(struct server *srv)
{
	struct ask *ask;

	while ((ask = list_ledata(list_head(&srv->askl))))
		ask_end(ask, 503, "this server is leaving");
}

/* --- what the terminals say --------------------------------------------- */

/* A refusal of theirs is the caller's, if nobody is left */
static void refer_answered(struct ask *ask)
{
	const char *words;
	uint16_t code;

	code = connect_wait_code(&ask->wait, &words);
	/* Whom presence left out is worth more than what we say */
	if (code == 200 && ask->words[0])
		words = ask->words;

	ask_end(ask, code == 200 ? 202 : code, words);
}

/* The transaction is taken up again by the session, if there is one. */
static void dial_answered_h(struct ask *ask)
{
	const struct sip_msg *msg = ask->msg;
	struct leg *leg = ask->leg;
	struct call *call = ask->reserved;
	const char *words;
	uint16_t code;

	/* Who accepted may have left while others were waited for */
	if (call && list_isempty(&call->partyl))
		ask->wait.taken = 0;
	code = call ? connect_wait_code(&ask->wait, &words) : 480;
	if (code != 200) {
		ask_end(ask, code, call ? words : "the call has ended");
		dial_over(leg);
		return;
	}

	(void)mem_ref((void *)msg);
	call->reserved = NULL;
	ask->reserved = NULL;
	mem_deref(ask);
	dial_answered(leg, msg, call);
	mem_deref((void *)msg);
}

static void answered_h(void *arg)
{
	struct ask *ask = arg;

	if (ask->dials)
		dial_answered_h(ask);
	else
		refer_answered(ask);
}

/* --- what presence says ------------------------------------------------ */

static void refer_apply(struct ask *ask, const struct bus_activation *a)
{
	struct leg *leg = ask->leg;
	const char *words = "";
	uint16_t code;

	words_copy(ask->words, sizeof(ask->words), a->words);
	if (a->group[0])
		code = group_activate(leg, a->group, &words);
	else
		code = call_activate(leg, a->partyv, a->partyc, &ask->wait,
				     &words);

	/* It can end the leg's dialog, and the ask with that */
	if (!leg->ask)
		return;

	if (code != 200)
		ask_end(ask, code, words);
	else if (a->group[0])
		ask_end(ask, 202, ask->words);
	else if (!connect_wait_open(&ask->wait))
		refer_answered(ask);
}

static void dial_apply(struct ask *ask, const struct bus_activation *a)
{
	const struct sip_msg *msg = ask->msg;
	struct leg *leg = ask->leg;
	const char *words;
	uint16_t code;

	if (dial_asks(leg, a)) {
		code = call_reserve(&ask->reserved, leg, a->partyv, a->partyc,
				    &ask->wait, &words);
		if (code == 200 && connect_wait_open(&ask->wait))
			return;
		if (code == 200) {
			dial_answered_h(ask);
			return;
		}

		ask_end(ask, code, words);
		dial_over(leg);
		return;
	}

	(void)mem_ref((void *)msg);
	mem_deref(ask);
	dial_allowed(leg, msg, a);
	mem_deref((void *)msg);
}

static void activation_h(int err, const struct bus_msg *msg, void *arg)
{
	const struct bus_activation *a = err ? NULL : &msg->u.activation;
	const char *words = "presence does not answer";
	uint16_t code = err == ETIMEDOUT ? 504 : 503;
	struct ask *ask = arg;
	struct leg *leg = ask->leg;
	const bool dials = ask->dials;

	if (!err && msg->type == BUS_ACTIVATION) {
		code = a->code == 200 || (a->code >= 400 && a->code < 700)
			? a->code : 500;
		words = a->words;
	}
	else if (!err && msg->type == BUS_RESULT) {
		code = msg->u.result.code >= 400 ? msg->u.result.code : 500;
		words = msg->u.result.words;
	}

	if (code != 200) {
		ask_end(ask, code, words);
		if (dials)
			dial_over(leg);
	}
	else if (dials) {
		dial_apply(ask, a);
	}
	else {
		refer_apply(ask, a);
	}
}

static void cancel_h(void *arg)
{
	struct ask *ask = arg;
	struct leg *leg = ask->leg;

	if (!ask->dials)
		return;

	ask_end(ask, 487, "Request Terminated");
	dial_over(leg);
}

static int ask_alloc(struct leg *leg, const struct sip_msg *msg,
		     const struct refer *r, bool dials)
{
	struct server *srv = leg->srv;
	struct bus_msg m;
	struct ask *ask;
	int err;

	ask = mem_zalloc(sizeof(*ask), ask_destructor);
	if (!ask)
		return ENOMEM;

	ask->leg = leg;
	ask->msg = mem_ref((void *)msg);
	ask->nosub = r->nosub;
	ask->dials = dials;
	connect_wait_init(&ask->wait, answered_h, ask);
	list_append(&srv->askl, &ask->le, ask);
	++srv->askc;
	leg->ask = ask;

	m.type = BUS_ACTIVATE_ASK;
	memset(&m.u.activate_ask, 0, sizeof(m.u.activate_ask));
	strcpy(m.u.activate_ask.caller, leg->subscriber);
	m.u.activate_ask.dialled = dials;
	m.u.activate_ask.targetc = r->targetc;
	memcpy(m.u.activate_ask.targetv, r->targetv, sizeof(r->targetv));

	err = sip_strans_alloc(&ask->st, srv->sip, msg, cancel_h, ask);
	if (!err && dials)
		err = sip_treply(&ask->st, srv->sip, msg, 100, "Trying");
	if (!err)
		err = bus_request(&ask->call, srv->bus, BUS_PRESENCE, NULL, &m,
				  0, activation_h, ask);
	if (err)
		mem_deref(ask);

	return err;
}

/* @return 0: it waits; or a SIP code with words */
static uint16_t ask_presence(struct leg *leg, const struct sip_msg *msg,
			     const struct refer *r, bool dials,
			     const char **wordsp)
{
	const struct server *srv = leg->srv;

	if (leg->ask) {
		*wordsp = "another activation is under way";
		return 491;
	}

	if (srv->askc >= srv->cfg.asks_max || ask_alloc(leg, msg, r, dials)) {
		*wordsp = "this server is overloaded";
		return 503;
	}

	/* Who activates talks at once, and may not wait for the answer */
	if (!dials)
		(void)mixer_floor_expect(srv->mixer, leg->mid);

	return 0;
}

uint16_t ask_dial(struct leg *leg, const struct sip_msg *msg,
		  const char *target, const char **wordsp)
{
	struct refer r;

	memset(&r, 0, sizeof(r));
	r.targetc = 1;
	strcpy(r.targetv[0], target);
	return ask_presence(leg, msg, &r, true, wordsp);
}

/* --- REFER -------------------------------------------------------------- */

/* ";method=BYE": whom we know by the leg, so presence need not be asked. The
 * session that the terminal was told of is left as a whole. */
static uint16_t refer_remove(struct leg *leg, const struct refer *r,
			     const char **wordsp)
{
	uint16_t code = 200;
	uint32_t i;

	if (r->focus) {
		if (strcmp(r->targetv[0], leg->subscriber) ||
		    (r->session && r->session != leg->session.c.session)) {
			*wordsp = "not in that session";
			return 404;
		}

		code = call_remove(leg, "", wordsp);
		return code == 200 ? 202 : code;
	}

	for (i = 0; i < r->targetc && code == 200; i++)
		code = call_remove(leg, r->targetv[i], wordsp);

	return code == 200 ? 202 : code;
}

void ask_refer_h(struct sip *sip, const struct sip_msg *msg, void *arg)
{
	struct leg *leg = arg;
	struct server *srv = leg->srv;
	const char *words = "";
	struct refer r;
	uint16_t code;

	code = refer_decode(&r, msg, srv->cfg.domain, &leg->local, &words);
	if (code == 420) {
		(void)sip_treplyf(NULL, NULL, sip, msg, false, 420, words,
				  "Unsupported: %s\r\n"
				  "Content-Length: 0\r\n\r\n", r.unsupported);
		return;
	}

	if (code) {
		r.nosub = true;
	}
	else if (r.remove) {
		code = refer_remove(leg, &r, &words);
	}
	else if (!leg_is_up(leg)) {
		code = 480;
		words = "the leg is not up yet";
	}
	else {
		code = ask_presence(leg, msg, &r, false, &words);
	}

	if (code)
		refer_answer(leg, msg, NULL, r.nosub, code, words);
}

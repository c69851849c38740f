/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/priv.h"

/* A REFER whose activation presence was asked about. Its server transaction
 * absorbs repeats until the answer is there. */
struct ask {
	struct le le;            /**< In server.askl */
	struct leg *leg;
	const struct sip_msg *msg;
	struct sip_strans *st;
	struct bus_call *call;
	bool nosub;
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

	list_unlink(&ask->le);
	--ask->leg->srv->askc;
	ask->leg->ask = NULL;
	mem_deref(ask->call);
	mem_deref(ask->st);
	mem_deref((void *)ask->msg);
}

static void ask_end(struct ask *ask, uint16_t code, const char *words)
{
	refer_answer(ask->leg, ask->msg, &ask->st, ask->nosub, code, words);
	mem_deref(ask);
}

void ask_drop(struct leg *leg)
{
	if (leg->ask)
		ask_end(leg->ask, 487, "the leg has ended");
}

void asks_flush(struct server *srv)
{
	struct ask *ask;

	while ((ask = list_ledata(list_head(&srv->askl))))
		ask_end(ask, 503, "this server is leaving");
}

static uint16_t activation_apply(struct leg *leg,
				 const struct bus_activation *a,
				 const char **wordsp)
{
	uint16_t code;

	*wordsp = a->words;
	if (a->code != 200)
		return a->code >= 400 && a->code < 700 ? a->code : 500;

	if (a->group[0])
		code = group_activate(leg, a->group, wordsp);
	else
		code = call_activate(leg, a->partyv, a->partyc, wordsp);

	/* Whom presence left out is worth more than what we say */
	if (code == 200 && a->words[0])
		*wordsp = a->words;

	return code;
}

static void activation_h(int err, const struct bus_msg *msg, void *arg)
{
	struct ask *ask = arg;
	const char *words = "presence does not answer";
	uint16_t code = err == ETIMEDOUT ? 504 : 503;

	if (!err && msg->type == BUS_ACTIVATION) {
		code = activation_apply(ask->leg, &msg->u.activation, &words);
	}
	else if (!err && msg->type == BUS_RESULT) {
		code = msg->u.result.code >= 400 ? msg->u.result.code : 500;
		words = msg->u.result.words;
	}

	ask_end(ask, code == 200 ? 202 : code, words);
}

static int ask_alloc(struct leg *leg, const struct sip_msg *msg,
		     const struct refer *r)
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
	list_append(&srv->askl, &ask->le, ask);
	++srv->askc;
	leg->ask = ask;

	m.type = BUS_ACTIVATE_ASK;
	memset(&m.u.activate_ask, 0, sizeof(m.u.activate_ask));
	strcpy(m.u.activate_ask.caller, leg->subscriber);
	m.u.activate_ask.targetc = r->targetc;
	memcpy(m.u.activate_ask.targetv, r->targetv, sizeof(r->targetv));

	err = sip_strans_alloc(&ask->st, srv->sip, msg, NULL, NULL);
	if (!err)
		err = bus_request(&ask->call, srv->bus, BUS_PRESENCE, NULL, &m,
				  0, activation_h, ask);
	if (err)
		mem_deref(ask);

	return err;
}

/* ";method=BYE": whom we know by the leg, so presence need not be asked. */
static uint16_t refer_remove(struct leg *leg, const struct refer *r,
			     const char **wordsp)
{
	uint16_t code = 200;
	uint32_t i;

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
	else if (leg->ask) {
		code = 491;
		words = "another activation is under way";
	}
	else if (srv->askc >= srv->cfg.asks_max || ask_alloc(leg, msg, &r)) {
		code = 503;
		words = "this server is overloaded";
	}

	if (code)
		refer_answer(leg, msg, NULL, r.nosub, code, words);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An INVITE to a group or a user: the leg is made and joins, or nothing
 * happens. */
#include "server/ask.h"
#include "server/call.h"
#include "server/dial.h"
#include "server/group.h"
#include "server/leg.h"
#include "sip/refer.h"

/* To the service alone it makes the leg and no more. */
bool dial_is(const struct leg *leg, const struct sip_msg *msg)
{
	char name[HL_NAME_MAX];

	return pl_isset(&msg->uri.user) &&
		(refer_user_decode(name, sizeof(name), &msg->uri.user) ||
		 strcmp(name, leg->service.name));
}

void dial_over(struct leg *leg)
{
	struct server *srv = leg->srv;
	char subscriber[HL_NAME_MAX];

	leg->next = mem_deref(leg->next);
	if (!leg->passing || leg->sess)
		return;

	strcpy(subscriber, leg->subscriber);
	leg_end(leg, "what was dialled came to nothing");
	groups_forget(srv, subscriber);
}

void dial_refuse(struct leg *leg, const struct sip_msg *msg,
		 struct sip_strans **stp, uint16_t code, const char *text)
{
	char words[HL_REASON_MAX];
	const struct leg_sdp s = { .words = words };

	words_copy(words, sizeof(words), text);
	/* Its answer makes a transaction of its own */
	if (stp)
		*stp = mem_deref(*stp);

	++leg->srv->st.activations_refused;
	leg_dialog_refuse(leg, msg, code, &s);
}

void dial_invited(struct leg *leg, const struct sip_msg *msg)
{
	struct leg_sdp s = { .words = "" };
	char target[HL_NAME_MAX];
	const char *words = "not allowed";
	uint16_t code;

	code = leg_dialog_check(leg, msg, &s);
	if (code) {
		leg_dialog_refuse(leg, msg, code, &s);
		goto out;
	}

	code = refer_user_decode(target, sizeof(target), &msg->uri.user)
		? 403 : ask_dial(leg, msg, target, &words);
	if (code)
		dial_refuse(leg, msg, NULL, code, words);
 out:
	if (!leg->ask)
		dial_over(leg);
}

/* The call that both are in already: it goes on with the leg's new dialog. */
static struct call *call_shared(const struct leg *leg,
				const struct bus_activation *a)
{
	const struct leg *other;

	if (!leg->call || a->group[0] || a->partyc != 1)
		return NULL;

	other = leg_lookup(leg->srv, a->partyv[0].subscriber);
	return other && other->call == leg->call ? leg->call : NULL;
}

static uint16_t dial_check(const struct leg *leg,
			   const struct bus_activation *a,
			   const char **wordsp)
{
	if (leg->srv->closing) {
		*wordsp = "this server is leaving";
		return 503;
	}

	if (a->group[0])
		return group_check(leg, a->group, wordsp);

	return call_check(leg, a->partyv, a->partyc, wordsp);
}

bool dial_asks(const struct leg *leg, const struct bus_activation *a)
{
	return !leg->srv->closing && !a->group[0] && !call_shared(leg, a) &&
		call_asks(leg, a->partyv, a->partyc);
}

static uint16_t dial_bridge(struct leg *leg, const struct bus_activation *a,
			    const char **wordsp)
{
	struct connect_wait nobody;
	uint16_t code;

	if (a->group[0])
		return group_dial(leg, a->group, wordsp);

	connect_wait_init(&nobody, NULL, NULL);
	code = call_activate(leg, a->partyv, a->partyc, &nobody, wordsp);
	connect_wait_close(&nobody);
	return code;
}

/* Its answer is sent, and it is up: the other one may speak at once, the ACK
 * is on its way. @return 0, or a SIP code: words and warning are in s */
static uint16_t dial_up(struct leg *leg, const struct sip_msg *msg,
			struct leg_sdp *s)
{
	uint16_t code;

	leg->dials = true;
	code = leg_dialog_accept(leg, msg, true, s);
	if (!code)
		leg_up(leg);

	return code;
}

/* It is in what it dialled: its terminal knows */
static void dial_done(struct leg *leg, uint16_t code, const char *words)
{
	if (code != 200)
		leg_down(leg, code, words, false);

	leg_session_known(leg);
	++leg->srv->st.activations;
}

/* @return 0: answered; or a SIP code, words and warning are in s */
static uint16_t dial_accept(struct leg *leg, const struct sip_msg *msg,
			    const struct bus_activation *a, struct leg_sdp *s)
{
	struct call *call = call_shared(leg, a);
	const char *words = "";
	uint16_t code;

	if (call)
		call_hold(call);

	code = dial_up(leg, msg, s);
	if (call)
		call_let_go(call, leg);
	if (code)
		return code;

	code = dial_bridge(leg, a, &words);
	dial_done(leg, code, words);
	return 0;
}

/* ..into a call that was made for it */
static uint16_t dial_enter(struct leg *leg, const struct sip_msg *msg,
			   struct call *call, struct leg_sdp *s)
{
	const char *words = "";
	uint16_t code;

	code = dial_up(leg, msg, s);
	if (code) {
		call_give_up(call);
		return code;
	}

	code = call_enter(call, leg, &words);
	dial_done(leg, code, words);
	return 0;
}

static void dial_end(struct leg *leg, const struct sip_msg *msg, bool only,
		     uint16_t code, const struct leg_sdp *s)
{
	leg->dials = false;
	if (!code)
		return;

	leg_dialog_refuse(leg, msg, code, s);
	leg->passing = only;
	dial_over(leg);
}

void dial_allowed(struct leg *leg, const struct sip_msg *msg,
		  const struct bus_activation *a)
{
	const bool only = leg->passing && !leg->sess;
	struct leg_sdp s = { .words = "" };
	const char *words = "";
	uint16_t code;

	code = dial_check(leg, a, &words);
	if (code != 200) {
		dial_refuse(leg, msg, NULL, code, words);
		dial_over(leg);
		return;
	}

	code = dial_accept(leg, msg, a, &s);
	dial_end(leg, msg, only, code, &s);
}

void dial_answered(struct leg *leg, const struct sip_msg *msg,
		   struct call *call)
{
	const bool only = leg->passing && !leg->sess;
	struct leg_sdp s = { .words = "" };

	dial_end(leg, msg, only, dial_enter(leg, msg, call, &s), &s);
}

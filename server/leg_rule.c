/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/leg_rule.h"
#include "server/leg_secure.h"

const char *leg_rule_kind_name(enum mixer_security kind)
{
	switch (kind) {

	case MIXER_PLAIN:
		return "plain";
	case MIXER_SDES:
		return "sdes";
	case MIXER_DTLS:
		return "dtls";
	}

	return "?";
}

static bool dtls_usable(enum sdpsec_profile profile, const struct sdpsec *sec)
{
	/* Beside RTP/AVP a fingerprint may be any leftover of the session */
	return sec->fingerprint.len && sec->setup != SDPSEC_HOLDCONN &&
		(sdpsec_profile_secure(profile) ||
		 sec->setup != SDPSEC_SETUP_NONE);
}

static bool sdes_usable(enum sdpsec_profile profile, const struct sdpsec *sec)
{
	return sec->cryptoc && profile <= SDPSEC_SAVPF;
}

/* --- offers -------------------------------------------------------------- */

/* What the line has that the policy allows */
static bool offer_best(enum mixer_security *kindp, enum sdpsec_profile profile,
		       const struct sdpsec *sec, enum bus_security policy)
{
	const bool plain = profile == SDPSEC_AVP || profile == SDPSEC_AVPF;
	const bool dtls = dtls_usable(profile, sec);
	const bool sdes = sdes_usable(profile, sec);

	switch (policy) {

	case BUS_SECURITY_PLAIN:
		*kindp = MIXER_PLAIN;
		return plain;

	case BUS_SECURITY_ANY:
	case BUS_SECURITY_OPPORTUNISTIC:
		*kindp = dtls ? MIXER_DTLS : sdes ? MIXER_SDES : MIXER_PLAIN;
		return dtls || sdes || plain;

	case BUS_SECURITY_SRTP:
		*kindp = dtls ? MIXER_DTLS : MIXER_SDES;
		return dtls || sdes;

	case BUS_SECURITY_DTLS:
		break;
	}

	*kindp = MIXER_DTLS;
	return dtls && sec->ice;
}

static const char *offer_words(const struct sdpsec *sec,
			       enum bus_security policy)
{
	switch (policy) {

	case BUS_SECURITY_PLAIN:
		return "this service has plain RTP only";

	case BUS_SECURITY_SRTP:
		if (!sec->crypto_unusable && !sec->fingerprint_unusable)
			return "this service needs SRTP";
		break;

	case BUS_SECURITY_DTLS:
		return "this service needs DTLS-SRTP with ICE";

	case BUS_SECURITY_ANY:
	case BUS_SECURITY_OPPORTUNISTIC:
		break;
	}

	return sec->fingerprint_unusable
		? "no fingerprint of a usable hash is offered"
		: "no SRTP key of a usable suite is offered";
}

/* --- answers to ours ----------------------------------------------------- */

static bool answer_sdes(enum mixer_security *kindp, const char **wordsp,
			const struct sdpsec *sec, const struct leg_secure *o)
{
	*kindp = MIXER_SDES;
	*wordsp = "no key is answered to those that were offered";
	if (leg_secure_offered(o, sec))
		return true;

	*kindp = MIXER_PLAIN;
	return o->opportunistic && !sec->cryptoc && !sec->crypto_unusable;
}

static bool answer_dtls(enum mixer_security *kindp, const char **wordsp,
			const struct sdpsec *sec, const struct leg_rule *rule)
{
	*kindp = MIXER_DTLS;
	*wordsp = "no usable fingerprint is answered";
	if (!dtls_usable(SDPSEC_DTLS_SAVP, sec))
		return false;

	*wordsp = "this service needs DTLS-SRTP with ICE";
	return sec->ice || rule->policy != BUS_SECURITY_DTLS;
}

static bool answer_take(enum mixer_security *kindp, const char **wordsp,
			enum sdpsec_profile profile, const struct sdpsec *sec,
			const struct leg_rule *rule)
{
	const struct leg_secure *o = rule->secure;
	const bool secure = o && o->kind != MIXER_PLAIN && !o->beside;

	*wordsp = "the profile answered is not the one offered";
	if (sdpsec_profile_secure(profile) != secure)
		return false;

	switch (o ? o->kind : MIXER_PLAIN) {

	case MIXER_PLAIN:
		break;
	case MIXER_SDES:
		return answer_sdes(kindp, wordsp, sec, o);
	case MIXER_DTLS:
		return answer_dtls(kindp, wordsp, sec, rule);
	}

	/* A key that nobody asked for means nothing */
	*kindp = MIXER_PLAIN;
	return true;
}

/* --- both ---------------------------------------------------------------- */

bool leg_rule_take(enum mixer_security *kindp, const char **wordsp,
		   enum sdpsec_profile profile, const struct sdpsec *sec,
		   const struct leg_rule *rule)
{
	const struct leg_secure *now = rule->secure;

	*wordsp = "only RTP audio is supported here";
	if (profile == SDPSEC_OTHER)
		return false;

	if (rule->text == LEG_SDP_ANSWER)
		return answer_take(kindp, wordsp, profile, sec, rule);

	*wordsp = offer_words(sec, rule->policy);
	if (!offer_best(kindp, profile, sec, rule->policy))
		return false;

	/* Security is not taken away in the middle of a session */
	*wordsp = "the media of this session stays secured";
	return rule->text == LEG_SDP_OFFER || !now ||
		now->kind == MIXER_PLAIN || *kindp != MIXER_PLAIN;
}

bool leg_rule_conforms(enum bus_security policy,
		       const struct leg_secure *secure)
{
	const enum mixer_security kind = secure ? secure->kind : MIXER_PLAIN;

	switch (policy) {

	case BUS_SECURITY_PLAIN:
		return kind == MIXER_PLAIN;

	case BUS_SECURITY_ANY:
	case BUS_SECURITY_OPPORTUNISTIC:
		return true;

	case BUS_SECURITY_SRTP:
		return kind != MIXER_PLAIN;

	case BUS_SECURITY_DTLS:
		break;
	}

	return kind == MIXER_DTLS && secure->ice;
}

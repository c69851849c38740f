/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file leg_rule.h  Which security of a terminal's audio line is taken
 *
 * A service says what its legs must have (enum bus_security); a line says by
 * its profile and its attributes what the terminal can. The best of both is
 * taken: DTLS-SRTP, else SRTP with the keys of the SDP, else RTP. Keys and
 * fingerprints beside RTP/AVP are an offer, too (RFC 8643).
 *
 * Pure; any thread.
 */
#ifndef HL_SERVER_LEG_RULE_H
#define HL_SERVER_LEG_RULE_H

#include <stdbool.h>
#include "bus/msg.h"
#include "mixer/mixer.h"
#include "wire/sdpsec.h"

struct leg_secure;

/** What the SDP is to us */
enum leg_rule_text {
	LEG_SDP_OFFER,  /**< The first of a session */
	LEG_SDP_REOFFER,
	LEG_SDP_ANSWER
};

struct leg_rule {
	enum leg_rule_text text;
	enum bus_security policy;
	/** REOFFER: what was agreed; ANSWER: what we offered. NULL: RTP */
	const struct leg_secure *secure;
};

/**
 * @param kindp  What the line comes to
 * @param wordsp Why not, for a person (constant text)
 *
 * @return true: it is taken
 */
bool leg_rule_take(enum mixer_security *kindp, const char **wordsp,
		   enum sdpsec_profile profile, const struct sdpsec *sec,
		   const struct leg_rule *rule);

/** May a leg go on that is like this? Else it is made anew */
bool leg_rule_conforms(enum bus_security policy,
		       const struct leg_secure *secure);

/** In status and in commands */
const char *leg_rule_kind_name(enum mixer_security kind);

#endif

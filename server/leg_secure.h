/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file leg_secure.h  Our keys of a leg, and what was agreed
 *
 * Made with the first SDP of a session that is to be secured, goes by ICE or
 * has RTCP on the RTP port; a plain leg has none. It knows what we offered,
 * then what both sides agreed on. Keys are new for each leg, are in memory
 * only, never in a log, and wiped with it.
 *
 * Owned by its leg; signalling thread.
 */
#ifndef HL_SERVER_LEG_SECURE_H
#define HL_SERVER_LEG_SECURE_H

#include <stdbool.h>
#include <stdint.h>
#include "bus/msg.h"
#include "mixer/mixer.h"
#include "wire/sdpsec.h"

enum { LEG_SECURE_OFFERS_MAX = 3 };

struct leg_secure {
	enum mixer_security kind; /**< Offered, then agreed */
	bool opportunistic;       /**< Plain is an answer to what was offered */
	bool beside;              /**< In RTP/AVP, not in a profile of SRTP */
	bool ice, mux;
	/** What we send with: those we offer, or the agreed one */
	struct sdpsec_crypto cryptov[LEG_SECURE_OFFERS_MAX];
	unsigned cryptoc;
	struct srtpw_key rx;      /**< What the terminal sends with */
	enum sdpsec_setup setup;  /**< Ours */
	struct sdpsec_fingerprint fingerprint; /**< The terminal's */
	char *ufrag, *pwd;        /**< The terminal's; NULL: none yet */

	enum srtpw_suite suite;   /**< Its media is protected; SRTPW_NONE: not
				       yet */
	uint32_t moved;           /**< Times that it came from elsewhere */
};

/** What we offer first; *sp is NULL where that is plain RTP.
 *  @return 0, ENOMEM, EIO (no random keys) */
int leg_secure_offer(struct leg_secure **sp, enum bus_security policy);

/** Does that offer restart ICE? Then new credentials of ours are due, before
 *  leg_secure_answer() takes note of it.
 *  @param s   NULL: nothing was agreed yet
 *  @param ice Our leg can ICE */
bool leg_secure_restarts(const struct leg_secure *s, const struct sdpsec *sec,
			 bool ice);

/**
 * Our side of the answer to an offer
 *
 * Called again within the session: an offer with the keys of the last one
 * keeps ours; other keys make new ones.
 *
 * @param sp       In and out; NULL: plain
 * @param kind     What the line came to
 * @param sec      What it says
 * @param profile  Of the line
 * @param ice      Our leg can ICE
 *
 * @return 0, ENOMEM, EIO (no random keys)
 */
int leg_secure_answer(struct leg_secure **sp, enum mixer_security kind,
		      const struct sdpsec *sec, enum sdpsec_profile profile,
		      bool ice);

/** The answer to our offer is there; *sp becomes NULL where it is plain */
int leg_secure_agree(struct leg_secure **sp, enum mixer_security kind,
		     const struct sdpsec *sec);

/** That one of the keys we offered which was answered, NULL: none was */
const struct sdpsec_crypto *leg_secure_offered(const struct leg_secure *s,
					       const struct sdpsec *sec);

/** To the switch's terms */
void leg_secure_remote(struct mixer_leg_remote *r, const struct leg_secure *s);

/** Of one m-line in our SDP */
struct leg_secure_line {
	const struct leg_secure *secure;
	const struct mixer_ice *ice;   /**< Ours */
	const char *fingerprint;       /**< "sha-256 AA:.." */
	const struct sa *addr;         /**< Connection address */
	uint16_t rtp, rtcp;            /**< Ports */
};

/** The lines of the session. @return 0 or ENOMEM */
int leg_secure_session_print(struct mbuf *mb, const struct leg_secure *s);
int leg_secure_line_print(struct mbuf *mb, const struct leg_secure_line *l);

/** Of our first offer's m-line */
enum sdpsec_profile leg_secure_profile(const struct leg_secure *s);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file handset_sdes.h  Keys of a leg's speech, by a=crypto (RFC 4568)
 *
 * Which suites there are and whether they are asked for; the lines of our
 * offers and answers, and what those of the far side leave. New keys for each
 * leg, the same in all its offers. Values; main thread.
 */
#ifndef HL_CLI_HANDSET_SDES_H
#define HL_CLI_HANDSET_SDES_H

#include <re.h>
#include "wire/sdpsec.h"

enum hs_srtp_mode {
	HS_SRTP_OFF,     /**< RTP in clear */
	HS_SRTP_OFFER,   /**< RTP/AVP with keys: whoever can, does (RFC 8643) */
	HS_SRTP_REQUIRE  /**< RTP/SAVP, or no leg */
};

struct hs_srtp {
	enum hs_srtp_mode mode;
	enum srtpw_suite suitev[SRTPW_SUITES]; /**< Offered in this order */
	unsigned n;
};

/** off, and all suites */
void hs_srtp_default(struct hs_srtp *srtp);
/** "off", "offer", "require". @return 0 or EINVAL */
int hs_srtp_mode_parse(struct hs_srtp *srtp, const char *text);
/** Names with commas between, each once. @return 0 or EINVAL */
int hs_srtp_suites_parse(struct hs_srtp *srtp, const char *text);

struct hs_sdes {
	enum hs_srtp_mode mode;
	struct sdpsec_crypto ourv[SRTPW_SUITES];
	unsigned n;
	uint32_t tag;        /**< Of the offer's line that was taken; 0 none */
	struct srtpw_key tx, rx; /**< In use; SRTPW_NONE: in clear */
};

/** Make our keys. @return 0 or errno */
int hs_sdes_init(struct hs_sdes *sdes, const struct hs_srtp *srtp);
/** Wipe them */
void hs_sdes_fini(struct hs_sdes *sdes);
/** Our lines: all in an offer, the one that was taken in an answer */
int hs_sdes_print(struct mbuf *mb, const struct hs_sdes *sdes, bool offer);

/**
 * The far side's audio line was read: tx and rx are what it leaves
 *
 * @param offer Theirs; else their answer to ours
 *
 * @return 0 or ENOTSUP: it may not be in clear, and there is no suite in
 *         common
 */
int hs_sdes_decode(struct hs_sdes *sdes, const struct sdp_media *audio,
		   bool offer);

#endif

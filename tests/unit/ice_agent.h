/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file ice_agent.h  A phone that does ICE: its checks, written by libre
 *
 * An independent encoder and decoder of STUN. Everything fails the running
 * cmocka test by itself.
 */
#ifndef HL_TESTS_ICE_AGENT_H
#define HL_TESTS_ICE_AGENT_H

#include "tests/unit/mixer_rig.h"

enum { ICE_MSG_MAX = 512 };

/** What a check says; zeroed is one that nominates nothing */
struct ice_check {
	const struct mixer_ice *cred; /**< NULL: those of our SDP */
	const char *pwd;              /**< Other than that of cred */
	bool nominate;
	bool controlled;              /**< ..instead of controlling */
	bool unknown;                 /**< Has an attribute of TURN */
	bool bare;                    /**< Without FINGERPRINT */
	bool unsigned_;               /**< Without MESSAGE-INTEGRITY */
};

/** What came back */
struct ice_answer {
	uint16_t code;                /**< 0: success */
	struct sa mapped;
	size_t bytes;
};

/** Write a check of a new transaction
 *  @return its bytes */
size_t ice_write(const struct phone *ph, const struct ice_check *c,
		 uint8_t buf[ICE_MSG_MAX]);
/** Send a check by the RTP channel */
void ice_send(const struct phone *ph, const struct ice_check *c);
/** Wait for the answer to a check with those credentials; RTP and RTCP before
 *  it is passed over. It is authentic, or the test fails. */
struct ice_answer ice_answered(const struct phone *ph,
			       const struct ice_check *c);
/** Both, and it succeeds: the mapped address is our own */
void ice_ok(const struct phone *ph, const struct ice_check *c);
/** Nominate the RTP channel's socket */
void ice_nominate(const struct phone *ph);

/** A phone with ICE that is known and has nominated its RTP channel, which is
 *  at another IP than the flow where media is not NULL */
void ice_up(struct phone *ph, struct rig *r, const char *flow,
	    const char *media);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file proof.h  A channel of a leg is where an authentic packet came from
 *
 * What ICE and SRTP have in common: the source of an authenticated packet is
 * where the leg is, whatever the SDP says and wherever its signalling flow
 * comes from. Plain channels latch instead (latch.h). All functions: the
 * worker's thread.
 */
#ifndef HL_MIXER_PROOF_H
#define HL_MIXER_PROOF_H

#include "mixer/worker.h"

enum {
	/** An address is another leg's as long as that was heard within this
	 *  time: consent would have expired (RFC 7675 section 5.1) */
	PROOF_HELD_US = 30000000
};

/**
 * The channel is at src from now on: sent to, and taken from there only
 *
 * Signalling is told of the RTP channel by MIXER_LEG_LATCHED if it was nowhere
 * before, else by MIXER_LEG_MOVED. Nothing happens if it is there already.
 *
 * @param l leg->rtp or leg->rtcp
 *
 * @return false: that address is another leg's, which is heard
 */
bool proof_move(struct worker *w, struct leg *leg, struct latch *l,
		const struct sa *src);

/** As latch_prove(), by a packet that was opened with the leg's key: the same
 *  follows from it. Never refused: a packet counts once. */
enum latch_verdict proof_learn(struct worker *w, struct leg *leg,
			       struct latch *l, const struct sa *src,
			       bool newest);

/** The channel is at another address since now: signalling is told of that of
 *  RTP, and the leg is visited */
void proof_tell(struct worker *w, const struct leg *leg,
		const struct latch *l, enum mixer_event_type type);

/** The channel is about to latch anew: it is not found any more where it was
 *  proven to be elsewhere, as an authentic one */
void proof_end(struct worker *w, const struct leg *leg, const struct latch *l);

/** The leg is about to be changed by signalling, or freed: it cannot be found
 *  by its proven addresses before proof_list() */
void proof_unlist(struct worker *w, const struct leg *leg);
void proof_list(struct worker *w, const struct leg *leg);

/** Whose datagram this is, by the index or by the flow's IP; NULL: nobody's */
struct leg *proof_leg(const struct worker *w, const struct sock *s,
		      const struct sa *src);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file latch.h  Proof of source of one channel of a leg
 *
 * A leg has three channels (RTP, RTCP, floor), each with an address of its
 * own. Nothing is sent to an address before it is proven: its IP is that of
 * the signalling flow and either the terminal's SDP named it, or a valid
 * packet came from it within the window after the SDP. A channel latches
 * once; another move needs another SDP. What is protected by keys proves where
 * it comes from by itself, at any time. Pure.
 *
 * Who calls latch_check() has already looked the leg up by the packet's
 * source IP: it is that of the flow.
 */
#ifndef HL_MIXER_LATCH_H
#define HL_MIXER_LATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <re.h>

enum latch_state {
	LATCH_CLOSED, /**< No SDP yet, or the channel was refused */
	LATCH_OPEN,   /**< May learn its address, within the window */
	LATCH_DONE
};

enum latch_verdict {
	LATCH_OK,        /**< From the proven address */
	LATCH_LEARNT,    /**< The same; it is proven by this packet */
	LATCH_MOVED,     /**< The same; another one was proven before */
	LATCH_UNLATCHED, /**< Outside the window, or no SDP yet: drop */
	LATCH_FOREIGN    /**< Not from the latched address: drop */
};

struct latch {
	struct sa addr;    /**< Where to send; unset: nowhere */
	uint16_t old;      /**< Port before the SDP that opened it; 0: none */
	uint16_t sdp_port; /**< As last named by the SDP */
	uint8_t state;     /**< enum latch_state */
	bool sdp_direct;   /**< The SDP named an address with the flow's IP */
};

/** The terminal's SDP names an address (unset: the channel is refused) */
void latch_set(struct latch *l, const struct sa *sdp, const struct sa *flow);

/** The flow has another IP: nothing is proven until the next SDP */
void latch_reset(struct latch *l);

/** Judge a packet's source without learning from it (it may be invalid) */
bool latch_is(const struct latch *l, const struct sa *src);

/** Judge the source of a valid packet, and learn from it */
enum latch_verdict latch_check(struct latch *l, const struct sa *src,
			       bool window);

/** An authentic packet came from there, whatever the SDP said */
void latch_move(struct latch *l, const struct sa *src);
/** Judge the source of an authentic packet, and learn from it if it is the
 *  newest: no window, no IP limits it. Never LATCH_FOREIGN */
enum latch_verdict latch_prove(struct latch *l, const struct sa *src,
			       bool newest);

/** May a packet from there, which proves nothing, be answered? Within the
 *  window it is answered where it came from. */
bool latch_hint(struct latch *l, const struct sa *src, bool window);

static inline bool latch_sends(const struct latch *l)
{
	return l->addr.len != 0;
}

/** It is proven to be there */
static inline bool latch_holds(const struct latch *l, const struct sa *src)
{
	return l->state == LATCH_DONE && latch_is(l, src);
}

#endif

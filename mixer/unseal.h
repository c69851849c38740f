/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file unseal.h  Protected packets in: whose they are, opened
 *
 * Nothing is learnt from a packet, and it is no sign of life, before it is
 * known to be authentic. Then it proves where its leg is, whatever the latch
 * window says, if it is later than all that came before: one that was held
 * back, or captured and sent again from elsewhere, moves nothing. What is left
 * is who listens on the way and is faster than the packet itself: he has the
 * leg's media, which he cannot read, until the next packet comes from where
 * the leg is.
 *
 * All functions: the worker's thread.
 */
#ifndef HL_MIXER_UNSEAL_H
#define HL_MIXER_UNSEAL_H

#include "mixer/worker.h"

struct unseal {
	const struct sock *s;
	const struct sa *src;
	uint8_t *p;      /**< The packet: opened in place */
	size_t len;
	size_t hdr_len;  /**< RTP */
	uint32_t ssrc;
	uint32_t index;  /**< RTCP */
	uint16_t seq;    /**< RTP */
	bool rtcp;
	bool old;        /**< By the keys that were before */
	int tried;       /**< Why it is of none of the candidates; 0: there
			      were none */
};

/** Fill in what a datagram (s, src, p, len) says of itself in the clear
 *  @return 0, EBADMSG: neither RTP nor RTCP */
int unseal_read(struct unseal *u);

/** Open it in place as the leg's, which is secure; false: dropped, counted by
 *  cause */
bool unseal_open(struct worker *w, struct leg *leg, struct unseal *u);

enum unseal_found {
	UNSEAL_NONE,    /**< Of none that was heard before; u is as it was */
	UNSEAL_OPEN,
	UNSEAL_DROPPED  /**< Counted */
};

/** Whose is it, since the address does not say? One leg of few that were
 *  heard with this SSRC on this port. Bounded work, and counted. */
enum unseal_found unseal_find(struct worker *w, struct unseal *u,
			      struct leg **legp);

/** Count what could not be opened, by cause */
void unseal_count(struct worker *w, int err);

#endif

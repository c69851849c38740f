/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file dtlschan.h  DTLS of a leg, between its RTP port and the DTLS thread
 *
 * Handshakes are done elsewhere (dtls.h); here their datagrams pass and the
 * keys arrive. RTCP of such a leg comes by its RTP port (RFC 5761), as all
 * that do DTLS-SRTP do. All functions: the worker's thread.
 */
#ifndef HL_MIXER_DTLSCHAN_H
#define HL_MIXER_DTLSCHAN_H

#include "mixer/worker.h"

enum {
	/** Datagrams of one leg for the DTLS thread, whose queue is for all:
	 *  a handshake has ten, repeated now and then */
	DTLSCHAN_BURST = 64,
	DTLSCHAN_PER_S = 50
};

/** RFC 7983 section 7: first byte of a datagram */
static inline bool dtlschan_is(const uint8_t *p, size_t len)
{
	return len && p[0] >= 20 && p[0] <= 63;
}

/** Another certificate is expected: a handshake begins */
void dtlschan_begin(struct worker *w, struct leg *leg);
/** No handshake is wanted any more */
void dtlschan_end(struct worker *w, struct leg *leg);
/** A datagram of a leg that does DTLS; from where it may be, it is passed on */
void dtlschan_rx(struct worker *w, struct leg *leg, const struct sa *src,
		 const uint8_t *p, size_t len);
/** An authentic packet came: the last flight is known to have arrived */
void dtlschan_heard(struct worker *w, struct leg *leg);
/** Try again what the full queue did not take */
void dtlschan_visit(struct worker *w, struct leg *leg);
/** What the DTLS thread says; false: nothing waits */
void dtlschan_take(struct worker *w);
bool dtlschan_waits(const struct worker *w);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file send.h  RTP and RTCP of a leg on their way out
 *
 * All that a leg is sent by these channels goes through here, so that a
 * secure leg is never sent anything in the clear. Queued only: the payload of
 * a plain leg stays where it is until outq_flush(). All functions: the
 * worker's thread.
 */
#ifndef HL_MIXER_SEND_H
#define HL_MIXER_SEND_H

#include "mixer/worker.h"

/** Is there somewhere to send the leg's speech to, and does it want it? */
static inline bool leg_sends(const struct leg *leg)
{
	return leg->send && latch_sends(&leg->rtp);
}

/** Payload bytes, as sender reports count them */
static inline void leg_sent(struct leg *leg, size_t len)
{
	leg->tx_packets++;
	leg->tx_octets += (uint32_t)len;
	leg_count_tx(leg);
}

/** By which port the leg is sent RTCP; DTLS makes keys for that of RTP only */
static inline enum port_kind leg_rtcp_kind(const struct leg *leg)
{
	const bool dtls = leg->secure && leg->secure->mode == MIXER_DTLS;

	return leg->mux || dtls ? PORT_RTP : PORT_RTCP;
}

/** leg_send_rtp() of a secure leg */
void leg_send_sealed(struct worker *w, struct leg *leg,
		     const struct burst_stamp *stamp, const uint8_t *p,
		     size_t len);

/**
 * Send one packet of speech as the next of the leg's stream; leg_sends()
 *
 * @param stamp Its place in the burst: see stream_put()
 * @param p     Payload, shared by all who hear it
 */
static inline void leg_send_rtp(struct worker *w, struct leg *leg,
				const struct burst_stamp *stamp,
				const uint8_t *p, size_t len)
{
	uint8_t *hdr;

	if (secure_is(leg->secure)) {
		leg_send_sealed(w, leg, stamp, p, len);
		return;
	}
	hdr = outq_hdr(&w->outq);
	if (!stream_put(&leg->out, stamp, leg->pt, w->now, hdr)) {
		STAT_INC(w, drop_late);
		return;
	}
	outq_push(&w->outq, worker_sock(w, leg->triple, PORT_RTP),
		  &leg->rtp.addr, RTPW_HEADER_BYTES, p, len);
	leg_sent(leg, len);
}

/** Is there somewhere to send RTCP to? */
static inline bool leg_rtcp_sends(const struct leg *leg)
{
	return latch_sends(leg_rtcp_kind(leg) == PORT_RTP ? &leg->rtp
							  : &leg->rtcp);
}

/** Send a compound RTCP packet, if there is somewhere to; copied */
void leg_send_rtcp(struct worker *w, struct leg *leg, const uint8_t *p,
		   size_t len);

#endif

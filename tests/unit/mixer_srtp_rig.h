/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_srtp_rig.h  A terminal with SRTP, for the rig of the switch
 *
 * Its contexts are those of wire/srtp.h, as a peer has them: what they cannot
 * open fails the test.
 */
#ifndef HL_TESTS_MIXER_SRTP_RIG_H
#define HL_TESTS_MIXER_SRTP_RIG_H

#include "tests/unit/mixer_rig.h"
#include "wire/srtp.h"

struct sphone {
	struct phone ph;
	struct srtpw_key up, down;  /**< Of what it sends, and is sent */
	struct srtpw *out, *in;
	const struct mixer_dtls *dtls; /**< Its SDP has that, and no keys */
	bool mux;
	bool bare;                  /**< Sends as it is */
	size_t got;                 /**< Bytes of the last datagram on the wire*/
};

/** At 127.0.<net>.<host>; its leg has its keys, and its address is proven */
void sphone_up(struct sphone *sp, struct rig *r, unsigned net, unsigned host,
	       enum srtpw_suite suite);
/** The same without its SDP */
void sphone_open(struct sphone *sp, struct rig *r, unsigned net,
		 unsigned host, enum srtpw_suite suite);
/** New keys on both sides; the SDP is to be sent */
void sphone_keys(struct sphone *sp, enum srtpw_suite suite);
void sphone_close(struct sphone *sp);

/** Another address, and nobody is told */
void sphone_roam(struct sphone *sp, const char *ip);

/** One packet as it would go out, not sent */
size_t sphone_packet(struct sphone *sp, uint8_t n, uint8_t *buf, size_t size);
/** Those bytes to its RTP port from that socket */
void sphone_throw(const struct sphone *sp, int fd, const uint8_t *p,
		  size_t len);
/** Socket at an IP of nobody */
int thief_open(const char *ip);

/** One receiver report, where they go */
void sphone_rtcp(const struct sphone *sp);
/** Wait for a report of ours */
void sphone_report(struct sphone *sp);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file leg_sdp.h  SDP of a leg (RFC 8866, 3264): text in, values out, and back
 *
 * A leg has one audio line of its service's one codec with telephone-event,
 * and a floor line (m=application, proto udp, formats TBCP and MCPTT, or proto
 * UDP/BFCP) where the terminal has one. Every other line is refused in its place.
 * Of several audio lines the first is taken that can be secured, else the first
 * plain one; which may be is for leg_rule.h to say.
 *
 * Pure: no clock, no socket; any thread. Decoded text points into the SDP.
 */
#ifndef HL_SERVER_LEG_SDP_H
#define HL_SERVER_LEG_SDP_H

#include <stdbool.h>
#include <stdint.h>
#include <re.h>
#include "mixer/mixer.h"
#include "server/leg_floor.h"
#include "server/leg_rule.h"
#include "server/leg_secure.h"
#include "wire/sdpsec.h"

enum {
	LEG_SDP_LINES_MAX = 8,     /**< m-lines */
	LEG_SDP_FORMATS_MAX = 32,  /**< Formats of an m-line looked at */
	LEG_SDP_BYTES_MAX = 8192
};

/** A codec that a service may have; sample values of a=rtpmap */
struct leg_codec {
	const char *name;
	uint8_t pt;        /**< Static, or what we offer */
	uint32_t clock_hz; /**< RTP clock */
	uint8_t channels;
	enum mixer_codec codec;
	const char *words; /**< To whom has another one only */
};

/** By name without regard to case, "" is PCMU; NULL: we have no such codec */
const struct leg_codec *leg_codec_find(const char *name);

/** An m-line as it stands in the terminal's SDP */
struct leg_sdp_line {
	struct pl media, proto, formats;
	struct pl attrs;   /**< Its lines up to the next m-line */
	uint16_t port;
};

/** What a terminal's SDP says */
struct leg_sdp {
	struct pl session; /**< Lines before the first m-line */
	struct leg_sdp_line linev[LEG_SDP_LINES_MAX];
	int linec;
	int audio, floor;  /**< The lines we take, -1: none */
	struct sa rtp, rtcp, floor_addr;
	bool hold;         /**< The address is 0.0.0.0 or :: */
	uint8_t pt;
	uint8_t pt_event;  /**< 0: none */
	enum sdp_dir dir;  /**< As the terminal sees it */
	struct leg_floor fc; /**< Of the floor line */
	enum sdpsec_profile profile; /**< Of the audio line */
	enum mixer_security security; /**< What it comes to under the rule */
	struct sdpsec sec;   /**< What it says of that */
	bool bundle;         /**< It is in a group BUNDLE (RFC 9143) */
	bool answer;         /**< To our offer */
	uint16_t warning;  /**< If refused: RFC 3261 section 20.43 */
	const char *words; /**< ..and why, for a person (constant text) */
};

/**
 * Decode an offer or an answer
 *
 * @param s      Result, complete even where no audio line is usable; warning
 *               and words always
 * @param text   The SDP
 * @param codec  The one that the leg must have
 * @param rule   Which security is taken; NULL: the SDP is one of ours
 *
 * @return 0, EBADMSG (not SDP, or more than our bounds), EPROTO (no audio line
 *         that we can take: 488)
 */
int leg_sdp_decode(struct leg_sdp *s, const struct pl *text,
		   const struct leg_codec *codec, const struct leg_rule *rule);

/** Value of the m-line's a=mid; false: it has none */
bool leg_sdp_mid(struct pl *mid, const struct leg_sdp_line *l);

/** To the switch's terms, without keys; flow replaces an address that says
 *  hold */
void leg_sdp_remote(struct mixer_leg_remote *r, const struct leg_sdp *s,
		    const struct sa *flow);

/** Our side */
struct leg_sdp_local {
	const struct leg_codec *codec;
	struct sa addr;       /**< Connection address */
	uint16_t rtp, rtcp;   /**< Ports */
	uint16_t floor;       /**< Port; 0: no floor line, or refused */
	uint8_t pt;
	uint8_t pt_event;     /**< 0: none */
	enum sdp_dir dir;     /**< What we want */
	uint64_t id;          /**< Of the o-line, constant for the dialog */
	uint32_t version;     /**< Rises with every change */
	struct leg_floor fc;  /**< What we can, leg_floor_ours() */
	const struct leg_secure *secure; /**< NULL: plain RTP */
	const struct mixer_ice *ice;     /**< Where secure has ice */
	const char *fingerprint;         /**< "sha-256 AA:..", for DTLS */
};

/**
 * Offer. Within a session its lines keep their places, the refused ones too
 * (RFC 3264 section 8).
 *
 * @param last The last SDP that we sent in this session; NULL: the first offer
 *
 * @return 0, EINVAL, ENOMEM
 */
int leg_sdp_offer(struct mbuf *mb, const struct leg_sdp_local *l,
		  const struct leg_sdp *last);

/** offer must have decoded to 0. @return 0, EINVAL, ENOMEM */
int leg_sdp_answer(struct mbuf *mb, const struct leg_sdp_local *l,
		   const struct leg_sdp *offer);

#endif

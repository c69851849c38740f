/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file crowd_text.h  SIP text of a terminal of the crowd
 *
 * Reads only what our own server sends: full header names, nothing folded.
 * Pure but for the digest; any thread.
 */
#ifndef HL_BENCH_CROWD_TEXT_H
#define HL_BENCH_CROWD_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <re.h>
#include "wire/srtp.h"

enum { CROWD_TEXT_MAX = 4096 };

/** Who sends */
struct crowd_who {
	char user[16];
	struct sa sip;         /**< Its address */
	uint16_t media;        /**< Port of its media, all channels */
	const char *domain;
	const struct srtpw_key *key; /**< Of its media; NULL: plain RTP */
	uint32_t crypto;       /**< Tag of the offer's a=crypto it answers */
};

/** A message as far as a terminal needs it */
struct crowd_msg {
	struct pl text, method; /**< Method: of CSeq in a response */
	uint16_t code;          /**< 0: request */
	uint32_t cseq;
	struct pl body;
};

/** Server's side of a leg's media */
struct crowd_media {
	struct sa rtp, rtcp, floor;
};

/** @return 0 or EBADMSG */
int crowd_msg_decode(struct crowd_msg *m, const char *p, size_t len);
/** First header of that name */
bool crowd_msg_header(const struct crowd_msg *m, const char *name,
		      struct pl *val);
/** Offer of a leg; @return 0 or EBADMSG */
int crowd_media_decode(struct crowd_media *cm, const struct pl *sdp);
/** Tag of the first a=crypto line of that suite; 0: none */
uint32_t crowd_crypto_find(const struct pl *sdp, enum srtpw_suite suite);

/** The server's ICE credentials in an answer */
struct crowd_ice {
	struct pl ufrag, pwd;
};

/** @return 0 or EBADMSG */
int crowd_ice_decode(struct crowd_ice *ice, const struct pl *sdp);

/** A request out of a dialog */
struct crowd_ask {
	enum crowd_ask_type {
		CROWD_REGISTER,
		CROWD_SUBSCRIBE,
		CROWD_INVITE    /**< With an offer in the clear, by ICE */
	} type;
	const char *service;
	uint32_t cseq;
	const struct crowd_msg *chall; /**< Challenge to answer, or NULL */
};

/** @return bytes, or 0 */
size_t crowd_request_print(char buf[CROWD_TEXT_MAX],
			   const struct crowd_who *who,
			   const struct crowd_ask *a);
/** ACK of a final response to such an INVITE; @return bytes, or 0 */
size_t crowd_ack_print(char buf[CROWD_TEXT_MAX], const struct crowd_who *who,
		       const char *service, const struct crowd_msg *resp);

/** Answer to a request, with SDP to an INVITE; @return bytes, or 0 */
size_t crowd_answer_print(char buf[CROWD_TEXT_MAX],
			  const struct crowd_who *who,
			  const struct crowd_msg *req);

/** Lines of a request in the dialog that req (INVITE) makes, from Route to
 *  Call-ID, and its target */
int crowd_dialog_print(char **linesp, char **targetp,
		       const struct crowd_who *who,
		       const struct crowd_msg *req);

/** REFER in a leg's dialog */
struct crowd_refer {
	const char *lines, *target; /**< As crowd_dialog_print() made them */
	uint32_t cseq;
	const char *user;
	bool leave;                 /**< Take user out of the call */
};

/** @return bytes, or 0 */
size_t crowd_refer_print(char buf[CROWD_TEXT_MAX], const struct crowd_who *who,
			 const struct crowd_refer *r);

#endif

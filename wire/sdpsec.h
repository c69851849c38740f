/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file sdpsec.h  How an SDP secures a media line, and by what path it goes
 *
 * SDES keys (RFC 4568), DTLS fingerprints (RFC 8122, 8842), ICE credentials
 * and candidates (RFC 8839), RTCP by the RTP port (RFC 5761), and the names of
 * RTP profiles. Of the far SDP only what can be used is kept; candidates are
 * printed and never read: an ICE-lite agent needs none of the other side.
 *
 * Pure: text in, values out; any thread. Keys are in clear in these values:
 * whoever keeps one wipes it with sdpsec_wipe(), and nobody logs one.
 */
#ifndef HL_WIRE_SDPSEC_H
#define HL_WIRE_SDPSEC_H

#include <stdbool.h>
#include <stdint.h>
#include <re.h>
#include "wire/srtp.h"

enum {
	SDPSEC_CRYPTOS_MAX = 8,      /**< Usable a=crypto lines kept */
	SDPSEC_LINES_MAX = 64,       /**< Lines of one kind looked at */
	SDPSEC_HASH_MAX = 8,
	SDPSEC_FINGERPRINT_MAX = 64,
	SDPSEC_UFRAG_MIN = 4,
	SDPSEC_PWD_MIN = 22,
	SDPSEC_ICE_MAX = 256         /**< Characters of ufrag and of pwd */
};

/** Transport of an m-line (its "proto") */
enum sdpsec_profile {
	SDPSEC_AVP,          /**< RTP/AVP */
	SDPSEC_AVPF,
	SDPSEC_SAVP,         /**< RTP/SAVP: SDES, DTLS of older stacks */
	SDPSEC_SAVPF,
	SDPSEC_DTLS_SAVP,    /**< UDP/TLS/RTP/SAVP */
	SDPSEC_DTLS_SAVPF,
	SDPSEC_OTHER
};

/** Without regard to case */
enum sdpsec_profile sdpsec_profile_find(const struct pl *proto);
/** "" for SDPSEC_OTHER */
const char *sdpsec_profile_name(enum sdpsec_profile profile);
/** Must its media be SRTP? */
bool sdpsec_profile_secure(enum sdpsec_profile profile);

/** One a=crypto line */
struct sdpsec_crypto {
	uint32_t tag;
	struct srtpw_key key;
};

/**
 * Value of an a=crypto line, "1 SUITE inline:KEY|2^20"
 *
 * A lifetime is read and ignored: it bounds what the other side sends, which
 * renews its key itself. Not usable are: another suite than ours, a key of the
 * wrong length, an MKI or several keys, and session parameters that change
 * what is protected or how keys are derived. An unknown parameter makes the
 * line unusable unless it begins with "-" (RFC 4568 section 6.3.7).
 *
 * @return 0, EBADMSG (not the grammar), ENOTSUP (not usable); c untouched then
 */
int sdpsec_crypto_decode(struct sdpsec_crypto *c, const struct pl *val);
/** The line, with its end. @return 0 or ENOMEM */
int sdpsec_crypto_print(struct mbuf *mb, const struct sdpsec_crypto *c);

struct sdpsec_fingerprint {
	char hash[SDPSEC_HASH_MAX]; /**< "sha-256", "sha-384", "sha-512" */
	uint8_t v[SDPSEC_FINGERPRINT_MAX];
	uint8_t len;                /**< 0: none */
};

/** Value of an a=fingerprint line. @return 0, EBADMSG, ENOTSUP (its hash) */
int sdpsec_fingerprint_decode(struct sdpsec_fingerprint *f,
			      const struct pl *val);
bool sdpsec_fingerprint_same(const struct sdpsec_fingerprint *a,
			     const struct sdpsec_fingerprint *b);

/** Who sends the ClientHello (RFC 4145, 8842) */
enum sdpsec_setup {
	SDPSEC_SETUP_NONE,
	SDPSEC_ACTPASS,
	SDPSEC_ACTIVE,
	SDPSEC_PASSIVE,
	SDPSEC_HOLDCONN
};

/** SDPSEC_SETUP_NONE: no such word */
enum sdpsec_setup sdpsec_setup_find(const struct pl *word);
const char *sdpsec_setup_name(enum sdpsec_setup setup);

/** All of one m-line; texts point into the SDP */
struct sdpsec {
	/** The usable ones, in their order, each tag once */
	struct sdpsec_crypto cryptov[SDPSEC_CRYPTOS_MAX];
	unsigned cryptoc;
	bool crypto_unusable; /**< It has such lines, and none is usable */
	struct sdpsec_fingerprint fingerprint; /**< The first usable one */
	bool fingerprint_unusable;
	enum sdpsec_setup setup;
	bool ice;             /**< Makes checks (is not ice-lite), has both: */
	struct pl ufrag, pwd;
	bool mux;             /**< a=rtcp-mux */
};

/** From the lines of the session and of one m-line: what the m-line does not
 *  say is the session's, where the attribute may stand there */
void sdpsec_decode(struct sdpsec *s, const struct pl *session,
		   const struct pl *media);

/** ICE credentials and the candidates' end are the m-line's, a=ice-lite the
 *  session's. @return 0 or ENOMEM, all of these */
int sdpsec_ice_print(struct mbuf *mb, const char *ufrag, const char *pwd);
/** A host candidate (UDP). component: 1 RTP, 2 RTCP */
int sdpsec_candidate_print(struct mbuf *mb, unsigned component,
			   const struct sa *addr);

/** For text with keys: what it holds is wiped when it is freed. It has to
 *  find room in size bytes, or copies stay behind. @return buffer, or NULL */
struct mbuf *sdpsec_mbuf_alloc(size_t size);
/** Overwrite, so that the compiler cannot leave it out */
void sdpsec_wipe(void *p, size_t len);

#endif

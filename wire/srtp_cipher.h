/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file srtp_cipher.h  Encrypt and authenticate one packet of SRTP or SRTCP
 *
 * Inner part of wire/srtp.h: neither sequence numbers nor windows, only keys,
 * an IV and bytes. A cipher belongs to one thread at a time.
 */
#ifndef HL_WIRE_SRTP_CIPHER_H
#define HL_WIRE_SRTP_CIPHER_H

#include "wire/srtp.h"

enum {
	SRTPW_IV_BYTES = 16,
	SRTPW_AUTH_BYTES = 20,
	SRTPW_SALT_BYTES_MAX = 14,
	SRTPW_CIPHER_BYTES_MAX = 32,
	SRTPW_TAIL_BYTES = 4
};

/** Session keys of RTP or of RTCP, as derived (RFC 3711 section 4.3) */
struct srtpw_material {
	uint8_t key[SRTPW_CIPHER_BYTES_MAX];
	uint8_t salt[SRTPW_SALT_BYTES_MAX]; /**< Shorter ones: zeros behind */
	uint8_t auth[SRTPW_AUTH_BYTES];     /**< Not with GCM */
};

/** Lengths of a suite; NULL for SRTPW_NONE and what is none */
struct srtpw_sizes {
	const char *name;
	uint8_t key, salt, tag, rtcp_tag; /**< Bytes */
	bool aead;
};
const struct srtpw_sizes *srtpw_sizes(enum srtpw_suite suite);

/** Labels of section 4.3.1 and 4.3.2 */
enum srtpw_label { SRTPW_RTP_LABEL = 0, SRTPW_RTCP_LABEL = 3 };

/** Derive the material of RTP or RTCP. @return 0, EINVAL or EIO (OpenSSL) */
int srtpw_derive(struct srtpw_material *m, const struct srtpw_key *key,
		 enum srtpw_label label);

/** EVP_CIPHER of a suite; NULL for SRTPW_NONE */
struct evp_cipher_st;
const struct evp_cipher_st *srtpw_suite_evp(enum srtpw_suite suite);

/** What a cipher keeps of the material of RTP or RTCP */
struct srtpw_session {
	uint8_t salt[SRTPW_SALT_BYTES_MAX];
	/** SHA-1 after the inner and the outer pad of HMAC (RFC 2104 section
	 *  4): saves two of six blocks a packet */
	uint32_t inner[5], outer[5];
	uint8_t key[SRTPW_CIPHER_BYTES_MAX];
};

/** What every packet of RTP needs comes first; the session of RTCP is kept by
 *  the owner, in the cold */
struct srtpw_cipher {
	void *evp; /**< EVP_CIPHER_CTX, for RTP and RTCP */
	/** Whose key evp has. RTCP is rare, so the few hundred nanoseconds of
	 *  another key schedule are cheaper than a second context each. */
	const struct srtpw_session *keyed;
	const struct srtpw_sizes *sizes;
	struct srtpw_session rtp;
};

/** One packet */
struct srtpw_job {
	uint8_t iv[SRTPW_IV_BYTES];
	const uint8_t *head; /**< Authenticated, not encrypted, in front */
	size_t head_len;
	const uint8_t *in; /**< May be out */
	uint8_t *out;
	size_t len;
	/** Authenticated behind: ROC, or E bit and index */
	uint8_t tail[SRTPW_TAIL_BYTES];
	size_t tail_len;
	uint8_t *tag; /**< Written by seal, compared by open */
	size_t tag_len;
};

/** @return 0, EINVAL, ENOMEM or EIO */
int srtpw_cipher_init(struct srtpw_cipher *c, enum srtpw_suite suite,
		      const struct srtpw_material *rtp);
void srtpw_session_init(struct srtpw_session *ss,
			const struct srtpw_material *m);
/** Wipes its keys */
void srtpw_cipher_close(struct srtpw_cipher *c);

/** Initialisation vector of a packet (RFC 3711 section 4.1.1, RFC 7714
 *  sections 8.1 and 9.1); index: 48 bits of RTP or 31 of RTCP */
void srtpw_cipher_iv(const struct srtpw_cipher *c,
		     const struct srtpw_session *ss, uint32_t ssrc,
		     uint64_t index, uint8_t iv[SRTPW_IV_BYTES]);
/** @return 0 or EIO */
int srtpw_cipher_seal(struct srtpw_cipher *c, const struct srtpw_session *ss,
		      const struct srtpw_job *j);
/** @return 0, EACCES (not authentic; out is undefined) or EIO */
int srtpw_cipher_open(struct srtpw_cipher *c, const struct srtpw_session *ss,
		      const struct srtpw_job *j);

#endif

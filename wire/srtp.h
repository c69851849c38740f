/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file srtp.h  SRTP and SRTCP of one direction (RFC 3711, 6188, 7714)
 *
 * A context has one master key, of the one sender whose packets it protects or
 * opens. Bytes in, bytes out, over OpenSSL EVP; no clock, no socket; it
 * allocates nothing after srtpw_alloc(). A context belongs to one thread at a
 * time. libre and libsrtp2 own srtp_, so the prefix here is srtpw_.
 *
 * The SSRC is the packet's own. A sender may change it (a peer that restarts
 * its stream): the new one starts with rollover counter 0 once a packet of it
 * is authentic, the last SRTPW_STREAMS are known with counter and windows of
 * their own, and older ones are never taken again under this key, so that none
 * of their packets can be replayed. A sender's first sequence number should be
 * below 2^15: if the receiver misses all packets in front of the first wrap,
 * nothing tells it of that (RFC 3711 section 3.3.1).
 *
 * There is no MKI, and no header extension is encrypted (RFC 6904).
 *
 * No key leaves a context, none is logged, all are wiped when it is freed.
 */
#ifndef HL_WIRE_SRTP_H
#define HL_WIRE_SRTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Names and order of preference as in RFC 4568 section 6.2 and 7714 */
enum srtpw_suite {
	SRTPW_NONE,
	SRTPW_AEAD_AES_128_GCM,
	SRTPW_AEAD_AES_256_GCM,
	SRTPW_AES_CM_128_HMAC_SHA1_80,
	/** 32-bit tag of RTP, 80-bit tag of RTCP (RFC 3711 section 5.2,
	 *  RFC 4568 section 6.2.2) */
	SRTPW_AES_CM_128_HMAC_SHA1_32
};

enum {
	SRTPW_SUITES = SRTPW_AES_CM_128_HMAC_SHA1_32 + 1,
	SRTPW_KEY_BYTES_MAX = 32 + 14,
	/** What protection adds to RTP at most */
	SRTPW_RTP_BYTES_MAX = 16,
	/** ..and to RTCP: tag, E bit and index */
	SRTPW_RTCP_BYTES_MAX = 20,
	/** Bits of the replay windows */
	SRTPW_WINDOW = 128,
	/** SSRCs of one sender that are known at a time */
	SRTPW_STREAMS = 4,
	/** ..and how many before those are refused; further new ones are, too,
	 *  until there is another key */
	SRTPW_RETIRED = 28
};

/** Master key and master salt behind each other, as in a=crypto */
struct srtpw_key {
	uint8_t suite; /**< enum srtpw_suite; SRTPW_NONE: no key */
	uint8_t len;   /**< srtpw_key_bytes() */
	uint8_t v[SRTPW_KEY_BYTES_MAX];
};

/** Name in SDP and in status; "" for SRTPW_NONE */
const char *srtpw_suite_name(enum srtpw_suite suite);
/** By name, SRTPW_NONE: we have no such suite */
enum srtpw_suite srtpw_suite_find(const char *name, size_t len);
/** Bytes of master key plus master salt */
size_t srtpw_key_bytes(enum srtpw_suite suite);
/** A random key. @return 0, EINVAL, EIO */
int srtpw_key_make(struct srtpw_key *key, enum srtpw_suite suite);
bool srtpw_key_same(const struct srtpw_key *a, const struct srtpw_key *b);

struct srtpw;

/**
 * Derive the session keys (RFC 3711 section 4.3, key derivation rate 0)
 *
 * Any thread: media workers only ever get a context that is ready.
 *
 * @return 0, EINVAL (no such suite, key length), ENOMEM, EIO (OpenSSL)
 */
int srtpw_alloc(struct srtpw **sp, const struct srtpw_key *key);
/** NULL is fine */
void srtpw_free(struct srtpw *s);
/** It is about to be used: have it in the cache by then. First the one, for
 *  several contexts, then the other, which looks into it. */
void srtpw_prefetch(const struct srtpw *s);
void srtpw_prefetch_cipher(const struct srtpw *s);
/** Bytes that protection adds to an RTP packet: a tag */
size_t srtpw_rtp_bytes(const struct srtpw *s);

/**
 * Protect an RTP packet: payload in, encrypted payload and tag out
 *
 * The header is authenticated and stays as it is; it is the whole header, with
 * CSRC and extension if it has them. Sequence numbers that run back a little
 * (the talker's packets came out of order) are taken with the rollover counter
 * that belongs to them; the same one twice is refused, for it would use a
 * keystream twice.
 *
 * @param out  At least len + SRTPW_RTP_BYTES_MAX; not the payload itself
 * @param lenp Bytes written to out
 *
 * @return 0, EINVAL, EALREADY (that index was protected before, or is too old
 *         to know; an SSRC given up), ENOBUFS (too many SSRCs), EOVERFLOW (2^48
 *         packets: the key is used up), EIO (OpenSSL)
 */
int srtpw_protect(struct srtpw *s, const uint8_t *hdr, size_t hdr_len,
		  const uint8_t *p, size_t len, uint8_t *out, size_t *lenp);

/**
 * Open an RTP packet in place: header, encrypted payload, tag
 *
 * The rollover counter is estimated and kept only if the packet is authentic
 * (RFC 3711 section 3.3.1). After success the packet is the first *lenp bytes
 * of it. On failure its content is undefined, but for EALREADY, ENOBUFS and
 * EBADMSG, and the context is as it was.
 *
 * @param hdr_len Bytes of the header, CSRC and extension (rtpw_decode())
 *
 * @return 0, EBADMSG (too short for a tag), EACCES (not authentic),
 *         EALREADY (replayed, older than the window, or of an SSRC given up),
 *         ENOBUFS (too many SSRCs), EOVERFLOW, EINVAL, EIO
 */
int srtpw_unprotect(struct srtpw *s, uint8_t *p, size_t len, size_t hdr_len,
		    size_t *lenp);

/**
 * Protect a compound RTCP packet in place, encrypted; room for
 * SRTPW_RTCP_BYTES_MAX behind
 *
 * @return 0, ENOSPC (size), EINVAL, EALREADY and ENOBUFS (as
 *         srtpw_protect()), EOVERFLOW (2^31 packets), EIO
 */
int srtcpw_protect(struct srtpw *s, uint8_t *p, size_t len, size_t size,
		   size_t *lenp);
/** As srtpw_unprotect(); one whose E bit is off is opened as well, if it is
 *  authentic */
int srtcpw_unprotect(struct srtpw *s, uint8_t *p, size_t len, size_t *lenp);

#endif

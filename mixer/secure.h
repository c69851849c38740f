/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file secure.h  What protects the RTP and RTCP of one leg
 *
 * Beside the leg's slot, for those that have it. A leg that is secure neither
 * takes nor is sent RTP or RTCP in the clear, with or without keys, until
 * signalling says that it is plain.
 *
 * Made by signalling with what the SDPs said, given to the worker by command,
 * freed there. Of a master key no more than a digest is kept, to tell whether
 * an SDP brings it again: its context goes on with its counters then, for an
 * index must never be used twice with one key.
 */
#ifndef HL_MIXER_SECURE_H
#define HL_MIXER_SECURE_H

#include "mixer/bucket.h"
#include "mixer/mixer.h"

struct leg;
struct worker;

enum {
	SECURE_ID_BYTES = 16,
	/** Keys for sending that a leg had before, and may not have again */
	SECURE_USED = 8,
	/** So long packets of the keys before are taken: they are under way */
	SECURE_OLD_US = 1000000
};

/** Which master key: the first bytes of its SHA-256; all 0: none */
struct secure_id {
	uint8_t v[SECURE_ID_BYTES];
};

/** How far a handshake is */
enum secure_dtls {
	SECURE_DTLS_DUE,     /**< The DTLS thread is to be told of it */
	SECURE_DTLS_RUNNING,
	SECURE_DTLS_KEYED,   /**< Keys are there, no packet was heard yet */
	SECURE_DTLS_DONE,
	SECURE_DTLS_FAILED
};

struct secure {
	uint8_t mode;           /**< enum mixer_security; PLAIN: not now */
	uint8_t dtls_state;     /**< enum secure_dtls */
	bool heard;             /**< It is in struct ssrcs, by ssrc */
	bool fresh, fresh_rtcp; /**< The next packet is the newest one */
	uint8_t rx_suite;       /**< enum srtpw_suite */
	uint16_t seq;           /**< Newest authentic RTP of ssrc */
	uint32_t rtcp_index;    /**< ..and SRTCP */
	uint32_t ssrc;          /**< Last heard */
	uint32_t slot;          /**< Of the leg, if heard */
	uint32_t epoch;         /**< Counts handshakes */
	struct secure *next;    /**< In its bucket of struct ssrcs */
	struct srtpw *tx, *rx;  /**< NULL: no key yet */
	struct srtpw *rx_old;   /**< Of the keys before, until then: */
	uint64_t rx_old_us;
	struct bucket tries;    /**< From unknown addresses */
	struct bucket dtlsb;    /**< Datagrams for the DTLS thread */
	unsigned usedc;
	struct secure_id rx_id, tx_id, usedv[SECURE_USED];
	struct mixer_dtls dtls;
};

/* --- signalling's thread ------------------------------------------------- */

/** What the SDPs say of a leg that is secure
 *  @return 0, EINVAL (keys, fingerprint), ENOMEM, EIO (OpenSSL) */
int secure_alloc(struct secure **sp, const struct mixer_leg_remote *r);

/* --- the worker's thread ------------------------------------------------- */

/** Does the leg take and send nothing in the clear? */
static inline bool secure_is(const struct secure *s)
{
	return s && s->mode != MIXER_PLAIN;
}

/** The SDPs said so; it is given away. NULL: the leg is plain */
void secure_set(struct worker *w, struct leg *leg, struct secure *fresh);
/** Now and then: what is not needed any more, what is to be tried again.
 *  false: there is nothing left to come back for */
bool secure_visit(struct worker *w, struct leg *leg);
/** The leg is about to be freed */
void secure_del(struct worker *w, struct leg *leg);
/** Keys of a handshake */
int secure_keys(struct worker *w, struct leg *leg,
		const struct srtpw_key *rx, const struct srtpw_key *tx);

/**
 * Protect what is sent
 *
 * @param hdr  RTP header
 * @param out  At least len + SRTPW_RTP_BYTES_MAX
 *
 * @return false: there is no key, or it cannot be; counted
 */
bool secure_seal(struct worker *w, const struct leg *leg, const uint8_t *hdr,
		 const uint8_t *p, size_t len, uint8_t *out, size_t *lenp);
/** The same of RTCP, in place: size is that of the buffer */
bool secure_seal_rtcp(struct worker *w, const struct leg *leg, uint8_t *p,
		      size_t len, size_t size, size_t *lenp);

#endif

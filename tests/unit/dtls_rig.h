/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file dtls_rig.h  The DTLS thread, a worker's side of it, and far peers
 *
 * The test is worker 0 and the network between the thread and peers made with
 * OpenSSL: it loses, doubles, holds back or changes whichever datagram it
 * likes. Nothing sleeps but in poll(), with a deadline.
 */
#ifndef HL_TESTS_DTLS_RIG_H
#define HL_TESTS_DTLS_RIG_H

#include <openssl/ssl.h>
#include "mixer/dtls.h"

enum rig_dir { RIG_UP, RIG_DOWN }; /* Towards the thread, towards the peer */

struct rig;
struct far;

/** What the network does with datagram number n of a direction; it calls
 *  far_deliver() as often as it wants, or not at all */
typedef void(far_net_h)(struct far *f, enum rig_dir dir, unsigned n,
			const uint8_t *v, size_t len, void *arg);

/** A far peer: one leg */
struct far {
	struct rig *rig;
	SSL *ssl;
	BIO_METHOD *method;
	mixer_leg_id leg;
	uint32_t epoch;
	const uint8_t *in;
	size_t in_len;
	unsigned n[2];           /**< Datagrams that were sent each way */
	far_net_h *net;          /**< NULL: all arrive */
	void *arg;
	bool failed;             /**< Its own handshake did */

	/* What the thread said */
	unsigned keys_count, failed_count;
	struct srtpw_key rx, tx;
	uint16_t reason;
};

enum { RIG_FARS_MAX = 64 };

struct rig {
	struct dtls *d;
	struct wake *wake;
	EVP_PKEY *key;           /**< Of the peers */
	X509 *x;
	struct far *farv[RIG_FARS_MAX];
	unsigned farc;
	uint32_t epoch;
	bool deaf;               /**< Events stay in the queue */
};

/** cfg: workers, cert and wakes are the rig's; repeat_ms is short by default
 */
void rig_init(struct rig *r, const struct dtls_cfg *cfg);
void rig_fini(struct rig *r);

/** What peers have in common; to be changed before far_alloc() */
SSL_CTX *rig_ctx(const struct rig *r);

/** Of SSL_CTX_set_cert_verify_callback(): whatever we are */
int rig_cert_any(X509_STORE_CTX *store, void *arg);

/** One more peer; ctx is taken over. active: the peer sends the ClientHello */
struct far *far_alloc(struct rig *r, SSL_CTX *ctx, bool active);
void far_free(struct far *f);
/** The fingerprint by which the thread is to know it */
struct mixer_dtls far_sdp(const struct far *f, const EVP_MD *md,
			  const char *hash);
/** BEGIN with a new epoch. Does the peer's first step, too */
void far_begin(struct far *f, const struct mixer_dtls *sdp);
void far_start(struct far *f);
void far_cmd(const struct far *f, enum dtls_cmd_type type);
/** To where it was going */
void far_deliver(struct far *f, enum rig_dir dir, const uint8_t *v,
		 size_t len);
/** What the peer exports (RFC 5764 section 4.2) */
void far_keys(const struct far *f, enum srtpw_suite suite,
	      struct srtpw_key *sendp, struct srtpw_key *recvp);
/** Keys as the peer exports them are those that the thread made */
void far_keys_check(const struct far *f, enum srtpw_suite suite);

typedef bool(rig_cond_h)(const struct rig *r, const void *arg);

/** Carry datagrams until it is so; fails the test if it is not in time */
void rig_until(struct rig *r, rig_cond_h *ch, const void *arg);

/* Conditions: arg is the peer, or NULL */
bool far_keyed(const struct rig *r, const void *arg);  /* Both sides */
bool far_refused(const struct rig *r, const void *arg); /* The thread's */
bool rig_idle(const struct rig *r, const void *arg);   /* No handshake left */

struct dtls_stats rig_stats(const struct rig *r);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file dtls_shake.h  One DTLS handshake: datagrams in, datagrams and keys out
 *
 * OpenSSL on memory: no socket, no thread, no timer of its own. DTLS thread.
 */
#ifndef HL_MIXER_DTLS_SHAKE_H
#define HL_MIXER_DTLS_SHAKE_H

#include <openssl/bio.h>
#include "mixer/dtls.h"
#include "mixer/dtls_cert.h"

struct dtls_shake;

/** What every handshake has in common. A value */
struct dtls_common {
	SSL_CTX *ctx;
	BIO_METHOD *bio;
};

/** @return 0, EIO */
int dtls_common_init(struct dtls_common *dc, const struct dtls_cert *cert);
/** After the handshakes */
void dtls_common_fini(struct dtls_common *dc);

/** We know the hash, and the fingerprint has its length */
bool dtls_far_known(const struct mixer_dtls *far);

/** A datagram to be sent; the bytes are its caller's */
typedef void(dtls_shake_send_h)(const uint8_t *p, size_t len, void *arg);

enum dtls_shake_state {
	DTLS_SHAKE_RUNNING,
	DTLS_SHAKE_DONE,
	DTLS_SHAKE_FAILED
};

/**
 * @param far       What the far certificate must be; kept by the caller as
 *                  long as the handshake
 * @param repeat_ms Until the first repetition
 *
 * @return 0, EINVAL (no such hash or not its length), EIO
 */
int dtls_shake_alloc(struct dtls_shake **sp, const struct dtls_common *dc,
		     const struct mixer_dtls *far, unsigned repeat_ms,
		     dtls_shake_send_h *sh, void *arg);
/* mem_deref() frees all of it, and sends nothing */

/** Active side: the ClientHello */
enum dtls_shake_state dtls_shake_start(struct dtls_shake *s);

/** After DONE: the far side's last flight again is answered by ours. FAILED
 *  then: it closed, or sent what nobody sends */
enum dtls_shake_state dtls_shake_input(struct dtls_shake *s, const uint8_t *p,
				       size_t len);

/** Its time has passed: send again what was not answered */
enum dtls_shake_state dtls_shake_repeat(struct dtls_shake *s);

/** Milliseconds until dtls_shake_repeat(); false: nothing waits for an answer
 */
bool dtls_shake_wait(const struct dtls_shake *s, uint64_t *msp);

/** Why it failed, enum mixer_insecure */
uint16_t dtls_shake_reason(const struct dtls_shake *s);

/** After DONE. To be wiped by whoever has them (OPENSSL_cleanse()).
 *  @return 0, EPROTONOSUPPORT (no SRTP profile in common), EIO */
int dtls_shake_keys(const struct dtls_shake *s, struct srtpw_key *rxp,
		    struct srtpw_key *txp);

#endif

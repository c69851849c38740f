/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file dtls_peer.h  The legs that keys are being made for
 *
 * What dtls.c's thread does: commands and time in, events out. It allocates
 * no OpenSSL state for a leg before its ClientHello is there, or ours is due.
 * DTLS thread; init and fini while it does not run.
 */
#ifndef HL_MIXER_DTLS_PEER_H
#define HL_MIXER_DTLS_PEER_H

#include <stdatomic.h>
#include "mixer/dtls_shake.h"
#include "util/wheel.h"

struct dtls_peers {
	struct dtls_common common;
	struct dtls_cfg cfg;     /**< Without zeros */
	struct hash *by_leg;
	struct list lingering;   /**< Oldest first: freed when room is needed */
	struct wheel wheel;
	uint64_t now_ms;         /**< Set by the thread, once a round */
	uint32_t legs;
	struct slotq *evs[MIXER_WORKERS_MAX]; /**< To each worker */

	/* One writer, read by anybody */
	_Atomic uint64_t begun, done, failed, refused;
	_Atomic uint64_t wrong_fingerprint, dropped;
	_Atomic uint32_t running;
};

/** @return 0, ENOMEM, EIO. The queues are the caller's to set */
int dtls_peers_init(struct dtls_peers *ps, const struct dtls_cfg *cfg,
		    const struct dtls_cert *cert, uint64_t now_ms);
void dtls_peers_fini(struct dtls_peers *ps);

/** What a worker wrote */
void dtls_peers_cmd(struct dtls_peers *ps, unsigned worker,
		    const struct dtls_cmd *cmd);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file dtls.h  DTLS handshakes of secure legs, off the media workers
 *
 * One thread for the switch. The workers hand it the DTLS datagrams of their
 * legs by ring, and send what it answers; it hands them the SRTP keys
 * (RFC 5764). At most a configured number of handshakes run at a time; what
 * comes beyond is dropped and counted (clients repeat their flight). The state
 * of one is freed when its last flight is known to have arrived, or after a
 * while.
 *
 * DTLS 1.2 with ECDHE and our EC P-256 certificate; the far certificate must
 * be asked for and must have the fingerprint of the SDP (RFC 8122), whichever
 * of sha-256, sha-384, sha-512 it is.
 */
#ifndef HL_MIXER_DTLS_H
#define HL_MIXER_DTLS_H

#include "mixer/mixer.h"
#include "util/ring.h"
#include "wire/srtp.h"

enum {
	DTLS_DATAGRAM_MAX = 2048,
	DTLS_WORDS_MAX = 256
};

/**
 * worker -> DTLS thread. A command that found no room (slotq_reserve()) is
 * lost: a datagram comes again by itself, BEGIN is the worker's to repeat, END
 * and DONE may be lost.
 */
enum dtls_cmd_type {
	DTLS_BEGIN,     /**< The leg's SDP is there (again): expect this.
			     Once an epoch; what was before is forgotten */
	DTLS_DATAGRAM,  /**< From the leg's proven address */
	DTLS_DONE,      /**< SRTP arrived: the last flight did, too */
	DTLS_END        /**< The leg is gone, or needs no keys any more */
};

struct dtls_cmd {
	enum dtls_cmd_type type;
	mixer_leg_id leg;
	uint32_t epoch;  /**< Of the leg's keys: stale answers are dropped */
	union {
		struct mixer_dtls begin;
		struct {
			uint16_t len;
			uint8_t v[DTLS_DATAGRAM_MAX];
		} datagram;
	} u;
};

/**
 * DTLS thread -> worker. Each BEGIN is answered by one KEYS or FAILED, unless
 * another BEGIN or END comes before, or there are legs_max; neither is lost
 * when the queue is full, a SEND is (and made again by DTLS). KEYS come after
 * the SENDs of the last flight.
 */
enum dtls_ev_type {
	DTLS_SEND,      /**< Send this to the leg */
	DTLS_KEYS,      /**< Handshake done, fingerprint right */
	DTLS_FAILED     /**< Will not be: reason as enum mixer_insecure */
};

struct dtls_ev {
	enum dtls_ev_type type;
	mixer_leg_id leg;
	uint32_t epoch;
	uint16_t reason;
	union {
		struct {
			uint16_t len;
			uint8_t v[DTLS_DATAGRAM_MAX];
		} datagram;
		struct {
			struct srtpw_key rx; /**< Of what the leg sends */
			struct srtpw_key tx; /**< Of what we send */
		} keys;
	} u;
};

struct dtls;

/** 0 is the default of each number but workers */
struct dtls_cfg {
	unsigned workers;
	unsigned handshakes_max; /**< At a time: 256 */
	unsigned legs_max;       /**< Expected at a time: 100,000; as many as
				      the switch has legs, and none is refused
				      */
	unsigned handshake_ms;   /**< From BEGIN to KEYS at most: 30,000 */
	unsigned linger_ms;      /**< ..and from there to DONE: 10,000 */
	unsigned repeat_ms;      /**< Until a flight is sent again: 250, then
				      the double each time */
	const char *cert;        /**< PEM file, key and certificate; made if it
				      is not there. NULL: in memory only */
	struct wake *wakev[MIXER_WORKERS_MAX]; /**< Of the workers */
};

/**
 * Load or make the certificate, make the queues. Signalling thread, before
 * the workers start
 *
 * @param words Of DTLS_WORDS_MAX: why there is no certificate
 *
 * @return 0, EINVAL, ENOMEM, EBADMSG (the file is not one of ours), EIO
 *         (OpenSSL), or errno of the file. words is "" if it was not the file
 */
int dtls_alloc(struct dtls **dp, const struct dtls_cfg *cfg, char *words);
/** Start the thread; mem_deref() stops and joins it, after the workers were
 *  stopped: they write into its queues */
int dtls_start(struct dtls *d);

/** "sha-256 AA:BB.." of our certificate, for a=fingerprint */
const char *dtls_fingerprint(const struct dtls *d);

/** The queues of one worker: it alone writes cmds and reads evs */
struct slotq *dtls_cmds(const struct dtls *d, unsigned worker);
struct slotq *dtls_evs(const struct dtls *d, unsigned worker);

/** Figures of the thread, any thread may ask */
struct dtls_stats {
	uint64_t begun;      /**< Handshakes */
	uint64_t done, failed;
	uint64_t refused;    /**< No room for a handshake at that moment */
	uint64_t wrong_fingerprint;
	uint64_t dropped;    /**< Datagrams of no DTLS peer, or of no leg */
	uint64_t queue_full; /**< Commands and events that found no room */
	uint32_t running;    /**< Handshakes that hold memory now */
	uint64_t cpu_us;
};
void dtls_stats_get(const struct dtls *d, struct dtls_stats *st);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file worker.h  A media worker: one thread that shares nothing
 *
 * It owns its sockets, its legs, its part of each bridge, the bridges whose
 * home it is, and its timers. Others reach it by queues only. The folder's
 * private header: the files of the worker's side (rx, tell, bridge, part,
 * report) all take a struct worker and run on its thread.
 */
#ifndef HL_MIXER_WORKER_H
#define HL_MIXER_WORKER_H

#include <pthread.h>
#include "mixer/addrs.h"
#include "mixer/holds.h"
#include "mixer/late.h"
#include "mixer/load.h"
#include "mixer/msg.h"
#include "mixer/nap.h"
#include "mixer/outq.h"
#include "mixer/player.h"
#include "mixer/ssrcs.h"
#include "mixer/secure.h"
#include "mixer/stats.h"
#include "util/ring.h"
#include "util/wheel.h"

enum {
	RX_BATCH = 64,
	RX_BYTES = 2048,
	/** Batches that one socket may take before the others have a turn */
	RX_ROUNDS = 4,
	/** Slots to another worker that speech leaves to what the floor
	 *  decides */
	PEER_KEEP = 32,
	CNAME_MAX = 40
};

struct bfcpchan;

/** What is received in one batch: set up once, used for every socket */
struct rx {
	struct mmsghdr mm[RX_BATCH];
	struct iovec iov[RX_BATCH];
	struct sa src[RX_BATCH];
	uint8_t buf[RX_BATCH][RX_BYTES];
};

struct worker {
	unsigned idx, count;
	struct mixer_cfg cfg;
	pthread_t tid;
	bool running, quit;
	int ep;
	int ep_soon;                           /**< Of ep, what ends a nap */
	struct nap nap;

	struct wake *wake;
	struct slotq *cmds;                    /**< From signalling */
	_Atomic uint32_t cmds_done;            /**< For signalling's count */
	struct slotq *events;                  /**< To signalling */
	struct slotq *from[MIXER_WORKERS_MAX]; /**< From each other worker */
	struct slotq *to[MIXER_WORKERS_MAX];   /**< Their from[idx] */

	uint64_t now;                          /**< us, once a round */
	struct wheel wheel;
	struct wheel_timer tick;
	bool unread;                           /**< More waits than was read */
	uint32_t sweep;                        /**< Next leg slot to visit */
	uint64_t utc_us;                       /**< UTC minus now, at start */

	struct legs legs;
	struct bfcpchan *bfcpv;                /**< By leg slot */
	struct addrs addrs;                    /**< Legs by where they are */
	struct bucket checks;                  /**< STUN from anywhere */
	struct bridge **homev;                 /**< By bridge slot */
	struct part **partv;                   /**< By bridge slot */
	struct sock *sockv;              /**< triple * PORT_KINDS + kind */
	uint32_t sockc;
	char cname[CNAME_MAX];

	struct stats stats;
	_Atomic uint64_t cpu_us;
	_Atomic uint32_t overloaded;
	struct load load;
	struct outq outq;
	struct players players;
	struct holds holds;
	struct lates lates;
	struct replay_pool replays;
	struct ssrcs ssrcs;
	struct slotq *dtls_cmds, *dtls_evs; /**< Ours in struct dtls */
	struct slotq *mix_cmds, *mix_evs;   /**< ..in struct mix; NULL: none */
	struct voice *voices_gone;       /**< Of whom it has not heard yet */
	uint8_t spare[2][RX_BYTES];      /**< Packets that are tried */
	struct rx rx[2];                 /**< 1: floor, RTP is read behind */
};

/* --- worker.c: life ---------------------------------------------------- */

/** tones: live as long as the worker; NULL: none */
int worker_alloc(struct worker **wp, unsigned idx, const struct mixer_cfg *cfg,
		 struct wake *up, uint64_t seed, const struct tones *tones);
/** Start the thread; its peers' queues must be connected */
int worker_start(struct worker *w);

/* --- worker.c: for the worker's side ----------------------------------- */

/** Event to signalling; false: the queue is full, counted */
bool worker_event(struct worker *w, const struct mixer_event *ev);
/** ..about a leg, now */
bool worker_leg_event(struct worker *w, const struct leg *leg,
		      enum mixer_event_type type, unsigned reason);
/** Slot for a message to another worker; NULL: full, counted */
struct peer_msg *worker_peer(struct worker *w, unsigned to);
/** The same for speech, which never takes the last slots: who loses the floor
 *  is told, however much speech waits */
struct peer_msg *worker_peer_speech(struct worker *w, unsigned to);

static inline struct sock *worker_sock(const struct worker *w,
				       uint32_t triple, enum port_kind kind)
{
	return &w->sockv[triple * PORT_KINDS + kind];
}

/* --- order.c: commands from signalling ---------------------------------- */

/** Carry out all commands that wait */
void worker_orders(struct worker *w);

/* --- rx.c: datagrams in ------------------------------------------------- */

void rx_init(struct rx *rx);
/** Read what the socket has, in batches */
void rx_sock(struct worker *w, struct sock *s);
/** A packet of speech of a leg that has the floor of its selected bridge
 *  @param p Payload */
void rx_speech(struct worker *w, const struct leg *leg,
	       const struct rtpw_hdr *hdr, const uint8_t *p);
/** The same, and it has been heard speaking */
void rx_talk(struct worker *w, struct leg *leg, const struct rtpw_hdr *hdr,
	     const uint8_t *p);
/** A valid packet came to a channel of the leg: is its source proven? Counts
 *  it if so, drops and counts it if not */
bool rx_proven(struct worker *w, struct leg *leg, struct latch *l,
	       const struct sa *src);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mirror.h  What signalling knows of the switch
 *
 * Slots, generations, port triples and memberships are kept here, on the
 * signalling thread, so that an identity or a port is known at once and every
 * bound is refused at the call. The workers hold the same in their own
 * tables, and follow by command in the same order. Private to the files
 * mixer*.c.
 */
#ifndef HL_MIXER_MIRROR_H
#define HL_MIXER_MIRROR_H

#include "mixer/bridge.h"
#include "mixer/dtls.h"
#include "mixer/mix.h"
#include "mixer/flow.h"
#include "mixer/part.h"

enum {
	SLOT_NONE = 0xffffffff,
	/** Largest part of a command queue that is kept for what takes away */
	CMD_KEEP = CMD_SLOTS / 4
};

/** A leg's membership of a bridge */
struct mseat {
	mixer_leg_id leg;
	mixer_bridge_id bridge;
	uint32_t no; /**< Of the member in its bridge */
};

struct mleg {
	uint32_t gen;
	bool used, dead, bad, floor;
	bool ice;                    /**< Our SDP has it */
	bool ice_on;                 /**< ..and the terminal's, or will */
	bool queues;                 /**< Its terminal can wait for the floor */
	bool sessions;               /**< ..and be told of sessions */
	bool leaving;                /**< Deleted, its worker is not told yet */
	uint32_t next_free;
	uint32_t laddr, triple;      /**< triple: of its local address */
	struct sa flow, rtp;         /**< rtp: proven address, or unset */
	void *arg;
	uint32_t seatc;              /**< Places of its table */
	struct mseat **seatv;
	struct mseat *sel;
	mixer_leg_id next_leaving;
};

/** A bridge's part on one worker */
struct mpart {
	uint32_t n, cap;
};

struct mbridge {
	uint32_t gen;
	bool used;
	bool leaving;                /**< Deleted, no worker is told yet */
	uint32_t next_free;
	mixer_bridge_id next_leaving;
	unsigned home;
	void *arg;
	uint32_t n, cap, low;        /**< Members; no free number below low */
	struct mseat **seatv;        /**< By number */
	struct mpart *partv;         /**< By worker */
};

/** One local address on one worker: its triples */
struct mplace {
	uint32_t n;
	uint16_t *portv;
};

struct mworker {
	struct worker *w;
	struct mleg *legv;
	uint32_t leg_free, leg_high;
	struct mplace *placev;       /**< By local address */
	uint32_t cmds;               /**< Pushed, wraps */
	_Atomic uint32_t legs, bridges, triples;
};

struct mixer {
	struct mixer_cfg cfg;
	mixer_event_h *eh;
	void *arg;
	struct wake *up;
	struct tones *tones;         /**< Never changed; NULL: none */
	unsigned poll_next;
	struct mworker *mwv;
	struct port_range rangev[MIXER_LADDRS_MAX];
	struct flows *flows;
	struct dtls *dtls;
	struct mix *mix;             /**< NULL: nobody needed it yet */
	uint32_t legs;
	struct mbridge *bridgev;
	uint32_t bridges, bridge_free, bridge_high;
	/* Deleted while a command queue was full: tried again by each
	 * mixer_poll() */
	mixer_leg_id leaving_leg;
	mixer_bridge_id leaving_bridge;
};

/* --- mixer.c ------------------------------------------------------------- */

/** Commands that still fit; keep: CMD_KEEP, or 0 for what takes away */
bool cmd_fits(const struct mixer *m, unsigned worker, uint32_t n,
	      uint32_t keep);
/** The next command, to be filled; cmd_fits() was asked */
struct cmd *cmd_new(struct mixer *m, unsigned worker, enum cmd_type type);
void cmd_push(struct mixer *m, unsigned worker);
/** Start the mix thread, if it does not run
 *  @return 0, EAGAIN, or as mix_alloc() */
int mix_start(struct mixer *m);

/* --- mixer_leg.c --------------------------------------------------------- */

/** NULL: stale */
struct mleg *mleg_get(const struct mixer *m, mixer_leg_id id);
/** The same, but finds a leg that is leaving */
struct mleg *mleg_raw(const struct mixer *m, mixer_leg_id id);
/** Try again; false: some are still leaving */
bool mlegs_leave(struct mixer *m);
/** Open the next triple of a local address on a worker */
int triple_open(struct mixer *m, unsigned worker, uint32_t laddr);

/* --- mixer_bridge.c ------------------------------------------------------ */

struct mbridge *mbridge_get(const struct mixer *m, mixer_bridge_id id);
/** The same, but finds a bridge that is leaving */
struct mbridge *mbridge_raw(const struct mixer *m, mixer_bridge_id id);
bool mbridges_leave(struct mixer *m);
void mbridges_free(struct mixer *m);

/* --- mixer_member.c ------------------------------------------------------ */

/** The leg is no member by this seat any more; the seat is freed */
void mseat_drop(struct mleg *ml, struct mseat *seat);
/** Take the leg out of all its bridges' tables and tell their homes; the
 *  commands fit */
void mleg_unseat(struct mixer *m, struct mleg *ml);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file leg.h  Legs of one worker
 *
 * An array of slots, found by number, or by (source IP, port triple) for each
 * packet. All functions: the worker that owns the table; only the counters
 * that are atomic may be read by another thread.
 */
#ifndef HL_MIXER_LEG_H
#define HL_MIXER_LEG_H

#include <stdatomic.h>
#include "mixer/bucket.h"
#include "mixer/id.h"
#include "mixer/ipkey.h"
#include "mixer/key.h"
#include "mixer/latch.h"
#include "mixer/mixer.h"
#include "mixer/port.h"
#include "mixer/report.h"
#include "mixer/seat.h"
#include "mixer/stream.h"

struct secure;
struct voice;

enum {
	LEG_BYTES_MAX = 512,
	LEG_NONE = 0xffffffff
};

/** What the terminal was told of a session, and has not acknowledged */
enum leg_session { LEG_SESSION_NONE, LEG_SESSION_BEGINS, LEG_SESSION_ENDS };

struct leg {
	/* Fan-out reads and writes this part for each packet sent */
	struct latch rtp;
	struct stream out;
	const struct part *hear; /**< Whose burst it hears; NULL: none */
	uint32_t hear_burst;
	uint32_t triple;
	struct secure *secure;   /**< NULL: plain; see secure_is() */
	uint8_t pt;
	bool send;               /**< The terminal wants to hear */
	uint16_t late;           /**< Hears it from its start: see late.h */
	bool mux;                /**< RTCP goes by the RTP channel */
	uint32_t tx_packets, tx_octets;      /**< For sender reports */
	_Atomic uint64_t tx, rx, heard_us;   /**< Read by signalling */

	/* Receiving */
	mixer_leg_id id;         /**< 0: the slot is free */
	struct ipkey flow_key;
	uint32_t next;           /**< In its hash bucket */
	uint32_t clock_hz;
	uint64_t window_us;      /**< The latch window ends */
	struct seats *seats;     /**< NULL: it was never a member */
	struct ice *ice;         /**< NULL: our SDP has none */
	struct voice *voice;     /**< NULL: it asks by other means only */
	const struct part *talk; /**< Whose floor it holds */
	const struct part *told; /**< Whose burst its terminal knows of */
	uint32_t told_burst;
	uint32_t ssrc_rtp, ssrc_floor;
	bool has_ssrc_rtp, has_ssrc_floor;
	bool recv;               /**< The terminal wants to talk */
	bool rest;               /**< ..or may ask for it, though inactive */
	bool floor_on;
	uint8_t pt_event;
	uint8_t codec;           /**< enum mixer_codec */
	uint8_t floor_proto;     /**< enum mixer_floor_proto */
	uint8_t tones;           /**< enum mixer_tones */
	uint16_t floor_seq;      /**< Of the last Idle or Taken (MCPT) */
	uint16_t player;         /**< Hears a tone: place plus one */
	uint8_t sel;             /**< Selected seat: place plus one */
	bool dead;
	/* What was negotiated of its floor channel */
	bool queues;             /**< It can wait */
	uint8_t priority_max;    /**< 0: what it names is not looked at */
	/* What it wants of the selected bridge */
	bool asks;               /**< It has asked, and has no answer yet */
	bool queued;             /**< It waits in the queue */
	uint8_t level;           /**< TBCP: what it has asked with */
	uint8_t told_session;    /**< enum leg_session */
	uint32_t session;        /**< Hash of its URI */
	uint32_t rogue_at;       /**< See rogue.h */
	uint8_t rogue_n;
	uint16_t hold;           /**< Its speech waits: see holds.h */
	struct key key;

	struct latch rtcp, floor;
	struct bucket requests, messages;
	/* Milliseconds that wrap; 0: to be begun. See sweep.c */
	uint32_t report_ms;      /**< Our next report is due */
	uint32_t keepalive_ms;   /**< ..or, where none goes, keep-alive */
	bool reported;           /**< A report was sent */
	bool talks;              /**< Last heard speaking with the floor, and
				  *   has not let go of it */
	uint32_t spoke;          /**< Its last speech: holds_clock() */
};

struct legs {
	struct leg *v;
	struct report *reportv;  /**< By slot, too */
	uint32_t *visitv;        /**< When each is due: see sweep.h */
	uint32_t *bucketv;
	uint32_t max, mask;
	uint32_t high; /**< No slot from here on was ever used */
	uint32_t n;
	uint64_t seed;
};

/** What a leg takes; one that has carried speech, its report besides */
enum {
	LEG_BYTES = sizeof(struct leg) + sizeof(uint32_t) + SEATS_FIRST_BYTES
};

_Static_assert(LEG_BYTES <= (int)LEG_BYTES_MAX, "leg too large");

/** What a new leg starts with */
struct leg_init {
	mixer_leg_id id;
	struct sa flow;
	uint32_t triple, ssrc, clock_hz, ts;
	uint16_t seq;
	uint8_t pt, pt_event;
	enum mixer_codec codec;
	enum mixer_tones tones;
	bool floor;
	struct ice *ice;         /**< Or NULL */
	struct voice *voice;     /**< Or NULL */
};

/** Memory is reserved for max legs and touched when a slot is used */
int legs_init(struct legs *ls, uint32_t max, uint64_t seed);
void legs_fini(struct legs *ls);

struct leg *leg_new(struct legs *ls, const struct leg_init *init);
void leg_free(struct legs *ls, struct leg *leg);
/** NULL: stale */
struct leg *leg_get(const struct legs *ls, mixer_leg_id id);
/** Whose packet this is; NULL: nobody's */
struct leg *leg_find(const struct legs *ls, const struct ipkey *ip,
		     uint32_t triple);
/** The flow moved to another IP: nothing is proven any more, but by ICE */
void leg_move(struct legs *ls, struct leg *leg, const struct sa *flow);
/** The terminal's SDP */
void leg_remote(struct leg *leg, const struct mixer_leg_remote *r,
		uint64_t window_us);

/** The seat at the selected bridge; NULL: none */
static inline struct seat *leg_sel(const struct leg *leg)
{
	return leg->sel == SEAT_NONE ? NULL : &leg->seats->v[leg->sel - 1];
}

/** What proves the source of a channel, and says where to send */
static inline struct latch *leg_latch(struct leg *leg, enum port_kind kind)
{
	switch (kind) {
	case PORT_RTP:
		break;
	case PORT_RTCP:
		return &leg->rtcp;
	case PORT_FLOOR:
		return &leg->floor;
	}
	return &leg->rtp;
}

/** The terminal has refused floor messages: keys and tones do their work */
static inline bool leg_by_keys(const struct leg *leg)
{
	return leg->floor.state == LATCH_CLOSED;
}

static inline struct report *leg_report(const struct legs *ls,
					const struct leg *leg)
{
	return &ls->reportv[leg - ls->v];
}

/** A valid packet came from the leg */
static inline void leg_count_rx(struct leg *leg, uint64_t now)
{
	/* relaxed: figures for people, written by one thread */
	atomic_store_explicit(
		&leg->rx,
		atomic_load_explicit(&leg->rx, memory_order_relaxed) + 1,
		memory_order_relaxed);
	atomic_store_explicit(&leg->heard_us, now, memory_order_relaxed);
	leg->talks = false;
}

static inline void leg_count_tx(struct leg *leg)
{
	atomic_store_explicit(
		&leg->tx,
		atomic_load_explicit(&leg->tx, memory_order_relaxed) + 1,
		memory_order_relaxed);
}

#endif

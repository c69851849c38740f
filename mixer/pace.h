/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file pace.h  How one latecomer hears a burst: when, and what not
 *
 * From the first packet that is kept, at the speech's own speed by the
 * packets' timestamps. It catches up by silence only: of each pause, whether
 * the talker sent nothing or silent packets, at most PACE_PAUSE_MS are heard.
 * The stamps that are heard count on without a hole where something was left
 * out, so that the listener's stream does too. Of packets that came out of
 * order the late ones are left out.
 *
 * Pure: a burst and the time in, a packet or when to come back out.
 */
#ifndef HL_MIXER_PACE_H
#define HL_MIXER_PACE_H

#include "mixer/mixer.h"
#include "mixer/replay.h"
#include "mixer/silence.h"

enum {
	/** Longer than the longest packet of speech: 120 ms of Opus */
	PACE_PAUSE_MS = 160,
	/** A packet of what has fallen out of the ring is taken to last */
	PACE_PACKET_MS = 20,
	/** Silent packets that are passed over in one step */
	PACE_LOOK_MAX = 64
};

struct pace {
	struct replay_pos pos;
	uint64_t due_us;     /**< The last packet was due */
	uint32_t idx, ts;    /**< ..and its stamp, as heard */
	uint32_t idx_off;    /**< What was left out: as kept minus as heard */
	uint32_t ts_off;
	uint32_t quiet;      /**< Clock units of silence heard on end */
	uint64_t at_us;      /**< The last packet heard or left out came */
	struct silence silence;
	uint32_t unheard;    /**< ..is of the talker's packet before it */
	bool begun;
};

/** The burst's speech */
struct pace_speech {
	enum mixer_codec codec;
	uint32_t clock_hz;
};

enum pace_type {
	PACE_SEND, /**< packet, with its stamp as heard, is due now */
	PACE_WAIT, /**< The next one is due at at_us */
	PACE_MORE, /**< Only silence so far: step again, let others first */
	PACE_END   /**< All that is kept was heard */
};

struct pace_out {
	enum pace_type type;
	struct replay_packet packet;
	uint64_t at_us;
	uint32_t skipped;    /**< Clock units left out by this step */
};

/** One step; out is overwritten */
void pace_step(struct pace *pc, const struct replay *r,
	       const struct pace_speech *sp, uint64_t now,
	       struct pace_out *out);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mix.h  The mix thread: what needs a codec, off the media workers
 *
 * Decodes the speech of legs whose voice cannot be told from their packets
 * (voice.h) and says how loud it is. One thread for the switch, started with
 * the first such leg. Packets come from the workers by ring and levels go back
 * by ring; what finds a full ring is lost and counted, nobody waits.
 *
 * A decoder is made by signalling, given away to the worker with its leg, and
 * by the worker to this thread with MIX_END: from its making to that message
 * only this thread looks into it.
 */
#ifndef HL_MIXER_MIX_H
#define HL_MIXER_MIX_H

#include "mixer/mixer.h"
#include "util/ring.h"

struct mix;

enum {
	MIX_BYTES_MAX = 1472,
	MIX_LEVELS_MAX = 12, /**< Of LEVEL_BLOCK_MS each: 120 ms of Opus */
	/** Slots that speech leaves free for MIX_END */
	MIX_KEEP = 64
};

/** Decoder of one leg */
struct mix_decoder;

/** @return 0, ENOTSUP (the codec needs none), ENOMEM */
int mix_decoder_alloc(struct mix_decoder **dp, enum mixer_codec codec);

enum mix_cmd_type { MIX_SPEECH, MIX_END };

/** worker -> mix thread */
struct mix_cmd {
	enum mix_cmd_type type;
	mixer_leg_id leg;
	struct mix_decoder *decoder; /**< END: given away */
	uint16_t len;
	uint8_t v[MIX_BYTES_MAX];
};

/** mix thread -> worker */
struct mix_ev {
	mixer_leg_id leg;
	uint16_t n;
	int16_t levelv[MIX_LEVELS_MAX]; /**< Each of LEVEL_BLOCK_MS */
};

/** How loud the packet is, block by block; the mix thread's, and tests'
 *  @return blocks */
unsigned mix_decode(struct mix_decoder *d, const uint8_t *p, size_t len,
		    int16_t levelv[MIX_LEVELS_MAX]);

/**
 * @param wakev One of each worker, for its mix_evs()
 *
 * @return 0 or errno of the thread
 */
int mix_alloc(struct mix **mp, unsigned workers, struct wake *const *wakev);
/* mem_deref() ends the thread. The workers have ended before. */

struct slotq *mix_cmds(const struct mix *m, unsigned worker);
struct slotq *mix_evs(const struct mix *m, unsigned worker);

#endif

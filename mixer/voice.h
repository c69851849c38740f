/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file voice.h  A leg whose speech asks for the floor by itself
 *
 * For terminals without a button. What the leg sends is listened to (vox.h):
 * talk asks for the floor of the selected bridge, and gives it back when
 * nobody has talked for the hang time; a floor that was granted by signalling
 * too. Keys and floor messages of the terminal go on working beside it, and a
 * floor that was asked for by them is not given back by silence.
 *
 * Talk is noticed late, and its first sound is often a weak one. So what came
 * in the last VOICE_DELAY_MS is kept, and the burst begins with VOICE_BEFORE_MS
 * of what was there before it became loud. It is sent on at its own speed, as
 * much later as it began before it was noticed, so that no jitter buffer
 * overflows; what is still under way when the floor is given back is the
 * silence that ended it, and what is not goes first.
 *
 * G.711 is measured here. Opus says itself whether it is speech, where it has a
 * SILK layer of 8 kHz or more; what else there is, and G.722, the mix thread
 * decodes (mix.h).
 *
 * What the terminal plays may come back as an echo: while the leg hears a
 * burst or the sound of a tone, and for VOICE_DEAF_MS after, it asks for
 * nothing. Whoever is denied and talks on asks again once a second, and hears
 * the refusal once.
 *
 * An object of the leg: made by signalling, given away with the leg, freed
 * with it. All functions but voice_alloc(): the worker's thread.
 */
#ifndef HL_MIXER_VOICE_H
#define HL_MIXER_VOICE_H

#include "mixer/delay.h"
#include "mixer/leg.h"
#include "mixer/mix.h"
#include "mixer/vox.h"
#include "util/wheel.h"

struct worker;

enum {
	VOICE_DELAY_MS = 500,
	VOICE_BEFORE_MS = 160,
	VOICE_DEAF_MS = 300,
	VOICE_AGAIN_MS = 1000,
	/** Who was granted the floor without having spoken has so long, and
	 *  the hang time, to begin */
	VOICE_BEGIN_MS = 2000
};

enum voice_state {
	VOICE_IDLE,
	VOICE_ASKED,
	VOICE_HOLDS,     /**< Until its silence gives it back */
	VOICE_KEY_ASKED, /**< Its terminal has asked.. */
	VOICE_KEY_HOLDS  /**< ..and gives it back */
};

struct voice {
	struct wheel_timer timer;
	struct leg *leg;
	enum voice_state state;
	bool refused;      /**< In this talk; it has heard so */
	uint64_t asked_us;
	uint64_t deaf_us;  /**< Until then it may hear itself */
	uint64_t busy_us;  /**< It last talked, or could not be heard */
	uint64_t lag_us;   /**< HOLDS: so much later speech is sent on */
	struct vox vox;
	struct mix_decoder *decoder; /**< NULL: its codec needs none */
	struct voice *next;          /**< In worker.voices_gone */
	struct delay delay;
};

/** @return 0 or ENOMEM */
int voice_alloc(struct voice **vp, enum mixer_codec codec);

/**
 * Speech came from the leg, which has a voice
 *
 * @param p The packet
 *
 * @return false: it goes its way, as of any leg
 */
bool voice_speech(struct worker *w, struct leg *leg,
		  const struct rtpw_hdr *hdr, const uint8_t *p);

/* The following do nothing where the leg has no voice */

/** It has the floor of its selected bridge, and all have been told */
void voice_granted(struct worker *w, struct leg *leg);
/** It has not. @return false: it knows that already */
bool voice_denied(struct leg *leg);
/** Its terminal has asked by itself, or given back */
void voice_keyed(struct worker *w, struct leg *leg, bool asks);
/** Another bridge is about to be selected: what was said is not for that */
void voice_leaves(struct worker *w, struct leg *leg);
/** Its terminal is sent something to be heard, until now */
void voice_plays(struct leg *leg, uint64_t now_us);
/** The leg is about to be freed */
void voice_stop(struct worker *w, struct leg *leg);

/** Take what the mix thread says */
void voice_take(struct worker *w);
/** It has said something */
bool voice_waits(const struct worker *w);
/** The worker has ended, and the mix thread too */
void voices_fini(struct worker *w);

#endif

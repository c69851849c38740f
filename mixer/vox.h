/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file vox.h  Voice activity of one leg: does somebody speak?
 *
 * Told how loud each block of sound was (level.h), or what the codec itself
 * says of it, with the time; answers when talk begins and when it has ended.
 *
 * Loud is what lies a threshold above the noise. The noise is followed down
 * fast and up slowly, and up only to what was the quietest of the last
 * seconds: speech, which has a pause in each, does not lift it, an engine, a
 * tone or a loud room does. Talk begins when VOX_ATTACK_MS were loud nearly in
 * one piece, which clicks of keys are not; it ends when for the hang time
 * nothing was. What does not come is silence: a phone may send nothing, or
 * comfort noise, while nobody speaks.
 *
 * Pure: no clock, no memory, no I/O.
 */
#ifndef HL_MIXER_VOX_H
#define HL_MIXER_VOX_H

#include <stdbool.h>
#include <stdint.h>

enum {
	VOX_ATTACK_MS = 80,
	/** Not judged before so much was heard: what is there then is noise */
	VOX_WARM_MS = 500,
	VOX_HANG_MS = 600,      /**< Default */
	VOX_HANG_MS_MAX = 10000,
	VOX_THRESHOLD_DB = 10,  /**< Default */
	VOX_THRESHOLD_DB_MAX = 40
};

struct vox_cfg {
	uint32_t hang_ms;
	uint32_t threshold_db;  /**< Above the noise */
};

struct vox {
	uint64_t loud_us;  /**< Last time that talk was heard */
	uint64_t since_us; /**< What was loud of late began then */
	int16_t noise;     /**< Centibel, as in level.h */
	int16_t low;       /**< Quietest of the current window.. */
	int16_t low_was;   /**< ..and of the one before */
	uint16_t window_ms;
	uint16_t warm_ms;  /**< Heard so far, up to VOX_WARM_MS */
	uint16_t score_ms; /**< Loud of late */
	bool level;        /**< Levels were told: noise is one */
	bool talk;
};

enum vox_edge {
	VOX_SAME,
	VOX_TALK,   /**< Somebody has begun to speak */
	VOX_SILENT  /**< Nobody speaks any more */
};

void vox_init(struct vox *v);

/**
 * A block of sound was so loud
 *
 * @param level See level.h
 * @param ms    Its length, at most 120
 */
enum vox_edge vox_level(struct vox *v, const struct vox_cfg *cfg, int level,
			unsigned ms, uint64_t now_us);

/** The codec itself says whether it has speech in it */
enum vox_edge vox_flag(struct vox *v, const struct vox_cfg *cfg, bool speech,
		       unsigned ms, uint64_t now_us);

/**
 * The terminal plays something: what it sends may be that
 *
 * Nothing is taken for talk. The noise is followed up, not down: a phone may
 * shut its microphone while it plays.
 */
enum vox_edge vox_deaf(struct vox *v, int level, unsigned ms);

/** It is going to be spoken: as if there was talk until then */
void vox_expect(struct vox *v, uint64_t until_us);

/** Time has passed, whatever came or did not */
enum vox_edge vox_time(struct vox *v, const struct vox_cfg *cfg,
		       uint64_t now_us);

/** When vox_time() has something to say at the earliest; UINT64_MAX: never */
uint64_t vox_deadline(const struct vox *v, const struct vox_cfg *cfg);

#endif

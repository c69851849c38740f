/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file vox.c  Voice activity of one leg: does somebody speak?
 */
#include <string.h>
#include "mixer/level.h"
#include "mixer/vox.h"

enum {
	/* No room is quieter, for us: who is heard at all has to be this much
	 * and the threshold. Phones that send zeros between words go below */
	NOISE_MIN = -6000,
	/* Somebody who speaks goes on with less than what he began with */
	ON_LESS = 300,
	/* Of what talks, so much in one piece keeps talk alive: a click does
	 * not */
	ON_MS = 40,
	/* Each millisecond that is not loud takes away so many that were */
	LEAK = 2,
	WINDOW_MS = 1500,
	/* Of the way down, each 20 ms */
	FALL = 4,
	FALL_MS = 20,
	/* Up: 6 dB a second, while nobody talks and while somebody does */
	RISE_PER_S = 600
};

void vox_init(struct vox *v)
{
	memset(v, 0, sizeof(*v));
	v->noise = v->low = v->low_was = NOISE_MIN;
}

static int min_of(int a, int b)
{
	return a < b ? a : b;
}

/* The quietest of one window and the one that runs */
static int quietest(struct vox *v, int level, unsigned ms)
{
	if (level < v->low)
		v->low = (int16_t)level;
	v->window_ms = (uint16_t)(v->window_ms + ms);
	if (v->window_ms >= WINDOW_MS) {
		v->window_ms = 0;
		v->low_was = v->low;
		v->low = (int16_t)level;
	}
	return min_of(v->low, v->low_was);
}

static void noise_up(struct vox *v, int low, unsigned ms)
{
	if (low > v->noise)
		v->noise = (int16_t)min_of(
			low, v->noise + (int)ms * RISE_PER_S / 1000);
}

static void noise_down(struct vox *v, int level, unsigned ms)
{
	if (level < v->noise)
		v->noise = (int16_t)(v->noise - (v->noise - level) *
						(int)min_of((int)ms, FALL_MS) /
						FALL / FALL_MS - 1);
	if (v->noise < NOISE_MIN)
		v->noise = NOISE_MIN;
}

static bool warm(struct vox *v, unsigned ms)
{
	if (v->warm_ms >= VOX_WARM_MS)
		return true;
	v->warm_ms = (uint16_t)(v->warm_ms + ms);
	return false;
}

static enum vox_edge silent(struct vox *v)
{
	const bool was = v->talk;

	v->talk = false;
	v->score_ms = 0;
	return was ? VOX_SILENT : VOX_SAME;
}

static void score(struct vox *v, bool loud, unsigned ms, uint64_t now_us)
{
	if (loud && !v->score_ms)
		v->since_us = now_us;
	if (loud)
		v->score_ms = (uint16_t)min_of(VOX_ATTACK_MS,
					       v->score_ms + (int)ms);
	else
		v->score_ms = v->score_ms > LEAK * ms
				      ? (uint16_t)(v->score_ms - LEAK * ms)
				      : 0;
}

static enum vox_edge judge(struct vox *v, const struct vox_cfg *cfg, bool loud,
			   unsigned ms, uint64_t now_us)
{
	score(v, loud, ms, now_us);
	if (v->talk) {
		if (loud && v->score_ms >= ON_MS)
			v->loud_us = now_us;
		return vox_time(v, cfg, now_us);
	}
	if (!loud || v->score_ms < VOX_ATTACK_MS)
		return VOX_SAME;
	v->talk = true;
	v->loud_us = now_us;
	return VOX_TALK;
}

/* What it begins with is noise, whatever it is: the first pause corrects it */
static void begin(struct vox *v, int level)
{
	v->noise = (int16_t)(level > NOISE_MIN ? level : NOISE_MIN);
	v->low = v->low_was = v->noise;
	v->window_ms = v->warm_ms = 0;
	v->level = true;
}

enum vox_edge vox_level(struct vox *v, const struct vox_cfg *cfg, int level,
			unsigned ms, uint64_t now_us)
{
	int least;

	if (!v->level)
		begin(v, level);
	noise_up(v, quietest(v, level, ms), ms);
	noise_down(v, level, ms);
	if (!warm(v, ms))
		return VOX_SAME;
	least = v->noise + (int)cfg->threshold_db * 100 -
		(v->talk ? ON_LESS : 0);
	return judge(v, cfg, level > least, ms, now_us);
}

enum vox_edge vox_flag(struct vox *v, const struct vox_cfg *cfg, bool speech,
		       unsigned ms, uint64_t now_us)
{
	/* The codec's own detector has to learn, too */
	if (!warm(v, ms))
		return VOX_SAME;
	return judge(v, cfg, speech, ms, now_us);
}

enum vox_edge vox_deaf(struct vox *v, int level, unsigned ms)
{
	if (v->level && level > LEVEL_NONE)
		noise_up(v, quietest(v, level, ms), ms);
	return silent(v);
}

void vox_expect(struct vox *v, uint64_t until_us)
{
	v->talk = true;
	v->loud_us = until_us;
}

enum vox_edge vox_time(struct vox *v, const struct vox_cfg *cfg,
		       uint64_t now_us)
{
	return now_us >= vox_deadline(v, cfg) ? silent(v) : VOX_SAME;
}

uint64_t vox_deadline(const struct vox *v, const struct vox_cfg *cfg)
{
	return v->talk ? v->loud_us + cfg->hang_ms * 1000ull : UINT64_MAX;
}

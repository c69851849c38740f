/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file voice_sound.h  Sound for the tests of voice activation: recorded
 * speech, noises, tones, clicks of keys, in one buffer that grows
 */
#ifndef HL_TESTS_VOICE_SOUND_H
#define HL_TESTS_VOICE_SOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SOUND_MS_MAX = 90000, SOUND_RATE_MAX = 48000 };

struct sound {
	unsigned rate_hz;
	size_t n;
	double v[(size_t)SOUND_MS_MAX * (SOUND_RATE_MAX / 1000)];
};

enum noise { NOISE_WHITE, NOISE_PINK, NOISE_BROWN, NOISE_KINDS };

/** The sound of a thread; anew */
struct sound *sound_new(unsigned rate_hz);
void sound_silence(struct sound *s, unsigned ms);
/** Adds a recording of alsa-utils ("Front_Center") of this loudness of its
 *  loudest 20 ms, dB below full scale
 *  @return false: it, or sox, is not there */
bool sound_speech(struct sound *s, const char *name, double db);

/** No pause is longer than that, as in fluent talk; noise comes later */
void sound_hasten(struct sound *s, unsigned pause_ms);

/* These are laid over what is there, from at_ms on */
void sound_noise(struct sound *s, enum noise kind, double db, unsigned at_ms);
void sound_tone(struct sound *s, double hz, double db, unsigned at_ms);
/** Clicks of keys, so many a second, this loud at their top */
void sound_clicks(struct sound *s, unsigned per_s, double db, unsigned at_ms);
/** Too loud: clipped */
void sound_amplify(struct sound *s, double factor);

unsigned sound_ms(const struct sound *s);
/** Loudness of ms from at_ms on, dB below full scale */
double sound_db(const struct sound *s, unsigned at_ms, unsigned ms);
/** n samples from the at-th on; silence behind the end */
void sound_pcm(const struct sound *s, size_t at, int16_t *v, size_t n);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file pcm.h  Speech in memory and in WAV files
 *
 * Mono, 16 bits, native order. A value: hs_pcm_init(), then any function that
 * fills it, then hs_pcm_fini(). Any thread, one at a time.
 */
#ifndef HL_CLI_PCM_H
#define HL_CLI_PCM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
	/** Mouth, ear and every recording: what a wideband codec carries */
	HS_RATE_HZ = 16000,
	/** Samples of one packet, and of one tick of the audio thread */
	HS_FRAME_SAMPLES = 320,
	HS_FRAME_US = 20000,

	HS_WAV_RATE_MIN_HZ = 4000,
	HS_WAV_RATE_MAX_HZ = 192000,
	HS_WAV_CHANNELS_MAX = 8,
	/** Longest file that is read, in bytes of samples */
	HS_WAV_BYTES_MAX = 256 * 1024 * 1024
};

struct hs_pcm {
	int16_t *v;
	size_t n;
	unsigned rate_hz;
};

void hs_pcm_init(struct hs_pcm *pcm);
void hs_pcm_fini(struct hs_pcm *pcm);

/**
 * Read a RIFF WAV file: linear PCM of 8, 16, 24 or 32 bits, or G.711; the
 * channels are averaged
 *
 * @return 0, ENOENT and the like, EBADMSG (not a WAV file, or a header that
 *         lies), ENOTSUP (another codec), EFBIG, ENOMEM
 */
int hs_pcm_read(struct hs_pcm *pcm, const char *path);

/** hs_pcm_read(), then to rate_hz */
int hs_pcm_load(struct hs_pcm *pcm, const char *path, unsigned rate_hz);

/**
 * Change the rate with a linear-phase low-pass filter: nothing is delayed,
 * what the lower rate cannot carry is removed
 *
 * @return 0, EINVAL (rates out of the range above), ENOMEM
 */
int hs_pcm_resample(struct hs_pcm *out, const struct hs_pcm *in,
		    unsigned rate_hz);

/**
 * Take away what lies under the voice, below 300 Hz; nothing is delayed
 *
 * @return 0, ENOMEM
 */
int hs_pcm_voice(struct hs_pcm *pcm);

/**
 * A WAV file that grows: HS_RATE_HZ, mono, 16 bits. The header is brought up
 * to date every second, so that the file can be read while it grows and after
 * the process has vanished.
 */
struct hs_wav {
	FILE *f;
	uint64_t samples;
	uint64_t samples_header;
};

int hs_wav_open(struct hs_wav *w, const char *path);
int hs_wav_write(struct hs_wav *w, const int16_t *v, size_t n);
/** Harmless on one that was never opened (all zero) or closed before */
void hs_wav_close(struct hs_wav *w);

#endif

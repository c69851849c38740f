/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file align.h  Finds speech again in a recording
 *
 * Cross-correlation by FFT. Pure: any thread, no input or output.
 */
#ifndef HL_CLI_ALIGN_H
#define HL_CLI_ALIGN_H

#include "cli/pcm.h"

enum {
	/** What must be there for a first syllable not to be lost */
	ALIGN_HEAD_MS = 200,
	/** Longest original, in samples: 10 min of 8000 Hz */
	ALIGN_ORIGINAL_MAX = 10 * 60 * 8000,
	/** Longest recording: 3 h of it */
	ALIGN_RECORDING_MAX = 3 * 3600 * 8000
};

struct align {
	/** Normalised correlation of the whole original at its best place,
	 *  0..1: 1 the same wave, at any loudness; 0 nothing of it */
	double corr;
	/** Of the first ALIGN_HEAD_MS of its speech alone, at that place */
	double head;
	/** Where the original's first sample lies in the recording; negative
	 *  if its beginning is cut off */
	double offset_ms;
	/** Where its speech begins, behind leading silence */
	double onset_ms;
};

/**
 * Both of one rate
 *
 * @return 0, EINVAL (two rates), ENODATA (the original is empty or silent),
 *         EFBIG, ENOMEM
 */
int align_find(struct align *res, const struct hs_pcm *original,
	       const struct hs_pcm *recording);

#endif

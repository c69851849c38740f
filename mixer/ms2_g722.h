/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file ms2_g722.h  G.722 to samples, by mediastreamer2's decoder
 *
 * Of one stream; any thread, one at a time. This header knows neither libre nor
 * mediastreamer2, whose headers cannot be compiled together.
 */
#ifndef HL_MIXER_MS2_G722_H
#define HL_MIXER_MS2_G722_H

#include <stddef.h>
#include <stdint.h>

struct ms2_g722;

/** @return 0 or ENOMEM */
int ms2_g722_open(struct ms2_g722 **gp);
void ms2_g722_close(struct ms2_g722 *g);

/** @return samples at 16 kHz, at most max: two for each byte */
size_t ms2_g722_decode(struct ms2_g722 *g, const uint8_t *p, size_t len,
		       int16_t *v, size_t max);

#endif

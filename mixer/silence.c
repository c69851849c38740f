/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file silence.c  Is there nothing to hear in a packet of speech?
 */
#include <stdlib.h>
#include "mixer/silence.h"
#include "wire/g711.h"

static bool g711_silent(int16_t (*sample)(uint8_t), const uint8_t *p,
			size_t len)
{
	const uint64_t most = (uint64_t)len * SILENCE_MEAN;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < len && sum <= most; i++)
		sum += (unsigned)abs(sample(p[i]));
	return sum <= most;
}

/* SILK frames of one Opus frame; 0: it has no SILK layer (table 2 of RFC
 * 6716): 10, 20, 40, 60 ms of SILK alone, 10 and 20 ms of both */
static unsigned silk_frames(uint8_t toc)
{
	static const unsigned silkv[] = {1, 1, 2, 3};
	const unsigned config = toc >> 3;

	return config < 12 ? silkv[config & 3] : config < 16 ? 1 : 0;
}

/* One Opus frame: its first byte begins with a bit for each SILK frame and
 * one for redundancy, for the middle and then for the side channel */
static bool opus_silent(const uint8_t *p, size_t len)
{
	enum { STEREO = 0x04, CODE = 0x03 };
	unsigned n, voice;

	if (len <= 2)
		return len != 0;
	n = silk_frames(p[0]);
	if (!n || p[0] & CODE)
		return false;
	voice = ((1u << n) - 1) << (8 - n);
	if (p[0] & STEREO)
		voice |= voice >> (n + 1);
	return !(p[1] & voice);
}

bool silence_is(enum mixer_codec codec, const uint8_t *p, size_t len)
{
	switch (codec) {
	case MIXER_CODEC_PCMU:
		return g711_silent(g711_ulaw_sample, p, len);
	case MIXER_CODEC_PCMA:
		return g711_silent(g711_alaw_sample, p, len);
	case MIXER_CODEC_OPUS:
		return opus_silent(p, len);
	case MIXER_CODEC_G722:
		break;
	}
	return false;
}

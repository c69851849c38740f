/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file silence.c  Is there nothing to hear in a packet of speech?
 */
#include <stdlib.h>
#include "mixer/silence.h"
#include "wire/g711.h"
#include "wire/opuspkt.h"

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

static bool opus_silent(const uint8_t *p, size_t len)
{
	struct opuspkt o;

	if (len <= 2)
		return len != 0;
	return !opuspkt_decode(&o, p, len) &&
	       opuspkt_voice(&o, p) == OPUSPKT_NO_VOICE;
}

static bool g722_silent(struct silence *s, const uint8_t *p, size_t len)
{
	const bool blind = s->codes < SILENCE_G722_BLIND;
	struct g722_mean mean;

	if (!len)
		return false;
	if (!s->codes)
		g722_enter(&s->g722);
	if (blind)
		s->codes += (uint32_t)len;
	g722_follow(&s->g722, &mean, p, len);
	return !blind && mean.low <= SILENCE_MEAN &&
	       mean.step_high <= SILENCE_G722_HIGH;
}

bool silence_is(struct silence *s, enum mixer_codec codec, const uint8_t *p,
		size_t len)
{
	switch (codec) {
	case MIXER_CODEC_PCMU:
		return g711_silent(g711_ulaw_sample, p, len);
	case MIXER_CODEC_PCMA:
		return g711_silent(g711_alaw_sample, p, len);
	case MIXER_CODEC_OPUS:
		return opus_silent(p, len);
	case MIXER_CODEC_G722:
		return g722_silent(s, p, len);
	}
	return false;
}

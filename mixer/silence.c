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
	struct g722_scale mean;

	if (!len)
		return false;
	if (!s->known)
		s->scale = (struct g722_scale){G722_LOW_MAX, G722_HIGH_MAX};
	s->known = true;
	g722_scale_follow(&s->scale, &mean, p, len);
	return mean.low <= SILENCE_G722_LOW && mean.high <= SILENCE_G722_HIGH;
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

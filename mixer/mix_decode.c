/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mix_decode.c  How loud is a packet of a codec that has to be decoded?
 */
#include <errno.h>
#include <opus.h>
#include "mixer/level.h"
#include "mixer/mix.h"
#include "mixer/ms2_g722.h"

enum {
	SAMPLES = MIX_LEVELS_MAX * LEVEL_BLOCK,
	/* G.722 has 16 kHz */
	WIDE = 2
};

struct mix_decoder {
	OpusDecoder *opus;
	struct ms2_g722 *g722;
};

static void destructor(void *arg)
{
	struct mix_decoder *d = arg;

	if (d->opus)
		opus_decoder_destroy(d->opus);
	ms2_g722_close(d->g722);
}

static int open_codec(struct mix_decoder *d, enum mixer_codec codec)
{
	int err;

	switch (codec) {
	case MIXER_CODEC_G722:
		return ms2_g722_open(&d->g722);
	case MIXER_CODEC_OPUS:
		d->opus = opus_decoder_create(LEVEL_RATE_HZ, 1, &err);
		return d->opus ? 0 : ENOMEM;
	case MIXER_CODEC_PCMU:
	case MIXER_CODEC_PCMA:
		break;
	}
	return ENOTSUP;
}

int mix_decoder_alloc(struct mix_decoder **dp, enum mixer_codec codec)
{
	struct mix_decoder *d = mem_zalloc(sizeof(*d), destructor);
	int err;

	if (!d)
		return ENOMEM;
	err = open_codec(d, codec);
	if (err)
		mem_deref(d);
	else
		*dp = d;
	return err;
}

/* Two samples become one: what is loud stays as loud */
static size_t halve(int16_t *v, size_t n)
{
	size_t i;

	for (i = 0; i < n / WIDE; i++)
		v[i] = (int16_t)((v[WIDE * i] + v[WIDE * i + 1]) / WIDE);
	return n / WIDE;
}

unsigned mix_decode(struct mix_decoder *d, const uint8_t *p, size_t len,
		    int16_t levelv[MIX_LEVELS_MAX])
{
	int16_t v[SAMPLES * WIDE];
	unsigned i, blocks;
	size_t n = 0;

	/* libopus would make something of nothing */
	if (!len)
		return 0;
	if (d->opus) {
		const int got = opus_decode(d->opus, p, (opus_int32)len, v,
					    SAMPLES, 0);

		n = got > 0 ? (size_t)got : 0;
	} else if (len <= SAMPLES) {
		n = halve(v, ms2_g722_decode(d->g722, p, len, v,
					     SAMPLES * WIDE));
	}
	blocks = (unsigned)(n / LEVEL_BLOCK);
	for (i = 0; i < blocks; i++)
		levelv[i] = (int16_t)level_of(&v[i * LEVEL_BLOCK],
					      LEVEL_BLOCK);
	return blocks;
}

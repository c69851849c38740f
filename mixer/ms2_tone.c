/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file ms2_tone.c  Tones rendered with mediastreamer2
 *
 * A graph of its generator and one encoder, between a source of silence and a
 * sink of ours, run step by step: no ticker, so faster than the tones sound.
 */
#include <errno.h>
#include <mediastreamer2/dtmfgen.h>
#include <mediastreamer2/msfactory.h>
#include <mediastreamer2/msfilter.h>
#include <mediastreamer2/msticker.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include "mixer/ms2_tone.h"

/* The filters are named here and not looked up by name: to fill its tables a
 * factory would also open sound cards, plugins and PulseAudio. */
extern MSFilterDesc ms_ulaw_enc_desc, ms_alaw_enc_desc, ms_g722_enc_desc,
	ms_opus_enc_desc;

enum {
	/** Enough for speech of a telephone; only opus is asked */
	OPUS_BITRATE = 24000,
	NOTES_MAX = 3
};

static const float loudness = 0.35f; /* 1 is 0 dBm0 */

struct codec {
	MSFilterDesc *desc;
	int rate_hz;     /* Of the samples that it takes */
	int bitrate;     /* 0: the codec has only one */
};

struct note {
	unsigned at_ms, ms;
	int hz, hz2;     /* 0: one frequency only */
};

struct melody {
	unsigned ms;
	struct note notev[NOTES_MAX];
};

/* Where nobody speaks afterwards silence follows: baresip begins to play, and
 * goes on, only while more packets than its jitter buffer holds have come. */
static const struct melody melodies[TONE_KINDS] = {
	[TONE_PERMIT] = {360, {{0, 80, 784, 0}, {80, 80, 1047, 0}}},
	[TONE_DENY] = {400, {{0, 180, 400, 450}, {220, 180, 400, 450}}},
	[TONE_REVOKE] = {560, {{0, 80, 330, 0}, {140, 80, 330, 0},
			       {280, 80, 330, 0}}},
	[TONE_QUEUED] = {240, {{0, 240, 523, 0}}},
	[TONE_TURN] = {440, {{0, 80, 784, 0}, {80, 80, 1047, 0},
			     {160, 80, 1319, 0}}},
	[TONE_WARN] = {380, {{0, 60, 1568, 0}, {120, 60, 1568, 0}}},
	[TONE_END] = {260, {{0, 60, 1175, 0}}}
};

enum { SILENCE, GENERATOR, ENCODER, SINK, FILTERS };

struct graph {
	MSFactory *factory;
	MSFilterDesc silence_desc, sink_desc;
	MSFilter *fv[FILTERS]; /* In the order of their links */
	MSTicker ticker;
	int rate_hz;
	struct tone *tone;
	bool wrong;            /* A packet did not fit */
};

/* --- our two ends ------------------------------------------------------ */

/* The generator plays into what passes through it */
static void silence_process(MSFilter *f)
{
	const struct graph *g = f->data;
	const size_t n = (size_t)g->rate_hz * TONE_PACKET_MS / 1000 * 2;
	mblk_t *m = allocb(n, 0);

	if (!m)
		return;
	memset(m->b_wptr, 0, n);
	m->b_wptr += n;
	ms_queue_put(f->outputs[0], m);
}

static void payload_keep(struct graph *g, mblk_t *m)
{
	struct tone *t = g->tone;
	const size_t n = msgdsize(m);

	if (t->n == TONE_PACKETS_MAX || n > TONE_BYTES_MAX || !n) {
		g->wrong = true;
		return;
	}
	msgpullup(m, n);
	memcpy(t->v[t->n], m->b_rptr, n);
	t->bytesv[t->n++] = (uint8_t)n;
}

static void sink_process(MSFilter *f)
{
	mblk_t *m;

	while ((m = ms_queue_get(f->inputs[0]))) {
		payload_keep(f->data, m);
		freemsg(m);
	}
}

/* --- the graph --------------------------------------------------------- */

static int filters_new(struct graph *g, const struct codec *c)
{
	MSFilterDesc *descv[FILTERS] = {&g->silence_desc, &ms_dtmf_gen_desc,
					c->desc, &g->sink_desc};
	unsigned i;

	g->silence_desc = (MSFilterDesc){.id = MS_FILTER_PLUGIN_ID,
					 .name = "HollerSilence",
					 .text = "nothing to hear",
					 .category = MS_FILTER_OTHER,
					 .noutputs = 1,
					 .process = silence_process};
	g->sink_desc = (MSFilterDesc){.id = MS_FILTER_PLUGIN_ID,
				      .name = "HollerPayloads",
				      .text = "keeps payloads",
				      .category = MS_FILTER_OTHER,
				      .ninputs = 1,
				      .process = sink_process};
	for (i = 0; i < FILTERS; i++) {
		g->fv[i] = ms_factory_create_filter_from_desc(g->factory,
							      descv[i]);
		if (!g->fv[i])
			return ENOMEM;
	}
	g->fv[SILENCE]->data = g->fv[SINK]->data = g;
	return 0;
}

static int codec_set(struct graph *g, const struct codec *c)
{
	int rate_hz = c->rate_hz, bitrate = c->bitrate, one = 1;

	g->rate_hz = rate_hz;
	if (ms_filter_call_method(g->fv[GENERATOR], MS_FILTER_SET_SAMPLE_RATE,
				  &rate_hz) ||
	    ms_filter_call_method(g->fv[GENERATOR], MS_FILTER_SET_NCHANNELS,
				  &one))
		return EIO;
	/* The others have only one rate; all make packets of 20 ms */
	if (!bitrate)
		return 0;
	return ms_filter_call_method(g->fv[ENCODER], MS_FILTER_SET_SAMPLE_RATE,
				     &rate_hz) ||
			       ms_filter_call_method(g->fv[ENCODER],
						     MS_FILTER_SET_NCHANNELS,
						     &one) ||
			       ms_filter_call_method(g->fv[ENCODER],
						     MS_FILTER_SET_BITRATE,
						     &bitrate)
		       ? EIO
		       : 0;
}

static int graph_open(struct graph *g, const struct codec *c)
{
	unsigned i;
	int err;

	memset(g->fv, 0, sizeof(g->fv));
	err = filters_new(g, c);
	if (!err)
		err = codec_set(g, c);
	for (i = 0; i + 1 < FILTERS && !err; i++)
		if (ms_filter_link(g->fv[i], 0, g->fv[i + 1], 0))
			err = EIO;
	return err;
}

static void graph_close(struct graph *g)
{
	unsigned i;

	for (i = 0; i + 1 < FILTERS; i++)
		if (g->fv[i] && g->fv[i + 1] && g->fv[i]->outputs[0])
			ms_filter_unlink(g->fv[i], 0, g->fv[i + 1], 0);
	for (i = 0; i < FILTERS; i++)
		if (g->fv[i])
			ms_filter_destroy(g->fv[i]);
}

static void note_play(struct graph *g, const struct note *n)
{
	MSDtmfGenCustomTone t = {.tone_name = "note",
				 .duration = (int)n->ms,
				 .frequencies = {n->hz, n->hz2},
				 .amplitude = loudness};

	(void)ms_filter_call_method(g->fv[GENERATOR], MS_DTMF_GEN_PLAY_CUSTOM,
				    &t);
}

static void melody_play(struct graph *g, const struct melody *mel)
{
	unsigned ms, i;

	for (ms = 0; ms < mel->ms; ms += TONE_PACKET_MS) {
		for (i = 0; i < NOTES_MAX; i++)
			if (mel->notev[i].ms && mel->notev[i].at_ms == ms)
				note_play(g, &mel->notev[i]);
		for (i = 0; i < FILTERS; i++)
			ms_filter_process(g->fv[i]);
		g->ticker.time += TONE_PACKET_MS;
		g->ticker.ticks++;
	}
}

static unsigned sounds(const struct melody *mel)
{
	unsigned ms = 0, i;

	for (i = 0; i < NOTES_MAX; i++)
		if (mel->notev[i].at_ms + mel->notev[i].ms > ms)
			ms = mel->notev[i].at_ms + mel->notev[i].ms;
	return ms / TONE_PACKET_MS;
}

static int render(struct graph *g, const struct codec *c,
		  const struct melody *mel, struct tone *t)
{
	unsigned i;
	int err;

	g->tone = t;
	t->sounds = (uint8_t)sounds(mel);
	err = graph_open(g, c);
	if (!err) {
		for (i = 0; i < FILTERS; i++)
			ms_filter_preprocess(g->fv[i], &g->ticker);
		melody_play(g, mel);
		for (i = 0; i < FILTERS; i++)
			ms_filter_postprocess(g->fv[i]);
		if (g->wrong || t->n != mel->ms / TONE_PACKET_MS)
			err = EIO;
	}
	graph_close(g);
	return err;
}

int ms2_tone_render(struct tones *t)
{
	static const struct codec codecs[TONE_CODECS] = {
		[TONE_PCMU] = {&ms_ulaw_enc_desc, 8000, 0},
		[TONE_PCMA] = {&ms_alaw_enc_desc, 8000, 0},
		[TONE_G722] = {&ms_g722_enc_desc, 16000, 0},
		[TONE_OPUS] = {&ms_opus_enc_desc, 48000, OPUS_BITRATE}};
	struct graph g = {.ticker.interval = TONE_PACKET_MS};
	unsigned i, k;
	int err = 0;

	memset(t, 0, sizeof(*t));
	g.factory = ms_factory_new();
	if (!g.factory)
		return ENOMEM;
	for (i = 0; i < TONE_CODECS && !err; i++)
		for (k = 0; k < TONE_KINDS && !err; k++)
			err = render(&g, &codecs[i], &melodies[k],
				     &t->v[i][k]);
	ms_factory_destroy(g.factory);
	return err;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One codec of mediastreamer2, one direction, driven by hand: no ticker and no
 * thread of its own, a frame in and a packet out, or the other way round. */
#include <errno.h>
#include <mediastreamer2/mediastream.h>
#include <mediastreamer2/msfactory.h>
#include <mediastreamer2/msfilter.h>
#include <mediastreamer2/msticker.h>
#include <stdlib.h>
#include <string.h>
#include "cli/handset_ms2.h"

enum {
	PTIME_MS = 20,
	/** Speech of 8 kHz bandwidth, transparent for a comparison */
	OPUS_BIT_S = 48000
};

/* The filters are named here and not looked up by name: to fill its tables a
 * factory would also open sound cards, plugins and PulseAudio with a thread of
 * its own, for a handset that plays a file or nothing. */
extern MSFilterDesc ms_ulaw_enc_desc, ms_ulaw_dec_desc, ms_alaw_enc_desc,
	ms_alaw_dec_desc, ms_g722_enc_desc, ms_g722_dec_desc, ms_opus_enc_desc,
	ms_opus_dec_desc;

static MSFilterDesc *coder_desc(enum hs_codec codec, bool encode)
{
	switch (codec) {
	case HS_PCMU:
		return encode ? &ms_ulaw_enc_desc : &ms_ulaw_dec_desc;
	case HS_PCMA:
		return encode ? &ms_alaw_enc_desc : &ms_alaw_dec_desc;
	case HS_G722:
		return encode ? &ms_g722_enc_desc : &ms_g722_dec_desc;
	case HS_OPUS:
		return encode ? &ms_opus_enc_desc : &ms_opus_dec_desc;
	}
	return NULL;
}

struct hs_coder {
	MSTicker ticker;
	MSFilterDesc desc[2];      /**< Of the two ends */
	MSFilter *in, *coder, *out;
	bool linked, ready;
};

MSFactory *hs_coders_alloc(void)
{
	return ms_factory_new();
}

void hs_coders_free(MSFactory *factory)
{
	if (factory)
		ms_factory_destroy(factory);
}

/* The ends never run: they make the queues that we fill and empty. */
static MSFilter *end_create(struct hs_coder *c, MSFactory *factory, int i)
{
	c->desc[i] = (MSFilterDesc){
		.id = MS_FILTER_PLUGIN_ID,
		.name = i ? "HollerOut" : "HollerIn",
		.text = "an end of a codec that is driven by hand",
		.category = MS_FILTER_OTHER,
		.ninputs = i,
		.noutputs = 1 - i,
	};
	return ms_factory_create_filter_from_desc(factory, &c->desc[i]);
}

/* What a filter does not know it has one value of. */
static void set(MSFilter *f, unsigned method, void *arg)
{
	if (ms_filter_has_method(f, method))
		(void)ms_filter_call_method(f, method, arg);
}

static void coder_set(struct hs_coder *c, enum hs_codec codec, bool encode)
{
	int rate = (int)hs_codec_info(codec)->rate_hz;
	int one = 1, ptime = PTIME_MS, bit_s = OPUS_BIT_S;

	set(c->coder, MS_FILTER_SET_SAMPLE_RATE, &rate);
	set(c->coder, MS_FILTER_SET_NCHANNELS, &one);
	if (encode)
		set(c->coder, MS_AUDIO_ENCODER_SET_PTIME, &ptime);
	if (encode && codec == HS_OPUS)
		set(c->coder, MS_FILTER_SET_BITRATE, &bit_s);
	/* It would go on for ever after the last packet of a burst */
	if (!encode && codec == HS_OPUS)
		set(c->coder, MS_FILTER_ADD_FMTP,
		    (void *)(uintptr_t)"plc=0");
}

static int coder_link(struct hs_coder *c)
{
	if (!c->in || !c->coder || !c->out)
		return ENOTSUP;
	if (ms_filter_link(c->in, 0, c->coder, 0) ||
	    ms_filter_link(c->coder, 0, c->out, 0))
		return EIO;
	c->linked = true;
	ms_filter_preprocess(c->coder, &c->ticker);
	c->ready = true;
	return 0;
}

int hs_coder_open(struct hs_coder **cp, MSFactory *factory,
		  enum hs_codec codec, bool encode)
{
	struct hs_coder *c = calloc(1, sizeof(*c));
	MSFilterDesc *desc = coder_desc(codec, encode);
	int err;

	if (!c)
		return ENOMEM;
	c->ticker.interval = PTIME_MS;
	c->in = end_create(c, factory, 0);
	c->out = end_create(c, factory, 1);
	if (desc)
		c->coder = ms_factory_create_filter_from_desc(factory, desc);
	if (c->coder)
		coder_set(c, codec, encode);
	err = coder_link(c);
	if (err) {
		hs_coder_close(c);
		return err;
	}
	*cp = c;
	return 0;
}

static void filter_destroy(MSFilter *f)
{
	if (f)
		ms_filter_destroy(f);
}

void hs_coder_close(struct hs_coder *c)
{
	if (!c)
		return;
	if (c->ready)
		ms_filter_postprocess(c->coder);
	if (c->linked) {
		ms_filter_unlink(c->in, 0, c->coder, 0);
		ms_filter_unlink(c->coder, 0, c->out, 0);
	}
	filter_destroy(c->in);
	filter_destroy(c->coder);
	filter_destroy(c->out);
	free(c);
}

size_t hs_coder_run(struct hs_coder *c, void *out, size_t max, const void *in,
		    size_t len)
{
	mblk_t *m = allocb(len, 0);
	size_t n = 0;

	if (!m)
		return 0;
	memcpy(m->b_wptr, in, len);
	m->b_wptr += len;
	ms_queue_put(c->coder->inputs[0], m);
	ms_filter_process(c->coder);
	c->ticker.time += PTIME_MS;
	c->ticker.ticks++;
	while ((m = ms_queue_get(c->coder->outputs[0]))) {
		const size_t size = msgdsize(m);

		if (size <= max - n) {
			msgpullup(m, size);
			memcpy((uint8_t *)out + n, m->b_rptr, size);
			n += size;
		}
		freemsg(m);
	}
	return n;
}

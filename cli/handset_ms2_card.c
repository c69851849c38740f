/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sound card behind a graph of mediastreamer2: card - resampler - ring for
 * the microphone, ring - resampler - card for the loudspeaker. The graph runs
 * on mediastreamer2's own ticker; the ring is what the audio thread sees. */
#include <errno.h>
#include <mediastreamer2/mediastream.h>
#include <mediastreamer2/msfactory.h>
#include <mediastreamer2/msfilter.h>
#include <mediastreamer2/mssndcard.h>
#include <mediastreamer2/msticker.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "cli/handset_ms2.h"

enum {
	/** 250 ms: more would only be delay */
	RING_SAMPLES = HS_RATE_HZ / 4
};

struct hs_card {
	bool capture;
	MSFactory *factory;
	MSSndCard *card;
	MSFilter *device, *resampler, *tap;
	MSFilterDesc desc; /**< Of the tap */
	MSTicker *ticker;
	bool attached;

	pthread_mutex_t lock; /**< Of the ring: the ticker and our thread */
	int16_t ring[RING_SAMPLES];
	size_t head, count;
};

/* Oldest samples give way: what is late is of no use to an ear. */
static void ring_put(struct hs_card *c, const int16_t *v, size_t n)
{
	size_t i;

	pthread_mutex_lock(&c->lock);
	for (i = 0; i < n; i++) {
		if (c->count == RING_SAMPLES) {
			c->head = (c->head + 1) % RING_SAMPLES;
			c->count--;
		}
		c->ring[(c->head + c->count++) % RING_SAMPLES] = v[i];
	}
	pthread_mutex_unlock(&c->lock);
}

static size_t ring_get(struct hs_card *c, int16_t *v, size_t max)
{
	size_t i;

	pthread_mutex_lock(&c->lock);
	for (i = 0; i < max && c->count; i++, c->count--) {
		v[i] = c->ring[c->head];
		c->head = (c->head + 1) % RING_SAMPLES;
	}
	pthread_mutex_unlock(&c->lock);
	return i;
}

static void tap_capture(MSFilter *f)
{
	struct hs_card *c = f->data;
	mblk_t *m;

	while ((m = ms_queue_get(f->inputs[0]))) {
		ring_put(c, (const int16_t *)(const void *)m->b_rptr,
			 msgdsize(m) / 2);
		freemsg(m);
	}
}

static void tap_playback(MSFilter *f)
{
	struct hs_card *c = f->data;
	const size_t n =
		(size_t)f->ticker->interval * (HS_RATE_HZ / 1000);
	mblk_t *m = allocb(n * 2, 0);
	size_t got;

	if (!m)
		return;
	got = ring_get(c, (int16_t *)(void *)m->b_wptr, n);
	memset(m->b_wptr + got * 2, 0, (n - got) * 2);
	m->b_wptr += n * 2;
	ms_queue_put(f->outputs[0], m);
}

static int tap_create(struct hs_card *c)
{
	c->desc = (MSFilterDesc){
		.id = MS_FILTER_PLUGIN_ID,
		.name = "HollerTap",
		.text = "to and from the handset's audio thread",
		.category = MS_FILTER_OTHER,
		.ninputs = c->capture ? 1 : 0,
		.noutputs = c->capture ? 0 : 1,
		.process = c->capture ? tap_capture : tap_playback,
	};
	c->tap = ms_factory_create_filter_from_desc(c->factory, &c->desc);
	if (!c->tap)
		return ENOMEM;
	c->tap->data = c;
	return 0;
}

static int device_create(struct hs_card *c, const char *dev)
{
	MSSndCardManager *m = ms_factory_get_snd_card_manager(c->factory);

	c->card = ms_alsa_card_new_custom(dev, dev);
	if (!m || !c->card)
		return ENODEV;
	ms_snd_card_manager_add_card(m, c->card);
	c->device = c->capture ? ms_snd_card_create_reader(c->card)
			       : ms_snd_card_create_writer(c->card);
	return c->device ? 0 : ENODEV;
}

/* @return the device's rate */
static int device_rate(struct hs_card *c)
{
	int rate = HS_RATE_HZ, channels = 1;

	(void)ms_filter_call_method(c->device, MS_FILTER_SET_SAMPLE_RATE,
				    &rate);
	(void)ms_filter_call_method(c->device, MS_FILTER_SET_NCHANNELS,
				    &channels);
	if (ms_filter_call_method(c->device, MS_FILTER_GET_SAMPLE_RATE, &rate))
		return HS_RATE_HZ;
	return rate;
}

static int graph_link(struct hs_card *c)
{
	int rate = device_rate(c), ours = HS_RATE_HZ, one = 1;
	MSFilter *from = c->capture ? c->device : c->tap;
	MSFilter *to = c->capture ? c->tap : c->device;
	int err;

	c->resampler = ms_factory_create_filter(c->factory, MS_RESAMPLE_ID);
	if (!c->resampler)
		return ENOMEM;
	ms_filter_call_method(c->resampler, MS_FILTER_SET_SAMPLE_RATE,
			      c->capture ? &rate : &ours);
	ms_filter_call_method(c->resampler, MS_FILTER_SET_OUTPUT_SAMPLE_RATE,
			      c->capture ? &ours : &rate);
	ms_filter_call_method(c->resampler, MS_FILTER_SET_NCHANNELS, &one);
	ms_filter_call_method(c->resampler, MS_FILTER_SET_OUTPUT_NCHANNELS,
			      &one);
	err = ms_filter_link(from, 0, c->resampler, 0);
	err |= ms_filter_link(c->resampler, 0, to, 0);
	if (err)
		return EIO;
	c->ticker = ms_ticker_new();
	if (!c->ticker)
		return ENOMEM;
	if (ms_ticker_attach(c->ticker, c->capture ? c->device : c->tap))
		return EIO;
	c->attached = true;
	return 0;
}

int hs_card_open(struct hs_card **cp, const char *dev, bool capture)
{
	struct hs_card *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return ENOMEM;
	pthread_mutex_init(&c->lock, NULL);
	c->capture = capture;
	c->factory = ms_factory_new_with_voip();
	err = c->factory ? 0 : ENOMEM;
	if (!err)
		err = device_create(c, *dev ? dev : "default");
	if (!err)
		err = tap_create(c);
	if (!err)
		err = graph_link(c);
	if (err) {
		hs_card_close(c);
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

void hs_card_close(struct hs_card *c)
{
	MSFilter *from, *to;

	if (!c)
		return;
	from = c->capture ? c->device : c->tap;
	to = c->capture ? c->tap : c->device;
	if (c->attached) {
		ms_ticker_detach(c->ticker, from);
		ms_filter_unlink(from, 0, c->resampler, 0);
		ms_filter_unlink(c->resampler, 0, to, 0);
	}
	if (c->ticker)
		ms_ticker_destroy(c->ticker);
	filter_destroy(c->device);
	filter_destroy(c->resampler);
	filter_destroy(c->tap);
	if (c->factory)
		ms_factory_destroy(c->factory);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

size_t hs_card_read(struct hs_card *c, int16_t *v, size_t max)
{
	return ring_get(c, v, max);
}

void hs_card_write(struct hs_card *c, const int16_t *v, size_t n)
{
	ring_put(c, v, n);
}

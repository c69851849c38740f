/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file ms2_g722.c  G.722 to samples, by mediastreamer2's decoder
 *
 * The filter alone, with two queues of ours instead of a graph.
 */
#include <errno.h>
#include <mediastreamer2/msfactory.h>
#include <mediastreamer2/msfilter.h>
#include <mediastreamer2/msticker.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "mixer/ms2_g722.h"

/* By name and not looked up: see ms2_tone.c */
extern MSFilterDesc ms_g722_dec_desc;

struct ms2_g722 {
	MSFactory *factory;
	MSFilter *f;
	MSQueue in, out;
	MSTicker ticker;
};

int ms2_g722_open(struct ms2_g722 **gp)
{
	struct ms2_g722 *g = calloc(1, sizeof(*g));

	if (!g)
		return ENOMEM;
	ms_queue_init(&g->in);
	ms_queue_init(&g->out);
	g->ticker.interval = 20;
	g->factory = ms_factory_new();
	if (g->factory)
		g->f = ms_factory_create_filter_from_desc(g->factory,
							  &ms_g722_dec_desc);
	if (!g->f) {
		ms2_g722_close(g);
		return ENOMEM;
	}
	g->f->inputs[0] = &g->in;
	g->f->outputs[0] = &g->out;
	ms_filter_preprocess(g->f, &g->ticker);
	*gp = g;
	return 0;
}

void ms2_g722_close(struct ms2_g722 *g)
{
	if (!g)
		return;
	if (g->f) {
		ms_filter_postprocess(g->f);
		g->f->inputs[0] = g->f->outputs[0] = NULL;
		ms_filter_destroy(g->f);
	}
	ms_queue_flush(&g->in);
	ms_queue_flush(&g->out);
	if (g->factory)
		ms_factory_destroy(g->factory);
	free(g);
}

size_t ms2_g722_decode(struct ms2_g722 *g, const uint8_t *p, size_t len,
		       int16_t *v, size_t max)
{
	mblk_t *m = allocb(len, 0);
	size_t n = 0;

	if (!m)
		return 0;
	memcpy(m->b_wptr, p, len);
	m->b_wptr += len;
	ms_queue_put(&g->in, m);
	g->ticker.time += 20;
	ms_filter_process(g->f);
	while ((m = ms_queue_get(&g->out))) {
		size_t got = msgdsize(m) / sizeof(*v);

		msgpullup(m, msgdsize(m));
		if (got > max - n)
			got = max - n;
		memcpy(&v[n], m->b_rptr, got * sizeof(*v));
		n += got;
		freemsg(m);
	}
	return n;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file g722_sound.c  Sound to G.722, by mediastreamer2's encoder
 */
#include <mediastreamer2/msfactory.h>
#include <mediastreamer2/msfilter.h>
#include <mediastreamer2/msticker.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/g722_sound.h"

extern MSFilterDesc ms_g722_enc_desc;

enum { SAMPLES = 320, CODES = 160, PACKET_MS = 20 };

static void packet(MSFilter *f, uint8_t *codes, const int16_t *v)
{
	const size_t bytes = SAMPLES * sizeof(*v);
	mblk_t *m = allocb(bytes, 0);

	memcpy(m->b_wptr, v, bytes);
	m->b_wptr += bytes;
	ms_queue_put(f->inputs[0], m);
	ms_filter_process(f);
	m = ms_queue_get(f->outputs[0]);
	assert_non_null(m);
	assert_int_equal(msgdsize(m), CODES);
	memcpy(codes, m->b_rptr, CODES);
	freemsg(m);
}

void g722_sound(uint8_t *codes, const int16_t *v, size_t n)
{
	MSFactory *factory = ms_factory_new();
	MSFilter *f = ms_factory_create_filter_from_desc(factory,
							 &ms_g722_enc_desc);
	MSTicker ticker = {.interval = PACKET_MS};
	MSQueue in, out;
	size_t i;

	assert_non_null(f);
	ms_queue_init(&in);
	ms_queue_init(&out);
	f->inputs[0] = &in;
	f->outputs[0] = &out;
	ms_filter_preprocess(f, &ticker);
	for (i = 0; i + SAMPLES <= n; i += SAMPLES) {
		packet(f, &codes[i / 2], &v[i]);
		ticker.time += PACKET_MS;
	}
	ms_filter_postprocess(f);
	f->inputs[0] = f->outputs[0] = NULL;
	ms_filter_destroy(f);
	ms_factory_destroy(factory);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file leg_sdp_fuzz.c  Any bytes as a terminal's SDP, for each codec
 *
 * What decodes is answered, and the answer must decode again with as many
 * m-lines.
 */
#include <stdlib.h>
#include <re.h>
#include "server/leg_sdp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(const struct leg_sdp *offer, const struct leg_codec *codec)
{
	struct leg_sdp_local l = {
		.codec = codec, .rtp = 40000, .rtcp = 40003, .floor = 40002,
		.pt = offer->pt, .pt_event = offer->pt_event,
		.dir = SDP_SENDRECV, .id = 1, .version = 1,
	};
	struct mbuf *mb = mbuf_alloc(512);
	struct leg_sdp again;
	struct pl pl;

	if (!mb)
		abort();
	(void)sa_set_str(&l.addr, "192.0.2.1", 0);
	if (leg_sdp_answer(mb, &l, offer))
		abort();
	mb->pos = 0;
	pl_set_mbuf(&pl, mb);
	if (pl.l <= LEG_SDP_BYTES_MAX &&
	    (leg_sdp_decode(&again, &pl, codec, NULL) ||
	     again.linec != offer->linec || again.audio != offer->audio ||
	     again.pt != offer->pt))
		abort();
	mem_deref(mb);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const codecv[] = { "PCMU", "PCMA", "G722", "opus" };
	struct pl pl = { (const char *)data, size };
	struct leg_sdp s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(codecv); i++) {
		const struct leg_codec *codec = leg_codec_find(codecv[i]);

		if (!leg_sdp_decode(&s, &pl, codec, NULL))
			answer(&s, codec);
	}

	return 0;
}

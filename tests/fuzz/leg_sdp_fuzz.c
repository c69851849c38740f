/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file leg_sdp_fuzz.c  Any bytes as a terminal's SDP, for each codec
 *
 * What decodes is answered, and the answer must decode again with as many
 * m-lines, and so must an offer in the same session.
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
	struct mbuf *mb = mbuf_alloc(512), *mb2 = mbuf_alloc(512);
	struct leg_sdp again, third;
	struct pl pl;

	if (!mb || !mb2)
		abort();
	leg_floor_ours(&l.fc, 7);
	(void)sa_set_str(&l.addr, "192.0.2.1", 0);
	if (leg_sdp_answer(mb, &l, offer))
		abort();
	mb->pos = 0;
	pl_set_mbuf(&pl, mb);
	if (pl.l > LEG_SDP_BYTES_MAX)
		goto out;
	if (leg_sdp_decode(&again, &pl, codec) ||
	    again.linec != offer->linec || again.audio != offer->audio ||
	    again.floor != offer->floor || again.pt != offer->pt ||
	    leg_sdp_offer(mb2, &l, &again))
		abort();
	mb2->pos = 0;
	pl_set_mbuf(&pl, mb2);
	if (leg_sdp_decode(&third, &pl, codec) ||
	    third.linec != again.linec || third.audio != again.audio ||
	    third.floor != again.floor)
		abort();
out:
	mem_deref(mb);
	mem_deref(mb2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const codecv[] = { "PCMU", "PCMA", "G722", "opus" };
	struct pl pl = { (const char *)data, size };
	struct leg_sdp s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(codecv); i++) {
		const struct leg_codec *codec = leg_codec_find(codecv[i]);

		if (!leg_sdp_decode(&s, &pl, codec))
			answer(&s, codec);
	}

	return 0;
}

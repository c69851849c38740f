/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file leg_sdp_fuzz.c  Any bytes as a terminal's SDP, for each codec and each
 *                       rule of security
 *
 * What decodes is answered, and the answer must decode again with as many
 * m-lines, and so must an offer in the same session.
 */
#include <stdlib.h>
#include <re.h>
#include "server/leg_sdp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char fingerprint[] = "sha-256 "
	"4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:"
	"19:E5:7C:AB:4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF";
static const struct mixer_ice ice = {"abcd", "0123456789012345678901"};

static const struct leg_floor_may may = {
	.priority = 7, .queue = true, .preempt = true,
};

static void answer(const struct leg_sdp *offer, const struct leg_codec *codec)
{
	struct leg_secure *secure = NULL;
	struct leg_sdp_local l = {
		.codec = codec, .rtp = 40000, .rtcp = 40003, .floor = 40002,
		.pt = offer->pt, .pt_event = offer->pt_event,
		.dir = SDP_SENDRECV, .id = 1, .version = 1,
		.ice = &ice, .fingerprint = fingerprint,
	};
	struct mbuf *mb = mbuf_alloc(512), *mb2 = mbuf_alloc(512);
	struct leg_sdp again, third;
	struct pl pl;

	if (!mb || !mb2)
		abort();
	if (leg_secure_restarts(secure, &offer->sec, true) ||
	    leg_secure_answer(&secure, offer->security, &offer->sec,
			      offer->profile, true) ||
	    leg_secure_restarts(secure, &offer->sec, true))
		abort();
	l.secure = secure;
	leg_floor_ours(&l.fc, &may);
	(void)sa_set_str(&l.addr, "192.0.2.1", 0);
	if (leg_sdp_answer(mb, &l, offer))
		abort();
	mb->pos = 0;
	pl_set_mbuf(&pl, mb);
	if (pl.l > LEG_SDP_BYTES_MAX)
		goto out;
	if (leg_sdp_decode(&again, &pl, codec, NULL) ||
	    again.linec != offer->linec || again.audio != offer->audio ||
	    again.floor != offer->floor || again.pt != offer->pt ||
	    leg_sdp_offer(mb2, &l, &again))
		abort();
	mb2->pos = 0;
	pl_set_mbuf(&pl, mb2);
	if (leg_sdp_decode(&third, &pl, codec, NULL) ||
	    third.linec != again.linec || third.audio != again.audio ||
	    third.floor != again.floor)
		abort();
out:
	mem_deref(secure);
	mem_deref(mb);
	mem_deref(mb2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const codecv[] = { "PCMU", "PCMA", "G722", "opus" };
	struct pl pl = { (const char *)data, size };
	struct leg_rule rule = { .text = LEG_SDP_OFFER };
	struct leg_sdp s;
	size_t i;
	int k;

	for (i = 0; i < ARRAY_SIZE(codecv); i++) {
		const struct leg_codec *codec = leg_codec_find(codecv[i]);

		for (k = BUS_SECURITY_PLAIN; k <= BUS_SECURITY_DTLS; k++) {
			rule.policy = (enum bus_security)k;
			if (!leg_sdp_decode(&s, &pl, codec, &rule))
				answer(&s, codec);
		}
	}

	return 0;
}

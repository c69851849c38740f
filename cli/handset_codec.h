/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file handset_codec.h  The codecs that the handset speaks
 *
 * Constant table and text, nothing else: any thread.
 */
#ifndef HL_CLI_HANDSET_CODEC_H
#define HL_CLI_HANDSET_CODEC_H

#include <stddef.h>
#include <stdint.h>

enum hs_codec { HS_PCMU, HS_PCMA, HS_G722, HS_OPUS };

enum { HS_CODECS = HS_OPUS + 1 };

struct hs_codec_info {
	const char *name;  /**< Of a=rtpmap (RFC 3551, 7587) */
	uint8_t pt;        /**< Static, or what we offer */
	uint32_t clock_hz; /**< Of RTP timestamps; G.722's is half its rate */
	unsigned rate_hz;  /**< Of the samples that go in and come out */
	unsigned channels; /**< As a=rtpmap says; speech is mono */
	const char *fmtp;  /**< NULL: none */
};

/** Never NULL */
const struct hs_codec_info *hs_codec_info(enum hs_codec codec);

/** Codecs in the order in which they are offered */
struct hs_codecs {
	enum hs_codec v[HS_CODECS];
	unsigned n;
};

/** All of them */
void hs_codecs_default(struct hs_codecs *list);

/**
 * "opus,PCMU": names without regard to case
 *
 * @return 0, EINVAL (unknown, twice, none)
 */
int hs_codecs_parse(struct hs_codecs *list, const char *text);

#endif

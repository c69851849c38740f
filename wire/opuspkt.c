/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file opuspkt.c  What an Opus packet says of itself
 */
#include <errno.h>
#include "util/reader.h"
#include "wire/opuspkt.h"

enum {
	TOC_STEREO = 0x04,
	TOC_CODE = 0x03,
	COUNT_VBR = 0x80,
	COUNT_PADDING = 0x40,
	COUNT_FRAMES = 0x3f,
	/* A frame length from here on has a second byte (section 3.2.1) */
	LONG_LENGTH = 252,
	PADDING_MORE = 255,
	PACKET_US_MAX = 120000,
	SILK_FRAME_US = 20000
};

/* Table 2 of section 3.1 */
static void config_set(struct opuspkt *o, unsigned config)
{
	static const unsigned silk_us[] = {10000, 20000, 40000, 60000};
	static const unsigned celt_us[] = {2500, 5000, 10000, 20000};
	static const enum opuspkt_band celt_band[] = {
		OPUSPKT_NARROW, OPUSPKT_WIDE, OPUSPKT_SUPERWIDE, OPUSPKT_FULL};

	if (config < 12) {
		o->mode = OPUSPKT_SILK;
		o->band = (enum opuspkt_band)(config / 4);
		o->frame_us = silk_us[config & 3];
	} else if (config < 16) {
		o->mode = OPUSPKT_HYBRID;
		o->band = config < 14 ? OPUSPKT_SUPERWIDE : OPUSPKT_FULL;
		o->frame_us = silk_us[config & 1];
	} else {
		o->mode = OPUSPKT_CELT;
		o->band = celt_band[(config - 16) / 4];
		o->frame_us = celt_us[config & 3];
	}
}

/* Section 3.2.1 */
static size_t frame_length(struct reader *r)
{
	const size_t first = reader_u8(r);

	return first < LONG_LENGTH ? first : first + 4u * reader_u8(r);
}

static void frame_put(struct opuspkt *o, size_t bytes)
{
	o->v[o->n++].bytes = (uint16_t)bytes;
}

static void code_two(struct opuspkt *o, struct reader *r)
{
	const size_t first = frame_length(r);

	if (!reader_ok(r) || first > reader_left(r) ||
	    reader_left(r) - first > OPUSPKT_FRAME_BYTES_MAX) {
		reader_fail(r);
		return;
	}
	frame_put(o, first);
	frame_put(o, reader_left(r) - first);
}

static void equal(struct opuspkt *o, struct reader *r, size_t total,
		  unsigned n)
{
	unsigned i;

	if (total % n || total / n > OPUSPKT_FRAME_BYTES_MAX) {
		reader_fail(r);
		return;
	}
	for (i = 0; i < n; i++)
		frame_put(o, total / n);
}

/* The bytes of padding at the end, its lengths not counted (section 3.2.5) */
static size_t padding(struct reader *r)
{
	size_t sum = 0;
	uint8_t more;

	do {
		more = reader_u8(r);
		sum += more == PADDING_MORE ? PADDING_MORE - 1 : more;
	} while (more == PADDING_MORE && reader_ok(r));
	return sum;
}

/* Lengths of all but the last, which takes what is left in front of pad */
static void variable(struct opuspkt *o, struct reader *r, size_t pad,
		     unsigned n)
{
	size_t sum = 0;
	unsigned i;

	for (i = 0; i + 1 < n; i++) {
		const size_t bytes = frame_length(r);

		sum += bytes;
		frame_put(o, bytes);
	}
	if (!reader_ok(r) || sum + pad > reader_left(r) ||
	    reader_left(r) - pad - sum > OPUSPKT_FRAME_BYTES_MAX) {
		reader_fail(r);
		return;
	}
	frame_put(o, reader_left(r) - pad - sum);
}

static void code_three(struct opuspkt *o, struct reader *r)
{
	const uint8_t count = reader_u8(r);
	const unsigned n = count & COUNT_FRAMES;
	size_t pad = 0;

	if (!n || n * o->frame_us > PACKET_US_MAX) {
		reader_fail(r);
		return;
	}
	if (count & COUNT_PADDING)
		pad = padding(r);
	if (!reader_ok(r) || pad > reader_left(r))
		reader_fail(r);
	else if (count & COUNT_VBR)
		variable(o, r, pad, n);
	else
		equal(o, r, reader_left(r) - pad, n);
}

static void places(struct opuspkt *o, size_t at)
{
	unsigned i;

	for (i = 0; i < o->n; i++) {
		o->v[i].at = (uint16_t)at;
		at += o->v[i].bytes;
	}
}

int opuspkt_decode(struct opuspkt *o, const uint8_t *p, size_t len)
{
	struct reader r = reader_make(p, len);
	const uint8_t toc = reader_u8(&r);
	struct opuspkt out = {.stereo = toc & TOC_STEREO};

	if (!len || len > UINT16_MAX)
		return EBADMSG;
	config_set(&out, toc >> 3);
	switch (toc & TOC_CODE) {
	case 0:
		equal(&out, &r, reader_left(&r), 1);
		break;
	case 1:
		equal(&out, &r, reader_left(&r), 2);
		break;
	case 2:
		code_two(&out, &r);
		break;
	case 3:
		code_three(&out, &r);
		break;
	}
	if (!reader_ok(&r))
		return EBADMSG;
	places(&out, len - reader_left(&r));
	*o = out;
	return 0;
}

/* Section 4.2.3: a frame with a SILK layer begins with a bit for each SILK
 * frame in it, then one for redundancy; of stereo the middle, then the side.
 * They are coded with a probability of 1/2: they are just bits. */
static bool frame_voiced(const struct opuspkt *o, uint8_t first)
{
	const unsigned n = o->frame_us <= SILK_FRAME_US
				   ? 1
				   : o->frame_us / SILK_FRAME_US;
	unsigned voice = ((1u << n) - 1) << (8 - n);

	if (o->stereo)
		voice |= voice >> (n + 1);
	return first & voice;
}

enum opuspkt_voice opuspkt_voice(const struct opuspkt *o, const uint8_t *p)
{
	enum opuspkt_voice said = OPUSPKT_NO_VOICE;
	unsigned i;

	for (i = 0; i < o->n; i++) {
		/* One byte is too short for anything: an encoder sends it
		 * while it sends nothing (RFC 7587 section 3.1.3) */
		if (o->v[i].bytes <= 1)
			continue;
		if (o->mode == OPUSPKT_CELT)
			said = OPUSPKT_UNKNOWN;
		else if (frame_voiced(o, p[o->v[i].at]))
			return OPUSPKT_VOICE;
	}
	return said;
}

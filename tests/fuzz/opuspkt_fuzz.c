/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file opuspkt_fuzz.c  Any bytes as an Opus packet: never beyond their end,
 * and of one mind with libopus about what is none
 */
#include <opus.h>
#include <stdlib.h>
#include "wire/opuspkt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct opuspkt *o, const uint8_t *data, size_t size)
{
	const uint8_t *frames[48];
	opus_int16 bytes[48];
	unsigned i;
	int at;

	if (opus_packet_parse(data, (opus_int32)size, NULL, frames, bytes,
			      &at) != (int)o->n)
		abort();
	for (i = 0; i < o->n; i++)
		if (o->v[i].at + o->v[i].bytes > size ||
		    o->v[i].bytes != (unsigned)bytes[i] ||
		    data + o->v[i].at != frames[i])
			abort();
	if ((int)o->frame_us !=
	    opus_packet_get_samples_per_frame(data, 48000) * 125 / 6)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct opuspkt o;

	if (!opuspkt_decode(&o, data, size)) {
		same(&o, data, size);
		(void)opuspkt_voice(&o, data);
	} else if (size && size <= UINT16_MAX) {
		const uint8_t *frames[48];
		opus_int16 bytes[48];

		if (opus_packet_parse(data, (opus_int32)size, NULL, frames,
				      bytes, NULL) > 0)
			abort();
	}
	return 0;
}

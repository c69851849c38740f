/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file stream.c  What one listener hears: one continuous RTP stream
 */
#include <string.h>
#include "mixer/stream.h"

void stream_init(struct stream *s, uint32_t ssrc, uint32_t clock_hz,
		 uint16_t seq, uint32_t ts)
{
	memset(s, 0, sizeof(*s));
	s->ssrc = ssrc;
	s->clock_hz = clock_hz;
	s->seq_base = (uint16_t)(seq - 1);
	s->ts = ts;
}

void stream_burst(struct stream *s, const struct burst_stamp *stamp,
		  uint64_t now)
{
	const uint16_t next = (uint16_t)(stream_seq(s) + 1);
	uint32_t ts = s->ts;

	if (s->us)
		ts += burst_elapsed(now - s->us, s->clock_hz);
	s->seq_base = (uint16_t)(next - stamp->idx);
	s->ts_base = ts - stamp->ts;
	s->idx_first = s->idx = stamp->idx;
	s->fresh = 1;
}

void stream_skip(struct stream *s, uint32_t idx, uint32_t ts)
{
	s->seq_base = (uint16_t)(s->seq_base - idx);
	s->ts_base -= ts;
	s->idx += idx;
	s->idx_first = s->idx + 1;
}

uint32_t stream_ts(const struct stream *s, uint64_t now)
{
	if (!s->us)
		return s->ts;
	return s->ts + (uint32_t)((now - s->us) * s->clock_hz / 1000000);
}

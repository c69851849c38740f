/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file burst.c  The running talk burst of a bridge: one stamp a packet
 */
#include <string.h>
#include "mixer/burst.h"

enum { PACKET_US = 20000 };

uint32_t burst_elapsed(uint64_t us, uint32_t clock_hz)
{
	if (us < PACKET_US)
		us = PACKET_US;
	/* Longer than a day would overflow, and says nothing more */
	if (us > 86400000000ull)
		us = 86400000000ull;
	return (uint32_t)(us * clock_hz / 1000000);
}

void burst_open(struct burst *b, const struct burst_tail *tail)
{
	memset(b, 0, sizeof(*b));
	b->tail = *tail;
}

void burst_close(const struct burst *b, uint64_t now, struct burst_tail *tail)
{
	if (!b->started) {
		*tail = b->tail;
		return;
	}
	tail->until_us = now + BURST_TAIL_US;
	tail->ssrc = b->ssrc;
	tail->seq = b->seq;
}

static bool is_tail(const struct burst_tail *t, const struct rtpw_hdr *hdr,
		    uint64_t now)
{
	const int16_t d = (int16_t)(hdr->seq - t->seq);

	return now < t->until_us && hdr->ssrc == t->ssrc && d <= 0 &&
	       d > -BURST_DROPOUT_MAX;
}

/* The talker's stream starts here, or starts anew */
static void rebase(struct burst *b, const struct rtpw_hdr *hdr, uint32_t idx,
		   uint32_t ts, uint64_t now)
{
	b->started = true;
	b->ssrc = hdr->ssrc;
	b->seq = hdr->seq;
	b->idx = b->idx_first = idx;
	b->ts = ts;
	b->us = now;
	b->ts_offset = ts - hdr->ts;
}

bool burst_stamp(struct burst *b, const struct rtpw_hdr *hdr,
		 uint32_t clock_hz, uint64_t now, struct burst_stamp *stamp)
{
	const int16_t d = (int16_t)(hdr->seq - b->seq);

	if (is_tail(&b->tail, hdr, now))
		return false;
	if (!b->started) {
		rebase(b, hdr, 0, 0, now);
		*stamp = (struct burst_stamp){0, 0, true};
		return true;
	}
	if (hdr->ssrc != b->ssrc || d > BURST_DROPOUT_MAX ||
	    d < -BURST_DROPOUT_MAX) {
		rebase(b, hdr, b->idx + 1,
		       b->ts + burst_elapsed(now - b->us, clock_hz), now);
		*stamp = (struct burst_stamp){b->idx, b->ts, true};
		return true;
	}
	stamp->idx = b->idx + (uint32_t)(int32_t)d;
	stamp->ts = hdr->ts + b->ts_offset;
	stamp->marker = hdr->marker;
	if (d == 0 || (int32_t)(stamp->idx - b->idx_first) < 0)
		return false;
	if (d > 0) {
		b->seq = hdr->seq;
		b->idx = stamp->idx;
		b->ts = stamp->ts;
		b->us = now;
	}
	return true;
}

bool burst_has(const struct burst *b, uint16_t seq)
{
	return b->started && (int16_t)(b->seq - seq) >= 0;
}

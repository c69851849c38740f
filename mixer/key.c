/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file key.c  Keys of a terminal as telephone-events (RFC 4733)
 */
#include <string.h>
#include "mixer/key.h"
#include "util/reader.h"

enum {
	END_BIT = 0x80,
	/** A packet that is older than the newest press by so much at most is
	 *  a straggler; by more, the terminal's clock was set anew */
	STRAGGLER_S = 10
};

/* Section 2.5.1.3: the next segment of a long event starts where the last one
 * stopped, without marker. The last report of its length may be lost. */
static bool is_segment(const struct key *k, const struct rtpw_hdr *hdr,
		       uint8_t event)
{
	const uint32_t ahead = hdr->ts - k->ts;

	return event == k->event && !k->ended && !hdr->marker &&
	       ahead >= k->duration && ahead <= UINT16_MAX;
}

bool key_take(struct key *k, const struct rtpw_hdr *hdr, const uint8_t *p,
	      uint32_t clock_hz, uint8_t *eventp, bool *freshp)
{
	struct reader r = reader_make(p + hdr->payload, hdr->payload_bytes);
	const uint8_t event = reader_u8(&r);
	const bool end = (reader_u8(&r) & END_BIT) != 0;
	const uint16_t duration = reader_u16(&r);
	const bool known = k->known && hdr->ssrc == k->ssrc;
	const int32_t ahead = (int32_t)(hdr->ts - k->ts);

	if (!reader_ok(&r))
		return false;
	if (known && ahead < 0 && ahead > -(int32_t)(STRAGGLER_S * clock_hz))
		return false;
	*eventp = event;
	*freshp = !known || (ahead && !is_segment(k, hdr, event));
	/* Packets of one press may come in any order */
	k->ended = end || (!*freshp && !ahead && k->ended);
	k->known = true;
	k->ssrc = hdr->ssrc;
	k->ts = hdr->ts;
	k->event = event;
	k->duration = duration;
	return true;
}

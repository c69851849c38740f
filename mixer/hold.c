/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file hold.c  The newest speech of one leg that waits for the floor
 */
#include <string.h>
#include "mixer/burst.h"
#include "mixer/hold.h"

void hold_init(struct hold *h)
{
	unsigned i;

	h->n = 0;
	for (i = 0; i < HOLD_PACKETS; i++)
		h->order[i] = (uint8_t)i;
}

static void oldest_drop(struct hold *h)
{
	const uint8_t place = h->order[0];

	h->n--;
	memmove(&h->order[0], &h->order[1], h->n);
	h->order[h->n] = place;
}

static bool is_other_stream(const struct hold *h, const struct rtpw_hdr *hdr)
{
	const struct rtpw_hdr *newest = &hold_get(h, h->n - 1)->hdr;
	const int16_t d = (int16_t)(hdr->seq - newest->seq);

	return hdr->ssrc != newest->ssrc || d > BURST_DROPOUT_MAX ||
	       d < -BURST_DROPOUT_MAX;
}

/* Where the packet belongs: behind all that are older
 * @return false: it is there */
static bool place_find(const struct hold *h, uint16_t seq, unsigned *atp)
{
	unsigned at = h->n;

	while (at && (int16_t)(seq - hold_get(h, at - 1)->hdr.seq) < 0)
		at--;
	*atp = at;
	return !at || hold_get(h, at - 1)->hdr.seq != seq;
}

static bool is_too_old(const struct hold *h, uint32_t clock_hz)
{
	const uint32_t span = hold_get(h, h->n - 1)->hdr.ts -
			      hold_get(h, 0)->hdr.ts;

	return h->n > 1 && span >= clock_hz / 1000 * HOLD_MS;
}

unsigned hold_put(struct hold *h, const struct rtpw_hdr *hdr,
		  const uint8_t *p, uint32_t clock_hz)
{
	struct hold_packet *hp;
	unsigned at, out = 0;
	uint8_t place;

	if (hdr->payload_bytes > HOLD_PACKET_BYTES)
		return 1;
	if (h->n && is_other_stream(h, hdr)) {
		out = h->n;
		h->n = 0;
	}
	if (!place_find(h, hdr->seq, &at))
		return 1;
	if (h->n == HOLD_PACKETS) {
		if (!at)
			return 1;
		oldest_drop(h);
		at--;
		out++;
	}
	place = h->order[h->n];
	memmove(&h->order[at + 1], &h->order[at], h->n - at);
	h->order[at] = place;
	h->n++;
	hp = &h->v[place];
	hp->hdr = *hdr;
	memcpy(hp->data, p, hdr->payload_bytes);
	for (; is_too_old(h, clock_hz); out++)
		oldest_drop(h);
	return out;
}

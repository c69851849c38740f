/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file delay.c  Speech of one leg that is sent on a little later than it came
 */
#include <stddef.h>
#include <string.h>
#include "mixer/delay.h"

void delay_init(struct delay *d)
{
	delay_clear(d);
	d->out = 0;
}

void delay_clear(struct delay *d)
{
	d->first = d->n = 0;
}

static const struct delay_packet *at(const struct delay *d, unsigned i)
{
	return &d->v[(d->first + i) % DELAY_PACKETS];
}

void delay_drop(struct delay *d)
{
	if (!d->n)
		return;
	d->first = (d->first + 1) % DELAY_PACKETS;
	d->n--;
}

static bool is_taken(const struct delay *d, uint32_t off, uint32_t len)
{
	unsigned i;

	for (i = 0; i < d->n; i++) {
		const struct delay_packet *dp = at(d, i);

		if (dp->off < off + len &&
		    off < dp->off + dp->hdr.payload_bytes)
			return true;
	}
	return false;
}

/* Behind the newest one, or at the start where that leaves no room */
static uint32_t room_find(const struct delay *d, uint32_t len)
{
	const struct delay_packet *newest;
	uint32_t off;

	if (!d->n)
		return 0;
	newest = at(d, d->n - 1);
	off = newest->off + (uint32_t)newest->hdr.payload_bytes;
	return off + len <= DELAY_BYTES ? off : 0;
}

bool delay_fits(const struct delay *d, size_t len)
{
	return len <= DELAY_BYTES && d->n < DELAY_PACKETS &&
	       !is_taken(d, room_find(d, (uint32_t)len), (uint32_t)len);
}

void delay_put(struct delay *d, const struct rtpw_hdr *hdr, const uint8_t *p,
	       uint64_t now_us)
{
	struct delay_packet *dp;
	uint32_t off, len;

	if (hdr->payload_bytes > DELAY_BYTES) {
		d->out++;
		return;
	}
	len = (uint32_t)hdr->payload_bytes;
	off = room_find(d, len);
	while (d->n == DELAY_PACKETS || is_taken(d, off, len)) {
		delay_drop(d);
		d->out++;
	}
	dp = &d->v[(d->first + d->n++) % DELAY_PACKETS];
	*dp = (struct delay_packet){.hdr = *hdr, .at_us = now_us, .off = off};
	memcpy(&d->bytes[off], p, len);
}

const struct delay_packet *delay_get(const struct delay *d, const uint8_t **pp)
{
	if (!d->n)
		return NULL;
	*pp = &d->bytes[at(d, 0)->off];
	return at(d, 0);
}

unsigned delay_cut(struct delay *d, uint64_t before_us)
{
	unsigned n = 0;

	for (; d->n && at(d, 0)->at_us < before_us; n++)
		delay_drop(d);
	return n;
}

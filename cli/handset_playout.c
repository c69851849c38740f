/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include "cli/handset_playout.h"

enum { MASK = HS_PLAYOUT_SAMPLES - 1 };

void hs_playout_init(struct hs_playout *p, unsigned delay_ms, unsigned rate_hz,
		     unsigned clock_hz)
{
	memset(p, 0, sizeof(*p));
	p->delay = delay_ms * (rate_hz / 1000);
	p->rate_hz = rate_hz;
	p->clock_hz = clock_hz;
}

/* What of the burst before is not heard yet goes first. */
static void sync(struct hs_playout *p, uint32_t ts)
{
	p->pos0 = p->cursor + p->delay;
	if (p->end > p->pos0)
		p->pos0 = p->end;
	p->ts0 = ts;
	p->synced = true;
	p->late_row = 0;
}

static bool fits(const struct hs_playout *p, int64_t pos, size_t n)
{
	return pos + (int64_t)n <=
	       (int64_t)(p->cursor + HS_PLAYOUT_SAMPLES);
}

/* The place of a packet, or -1: too late */
static int64_t place(struct hs_playout *p, bool start, uint32_t ts, size_t n)
{
	int64_t pos;

	if (start || !p->synced)
		sync(p, ts);
	pos = (int64_t)p->pos0 +
	      (int64_t)(int32_t)(ts - p->ts0) * p->rate_hz / p->clock_hz;
	if (pos + (int64_t)n > (int64_t)p->cursor && fits(p, pos, n)) {
		p->late_row = 0;
		return pos;
	}
	p->late++;
	if (++p->late_row < HS_PLAYOUT_LATE_MAX)
		return -1;
	p->resync++;
	sync(p, ts);
	return (int64_t)p->pos0;
}

void hs_playout_put(struct hs_playout *p, bool start, uint32_t ts,
		    const int16_t *v, size_t n)
{
	int64_t pos;
	size_t i;

	if (n > HS_PLAYOUT_SAMPLES / 2)
		return;
	pos = place(p, start, ts, n);
	if (pos < 0 || !fits(p, pos, n))
		return;
	for (i = 0; i < n; i++) {
		if (pos + (int64_t)i >= (int64_t)p->cursor)
			p->ring[(uint64_t)(pos + (int64_t)i) & MASK] = v[i];
	}
	if ((uint64_t)pos + n > p->end)
		p->end = (uint64_t)pos + n;
}

void hs_playout_get(struct hs_playout *p, int16_t *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++, p->cursor++) {
		v[i] = p->ring[p->cursor & MASK];
		p->ring[p->cursor & MASK] = 0;
	}
}

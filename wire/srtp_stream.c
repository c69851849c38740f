/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file srtp_stream.c  Packet indices and replay windows of the streams of a
 *                      key
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "wire/srtp_stream.h"

enum { HALF = 0x8000 };

int srtpw_window_look(const struct srtpw_window *w, uint64_t index)
{
	uint64_t back;

	if (!srtpw_window_any(w) || index > w->top)
		return 0;
	back = w->top - index;
	if (back >= SRTPW_WINDOW)
		return EALREADY;

	return w->bits[back / 64] >> (back % 64) & 1 ? EALREADY : 0;
}

void srtpw_window_keep(struct srtpw_window *w, uint64_t index)
{
	uint64_t by;

	if (srtpw_window_any(w) && index <= w->top) {
		by = w->top - index;
		w->bits[by / 64] |= 1ull << (by % 64);
		return;
	}

	by = srtpw_window_any(w) ? index - w->top : SRTPW_WINDOW;
	if (by >= SRTPW_WINDOW) {
		w->bits[1] = w->bits[0] = 0;
	} else if (by >= 64) {
		w->bits[1] = w->bits[0] << (by - 64);
		w->bits[0] = 0;
	} else {
		w->bits[1] = w->bits[1] << by | w->bits[0] >> (64 - by);
		w->bits[0] <<= by;
	}
	w->bits[0] |= 1;
	w->top = index;
}

int srtpw_index(const struct srtpw_window *w, uint16_t seq, uint64_t *indexp)
{
	const uint16_t last = (uint16_t)w->top;
	uint64_t roc = w->top >> 16;

	if (!srtpw_window_any(w)) {
		*indexp = seq;
		return 0;
	}

	if (last < HALF && seq > last + HALF && roc)
		--roc;
	else if (last >= HALF && seq < last - HALF)
		++roc;
	if (roc > UINT32_MAX)
		return EOVERFLOW;

	*indexp = roc << 16 | seq;
	return 0;
}

static size_t stream_at(const struct srtpw_streams *s, uint32_t ssrc)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->v[i].ssrc == ssrc)
			break;
	return i;
}

const struct srtpw_stream *srtpw_stream_find(const struct srtpw_streams *s,
					     uint32_t ssrc)
{
	const size_t i = stream_at(s, ssrc);

	return i < s->n ? &s->v[i] : NULL;
}

int srtpw_stream_look(const struct srtpw_streams *s, uint32_t ssrc)
{
	size_t i;

	for (i = 0; i < s->retired_n; i++)
		if (s->retired[i] == ssrc)
			return EALREADY;
	if (s->n == SRTPW_STREAMS && s->retired_n == SRTPW_RETIRED)
		return ENOBUFS;

	return 0;
}

struct srtpw_stream *srtpw_stream_use(struct srtpw_streams *s, uint32_t ssrc)
{
	struct srtpw_stream first = { .ssrc = ssrc };
	size_t i = stream_at(s, ssrc);

	if (i == 0 && s->n)
		return &s->v[0];

	if (i < s->n) {
		first = s->v[i];
	} else if (s->n < SRTPW_STREAMS) {
		++s->n;
	} else {
		--i;
		s->retired[s->retired_n++] = s->v[i].ssrc;
	}
	memmove(&s->v[1], &s->v[0], i * sizeof(s->v[0]));
	s->v[0] = first;
	return &s->v[0];
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file sipframe_fuzz.c  Any bytes on a SIP stream
 *
 * In whatever pieces they come, the same units are cut; none is longer than
 * its bound, and the rest that waits is bounded too. The first byte says how
 * long the pieces are.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/sipframe.h"

enum { UNITS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct cut {
	enum sipframe_kind kind[UNITS_MAX];
	size_t bytes[UNITS_MAX];
	unsigned n;
	size_t used;
};

static void unit_add(struct cut *cut, enum sipframe_kind kind, size_t bytes)
{
	if (kind == SIPFRAME_MESSAGE &&
	    (!bytes || bytes > SIPFRAME_MESSAGE_MAX))
		abort();
	if (cut->n < UNITS_MAX) {
		cut->kind[cut->n] = kind;
		cut->bytes[cut->n] = bytes;
		cut->n++;
	}
	cut->used += bytes;
}

static void cut_all(struct cut *cut, const uint8_t *p, size_t size,
		    size_t piece)
{
	struct sipframe f = {0};
	size_t have = 0;

	memset(cut, 0, sizeof(*cut));
	while (have < size) {
		enum sipframe_kind kind = SIPFRAME_PONG;

		have = size - have < piece ? size : have + piece;
		while (kind != SIPFRAME_MORE && cut->used < have) {
			size_t bytes = 0;

			kind = sipframe_next(&f, p + cut->used,
					     have - cut->used, &bytes);
			if (kind == SIPFRAME_BAD && !f.reason)
				abort();
			if (kind == SIPFRAME_BAD) {
				unit_add(cut, kind, 0);
				return;
			}
			unit_add(cut, kind, bytes);
			if (kind == SIPFRAME_MORE)
				cut->n--;
		}
		if (have - cut->used > SIPFRAME_MESSAGE_MAX)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cut whole, pieces;

	if (!size)
		return 0;
	cut_all(&whole, data + 1, size - 1, SIPFRAME_MESSAGE_MAX);
	cut_all(&pieces, data + 1, size - 1, 1 + data[0] % 64);
	if (whole.n != pieces.n || whole.used != pieces.used ||
	    memcmp(whole.kind, pieces.kind, sizeof(whole.kind)) ||
	    memcmp(whole.bytes, pieces.bytes, sizeof(whole.bytes)))
		abort();
	return 0;
}

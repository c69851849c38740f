/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bfloor_fuzz.c  Any conversation with BFCP equipment, and any floor
 *
 * Each step is an octet: time passes, the floor decides something, or a
 * datagram comes (an octet of length, then its bytes; its names may be put
 * right, as what is in another's name gets nowhere). Whatever comes, what we
 * say can be read, no datagram has more than three in answer, and no time of
 * ours is over once it was acted upon.
 */
#include <stdlib.h>
#include <string.h>

#include "mixer/bfloor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CONF = 4321, USER = 10, FLOOR = 1, SAID_MAX = 3, STEP_MS = 250 };

struct world {
	struct bfloor b;
	struct bfloor_io io;
	uint64_t now;
	unsigned said;
	uint8_t floor; /* What it answers at once */
	bool own, taken;
};

static void send_h(const uint8_t *p, size_t len, void *arg)
{
	struct world *w = arg;
	struct bfc_msg msg;

	if (bfc_decode(&msg, p, len) || ++w->said > SAID_MAX)
		abort();
}

static void decide(struct world *w, uint8_t how)
{
	static const enum floor_told types[] = {
		FLOOR_TOLD_GRANTED, FLOOR_TOLD_TAKEN, FLOOR_TOLD_DENY,
		FLOOR_TOLD_REVOKE, FLOOR_TOLD_IDLE, FLOOR_TOLD_QUEUE};
	const struct floor_tell ft = {.type = types[how % 6],
				      .words = how & 16 ? "\xc3\xa4 word" : "",
				      .secs = how & 32 ? 30 : 5,
				      .position = how >> 6};

	w->own = ft.type == FLOOR_TOLD_GRANTED;
	w->taken = ft.type == FLOOR_TOLD_TAKEN;
	bfloor_tell(&w->b, &w->io, w->now, &ft);
}

static void ask_h(enum floor_said what, uint8_t priority, void *arg)
{
	struct world *w = arg;

	(void)priority;
	if (what == FLOOR_SAID_RELEASE)
		w->own = false;
	else if (what == FLOOR_SAID_REQUEST && w->floor)
		decide(w, w->floor);
}

static void view_h(struct bfloor_view *view, void *arg)
{
	const struct world *w = arg;

	*view = (struct bfloor_view){.own = w->own,
				     .taken = w->taken,
				     .burst = 7,
				     .uri = "sip:bob@example.com",
				     .name = "Bob"};
}

static void pass(struct world *w, unsigned steps)
{
	const uint64_t end = w->now + steps * (uint64_t)STEP_MS * 1000;

	while (bfloor_deadline(&w->b) <= end) {
		const uint64_t at = bfloor_deadline(&w->b);

		w->said = 0;
		w->now = at > w->now ? at : w->now;
		bfloor_time(&w->b, &w->io, w->now);
		if (bfloor_deadline(&w->b) <= w->now)
			abort();
	}
	w->now = end;
}

static size_t datagram(struct world *w, bool right, const uint8_t *data,
		       size_t size)
{
	const size_t len = size && data[0] < size ? data[0] : 0;
	uint8_t buf[256];

	if (!len)
		return size ? 1 : 0;
	memcpy(buf, data + 1, len);
	if (right && len >= 12) {
		memcpy(buf + 4, "\0\0\x10\xe1", 4);
		memcpy(buf + 10, "\0\x0a", 2);
	}
	(void)bfloor_rx(&w->b, &w->io, w->now, buf, len);
	return 1 + len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct bfloor_ids ids = {CONF, USER, FLOOR};
	struct world w = {.now = 1000000,
			  .io = {send_h, ask_h, view_h, NULL}};

	w.io.arg = &w;
	bfloor_init(&w.b, &ids);
	while (size) {
		const uint8_t op = *data++;
		size_t used = 0;

		size--;
		w.said = 0;
		switch (op & 3) {
		case 0:
			pass(&w, op >> 2);
			break;
		case 1:
			decide(&w, size ? *data : 0);
			used = size ? 1 : 0;
			break;
		default:
			w.floor = op >> 2;
			used = datagram(&w, op & 1, data, size);
			break;
		}
		data += used;
		size -= used;
	}
	return 0;
}

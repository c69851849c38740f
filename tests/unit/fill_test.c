/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file fill_test.c  The running burst on its way to a worker that is late
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "mixer/bridge.h"

enum { PACKETS = 200, SLOTS = 64, SPAN_MS = 60000, BYTES = 160 };

/* A worker of two, with one bridge whose burst was kept */
struct home {
	struct worker w;
	struct part *part;
	struct member talker;
	struct bridge *b;
	struct replay *r;
	uint32_t next;         /* Of the packets that came out */
};

static void home_open(struct home *h)
{
	const struct floor_policy policy = {.in_emergency = false};
	const uint8_t speech[BYTES] = {0};
	struct burst_stamp st = {.idx = 0};
	uint64_t at_us = 5000000;
	unsigned i;

	memset(h, 0, sizeof(*h));
	h->w.now = at_us;
	h->w.partv = &h->part;
	wheel_init(&h->w.wheel, h->w.now / 1000);
	assert_int_equal(slotq_alloc(&h->w.to[1], SLOTS,
				     sizeof(struct peer_msg), NULL),
			 0);
	assert_int_equal(replay_pool_init(&h->w.replays,
					  8 * REPLAY_CHUNK_BYTES, SPAN_MS),
			 0);
	h->b = bridge_alloc(id_make(true, 1, 0, 0), &policy);
	assert_non_null(h->b);
	h->r = replay_open(&h->w.replays, 1);
	assert_non_null(h->r);
	for (i = 0; i < PACKETS; i++, st.idx++, at_us += 20000)
		assert_true(replay_put(h->r, &st, at_us, speech, BYTES));
	h->b->w = &h->w;
	h->b->floor.burst = 1;
	h->b->floor.holder = &h->talker.fm;
	h->b->keep.r = h->r;
}

static void home_close(struct home *h)
{
	fill_stop(h->b);
	replay_unref(h->r);
	h->b->keep.r = NULL;
	mem_deref(h->b);
	mem_deref(h->w.to[1]);
	replay_pool_fini(&h->w.replays);
}

static void pass(struct home *h, unsigned ms)
{
	for (; ms; ms--) {
		h->w.now += 1000;
		(void)wheel_run(&h->w.wheel, h->w.now / 1000, &h->w);
	}
}

/* The other worker takes all that is there, in order */
static unsigned take(struct home *h)
{
	const struct peer_msg *pm;
	unsigned n = 0;

	while ((pm = slotq_peek(h->w.to[1]))) {
		assert_int_equal(pm->type, PEER_SPEECH_DOWN);
		assert_int_equal(pm->u.down.stamp.idx, h->next++);
		assert_int_equal(pm->u.down.past, h->next < PACKETS);
		slotq_release(h->w.to[1]);
		n++;
	}
	return n;
}

/* It leaves what the floor may need, waits for more room, and that is no sign
 * of overload */
static void leaves_room(void **state)
{
	static struct home h;

	(void)state;
	home_open(&h);
	fill_start(h.b, 1);
	pass(&h, 20);
	assert_int_equal(take(&h), SLOTS - PEER_KEEP);
	while (h.next < PACKETS) {
		pass(&h, 20);
		assert_true(take(&h) > 0);
	}
	assert_int_equal(h.next, PACKETS);
	assert_int_equal(slotq_drops(h.w.to[1]), 0);
	pass(&h, 20);
	assert_null(h.b->fill.r);
	home_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file stream_test.c  One continuous stream a listener, whoever talks (P10)
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "mixer/stream.h"

enum { HZ = 8000, STEP = 160, STEP_US = 20000 };

/** A talker, a burst, one listener */
struct line {
	struct burst b;
	struct burst_tail tail;
	struct stream s;
	struct rtpw_hdr in;  /**< Next packet of the talker */
	uint64_t now;
	uint8_t hdr[RTPW_HEADER_BYTES];
};

static void line_init(struct line *l)
{
	memset(l, 0, sizeof(*l));
	l->now = 1000000000;
	l->in = (struct rtpw_hdr){.seq = 65530, .ts = 0xffffff00, .ssrc = 1};
	stream_init(&l->s, 0xabcd, HZ, 65000, 0xfffff000);
	burst_open(&l->b, &l->tail);
}

static void tick(struct line *l, unsigned packets)
{
	l->in.seq = (uint16_t)(l->in.seq + packets);
	l->in.ts += packets * STEP;
	l->now += (uint64_t)packets * STEP_US;
}

/* The packet that the talker would send now; fresh: of a new burst for the
 * listener */
static bool pass(struct line *l, bool fresh, struct rtpw_hdr *out)
{
	struct burst_stamp st;

	if (!burst_stamp(&l->b, &l->in, HZ, l->now, &st))
		return false;
	if (fresh)
		stream_burst(&l->s, &st, l->now);
	if (!stream_put(&l->s, &st, 0, l->now, l->hdr))
		return false;
	return !rtpw_decode(out, l->hdr, sizeof(l->hdr));
}

static void starts_where_it_was_told(void **state)
{
	struct rtpw_hdr o;
	struct line l;

	(void)state;
	line_init(&l);
	assert_true(pass(&l, true, &o));
	assert_int_equal(o.seq, 65000);
	assert_int_equal(o.ts, 0xfffff000);
	assert_int_equal(o.ssrc, 0xabcd);
	assert_true(o.marker);
	tick(&l, 1);
	assert_true(pass(&l, false, &o));
	assert_int_equal(o.seq, 65001);
	assert_int_equal(o.ts, 0xfffff000 + STEP);
	assert_false(o.marker);
}

/* Longer than the sequence number: for hours, with each packet of a window
 * lost in turn */
static void long_burst(void **state)
{
	struct rtpw_hdr o, was = {.seq = 0};
	struct line l;
	unsigned i, skip;

	(void)state;
	line_init(&l);
	assert_true(pass(&l, true, &was));
	for (i = 0; i < 300000; i++) {
		skip = i % 1000 == 0 ? 1 + i / 1000 % 20 : 1;
		tick(&l, skip);
		assert_true(pass(&l, false, &o));
		assert_int_equal((uint16_t)(o.seq - was.seq), skip);
		assert_int_equal(o.ts - was.ts, skip * STEP);
		was = o;
	}
}

static void reordered(void **state)
{
	struct rtpw_hdr o;
	struct line l;

	(void)state;
	line_init(&l);
	assert_true(pass(&l, true, &o));
	tick(&l, 3);
	assert_true(pass(&l, false, &o));
	assert_int_equal(o.seq, 65003);
	l.in.seq--;
	l.in.ts -= STEP;
	assert_true(pass(&l, false, &o));
	assert_int_equal(o.seq, 65002);
	assert_int_equal(o.ts, 0xfffff000 + 2 * STEP);
	/* Twice the newest, and one before the first */
	l.in.seq++;
	assert_false(pass(&l, false, &o));
	l.in.seq -= 4;
	assert_false(pass(&l, false, &o));
}

static void next_burst(void **state)
{
	struct rtpw_hdr o, was;
	struct line l;

	(void)state;
	line_init(&l);
	assert_true(pass(&l, true, &was));
	burst_close(&l.b, l.now, &l.tail);
	/* Three seconds later somebody else */
	l.now += 3000000;
	l.in = (struct rtpw_hdr){.seq = 7, .ts = 70, .ssrc = 2};
	burst_open(&l.b, &(struct burst_tail){0});
	assert_true(pass(&l, true, &o));
	assert_int_equal((uint16_t)(o.seq - was.seq), 1);
	assert_int_equal(o.ts - was.ts, 3 * HZ);
	assert_true(o.marker);
	/* At once: still a packet's length later */
	burst_open(&l.b, &(struct burst_tail){0});
	was = o;
	assert_true(pass(&l, true, &o));
	assert_int_equal(o.ts - was.ts, STEP);
}

static void old_burst_comes_late(void **state)
{
	struct rtpw_hdr o;
	struct line l;

	(void)state;
	line_init(&l);
	assert_true(pass(&l, true, &o));
	tick(&l, 5);
	assert_true(pass(&l, false, &o));
	burst_close(&l.b, l.now, &l.tail);
	burst_open(&l.b, &l.tail);
	l.in.seq -= 2;
	assert_false(pass(&l, true, &o));
	l.in.seq += 3;
	assert_true(pass(&l, true, &o));
	assert_int_equal(o.seq, 65006);
	/* Its sequence came round while it was silent: new after all */
	burst_close(&l.b, l.now, &l.tail);
	burst_open(&l.b, &l.tail);
	l.now += BURST_TAIL_US;
	assert_true(pass(&l, true, &o));
}

static void talker_starts_anew(void **state)
{
	struct rtpw_hdr o, was;
	struct line l;

	(void)state;
	line_init(&l);
	assert_true(pass(&l, true, &was));
	l.now += STEP_US;
	l.in = (struct rtpw_hdr){.seq = 30000, .ts = 5, .ssrc = 9};
	assert_true(pass(&l, false, &o));
	assert_int_equal((uint16_t)(o.seq - was.seq), 1);
	assert_int_equal(o.ts - was.ts, STEP);
	assert_true(o.marker);
	/* A jump of the same stream */
	was = o;
	l.in.seq = 100;
	l.in.ts = 99999;
	l.now += STEP_US;
	assert_true(pass(&l, false, &o));
	assert_int_equal((uint16_t)(o.seq - was.seq), 1);
	assert_int_equal(o.ts - was.ts, STEP);
}

/* Who joins in the middle starts there, and hears nothing from before */
static void late_listener(void **state)
{
	struct rtpw_hdr o;
	struct line l;

	(void)state;
	line_init(&l);
	assert_true(pass(&l, true, &o));
	stream_init(&l.s, 0xbeef, HZ, 10, 1000);
	tick(&l, 100);
	assert_true(pass(&l, true, &o));
	assert_int_equal(o.seq, 10);
	assert_int_equal(o.ts, 1000);
	assert_true(o.marker);
	l.in.seq--;
	assert_false(pass(&l, false, &o));
}

static void has_last(void **state)
{
	struct rtpw_hdr o;
	struct line l;

	(void)state;
	line_init(&l);
	assert_false(burst_has(&l.b, 65530));
	assert_true(pass(&l, true, &o));
	assert_true(burst_has(&l.b, 65530));
	assert_false(burst_has(&l.b, 3));
	tick(&l, 9);
	assert_true(pass(&l, false, &o));
	assert_true(burst_has(&l.b, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_where_it_was_told),
		cmocka_unit_test(long_burst),
		cmocka_unit_test(reordered),
		cmocka_unit_test(next_burst),
		cmocka_unit_test(old_burst_comes_late),
		cmocka_unit_test(talker_starts_anew),
		cmocka_unit_test(late_listener),
		cmocka_unit_test(has_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

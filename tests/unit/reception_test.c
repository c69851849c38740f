/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file reception_test.c  Both directions' accounts of RTCP, by hand-computed
 *                         vectors of RFC 3550 appendix A, and their judgement
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "mixer/hearing.h"
#include "mixer/quality.h"
#include "mixer/reception.h"

enum { HZ = 8000, STEP = 160, STEP_US = 20000 };

struct rx {
	struct reception rc;
	struct rtpw_hdr hdr;
	uint64_t now;
};

static void rx_init(struct rx *r, uint16_t seq)
{
	memset(r, 0, sizeof(*r));
	r->now = 1000000000;
	r->hdr = (struct rtpw_hdr){.seq = seq, .ts = 0xffffff80, .ssrc = 7};
}

static void tick(struct rx *r, unsigned packets)
{
	r->hdr.seq = (uint16_t)(r->hdr.seq + packets);
	r->hdr.ts += packets * STEP;
	r->now += (uint64_t)packets * STEP_US;
}

/* count packets come in time, beginning with the one that is next */
static void come(struct rx *r, unsigned count)
{
	for (; count; count--) {
		reception_rtp(&r->rc, &r->hdr, HZ, r->now);
		tick(r, 1);
	}
}

static struct rtcpw_block block(struct rx *r)
{
	struct rtcpw_block b;

	memset(&b, 0xee, sizeof(b));
	assert_true(reception_block(&r->rc, r->now, &b));
	assert_int_equal(b.ssrc, 7);
	return b;
}

/* A.1, A.3: the wrap counts a cycle; losses of the interval and of all */
static void losses(void **state)
{
	struct rtcpw_block b;
	struct rx r;

	(void)state;
	rx_init(&r, 65530);
	assert_false(reception_block(&r.rc, r.now, &b));
	come(&r, 10); /* 65530 .. 3 */
	b = block(&r);
	assert_int_equal(b.highest, 0x10003);
	assert_int_equal(b.lost, 0);
	assert_int_equal(b.fraction, 0);
	/* Nothing came since */
	assert_false(reception_block(&r.rc, r.now, &b));

	tick(&r, 2);
	come(&r, 6); /* 2 of 8 lost: 64 of 256 */
	b = block(&r);
	assert_int_equal(b.highest, 0x1000b);
	assert_int_equal(b.lost, 2);
	assert_int_equal(b.fraction, 64);

	come(&r, 3);
	b = block(&r);
	assert_int_equal(b.lost, 2);
	assert_int_equal(b.fraction, 0);

	tick(&r, 1);
	come(&r, 2); /* 1 of 3: 85.33 of 256 */
	assert_int_equal(block(&r).fraction, 85);
}

/* A.1, A.3: what comes twice makes the loss negative, what is late is none */
static void twice_and_late(void **state)
{
	struct rtcpw_block b;
	struct rtpw_hdr late;
	struct rx r;

	(void)state;
	rx_init(&r, 0);
	come(&r, 3);
	late = r.hdr;
	tick(&r, 1);
	come(&r, 1);
	reception_rtp(&r.rc, &late, HZ, r.now);
	b = block(&r);
	assert_int_equal(b.lost, 0);
	assert_int_equal(b.highest, 4);
	reception_rtp(&r.rc, &late, HZ, r.now);
	reception_rtp(&r.rc, &late, HZ, r.now);
	b = block(&r);
	assert_int_equal(b.lost, -2);
	assert_int_equal(b.fraction, 0);
	/* All of an interval but one */
	tick(&r, 255);
	come(&r, 1);
	assert_int_equal(block(&r).fraction, 255);
}

/* A.1: one packet far away is no packet of this stream, two are a new one */
static void jumps(void **state)
{
	struct rtcpw_block b;
	struct rx r, was;

	(void)state;
	rx_init(&r, 100);
	come(&r, 5);
	was = r;
	tick(&r, 20000);
	come(&r, 1);
	r.hdr = was.hdr;
	come(&r, 1);
	b = block(&r);
	assert_int_equal(b.highest, 105);
	assert_int_equal(b.lost, 0);
	tick(&r, 20000);
	come(&r, 3);
	b = block(&r);
	assert_int_equal(b.highest, 20108);
	assert_int_equal(b.lost, 0);
	/* 2999 ahead is a gap */
	tick(&r, 2998);
	come(&r, 1);
	assert_int_equal(block(&r).lost, 2998);
}

/* A.8 by hand: every other packet is 80 ticks late, J(16) is 80,
 * 80 + 80 - 5 = 155, 155 + 80 - 10 = 225, and a sixteenth is reported */
static void jitter(void **state)
{
	static const uint32_t want[] = {0, 5, 9, 14};
	struct rx r;
	unsigned i;

	(void)state;
	rx_init(&r, 9);
	for (i = 0; i < 4; i++) {
		reception_rtp(&r.rc, &r.hdr, HZ, r.now + (i & 1) * 10000);
		assert_int_equal(block(&r).jitter, want[i]);
		tick(&r, 1);
	}
	/* Silence of a terminal whose clock stood still meanwhile */
	r.now += 5000000;
	reception_rtp(&r.rc, &r.hdr, HZ, r.now);
	assert_int_equal(block(&r).jitter, 14);
	/* Timestamps that go backwards, as far as they can: bounded */
	for (i = 0; i < 1000; i++) {
		tick(&r, 1);
		r.hdr.ts -= 0x80000000u;
		reception_rtp(&r.rc, &r.hdr, HZ, r.now);
	}
	assert_true(block(&r).jitter <= 0x0fffffff);
	assert_true(r.rc.jitter > 0xf0000000);
}

/* LSR is the middle of the NTP time, DLSR in 1/65536 s (6.4.1) */
static void last_report(void **state)
{
	struct rtcpw_block b;
	struct rx r;

	(void)state;
	rx_init(&r, 9);
	come(&r, 1);
	b = block(&r);
	assert_int_equal(b.lsr, 0);
	assert_int_equal(b.dlsr, 0);
	reception_sr(&r.rc, 8, 0x1122334455667788, r.now);
	come(&r, 1);
	assert_int_equal(block(&r).lsr, 0); /* another's */
	reception_sr(&r.rc, 7, 0x1122334455667788, r.now);
	r.now += 5250000;
	come(&r, 1);
	r.now -= STEP_US;
	b = block(&r);
	assert_int_equal(b.lsr, 0x33445566);
	assert_int_equal(b.dlsr, 0x00054000);
}

/* Another SSRC, or a BYE, begins a new account */
static void sources(void **state)
{
	struct rtcpw_block b;
	struct rx r;

	(void)state;
	rx_init(&r, 9);
	come(&r, 4);
	reception_sr(&r.rc, 7, 0x1122334455667788, r.now);
	r.hdr.ssrc = 6;
	tick(&r, 5000);
	come(&r, 2);
	assert_true(reception_block(&r.rc, r.now, &b));
	assert_int_equal(b.ssrc, 6);
	assert_int_equal(b.highest, 5014);
	assert_int_equal(b.lost, 0);
	assert_int_equal(b.lsr, 0);
	reception_bye(&r.rc);
	assert_false(reception_block(&r.rc, r.now, &b));
	tick(&r, 100);
	come(&r, 1);
	assert_true(reception_block(&r.rc, r.now, &b));
	assert_int_equal(b.lost, 0);
}

/* --- how the terminal hears us ------------------------------------------- */

/* The example of RFC 3550 section 6.4.1: sent at ..b710:8000, reported at
 * ..b71d:.. after 5.250 s, and 6.125 s of way */
static void round_trip(void **state)
{
	struct rtcpw_block b = {.lsr = 0xb7058000, .dlsr = 0x00054000};
	const uint64_t now = 0xb44db710c2000000;

	(void)state;
	/* A = 0xb710:c200 hex: b710c200 - 00054000 - b7058000 = 00060200 */
	assert_int_equal((uint32_t)(now >> 16), 0xb710c200);
	assert_int_equal(hearing_rtt_us(&b, now), 6007812);
	b.dlsr = 0xb710c200 - 0xb7058000;
	assert_int_equal(hearing_rtt_us(&b, now), 1);
	b.dlsr++; /* came before it was sent */
	assert_int_equal(hearing_rtt_us(&b, now), 0);
	b.lsr = 0;
	assert_int_equal(hearing_rtt_us(&b, now), 0);
	b.lsr = 0xb710c200 - 31 * 65536; /* more than half a minute */
	b.dlsr = 0;
	assert_int_equal(hearing_rtt_us(&b, now), 0);
}

static void believed(void **state)
{
	const struct hearing_of of = {.packets = 100,
				      .seq = 5,
				      .clock_hz = HZ,
				      .ntp = 0xb44db710c2000000};
	struct hearing_of none = of;
	struct rtcpw_block b = {.highest = 0x10004,
				.lost = 3,
				.fraction = 8,
				.jitter = 16,
				.lsr = 0xb710c200 - 65536};
	struct hearing h = {.known = false};

	(void)state;
	none.packets = 0;
	assert_int_equal(hearing_take(&h, &b, &none), HEARING_ABSURD);
	assert_int_equal(hearing_take(&h, &b, &of), HEARING_NEWS);
	assert_true(h.known);
	assert_int_equal(h.lost, 3);
	assert_int_equal(h.fraction, 8);
	assert_int_equal(h.jitter_us, 2000);
	assert_int_equal(h.rtt_us, 1000000);
	/* Once more the same: only the way is news */
	b.fraction = 0;
	b.lsr += 32768;
	assert_int_equal(hearing_take(&h, &b, &of), HEARING_SAME);
	assert_int_equal(h.fraction, 8);
	assert_int_equal(h.rtt_us, 500000);
	/* A way that cannot be is left out, the rest counts */
	b.highest++;
	b.lsr = 1;
	assert_int_equal(hearing_take(&h, &b, &of), HEARING_NEWS);
	assert_int_equal(h.rtt_us, 500000);
	assert_int_equal(h.fraction, 0);
	/* More than was sent, lost or heard */
	b.highest++;
	assert_int_equal(hearing_take(&h, &b, &of), HEARING_ABSURD);
	b.highest--;
	b.lost = 101;
	assert_int_equal(hearing_take(&h, &b, &of), HEARING_ABSURD);
	assert_int_equal(h.lost, 3);
	b.lost = -5;
	b.highest--;
	assert_int_equal(hearing_take(&h, &b, &of), HEARING_NEWS);
	assert_int_equal(h.lost, -5);
}

/* --- good or bad --------------------------------------------------------- */

/* Each change that a row of reports makes: one letter a report */
static void judge(const char *reports, const char *want,
		  const struct quality_bounds *bounds)
{
	struct quality q = {.bad = false};
	size_t i;

	for (i = 0; reports[i]; i++) {
		const uint8_t fraction = reports[i] == 'x'   ? 26
					 : reports[i] == 'm' ? 25
					 : reports[i] == 'h' ? 13
							     : 12;
		const uint32_t rtt_us = reports[i] == 'R'   ? 1000000
					: reports[i] == 'r' ? 500000
							    : 499999;

		quality_take(&q, bounds, fraction, rtt_us);
		assert_int_equal(q.bad, want[i] == 'B');
	}
}

/* Bound 10 percent: 26 of 256 is beyond it, 25 not; 13 is half or more, 12
 * is below */
static void hysteresis(void **state)
{
	const struct quality_bounds both = {10, 1000000}, none = {0, 0};

	(void)state;
	judge("x.x.x.mmm", "ggggggggg", &both);
	judge("xx...x....", "gBBBgggggg", &both);
	judge("xx..h..m...", "gBBBBBBBBBg", &both);
	judge("RR..r...", "gBBBBBBg", &both);
	judge("xRxR", "gBBB", &both);
	judge("xxxxRRRR", "gggggggg", &none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(losses),
		cmocka_unit_test(twice_and_late),
		cmocka_unit_test(jumps),
		cmocka_unit_test(jitter),
		cmocka_unit_test(last_report),
		cmocka_unit_test(sources),
		cmocka_unit_test(round_trip),
		cmocka_unit_test(believed),
		cmocka_unit_test(hysteresis),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

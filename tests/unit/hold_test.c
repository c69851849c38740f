/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file hold_test.c  The newest speech of one leg that waits for the floor
 * (row X3): enumerated, without a clock
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "mixer/hold.h"

enum { HZ = 8000, BYTES = 160 };

static unsigned put(struct hold *h, uint16_t seq, uint32_t ts, uint32_t ssrc)
{
	const struct rtpw_hdr hdr = {
		.seq = seq, .ts = ts, .ssrc = ssrc, .payload_bytes = BYTES};
	uint8_t p[BYTES];

	memset(p, (uint8_t)seq, sizeof(p));
	return hold_put(h, &hdr, p, HZ);
}

/* In order, no hole, each with its own payload */
static void check(const struct hold *h, uint16_t first, unsigned n)
{
	unsigned i;

	assert_int_equal(h->n, n);
	for (i = 0; i < n; i++) {
		const struct hold_packet *hp = hold_get(h, i);

		assert_int_equal(hp->hdr.seq, (uint16_t)(first + i));
		assert_int_equal(hp->data[0], (uint8_t)(first + i));
		assert_int_equal(hp->data[BYTES - 1], (uint8_t)(first + i));
	}
}

/* 200 ms whatever a packet's length, the newest, across the wrap of all */
static void newest_200_ms(void **state)
{
	static const unsigned frame_msv[] = {10, 20, 40, 60, 200};
	static struct hold h;
	unsigned f, k;

	(void)state;
	for (f = 0; f < sizeof(frame_msv) / sizeof(frame_msv[0]); f++) {
		const unsigned ms = frame_msv[f];
		const unsigned most = (HOLD_MS + ms - 1) / ms;
		unsigned out = 0;

		hold_init(&h);
		for (k = 0; k < 100; k++) {
			out += put(&h, (uint16_t)(65500 + k),
				   0xffffff00 + k * ms * HZ / 1000, 7);
			check(&h,
			      (uint16_t)(65500 +
					 (k + 1 > most ? k + 1 - most : 0)),
			      k + 1 > most ? most : k + 1);
			assert_int_equal(out, k + 1 - h.n);
		}
	}
}

/* Shorter packets than there are places for: the bound is in packets */
static void packets_bounded(void **state)
{
	static struct hold h;
	unsigned k, out = 0;

	(void)state;
	hold_init(&h);
	for (k = 0; k < 1000; k++)
		out += put(&h, (uint16_t)k, k, 7);
	check(&h, 1000 - HOLD_PACKETS, HOLD_PACKETS);
	assert_int_equal(out, 1000 - HOLD_PACKETS);
	/* What belongs before all of them has no place */
	assert_int_equal(put(&h, 1000 - HOLD_PACKETS - 1, 0, 7), 1);
	check(&h, 1000 - HOLD_PACKETS, HOLD_PACKETS);
}

/* Every order in which five packets can come, each twice */
static void any_order(void **state)
{
	static struct hold h;
	unsigned code, k;

	(void)state;
	for (code = 0; code < 5 * 5 * 5 * 5 * 5; code++) {
		unsigned v[5], seen = 0, c = code;

		for (k = 0; k < 5; k++, c /= 5) {
			v[k] = c % 5;
			seen |= 1u << v[k];
		}
		if (seen != 31)
			continue;
		hold_init(&h);
		for (k = 0; k < 5; k++) {
			const uint16_t seq = (uint16_t)(65533 + v[k]);

			assert_int_equal(put(&h, seq, v[k] * 160, 7), 0);
			assert_int_equal(put(&h, seq, v[k] * 160, 7), 1);
		}
		check(&h, 65533, 5);
	}
}

/* Each packet lost in turn: the others are there */
static void holes(void **state)
{
	static struct hold h;
	unsigned lost, k;

	(void)state;
	for (lost = 0; lost < 10; lost++) {
		hold_init(&h);
		for (k = 0; k < 10; k++)
			if (k != lost)
				(void)put(&h, (uint16_t)k, k * 160, 7);
		assert_int_equal(h.n, 9);
		for (k = 0; k < 9; k++)
			assert_int_equal(hold_get(&h, k)->hdr.seq,
					 k < lost ? k : k + 1);
	}
}

/* The terminal starts its stream anew: what it said before is old */
static void other_stream(void **state)
{
	static struct hold h;

	(void)state;
	hold_init(&h);
	(void)put(&h, 5, 0, 7);
	(void)put(&h, 6, 160, 7);
	assert_int_equal(put(&h, 6, 160, 8), 2);
	check(&h, 6, 1);
	assert_int_equal(put(&h, 20000, 0, 8), 1);
	check(&h, 20000, 1);
	assert_int_equal(put(&h, 10000, 0, 8), 1);
	check(&h, 10000, 1);
}

static void longest(void **state)
{
	static const uint8_t p[HOLD_PACKET_BYTES + 1] = {1};
	struct rtpw_hdr hdr = {.payload_bytes = HOLD_PACKET_BYTES};
	static struct hold h;

	(void)state;
	hold_init(&h);
	assert_int_equal(hold_put(&h, &hdr, p, HZ), 0);
	hdr.seq++;
	hdr.payload_bytes++;
	assert_int_equal(hold_put(&h, &hdr, p, HZ), 1);
	assert_int_equal(h.n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(newest_200_ms),
		cmocka_unit_test(packets_bounded),
		cmocka_unit_test(any_order),
		cmocka_unit_test(holes),
		cmocka_unit_test(other_stream),
		cmocka_unit_test(longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

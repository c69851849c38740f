/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file key_test.c  Telephone-events (RFC 4733): each press counts once,
 * whichever of its packets are lost, doubled or late (row P10)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "mixer/key.h"

enum { STAR = 10, HASH = 11, CLOCK = 8000, STEP = 160, PACKETS = 6,
       LENGTH = 3 * STEP };

struct ev {
	uint8_t event;
	bool marker, end;
	uint16_t duration;
	uint32_t ts;
};

static bool take(struct key *k, const struct ev *e, bool *freshp)
{
	const uint8_t p[] = {e->event, e->end ? 0x8a : 0x0a,
			     (uint8_t)(e->duration >> 8),
			     (uint8_t)e->duration};
	const struct rtpw_hdr hdr = {.marker = e->marker, .ts = e->ts,
				     .ssrc = 7, .payload = 0,
				     .payload_bytes = sizeof(p)};
	uint8_t event = 0xee;
	bool ok;

	*freshp = false;
	ok = key_take(k, &hdr, p, CLOCK, &event, freshp);
	if (ok)
		assert_int_equal(event, e->event);
	return ok;
}

/* start, two updates, three ends */
static void press(struct ev v[PACKETS], uint8_t event, uint32_t ts)
{
	unsigned i;

	for (i = 0; i < PACKETS; i++)
		v[i] = (struct ev){.event = event,
				   .marker = i == 0,
				   .end = i > 2,
				   .duration = (uint16_t)(
					   STEP * (i < 3 ? i + 1 : 3)),
				   .ts = ts};
}

/* Every subset of two presses' packets: each press of which anything came is
 * seen exactly once, and before the next. Timestamps wrap in between. */
static void any_loss(void **state)
{
	const uint32_t start = 0xffffff00;
	unsigned lost;

	(void)state;
	for (lost = 0; lost < 1u << (2 * PACKETS); lost++) {
		struct key k = {.known = false};
		struct ev v[2 * PACKETS];
		unsigned seen[2] = {0, 0}, sent[2] = {0, 0}, i;

		press(&v[0], STAR, start);
		press(&v[PACKETS], STAR, start + 2 * LENGTH);
		for (i = 0; i < 2 * PACKETS; i++) {
			bool fresh;

			if (lost & 1u << i)
				continue;
			sent[i / PACKETS] = 1;
			assert_true(take(&k, &v[i], &fresh));
			seen[i / PACKETS] += fresh;
		}
		/* Without any end, and without the marker of the next start,
		 * two presses of one key cannot be told from one long one */
		if ((lost & 0x38) == 0x38 && (lost & 1u << PACKETS) &&
		    sent[0] && sent[1]) {
			assert_int_equal(seen[0], 1);
			continue;
		}
		assert_int_equal(seen[0], sent[0]);
		assert_int_equal(seen[1], sent[1]);
	}
}

/* ..of two different keys there is no doubt at all */
static void any_loss_two_keys(void **state)
{
	unsigned lost;

	(void)state;
	for (lost = 0; lost < 1u << (2 * PACKETS); lost++) {
		struct key k = {.known = false};
		struct ev v[2 * PACKETS];
		unsigned seen[2] = {0, 0}, sent[2] = {0, 0}, i;

		press(&v[0], STAR, 5);
		press(&v[PACKETS], HASH, 5 + 2 * LENGTH);
		for (i = 0; i < 2 * PACKETS; i++) {
			bool fresh;

			if (lost & 1u << i)
				continue;
			sent[i / PACKETS] = 1;
			assert_true(take(&k, &v[i], &fresh));
			seen[i / PACKETS] += fresh;
		}
		assert_int_equal(seen[0], sent[0]);
		assert_int_equal(seen[1], sent[1]);
	}
}

/* Each packet twice, and each pair of neighbours swapped */
static void doubled_and_swapped(void **state)
{
	unsigned swap, i, n;

	(void)state;
	for (swap = 0; swap < 2 * PACKETS - 1; swap++) {
		struct key k = {.known = false};
		struct ev v[2 * PACKETS], tmp;
		unsigned seen = 0;

		press(&v[0], STAR, 1000);
		press(&v[PACKETS], HASH, 1000 + 2 * LENGTH);
		tmp = v[swap];
		v[swap] = v[swap + 1];
		v[swap + 1] = tmp;
		for (i = 0; i < 2 * PACKETS; i++) {
			for (n = 0; n < 2; n++) {
				bool fresh;

				(void)take(&k, &v[i], &fresh);
				seen += fresh;
			}
		}
		assert_int_equal(seen, 2);
	}
}

/* Section 2.5.1.3: held for a minute it is one press; each of its segments'
 * packets lost in turn */
static void long_event(void **state)
{
	enum { SEGMENTS = 7, EACH = 5 };
	unsigned lost;

	(void)state;
	for (lost = 0; lost < SEGMENTS * EACH; lost++) {
		struct key k = {.known = false};
		unsigned seen = 0, i;

		for (i = 0; i < SEGMENTS * EACH; i++) {
			const unsigned part = i % EACH;
			const struct ev e = {
				.event = STAR,
				.marker = i == 0,
				.end = i == SEGMENTS * EACH - 1,
				.duration = (uint16_t)(
					part == EACH - 1 ? 0xffff
							 : 13107 * (part + 1)),
				.ts = 77 + (i / EACH) * 0xffffu};
			bool fresh;

			if (i == lost)
				continue;
			assert_true(take(&k, &e, &fresh));
			seen += fresh;
		}
		assert_int_equal(seen, 1);
	}
}

/* Too far away for a segment: another press, though all ends were lost */
static void far_apart(void **state)
{
	struct key k = {.known = false};
	struct ev e = {.event = STAR, .duration = STEP, .ts = 9};
	bool fresh;

	(void)state;
	assert_true(take(&k, &e, &fresh) && fresh);
	e.ts += UINT16_MAX;
	assert_true(take(&k, &e, &fresh) && !fresh);
	e.ts += UINT16_MAX + 1;
	assert_true(take(&k, &e, &fresh) && fresh);
	/* Less than what was already said: it does not start behind it */
	e.ts += STEP - 1;
	assert_true(take(&k, &e, &fresh) && fresh);
}

/* A straggler is none; a clock that was set anew is another press */
static void late_or_anew(void **state)
{
	struct key k = {.known = false};
	struct ev e = {.event = STAR, .end = true, .duration = STEP,
		       .ts = 1000000};
	bool fresh;

	(void)state;
	assert_true(take(&k, &e, &fresh) && fresh);
	e.ts -= 10 * CLOCK - 1;
	assert_false(take(&k, &e, &fresh));
	e.ts -= 1;
	assert_true(take(&k, &e, &fresh) && fresh);
}

static void another_stream(void **state)
{
	const uint8_t p[] = {STAR, 0x80, 0, 160};
	struct rtpw_hdr hdr = {.ts = 5, .ssrc = 1, .payload_bytes = 4};
	struct key k = {.known = false};
	uint8_t event;
	bool fresh;

	(void)state;
	assert_true(key_take(&k, &hdr, p, CLOCK, &event, &fresh) && fresh);
	assert_true(key_take(&k, &hdr, p, CLOCK, &event, &fresh) && !fresh);
	hdr.ssrc = 2;
	assert_true(key_take(&k, &hdr, p, CLOCK, &event, &fresh) && fresh);
}

/* Fewer than four bytes are no event; more are redundancy of no interest */
static void short_payloads(void **state)
{
	const uint8_t p[] = {STAR, 0x80, 0, 160, 9, 9, 9, 9};
	struct key k = {.known = false};
	size_t n;

	(void)state;
	for (n = 0; n <= sizeof(p); n++) {
		const struct rtpw_hdr hdr = {.ts = 5, .payload_bytes = n};
		uint8_t event = 0;
		bool fresh = false;

		assert_int_equal(
			key_take(&k, &hdr, p, CLOCK, &event, &fresh), n >= 4);
		if (n < 4)
			assert_false(k.known);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_loss),
		cmocka_unit_test(any_loss_two_keys),
		cmocka_unit_test(doubled_and_swapped),
		cmocka_unit_test(long_event),
		cmocka_unit_test(far_apart),
		cmocka_unit_test(late_or_anew),
		cmocka_unit_test(another_stream),
		cmocka_unit_test(short_payloads),
	};

	return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file latch_test.c  Proof of source, port triples of an IP, rate of a leg
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "mixer/bucket.h"
#include "mixer/flow.h"
#include "mixer/id.h"
#include "mixer/latch.h"

static struct sa addr(const char *ip, uint16_t port)
{
	struct sa sa;

	assert_int_equal(sa_set_str(&sa, ip, port), 0);
	return sa;
}

#define FLOW addr("192.0.2.1", 5060)
#define PUB(port) addr("192.0.2.1", port)
#define PRIV(port) addr("10.0.0.5", port)

static enum latch_verdict check(struct latch *l, struct sa src, bool window)
{
	return latch_check(l, &src, window);
}

static void set(struct latch *l, struct sa sdp)
{
	const struct sa flow = FLOW;

	latch_set(l, &sdp, &flow);
}

static void closed(void **state)
{
	struct latch l = {.state = LATCH_CLOSED};
	struct sa none;

	(void)state;
	assert_int_equal(check(&l, PUB(4000), true), LATCH_UNLATCHED);
	assert_false(latch_sends(&l));
	/* A refused channel, and port 0, close an open one */
	set(&l, PUB(4000));
	assert_true(latch_sends(&l));
	sa_init(&none, AF_UNSPEC);
	set(&l, none);
	assert_false(latch_sends(&l));
	assert_int_equal(check(&l, PUB(4000), true), LATCH_UNLATCHED);
	set(&l, PUB(4000));
	set(&l, PUB(0));
	assert_false(latch_sends(&l));
}

/* The SDP names the flow's IP: known at once, and at any time */
static void direct(void **state)
{
	struct latch l = {.state = LATCH_CLOSED};
	const struct sa want = PUB(4000);

	(void)state;
	set(&l, PUB(4000));
	assert_true(latch_is(&l, &want));
	assert_int_equal(check(&l, PUB(4002), false), LATCH_UNLATCHED);
	assert_int_equal(check(&l, PUB(4000), false), LATCH_LEARNT);
	assert_int_equal(check(&l, PUB(4000), false), LATCH_OK);
	assert_int_equal(check(&l, PUB(4002), true), LATCH_FOREIGN);
}

/* Behind a NAT: nothing is sent before it has spoken, then only there */
static void behind_nat(void **state)
{
	struct latch l = {.state = LATCH_CLOSED};
	const struct sa want = PUB(31000);

	(void)state;
	set(&l, PRIV(4000));
	assert_false(latch_sends(&l));
	assert_int_equal(check(&l, PUB(31000), false), LATCH_UNLATCHED);
	assert_int_equal(check(&l, PUB(31000), true), LATCH_LEARNT);
	assert_true(latch_is(&l, &want));
	assert_int_equal(check(&l, PUB(31001), true), LATCH_FOREIGN);

	/* Hold and back with the same SDP: it stays, and may move once */
	set(&l, PRIV(4000));
	assert_true(latch_is(&l, &want));
	assert_int_equal(check(&l, PUB(31000), true), LATCH_OK);
	assert_int_equal(check(&l, PUB(31000), false), LATCH_OK);
	assert_int_equal(check(&l, PUB(31005), false), LATCH_UNLATCHED);
	assert_int_equal(check(&l, PUB(31005), true), LATCH_LEARNT);
	assert_int_equal(check(&l, PUB(31000), true), LATCH_FOREIGN);
}

/* A re-INVITE moves the media: packets that are still on their way from the
 * old port do not pin it there */
static void moved(void **state)
{
	struct latch l = {.state = LATCH_CLOSED};
	const struct sa want = PUB(5000);

	(void)state;
	set(&l, PUB(4000));
	assert_int_equal(check(&l, PUB(4000), true), LATCH_LEARNT);
	set(&l, PUB(5000));
	assert_true(latch_is(&l, &want));
	assert_int_equal(check(&l, PUB(4000), true), LATCH_OK);
	assert_true(latch_is(&l, &want));
	assert_int_equal(check(&l, PUB(5000), true), LATCH_LEARNT);
	assert_int_equal(check(&l, PUB(4000), true), LATCH_FOREIGN);
}

/* What was learnt is not undone by an SDP that says the same again */
static void asymmetric(void **state)
{
	struct latch l = {.state = LATCH_CLOSED};
	const struct sa want = PUB(4444);

	(void)state;
	set(&l, PUB(4000));
	assert_int_equal(check(&l, PUB(4444), true), LATCH_LEARNT);
	set(&l, PUB(4000));
	assert_true(latch_is(&l, &want));
}

/* --- triples ------------------------------------------------------------- */

enum { MAX_TRIPLES = 200 };

static uint32_t taken(struct flows *f, const struct flow_at *at)
{
	uint32_t t = UINT32_MAX;

	assert_int_equal(flow_take(f, at, &t), 0);
	return t;
}

static void lowest_free_triple(void **state)
{
	const struct sa a = FLOW, b = addr("2001:db8::1", 5060);
	const struct flow_at at = {&a, 0, 1000}, place = {&a, 1, 1000},
			     other = {&b, 0, 1000};
	struct flows *f = NULL;
	uint32_t t, i;

	(void)state;
	assert_int_equal(flows_alloc(&f, MAX_TRIPLES), 0);
	for (i = 0; i < MAX_TRIPLES; i++)
		assert_int_equal(taken(f, &at), i);
	assert_int_equal(flow_take(f, &at, &t), EADDRNOTAVAIL);
	/* Another place, another IP */
	assert_int_equal(taken(f, &place), 0);
	assert_int_equal(taken(f, &other), 0);
	/* None has rested: the lowest free one is better than none */
	flow_give(f, &at, 130);
	flow_give(f, &at, 5);
	flow_give(f, &at, 5);
	assert_int_equal(taken(f, &at), 5);
	assert_int_equal(taken(f, &at), 130);
	assert_int_equal(flow_take(f, &at, &t), EADDRNOTAVAIL);
	assert_int_equal(flow_take_at(f, &other, 0), EADDRINUSE);
	assert_int_equal(flow_take_at(f, &other, 77), 0);
	assert_int_equal(flows_count(f), 3);
	mem_deref(f);
}

/* Packets of the old leg's terminal are not the new leg's first ones */
static void triple_rests(void **state)
{
	const struct sa a = FLOW, b = addr("2001:db8::1", 5060);
	struct flow_at at = {&a, 0, 5 * FLOW_REST_MS + 7};
	struct flow_at other = {&b, 0, 0};
	const uint64_t given_ms = at.now_ms;
	struct flows *f = NULL;
	uint32_t i;

	(void)state;
	assert_int_equal(flows_alloc(&f, MAX_TRIPLES), 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(taken(f, &at), i);
	/* What was never said to a terminal need not rest */
	flow_undo(f, &at, 2);
	assert_int_equal(taken(f, &at), 2);
	flow_give(f, &at, 1);
	assert_int_equal(taken(f, &at), 3);
	assert_int_equal(flow_take_at(f, &at, 1), EADDRINUSE);
	at.now_ms = given_ms + FLOW_REST_MS;
	assert_int_equal(taken(f, &at), 4);
	assert_int_equal(flow_take_at(f, &at, 1), EADDRINUSE);
	at.now_ms = given_ms + 2 * FLOW_REST_MS;
	assert_int_equal(taken(f, &at), 1);
	/* An IP without legs is forgotten, but not before it has rested */
	for (i = 0; i < 5; i++)
		flow_give(f, &at, i);
	assert_int_equal(flows_count(f), 1);
	other.now_ms = at.now_ms + FLOW_REST_MS;
	assert_int_equal(taken(f, &other), 0);
	assert_int_equal(flows_count(f), 2);
	at.now_ms = other.now_ms;
	assert_int_equal(taken(f, &at), 5);
	flow_give(f, &at, 5);
	other.now_ms += 3 * FLOW_REST_MS;
	assert_int_equal(taken(f, &other), 1);
	assert_int_equal(flows_count(f), 1);
	at.now_ms = other.now_ms;
	assert_int_equal(taken(f, &at), 0);
	mem_deref(f);
}

/* --- rate and identities ------------------------------------------------- */

static void bucket(void **state)
{
	struct bucket b = {0};
	uint64_t now = 5000000000;
	unsigned i, n = 0;

	(void)state;
	for (i = 0; i < 20; i++)
		n += bucket_take(&b, now, 8, 4);
	assert_int_equal(n, 8);
	/* Four a second, for ever */
	for (i = 0, n = 0; i < 10000; i++) {
		now += 1000;
		n += bucket_take(&b, now, 8, 4);
	}
	assert_int_equal(n, 40);
	now += 3600000000;
	for (i = 0, n = 0; i < 20; i++)
		n += bucket_take(&b, now, 8, 4);
	assert_int_equal(n, 8);
}

static void identity(void **state)
{
	const uint64_t id = id_make(true, 0x7fffffff, 63, 0xfffffe);

	(void)state;
	assert_true(id_is_bridge(id));
	assert_int_equal(id_gen(id), 0x7fffffff);
	assert_int_equal(id_worker(id), 63);
	assert_int_equal(id_slot(id), 0xfffffe);
	assert_int_equal(id_gen_next(0x7fffffff), 1);
	assert_false(id_is_bridge(id_make(false, 0x7fffffff, 1, 2)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closed),
		cmocka_unit_test(direct),
		cmocka_unit_test(behind_nat),
		cmocka_unit_test(moved),
		cmocka_unit_test(asymmetric),
		cmocka_unit_test(lowest_free_triple),
		cmocka_unit_test(triple_rests),
		cmocka_unit_test(bucket),
		cmocka_unit_test(identity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

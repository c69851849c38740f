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

static void lowest_free_triple(void **state)
{
	enum { MAX_TRIPLES = 200 };
	const struct sa a = FLOW, b = addr("2001:db8::1", 5060);
	struct flows *f = NULL;
	uint32_t t, i;

	(void)state;
	assert_int_equal(flows_alloc(&f, MAX_TRIPLES), 0);
	for (i = 0; i < MAX_TRIPLES; i++) {
		assert_int_equal(flow_take(f, &a, 0, &t), 0);
		assert_int_equal(t, i);
	}
	assert_int_equal(flow_take(f, &a, 0, &t), EADDRNOTAVAIL);
	/* Another place, another IP */
	assert_int_equal(flow_take(f, &a, 1, &t), 0);
	assert_int_equal(t, 0);
	assert_int_equal(flow_take(f, &b, 0, &t), 0);
	assert_int_equal(t, 0);
	flow_give(f, &a, 0, 130);
	flow_give(f, &a, 0, 5);
	flow_give(f, &a, 0, 5);
	assert_int_equal(flow_take(f, &a, 0, &t), 0);
	assert_int_equal(t, 5);
	assert_int_equal(flow_take(f, &a, 0, &t), 0);
	assert_int_equal(t, 130);
	assert_int_equal(flow_take(f, &a, 0, &t), EADDRNOTAVAIL);
	assert_int_equal(flow_take_at(f, &b, 0, 0), EADDRINUSE);
	assert_int_equal(flow_take_at(f, &b, 0, 77), 0);
	mem_deref(f);
}

/* --- rate and identities -------------------------------------------------- */

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
		cmocka_unit_test(bucket),
		cmocka_unit_test(identity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

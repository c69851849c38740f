/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file addrs_test.c  Legs by the full address they are at, and what a
 * worker's time decides about checks (row X8); without threads or sockets
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "mixer/ice.h"
#include "mixer/proof.h"
#include "wire/stun.h"

enum { MAX = 100, LEGS = 8 };

static struct sa at(const char *ip, uint16_t port)
{
	struct sa sa;

	assert_int_equal(sa_set_str(&sa, ip, port), 0);
	return sa;
}

/* Any part of the key makes another address */
static void whole_key_counts(void **state)
{
	const struct sock s[] = {{.triple = 1, .kind = PORT_RTP},
				 {.triple = 2, .kind = PORT_RTP},
				 {.triple = 1, .kind = PORT_RTCP}};
	const struct sa src[] = {at("192.0.2.1", 1000), at("192.0.2.1", 1001),
				 at("192.0.2.2", 1000),
				 at("2001:db8::1", 1000),
				 at("2001:db8::2", 1000)};
	struct addrs as;
	unsigned i, k;

	(void)state;
	assert_int_equal(addrs_init(&as, MAX, 4711), 0);
	assert_int_equal(addr_get(&as, &s[0], &src[0]), ADDR_NONE);
	for (i = 0; i < ARRAY_SIZE(s); i++)
		for (k = 0; k < ARRAY_SIZE(src); k++)
			assert_int_equal(addr_set(&as, &s[i], &src[k],
						  10 * i + k), 0);
	assert_int_equal(as.n, ARRAY_SIZE(s) * ARRAY_SIZE(src));
	for (i = 0; i < ARRAY_SIZE(s); i++)
		for (k = 0; k < ARRAY_SIZE(src); k++)
			assert_int_equal(addr_get(&as, &s[i], &src[k]),
					 10 * i + k);
	/* Another's is not taken away, it is given to another only */
	addr_del(&as, &s[0], &src[0], 77);
	assert_int_equal(addr_get(&as, &s[0], &src[0]), 0);
	assert_int_equal(addr_set(&as, &s[0], &src[0], 77), 0);
	addr_del(&as, &s[0], &src[0], 77);
	addr_del(&as, &s[0], &src[0], 77);
	assert_int_equal(addr_get(&as, &s[0], &src[0]), ADDR_NONE);
	assert_int_equal(addr_get(&as, &s[0], &src[1]), 1);
	addrs_fini(&as);
}

static void bound_is_reached(void **state)
{
	const struct sock s = {.kind = PORT_RTP};
	struct addrs as;
	unsigned i, round;

	(void)state;
	assert_int_equal(addrs_init(&as, MAX, 1), 0);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < MAX; i++) {
			const struct sa a = at("192.0.2.1",
					       (uint16_t)(1000 + i));

			assert_int_equal(addr_set(&as, &s, &a, i), 0);
		}
		{
			const struct sa a = at("192.0.2.1", 999);

			assert_int_equal(addr_set(&as, &s, &a, 1), ENOSPC);
		}
		for (i = 0; i < MAX; i++) {
			const uint16_t no = (uint16_t)(i * 37 % MAX);
			const struct sa a = at("192.0.2.1",
					       (uint16_t)(1000 + no));

			assert_int_equal(addr_get(&as, &s, &a), no);
			addr_del(&as, &s, &a, no);
		}
		assert_int_equal(as.n, 0);
	}
	addrs_fini(&as);
}

/* --- a worker on virtual time -------------------------------------------- */

struct lab {
	struct worker *w;
	struct wake *up;
	struct leg *legv[LEGS];
	unsigned n;
};

static void lab_open(struct lab *lab)
{
	struct mixer_cfg cfg;

	memset(lab, 0, sizeof(*lab));
	mixer_cfg_default(&cfg);
	cfg.workers = 1;
	cfg.legs_max = LEGS;
	cfg.triples_max = 2;
	cfg.bridges_max = 1;
	cfg.laddrc = 1;
	assert_int_equal(wake_alloc(&lab->up), 0);
	assert_int_equal(worker_alloc(&lab->w, 0, &cfg, lab->up, 1, NULL), 0);
	lab->w->now = 1000000000;
	/* Nothing leaves: the sockets are not there, and that is counted */
	lab->w->sockv[PORT_RTP].kind = PORT_RTP;
}

static void lab_close(struct lab *lab)
{
	mem_deref(lab->w);
	mem_deref(lab->up);
}

static struct leg *lab_leg(struct lab *lab, const char *flow)
{
	struct leg_init in = {.id = id_make(false, 1, 0, lab->n),
			      .flow = at(flow, 5060),
			      .clock_hz = 8000};
	struct leg *leg;

	assert_int_equal(ice_alloc(&in.ice, lab->n), 0);
	leg = leg_new(&lab->w->legs, &in);
	lab->legv[lab->n++] = leg;
	return leg;
}

static void check(struct lab *lab, const struct leg *leg, const struct sa *src,
		  const char *pwd, bool nominate)
{
	struct mbuf *mb = mbuf_alloc(256);
	const uint8_t tid[STUN_TID_SIZE] = {1};
	char user[32];

	assert_non_null(mb);
	assert_true(re_snprintf(user, sizeof(user), "%s:x",
				leg->ice->now.ufrag) > 0);
	if (!pwd)
		pwd = leg->ice->now.pwd;
	assert_int_equal(
		stun_msg_encode(mb, STUN_METHOD_BINDING, STUN_CLASS_REQUEST,
				tid, NULL, (const uint8_t *)pwd, strlen(pwd),
				true, 0, 2, STUN_ATTR_USERNAME, user,
				STUN_ATTR_USE_CAND, nominate ? mb : NULL),
		0);
	assert_true(ice_rx(lab->w, worker_sock(lab->w, 0, PORT_RTP), src,
			   mb->buf, mb->end));
	outq_flush(&lab->w->outq);
	mem_deref(mb);
}

static uint64_t count(const struct lab *lab, size_t i)
{
	return atomic_load(&lab->w->stats.v[i]);
}

static bool is_at(const struct leg *leg, const struct sa *src)
{
	return latch_holds(&leg->rtp, src);
}

/* A peer that nominates once is followed when it is silent where it was */
static void silent_peer_is_followed(void **state)
{
	const struct sa a = at("192.0.2.1", 1000), b = at("192.0.2.9", 2000);
	struct lab lab;
	struct leg *leg;

	(void)state;
	lab_open(&lab);
	leg = lab_leg(&lab, "192.0.2.1");
	check(&lab, leg, &a, NULL, true);
	lab.w->now += ICE_SILENT_US - 1;
	check(&lab, leg, &b, NULL, false);
	assert_true(is_at(leg, &a));
	check(&lab, leg, &a, NULL, false);
	lab.w->now += ICE_SILENT_US - 1;
	check(&lab, leg, &b, NULL, false);
	assert_true(is_at(leg, &a));
	lab.w->now += 1;
	check(&lab, leg, &b, NULL, false);
	assert_true(is_at(leg, &b));
	assert_ptr_equal(proof_leg(lab.w, worker_sock(lab.w, 0, PORT_RTP), &b),
			 leg);
	lab_close(&lab);
}

/* An address that another leg is heard from is not given away: not even to
 * who has a password of its own and can spoof */
static void address_of_another(void **state)
{
	const struct sa a = at("192.0.2.9", 1000);
	struct lab lab;
	struct leg *x, *y;
	struct sock *s;

	(void)state;
	lab_open(&lab);
	s = worker_sock(lab.w, 0, PORT_RTP);
	x = lab_leg(&lab, "192.0.2.1");
	y = lab_leg(&lab, "192.0.2.2");
	check(&lab, x, &a, NULL, true);
	lab.w->now += PROOF_HELD_US - 1;
	check(&lab, y, &a, NULL, true);
	assert_ptr_equal(proof_leg(lab.w, s, &a), x);
	assert_false(latch_sends(&y->rtp));
	assert_int_equal(count(&lab, STAT(drop_unknown_source)), 1);
	lab.w->now += 1;
	check(&lab, y, &a, NULL, true);
	assert_ptr_equal(proof_leg(lab.w, s, &a), y);
	/* What x gives up is not y's */
	proof_unlist(lab.w, x);
	assert_ptr_equal(proof_leg(lab.w, s, &a), y);
	proof_unlist(lab.w, y);
	assert_null(proof_leg(lab.w, s, &a));
	lab_close(&lab);
}

/* So many are read at once and a second, of a leg and of the worker; those of
 * the proven address have their own measure */
static void checks_are_bounded(void **state)
{
	const struct sa a = at("192.0.2.1", 1000), b = at("192.0.2.9", 2000);
	struct lab lab;
	struct leg *leg;
	unsigned i;

	(void)state;
	lab_open(&lab);
	leg = lab_leg(&lab, "192.0.2.1");
	check(&lab, leg, &a, NULL, true);
	for (i = 0; i < ICE_OTHER_BURST + 50; i++)
		check(&lab, leg, &b, "no", true);
	/* One of them was taken by the first */
	assert_int_equal(count(&lab, STAT(drop_stun_credentials)),
			 ICE_OTHER_BURST - 1);
	assert_int_equal(count(&lab, STAT(drop_stun_rate)), 51);
	for (i = 0; i < ICE_KNOWN_BURST + 7; i++)
		check(&lab, leg, &a, NULL, true);
	assert_int_equal(count(&lab, STAT(stun_checks)), 1 + ICE_KNOWN_BURST);
	assert_int_equal(count(&lab, STAT(drop_stun_rate)), 51 + 7);
	lab.w->now += 1000000;
	for (i = 0; i < 100; i++) {
		check(&lab, leg, &a, NULL, true);
		check(&lab, leg, &b, "no", true);
	}
	assert_int_equal(count(&lab, STAT(stun_checks)),
			 1 + ICE_KNOWN_BURST + ICE_KNOWN_PER_S);
	assert_int_equal(count(&lab, STAT(drop_stun_credentials)),
			 ICE_OTHER_BURST - 1 + ICE_OTHER_PER_S);
	/* Of all legs together */
	lab.w->checks.empty_us = lab.w->now;
	lab.w->now += 1000000 / ICE_WORKER_PER_S;
	leg = lab_leg(&lab, "192.0.2.2");
	check(&lab, leg, &b, NULL, false);
	assert_true(is_at(leg, &b));
	check(&lab, leg, &a, NULL, true);
	assert_true(is_at(leg, &b));
	lab_close(&lab);
}

/* Slots are found in the name, and names do not come again */
static void names(void **state)
{
	static const uint32_t slotv[] = {0, 1, 63, 64, 4711, 0xfffffe,
					 0xffffff};
	struct mixer_ice a, b;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(slotv); i++) {
		assert_int_equal(ice_make(&a, slotv[i]), 0);
		assert_int_equal(ice_make(&b, slotv[i]), 0);
		assert_int_equal(strlen(a.ufrag), MIXER_UFRAG_BYTES - 1);
		assert_int_equal(strlen(a.pwd), MIXER_PWD_BYTES - 1);
		assert_memory_equal(a.ufrag, b.ufrag, 4);
		assert_string_not_equal(a.ufrag, b.ufrag);
		assert_string_not_equal(a.pwd, b.pwd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_key_counts),
		cmocka_unit_test(bound_is_reached),
		cmocka_unit_test(silent_peer_is_followed),
		cmocka_unit_test(address_of_another),
		cmocka_unit_test(checks_are_bounded),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests_name("addrs", tests, NULL, NULL);
}

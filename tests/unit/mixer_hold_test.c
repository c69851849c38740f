/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_hold_test.c  The first syllable: speech that comes before the
 * floor goes first (row X3), with one and with three workers
 */
#include <stdio.h>
#include "mixer/hold.h"
#include "mixer/holds.h"
#include "tests/unit/mixer_rig.h"

enum { KEPT = HOLD_MS / 20 };

/* No hole, and at the talker's own timestamps */
static void hears_on(struct phone *ph, unsigned first, unsigned n)
{
	unsigned k;

	for (k = 0; k < n; k++) {
		const struct rtpw_hdr was = ph->last;

		assert_int_equal(phone_hear(ph), first + k);
		assert_false(ph->last.marker);
		assert_int_equal(ph->last.seq, (uint16_t)(was.seq + 1));
		assert_int_equal(ph->last.ts - was.ts, 160);
	}
}

/* ..from the marker on */
static void hears(struct phone *ph, unsigned first, unsigned n)
{
	assert_int_equal(phone_hear(ph), first);
	assert_true(ph->last.marker);
	hears_on(ph, first + 1, n - 1);
}

static void talk(struct phone *ph, unsigned first, unsigned n)
{
	unsigned k;

	for (k = 0; k < n; k++)
		phone_talk(ph, (uint8_t)(first + k));
}

/* So long that the worker has read it all */
static void talk_read(struct phone *ph, unsigned first, unsigned n)
{
	const uint64_t before = RIG_STAT(ph->rig, rx_rtp);

	talk(ph, first, n);
	RIG_WAIT(ph->rig, rx_rtp, before + n);
}

/* As house_open(), of phones that have not said a thing yet: their addresses
 * are proven by their SDP */
static void fresh_open(struct house *h, void **state, unsigned n)
{
	struct mixer_cfg cfg;
	unsigned i;

	rig_cfg(&cfg, rig_workers(state));
	rig_open(&h->r, &cfg);
	h->b = rig_bridge(&h->r, NULL);
	h->n = n;
	for (i = 0; i < n; i++) {
		phone_open(&h->ph[i], &h->r, 1, 10 + i, -1);
		phone_sdp(&h->ph[i]);
		rig_join(&h->r, h->b, &h->ph[i], "sip:a@example.com");
		(void)phone_told(&h->ph[i], TBCP_IDLE);
	}
}

static void let_go(struct house *h, unsigned who)
{
	unsigned i;

	phone_floor(&h->ph[who], TBCP_RELEASE);
	for (i = 0; i < h->n; i++)
		(void)phone_told(&h->ph[i], TBCP_IDLE);
}

/* X3: who speaks as it presses is heard from its first packet, whether its
 * bridge lives on the same worker or on another one */
static void press_and_speak(void **state)
{
	struct house h;
	unsigned who, i;

	fresh_open(&h, state, 3);
	for (who = 0; who < 3; who++) {
		phone_floor(&h.ph[who], TBCP_REQUEST);
		talk(&h.ph[who], 16 * who, 8);
		for (i = 0; i < 3; i++)
			if (i != who)
				hears(&h.ph[i], 16 * who, 8);
		(void)phone_told(&h.ph[who], TBCP_GRANTED);
		let_go(&h, who);
	}
	assert_int_equal(RIG_STAT(&h.r, drop_not_holder), 0);
	house_close(&h);
}

/* X3: the first packets are read before the request that was sent with them:
 * another one tries if this machine took longer over it than the window */
static void speech_overtakes(void **state)
{
	unsigned who, i;
	struct house h;
	bool heard = false;

	fresh_open(&h, state, HOUSE_PHONES);
	for (who = 0; who < h.n && !heard; who++) {
		talk_read(&h.ph[who], 1, 3);
		phone_press(&h.ph[who]);
		talk(&h.ph[who], 4, 2);
		for (i = 0; i < h.n; i++) {
			uint8_t first;

			if (i == who)
				continue;
			first = phone_hear(&h.ph[i]);
			assert_true(first == 1 || first == 4);
			heard = first == 1;
			hears_on(&h.ph[i], first + 1u, 5u - first);
		}
		let_go(&h, who);
	}
	assert_true(heard);
	house_close(&h);
}

/* X3: the newest 200 ms, however long it took, and live speech behind them */
static void newest_go_first(void **state)
{
	struct house h;
	unsigned who, i;

	house_open(&h, state, 3, NULL);
	for (who = 0; who < 3; who++) {
		const uint64_t held = RIG_STAT(&h.r, held);
		const uint64_t drops = RIG_STAT(&h.r, drop_not_holder);

		assert_int_equal(mixer_floor_expect(h.r.m, h.ph[who].leg), 0);
		talk_read(&h.ph[who], 0, 30);
		assert_int_equal(
			mixer_floor_request(h.r.m, h.b, h.ph[who].leg,
					    FLOOR_NORMAL), 0);
		(void)phone_told(&h.ph[who], TBCP_GRANTED);
		talk(&h.ph[who], 30, 3);
		for (i = 0; i < 3; i++)
			if (i != who)
				hears(&h.ph[i], 30 - KEPT, KEPT + 3);
		assert_int_equal(RIG_STAT(&h.r, held) - held, KEPT);
		assert_int_equal(RIG_STAT(&h.r, drop_not_holder) - drops,
				 30 - KEPT);
		let_go(&h, who);
	}
	house_close(&h);
}

/* What was refused is never heard, not by a later grant either */
static void refused(void **state)
{
	struct house h;

	fresh_open(&h, state, 3);
	phone_press(&h.ph[0]);
	assert_int_equal(mixer_floor_expect(h.r.m, h.ph[1].leg), 0);
	talk_read(&h.ph[1], 1, 4);
	phone_floor(&h.ph[1], TBCP_REQUEST);
	(void)phone_told(&h.ph[1], TBCP_DENY);
	RIG_WAIT(&h.r, drop_not_holder, 4);
	let_go(&h, 0);

	/* It lets go before it has the floor */
	assert_int_equal(mixer_floor_expect(h.r.m, h.ph[1].leg), 0);
	talk_read(&h.ph[1], 5, 4);
	phone_floor(&h.ph[1], TBCP_RELEASE);
	RIG_WAIT(&h.r, drop_not_holder, 8);

	/* It never asks */
	talk(&h.ph[2], 9, 3);
	RIG_WAIT(&h.r, drop_not_holder, 11);

	phone_press(&h.ph[1]);
	talk(&h.ph[1], 20, 2);
	hears(&h.ph[0], 20, 2);
	hears(&h.ph[2], 20, 2);
	assert_int_equal(RIG_STAT(&h.r, held), 0);
	house_close(&h);
}

/* P1: a phone without floor channel may stream as it likes: never held */
static void streams_while_idle(void **state)
{
	struct mixer_cfg cfg;
	struct phone a, b;
	mixer_bridge_id id;
	struct rig r;

	rig_cfg(&cfg, rig_workers(state));
	rig_open(&r, &cfg);
	id = rig_bridge(&r, NULL);
	phone_up_as(&a, &r, 10, PHONE_KEYS);
	phone_up_as(&b, &r, 11, PHONE_TBCP);
	rig_join(&r, id, &a, "sip:a@example.com");
	rig_join(&r, id, &b, "sip:b@example.com");
	(void)phone_told(&b, TBCP_IDLE);
	talk_read(&a, 1, 5);
	phone_tap(&a, 10);
	(void)phone_told(&b, TBCP_TAKEN);
	talk(&a, 6, 2);
	assert_int_equal(phone_hear(&b), 6);
	assert_int_equal(phone_hear(&b), 7);
	assert_int_equal(RIG_STAT(&r, held), 0);
	phone_close(&a);
	phone_close(&b);
	rig_close(&r);
}

/* A leg that its service has rest is granted the floor by its floor channel,
 * and is heard before the re-INVITE that wakes it has been answered */
static void wakes_by_speaking(void **state)
{
	struct house h;

	house_open(&h, state, 3, NULL);
	phone_rest(&h.ph[1]);
	phone_press(&h.ph[1]);
	talk(&h.ph[1], 1, 4);
	phone_sdp(&h.ph[1]);
	talk(&h.ph[1], 5, 4);
	hears(&h.ph[0], 1, 8);
	hears(&h.ph[2], 1, 8);
	house_close(&h);
}

/* The pool is bounded, and each place of it is used again */
static void pool_full(void **state)
{
	enum { MORE = 5 };
	static mixer_leg_id legv[HOLDS_MAX + MORE];
	struct mixer_cfg cfg;
	unsigned i, round;
	struct rig r;

	rig_cfg(&cfg, rig_workers(state));
	rig_open(&r, &cfg);
	for (round = 1; round <= 3; round++) {
		for (i = 0; i < HOLDS_MAX + MORE; i++) {
			struct mixer_leg_params p = {.clock_hz = 8000};
			struct mixer_leg_local local;
			char ip[32];

			(void)snprintf(ip, sizeof(ip), "127.3.%u.%u", i / 200,
				       1 + i % 200);
			assert_int_equal(sa_set_str(&p.flow, ip, 5060), 0);
			assert_int_equal(mixer_leg_add(r.m, &p, &legv[i],
						       &local),
					 0);
			assert_int_equal(mixer_floor_expect(r.m, legv[i]), 0);
		}
		RIG_WAIT(&r, hold_full, round * MORE);
		for (i = 0; i < HOLDS_MAX + MORE; i++)
			assert_int_equal(mixer_leg_del(r.m, legv[i]), 0);
	}
	assert_int_equal(mixer_floor_expect(r.m, legv[0]), ENOENT);
	assert_int_equal(RIG_STAT(&r, hold_full), 3 * MORE);
	rig_close(&r);
}

/* Legs go, move and leave with speech that is held */
static void goes_with_it(void **state)
{
	struct house h;
	struct sa flow;
	unsigned i;

	house_open(&h, state, 4, NULL);
	for (i = 0; i < 3; i++) {
		assert_int_equal(mixer_floor_expect(h.r.m, h.ph[i].leg), 0);
		talk_read(&h.ph[i], 1, 3);
	}
	assert_int_equal(mixer_leg_del(h.r.m, h.ph[0].leg), 0);
	assert_int_equal(sa_set_str(&flow, "127.0.9.9", 5060), 0);
	assert_int_equal(mixer_leg_flow_set(h.r.m, h.ph[1].leg, &flow), 0);
	RIG_WAIT(&h.r, drop_not_holder, 6);
	assert_int_equal(mixer_bridge_leave(h.r.m, h.b, h.ph[2].leg), 0);
	(void)mixer_floor_request(h.r.m, h.b, h.ph[3].leg, FLOOR_NORMAL);
	(void)phone_told(&h.ph[3], TBCP_GRANTED);
	phone_silent(&h.ph[3], CH_RTP);
	house_close(&h);
}

/* X3: the last word: what is under way when the Release comes is heard up to
 * the packet that it names, on the same worker and across */
static void last_word(void **state)
{
	struct house h;
	unsigned who, i;

	house_open(&h, state, 3, NULL);
	for (who = 0; who < 3; who++) {
		phone_press(&h.ph[who]);
		talk(&h.ph[who], 1, 2);
		for (i = 0; i < 3; i++)
			if (i != who)
				hears(&h.ph[i], 1, 2);
		phone_release(&h.ph[who], (uint16_t)(h.ph[who].seq + 3));
		talk(&h.ph[who], 3, 4);
		for (i = 0; i < 3; i++)
			(void)phone_told(&h.ph[i], TBCP_IDLE);
		for (i = 0; i < 3; i++)
			if (i != who)
				hears_on(&h.ph[i], 3, 4);
	}
	assert_int_equal(RIG_STAT(&h.r, drop_not_holder), 0);
	for (i = 0; i < 3; i++)
		phone_silent(&h.ph[i], CH_RTP);
	house_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(press_and_speak),
		BOTH(speech_overtakes),
		BOTH(newest_go_first),
		BOTH(refused),
		BOTH(streams_while_idle),
		BOTH(wakes_by_speaking),
		BOTH(goes_with_it),
		BOTH(last_word),
		{"pool_full (1 worker)", pool_full, NULL, NULL,
		 (void *)(uintptr_t)&rig_one},
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

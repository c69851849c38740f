/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_alloc_test.c  A worker that forwards speech, plain or protected,
 * or speaks BFCP, allocates nothing
 *
 * The program's own malloc counts who calls it. Not built with a sanitizer,
 * which brings its own.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include "tests/unit/mixer_srtp_rig.h"
#include "wire/bfcp.h"

enum { PHONES = 4, PACKETS = 400, BURSTS = 4 };

static _Thread_local bool is_main;
static atomic_ulong others, mains;

static void count(void)
{
	atomic_fetch_add(is_main ? &mains : &others, 1);
}

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);

void *malloc(size_t n)
{
	count();
	return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	count();
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	count();
	return __libc_realloc(p, n);
}

static void no_malloc(void **state)
{
	const unsigned workers = rig_workers(state);
	static struct phone plain[PHONES / 2];
	static struct sphone secure[PHONES / 2];
	struct phone *ph[PHONES];
	unsigned long before;
	struct mixer_cfg cfg;
	mixer_bridge_id b;
	struct rig r;
	unsigned i, k, burst;

	rig_cfg(&cfg, workers);
	rig_open(&r, &cfg);
	b = rig_bridge(&r, NULL);
	for (i = 0; i < PHONES; i++) {
		if (i % 2) {
			sphone_up(&secure[i / 2], &r, 4, 10 + i,
				  i == 1 ? SRTPW_AEAD_AES_128_GCM
					 : SRTPW_AES_CM_128_HMAC_SHA1_80);
			ph[i] = &secure[i / 2].ph;
		} else {
			phone_up(&plain[i / 2], &r, 4, 10 + i);
			ph[i] = &plain[i / 2];
		}
		rig_join(&r, b, ph[i], "sip:a@example.com");
		(void)phone_told(ph[i], TBCP_IDLE);
	}
	/* mem_zalloc() of this thread is seen: the hook is live */
	before = atomic_load(&mains);
	mem_deref(mem_zalloc(8, NULL));
	assert_true(atomic_load(&mains) > before);

	before = atomic_load(&others);
	for (burst = 0; burst < BURSTS; burst++) {
		struct phone *t = ph[burst % PHONES];

		phone_press(t);
		for (k = 0; k < PACKETS; k++) {
			phone_talk(t, (uint8_t)k);
			for (i = 0; i < PHONES; i++)
				if (ph[i] != t)
					assert_int_equal(phone_hear(ph[i]),
							 (uint8_t)k);
		}
		phone_release(t, (uint16_t)(t->seq - 1));
		(void)phone_told(t, TBCP_IDLE);
	}
	assert_int_equal(RIG_STAT(&r, forwarded), PACKETS * BURSTS);
	assert_int_equal(atomic_load(&others), before);
	for (i = 0; i < PHONES / 2; i++) {
		phone_close(&plain[i]);
		sphone_close(&secure[i]);
	}
	rig_close(&r);
}

static void bfcp_say(const struct phone *ph, struct bfc_msg *msg)
{
	static uint16_t transaction;
	uint8_t buf[BFC_MAX_BYTES];
	size_t len;

	msg->version = 2;
	msg->conference = RIG_CONFERENCE;
	msg->user = RIG_USER;
	msg->transaction = ++transaction;
	assert_int_equal(bfc_encode(buf, sizeof(buf), msg, &len), 0);
	phone_send(ph, CH_FLOOR, buf, len);
}

/* Waits for a status of its request; acknowledges nothing, so that all is said
 * again */
static uint16_t bfcp_told(const struct phone *ph, enum bfc_reqstat status)
{
	uint8_t buf[BFC_MAX_BYTES];
	struct bfc_msg msg;

	do {
		const size_t len = phone_read(ph, CH_FLOOR, buf, sizeof(buf));

		assert_int_equal(bfc_decode(&msg, buf, len), 0);
	} while (msg.prim != BFC_FLOOR_REQUEST_STATUS ||
		 msg.requests[0].overall.status != status);
	return msg.requests[0].id;
}

static void no_malloc_bfcp(void **state)
{
	struct bfc_msg query = {.prim = BFC_FLOOR_QUERY,
				.floors = {RIG_FLOOR}, .floors_n = 1};
	struct bfc_msg ask = {.prim = BFC_FLOOR_REQUEST,
			      .floors = {RIG_FLOOR}, .floors_n = 1};
	struct bfc_msg let_go = {.prim = BFC_FLOOR_RELEASE,
				 .has_request = true};
	struct mixer_cfg cfg;
	struct phone room, alice;
	unsigned long before;
	mixer_bridge_id b;
	struct rig r;
	unsigned i;

	rig_cfg(&cfg, rig_workers(state));
	rig_open(&r, &cfg);
	b = rig_bridge(&r, NULL);
	phone_up_as(&alice, &r, 1, PHONE_TBCP);
	rig_join(&r, b, &alice, "sip:alice@example.com");
	(void)phone_told(&alice, TBCP_IDLE);
	phone_up_as(&room, &r, 2, PHONE_BFCP);
	rig_join(&r, b, &room, "sip:room@example.com");

	before = atomic_load(&others);
	bfcp_say(&room, &query);
	for (i = 0; i < BURSTS; i++) {
		bfcp_say(&room, &ask);
		let_go.request = bfcp_told(&room, BFC_GRANTED);
		(void)phone_told(&alice, TBCP_TAKEN);
		bfcp_say(&room, &let_go);
		(void)bfcp_told(&room, BFC_RELEASED);
		(void)phone_told(&alice, TBCP_IDLE);
		phone_press(&alice);
		phone_release(&alice, alice.seq);
		(void)phone_told(&alice, TBCP_IDLE);
	}
	assert_int_equal(atomic_load(&others), before);
	phone_close(&room);
	phone_close(&alice);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(no_malloc),
		BOTH(no_malloc_bfcp),
	};

	is_main = true;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

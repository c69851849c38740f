/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_alloc_test.c  A worker that forwards speech, plain or protected,
 * or speaks BFCP, allocates nothing; signalling, where there is no memory,
 * changes nothing
 *
 * The program's own malloc counts who calls it, and has none now and then. Not
 * built with a sanitizer, which brings its own.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include "tests/unit/mixer_srtp_rig.h"
#include "wire/bfcp.h"

enum { PHONES = 4, PACKETS = 400, BURSTS = 4 };

static _Thread_local bool is_main;
static atomic_ulong others, mains;
/* Allocations of this thread until the one that fails; 0: none does */
static _Thread_local unsigned failing;

/* @return false: there is no memory */
static bool count(void)
{
	atomic_fetch_add(is_main ? &mains : &others, 1);
	return !failing || --failing;
}

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);

void *malloc(size_t n)
{
	return count() ? __libc_malloc(n) : NULL;
}

void *calloc(size_t n, size_t size)
{
	return count() ? __libc_calloc(n, size) : NULL;
}

void *realloc(void *p, size_t n)
{
	return count() ? __libc_realloc(p, n) : NULL;
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

struct world {
	struct rig r;
	mixer_bridge_id b[3];
	struct mixer_leg_params p;
	struct mixer_leg_remote remote;
	mixer_leg_id leg, legv[40];
	struct mixer_leg_local local;
	mixer_bridge_id to;
};

static int leg_add(void *arg)
{
	struct world *w = arg;

	return mixer_leg_add(w->r.m, &w->p, &w->leg, &w->local);
}

static int remote_set(void *arg)
{
	struct world *w = arg;

	return mixer_leg_remote_set(w->r.m, w->leg, &w->remote);
}

static int bridge_add(void *arg)
{
	struct mixer_bridge_params bp;
	struct world *w = arg;

	mixer_bridge_params_default(&bp);
	return mixer_bridge_add(w->r.m, &bp, &w->to);
}

static int join(void *arg)
{
	const struct mixer_member mm = {.may_talk = true,
					.may_listen = true,
					.uri = "sip:a@example.com"};
	struct world *w = arg;

	return mixer_bridge_join(w->r.m, w->to, w->leg, &mm);
}

/* What is tried with the first allocation failing, then with the second, and
 * so on, until it does without another one
 * @return how many failed */
static unsigned each_fails(int (*go)(void *arg), void *arg)
{
	unsigned n;
	int err;

	for (n = 1;; n++) {
		failing = n;
		err = go(arg);
		if (failing) {
			failing = 0;
			assert_int_equal(err, 0);
			return n - 1;
		}
		/* OpenSSL has one error for all there is, and can do without
		 * some of what it asks for */
		assert_true(err == ENOMEM ||
			    (go == remote_set && (err == EIO || !err)));
	}
}

static void remote_of(struct world *w, const char *ip)
{
	struct mixer_leg_remote *r = &w->remote;

	*r = (struct mixer_leg_remote){.pt = 0xff,
				       .pt_event = 0xff,
				       .send = true,
				       .recv = true,
				       .security = MIXER_SDES};
	assert_int_equal(sa_set_str(&r->rtp, ip, 4000), 0);
	assert_int_equal(srtpw_key_make(&r->key_rx, SRTPW_AEAD_AES_128_GCM),
			 0);
	assert_int_equal(srtpw_key_make(&r->key_tx, SRTPW_AEAD_AES_128_GCM),
			 0);
}

static unsigned leg_count(const struct world *w)
{
	struct mixer_stats st;
	unsigned n = 0, i;

	for (i = 0; i < mixer_workers(w->r.m); i++) {
		assert_int_equal(mixer_stats_get(w->r.m, i, &st), 0);
		n += st.legs;
	}
	return n;
}

/* Legs of one IP: the n-th has the n-th triple, whatever failed before */
static void no_memory(void **state)
{
	static struct world w;
	struct mixer_cfg cfg;
	unsigned i, k, failed;
	uint16_t port = 0;

	memset(&w, 0, sizeof(w));
	rig_cfg(&cfg, rig_workers(state));
	rig_open(&w.r, &cfg);
	w.p = (struct mixer_leg_params){
		.clock_hz = 8000, .floor = true, .ice = true, .worker = 0};
	assert_int_equal(sa_set_str(&w.p.flow, "127.0.9.1", 5060), 0);
	for (k = 0, failed = 0; k < ARRAY_SIZE(w.b); k++) {
		failed += each_fails(bridge_add, &w);
		w.b[k] = w.to;
	}
	assert_true(failed > 0);
	for (i = 0; i < ARRAY_SIZE(w.legv); i++) {
		/* A flow is known when its first leg is */
		w.p.flow.u.in.sin_addr.s_addr =
			htonl(0x7f000901 + i % 20);
		assert_true(each_fails(leg_add, &w) > 0);
		w.legv[i] = w.leg;
		assert_int_equal(leg_count(&w), i + 1);
		if (!i)
			port = sa_port(&w.local.rtp);
		/* The first of an IP, or the second */
		assert_int_equal(sa_port(&w.local.rtp) == port, i < 20);
		remote_of(&w, "127.0.9.1");
		assert_true(each_fails(remote_set, &w) > 0);
		for (k = 0, failed = 0; k < ARRAY_SIZE(w.b); k++) {
			w.to = w.b[k];
			failed += each_fails(join, &w);
			/* Known already: nothing to be had for */
			assert_int_equal(join(&w), 0);
		}
		assert_true(failed > 0);
	}
	for (i = 0; i < ARRAY_SIZE(w.legv); i++)
		assert_int_equal(mixer_leg_del(w.r.m, w.legv[i]), 0);
	assert_int_equal(leg_count(&w), 0);
	rig_close(&w.r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(no_malloc),
		BOTH(no_malloc_bfcp),
		BOTH(no_memory),
	};

	is_main = true;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

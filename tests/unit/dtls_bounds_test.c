/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file dtls_bounds_test.c  DTLS handshakes: how many, how long, how much
 */
#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "tests/unit/dtls_rig.h"
#include "util/clock.h"
#include "util/ring.h"

static struct far *begun(struct rig *r, bool active)
{
	struct far *f = far_alloc(r, rig_ctx(r), active);
	const struct mixer_dtls sdp = far_sdp(f, EVP_sha256(), "sha-256");

	far_begin(f, &sdp);
	return f;
}

/* The thread's answers never arrive: the handshake stays half open */
static void net_one_way(struct far *f, enum rig_dir dir, unsigned n,
			const uint8_t *v, size_t len, void *arg)
{
	(void)n;
	(void)arg;
	if (dir == RIG_UP)
		far_deliver(f, dir, v, len);
}

static void net_none(struct far *f, enum rig_dir dir, unsigned n,
		     const uint8_t *v, size_t len, void *arg)
{
	(void)f;
	(void)dir;
	(void)n;
	(void)v;
	(void)len;
	(void)arg;
}

static struct far *begun_over(struct rig *r, bool active, far_net_h *net)
{
	struct far *f = far_alloc(r, rig_ctx(r), active);
	const struct mixer_dtls sdp = far_sdp(f, EVP_sha256(), "sha-256");

	f->net = net;
	far_begin(f, &sdp);
	return f;
}

static bool running_is(const struct rig *r, const void *arg)
{
	return rig_stats(r).running == *(const uint32_t *)arg;
}

static bool refused_some(const struct rig *r, const void *arg)
{
	(void)arg;
	return rig_stats(r).refused;
}

static bool cmds_taken(const struct rig *r, const void *arg)
{
	(void)arg;
	return slotq_empty(dtls_cmds(r->d, 0));
}

/* --- how many ------------------------------------------------------------ */

/* Two are half open, the third waits until one of them goes */
static void check_third(bool active)
{
	const struct dtls_cfg cfg = {.handshakes_max = 2};
	struct far *a, *b, *third;
	struct rig r;

	rig_init(&r, &cfg);
	a = begun_over(&r, true, net_one_way);
	b = begun_over(&r, true, net_one_way);
	rig_until(&r, running_is, &(uint32_t){2});
	third = begun(&r, active);
	rig_until(&r, refused_some, NULL);
	assert_int_equal(rig_stats(&r).running, 2);
	assert_int_equal(third->failed_count, 0);
	far_cmd(a, DTLS_END);
	rig_until(&r, far_keyed, third);
	assert_true(rig_stats(&r).running <= 2);
	assert_int_equal(a->failed_count + b->failed_count, 0);
	rig_fini(&r);
}

static void test_handshakes_max(void **state)
{
	(void)state;
	check_third(true);
	check_third(false);
}

static bool begun_more(const struct rig *r, const void *arg)
{
	return rig_stats(r).begun > *(const uint64_t *)arg;
}

/* @return false: its time was over before it could ask */
static bool busy_told(struct rig *r, unsigned handshake_ms)
{
	const uint64_t from_ms = clock_mono_ms(), had = rig_stats(r).begun;
	struct far *a, *b;
	bool busy;

	/* Its time starts first, and its ClientHello comes when the place is
	 * taken */
	b = begun_over(r, true, net_none);
	a = begun_over(r, true, net_one_way);
	rig_until(r, begun_more, &had);
	b->net = NULL;
	rig_until(r, far_refused, b);
	rig_until(r, far_refused, a);
	assert_int_equal(a->reason, MIXER_INSECURE_HANDSHAKE);
	busy = b->reason == MIXER_INSECURE_BUSY;
	if (!busy) {
		assert_int_equal(b->reason, MIXER_INSECURE_HANDSHAKE);
		assert_true(clock_mono_ms() - from_ms >= handshake_ms);
	}
	far_free(a);
	far_free(b);
	return busy;
}

/* Whom nobody had room for until its time was over is told so */
static void test_busy(void **state)
{
	const struct dtls_cfg cfg = {.handshakes_max = 1,
				     .handshake_ms = 400};
	struct rig r;
	unsigned n = 0;

	(void)state;
	rig_init(&r, &cfg);
	while (!busy_told(&r, cfg.handshake_ms))
		assert_true(++n < 20);
	assert_true(rig_stats(&r).refused > 0);
	rig_fini(&r);
}

/* One that is done holds its state for a last flight that was lost, but not
 * against somebody who needs the room */
static void test_linger_gives_way(void **state)
{
	const struct dtls_cfg cfg = {.handshakes_max = 2};
	struct far *f[4];
	struct rig r;
	unsigned i;

	(void)state;
	rig_init(&r, &cfg);
	for (i = 0; i < 4; i++) {
		f[i] = begun(&r, true);
		rig_until(&r, far_keyed, f[i]);
	}
	assert_int_equal(rig_stats(&r).running, 2);
	assert_int_equal(rig_stats(&r).refused, 0);
	rig_fini(&r);
}

static void test_legs_max(void **state)
{
	const struct dtls_cfg cfg = {.legs_max = 2};
	struct far *f[3];
	struct rig r;
	unsigned i;

	(void)state;
	rig_init(&r, &cfg);
	for (i = 0; i < 3; i++)
		f[i] = begun_over(&r, true, net_none);
	rig_until(&r, refused_some, NULL);
	/* It costs nothing to expect somebody, and END makes room */
	assert_int_equal(rig_stats(&r).begun, 0);
	far_cmd(f[0], DTLS_END);
	f[0]->net = NULL;
	far_free(f[2]);
	(void)begun(&r, true);
	rig_until(&r, far_keyed, r.farv[2]);
	rig_fini(&r);
}

/* --- how long ------------------------------------------------------------ */

static void test_handshake_ends(void **state)
{
	const struct dtls_cfg cfg = {.handshake_ms = 200};
	struct far *f[4];
	struct rig r;
	unsigned i;

	(void)state;
	rig_init(&r, &cfg);
	/* Silent or half open, both roles */
	for (i = 0; i < 4; i++)
		f[i] = begun_over(&r, i % 2, i / 2 ? net_one_way : net_none);
	for (i = 0; i < 4; i++) {
		rig_until(&r, far_refused, f[i]);
		assert_int_equal(f[i]->reason, MIXER_INSECURE_HANDSHAKE);
		assert_int_equal(f[i]->failed_count, 1);
	}
	assert_int_equal(rig_stats(&r).running, 0);
	rig_fini(&r);
}

static void test_linger_ends(void **state)
{
	const struct dtls_cfg cfg = {.linger_ms = 100};
	struct far *f;
	struct rig r;

	(void)state;
	rig_init(&r, &cfg);
	f = begun(&r, true);
	rig_until(&r, far_keyed, f);
	rig_until(&r, rig_idle, NULL);
	/* A client has nothing to linger for */
	f = begun(&r, false);
	rig_until(&r, far_keyed, f);
	rig_until(&r, rig_idle, NULL);
	rig_fini(&r);
}

/* END frees at once, in every state, and is no failure */
static void test_end(void **state)
{
	struct far *f[6];
	struct rig r;
	unsigned i;

	(void)state;
	rig_init(&r, NULL);
	for (i = 0; i < 4; i++)
		f[i] = begun_over(&r, i % 2, i / 2 ? net_one_way : net_none);
	f[4] = begun(&r, true);
	f[5] = begun(&r, false);
	rig_until(&r, far_keyed, f[4]);
	rig_until(&r, far_keyed, f[5]);
	for (i = 0; i < 6; i++)
		far_cmd(f[i], DTLS_END);
	far_cmd(f[5], DTLS_END);
	rig_until(&r, cmds_taken, NULL);
	rig_until(&r, rig_idle, NULL);
	assert_int_equal(rig_stats(&r).failed, 0);
	rig_fini(&r);
}

/* --- how much ------------------------------------------------------------ */

static void net_keep(struct far *f, enum rig_dir dir, unsigned n,
		     const uint8_t *v, size_t len, void *arg)
{
	struct dtls_cmd *kept = arg;

	if (dir == RIG_DOWN || n)
		return;
	memcpy(kept->u.datagram.v, v, len);
	kept->u.datagram.len = (uint16_t)len;
	far_deliver(f, dir, v, len);
}

/* Not worked for: dropped by the thread, or no room in its queue */
static uint64_t rig_passed_over(const struct rig *r)
{
	return rig_stats(r).dropped + slotq_drops(dtls_cmds(r->d, 0));
}

/* Returns how many were worked for until it was too much */
static unsigned flood(struct rig *r, struct far *f, const uint8_t *v,
		      size_t len)
{
	const uint64_t before = rig_passed_over(r);
	unsigned n;

	for (n = 0; n < 1000 && !f->failed_count; n++) {
		far_deliver(f, RIG_UP, v, len);
		rig_until(r, cmds_taken, NULL);
	}
	rig_until(r, far_refused, f);
	rig_until(r, cmds_taken, NULL);
	assert_int_equal(f->reason, MIXER_INSECURE_HANDSHAKE);
	return n - (unsigned)(rig_passed_over(r) - before);
}

/* The same ClientHello again and again; then records that cannot be read yet,
 * of which OpenSSL keeps each in 17 KB */
static void test_flood(void **state)
{
	static uint8_t early[64] = {23, 0xfe, 0xfd, 0, 1, 0, 0,
				    0,	0,    0,    0, 0, 64 - 13};
	struct dtls_cmd kept = {.type = DTLS_DATAGRAM};
	struct far *f;
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	f = far_alloc(&r, rig_ctx(&r), true);
	f->net = net_keep;
	f->arg = &kept;
	far_begin(f, &(struct mixer_dtls){.hash = "sha-256", .len = 32});
	assert_in_range(flood(&r, f, kept.u.datagram.v, kept.u.datagram.len),
			200, 300);
	f = begun_over(&r, true, net_one_way);
	rig_until(&r, running_is, &(uint32_t){1});
	assert_in_range(flood(&r, f, early, sizeof(early)), 10, 20);
	assert_int_equal(rig_stats(&r).running, 0);
	/* Not even a handshake for what is no ClientHello */
	f = begun_over(&r, true, net_none);
	far_deliver(f, RIG_UP, early, sizeof(early));
	rig_until(&r, cmds_taken, NULL);
	assert_int_equal(rig_stats(&r).begun, 2);
	rig_fini(&r);
}

/* A worker that does not read: keys wait for it, and nothing stands still */
static void test_full_queue(void **state)
{
	struct far *f[40];
	struct rig r;
	unsigned i;

	(void)state;
	rig_init(&r, NULL);
	r.deaf = true;
	/* Each ClientHello of ours is an event, and so is each repetition */
	for (i = 0; i < 40; i++)
		f[i] = begun_over(&r, false, i ? net_none : NULL);
	while (!rig_stats(&r).queue_full)
		sched_yield();
	far_cmd(f[1], DTLS_END);
	rig_until(&r, cmds_taken, NULL);
	r.deaf = false;
	rig_until(&r, far_keyed, f[0]);
	rig_fini(&r);
}

/* --- again on the same leg ----------------------------------------------- */

static void test_epochs(void **state)
{
	struct srtpw_key first;
	struct far *f, *g;
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	f = begun(&r, true);
	rig_until(&r, far_keyed, f);
	first = f->rx;
	/* A new one while the keys of the first are in use, and its state has
	 * not gone */
	g = far_alloc(&r, rig_ctx(&r), true);
	g->leg = f->leg;
	far_begin(g, &(struct mixer_dtls){.hash = "sha-256", .len = 32});
	rig_until(&r, far_refused, g);
	assert_int_equal(f->failed_count, 0);
	far_free(g);
	g = far_alloc(&r, rig_ctx(&r), false);
	g->leg = f->leg;
	{
		const struct mixer_dtls sdp = far_sdp(g, EVP_sha256(),
						      "sha-256");

		far_begin(g, &sdp);
		/* Twice is once */
		g->rig->epoch--;
		far_begin(g, &sdp);
	}
	/* What is of the first is nobody's */
	far_deliver(f, RIG_UP, (const uint8_t *)"\x16\xfe\xfd", 3);
	far_cmd(f, DTLS_DONE);
	rig_until(&r, far_keyed, g);
	assert_int_equal(g->keys_count, 1);
	assert_memory_not_equal(&first, &g->rx, sizeof(first));
	assert_int_equal(rig_stats(&r).begun, 3);
	rig_fini(&r);
}

/* --- memory -------------------------------------------------------------- */

static size_t heap_bytes(void)
{
	const struct mallinfo2 mi = mallinfo2();

	return mi.uordblks + mi.hblkhd;
}

/* Sixty at once, half open, then all of them done */
static void test_memory(void **state)
{
	enum { N = 60, EACH_MAX = 100 * 1024 };
	struct dtls_cmd kept = {.type = DTLS_DATAGRAM};
	struct far *f[N];
	size_t before, each;
	struct rig r;
	unsigned i;

	(void)state;
	rig_init(&r, NULL);
	for (i = 0; i < N; i++) {
		const struct mixer_dtls sdp = {.hash = "sha-256", .len = 32};

		f[i] = far_alloc(&r, rig_ctx(&r), true);
		f[i]->net = i ? net_none : net_keep;
		f[i]->arg = &kept;
		far_begin(f[i], &sdp);
	}
	rig_until(&r, running_is, &(uint32_t){1});
	before = heap_bytes();
	for (i = 1; i < N; i++)
		far_deliver(f[i], RIG_UP, kept.u.datagram.v,
			    kept.u.datagram.len);
	rig_until(&r, running_is, &(uint32_t){N});
	rig_until(&r, cmds_taken, NULL);
	each = (heap_bytes() - before) / (N - 1);
	print_message("# half open: %zu bytes each\n", each);
	assert_in_range(each, 0, EACH_MAX);
	for (i = 0; i < N; i++) {
		far_cmd(f[i], DTLS_END);
		far_free(f[i]);
	}
	rig_until(&r, rig_idle, NULL);
	rig_fini(&r);
}

static void test_many(void **state)
{
	enum { N = 60 };
	struct far *f[N];
	struct rig r;
	unsigned i;

	(void)state;
	rig_init(&r, NULL);
	for (i = 0; i < N; i++)
		f[i] = begun(&r, i % 2);
	for (i = 0; i < N; i++) {
		rig_until(&r, far_keyed, f[i]);
		far_cmd(f[i], DTLS_DONE);
	}
	rig_until(&r, rig_idle, NULL);
	assert_int_equal(rig_stats(&r).done, N);
	print_message("# %u us each\n", (unsigned)(rig_stats(&r).cpu_us / N));
	rig_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshakes_max),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_linger_gives_way),
		cmocka_unit_test(test_legs_max),
		cmocka_unit_test(test_handshake_ends),
		cmocka_unit_test(test_linger_ends),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_full_queue),
		cmocka_unit_test(test_epochs),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

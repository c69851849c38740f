/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file ring_test.c  Queues between threads: bounds, order, no lost wake-up
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "util/ring.h"

enum { WRITERS = 3, ITEMS = 60000, PACKETS = 60000, DEADLINE_MS = 30000 };

static bool fd_readable(int fd, int timeout_ms)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	return poll(&pfd, 1, timeout_ms) == 1;
}

/* --- one thread: bounds ------------------------------------------------ */

static void check_evq_bounds(enum evq_kind kind)
{
	struct evq *q = NULL;
	int v[9];
	unsigned i, lap;

	assert_int_equal(evq_alloc(NULL, kind, 8, NULL), EINVAL);
	assert_int_equal(evq_alloc(&q, kind, 0, NULL), EINVAL);
	assert_int_equal(evq_alloc(&q, kind, EVQ_SIZE_MAX + 1, NULL), EINVAL);
	assert_null(q);
	/* 5 is rounded up to 8 */
	assert_int_equal(evq_alloc(&q, kind, 5, NULL), 0);
	assert_int_equal(evq_push(q, NULL), EINVAL);
	assert_null(evq_pop(q));
	for (lap = 0; lap < 100; lap++) {
		assert_true(evq_empty(q));
		for (i = 0; i < 8; i++)
			assert_int_equal(evq_push(q, &v[i]), 0);
		assert_int_equal(evq_push(q, &v[8]), ENOBUFS);
		assert_int_equal(evq_drops(q), 2 * lap + 1);
		assert_false(evq_empty(q));
		assert_ptr_equal(evq_pop(q), &v[0]);
		assert_int_equal(evq_push(q, &v[8]), 0);
		assert_int_equal(evq_push(q, &v[0]), ENOBUFS);
		for (i = 1; i < 9; i++)
			assert_ptr_equal(evq_pop(q), &v[i]);
		assert_null(evq_pop(q));
		/* Shift, so that the laps start in each cell */
		assert_int_equal(evq_push(q, v), 0);
		assert_ptr_equal(evq_pop(q), v);
	}
	mem_deref(q);

	/* The smallest queue holds two */
	assert_int_equal(evq_alloc(&q, kind, 1, NULL), 0);
	for (lap = 0; lap < 5; lap++) {
		assert_int_equal(evq_push(q, &v[0]), 0);
		assert_int_equal(evq_push(q, &v[1]), 0);
		assert_int_equal(evq_push(q, v), ENOBUFS);
		assert_ptr_equal(evq_pop(q), &v[0]);
		assert_ptr_equal(evq_pop(q), &v[1]);
		assert_null(evq_pop(q));
	}
	mem_deref(q);
}

static void test_evq_bounds(void **state)
{
	(void)state;
	check_evq_bounds(EVQ_SPSC);
	check_evq_bounds(EVQ_MPSC);
}

static void test_slotq_bounds(void **state)
{
	struct slotq *q = NULL;
	unsigned i, lap;
	uint8_t *slot;

	(void)state;
	assert_int_equal(slotq_alloc(&q, 0, 1, NULL), EINVAL);
	assert_int_equal(slotq_alloc(&q, 1, 0, NULL), EINVAL);
	assert_int_equal(slotq_alloc(&q, SLOTQ_SLOTS_MAX + 1, 1, NULL),
			 EINVAL);
	assert_int_equal(slotq_alloc(&q, 1, SLOTQ_BYTES_MAX + 1, NULL),
			 EINVAL);
	assert_null(q);
	assert_int_equal(slotq_alloc(&q, 3, 1600, NULL), 0);
	assert_int_equal(slotq_slot_bytes(q), 1600);
	for (lap = 0; lap < 9; lap++) {
		assert_null(slotq_peek(q));
		for (i = 0; i < 4; i++) {
			slot = slotq_reserve(q);
			assert_non_null(slot);
			assert_int_equal((uintptr_t)slot % 64, 0);
			assert_ptr_equal(slot, slotq_reserve(q));
			assert_int_equal(slotq_empty(q), i == 0);
			/* Every byte of a slot is its own */
			memset(slot, (int)(lap + i), 1600);
			slotq_commit(q);
		}
		assert_null(slotq_reserve(q));
		assert_int_equal(slotq_drops(q), lap + 1);
		for (i = 0; i < 4; i++) {
			const uint8_t *p = slotq_peek(q);

			assert_non_null(p);
			assert_ptr_equal(p, slotq_peek(q));
			assert_int_equal(p[0], lap + i);
			assert_int_equal(p[1599], lap + i);
			slotq_release(q);
		}
		assert_true(slotq_empty(q));
		slot = slotq_reserve(q);
		slotq_commit(q);
		assert_ptr_equal(slotq_peek(q), slot);
		slotq_release(q);
	}
	mem_deref(q);
}

/* What may be lost does not take the last slots */
static void test_slotq_spare(void **state)
{
	struct slotq *q = NULL;
	unsigned i;

	(void)state;
	assert_int_equal(slotq_alloc(&q, 4, 8, NULL), 0);
	for (i = 0; i < 2; i++) {
		assert_non_null(slotq_reserve_spare(q, 2));
		slotq_commit(q);
	}
	assert_null(slotq_reserve_spare(q, 2));
	assert_int_equal(slotq_drops(q), 1);
	for (i = 0; i < 2; i++) {
		assert_non_null(slotq_reserve(q));
		slotq_commit(q);
	}
	assert_null(slotq_reserve(q));
	for (i = 0; i < 2; i++) {
		assert_non_null(slotq_peek(q));
		slotq_release(q);
		assert_null(slotq_reserve_spare(q, 2));
	}
	assert_non_null(slotq_peek(q));
	slotq_release(q);
	assert_non_null(slotq_reserve_spare(q, 2));
	mem_deref(q);
}

/* --- one thread: wake-ups ---------------------------------------------- */

static void count_item(void *p, void *arg)
{
	(void)p;
	++*(unsigned *)arg;
}

static void test_wake(void **state)
{
	struct wake *w = NULL;
	struct evq *q = NULL;
	unsigned n = 0, i;
	int item;

	(void)state;
	assert_int_equal(wake_alloc(&w), 0);
	assert_int_equal(evq_alloc(&q, EVQ_MPSC, 8, w), 0);

	/* Not started yet: asleep */
	assert_false(fd_readable(wake_fd(w), 0));
	assert_int_equal(evq_push(q, &item), 0);
	assert_true(fd_readable(wake_fd(w), 0));

	/* Awake: no wake-up */
	wake_clear(w);
	assert_false(fd_readable(wake_fd(w), 0));
	assert_int_equal(evq_push(q, &item), 0);
	assert_false(fd_readable(wake_fd(w), 0));

	/* Asleep again: one */
	wake_announce(w);
	assert_false(evq_empty(q));
	assert_int_equal(evq_push(q, &item), 0);
	assert_true(fd_readable(wake_fd(w), 0));

	/* A bounded drain has itself called again until nothing is left */
	for (i = 0; i < 3; i++) {
		assert_true(fd_readable(wake_fd(w), 0));
		assert_int_equal(evq_drain(q, 1, count_item, &n), 1);
	}
	assert_int_equal(n, 3);
	assert_false(fd_readable(wake_fd(w), 0));
	assert_int_equal(evq_push(q, &item), 0);
	assert_true(fd_readable(wake_fd(w), 0));
	assert_int_equal(evq_drain(q, 100, count_item, &n), 1);
	mem_deref(q);
	mem_deref(w);
}

/* --- several threads ---------------------------------------------------- */

struct item {
	unsigned writer, nr;
};

struct stress {
	struct wake *w;
	struct evq *q;
	struct slotq *sq;
	struct item itemv[WRITERS][ITEMS];
	uint64_t refused[WRITERS];
};

struct writer_arg {
	struct stress *s;
	unsigned writer;
};

static void *pointer_writer(void *arg)
{
	const struct writer_arg *wa = arg;
	unsigned i;

	for (i = 0; i < ITEMS; i++) {
		struct item *it = &wa->s->itemv[wa->writer][i];

		/* Written here, read there: a race unless the queue orders */
		it->writer = wa->writer;
		it->nr = i;
		while (evq_push(wa->s->q, it)) {
			wa->s->refused[wa->writer]++;
			sched_yield();
		}
	}
	return NULL;
}

/* The reader always sleeps when it finds nothing: a lost wake-up would be a
 * timeout of poll() */
static bool sleep_unless(struct stress *s, bool (*more)(const struct stress *))
{
	bool ok = true;

	wake_announce(s->w);
	if (!more(s))
		ok = fd_readable(wake_fd(s->w), DEADLINE_MS);
	wake_clear(s->w);
	return ok;
}

static bool more_pointers(const struct stress *s)
{
	return !evq_empty(s->q);
}

static void read_pointers(struct stress *s, unsigned writers)
{
	unsigned nextv[WRITERS] = {0};
	unsigned left = writers * ITEMS;
	const struct item *it;

	while (left) {
		it = evq_pop(s->q);
		if (!it) {
			assert_true(sleep_unless(s, more_pointers));
			continue;
		}
		assert_in_range(it->writer, 0, writers - 1);
		assert_int_equal(it->nr, nextv[it->writer]);
		nextv[it->writer]++;
		left--;
	}
	assert_null(evq_pop(s->q));
}

static void check_pointers(enum evq_kind kind, unsigned writers, uint32_t size)
{
	struct stress *s = mem_zalloc(sizeof(*s), NULL);
	struct writer_arg av[WRITERS];
	pthread_t thv[WRITERS];
	uint64_t refused = 0;
	unsigned i;

	assert_non_null(s);
	assert_int_equal(wake_alloc(&s->w), 0);
	assert_int_equal(evq_alloc(&s->q, kind, size, s->w), 0);
	for (i = 0; i < writers; i++) {
		av[i] = (struct writer_arg){.s = s, .writer = i};
		assert_int_equal(
			pthread_create(&thv[i], NULL, pointer_writer, &av[i]),
			0);
	}
	read_pointers(s, writers);
	for (i = 0; i < writers; i++) {
		assert_int_equal(pthread_join(thv[i], NULL), 0);
		refused += s->refused[i];
	}
	assert_int_equal(evq_drops(s->q), refused);
	mem_deref(s->q);
	mem_deref(s->w);
	mem_deref(s);
}

static void test_evq_threads(void **state)
{
	(void)state;
	check_pointers(EVQ_SPSC, 1, 4);
	check_pointers(EVQ_SPSC, 1, 1024);
	check_pointers(EVQ_MPSC, 1, 2);
	check_pointers(EVQ_MPSC, WRITERS, 2);
	check_pointers(EVQ_MPSC, WRITERS, 1024);
}

static void *packet_writer(void *arg)
{
	struct stress *s = arg;
	unsigned i;

	for (i = 0; i < PACKETS; i++) {
		uint8_t *slot = slotq_reserve(s->sq);

		if (!slot) {
			s->refused[0]++;
			sched_yield();
			i--;
			continue;
		}
		memset(slot, (int)(i & 0xff), slotq_slot_bytes(s->sq));
		memcpy(slot, &i, sizeof(i));
		slotq_commit(s->sq);
	}
	return NULL;
}

static bool more_packets(const struct stress *s)
{
	return !slotq_empty(s->sq);
}

static void check_packets(uint32_t slots)
{
	struct stress *s = mem_zalloc(sizeof(*s), NULL);
	unsigned i = 0, nr;
	pthread_t th;

	assert_non_null(s);
	assert_int_equal(wake_alloc(&s->w), 0);
	assert_int_equal(slotq_alloc(&s->sq, slots, 200, s->w), 0);
	assert_int_equal(pthread_create(&th, NULL, packet_writer, s), 0);
	while (i < PACKETS) {
		const uint8_t *p = slotq_peek(s->sq);

		if (!p) {
			assert_true(sleep_unless(s, more_packets));
			continue;
		}
		memcpy(&nr, p, sizeof(nr));
		assert_int_equal(nr, i);
		assert_int_equal(p[sizeof(nr)], i & 0xff);
		assert_int_equal(p[199], i & 0xff);
		slotq_release(s->sq);
		i++;
	}
	assert_int_equal(pthread_join(th, NULL), 0);
	assert_int_equal(slotq_drops(s->sq), s->refused[0]);
	mem_deref(s->sq);
	mem_deref(s->w);
	mem_deref(s);
}

static void test_slotq_threads(void **state)
{
	(void)state;
	check_packets(1);
	check_packets(4);
	check_packets(512);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_evq_bounds),
		cmocka_unit_test(test_slotq_bounds),
		cmocka_unit_test(test_slotq_spare),
		cmocka_unit_test(test_wake),
		cmocka_unit_test(test_evq_threads),
		cmocka_unit_test(test_slotq_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

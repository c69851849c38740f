/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file bus_test.c  The in-process bus: order, bounds, and who answers whom
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "bus/bus.h"
#include "util/retmr.h"

enum { DEADLINE_MS = 60000 };

struct fix {
	struct bus *bus;
	struct bus_server *server;
	struct bus_call *call;
	struct bus_reply *kept;
	unsigned requests, answers, announces;
	int err;
	uint16_t code;
	bool inside, keep, drop, forget, timed_out;
	unsigned want;
	char order[64];
};

static void timeout(void *arg)
{
	struct fix *f = arg;

	f->timed_out = true;
	re_cancel();
}

static void run(struct fix *f)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, DEADLINE_MS, timeout, f);
	(void)re_main(NULL);
	tmr_cancel(&tmr);
	assert_false(f->timed_out);
}

static void done(struct fix *f)
{
	if (f->answers + f->announces >= f->want)
		re_cancel();
}

static void request_h(const struct bus_msg *msg, struct bus_reply *reply,
		      void *arg)
{
	struct fix *f = arg;

	assert_false(f->inside); /* never from inside the sender's call */
	f->requests++;
	strcat(f->order, msg->u.deactivate.caller);
	if (f->drop)
		mem_deref(reply);
	else if (f->keep)
		f->kept = reply;
	else
		assert_int_equal(bus_answer_result(reply, 200, "OK"), 0);
}

static void answer_h(int err, const struct bus_msg *msg, void *arg)
{
	struct fix *f = arg;

	assert_false(f->inside);
	f->answers++;
	f->err = err;
	f->code = msg ? msg->u.result.code : 0;
	done(f);
}

static void announce_h(const struct bus_msg *msg, void *arg)
{
	struct fix *f = arg;

	assert_false(f->inside);
	assert_int_equal(msg->type, BUS_HEARTBEAT);
	f->announces++;
	done(f);
}

static int setup(void **state)
{
	struct fix *f = test_calloc(1, sizeof(*f));

	f->want = 1;
	*state = f;
	return bus_local_alloc(&f->bus, 4) ||
	       bus_serve(&f->server, f->bus, BUS_CONFERENCE, "n1", request_h,
			 f);
}

static int teardown(void **state)
{
	struct fix *f = *state;

	mem_deref(f->call);
	mem_deref(f->server);
	mem_deref(f->bus);
	test_free(f);
	return 0;
}

static int ask(struct fix *f, const char *node, const char *text,
	       struct bus_call **callp, uint32_t deadline_ms)
{
	struct bus_msg msg = {.type = BUS_DEACTIVATE};
	int err;

	(void)re_snprintf(msg.u.deactivate.caller,
			  sizeof(msg.u.deactivate.caller), "%s", text);
	f->inside = true;
	err = bus_request(callp, f->bus, BUS_CONFERENCE, node, &msg,
			  deadline_ms, answer_h, f);
	f->inside = false;
	return err;
}

static void test_answer(void **state)
{
	struct fix *f = *state;

	assert_int_equal(ask(f, "n1", "a", &f->call, 0), 0);
	assert_non_null(f->call);
	run(f);
	assert_int_equal(f->err, 0);
	assert_int_equal(f->code, 200);
	assert_null(f->call);
}

static void test_order_kept(void **state)
{
	struct fix *f = *state;

	f->want = 4;
	assert_int_equal(ask(f, "n1", "a", NULL, 0), 0);
	assert_int_equal(ask(f, "n1", "b", NULL, 0), 0);
	assert_int_equal(ask(f, "n1", "c", NULL, 0), 0);
	assert_int_equal(ask(f, "n1", "d", NULL, 0), 0);
	assert_int_equal(ask(f, "n1", "e", NULL, 0), ENOBUFS); /* the bound */
	run(f);
	assert_string_equal(f->order, "abcd");
}

static void test_nobody(void **state)
{
	struct fix *f = *state;

	assert_int_equal(ask(f, "n2", "a", NULL, 0), 0);
	run(f);
	assert_int_equal(f->err, EHOSTUNREACH);
}

static void test_dropped_duty_answers_500(void **state)
{
	struct fix *f = *state;

	f->drop = true;
	assert_int_equal(ask(f, "n1", "a", NULL, 0), 0);
	run(f);
	assert_int_equal(f->code, 500);
}

static void test_deadline(void **state)
{
	struct fix *f = *state;

	f->keep = true;
	assert_int_equal(ask(f, "n1", "a", NULL, 20), 0);
	run(f);
	assert_int_equal(f->err, ETIMEDOUT);
	/* The answer that comes too late harms nobody */
	assert_int_equal(bus_answer_result(f->kept, 200, "OK"), 0);
	assert_int_equal(f->answers, 1);
}

static void test_forgotten(void **state)
{
	struct fix *f = *state;

	assert_int_equal(ask(f, "n1", "a", &f->call, 0), 0);
	f->call = mem_deref(f->call);
	assert_int_equal(ask(f, "n1", "b", NULL, 0), 0);
	run(f);
	assert_int_equal(f->requests, 2);
	assert_int_equal(f->answers, 1);
}

static void test_announce(void **state)
{
	struct bus_msg msg = {.type = BUS_HEARTBEAT};
	struct bus_listener *a, *b;
	struct fix *f = *state;

	f->want = 2;
	assert_int_equal(bus_listen(&a, f->bus, BUS_HEARTBEAT, announce_h, f),
			 0);
	assert_int_equal(bus_listen(&b, f->bus, BUS_HEARTBEAT, announce_h, f),
			 0);
	f->inside = true;
	assert_int_equal(bus_announce(f->bus, &msg), 0);
	f->inside = false;
	run(f);
	assert_int_equal(f->announces, 2);
	mem_deref(a);
	mem_deref(b);
}

static void test_every_type_has_a_size(void **state)
{
	unsigned t;

	(void)state;
	for (t = 0; t < BUS_TYPES; t++) {
		assert_true(bus_msg_bytes((enum bus_type)t) > 0);
		assert_true(bus_msg_bytes((enum bus_type)t) <=
			    sizeof(struct bus_msg));
		assert_string_not_equal(bus_type_name((enum bus_type)t), "?");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_order_kept, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dropped_duty_answers_500,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_deadline, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_forgotten, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_announce, setup,
						teardown),
		cmocka_unit_test(test_every_type_has_a_size),
	};
	int err = libre_init();

	if (err || retmr_init())
		return 1;
	err = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return err;
}

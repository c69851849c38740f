/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file nodes_test.c  State, load and availability of each conference server
 *                     (row P15), by heartbeats over a real bus
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "presence/nodes.h"
#include "util/clock.h"

enum { LOST_MS = 60000, BRIEF_MS = 50, DEADLINE_MS = 60000, NODES_MAX = 256 };

struct world {
	struct bus *bus;
	struct nodes *nodes;
	unsigned told[NODE_LOST + 1], all;
	bool wrong;
};

static void node_handler(const struct node *n, enum node_event ev, void *arg)
{
	struct world *w = arg;

	w->told[ev]++;
	w->all++;
	/* Of a lost one only its farewells are still taken */
	if (ev == NODE_LOST)
		w->wrong |= n->hb.state != BUS_NODE_LEAVING &&
			    node_find(w->nodes, n->hb.node);
	else
		w->wrong |= node_find(w->nodes, n->hb.node) != n;
}

static int open_with(void **state, uint32_t lost_ms)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w || libre_init() || bus_local_alloc(&w->bus, 0))
		return -1;
	*state = w;
	return nodes_alloc(&w->nodes, w->bus, lost_ms, node_handler, w);
}

static int setup(void **state)
{
	return open_with(state, LOST_MS);
}

static int setup_brief(void **state)
{
	return open_with(state, BRIEF_MS);
}

static int teardown(void **state)
{
	struct world *w = *state;

	const bool wrong = w->wrong;

	mem_deref(w->nodes);
	mem_deref(w->bus);
	free(w);
	libre_close();
	return wrong ? -1 : 0;
}

static void tick_h(void *arg)
{
	(void)arg;
	re_cancel();
}

static void turn(uint32_t ms)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, ms, tick_h, NULL);
	(void)re_main(NULL);
	tmr_cancel(&tmr);
}

static void beat(struct world *w, const char *name, const char *sip,
		 enum bus_node_state st, uint32_t legs, uint64_t boot)
{
	struct bus_msg msg = {.type = BUS_HEARTBEAT};
	struct bus_heartbeat *hb = &msg.u.heartbeat;

	strcpy(hb->node, name);
	strcpy(hb->sip, sip);
	hb->state = st;
	hb->legs = legs;
	hb->legs_max = 100;
	hb->boot = boot;
	assert_int_equal(bus_announce(w->bus, &msg), 0);
	turn(1);
}

static void test_p15_states(void **state)
{
	struct world *w = *state;
	struct sa sa;

	assert_null(node_assign(w->nodes));
	beat(w, "n1", "127.0.0.1:5000", BUS_NODE_UP, 0, 1);
	assert_int_equal(w->told[NODE_UP], 1);
	beat(w, "n1", "127.0.0.1:5000", BUS_NODE_UP, 1, 1);
	assert_int_equal(w->all, 1);
	(void)sa_set_str(&sa, "127.0.0.1", 5000);
	assert_ptr_equal(node_by_addr(w->nodes, &sa),
			 node_find(w->nodes, "n1"));
	/* Another boot, at another port: its legs are gone */
	beat(w, "n1", "127.0.0.1:5001", BUS_NODE_UP, 0, 2);
	assert_int_equal(w->told[NODE_RESTART], 1);
	assert_null(node_by_addr(w->nodes, &sa));
	beat(w, "n1", "127.0.0.1:5001", BUS_NODE_LEAVING, 0, 2);
	assert_int_equal(w->told[NODE_LOST], 1);
	assert_null(node_assign(w->nodes));
	beat(w, "n1", "127.0.0.1:5001", BUS_NODE_LEAVING, 0, 2);
	beat(w, "n2", "no address", BUS_NODE_UP, 0, 1);
	assert_int_equal(w->all, 3);
	assert_null(node_find(w->nodes, "n2"));
	/* The next process of that name is a new one */
	beat(w, "n1", "127.0.0.1:5002", BUS_NODE_UP, 0, 3);
	assert_int_equal(w->told[NODE_UP], 2);
	assert_non_null(node_assign(w->nodes));
}

static const char *assigned(struct world *w)
{
	struct node *n = node_assign(w->nodes);

	if (!n)
		return "";
	n->assigned++;
	return n->hb.node;
}

static void test_p15_assignment(void **state)
{
	struct world *w = *state;
	unsigned i;

	beat(w, "n1", "127.0.0.1:5001", BUS_NODE_UP, 40, 1);
	beat(w, "n2", "127.0.0.1:5002", BUS_NODE_UP, 30, 1);
	beat(w, "n3", "127.0.0.1:5003", BUS_NODE_DRAINING, 0, 1);
	/* The least loaded, counting what was asked since its last word */
	for (i = 0; i < 10; i++)
		assert_string_equal(assigned(w), "n2");
	assert_string_equal(assigned(w), "n1");
	assert_string_equal(assigned(w), "n2");
	/* Full ones and draining ones get nobody */
	beat(w, "n1", "127.0.0.1:5001", BUS_NODE_UP, 100, 1);
	beat(w, "n2", "127.0.0.1:5002", BUS_NODE_UP, 99, 1);
	assert_string_equal(assigned(w), "n2");
	assert_string_equal(assigned(w), "");
	beat(w, "n3", "127.0.0.1:5003", BUS_NODE_UP, 0, 1);
	assert_string_equal(assigned(w), "n3");
}

static void test_p15_silence(void **state)
{
	struct world *w = *state;
	const uint64_t end = clock_mono_ms() + DEADLINE_MS;

	beat(w, "n1", "127.0.0.1:5001", BUS_NODE_UP, 0, 1);
	beat(w, "n2", "127.0.0.1:5002", BUS_NODE_UP, 0, 1);
	while (w->told[NODE_LOST] < 2 && clock_mono_ms() < end)
		turn(10);
	assert_int_equal(w->told[NODE_LOST], 2);
	assert_int_equal(list_count(nodes_list(w->nodes)), 0);
	beat(w, "n1", "127.0.0.1:5001", BUS_NODE_UP, 0, 1);
	assert_int_equal(w->told[NODE_UP], 3);
	/* One that leaves is told of once, and forgotten when it is silent */
	beat(w, "n1", "127.0.0.1:5001", BUS_NODE_LEAVING, 0, 1);
	while (list_head(nodes_list(w->nodes)) && clock_mono_ms() < end)
		turn(10);
	assert_null(node_find(w->nodes, "n1"));
	assert_int_equal(w->told[NODE_LOST], 3);
}

static void test_bound(void **state)
{
	struct world *w = *state;
	unsigned i;

	for (i = 0; i < NODES_MAX + 4; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "n%u", i);
		beat(w, name, "127.0.0.1:5001", BUS_NODE_UP, 0, 1);
	}
	assert_int_equal(list_count(nodes_list(w->nodes)), NODES_MAX);
	assert_int_equal(w->all, NODES_MAX);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_p15_states),
		T(test_p15_assignment),
		cmocka_unit_test_setup_teardown(test_p15_silence, setup_brief,
						teardown),
		T(test_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

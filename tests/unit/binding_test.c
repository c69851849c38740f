/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file binding_test.c  Where terminals are (row P2), and after a restart
 */
#include "dbtest.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "presence/binding.h"
#include "sip/token.h"
#include "util/clock.h"

enum { MAX = 4, DEADLINE_MS = 60000, LOG_MAX = 32 };

static const struct token_key key_one = {{1}}, key_two = {{2}};

struct told {
	enum binding_event ev;
	uint64_t id;
};

struct world {
	struct dbtest *t;
	struct bindings *tab;
	struct dir_user a, b;
	struct told logv[LOG_MAX];
	unsigned n;
};

static void event_h(struct binding *b, enum binding_event ev, void *arg)
{
	struct world *w = arg;

	assert_true(w->n < LOG_MAX);
	w->logv[w->n].ev = ev;
	w->logv[w->n++].id = b->id;
	if (ev == BINDING_GONE) {
		/* Not to be found by those who are told that it is gone */
		assert_null(binding_by_id(w->tab, b->id));
		assert_null(binding_find(b->user, b->key));
	}
	else {
		assert_ptr_equal(binding_by_id(w->tab, b->id), b);
		assert_ptr_equal(binding_by_flow(w->tab, &b->flow, b->laddr,
						 binding_owner(b->user)),
				 b);
	}
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w || libre_init())
		return -1;
	strcpy(w->a.row.name, "a");
	strcpy(w->b.row.name, "b");
	w->a.row.enabled = w->b.row.enabled = true;
	*state = w;
	return bindings_alloc(&w->tab, MAX, &key_one, NULL, event_h, w);
}

static int teardown(void **state)
{
	struct world *w = *state;

	mem_deref(w->tab);
	free(w);
	libre_close();
	return 0;
}

static struct binding_update update_make(const char *key, const char *callid,
					 uint16_t port)
{
	struct binding_update up = {.key = key,
				    .contact = "sip:x@192.0.2.1",
				    .instance = "",
				    .callid = callid,
				    .user_agent = "test",
				    .cseq = 1,
				    .expires_s = 3600};

	(void)sa_set_str(&up.flow, "192.0.2.1", port);
	return up;
}

static struct binding *put(struct world *w, struct dir_user *user,
			   const struct binding_update *up)
{
	assert_int_equal(binding_set(w->tab, user, up), 0);
	return binding_find(user, up->key);
}

static void heard(struct world *w, const struct binding *b,
		  enum binding_event ev)
{
	assert_int_equal(w->n, 1);
	assert_int_equal(w->logv[0].ev, ev);
	assert_true(w->logv[0].id == b->id);
	w->n = 0;
}

static void test_events(void **state)
{
	struct world *w = *state;
	struct binding_update up = update_make("k", "call-1", 5060);
	struct binding *b = put(w, &w->a, &up);
	const uint64_t id = b->id;
	uint64_t epoch = b->epoch;
	struct sa old = up.flow;

	heard(w, b, BINDING_NEW);
	/* Refreshed: nobody needs to know */
	up.cseq = 2;
	put(w, &w->a, &up);
	assert_int_equal(w->n, 0);
	assert_int_equal(b->cseq, 2);
	/* Elsewhere */
	sa_set_port(&up.flow, 5062);
	put(w, &w->a, &up);
	heard(w, b, BINDING_MOVED);
	assert_true(b->epoch == epoch);
	assert_null(binding_by_flow(w->tab, &old, 0, binding_owner(&w->a)));
	up.contact = "sip:y@192.0.2.1";
	put(w, &w->a, &up);
	heard(w, b, BINDING_MOVED);
	up.laddr = 1;
	put(w, &w->a, &up);
	heard(w, b, BINDING_MOVED);
	/* Another Call-ID: it started afresh */
	up.callid = "call-2";
	put(w, &w->a, &up);
	heard(w, b, BINDING_AFRESH);
	assert_true(b->epoch != epoch && b->id == id);
	binding_remove(b);
	assert_int_equal(w->n, 1);
	assert_int_equal(w->logv[0].ev, BINDING_GONE);
	assert_int_equal(bindings_count(w->tab), 0);
}

/* Several users by one socket, several contacts of one user on it */
static void test_shared_flow(void **state)
{
	struct world *w = *state;
	struct binding_update one = update_make("one", "c", 5060);
	struct binding_update two = update_make("two", "c", 5060);
	struct binding *a1 = put(w, &w->a, &one), *b1 = put(w, &w->b, &one);
	struct binding *a2;
	const uint64_t a = binding_owner(&w->a), b = binding_owner(&w->b);

	assert_true(a != b && a1->id != b1->id);
	assert_ptr_equal(binding_by_flow(w->tab, &one.flow, 0, a), a1);
	assert_ptr_equal(binding_by_flow(w->tab, &one.flow, 0, b), b1);
	assert_null(binding_by_flow(w->tab, &one.flow, 1, a));
	assert_null(binding_by_flow(w->tab, &one.flow, 0, 0));
	a2 = put(w, &w->a, &two);
	assert_ptr_equal(binding_by_flow(w->tab, &one.flow, 0, a), a2);
	put(w, &w->a, &one);
	assert_ptr_equal(binding_by_flow(w->tab, &one.flow, 0, a), a1);
	binding_remove(a1);
	assert_ptr_equal(binding_by_flow(w->tab, &one.flow, 0, a), a2);
	bindings_remove_user(&w->a);
	assert_null(binding_by_flow(w->tab, &one.flow, 0, a));
	assert_ptr_equal(binding_by_flow(w->tab, &one.flow, 0, b), b1);
	bindings_remove_user(&w->a);
}

/* Who comes from the address of a connection that is gone is somebody else
 * until that one has registered (row P2) */
static void test_dead(void **state)
{
	struct world *w = *state;
	struct binding_update up = update_make("k", "c", 5060);
	struct binding *b = put(w, &w->a, &up);
	const uint64_t a = binding_owner(&w->a);

	binding_dead(b);
	assert_null(binding_by_flow(w->tab, &up.flow, 0, a));
	assert_null(binding_on_flow(w->tab, &up.flow, 0));
	assert_null(binding_from(&w->a, &up.flow));
	assert_ptr_equal(binding_by_id(w->tab, b->id), b);
	put(w, &w->a, &up);
	assert_ptr_equal(binding_by_flow(w->tab, &up.flow, 0, a), b);
}

/* An id is the server's secret: a terminal cannot choose its contact or
 * instance so that it gets another's (row P2) */
static void test_id(void **state)
{
	struct world *w = *state;
	const struct binding_update up = update_make("k", "c", 5060);
	const uint64_t id = put(w, &w->a, &up)->id;

	binding_remove(binding_find(&w->a, "k"));
	assert_true(put(w, &w->a, &up)->id == id);
	assert_true(put(w, &w->b, &up)->id != id);
	w->tab = mem_deref(w->tab);
	assert_int_equal(bindings_alloc(&w->tab, MAX, &key_two, NULL, event_h,
					w),
			 0);
	assert_true(put(w, &w->a, &up)->id != id);
}

static void test_bound(void **state)
{
	struct world *w = *state;
	struct binding_update up;
	char key[8];
	unsigned i;

	for (i = 0; i <= MAX; i++) {
		(void)snprintf(key, sizeof(key), "k%u", i);
		up = update_make(key, "c", 5060);
		assert_int_equal(binding_set(w->tab, &w->a, &up),
				 i < MAX ? 0 : ENOSPC);
	}
	assert_int_equal(bindings_count(w->tab), MAX);
	/* Who is in may refresh */
	(void)strcpy(key, "k0");
	put(w, &w->a,
	    &(struct binding_update){.key = key,
				     .contact = "c",
				     .instance = "",
				     .callid = "c",
				     .user_agent = "",
				     .flow = up.flow,
				     .expires_s = 5});
}

/* --- expiry ------------------------------------------------------------- */

static void tick_h(void *arg)
{
	(void)arg;
	re_cancel();
}

static bool run_until_empty(struct world *w)
{
	const uint64_t end = clock_mono_ms() + DEADLINE_MS;
	struct tmr tmr;

	tmr_init(&tmr);
	while (bindings_count(w->tab) && clock_mono_ms() < end) {
		tmr_start(&tmr, 10, tick_h, NULL);
		(void)re_main(NULL);
	}
	tmr_cancel(&tmr);
	return !bindings_count(w->tab);
}

/* All at the same moment, of two users */
static void test_expiry(void **state)
{
	struct world *w = *state;
	static const char *const keys[] = {"1", "2"};
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		struct binding_update up = update_make(keys[i], "c", 5060);

		up.expires_s = 1;
		assert_int_equal(binding_expires_s(put(w, &w->a, &up)), 1);
		put(w, &w->b, &up);
	}
	w->n = 0;
	assert_true(run_until_empty(w));
	assert_int_equal(w->n, 2 * ARRAY_SIZE(keys));
	assert_null(list_head(&w->a.bindings));
	assert_null(list_head(&w->b.bindings));
}

/* --- after a restart ---------------------------------------------------- */

struct kept {
	struct state_binding rowv[8];
	unsigned n;
};

static void kept_h(const struct state_binding *row, void *arg)
{
	struct kept *k = arg;

	assert_true(k->n < ARRAY_SIZE(k->rowv));
	k->rowv[k->n++] = *row;
}

struct restart {
	struct dbtest *t;
	struct prov *prov;
	struct state *state;
	struct directory *dir;
	struct kept kept;
	struct world w;
};

static void dir_h(const struct dir_change *chg, void *arg)
{
	(void)chg;
	(void)arg;
}

static bool dir_synced_h(void *arg)
{
	return directory_synced(((struct restart *)arg)->dir);
}

static void state_start(struct restart *r)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/s.db", r->t->dir);
	assert_int_equal(state_open(&r->state, path, NULL), 0);
	assert_int_equal(bindings_alloc(&r->w.tab, MAX, &key_one, r->state,
					event_h, &r->w),
			 0);
}

static int laddr_h(const struct sa *laddr, void *arg)
{
	(void)arg;
	return sa_port(laddr) == 5060 ? 1 : -1;
}

static int restore(struct restart *r, const struct state_binding *row)
{
	return bindings_restore(r->w.tab, row, r->dir, laddr_h, NULL);
}

static void kept_are_taken_up(struct restart *r)
{
	struct state_binding row = r->kept.rowv[0];
	const struct binding *b;

	assert_int_equal(restore(r, &row), 0);
	b = binding_find(directory_user(r->dir, "a"), "k");
	assert_non_null(b);
	assert_int_equal(b->laddr, 1);
	assert_int_equal(b->cseq, 7);
	assert_int_equal(sa_port(&b->flow), 5060);
	assert_in_range(binding_expires_s(b), 3000, 3600);
	assert_true(b->id == r->w.logv[0].id);
	/* Once is enough; what is over, strange or nobody's is left out */
	assert_int_equal(restore(r, &row), ENOENT);
	strcpy(row.key, "l");
	strcpy(row.user, "nobody");
	assert_int_equal(restore(r, &row), ENOENT);
	strcpy(row.user, "off");
	assert_int_equal(restore(r, &row), ENOENT);
	strcpy(row.user, "a");
	row.expires_utc_ms = clock_utc_ms();
	assert_int_equal(restore(r, &row), ENOENT);
	row.expires_utc_ms += 60000;
	strcpy(row.flow, "udp 127.0.0.1:5070 192.0.2.1:5060");
	assert_int_equal(restore(r, &row), EADDRNOTAVAIL);
	strcpy(row.flow, "udp 127.0.0.1:5060 nonsense");
	assert_int_equal(restore(r, &row), EBADMSG);
	strcpy(row.flow, "tcp 127.0.0.1:5060 192.0.2.1:5060");
	assert_int_equal(restore(r, &row), ENOENT);
}

static void test_restart(void **state)
{
	struct restart *r = calloc(1, sizeof(*r));
	struct binding_update up = update_make("k", "call", 5060);
	struct sa laddr;

	(void)state;
	assert_non_null(r);
	assert_int_equal(dbtest_setup((void **)&r->t), 0);
	script_ok(r->t->script, "INSERT INTO user(name, enabled) "
				"VALUES('a', 1), ('off', 0);");
	assert_int_equal(prov_open(&r->prov, r->t->path, NULL, NULL), 0);
	assert_int_equal(directory_alloc(&r->dir, r->prov, dir_h, r), 0);
	pump(r->prov, dir_synced_h, r);

	state_start(r);
	(void)sa_set_str(&laddr, "127.0.0.1", 5060);
	bindings_laddr_set(r->w.tab, 0, SIP_TRANSP_UDP, &laddr);
	up.cseq = 7;
	assert_int_equal(binding_set(r->w.tab, directory_user(r->dir, "a"),
				     &up),
			 0);
	up.key = "gone";
	assert_int_equal(binding_set(r->w.tab, directory_user(r->dir, "a"),
				     &up),
			 0);
	binding_remove(binding_find(directory_user(r->dir, "a"), "gone"));
	/* The table ends, the bindings stay in the file */
	r->w.tab = mem_deref(r->w.tab);
	r->state = mem_deref(r->state);

	state_start(r);
	assert_int_equal(state_bindings_load(r->state, kept_h, &r->kept), 0);
	assert_int_equal(r->kept.n, 1);
	kept_are_taken_up(r);

	mem_deref(r->w.tab);
	mem_deref(r->state);
	mem_deref(r->dir);
	mem_deref(r->prov);
	assert_int_equal(dbtest_teardown((void **)&r->t), 0);
	free(r);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_events), T(test_shared_flow), T(test_dead),
		T(test_id), T(test_bound),
		T(test_expiry), T(test_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

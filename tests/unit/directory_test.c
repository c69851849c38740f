/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file directory_test.c  Who may what is what the database says, whatever was
 *                         done to it (rows P4, P5, P13)
 *
 * Statements as scripts write them, a thousand of them by chance and all of a
 * few in every order; then the directory is compared with what SQL says.
 */
#include "dbtest.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "presence/directory.h"

enum { NAMES = 4, STEPS = 400, EVERY = 8, TOLD = 256 };

/** What was said last of the floor of a group's member, or of the calls of a
 *  subscription (group empty): the policy, known by the length of its queue */
struct floor_told {
	char group[HL_NAME_MAX], subscriber[HL_NAME_MAX];
	int queue_max;
};

struct world {
	struct dbtest *t;
	struct prov *prov;
	struct directory *dir;
	unsigned fence;
	unsigned events[DIR_SYNCED + 1];
	struct floor_told toldv[TOLD];
	unsigned toldc;
};

static struct floor_told *told(struct world *w, const char *group,
			       const char *subscriber)
{
	struct floor_told *t;
	unsigned i;

	for (i = 0; i < w->toldc; i++) {
		t = &w->toldv[i];
		if (!strcmp(t->group, group) &&
		    !strcmp(t->subscriber, subscriber))
			return t;
	}
	assert_true(w->toldc < TOLD);
	t = &w->toldv[w->toldc++];
	strcpy(t->group, group);
	strcpy(t->subscriber, subscriber);
	return t;
}

static int queue_max(const struct prov_policy *policy)
{
	return policy ? policy->queue_max : -1;
}

static void member_told(struct world *w, const struct dir_member *m)
{
	told(w, m->row.group, m->row.subscriber)->queue_max =
		queue_max(directory_group_policy(w->dir, m->group));
}

/* As presence does: with the subscription its memberships are told, too */
static void sub_told(struct world *w, const struct dir_sub *sub)
{
	struct le *le;

	told(w, "", sub->row.subscriber)->queue_max =
		queue_max(directory_service_policy(w->dir, sub->service));
	LIST_FOREACH(&sub->members, le)
	{
		member_told(w, le->data);
	}
}

static void change_h(const struct dir_change *chg, void *arg)
{
	struct world *w = arg;

	w->events[chg->event]++;
	switch (chg->event) {
	case DIR_SUB_CHANGED:
		assert_ptr_equal(directory_sub(w->dir,
					       chg->sub->row.subscriber),
				 chg->sub);
		sub_told(w, chg->sub);
		break;
	case DIR_SUB_GONE:
		/* Still whole while one is told */
		assert_ptr_equal(chg->sub->user,
				 directory_user(w->dir,
						chg->sub->user->row.name));
		break;
	case DIR_USER_GONE:
		assert_true(chg->user->row.name[0] != '\0');
		break;
	case DIR_MEMBER_SET:
		member_told(w, chg->member);
		/* fall through */
	case DIR_MEMBER_GONE:
		assert_string_equal(chg->member->sub->row.subscriber,
				    chg->member->row.subscriber);
		assert_string_equal(chg->member->group->row.name,
				    chg->member->row.group);
		break;
	case DIR_GROUP_GONE:
		assert_ptr_equal(directory_group(w->dir, chg->group->row.name),
				 chg->group);
		assert_true(list_isempty(&chg->group->members));
		break;
	case DIR_RULE_CHANGED:
		assert_true(chg->subject[0] && chg->object[0]);
		break;
	case DIR_SYNCED:
		assert_true(directory_synced(w->dir));
		break;
	}
}

static bool synced_h(void *arg)
{
	const struct world *w = arg;

	return directory_synced(w->dir);
}

static void world_open(struct world *w)
{
	assert_int_equal(prov_open(&w->prov, w->t->path, NULL, NULL), 0);
	assert_int_equal(directory_alloc(&w->dir, w->prov, change_h, w), 0);
	pump(w->prov, synced_h, w);
}

static void world_close(struct world *w)
{
	w->dir = mem_deref(w->dir);
	w->prov = mem_deref(w->prov);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w || dbtest_setup((void **)&w->t))
		return -1;
	world_open(w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	void *t = w->t;

	world_close(w);
	free(w);
	return dbtest_teardown(&t);
}

static bool fence_h(void *arg)
{
	const struct world *w = arg;
	char name[32];

	(void)snprintf(name, sizeof(name), "zz%u", w->fence);
	return directory_user(w->dir, name) != NULL;
}

/* A row that was written after all the others is there */
static void fence(struct world *w)
{
	char sql[128];

	w->fence++;
	(void)snprintf(sql, sizeof(sql),
		       "DELETE FROM user WHERE name = 'zz%u';"
		       "INSERT INTO user(name) VALUES('zz%u');",
		       w->fence - 1, w->fence);
	script_ok(w->t->script, sql);
	pump(w->prov, fence_h, w);
}

static bool settled_h(void *arg)
{
	const struct world *w = arg;
	char name[32];

	(void)snprintf(name, sizeof(name), "zz%u", w->fence - 1);
	return !directory_user(w->dir, name);
}

/* Everything that was written is in the directory. Changes come in batches,
 * within one new rows before the end of old ones: when a second batch has
 * ended a row, the first is there as a whole. */
static void settle(struct world *w)
{
	fence(w);
	fence(w);
	pump(w->prov, settled_h, w);
}

/* --- the same, by SQL --------------------------------------------------- */

static int64_t ask(struct world *w, const char *fmt, ...)
{
	char sql[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);
	return script_int(w->t->script, sql);
}

static bool sql_allows(struct world *w, const char *a, const char *b,
		       const char *what)
{
	return strcmp(a, b) &&
	       ask(w,
		   "SELECT EXISTS(SELECT 1 FROM authorisation WHERE %s AND "
		   "subject IN ('%s', '*') AND object IN ('%s', '*'));",
		   what, a, b);
}

struct names {
	unsigned n;
	const char *v[256];
};

static void collect(struct dir_sub *sub, void *arg)
{
	struct names *l = arg;

	assert_true(l->n < ARRAY_SIZE(l->v));
	l->v[l->n++] = sub->row.subscriber;
}

static bool has(const struct names *l, const char *name)
{
	unsigned i;

	for (i = 0; i < l->n; i++) {
		if (!strcmp(l->v[i], name))
			return true;
	}
	return false;
}

static void check_pair(struct world *w, const struct dir_sub *a,
		       const struct dir_sub *b)
{
	const char *an = a->row.subscriber, *bn = b->row.subscriber;
	struct names seers = {0}, seen = {0};
	const bool see = sql_allows(w, an, bn, "see");

	assert_int_equal(directory_may_see(w->dir, an, bn), see);
	assert_int_equal(directory_may_call(w->dir, an, bn),
			 sql_allows(w, an, bn, "call"));
	directory_seers(w->dir, bn, collect, &seers);
	directory_seen(w->dir, an, collect, &seen);
	if (a == b)
		return;
	assert_int_equal(has(&seers, an), see);
	assert_int_equal(has(&seen, bn), see);
}

/* What was told of a floor is what the database says now */
static void check_floor(struct world *w, const struct dir_sub *sub)
{
	const char *name = sub->row.subscriber;
	struct le *le;

	assert_int_equal(told(w, "", name)->queue_max,
			 ask(w,
			     "SELECT queue_max FROM subscription s "
			     "JOIN service v ON v.name = s.service "
			     "JOIN floor_policy p ON p.name = v.floor_policy "
			     "WHERE subscriber = '%s';",
			     name));
	LIST_FOREACH(&sub->members, le)
	{
		const struct dir_member *m = le->data;

		/* Of a group that is disabled nothing is said */
		if (!m->group->row.enabled)
			continue;
		assert_int_equal(told(w, m->row.group, name)->queue_max,
				 ask(w,
				     "SELECT queue_max FROM talkgroup g "
				     "JOIN service v ON v.name = g.service "
				     "JOIN floor_policy p ON p.name = "
				     "coalesce(nullif(g.floor_policy, ''), "
				     "v.floor_policy) WHERE g.name = '%s';",
				     m->row.group));
	}
}

static void check_sub(struct world *w, const struct dir_sub *sub)
{
	const char *name = sub->row.subscriber;
	struct le *le;

	assert_int_equal(ask(w,
			     "SELECT count(*) FROM subscription WHERE "
			     "subscriber = '%s' AND user = '%s' AND "
			     "service = '%s' AND enabled = %d AND "
			     "start = '%s';",
			     name, sub->user->row.name,
			     sub->service->row.name, sub->row.enabled,
			     sub->row.start == PROV_START_REGISTER
				     ? "register"
				     : "subscribe"),
			 1);
	assert_ptr_equal(sub->service,
			 directory_service(w->dir, sub->row.service));
	assert_int_equal(dir_sub_enabled(sub),
			 ask(w,
			     "SELECT s.enabled AND u.enabled AND v.enabled "
			     "FROM subscription s JOIN user u ON "
			     "u.name = s.user JOIN service v ON "
			     "v.name = s.service WHERE subscriber = '%s';",
			     name));
	assert_int_equal(list_count(&sub->members),
			 ask(w,
			     "SELECT count(*) FROM member WHERE "
			     "subscriber = '%s';",
			     name));
	LIST_FOREACH(&sub->members, le)
	{
		const struct dir_member *m = le->data;

		assert_ptr_equal(m->sub, sub);
		assert_ptr_equal(m->group,
				 directory_group(w->dir, m->row.group));
		assert_int_equal(ask(w,
				     "SELECT priority FROM member WHERE "
				     "talkgroup = '%s' AND "
				     "subscriber = '%s';",
				     m->row.group, name),
				 m->row.priority);
	}
}

static void all_subs(struct dir_sub *sub, void *arg)
{
	struct dir_sub ***pp = arg;

	*(*pp)++ = sub;
}

static void check(struct world *w)
{
	struct dir_sub *v[256], **p = v;
	struct dir_counts c;
	size_t i, j, n;

	settle(w);
	directory_counts(w->dir, &c);
	assert_int_equal(c.users, ask(w, "SELECT count(*) FROM user;"));
	assert_int_equal(c.subs,
			 ask(w, "SELECT count(*) FROM subscription;"));
	assert_int_equal(c.services, ask(w, "SELECT count(*) FROM service;"));
	assert_int_equal(c.groups, ask(w, "SELECT count(*) FROM talkgroup;"));
	assert_int_equal(c.rules,
			 ask(w, "SELECT count(*) FROM authorisation;"));
	assert_true(c.subs < ARRAY_SIZE(v));
	directory_subs(w->dir, all_subs, &p);
	n = (size_t)(p - v);
	assert_int_equal(n, c.subs);
	for (i = 0; i < n; i++) {
		check_sub(w, v[i]);
		check_floor(w, v[i]);
		for (j = 0; j < n; j++)
			check_pair(w, v[i], v[j]);
	}
}

/* --- by chance ---------------------------------------------------------- */

static const char *const verbs[] = {
	"INSERT INTO user(name) VALUES('u%d');",
	"INSERT INTO user(name) VALUES('u%d');",
	"UPDATE user SET enabled = 1 - enabled WHERE name = 'u%d';",
	"DELETE FROM user WHERE name = 'u%d';",
	"INSERT INTO subscription(subscriber, user, service) "
	"VALUES('s%2$d', 'u%1$d', 'ptt');",
	"INSERT INTO subscription(subscriber, user, service) "
	"VALUES('u%1$d', 'u%1$d', 'v%2$d');",
	"UPDATE subscription SET enabled = 1 - enabled "
	"WHERE subscriber = 's%d';",
	"UPDATE subscription SET start = 'register' WHERE subscriber = "
	"'u%d';",
	"UPDATE subscription SET service = 'v%2$d' WHERE subscriber = "
	"'s%1$d';",
	"DELETE FROM subscription WHERE subscriber = 's%d';",
	"INSERT OR IGNORE INTO service(name) VALUES('v%d');",
	"UPDATE service SET enabled = 1 - enabled WHERE name = 'v%d';",
	"DELETE FROM service WHERE name = 'v%d';",
	"INSERT INTO talkgroup(name) VALUES('g%d');",
	"UPDATE talkgroup SET enabled = 1 - enabled WHERE name = 'g%d';",
	"DELETE FROM talkgroup WHERE name = 'g%d';",
	"INSERT INTO member(talkgroup, subscriber) "
	"VALUES('g%d', 's%d');",
	"INSERT INTO member(talkgroup, subscriber) "
	"VALUES('g%d', 'u%d');",
	"UPDATE member SET priority = %2$d WHERE talkgroup = 'g%1$d';",
	"DELETE FROM member WHERE talkgroup = 'g%d' AND "
	"subscriber = 's%d';",
	"INSERT OR REPLACE INTO authorisation(subject, object) "
	"VALUES('s%d', 's%d');",
	"INSERT OR REPLACE INTO authorisation(subject, object, call) "
	"VALUES('u%d', 's%d', 0);",
	"INSERT OR REPLACE INTO authorisation(subject, object, see) "
	"VALUES('s%d', '*', 0);",
	"INSERT OR REPLACE INTO authorisation(subject, object) "
	"VALUES('*', 'u%d');",
	"INSERT OR REPLACE INTO authorisation(subject, object) "
	"VALUES('*', '*');",
	"DELETE FROM authorisation WHERE subject = 's%d';",
	"DELETE FROM authorisation WHERE object = '*';",
	"BEGIN; DELETE FROM user WHERE name = 'u%1$d'; "
	"INSERT INTO user(name) VALUES('u%1$d'); COMMIT;",
	"BEGIN; DELETE FROM talkgroup; ROLLBACK;",
};

/* One of these after each of those */
static const char *const policy_verbs[] = {
	"INSERT INTO floor_policy(name, queue_max) VALUES('p%d', 100 + %d);",
	"UPDATE floor_policy SET queue_max = 10 * %2$d + %1$d "
	"WHERE name = 'p%1$d';",
	"UPDATE floor_policy SET queue_max = 50 + %d WHERE name = 'default';",
	"DELETE FROM floor_policy WHERE name = 'p%d';",
	"UPDATE service SET floor_policy = 'p%2$d' WHERE name = 'v%1$d';",
	"UPDATE service SET floor_policy = 'p%d' WHERE name = 'ptt';",
	"UPDATE talkgroup SET floor_policy = 'p%2$d' WHERE name = 'g%1$d';",
	"UPDATE talkgroup SET floor_policy = '' WHERE name = 'g%d';",
	"INSERT INTO talkgroup(name, floor_policy) VALUES('g%d', 'p%d');",
	"BEGIN; UPDATE service SET floor_policy = 'default'; "
	"UPDATE talkgroup SET floor_policy = ''; "
	"DELETE FROM floor_policy WHERE name <> 'default'; COMMIT;",
};

/* Rules of the database may refuse it */
static bool try(struct world *w, const char *verb, uint32_t b, uint32_t c)
{
	char sql[512];

	(void)snprintf(sql, sizeof(sql), verb, (int)b, (int)c);
	if (!script_run(w->t->script, sql))
		return true;
	(void)script_run(w->t->script, "ROLLBACK;");
	return false;
}

static void chance(struct world *w, uint32_t seed)
{
	unsigned i, done = 0;

	for (i = 0; i < STEPS; i++) {
		uint32_t a, b, c;

		seed = seed * 1664525u + 1013904223u;
		a = seed >> 16;
		b = (seed >> 8) % NAMES;
		seed = seed * 1664525u + 1013904223u;
		c = (seed >> 12) % NAMES;
		done += try(w, verbs[a % ARRAY_SIZE(verbs)], b, c);
		(void)try(w, policy_verbs[a % ARRAY_SIZE(policy_verbs)], b, c);
		if (i % EVERY == 0)
			check(w);
	}
	check(w);
	assert_true(done > STEPS / 4);
}

static void test_chance(void **state)
{
	struct world *w = *state;
	unsigned i;

	chance(w, 1);
	for (i = 0; i < ARRAY_SIZE(w->events); i++)
		if (!w->events[i])
			fail_msg("event %u never came", i);
	/* A snapshot says the same as all the changes did */
	world_close(w);
	world_open(w);
	check(w);
}

/* --- in every order ----------------------------------------------------- */

static const char fixture[] =
	"INSERT INTO user(name) VALUES('a'), ('b');"
	"INSERT OR IGNORE INTO subscription(subscriber, user, service) "
	"VALUES('a', 'a', 'ptt'), ('b', 'b', 'ptt');"
	"INSERT INTO talkgroup(name) VALUES('g');"
	"INSERT INTO member(talkgroup, subscriber) VALUES('g', 'a'), "
	"('g', 'b');"
	"INSERT INTO authorisation(subject, object) VALUES('a', 'b'), "
	"('*', 'a'), ('b', '*'), ('*', '*');";

static const char *const deletes[] = {
	"DELETE FROM user WHERE name = 'a';",
	"DELETE FROM subscription WHERE subscriber = 'b';",
	"DELETE FROM talkgroup WHERE name = 'g';",
	"DELETE FROM authorisation WHERE subject = '*';",
	"DELETE FROM member WHERE subscriber = 'a';",
};

static void permute(struct world *w, const char *v[], unsigned k, unsigned n)
{
	unsigned i;

	if (k == n) {
		script_ok(w->t->script,
			  "DELETE FROM talkgroup; DELETE FROM authorisation;"
			  "DELETE FROM subscription; DELETE FROM user;");
		script_ok(w->t->script, fixture);
		settle(w);
		for (i = 0; i < n; i++)
			script_ok(w->t->script, v[i]);
		check(w);
		return;
	}
	for (i = k; i < n; i++) {
		const char *tmp = v[k];

		v[k] = v[i];
		v[i] = tmp;
		permute(w, v, k + 1, n);
		v[i] = v[k];
		v[k] = tmp;
	}
}

static void test_deletes_in_every_order(void **state)
{
	const char *v[ARRAY_SIZE(deletes)];

	memcpy(v, deletes, sizeof(v));
	permute(*state, v, 0, ARRAY_SIZE(v));
}

/* --- floor policies, one by one ------------------------------------------ */

static void test_x6_policy(void **state)
{
	struct world *w = *state;
	const struct dir_group *g;

	script_ok(w->t->script, fixture);
	settle(w);
	g = directory_group(w->dir, "g");
	assert_string_equal(directory_group_policy(w->dir, g)->name,
			    "default");
	/* A group's own; the service's others are not disturbed */
	script_ok(w->t->script,
		  "INSERT INTO floor_policy(name) VALUES('own');"
		  "UPDATE talkgroup SET floor_policy = 'own';");
	settle(w);
	assert_string_equal(directory_group_policy(w->dir, g)->name, "own");
	memset(w->events, 0, sizeof(w->events));
	script_ok(w->t->script,
		  "UPDATE floor_policy SET queue_max = 7 WHERE name = 'own';");
	check(w);
	assert_int_equal(w->events[DIR_MEMBER_SET], 2);
	assert_int_equal(w->events[DIR_SUB_CHANGED], 0);
	assert_int_equal(told(w, "g", "a")->queue_max, 7);
	/* One that nobody has concerns nobody */
	memset(w->events, 0, sizeof(w->events));
	script_ok(w->t->script,
		  "INSERT INTO floor_policy(name) VALUES('spare');"
		  "UPDATE floor_policy SET queue_max = 3 "
		  "WHERE name = 'spare';");
	check(w);
	assert_int_equal(w->events[DIR_MEMBER_SET], 0);
	assert_int_equal(w->events[DIR_SUB_CHANGED], 0);
	/* The service's: of calls, and of groups without one */
	script_ok(w->t->script,
		  "UPDATE floor_policy SET queue_max = 9 "
		  "WHERE name = 'default';");
	check(w);
	assert_int_equal(w->events[DIR_SUB_CHANGED], 2);
	assert_int_equal(told(w, "", "a")->queue_max, 9);
	assert_int_equal(told(w, "g", "a")->queue_max, 7);
	script_ok(w->t->script, "UPDATE talkgroup SET floor_policy = '';");
	check(w);
	assert_int_equal(told(w, "g", "a")->queue_max, 9);
}

/* --- rules and names, one by one ---------------------------------------- */

static void test_p5_rules(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *subject, *object;
		bool ab, ba;
	} v[] = {{"a", "b", true, false},
		 {"a", "*", true, false},
		 {"*", "b", true, false},
		 {"*", "*", true, true}};
	char sql[256];
	size_t i;

	script_ok(w->t->script, fixture);
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		(void)snprintf(sql, sizeof(sql),
			       "DELETE FROM authorisation; INSERT INTO "
			       "authorisation(subject, object, call) "
			       "VALUES('%s', '%s', 0);",
			       v[i].subject, v[i].object);
		script_ok(w->t->script, sql);
		check(w);
		assert_int_equal(directory_may_see(w->dir, "a", "b"), v[i].ab);
		assert_int_equal(directory_may_see(w->dir, "b", "a"), v[i].ba);
		assert_false(directory_may_call(w->dir, "a", "b"));
		assert_false(directory_may_see(w->dir, "a", "a"));
	}
	assert_false(directory_may_see(w->dir, "a", NULL));
	assert_null(directory_sub(w->dir, ""));
	assert_null(directory_user(w->dir, NULL));
}

static void test_p4_resolve(void **state)
{
	struct world *w = *state;
	struct dir_service *ptt, *conf;
	const struct dir_sub *sub;

	script_ok(w->t->script,
		  "INSERT INTO service(name) VALUES('conf');"
		  "INSERT INTO user(name) VALUES('a');"
		  "DELETE FROM subscription;"
		  "INSERT INTO subscription(subscriber, user, service) VALUES"
		  "('a-ptt', 'a', 'ptt'), ('a-conf', 'a', 'conf');");
	check(w);
	ptt = directory_service(w->dir, "ptt");
	conf = directory_service(w->dir, "conf");
	/* A user's name means the subscription in that service, a
	 * subscriber's only itself */
	sub = directory_resolve(w->dir, "a", conf);
	assert_string_equal(sub->row.subscriber, "a-conf");
	sub = directory_resolve(w->dir, "a", ptt);
	assert_string_equal(sub->row.subscriber, "a-ptt");
	assert_null(directory_resolve(w->dir, "a-ptt", conf));
	assert_null(directory_resolve(w->dir, "nobody", ptt));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_p5_rules),
		T(test_p4_resolve),
		T(test_x6_policy),
		T(test_deletes_in_every_order),
		T(test_chance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A script's change arrives while the server runs (row X6), whatever the
 * script does to the file; a password leaves no trace. Profiles of users,
 * services, subscriptions and authorisations: rows P2 to P5 and P13.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <re.h>
#include "dbtest.h"
#include "db/priv.h"

#define ALL ((1u << DBTEST_TABLES) - 1)
#define NOT_SECRET (ALL & ~PROV_BIT(PROV_SECRET))

static const char fixture[] =
	"INSERT INTO user(name) VALUES('alice'), ('bob');"
	"INSERT INTO subscription(subscriber, user, service) VALUES"
	" ('alice', 'alice', 'ptt'), ('bob', 'bob', 'ptt');"
	"INSERT INTO talkgroup(name) VALUES('g1');"
	"INSERT INTO member(talkgroup, subscriber)"
	" VALUES('g1', 'alice'), ('g1', 'bob');"
	"INSERT INTO authorisation(subject, object) VALUES('alice', 'bob');"
	"INSERT INTO credential(user, ha1_md5) VALUES"
	" ('alice', '0123456789abcdef0123456789abcdef');";

/** A row is awaited (or its end) */
struct want {
	const struct heard *h;
	enum prov_table table;
	const char *k1, *k2;
	bool gone;
};

static bool until_row(void *arg)
{
	const struct want *w = arg;

	return !heard_row(w->h, w->table, w->k1, w->k2) == w->gone;
}

static void pump_row(struct prov *p, const struct heard *h,
		     enum prov_table table, const char *k1, const char *k2)
{
	struct want w = {.h = h, .table = table, .k1 = k1, .k2 = k2};

	pump(p, until_row, &w);
}

static void pump_gone(struct prov *p, const struct heard *h,
		      enum prov_table table, const char *k1, const char *k2)
{
	struct want w = {.h = h, .table = table, .k1 = k1, .k2 = k2,
			 .gone = true};

	pump(p, until_row, &w);
}

struct count {
	const unsigned *np;
	unsigned n;
};

static bool until_count(void *arg)
{
	const struct count *c = arg;

	return *c->np >= c->n;
}

static void pump_count(struct prov *p, const unsigned *np, unsigned n)
{
	struct count c = {np, n};

	pump(p, until_count, &c);
}

static bool until_scrubbed(void *arg)
{
	struct prov_stats st;

	prov_stats_get(arg, &st);
	return !st.scrub_waits;
}

static struct prov *open_synced(struct dbtest *t, struct heard *h,
				unsigned mask)
{
	struct prov *p = NULL;

	assert_int_equal(prov_open(&p, t->path, NULL, NULL), 0);
	heard_start(h, p, mask);
	pump(p, until_synced, h);
	return p;
}

static void close_all(struct prov *p, struct heard *h)
{
	heard_end(h);
	mem_deref(p);
}

static size_t at(const struct heard *h, enum prov_table table,
		 const char *k1, const char *k2)
{
	const struct prov_change *chg = heard_row(h, table, k1, k2);

	assert_non_null(chg);
	return (size_t)(chg - h->logv);
}

static void test_snapshot(void **state)
{
	struct dbtest *t = *state;
	struct heard h, later;
	struct prov *p;

	script_ok(t->script, fixture);
	p = open_synced(t, &h, NOT_SECRET);
	assert_string_equal(prov_realm(p), "poc.example.com");

	/* complete, each once, the end last */
	assert_int_equal(h.puts[PROV_DOMAIN], 1);
	assert_int_equal(h.puts[PROV_USER], 2);
	assert_int_equal(h.puts[PROV_SERVICE], 1);
	assert_int_equal(h.puts[PROV_SUBSCRIPTION], 2);
	assert_int_equal(h.puts[PROV_AUTHORISATION], 1);
	assert_int_equal(h.puts[PROV_GROUP], 1);
	assert_int_equal(h.puts[PROV_MEMBER], 2);
	assert_int_equal(h.puts[PROV_SECRET], 0);
	assert_int_equal(h.synced, 1);
	assert_int_equal(h.logv[h.logn - 1].op, PROV_SYNCED);

	/* what is named comes before what names it */
	assert_true(at(&h, PROV_USER, "bob", "") <
		    at(&h, PROV_SUBSCRIPTION, "bob", ""));
	assert_true(at(&h, PROV_SERVICE, "ptt", "") <
		    at(&h, PROV_SUBSCRIPTION, "bob", ""));
	assert_true(at(&h, PROV_SUBSCRIPTION, "bob", "") <
		    at(&h, PROV_AUTHORISATION, "alice", "bob"));
	assert_true(at(&h, PROV_GROUP, "g1", "") <
		    at(&h, PROV_MEMBER, "g1", "bob"));

	/* a later watcher gets what it asks for, the first one nothing new */
	heard_start(&later, p, PROV_BIT(PROV_SECRET) | PROV_BIT(PROV_USER));
	pump(p, until_synced, &later);
	assert_int_equal(later.logn, 2 + 1 + 1);
	assert_int_equal(later.puts[PROV_SECRET], 1);
	assert_int_equal(h.synced, 1);

	/* and then both hear of a change, each of its own tables */
	script_ok(t->script, "UPDATE user SET enabled = 0");
	pump_row(p, &h, PROV_USER, "bob", "");
	pump_count(p, &later.puts[PROV_SECRET], 2);
	pump_count(p, &h.puts[PROV_USER], 4);
	assert_false(heard_row(&h, PROV_USER, "bob", "")->u.user.enabled);
	assert_false(heard_row(&later, PROV_SECRET, "alice", "")
			     ->u.secret.enabled);
	assert_int_equal(h.puts[PROV_SECRET], 0);
	heard_end(&later);
	close_all(p, &h);
}

/* Each column another value */
static void policy_check(const struct prov_change *c)
{
	const struct prov_policy *p = &c->u.policy;

	assert_int_equal(p->queue_max, 250);
	assert_true(!p->preempt && p->cut_in && p->broadcast && !p->emergency);
	assert_int_equal(p->warn_ms, 1);
	assert_int_equal(p->end_of_media_ms, 501);
	assert_int_equal(p->revoke_grace_ms, 2);
	assert_int_equal(p->revoke_repeat_ms, 103);
	assert_int_equal(p->retry_after_ms, 4);
	assert_int_equal(p->idle_repeat_ms, 105);
	assert_int_equal(p->idle_repeats, 6);
	assert_int_equal(p->grant_repeat_ms, 107);
	assert_int_equal(p->grant_repeats, 8);
	assert_int_equal(p->inactivity_ms, 9);
}

static void test_every_column(void **state)
{
	struct dbtest *t = *state;
	const struct prov_change *c;
	struct heard h;
	struct prov *p;

	p = open_synced(t, &h, ALL);
	script_ok(t->script,
		  "BEGIN;"
		  "INSERT INTO user VALUES('alice', 'Al \xc3\xab', 1, 1);"
		  "INSERT INTO credential VALUES('alice', NULL, '"
		  "00112233445566778899aabbccddeeff"
		  "00112233445566778899aabbccddeeff');"
		  "INSERT INTO floor_policy VALUES('loud', 250, 0, 1, 1, 0,"
		  " 1, 501, 2, 103, 4, 105, 6, 107, 8, 9);"
		  "INSERT INTO service VALUES('conf', 'C', 'full-duplex',"
		  " 'inactive', 'opus', 5, 7, 0, 'dtls', 'loud');"
		  "INSERT INTO subscription VALUES('a1', 'alice', 'conf', 'D',"
		  " 'register', 'terminal', 0, 'voice', 'never', 1, 255);"
		  "INSERT INTO subscription(subscriber, user) VALUES"
		  " ('a2', 'alice');"
		  "INSERT INTO authorisation VALUES('a1', '*', 0, 1);"
		  "INSERT INTO authorisation VALUES('*', 'a1', 1, 0);"
		  "INSERT INTO talkgroup VALUES('g', 'conf', 'G', 9, 0, 'loud');"
		  "INSERT INTO member VALUES('g', 'a1', 255, 0, 1, 0);"
		  "COMMIT");
	pump_row(p, &h, PROV_MEMBER, "g", "a1");

	c = heard_row(&h, PROV_USER, "alice", "");
	assert_string_equal(c->u.user.display, "Al \xc3\xab");
	assert_true(c->u.user.enabled);
	c = heard_row(&h, PROV_SECRET, "alice", "");
	assert_true(c->u.secret.md5_only && c->u.secret.enabled);
	assert_true(c->u.secret.has_sha256 && !c->u.secret.has_md5);
	assert_int_equal(c->u.secret.ha1_sha256[1], 0x11);
	assert_int_equal(c->u.secret.ha1_sha256[31], 0xff);
	c = heard_row(&h, PROV_SERVICE, "conf", "");
	assert_string_equal(c->u.service.display, "C");
	assert_int_equal(c->u.service.mode, PROV_FULL_DUPLEX);
	assert_int_equal(c->u.service.idle, PROV_IDLE_INACTIVE);
	assert_string_equal(c->u.service.codec, "opus");
	assert_int_equal(c->u.service.hang_ms, 5);
	assert_int_equal(c->u.service.max_talk_ms, 7);
	assert_int_equal(c->u.service.media_security, PROV_SECURITY_DTLS);
	assert_string_equal(c->u.service.floor_policy, "loud");
	assert_false(c->u.service.enabled);
	c = heard_row(&h, PROV_SUBSCRIPTION, "a1", "");
	assert_string_equal(c->u.subscription.user, "alice");
	assert_string_equal(c->u.subscription.service, "conf");
	assert_string_equal(c->u.subscription.display, "D");
	assert_int_equal(c->u.subscription.start, PROV_START_REGISTER);
	assert_int_equal(c->u.subscription.inviter, PROV_INVITE_TERMINAL);
	assert_int_equal(c->u.subscription.talk_by, PROV_TALK_VOICE);
	assert_int_equal(c->u.subscription.tones, PROV_TONES_NEVER);
	assert_true(c->u.subscription.anonymous);
	assert_int_equal(c->u.subscription.priority, 255);
	assert_false(c->u.subscription.enabled);
	c = heard_row(&h, PROV_SUBSCRIPTION, "a2", "");
	assert_int_equal(c->u.subscription.start, PROV_START_SUBSCRIBE);
	assert_int_equal(c->u.subscription.inviter, PROV_INVITE_SERVER);
	assert_int_equal(c->u.subscription.talk_by, PROV_TALK_KEYS);
	assert_int_equal(c->u.subscription.tones, PROV_TONES_AUTO);
	assert_false(c->u.subscription.anonymous);
	assert_int_equal(c->u.subscription.priority, 0);
	assert_true(c->u.subscription.enabled);
	c = heard_row(&h, PROV_AUTHORISATION, "a1", "*");
	assert_true(!c->u.authorisation.see && c->u.authorisation.call);
	c = heard_row(&h, PROV_AUTHORISATION, "*", "a1");
	assert_true(c->u.authorisation.see && !c->u.authorisation.call);
	c = heard_row(&h, PROV_GROUP, "g", "");
	assert_string_equal(c->u.group.service, "conf");
	assert_string_equal(c->u.group.display, "G");
	assert_int_equal(c->u.group.max_talk_ms, 9);
	assert_string_equal(c->u.group.floor_policy, "loud");
	assert_false(c->u.group.enabled);
	c = heard_row(&h, PROV_MEMBER, "g", "a1");
	assert_int_equal(c->u.member.priority, 255);
	assert_true(!c->u.member.talk && c->u.member.listen);
	assert_false(c->u.member.emergency);
	policy_check(heard_row(&h, PROV_POLICY, "loud", ""));
	close_all(p, &h);
}

/* Of rows that vanish, those that refer to others go first */
static void test_deletion(void **state)
{
	struct dbtest *t = *state;
	struct heard h;
	struct prov *p;
	size_t i, last[DBTEST_TABLES] = {0};

	script_ok(t->script, fixture);
	p = open_synced(t, &h, ALL);
	script_ok(t->script, "DELETE FROM user WHERE name = 'alice'");
	pump_gone(p, &h, PROV_USER, "alice", "");
	for (i = 0; i < h.logn; ++i) {
		if (h.logv[i].op == PROV_DELETE)
			last[h.logv[i].table] = i;
	}
	assert_true(last[PROV_MEMBER] && last[PROV_AUTHORISATION] &&
		    last[PROV_SECRET]);
	assert_true(last[PROV_MEMBER] < last[PROV_SUBSCRIPTION]);
	assert_true(last[PROV_AUTHORISATION] < last[PROV_SUBSCRIPTION]);
	assert_true(last[PROV_SUBSCRIPTION] < last[PROV_USER]);
	assert_true(last[PROV_SECRET] < last[PROV_USER]);
	assert_int_equal(h.dels[PROV_USER], 1);
	assert_int_equal(h.dels[PROV_SUBSCRIPTION], 1);
	assert_int_equal(h.dels[PROV_MEMBER], 1);
	close_all(p, &h);
}

/* DELETE and INSERT of everything: only what is different is told */
static void test_replacement(void **state)
{
	struct dbtest *t = *state;
	struct heard h;
	struct prov *p;

	script_ok(t->script, fixture);
	p = open_synced(t, &h, NOT_SECRET);
	script_ok(t->script, "BEGIN");
	script_ok(t->script, "DELETE FROM user");
	script_ok(t->script, "DELETE FROM talkgroup");
	script_ok(t->script, fixture);
	script_ok(t->script, "UPDATE user SET display = 'B' WHERE name ="
			     " 'bob'; INSERT INTO user(name) VALUES('new')");
	script_ok(t->script, "COMMIT");
	pump_row(p, &h, PROV_USER, "new", "");
	assert_int_equal(h.puts[PROV_USER], 2 + 2);
	assert_int_equal(h.puts[PROV_MEMBER], 2);
	assert_int_equal(h.dels[PROV_USER], 0);
	assert_int_equal(h.dels[PROV_MEMBER], 0);
	close_all(p, &h);
}

/* A subscription moves to another service, and the old one goes: at no
 * moment does it name a service that is gone */
static void test_order_of_moves(void **state)
{
	struct dbtest *t = *state;
	struct heard h;
	struct prov *p;
	size_t moved;

	script_ok(t->script, "INSERT INTO service(name) VALUES('old');"
		  "INSERT INTO user(name) VALUES('alice');"
		  "INSERT INTO subscription(subscriber, user, service)"
		  " VALUES('alice', 'alice', 'old')");
	p = open_synced(t, &h, NOT_SECRET);
	script_ok(t->script, "BEGIN; INSERT INTO service(name) VALUES('new');"
		  "UPDATE subscription SET service = 'new';"
		  "DELETE FROM service WHERE name = 'old'; COMMIT");
	pump_gone(p, &h, PROV_SERVICE, "old", "");
	moved = at(&h, PROV_SUBSCRIPTION, "alice", "");
	assert_true(at(&h, PROV_SERVICE, "new", "") < moved);
	assert_int_equal(h.logv[h.logn - 1].op, PROV_DELETE);
	assert_true(moved < h.logn - 1);
	close_all(p, &h);
}

/* -- passwords ----------------------------------------------------------- */

static bool traced(const struct dbtest *t, const char *text)
{
	char path[128];

	if (file_has(t->path, text))
		return true;
	snprintf(path, sizeof(path), "%s-wal", t->path);
	if (file_has(path, text))
		return true;
	snprintf(path, sizeof(path), "%s-shm", t->path);
	return file_has(path, text);
}

static void test_password(void **state)
{
	/* of alice:poc.example.com:s3cret, computed elsewhere */
	static const uint8_t md5[] = {
		0xb3, 0x45, 0x19, 0xa5, 0x74, 0xb9, 0xd2, 0xa0,
		0xba, 0x21, 0x7a, 0x81, 0xbd, 0x49, 0x61, 0xc3,
	};
	static const uint8_t sha256[] = {
		0xf1, 0xa0, 0xcb, 0x24, 0x92, 0x99, 0x5e, 0x22,
		0x04, 0x09, 0xf2, 0x74, 0x78, 0xf5, 0xe9, 0xb3,
		0x1a, 0xe1, 0x8e, 0x17, 0x91, 0xb0, 0x3f, 0x80,
		0x31, 0xa9, 0xf1, 0x77, 0xe6, 0xe5, 0xc8, 0x06,
	};
	struct dbtest *t = *state;
	const struct prov_change *c;
	struct heard h;
	struct prov *p;

	script_ok(t->script, "INSERT INTO user(name) VALUES('alice');"
		  "INSERT INTO user_password VALUES('alice', 'zzq-first')");
	/* the search finds it while it is there */
	assert_true(traced(t, "zzq-first"));

	/* staged before the start */
	p = open_synced(t, &h, PROV_BIT(PROV_SECRET));
	pump_row(p, &h, PROV_SECRET, "alice", "");
	pump(p, until_scrubbed, p);
	assert_false(traced(t, "zzq-first"));

	/* and while it runs; the last word counts */
	script_ok(t->script, "BEGIN; UPDATE user_password SET password ="
		  " 'zzq-second' WHERE user = 'alice';"
		  "UPDATE user_password SET password = 's3cret'"
		  " WHERE user = 'alice'; COMMIT");
	pump_count(p, &h.puts[PROV_SECRET], 2);
	pump(p, until_scrubbed, p);
	assert_false(traced(t, "zzq-second"));
	assert_false(traced(t, "s3cret"));
	c = heard_row(&h, PROV_SECRET, "alice", "");
	assert_true(c->u.secret.has_md5 && c->u.secret.has_sha256);
	assert_memory_equal(c->u.secret.ha1_md5, md5, sizeof(md5));
	assert_memory_equal(c->u.secret.ha1_sha256, sha256, sizeof(sha256));

	/* taken away again */
	script_ok(t->script, "DELETE FROM user_password");
	pump_gone(p, &h, PROV_SECRET, "alice", "");
	close_all(p, &h);
}

/* A user that is made anew does not get the password of the old one */
static void test_password_of_the_dead(void **state)
{
	struct dbtest *t = *state;
	struct heard h;
	struct prov *p;

	script_ok(t->script, "INSERT INTO user(name) VALUES('alice'), ('bob');"
		  "INSERT INTO user_password VALUES('alice', 'x'), ('bob', 'y')"
		  "; DELETE FROM user WHERE name = 'alice';"
		  "INSERT INTO user(name) VALUES('alice')");
	p = open_synced(t, &h, PROV_BIT(PROV_SECRET));
	pump_row(p, &h, PROV_SECRET, "bob", "");
	assert_null(heard_row(&h, PROV_SECRET, "alice", ""));
	close_all(p, &h);
}

/* A reader that keeps a transaction open holds the log; it is cleaned as soon
 * as the reader is gone, and writers do not wait meanwhile */
static void test_password_and_reader(void **state)
{
	struct dbtest *t = *state;
	sqlite3 *reader = NULL;
	struct prov_stats st;
	struct heard h;
	struct prov *p;

	script_ok(t->script, "INSERT INTO user(name) VALUES('alice')");
	assert_int_equal(sqlite3_open(t->path, &reader), 0);
	script_ok(reader, "BEGIN");
	assert_int_equal(script_int(reader, "SELECT count(*) FROM user"), 1);

	p = open_synced(t, &h, PROV_BIT(PROV_SECRET) | PROV_BIT(PROV_USER));
	script_ok(t->script,
		  "INSERT INTO user_password VALUES('alice', 'zzq-held')");
	pump_row(p, &h, PROV_SECRET, "alice", "");
	prov_stats_get(p, &st);
	assert_true(st.scrub_waits);
	assert_true(traced(t, "zzq-held"));
	script_ok(t->script, "INSERT INTO user(name) VALUES('bob')");
	pump_row(p, &h, PROV_USER, "bob", "");

	script_ok(reader, "COMMIT");
	pump(p, until_scrubbed, p);
	assert_false(traced(t, "zzq-held"));
	sqlite3_close(reader);
	close_all(p, &h);
}

/* So many that the tree of the staging place splits its pages; the script's
 * SQLite overwrites nothing by itself */
static void test_password_many(void **state)
{
	struct dbtest *t = *state;
	struct heard h;
	struct prov *p;

	p = open_synced(t, &h, PROV_BIT(PROV_SECRET));
	script_ok(t->script, "PRAGMA secure_delete = OFF; BEGIN;"
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
		" FROM n WHERE i < 3000)"
		" INSERT INTO user(name) SELECT 'u' || i FROM n;"
		"INSERT INTO user_password SELECT name,"
		" 'zzq-many-' || name || '-abcdefghijklmnopqrstuvwxyz'"
		" FROM user; COMMIT");
	pump_count(p, &h.puts[PROV_SECRET], 3000);
	pump(p, until_scrubbed, p);
	assert_false(traced(t, "zzq-many"));
	assert_int_equal(script_int(t->script, "SELECT count(*) FROM"
					       " credential"), 3000);
	close_all(p, &h);
}

/* -- large, and many at once --------------------------------------------- */

static void users_add(sqlite3 *db, const char *prefix, int n)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
		 " FROM n WHERE i < %d)"
		 " INSERT INTO user(name) SELECT '%s' || i FROM n", n, prefix);
	script_ok(db, sql);
}

static bool until_log_short(void *arg)
{
	return script_int(arg, "SELECT count(*) FROM change_log") <= 1000;
}

static void test_ten_thousand_at_once(void **state)
{
	struct dbtest *t = *state;
	struct prov_stats st, now;
	struct heard h;
	struct prov *p;

	p = open_synced(t, &h, NOT_SECRET);
	users_add(t->script, "u", 10000);
	pump_count(p, &h.puts[PROV_USER], 10000);

	/* few enough for the log alone; it is shortened afterwards */
	prov_stats_get(p, &st);
	users_add(t->script, "v", 4000);
	pump_count(p, &h.puts[PROV_USER], 14000);
	assert_int_equal(h.dels[PROV_USER], 0);
	prov_stats_get(p, &now);
	assert_int_equal(now.compared, st.compared);
	script_ok(t->script, "DELETE FROM user");
	pump_count(p, &h.dels[PROV_USER], 14000);
	pump(p, until_log_short, t->script);
	close_all(p, &h);
}

/* More than the queue holds, and nobody polls: the thread waits */
static void test_snapshot_of_twenty_thousand(void **state)
{
	struct dbtest *t = *state;
	const uint64_t end = now_ms() + DBTEST_DEADLINE_MS;
	struct prov *p = NULL;
	struct heard h;

	users_add(t->script, "u", 20000);
	assert_int_equal(prov_open(&p, t->path, NULL, NULL), 0);
	heard_start(&h, p, ALL);
	while (!h.synced && now_ms() < end) {
		const size_t n = h.logn;

		prov_poll(p, 100);
		assert_true(h.logn - n <= 100);
	}
	assert_int_equal(h.puts[PROV_USER], 20000);
	assert_int_equal(h.synced, 1);

	/* the thread waits for room when the database is closed */
	heard_end(&h);
	heard_start(&h, p, ALL);
	close_all(p, &h);
}

struct writer {
	const char *path;
	char prefix;
};

static void *writer_thread(void *arg)
{
	const struct writer *w = arg;
	sqlite3 *db = NULL;
	char sql[128];
	int i;

	if (sqlite3_open(w->path, &db))
		return NULL;
	sqlite3_busy_timeout(db, DBTEST_DEADLINE_MS);
	for (i = 0; i < 200; ++i) {
		snprintf(sql, sizeof(sql),
			 "BEGIN IMMEDIATE;"
			 "INSERT INTO user(name) VALUES('%c%d');"
			 "INSERT INTO user_password VALUES('%c%d', 'pw');"
			 "COMMIT", w->prefix, i, w->prefix, i);
		if (sqlite3_exec(db, sql, NULL, NULL, NULL))
			break;
	}
	sqlite3_close(db);
	return i == 200 ? arg : NULL;
}

static void test_two_writers(void **state)
{
	struct dbtest *t = *state;
	struct writer w[2] = {{t->path, 'a'}, {t->path, 'b'}};
	pthread_t tid[2];
	struct heard h;
	struct prov *p;
	void *ret;
	int i;

	p = open_synced(t, &h, ALL);
	for (i = 0; i < 2; ++i)
		assert_int_equal(pthread_create(&tid[i], NULL, writer_thread,
						&w[i]), 0);
	pump_count(p, &h.puts[PROV_SECRET], 400);
	for (i = 0; i < 2; ++i) {
		assert_int_equal(pthread_join(tid[i], &ret), 0);
		assert_ptr_equal(ret, &w[i]);
	}
	assert_int_equal(h.puts[PROV_USER], 400);
	close_all(p, &h);
}

/* -- what people do to files --------------------------------------------- */

static void copy_to(sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");

	assert_non_null(b);
	assert_int_equal(sqlite3_backup_step(b, -1), SQLITE_DONE);
	assert_int_equal(sqlite3_backup_finish(b), SQLITE_OK);
}

static void test_restore(void **state)
{
	struct dbtest *t = *state;
	sqlite3 *saved = NULL;
	struct heard h;
	struct prov *p;

	assert_int_equal(sqlite3_open_v2(":memory:", &saved,
					 SQLITE_OPEN_READWRITE |
						 SQLITE_OPEN_NOMUTEX, NULL),
			 0);
	script_ok(t->script, fixture);
	copy_to(t->script, saved);
	p = open_synced(t, &h, NOT_SECRET);
	script_ok(t->script, "INSERT INTO user(name) VALUES('carol');"
			     "DELETE FROM member WHERE subscriber = 'bob'");
	pump_gone(p, &h, PROV_MEMBER, "g1", "bob");

	/* the file that comes back has had more changes of its own than were
	 * lost: the numbers of the log agree, its marks do not */
	script_ok(saved, "INSERT INTO user(name) VALUES('dave');"
			 "UPDATE user SET display = 'x' WHERE name = 'bob';"
			 "INSERT INTO user(name) VALUES('erin')");
	copy_to(saved, t->script);
	pump_gone(p, &h, PROV_USER, "carol", "");
	pump_row(p, &h, PROV_MEMBER, "g1", "bob");
	pump_row(p, &h, PROV_USER, "dave", "");
	pump_row(p, &h, PROV_USER, "erin", "");
	sqlite3_close(saved);
	close_all(p, &h);
}

static void test_log_destroyed(void **state)
{
	struct dbtest *t = *state;
	struct heard h;
	struct prov *p;

	script_ok(t->script, fixture);
	p = open_synced(t, &h, NOT_SECRET);
	script_ok(t->script, "BEGIN; DELETE FROM member;"
			     "DELETE FROM change_log; COMMIT");
	pump_gone(p, &h, PROV_MEMBER, "g1", "bob");
	script_ok(t->script, "INSERT INTO user(name) VALUES('carol')");
	pump_row(p, &h, PROV_USER, "carol", "");
	/* a hole */
	script_ok(t->script, "BEGIN; INSERT INTO user(name) VALUES('d1');"
		  "INSERT INTO user(name) VALUES('d2');"
		  "DELETE FROM change_log WHERE key1 = 'd1'; COMMIT");
	pump_row(p, &h, PROV_USER, "d1", "");
	/* nonsense in it */
	script_ok(t->script, "BEGIN; INSERT INTO change_log(tab, key1, op)"
		  " VALUES('nonsense', 'x', 'put');"
		  "INSERT INTO user(name) VALUES('e1'); COMMIT");
	pump_row(p, &h, PROV_USER, "e1", "");
	script_ok(t->script, "BEGIN; INSERT INTO change_log(tab, key1, op)"
		  " VALUES('user', printf('%.*c', 200, 'x'), 'put');"
		  "INSERT INTO user(name) VALUES('e2'); COMMIT");
	pump_row(p, &h, PROV_USER, "e2", "");
	/* triggers that tell nothing */
	script_ok(t->script, "DROP TRIGGER user_log_insert;"
		  "INSERT INTO user(name) VALUES('f1');"
		  "DELETE FROM change_log");
	pump_row(p, &h, PROV_USER, "f1", "");
	close_all(p, &h);
}

struct retried {
	const struct prov *p;
	uint64_t n;
};

static bool until_retried(void *arg)
{
	const struct retried *r = arg;
	struct prov_stats st;

	prov_stats_get(r->p, &st);
	return st.retries >= r->n;
}

static void pump_retries(struct prov *p, unsigned n)
{
	struct prov_stats st;
	struct retried r = {.p = p};

	prov_stats_get(p, &st);
	r.n = st.retries + n;
	pump(p, until_retried, &r);
}

static void answer_h(int err, const char *words, const char *rows, void *arg)
{
	int *errp = arg;

	(void)words;
	(void)rows;
	*errp = err;
}

static bool until_answered(void *arg)
{
	const int *errp = arg;

	return *errp >= 0;
}

/* Another file takes the place; garbage first, then a good one */
static void test_file_replaced(void **state)
{
	struct dbtest *t = *state;
	char good[128], bad[128];
	sqlite3 *db = NULL;
	struct heard h;
	struct prov *p;
	int err = -1;
	FILE *f;

	snprintf(good, sizeof(good), "%s/good.db", t->dir);
	snprintf(bad, sizeof(bad), "%s/bad.db", t->dir);
	assert_int_equal(prov_init(good, "poc.example.com", NULL), 0);
	assert_int_equal(sqlite3_open(good, &db), 0);
	script_ok(db, "INSERT INTO user(name) VALUES('zoe')");
	sqlite3_close(db);
	f = fopen(bad, "w");
	fprintf(f, "%0512d", 0);
	fclose(f);

	script_ok(t->script, fixture);
	p = open_synced(t, &h, NOT_SECRET);
	sqlite3_close(t->script);
	t->script = NULL;

	assert_int_equal(rename(bad, t->path), 0);
	pump_retries(p, 3);
	/* it goes on with what it has; commands are refused in words */
	assert_non_null(heard_row(&h, PROV_USER, "alice", ""));
	assert_int_equal(prov_admin(p, "user", "list", NULL, answer_h, &err),
			 0);
	pump(p, until_answered, &err);
	assert_int_equal(err, EIO);

	assert_int_equal(rename(good, t->path), 0);
	pump_row(p, &h, PROV_USER, "zoe", "");
	pump_gone(p, &h, PROV_USER, "alice", "");

	/* another realm would make every credential worthless */
	assert_int_equal(prov_init(good, "other.example.com", NULL), 0);
	assert_int_equal(rename(good, t->path), 0);
	pump_retries(p, 2);
	assert_non_null(heard_row(&h, PROV_USER, "zoe", ""));
	close_all(p, &h);
}

/* Values that the columns would refuse come into the file all the same */
static void test_rows_that_do_not_fit(void **state)
{
	struct dbtest *t = *state;
	struct prov_stats st;
	struct heard h;
	struct prov *p;

	script_ok(t->script, fixture);
	script_ok(t->script, "PRAGMA ignore_check_constraints = ON;"
		  "DROP TRIGGER user_insert; DROP TRIGGER user_update;"
		  "DROP TRIGGER service_update; DROP TRIGGER member_update;"
		  "DROP TRIGGER credential_update;"
		  "DROP TRIGGER subscription_update");
	p = open_synced(t, &h, ALL);
	script_ok(t->script, "BEGIN;"
		  "INSERT INTO user(name) VALUES(printf('%.*c', 64, 'x'));"
		  "INSERT INTO user(name) VALUES('x' || char(0) || 'y');"
		  "UPDATE user SET display = printf('%.*c', 96, 'd')"
		  " WHERE name = 'bob';"
		  "UPDATE user SET display = CAST(x'41ff' AS TEXT)"
		  " WHERE name = 'alice';"
		  "UPDATE service SET codec = printf('%.*c', 32, 'c');"
		  "UPDATE subscription SET start = 'x' WHERE user = 'bob';"
		  "UPDATE member SET priority = 300 WHERE subscriber = 'bob';"
		  "UPDATE credential SET ha1_md5 = 'zz';"
		  "INSERT INTO user(name) VALUES('carol');"
		  "COMMIT");
	pump_row(p, &h, PROV_USER, "carol", "");
	/* what does not fit counts as absent */
	pump_gone(p, &h, PROV_USER, "bob", "");
	pump_gone(p, &h, PROV_USER, "alice", "");
	pump_gone(p, &h, PROV_SERVICE, "ptt", "");
	pump_gone(p, &h, PROV_SUBSCRIPTION, "bob", "");
	pump_gone(p, &h, PROV_MEMBER, "g1", "bob");
	pump_gone(p, &h, PROV_SECRET, "alice", "");
	prov_stats_get(p, &st);
	assert_true(st.refused >= 6);
	close_all(p, &h);

	/* and in a snapshot */
	p = open_synced(t, &h, ALL);
	assert_int_equal(h.puts[PROV_USER], 1);
	assert_int_equal(h.puts[PROV_SERVICE], 0);
	close_all(p, &h);
}

/* -- the caller's side --------------------------------------------------- */

struct nested {
	struct prov *p;
	struct prov_watch *first, *second;
	struct heard third;
	unsigned n;
};

static void nested_h(const struct prov_change *chg, void *arg)
{
	struct nested *ne = arg;

	if (chg->op != PROV_SYNCED || ne->n++)
		return;
	/* ends the next one and itself, starts another */
	ne->second = mem_deref(ne->second);
	ne->first = mem_deref(ne->first);
	heard_start(&ne->third, ne->p, PROV_BIT(PROV_SERVICE));
}

static void never_h(const struct prov_change *chg, void *arg)
{
	(void)arg;
	if (chg->op == PROV_SYNCED)
		fail_msg("was ended before");
}

static void test_watchers_in_handlers(void **state)
{
	struct dbtest *t = *state;
	struct nested ne = {0};

	assert_int_equal(prov_open(&ne.p, t->path, NULL, NULL), 0);
	assert_int_equal(prov_watch_add(&ne.first, ne.p,
					PROV_BIT(PROV_SERVICE), nested_h,
					&ne), 0);
	assert_int_equal(prov_watch_add(&ne.second, ne.p,
					PROV_BIT(PROV_SERVICE), never_h,
					&ne), 0);
	pump(ne.p, until_synced, &ne.third);
	assert_int_equal(ne.third.puts[PROV_SERVICE], 1);
	assert_int_equal(ne.n, 1);
	/* the database may end before its watchers */
	mem_deref(ne.p);
	heard_end(&ne.third);
}

/* Another program holds the lock: closing does not wait for it */
static void test_close_while_locked(void **state)
{
	struct dbtest *t = *state;
	struct prov *p = NULL;
	struct heard h;

	script_ok(t->script, "INSERT INTO user(name) VALUES('alice');"
			     "INSERT INTO user_password VALUES('alice', 'x');"
			     "BEGIN IMMEDIATE");
	assert_int_equal(prov_open(&p, t->path, NULL, NULL), 0);
	heard_start(&h, p, ALL);
	close_all(p, &h);

	/* it is only later */
	assert_int_equal(prov_open(&p, t->path, NULL, NULL), 0);
	heard_start(&h, p, ALL);
	script_ok(t->script, "COMMIT");
	pump(p, until_synced, &h);
	pump_row(p, &h, PROV_SECRET, "alice", "");
	close_all(p, &h);
}

static void test_requests_bound(void **state)
{
	struct dbtest *t = *state;
	static char args[16386];
	struct prov *p = NULL;
	int err = 0, i;

	script_ok(t->script, "INSERT INTO user(name) VALUES('alice');"
			     "INSERT INTO user_password VALUES('alice', 'x');"
			     "BEGIN IMMEDIATE");
	assert_int_equal(prov_open(&p, t->path, NULL, NULL), 0);
	for (i = 0; i < 10000 && !err; ++i)
		err = prov_admin(p, "user", "add", "{\"name\":\"x\"}", NULL,
				 NULL);
	assert_int_equal(err, ENOBUFS);
	memset(args, ' ', sizeof(args) - 1);
	assert_int_equal(prov_admin(p, "user", "list", args, NULL, NULL),
			 EMSGSIZE);
	assert_int_equal(prov_admin(p, "user and much more", "list", NULL,
				    NULL, NULL), EINVAL);
	script_ok(t->script, "ROLLBACK");
	mem_deref(p);
}

/* A file as a program of that version made it */
static sqlite3 *old_file(struct dbtest *t, char path[128], int version)
{
	char sql[96];
	sqlite3 *db;
	int i;

	snprintf(path, 128, "%s/old.db", t->dir);
	assert_int_equal(sqlite3_open(path, &db), 0);
	for (i = 0; i < version; ++i)
		script_ok(db, sql_schema_prov[i]);
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d;"
				   " PRAGMA user_version = %d",
		 (int)prov_kind.application_id, version);
	script_ok(db, sql);
	return db;
}

/* A file of the version before services said how media is secured */
static void test_version_1(void **state)
{
	const struct prov_change *c;
	struct prov *p = NULL;
	struct heard h;
	char path[128];
	sqlite3 *db = old_file(*state, path, 1);

	script_ok(db, "INSERT INTO domain(realm) VALUES('old');"
		      "INSERT INTO service(name, codec) VALUES('o', 'opus')");
	sqlite3_close(db);

	assert_int_equal(prov_open(&p, path, NULL, NULL), 0);
	heard_start(&h, p, ALL);
	pump(p, until_synced, &h);
	c = heard_row(&h, PROV_SERVICE, "o", "");
	assert_string_equal(c->u.service.codec, "opus");
	assert_int_equal(c->u.service.media_security, PROV_SECURITY_ANY);
	close_all(p, &h);
}

/* ..and of the one before there were floor policies: what was there stays as
 * it was, and has the policy that a new row would have */
static void test_version_2(void **state)
{
	const struct prov_change *c;
	struct prov *p = NULL;
	struct heard h;
	char path[128];
	sqlite3 *db = old_file(*state, path, 2);

	script_ok(db, "INSERT INTO domain(realm) VALUES('old');"
		      "INSERT INTO service VALUES('o', 'O', 'half-duplex',"
		      " 'inactive', 'opus', 1, 2, 1, 'srtp');"
		      "INSERT INTO user(name) VALUES('u');"
		      "INSERT INTO subscription VALUES('s', 'u', 'o', 'S',"
		      " 'register', 'terminal', 1);"
		      "INSERT INTO talkgroup VALUES('g', 'o', 'G', 3, 1);"
		      "INSERT INTO member VALUES('g', 's', 4, 1, 0)");

	assert_int_equal(prov_open(&p, path, NULL, NULL), 0);
	heard_start(&h, p, ALL);
	pump(p, until_synced, &h);
	c = heard_row(&h, PROV_POLICY, "default", "");
	assert_int_equal(c->u.policy.queue_max, 10);
	assert_true(c->u.policy.preempt && c->u.policy.emergency);
	assert_false(c->u.policy.cut_in || c->u.policy.broadcast);
	c = heard_row(&h, PROV_SERVICE, "o", "");
	assert_int_equal(c->u.service.media_security, PROV_SECURITY_SRTP);
	assert_string_equal(c->u.service.floor_policy, "default");
	c = heard_row(&h, PROV_SUBSCRIPTION, "s", "");
	assert_string_equal(c->u.subscription.display, "S");
	assert_int_equal(c->u.subscription.talk_by, PROV_TALK_KEYS);
	assert_int_equal(c->u.subscription.tones, PROV_TONES_AUTO);
	assert_false(c->u.subscription.anonymous);
	c = heard_row(&h, PROV_GROUP, "g", "");
	assert_int_equal(c->u.group.max_talk_ms, 3);
	assert_string_equal(c->u.group.floor_policy, "");
	c = heard_row(&h, PROV_MEMBER, "g", "s");
	assert_int_equal(c->u.member.priority, 4);
	assert_true(c->u.member.emergency && !c->u.member.listen);

	/* The connection of a script goes on; it counts by position no more */
	assert_string_equal(script_run(db, "INSERT INTO member VALUES('g',"
					   " 's', 4, 1, 0)"),
			    "table member has 6 columns but 5 values were"
			    " supplied");
	script_ok(db, "INSERT INTO floor_policy(name, queue_max)"
		      " VALUES('short', 1);"
		      "UPDATE talkgroup SET floor_policy = 'short'");
	pump_row(p, &h, PROV_POLICY, "short", "");
	sqlite3_close(db);
	close_all(p, &h);
}

static void test_open_errors(void **state)
{
	struct dbtest *t = *state;
	struct prov *p = (void *)t;
	char path[128];

	assert_int_not_equal(prov_open(&p, "/nonexistent/p.db", "x", NULL), 0);
	assert_int_not_equal(prov_open(&p, t->dir, "x", NULL), 0);
	assert_int_equal(prov_open(&p, NULL, "x", NULL), EINVAL);
	snprintf(path, sizeof(path), "%s/none.db", t->dir);
	assert_int_not_equal(prov_open(&p, path, NULL, NULL), 0);
	script_ok(t->script, "PRAGMA user_version = 4");
	assert_int_not_equal(prov_open(&p, t->path, "x", NULL), 0);
	assert_ptr_equal(p, t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(name) \
	cmocka_unit_test_setup_teardown(name, dbtest_setup, dbtest_teardown)
		T(test_snapshot),
		T(test_every_column),
		T(test_version_1),
		T(test_version_2),
		T(test_deletion),
		T(test_replacement),
		T(test_order_of_moves),
		T(test_password),
		T(test_password_of_the_dead),
		T(test_password_and_reader),
		T(test_password_many),
		T(test_ten_thousand_at_once),
		T(test_snapshot_of_twenty_thousand),
		T(test_two_writers),
		T(test_restore),
		T(test_log_destroyed),
		T(test_file_replaced),
		T(test_rows_that_do_not_fit),
		T(test_watchers_in_handlers),
		T(test_close_while_locked),
		T(test_requests_bound),
		T(test_open_errors),
	};

	return cmocka_run_group_tests_name("prov (X6, P2-P5, P13)", tests,
					   NULL, NULL);
}

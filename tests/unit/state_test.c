/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * state.db: what was flushed survives kill -9, a full disk delays and loses
 * nothing, what is lost is counted (needed by rows P1, X9: legs come back).
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <re.h>
#include "db/sql.h"
#include "db/state.h"
#include "db/statefile.h"
#include "dbtest.h"

struct found {
	unsigned n;
	struct state_binding binding;
	struct state_dialog dialog;
	struct state_service service;
	struct state_publication publication;
};

static void binding_h(const struct state_binding *b, void *arg)
{
	struct found *f = arg;

	++f->n;
	f->binding = *b;
}

static void dialog_h(const struct state_dialog *d, void *arg)
{
	struct found *f = arg;

	++f->n;
	f->dialog = *d;
}

static void service_h(const struct state_service *s, void *arg)
{
	struct found *f = arg;

	++f->n;
	f->service = *s;
}

static void publication_h(const struct state_publication *p, void *arg)
{
	struct found *f = arg;

	++f->n;
	f->publication = *p;
}

static struct state *open_state(const struct dbtest *t)
{
	struct state *s = NULL;
	char path[128];

	snprintf(path, sizeof(path), "%s/s.db", t->dir);
	assert_int_equal(state_open(&s, path, NULL), 0);
	return s;
}

static sqlite3 *open_raw(const struct dbtest *t)
{
	sqlite3 *db = NULL;
	char path[128];

	snprintf(path, sizeof(path), "%s/s.db", t->dir);
	assert_int_equal(sqlite3_open(path, &db), 0);
	sqlite3_busy_timeout(db, DBTEST_DEADLINE_MS);
	return db;
}

static void dialog_make(struct state_dialog *d, unsigned i)
{
	memset(d, 0, sizeof(*d));
	snprintf(d->callid, sizeof(d->callid), "call-%u", i);
	snprintf(d->subscriber, sizeof(d->subscriber), "s%u", i);
	snprintf(d->routes, sizeof(d->routes), "%0500d", 0);
	d->cseq_ceiling = i;
}

static void fill(char *buf, size_t size, char c)
{
	memset(buf, c, size - 1);
	buf[size - 1] = '\0';
}

/* Every field comes back, also at its full size */
static void test_round_trip(void **state)
{
	struct dbtest *t = *state;
	struct state_binding b = {.cseq = UINT32_MAX,
				  .expires_utc_ms = 1893456000123};
	struct state_dialog d = {.cseq_ceiling = UINT32_MAX};
	struct state_service v = {.manual = true};
	struct state_publication p = {.said_utc_ms = INT64_MAX,
				      .expires_utc_ms = INT64_MAX};
	struct found f = {0};
	struct state *s = open_state(t);
	struct stat sb;
	char path[128];

	snprintf(path, sizeof(path), "%s/s.db", t->dir);
	assert_int_equal(stat(path, &sb), 0);
	assert_int_equal(sb.st_mode & 0777, 0640);

	fill(b.user, sizeof(b.user), 'a');
	fill(b.key, sizeof(b.key), 'b');
	fill(b.contact, sizeof(b.contact), 'c');
	fill(b.instance, sizeof(b.instance), 'd');
	fill(b.callid, sizeof(b.callid), 'e');
	fill(b.flow, sizeof(b.flow), 'f');
	fill(b.user_agent, sizeof(b.user_agent), 'g');
	fill(d.subscriber, sizeof(d.subscriber), 'h');
	fill(d.callid, sizeof(d.callid), 'i');
	fill(d.ltag, sizeof(d.ltag), 'j');
	fill(d.rtag, sizeof(d.rtag), 'k');
	fill(d.luri, sizeof(d.luri), 'l');
	fill(d.ruri, sizeof(d.ruri), 'm');
	fill(d.target, sizeof(d.target), 'n');
	fill(d.routes, sizeof(d.routes), 'o');
	fill(v.subscriber, sizeof(v.subscriber), 'p');
	fill(v.user, sizeof(v.user), 'q');
	fill(v.key, sizeof(v.key), 'r');
	fill(p.id, sizeof(p.id), 's');
	fill(p.etag, sizeof(p.etag), 't');
	fill(p.user, sizeof(p.user), 'u');
	fill(p.subscriber, sizeof(p.subscriber), 'v');
	fill(p.event, sizeof(p.event), 'w');
	fill(p.body, sizeof(p.body), 'x');
	assert_int_equal(state_publication_put(s, &p), 0);
	assert_int_equal(state_binding_put(s, &b), 0);
	assert_int_equal(state_dialog_put(s, &d), 0);
	assert_int_equal(state_service_put(s, &v), 0);
	/* without a flush: closing writes what waits */
	mem_deref(s);

	s = open_state(t);
	assert_int_equal(state_bindings_load(s, binding_h, &f), 0);
	assert_int_equal(state_dialogs_load(s, dialog_h, &f), 0);
	assert_int_equal(state_services_load(s, service_h, &f), 0);
	assert_int_equal(state_publications_load(s, publication_h, &f), 0);
	assert_int_equal(f.n, 4);
	assert_memory_equal(&f.binding, &b, sizeof(b));
	assert_memory_equal(&f.dialog, &d, sizeof(d));
	assert_memory_equal(&f.service, &v, sizeof(v));
	assert_memory_equal(&f.publication, &p, sizeof(p));

	/* the last word counts, then all of it goes */
	b.cseq = 7;
	assert_int_equal(state_binding_put(s, &b), 0);
	assert_int_equal(state_flush(s), 0);
	f.n = 0;
	assert_int_equal(state_bindings_load(s, binding_h, &f), 0);
	assert_int_equal(f.n, 1);
	assert_int_equal(f.binding.cseq, 7);
	assert_int_equal(state_binding_del(s, b.user, b.key), 0);
	assert_int_equal(state_dialog_del(s, d.callid), 0);
	assert_int_equal(state_service_del(s, v.subscriber), 0);
	assert_int_equal(state_publication_del(s, p.id), 0);
	assert_int_equal(state_flush(s), 0);
	f.n = 0;
	assert_int_equal(state_bindings_load(s, binding_h, &f), 0);
	assert_int_equal(state_dialogs_load(s, dialog_h, &f), 0);
	assert_int_equal(state_services_load(s, service_h, &f), 0);
	assert_int_equal(state_publications_load(s, publication_h, &f), 0);
	assert_int_equal(f.n, 0);
	mem_deref(s);
}

static void test_group_commit(void **state)
{
	struct dbtest *t = *state;
	struct state *s = open_state(t);
	struct state_stats st;
	struct state_dialog d;
	struct found f = {0};
	unsigned i;

	for (i = 0; i < 20000; ++i) {
		dialog_make(&d, i);
		assert_int_equal(state_dialog_put(s, &d), 0);
	}
	assert_int_equal(state_flush(s), 0);
	state_stats_get(s, &st);
	assert_int_equal(st.queued, 20000);
	assert_int_equal(st.written, 20000);
	assert_int_equal(st.lost, 0);
	/* a thousand a transaction at most, and far fewer than puts */
	assert_in_range(st.commits, 20, 5000);
	assert_int_equal(state_dialogs_load(s, dialog_h, &f), 0);
	assert_int_equal(f.n, 20000);
	mem_deref(s);
}

static void emergency_h(const struct state_emergency *e, void *arg)
{
	*(struct state_emergency *)arg = *e;
}

/* X2: it outlives the process that was told of it */
static void test_emergency(void **state)
{
	struct dbtest *t = *state;
	struct state *s = open_state(t);
	struct state_emergency e = {.group = "crew", .by = "alice",
				    .since_utc_ms = 7};
	struct state_emergency found = {.group = ""};

	assert_int_equal(state_emergency_put(s, &e), 0);
	e.since_utc_ms = 1893456000123;
	assert_int_equal(state_emergency_put(s, &e), 0);
	assert_int_equal(state_flush(s), 0);
	mem_deref(s);

	s = open_state(t);
	assert_int_equal(state_emergencies_load(s, emergency_h, &found), 0);
	assert_memory_equal(&found, &e, sizeof(e));
	assert_int_equal(state_emergency_del(s, "crew"), 0);
	assert_int_equal(state_flush(s), 0);
	found.group[0] = '\0';
	assert_int_equal(state_emergencies_load(s, emergency_h, &found), 0);
	assert_string_equal(found.group, "");

	assert_int_equal(state_emergency_put(s, &e), 0);
	assert_int_equal(state_clear(s), 0);
	assert_int_equal(state_flush(s), 0);
	assert_int_equal(state_emergencies_load(s, emergency_h, &found), 0);
	assert_string_equal(found.group, "");
	mem_deref(s);
}

static void test_audit(void **state)
{
	struct dbtest *t = *state;
	struct state *s = open_state(t);
	static char much[9000];
	sqlite3 *db;
	int i;

	assert_int_equal(state_audit(s, "root", "user add", "alice", NULL), 0);
	fill(much, sizeof(much), 'x');
	assert_int_equal(state_audit(s, "root", "x", "y", much), EMSGSIZE);
	assert_int_equal(state_flush(s), 0);
	db = open_raw(t);
	assert_int_equal(script_int(db, "SELECT count(*) FROM audit WHERE"
		" actor = 'root' AND action = 'user add' AND object = 'alice'"
		" AND detail = '' AND utc_ms > 1700000000000"), 1);

	/* bounded: the oldest lines go */
	script_ok(db, "INSERT INTO audit SELECT 199990, utc_ms, actor, action,"
		      " object, detail FROM audit");
	for (i = 0; i < 10; ++i)
		assert_int_equal(state_audit(s, "a", "b", "c", "d"), 0);
	assert_int_equal(state_flush(s), 0);
	assert_int_equal(script_int(db, "SELECT min(id) FROM audit"), 199990);
	sqlite3_close(db);
	mem_deref(s);
}

/* The child says what is flushed and goes on writing; it is killed there */
static void child_write(const struct dbtest *t, int fd)
{
	struct state *s = open_state(t);
	struct state_dialog d;
	unsigned i;

	for (i = 0;; ++i) {
		dialog_make(&d, i);
		if (state_dialog_put(s, &d) == ENOBUFS)
			(void)state_flush(s);
		if (i % 500)
			continue;
		if (state_flush(s) || write(fd, &i, sizeof(i)) != sizeof(i))
			_exit(1);
	}
}

static void test_kill(void **state)
{
	struct dbtest *t = *state;
	struct found f = {0};
	unsigned flushed = 0, i;
	struct state *s;
	int fds[2], status;
	sqlite3 *db;
	char sql[96];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		(void)close(fds[0]);
		child_write(t, fds[1]);
	}
	(void)close(fds[1]);
	for (i = 0; i < 12; ++i)
		assert_int_equal(read(fds[0], &flushed, sizeof(flushed)),
				 sizeof(flushed));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	/* what it managed to say meanwhile was true, too */
	while (read(fds[0], &i, sizeof(i)) == sizeof(i))
		flushed = i;
	(void)close(fds[0]);

	db = open_raw(t);
	assert_int_equal(script_int(db, "SELECT integrity_check = 'ok'"
					" FROM pragma_integrity_check"), 1);
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM dialog WHERE"
		 " cseq_ceiling <= %u", flushed);
	assert_int_equal(script_int(db, sql), flushed + 1);
	sqlite3_close(db);

	s = open_state(t);
	assert_int_equal(state_dialogs_load(s, dialog_h, &f), 0);
	assert_true(f.n >= flushed + 1);
	mem_deref(s);
}

/* The store tries again by itself; a flush says how the last try went */
static void flush_at_last(struct state *s)
{
	const uint64_t end = now_ms() + DBTEST_DEADLINE_MS;

	while (state_flush(s))
		assert_true(now_ms() < end);
}

/* A full disk: nothing blocks, nothing is lost, it goes on by itself */
static void test_disk_full(void **state)
{
	struct dbtest *t = *state;
	struct rlimit old, tight;
	struct state_stats st;
	struct state_dialog d;
	struct found f = {0};
	struct state *s;
	unsigned i;

	signal(SIGXFSZ, SIG_IGN);
	s = open_state(t);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	tight = old;
	tight.rlim_cur = 64 * 1024;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	for (i = 0; i < 2000; ++i) {
		dialog_make(&d, i);
		assert_int_equal(state_dialog_put(s, &d), 0);
	}
	assert_int_not_equal(state_flush(s), 0);
	assert_int_not_equal(state_flush(s), 0);
	state_stats_get(s, &st);
	assert_true(st.errors >= 2);
	assert_true(st.written < 2000);
	assert_int_equal(st.lost, 0);

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	flush_at_last(s);
	state_stats_get(s, &st);
	assert_int_equal(st.written, 2000);
	assert_int_equal(st.lost, 0);
	assert_false(state_overflowed(s));
	assert_int_equal(state_dialogs_load(s, dialog_h, &f), 0);
	assert_int_equal(f.n, 2000);
	mem_deref(s);
}

/* The queue is full while a writer holds the file: counted, then healed */
static void test_overflow(void **state)
{
	struct dbtest *t = *state;
	struct state *s = open_state(t);
	sqlite3 *db = open_raw(t);
	struct state_stats st;
	struct state_dialog d;
	struct found f = {0};
	unsigned i, lost = 0;

	script_ok(db, "BEGIN IMMEDIATE");
	for (i = 0; i < 40000; ++i) {
		dialog_make(&d, i);
		if (state_dialog_put(s, &d) == ENOBUFS)
			++lost;
	}
	state_stats_get(s, &st);
	assert_true(lost > 0);
	assert_int_equal(st.lost, lost);
	assert_int_equal(st.queued, 40000 - lost);
	assert_true(state_overflowed(s));
	assert_false(state_overflowed(s));
	script_ok(db, "COMMIT");
	flush_at_last(s);

	assert_int_equal(state_clear(s), 0);
	for (i = 50000; i < 50010; ++i) {
		dialog_make(&d, i);
		assert_int_equal(state_dialog_put(s, &d), 0);
	}
	assert_int_equal(state_flush(s), 0);
	assert_int_equal(state_dialogs_load(s, dialog_h, &f), 0);
	assert_int_equal(f.n, 10);
	assert_false(state_overflowed(s));
	sqlite3_close(db);
	mem_deref(s);
}

/* A damaged file is put aside, and a new one serves */
static void test_damaged(void **state)
{
	struct dbtest *t = *state;
	struct state *s = open_state(t);
	struct state_dialog d;
	struct found f = {0};
	char path[128];
	FILE *file;
	unsigned i;

	for (i = 0; i < 3000; ++i) {
		dialog_make(&d, i);
		assert_int_equal(state_dialog_put(s, &d), 0);
	}
	mem_deref(s);

	/* within the tree */
	snprintf(path, sizeof(path), "%s/s.db", t->dir);
	file = fopen(path, "r+");
	for (i = 40; i < 200; ++i) {
		fseek(file, (long)i * 4096, SEEK_SET);
		fprintf(file, "%0100d", 0);
	}
	fclose(file);
	s = open_state(t);
	assert_int_equal(state_dialogs_load(s, dialog_h, &f), 0);
	assert_int_equal(f.n, 0);
	mem_deref(s);
	snprintf(path, sizeof(path), "%s/s.db.corrupt", t->dir);
	assert_int_equal(access(path, F_OK), 0);

	/* not a database any more */
	snprintf(path, sizeof(path), "%s/s.db", t->dir);
	file = fopen(path, "w");
	fprintf(file, "%01000d", 0);
	fclose(file);
	s = open_state(t);
	dialog_make(&d, 1);
	assert_int_equal(state_dialog_put(s, &d), 0);
	assert_int_equal(state_flush(s), 0);
	mem_deref(s);
}

/* state.db as the version before publications wrote it */
static void old_state_make(const struct dbtest *t)
{
	sqlite3 *db = open_raw(t);
	char sql[96];

	script_ok(db, sql_schema_state[0]);
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d;"
				   " PRAGMA user_version = 1",
		 (int)statefile_kind.application_id);
	script_ok(db, sql);
	script_ok(db, "INSERT INTO binding VALUES('alice', 'k', 'sip:a@h', '',"
		      " 'c', 7, 'udp 1 2', '', 1893456000123);"
		      "INSERT INTO service VALUES('alice-ptt', 'alice',"
		      " 'k', 1)");
	sqlite3_close(db);
}

/* What it knew is there still, and what it did not know can be kept */
static void test_old_version(void **state)
{
	struct dbtest *t = *state;
	struct state_publication p = {.id = "i", .etag = "e", .user = "alice"};
	struct found f = {0};
	struct state *s;

	old_state_make(t);
	s = open_state(t);
	assert_int_equal(state_bindings_load(s, binding_h, &f), 0);
	assert_int_equal(state_services_load(s, service_h, &f), 0);
	assert_int_equal(f.n, 2);
	assert_string_equal(f.binding.contact, "sip:a@h");
	assert_int_equal(f.binding.cseq, 7);
	assert_string_equal(f.service.subscriber, "alice-ptt");
	assert_true(f.service.manual);

	assert_int_equal(state_publication_put(s, &p), 0);
	assert_int_equal(state_flush(s), 0);
	mem_deref(s);
	s = open_state(t);
	assert_int_equal(state_publications_load(s, publication_h, &f), 0);
	assert_int_equal(f.n, 3);
	assert_string_equal(f.publication.etag, "e");
	mem_deref(s);
}

static void test_rows_that_do_not_fit(void **state)
{
	struct dbtest *t = *state;
	struct state *s = open_state(t);
	sqlite3 *db = open_raw(t);
	struct found f = {0};

	script_ok(db, "INSERT INTO service VALUES('a', 'u', 'k', 1),"
		      " (printf('%.*c', 64, 'x'), 'u', 'k', 0);"
		      "INSERT INTO dialog VALUES('c', 's', '', '', '', '', '',"
		      " '', -1), ('d', 's', '', '', '', '', '',"
		      " printf('%.*c', 1024, 'x'), 1);"
		      "INSERT INTO binding VALUES('u', 'k', '', '', '',"
		      " 4294967296, '', '', 1)");
	assert_int_equal(state_services_load(s, service_h, &f), 0);
	assert_int_equal(f.n, 1);
	assert_int_equal(state_dialogs_load(s, dialog_h, &f), 0);
	assert_int_equal(state_bindings_load(s, binding_h, &f), 0);
	assert_int_equal(f.n, 1);
	sqlite3_close(db);
	mem_deref(s);
}

static void test_open_errors(void **state)
{
	struct dbtest *t = *state;
	struct state *s = (void *)t;

	assert_int_equal(state_open(&s, NULL, NULL), EINVAL);
	assert_int_not_equal(state_open(&s, "/nonexistent/s.db", NULL), 0);
	assert_int_not_equal(state_open(&s, t->dir, NULL), 0);
	/* the provisioning database is not ours to write */
	assert_int_not_equal(state_open(&s, t->path, NULL), 0);
	assert_ptr_equal(s, t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(name) \
	cmocka_unit_test_setup_teardown(name, dbtest_setup, dbtest_teardown)
		T(test_round_trip),
		T(test_group_commit),
		T(test_audit),
		T(test_emergency),
		T(test_kill),
		T(test_disk_full),
		T(test_overflow),
		T(test_damaged),
		T(test_old_version),
		T(test_rows_that_do_not_fit),
		T(test_open_errors),
	};

	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}

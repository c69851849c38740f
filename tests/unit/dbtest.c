/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <re.h>
#include "util/clock.h"
#include "dbtest.h"

uint64_t now_ms(void)
{
	return clock_mono_ms();
}

int dbtest_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	struct dbtest *t = calloc(1, sizeof(*t));

	snprintf(t->dir, sizeof(t->dir), "%s/hldb.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(t->dir))
		return -1;
	snprintf(t->path, sizeof(t->path), "%s/p.db", t->dir);
	if (prov_init(t->path, "poc.example.com", NULL))
		return -1;
	/* one thread uses it: ThreadSanitizer sees no locks but ours */
	if (sqlite3_open_v2(t->path, &t->script,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL))
		return -1;
	sqlite3_busy_timeout(t->script, DBTEST_DEADLINE_MS);
	*state = t;
	return 0;
}

int dbtest_teardown(void **state)
{
	struct dbtest *t = *state;
	char cmd[96];
	int err;

	sqlite3_close(t->script);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", t->dir);
	err = system(cmd);
	free(t);
	return err;
}

const char *script_run(sqlite3 *db, const char *sql)
{
	static char words[512];
	char *msg = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &msg) == SQLITE_OK)
		return NULL;
	snprintf(words, sizeof(words), "%s", msg ? msg : "?");
	sqlite3_free(msg);
	return words;
}

void script_ok(sqlite3 *db, const char *sql)
{
	const char *words = script_run(db, sql);

	if (words)
		fail_msg("%s: %s", sql, words);
}

int64_t script_int(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int64_t v;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) ||
	    sqlite3_step(st) != SQLITE_ROW)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	v = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return v;
}

const char *chg_key1(const struct prov_change *chg)
{
	switch (chg->table) {

	case PROV_DOMAIN:
		return "";
	case PROV_USER:
		return chg->u.user.name;
	case PROV_SECRET:
		return chg->u.secret.user;
	case PROV_POLICY:
		return chg->u.policy.name;
	case PROV_SERVICE:
		return chg->u.service.name;
	case PROV_SUBSCRIPTION:
		return chg->u.subscription.subscriber;
	case PROV_AUTHORISATION:
		return chg->u.authorisation.subject;
	case PROV_GROUP:
		return chg->u.group.name;
	case PROV_MEMBER:
		return chg->u.member.group;
	}
	return "";
}

const char *chg_key2(const struct prov_change *chg)
{
	if (chg->table == PROV_AUTHORISATION)
		return chg->u.authorisation.object;
	if (chg->table == PROV_MEMBER)
		return chg->u.member.subscriber;
	return "";
}

static void change_h(const struct prov_change *chg, void *arg)
{
	struct heard *h = arg;

	if (h->logn == h->logmax) {
		h->logmax = h->logmax ? h->logmax * 2 : 64;
		h->logv = realloc(h->logv, h->logmax * sizeof(*h->logv));
	}
	h->logv[h->logn++] = *chg;

	switch (chg->op) {

	case PROV_UPSERT:
		++h->puts[chg->table];
		break;
	case PROV_DELETE:
		++h->dels[chg->table];
		break;
	case PROV_SYNCED:
		++h->synced;
		break;
	}
}

void heard_start(struct heard *h, struct prov *p, unsigned mask)
{
	memset(h, 0, sizeof(*h));
	assert_int_equal(prov_watch_add(&h->watch, p, mask, change_h, h), 0);
}

void heard_end(struct heard *h)
{
	h->watch = mem_deref(h->watch);
	free(h->logv);
	h->logv = NULL;
	h->logn = h->logmax = 0;
}

const struct prov_change *heard_row(const struct heard *h,
				    enum prov_table table, const char *k1,
				    const char *k2)
{
	size_t i;

	for (i = h->logn; i > 0; --i) {
		const struct prov_change *chg = &h->logv[i - 1];

		if (chg->op == PROV_SYNCED || chg->table != table ||
		    strcmp(chg_key1(chg), k1) || strcmp(chg_key2(chg), k2))
			continue;
		return chg->op == PROV_UPSERT ? chg : NULL;
	}
	return NULL;
}

bool until_synced(void *arg)
{
	const struct heard *h = arg;

	return h->synced > 0;
}

void pump(struct prov *p, until_h *h, void *arg)
{
	const uint64_t end = now_ms() + DBTEST_DEADLINE_MS;
	struct pollfd pfd = {.fd = prov_fd(p), .events = POLLIN};

	for (;;) {
		prov_poll(p, 0);
		if (h(arg))
			return;
		if (now_ms() >= end)
			fail_msg("it did not come to pass in %d ms",
				 DBTEST_DEADLINE_MS);
		/* short: what is waited for may be in a file */
		(void)poll(&pfd, 1, 20);
	}
}

bool file_has(const char *path, const char *text)
{
	FILE *f = fopen(path, "rb");
	bool found = false;
	char *buf;
	long size;

	if (!f)
		return false;
	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	buf = malloc((size_t)size + 1);
	if (fread(buf, 1, (size_t)size, f) == (size_t)size)
		found = memmem(buf, (size_t)size, text, strlen(text)) != NULL;
	free(buf);
	fclose(f);
	return found;
}

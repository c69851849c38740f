/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file db_watcher.c  Watches a provisioning database for a shell test
 *
 *	db_watcher PATH REALM
 *
 * Each line of stdin is a change to wait for ("put user alice enabled=1"), or
 * "synced". The answer is one line: "ok", or "never" after the deadline. A
 * change is used up by the wait that found it, so the same line again waits
 * for another one. Ends with stdin.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <re.h>
#include "util/clock.h"
#include "util/log.h"
#include "db/prov.h"

enum { LINE_MAX_BYTES = 512, LINES_MAX = 4096, DEADLINE_MS = 20000 };

struct watcher {
	struct prov *p;
	char linev[LINES_MAX][LINE_MAX_BYTES];
	size_t n;
};

static int columns_print(char *buf, size_t size, const struct prov_change *c)
{
	switch (c->table) {

	case PROV_DOMAIN:
		return snprintf(buf, size, "domain %s", c->u.domain.realm);
	case PROV_USER:
		return snprintf(buf, size, "user %s enabled=%d",
				c->u.user.name, c->u.user.enabled);
	case PROV_SECRET:
		return snprintf(buf, size,
				"secret %s enabled=%d md5=%d sha256=%d",
				c->u.secret.user, c->u.secret.enabled,
				c->u.secret.has_md5, c->u.secret.has_sha256);
	case PROV_POLICY:
		return snprintf(buf, size, "floor_policy %s queue_max=%u"
				" warn_ms=%u", c->u.policy.name,
				c->u.policy.queue_max, c->u.policy.warn_ms);
	case PROV_SERVICE:
		return snprintf(buf, size, "service %s mode=%d codec=%s"
				" max_talk_ms=%u media_security=%d enabled=%d",
				c->u.service.name, c->u.service.mode,
				c->u.service.codec, c->u.service.max_talk_ms,
				(int)c->u.service.media_security,
				c->u.service.enabled);
	case PROV_SUBSCRIPTION:
		return snprintf(buf, size, "subscription %s user=%s"
				" service=%s", c->u.subscription.subscriber,
				c->u.subscription.user,
				c->u.subscription.service);
	case PROV_AUTHORISATION:
		return snprintf(buf, size, "authorisation %s %s see=%d"
				" call=%d", c->u.authorisation.subject,
				c->u.authorisation.object,
				c->u.authorisation.see,
				c->u.authorisation.call);
	case PROV_GROUP:
		return snprintf(buf, size, "group %s service=%s enabled=%d",
				c->u.group.name, c->u.group.service,
				c->u.group.enabled);
	case PROV_MEMBER:
		return snprintf(buf, size, "member %s %s priority=%u talk=%d"
				" listen=%d", c->u.member.group,
				c->u.member.subscriber, c->u.member.priority,
				c->u.member.talk, c->u.member.listen);
	}
	return 0;
}

/* Of a row that is gone only the keys count */
static void keys_only(char *line, const struct prov_change *c)
{
	const bool two = c->table == PROV_MEMBER ||
			 c->table == PROV_AUTHORISATION;
	int spaces = two ? 4 : 3;

	for (; *line; ++line) {
		if (*line == ' ' && !--spaces)
			*line = '\0';
	}
}

static void change_h(const struct prov_change *c, void *arg)
{
	struct watcher *w = arg;
	char *line;

	if (w->n == LINES_MAX) {
		fprintf(stderr, "db_watcher: too many changes\n");
		exit(2);
	}
	line = w->linev[w->n++];
	switch (c->op) {

	case PROV_UPSERT:
		strcpy(line, "put ");
		(void)columns_print(line + 4, LINE_MAX_BYTES - 4, c);
		break;
	case PROV_DELETE:
		strcpy(line, "del ");
		(void)columns_print(line + 4, LINE_MAX_BYTES - 4, c);
		keys_only(line, c);
		break;
	case PROV_SYNCED:
		strcpy(line, "synced");
		break;
	}
}

static bool find(struct watcher *w, const char *line)
{
	size_t i;

	for (i = 0; i < w->n; ++i) {
		if (!strcmp(w->linev[i], line)) {
			w->linev[i][0] = '\0';
			return true;
		}
	}
	return false;
}

static bool await(struct watcher *w, const char *line)
{
	const uint64_t end = clock_mono_ms() + DEADLINE_MS;
	struct pollfd pfd = {.fd = prov_fd(w->p), .events = POLLIN};

	for (;;) {
		prov_poll(w->p, 0);
		if (find(w, line))
			return true;
		if (clock_mono_ms() >= end)
			return false;
		(void)poll(&pfd, 1, (int)(end - clock_mono_ms()));
	}
}

int main(int argc, char *argv[])
{
	struct watcher *w = calloc(1, sizeof(*w));
	struct prov_watch *watch = NULL;
	struct hlog *log = NULL;
	char line[LINE_MAX_BYTES];

	if (argc != 3 || !w ||
	    hlog_alloc(&log, STDERR_FILENO, HLOG_TEXT, HLOG_DEBUG) ||
	    prov_open(&w->p, argv[1], argv[2], log) ||
	    prov_watch_add(&watch, w->p, ~0u, change_h, w))
		return 2;
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		puts(await(w, line) ? "ok" : "never");
		fflush(stdout);
	}
	mem_deref(watch);
	mem_deref(w->p);
	mem_deref(log);
	free(w);
	return 0;
}

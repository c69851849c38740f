/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <config.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <jansson.h>
#include <re.h>
#include "daemon/command.h"
#include "daemon/roles.h"
#include "db/prov.h"
#include "db/state.h"
#include "server/server.h"
#include "util/clock.h"
#include "util/log.h"

enum { OBJECT_MAX = 256 };

struct command {
	const struct command_env *env;
	command_done_h *done_h;  /**< NULL: forgotten or answered */
	void *arg;
	uid_t uid;
	char action[64];
	char object[OBJECT_MAX];
};

/* --- answers ---------------------------------------------------------- */

/* Keys of the tables: what a command was about. Nothing else of the request
 * is written down, so a password cannot be. */
static void object_print(char *dst, size_t size, const json_t *args)
{
	static const char *const keys[] = {"name", "user", "group",
		"subscriber", "subject", "object", "service", "level"};
	size_t used = 0;
	unsigned i;

	dst[0] = '\0';
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *val = json_string_value(json_object_get(args,
								keys[i]));
		int n;

		if (!val)
			continue;
		n = snprintf(dst + used, size - used, "%s%s=%.64s",
			     used ? " " : "", keys[i], val);
		if (n < 0 || (size_t)n >= size - used)
			return;
		used += (size_t)n;
	}
}

static void audit(const struct command *c, const char *outcome)
{
	char actor[32];

	snprintf(actor, sizeof(actor), "uid:%u", (unsigned)c->uid);
	(void)state_audit(roles_state(c->env->roles), actor, c->action,
			  c->object, outcome);
	hlog(c->env->log, HLOG_INFO, "admin", "command",
	     HLOG_S("actor", actor), HLOG_S("action", c->action),
	     HLOG_S("object", c->object), HLOG_S("outcome", outcome));
}

static void deliver(struct command *c, const char *answer, size_t len)
{
	command_done_h *done_h = c->done_h;

	c->done_h = NULL;
	if (done_h)
		done_h(answer, len, c->arg);
}

/* Takes the reference to obj */
static void deliver_json(struct command *c, json_t *obj)
{
	static const char none[] = "{\"ok\": false, \"error\": "
				   "\"the answer could not be built\"}\n";
	char *text = obj ? json_dumps(obj, JSON_COMPACT) : NULL;
	size_t len = text ? strlen(text) : 0;

	if (text && len < c->env->answer_bytes) {
		text[len] = '\n'; /* instead of the NUL: len counts */
		deliver(c, text, len + 1);
	}
	else {
		deliver(c, none, sizeof(none) - 1);
	}
	free(text);
	json_decref(obj);
}

static void deliver_error(struct command *c, const char *words)
{
	audit(c, words);
	deliver_json(c, json_pack("{sb ss}", "ok", 0, "error", words));
}

/* rows is JSON text already: it is not parsed again */
static void deliver_rows(struct command *c, const char *rows)
{
	struct mbuf *mb;

	if (strlen(rows) + 32 > c->env->answer_bytes) {
		deliver_json(c, json_pack("{sb ss}", "ok", 0, "error",
			"the list is longer than [admin] answer_bytes"));
		return;
	}
	mb = mbuf_alloc(strlen(rows) + 32);
	if (!mb || mbuf_write_str(mb, "{\"ok\":true,\"rows\":") ||
	    mbuf_write_str(mb, rows) || mbuf_write_str(mb, "}\n"))
		deliver_json(c, NULL);
	else
		deliver(c, (const char *)mb->buf, mb->end);
	mem_deref(mb);
}

/* --- commands --------------------------------------------------------- */

static void prov_done(int err, const char *words, const char *rows, void *arg)
{
	struct command *c = arg;

	if (err) {
		deliver_error(c, words && *words ? words : strerror(err));
	}
	else {
		audit(c, "ok");
		if (rows)
			deliver_rows(c, rows);
		else
			deliver_json(c, json_pack("{sb}", "ok", 1));
	}
	mem_deref(c);
}

static void status_run(struct command *c)
{
	const struct command_env *env = c->env;
	json_t *st, *head;

	if (roles_status(env->roles, &st)) {
		deliver_error(c, "the status could not be built");
		return;
	}
	head = json_pack("{ss si sI ss ss}", "version", PACKAGE_VERSION,
			 "pid", (int)getpid(), "uptime_s",
			 (json_int_t)((clock_mono_ms() - env->started_ms) /
				      1000),
			 "domain", env->domain, "state_dir", env->state_dir);
	if (head)
		json_object_update(st, head);
	json_decref(head);
	audit(c, "ok");
	deliver_json(c, json_pack("{sb so}", "ok", 1, "status", st));
}

static enum hlog_level level_now(const struct hlog *log)
{
	enum hlog_level level = HLOG_DEBUG;

	while (level < HLOG_ERROR && !hlog_enabled(log, level))
		level++;
	return level;
}

static void log_level_run(struct command *c, const char *verb,
			  const json_t *args)
{
	const char *text = json_string_value(json_object_get(args, "level"));
	enum hlog_level level;

	if (!strcmp(verb, "set")) {
		if (!text || hlog_level_parse(&level, text)) {
			deliver_error(c, "level must be one of error, warn, "
				      "info, debug");
			return;
		}
		hlog_level_set(c->env->log, level);
	}
	else if (strcmp(verb, "get")) {
		deliver_error(c, "log-level knows the verbs get and set");
		return;
	}
	audit(c, "ok");
	deliver_json(c, json_pack("{sb ss}", "ok", 1, "level",
			hlog_level_name(level_now(c->env->log))));
}

static void rows_run(struct command *c, int err, json_t *rows)
{
	if (err) {
		deliver_error(c, strerror(err));
		return;
	}
	audit(c, "ok");
	deliver_json(c, json_pack("{sb so}", "ok", 1, "rows", rows));
}

/* What is done to a group that runs. The conference role writes down who did
 * it, too: an emergency is also ended by those who take part.
 *
 * @param missing Words for ENOENT */
static void group_run(struct command *c, const json_t *args,
		      int (*h)(struct server *srv, const char *group,
			       const char *actor), const char *missing)
{
	const char *group = json_string_value(json_object_get(args, "name"));
	char actor[32];
	int err;

	snprintf(actor, sizeof(actor), "uid:%u", (unsigned)c->uid);
	err = group ? h(roles_server(c->env->roles), group, actor) : EINVAL;
	if (!err) {
		audit(c, "ok");
		deliver_json(c, json_pack("{sb}", "ok", 1));
	}
	else if (err == ENOENT) {
		deliver_error(c, missing);
	}
	else if (err == EALREADY) {
		deliver_error(c, "nobody talks there");
	}
	else {
		deliver_error(c, group ? strerror(err)
				       : "the name of a group or call is missing");
	}
}

static void emergency_run(struct command *c, const char *verb,
			  const json_t *args)
{
	json_t *rows = NULL;
	int err;

	if (!strcmp(verb, "end")) {
		group_run(c, args, server_emergency_end,
			  "no group or call of that name is in an"
			  " emergency");
		return;
	}
	if (strcmp(verb, "list")) {
		deliver_error(c, "emergency knows the verbs list and end");
		return;
	}
	err = server_emergencies(roles_server(c->env->roles), &rows);
	rows_run(c, err, rows);
}

static void floor_run(struct command *c, const char *verb, const json_t *args)
{
	if (!strcmp(verb, "revoke"))
		group_run(c, args, server_floor_revoke,
			  "no group or call of that name has anybody here");
	else
		deliver_error(c, "floor knows the verb revoke");
}

/* A copy of args goes to the watch thread; it blanks a password itself */
static void prov_run(struct command *c, const char *noun, const char *verb,
		     const json_t *args)
{
	char *text = args ? json_dumps(args, JSON_COMPACT) : strdup("{}");
	int err = ENOMEM;

	if (text) {
		err = prov_admin(roles_prov(c->env->roles), noun, verb, text,
				 prov_done, mem_ref(c));
		explicit_bzero(text, strlen(text));
		free(text);
		if (err)
			mem_deref(c);
	}
	if (err)
		deliver_error(c, err == ENOBUFS ?
			      "too many commands wait: try again" :
			      strerror(err));
}

static void dispatch(struct command *c, const json_t *req)
{
	const char *noun = json_string_value(json_object_get(req, "noun"));
	const char *verb = json_string_value(json_object_get(req, "verb"));
	const json_t *args = json_object_get(req, "args");

	if (!noun || (args && !json_is_object(args))) {
		deliver_error(c, "a request is an object with noun, verb and "
			      "args");
		return;
	}
	if (!verb)
		verb = "get";
	snprintf(c->action, sizeof(c->action), "%.31s %.31s", noun, verb);
	object_print(c->object, sizeof(c->object), args);
	if (!strcmp(noun, "status"))
		status_run(c);
	else if (!strcmp(noun, "log-level"))
		log_level_run(c, verb, args);
	else if (!strcmp(noun, "emergency"))
		emergency_run(c, verb, args);
	else if (!strcmp(noun, "floor"))
		floor_run(c, verb, args);
	else
		prov_run(c, noun, verb, args);
}

int command_run(struct command **cp, const struct command_env *env, uid_t uid,
		const char *line, size_t size, command_done_h *done_h,
		void *arg)
{
	struct command *c;
	json_error_t jerr;
	json_t *req;

	c = mem_zalloc(sizeof(*c), NULL);
	if (!c)
		return ENOMEM;
	c->env = env;
	c->uid = uid;
	c->done_h = done_h;
	c->arg = arg;
	snprintf(c->action, sizeof(c->action), "(not understood)");
	req = json_loadb(line, size, JSON_REJECT_DUPLICATES, &jerr);
	if (req)
		dispatch(c, req);
	else
		deliver_error(c, "the request is not a line of JSON");
	json_decref(req);
	*cp = c->done_h ? c : mem_deref(c);
	return 0;
}

void command_forget(struct command *c)
{
	if (c)
		c->done_h = NULL;
	mem_deref(c);
}

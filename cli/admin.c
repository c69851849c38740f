/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "cli/admin.h"
#include "cli/admin_args.h"
#include "cli/table.h"

bool admin_knows(const char *noun)
{
	return admin_args_noun(noun) || !strcmp(noun, "log-level");
}

/* --- asking ----------------------------------------------------------- */

/** @return exit status; rows are printed */
static int ask(struct admin_link *l, const struct admin_args *a,
	       const char *noun, const char *verb, json_t *columns)
{
	json_t *answer, *rows;
	int status = CLI_OK;

	if (admin_link_ask(l, json_pack("{ss ss so}", "noun", noun, "verb",
					verb, "args", columns), &answer))
		return CLI_FAILED;
	rows = json_object_get(answer, "rows");
	if (!json_is_true(json_object_get(answer, "ok"))) {
		const char *words = json_string_value(
			json_object_get(answer, "error"));

		fprintf(stderr, "holler: %s\n", words ? words : "refused");
		status = CLI_FAILED;
	}
	else if (a->json && rows) {
		json_dumpf(rows, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	else if (rows) {
		table_print(rows);
		if (!json_array_size(rows))
			fprintf(stderr, "holler: the list is empty\n");
	}
	json_decref(answer);
	return status;
}

/* hollerd has added the subscription to the first service, under the user's
 * own name; the others are named after both */
static int subscribe_user(struct admin_link *l, const struct admin_args *a,
			  const char *user)
{
	int status = CLI_OK;
	char name[128];
	unsigned i;

	for (i = 1; i < a->servicec && status == CLI_OK; i++) {
		const char *service = a->servicev[i];

		snprintf(name, sizeof(name), "%s-%s", user, service);
		status = ask(l, a, "subscription", "add",
			     json_pack("{ss ss ss}", "subscriber", name,
				       "user", user, "service", service));
	}
	if (status)
		fprintf(stderr, "holler: the user %s was added without this "
			"subscription\n", user);
	return status;
}

static int swap_and_ask(struct admin_link *l, const struct admin_args *a,
			const json_t *columns)
{
	json_t *copy = json_copy((json_t *)columns);

	json_object_set(copy, "subject", json_object_get(columns, "object"));
	json_object_set(copy, "object", json_object_get(columns, "subject"));
	return ask(l, a, a->noun, a->verb, copy);
}

static int ask_once(struct admin_link *l, const struct admin_args *a)
{
	int status = ask(l, a, a->noun, a->verb, json_copy(a->columns));

	if (status == CLI_OK && a->both)
		status = swap_and_ask(l, a, a->columns);
	return status;
}

static int ask_all(struct admin_link *l, const struct admin_args *a)
{
	int status = ask_once(l, a);
	unsigned i;

	for (i = 0; i < a->morec && status == CLI_OK; i++) {
		json_object_set_new(a->columns, a->more,
				    json_string(a->morev[i]));
		status = ask_once(l, a);
	}
	if (status == CLI_OK && a->servicec)
		status = subscribe_user(l, a, json_string_value(
			json_object_get(a->columns, "name")));
	return status;
}

static int level_main(struct admin_link *l, int argc, char *argv[])
{
	json_t *answer, *args = json_object();
	const char *words;
	bool ok;

	if (argc > 1)
		json_object_set_new(args, "level", json_string(argv[1]));
	if (admin_link_ask(l, json_pack("{ss ss so}", "noun", "log-level",
				"verb", argc > 1 ? "set" : "get", "args",
				args), &answer))
		return CLI_FAILED;
	ok = json_is_true(json_object_get(answer, "ok"));
	words = json_string_value(json_object_get(answer,
						  ok ? "level" : "error"));
	if (ok)
		puts(words ? words : "");
	else
		fprintf(stderr, "holler: %s\n", words ? words : "refused");
	json_decref(answer);
	return ok ? CLI_OK : CLI_FAILED;
}

int admin_main(const char *socket, int argc, char *argv[])
{
	const bool level = !strcmp(argv[0], "log-level");
	struct admin_args a = {.columns = NULL};
	struct admin_link *l;
	int status = CLI_FAILED, err;

	err = level ? 0 : admin_args_decode(&a, argc, argv);
	if (err)
		return err == ENODATA ? CLI_FAILED : CLI_USAGE;
	if (level && argc > 2) {
		fprintf(stderr, "holler: log-level takes one level\n");
		return CLI_USAGE;
	}
	if (!admin_link_open(&l, socket, ADMIN_COMMAND_S)) {
		status = level ? level_main(l, argc, argv) : ask_all(l, &a);
		admin_link_close(l);
	}
	json_decref(a.columns);
	return status;
}

void admin_help(void)
{
	puts("People and what they may (hollerd must run):\n"
	     "  user add NAME [--password PW | --password-stdin] "
	     "[--display TEXT]\n"
	     "           [--service SERVICE]... [--no-subscription] "
	     "[--md5-only]\n"
	     "           [--disable]\n"
	     "  user set NAME [--password PW | --password-stdin] "
	     "[--display TEXT]\n"
	     "           [--md5-only | --any-digest] [--enable | --disable]\n"
	     "  user remove NAME...\n"
	     "  subscription add SUBSCRIBER --user NAME [--service SERVICE]\n"
	     "           [--start subscribe|register] "
	     "[--inviter server|terminal]\n"
	     "           [--talk-by keys|voice] [--tones auto|always|never]\n"
	     "           [--anonymous] [--priority 0..255] "
	     "[--display TEXT] [--disable]\n"
	     "  subscription set SUBSCRIBER ... | remove SUBSCRIBER...\n"
	     "  allow add|set WHO WHOM... [--both] [--see-only | "
	     "--call-only]\n"
	     "  allow remove WHO WHOM... [--both]      (* is everybody)\n"
	     "  group add NAME [--service SERVICE] [--display TEXT]\n"
	     "           [--max-talk SECONDS] [--floor-policy POLICY] "
	     "[--disable]\n"
	     "  group set NAME ... | remove NAME...\n"
	     "  group join NAME SUBSCRIBER... [--priority 0..255]\n"
	     "           [--listen-only | --talk-only] [--no-emergency]\n"
	     "  group leave NAME SUBSCRIBER...\n"
	     "  group members [NAME] [--json]\n"
	     "  member add|set|remove|list ...         (the same table)\n"
	     "  service add|set NAME [--mode half-duplex|full-duplex]\n"
	     "           [--codec PCMU|PCMA|G722|opus] "
	     "[--idle sendrecv|inactive]\n"
	     "           [--hang SECONDS] [--max-talk SECONDS] "
	     "[--display TEXT]\n"
	     "           [--media-security plain|any|opportunistic|srtp|"
	     "dtls]\n"
	     "           [--floor-policy POLICY] [--enable | --disable]\n"
	     "  service remove NAME...\n"
	     "  policy add|set NAME [--queue-max N] [--warn SECONDS]\n"
	     "           [--[no-]preempt] [--[no-]cut-in] "
	     "[--[no-]broadcast]\n"
	     "           [--[no-]emergency] [--end-of-media SECONDS]\n"
	     "           [--revoke-grace SECONDS] "
	     "[--revoke-repeat SECONDS]\n"
	     "           [--retry-after SECONDS] [--idle-repeat SECONDS]\n"
	     "           [--idle-repeats N] [--grant-repeat SECONDS]\n"
	     "           [--grant-repeats N] [--inactivity SECONDS]\n"
	     "  policy remove NAME...\n"
	     "  user|subscription|allow|group|policy|service list [NAME] "
	     "[--json]\n"
	     "Watching:\n"
	     "  status [--json]                        nodes, legs, bridges, "
	     "floor\n"
	     "  emergency list [--json]                where, by whom, "
	     "since when\n"
	     "  emergency end GROUP|CALL\n"
	     "  floor revoke GROUP|CALL                from who talks there\n"
	     "  log-level [error|warn|info|debug]");
}

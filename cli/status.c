/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/admin.h"
#include "cli/table.h"

/* "-" for what is not there; ends with the row */
static json_t *text(const json_t *obj, const char *key)
{
	const json_t *val = json_object_get(obj, key);

	if (json_is_string(val) && *json_string_value(val))
		return json_string(json_string_value(val));
	if (json_is_integer(val))
		return json_integer(json_integer_value(val));
	return json_string("-");
}

static long long number(const json_t *obj, const char *key)
{
	return json_integer_value(json_object_get(obj, key));
}

static const char *word(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s ? s : "?";
}

static void list_print(const char *title, json_t *rows, long long total)
{
	const long long shown = (long long)json_array_size(rows);

	printf("\n%s: %lld\n", title, total);
	table_print(rows);
	if (shown < total)
		printf("... and %lld more\n", total - shown);
	json_decref(rows);
}

static void nodes_print(const json_t *presence)
{
	const json_t *nodes = json_object_get(presence, "nodes"), *n;
	json_t *rows = json_array();
	size_t i;

	json_array_foreach(nodes, i, n) {
		json_array_append_new(rows, json_pack(
			"{so so so so so}", "node", text(n, "node"), "state",
			text(n, "state"), "legs", text(n, "legs"), "of",
			text(n, "legs_max"), "bridges", text(n, "bridges")));
	}
	list_print("conference servers", rows,
		   (long long)json_array_size(nodes));
}

static const json_t *leg_of(const json_t *legs, const json_t *subscriber)
{
	const json_t *leg;
	size_t i;

	json_array_foreach(legs, i, leg) {
		if (json_equal(json_object_get(leg, "subscriber"), subscriber))
			return leg;
	}
	return NULL;
}

/* What its terminals published of how they want to be called */
static json_t *calls_of(const json_t *sub)
{
	const char *answer = json_string_value(json_object_get(sub, "answer"));

	if (json_is_true(json_object_get(sub, "dnd")))
		return json_string("do not disturb");
	if (json_is_true(json_object_get(sub, "closed")))
		return json_string("closed");
	if (answer && !strcmp(answer, "manual"))
		return json_string("by hand");
	return json_string("-");
}

/* "plain", "dtls AEAD_AES_128_GCM ice moved 2"; "sdes -": no key yet */
static json_t *security_of(const json_t *leg)
{
	const char *kind = json_string_value(json_object_get(leg, "security"));
	const char *suite = json_string_value(json_object_get(leg, "suite"));
	const long long moved = number(leg, "moved");
	const bool ice = json_is_true(json_object_get(leg, "ice"));
	char buf[96], times[32] = "";

	if (!kind)
		return json_string("-");
	if (moved)
		snprintf(times, sizeof(times), " moved %lld", moved);
	snprintf(buf, sizeof(buf), "%s%s%s%s%s", kind,
		 strcmp(kind, "plain") ? " " : "",
		 strcmp(kind, "plain") ? suite ? suite : "-" : "",
		 ice ? " ice" : "", times);
	return json_string(buf);
}

/* "2 % lost, 40 ms": the worse direction and the round trip; a bad one is
 * marked */
static json_t *quality_of(const json_t *leg)
{
	const json_t *q = json_object_get(leg, "quality");
	const json_t *in = json_object_get(q, "in");
	const json_t *out = json_object_get(q, "out");
	const long long lost_in = number(in, "loss_permille");
	const long long lost_out = number(out, "loss_permille");
	const long long rtt_us = number(q, "rtt_us");
	char rtt[32] = "", buf[80];

	if (!json_is_object(in) && !json_is_object(out))
		return json_string("-");
	if (rtt_us)
		(void)snprintf(rtt, sizeof(rtt), ", %lld.%lld ms",
			       rtt_us / 1000, rtt_us / 100 % 10);
	(void)snprintf(buf, sizeof(buf), "%s%lld %% lost%s",
		       json_is_true(json_object_get(q, "bad")) ? "bad: " : "",
		       ((lost_in > lost_out ? lost_in : lost_out) + 5) / 10,
		       rtt);
	return json_string(buf);
}

/* Who is there, as the edge knows it, with the leg that the conference server
 * has for them */
static void subscriptions_print(const json_t *presence, const json_t *conf)
{
	const json_t *subs = json_object_get(presence, "subscriptions"), *s;
	const json_t *legs = json_object_get(conf, "legs");
	json_t *rows = json_array();
	size_t i;

	json_array_foreach(subs, i, s) {
		const json_t *leg = leg_of(legs, json_object_get(s,
							"subscriber"));

		json_array_append_new(rows, json_pack(
			"{so so so so so so so so so so so}",
			"subscriber", text(s, "subscriber"),
			"user", text(s, "user"),
			"service", text(s, "service"),
			"leg", text(s, "leg"),
			"calls", calls_of(s),
			"bridge", text(leg, "selected"),
			"from", text(s, "flow"),
			"media", text(leg, "media"),
			"security", security_of(leg),
			"heard", quality_of(leg),
			"words", text(s, "words")));
	}
	list_print("subscriptions on air", rows,
		   number(presence, "subscriptions_active"));
}

static bool is_urgent(const json_t *obj)
{
	const char *tier = json_string_value(json_object_get(obj, "tier"));

	return tier && strcmp(tier, "normal") != 0;
}

static json_t *tier_of(const json_t *bridge)
{
	return is_urgent(bridge) ? text(bridge, "tier") : NULL;
}

static json_t *left_of(const json_t *bridge)
{
	char buf[32];

	if (!json_is_integer(json_object_get(bridge, "left_ms")))
		return NULL;
	snprintf(buf, sizeof(buf), "%lld s",
		 (number(bridge, "left_ms") + 999) / 1000);
	return json_string(buf);
}

/* "bob (emergency), carol": in the order in which they are served */
static json_t *waiting_of(const json_t *bridge)
{
	const json_t *queue = json_object_get(bridge, "queue"), *w;
	json_t *names = NULL;
	char *buf = NULL;
	size_t i, size = 0;
	FILE *f;

	if (!json_array_size(queue))
		return NULL;
	f = open_memstream(&buf, &size);
	if (!f)
		return NULL;
	json_array_foreach(queue, i, w) {
		fprintf(f, "%s%s", i ? ", " : "", word(w, "subscriber"));
		if (is_urgent(w))
			fprintf(f, " (%s)", word(w, "tier"));
	}
	if (!fclose(f))
		names = json_string(buf);
	free(buf);
	return names;
}

/* A column that is there only if a bridge has something to say in it */
static void column_add(json_t *rows, const json_t *bridges, const char *name,
		       json_t *(*of)(const json_t *bridge))
{
	json_t *cells = json_array(), *cell;
	const json_t *b;
	bool any = false;
	size_t i;

	json_array_foreach(bridges, i, b) {
		cell = of(b);
		any |= cell != NULL;
		json_array_append_new(cells, cell ? cell : json_string("-"));
	}
	json_array_foreach(cells, i, cell) {
		if (any)
			json_object_set(json_array_get(rows, i), name, cell);
	}
	json_decref(cells);
}

static void bridges_print(const json_t *conf)
{
	const json_t *bridges = json_object_get(conf, "bridges"), *b;
	json_t *rows = json_array();
	size_t i;

	json_array_foreach(bridges, i, b) {
		json_array_append_new(rows, json_pack(
			"{so so so so so}", "bridge", text(b, "name"), "kind",
			text(b, "kind"), "members", text(b, "members"),
			"policy", text(b, "policy"),
			"floor", text(b, "holder")));
	}
	column_add(rows, bridges, "tier", tier_of);
	column_add(rows, bridges, "left", left_of);
	column_add(rows, bridges, "waiting", waiting_of);
	list_print("bridges", rows, number(conf, "calls_total") +
					    number(conf, "groups_total"));
}

/* First of all lists: nobody looks for it */
static void emergencies_print(const json_t *conf)
{
	json_t *rows = json_object_get(conf, "emergencies");

	if (json_array_size(rows))
		list_print("EMERGENCIES", json_incref(rows),
			   number(conf, "emergencies_total"));
}

static void age_print(long long s)
{
	if (s >= 86400)
		printf("%lld days ", s / 86400);
	printf("%lld:%02lld:%02lld", s / 3600 % 24, s / 60 % 60, s % 60);
}

static void sockets_print(const json_t *presence)
{
	const json_t *list = json_object_get(presence, "sockets"), *sock;
	size_t i;

	json_array_foreach(list, i, sock) {
		const char *tp = word(sock, "transport");

		printf("SIP on %s %s", tp, word(sock, "address"));
		if (strcmp(tp, "UDP"))
			printf(", %lld connections",
			       number(sock, "connections"));
		printf("\n");
	}
}

static void provisioning_print(const json_t *prov)
{
	const char *file = word(prov, "file");

	if (!strcmp(file, "missing"))
		printf("ERROR: %s is gone: move a copy to its place; changes "
		       "are refused until then\n", word(prov, "path"));
	else if (!strcmp(file, "unreadable"))
		printf("ERROR: %s cannot be read: see the log\n",
		       word(prov, "path"));
}

static void status_print(const json_t *st)
{
	const json_t *presence = json_object_get(st, "presence");
	const json_t *conf = json_object_get(st, "conference");
	const char *version = json_string_value(json_object_get(st,
								"version"));
	const char *domain = json_string_value(json_object_get(st, "domain"));

	printf("hollerd %s, process %lld, up ", version ? version : "?",
	       number(st, "pid"));
	age_print(number(st, "uptime_s"));
	printf("\ndomain %s\n", domain ? domain : "?");
	provisioning_print(json_object_get(st, "provisioning"));
	sockets_print(presence);
	printf("%lld users, %lld registered terminals, %lld subscriptions, "
	       "%lld groups\n", number(presence, "users"),
	       number(presence, "bindings"),
	       number(presence, "subscriptions_all"),
	       number(presence, "groups"));
	emergencies_print(conf);
	nodes_print(presence);
	subscriptions_print(presence, conf);
	bridges_print(conf);
}

static int args_decode(int argc, char *argv[], bool *jsonp)
{
	if (argc == 1)
		return 0;
	if (argc == 2 && !strcmp(argv[1], "--json")) {
		*jsonp = true;
		return 0;
	}
	fprintf(stderr, "holler: status takes --json and nothing else\n");
	return -1;
}

int status_main(const char *socket, int argc, char *argv[])
{
	struct admin_link *l;
	json_t *answer, *st;
	bool json = false;
	int status = CLI_OK;

	if (args_decode(argc, argv, &json))
		return CLI_USAGE;
	if (admin_link_open(&l, socket, ADMIN_STATUS_S))
		return CLI_FAILED;
	if (admin_link_ask(l, json_pack("{ss}", "noun", "status"), &answer)) {
		admin_link_close(l);
		return CLI_FAILED;
	}
	st = json_object_get(answer, "status");
	if (!st) {
		const char *words = json_string_value(
			json_object_get(answer, "error"));

		fprintf(stderr, "holler: %s\n", words ? words : "refused");
		status = CLI_FAILED;
	}
	else if (json) {
		json_dumpf(st, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	else {
		status_print(st);
	}
	json_decref(answer);
	admin_link_close(l);
	return status;
}

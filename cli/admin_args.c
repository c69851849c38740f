/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <config.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/admin_args.h"
#include "cli/password.h"

enum option_kind {
	OPT_TEXT,      /**< --display TEXT */
	OPT_NUMBER,    /**< --priority N */
	OPT_SECONDS,   /**< --max-talk 2.5: a column in milliseconds */
	OPT_YES,       /**< --md5-only: column is true */
	OPT_NO,        /**< --disable: column is false */
	OPT_PASSWORD,  /**< --password-stdin: one line of it */
	OPT_SERVICE,   /**< The first is a column, all are collected */
	OPT_BOTH,
	OPT_JSON
};

struct option {
	const char *name;
	enum option_kind kind;
	const char *column;
};

enum { WORDS_MAX = 3, OPTIONS_MAX = 20 };

struct form {
	const char *noun, *said, *verb; /**< said by people, verb of hollerd */
	const char *wordv[WORDS_MAX];   /**< Columns of the words, in order */
	bool more;                      /**< The last word may be repeated */
	bool optional;                  /**< The last word may be missing */
	struct option optionv[OPTIONS_MAX];
};

#define DISPLAY {"--display", OPT_TEXT, "display"}
#define SERVICE {"--service", OPT_TEXT, "service"}
#define ENABLE {"--enable", OPT_YES, "enabled"}
#define DISABLE {"--disable", OPT_NO, "enabled"}
#define JSON {"--json", OPT_JSON, NULL}
#define PASSWORDS {"--password", OPT_TEXT, "password"}, \
		{"--password-stdin", OPT_PASSWORD, "password"}
#define MAX_TALK {"--max-talk", OPT_SECONDS, "max_talk_ms"}
#define FLOOR_POLICY {"--floor-policy", OPT_TEXT, "floor_policy"}
#define SWITCH(column, name)                                                  \
		{"--" name, OPT_YES, column}, {"--no-" name, OPT_NO, column}
#define POLICY_SET {"--queue-max", OPT_NUMBER, "queue_max"},                  \
		SWITCH("preempt", "preempt"), SWITCH("cut_in", "cut-in"),     \
		SWITCH("broadcast", "broadcast"),                             \
		SWITCH("emergency", "emergency"),                             \
		{"--warn", OPT_SECONDS, "warn_ms"},                           \
		{"--end-of-media", OPT_SECONDS, "end_of_media_ms"},           \
		{"--revoke-grace", OPT_SECONDS, "revoke_grace_ms"},           \
		{"--revoke-repeat", OPT_SECONDS, "revoke_repeat_ms"},         \
		{"--retry-after", OPT_SECONDS, "retry_after_ms"},             \
		{"--idle-repeat", OPT_SECONDS, "idle_repeat_ms"},             \
		{"--idle-repeats", OPT_NUMBER, "idle_repeats"},               \
		{"--grant-repeat", OPT_SECONDS, "grant_repeat_ms"},           \
		{"--grant-repeats", OPT_NUMBER, "grant_repeats"},             \
		{"--inactivity", OPT_SECONDS, "inactivity_ms"}
#define SERVICE_SET {"--mode", OPT_TEXT, "mode"},                             \
		{"--idle", OPT_TEXT, "idle"}, {"--codec", OPT_TEXT, "codec"}, \
		{"--hang", OPT_SECONDS, "hang_ms"}, MAX_TALK, DISPLAY,        \
		{"--media-security", OPT_TEXT, "media_security"},             \
		FLOOR_POLICY, ENABLE, DISABLE
#define SUBSCRIPTION_SET {"--start", OPT_TEXT, "start"},                      \
		{"--inviter", OPT_TEXT, "inviter"},                           \
		{"--talk-by", OPT_TEXT, "talk_by"},                           \
		{"--tones", OPT_TEXT, "tones"},                               \
		SWITCH("anonymous", "anonymous"),                             \
		{"--priority", OPT_NUMBER, "priority"},                       \
		SERVICE, DISPLAY, ENABLE, DISABLE
#define MEMBER_SET {"--priority", OPT_NUMBER, "priority"},                    \
		{"--listen-only", OPT_NO, "talk"},                            \
		{"--talk-only", OPT_NO, "listen"},                            \
		SWITCH("emergency", "emergency")
#define MEMBER_RESET {"--talk", OPT_YES, "talk"},                             \
		{"--listen", OPT_YES, "listen"}
#define ALLOW_SET {"--see-only", OPT_NO, "call"},                             \
		{"--call-only", OPT_NO, "see"}, {"--both", OPT_BOTH, NULL}

static const struct form forms[] = {
	{"user", "add", "add", {"name"}, false, false,
	 {PASSWORDS, DISPLAY, {"--service", OPT_SERVICE, "service"},
	  {"--no-subscription", OPT_NO, "subscribe"},
	  {"--md5-only", OPT_YES, "md5_only"}, DISABLE}},
	{"user", "set", "set", {"name"}, false, false,
	 {PASSWORDS, DISPLAY, {"--md5-only", OPT_YES, "md5_only"},
	  {"--any-digest", OPT_NO, "md5_only"}, ENABLE, DISABLE}},
	{"user", "remove", "remove", {"name"}, true, false, {{.name = NULL}}},
	{"user", "list", "list", {"name"}, false, true, {JSON}},

	{"policy", "add", "add", {"name"}, false, false, {POLICY_SET}},
	{"policy", "set", "set", {"name"}, false, false, {POLICY_SET}},
	{"policy", "remove", "remove", {"name"}, true, false, {{.name = NULL}}},
	{"policy", "list", "list", {"name"}, false, true, {JSON}},

	{"service", "add", "add", {"name"}, false, false, {SERVICE_SET}},
	{"service", "set", "set", {"name"}, false, false, {SERVICE_SET}},
	{"service", "remove", "remove", {"name"}, true, false,
	 {{.name = NULL}}},
	{"service", "list", "list", {"name"}, false, true, {JSON}},

	{"subscription", "add", "add", {"subscriber"}, false, false,
	 {{"--user", OPT_TEXT, "user"}, SUBSCRIPTION_SET}},
	{"subscription", "set", "set", {"subscriber"}, false, false,
	 {SUBSCRIPTION_SET}},
	{"subscription", "remove", "remove", {"subscriber"}, true, false,
	 {{.name = NULL}}},
	{"subscription", "list", "list", {"subscriber"}, false, true, {JSON}},

	{"allow", "add", "add", {"subject", "object"}, true, false,
	 {ALLOW_SET}},
	{"allow", "set", "set", {"subject", "object"}, true, false,
	 {ALLOW_SET, {"--see", OPT_YES, "see"}, {"--call", OPT_YES, "call"}}},
	{"allow", "remove", "remove", {"subject", "object"}, true, false,
	 {{"--both", OPT_BOTH, NULL}}},
	{"allow", "list", "list", {"subject"}, false, true, {JSON}},

	{"group", "add", "add", {"name"}, false, false,
	 {SERVICE, DISPLAY, MAX_TALK, FLOOR_POLICY, DISABLE}},
	{"group", "set", "set", {"name"}, false, false,
	 {SERVICE, DISPLAY, MAX_TALK, FLOOR_POLICY, ENABLE, DISABLE}},
	{"group", "remove", "remove", {"name"}, true, false, {{.name = NULL}}},
	{"group", "list", "list", {"name"}, false, true, {JSON}},
	{"group", "join", "add", {"group", "subscriber"}, true, false,
	 {MEMBER_SET}},
	{"group", "leave", "remove", {"group", "subscriber"}, true, false,
	 {{.name = NULL}}},
	{"group", "members", "list", {"group"}, false, true, {JSON}},

	{"member", "add", "add", {"group", "subscriber"}, true, false,
	 {MEMBER_SET}},
	{"member", "set", "set", {"group", "subscriber"}, true, false,
	 {MEMBER_SET, MEMBER_RESET}},
	{"member", "remove", "remove", {"group", "subscriber"}, true,
	 false, {{.name = NULL}}},
	{"member", "list", "list", {"group"}, false, true, {JSON}},

	{"emergency", "list", "list", {NULL}, false, false, {JSON}},
	{"emergency", "end", "end", {"name"}, false, false, {{.name = NULL}}},
	{"floor", "revoke", "revoke", {"name"}, false, false, {{.name = NULL}}},
};

enum { FORMS = sizeof(forms) / sizeof(forms[0]) };

bool admin_args_noun(const char *noun)
{
	size_t i;

	for (i = 0; i < FORMS; i++) {
		if (!strcmp(forms[i].noun, noun))
			return true;
	}
	return false;
}

static const struct form *form_find(const char *noun, const char *verb)
{
	const char *sep = "";
	size_t i;

	for (i = 0; verb && i < FORMS; i++) {
		if (!strcmp(forms[i].noun, noun) &&
		    !strcmp(forms[i].said, verb))
			return &forms[i];
	}
	fprintf(stderr, "holler: %s: %s%s%sknown are ", noun,
		verb ? "\"" : "", verb ? verb : "what to do is missing: ",
		verb ? "\" is unknown: " : "");
	for (i = 0; i < FORMS; i++) {
		if (strcmp(forms[i].noun, noun))
			continue;
		fprintf(stderr, "%s%s", sep, forms[i].said);
		sep = ", ";
	}
	fputc('\n', stderr);
	return NULL;
}

/* --- values ----------------------------------------------------------- */

static json_t *number(const char *text, double factor)
{
	char *end;
	double d = strtod(text, &end);

	if (end == text || *end || !(d >= 0 && d <= 1e9))
		return NULL;
	d = d * factor + 0.5;
	return json_integer((json_int_t)d);
}

static int password(json_t **valp)
{
	char buf[256];
	int err = password_read(buf, sizeof(buf));

	if (!err)
		*valp = json_string(buf);
	explicit_bzero(buf, sizeof(buf));
	return err;
}

static bool takes_value(enum option_kind kind)
{
	return kind == OPT_TEXT || kind == OPT_NUMBER || kind == OPT_SECONDS ||
	       kind == OPT_SERVICE;
}

static int option_apply(struct admin_args *a, const struct option *o,
			const char *value)
{
	json_t *val = NULL;
	int err = 0;

	switch (o->kind) {
	case OPT_TEXT:
		val = json_string(value);
		break;
	case OPT_NUMBER:
		val = number(value, 1);
		break;
	case OPT_SECONDS:
		val = number(value, 1000);
		break;
	case OPT_YES:
		val = json_true();
		break;
	case OPT_NO:
		val = json_false();
		break;
	case OPT_PASSWORD:
		err = password(&val);
		break;
	case OPT_SERVICE:
		if (a->servicec == ADMIN_SERVICES_MAX)
			return EINVAL;
		a->servicev[a->servicec++] = value;
		if (a->servicec > 1)
			return 0;
		val = json_string(value);
		break;
	case OPT_BOTH:
		a->both = true;
		return 0;
	case OPT_JSON:
		a->json = true;
		return 0;
	}
	if (err)
		return err;
	if (!val)
		return EINVAL;
	return json_object_set_new(a->columns, o->column, val) ? ENOMEM : 0;
}

static int usage(const struct form *f, const char *what, const char *word)
{
	fprintf(stderr, "holler: %s %s: %s%s; see holler --help\n", f->noun,
		f->said, what, word);
	return EINVAL;
}

/** @param ip Index of the option, moved over its value */
static int option_take(struct admin_args *a, const struct form *f, int argc,
		       char *argv[], int *ip)
{
	const char *name = argv[*ip], *value = NULL;
	const struct option *o = f->optionv;
	unsigned i;
	int err;

	for (i = 0; i < OPTIONS_MAX && o[i].name; i++) {
		if (!strcmp(o[i].name, name))
			break;
	}
	if (i == OPTIONS_MAX || !o[i].name)
		return usage(f, "there is no option ", name);
	if (takes_value(o[i].kind)) {
		if (*ip + 1 >= argc)
			return usage(f, "a value is missing after ", name);
		value = argv[++*ip];
	}
	err = option_apply(a, &o[i], value);
	if (err == ENODATA)
		fprintf(stderr, "holler: no password on standard input\n");
	else if (err)
		err = usage(f, "not a value for ", name);
	return err;
}

static unsigned words_count(const struct form *f)
{
	unsigned n = 0;

	while (n < WORDS_MAX && f->wordv[n])
		n++;
	return n;
}

static int word_take(struct admin_args *a, const struct form *f, unsigned n,
		     const char *word)
{
	const unsigned wordc = words_count(f);

	if (n < wordc)
		return json_object_set_new(a->columns, f->wordv[n],
					   json_string(word)) ?
			usage(f, "not UTF-8: ", word) : 0;
	if (!f->more)
		return usage(f, "one word too many: ", word);
	if (a->morec == ADMIN_MORE_MAX)
		return usage(f, "too many words", "");
	a->more = f->wordv[wordc - 1];
	a->morev[a->morec++] = word;
	return 0;
}

int admin_args_decode(struct admin_args *a, int argc, char *argv[])
{
	const struct form *f = form_find(argv[0], argc > 1 ? argv[1] : NULL);
	bool words_only = false;
	unsigned n = 0;
	int i, err = 0;

	memset(a, 0, sizeof(*a));
	if (!f)
		return EINVAL;
	a->noun = f->wordv[0] && !strcmp(f->wordv[0], "group") ? "member"
							       : f->noun;
	a->verb = f->verb;
	a->columns = json_object();
	for (i = 2; i < argc && !err; i++) {
		if (!words_only && !strcmp(argv[i], "--"))
			words_only = true;
		else if (!words_only && !strncmp(argv[i], "--", 2))
			err = option_take(a, f, argc, argv, &i);
		else
			err = word_take(a, f, n++, argv[i]);
	}
	if (!err && n < words_count(f) - (f->optional ? 1 : 0))
		err = usage(f, "missing: the ", f->wordv[n]);
	if (err)
		json_decref(a->columns);
	return err;
}

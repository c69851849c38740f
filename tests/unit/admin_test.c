/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Admin commands: each noun and verb, what they answer, and in which words
 * they refuse. The watcher hears of the change before the answer comes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include "dbtest.h"

#define ALL ((1u << DBTEST_TABLES) - 1)

/* re.h cannot be included beside jansson.h */
void *mem_deref(void *data);

struct answer {
	bool done;
	int err;
	char words[256];
	json_t *rows;
};

static void done_h(int err, const char *words, const char *rows, void *arg)
{
	struct answer *a = arg;

	a->done = true;
	a->err = err;
	snprintf(a->words, sizeof(a->words), "%s", words);
	a->rows = rows ? json_loads(rows, 0, NULL) : NULL;
}

static bool until_done(void *arg)
{
	const struct answer *a = arg;

	return a->done;
}

static void ask(struct prov *p, struct answer *a, const char *noun,
		const char *verb, const char *args)
{
	memset(a, 0, sizeof(*a));
	assert_int_equal(prov_admin(p, noun, verb, args, done_h, a), 0);
	pump(p, until_done, a);
}

static void ask_ok(struct prov *p, const char *noun, const char *verb,
		   const char *args)
{
	struct answer a;

	ask(p, &a, noun, verb, args);
	if (a.err)
		fail_msg("%s %s %s: %s", noun, verb, args, a.words);
	assert_null(a.rows);
}

static void ask_rows(struct prov *p, const char *noun, const char *args,
		     const char *json)
{
	json_t *want = json_loads(json, 0, NULL);
	struct answer a;

	ask(p, &a, noun, "list", args);
	assert_int_equal(a.err, 0);
	assert_non_null(want);
	if (!json_equal(a.rows, want))
		fail_msg("%s: %s", noun, json_dumps(a.rows, JSON_COMPACT));
	json_decref(a.rows);
	json_decref(want);
}

static void test_nouns(void **state)
{
	struct dbtest *t = *state;
	const struct prov_change *c;
	struct prov *p = NULL;
	struct heard h;

	assert_int_equal(prov_open(&p, t->path, NULL, NULL), 0);
	heard_start(&h, p, ALL);
	ask_ok(p, "user", "add", "{\"name\":\"alice\",\"password\":\"s3cret\","
				 "\"display\":\"Al\"}");
	/* heard before the answer; hashed, never staged */
	assert_non_null(heard_row(&h, PROV_USER, "alice", ""));
	assert_non_null(heard_row(&h, PROV_SUBSCRIPTION, "alice", ""));
	c = heard_row(&h, PROV_SECRET, "alice", "");
	assert_non_null(c);
	assert_int_equal(c->u.secret.ha1_md5[0], 0xb3);
	assert_int_equal(c->u.secret.ha1_sha256[31], 0x06);
	assert_false(file_has(t->path, "s3cret"));
	ask_ok(p, "user", "add", "{\"name\":\"bob\",\"subscribe\":false,"
				 "\"md5_only\":true}");
	ask_rows(p, "user", "{}",
		 "[{\"name\":\"alice\",\"display\":\"Al\",\"enabled\":true,"
		 "\"md5_only\":false,\"has_password\":true},"
		 "{\"name\":\"bob\",\"display\":\"\",\"enabled\":true,"
		 "\"md5_only\":true,\"has_password\":false}]");
	ask_rows(p, "user", "{\"md5_only\":true,\"enabled\":false}", "[]");

	ask_ok(p, "user", "set", "{\"name\":\"bob\",\"enabled\":false}");
	assert_false(heard_row(&h, PROV_USER, "bob", "")->u.user.enabled);
	ask_ok(p, "user", "set", "{\"name\":\"bob\",\"password\":\"x\"}");
	assert_non_null(heard_row(&h, PROV_SECRET, "bob", ""));

	ask_ok(p, "service", "add", "{\"name\":\"conf\",\"mode\":"
	       "\"full-duplex\",\"codec\":\"opus\",\"hang_ms\":0}");
	ask_ok(p, "service", "set", "{\"name\":\"conf\",\"max_talk_ms\":5,"
	       "\"media_security\":\"srtp\"}");
	ask_rows(p, "service", "{\"name\":\"conf\"}",
		 "[{\"name\":\"conf\",\"display\":\"\",\"mode\":"
		 "\"full-duplex\",\"idle\":\"sendrecv\",\"codec\":\"opus\","
		 "\"hang_ms\":0,\"max_talk_ms\":5,"
		 "\"media_security\":\"srtp\",\"floor_policy\":\"default\","
		 "\"enabled\":true}]");

	ask_ok(p, "user", "add", "{\"name\":\"carol\",\"service\":\"conf\"}");
	ask_ok(p, "subscription", "add", "{\"subscriber\":\"bob\",\"user\":"
	       "\"bob\",\"start\":\"register\"}");
	ask_rows(p, "subscription", "{\"service\":\"ptt\",\"user\":\"bob\"}",
		 "[{\"subscriber\":\"bob\",\"user\":\"bob\",\"service\":"
		 "\"ptt\",\"display\":\"\",\"start\":\"register\",\"inviter\":"
		 "\"server\",\"talk_by\":\"keys\",\"tones\":\"auto\","
		 "\"anonymous\":false,\"priority\":0,\"enabled\":true}]");
	ask_ok(p, "subscription", "set", "{\"subscriber\":\"bob\","
	       "\"talk_by\":\"voice\",\"tones\":\"never\",\"anonymous\":"
	       "true,\"priority\":9}");
	c = heard_row(&h, PROV_SUBSCRIPTION, "bob", "");
	assert_int_equal(c->u.subscription.talk_by, PROV_TALK_VOICE);
	assert_int_equal(c->u.subscription.tones, PROV_TONES_NEVER);
	assert_true(c->u.subscription.anonymous);
	assert_int_equal(c->u.subscription.priority, 9);

	ask_ok(p, "allow", "add", "{\"subject\":\"alice\",\"object\":\"*\","
				  "\"call\":false}");
	ask_ok(p, "allow", "set", "{\"subject\":\"alice\",\"object\":\"*\","
				  "\"call\":true}");
	ask_rows(p, "allow", NULL, "[{\"subject\":\"alice\",\"object\":\"*\","
				   "\"see\":true,\"call\":true}]");

	ask_ok(p, "group", "add", "{\"name\":\"g1\",\"max_talk_ms\":9}");
	ask_ok(p, "group", "set", "{\"name\":\"g1\",\"display\":\"One\"}");
	ask_rows(p, "group", "{}",
		 "[{\"name\":\"g1\",\"service\":\"ptt\",\"display\":\"One\","
		 "\"max_talk_ms\":9,\"floor_policy\":\"\","
		 "\"enabled\":true}]");
	ask_ok(p, "member", "add", "{\"group\":\"g1\",\"subscriber\":"
	       "\"alice\",\"priority\":7,\"talk\":false}");
	ask_rows(p, "member", "{\"group\":\"g1\"}",
		 "[{\"group\":\"g1\",\"subscriber\":\"alice\",\"priority\":7,"
		 "\"talk\":false,\"listen\":true,\"emergency\":true}]");
	assert_int_equal(heard_row(&h, PROV_MEMBER, "g1", "alice")
				 ->u.member.priority, 7);

	ask_ok(p, "member", "remove",
	       "{\"group\":\"g1\",\"subscriber\":\"alice\"}");
	ask_ok(p, "allow", "remove",
	       "{\"subject\":\"alice\",\"object\":\"*\"}");
	ask_ok(p, "group", "remove", "{\"name\":\"g1\"}");
	ask_ok(p, "subscription", "remove", "{\"subscriber\":\"carol\"}");
	ask_ok(p, "service", "remove", "{\"name\":\"conf\"}");
	ask_ok(p, "user", "remove", "{\"name\":\"alice\"}");
	assert_null(heard_row(&h, PROV_USER, "alice", ""));
	assert_null(heard_row(&h, PROV_SECRET, "alice", ""));
	assert_null(heard_row(&h, PROV_GROUP, "g1", ""));
	heard_end(&h);
	mem_deref(p);
}

#define POLICY_REST                                                          \
	"\"preempt\":true,\"cut_in\":false,\"broadcast\":false,"            \
	"\"emergency\":true,\"warn_ms\":0,\"end_of_media_ms\":4000,"        \
	"\"revoke_grace_ms\":3000,\"revoke_repeat_ms\":1000,"               \
	"\"retry_after_ms\":5000,\"idle_repeat_ms\":1000,"                  \
	"\"idle_repeats\":3,\"grant_repeat_ms\":1000,"                      \
	"\"grant_repeats\":3,\"inactivity_ms\":0"

static void test_policy(void **state)
{
	struct dbtest *t = *state;
	struct prov *p = NULL;
	struct answer a;
	struct heard h;

	assert_int_equal(prov_open(&p, t->path, NULL, NULL), 0);
	heard_start(&h, p, ALL);
	ask_ok(p, "policy", "add", "{\"name\":\"one\",\"queue_max\":3,"
				   "\"warn_ms\":0}");
	ask_rows(p, "policy", "{\"name\":\"one\"}",
		 "[{\"name\":\"one\",\"queue_max\":3," POLICY_REST "}]");
	/* the longest statements that there are */
	ask_ok(p, "policy", "set", "{\"name\":\"one\",\"queue_max\":4,"
	       POLICY_REST "}");
	ask_rows(p, "policy", "{\"name\":\"one\",\"queue_max\":4,"
	       POLICY_REST "}", "[{\"name\":\"one\",\"queue_max\":4,"
	       POLICY_REST "}]");
	ask_ok(p, "policy", "add", "{\"name\":\"two\",\"queue_max\":4,"
	       POLICY_REST "}");
	assert_int_equal(heard_row(&h, PROV_POLICY, "one", "")
				 ->u.policy.queue_max, 4);

	ask_ok(p, "group", "add", "{\"name\":\"g\","
				  "\"floor_policy\":\"one\"}");
	ask_ok(p, "service", "set", "{\"name\":\"ptt\","
				    "\"floor_policy\":\"two\"}");
	ask(p, &a, "policy", "remove", "{\"name\":\"one\"}");
	assert_int_equal(a.err, EINVAL);
	assert_string_equal(a.words, "policy one: the floor policy is in use"
			    " by talkgroups: give them another one first");
	ask_ok(p, "group", "set", "{\"name\":\"g\",\"floor_policy\":\"\"}");
	ask_ok(p, "policy", "remove", "{\"name\":\"one\"}");
	assert_null(heard_row(&h, PROV_POLICY, "one", ""));
	heard_end(&h);
	mem_deref(p);
}

static void test_refusals(void **state)
{
#define P128 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd" \
	"ef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	static const struct {
		const char *noun, *verb, *args;
		int err;
		const char *words;
	} v[] = {
		{"thing", "add", "{}", EINVAL, "command: the nouns are"},
		{"user", "rename", "{}", EINVAL, "user: the verbs are"},
		{"user", "add", "[]", EINVAL, "not a JSON object"},
		{"user", "add", "{", EINVAL, "not a JSON object"},
		{"user", "add", "", EINVAL, "not a JSON object"},
		{"user", "add", "{\"name\":\"a\",\"name\":\"b\"}", EINVAL,
		 "not a JSON object"},
		{"user", "add", "{}", EINVAL, "user: name is missing"},
		{"user", "add", "{\"name\":5}", EINVAL, "name is a string"},
		{"user", "add", "{\"name\":\"x\",\"colour\":1}", EINVAL,
		 "user x: there is no argument colour"},
		{"user", "add", "{\"name\":\"x\",\"enabled\":1}", EINVAL,
		 "enabled is true or false"},
		{"service", "add", "{\"name\":\"x\",\"hang_ms\":\"1\"}",
		 EINVAL, "hang_ms is a whole number"},
		{"service", "add", "{\"name\":\"x\",\"hang_ms\":-1}", EINVAL,
		 "service x: a time"},
		{"user", "add", "{\"name\":\"Bob\"}", EINVAL,
		 "user Bob: a name is written in lower case"},
		{"user", "add", "{\"name\":\"alice\"}", EEXIST,
		 "user alice: exists already"},
		{"user", "add", "{\"name\":\"ptt\"}", EINVAL,
		 "user ptt: the name belongs to a service already"},
		{"user", "add", "{\"name\":\"x\",\"password\":\"\"}", EINVAL,
		 "a password is 1 to 128 bytes long"},
		{"user", "add", "{\"name\":\"x\",\"password\":\"" P128 "a\"}",
		 EINVAL, "a password is 1 to 128 bytes long"},
		{"user", "add", "{\"name\":\"x\",\"password\":\"a\\n\"}",
		 EINVAL, "a password has no control characters"},
		{"user", "add", "{\"name\":\"x\",\"password\":7}", EINVAL,
		 "password is a string"},
		{"user", "add", "{\"name\":\"x\",\"service\":\"none\"}",
		 EINVAL, "user x: there is no such service"},
		{"user", "add", "{\"name\":\"x\",\"service\":1}", EINVAL,
		 "service is a string"},
		{"user", "add", "{\"name\":\"x\",\"subscribe\":0}", EINVAL,
		 "subscribe is true or false"},
		{"user", "set", "{\"name\":\"x\",\"service\":\"ptt\"}",
		 EINVAL, "there is no argument service"},
		{"user", "list", "{\"password\":\"x\"}", EINVAL,
		 "there is no argument password"},
		{"user", "list", "{\"name\":\"nobody\"}", ENOENT,
		 "user nobody: does not exist"},
		{"allow", "list", "{\"subject\":\"nobody\"}", ENOENT,
		 "subscription nobody: does not exist"},
		{"member", "list", "{\"group\":\"none\"}", ENOENT,
		 "group none: does not exist"},
		/* nothing of what is there is no mistake */
		{"user", "list", "{\"name\":\"alice\",\"enabled\":false}", 0,
		 ""},
		{"allow", "list", "{\"subject\":\"alice\"}", 0, ""},
		{"allow", "list", "{\"subject\":\"*\"}", 0, ""},
		{"user", "set", "{\"name\":\"nobody\",\"enabled\":true}",
		 ENOENT, "user nobody: does not exist"},
		{"user", "remove", "{\"name\":\"nobody\"}", ENOENT,
		 "user nobody: does not exist"},
		{"service", "remove", "{\"name\":\"ptt\"}", EINVAL,
		 "service ptt: the service has subscriptions"},
		{"policy", "remove", "{\"name\":\"default\"}", EINVAL,
		 "policy default: the floor policy default cannot be"},
		{"policy", "set", "{\"name\":\"default\",\"warn_ms\":-1}",
		 EINVAL, "policy default: warn_ms is 0"},
		{"group", "add", "{\"name\":\"g\",\"floor_policy\":\"x\"}",
		 EINVAL, "group g: there is no such floor policy"},
		{"subscription", "set",
		 "{\"subscriber\":\"alice\",\"user\":\"bob\"}", EINVAL,
		 "a subscription stays with its user"},
		{"allow", "add", "{\"subject\":\"alice\"}", EINVAL,
		 "allow alice: object is missing"},
		{"allow", "add", "{\"subject\":\"alice\",\"object\":\"x\"}",
		 EINVAL, "allow alice x: there is no such subscriber"},
		{"member", "add", "{\"group\":\"g\",\"subscriber\":\"alice\"}",
		 EINVAL, "member g alice: there is no such talkgroup"},
	};
	struct dbtest *t = *state;
	struct prov *p = NULL;
	struct answer a;
	struct heard h;
	size_t i;

	assert_int_equal(prov_open(&p, t->path, NULL, NULL), 0);
	ask_ok(p, "user", "add", "{\"name\":\"alice\"}");
	heard_start(&h, p, ALL);
	pump(p, until_synced, &h);
	for (i = 0; i < sizeof(v) / sizeof(v[0]); ++i) {
		ask(p, &a, v[i].noun, v[i].verb, v[i].args);
		if (!strstr(a.words, v[i].words))
			fail_msg("%s %s %s: %s", v[i].noun, v[i].verb,
				 v[i].args, a.words);
		assert_int_equal(a.err, v[i].err);
		json_decref(a.rows);
	}
	/* all of a command or nothing of it */
	assert_int_equal(script_int(t->script, "SELECT count(*) FROM user"),
			 1);
	assert_int_equal(h.puts[PROV_USER], 1);
	heard_end(&h);
	mem_deref(p);
}

/* A name as long as the arguments allow does not break the words */
static void test_long_values(void **state)
{
	struct dbtest *t = *state;
	static char args[16000];
	struct prov *p = NULL;
	struct answer a;
	size_t n;

	assert_int_equal(prov_open(&p, t->path, NULL, NULL), 0);
	n = (size_t)snprintf(args, sizeof(args), "{\"name\":\"");
	memset(args + n, 'x', 15000);
	snprintf(args + n + 15000, sizeof(args) - n - 15000, "\"}");
	ask(p, &a, "user", "add", args);
	assert_int_equal(a.err, EINVAL);
	assert_non_null(strstr(a.words, "at most 63 characters"));

	n = (size_t)snprintf(args, sizeof(args), "{\"");
	memset(args + n, 'y', 15000);
	snprintf(args + n + 15000, sizeof(args) - n - 15000, "\":1}");
	ask(p, &a, "user", "add", args);
	assert_int_equal(a.err, EINVAL);
	assert_non_null(strstr(a.words, "there is no argument yyy"));
	mem_deref(p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(name) \
	cmocka_unit_test_setup_teardown(name, dbtest_setup, dbtest_teardown)
		T(test_nouns),
		T(test_policy),
		T(test_refusals),
		T(test_long_values),
	};

	return cmocka_run_group_tests_name("admin", tests, NULL, NULL);
}

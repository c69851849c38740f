/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The contract with scripts (row X6): what the tables of provisioning.db
 * take, what they refuse and in which words, what goes with what.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "dbtest.h"

static const char fixture[] =
	"INSERT INTO user(name) VALUES('alice'), ('bob'), ('carol');"
	"INSERT INTO service(name, mode) VALUES('conf', 'full-duplex');"
	"INSERT INTO subscription(subscriber, user, service) VALUES"
	" ('alice', 'alice', 'ptt'), ('alice-conf', 'alice', 'conf'),"
	" ('bob', 'bob', 'ptt'), ('lone', 'carol', 'ptt');"
	"INSERT INTO talkgroup(name) VALUES('g1');"
	"INSERT INTO member(talkgroup, subscriber) VALUES('g1', 'alice');"
	"INSERT INTO authorisation(subject, object) VALUES('alice', 'bob');"
	"INSERT INTO credential(user, ha1_md5) VALUES"
	" ('alice', '0123456789abcdef0123456789abcdef');";

struct refusal {
	const char *sql;
	const char *words; /**< Within the message; NULL: it is taken */
};

#define S10 "aaaaaaaaaa"
#define S60 S10 S10 S10 S10 S10 S10
#define S90 S60 S10 S10 S10
#define H32 "0123456789abcdef0123456789abcdef"

#define NAME(n) "INSERT INTO user(name) VALUES('" n "')"
#define DISPLAY(d) "INSERT INTO user(name, display) VALUES('x', " d ")"
#define PASSWORD(p) "INSERT INTO user_password VALUES('alice', " p ")"
#define SERVICE(c, v) "INSERT INTO service(name, " c ") VALUES('s', " v ")"
#define SUB(s, u) "INSERT INTO subscription(subscriber, user) VALUES('" s \
	"', '" u "')"
#define SUBCOL(c, v) "INSERT INTO subscription(subscriber, user, " c \
	") VALUES('x', 'bob', " v ")"
#define AUTH(s, o) "INSERT INTO authorisation(subject, object) VALUES('" s \
	"', '" o "')"
#define MEMBER(g, s) "INSERT INTO member(talkgroup, subscriber) VALUES('" g \
	"', '" s "')"
#define OWN_POLICY "INSERT INTO floor_policy(name) VALUES('own');"
#define POLICY(c, v) "INSERT INTO floor_policy(name, " c \
	") VALUES('x', " v ")"
#define CONSTANT "the realm is a constant of this database"

static const struct refusal refusals[] = {
	/* domain */
	{"INSERT INTO domain(realm) VALUES('x')", CONSTANT},
	{"UPDATE domain SET realm = 'x'", CONSTANT},
	{"DELETE FROM domain", CONSTANT},

	/* names, the same rule for all */
	{NAME(""), "a name is missing"},
	{"INSERT INTO user(name) VALUES(NULL)", "a name is missing"},
	{NAME("a"), NULL},
	{NAME("9"), NULL},
	{NAME("a-b_c.d0"), NULL},
	{NAME(S60 "abc"), NULL},
	{NAME(S60 "abcd"), "a name is at most 63 characters long"},
	{NAME("Dave"), "a name is written in lower case"},
	{NAME(".dave"), "a name begins with a letter or a digit"},
	{NAME("-"), "a name begins with a letter or a digit"},
	{NAME("da ve"), "a name is made of the characters a-z 0-9 . _ -"},
	{NAME("dave@x"), "a name is made of the characters"},
	{NAME("dave]"), "a name is made of the characters"},
	{NAME("dav\xc3\xa9"), "a name is made of the characters"},
	{"INSERT INTO user(name) VALUES('x' || char(0) || 'y')",
	 "a name is made of the characters"},
	{"INSERT INTO user(name) VALUES('x' || char(10))",
	 "a name is made of the characters"},
	{"INSERT INTO service(name) VALUES('S')", "in lower case"},
	{"INSERT INTO talkgroup(name) VALUES('G')", "in lower case"},
	{SUB("B", "bob"), "in lower case"},
	{"INSERT OR IGNORE INTO user(name) VALUES('Dave')", "in lower case"},
	{"INSERT OR REPLACE INTO user(name) VALUES('Dave')", "in lower case"},

	/* a name means one thing */
	{NAME("ptt"), "the name belongs to a service already"},
	{NAME("g1"), "the name belongs to a talkgroup already"},
	{NAME("lone"), "the name belongs to a subscriber already"},
	{NAME("alice"), "UNIQUE constraint failed: user.name"},
	{"INSERT OR IGNORE INTO user(name) VALUES('alice')", NULL},
	{"INSERT INTO service(name) VALUES('alice')",
	 "the name belongs to a user already"},
	{"INSERT INTO service(name) VALUES('alice-conf')",
	 "the name belongs to a subscriber already"},
	{"INSERT INTO service(name) VALUES('g1')",
	 "the name belongs to a talkgroup already"},
	{"INSERT INTO talkgroup(name) VALUES('alice')",
	 "the name belongs to a user already"},
	{"INSERT INTO talkgroup(name) VALUES('lone')",
	 "the name belongs to a subscriber already"},
	{"INSERT INTO talkgroup(name) VALUES('ptt')",
	 "the name belongs to a service already"},
	{SUB("carol", "bob"), "the name belongs to a user already"},
	{SUB("carol", "carol"), NULL},
	{SUB("ptt", "bob"), "the name belongs to a service already"},
	{SUB("g1", "bob"), "the name belongs to a talkgroup already"},
	{SUB("lone", "bob"), "the subscriber belongs to another user"},
	{"INSERT OR REPLACE INTO subscription(subscriber, user)"
	 " VALUES('lone', 'bob')", "the subscriber belongs to another user"},

	/* user */
	{DISPLAY("'" S90 "abcde'"), NULL},
	{DISPLAY("'" S90 "abcdef'"),
	 "a display name is at most 95 bytes of UTF-8 long"},
	{DISPLAY("'Zo\xc3\xab [1] ^-]'"), NULL},
	{DISPLAY("char(7)"), "a display name has no control characters"},
	{DISPLAY("char(31)"), "a display name has no control characters"},
	{DISPLAY("char(127)"), "a display name has no control characters"},
	{DISPLAY("'a' || char(0)"),
	 "a display name has no control characters"},
	{DISPLAY("NULL"), "NOT NULL constraint failed: user.display"},
	{"UPDATE user SET display = char(10)", "no control characters"},
	{"UPDATE user SET enabled = 2", "is 0 or 1"},
	{"UPDATE user SET md5_only = -1", "is 0 or 1"},
	{"UPDATE user SET enabled = 'yes'",
	 "cannot store TEXT value in INTEGER column user.enabled"},
	{"UPDATE user SET enabled = '0'", NULL},
	{"UPDATE user SET name = 'x' WHERE name = 'carol'",
	 "a user cannot be renamed"},

	/* credential */
	{"INSERT INTO credential(user, ha1_md5) VALUES('nobody', '" H32 "')",
	 "there is no such user"},
	{"INSERT INTO credential(user) VALUES('bob')",
	 "a credential has ha1_md5 or ha1_sha256 or both"},
	{"INSERT INTO credential(user, ha1_md5) VALUES('bob', 'ab')",
	 "ha1_md5 is 32 hexadecimal digits in lower case"},
	{"INSERT INTO credential(user, ha1_md5) VALUES('bob', upper('" H32
	 "'))", "ha1_md5 is 32 hexadecimal digits in lower case"},
	{"INSERT INTO credential(user, ha1_sha256) VALUES('bob', '" H32 "')",
	 "ha1_sha256 is 64 hexadecimal digits in lower case"},
	{"INSERT INTO credential(user, ha1_sha256) VALUES('bob', '" H32 H32
	 "')", NULL},
	{"UPDATE credential SET ha1_md5 = 'x'", "ha1_md5 is 32"},
	{"UPDATE credential SET ha1_md5 = NULL", "a credential has"},
	{"UPDATE credential SET user = 'bob'",
	 "a credential stays with its user"},

	/* user_password */
	{"INSERT INTO user_password VALUES('nobody', 'x')",
	 "there is no such user"},
	{PASSWORD("''"), "a password is 1 to 128 bytes long"},
	{PASSWORD("NULL"), "a password is text: put it in single quotes"},
	{PASSWORD("1234"), "a password is text: put it in single quotes"},
	{PASSWORD("'" S60 S60 "abcdefgh'"), NULL},
	{PASSWORD("'" S60 S60 "abcdefghi'"),
	 "a password is 1 to 128 bytes long"},
	{PASSWORD("'a' || char(9)"), "a password has no control characters"},
	{PASSWORD("'a' || char(0)"), "a password has no control characters"},
	{"UPDATE user_password SET user = 'bob' WHERE user = 'alice'",
	 "a password stays with its user"},
	{"UPDATE user_password SET password = ''",
	 "a password is 1 to 128 bytes long"},

	/* service */
	{SERVICE("codec", "'PCMA'"), NULL},
	{SERVICE("codec", "'G722'"), NULL},
	{SERVICE("codec", "'opus'"), NULL},
	{SERVICE("codec", "'pcmu'"), "codec is PCMU, PCMA, G722 or opus"},
	{SERVICE("mode", "'half'"), "mode is half-duplex or full-duplex"},
	{SERVICE("idle", "'sendonly'"), "idle is sendrecv or inactive"},
	{SERVICE("hang_ms", "-1"), "0 to 86400000 milliseconds"},
	{SERVICE("hang_ms", "86400000"), NULL},
	{SERVICE("hang_ms", "86400001"), "0 to 86400000 milliseconds"},
	{SERVICE("max_talk_ms", "-1"), "0 to 86400000 milliseconds"},
	{SERVICE("max_talk_ms", "86400001"), "0 to 86400000 milliseconds"},
	{SERVICE("max_talk_ms", "0"), NULL},
	{SERVICE("hang_ms", "'soon'"), "cannot store TEXT value in INTEGER"},
	{SERVICE("display", "'" S90 "abcdef'"), "at most 95 bytes"},
	{SERVICE("enabled", "3"), "is 0 or 1"},
	{SERVICE("media_security", "'plain'"), NULL},
	{SERVICE("media_security", "'any'"), NULL},
	{SERVICE("media_security", "'opportunistic'"), NULL},
	{SERVICE("media_security", "'srtp'"), NULL},
	{SERVICE("media_security", "'dtls'"), NULL},
	{SERVICE("media_security", "'SRTP'"), "media_security is plain, any"},
	{SERVICE("media_security", "''"), "media_security is plain, any"},
	{"UPDATE service SET media_security = 'sdes'",
	 "media_security is plain, any"},
	{"UPDATE service SET codec = 'mp3'", "codec is"},
	{"UPDATE service SET hang_ms = -5", "0 to 86400000"},
	{"UPDATE service SET name = 'x' WHERE name = 'ptt'",
	 "a service cannot be renamed"},
	{"DELETE FROM service WHERE name = 'ptt'",
	 "the service has subscriptions"},
	{"DELETE FROM subscription; DELETE FROM service",
	 "the service has talkgroups"},

	{SERVICE("floor_policy", "'default'"), NULL},
	{SERVICE("floor_policy", "'none'"), "there is no such floor policy"},
	{SERVICE("floor_policy", "''"), "there is no such floor policy"},
	{SERVICE("floor_policy", "NULL"), "there is no such floor policy"},
	{"UPDATE service SET floor_policy = 'none'",
	 "there is no such floor policy"},

	/* floor_policy */
	{"INSERT INTO floor_policy(name) VALUES('P')", "in lower case"},
	{"INSERT INTO floor_policy(name) VALUES('')", "a name is missing"},
	{"INSERT INTO floor_policy(name) VALUES('alice')", NULL},
	{"INSERT INTO floor_policy(name) VALUES('default')",
	 "UNIQUE constraint failed: floor_policy.name"},
	{"UPDATE floor_policy SET name = 'x'",
	 "a floor policy cannot be renamed"},
	{"DELETE FROM floor_policy",
	 "the floor policy default cannot be deleted"},
	{OWN_POLICY "UPDATE service SET floor_policy = 'own';"
	 "DELETE FROM floor_policy WHERE name = 'own'",
	 "the floor policy is in use by services"},
	{OWN_POLICY "UPDATE talkgroup SET floor_policy = 'own';"
	 "DELETE FROM floor_policy WHERE name = 'own'",
	 "the floor policy is in use by talkgroups"},
	{OWN_POLICY "DELETE FROM floor_policy WHERE name = 'own'", NULL},
	{POLICY("queue_max", "0"), NULL},
	{POLICY("queue_max", "250"), NULL},
	{POLICY("queue_max", "-1"), "queue_max is 0 (nobody waits) to 250"},
	{POLICY("queue_max", "251"), "queue_max is 0 (nobody waits) to 250"},
	{POLICY("queue_max", "1.5"), "cannot store REAL value in INTEGER"},
	{POLICY("queue_max", "NULL"), "NOT NULL constraint failed"},
	{POLICY("preempt", "2"), "a switch (preempt, cut_in"},
	{POLICY("cut_in", "-1"), "a switch (preempt, cut_in"},
	{POLICY("broadcast", "2"), "a switch (preempt, cut_in"},
	{POLICY("emergency", "2"), "a switch (preempt, cut_in"},
	{POLICY("warn_ms", "0"), NULL},
	{POLICY("warn_ms", "60000"), NULL},
	{POLICY("warn_ms", "-1"), "warn_ms is 0 (no warning) to 60000"},
	{POLICY("warn_ms", "60001"), "warn_ms is 0 (no warning) to 60000"},
	{POLICY("end_of_media_ms", "500"), NULL},
	{POLICY("end_of_media_ms", "6000"), NULL},
	{POLICY("end_of_media_ms", "499"), "(T1) is 500 to 6000"},
	{POLICY("end_of_media_ms", "6001"), "(T1) is 500 to 6000"},
	{POLICY("revoke_grace_ms", "0"), NULL},
	{POLICY("revoke_grace_ms", "60000"), NULL},
	{POLICY("revoke_grace_ms", "-1"), "(T3) is 0 to 60000"},
	{POLICY("revoke_grace_ms", "60001"), "(T3) is 0 to 60000"},
	{POLICY("revoke_repeat_ms", "100"), NULL},
	{POLICY("revoke_repeat_ms", "60000"), NULL},
	{POLICY("revoke_repeat_ms", "99"), "(T8) is 100 to 60000"},
	{POLICY("revoke_repeat_ms", "60001"), "(T8) is 100 to 60000"},
	{POLICY("retry_after_ms", "0"), NULL},
	{POLICY("retry_after_ms", "3600000"), NULL},
	{POLICY("retry_after_ms", "-1"), "(T9) is 0 to 3600000"},
	{POLICY("retry_after_ms", "3600001"), "(T9) is 0 to 3600000"},
	{POLICY("idle_repeat_ms", "0"), NULL},
	{POLICY("idle_repeat_ms", "100"), NULL},
	{POLICY("idle_repeat_ms", "60000"), NULL},
	{POLICY("idle_repeat_ms", "99"), "(T7) is 0 (never), or 100 to 60000"},
	{POLICY("idle_repeat_ms", "-1"), "(T7) is 0 (never), or 100 to 60000"},
	{POLICY("idle_repeat_ms", "60001"), "(T7) is 0 (never), or 100 to"},
	{POLICY("idle_repeats", "0"), NULL},
	{POLICY("idle_repeats", "250"), NULL},
	{POLICY("idle_repeats", "-1"), "idle_repeats (C7) is 0 to 250"},
	{POLICY("idle_repeats", "251"), "idle_repeats (C7) is 0 to 250"},
	{POLICY("grant_repeat_ms", "100"), NULL},
	{POLICY("grant_repeat_ms", "60000"), NULL},
	{POLICY("grant_repeat_ms", "99"), "(T20) is 100 to 60000"},
	{POLICY("grant_repeat_ms", "60001"), "(T20) is 100 to 60000"},
	{POLICY("grant_repeats", "0"), NULL},
	{POLICY("grant_repeats", "250"), NULL},
	{POLICY("grant_repeats", "-1"), "grant_repeats (C20) is 0 to 250"},
	{POLICY("grant_repeats", "251"), "grant_repeats (C20) is 0 to 250"},
	{POLICY("inactivity_ms", "0"), NULL},
	{POLICY("inactivity_ms", "86400000"), NULL},
	{POLICY("inactivity_ms", "-1"), "(T4) is 0 (never) to 86400000"},
	{POLICY("inactivity_ms", "86400001"), "(T4) is 0 (never) to 86400000"},
	{"UPDATE floor_policy SET queue_max = 251", "queue_max is 0"},
	{"INSERT OR REPLACE INTO floor_policy(name, queue_max)"
	 " VALUES('default', 7)", NULL},

	/* subscription */
	{SUBCOL("talk_by", "'voice'"), NULL},
	{SUBCOL("talk_by", "'floor'"), "talk_by is keys or voice"},
	{SUBCOL("tones", "'always'"), NULL},
	{SUBCOL("tones", "'never'"), NULL},
	{SUBCOL("tones", "'on'"), "tones is auto, always or never"},
	{SUBCOL("anonymous", "1"), NULL},
	{SUBCOL("anonymous", "2"), "anonymous is 0 or 1"},
	{SUBCOL("priority", "255"), NULL},
	{SUBCOL("priority", "256"), "priority is 0 (lowest) to 255"},
	{SUBCOL("priority", "-1"), "priority is 0 (lowest) to 255"},
	{"UPDATE subscription SET talk_by = ''", "talk_by is keys or voice"},
	{"UPDATE subscription SET tones = ''", "tones is auto, always or"},
	{SUB("x", "nobody"), "there is no such user"},
	{SUBCOL("service", "'none'"), "there is no such service"},
	{SUBCOL("start", "'now'"), "start is subscribe or register"},
	{SUBCOL("inviter", "'me'"), "inviter is server or terminal"},
	{SUBCOL("display", "char(1)"), "no control characters"},
	{SUBCOL("enabled", "9"), "is 0 or 1"},
	{"UPDATE subscription SET start = 'x'", "start is"},
	{"UPDATE subscription SET inviter = 'x'", "inviter is"},
	{"UPDATE subscription SET subscriber = 'x' WHERE user = 'bob'",
	 "a subscriber cannot be renamed"},
	{"UPDATE subscription SET user = 'bob' WHERE subscriber = 'alice'",
	 "a subscription stays with its user"},
	{"UPDATE subscription SET service = 'none' WHERE user = 'bob'",
	 "there is no such service"},
	{"UPDATE subscription SET service = 'conf' WHERE user = 'bob'", NULL},
	{"UPDATE subscription SET service = 'conf'"
	 " WHERE subscriber = 'alice'",
	 "the subscriber is a member of talkgroups of the other service"},

	/* authorisation */
	{AUTH("nobody", "bob"), "there is no such subscriber"},
	{AUTH("bob", "nobody"), "there is no such subscriber"},
	{AUTH("carol", "bob"), "there is no such subscriber"},
	{AUTH("bob", "bob"), "a subscriber needs no authorisation for itself"},
	{AUTH("*", "*"), NULL},
	{AUTH("bob", "*"), NULL},
	{"INSERT INTO authorisation(subject, object, see, call)"
	 " VALUES('bob', 'alice', 0, 0)",
	 "an authorisation allows to see or to call or both"},
	{"INSERT INTO authorisation(subject, object, see)"
	 " VALUES('bob', 'alice', 5)", "is 0 or 1"},
	{"UPDATE authorisation SET object = 'lone'",
	 "an authorisation stays with its subject and object"},
	{"UPDATE authorisation SET see = 0, call = 0",
	 "an authorisation allows to see or to call or both"},

	/* talkgroup */
	{"INSERT INTO talkgroup(name, service) VALUES('x', 'none')",
	 "there is no such service"},
	{"INSERT INTO talkgroup(name, max_talk_ms) VALUES('x', -1)",
	 "0 to 86400000"},
	{"INSERT INTO talkgroup(name, display) VALUES('x', char(2))",
	 "no control characters"},
	{"INSERT INTO talkgroup(name, enabled) VALUES('x', 2)", "is 0 or 1"},
	{"INSERT INTO talkgroup(name, floor_policy) VALUES('x', 'default')",
	 NULL},
	{"INSERT INTO talkgroup(name, floor_policy) VALUES('x', 'none')",
	 "there is no such floor policy"},
	{"UPDATE talkgroup SET floor_policy = 'none'",
	 "there is no such floor policy"},
	{"UPDATE talkgroup SET floor_policy = ''", NULL},
	{"UPDATE talkgroup SET name = 'x'", "a talkgroup cannot be renamed"},
	{"UPDATE talkgroup SET service = 'conf'",
	 "the talkgroup has members of the other service"},
	{"DELETE FROM member; UPDATE talkgroup SET service = 'conf'", NULL},

	/* member */
	{MEMBER("none", "bob"), "there is no such talkgroup"},
	{MEMBER("g1", "nobody"), "there is no such subscriber"},
	{MEMBER("g1", "alice-conf"),
	 "the subscriber and the talkgroup are of different services"},
	{"UPDATE member SET priority = 255", NULL},
	{"UPDATE member SET priority = 256",
	 "priority is 0 (lowest) to 255"},
	{"UPDATE member SET priority = -1", "priority is 0 (lowest) to 255"},
	{"UPDATE member SET talk = 0, listen = 0",
	 "a member may talk or listen or both"},
	{"UPDATE member SET talk = 2", "is 0 or 1"},
	{"UPDATE member SET emergency = 0", NULL},
	{"UPDATE member SET emergency = 2", "emergency is 0 or 1"},
	{"INSERT INTO member(talkgroup, subscriber, emergency)"
	 " VALUES('g1', 'bob', -1)", "emergency is 0 or 1"},
	{"UPDATE member SET subscriber = 'bob'",
	 "a membership stays with its talkgroup and subscriber"},
};

/* Each on its own, undone afterwards */
static void test_refusals(void **state)
{
	struct dbtest *t = *state;
	size_t i;

	script_ok(t->script, fixture);
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); ++i) {
		const struct refusal *r = &refusals[i];
		const char *words;

		script_ok(t->script, "BEGIN");
		words = script_run(t->script, r->sql);
		if (!r->words && words)
			fail_msg("%s: %s", r->sql, words);
		if (r->words && !words)
			fail_msg("%s: was taken", r->sql);
		if (r->words && !strstr(words, r->words))
			fail_msg("%s: %s", r->sql, words);
		script_ok(t->script, "ROLLBACK");
	}
}

/* With the triggers gone the columns still refuse what does not fit */
static void test_checks_behind(void **state)
{
	static const char *const sqls[] = {
		"UPDATE user SET enabled = 2",
		"UPDATE user SET display = printf('%.*c', 96, 'x')",
		"UPDATE service SET codec = 'mp3'",
		"UPDATE service SET hang_ms = -1",
		"UPDATE service SET mode = 'x'",
		"UPDATE subscription SET start = 'x'",
		"UPDATE member SET priority = 256",
		"UPDATE member SET emergency = 2",
		"UPDATE subscription SET tones = 'x'",
		"UPDATE subscription SET priority = 256",
		"UPDATE floor_policy SET queue_max = 251",
		"UPDATE floor_policy SET idle_repeat_ms = 99",
		"UPDATE authorisation SET see = 2",
		"UPDATE credential SET ha1_md5 = 'x'",
		"INSERT INTO user(name) VALUES(printf('%.*c', 64, 'x'))",
		"INSERT INTO domain(id, realm) VALUES(2, 'x')",
	};
	struct dbtest *t = *state;
	size_t i;

	script_ok(t->script, fixture);
	script_ok(t->script, "DROP TRIGGER user_insert;"
			     "DROP TRIGGER user_update;"
			     "DROP TRIGGER service_update;"
			     "DROP TRIGGER subscription_update;"
			     "DROP TRIGGER member_update;"
			     "DROP TRIGGER member_emergency_update;"
			     "DROP TRIGGER subscription_talking_update;"
			     "DROP TRIGGER floor_policy_update;"
			     "DROP TRIGGER authorisation_update;"
			     "DROP TRIGGER credential_update;"
			     "DROP TRIGGER domain_insert");
	for (i = 0; i < sizeof(sqls) / sizeof(sqls[0]); ++i) {
		const char *words = script_run(t->script, sqls[i]);

		if (!words || !strstr(words, "CHECK constraint failed"))
			fail_msg("%s: %s", sqls[i], words ? words : "taken");
	}
}

static void test_shortest(void **state)
{
	struct dbtest *t = *state;
	sqlite3 *db = t->script;

	script_ok(db, "INSERT INTO user(name) VALUES('alice')");
	script_ok(db, "INSERT INTO user_password VALUES('alice', 's3cret')");
	script_ok(db, "INSERT INTO subscription(subscriber, user, service)"
		      " VALUES('alice', 'alice', 'ptt')");
	assert_int_equal(script_int(db, "SELECT count(*) FROM service WHERE"
		" name = 'ptt' AND mode = 'half-duplex' AND codec = 'PCMU' AND"
		" hang_ms = 10000 AND max_talk_ms = 30000 AND"
		" idle = 'sendrecv' AND media_security = 'any' AND"
		" floor_policy = 'default' AND enabled = 1"), 1);
	assert_int_equal(script_int(db, "SELECT count(*) FROM floor_policy"
		" WHERE name = 'default' AND queue_max = 10 AND preempt = 1"
		" AND cut_in = 0 AND broadcast = 0 AND emergency = 1 AND"
		" warn_ms = 5000 AND end_of_media_ms = 4000 AND"
		" revoke_grace_ms = 3000 AND revoke_repeat_ms = 1000 AND"
		" retry_after_ms = 5000 AND idle_repeat_ms = 1000 AND"
		" idle_repeats = 3 AND grant_repeat_ms = 1000 AND"
		" grant_repeats = 3 AND inactivity_ms = 0"), 1);
	assert_int_equal(script_int(db, "SELECT count(*) FROM subscription"
		" WHERE start = 'subscribe' AND inviter = 'server' AND"
		" display = '' AND talk_by = 'keys' AND tones = 'auto' AND"
		" anonymous = 0 AND priority = 0 AND enabled = 1"), 1);
	/* what was staged is not read back through the view */
	assert_int_equal(script_int(db, "SELECT count(*) FROM user_password"
		" WHERE user = 'alice' AND password IS NULL"), 1);
}

static void test_cascades(void **state)
{
	struct dbtest *t = *state;
	sqlite3 *db = t->script;

	script_ok(db, fixture);
	script_ok(db, "INSERT INTO authorisation(subject, object)"
		      " VALUES('bob', 'alice'), ('*', 'alice-conf');"
		      "INSERT INTO user_password VALUES('alice', 'x');"
		      "DELETE FROM user WHERE name = 'alice'");
	assert_int_equal(script_int(db, "SELECT count(*) FROM subscription"
					" WHERE user = 'alice'"), 0);
	assert_int_equal(script_int(db, "SELECT count(*) FROM credential"), 0);
	assert_int_equal(script_int(db, "SELECT count(*) FROM member"), 0);
	assert_int_equal(script_int(db,
				    "SELECT count(*) FROM authorisation"), 0);
	/* the password is not for whoever gets the name next */
	assert_int_equal(script_int(db, "SELECT password IS NULL FROM"
		" password_staged ORDER BY seq DESC LIMIT 1"), 1);

	script_ok(db, "INSERT INTO member VALUES('g1', 'bob', 1, 1, 1, 1);"
		      "DELETE FROM talkgroup");
	assert_int_equal(script_int(db, "SELECT count(*) FROM member"), 0);
	script_ok(db, "DELETE FROM subscription;"
		      "DELETE FROM service WHERE name = 'conf'");
}

static void test_views(void **state)
{
	struct dbtest *t = *state;
	sqlite3 *db = t->script;

	script_ok(db, fixture);
	assert_int_equal(script_int(db, "SELECT count(*) FROM who_may_call"),
			 1);
	/* everybody may call alice, within a service */
	script_ok(db, "INSERT INTO authorisation(subject, object, see)"
		      " VALUES('*', 'alice', 0)");
	assert_int_equal(script_int(db, "SELECT count(*) FROM who_may_call"
		" WHERE callee = 'alice' AND may_call AND NOT may_see"), 2);
	script_ok(db, "UPDATE user SET enabled = 0 WHERE name = 'bob'");
	assert_int_equal(script_int(db, "SELECT count(*) FROM who_may_call"
		" WHERE caller = 'bob' OR callee = 'bob'"), 0);
	assert_int_equal(script_int(db, "SELECT count(*) FROM group_roster"
		" WHERE talkgroup = 'g1' AND display = 'alice' AND active"),
		1);
	script_ok(db, "UPDATE talkgroup SET enabled = 0");
	assert_int_equal(script_int(db, "SELECT active FROM group_roster"),
			 0);
}

static void test_groups_of_a_subscriber(void **state)
{
	struct dbtest *t = *state;
	char sql[160];
	int i;

	script_ok(t->script, fixture);
	for (i = 0; i < 64; ++i) {
		snprintf(sql, sizeof(sql),
			 "INSERT INTO talkgroup(name) VALUES('t%d');"
			 "INSERT INTO member(talkgroup, subscriber)"
			 " VALUES('t%d', 'bob')", i, i);
		script_ok(t->script, sql);
	}
	script_ok(t->script, "UPDATE member SET priority = 1"
			     " WHERE subscriber = 'bob'");
	assert_string_equal(script_run(t->script, MEMBER("g1", "bob")),
			    "a subscriber is a member of at most 64"
			    " talkgroups");
}

/* No server for a long time: the log stays bounded */
static void test_log_bound(void **state)
{
	struct dbtest *t = *state;

	script_ok(t->script, "INSERT INTO user(name) VALUES('alice');"
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
		" FROM n WHERE i < 103000)"
		" INSERT INTO user(name) SELECT 'u' || i FROM n");
	assert_in_range(script_int(t->script,
				   "SELECT count(*) FROM change_log"),
			100000, 101000);
}

static void test_file_mode(void **state)
{
	struct dbtest *t = *state;
	char wal[128];
	struct stat sb;

	assert_int_equal(stat(t->path, &sb), 0);
	assert_int_equal(sb.st_mode & 0777, 0640);
	script_ok(t->script, NAME("alice"));
	snprintf(wal, sizeof(wal), "%s-wal", t->path);
	assert_int_equal(stat(wal, &sb), 0);
	assert_int_equal(sb.st_mode & 0777, 0640);

	/* what somebody has opened to all is closed again */
	assert_int_equal(chmod(t->path, 0666), 0);
	assert_int_equal(prov_init(t->path, "other", NULL), 0);
	assert_int_equal(stat(t->path, &sb), 0);
	assert_int_equal(sb.st_mode & 0777, 0660);
}

static void test_open_refused(void **state)
{
	struct dbtest *t = *state;
	sqlite3 *db;
	char path[128];
	FILE *f;

	/* the realm stays */
	assert_int_equal(prov_init(t->path, "other.example.com", NULL), 0);
	assert_int_equal(script_int(t->script, "SELECT realm ="
		" 'poc.example.com' FROM domain"), 1);

	/* a newer program's */
	script_ok(t->script, "PRAGMA user_version = 99");
	assert_int_not_equal(prov_init(t->path, "x", NULL), 0);
	script_ok(t->script, "PRAGMA user_version = 3");
	assert_int_equal(prov_init(t->path, "x", NULL), 0);

	/* another program's; state.db in its place */
	snprintf(path, sizeof(path), "%s/o.db", t->dir);
	assert_int_equal(sqlite3_open(path, &db), 0);
	script_ok(db, "CREATE TABLE t(x)");
	assert_int_not_equal(prov_init(path, "x", NULL), 0);
	assert_int_equal(script_int(db, "SELECT count(*) FROM sqlite_master"),
			 1);
	sqlite3_close(db);

	/* no database at all; no directory; a directory; no realm */
	snprintf(path, sizeof(path), "%s/n.db", t->dir);
	f = fopen(path, "w");
	fputs("not a database, but long enough to look at, is it not?\n"
	      "not a database, but long enough to look at, is it not?\n", f);
	fclose(f);
	assert_int_not_equal(prov_init(path, "x", NULL), 0);
	assert_int_not_equal(prov_init("/nonexistent/p.db", "x", NULL), 0);
	assert_int_not_equal(prov_init(t->dir, "x", NULL), 0);
	snprintf(path, sizeof(path), "%s/e.db", t->dir);
	assert_int_not_equal(prov_init(path, "", NULL), 0);
	assert_int_not_equal(prov_init(path, "a\"b", NULL), 0);
	assert_int_not_equal(prov_init(path, "a\\b", NULL), 0);
	assert_int_not_equal(prov_init(path, "a b", NULL), 0);
	assert_int_equal(prov_init(path, "[::1]", NULL), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(name) \
	cmocka_unit_test_setup_teardown(name, dbtest_setup, dbtest_teardown)
		T(test_refusals),
		T(test_checks_behind),
		T(test_shortest),
		T(test_cascades),
		T(test_views),
		T(test_groups_of_a_subscriber),
		T(test_log_bound),
		T(test_file_mode),
		T(test_open_refused),
	};

	return cmocka_run_group_tests_name("schema (X6)", tests, NULL, NULL);
}

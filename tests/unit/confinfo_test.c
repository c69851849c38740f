/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file confinfo_test.c  Conference state documents (missions P9, P13)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "wire/confinfo.h"

#define NS "xmlns=\"urn:ietf:params:xml:ns:conference-info\""
#define HEAD "<conference-info " NS " entity=\"sip:leg+a@h\""

struct roster {
	struct confinfo_user userv[8];
	unsigned userc;
	int err;
};

static int user_h(const struct confinfo_user *user, void *arg)
{
	struct roster *r = arg;

	assert_true(r->userc < 8);
	r->userv[r->userc++] = *user;
	return r->err;
}

static int parse_len(struct confinfo *ci, const char *text, size_t l,
		     struct roster *r)
{
	char *copy = malloc(l ? l : 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, text, l);
	memset(r->userv, 0, sizeof(r->userv));
	r->userc = 0;
	err = confinfo_parse(ci, copy, l, user_h, r);
	free(copy);
	return err;
}

static int parse(struct confinfo *ci, const char *text, struct roster *r)
{
	return parse_len(ci, text, strlen(text), r);
}

static const struct confinfo head = {
	.entity = "sip:leg+alice@poc.example.com",
	.state = CONFINFO_PARTIAL,
	.version = 4294967295u,
	.display = "Blue <team> & \"friends\"",
	.counted = true,
	.user_count = 2,
	.active = true,
};

static const struct confinfo_user users[] = {
	{.entity = "sip:bob@poc.example.com",
	 .state = CONFINFO_FULL,
	 .display = "B\xc3\xb6"
		    "b's",
	 .endpoint = "sip:bob@poc.example.com;x='&'",
	 .status = CONFINFO_CONNECTED,
	 .joining = CONFINFO_DIALED_OUT,
	 .media = CONFINFO_SENDRECV},
	{.entity = "sip:carol@poc.example.com", .state = CONFINFO_DELETED},
	{.entity = "sip:dave@poc.example.com", .state = CONFINFO_FULL},
};

/* The document of head and users; @return length */
static size_t print(char *buf, size_t size, int *errp)
{
	struct confinfo_writer w;
	size_t i, len = 0;
	int err;

	err = confinfo_open(&w, buf, size, &head);
	for (i = 0; i < 3 && !err; i++)
		err = confinfo_add(&w, &users[i]);
	if (!err)
		err = confinfo_close(&w, &len);
	*errp = err;
	return len;
}

static void written_and_read(void **state)
{
	struct roster r = {.err = 0};
	struct confinfo ci;
	char text[4096];
	size_t len, i;
	int err;

	(void)state;
	len = print(text, sizeof(text), &err);
	assert_int_equal(err, 0);
	assert_int_equal(len, strlen(text));
	assert_non_null(strstr(text, "<display-text>Blue &lt;team&gt; &amp; "
				     "&quot;friends&quot;</display-text>"));
	assert_non_null(strstr(text, "<users state=\"partial\">"));
	assert_non_null(strstr(text, "<user entity=\"sip:carol@poc.example.com"
				     "\" state=\"deleted\"/>"));

	assert_int_equal(parse(&ci, text, &r), 0);
	assert_string_equal(ci.entity, head.entity);
	assert_string_equal(ci.display, head.display);
	assert_int_equal(ci.version, head.version);
	assert_int_equal(ci.state, CONFINFO_PARTIAL);
	assert_int_equal(ci.users, CONFINFO_PARTIAL);
	assert_true(ci.counted && ci.active && ci.user_count == 2);
	assert_int_equal(r.userc, 3);
	for (i = 0; i < 3; i++) {
		assert_string_equal(r.userv[i].entity, users[i].entity);
		assert_string_equal(r.userv[i].display, users[i].display);
		assert_string_equal(r.userv[i].endpoint, users[i].endpoint);
		assert_int_equal(r.userv[i].state, users[i].state);
		assert_int_equal(r.userv[i].status, users[i].status);
		assert_int_equal(r.userv[i].joining, users[i].joining);
		assert_int_equal(r.userv[i].media, users[i].media);
	}

	/* Each size that is too small is refused, each truncation too */
	for (i = 1; i <= len; i++) {
		assert_int_equal(print(text, i, &err), 0);
		assert_int_equal(err, EOVERFLOW);
	}
	(void)print(text, sizeof(text), &err);
	for (i = 0; i < len - 2; i++)
		assert_int_equal(parse_len(&ci, text, i, &r), EBADMSG);
}

static void every_word_comes_back(void **state)
{
	struct confinfo_user u = {.entity = "sip:a@h", .endpoint = "sip:a@h"};
	const struct confinfo full = {.entity = "sip:c@h"};
	struct roster r = {.err = 0};
	struct confinfo_writer w;
	struct confinfo ci;
	char text[1024];
	size_t len;
	int i;

	(void)state;
	for (i = 0; i <= CONFINFO_DISCONNECTED; i++) {
		u.status = (enum confinfo_status)i;
		u.joining = (enum confinfo_joining)(i % 4);
		u.media = (enum confinfo_media)(i % 5);
		assert_int_equal(confinfo_open(&w, text, sizeof(text), &full),
				 0);
		assert_int_equal(confinfo_add(&w, &u), 0);
		assert_int_equal(confinfo_close(&w, &len), 0);
		assert_int_equal(parse_len(&ci, text, len, &r), 0);
		assert_int_equal(r.userv[0].status, u.status);
		assert_int_equal(r.userv[0].joining, u.joining);
		assert_int_equal(r.userv[0].media, u.media);
	}
}

/* X2: an emergency, of whom or of nobody who is told */
static void emergency_comes_back(void **state)
{
	static const char *const byv[] = {"", "sip:al&ice@poc.example.com"};
	struct confinfo_writer w;
	struct roster r = {.err = 0};
	struct confinfo ci, in = head;
	char text[4096];
	size_t i, len;

	(void)state;
	for (i = 0; i < 2; i++) {
		in.emergency = true;
		strcpy(in.emergency_by, byv[i]);
		assert_int_equal(confinfo_open(&w, text, sizeof(text), &in),
				 0);
		assert_int_equal(confinfo_close(&w, &len), 0);
		assert_int_equal(parse_len(&ci, text, len, &r), 0);
		assert_true(ci.emergency);
		assert_string_equal(ci.emergency_by, byv[i]);
		assert_true(ci.active);
	}
	/* Of somebody else's namespace it is nothing */
	assert_int_equal(parse(&ci, "<conference-info xmlns=\"urn:ietf:params:"
			       "xml:ns:conference-info\" entity=\"sip:a@b\">"
			       "<conference-state><emergency xmlns=\"x\"/>"
			       "</conference-state></conference-info>", &r),
			 0);
	assert_false(ci.emergency);
}

static void deleted_conference(void **state)
{
	const struct confinfo gone = {.entity = "sip:c@h", .version = 3,
				      .state = CONFINFO_DELETED,
				      .display = "not said"};
	struct roster r = {.err = 0};
	struct confinfo_writer w;
	struct confinfo ci;
	char text[512];
	size_t len;

	(void)state;
	assert_int_equal(confinfo_open(&w, text, sizeof(text), &gone), 0);
	assert_int_equal(confinfo_add(&w, &users[1]), EINVAL);
	assert_int_equal(confinfo_close(&w, &len), 0);
	assert_null(strstr(text, "users"));
	assert_int_equal(parse_len(&ci, text, len, &r), 0);
	assert_int_equal(ci.state, CONFINFO_DELETED);
	assert_int_equal(ci.version, 3);
	assert_int_equal(r.userc, 0);
	assert_string_equal(ci.display, "");
}

/* A name that XML cannot carry is left out, and nothing else with it; a URI
 * that cannot be used, or what does not fit, leaves the document as it was */
static void bad_values_leave_no_trace(void **state)
{
	struct confinfo_user u = {.entity = "sip:a@h", .display = "\xff\x01"};
	struct confinfo ci = {.entity = "sip:c@h", .display = "\xc3"};
	struct roster r = {.err = 0};
	struct confinfo_writer w;
	char text[420];
	size_t len, before;

	(void)state;
	assert_int_equal(confinfo_open(&w, text, sizeof(text), &ci), 0);
	assert_int_equal(confinfo_add(&w, &u), 0);
	before = confinfo_bytes(&w);
	strcpy(u.endpoint, "sip:a b@h");
	assert_int_equal(confinfo_add(&w, &u), EINVAL);
	strcpy(u.endpoint, "");
	strcpy(u.entity, "sip:a@h\r\n");
	assert_int_equal(confinfo_add(&w, &u), EINVAL);
	assert_int_equal(confinfo_bytes(&w), before);
	while (!confinfo_add(&w, &users[1]))
		before = confinfo_bytes(&w);
	assert_int_equal(confinfo_add(&w, &users[1]), EOVERFLOW);
	assert_int_equal(confinfo_bytes(&w), before);

	assert_int_equal(confinfo_open(&w, text, sizeof(text), &ci), 0);
	strcpy(u.entity, "sip:a@h");
	assert_int_equal(confinfo_add(&w, &u), 0);
	assert_int_equal(confinfo_close(&w, &len), 0);
	assert_int_equal(parse_len(&ci, text, len, &r), 0);
	assert_string_equal(ci.display, "");
	assert_string_equal(r.userv[0].entity, "sip:a@h");
	assert_string_equal(r.userv[0].display, "");

	strcpy(ci.entity, "sip:c<@h");
	assert_int_equal(confinfo_open(&w, text, sizeof(text), &ci), EINVAL);
}

/* The longest texts that there can be, each character escaped */
static void longest_user_fits(void **state)
{
	const struct confinfo ci = {.entity = "sip:c@h"};
	struct confinfo_user u = {.status = CONFINFO_MUTED_VIA_FOCUS,
				  .joining = CONFINFO_FOCUS_OWNER,
				  .media = CONFINFO_SENDRECV};
	struct confinfo_writer w;
	char text[8192];
	size_t before;

	(void)state;
	memset(u.entity, '\'', sizeof(u.entity) - 1);
	memset(u.endpoint, '&', sizeof(u.endpoint) - 1);
	memset(u.display, '"', sizeof(u.display) - 1);
	assert_int_equal(confinfo_open(&w, text, sizeof(text), &ci), 0);
	before = confinfo_bytes(&w);
	assert_int_equal(confinfo_add(&w, &u), 0);
	assert_true(confinfo_bytes(&w) - before + 64 <
		    CONFINFO_USER_BYTES_MAX);
}

static void documents_read(void **state)
{
	struct roster r = {.err = 0};
	struct confinfo ci;

	(void)state;
	/* Other elements, other namespaces, a second endpoint and another
	 * medium are passed over; absent states are full */
	assert_int_equal(parse(&ci, HEAD "><host-info><display-text>no"
		"</display-text></host-info><conference-state><user-count> 12\n"
		"</user-count><active>1</active><locked>true</locked>"
		"</conference-state><users><user entity=\"sip:d@h\"><roles>"
		"<entry>x</entry></roles><display-text>D <b>and</b> co"
		"</display-text><endpoint entity=\"sip:d@1.2.3.4\"><referred>"
		"<when>x</when><status>alerting</status></referred><status>"
		"on-hold</status><joining-method>by-magic</joining-method>"
		"<media id=\"2\"><type>video</type><status>sendrecv</status>"
		"</media><media id=\"1\"><type>audio</type><status>inactive"
		"</status></media></endpoint><endpoint entity=\"?\"><status>"
		"alerting</status></endpoint></user></users><users "
		"xmlns=\"urn:x\"><user entity=\"sip:e@h\"/></users>"
		"</conference-info>", &r), 0);
	assert_int_equal(ci.state, CONFINFO_FULL);
	assert_string_equal(ci.display, "");
	assert_true(ci.active && ci.counted && ci.user_count == 12);
	assert_int_equal(r.userc, 1);
	assert_string_equal(r.userv[0].display, "D  co");
	assert_string_equal(r.userv[0].endpoint, "sip:d@1.2.3.4");
	assert_int_equal(r.userv[0].status, CONFINFO_ON_HOLD);
	assert_int_equal(r.userv[0].joining, CONFINFO_JOINING_NONE);
	assert_int_equal(r.userv[0].media, CONFINFO_INACTIVE);
}

static void documents_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"<conference-info " NS "/>",
		"<conference-info " NS " entity=\"\"/>",
		"<conference-info " NS " entity=\"sip:a b\"/>",
		"<conference-info xmlns=\"urn:o\" entity=\"sip:a\"/>",
		"<users " NS " entity=\"sip:a\"/>",
		HEAD " state=\"new\"/>",
		HEAD " version=\"4294967296\"/>",
		HEAD " version=\"-1\"/>",
		HEAD " version=\"\"/>",
		HEAD "><users></conference-info>",
		HEAD "><users state=\"?\"/></conference-info>",
		HEAD "><users><user/></users></conference-info>",
		HEAD "><users><user entity=\"sip:a\"><endpoint/></user></users>"
		     "</conference-info>",
		HEAD "><conference-state><user-count>many</user-count>"
		     "</conference-state></conference-info>",
		"<!DOCTYPE x>" HEAD "/>",
		HEAD ">&x;</conference-info>",
	};
	struct confinfo ci = {.entity = "kept"};
	struct roster r = {.err = 0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (parse(&ci, bad[i], &r) != EBADMSG)
			fail_msg("%s", bad[i]);
		assert_string_equal(ci.entity, "kept");
	}

	/* The handler's word counts */
	r.err = E2BIG;
	assert_int_equal(parse(&ci, HEAD "><users><user entity=\"sip:a\"/>"
			       "<user entity=\"sip:b\"/></users>"
			       "</conference-info>", &r), E2BIG);
	assert_int_equal(r.userc, 1);
}

/* n characters x between two texts */
static int parse_long(const char *before, size_t n, const char *after)
{
	char *text = malloc(strlen(before) + n + strlen(after) + 1);
	struct roster r = {.err = 0};
	struct confinfo ci;
	int err;

	assert_non_null(text);
	strcpy(text, before);
	memset(text + strlen(before), 'x', n);
	strcpy(text + strlen(before) + n, after);
	err = parse(&ci, text, &r);
	free(text);
	return err;
}

static void each_bound(void **state)
{
	const char *entity = "<conference-info " NS " entity=\"";
	const char *name = HEAD "><conference-description><display-text>";
	const char *end = "</display-text></conference-description>"
			  "</conference-info>";
	const char *junk = HEAD "><junk>";
	const char *junk_end = "</junk></conference-info>";
	const size_t room = CONFINFO_BYTES_MAX - strlen(junk) -
			    strlen(junk_end);

	(void)state;
	assert_int_equal(parse_long(entity, HL_URI_MAX - 1, "\"/>"), 0);
	assert_int_equal(parse_long(entity, HL_URI_MAX, "\"/>"), EOVERFLOW);
	assert_int_equal(parse_long(name, HL_DISPLAY_MAX - 1, end), 0);
	assert_int_equal(parse_long(name, HL_DISPLAY_MAX, end), EOVERFLOW);
	assert_int_equal(parse_long(junk, room, junk_end), 0);
	assert_int_equal(parse_long(junk, room + 1, junk_end), EOVERFLOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_and_read),
		cmocka_unit_test(every_word_comes_back),
		cmocka_unit_test(emergency_comes_back),
		cmocka_unit_test(deleted_conference),
		cmocka_unit_test(bad_values_leave_no_trace),
		cmocka_unit_test(longest_user_fits),
		cmocka_unit_test(documents_read),
		cmocka_unit_test(documents_refused),
		cmocka_unit_test(each_bound),
	};

	return cmocka_run_group_tests_name("confinfo", tests, NULL, NULL);
}

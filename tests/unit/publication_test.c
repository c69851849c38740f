/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file publication_test.c  What terminals say of themselves, and what it
 *                           comes to (rows P11, P13)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "presence/compose.h"
#include "presence/publication.h"

enum { MAX = 4, USER_MAX = 3 };

struct world {
	struct publications *tab;
	struct dir_user a, b;
	struct dir_sub one, two; /* of a */
	unsigned changes;
	char subscriber[HL_NAME_MAX];
};

static void change_h(struct dir_user *user, const char *subscriber, void *arg)
{
	struct world *w = arg;

	(void)user;
	w->changes++;
	snprintf(w->subscriber, sizeof(w->subscriber), "%s", subscriber);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w || libre_init())
		return -1;
	strcpy(w->a.row.name, "a");
	strcpy(w->b.row.name, "b");
	strcpy(w->one.row.subscriber, "a-1");
	strcpy(w->two.row.subscriber, "a-2");
	w->one.user = w->two.user = &w->a;
	*state = w;
	return publications_alloc(&w->tab, MAX, USER_MAX, NULL, change_h, w);
}

static int teardown(void **state)
{
	struct world *w = *state;

	mem_deref(w->tab);
	free(w);
	libre_close();
	return 0;
}

static struct publication_body presence(bool open, unsigned activities,
					const char *note)
{
	struct publication_body body = {.event = PUBLICATION_PRESENCE,
					.open = open,
					.activities = activities};

	snprintf(body.note, sizeof(body.note), "%s", note);
	return body;
}

static struct publication_body settings(enum pocset_flag barred,
					enum pocset_flag manual)
{
	return (struct publication_body){
		.event = PUBLICATION_SETTINGS,
		.set = {.id = "t", .barred = barred, .manual = manual}};
}

static struct publication *add(struct world *w, struct dir_user *user,
			       struct publication_body body)
{
	struct publication *pub = NULL;

	assert_int_equal(publication_add(&pub, w->tab, user, &body, 600), 0);
	return pub;
}

static struct publication *find(const struct world *w,
				enum publication_event ev, const char *tag)
{
	struct pl pl;

	pl_set_str(&pl, tag);
	return publication_find(&w->a, ev, "", &pl);
}

static void tags(void **state)
{
	struct world *w = *state;
	struct publication *pub = add(w, &w->a, presence(true, 0, ""));
	struct publication_body body = presence(false, 0, "");
	char old[PUBLICATION_TAG_MAX];

	assert_int_equal(w->changes, 1);
	assert_int_equal(strlen(pub->etag), PUBLICATION_TAG_MAX - 1);
	assert_ptr_equal(find(w, PUBLICATION_PRESENCE, pub->etag), pub);
	assert_null(find(w, PUBLICATION_SETTINGS, pub->etag));
	strcpy(old, pub->etag);
	/* A refresh changes nothing but the tag */
	assert_int_equal(publication_renew(pub, NULL, 600), 0);
	assert_int_equal(w->changes, 1);
	assert_null(find(w, PUBLICATION_PRESENCE, old));
	assert_ptr_equal(find(w, PUBLICATION_PRESENCE, pub->etag), pub);
	assert_int_equal(publication_renew(pub, &body, 600), 0);
	assert_int_equal(w->changes, 2);
	publication_remove(pub);
	assert_int_equal(w->changes, 3);
	assert_int_equal(publications_count(w->tab), 0);
}

static void bounds(void **state)
{
	struct world *w = *state;
	const struct publication_body body = presence(true, 0, "");
	struct publication *pub, *first;
	unsigned i;

	first = add(w, &w->a, body);
	for (i = 1; i < USER_MAX; i++)
		add(w, &w->a, body);
	assert_int_equal(publication_add(&pub, w->tab, &w->a, &body, 600),
			 EDQUOT);
	add(w, &w->b, body);
	assert_int_equal(publication_add(&pub, w->tab, &w->b, &body, 600),
			 ENOSPC);
	publication_remove(first);
	add(w, &w->b, body);
	assert_int_equal(publications_count(w->tab), MAX);
	publications_remove_user(&w->b);
	assert_int_equal(publications_count(w->tab), USER_MAX - 1);
}

static void composed(void **state)
{
	struct world *w = *state;
	struct publication *shut, *open;
	struct composed c;
	uint64_t sum;

	assert_false(compose(&w->one, &c));
	assert_false(c.closed);
	assert_string_equal(c.note, "");
	assert_true(composed_sum(&c) == 0);

	shut = add(w, &w->a, presence(false, PIDF_AWAY, "at lunch"));
	assert_true(compose(&w->one, &c));
	assert_true(c.closed);
	assert_string_equal(c.note, "at lunch");
	sum = composed_sum(&c);
	assert_true(sum != 0);

	open = add(w, &w->a, presence(true, PIDF_BUSY, ""));
	(void)compose(&w->one, &c);
	assert_false(c.closed);
	assert_int_equal(c.activities, PIDF_AWAY | PIDF_BUSY);
	assert_true(composed_sum(&c) != sum);
	publication_remove(open);
	(void)compose(&w->one, &c);
	assert_true(composed_sum(&c) == sum);
	publication_remove(shut);
	assert_false(compose(&w->one, &c));
}

/* baresip says "unknown" before it says "open" */
static void unknown(void **state)
{
	struct world *w = *state;
	struct publication_body body = presence(false, 0, "");
	struct composed c;

	body.unknown = true;
	add(w, &w->a, body);
	assert_true(compose(&w->one, &c));
	assert_false(c.closed);
	add(w, &w->a, presence(false, 0, ""));
	(void)compose(&w->one, &c);
	assert_true(c.closed);
}

/* Of settings the newest that says something counts; a refresh says nothing */
static void newest_settings(void **state)
{
	struct world *w = *state;
	struct publication *first =
		add(w, &w->a, settings(POCSET_YES, POCSET_UNSAID));
	struct publication_body again = settings(POCSET_YES, POCSET_UNSAID);
	struct composed c;

	add(w, &w->a, settings(POCSET_NO, POCSET_YES));
	(void)compose(&w->one, &c);
	assert_false(c.barred);
	assert_true(c.manual);
	assert_int_equal(publication_renew(first, NULL, 600), 0);
	(void)compose(&w->one, &c);
	assert_false(c.barred);
	assert_int_equal(publication_renew(first, &again, 600), 0);
	(void)compose(&w->one, &c);
	assert_true(c.barred && c.manual);
}

static void of_one_line(void **state)
{
	struct world *w = *state;
	struct publication_body body = presence(false, 0, "");
	struct composed c;

	strcpy(body.subscriber, "a-1");
	add(w, &w->a, body);
	assert_string_equal(w->subscriber, "a-1");
	(void)compose(&w->one, &c);
	assert_true(c.closed);
	assert_false(compose(&w->two, &c));
	publications_remove_sub(&w->a, "a-2");
	assert_int_equal(publications_count(w->tab), 1);
	publications_remove_sub(&w->a, "a-1");
	assert_int_equal(publications_count(w->tab), 0);
}

/* Row P11: each reason in words, and the words fit whatever the name is */
static void refusals(void **state)
{
	static const struct {
		enum publication_event ev;
		bool open;
		unsigned activities;
		enum pocset_flag barred, manual;
		uint16_t code;
		const char *words;
	} v[] = {
		{PUBLICATION_PRESENCE, true, 0, 0, 0, 0, ""},
		{PUBLICATION_PRESENCE, true, PIDF_ON_THE_PHONE, 0, 0, 0, ""},
		{PUBLICATION_PRESENCE, true, PIDF_BUSY, 0, 0, 486,
		 "Bob Does Not Want To Be Disturbed"},
		{PUBLICATION_PRESENCE, false, 0, 0, 0, 480,
		 "Bob Is Not Available"},
		{PUBLICATION_SETTINGS, false, 0, POCSET_YES, POCSET_YES, 486,
		 "Bob Does Not Want To Be Disturbed"},
		{PUBLICATION_SETTINGS, false, 0, POCSET_NO, POCSET_YES, 480,
		 "Bob Answers By Hand"},
		{PUBLICATION_SETTINGS, false, 0, POCSET_NO, POCSET_NO, 0, ""},
	};
	struct world *w = *state;
	char words[HL_REASON_MAX], name[HL_NAME_MAX];
	size_t i;

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		struct publication_body body =
			v[i].ev == PUBLICATION_PRESENCE
				? presence(v[i].open, v[i].activities, "")
				: settings(v[i].barred, v[i].manual);
		struct publication *pub = add(w, &w->a, body);

		words[0] = '\0';
		assert_int_equal(compose_refuses(&w->one, "Bob", words),
				 v[i].code);
		assert_string_equal(words, v[i].words);
		assert_int_equal(compose_refuses(&w->one, name, words),
				 v[i].code);
		publication_remove(pub);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(tags), T(bounds), T(composed), T(unknown), T(newest_settings),
		T(of_one_line), T(refusals),
	};

	return cmocka_run_group_tests_name("publication", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rules.c  Authorisations: who may see and call whom, by name
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "presence/rules.h"
#include "util/limits.h"

enum { HASH_SIZE = 8192 };

static const char all[] = "*";

struct rules {
	struct hash *parties;
	struct list rules;
	uint32_t count;
};

/** Named in rules; lives as long as one names it */
struct party {
	struct le he;
	struct list subject; /* struct rule, by le_subject */
	struct list object;  /* struct rule, by le_object */
	char name[HL_NAME_MAX];
};

struct rule {
	struct le le, le_subject, le_object;
	struct party *subject, *object;
	bool see, call;
};

static void destructor(void *arg)
{
	struct rules *r = arg;

	list_flush(&r->rules);
	mem_deref(r->parties);
}

int rules_alloc(struct rules **rp)
{
	struct rules *r;
	int err;

	if (!rp)
		return EINVAL;
	r = mem_zalloc(sizeof(*r), destructor);
	if (!r)
		return ENOMEM;
	err = hash_alloc(&r->parties, HASH_SIZE);
	if (err)
		mem_deref(r);
	else
		*rp = r;
	return err;
}

static bool name_handler(struct le *le, void *arg)
{
	const struct party *p = le->data;

	return !strcmp(p->name, arg);
}

static struct party *party_find(const struct rules *r, const char *name)
{
	return list_ledata(hash_lookup(r->parties, hash_joaat_str(name),
				       name_handler, (void *)(size_t)name));
}

static void party_destructor(void *arg)
{
	struct party *p = arg;

	hash_unlink(&p->he);
}

static struct party *party_get(struct rules *r, const char *name)
{
	struct party *p = party_find(r, name);

	if (p)
		return mem_ref(p);
	p = mem_zalloc(sizeof(*p), party_destructor);
	if (!p)
		return NULL;
	if (re_snprintf(p->name, sizeof(p->name), "%s", name) < 0)
		return mem_deref(p);
	hash_append(r->parties, hash_joaat_str(name), &p->he, p);
	return p;
}

static void rule_destructor(void *arg)
{
	struct rule *rule = arg;

	list_unlink(&rule->le);
	list_unlink(&rule->le_subject);
	list_unlink(&rule->le_object);
	mem_deref(rule->subject);
	mem_deref(rule->object);
}

/* Walks both lists at once, so the shorter one decides: a dispatcher may be
 * the subject of thousands of rules where each object has a handful. */
static struct rule *rule_find(const struct rules *r, const char *subject,
			      const char *object)
{
	const struct party *s = party_find(r, subject);
	const struct party *o = party_find(r, object);
	struct le *a, *b;

	if (!s || !o)
		return NULL;
	a = list_head(&s->subject);
	b = list_head(&o->object);
	for (; a && b; a = a->next, b = b->next) {
		struct rule *ra = a->data, *rb = b->data;

		if (ra->object == o)
			return ra;
		if (rb->subject == s)
			return rb;
	}
	return NULL;
}

static int rule_add(struct rules *r, struct rule **rulep, const char *subject,
		    const char *object)
{
	struct rule *rule = mem_zalloc(sizeof(*rule), rule_destructor);

	if (!rule)
		return ENOMEM;
	rule->subject = party_get(r, subject);
	rule->object = party_get(r, object);
	if (!rule->subject || !rule->object) {
		mem_deref(rule);
		return ENOMEM;
	}
	list_append(&rule->subject->subject, &rule->le_subject, rule);
	list_append(&rule->object->object, &rule->le_object, rule);
	list_append(&r->rules, &rule->le, rule);
	r->count++;
	*rulep = rule;
	return 0;
}

int rules_set(struct rules *r, const char *subject, const char *object,
	      bool see, bool call)
{
	struct rule *rule = rule_find(r, subject, object);
	int err = rule ? 0 : rule_add(r, &rule, subject, object);

	if (err)
		return err;
	rule->see = see;
	rule->call = call;
	return 0;
}

void rules_remove(struct rules *r, const char *subject, const char *object)
{
	struct rule *rule = rule_find(r, subject, object);

	if (!rule)
		return;
	mem_deref(rule);
	r->count--;
}

static bool allows(const struct rules *r, const char *subject,
		   const char *object, bool call)
{
	const char *const pair[][2] = {
		{subject, object}, {subject, all}, {all, object}, {all, all}};
	size_t i;

	if (!subject || !object || !strcmp(subject, object))
		return false;
	for (i = 0; i < ARRAY_SIZE(pair); i++) {
		const struct rule *rule =
			rule_find(r, pair[i][0], pair[i][1]);

		if (rule && (call ? rule->call : rule->see))
			return true;
	}
	return false;
}

bool rules_may_see(const struct rules *r, const char *subject,
		   const char *object)
{
	return allows(r, subject, object, false);
}

bool rules_may_call(const struct rules *r, const char *subject,
		    const char *object)
{
	return allows(r, subject, object, true);
}

void rules_seers(const struct rules *r, const char *object, rules_name_h *h,
		 void *arg)
{
	const struct party *const pv[] = {party_find(r, object),
					  party_find(r, all)};
	struct le *le;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pv); i++) {
		for (le = pv[i] ? list_head(&pv[i]->object) : NULL; le;
		     le = le->next) {
			const struct rule *rule = le->data;

			if (rule->see)
				h(rule->subject->name, arg);
		}
	}
}

void rules_seen(const struct rules *r, const char *subject, rules_name_h *h,
		void *arg)
{
	const struct party *const pv[] = {party_find(r, subject),
					  party_find(r, all)};
	struct le *le;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pv); i++) {
		for (le = pv[i] ? list_head(&pv[i]->subject) : NULL; le;
		     le = le->next) {
			const struct rule *rule = le->data;

			if (rule->see)
				h(rule->object->name, arg);
		}
	}
}

uint32_t rules_count(const struct rules *r)
{
	return r->count;
}

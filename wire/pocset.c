/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file pocset.c  Push-to-talk settings of a terminal (RFC 4354)
 */
#include "wire/pocset.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "wire/xml.h"

static const char ns[] = "urn:oma:params:xml:ns:poc:poc-settings";

/* An element that holds a setting, and the one around it */
struct kind {
	const char *group, *elem;
	const char *yes, *no;
	size_t offset;
};

#define AT(m) offsetof(struct pocset, m)

static const struct kind kinds[] = {
	{"isb-settings", "incoming-session-barring", "true", "false",
	 AT(barred)},
	{"am-settings", "answer-mode", "manual", "automatic", AT(manual)},
	{"ipab-settings", "incoming-personal-alert-barring", "true", "false",
	 AT(alert_barred)},
	{"sss-settings", "simultaneous-sessions-support", "true", "false",
	 AT(simultaneous)},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]), TEXT_MAX = 32 };

static enum pocset_flag *flag(struct pocset *set, const struct kind *k)
{
	return (enum pocset_flag *)(void *)((char *)set + k->offset);
}

/* ---------------------------------------------------------------- writing */

static void kind_put(struct xml_writer *w, const struct kind *k, bool yes)
{
	const char *value = yes ? k->yes : k->no;

	xml_raw(w, "<");
	xml_raw(w, k->group);
	xml_raw(w, ">");
	if (!strcmp(k->yes, "true")) {
		xml_raw(w, "<");
		xml_raw(w, k->elem);
		xml_put_attr(w, "active", value);
		xml_raw(w, "/>");
	}
	else {
		xml_put_elem(w, k->elem, value);
	}
	xml_raw(w, "</");
	xml_raw(w, k->group);
	xml_raw(w, ">\r\n");
}

int pocset_print(char *buf, size_t size, const struct pocset *set,
		 size_t *lenp)
{
	struct pocset copy;
	struct xml_writer w;
	size_t i;

	if (!set || !lenp || !set->id[0])
		return EINVAL;
	copy = *set;
	xml_init(&w, buf, size);
	xml_raw(&w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
		    "<poc-settings");
	xml_put_attr(&w, "xmlns", ns);
	xml_raw(&w, ">\r\n<entity");
	xml_put_attr(&w, "id", set->id);
	xml_raw(&w, ">\r\n");
	for (i = 0; i < KINDS; i++) {
		const enum pocset_flag f = *flag(&copy, &kinds[i]);

		if (f != POCSET_UNSAID)
			kind_put(&w, &kinds[i], f == POCSET_YES);
	}
	xml_raw(&w, "</entity>\r\n</poc-settings>\r\n");
	return xml_done(&w, lenp);
}

/* ---------------------------------------------------------------- reading */

struct reading {
	struct pocset set;
	bool root;
	const struct kind *kind; /* whose text is being read */
	bool said;               /* by its attribute */
	unsigned depth, kind_depth;
	char text[TEXT_MAX];
	size_t text_l;
};

static int value_set(struct reading *rd, const char *value)
{
	const struct kind *k = rd->kind;
	const bool yes = !strcmp(value, k->yes) ||
			 (!strcmp(k->yes, "true") && !strcmp(value, "1"));
	const bool no = !strcmp(value, k->no) ||
			(!strcmp(k->no, "false") && !strcmp(value, "0"));

	if (!yes && !no)
		return EBADMSG;
	*flag(&rd->set, k) = yes ? POCSET_YES : POCSET_NO;
	return 0;
}

static int entity_start(struct reading *rd, const char **attrs)
{
	const char *id = xml_attr(attrs, "id");

	if (!id || !*id)
		return EBADMSG;
	if (strlen(id) >= sizeof(rd->set.id))
		return EOVERFLOW;
	strcpy(rd->set.id, id);
	return 0;
}

static int kind_start(struct reading *rd, const struct kind *k,
		      const char **attrs)
{
	const char *active = xml_attr(attrs, "active");

	rd->kind = k;
	rd->kind_depth = rd->depth;
	rd->text_l = 0;
	rd->said = active != NULL;
	return active ? value_set(rd, active) : 0;
}

static int start_h(const char *name, const char **attrs, void *arg)
{
	struct reading *rd = arg;
	size_t i;

	rd->depth++;
	if (!rd->root) {
		rd->root = true;
		return xml_is(name, ns, "poc-settings") ? 0 : EBADMSG;
	}
	if (rd->kind)
		return 0;
	if (xml_is(name, ns, "entity"))
		return entity_start(rd, attrs);
	for (i = 0; i < KINDS; i++) {
		if (xml_is(name, ns, kinds[i].elem))
			return kind_start(rd, &kinds[i], attrs);
	}
	return 0;
}

static int text_h(const char *p, size_t len, void *arg)
{
	struct reading *rd = arg;
	size_t i;

	if (!rd->kind || rd->depth != rd->kind_depth)
		return 0;
	for (i = 0; i < len; i++) {
		if (isspace((unsigned char)p[i]))
			continue;
		if (rd->text_l + 1 >= sizeof(rd->text))
			return EBADMSG;
		rd->text[rd->text_l++] = p[i];
	}
	return 0;
}

static int end_h(const char *name, void *arg)
{
	struct reading *rd = arg;
	int err = 0;

	(void)name;
	if (rd->kind && rd->depth == rd->kind_depth) {
		rd->text[rd->text_l] = '\0';
		if (!rd->said)
			err = value_set(rd, rd->text);
		rd->kind = NULL;
	}
	rd->depth--;
	return err;
}

int pocset_parse(struct pocset *set, const char *p, size_t len)
{
	struct reading rd = {.root = false};
	const struct xml_handlers h = {.start_h = start_h,
				       .end_h = end_h,
				       .text_h = text_h,
				       .arg = &rd};
	int err;

	if (!set || !p)
		return EINVAL;
	if (len > POCSET_BYTES_MAX)
		return EOVERFLOW;
	err = xml_parse(p, len, &h);
	if (!err)
		*set = rd.set;
	return err;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file reslist.c  Resource lists (RFC 4826)
 */
#include "wire/reslist.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "wire/plain.h"
#include "wire/xml.h"

static const char ns[] = "urn:ietf:params:xml:ns:resource-lists";

struct reading {
	bool root;
	reslist_entry_h *h;
	void *arg;
};

/* scheme ":" something (RFC 3986 section 3.1) */
static bool uri_has_scheme(const char *uri)
{
	const char *p = uri;

	if (!isalpha((unsigned char)*p))
		return false;
	while (isalnum((unsigned char)*p) || (*p && strchr("+-.", *p)))
		p++;
	return *p == ':' && p[1];
}

/* ";method=" among the URI's parameters: behind the host, before "?" */
static const char *method_find(const char *uri)
{
	static const char param[] = ";method=";
	const char *at = strrchr(uri, '@');
	const char *p = at ? at : uri;

	for (; *p && *p != '?'; p++)
		if (!strncasecmp(p, param, sizeof(param) - 1))
			return p;
	return NULL;
}

static bool method_plain(const char *method)
{
	while (isalnum((unsigned char)*method))
		method++;
	return !*method;
}

static int entry_set(struct reslist_entry *entry, const char *uri)
{
	const char *param = method_find(uri);
	const char *method, *rest;
	size_t l;

	memset(entry, 0, sizeof(*entry));
	if (!param) {
		strcpy(entry->uri, uri);
		return 0;
	}

	method = param + strlen(";method=");
	l = strcspn(method, ";?");
	rest = method + l;
	if (!l || method_find(rest))
		return EBADMSG;
	if (l >= sizeof(entry->method))
		return EOVERFLOW;
	memcpy(entry->method, method, l);
	if (!method_plain(entry->method))
		return EBADMSG;
	memcpy(entry->uri, uri, (size_t)(param - uri));
	strcpy(entry->uri + (param - uri), rest);
	/* "sip:;method=BYE" was nothing but the method */
	return uri_has_scheme(entry->uri) ? 0 : EBADMSG;
}

static int start_h(const char *name, const char **attrs, void *arg)
{
	struct reading *rd = arg;
	struct reslist_entry entry;
	const char *uri;
	int err;

	if (!rd->root) {
		rd->root = true;
		return xml_is(name, ns, "resource-lists") ? 0 : EBADMSG;
	}
	if (!xml_is(name, ns, "entry"))
		return 0;

	uri = xml_attr(attrs, "uri");
	if (!uri || !plain_uri(uri) || !uri_has_scheme(uri))
		return EBADMSG;
	if (strlen(uri) >= HL_URI_MAX)
		return EOVERFLOW;
	err = entry_set(&entry, uri);
	return err ? err : rd->h(&entry, rd->arg);
}

int reslist_each(const char *p, size_t len, reslist_entry_h *eh, void *arg)
{
	struct reading rd = {.h = eh, .arg = arg};
	const struct xml_handlers h = {.start_h = start_h, .arg = &rd};

	if (!p || !eh)
		return EINVAL;
	return len > RESLIST_BYTES_MAX ? EOVERFLOW : xml_parse(p, len, &h);
}

static int keep(const struct reslist_entry *entry, void *arg)
{
	struct reslist *list = arg;

	if (list->n == HL_PARTIES_MAX)
		return E2BIG;
	list->entries[list->n++] = *entry;
	return 0;
}

int reslist_parse(struct reslist *list, const char *p, size_t len)
{
	struct reslist got = {.n = 0};
	int err;

	if (!list)
		return EINVAL;
	err = reslist_each(p, len, keep, &got);
	if (!err)
		*list = got;
	return err;
}

static void entry_put(struct xml_writer *w, const struct reslist_entry *entry)
{
	const size_t head = strcspn(entry->uri, "?");
	const char *at = strrchr(entry->uri, '@');
	char before[HL_URI_MAX];
	size_t l = head;

	/* A "?" may be part of the user name */
	if (at && (size_t)(at - entry->uri) > head)
		l = (size_t)(at - entry->uri) + strcspn(at, "?");
	memcpy(before, entry->uri, l);
	before[l] = '\0';

	xml_raw(w, "<entry uri=\"");
	xml_text(w, before);
	if (entry->method[0]) {
		xml_raw(w, ";method=");
		xml_text(w, entry->method);
	}
	xml_text(w, entry->uri + l);
	xml_raw(w, "\"/>\r\n");
}

int reslist_print(char *buf, size_t size, const struct reslist *list,
		  size_t *lenp)
{
	struct xml_writer w;
	size_t i;

	if (!list || !lenp || list->n > HL_PARTIES_MAX)
		return EINVAL;

	xml_init(&w, buf, size);
	xml_raw(&w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
		    "<resource-lists xmlns=\"");
	xml_raw(&w, ns);
	xml_raw(&w, "\">\r\n<list>\r\n");
	for (i = 0; i < list->n; i++) {
		const struct reslist_entry *entry = &list->entries[i];

		if (!plain_uri(entry->uri) || !uri_has_scheme(entry->uri) ||
		    method_find(entry->uri) || !method_plain(entry->method))
			return EINVAL;
		entry_put(&w, entry);
	}
	xml_raw(&w, "</list>\r\n</resource-lists>\r\n");
	return xml_done(&w, lenp);
}

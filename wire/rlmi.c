/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rlmi.c  Resource list meta-information (RFC 4662)
 */
#include "wire/rlmi.h"

#include <errno.h>
#include <string.h>

#include "wire/plain.h"

static const char ns[] = "urn:ietf:params:xml:ns:rlmi";

static const char *const states[] = {
	[RLMI_ACTIVE] = "active",
	[RLMI_PENDING] = "pending",
	[RLMI_TERMINATED] = "terminated",
};

const char *rlmi_state_name(enum rlmi_state state)
{
	return states[state];
}

/* ---------------------------------------------------------------- writing */

static void number_put(struct xml_writer *w, uint32_t n)
{
	char text[11], *p = text + sizeof(text) - 1;

	*p = '\0';
	do {
		*--p = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	xml_put_attr(w, "version", p);
}

void rlmi_open(struct xml_writer *w, char *buf, size_t size,
	       const struct rlmi_list *list)
{
	xml_init(w, buf, size);
	if (!plain_uri(list->uri))
		w->err = EINVAL;
	xml_raw(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<list");
	xml_put_attr(w, "xmlns", ns);
	xml_put_attr(w, "uri", list->uri);
	number_put(w, list->version);
	xml_put_attr(w, "fullState", list->full ? "true" : "false");
	xml_raw(w, ">\r\n");
}

static void instance_put(struct xml_writer *w, const struct rlmi_resource *r)
{
	xml_raw(w, "<instance");
	xml_put_attr(w, "id", r->id);
	xml_put_attr(w, "state", states[r->state]);
	if (r->reason[0])
		xml_put_attr(w, "reason", r->reason);
	if (r->cid[0])
		xml_put_attr(w, "cid", r->cid);
	xml_raw(w, "/>");
}

void rlmi_add(struct xml_writer *w, const struct rlmi_resource *r)
{
	if (!plain_uri(r->uri) || (r->instance && !r->id[0]))
		w->err = w->err ? w->err : EINVAL;
	xml_raw(w, "<resource");
	xml_put_attr(w, "uri", r->uri);
	xml_raw(w, ">");
	if (r->name[0])
		xml_put_elem(w, "name", r->name);
	if (r->instance)
		instance_put(w, r);
	xml_raw(w, "</resource>\r\n");
}

int rlmi_close(struct xml_writer *w, size_t *lenp)
{
	xml_raw(w, "</list>\r\n");
	return xml_done(w, lenp);
}

/* ---------------------------------------------------------------- reading */

struct reading {
	struct rlmi_list list;
	struct rlmi_resource r;
	bool root, in, told;      /* in a resource; one instance was told */
	bool name;                /* in its name */
	size_t name_l;
	unsigned depth;
	rlmi_resource_h *h;
	void *arg;
};

static int copy(char *dst, size_t size, const char *src)
{
	if (strlen(src) >= size)
		return EOVERFLOW;
	strcpy(dst, src);
	return 0;
}

static int uri_get(char *dst, const char **attrs)
{
	const char *uri = xml_attr(attrs, "uri");

	return uri && plain_uri(uri) ? copy(dst, HL_URI_MAX, uri) : EBADMSG;
}

static int number_get(uint32_t *np, const char *s)
{
	uint64_t n = 0;

	if (!s || !*s)
		return EBADMSG;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return EBADMSG;
		n = n * 10 + (uint64_t)(*s - '0');
		if (n > UINT32_MAX)
			return EBADMSG;
	}
	*np = (uint32_t)n;
	return 0;
}

/* xs:boolean */
static int boolean_get(bool *bp, const char *s)
{
	if (!s)
		return EBADMSG;
	*bp = !strcmp(s, "true") || !strcmp(s, "1");
	return *bp || !strcmp(s, "false") || !strcmp(s, "0") ? 0 : EBADMSG;
}

static int root_start(struct reading *rd, const char *name, const char **attrs)
{
	int err;

	rd->root = true;
	if (!xml_is(name, ns, "list"))
		return EBADMSG;
	err = uri_get(rd->list.uri, attrs);
	err = err ? err
		  : number_get(&rd->list.version, xml_attr(attrs, "version"));
	return err ? err
		   : boolean_get(&rd->list.full, xml_attr(attrs, "fullState"));
}

static int state_get(enum rlmi_state *statep, const char *s)
{
	size_t i;

	for (i = 0; s && i < sizeof(states) / sizeof(states[0]); i++) {
		if (strcmp(s, states[i]))
			continue;
		*statep = (enum rlmi_state)i;
		return 0;
	}
	return EBADMSG;
}

static int optional(char *dst, size_t size, const char *value)
{
	memset(dst, 0, size);
	return value ? copy(dst, size, value) : 0;
}

static int instance(struct reading *rd, const char **attrs)
{
	struct rlmi_resource *r = &rd->r;
	const char *id = xml_attr(attrs, "id");
	int err;

	if (!id || !*id)
		return EBADMSG;
	err = optional(r->id, sizeof(r->id), id);
	err = err ? err : state_get(&r->state, xml_attr(attrs, "state"));
	err = err ? err
		  : optional(r->reason, sizeof(r->reason),
			     xml_attr(attrs, "reason"));
	err = err ? err
		  : optional(r->cid, sizeof(r->cid), xml_attr(attrs, "cid"));
	if (err)
		return err;
	r->instance = rd->told = true;
	return rd->h ? rd->h(r, rd->arg) : 0;
}

static int start_h(const char *name, const char **attrs, void *arg)
{
	struct reading *rd = arg;

	rd->depth++;
	if (!rd->root)
		return root_start(rd, name, attrs);
	if (!rd->in && rd->depth == 2 && xml_is(name, ns, "resource")) {
		memset(&rd->r, 0, sizeof(rd->r));
		rd->in = true;
		rd->told = false;
		rd->name_l = 0;
		return uri_get(rd->r.uri, attrs);
	}
	if (!rd->in || rd->depth != 3)
		return 0;
	if (xml_is(name, ns, "instance"))
		return instance(rd, attrs);
	/* Names in several languages: the first one */
	rd->name = !rd->name_l && xml_is(name, ns, "name");
	return 0;
}

static int text_h(const char *p, size_t len, void *arg)
{
	struct reading *rd = arg;

	if (!rd->name || rd->depth != 3)
		return 0;
	if (len >= sizeof(rd->r.name) - rd->name_l)
		return EOVERFLOW;
	memcpy(rd->r.name + rd->name_l, p, len);
	rd->name_l += len;
	return 0;
}

static int end_h(const char *name, void *arg)
{
	struct reading *rd = arg;

	(void)name;
	if (rd->depth == 3)
		rd->name = false;
	rd->depth--;
	if (!rd->in || rd->depth != 1)
		return 0;
	rd->in = false;
	return rd->told || !rd->h ? 0 : rd->h(&rd->r, rd->arg);
}

int rlmi_parse(struct rlmi_list *list, const char *p, size_t len,
	       rlmi_resource_h *h, void *arg)
{
	struct reading rd = {.h = h, .arg = arg};
	const struct xml_handlers xh = {.start_h = start_h,
					.end_h = end_h,
					.text_h = text_h,
					.arg = &rd};
	int err;

	if (!list || !p)
		return EINVAL;
	err = xml_parse(p, len, &xh);
	if (!err)
		*list = rd.list;
	return err;
}

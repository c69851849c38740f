/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file notify_body.c  Body of a NOTIFY
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include "presence/notify_body.h"
#include "util/limits.h"
#include "wire/multipart.h"
#include "wire/pidf.h"

enum {
	PIDF_SIZE = 4096,
	PART_OVERHEAD = 112,     /* Delimiter and headers */
	RESOURCE_SIZE = 6 * (HL_URI_MAX + HL_DISPLAY_MAX) + RLMI_CID_MAX + 192,
	PLAIN_OVERHEAD = 144,    /* Content-Type, Content-Length, the end */
	ROOT_OVERHEAD = 448      /* ..and all of an empty list but its URI */
};

static const char pidf_type[] = "application/pidf+xml";
static const char rlmi_type[] = "application/rlmi+xml";

struct doc {
	struct le le;
	struct rlmi_resource r;
	size_t len;              /* 0: it has no document */
	size_t bytes;            /* That it adds to the body */
	char text[];
};

struct notify_body {
	struct list docs;
	struct rlmi_list list;
	bool related;
	uint64_t id;             /* Makes Content-IDs of it unique */
	unsigned n;
	size_t bytes;
};

static void destructor(void *arg)
{
	struct notify_body *b = arg;

	list_flush(&b->docs);
}

int notify_body_alloc(struct notify_body **bp, const struct rlmi_list *list)
{
	struct notify_body *b;

	if (!bp)
		return EINVAL;
	b = mem_zalloc(sizeof(*b), destructor);
	if (!b)
		return ENOMEM;
	b->id = rand_u64();
	b->bytes = PLAIN_OVERHEAD;
	if (list) {
		b->related = true;
		b->list = *list;
		b->bytes = ROOT_OVERHEAD + strlen(list->uri);
	}
	*bp = b;
	return 0;
}

unsigned notify_body_parts(const struct notify_body *b)
{
	return b->n;
}

size_t notify_body_bytes(const struct notify_body *b)
{
	return b->bytes;
}

static void now_print(char *buf, size_t size)
{
	const time_t now = time(NULL);
	struct tm tm;

	if (!gmtime_r(&now, &tm) ||
	    !strftime(buf, size, "%Y-%m-%dT%H:%M:%SZ", &tm))
		buf[0] = '\0';
}

static void doc_destructor(void *arg)
{
	struct doc *doc = arg;

	list_unlink(&doc->le);
}

static int pidf_make(char *buf, size_t size, const struct notify_entry *e,
		     size_t *lenp)
{
	struct pidf pidf = {.open = e->open, .activities = e->activities};

	if (re_snprintf(pidf.entity, sizeof(pidf.entity), "%s", e->uri) < 0 ||
	    re_snprintf(pidf.note, sizeof(pidf.note), "%s", e->note) < 0)
		return EOVERFLOW;
	(void)re_snprintf(pidf.id, sizeof(pidf.id), "leg");
	now_print(pidf.timestamp, sizeof(pidf.timestamp));
	return pidf_print(buf, size, &pidf, lenp);
}

/* A name that XML cannot carry is left out: scripts may write anything */
static bool name_ok(const char *name)
{
	char buf[6 * HL_DISPLAY_MAX];
	struct xml_writer w;

	xml_init(&w, buf, sizeof(buf));
	xml_text(&w, name);
	return !xml_done(&w, NULL);
}

static int resource_set(struct rlmi_resource *r, const struct notify_body *b,
			const struct notify_entry *e)
{
	r->instance = true;
	r->state = e->state;
	(void)re_snprintf(r->id, sizeof(r->id), "leg");
	if (re_snprintf(r->uri, sizeof(r->uri), "%s", e->uri) < 0 ||
	    re_snprintf(r->name, sizeof(r->name), "%s",
			name_ok(e->name) ? e->name : "") < 0 ||
	    re_snprintf(r->reason, sizeof(r->reason), "%s", e->reason) < 0)
		return EOVERFLOW;
	if (e->shown)
		(void)re_snprintf(r->cid, sizeof(r->cid), "%u.%016llx@list",
				  b->n, b->id);
	return 0;
}

/* In the root, and as a part; EINVAL: XML cannot carry it */
static int bytes_set(struct doc *doc, const struct notify_body *b)
{
	char buf[RESOURCE_SIZE];
	struct xml_writer w;
	size_t len = 0;
	int err = 0;

	if (b->related) {
		xml_init(&w, buf, sizeof(buf));
		rlmi_add(&w, &doc->r);
		err = xml_done(&w, &len);
	}
	doc->bytes = len + (doc->len ? doc->len + PART_OVERHEAD : 0);
	return err;
}

int notify_body_add(struct notify_body *b, const struct notify_entry *e)
{
	char buf[PIDF_SIZE];
	struct doc *doc;
	size_t len = 0;
	int err = 0;

	if (e->shown)
		err = pidf_make(buf, sizeof(buf), e, &len);
	if (err)
		return err;
	doc = mem_zalloc(sizeof(*doc) + len, doc_destructor);
	if (!doc)
		return ENOMEM;
	memcpy(doc->text, buf, len);
	doc->len = len;
	err = resource_set(&doc->r, b, e);
	err = err ? err : bytes_set(doc, b);
	if (err) {
		mem_deref(doc);
		return err;
	}
	list_append(&b->docs, &doc->le, doc);
	b->n++;
	b->bytes += doc->bytes;
	return 0;
}

void notify_body_undo(struct notify_body *b)
{
	struct doc *doc = list_ledata(list_tail(&b->docs));

	if (!doc)
		return;
	b->n--;
	b->bytes -= doc->bytes;
	mem_deref(doc);
}

static void part_add(struct multipart_writer *w, const char *type,
		     const char *cid, const char *p, size_t len)
{
	const struct multipart_part part = {
		.type = {type, strlen(type)},
		.id = {cid, strlen(cid)},
		.body = {p, len},
	};

	multipart_add(w, &part);
}

static int root_print(const struct notify_body *b, char *buf, size_t size,
		      size_t *lenp)
{
	struct xml_writer w;
	struct le *le;

	rlmi_open(&w, buf, size, &b->list);
	LIST_FOREACH(&b->docs, le)
	{
		const struct doc *doc = le->data;

		rlmi_add(&w, &doc->r);
	}
	return rlmi_close(&w, lenp);
}

static int root_add(const struct notify_body *b, struct multipart_writer *w,
		    const char *cid)
{
	const size_t size =
		ROOT_OVERHEAD + 6 * HL_URI_MAX + b->n * RESOURCE_SIZE;
	char *buf = mem_alloc(size, NULL);
	size_t len;
	int err;

	if (!buf)
		return ENOMEM;
	err = root_print(b, buf, size, &len);
	if (!err)
		part_add(w, rlmi_type, cid, buf, len);
	mem_deref(buf);
	return err;
}

static size_t size_max(const struct notify_body *b)
{
	size_t size = 2048;
	struct le *le;

	LIST_FOREACH(&b->docs, le)
	{
		const struct doc *doc = le->data;

		size += doc->len + PART_OVERHEAD + RLMI_CID_MAX;
		if (b->related)
			size += RESOURCE_SIZE;
	}
	return size;
}

static int parts_print(const struct notify_body *b, char *buf, size_t size,
		       const char *boundary, size_t *lenp)
{
	struct multipart_writer w;
	char cid[64];
	struct le *le;
	int err = 0;

	multipart_open(&w, buf, size, boundary);
	(void)re_snprintf(cid, sizeof(cid), "root.%016llx@list", b->id);
	if (b->related)
		err = root_add(b, &w, cid);
	LIST_FOREACH(&b->docs, le)
	{
		const struct doc *doc = le->data;

		if (doc->len)
			part_add(&w, pidf_type, b->related ? doc->r.cid : "",
				 doc->text, doc->len);
	}
	return err ? err : multipart_close(&w, lenp);
}

/* The boundary is a token, and not quoted: linphone takes the quotes for a part
 * of it, and crashes */
static int head_print(const struct notify_body *b, struct mbuf *mb,
		      const char *boundary, size_t len)
{
	if (b->related)
		return mbuf_printf(mb,
				   "Content-Type: multipart/related;"
				   "type=\"%s\";start=\"<root.%016llx@list>\";"
				   "boundary=%s\r\n"
				   "Content-Length: %zu\r\n\r\n",
				   rlmi_type, b->id, boundary, len);
	return mbuf_printf(mb,
			   "Content-Type: multipart/mixed;boundary=%s\r\n"
			   "Content-Length: %zu\r\n\r\n",
			   boundary, len);
}

static int multi_print(const struct notify_body *b, struct mbuf *mb)
{
	const size_t size = size_max(b);
	char boundary[32], *buf;
	size_t len;
	int err;

	buf = mem_alloc(size, NULL);
	if (!buf)
		return ENOMEM;
	(void)re_snprintf(boundary, sizeof(boundary), "holler-%016llx",
			  rand_u64());
	err = parts_print(b, buf, size, boundary, &len);
	err = err ? err : head_print(b, mb, boundary, len);
	err = err ? err : mbuf_write_mem(mb, (uint8_t *)buf, len);
	mem_deref(buf);
	return err;
}

int notify_body_print(const struct notify_body *b, struct mbuf *mb)
{
	const struct doc *doc;
	int err;

	if (!b || !mb)
		return EINVAL;
	if (b->related || b->n > 1)
		return multi_print(b, mb);
	doc = list_ledata(list_head(&b->docs));
	if (!doc || !doc->len)
		return mbuf_write_str(mb, "Content-Length: 0\r\n\r\n");
	err = mbuf_printf(mb, "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n",
			  pidf_type, doc->len);
	err |= mbuf_write_mem(mb, (const uint8_t *)doc->text, doc->len);
	return err;
}

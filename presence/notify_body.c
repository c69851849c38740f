/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file notify_body.c  Body of a NOTIFY: a PIDF for each presentity
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include "presence/notify_body.h"
#include "util/limits.h"
#include "wire/multipart.h"
#include "wire/pidf.h"

enum { PIDF_BYTES = 2048, PART_OVERHEAD = 96 };

static const char pidf_type[] = "application/pidf+xml";

struct doc {
	struct le le;
	size_t len;
	char text[];
};

struct notify_body {
	struct list docs;
	unsigned n;
	size_t bytes;
};

static void destructor(void *arg)
{
	struct notify_body *b = arg;

	list_flush(&b->docs);
}

int notify_body_alloc(struct notify_body **bp)
{
	struct notify_body *b;

	if (!bp)
		return EINVAL;
	b = mem_zalloc(sizeof(*b), destructor);
	if (!b)
		return ENOMEM;
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

int notify_body_add(struct notify_body *b, const char *subscriber,
		    const char *domain, bool open, bool busy)
{
	struct pidf pidf = {.open = open, .busy = busy};
	char buf[PIDF_BYTES];
	struct doc *doc;
	size_t len;
	int err;

	if (re_snprintf(pidf.entity, sizeof(pidf.entity), "sip:%s@%s",
			subscriber, domain) < 0)
		return EOVERFLOW;
	(void)re_snprintf(pidf.id, sizeof(pidf.id), "leg");
	if (busy)
		(void)re_snprintf(pidf.note, sizeof(pidf.note), "in a call");
	now_print(pidf.timestamp, sizeof(pidf.timestamp));
	err = pidf_print(buf, sizeof(buf), &pidf, &len);
	if (err)
		return err;
	doc = mem_zalloc(sizeof(*doc) + len, doc_destructor);
	if (!doc)
		return ENOMEM;
	memcpy(doc->text, buf, len);
	doc->len = len;
	list_append(&b->docs, &doc->le, doc);
	b->n++;
	b->bytes += len + PART_OVERHEAD;
	return 0;
}

static int multi_print(const struct notify_body *b, struct mbuf *mb)
{
	const size_t size = b->bytes + 1024;
	struct multipart_writer w;
	char boundary[32], *buf;
	struct le *le;
	size_t len;
	int err;

	buf = mem_alloc(size, NULL);
	if (!buf)
		return ENOMEM;
	(void)re_snprintf(boundary, sizeof(boundary), "holler-%016llx",
			  rand_u64());
	multipart_open(&w, buf, size, boundary);
	LIST_FOREACH(&b->docs, le)
	{
		const struct doc *doc = le->data;
		const struct multipart_part part = {
			.type = {pidf_type, sizeof(pidf_type) - 1},
			.body = {doc->text, doc->len},
		};

		multipart_add(&w, &part);
	}
	err = multipart_close(&w, &len);
	err = err ? err : mbuf_printf(mb,
				      "Content-Type: multipart/mixed;"
				      "boundary=\"%s\"\r\n"
				      "Content-Length: %zu\r\n\r\n",
				      boundary, len);
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
	if (!b->n)
		return mbuf_write_str(mb, "Content-Length: 0\r\n\r\n");
	if (b->n > 1)
		return multi_print(b, mb);
	doc = list_ledata(list_head(&b->docs));
	err = mbuf_printf(mb, "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n",
			  pidf_type, doc->len);
	err |= mbuf_write_mem(mb, (const uint8_t *)doc->text, doc->len);
	return err;
}

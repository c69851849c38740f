/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file xml.h  Small XML documents of SIP bodies, read and written
 *
 * Reading is expat behind a guard: a size bound, a depth bound, and no document
 * type, so no entity but the five of XML itself. expat allocates while a
 * document is read, and everything is freed before the call returns. Any
 * thread.
 */
#ifndef HL_WIRE_XML_H
#define HL_WIRE_XML_H

#include <stdbool.h>
#include <stddef.h>

enum {
	/** Elements in elements */
	XML_DEPTH_MAX = 16,
	/** Longest document that is read, in bytes */
	XML_BYTES_MAX = 65536
};

/** What a reader is told; names are "namespace local" or "local" */
struct xml_handlers {
	/** An element begins; attrs are name, value, ..., NULL */
	int (*start_h)(const char *name, const char **attrs, void *arg);
	/** An element ends */
	int (*end_h)(const char *name, void *arg);
	/** Text, in pieces, not terminated */
	int (*text_h)(const char *p, size_t len, void *arg);
	void *arg;
};

/**
 * Read a document; any handler may be NULL, and stops the reading by an error
 *
 * @return 0, EBADMSG (not well-formed, too deep, or with a document type),
 *         EOVERFLOW (size), ENOMEM, or a handler's error
 */
int xml_parse(const char *p, size_t len, const struct xml_handlers *h);

/** Is it this element or attribute? ns NULL = any namespace or none; a name
 *  without a namespace is taken for any */
bool xml_is(const char *name, const char *ns, const char *local);

/** The value of an attribute without a namespace, or NULL */
const char *xml_attr(const char **attrs, const char *name);

/** Terminate text of len bytes in place, without the white space around it; s
 *  has room for the NUL. @return where it begins */
const char *xml_trim(char *s, size_t len);

/** Document being written; the first error stays */
struct xml_writer {
	char *buf;
	size_t size, pos;
	int err;
};

void xml_init(struct xml_writer *w, char *buf, size_t size);

/** Mark-up, as it is */
void xml_raw(struct xml_writer *w, const char *s);

/** Text or an attribute's value, escaped; EINVAL unless it is UTF-8 of
 *  characters that XML 1.0 section 2.2 allows */
void xml_text(struct xml_writer *w, const char *s);

/** ` name="value"` */
void xml_put_attr(struct xml_writer *w, const char *name, const char *value);

/** `<name>text</name>` */
void xml_put_elem(struct xml_writer *w, const char *name, const char *text);

/** @return 0 with the length without NUL (a NUL is behind it), EINVAL or
 *          EOVERFLOW */
int xml_done(struct xml_writer *w, size_t *lenp);

#endif

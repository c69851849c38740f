/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file notify_body.h  Body of a NOTIFY
 *
 * For who knows lists (RFC 4662) a multipart/related: what the list has, and
 * a PIDF for each presentity that may be seen. For others one presentity is a
 * plain application/pidf+xml, several are a multipart/mixed of them. Values;
 * signalling thread.
 */
#ifndef HL_PRESENCE_NOTIFY_BODY_H
#define HL_PRESENCE_NOTIFY_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <re.h>
#include "wire/rlmi.h"

struct notify_body;

/** One presentity; strings may be "" */
struct notify_entry {
	const char *uri, *name, *note;
	enum rlmi_state state;
	const char *reason;  /**< Of its end */
	bool shown;          /**< It has a document: .. */
	bool open;
	unsigned activities; /**< enum pidf_activity */
};

/** @param list Which list, or NULL for one who knows no lists; copied */
int notify_body_alloc(struct notify_body **bp, const struct rlmi_list *list);
int notify_body_add(struct notify_body *b, const struct notify_entry *e);
/** Take back the one that was added last */
void notify_body_undo(struct notify_body *b);
unsigned notify_body_parts(const struct notify_body *b);
/** With its Content-Type; it is not longer than this */
size_t notify_body_bytes(const struct notify_body *b);

/** Content-Type (if there is a body), Content-Length, empty line, body */
int notify_body_print(const struct notify_body *b, struct mbuf *mb);

#endif

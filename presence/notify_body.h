/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file notify_body.h  Body of a NOTIFY: a PIDF for each presentity
 *
 * One presentity is a plain application/pidf+xml, several are a
 * multipart/mixed of them. Values; signalling thread.
 */
#ifndef HL_PRESENCE_NOTIFY_BODY_H
#define HL_PRESENCE_NOTIFY_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <re.h>

struct notify_body;

int notify_body_alloc(struct notify_body **bp);
int notify_body_add(struct notify_body *b, const char *subscriber,
		    const char *domain, bool open, bool busy);
unsigned notify_body_parts(const struct notify_body *b);
size_t notify_body_bytes(const struct notify_body *b);

/** Content-Type (if there is a body), Content-Length, empty line, body */
int notify_body_print(const struct notify_body *b, struct mbuf *mb);

#endif

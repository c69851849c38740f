/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file reslist.h  application/resource-lists+xml (RFC 4826), as in a REFER
 *                  to several parties (RFC 5368) or an ad-hoc SUBSCRIBE
 *
 * Values only; expat allocates while a document is read. Any thread.
 */
#ifndef HL_WIRE_RESLIST_H
#define HL_WIRE_RESLIST_H

#include <stddef.h>

#include "util/limits.h"

enum {
	/** URI parameter method, with NUL */
	RESLIST_METHOD_MAX = 16,
	/** Longest document that is read or needs to be written, in bytes */
	RESLIST_BYTES_MAX = 32768
};

struct reslist_entry {
	char uri[HL_URI_MAX];            /**< Without its method parameter */
	char method[RESLIST_METHOD_MAX]; /**< For instance BYE; "" = none */
};

struct reslist {
	size_t n;
	struct reslist_entry entries[HL_PARTIES_MAX];
};

/**
 * Read a list; lists in lists are flattened, unknown elements skipped
 *
 * Entries keep their order and are not compared with each other. list is
 * untouched on failure.
 *
 * @return 0, EBADMSG (not well-formed, another document, a document type, an
 *         entry without a usable URI), E2BIG (over HL_PARTIES_MAX entries),
 *         EOVERFLOW (document or a value too long), ENOMEM
 */
int reslist_parse(struct reslist *list, const char *p, size_t len);

/** One entry; an error stops the reading */
typedef int(reslist_entry_h)(const struct reslist_entry *entry, void *arg);

/**
 * Read a list of any number of entries, bounded by the document's bytes alone.
 * What the handler got counts only if this returns 0. Errors as above, without
 * E2BIG, and the handler's.
 */
int reslist_each(const char *p, size_t len, reslist_entry_h *h, void *arg);

/**
 * Write a list as one document, terminated
 *
 * @return 0, EINVAL (a value that XML or a URI cannot carry), EOVERFLOW
 */
int reslist_print(char *buf, size_t size, const struct reslist *list,
		  size_t *lenp);

#endif

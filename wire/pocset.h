/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file pocset.h  application/poc-settings+xml (RFC 4354): how a terminal
 *                 wants to be called
 *
 * Values only; expat allocates while a document is read. Any thread.
 */
#ifndef HL_WIRE_POCSET_H
#define HL_WIRE_POCSET_H

#include <stdbool.h>
#include <stddef.h>

#include "util/limits.h"

enum {
	/** An entity's id, with NUL */
	POCSET_ID_MAX = 64,
	/** Longest document that is read, in bytes */
	POCSET_BYTES_MAX = 4096
};

/** Says nothing, no, yes */
enum pocset_flag { POCSET_UNSAID, POCSET_NO, POCSET_YES };

struct pocset {
	char id[POCSET_ID_MAX];
	enum pocset_flag barred;       /**< Incoming sessions are barred */
	enum pocset_flag manual;       /**< Answer mode: manual, automatic */
	enum pocset_flag alert_barred; /**< Personal alerts are barred */
	enum pocset_flag simultaneous; /**< Several sessions at a time */
};

/**
 * Write a document with one entity, terminated; what is unsaid is left out
 *
 * @return 0, EINVAL (an id that XML cannot carry, or none), EOVERFLOW
 */
int pocset_print(char *buf, size_t size, const struct pocset *set,
		 size_t *lenp);

/**
 * Read a document. Of several entities the last that says something counts;
 * unknown elements are skipped. A setting may be an attribute "active" or the
 * element's text. set is untouched on failure.
 *
 * @return 0, EBADMSG (not well-formed, another document, a document type, a
 *         value that means nothing), EOVERFLOW (too long), ENOMEM
 */
int pocset_parse(struct pocset *set, const char *p, size_t len);

#endif

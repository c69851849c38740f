/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file rlmi.h  application/rlmi+xml (RFC 4662 section 5): which resources a
 *               NOTIFY of a list tells of, and in what state they are
 *
 * Values only; expat allocates while a document is read. Any thread.
 */
#ifndef HL_WIRE_RLMI_H
#define HL_WIRE_RLMI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/limits.h"
#include "wire/xml.h"

enum {
	/** An instance's id, and the reason of its end, with NUL */
	RLMI_WORD_MAX = 64,
	/** Content-ID of an instance's body, without < and >, with NUL */
	RLMI_CID_MAX = 128
};

/** The list as a whole */
struct rlmi_list {
	char uri[HL_URI_MAX];
	uint32_t version;    /**< One more in each NOTIFY of a subscription */
	bool full;           /**< All resources, or only those that changed */
};

/** State of the virtual subscription to one instance */
enum rlmi_state { RLMI_ACTIVE, RLMI_PENDING, RLMI_TERMINATED };

/** A resource with one of its instances; "" = the attribute is absent */
struct rlmi_resource {
	char uri[HL_URI_MAX];
	char name[HL_DISPLAY_MAX];
	bool instance;       /**< false: the rest does not count */
	char id[RLMI_WORD_MAX];
	enum rlmi_state state;
	char reason[RLMI_WORD_MAX];
	char cid[RLMI_CID_MAX];
};

const char *rlmi_state_name(enum rlmi_state state);

/** Begin a document, add resources, end it; the first error stays in w */
void rlmi_open(struct xml_writer *w, char *buf, size_t size,
	       const struct rlmi_list *list);
void rlmi_add(struct xml_writer *w, const struct rlmi_resource *r);
/** @return 0, EINVAL (a value that XML or a URI cannot carry), EOVERFLOW */
int rlmi_close(struct xml_writer *w, size_t *lenp);

/** One resource, once for each of its instances; an error stops the reading */
typedef int(rlmi_resource_h)(const struct rlmi_resource *r, void *arg);

/**
 * Read a document; unknown elements are skipped
 *
 * Resources are told while it is read, so what the handler got counts only if
 * this returns 0. list is untouched on failure.
 *
 * @return 0, EBADMSG (not well-formed, another document, a document type, an
 *         attribute that is missing or makes no sense), EOVERFLOW (document or
 *         a value too long), ENOMEM, or the handler's error
 */
int rlmi_parse(struct rlmi_list *list, const char *p, size_t len,
	       rlmi_resource_h *h, void *arg);

#endif

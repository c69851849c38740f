/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mcpttinfo.h  application/vnd.3gpp.mcptt-info+xml (TS 24.379 annex F.1)
 *
 * Of that document only what declares or ends an emergency, or imminent peril.
 * Values only; expat allocates while it is read. Any thread.
 */
#ifndef HL_WIRE_MCPTTINFO_H
#define HL_WIRE_MCPTTINFO_H

#include <stddef.h>

enum {
	/** Longest document that is read, in bytes */
	MCPTTINFO_BYTES_MAX = 8192
};

enum mcpttinfo_flag { MCPTTINFO_ABSENT, MCPTTINFO_FALSE, MCPTTINFO_TRUE };

struct mcpttinfo {
	enum mcpttinfo_flag emergency;
	enum mcpttinfo_flag peril;
};

/**
 * Read a document; elements that struct mcpttinfo does not name are skipped
 *
 * @param mi Untouched on failure
 *
 * @return 0, EBADMSG (not well-formed, another document, a value that is none),
 *         ENOTSUP (a value is encrypted), EOVERFLOW (too long), ENOMEM
 */
int mcpttinfo_parse(struct mcpttinfo *mi, const char *p, size_t len);

#endif

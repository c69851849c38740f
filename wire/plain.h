/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file plain.h  Text that may go into a header field
 *
 * Private to wire/.
 */
#ifndef HL_WIRE_PLAIN_H
#define HL_WIRE_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/** A URI, not empty, in printable ASCII, without what ends or splits one */
static inline bool plain_uri(const char *uri)
{
	if (!*uri)
		return false;
	for (; *uri; uri++) {
		const unsigned char c = (unsigned char)*uri;

		if (c <= 0x20 || c >= 0x7f || strchr("<>\"", c))
			return false;
	}
	return true;
}

/** A header's value: no control character but TAB */
static inline bool plain_value(const char *p, size_t l)
{
	size_t i;

	for (i = 0; i < l; i++) {
		const unsigned char c = (unsigned char)p[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file sipline.h  Header lines of a SIP message, as libre would read them
 *
 * Private to wire/. Stricter than libre: only CRLF ends a line, no control
 * character is in one, and no name poses as a header that matters.
 */
#ifndef HL_WIRE_SIPLINE_H
#define HL_WIRE_SIPLINE_H

#include <stdbool.h>
#include <re.h>

#include "wire/sipscan.h"

/** One header line with its folded ones; value trimmed on both sides */
struct sipline_header {
	struct pl name;
	struct pl val;
	enum sip_hdrid id; /**< As libre takes it: also a number without name */
};

/** Datagram still to be read */
struct sipline_cursor {
	const char *p;
	const char *end;
	const struct sipscan_limits *limits;
};

bool sipline_is_token(char c);
bool sipline_is_word(char c); /**< RFC 3261 section 25.1, as in a Call-ID */
bool sipline_is_ws(char c);   /**< Also the CR and LF of a folded line */

/** White space off both ends */
void sipline_trim(struct pl *pl);

/** Read one line without its CRLF; @return NULL or why not */
const char *sipline_read(struct sipline_cursor *cur, struct pl *line);

/** Read a header line and what is folded onto it; @return NULL or why not */
const char *sipline_header(struct sipline_cursor *cur,
			   struct sipline_header *hdr);

/** Is the cursor at the empty line behind the headers? */
bool sipline_end(const struct sipline_cursor *cur);

/** The first value of a comma-separated list, trimmed */
struct pl sipline_first(const struct pl *val);

#endif

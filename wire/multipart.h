/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file multipart.h  multipart/mixed and multipart/related (RFC 2046, 2387)
 *
 * Values only, no allocation. Any thread. Parts of a parsed body point into it
 * and are not terminated.
 */
#ifndef HL_WIRE_MULTIPART_H
#define HL_WIRE_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#include "util/limits.h"

enum {
	/** RFC 2046 section 5.1.1: 70 characters, and NUL */
	MULTIPART_BOUNDARY_MAX = 71,
	/** A list's root and one part for each of its members */
	MULTIPART_PARTS_MAX = 1 + HL_GROUPS_MAX,
	/** Header lines of one part */
	MULTIPART_HEADERS_MAX = 16
};

/** Text that is not terminated; l 0 = absent */
struct multipart_text {
	const char *p;
	size_t l;
};

struct multipart_part {
	struct multipart_text type;        /**< Content-Type; absent: text */
	struct multipart_text id;          /**< Content-ID, without < and > */
	struct multipart_text disposition; /**< Content-Disposition */
	struct multipart_text body;
};

struct multipart {
	size_t n;
	struct multipart_part parts[MULTIPART_PARTS_MAX];
};

/**
 * The boundary of a Content-Type value, or of its parameters only
 *
 * @return 0, ENOENT (no such parameter), EBADMSG (not a boundary, or twice)
 */
int multipart_boundary(char boundary[MULTIPART_BOUNDARY_MAX], const char *p,
		       size_t len);

/**
 * Split a body at its boundary; what is in front of the first delimiter and
 * behind the last one is skipped
 *
 * @return 0, EBADMSG (no delimiter, no closing one, bad or doubled headers),
 *         E2BIG (over MULTIPART_PARTS_MAX parts), ENOTSUP (base64 or
 *         quoted-printable); mp is untouched on failure
 */
int multipart_parse(struct multipart *mp, const char *boundary, const char *p,
		    size_t len);

/** First part of a media type such as "application/sdp", parameters and case
 *  apart; NULL if there is none */
const struct multipart_part *multipart_find(const struct multipart *mp,
					    const char *type);

/** The part with a Content-ID, given without < and >, or NULL */
const struct multipart_part *multipart_by_id(const struct multipart *mp,
					     const char *id, size_t len);

/** Body being written; the first error stays */
struct multipart_writer {
	char *buf;
	size_t size, pos;
	int err;
	const char *boundary; /**< The caller's, to live as long as this */
};

/** Begin a body */
void multipart_open(struct multipart_writer *w, char *buf, size_t size,
		    const char *boundary);

/** Add a part: EINVAL if a header's value has control characters or the body
 *  holds the boundary */
void multipart_add(struct multipart_writer *w,
		   const struct multipart_part *part);

/**
 * End the body; it is not terminated
 *
 * @return 0, EINVAL (also: a bad boundary, or no part), EOVERFLOW
 */
int multipart_close(struct multipart_writer *w, size_t *lenp);

#endif

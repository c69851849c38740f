/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file inflated.h  Bodies with Content-Encoding: deflate (RFC 1950)
 *
 * Values only; zlib allocates a bounded state while a body is read. Any
 * thread.
 */
#ifndef HL_WIRE_INFLATED_H
#define HL_WIRE_INFLATED_H

#include <stddef.h>

/**
 * Take a body out of its compression, whole or not at all
 *
 * @param size Room at buf: what would be longer is refused, however small it
 *             came
 *
 * @return 0, EBADMSG (not such a stream, cut, or with something behind it),
 *         EOVERFLOW, ENOMEM
 */
int inflated_read(char *buf, size_t size, const char *p, size_t len,
		  size_t *lenp);

#endif

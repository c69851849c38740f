/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file logline.h  One record of the log as one line
 *
 * Pure: a record in, bytes out. For log.c and its tests.
 */
#ifndef HL_UTIL_LOGLINE_H
#define HL_UTIL_LOGLINE_H

#include "util/log.h"

struct logline_record {
	uint64_t utc_ms;
	enum hlog_level level;
	const char *subject;
	const char *event;
	uint64_t suppressed;    /**< A field of its own if not 0 */
	const struct hlog_field *fieldv;
};

enum {
	/** The smallest buffer that holds any line's frame */
	LOGLINE_MIN = 128
};

/**
 * @param size Of buf, at least LOGLINE_MIN: a line that does not fit loses
 *             fields or parts of them and ends with cut=true
 *
 * @return Bytes written, the newline included; not terminated by NUL
 */
size_t logline_format(char *buf, size_t size, enum hlog_format format,
		      const struct logline_record *r);

#endif

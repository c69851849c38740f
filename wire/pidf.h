/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file pidf.h  application/pidf+xml (RFC 3863), one presentity a document
 *
 * With activities of RPID (RFC 4480) in a person of the data model (RFC 4479).
 * Values only; expat allocates while a document is read. Any thread; no clock:
 * the time stamp comes as text.
 */
#ifndef HL_WIRE_PIDF_H
#define HL_WIRE_PIDF_H

#include <stdbool.h>
#include <stddef.h>

#include "util/limits.h"

enum {
	/** A note, with NUL */
	PIDF_NOTE_MAX = 256,
	/** A tuple's id, with NUL */
	PIDF_ID_MAX = 64,
	/** RFC 3339 time, with NUL */
	PIDF_TIME_MAX = 40,
	/** Longest document that is read, in bytes */
	PIDF_BYTES_MAX = 16384
};

/** Activities, as bits; of those that RPID knows besides, each is away */
enum pidf_activity {
	PIDF_BUSY = 1,
	PIDF_ON_THE_PHONE = 2,
	PIDF_AWAY = 4
};

/** State of a presentity; "" = the element is absent */
struct pidf {
	char entity[HL_URI_MAX];
	char id[PIDF_ID_MAX]; /**< Letter or _, then letters, digits, . - _ */
	bool open;
	bool unknown;            /**< No tuple says open or closed */
	bool busy;               /**< Read: busy or on the phone. Written:
				      busy, where activities do not say it */
	unsigned activities;     /**< enum pidf_activity */
	char contact[HL_URI_MAX];
	char note[PIDF_NOTE_MAX];
	char timestamp[PIDF_TIME_MAX]; /**< 2026-11-21T19:00:00Z */
};

/**
 * Write a document with one tuple, terminated
 *
 * @return 0, EINVAL (no usable entity, an id or text that XML cannot carry),
 *         EOVERFLOW
 */
int pidf_print(char *buf, size_t size, const struct pidf *pidf, size_t *lenp);

/**
 * Read a document: entity, open, busy, activities, and the first note
 *
 * Open if one tuple is. A basic that is neither open nor closed says nothing:
 * baresip publishes "unknown" at first. Unknown elements are skipped. The other
 * members are "". pidf is untouched on failure.
 *
 * @return 0, EBADMSG (not well-formed, another document, no entity, a
 *         document type), EOVERFLOW (document or a value too long), ENOMEM
 */
int pidf_parse(struct pidf *pidf, const char *p, size_t len);

#endif

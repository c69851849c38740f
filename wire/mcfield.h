/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mcfield.h  The fields of "MCPT" and "MCPC" messages
 *
 * Identity, length, value, zeros up to the next word: TS 24.380 clauses
 * 8.2.3.1 and 8.3.3.1. Lengths count the value only; they have 8 bits, and 16
 * from identity 192 on. Pure; any thread.
 */
#ifndef HL_WIRE_MCFIELD_H
#define HL_WIRE_MCFIELD_H

#include "util/reader.h"
#include "util/writer.h"

enum {
	/** Identities from here on have a length of 16 bits */
	MCFIELD_LONG = 192,
	/** Longest value that is written */
	MCFIELD_MAX = UINT8_MAX
};

/* ------------------------------------------------------------- encoding */

/** Begin a field below MCFIELD_LONG whose value has len bytes */
void mcfield_begin(struct writer *w, uint8_t id, size_t len);

/** Pad what was written since, and the message with it, to a whole word */
void mcfield_end(struct writer *w);

/** A whole field with a number of 16 bits */
void mcfield_u16_put(struct writer *w, uint8_t id, uint16_t v);

/** A whole field with two octets */
void mcfield_u8s_put(struct writer *w, uint8_t id, uint8_t a, uint8_t b);

/** A whole field with a text */
void mcfield_text_put(struct writer *w, uint8_t id, const char *p, size_t l);

/** Can the wire carry a text with another octets before it? */
static inline bool mcfield_text_fits(const char *p, size_t l, size_t before)
{
	return l <= MCFIELD_MAX - before && (p || !l);
}

/* ------------------------------------------------------------- decoding */

/** Takes one field. A value that is wrong: reader_fail(value); one that is
 *  unknown: leave it */
typedef void(mcfield_h)(struct reader *value, uint8_t id, void *arg);

/** Every field of a body in turn. r fails where one is cut or wrong */
void mcfields_get(struct reader *r, mcfield_h *h, void *arg);

/** A value that must be 16 bits and no more */
uint16_t mcfield_u16_get(struct reader *value);

/** The rest of a value as text. @return Not terminated; NULL only if
 *  the value was cut */
const char *mcfield_text_get(struct reader *value, size_t *lp);

#endif

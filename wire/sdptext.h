/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file sdptext.h  Lines and words of an SDP text (RFC 8866)
 *
 * Pure. What is found points into the text.
 */
#ifndef HL_WIRE_SDPTEXT_H
#define HL_WIRE_SDPTEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <re.h>

/** Next line without its end of line; false at the end of the text */
bool sdptext_line(struct pl *line, struct pl *text);

/** Next word, separated by blanks or sep */
bool sdptext_word(struct pl *word, struct pl *text, char sep);

/** A whole word of digits, at most 65535. @return 0, EBADMSG */
int sdptext_u16(uint16_t *vp, const struct pl *word);

/** What follows prefix (any case) in the next line that begins with it; text
 *  is behind that line then */
bool sdptext_find(struct pl *val, struct pl *text, const char *prefix);

/** Is there a line "a=name"? */
bool sdptext_flag(const struct pl *attrs, const char *name);

#endif

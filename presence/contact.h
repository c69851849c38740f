/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file contact.h  One Contact of a REGISTER (RFC 3261 section 10.3)
 *
 * What passes can be kept and written again as it is. Pure; any thread.
 */
#ifndef HL_PRESENCE_CONTACT_H
#define HL_PRESENCE_CONTACT_H

#include <stdbool.h>
#include <stdint.h>
#include <re.h>
#include "db/state.h"
#include "util/limits.h"

struct contact {
	char uri[HL_URI_MAX];
	char key[STATE_ID_MAX];      /**< Names the binding: instance and
					  reg-id of RFC 5626, else the URI */
	char instance[STATE_ID_MAX]; /**< Without quotes; may be empty */
	bool has_reg_id;             /**< Of an instance: a flow (RFC 5626) */
	bool has_expires;            /**< The parameter is there.. */
	bool expires_ok;             /**< ..and digits */
	uint32_t expires_s;
};

/**
 * @param wordsp Why not, for a 400
 *
 * @return 0 or EBADMSG
 */
int contact_decode(struct contact *c, const struct pl *val,
		   const char **wordsp);

/** Digits as seconds; more than fit are as many as fit */
bool seconds_decode(uint32_t *sp, const struct pl *pl);

/** True if text from outside can be written again: no blank (a folded line is
 *  one), no control character and none of not; and not empty */
bool text_is_plain(const struct pl *text, const char *not);

#endif

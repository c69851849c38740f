/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file refer.h  Whom a REFER asks for (RFC 3515, 4488, 5368)
 *
 * Pure: a decoded SIP message in, names out; any thread.
 */
#ifndef HL_SIP_REFER_H
#define HL_SIP_REFER_H

#include <stdbool.h>
#include <stdint.h>
#include <re.h>
#include "util/limits.h"

enum { REFER_UNSUPPORTED_MAX = 128 };

struct refer {
	/** Targets carry method=BYE: they are to be removed */
	bool remove;
	/** Refer-Sub: false: no subscription is made (RFC 4488) */
	bool nosub;
	/** The target to be removed is a leg's focus (leguri.h): the session
	 *  with that number, 0: any, of the leg of targetv[0] */
	bool focus;
	uint32_t session;
	uint32_t targetc;
	char targetv[HL_PARTIES_MAX][HL_NAME_MAX]; /**< User parts, unescaped */
	/** With 420: option tags for the Unsupported header */
	char unsupported[REFER_UNSUPPORTED_MAX];
};

/**
 * Decode
 *
 * @param r      Result, untouched but for unsupported unless 0 is returned
 * @param msg    The REFER
 * @param domain Ours: the targets' host
 * @param laddr  Our address as the terminal knows it: that is us too; may be
 *               unset
 * @param wordsp Reason for a person (constant text)
 *
 * @return 0, or the SIP code of the refusal: 400 no usable Refer-To, 403 a
 *         target elsewhere, 413 more than HL_PARTIES_MAX targets, 415 a body
 *         that is no resource list, 416 not a SIP URI, 420
 */
uint16_t refer_decode(struct refer *r, const struct sip_msg *msg,
		      const char *domain, const struct sa *laddr,
		      const char **wordsp);

/**
 * User part of a URI, unescaped
 *
 * @return 0, or EBADMSG: empty, too long, malformed, or not printable; buf is
 *         worth nothing then
 */
int refer_user_decode(char *buf, size_t size, const struct pl *user);

/**
 * Option tags of a request's Require headers that are not in knownv
 *
 * @param buf    Filled in with them, comma between; cut at its size
 * @param knownv Ends with NULL
 *
 * @return true if there are any
 */
bool require_unknown(char *buf, size_t size, const struct sip_msg *msg,
		     const char *const knownv[]);

#endif

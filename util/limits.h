/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file limits.h  Sizes that more than one folder agrees on
 *
 * All of them include the terminating NUL. A value from outside that does not
 * fit is refused with a clear error, never cut.
 */
#ifndef HL_UTIL_LIMITS_H
#define HL_UTIL_LIMITS_H

enum {
	/** User, subscriber, service, talkgroup: the user part of their URI */
	HL_NAME_MAX = 64,
	/** Display names */
	HL_DISPLAY_MAX = 96,
	/** A domain or an address in text */
	HL_HOST_MAX = 128,
	/** Any SIP URI that we keep */
	HL_URI_MAX = 256,
	/** Name of a node of the cluster */
	HL_NODE_MAX = 32,
	/** Reason phrase of a refusal, as told to a person */
	HL_REASON_MAX = 96,
	/** Parties of one ad-hoc activation, the caller not counted */
	HL_PARTIES_MAX = 32,
	/** Talkgroups that one subscriber may be a member of */
	HL_GROUPS_MAX = 64,
	/** Codec name as in a=rtpmap */
	HL_CODEC_MAX = 32
};

#endif

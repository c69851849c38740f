/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file stun.h  STUN Binding as an ICE-lite agent needs it (RFC 8489, 8445)
 *
 * Reads one request, checks FINGERPRINT and MESSAGE-INTEGRITY, writes the
 * response. Pure, any thread, and without allocation: the media workers answer
 * consent checks (RFC 7675) with it. libre owns stun_, so the prefix here is
 * stunw_.
 */
#ifndef HL_WIRE_STUN_H
#define HL_WIRE_STUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <re.h>

enum {
	STUNW_BINDING = 1,
	STUNW_HEADER_BYTES = 20,
	STUNW_TID_BYTES = 12,
	STUNW_MAC_BYTES = 20,
	STUNW_ATTRS_MAX = 32,     /**< A message with more is malformed */
	STUNW_USERNAME_MAX = 513, /**< RFC 8445: two of 256 and a colon */
	STUNW_UNKNOWN_MAX = 8,    /**< Unknown attributes that are named */
	STUNW_RESPONSE_MAX = 256
};

enum stunw_class { STUNW_REQUEST, STUNW_INDICATION, STUNW_SUCCESS,
		   STUNW_ERROR };

/** What a message says; texts point into it */
struct stunw_msg {
	enum stunw_class cls;
	uint16_t method;       /**< STUNW_BINDING, or another */
	uint8_t tid[STUNW_TID_BYTES];
	struct pl username;    /**< Unset: absent */
	/** Has MESSAGE-INTEGRITY. What stands behind it is not taken, but for
	 *  FINGERPRINT (RFC 8489 section 14.5). */
	bool integrity;
	size_t integrity_at;   /**< Its attribute begins there */
	bool fingerprint;      /**< Has FINGERPRINT, and it is right */
	bool use_candidate;
	bool controlling;      /**< ICE-CONTROLLING: as it must be */
	bool controlled;       /**< ICE-CONTROLLED: a role conflict */
	uint32_t priority;     /**< 0: absent */
	/** Comprehension-required ones that we do not know */
	uint16_t unknownv[STUNW_UNKNOWN_MAX];
	unsigned unknownc;
};

/** First byte 0..3 and the magic cookie (RFC 7983, 8489 section 6.3) */
bool stunw_is(const uint8_t *p, size_t len);

/** @return 0 or EBADMSG: length, padding, attribute after FINGERPRINT, a wrong
 *  FINGERPRINT, more than STUNW_ATTRS_MAX; msg untouched then */
int stunw_decode(struct stunw_msg *msg, const uint8_t *p, size_t len);

/** Is MESSAGE-INTEGRITY that of this password (short-term credential)?
 *  Constant time. Only where msg->integrity. */
bool stunw_authentic(const struct stunw_msg *msg, const uint8_t *p,
		     const char *pwd, size_t pwd_len);

/**
 * Success response: XOR-MAPPED-ADDRESS, MESSAGE-INTEGRITY, FINGERPRINT
 *
 * @param buf At least STUNW_RESPONSE_MAX
 */
void stunw_success(uint8_t *buf, size_t *lenp, const struct stunw_msg *req,
		   const struct sa *src, const char *pwd, size_t pwd_len);

/** Error response (400, 401, 420 with UNKNOWN-ATTRIBUTES, 487); pwd NULL:
 *  without MESSAGE-INTEGRITY */
void stunw_error(uint8_t *buf, size_t *lenp, const struct stunw_msg *req,
		 uint16_t code, const char *pwd, size_t pwd_len);

#endif

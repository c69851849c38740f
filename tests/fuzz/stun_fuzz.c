/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file stun_fuzz.c  Any datagram on a media port that begins like STUN
 */
#include <stdlib.h>

#include "wire/stun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(const uint8_t *data, size_t size, const char *p, size_t l)
{
	if (p && (p < (const char *)data + STUNW_HEADER_BYTES ||
		  p + l > (const char *)data + size))
		abort();
}

/* What is answered is read as what it is, and is no longer than the largest */
static void answered(const uint8_t *p, size_t len, enum stunw_class cls)
{
	struct stunw_msg msg;

	if (len > STUNW_RESPONSE_MAX || stunw_decode(&msg, p, len) ||
	    msg.cls != cls || !msg.fingerprint || !msg.integrity ||
	    !stunw_authentic(&msg, p, "pwd", 3))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t buf[STUNW_RESPONSE_MAX];
	struct stunw_msg msg;
	struct sa src;
	size_t len;

	if (stunw_decode(&msg, data, size))
		return 0;
	inside(data, size, msg.username.p, msg.username.l);
	if (msg.unknownc > STUNW_UNKNOWN_MAX)
		abort();
	(void)stunw_authentic(&msg, data, "pwd", 3);

	(void)sa_set_str(&src, size % 8 ? "192.0.2.1" : "2001:db8::1", 32853);
	stunw_success(buf, &len, &msg, &src, "pwd", 3);
	answered(buf, len, STUNW_SUCCESS);
	stunw_error(buf, &len, &msg, 420, "pwd", 3);
	answered(buf, len, STUNW_ERROR);
	return 0;
}

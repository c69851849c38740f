/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file body.h  A request's body as it is without its encoding
 *
 * Signalling thread.
 */
#ifndef HL_PRESENCE_BODY_H
#define HL_PRESENCE_BODY_H

#include <stddef.h>
#include <re.h>

/** What a 415 says of encodings */
#define BODY_ENCODINGS "Accept-Encoding: identity, deflate\r\n"

struct body {
	const char *p;
	size_t len;
	char *own;       /**< Where p is, if it had an encoding */
};

/**
 * @param max No more bytes than these; also what an encoded one may become
 *
 * @return 0, ENOTSUP (another encoding), EBADMSG, EOVERFLOW, ENOMEM; nothing is
 *         to be freed then
 */
int body_open(struct body *b, const struct sip_msg *msg, size_t max);
void body_close(struct body *b);

#endif

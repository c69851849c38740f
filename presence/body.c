/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file body.c  A request's body as it is without its encoding
 */
#include <errno.h>
#include <string.h>
#include "presence/body.h"
#include "wire/inflated.h"

static int deflated(struct body *b, size_t max)
{
	char *own = mem_alloc(max, NULL);
	int err;

	if (!own)
		return ENOMEM;
	err = inflated_read(own, max, b->p, b->len, &b->len);
	if (err) {
		mem_deref(own);
		return err;
	}
	b->p = b->own = own;
	return 0;
}

int body_open(struct body *b, const struct sip_msg *msg, size_t max)
{
	const struct sip_hdr *hdr =
		sip_msg_hdr(msg, SIP_HDR_CONTENT_ENCODING);

	memset(b, 0, sizeof(*b));
	b->p = (const char *)mbuf_buf(msg->mb);
	b->len = mbuf_get_left(msg->mb);
	if (b->len > max)
		return EOVERFLOW;
	if (!hdr || !pl_strcasecmp(&hdr->val, "identity"))
		return 0;
	/* Linphone compresses its lists, and does not try again without */
	return pl_strcasecmp(&hdr->val, "deflate") ? ENOTSUP
						   : deflated(b, max);
}

void body_close(struct body *b)
{
	b->own = mem_deref(b->own);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file sipscan_fuzz.c  Any datagram on the SIP port
 *
 * What passes is read by libre without an error, to the same values, and has
 * no maddr any more.
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>

#include "wire/sipscan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct mbuf *mb, const struct sipscan *s,
		 const struct sipscan_span *span, const struct pl *pl)
{
	if (pl->l != span->len ||
	    (const uint8_t *)pl->p != mb->buf + span->off - s->start)
		abort();
}

static void compare(const struct sip_msg *msg, const struct sipscan *s)
{
	struct pl maddr;

	if (msg->req != (s->kind == SIPSCAN_REQUEST) ||
	    msg->cseq.num != s->cseq || msg->mb->pos != s->body - s->start)
		abort();
	if (msg->req)
		same(msg->mb, s, &s->uri, &msg->ruri);
	else if (msg->scode != s->status)
		abort();
	same(msg->mb, s, &s->via, &msg->via.val);
	same(msg->mb, s, &s->branch, &msg->via.branch);
	same(msg->mb, s, &s->callid, &msg->callid);
	if (!msg_param_decode(&msg->via.params, "maddr", &maddr))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sip_msg *msg = NULL;
	struct sipscan s;
	struct mbuf *mb;

	if (sipscan_parse(&s, data, size, NULL) ||
	    (s.kind != SIPSCAN_REQUEST && s.kind != SIPSCAN_RESPONSE))
		return 0;
	if (s.body + s.body_bytes > size)
		abort();

	mb = mbuf_alloc(size - s.start);
	if (!mb || mbuf_write_mem(mb, data + s.start, size - s.start))
		abort();
	(void)sipscan_drop_maddr(mb->buf, mb->end);
	mb->pos = 0;
	if (sip_msg_decode(&msg, mb))
		abort();
	compare(msg, &s);
	mem_deref(msg);
	mem_deref(mb);
	return 0;
}

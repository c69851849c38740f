/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file edge_fuzz.c  Any SIP message at the edge: its Contacts as a REGISTER's,
 *                    its routes as our tokens, a response as one to relay
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "presence/contact.h"
#include "sip/forward.h"
#include "sip/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void plain(const char *text, const char *not)
{
	struct pl pl;

	pl_set_str(&pl, text);
	if (!text_is_plain(&pl, not))
		abort();
}

static bool contact_h(const struct sip_hdr *hdr, const struct sip_msg *msg,
		      void *arg)
{
	struct contact c;
	const char *words = NULL;

	(void)msg;
	(void)arg;
	if (contact_decode(&c, &hdr->val, &words)) {
		if (!words)
			abort();
		return false;
	}
	plain(c.uri, "<>\"");
	plain(c.key, "\"");
	if (c.instance[0])
		plain(c.instance, "\"\\");
	return false;
}

/* Nobody has the key, so nothing is ever taken for ours */
static bool route_h(const struct sip_hdr *hdr, const struct sip_msg *msg,
		    void *arg)
{
	const struct token_key *key = arg;
	struct token_flow flow;
	struct token_node node;
	struct sip_addr addr;

	(void)msg;
	if (!sip_addr_decode(&addr, &hdr->val) &&
	    (!token_flow_parse(&flow, key, &addr.uri.user) ||
	     !token_node_parse(&node, key, &addr.uri.user)))
		abort();
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct token_key key = {.b = {1, 2, 3}};
	struct mbuf *mb = mbuf_alloc(size ? size : 1);
	struct sip_msg *msg = NULL;
	struct sa dst;
	uint8_t in;

	if (!mb)
		abort();
	(void)mbuf_write_mem(mb, data, size);
	mb->pos = 0;
	if (!sip_msg_decode(&msg, mb)) {
		(void)sip_msg_hdr_apply(msg, true, SIP_HDR_CONTACT, contact_h,
					NULL);
		(void)sip_msg_hdr_apply(msg, true, SIP_HDR_ROUTE, route_h,
					&key);
		if (!msg->req && !forward_response_check(&key, msg, &in, &dst))
			abort();
	}
	mem_deref(msg);
	mem_deref(mb);
	return 0;
}

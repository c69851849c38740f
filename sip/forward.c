/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file forward.c  Stateless forwarding of SIP messages (RFC 3261 section 16)
 */
#include <errno.h>
#include <string.h>
#include "sip/forward.h"

enum { MAX_FORWARDS = 70, MESSAGE_MAX = 65000 };

/* Written with every message that is sent on; what the sender wrote of these
 * is not copied. */
static bool hdr_is_rewritten(const struct sip_hdr *hdr)
{
	return hdr->id == SIP_HDR_MAX_FORWARDS ||
	       hdr->id == SIP_HDR_CONTENT_LENGTH;
}

/* Only our own side may say who somebody is (RFC 3325) */
static bool hdr_is_identity(const struct sip_hdr *hdr)
{
	return hdr->id == SIP_HDR_P_ASSERTED_IDENTITY ||
	       hdr->id == SIP_HDR_P_PREFERRED_IDENTITY ||
	       hdr->id == SIP_HDR_P_CALLED_PARTY_ID ||
	       hdr->id == SIP_HDR_P_SERVED_USER;
}

static bool hdr_is_credentials(const struct sip_hdr *hdr)
{
	return hdr->id == SIP_HDR_AUTHORIZATION ||
	       hdr->id == SIP_HDR_PROXY_AUTHORIZATION;
}

struct via_copy {
	struct mbuf *mb;
	int err;
};

static void via_param_copy(const struct pl *name, const struct pl *val,
			   void *arg)
{
	struct via_copy *vc = arg;

	if (!pl_strcasecmp(name, "rport") || !pl_strcasecmp(name, "received") ||
	    !pl_strcasecmp(name, "maddr") || !pl_strcasecmp(name, "ttl"))
		return;
	vc->err |= mbuf_printf(vc->mb, ";%r", name);
	if (pl_isset(val))
		vc->err |= mbuf_printf(vc->mb, "=%r", val);
}

/* The Via of who sent us this, with the address it really came from (RFC 3261
 * section 18.2.1, RFC 3581): the answer needs no other state. */
static int via_received_print(struct mbuf *mb, const struct sip_msg *msg)
{
	struct via_copy vc = {.mb = mb};

	vc.err = mbuf_printf(mb, "Via: SIP/2.0/%s %r",
			     sip_transp_name(msg->via.tp), &msg->via.sentby);
	fmt_param_apply(&msg->via.params, via_param_copy, &vc);
	vc.err |= mbuf_printf(mb, ";received=%j;rport=%u\r\n", &msg->src,
			      sa_port(&msg->src));
	return vc.err;
}

static int hdr_print(struct mbuf *mb, const struct sip_hdr *hdr)
{
	return mbuf_printf(mb, "%r: %r\r\n", &hdr->name, &hdr->val);
}

static bool request_hdr_stays(const struct forward *f,
			      const struct sip_hdr *hdr)
{
	if (hdr_is_rewritten(hdr))
		return false;
	if (f->trusted)
		return true;
	return !hdr_is_identity(hdr) && !hdr_is_credentials(hdr);
}

static int request_hdrs_print(struct mbuf *mb, const struct forward *f,
			      const struct sip_msg *msg)
{
	unsigned routes = 0;
	bool top_via = true;
	struct le *le;
	int err = 0;

	LIST_FOREACH(&msg->hdrl, le)
	{
		const struct sip_hdr *hdr = le->data;

		if (hdr->id == SIP_HDR_VIA && top_via) {
			top_via = false;
			err |= via_received_print(mb, msg);
			continue;
		}
		if (hdr->id == SIP_HDR_ROUTE && routes++ < f->routes_drop)
			continue;
		if (request_hdr_stays(f, hdr))
			err |= hdr_print(mb, hdr);
	}
	return err;
}

static int body_print(struct mbuf *mb, const struct sip_msg *msg)
{
	size_t left = mbuf_get_left(msg->mb);
	int err;

	if (pl_isset(&msg->clen) && pl_u32(&msg->clen) < left)
		left = pl_u32(&msg->clen);
	err = mbuf_printf(mb, "Content-Length: %zu\r\n\r\n", left);
	err |= mbuf_write_mem(mb, mbuf_buf(msg->mb), left);
	return err;
}

static int transmit(const struct endpoint *out, const struct sa *dst,
		    struct mbuf *mb, size_t limit)
{
	if (mb->end > (limit ? limit : MESSAGE_MAX))
		return EMSGSIZE;
	mb->pos = 0;
	return endpoint_send(out, dst, mb);
}

int forward_request(const struct forward *f, const struct sip_msg *msg)
{
	uint32_t hops = MAX_FORWARDS + 1;
	char branch[TOKEN_BRANCH_MAX];
	struct token_branch tb;
	struct mbuf *mb;
	size_t i;
	int err;

	if (!f || !msg || !msg->req)
		return EINVAL;
	tb = (struct token_branch){.in = f->in,
				   .from = msg->src,
				   .via = &msg->via,
				   .callid = &msg->callid,
				   .cseq = msg->cseq.num};
	if (pl_isset(&msg->maxfwd))
		hops = pl_u32(&msg->maxfwd);
	if (!hops)
		return ELOOP;

	err = token_branch_print(branch, sizeof(branch), f->key, &tb);
	if (err)
		return err;
	mb = mbuf_alloc(2048);
	if (!mb)
		return ENOMEM;

	if (f->ruri)
		err = mbuf_printf(mb, "%r %s SIP/2.0\r\n", &msg->met, f->ruri);
	else
		err = mbuf_printf(mb, "%r %r SIP/2.0\r\n", &msg->met,
				  &msg->ruri);
	err |= mbuf_printf(mb, "Via: SIP/2.0/%s %J;branch=%s;rport\r\n",
			   sip_transp_name(endpoint_transport(f->out)),
			   f->via ? f->via : endpoint_laddr(f->out), branch);
	for (i = 0; i < ARRAY_SIZE(f->record_route); i++) {
		if (f->record_route[i])
			err |= mbuf_printf(mb, "Record-Route: <%s>\r\n",
					   f->record_route[i]);
	}
	err |= mbuf_printf(mb, "Max-Forwards: %u\r\n",
			   hops > MAX_FORWARDS ? MAX_FORWARDS : hops - 1);
	if (f->identity)
		err |= mbuf_printf(mb, "P-Asserted-Identity: <%s>\r\n",
				   f->identity);
	err |= request_hdrs_print(mb, f, msg);
	err |= body_print(mb, msg);
	if (!err)
		err = transmit(f->out, f->dst, mb, f->limit_bytes);
	mem_deref(mb);
	return err;
}

static const struct sip_hdr *second_via(const struct sip_msg *msg)
{
	unsigned n = 0;
	struct le *le;

	LIST_FOREACH(&msg->hdrl, le)
	{
		const struct sip_hdr *hdr = le->data;

		if (hdr->id == SIP_HDR_VIA && ++n == 2)
			return hdr;
	}
	return NULL;
}

int forward_response_check(const struct token_key *key,
			   const struct sip_msg *msg, uint8_t *inp,
			   struct sa *dst)
{
	const struct sip_hdr *hdr;
	struct token_branch tb;
	struct pl addr, port;
	struct sip_via via;
	int err;

	if (!key || !msg || msg->req || !inp || !dst)
		return EINVAL;
	hdr = second_via(msg);
	if (!hdr || sip_via_decode(&via, &hdr->val) ||
	    msg_param_decode(&via.params, "received", &addr) ||
	    msg_param_decode(&via.params, "rport", &port))
		return EBADMSG;
	tb = (struct token_branch){.via = &via,
				   .callid = &msg->callid,
				   .cseq = msg->cseq.num};
	if (sa_set(&tb.from, &addr, (uint16_t)pl_u32(&port)))
		return EBADMSG;
	err = token_branch_check(&tb, key, &msg->via.branch);
	if (err)
		return err;
	*inp = tb.in;
	*dst = tb.from;
	return 0;
}

int forward_response(const struct endpoint *out, const struct sa *dst,
		     const struct sip_msg *msg)
{
	bool top_via = true;
	struct mbuf *mb;
	struct le *le;
	int err;

	if (!out || !dst || !msg || msg->req)
		return EINVAL;
	mb = mbuf_alloc(2048);
	if (!mb)
		return ENOMEM;

	err = mbuf_printf(mb, "SIP/2.0 %u %r\r\n", msg->scode, &msg->reason);
	LIST_FOREACH(&msg->hdrl, le)
	{
		const struct sip_hdr *hdr = le->data;

		if (hdr->id == SIP_HDR_VIA && top_via) {
			top_via = false;
			continue;
		}
		if (!hdr_is_rewritten(hdr))
			err |= hdr_print(mb, hdr);
	}
	err |= body_print(mb, msg);
	if (!err)
		err = transmit(out, dst, mb, 0);
	mem_deref(mb);
	return err;
}

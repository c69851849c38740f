/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file refer_notify.c  The implicit subscription of a REFER (RFC 3515)
 *
 * What the REFER asked for is done when it is answered, so its subscription
 * has one NOTIFY, which says so and ends it.
 */
#include <errno.h>
#include <strings.h>
#include "presence/contact.h"
#include "presence/priv.h"
#include "util/text.h"

static const char frag[] = "SIP/2.0 200 OK\r\n";

static bool declined(const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_REFER_SUB);

	return hdr && hdr->val.l >= 5 && !strncasecmp(hdr->val.p, "false", 5);
}

static int notify_print(struct mbuf *mb, const struct request *rq)
{
	const struct sip_msg *msg = rq->msg;
	struct sa shown;

	return mbuf_printf(mb,
			   "Max-Forwards: 70\r\n"
			   "From: <%r>;tag=%016llx\r\n"
			   "To: <%r>;tag=%r\r\n"
			   "Call-ID: %r\r\n"
			   "CSeq: 1 NOTIFY\r\n"
			   "Contact: <sip:%J%s>\r\n"
			   "Event: refer\r\n"
			   "Subscription-State: terminated;"
			   "reason=noresource\r\n"
			   "Content-Type: message/sipfrag;version=2.0\r\n"
			   "Content-Length: %zu\r\n\r\n%s",
			   &msg->to.auri, msg->tag, &msg->from.auri,
			   &msg->from.tag, &msg->callid,
			   edge_sock_shown(rq->p, rq->sock, &shown),
			   edge_sock_param(rq->p, rq->sock),
			   sizeof(frag) - 1, frag);
}

/* Nobody waits for its answer: without a handler libre repeats it and lets it
 * end by itself */
static int notify(const struct request *rq)
{
	const struct endpoint *ep = rq->p->sockv[rq->sock].ep;
	const struct sip_hdr *hdr = sip_msg_hdr(rq->msg, SIP_HDR_CONTACT);
	struct sip_addr contact;
	char text[96], target[HL_URI_MAX];
	struct uri route;
	struct mbuf *mb;
	struct pl pl;
	int err;

	if (!hdr || sip_addr_decode(&contact, &hdr->val) ||
	    !text_is_plain(&contact.auri, "<>\"") ||
	    text_copy(target, sizeof(target), &contact.auri) ||
	    re_snprintf(text, sizeof(text), "sip:%J", &rq->msg->src) < 0)
		return EBADMSG;
	pl_set_str(&pl, text);
	err = uri_decode(&route, &pl);
	if (err)
		return err;
	mb = mbuf_alloc(1024);
	if (!mb)
		return ENOMEM;
	err = notify_print(mb, rq);
	mb->pos = 0;
	if (!err)
		err = sip_request(NULL, endpoint_sip(ep), true, "NOTIFY", -1,
				  target, -1, &route, mb, 0, NULL, NULL,
				  NULL);
	mem_deref(mb);
	return err;
}

void refer_accept(struct request *rq)
{
	struct sa shown;

	if (declined(rq->msg)) {
		request_reply(rq, 202, "Accepted", "Refer-Sub: false\r\n");
		return;
	}
	(void)sip_treplyf(&rq->st, NULL, rq->sip, rq->msg, false, 202,
			  "Accepted",
			  "Contact: <sip:%J%s>\r\n"
			  "Content-Length: 0\r\n\r\n",
			  edge_sock_shown(rq->p, rq->sock, &shown),
			  edge_sock_param(rq->p, rq->sock));
	(void)notify(rq);
	request_end(rq);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/leg.h"
#include "util/text.h"

struct routes {
	struct state_dialog *d;
	size_t len;
	bool full;
};

static bool route_h(const struct sip_hdr *hdr, const struct sip_msg *msg,
		    void *arg)
{
	struct routes *r = arg;
	int n;
	(void)msg;

	n = re_snprintf(r->d->routes + r->len, sizeof(r->d->routes) - r->len,
			"%s%r", r->len ? ", " : "", &hdr->val);
	if (n < 0)
		r->full = true;
	else
		r->len += (size_t)n;

	return n < 0;
}

static int texts_get(struct state_dialog *d, const struct sip_msg *msg)
{
	const struct sip_taddr *l = msg->req ? &msg->to : &msg->from;
	const struct sip_taddr *r = msg->req ? &msg->from : &msg->to;
	int err;

	err = text_copy(d->ltag, sizeof(d->ltag), &l->tag);
	err |= text_copy(d->rtag, sizeof(d->rtag), &r->tag);
	err |= text_copy(d->luri, sizeof(d->luri), &l->auri);
	err |= text_copy(d->ruri, sizeof(d->ruri), &r->auri);
	err |= text_copy(d->callid, sizeof(d->callid), &msg->callid);

	return err ? EOVERFLOW : 0;
}

int leg_store(const struct leg *leg, const struct sip_msg *made,
	      const struct sip_msg *msg)
{
	const struct sip_hdr *contact = sip_msg_hdr(made, SIP_HDR_CONTACT);
	struct state_dialog d;
	struct routes r = { .d = &d };
	struct sip_addr addr;

	memset(&d, 0, sizeof(d));
	strcpy(d.subscriber, leg->subscriber);
	d.cseq_ceiling = sip_dialog_lseq(sipsess_dialog(leg->sess)) +
		CSEQ_MARGIN;

	if (texts_get(&d, msg) || !contact ||
	    sip_addr_decode(&addr, &contact->val) ||
	    text_copy(d.target, sizeof(d.target), &addr.auri))
		return EOVERFLOW;

	/* RFC 3261 section 12.1: in order for the UAS, reversed for the UAC */
	(void)sip_msg_hdr_apply(made, made->req, SIP_HDR_RECORD_ROUTE, route_h,
				&r);

	return r.full ? EOVERFLOW : state_dialog_put(leg->srv->state, &d);
}

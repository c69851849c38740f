/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/leg.h"

/* A second terminal that took our INVITE, behind a proxy that forked it, made
 * a dialog that nobody wants: the first answer has won. libre drops such a
 * 2xx, which leaves that terminal off the hook; RFC 3261 section 13.2.2.4 has
 * us acknowledge it and say BYE. */

struct stray {
	char target[HL_URI_MAX];
	char next[HL_URI_MAX];    /* First route, or the target */
	struct mbuf *routes;
};

static bool route_h(const struct sip_hdr *hdr, const struct sip_msg *msg,
		    void *arg)
{
	struct stray *st = arg;
	struct sip_addr addr;
	(void)msg;

	if (!st->next[0] && (sip_addr_decode(&addr, &hdr->val) ||
			     pl_strcpy(&addr.auri, st->next,
				       sizeof(st->next))))
		return true;

	return mbuf_printf(st->routes, "Route: %r\r\n", &hdr->val) != 0;
}

static int stray_decode(struct stray *st, const struct sip_msg *msg)
{
	const struct sip_hdr *contact = sip_msg_hdr(msg, SIP_HDR_CONTACT);
	struct sip_addr addr;

	memset(st, 0, sizeof(*st));
	if (!contact || sip_addr_decode(&addr, &contact->val) ||
	    pl_strcpy(&addr.auri, st->target, sizeof(st->target)))
		return EBADMSG;

	st->routes = mbuf_alloc(512);
	if (!st->routes)
		return ENOMEM;

	if (sip_msg_hdr_apply(msg, false, SIP_HDR_RECORD_ROUTE, route_h, st))
		return EBADMSG;

	if (!st->next[0])
		strcpy(st->next, st->target);

	return 0;
}

static int stray_send(struct sip *sip, const struct stray *st,
		      const struct sip_msg *msg, const char *met)
{
	const bool ack = !strcmp(met, "ACK");
	struct uri next;
	struct pl pl;

	pl_set_str(&pl, st->next);
	if (uri_decode(&next, &pl))
		return EBADMSG;

	return sip_requestf(NULL, sip, !ack, met, st->target, &next, NULL,
			    NULL, NULL, NULL, "%b"
			    "To: %r\r\nFrom: %r\r\nCall-ID: %r\r\n"
			    "CSeq: %u %s\r\n%s"
			    "Content-Length: 0\r\n\r\n",
			    st->routes->buf, st->routes->end, &msg->to.val,
			    &msg->from.val, &msg->callid,
			    msg->cseq.num + !ack, met,
			    ack ? "" : "Reason: SIP;cause=200;"
			    "text=\"answered elsewhere\"\r\n");
}

/* Retransmissions of this 2xx stop with the ACK; those that are on their way
 * get another BYE, which is refused. */
static void stray_end(struct server *srv, const struct sip_msg *msg)
{
	struct stray st;

	++srv->st.forks;
	if (!stray_decode(&st, msg)) {
		(void)stray_send(srv->sip, &st, msg, "ACK");
		(void)stray_send(srv->sip, &st, msg, "BYE");
	}

	mem_deref(st.routes);
}

/* Before libre's sessions: a 2xx to INVITE that no transaction waits for */
bool leg_fork_h(const struct sip_msg *msg, void *arg)
{
	struct server *srv = arg;
	struct le *le;

	if (pl_strcmp(&msg->cseq.met, "INVITE") || msg->scode < 200 ||
	    msg->scode > 299 || !front_edge_known(srv, &msg->src))
		return false;

	le = list_head(hash_list(srv->dialogs, hash_joaat_pl(&msg->callid)));
	for (; le; le = le->next) {
		struct leg *leg = le->data;
		const struct sip_dialog *dlg = sipsess_dialog(leg->sess);

		if (sip_dialog_cmp(dlg, msg))
			return leg_modify_ack(leg, msg);

		if (sip_dialog_established(dlg) &&
		    sip_dialog_cmp_half(dlg, msg)) {
			stray_end(srv, msg);
			return true;
		}
	}

	return false;
}

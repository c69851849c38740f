/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <re.h>
#include "cli/handset_priv.h"

enum { HASH_SIZE = 32, NAMESERVERS_MAX = 8 };

int hs_sip_uri(const struct handset *hs, char *buf, size_t size,
	       const char *name)
{
	const char *p;
	int n;

	if (!*name)
		return EINVAL;
	for (p = name; *p; p++) {
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f ||
		    strchr("<>\"", *p))
			return EINVAL;
	}
	if (!strncmp(name, "sip:", 4))
		n = re_snprintf(buf, size, "%s", name);
	else if (strchr(name, '@'))
		n = re_snprintf(buf, size, "sip:%s", name);
	else
		n = re_snprintf(buf, size, "sip:%s@%s", name,
				hs->opts.domain);
	return n < 0 ? EOVERFLOW : 0;
}

void hs_sip_reason(struct hs_ev *ev, int err, const struct sip_msg *msg)
{
	char text[128];

	if (msg) {
		hs_ev_int(ev, "code", msg->scode);
		hs_ev_strn(ev, "reason", msg->reason.p, msg->reason.l);
	}
	else if (err) {
		hs_ev_int(ev, "code", 0);
		hs_ev_str(ev, "reason",
			  err == ETIMEDOUT ? "no answer"
			  : err == EAUTH
				  ? "the server's challenge cannot be answered"
				  : str_error(err, text, sizeof(text)));
	}
}

static struct hs_leg *leg_find(const struct handset *hs,
			       const struct sip_msg *msg)
{
	struct hs_leg *leg = NULL;
	struct le *le;

	for (le = hs->linel.head; le && !leg; le = le->next)
		leg = hs_line_leg(le->data, &msg->callid);
	return leg;
}

/* RFC 7315: the address it was for before it was sent to our contact */
static struct hs_line *called_line(const struct handset *hs,
				   const struct sip_msg *msg)
{
	const struct sip_hdr *hdr;
	struct sip_addr addr;

	hdr = sip_msg_xhdr(msg, "P-Called-Party-ID");
	if (!hdr || sip_addr_decode(&addr, &hdr->val))
		return NULL;
	return handset_line(hs, &addr.uri.user);
}

/* Which of our subscribers an INVITE is for: whom it was called as, whom it
 * names as To, the contact it was sent to, the first one without a leg */
static struct hs_line *invited_line(const struct handset *hs,
				    const struct sip_msg *msg)
{
	struct hs_line *line = called_line(hs, msg);
	struct le *le;

	if (line)
		return line;
	line = handset_line(hs, &msg->to.uri.user);
	if (line)
		return line;
	line = handset_line(hs, &msg->uri.user);
	if (line)
		return line;
	LIST_FOREACH(&hs->linel, le)
	{
		line = le->data;
		if (!line->leg)
			return line;
	}
	return list_ledata(hs->linel.head);
}

static void invite_h(const struct sip_msg *msg, void *arg)
{
	struct handset *hs = arg;

	if (hs->quitting) {
		(void)sip_treply(NULL, hs->sip, msg, 480, "Going Away");
		return;
	}
	hs_line_invited(invited_line(hs, msg), msg);
}

static void notify(struct handset *hs, const struct sip_msg *msg)
{
	struct le *le;

	LIST_FOREACH(&hs->linel, le)
	{
		struct hs_line *line = le->data;

		if (hs_sub_notify(line->sub, msg))
			return;
	}
	if (!hs_refer_notify(hs, msg))
		(void)sip_treply(NULL, hs->sip, msg, 481,
				 "Subscription Does Not Exist");
}

static void options(struct handset *hs, const struct sip_msg *msg)
{
	if (pl_isset(&msg->to.tag) && !leg_find(hs, msg)) {
		(void)sip_treply(NULL, hs->sip, msg, 481,
				 "Call Does Not Exist");
		return;
	}
	(void)sip_treplyf(NULL, NULL, hs->sip, msg, false, 200, "OK",
			  HS_ALLOW HS_SUPPORTED "Accept: application/sdp\r\n"
				"Content-Length: 0\r\n\r\n");
}

static bool request_h(const struct sip_msg *msg, void *arg)
{
	struct handset *hs = arg;

	if (!pl_strcmp(&msg->met, "NOTIFY"))
		notify(hs, msg);
	else if (!pl_strcmp(&msg->met, "OPTIONS"))
		options(hs, msg);
	else if (!pl_strcmp(&msg->met, "CANCEL"))
		(void)sip_reply(hs->sip, msg, 481, "Call Does Not Exist");
	else if (pl_strcmp(&msg->met, "ACK"))
		(void)sip_treplyf(NULL, NULL, hs->sip, msg, false, 405,
				  "Method Not Allowed",
				  HS_ALLOW "Content-Length: 0\r\n\r\n");
	return true;
}

/* Late repeats of answered requests: libre would complain on stderr. */
static bool response_h(const struct sip_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	return true;
}

/* In a leg's dialog, before libre's session sees it */
static bool first_h(const struct sip_msg *msg, void *arg)
{
	struct handset *hs = arg;
	struct hs_leg *leg;

	if (!pl_isset(&msg->to.tag))
		return false;
	leg = leg_find(hs, msg);
	if (leg && hs_leg_take(leg, msg))
		return true;
	if (pl_strcmp(&msg->met, "UPDATE"))
		return false;
	(void)sip_treply(NULL, hs->sip, msg, 481, "Call Does Not Exist");
	return true;
}

static bool first_resp_h(const struct sip_msg *msg, void *arg)
{
	const struct handset *hs = arg;
	struct hs_leg *leg;

	if (pl_strcmp(&msg->cseq.met, "INVITE") || msg->scode < 200 ||
	    msg->scode > 299)
		return false;
	leg = leg_find(hs, msg);
	return leg && hs_leg_ack_again(leg, msg);
}

static void exit_h(void *arg)
{
	(void)arg;
	re_cancel();
}

static void trace_h(bool tx, enum sip_transp tp, const struct sa *src,
		    const struct sa *dst, const uint8_t *pkt, size_t len,
		    void *arg)
{
	(void)tp;
	(void)arg;
	(void)re_fprintf(stderr, "%s %J -> %J\n%b\n", tx ? "sent" : "received",
			 src, dst, pkt, len);
}

/* For servers whose Contact or Record-Route is a name; none is no error. */
static struct dnsc *resolver(void)
{
	struct sa nsv[NAMESERVERS_MAX];
	uint32_t n = ARRAY_SIZE(nsv);
	struct dnsc *dnsc = NULL;

	if (dns_srv_get(NULL, 0, nsv, &n))
		n = 0;
	(void)dnsc_alloc(&dnsc, NULL, nsv, n);
	return dnsc;
}

/* The local address from which the server is reached: a connected socket
 * knows it, nothing is sent. */
static int route_find(struct sa *laddr, const struct sa *peer)
{
	struct udp_sock *us;
	int err;

	sa_init(laddr, sa_af(peer));
	err = udp_listen(&us, laddr, NULL, NULL);
	if (err)
		return err;
	err = udp_connect(us, peer);
	if (!err)
		err = udp_local_get(us, laddr);
	mem_deref(us);
	return err;
}

static int address_find(struct handset *hs)
{
	int err = 0;

	hs->laddr = hs->opts.bind;
	if (!sa_isset(&hs->laddr, SA_ADDR))
		err = route_find(&hs->laddr, &hs->opts.server);
	if (err)
		return err;
	sa_set_port(&hs->laddr, 0);
	return re_snprintf(hs->addr, sizeof(hs->addr), "%j", &hs->laddr) < 0
		       ? EOVERFLOW
		       : 0;
}

static int listeners_open(struct handset *hs)
{
	int err;

	err = sip_listen(&hs->first, hs->sip, true, first_h, hs);
	if (err)
		return err;
	err = sip_listen(&hs->first_resp, hs->sip, false, first_resp_h, hs);
	if (err)
		return err;
	err = sipsess_listen(&hs->sesss, hs->sip, HASH_SIZE, invite_h, hs);
	if (err)
		return err;
	err = sip_listen(&hs->lsnr, hs->sip, true, request_h, hs);
	if (err)
		return err;
	return sip_listen(&hs->lsnr_resp, hs->sip, false, response_h, hs);
}

static int transport_open(struct handset *hs)
{
	const enum sip_transp tp = hs->opts.transport;
	struct tls *tls = NULL;
	int err = 0;

	if (tp == SIP_TRANSP_TLS)
		err = hs_tls_alloc(&tls, &hs->opts);
	if (!err)
		err = sip_transp_add(hs->sip, tp, &hs->laddr, tls);
	mem_deref(tls);
	if (!err)
		err = sip_transp_laddr(hs->sip, &hs->laddr, tp,
				       &hs->opts.server);
	if (err)
		return err;
	/* RFC 3261 section 18.1.1: what is too large for a datagram comes by
	 * TCP, to the same port; if that is taken it comes in fragments */
	if (tp == SIP_TRANSP_UDP)
		(void)sip_transp_add(hs->sip, SIP_TRANSP_TCP, &hs->laddr);
	return re_snprintf(hs->here, sizeof(hs->here), "%J%s", &hs->laddr,
			   sip_transp_param(tp)) < 0
		       ? EOVERFLOW
		       : 0;
}

int hs_sip_open(struct handset *hs)
{
	struct dnsc *dnsc;
	int err = address_find(hs);

	if (err)
		return err;
	dnsc = resolver();
	err = sip_alloc(&hs->sip, dnsc, HASH_SIZE, HASH_SIZE, HASH_SIZE,
			"holler-handset", exit_h, hs);
	mem_deref(dnsc);
	if (err)
		return err;
	err = transport_open(hs);
	if (!err)
		err = listeners_open(hs);
	if (hs->opts.trace)
		sip_set_trace_handler(hs->sip, trace_h);
	return err;
}
